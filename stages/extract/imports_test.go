package extract_test

import (
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql/sqltest"
)

// state lists accounts as number, name and D(eleted), into a merged one and M(issing).
func (i *imports) state(t *testing.T) string {
	t.Helper()
	text := show(t, i.session, i.last, "raw_account", "Id,Name,IsDeleted,MasterRecordId,missing_since")
	var all []string
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), ",")
		mark := cells[0][14:15] + " " + cells[1]
		if cells[2] == "true" {
			mark += " D"
		}
		if cells[3] != "" {
			mark += " into " + cells[3][14:15]
		}
		if cells[4] != "" {
			mark += " M" + cells[4][8:10]
		}
		all = append(all, mark)
	}
	return strings.Join(all, ", ")
}

// records is a file of accounts from lines of number, day, name, IsDeleted and, where merged, the other's number.
func records(lines ...string) input {
	text := "Id,LastModifiedDate,Name,IsDeleted,MasterRecordId,OwnerId,AnnualRevenue\n"
	for _, line := range lines {
		c := strings.Split(line, " ")
		master := ""
		if len(c) > 4 {
			master = "00100000000000" + c[4]
		}
		text += "00100000000000" + c[0] + "," + at(int(c[1][0]-'0')) + "," + c[2] + "," + c[3] + "," + master + ",005000000000001,1\n"
	}
	return input{"crm/Account.csv": text}
}

// A delta removes by IsDeleted and MasterRecordId only; a full import marks what it lacks; what is undeleted or comes
// again, in an old version too, is back. Nothing ever leaves the mirror (F10).
func TestImports_Z23_F10_DeletedMissingAndBack(t *testing.T) {
	i := imports{session: sqltest.Open(t)}
	for n, step := range []struct {
		full  bool
		files input
		want  string
	}{
		{true, records("1 1 a false", "2 1 b false", "3 1 c false", "4 1 d false"), "1 a, 2 b, 3 c, 4 d"},
		{false, records("2 2 b true", "3 2 c true 1"), "1 a, 2 b D, 3 c D into 1, 4 d"},
		{false, records("2 1 b false"), "1 a, 2 b D, 3 c D into 1, 4 d"}, // an old version, late
		{true, records("1 1 a false"), "1 a, 2 b D M04, 3 c D into 1 M04, 4 d M04"},
		{true, records("1 1 a false", "4 1 d false"), "1 a, 2 b D M04, 3 c D into 1 M04, 4 d"},
		{false, records("2 3 b false", "3 1 old false"), "1 a, 2 b, 3 c D into 1, 4 d"},
		{false, records("3 4 c false", "1 5 a true 3"), "1 a D into 3, 2 b, 3 c, 4 d"},
		{false, records(), "1 a D into 3, 2 b, 3 c, 4 d"},
		{true, records(), "1 a D into 3 M09, 2 b M09, 3 c M09, 4 d M09"},
	} {
		out := i.next(t, step.full, step.files)
		if got := i.state(t); got != step.want {
			t.Errorf("import %d\n got %s\nwant %s", n+1, got, step.want)
		}
		known, missing := out.Counts[0].Known, out.Counts[0].Missing
		want := map[int][2]int64{3: {2, 1}, 4: {1, 0}, 8: {3, 3}}[n] // deleted records had gone before
		if known != want[0] || missing != want[1] {
			t.Errorf("import %d: %d known, %d missing, want %v", n+1, known, missing, want)
		}
	}
}

// A row that was read and refused is not missing. A stage is refused by its Id, though its name is the key: then none of
// its object counts as missing.
func TestImports_Z23_ARefusedRowIsNotMissing(t *testing.T) {
	i := imports{session: sqltest.Open(t)}
	files := records("1 1 a false", "2 1 b false")
	files["crm/OpportunityStage.csv"] = "Id,MasterLabel,SortOrder\n01J000000000001,New,1\n01J000000000002,Old,2\n"
	i.next(t, true, files)
	files["crm/Account.csv"] = strings.Replace(files["crm/Account.csv"], "005000000000001,1\n", "005000000000001,one\n", 1)
	files["crm/OpportunityStage.csv"] = "Id,MasterLabel,SortOrder\n01J000000000001,New,first\n"
	out := i.next(t, true, files)
	if got := i.state(t); got != "1 a, 2 b" {
		t.Errorf("accounts %s", got)
	}
	same(t, "stages", show(t, i.session, out, "raw_opportunity_stage", "MasterLabel,SortOrder,missing_since"), "New,1,\nOld,2,")
	files["crm/OpportunityStage.csv"] = "Id,MasterLabel,SortOrder\n01J000000000001,New,1\n"
	out = i.next(t, true, files)
	same(t, "stages", show(t, i.session, out, "raw_opportunity_stage", "MasterLabel,missing_since"), "New,\nOld,2026-01-03 04:00:00")
}
