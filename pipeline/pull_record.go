package pipeline

import (
	"maps"
	"slices"
	"time"

	"github.com/crmlink/crmlink/stages/systems/salesforce"
)

// Pull is what a run did to get the records out of Salesforce (A18).
type Pull struct {
	Org      string                      `json:"org"`
	Instance string                      `json:"instance"`
	Version  string                      `json:"version"`
	Calls    map[string]int64            `json:"calls"`            // API calls, by kind
	Limits   map[string]salesforce.Limit `json:"limits,omitempty"` // as they were before the pull; empty where the user may not see them
	BulkRows int64                       `json:"bulk_rows"`
	RESTRows int64                       `json:"rest_rows"`
	// PersonAccounts says that the org has them.
	PersonAccounts bool           `json:"person_accounts,omitempty"`
	Objects        []PulledObject `json:"objects"`
	// Whole is as of when each object was last pulled whole, by Salesforce's clock.
	Whole map[string]time.Time `json:"whole"`
}

// PulledObject is what was pulled of one object.
type PulledObject struct {
	Name  string `json:"name"`
	API   string `json:"api"`             // bulk, rest, or none where the org does not have it
	Whole bool   `json:"whole,omitempty"` // every record; else what changed
	Pages int    `json:"pages"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
	// Lacking are fields that crmlink would read and the user cannot see; Calculated those whose changes are seen when the
	// object is pulled whole.
	Lacking    []string `json:"lacking,omitempty"`
	Calculated []string `json:"calculated,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

// AllCalls is the number of API calls.
func (p *Pull) AllCalls() (n int64) {
	for _, calls := range p.Calls {
		n += calls
	}
	return n
}

// isWhole says whether every record of an object was pulled.
func (p *Pull) isWhole(object string) bool {
	return p != nil && slices.ContainsFunc(p.Objects, func(o PulledObject) bool { return o.Name == object && o.Whole })
}

// carried is what a run that pulls nothing leaves to the next one.
func (p *Pull) carried() *Pull {
	if p == nil {
		return nil
	}
	carried := &Pull{Org: p.Org, Instance: p.Instance, PersonAccounts: p.PersonAccounts, Whole: p.Whole}
	for _, o := range p.Objects {
		carried.Objects = append(carried.Objects, PulledObject{Name: o.Name, Lacking: o.Lacking})
	}
	return carried
}

// notePull writes down what the pull did, as soon as it is known.
func (r *run) notePull(link *session, last Record, p *pulled) error {
	note := &Pull{Org: link.stored.Org, Instance: link.stored.Instance, Version: p.Version, Calls: p.Calls, Limits: p.Limits, BulkRows: p.BulkRows,
		RESTRows: p.RESTRows, PersonAccounts: p.PersonAccounts, Whole: map[string]time.Time{}}
	if last.Pull != nil {
		maps.Copy(note.Whole, last.Pull.Whole)
	}
	every := true
	for _, o := range p.Objects {
		object := PulledObject{Name: o.Name, API: o.API, Whole: o.Whole, Pages: len(o.Files), Rows: o.Rows, Lacking: o.Lacking,
			Calculated: o.Calculated, Notes: o.Notes}
		for _, f := range o.Files {
			object.Bytes += f.Bytes
		}
		note.Objects = append(note.Objects, object)
		switch {
		case o.API == apiNone:
		case o.Whole:
			note.Whole[o.Name] = o.Cursor
		default:
			every = false
		}
	}
	if every {
		r.record.Import = FullImport
	}
	r.record.Pull = note
	return r.write()
}

// notePulled notes what an administrator should know of the org.
func (r *run) notePulled(p *pulled, last Record) {
	for _, o := range p.Objects {
		for _, note := range o.Notes {
			r.notice("%s: %s", o.Name, note)
		}
	}
	if p.PersonAccounts && (last.Pull == nil || !last.Pull.PersonAccounts) {
		r.notice("the org has Person Accounts: they are left out, with the status person_account")
	}
}

// Instance is the org's address: what the configuration says, else that of the connection that the published run had.
func (s Store) Instance(c Config) string {
	if address := c.Text("org.instance_url"); address != "" || c.Text("org.kind") != Salesforce {
		return address
	}
	id, err := s.Current()
	if err != nil || id == "" {
		return ""
	}
	record, err := s.Record(id)
	if err != nil || record.Pull == nil {
		return ""
	}
	return record.Pull.Instance
}
