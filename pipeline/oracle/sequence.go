package oracle

import (
	"errors"
	"math/rand/v2"
)

// Sequence is some small orgs whose records, users, lists and directories change at random from import to import, and
// whose exports are full or hold only what changed. Equal arguments give equal sequences.
type Sequence struct {
	Settings Settings
	orgs     []*org
	random   *World // for what concerns all orgs
	imports  int    // so far
}

// NewSequence is a sequence before its first import.
func NewSequence(seed uint64, orgs int) *Sequence {
	s := &Sequence{orgs: several(seed, orgs), random: &World{random: rand.New(rand.NewPCG(seed, 0x5e9))}}
	s.Settings = s.orgs[0].Settings
	if s.random.chance(30) {
		s.Settings.SavedListPolicy = "flag"
	}
	for i, o := range s.orgs {
		o.random = rand.New(rand.NewPCG(seed, 0xc4a+uint64(i)))
		o.clock, o.fresh = 701_000, map[string]bool{}
		o.serial = s.orgs[0].serial + 100*i // numbers of streets are the org's own
	}
	return s
}

// Change is what happens between two imports.
func (s *Sequence) Change() {
	for _, o := range s.orgs {
		o.clock += 100
		for range o.between(1, 8) {
			o.change()
		}
	}
	if s.random.chance(10) {
		s.Settings.AutoSync = pick(s.random, []string{"all", "all", "per_seat", "none"})
	}
	if s.random.chance(10) && s.Settings.PipelineStage != "" {
		s.Settings.PipelineStage = pick(s.random, openStages)
	}
}

// Write lays the next import down below a folder: all records that are there in a full one, else those that changed. In
// both there may be more: versions of long ago, rows that did not change, a row that cannot be read. After the first
// import a file may lack a column. It can be called again before Done, and need not write the same.
func (s *Sequence) Write(dir string, full bool) error {
	w := New(s.random.random.Uint64())
	w.Settings = s.Settings
	for _, object := range []string{"Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "User", "UserRole"} {
		sheet := w.CRM[object]
		if s.imports > 0 && s.random.chance(15) {
			w.hidden = map[string]string{object: pick(s.random, mayGo[object])}
		}
		for _, o := range s.orgs {
			for _, row := range o.CRM[object].Rows {
				if s.imports == 0 || full || o.fresh[object+row["Id"]] || s.random.chance(4) {
					sheet.Rows = append(sheet.Rows, row)
				}
			}
			if stale := o.stale[object]; s.imports > 0 && len(stale) > 0 && s.random.chance(25) {
				sheet.Rows = append(sheet.Rows, pick(s.random, stale))
			}
		}
		if object == "Opportunity" && len(sheet.Rows) > 0 && s.imports > 0 && s.random.chance(20) {
			i := s.random.random.IntN(len(sheet.Rows))
			sheet.Rows[i] = copyRow(sheet.Rows[i])
			sheet.Rows[i]["Amount"] = "a lot"
		}
	}
	if stages := s.orgs[0].CRM["OpportunityStage"]; stages != nil && (full || s.imports == 0 || s.random.chance(50)) {
		w.CRM["OpportunityStage"] = stages
	}
	for _, o := range s.orgs {
		lists := *o.World
		lists.CRM = nil
		w.take(&lists)
	}
	_, err := w.Write(dir)
	return err
}

// mayGo are the columns of which an export may be without: what decides something, and is not needed.
var mayGo = map[string][]string{
	"Account":                {"Phone", "BillingStreet", "IsDeleted", "MasterRecordId", "IsPersonAccount", "CreatedDate"},
	"Contact":                {"Phone", "MobilePhone", "Title", "LastActivityDate", "IsDeleted", "MasterRecordId", "CreatedDate"},
	"Lead":                   {"Phone", "MobilePhone", "LastActivityDate", "IsDeleted", "MasterRecordId", "ConvertedContactId"},
	"Opportunity":            {"Amount", "IsDeleted"},
	"OpportunityContactRole": {"IsDeleted", "IsPrimary"},
	"User":                   {"IsDeleted", "UserRoleId", "Name"},
	"UserRole":               {"ParentRoleId"},
}

// Done says that the import that was written last was read.
func (s *Sequence) Done() {
	for _, o := range s.orgs {
		if s.imports == 0 {
			o.split()
		}
		o.fresh = map[string]bool{}
	}
	s.imports++
}

// Settle makes an answer that is not determined a determined one, by making one of the two rivals someone else.
func (s *Sequence) Settle(err error) {
	var rivals *Rivals
	if !errors.As(err, &rivals) {
		return
	}
	for _, o := range s.orgs {
		for _, id := range []string{rivals.One, rivals.Other} {
			if row := o.row(rivals.Object, id); row != nil {
				o.estrange(rivals.Object, row)
				if s.random.chance(50) {
					return
				}
			}
		}
	}
}
