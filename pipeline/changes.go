package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/publish"
)

// kindOfInput is what is exchanged together on the way from one publication to the next.
type kindOfInput struct {
	cause string
	take  func(to *Inputs, from Inputs)
}

// kindsOfInput are all kinds, in the order of the exchange. Seats are the administrator's, like settings; what seats did
// and which ids were replaced comes from the directory's side.
var kindsOfInput = []kindOfInput{
	{schemas.CauseSetting, func(to *Inputs, from Inputs) {
		to.Settings, to.Candidates, to.OrgKind, to.Knowledge = from.Settings, from.Candidates, from.OrgKind, from.Knowledge
		to.takeTables(from, schemas.RawSeat)
	}},
	{schemas.CauseModel, func(to *Inputs, from Inputs) { to.Sections, to.Model, to.Own = from.Sections, from.Model, from.Own }},
	{schemas.CauseDirectory, func(to *Inputs, from Inputs) {
		to.takeTables(from, schemas.RawCompany, schemas.RawMember, schemas.RawRedirect, schemas.RawActivity)
	}},
	{schemas.CauseCRM, func(to *Inputs, from Inputs) {
		for _, o := range schemas.Objects {
			to.takeTables(from, o.Table())
		}
		to.Mapping, to.AutoSave = from.Mapping, from.AutoSave
	}},
	{schemas.CauseDecision, func(to *Inputs, from Inputs) { to.takeTables(from, schemas.RawDecision) }},
}

func (in *Inputs) takeTables(from Inputs, tables ...schemas.Table) {
	for _, t := range tables {
		if snap, ok := from.Raw[t.Name]; ok {
			in.Raw[t.Name] = snap
		} else {
			delete(in.Raw, t.Name)
		}
	}
}

func (in Inputs) clone() Inputs {
	in.Raw = maps.Clone(in.Raw)
	return in
}

// compare logs what this run changes against the publication before, with causes, and what people would notice.
func (r *run) compare(ctx context.Context, last Record, inputs Inputs) error {
	return r.compareWith(ctx, last, inputs, func(from *Inputs) {
		from.Mapping, from.AutoSave = tableOf(last, schemas.Mapping), tableOf(last, schemas.AutoSave)
	})
}

// compareWith is compare, with what the earlier run's inputs are to be besides what it recorded.
func (r *run) compareWith(ctx context.Context, last Record, inputs Inputs, besides func(*Inputs)) error {
	var way []publish.Exchange
	if last.ID != "" {
		var err error
		inputs.Model = &r.record.Model // as it came out: the run may have estimated it
		if way, err = r.way(ctx, last, inputs, r.record, besides); err != nil {
			return err
		}
	}
	out, err := do(ctx, r, "changes", publish.Changes, publish.ChangesIn{Way: way, Before: last.Tables, After: r.record.Tables})
	if err != nil {
		return err
	}
	for _, snap := range []sql.Snapshot{out.Change, out.BlastRadius} {
		r.record.Tables[snap.Table] = snap
	}
	if r.record.Changes, err = changeCounts(ctx, r.session, out.Change); err != nil {
		return err
	}
	if r.record.Effects, err = readEffects(ctx, r.session, out.BlastRadius); err != nil || len(way) == 0 {
		return err
	}
	r.tell(Event{Step: r.prefix + "blast radius", State: "note", Detail: effectsText(r.record.Effects)})
	return nil
}

// effectsText says in one line what people would notice.
func effectsText(effects []Effect) string {
	var parts []string
	for _, e := range effects {
		name := strings.ReplaceAll(e.Measure, "_", " ")
		switch {
		case e.Amount != "":
			parts = append(parts, fmt.Sprintf("%d opportunities worth %s on another seat's list", e.Gained, strings.TrimSpace(e.Amount+" "+e.Currency)))
		case e.Gained+e.Lost > 0:
			parts = append(parts, fmt.Sprintf("%s +%d −%d", name, e.Gained, e.Lost))
		}
	}
	if len(parts) == 0 {
		return "nobody would notice"
	}
	return strings.Join(parts, " · ")
}

