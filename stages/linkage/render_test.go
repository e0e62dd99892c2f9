package linkage

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

var update = flag.Bool("update", false, "rewrite golden files")

// vocabulary is small and near itself, so that random records agree, nearly agree and swap often.
var vocabulary = []string{
	"robert", "roberta", "rob", "r", "bob", "b", "ann", "anne", "anna", "martin", "marten", "martina", "garcia", "garcia lopez",
	"lopez", "acme.com", "acme.co.uk", "acme", "globex.com", "globex", "globex systems", "systems globex", "systems", "11-50", "51-200",
	"201-500", "10001+", "12345", "12346", "123", "4915112345678", "015112345678", "x", "", "main street", "main street west", "o'hara",
	"globex systems ab", "globex systems cd",
}

func randomRecords(random *rand.Rand, table schemas.Table, prefix string, n int) []values {
	columns := append([]schemas.Column{}, table.Columns...)
	columns = append(columns, schemas.Known.Columns[2], schemas.Known.Columns[3])
	var out []values
	for i := range n {
		r := values{"id": fmt.Sprintf("%s%04d", prefix, i)}
		for _, c := range columns[1:] {
			if random.Intn(4) == 0 {
				continue
			}
			if c.Type.ID() != arrow.LIST {
				r[c.Name] = vocabulary[random.Intn(len(vocabulary))]
				continue
			}
			list := []string{}
			for range random.Intn(4) {
				list = append(list, vocabulary[random.Intn(len(vocabulary))])
			}
			r[c.Name] = list
		}
		// Some records agree in all that the last one has.
		if i > 0 && random.Intn(3) == 0 {
			for k, v := range out[i-1] {
				if k != "id" && random.Intn(2) == 0 {
					r[k] = v
				}
			}
		}
		out = append(out, r)
	}
	return out
}

// anyParameters gives every level a weight of its own.
func anyParameters(t testing.TB, s Section, x *Index) Parameters {
	t.Helper()
	p, err := DefaultParameters(s, int64(x.Len()), fieldsOf(x))
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Comparisons {
		for j := range p.Comparisons[i].Levels {
			p.Comparisons[i].Levels[j].Weight += int32(17 * j)
		}
	}
	return p
}

func TestRenderedModelIsTheKernel(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs at once here")
	}
	m := shippedModel(t)
	for _, s := range []Section{m.Company, m.Person} {
		t.Run(s.Kind, func(t *testing.T) {
			reached := map[string]bool{}
			for seed := range int64(2) {
				compareWithKernel(t, s, rand.New(rand.NewSource(seed)), reached)
			}
			// A level that no pair reaches is a level that was not compared.
			var missed []string
			for _, c := range s.Comparisons {
				level := 0
				for _, g := range c.Groups {
					for range g.Levels {
						level++
						if !reached[fmt.Sprint(c.Name, level)] {
							missed = append(missed, fmt.Sprint(c.Name, " ", level))
						}
					}
				}
			}
			if len(missed) > 4 {
				t.Errorf("levels that no pair reached: %v", missed)
			}
		})
	}
}

