package score

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

func open(t *testing.T, threads int) *sql.Session {
	t.Helper()
	dir := t.TempDir()
	s, err := sql.Open(t.Context(), sql.Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// table stores a declared table whose columns come from the given expressions; the others are null.
func table(t *testing.T, s *sql.Session, declared schemas.Table, from string, columns map[string]string) sql.Snapshot {
	t.Helper()
	var list []string
	for _, c := range declared.Columns {
		expression, ok := columns[c.Name]
		if !ok {
			expression = "NULL"
		}
		list = append(list, fmt.Sprintf("CAST(%s AS %s) AS %s", expression, schemas.SQLType(c.Type), schemas.Quote(c.Name)))
	}
	snapshot, err := s.SaveQuery(t.Context(), "SELECT "+strings.Join(list, ", ")+" FROM "+from, declared, nil)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// people is a directory of n members and a contact for every second one, half of them with an error in the name, and
// a contact that is not live.
func people(t *testing.T, s *sql.Session, section linkage.Section, n int) (crm, known sql.Snapshot, index string) {
	t.Helper()
	columns := map[string]string{
		"given": "'given' || (range * 7919 % 101)", "surname": "'name' || md5(CAST(range * 31 % 997 AS VARCHAR))[1:6]",
		"given_roots": "['given' || (range * 7919 % 101)]", "city": "'city' || range % 20", "company_ids": "['k' || range % 50]",
		"emails": "CASE WHEN range % 3 = 0 THEN ['p' || range || '@example.com'] END", "entity_id": "printf('m%06d', range)",
	}
	directory := table(t, s, schemas.DirMember, fmt.Sprintf("range(%d)", n), columns)
	columns["crm_id"], columns["object"], columns["live"] = "printf('003%012d', range)", "CASE WHEN range % 5 = 0 THEN 'Lead' ELSE 'Contact' END", "range <> 4"
	columns["surname"] = "'name' || md5(CAST(range * 31 % 997 AS VARCHAR))[1:6 - range // 2 % 2]"
	delete(columns, "company_ids")
	crm = table(t, s, schemas.CRMPerson, fmt.Sprintf("range(0, %d, 2)", n), columns)
	known = table(t, s, schemas.Known, fmt.Sprintf("range(0, %d, 2)", n), map[string]string{
		"object": columns["object"], "crm_id": columns["crm_id"], "known_ids": "['k' || range % 50]"})

	builder, err := linkage.NewBuilder(section)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BindAs(t.Context(), "dir_member", directory); err != nil {
		t.Fatal(err)
	}
	if err := s.Each(t.Context(), "SELECT * FROM dir_member", nil, builder.Records().Append); err != nil {
		t.Fatal(err)
	}
	built, err := builder.Build(1)
	if err != nil {
		t.Fatal(err)
	}
	if index, err = s.WriteObject(func(w io.Writer) error { _, err := built.WriteTo(w); return err }); err != nil {
		t.Fatal(err)
	}
	if err := s.Bind(t.Context(), directory); err != nil {
		t.Fatal(err)
	}
	return crm, known, index
}

func person(t *testing.T) (linkage.Model, linkage.Section) {
	t.Helper()
	m, err := linkage.Default()
	if err != nil {
		t.Fatal(err)
	}
	return m, m.Person
}

func TestRun(t *testing.T) {
	model, section := person(t)
	ids := map[string]bool{}
	for _, threads := range []int{1, 3} {
		s := open(t, threads)
		crm, known, index := people(t, s, section, 1000)
		estimated, err := Estimate(t.Context(), s, EstimateIn{Section: section, CRM: crm, Known: known, Index: index})
		if err != nil {
			t.Fatal(err)
		}
		in := throughJSON(t, In{Section: section, CRM: crm, Known: known, Index: index, Parameters: estimated.Parameters, Frequencies: estimated.Frequencies})
		out, err := Run(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		ids[out.Candidates.ID+estimated.Frequencies.ID] = true
		if err := s.Bind(t.Context(), out.Candidates, crm, known, sql.Empty("crm_company"), sql.Empty("dir_company")); err != nil {
			t.Fatal(err)
		}
		levels, err := Levels(t.Context(), s, []linkage.Section{section}, []linkage.Parameters{estimated.Parameters})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Bind(t.Context(), levels); err != nil {
			t.Fatal(err)
		}
		if n := one(t, s, "SELECT count(*) FROM candidate WHERE crm_id = '003000000000004'"); n != 0 {
			t.Error("a record that is not live was scored")
		}
		right := one(t, s, "SELECT count(*) FROM candidate WHERE rank = 1 AND probability >= 0.5 AND entity_id[2:]::INT = crm_id[4:]::INT")
		if right < 450 {
			t.Errorf("%d of 499 records found their member", right)
		}
		if n := one(t, s, "SELECT count(*) FROM (SELECT crm_id FROM candidate GROUP BY ALL HAVING sum(probability) > 1)"); n != 0 {
			t.Errorf("%d records have probabilities above 1", n)
		}
		evidence(t, s, model)
	}
	if len(ids) != 1 {
		t.Error("the result depends on the number of threads")
	}
}

func throughJSON(t *testing.T, in In) In {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out In
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) {
		t.Error("In does not survive JSON")
	}
	return out
}

func one(t *testing.T, s *sql.Session, query string) (n int64) {
	t.Helper()
	rows, err := s.Query(t.Context(), query, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// evidence checks the view: its declared columns, its key, that it sums to the weight, and that a filter on crm_id
// reaches the scan of candidate.
func evidence(t *testing.T, s *sql.Session, model linkage.Model) {
	t.Helper()
	view, err := linkage.EvidenceSQL(model)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveQuery(t.Context(), view, schemas.Evidence, nil); err != nil {
		t.Errorf("evidence: %v", err)
	}
	wrong := one(t, s, `SELECT count(*) FROM (
		SELECT c.crm_id FROM candidate c LEFT JOIN (`+view+`) e USING (object, crm_id, rank)
		GROUP BY c.crm_id, c.rank, c.weight HAVING sum(e.weight) IS DISTINCT FROM c.weight)`)
	if wrong != 0 {
		t.Errorf("evidence of %d candidates does not sum to the weight", wrong)
	}
	if n := one(t, s, "SELECT count(*) FROM ("+view+") WHERE comparison = 'given' AND part = 'level' AND crm_value LIKE 'given%' AND directory_value LIKE 'given%' AND label IS NOT NULL"); n == 0 {
		t.Error("evidence shows no values")
	}
	var plan strings.Builder
	err = s.Each(t.Context(), "EXPLAIN SELECT * FROM ("+view+") WHERE crm_id = '003000000000002'", nil, func(b arrow.RecordBatch) error {
		fmt.Fprint(&plan, b.Column(1))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan.String(), "003000000000002") || strings.Count(plan.String(), "Filters: ") == 0 {
		t.Errorf("a filter on crm_id does not reach the tables:\n%s", plan.String())
	}
}

func TestRunOfNothing(t *testing.T) {
	_, section := person(t)
	s := open(t, 2)
	_, _, index := people(t, s, section, 10)
	crm := sql.Empty("crm_person")
	estimated, err := Estimate(t.Context(), s, EstimateIn{Section: section, CRM: crm, Index: index})
	if err != nil {
		t.Fatal(err)
	}
	out, err := Run(t.Context(), s, In{Section: section, CRM: crm, Index: index, Parameters: estimated.Parameters, Frequencies: estimated.Frequencies})
	if err != nil || out.Candidates.Rows != 0 || estimated.Parameters.Origin != linkage.OriginDefault {
		t.Errorf("out %+v, origin %s, error %v", out, estimated.Parameters.Origin, err)
	}
}
