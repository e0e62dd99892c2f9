package extract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
)

// listedBefore is what the next extraction is given of the large lists that one gave.
func listedBefore(t testing.TB, known map[string][]byte, out extract.Out) map[string]sql.Digested {
	earlier := map[string]sql.Digested{}
	for _, id := range out.Readings {
		var r extract.Reading
		if err := json.Unmarshal(known[id], &r); err != nil {
			t.Fatal(err)
		}
		if r.Digests != "" {
			earlier[r.Table.Table] = sql.Digested{Table: r.Table, Digests: r.Digests, Repeated: r.Count.Superseded > 0}
		}
	}
	return earlier
}

// Lists that come whole each time are amended where few of their rows differ, and have the rows, counts, log and rejects that
// they have without an earlier version (invariants 2 and 6): ids that stand twice, rejected rows, pages and columns that come
// and go, and versions that come back.
func TestLists_AmendedHoldWhatIsRead(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	amended, finds, whole := map[string]int{}, map[string]int{}, 0
	for seed := range sqltest.Seeds(1) {
		random := rand.New(rand.NewPCG(seed, 11))
		with, without := sqltest.Open(t), sqltest.Open(t)
		known := map[string][]byte{}
		members, companies, activities := map[int]string{}, map[int]string{}, map[int]string{}
		for n := range 400 {
			members[n] = fmt.Sprintf("m%d,Ada %d,Lovelace,c%d,a%d@x.example|b%d@x.example", n, n, n%60, n, n)
			companies[n] = fmt.Sprintf("c%d,Acme %d,acme%d.example", n, n, n)
			activities[n] = fmt.Sprintf("a%d,s1,inmail,m%d,2026-01-02T03:04:05Z,%v", n, n, n%2 == 0)
		}
		var last, lastWhole extract.Out
		var back []input
		for day := range 12 {
			for range random.IntN(6) {
				n := random.IntN(420)
				switch random.IntN(4) {
				case 0:
					delete(members, n)
				case 1:
					members[n] = fmt.Sprintf("m%d,Ada,%s,,", n, []string{"", "Byron", `"a, b"`}[random.IntN(3)])
				case 2:
					companies[n] = fmt.Sprintf("c%d,Acme & Co %d,", n, random.IntN(9))
				case 3:
					activities[n] = fmt.Sprintf("a%d,s2,note,m%d,%s,", n, n, []string{"2026-02-02T00:00:00Z", "", "tomorrow"}[random.IntN(3)])
				}
			}
			if day == 5 {
				for n := range 5 {
					delete(members, 100+n)
				}
			}
			if day == 8 {
				for n := range members {
					members[n] += "|later@x.example"
				}
			}
			rows := func(header string, of map[int]string) string {
				lines := slices.Collect(maps.Values(of)) // in any order
				if random.IntN(2) == 0 {
					lines = append(lines, lines[0], lines[len(lines)-1]+" again", ","+lines[1])
				}
				return header + "\n" + strings.Join(lines, "\n") + "\n"
			}
			files := input{"members.csv": rows("member_id,first_name,last_name,company_id,emails", members), "companies.csv": rows("company_id,name,domains", companies),
				"activities.csv": rows("activity_id,seat_id,kind,member_id,occurred_at,copy_to_crm", activities)}
			if random.IntN(3) == 0 {
				files["members-2.csv"] = "member_id,title,first_name\nz1,CEO,Zoe\nm3,CTO,\n"
			}
			if back = append(back, files); day > 3 && random.IntN(4) == 0 {
				files = back[day-2]
			}
			memory := remembering(t, known)
			earlier := listedBefore(t, known, last)
			out := must(t, with, files, extract.In{AsOf: day1, Full: true, Memory: memory, Earlier: earlier})
			want := must(t, without, files, extract.In{AsOf: day1, Full: true})
			for name, snap := range out.Tables {
				stored, err := with.Whole(t.Context(), snap)
				if err != nil || !reflect.DeepEqual(stored, want.Tables[name]) || snap.Rows != stored.Rows {
					t.Fatalf("seed %d, day %d: rows of %s differ from those without an earlier version, %v", seed, day, name, err)
				}
				if snap.Amended() && !slices.Contains(out.Unchanged, strings.TrimPrefix(name, "raw_")) {
					amended[name]++
				} else if day > 0 && name == "raw_member" && !snap.Amended() {
					whole++
				}
			}
			if !reflect.DeepEqual(out.Counts, want.Counts) || out.Rejects.ID != want.Rejects.ID || out.Log.ID != want.Log.ID {
				t.Fatalf("seed %d, day %d: counts, log or rejects differ\n got %+v\nwant %+v", seed, day, out.Counts, want.Counts)
			}
			if day > 0 { // an inspection finds the same
				inspected := func(s *sql.Session, now, before extract.Out) extract.InspectOut {
					found, err := extract.Inspect(t.Context(), s, extract.InspectIn{After: now.Tables, Before: before.Tables, Log: now.Log, BeforeLog: before.Log,
						Rejects: now.Rejects, Counts: now.Counts, GoneMicros: 4000})
					if err != nil {
						t.Fatal(err)
					}
					return found
				}
				got := inspected(with, out, last)
				if found := inspected(without, want, lastWhole); !reflect.DeepEqual(got, found) {
					t.Fatalf("seed %d, day %d: an inspection finds %+v, of tables stored whole %+v", seed, day, got, found)
				}
				for _, f := range got.Findings {
					finds[f.Check]++
				}
			}
			last, lastWhole = out, want
		}
	}
	if finds[extract.RecordsGone] == 0 {
		t.Errorf("no inspection missed a record: %v", finds)
	}
	for _, name := range []string{"raw_member", "raw_company", "raw_activity"} {
		if amended[name] < 3 {
			t.Errorf("%s was amended %d times only", name, amended[name])
		}
	}
	if whole == 0 {
		t.Error("raw_member was never stored whole again, though all rows changed once")
	}
}
