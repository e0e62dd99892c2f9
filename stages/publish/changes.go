package publish

import (
	"context"
	"fmt"
	"maps"
	"slices"

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

// compared are the columns of tables whose changes are logged that the log reads, and fated those that tell what became of a record;
// noticed are keys that the blast radius counts. Of no other column is it asked whether it differs.
var (
	compared = map[string]string{
		"mapping":        `SELECT object, crm_id, status, entity_id, "primary", lost_to, link_object, link_crm_id FROM mapping`,
		"auto_save":      "SELECT * EXCLUDE (entity_kind, saved_at) FROM auto_save",
		"suggested_lead": "SELECT seat_id, crm_id, entity_id FROM suggested_lead",
		"not_saved":      "FROM not_saved",
		"missing_in_crm": "SELECT entity_kind, entity_id, saved, touched, open_opportunity, company_id FROM missing_in_crm",
		"seat_map":       "FROM seat_map",
	}
	fated = map[string]string{
		"raw_account":                  "SELECT Id, IsDeleted, missing_since, MasterRecordId FROM raw_account",
		"raw_contact":                  "SELECT Id, IsDeleted, missing_since, MasterRecordId FROM raw_contact",
		"raw_lead":                     "SELECT Id, IsDeleted, missing_since, MasterRecordId, IsConverted, ConvertedContactId FROM raw_lead",
		"raw_opportunity":              "SELECT Id, IsDeleted, missing_since FROM raw_opportunity",
		"raw_opportunity_contact_role": "SELECT Id, IsDeleted, missing_since, ContactId, OpportunityId FROM raw_opportunity_contact_role",
		"raw_user":                     "SELECT Id, IsDeleted, missing_since FROM raw_user",
	}
	noticed = map[string]string{
		"badge":          "SELECT entity_kind, entity_id FROM badge",
		"suggested_lead": "SELECT seat_id, crm_id FROM suggested_lead",
		"seat_map":       "SELECT seat_id, crm_sync_active FROM seat_map",
	}
)

// Changes tells what differs between two publications, and of each row which exchange of inputs gave it its final value.
func Changes(ctx context.Context, s *sql.Session, in ChangesIn) (ChangesOut, error) {
	if len(in.Way) < 2 {
		return ChangesOut{Change: sql.Empty(schemas.Change.Name), BlastRadius: sql.Empty(schemas.BlastRadius.Name)}, nil
	}
	p := newPublication(ctx, s, In{})
	defer p.dropKept()
	first, last := in.Way[0], in.Way[len(in.Way)-1]
	var walked []sql.Snapshot
	for i, exchange := range in.Way[1:] {
		p.values["position"], p.values["cause"] = int64(i+1), exchange.Cause
		p.differences(compared, in.Way[i].Tables, exchange.Tables)
		p.step("publish/step_change")
		walked = append(walked, p.run("publish/walked"))
	}
	p.bind(schemas.Walked.Name, schemas.Walked.Name, sql.Together(schemas.Walked.Name, walked...))
	if len(in.Way) > 2 {
		p.differences(compared, first.Tables, last.Tables)
		p.step("publish/step_change")
	}
	p.differences(fated, in.Before, in.After)
	p.step("publish/fate_change")
	p.read(schemas.StepChange.Name, schemas.FateChange.Name)
	p.touched(first.Tables, last.Tables)
	p.save("publish/change")
	p.differences(noticed, first.Tables, last.Tables)
	opportunities := in.After["raw_opportunity"]
	if first.Tables[schemas.AutoSave.Name].ID == last.Tables[schemas.AutoSave.Name].ID {
		p.both(schemas.AutoSave.Name, sql.Snapshot{}, sql.Snapshot{}) // no row came, went or moved
		opportunities = sql.Snapshot{}
	} else {
		p.both(schemas.AutoSave.Name, first.Tables[schemas.AutoSave.Name], last.Tables[schemas.AutoSave.Name])
	}
	p.bind("raw_opportunity", "raw_opportunity", opportunities)
	p.save("publish/blast_radius")
	if p.err != nil {
		return ChangesOut{}, fmt.Errorf("changes: %w", p.err)
	}
	return ChangesOut{Change: p.tables[schemas.Change.Name], BlastRadius: p.tables[schemas.BlastRadius.Name], Steps: walked}, nil
}

// both binds a table of two publications, the earlier one as previous_<table>.
func (p *publication) both(name string, before, after sql.Snapshot) {
	p.bind("previous_"+name, name, before)
	p.bind(name, name, after)
}

// differences binds the rows in which tables of two publications differ, as both does, for what only asks for these. Of tables that
// were amended little is read for it, and nothing of those that are the same.
func (p *publication) differences(columns map[string]string, before, after map[string]sql.Snapshot) {
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		was, is := before[name].Or(name), after[name].Or(name)
		if was.ID == is.ID || was.Rows == 0 || is.Rows == 0 {
			if was.ID == is.ID {
				was, is = sql.Snapshot{}, sql.Snapshot{}
			}
			p.both(name, was, is)
			continue
		}
		if p.err != nil {
			return
		}
		changes, err := p.session.Changed(p.ctx, was, is, columns[name])
		p.err = err
		p.kept = append(p.kept, changes.Name)
		p.viewOf("previous_"+name, "SELECT * EXCLUDE (later) FROM "+changes.Name+" WHERE NOT later")
		p.viewOf(name, "SELECT * EXCLUDE (later) FROM "+changes.Name+" WHERE later")
	}
}

// touched binds the answers to the records whose fate changed.
func (p *publication) touched(before, after map[string]sql.Snapshot) {
	const name, was, is = "mapping", "touched_was", "touched_is"
	if p.rows("fate_change") == 0 {
		p.both(name, sql.Snapshot{}, sql.Snapshot{})
		return
	}
	p.kept = append(p.kept, was, is)
	if p.err == nil {
		p.err = p.session.KeepSome(p.ctx, was, is, before[name].Or(name), after[name].Or(name), []string{"crm_id", "entity_id"}, "fate_change")
	}
	p.view("previous_"+name, was)
	p.view(name, is)
}
