package extract_test

import (
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
)

func TestNewestVersionWins(t *testing.T) {
	s := sqltest.Open(t)
	out := must(t, s, input{
		"crm/Account-1.csv": accountHeader +
			account(1, "old by stamp", at(9), at(1)) +
			account(2, "new without stamp", at(5), "") +
			account(3, "text a", "", at(3)) +
			account(4, "twice", at(1), "") +
			account(5, "no stamp", "", ""),
		"crm/Account-2.csv": accountHeader +
			account(1, "new by stamp", at(1), at(2)) +
			account(2, "old by stamp", at(9), at(4)) +
			account(3, "text b", "", at(3)) +
			account(4, "twice", at(1), "") + account(4, "twice", at(1), "") +
			account(5, "stamp", at(1), "") +
			"x,,,,,\n",
	}, extract.In{AsOf: day1, Full: true})
	same(t, "accounts", show(t, s, out, "raw_account", "Id,Name"), `001000000000001AAA,new by stamp
001000000000002AAA,new without stamp
001000000000003AAA,text b
001000000000004AAA,twice
001000000000005AAA,stamp`)
	same(t, "log", show(t, s, out, "extract_log", "file,rows_in,kept,superseded,rejected")[:len("Account-1.csv,5,2,3,0\nAccount-2.csv,7,3,3,1")],
		"Account-1.csv,5,2,3,0\nAccount-2.csv,7,3,3,1")
	same(t, "reject", show(t, s, out, "reject", "object,file,line,crm_id,column,reason"), "Account,Account-2.csv,8,,Id,bad_id")
	want := extract.Count{Object: "Account", Files: 2, RowsIn: 12, Kept: 5, Superseded: 6, Rejected: 1}
	if out.Counts[0] != want {
		t.Errorf("count %+v, want %+v", out.Counts[0], want)
	}
}

func TestMirror(t *testing.T) {
	s := sqltest.Open(t)
	columns := "Id,Name,missing_since"
	first := must(t, s, input{"crm/Account.csv": accountHeader +
		account(1, "stays", at(1), "") + account(2, "goes", at(1), "") + account(3, "changes", at(1), "") + account(4, "tie m", at(1), "") + account(5, "is damaged", at(1), "")},
		extract.In{AsOf: day1, Full: true})

	second := must(t, s, input{"crm/Account.csv": accountHeader +
		account(1, "stays", at(1), "") + account(3, "older", at(0 + 1)[:8]+"01T00:00:00Z", "2025-01-01T00:00:00Z") + account(4, "tie a", at(1), "") +
		strings.Replace(account(5, "is damaged", at(1), ""), "1.5E3", "?", 1) + account(6, "comes", at(1), "")},
		extract.In{AsOf: day2, Full: true, Previous: first.Tables})
	same(t, "full", show(t, s, second, "raw_account", columns), `001000000000001AAA,stays,
001000000000002AAA,goes,2026-01-02 04:00:00
001000000000003AAA,changes,
001000000000004AAA,tie m,
001000000000005AAA,is damaged,
001000000000006AAA,comes,`)
	if c := second.Counts[0]; c.Known != 5 || c.Missing != 1 || c.RowsIn != 5 || c.Kept != 2 || c.Superseded != 2 || c.Rejected != 1 {
		t.Errorf("count %+v", c)
	}

	// A delta says nothing by absence; what is back loses its mark, and one missing for longer keeps its day.
	delta := must(t, s, input{"crm/Account.csv": accountHeader + account(3, "changed", at(2), "")},
		extract.In{AsOf: day3, Previous: second.Tables})
	same(t, "delta", show(t, s, delta, "raw_account", columns), `001000000000001AAA,stays,
001000000000002AAA,goes,2026-01-02 04:00:00
001000000000003AAA,changed,
001000000000004AAA,tie m,
001000000000005AAA,is damaged,
001000000000006AAA,comes,`)
	again := must(t, s, input{"crm/Account.csv": accountHeader + account(3, "changed", at(2), "")},
		extract.In{AsOf: day3, Full: true, Previous: delta.Tables})
	same(t, "missing for longer", show(t, s, again, "raw_account", "Id,missing_since"), `001000000000001AAA,2026-01-03 04:00:00
001000000000002AAA,2026-01-02 04:00:00
001000000000003AAA,
001000000000004AAA,2026-01-03 04:00:00
001000000000005AAA,2026-01-03 04:00:00
001000000000006AAA,2026-01-03 04:00:00`)
	back := must(t, s, input{"crm/Account.csv": accountHeader + account(2, "is back", at(2), "") + account(4, "older", at(1)[:4]+"-01-01T00:00:00Z", "2020-01-01T00:00:00Z")},
		extract.In{AsOf: day3, Previous: again.Tables})
	same(t, "back", show(t, s, back, "raw_account", columns), `001000000000001AAA,stays,2026-01-03 04:00:00
001000000000002AAA,is back,
001000000000003AAA,changed,
001000000000004AAA,tie m,
001000000000005AAA,is damaged,2026-01-03 04:00:00
001000000000006AAA,comes,2026-01-03 04:00:00`)
}