// way walks from one publication to another, exchanging one kind of input at a time, and computes what would have been
// published after each. Kinds that are equal are skipped, and the last exchange gives the later publication itself; so
// a night in which only the CRM changed costs nothing more. Another program comes first: the earlier inputs, computed by
// it. Where inputs of different times do not fit together (a stage that was renamed in the CRM and in the settings),
// the two kinds are exchanged as one, under the name of the later.
func (r *run) way(ctx context.Context, earlier Record, to Inputs, later Record, besides func(*Inputs)) ([]publish.Exchange, error) {
	way := []publish.Exchange{{Tables: earlier.Tables}}
	end := publish.Exchange{Cause: schemas.CauseProgram, Tables: later.Tables}
	from, err := earlier.inputs()
	if err != nil || !r.hasAll(from) { // an older crmlink recorded no inputs, or they are lost: nothing can be told apart
		return append(way, end), nil
	}
	from = from.clone()
	from.Model = &earlier.Model
	besides(&from)

	type stop struct {
		cause  string
		inputs Inputs
	}
	var stops []stop
	here := r.program[:12]
	if earlier.Program != here || earlier.Engine != r.engine {
		stops = append(stops, stop{schemas.CauseProgram, from})
	}
	before := len(stops)
	at := from
	for _, kind := range kindsOfInput {
		next := at.clone()
		kind.take(&next, to)
		changed, err := differ(at, next)
		if err != nil {
			return nil, err
		}
		if changed {
			stops = append(stops, stop{kind.cause, next})
			at = next
		}
	}
	if len(stops) == before && earlier.Program == later.Program || len(stops) == 0 {
		return append(way, end), nil // nothing but, at most, the program
	}
	if earlier.Program == later.Program && len(stops) == before+1 {
		end.Cause = stops[before].cause // one kind and no more: there is nothing to tell apart
		return append(way, end), nil
	}
	if later.Program == here && later.Engine == r.engine {
		end.Cause = stops[len(stops)-1].cause
		stops = stops[:len(stops)-1]
	}
	for _, s := range stops {
		r.prefix = "changes by " + s.cause + ": "
		made, err := r.compute(ctx, s.inputs)
		r.prefix = ""
		if IsInput(err) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("changes by %s: %w", s.cause, err)
		}
		way = append(way, publish.Exchange{Cause: s.cause, Tables: made.tables})
	}
	return append(way, end), nil
}

// differ says whether two sets of inputs can give different answers. How a model came to be is no part of it.
func differ(a, b Inputs) (bool, error) {
	ids := make([]string, 2)
	for i, in := range []Inputs{a, b} {
		model := Model{}
		if in.Model != nil {
			model = Model{Company: in.Model.Company, Person: in.Model.Person}
		}
		in.Model = &model
		var err error
		if ids[i], err = contentID(in); err != nil {
			return false, err
		}
	}
	return ids[0] != ids[1], nil
}

func changeCounts(ctx context.Context, s *sql.Session, change sql.Snapshot) ([]ChangeCount, error) {
	if err := s.Bind(ctx, change); err != nil {
		return nil, err
	}
	var all []ChangeCount
	err := readFile(ctx, s, "change_counts", nil, func(r *sql.Rows) error {
		var c ChangeCount
		err := r.Scan(&c.Table, &c.Cause, &c.Added, &c.Removed, &c.Changed)
		all = append(all, c)
		return err
	})
	return slices.Clip(all), err
}

func readEffects(ctx context.Context, s *sql.Session, radius sql.Snapshot) ([]Effect, error) {
	if err := s.Bind(ctx, radius); err != nil {
		return nil, err
	}
	var all []Effect
	err := readFile(ctx, s, "effects", nil, func(r *sql.Rows) error {
		var e Effect
		err := r.Scan(&e.Measure, &e.Gained, &e.Lost, &e.Amount, &e.Currency)
		all = append(all, e)
		return err
	})
	return all, err
}
