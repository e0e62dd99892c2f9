package extract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
)

// remembering is a memory in a map, by the input as JSON.
func remembering(t testing.TB, known map[string][]byte) extract.Memory {
	key := func(in extract.ReadingIn) string {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return extract.Memory{
		Recall: func(in extract.ReadingIn) (id string, r extract.Reading, ok bool) {
			data, ok := known[key(in)]
			if ok {
				if err := json.Unmarshal(data, &r); err != nil {
					t.Fatal(err)
				}
			}
			return key(in), r, ok
		},
		Keep: func(in extract.ReadingIn, r extract.Reading) (string, error) {
			data, err := json.Marshal(r)
			if before, ok := known[key(in)]; ok && string(before) != string(data) {
				t.Errorf("the same input gave\n%s\nand then\n%s", before, data)
			}
			known[key(in)] = data
			return key(in), err
		},
	}
}

// Imports of any kind over one another give the same, table by table and count by count, whether files that have not
// changed are read again or taken over (invariants 2 and 6): rows of equal stamp, without any, rejected ones, deleted
// ones that go, columns that come and go, and files that lack what others have.
func TestReading_UnchangedFilesGiveWhatReadingThemGives(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	unchanged, again := map[string]int{}, 0
	for seed := range sqltest.Seeds(2) {
		random := rand.New(rand.NewPCG(seed, 5))
		with, without := sqltest.Open(t), sqltest.Open(t)
		known := map[string][]byte{}
		var lastWith, lastWithout extract.Out
		var files input
		for day := range 14 {
			if files == nil || random.IntN(3) == 0 {
				files = randomFiles(random)
			}
			full := day == 0 || random.IntN(2) == 0
			whole, fresh := random.IntN(4) == 0, random.IntN(3) == 0
			in := func(last extract.Out) extract.In {
				in := extract.In{AsOf: day1.AddDate(0, 0, day), Full: full, Fresh: fresh, Previous: previous(last), Unsettled: last.Unsettled}
				if whole {
					in.Complete = []string{"Account"}
				}
				return in
			}
			one := in(lastWith)
			one.Memory = remembering(t, known)
			lastWith, lastWithout = must(t, with, files, one), must(t, without, files, in(lastWithout))
			for _, object := range lastWith.Unchanged {
				unchanged[object]++
				if object == "Account" && full {
					again++
				}
			}
			got := lastWith
			got.Readings, got.Unchanged = nil, nil
			if !reflect.DeepEqual(got, lastWithout) {
				t.Fatalf("seed %d, import %d, full %v: unchanged %v\n got %+v\nwant %+v", seed, day+1, full, lastWith.Unchanged, got, lastWithout)
			}
		}
	}
	for _, object := range []string{"Account", "company", "member", "seat"} {
		if unchanged[object] < 5 {
			t.Errorf("%s was taken over %d times only", object, unchanged[object])
		}
	}
	if again < 1 {
		t.Errorf("accounts were taken over by %d full imports only", again)
	}
}

func previous(last extract.Out) map[string]sql.Snapshot {
	tables := map[string]sql.Snapshot{}
	maps.Copy(tables, last.Tables)
	if last.Log.Table != "" {
		tables["extract_log"] = last.Log
	}
	return tables
}

// randomFiles are two pages of accounts and lists with faults.
func randomFiles(random *rand.Rand) input {
	files := input{"seats.csv": fmt.Sprintf("seat_id,email,sync\ns%d,a@x.example,true\ns2,b@x.example,maybe\n", random.IntN(3)),
		"companies.csv": fmt.Sprintf("company_id,name\nc1,Acme\nc1,Acme %d\n", random.IntN(3))}
	columns := []string{"Id", "Name", "OwnerId", "LastModifiedDate", "SystemModstamp", "IsDeleted", "Phone"}
	same := random.IntN(2) == 0
	for page := range 2 {
		header := slices.Clone(columns)
		if random.IntN(4) == 0 && !(same && page == 1) {
			header = header[:len(header)-1-random.IntN(2)]
		}
		rows := []string{strings.Join(header, ",")}
		for range random.IntN(9) {
			id := fmt.Sprintf("001%012d", random.IntN(7))
			if random.IntN(12) == 0 {
				id = "x"
			}
			cells := []string{id, fmt.Sprint("name ", random.IntN(3)), "005000000000001", at(1 + random.IntN(2)),
				[]string{at(1 + random.IntN(5)), "", "gestern"}[min(random.IntN(16)/12+random.IntN(20)/19, 2)],
				fmt.Sprint(random.IntN(4) == 0), fmt.Sprint(random.IntN(2))}
			rows = append(rows, strings.Join(cells[:len(header)], ","))
		}
		files[fmt.Sprintf("crm/Account-%d.csv", page+1)] = strings.Join(rows, "\n") + "\n"
	}
	return files
}

// A list in Parquet is taken over as one in CSV is; another file under the same name, size and time is read.
func TestReading_ContentDecides(t *testing.T) {
	s := sqltest.Open(t)
	dir := input{"seats.csv": "seat_id,email\ns1,a@x.example\n"}.write(t)
	for _, name := range []string{"companies", "members"} {
		if err := os.Remove(filepath.Join(dir, name+".csv")); err != nil {
			t.Fatal(err)
		}
	}
	copyOut(t, s, "SELECT 'c1' AS company_id, 'Acme' AS name", dir+"/companies.parquet")
	copyOut(t, s, "SELECT 'm1' AS member_id, 'Ada' AS name", dir+"/members.parquet")
	in := extract.In{AsOf: day1, Full: true, Memory: remembering(t, map[string][]byte{})}
	step := func(want ...string) extract.Out {
		t.Helper()
		out, err := run(t, s, dir, in)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(out.Unchanged, func(o string) bool { return o != "company" && o != "member" && o != "seat" })
		if !slices.Equal(got, want) {
			t.Errorf("unchanged %v, want %v", got, want)
		}
		return out
	}
	first := step()
	second := step("company", "member", "seat")
	if !reflect.DeepEqual(first.Tables, second.Tables) || first.Log.ID != second.Log.ID {
		t.Error("the tables differ")
	}
	path := filepath.Join(dir, "seats.csv")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("seat_id,email\ns1,b@x.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	same(t, "seats", show(t, s, step("company", "member"), "raw_seat", "seat_id,email"), "s1,b@x.example")
	copyOut(t, s, "SELECT 'm1' AS member_id, 'Eva' AS name", dir+"/members.parquet")
	same(t, "members", show(t, s, step("company", "seat"), "raw_member", "member_id,name"), "m1,Eva")
}

// A file that changes between being hashed and being read is not remembered under the hash it had.
func TestReading_AFileThatChangesWhileItIsRead(t *testing.T) {
	s := sqltest.Open(t)
	dir := input{"members.csv": "member_id,name\nm1,Ada\n"}.write(t)
	known := map[string][]byte{}
	memory := remembering(t, known)
	recall := memory.Recall
	change := func(object, text string) {
		memory.Recall = func(in extract.ReadingIn) (string, extract.Reading, bool) {
			if in.Object == object {
				if err := os.WriteFile(filepath.Join(dir, "members.csv"), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			return recall(in)
		}
	}
	read := func() string {
		out, err := run(t, s, dir, extract.In{AsOf: day1, Full: true, Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		return show(t, s, out, "raw_member", "member_id,name")
	}
	change("member", "member_id,name\nm1,Eva\n")
	same(t, "changed while it was read", read(), "m1,Eva")
	change("Account", "member_id,name\nm1,Ada\n") // as it was when it was hashed first
	same(t, "as before", read(), "m1,Ada")
	change("Account", "member_id,name\nm1,Eva\n")
	same(t, "changed again", read(), "m1,Eva")
}