// An object that is whole within a delta is taken as in a full import, and no other one is; what the input does not have
// at all stays.
func TestMirror_CompleteObjectsOfADelta(t *testing.T) {
	s := sqltest.Open(t)
	lead := "Id,LastName,Company,OwnerId,IsConverted,LastModifiedDate\n"
	first := must(t, s, input{
		"crm/Account.csv":          accountHeader + account(1, "stays", at(1), "") + account(2, "goes", at(1), ""),
		"crm/Lead.csv":             lead + "00Q000000000001,A,X,005000000000001,false,2026-01-01T00:00:00Z\n00Q000000000002,B,Y,005000000000001,false,2026-01-01T00:00:00Z\n",
		"crm/OpportunityStage.csv": "MasterLabel,SortOrder\nNew,9\nWon,2\n",
		"crm/CurrencyType.csv":     "IsoCode,ConversionRate\nEUR,1\n",
	}, extract.In{AsOf: day1, Full: true})
	second := must(t, s, input{
		"crm/Account.csv":          accountHeader + account(1, "stays", at(1), ""),
		"crm/Lead.csv":             lead + "00Q000000000001,A,X,005000000000001,false,2026-01-01T00:00:00Z\n",
		"crm/OpportunityStage.csv": "MasterLabel,SortOrder\nNew,9\n",
	}, extract.In{AsOf: day2, Complete: []string{"Account", "OpportunityStage"}, Previous: first.Tables})
	same(t, "accounts", show(t, s, second, "raw_account", "Id,missing_since"), "001000000000001AAA,\n001000000000002AAA,2026-01-02 04:00:00")
	same(t, "leads", show(t, s, second, "raw_lead", "Id,missing_since"), "00Q000000000001EAA,\n00Q000000000002EAA,")
	same(t, "stages", show(t, s, second, "raw_opportunity_stage", "MasterLabel,missing_since"), "New,\nWon,2026-01-02 04:00:00")
	same(t, "currencies", show(t, s, second, "raw_currency_type", "IsoCode,missing_since"), "EUR,")
	if a, l := second.Counts[0], second.Counts[2]; a.Known != 2 || a.Missing != 1 || l.Known != 0 || l.Missing != 0 {
		t.Errorf("counts %+v, %+v", a, l)
	}
}

// Rows that were read from the CRM just now say more than the mirror at equal stamps, and less at older ones: a formula
// changes and moves no stamp.
func TestMirror_FreshRowsCountAtEqualStamps(t *testing.T) {
	s := sqltest.Open(t)
	first := must(t, s, input{"crm/Account.csv": accountHeader + account(1, "z", at(1), at(2)) + account(2, "z", at(1), at(2)) + account(3, "same", at(1), at(2))},
		extract.In{AsOf: day1, Full: true})
	for _, fresh := range []bool{false, true} {
		want := map[bool]string{false: "z", true: "a"}[fresh]
		out := must(t, s, input{"crm/Account-1.csv": accountHeader + account(1, "a", at(1), at(2)) + account(2, "a", at(1), at(1)),
			"crm/Account-2.csv": accountHeader + account(3, "same", at(1), at(2))}, extract.In{AsOf: day2, Fresh: fresh, Previous: first.Tables})
		same(t, "accounts", show(t, s, out, "raw_account", "Id,Name"), "001000000000001AAA,"+want+"\n001000000000002AAA,z\n001000000000003AAA,same")
		if (out.Overruled != nil) == fresh {
			t.Errorf("fresh %v: overruled rows %v", fresh, out.Overruled)
		}
	}
}

// Helpers without any stamp would otherwise keep an old value for ever.
func TestMirror_RowsWithoutStampAreTakenAsRead(t *testing.T) {
	s := sqltest.Open(t)
	first := must(t, s, input{"crm/OpportunityStage.csv": "MasterLabel,SortOrder\nNew,9\nWon,2\n"}, extract.In{AsOf: day1, Full: true})
	second := must(t, s, input{"crm/OpportunityStage.csv": "MasterLabel,SortOrder\nNew,1\nWon,2\n"}, extract.In{AsOf: day2, Full: true, Previous: first.Tables})
	same(t, "stages", show(t, s, second, "raw_opportunity_stage", "MasterLabel,SortOrder"), "New,1\nWon,2")
	rates := "IsoCode,StartDate,ConversionRate\nEUR,2026-01-01,1.1\nEUR,2026-02-01,1.2\n"
	third := must(t, s, input{"crm/DatedConversionRate.csv": rates}, extract.In{AsOf: day3, Full: true, Previous: second.Tables})
	same(t, "rates", show(t, s, third, "raw_dated_conversion_rate", "IsoCode,StartDate,ConversionRate"),
		"EUR,2026-01-01,1.1000000000\nEUR,2026-02-01,1.2000000000")
	same(t, "stages without file", show(t, s, third, "raw_opportunity_stage", "MasterLabel,missing_since"),
		"New,2026-01-03 04:00:00\nWon,2026-01-03 04:00:00")
}
