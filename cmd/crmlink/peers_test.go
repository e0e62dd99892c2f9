package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
)

var peerPython = flag.String("peers", "", "python of a virtual environment that holds .ci/peers/requirements.txt: measure Splink on the same files")

// Splink gets the files that crmlink gets, in the same run, and is scored by the same code for the same records.
func TestQualityPeers(t *testing.T) {
	if *peerPython == "" {
		t.Skip("measured by make quality-peers")
	}
	var b strings.Builder
	b.WriteString("| data | object | records judged | crmlink: precision | recall | F1 | false matches | Splink: precision | recall | F1 | false matches | " +
		"crmlink, s | Splink, s |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	side := func(s pipeline.Score) string {
		return fmt.Sprintf("%s | %s | **%s** | %s", rate(s.Prec), rate(s.Recall), rate(s.F1), falseMatches(s))
	}
	compare := func(t *testing.T, set, dir string, oneToOne bool) {
		start := time.Now()
		ours := evaluate(t, dir, oneToOne)
		took := time.Since(start)
		start = time.Now()
		theirs := evaluateSplink(t, dir, oneToOne)
		others := time.Since(start)
		for i, s := range ours.Objects {
			if s.Records > 0 {
				fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %.0f | %.0f |\n", set, s.Object, s.Records, side(s), side(theirs.Objects[i]),
					took.Seconds(), others.Seconds())
			}
		}
	}
	for _, set := range labelledSets {
		t.Run(set.name, func(t *testing.T) {
			dir := t.TempDir()
			set.write(t, dir)
			compare(t, set.name, dir, set.oneToOne)
		})
	}
	t.Run("demo", func(t *testing.T) {
		dir := t.TempDir()
		if _, err := demo.Generate(t.Context(), demo.Config{Accounts: 30_000, Contacts: 100_000, Leads: 40_000, Seed: 1, Out: dir}); err != nil {
			t.Fatal(err)
		}
		compare(t, "demo, 100,000 contacts", dir, false)
	})
	t.Log("\n" + b.String())
	writeSection(t, "quality.md", "peers", b.String())
}

// evaluateSplink runs .ci/peers/link.py on an org that crmlink has answered for.
func evaluateSplink(t *testing.T, dir string, oneToOne bool) pipeline.Quality {
	t.Helper()
	out := filepath.Join(t.TempDir(), "splink.csv")
	args := []string{filepath.Join("..", "..", ".ci", "peers", "link.py"), dir, out}
	if oneToOne {
		args = append(args, "--one-to-one")
	}
	said, err := exec.CommandContext(t.Context(), *peerPython, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("Splink: %v\n%s", err, said)
	}
	if len(said) > 0 {
		t.Logf("Splink: %s", said)
	}
	return peerQuality(t, dir, out, oneToOne)
}

// peerQuality holds a peer's answers, a file of link.py's, against the truth of an org that crmlink has answered for.
func peerQuality(t *testing.T, dir, out string, oneToOne bool) pipeline.Quality {
	t.Helper()
	answers := map[pipeline.TruthKey]string{}
	for _, row := range readAll(t, out)[1:] {
		answers[pipeline.TruthKey{Object: row[0], CRMID: row[1]}] = row[2]
	}
	truth, err := pipeline.ReadTruth(filepath.Join(dir, "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	publication, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	defer publication.Close()
	quality, err := publication.EvalOther(t.Context(), truth, oneToOne, answers)
	if err != nil {
		t.Fatal(err)
	}
	return quality
}

// writeSection replaces what stands between the two marks of a section in a page of docs.
func writeSection(t *testing.T, page, section, figures string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", page)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start, end := fmt.Sprintf("<!-- %s: written by make, do not edit -->\n", section), fmt.Sprintf("<!-- end of %s -->\n", section)
	before, rest, ok := strings.Cut(string(text), start)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("docs/%s has no section between %q and %q", page, start, end)
	}
	if err := os.WriteFile(path, []byte(before+start+"\n"+figures+"\n"+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
