package pipeline_test

import (
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

var changeSeeds = flag.Int("change.seeds", 1, "how many times changes are planted at random")

// changedPage is one CSV file that a test changes.
type changedPage struct {
	t      *testing.T
	path   string
	header []string
	rows   [][]string
}

func openPage(t *testing.T, dir string, name ...string) *changedPage {
	t.Helper()
	p := &changedPage{t: t, path: filepath.Join(append([]string{dir}, name...)...)}
	p.header, p.rows = readCSV(t, p.path)
	return p
}

func (p *changedPage) at(row int, column string) *string {
	i := slices.Index(p.header, column)
	if i < 0 {
		p.t.Fatalf("%s has no column %s", p.path, column)
	}
	return &p.rows[row][i]
}

// touch gives a row a newer stamp than all others.
func (p *changedPage) touch(row int) {
	*p.at(row, "SystemModstamp") = "2026-10-01T12:00:00.000Z"
	*p.at(row, "LastModifiedDate") = "2026-10-01T12:00:00.000Z"
}

func (p *changedPage) save() { writeCSV(p.t, p.path, p.header, p.rows) }

// reader opens the analytics databases of two runs, as an analyst would.
func reader(t *testing.T, dir string, earlier, later pipeline.Record) *sql.DB {
	t.Helper()
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for name, r := range map[string]pipeline.Record{"earlier": earlier, "later": later} {
		if _, err := db.Exec(fmt.Sprintf("ATTACH '%s' AS %s (READ_ONLY)", store.Analytics(r.ID), name)); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func strings1(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// answers of each table: its key as change names it, and what is compared.
var answerColumns = map[string][2]string{
	"mapping":        {"object || ' | ' || crm_id", `status, entity_id, "primary", link_object, link_crm_id`},
	"auto_save":      {"seat_id || ' | ' || opportunity_id || ' | ' || object || ' | ' || crm_id", "entity_id, via_crm_id, user_id, stage, still_valid, reason"},
	"suggested_lead": {"seat_id || ' | ' || crm_id", "entity_id"},
	"not_saved":      {"opportunity_id || ' | ' || object || ' | ' || crm_id", "owner_id, seat_id, reason"},
	"missing_in_crm": {"entity_kind || ' | ' || entity_id", "saved, touched, open_opportunity, company_id"},
	"seat_map":       {"seat_id", "member_id, user_id, method, reason, sync_on, crm_sync_active"},
}

// checkDifference says whether the log of changes is the set difference of two publications, table by table.
func checkDifference(t *testing.T, db *sql.DB, change string) {
	t.Helper()
	for table, c := range answerColumns {
		row := "SELECT " + c[0] + " AS k, " + c[1] + " FROM "
		want := strings1(t, db, fmt.Sprintf(`SELECT DISTINCT k FROM (
			(%[1]searlier.%[2]s EXCEPT %[1]slater.%[2]s) UNION ALL (%[1]slater.%[2]s EXCEPT %[1]searlier.%[2]s)) ORDER BY k`, row, table))
		got := strings1(t, db, fmt.Sprintf("SELECT row_key FROM %s WHERE table_name = '%s' ORDER BY row_key", change, table))
		if !slices.Equal(got, want) {
			t.Errorf("change of %s has %d rows, the set difference %d:\n%.500q\n%.500q", table, len(got), len(want), got, want)
		}
	}
}

// Changes of every kind in one import, each on records of its own, get the cause that was planted.
func TestChange_PlantedCauses(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	t.Parallel()
	seeds := *changeSeeds
	planted, right := 0, 0
	for seed := range seeds {
		p, r := plantChanges(t, uint64(seed))
		planted, right = planted+p, right+r
	}
	t.Logf("%d of %d planted changes have their cause", right, planted)
	if planted < 100*seeds || right*100 < planted*99 {
		t.Errorf("%d of %d planted changes have the right cause, want 99 %%", right, planted)
	}
}

func plantChanges(t *testing.T, seed uint64) (planted, right int) {
	t.Helper()
	dir, first := pipeline.PublishedDemo(t)
	db := reader(t, dir, first, first)
	random := rand.New(rand.NewPCG(seed, 4))
	contacts := openPage(t, dir, "crm", "Contact-1.csv") // the others are compressed
	matched := strings1(t, db, "SELECT crm_id || ' ' || entity_id FROM later.mapping WHERE object = 'Contact' AND status = 'matched' AND \"primary\" ORDER BY 1")
	matched = slices.DeleteFunc(matched, func(pair string) bool {
		return !slices.ContainsFunc(contacts.rows, func(row []string) bool { return strings.HasPrefix(pair, row[0]) })
	})
	random.Shuffle(len(matched), func(i, j int) { matched[i], matched[j] = matched[j], matched[i] })
	take := func(n int) (ids, entities []string) {
		for _, pair := range matched[:n] {
			id, entity, _ := strings.Cut(pair, " ")
			ids, entities = append(ids, id), append(entities, entity)
		}
		matched = matched[n:]
		return ids, entities
	}
	want := map[string]string{}
	expect := func(ids []string, cause string) {
		for _, id := range ids {
			want["Contact | "+id] = cause
		}
	}

	edited, _ := take(35)
	expect(edited, "crm_data")
	deleted, _ := take(30)
	expect(deleted, "crm_merge_or_delete")
	merged, _ := take(15)
	expect(merged, "crm_merge_or_delete")
	survivors, _ := take(15)
	decided, _ := take(30)
	expect(decided, "decision")
	left, leftEntities := take(35)
	expect(left, "directory_data")

	for row := range contacts.rows {
		id := *contacts.at(row, "Id")
		switch i := slices.Index(merged, id); {
		case slices.Contains(edited, id):
			for _, column := range []string{"FirstName", "Name", "Email", "Phone", "MobilePhone"} {
				*contacts.at(row, column) = ""
			}
			*contacts.at(row, "LastName") = "Zzyzx" + id[12:15]
			contacts.touch(row)
		case slices.Contains(deleted, id):
			*contacts.at(row, "IsDeleted") = "true"
			contacts.touch(row)
		case i >= 0:
			*contacts.at(row, "IsDeleted"), *contacts.at(row, "MasterRecordId") = "true", survivors[i]
			contacts.touch(row)
		}
	}
	contacts.save()
	decisions := openPage(t, dir, "decisions.csv")
	for i, id := range decided {
		row := make([]string, len(decisions.header))
		decisions.rows = append(decisions.rows, row)
		n := len(decisions.rows) - 1
		*decisions.at(n, "seq"), *decisions.at(n, "object"), *decisions.at(n, "crm_id"), *decisions.at(n, "verdict") = fmt.Sprint(1000+i), "Contact", id, "none"
	}
	decisions.save()
	removeMembers(t, dir, leftEntities)

	second, err := runOrg(t, dir, func(o *pipeline.Options) {
		o.AsOf, o.Accept = asOf.Add(24*time.Hour), "planted changes make the match rate fall"
		o.Config = replacedSetting(t, dir, "auto_sync: [a-z_]+", "auto_sync: none")
	})
	if err != nil {
		t.Fatal(err)
	}
	db = reader(t, dir, first, second.Record)
	checkDifference(t, db, "later.change")
	got := map[string]string{}
	for _, line := range strings1(t, db, "SELECT row_key || '=' || cause FROM later.change WHERE table_name = 'mapping'") {
		key, cause, _ := strings.Cut(line, "=")
		got[key] = cause
	}
	for key, cause := range want {
		planted++
		if got[key] == cause {
			right++
		} else {
			t.Logf("seed %d: %s has the cause %q, planted was %s", seed, key, got[key], cause)
		}
	}
	for _, line := range strings1(t, db, "SELECT cause || ' ' || seat_id FROM later.change WHERE table_name = 'seat_map'") {
		planted++
		if strings.HasPrefix(line, "setting ") {
			right++
		} else {
			t.Logf("seed %d: seat_map %s, planted was setting", seed, line)
		}
	}
	checkDiff(t, dir, first, second.Record)
	return planted, right
}

// replacedSetting is the org's configuration with one entry changed.
func replacedSetting(t *testing.T, dir, pattern, by string) pipeline.Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	changed := regexp.MustCompile(pattern).ReplaceAllString(string(text), by)
	if changed == string(text) {
		t.Fatalf("crmlink.yaml of the demo has no %s", pattern)
	}
	path := filepath.Join(dir, "replaced.yaml")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := pipeline.LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// removeMembers takes members out of the directory's file.
func removeMembers(t *testing.T, dir string, ids []string) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f := filepath.Join(dir, "directory", "members.csv.gz")
	if _, err := db.Exec(fmt.Sprintf(`COPY (FROM read_csv('%[1]s', all_varchar = true) WHERE member_id NOT IN ('%[2]s'))
		TO '%[1]s.new' (FORMAT csv, HEADER, COMPRESSION gzip)`, f, strings.Join(ids, "','"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f+".new", f); err != nil {
		t.Fatal(err)
	}
}

// checkDiff compares what diff shows with the log of the later run, the direct way and the long one.
func checkDiff(t *testing.T, dir string, first, second pipeline.Record) {
	t.Helper()
	config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	d, err := pipeline.Compare(t.Context(), pipeline.DiffOptions{Config: config, Store: store, From: first.ID, To: second.ID})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Counts, second.Changes) || int64(len(d.Rows)) != second.Tables["change"].Rows || len(d.Rows) == 0 {
		t.Errorf("diff counts %v (%d rows), the run says %v", d.Counts, len(d.Rows), second.Changes)
	}
	back, err := pipeline.Compare(t.Context(), pipeline.DiffOptions{Config: config, Store: store, From: second.ID, To: first.ID})
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Rows) != len(d.Rows) {
		t.Errorf("the way back has %d rows, the way there %d", len(back.Rows), len(d.Rows))
	}
}
