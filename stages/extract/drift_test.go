package extract_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
)

// imports runs one import after the other, each over the mirror that the one before left.
type imports struct {
	session *sql.Session
	last    extract.Out
	n       int
}

func (i *imports) next(t *testing.T, full bool, files input) extract.Out {
	t.Helper()
	in := extract.In{AsOf: day1.AddDate(0, 0, i.n), Full: full, Previous: map[string]sql.Snapshot{}, Unsettled: i.last.Unsettled}
	i.n++
	for name, snap := range i.last.Tables {
		in.Previous[name] = snap
	}
	if i.last.Log.Table != "" {
		in.Previous["extract_log"] = i.last.Log
	}
	i.last = must(t, i.session, files, in)
	return i.last
}

func (i *imports) accounts(t *testing.T, want string) {
	t.Helper()
	same(t, fmt.Sprint("accounts after import ", i.n), show(t, i.session, i.last, "raw_account", "Id,Website,Phone"), regexp.MustCompile(`#(\d)`).ReplaceAllString(want, "00100000000000${1}AAA"))
}

// sheet is a file of accounts: columns, then rows as number and cells; each row is of the given day.
func sheet(day int, columns string, rows ...string) string {
	text := "Id,Name,OwnerId,LastModifiedDate" + columns + "\n"
	for _, row := range rows {
		number, cells, _ := strings.Cut(row, ",")
		text += fmt.Sprintf("00100000000000%s,Acme,005000000000001,%s", number, at(day))
		if columns != "" {
			text += "," + cells
		}
		text += "\n"
	}
	return text
}

func drifts(out extract.Out) string {
	var all []string
	for _, d := range out.Drift {
		all = append(all, d.Object+"."+d.Column.Column+" "+d.Kind)
	}
	return strings.Join(all, ", ")
}

// A column that went keeps the mirror's values for known records, in deltas and in full imports, and is told once. New
// records have none.
func TestDrift_Z23_AColumnThatWentEmptiesNothing(t *testing.T) {
	for _, full := range []bool{false, true} {
		i := imports{session: sqltest.Open(t)}
		i.next(t, true, input{"crm/Account.csv": sheet(1, ",Website,Phone", "1,a.example,1", "2,b.example,2", "3,,3")})
		i.next(t, full, input{"crm/Account.csv": sheet(2, ",Phone", "1,11", "2,", "3,33", "4,4")})
		i.accounts(t, "#1,a.example,11\n#2,b.example,\n#3,,33\n#4,,4")
		if got := drifts(i.last); got != "Account.Website went" {
			t.Errorf("full %t: drift %q", full, got)
		}
		// The row as it is already there is no change, although its file lacks the column.
		second := i.last.Tables["raw_account"].ID
		i.next(t, full, input{"crm/Account.csv": sheet(2, ",Phone", "1,11", "2,", "3,33", "4,4")})
		if got := drifts(i.last); got != "" || i.last.Tables["raw_account"].ID != second {
			t.Errorf("full %t: drift %q, or the mirror changed", full, got)
		}
		if c := i.last.Counts[0]; c.Kept != 4 || c.Superseded != 0 {
			t.Errorf("full %t: count %+v, want equal rows to stay kept", full, c)
		}
	}
}

// What changed while its column was away is taken when it is back, though the stamps are equal, and by a later full
// import where it was not in the first one.
func TestDrift_Z23_AColumnThatComesBackIsTaken(t *testing.T) {
	i := imports{session: sqltest.Open(t)}
	i.next(t, true, input{"crm/Account.csv": sheet(1, ",Website,Phone", "1,m.example,1", "2,m.example,2", "3,m.example,3")})
	i.next(t, false, input{"crm/Account.csv": sheet(2, ",Phone", "1,1", "2,2", "4,4")}) // 1 and 2 have another website now
	i.next(t, false, input{"crm/Account.csv": sheet(2, ",Website,Phone", "1,a.example,1")})
	i.accounts(t, "#1,a.example,1\n#2,m.example,2\n#3,m.example,3\n#4,,4")
	if got := drifts(i.last); got != "Account.Website came" {
		t.Errorf("drift %q", got)
	}
	if got := fmt.Sprint(i.last.Unsettled); got != "[{Account Website}]" {
		t.Errorf("unsettled %s", got)
	}
	whole := input{"crm/Account-1.csv": sheet(2, ",Website,Phone", "1,a.example,1", "2,b.example,2", "4,A.example,4"),
		"crm/Account-2.csv": sheet(1, ",Website,Phone", "3,m.example,3")}
	i.next(t, true, whole)
	i.accounts(t, "#1,a.example,1\n#2,b.example,2\n#3,m.example,3\n#4,A.example,4")
	if len(i.last.Unsettled) > 0 {
		t.Errorf("unsettled %v after a full import", i.last.Unsettled)
	}
	// From then on equal stamps mean what they always do: the greater text.
	i.next(t, false, input{"crm/Account.csv": sheet(2, ",Website,Phone", "1,Z.example,1", "2,c.example,2")})
	i.accounts(t, "#1,a.example,1\n#2,c.example,2\n#3,m.example,3\n#4,A.example,4")
}

