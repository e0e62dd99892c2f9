package salesforce

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// drift is something that happens to an org between two pulls, and what the second one makes of it.
type drift struct {
	name, did string
	happens   func(t *testing.T, o *org) error
	// whole: the next pull is a whole one, which is what such a change needs.
	whole bool
	check func(o *org, m *mirror, done Pulled) error
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// first are records of an object, in the org's order.
func (o *org) first(object string, n int) []string { return o.IDs(object)[:n] }

func of(done Pulled, object string) PulledObject {
	return done.Objects[slices.IndexFunc(done.Objects, func(o PulledObject) bool { return o.Name == object })]
}

var drifts = []drift{
	{name: "rows that are committed minutes after their stamp", did: "windows end 5 minutes behind Salesforce's clock and begin 10 minutes before the cursor",
		happens: func(_ *testing.T, o *org) error {
			for _, ago := range []time.Duration{0, time.Minute, 299 * time.Second} {
				if _, err := o.Upsert(schemas.Lead, simulator.Cells{"LastName": "late", "Company": "late", "SystemModstamp": stamp(o.clock.now().Add(-ago))}); err != nil {
					return err
				}
			}
			return nil
		}},
	{name: "a mass load: more rows with one stamp than pages hold", did: "windows are half-open and pages follow locators; no page boundary lies in a stamp",
		happens: func(_ *testing.T, o *org) error {
			for range 300 {
				if _, err := o.Upsert(schemas.Contact, simulator.Cells{"LastName": "mass"}); err != nil {
					return err
				}
			}
			return nil
		},
		check: func(_ *org, _ *mirror, done Pulled) error {
			if c := of(done, schemas.Contact); c.Rows != 300 || len(c.Files) < 3 {
				return fmt.Errorf("%d rows in %d pages", c.Rows, len(c.Files))
			}
			return nil
		}},
	{name: "records are deleted, with what falls with them, and some restored", did: "queryAll brings them with IsDeleted",
		happens: func(_ *testing.T, o *org) error {
			ids := o.first(schemas.Account, 6)
			if err := o.Delete(schemas.Account, ids...); err != nil {
				return err
			}
			o.clock.pass(time.Hour)
			return o.Undelete(schemas.Account, ids[:2]...)
		},
		check: func(o *org, m *mirror, _ Pulled) error {
			if id := o.first(schemas.Account, 6)[5]; m.rows[schemas.Account][id]["IsDeleted"] != "true" {
				return fmt.Errorf("%s is not deleted", id)
			}
			return nil
		}},
	{name: "the bin is emptied, or records are deleted for good", did: "a whole pull (weekly within incremental ones) lacks them; the mirror keeps them with missing_since",
		happens: func(_ *testing.T, o *org) error { return o.Purge(schemas.Lead, o.first(schemas.Lead, 3)...) },
		whole:   true,
		check: func(_ *org, m *mirror, done Pulled) error {
			if l := of(done, schemas.Lead); !l.Whole || l.Rows != 97 {
				return fmt.Errorf("whole %v, %d rows", l.Whole, l.Rows)
			}
			return nil
		}},
	{name: "accounts are merged", did: "the loser comes with IsDeleted and MasterRecordId, its children with their new parent",
		happens: func(_ *testing.T, o *org) error {
			ids := o.first(schemas.Account, 3)
			return o.Merge(schemas.Account, ids[0], ids[1:]...)
		},
		check: func(o *org, m *mirror, _ Pulled) error {
			ids := o.first(schemas.Account, 2)
			if row := m.rows[schemas.Account][ids[1]]; row["MasterRecordId"] != ids[0] || row["IsDeleted"] != "true" {
				return fmt.Errorf("the loser is %v", row)
			}
			return nil
		}},
	{name: "accounts are merged, and the children's stamps do not move", did: "a whole pull brings the children's new parent",
		happens: func(_ *testing.T, o *org) error {
			o.Set(func(s *simulator.Switches) { s.MergeKeepsStamps = true })
			ids := o.first(schemas.Account, 3)
			return o.Merge(schemas.Account, ids[0], ids[1:]...)
		}, whole: true},
	{name: "a lead is converted", did: "the lead comes with ConvertedAccountId, ConvertedContactId and ConvertedOpportunityId, and so do those records",
		happens: func(_ *testing.T, o *org) error {
			for _, id := range o.IDs(schemas.Lead) {
				if row, _ := o.Record(schemas.Lead, id); row["IsConverted"] == "false" {
					_, err := o.Convert(id, simulator.Conversion{WithOpportunity: true})
					return err
				}
			}
			return fmt.Errorf("every lead is converted")
		},
		check: func(_ *org, m *mirror, done Pulled) error {
			if of(done, schemas.Lead).Rows != 1 || of(done, schemas.Account).Rows != 1 || of(done, schemas.Contact).Rows != 1 || of(done, schemas.OpportunityContactRole).Rows != 1 {
				return fmt.Errorf("%v", done.Objects)
			}
			return nil
		}},
	{name: "records become visible, or invisible, without a change", did: "a whole pull brings the former and lacks the latter",
		happens: func(t *testing.T, o *org) error {
			ids := o.first(schemas.Contact, 4)
			return o.Share(schemas.Contact, false, ids...)
		}, whole: true,
		check: func(o *org, m *mirror, done Pulled) error {
			if of(done, schemas.Contact).Rows != 96 {
				return fmt.Errorf("%d contacts", of(done, schemas.Contact).Rows)
			}
			if err := o.Share(schemas.Contact, true, o.first(schemas.Contact, 4)...); err != nil {
				return err
			}
			done, err := m.pull(o.t, o.t.Context(), o.client(), true)
			if err == nil && of(done, schemas.Contact).Rows != 100 {
				err = fmt.Errorf("%d contacts", of(done, schemas.Contact).Rows)
			}
			return err
		}},
	{name: "a formula's value changes, which moves no stamp", did: "a whole pull reads it again; the pull names such fields",
		happens: func(_ *testing.T, o *org) error {
			return o.Calculate(schemas.Opportunity, "Sum__c", map[string]string{o.first(schemas.Opportunity, 1)[0]: "7"})
		}, whole: true,
		check: func(_ *org, _ *mirror, done Pulled) error {
			if calculated := of(done, schemas.Opportunity).Calculated; !slices.Contains(calculated, "Sum__c") {
				return fmt.Errorf("calculated: %v", calculated)
			}
			return nil
		}},
	{name: "a field vanishes between pulls (field-level security)", did: "goes on without it and reports it; a required one ends with E_OBJECTS before any job is made",
		happens: func(_ *testing.T, o *org) error { return o.HideField(schemas.Lead, "Title", true) },
		check: func(o *org, m *mirror, done Pulled) error {
			if lead := of(done, schemas.Lead); slices.Contains(lead.Selected, "Title") || !slices.Contains(lead.Lacking, "Title") {
				return fmt.Errorf("selected %v, lacking %v", lead.Selected, lead.Lacking)
			}
			jobs := o.asked("job", 0)
			if err := o.HideField(schemas.Lead, "Company", true); err != nil {
				return err
			}
			if _, err := m.pull(o.t, o.t.Context(), o.client(), false); !isCode(err, Objects) || o.asked("job", 0) != jobs {
				return fmt.Errorf("%w, %d jobs", err, o.asked("job", 0)-jobs)
			}
			return nil
		}},
	{name: "a field vanishes while the pull runs (INVALID_FIELD)", did: "describes the object again, asks once more without the field, and says so",
		happens: func(t *testing.T, o *org) error {
			hide := func() {
				for _, object := range []string{schemas.Account, schemas.Contact, schemas.Lead, schemas.OpportunityContactRole} {
					if err := o.HideField(object, "CreatedDate", true); err != nil {
						t.Error(err)
					}
				}
			}
			// Jobs are made side by side: each waits until the field is gone from all objects.
			o.Set(func(s *simulator.Switches) { s.Faults = []simulator.Fault{{Kind: "job", Then: sync.OnceFunc(hide)}} })
			return nil
		}, whole: true,
		check: func(_ *org, _ *mirror, done Pulled) error {
			for _, object := range []string{schemas.Account, schemas.Contact, schemas.Lead, schemas.OpportunityContactRole} {
				if one := of(done, object); slices.Contains(one.Selected, "CreatedDate") || !slices.Contains(one.Lacking, "CreatedDate") {
					return fmt.Errorf("%s: selected %v, lacking %v", object, one.Selected, one.Lacking)
				}
			}
			if notes := strings.Join(of(done, schemas.Account).Notes, "\n"); !strings.Contains(notes, "CreatedDate went") {
				return fmt.Errorf("notes: %s", notes)
			}
			return nil
		}},
	{name: "a new custom field", did: "is not imported unless the configuration names it; nothing else changes",
		happens: func(_ *testing.T, o *org) error { return o.AddField(schemas.Account, "Brand_new__c", "string", false) },
		check: func(_ *org, _ *mirror, done Pulled) error {
			if slices.Contains(of(done, schemas.Account).Selected, "Brand_new__c") {
				return fmt.Errorf("it was read")
			}
			return nil
		}},
	{name: "multi-currency is switched off, and on", did: "CurrencyIsoCode and the rates go and come; no row is lost",
		happens: func(_ *testing.T, o *org) error { o.Currencies(false); return nil }, whole: true,
		check: func(o *org, m *mirror, done Pulled) error {
			if of(done, schemas.CurrencyType).API != "none" || slices.Contains(of(done, schemas.Account).Selected, "CurrencyIsoCode") {
				return fmt.Errorf("%v", of(done, schemas.CurrencyType))
			}
			o.Currencies(true)
			done, err := m.pull(o.t, o.t.Context(), o.client(), true)
			if err == nil && (of(done, schemas.CurrencyType).Rows == 0 || !slices.Contains(of(done, schemas.Account).Selected, "CurrencyIsoCode")) {
				err = fmt.Errorf("%v", of(done, schemas.CurrencyType))
			}
			return err
		}},
	{name: "person accounts are switched off, and on", did: "IsPersonAccount goes and comes; the pull says which",
		happens: func(_ *testing.T, o *org) error { o.PersonAccounts(false); return nil }, whole: true,
		check: func(o *org, m *mirror, done Pulled) error {
			if done.PersonAccounts {
				return fmt.Errorf("person accounts are on")
			}
			o.PersonAccounts(true)
			done, err := m.pull(o.t, o.t.Context(), o.client(), true)
			if err == nil && (!done.PersonAccounts || !slices.Contains(of(done, schemas.Account).Selected, "IsPersonAccount")) {
				err = fmt.Errorf("person accounts are off")
			}
			return err
		}},
	{name: "a window takes Salesforce too long (QUERY_TIMEOUT), down to one second", did: "halves the window, then splits by ranges of Ids",
		happens: func(_ *testing.T, o *org) error {
			for range 100 {
				if _, err := o.Upsert(schemas.Contact, simulator.Cells{"LastName": "mass"}); err != nil {
					return err
				}
			}
			// 12 hours halve 16 times down to a second.
			o.Set(func(s *simulator.Switches) {
				s.FailJobs, s.FailObject, s.FailMessage = 17, schemas.Contact, "QUERY_TIMEOUT: Your query request was running for too long."
			})
			return nil
		},
		check: func(_ *org, _ *mirror, done Pulled) error {
			if c := of(done, schemas.Contact); c.Rows != 100 || !slices.Contains(c.Notes, "a query took Salesforce too long and was split") {
				return fmt.Errorf("%d rows, notes %v", c.Rows, c.Notes)
			}
			return nil
		}},
}

// run pulls an org whole, lets something happen to it, pulls again, and gives the number of records of which the mirror
// does not hold what the org does.
func (d drift) run(t *testing.T) (lost int) {
	o := small(t, simulator.Switches{PageRows: 90})
	if err := o.AddField(schemas.Opportunity, "Sum__c", "double", true); err != nil {
		t.Fatal(err)
	}
	m := newMirror(t)
	formula := func(c *Options) { c.parallelFrom = 200 }
	m.names.Columns = map[string]map[string]string{schemas.Opportunity: {"Type": "Sum__c"}}
	if _, err := m.pull(t, t.Context(), o.client(formula), true); err != nil {
		t.Fatal(err)
	}
	if err := d.happens(t, o); err != nil {
		t.Fatal(err)
	}
	o.clock.pass(12 * time.Hour)
	done, err := m.pull(t, t.Context(), o.client(formula), d.whole)
	if err != nil {
		t.Fatal(err)
	}
	if d.check != nil {
		if err := d.check(o, m, done); err != nil {
			t.Error(err)
		}
	}
	if err := m.lag(o, nil, nil); err != nil {
		t.Error(err)
		lost++
	}
	return lost
}
