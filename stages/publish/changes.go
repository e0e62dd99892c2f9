package publish

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// ChangesIn is the way from the publication before to the new one: what would have been published after each exchange
// of one kind of input. It begins with the publication before, which has no cause, and ends with the new one.
type ChangesIn struct {
	Way []Exchange `json:"way"`
	// Before and After are the mirrors of the two publications, by table.
	Before map[string]sql.Snapshot `json:"before"`
	After  map[string]sql.Snapshot `json:"after"`
}

// Exchange is what was published after one kind of input was exchanged.
type Exchange struct {
	Cause  string                  `json:"cause"`
	Tables map[string]sql.Snapshot `json:"tables"`
}

// ChangesOut is what a publication changed.
type ChangesOut struct {
	Change      sql.Snapshot `json:"change"`
	BlastRadius sql.Snapshot `json:"blast_radius"`
	// Steps are the tables between; a store keeps them as long as the change log.
	Steps []sql.Snapshot `json:"steps,omitempty"`
}

// compared are the tables whose changes are logged, and noticed those that the blast radius reads as well.
var (
	compared = []string{schemas.Mapping.Name, schemas.AutoSave.Name, schemas.SuggestedLead.Name, schemas.NotSaved.Name,
		schemas.MissingInCRM.Name, schemas.SeatMap.Name}
	noticed = []string{schemas.Badge.Name, schemas.AutoSave.Name, schemas.SuggestedLead.Name, schemas.SeatMap.Name}
	fated   = []string{"raw_account", "raw_contact", "raw_lead", "raw_opportunity", "raw_opportunity_contact_role", "raw_user"}
)

// Changes tells what differs between two publications, and of each row which exchange of inputs gave it its final value.
func Changes(ctx context.Context, s *sql.Session, in ChangesIn) (ChangesOut, error) {
	if len(in.Way) < 2 {
		return ChangesOut{Change: sql.Empty(schemas.Change.Name), BlastRadius: sql.Empty(schemas.BlastRadius.Name)}, nil
	}
	p := newPublication(ctx, s, In{})
	first, last := in.Way[0], in.Way[len(in.Way)-1]
	var walked []sql.Snapshot
	for i, exchange := range in.Way[1:] {
		p.values["position"], p.values["cause"] = int64(i+1), exchange.Cause
		p.between(compared, in.Way[i].Tables, exchange.Tables)
		p.step("publish/step_change")
		walked = append(walked, p.run("publish/walked"))
	}
	p.bind(schemas.Walked.Name, schemas.Walked.Name, sql.Together(schemas.Walked.Name, walked...))
	if len(in.Way) > 2 {
		p.between(compared, first.Tables, last.Tables)
		p.step("publish/step_change")
	}
	p.between(fated, in.Before, in.After)
	p.step("publish/fate_change")
	p.both([]string{schemas.Mapping.Name}, first.Tables, last.Tables)
	p.save("publish/change")
	p.both(noticed, first.Tables, last.Tables)
	p.bind("raw_opportunity", "raw_opportunity", in.After["raw_opportunity"])
	p.save("publish/blast_radius")
	if p.err != nil {
		return ChangesOut{}, fmt.Errorf("changes: %w", p.err)
	}
	return ChangesOut{Change: p.tables[schemas.Change.Name], BlastRadius: p.tables[schemas.BlastRadius.Name], Steps: walked}, nil
}

// both binds tables of two publications, the earlier ones as previous_<table>.
func (p *publication) both(names []string, before, after map[string]sql.Snapshot) {
	for _, name := range names {
		p.bind("previous_"+name, name, before[name])
		p.bind(name, name, after[name])
	}
}

// between is both for what only asks for differences: tables that are equal by content need not be read.
func (p *publication) between(names []string, before, after map[string]sql.Snapshot) {
	for _, name := range names {
		b, a := before[name], after[name]
		if b.ID == a.ID {
			b, a = sql.Snapshot{}, sql.Snapshot{}
		}
		p.both([]string{name}, map[string]sql.Snapshot{name: b}, map[string]sql.Snapshot{name: a})
	}
}