// A column that no import had before is taken for records whose stamp did not move: an export with one more field.
func TestDrift_Z23_AColumnThatComesIsTaken(t *testing.T) {
	i := imports{session: sqltest.Open(t)}
	i.next(t, true, input{"crm/Account.csv": sheet(1, ",Phone", "1,1", "2,2")})
	if len(i.last.Unsettled) > 0 {
		t.Errorf("unsettled %v", i.last.Unsettled)
	}
	i.next(t, false, input{"crm/Account.csv": sheet(1, ",Website,Phone", "1,A.example,1")})
	i.next(t, true, input{"crm/Account.csv": sheet(1, ",Website,Phone", "1,A.example,1", "2,B.example,2")})
	i.accounts(t, "#1,A.example,1\n#2,B.example,2")
}

// Files of one object may have different columns: each is filled by itself.
func TestDrift_Z23_EachFileByItself(t *testing.T) {
	i := imports{session: sqltest.Open(t)}
	i.next(t, true, input{"crm/Account.csv": sheet(1, ",Website,Phone", "1,a.example,1", "2,b.example,2")})
	i.next(t, false, input{"crm/Account-1.csv": sheet(2, ",Website", "1,", "3,c.example"), "crm/Account-2.csv": sheet(2, ",Phone", "2,", "4,4")})
	i.accounts(t, "#1,,1\n#2,b.example,\n#3,c.example,\n#4,,4")
	if got := drifts(i.last); got != "Account.Phone went, Account.Website went" {
		t.Errorf("drift %q", got)
	}
}

// What stamps a row is the row's own. A file that has no stamps at all is read as it stands: else its object would stay
// for ever as it was when stamps went.
func TestDrift_Z23_StampsAreNeverFilled(t *testing.T) {
	i := imports{session: sqltest.Open(t)}
	roles := func(full bool, text string, want string) {
		t.Helper()
		i.next(t, full, input{"crm/UserRole.csv": text})
		same(t, fmt.Sprint("roles after import ", i.n), show(t, i.session, i.last, "raw_user_role", "Name,ParentRoleId,LastModifiedDate,SystemModstamp"), want)
	}
	roles(true, "Id,Name,ParentRoleId,LastModifiedDate,SystemModstamp\n00E000000000001,m,00E000000000002,"+at(2)+","+at(3)+"\n",
		"m,00E000000000002EAA,2026-01-02 00:00:00,2026-01-03 00:00:00")
	roles(false, "Id,Name,LastModifiedDate\n00E000000000001,a,"+at(4)+"\n", "a,00E000000000002EAA,2026-01-04 00:00:00,")
	roles(false, "Id,Name\n00E000000000001,b\n", "b,00E000000000002EAA,,")
	roles(false, "Id,Name,LastModifiedDate\n00E000000000001,c,"+at(1)+"\n", "c,00E000000000002EAA,2026-01-01 00:00:00,")
}

// Columns that crmlink does not import are told when they come, and lists of the user are watched too.
func TestDrift_Z23_OnlyChangesAreTold(t *testing.T) {
	i := imports{session: sqltest.Open(t)}
	members := "member_id,name,emails\nm1,Ada,a@x.example\n"
	i.next(t, true, input{"crm/Account.csv": sheet(1, ",Phone,Foo__c", "1,1,x"), "members.csv": members})
	if got := drifts(i.last); got != "" {
		t.Errorf("first import: drift %q", got)
	}
	i.next(t, false, input{"crm/Account.csv": sheet(2, ",Phone,Foo__c,Bar__c", "1,1,x,y"), "members.csv": "member_id,name,Shoe\nm1,Ada,44\n"})
	if got := drifts(i.last); got != "Account.Bar__c new, member.Shoe new, member.emails went" {
		t.Errorf("drift %q", got)
	}
	same(t, "members", show(t, i.session, i.last, "raw_member", "member_id,emails"), "m1,") // lists are as they are now
	i.next(t, false, input{"crm/Account.csv": sheet(3, ",Phone,Foo__c,Bar__c", "1,1,x,y"), "members.csv": members})
	if got := drifts(i.last); got != "member.emails came" {
		t.Errorf("drift %q", got)
	}
}

// Amount is the value of a won deal unless the settings name another field: without it both are kept.
func TestDrift_Z23_WonValueGoesWithItsField(t *testing.T) {
	i := imports{session: sqltest.Open(t)}
	deal := func(day int, column, cell string) input {
		return input{"crm/Opportunity.csv": fmt.Sprintf("Id,AccountId,CloseDate,CreatedDate,IsClosed,IsWon,OwnerId,StageName,LastModifiedDate%s\n"+
			"006000000000001,001000000000001,2026-01-01,%s,false,false,005000000000001,New,%s%s\n", column, at(1), at(day), cell)}
	}
	i.next(t, true, deal(1, ",Amount", ",7"))
	i.next(t, false, deal(2, "", ""))
	same(t, "deal", show(t, i.session, i.last, "raw_opportunity", "Amount,WonValue,LastModifiedDate"), "7.0000000000,7.0000000000,2026-01-02 00:00:00")
}
