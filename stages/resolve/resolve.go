// Package resolve turns candidates and people's decisions into the one answer for each CRM record, with a reason for
// each record without one. It computes no weight and reads no name: it knows ids, weights and decisions.
package resolve

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// The kinds that are resolved: accounts against companies, contacts and leads against members.
const (
	Company = "company"
	Person  = "person"
)

// In is all that the answers of one kind depend on. A zero Snapshot is an empty table.
type In struct {
	Kind       string       `json:"kind"` // company or person
	Candidates sql.Snapshot `json:"candidates"`
	CRM        sql.Snapshot `json:"crm"` // crm_company or crm_person
	// The mirror's records of the kind: Account for company, Contact and Lead for person.
	Account   sql.Snapshot `json:"account,omitzero"`
	Contact   sql.Snapshot `json:"contact,omitzero"`
	Lead      sql.Snapshot `json:"lead,omitzero"`
	Decisions sql.Snapshot `json:"decisions"`
	Redirects sql.Snapshot `json:"redirects"`
	Directory sql.Snapshot `json:"directory"` // dir_company or dir_member
	// Known is what the other half of the loop knows; Other the normal forms that a reason is told from beside those of
	// the kind: crm_person for company, dir_company for person.
	Known sql.Snapshot `json:"known,omitzero"`
	Other sql.Snapshot `json:"other,omitzero"`
	// Previous is the mapping last published: deleted records keep their answer.
	Previous sql.Snapshot `json:"previous"`
	// ThresholdMicros is the probability from which a candidate is a match, in millionths.
	ThresholdMicros int64 `json:"threshold_micros"`
	// SureMicros is that from which a match is sure.
	SureMicros int64 `json:"sure_micros"`
	// Earlier is an earlier call whose answers may be taken over where they hold, nil for none.
	Earlier *Earlier `json:"-"`
}

// tables are the inputs by the names that the files read them under; those of the other kind are empty.
func (in In) tables() map[string]sql.Snapshot {
	tables := map[string]sql.Snapshot{"raw_decision": in.Decisions, "raw_redirect": in.Redirects, "candidate": in.Candidates, "known": in.Known}
	if in.Kind == Company {
		tables["raw_account"], tables["crm_company"], tables["crm_person"], tables["dir_company"] = in.Account, in.CRM, in.Other, in.Directory
	} else {
		tables["raw_contact"], tables["raw_lead"], tables["crm_person"], tables["dir_company"], tables["dir_member"] = in.Contact, in.Lead, in.CRM, in.Other, in.Directory
	}
	for _, name := range []string{"raw_account", "raw_contact", "raw_lead", "crm_company", "crm_person", "dir_company", "dir_member"} {
		tables[name] = tables[name].Or(name)
	}
	return tables
}

// Out holds the answers for the objects of one kind, or of both after Both.
type Out struct {
	Mapping   sql.Snapshot `json:"mapping"`
	Unmatched sql.Snapshot `json:"unmatched"`
	// Outcomes says of each decision whether it is applied, or why not.
	Outcomes sql.Snapshot `json:"outcomes"`
	Notices  []Notice     `json:"notices,omitempty"`
}

// Notice is something an administrator should look at, though it stops nothing. It names no record and no value.
type Notice struct {
	Name    string `json:"name"`
	Records int64  `json:"records"` // or decisions
}

// Run resolves one kind.
func Run(ctx context.Context, s *sql.Session, in In) (Out, error) {
	if in.Kind != Company && in.Kind != Person {
		return Out{}, fmt.Errorf("resolve: kind is %q, want company or person", in.Kind)
	}
	r := run{ctx: ctx, session: s, kind: in.Kind, threshold: in.ThresholdMicros, sure: in.SureMicros, differs: map[string]string{}}
	var out Out
	if in.Earlier.fits(in) {
		out = r.again(in, *in.Earlier)
	} else {
		out = r.all(in)
	}
	if r.err != nil {
		return Out{}, fmt.Errorf("resolve %s: %w", in.Kind, r.err)
	}
	return out, nil
}

// all answers for every record.
func (r *run) all(in In) (out Out) {
	for name, snap := range in.tables() {
		r.bind(name, name, snap)
	}
	r.bind("previous_mapping", schemas.Mapping.Name, in.Previous)

	out.Outcomes, _ = r.decisions(in.Redirects.Rows > 0, in.Decisions.Rows > 0)
	r.stepIf(true, "resolve/proposal", schemas.Proposal)
	r.stepIf(true, "resolve/reason", schemas.Reason)
	out.Mapping = r.save("resolve/mapping")
	r.bind("mapping", "mapping", out.Mapping)
	out.Unmatched = r.save("resolve/unmatched")
	if in.Decisions.Rows > 0 {
		out.Notices = r.notices()
	}
	return out
}

// decisions says what became of each decision and what they come to by record. Redirects and decisions are often empty.
func (r *run) decisions(redirects, decisions bool) (outcomes, verdicts sql.Snapshot) {
	r.stepIf(redirects, "resolve/redirected", schemas.Redirected)
	r.stepIf(true, "resolve/standing", schemas.Standing)
	outcomes, verdicts = sql.Empty(schemas.DecisionOutcome.Name), sql.Empty(schemas.Verdict.Name)
	if decisions {
		outcomes = r.save("resolve/decision_outcome")
		r.bind(schemas.DecisionOutcome.Name, schemas.DecisionOutcome.Name, outcomes)
		verdicts = r.save("resolve/verdict")
	}
	r.bind(schemas.DecisionOutcome.Name, schemas.DecisionOutcome.Name, outcomes)
	r.bind(schemas.Verdict.Name, schemas.Verdict.Name, verdicts)
	return outcomes, verdicts
}

// run carries the first error through a sequence of steps, so that Run reads as the sequence it is.
type run struct {
	ctx       context.Context
	session   *sql.Session
	kind      string
	threshold int64
	sure      int64
	changes   []sql.Changes     // to be dropped
	differs   map[string]string // by table, the temporary table of its keys that differ
	err       error
}

// bind makes a snapshot readable as name; a zero snapshot as the empty table.
func (r *run) bind(name, table string, snap sql.Snapshot) {
	if r.err != nil {
		return
	}
	r.err = r.session.BindAs(r.ctx, name, snap.Or(table))
}

// save runs a file; only some use the values.
func (r *run) save(file string) sql.Snapshot {
	if r.err != nil {
		return sql.Snapshot{}
	}
	snap, err := r.session.Save(r.ctx, file, r.values())
	r.err = err
	return snap
}

func (r *run) values() map[string]any {
	return map[string]any{"threshold": r.threshold, "sure": r.sure, "kind": r.kind}
}

// stepIf runs a file for the files after it, or binds its table empty.
func (r *run) stepIf(needed bool, file string, table schemas.Table) {
	switch {
	case r.err != nil:
	case needed:
		r.err = r.session.Step(r.ctx, file, r.values())
	default:
		r.bind(table.Name, table.Name, sql.Snapshot{})
	}
}

func (r *run) notices() []Notice {
	if r.err != nil {
		return nil
	}
	f, err := sql.Named("resolve/resolve_notice")
	if err != nil {
		r.err = err
		return nil
	}
	rows, err := r.session.Query(r.ctx, f.Text, nil)
	if err != nil {
		r.err = fmt.Errorf("%s: %w", f.Name, err)
		return nil
	}
	defer rows.Close()
	var notices []Notice
	for rows.Next() {
		var n Notice
		if r.err = rows.Scan(&n.Name, &n.Records); r.err != nil {
			return nil
		}
		notices = append(notices, n)
	}
	r.err = rows.Err()
	return notices
}