func compareWithKernel(t *testing.T, s Section, random *rand.Rand, reached map[string]bool) {
	left := randomRecords(random, s.LeftTable(), "a", 90)
	right := randomRecords(random, s.RightTable(), "b", 90)
	// Most pairs of random records agree in little; these differ from a directory record in a few columns.
	for i := range left {
		if i%2 == 0 {
			for k, v := range right[i] {
				if k != "id" && random.Intn(5) > 0 {
					left[i][k] = v
				}
			}
		}
	}
	if s.Kind == Company { // the known companies are ids of the directory
		for i := range left {
			left[i]["known_ids"] = []string{right[random.Intn(len(right))]["id"].(string), right[(i+1)%len(right)]["id"].(string)}
			switch parent, group := textOf(right[i]["parent_id"]), textOf(right[i]["group_id"]); i % 3 {
			case 0:
				left[i]["known_parents"] = []string{parent}
			case 1:
				left[i]["known_parents"], left[i]["known_parent_groups"] = []string{right[i]["id"].(string)}, []string{group}
			default:
				left[i]["known_parents"], left[i]["known_parent_groups"] = []string{"above"}, []string{group}
			}
		}
	}
	if s.Kind == Person { // addresses that spell a company's name
		for i := range left {
			if keys, ok := right[i]["past_company_keys"].([]string); ok && i%3 == 0 && len(keys) > 0 {
				left[i]["email_domains"] = []string{strings.ReplaceAll(keys[0], " ", "-") + ".com"}
			}
		}
	}
	x := indexOf(t, s, right)
	records := recordsOf(t, x, left)
	parameters := anyParameters(t, s, x)
	scorer, err := NewScorer(x, parameters, frequenciesOf(x))
	if err != nil {
		t.Fatal(err)
	}
	e := openEngine(t)
	e.load("a", batchOf(s, s.LeftTable(), left))
	e.load("b", batchOf(s, s.RightTable(), right))
	e.exec("CREATE TABLE pair AS SELECT a.crm_id AS a_id, b.entity_id AS b_id FROM a, b")
	e.exec("CREATE TABLE term_frequency (kind VARCHAR, field VARCHAR, value VARCHAR, records BIGINT)")
	for _, f := range frequenciesOf(x) {
		e.exec(fmt.Sprintf("INSERT INTO term_frequency VALUES (%s, %s, %s, %d)", text(s.EntityKind()), text(f.Field), text(f.Value), f.Records))
	}
	query, err := RenderSQL(s, parameters)
	if err != nil {
		t.Fatal(err)
	}
	w := scorer.newWorker(records)
	pairs := 0
	e.query(query, func(scan func(...any)) {
		var a, b string
		var levels, weights, frequencies any
		var weight int64
		scan(&a, &b, &levels, &weights, &frequencies, &weight)
		pairs++
		i, j := place(left, a), place(right, b)
		w.weights = w.weights[:0]
		w.compare.from(records.row(i))
		got := w.pair(uint32(j))
		var kernel []string
		for c, level := range w.levels {
			kernel = append(kernel, fmt.Sprintf("%d %d %d", level, scorer.Weight(c, level), w.bits[c]))
			reached[fmt.Sprint(s.Comparisons[c].Name, level)] = true
		}
		var rendered []string
		for c := range levels.([]any) {
			rendered = append(rendered, fmt.Sprintf("%d %d %d", levels.([]any)[c], weights.([]any)[c], frequencies.([]any)[c]))
		}
		if !slices.Equal(kernel, rendered) || int64(got) != weight {
			for c := range kernel {
				if kernel[c] != rendered[c] {
					t.Errorf("%s: kernel %s, rendered %s", s.Comparisons[c].Name, kernel[c], rendered[c])
				}
			}
			t.Fatalf("weight: kernel %d, rendered %d\n%v\n%v", got, weight, left[i], right[j])
		}
	})
	if pairs != len(left)*len(right) {
		t.Fatalf("%d pairs, want %d", pairs, len(left)*len(right))
	}
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// place finds a record by id; ids are in order in these tests.
func place(records []values, id string) int {
	return slices.IndexFunc(records, func(r values) bool { return r["id"] == id })
}

func TestRenderedText(t *testing.T) {
	m := shippedModel(t)
	for _, s := range []Section{m.Company, m.Person} {
		x := indexOf(t, s, []values{{"id": "1"}})
		fields := fieldsOf(x)
		for name := range fields {
			fields[name] = Field{Records: 100, Discount: 0.75}
		}
		p, err := DefaultParameters(s, 100, fields)
		if err != nil {
			t.Fatal(err)
		}
		got, err := RenderSQL(s, p)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "testdata/"+s.Kind+".sql", got)
	}
	evidence, err := EvidenceSQL(m)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/evidence.sql", evidence)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(want)) != strings.TrimSpace(got) {
		t.Errorf("%s differs; look at it and run go test -update", path)
	}
}
