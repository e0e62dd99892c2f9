package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
	"github.com/crmlink/crmlink/stages/normalize"
)

// nameComparisons are the comparisons of the shipped model that read names and nothing else.
var nameComparisons = map[string][]string{
	linkage.Person:  {"given", "middle", "surname"},
	linkage.Company: {"name", "legal form", "place in the name"},
}

// judgedName is a pair of names of which a person said whether they name the same.
type judgedName struct {
	group, kind, a, b string
	same              bool
	weight            int32 // what the shipped name comparisons add up to, in millibits
	levels            string
}

// readNames reads name_bench: people are people, all others are compared as companies.
func readNames(t *testing.T) []judgedName {
	var pairs []judgedName
	for _, row := range readAll(t, filepath.Join("..", "..", "pipeline", "testdata", "quality", "name_bench", "pairs.csv"))[1:] {
		p := judgedName{group: row[0], kind: linkage.Company, a: row[2], b: row[3], same: row[4] == "true"}
		if row[1] == "Person" {
			p.kind = linkage.Person
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// weigh gives the pairs their weights: the names go through the stage that normalises CRM and directory records, and the
// normal forms through the shipped model, of which the name comparisons count alone. Rarity is left out, because the
// set is no directory that could tell how common a name is.
func weigh(t *testing.T, pairs []judgedName) {
	s, err := sql.Open(t.Context(), sql.Options{Objects: t.TempDir(), Spill: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tables := map[string]sql.Snapshot{}
	for _, name := range []string{"raw_account", "raw_contact", "raw_company", "raw_member"} {
		table, _ := schemas.Lookup(name)
		var values []map[string]string
		for i, p := range pairs {
			id := fmt.Sprintf("%05d", i)
			switch {
			case table.Name == "raw_account" && p.kind == linkage.Company:
				values = append(values, map[string]string{"Id": id, "Name": p.a})
			case table.Name == "raw_contact" && p.kind == linkage.Person:
				values = append(values, map[string]string{"Id": id, "Name": p.a})
			case table.Name == "raw_company" && p.kind == linkage.Company:
				values = append(values, map[string]string{"company_id": id, "name": p.b})
			case table.Name == "raw_member" && p.kind == linkage.Person:
				values = append(values, map[string]string{"member_id": id, "name": p.b})
			}
		}
		tables[table.Name] = stored(t, s, table, values)
	}
	directory, err := normalize.Directory(t.Context(), s, normalize.DirectoryIn{Companies: tables["raw_company"], Members: tables["raw_member"],
		Redirects: sql.Empty("raw_redirect")})
	if err != nil {
		t.Fatal(err)
	}
	crm, err := normalize.CRM(t.Context(), s, normalize.CRMIn{Accounts: tables["raw_account"], Contacts: tables["raw_contact"],
		Leads: sql.Empty("raw_lead"), Survey: directory.Survey})
	if err != nil {
		t.Fatal(err)
	}
	model, err := linkage.Default()
	if err != nil {
		t.Fatal(err)
	}
	for kind, sides := range map[string][2]sql.Snapshot{linkage.Person: {crm.CRMPerson, directory.DirMember}, linkage.Company: {crm.CRMCompany, directory.DirCompany}} {
		section, err := model.Section(kind)
		if err != nil {
			t.Fatal(err)
		}
		section.Comparisons = slices.DeleteFunc(slices.Clone(section.Comparisons), func(c linkage.Comparison) bool {
			return !slices.Contains(nameComparisons[kind], c.Name)
		})
		section.LookAlikes = nil
		builder, err := linkage.NewBuilder(section)
		if err != nil {
			t.Fatal(err)
		}
		read(t, s, sides[1], builder.Records())
		index, err := builder.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		records := index.NewRecords()
		read(t, s, sides[0], records)
		parameters, err := linkage.DefaultParameters(section, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		scorer, err := linkage.NewScorer(index, parameters, nil)
		if err != nil {
			t.Fatal(err)
		}
		levels, err := linkage.ModelLevels(section, parameters)
		if err != nil {
			t.Fatal(err)
		}
		entities := map[string]uint32{}
		for e := range uint32(index.Len()) {
			entities[scorer.EntityID(e)] = e
		}
		for i := range records.Len() {
			var n int
			fmt.Sscanf(records.ID(i), "%d", &n)
			c := scorer.Compare(records, i, entities[records.ID(i)])
			pairs[n].weight = c.Weight - scorer.Prior()
			var found []string
			for k, level := range c.Levels {
				for _, l := range levels {
					if l.Position == int64(k+1) && l.Level == int64(level) {
						found = append(found, l.Comparison+": "+l.Label)
					}
				}
			}
			pairs[n].levels = strings.Join(found, "; ")
		}
	}
}

// stored makes a raw table of a few text columns; the others are null.
func stored(t *testing.T, s *sql.Session, table schemas.Table, rows []map[string]string) sql.Snapshot {
	t.Helper()
	w, err := s.Writer(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, table.Arrow())
	defer b.Release()
	for _, row := range rows {
		for c, column := range table.Columns {
			if text, ok := b.Field(c).(*array.StringBuilder); ok && row[column.Name] != "" {
				text.Append(row[column.Name])
			} else if ok && column.NotNull {
				text.Append("")
			} else {
				b.Field(c).AppendNull()
			}
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	if err := w.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	snap, err := w.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func read(t *testing.T, s *sql.Session, table sql.Snapshot, into *linkage.Records) {
	t.Helper()
	if err := s.Bind(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	if err := s.Each(t.Context(), "SELECT * FROM "+table.Table+" ORDER BY 1", nil, func(batch arrow.RecordBatch) error { return into.Append(batch) }); err != nil {
		t.Fatal(err)
	}
}

// bestF1 is the best F1 over all thresholds, and its threshold.
func bestF1(pairs []judgedName) (f1, precision, recall float64, threshold int32) {
	sorted := slices.Clone(pairs)
	slices.SortStableFunc(sorted, func(a, b judgedName) int { return int(b.weight) - int(a.weight) })
	have, right := 0, 0
	for _, p := range sorted {
		if p.same {
			have++
		}
	}
	for i, p := range sorted {
		if p.same {
			right++
		}
		if i+1 < len(sorted) && sorted[i+1].weight == p.weight {
			continue
		}
		if f := 2 * float64(right) / float64(i+1+have); f > f1 {
			f1, threshold = f, p.weight
			precision, recall = float64(right)/float64(i+1), float64(right)/float64(have)
		}
	}
	return f1, precision, recall, threshold
}

// The shipped name comparisons alone, on judged pairs of names: the best F1 over all thresholds, as others measure it.
func TestQualityNames(t *testing.T) {
	pairs := readNames(t)
	weigh(t, pairs)
	byKind := func(kind string) []judgedName {
		return slices.DeleteFunc(slices.Clone(pairs), func(p judgedName) bool { return kind != "" && p.kind != kind })
	}
	var b strings.Builder
	b.WriteString("| names | pairs | precision | recall | best F1 | nomenklatura logic-v2, best F1 |\n|---|---|---|---|---|---|\n")
	for _, set := range []struct{ name, kind, peer string }{{"all", "", "0.804"}, {"organisations", linkage.Company, "0.895"}, {"people", linkage.Person, "0.756"}} {
		f1, precision, recall, threshold := bestF1(byKind(set.kind))
		fmt.Fprintf(&b, "| %s | %d | %.3f | %.3f | **%.3f** | %s |\n", set.name, len(byKind(set.kind)), precision, recall, f1, set.peer)
		t.Logf("%s: best F1 %.4f at %d", set.name, f1, threshold)
	}
	t.Log("\n" + b.String())
	if !*measureQuality {
		if f1, _, _, _ := bestF1(pairs); f1 < 0.82 {
			t.Errorf("the best F1 over all names is %.3f, want at least 0.82", f1)
		}
		return
	}
	writeSection(t, "quality.md", "names", b.String())
	var wrong strings.Builder
	_, _, _, threshold := bestF1(pairs)
	for _, p := range pairs {
		if p.same != (p.weight >= threshold) {
			fault := "missed"
			if !p.same {
				fault = "false match"
			}
			fmt.Fprintf(&wrong, "name_bench, %s\t%s\t\t%s\t%s\t\t%s\t\t\t%.3f bits\t%s\n", p.group, p.kind, fault, p.a, p.b, float64(p.weight)/1000, p.levels)
		}
	}
	appendWrong(t, wrong.String())
}
