package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/stages/linkage"
)

// every is a limit that no key reaches, so that a rule gives all its pairs, as in Splink.
const every = 1 << 30

// The rules that Splink gets in .ci/peers/link.py, and what crmlink alone is given besides.
var (
	nineRules = benchRules("emails", "phones", "surname given", "surname=given given=surname", "surname company_token", "given company_token", "surname city",
		"given:3 surname:4 company_keys:4", "surname given:1 country")
	sevenRules = benchRules("emails", "phones", "surname given city", "surname=given given=surname", "surname company_keys", "given company_keys",
		"given:3 surname:4 company_keys:4")
	wideRules = append(slices.Clip(nineRules), benchRules("company_keys", "surname country")...)
)

func benchRules(keys ...string) []linkage.Rule {
	var rules []linkage.Rule
	for _, k := range keys {
		rules = append(rules, linkage.Rule{Name: k, Keys: strings.Fields(k), Max: every})
	}
	return rules
}

// peerCosts is what link.py says of itself.
type peerCosts struct {
	Steps   map[string]float64 `json:"steps"` // CPU seconds of load, prior, u, em and predict
	Process float64            `json:"process"`
	Peak    int64              `json:"peak"`
	Pairs   int64              `json:"pairs"`
	wall    time.Duration
	quality pipeline.Quality
}

func (c peerCosts) inside() float64 {
	return c.Steps["load"] + c.Steps["prior"] + c.Steps["u"] + c.Steps["em"] + c.Steps["predict"]
}

// TestBenchPeers runs Splink and crmlink in turns over the same files, each in processes of its own: crmlink by its own
// rules, and its comparisons over Splink's.
func TestBenchPeers(t *testing.T) {
	if *peerPython == "" {
		t.Skip("measured by make bench-peers")
	}
	n := *benchPeople
	dir := t.TempDir()
	org, small := filepath.Join(dir, "org"), filepath.Join(dir, "small")
	people(t, org, n, n)
	generated(t, demo.Config{Accounts: 20, Contacts: 60, Seed: 2, Out: small})

	own := ours(t, dir, "own", nil)
	nine := splink(t, dir, "nine")
	ownNine := ours(t, dir, "nine", nineRules)
	seven := splink(t, dir, "seven")
	ownSeven := ours(t, dir, "seven", sevenRules)
	wide := ours(t, dir, "wide", wideRules)

	var b strings.Builder
	b.WriteString(machine())
	fmt.Fprintf(&b, "%d people against %d members, CSV in. CPU seconds.\n", n, n)
	b.WriteString("\n| | pairs | read, load | normalize | estimate | block to resolve, predict | **CSV to mapping, inside** | reasons, publishing | process | wall s | peak memory MB | precision | recall | F1 |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	theirs := func(title string, c peerCosts) {
		s := leads(c.quality)
		fmt.Fprintf(&b, "| %s | %d | %.1f | | %.1f | %.1f | **%.1f** | | %.1f | %.1f | %d | %s | %s | **%s** |\n", title, c.Pairs, c.Steps["load"],
			c.Steps["prior"]+c.Steps["u"]+c.Steps["em"], c.Steps["predict"], c.inside(), c.Process, c.wall.Seconds(), c.Peak>>20, rate(s.Prec), rate(s.Recall), rate(s.F1))
	}
	mine := func(title string, r peerRun) {
		s := leads(r.quality)
		fmt.Fprintf(&b, "| %s | %d | %.1f | %.1f | %.1f | %.1f | **%.1f** | %.1f | %.1f | %.1f | %d | %s | %s | **%s** |\n", title, r.Pairs, r.cpuOf("read").Seconds(),
			r.cpuOf("normalize").Seconds(), r.cpuOf("estimate").Seconds(), r.matching(), r.inside(), r.cpuOf("reasons", "publish").Seconds(), r.CPU.Seconds(),
			r.Wall.Seconds(), r.Peak>>20, rate(s.Prec), rate(s.Recall), rate(s.F1))
	}
	theirs("Splink, nine wide rules", nine)
	mine("crmlink, the same nine", ownNine)
	theirs("Splink, seven tight rules", seven)
	mine("crmlink, the same seven", ownSeven)
	mine(fmt.Sprintf("crmlink, its own %d rules", len(shippedRules(t))), own)
	mine("crmlink, nine, company, and last name + country", wide)

	b.WriteString("\n| crmlink against Splink | CSV to mapping | block to resolve against predict | process | peak memory | F1 |\n|---|---|---|---|---|---|\n")
	for _, x := range []struct {
		title  string
		mine   peerRun
		theirs peerCosts
	}{{"nine rules, the same", ownNine, nine}, {"seven rules, the same", ownSeven, seven}, {"its own rules against nine", own, nine}, {"its own rules against seven", own, seven}} {
		fmt.Fprintf(&b, "| %s | **%.2f ×** | **%.2f ×** | %.2f × | %.2f × | %s |\n", x.title, x.mine.inside()/x.theirs.inside(), x.mine.matching()/x.theirs.Steps["predict"],
			x.mine.CPU.Seconds()/x.theirs.Process, float64(x.mine.Peak)/float64(x.theirs.Peak), between(leads(x.theirs.quality).F1, leads(x.mine.quality).F1))
	}
	t.Log("\n" + b.String())
	writeSection(t, "performance.md", "peers", b.String())
}

type peerRun struct {
	benchRun
	quality pipeline.Quality
}

// withoutChanges leaves away what telling the changes from one org to another took: an org takes a small one's place only here.
func (r *benchRun) withoutChanges() {
	var kept []benchStep
	r.Peak = 0
	for _, s := range r.Steps {
		if strings.HasPrefix(s.Name, "changes") {
			r.CPU -= s.CPU
			r.Wall -= s.Elapsed
			continue
		}
		kept = append(kept, s)
		r.Peak = max(r.Peak, s.Peak)
	}
	r.Steps = kept
}

// matching is block to resolve without the estimate, which Splink's predict does not hold either.
func (r peerRun) matching() float64 { return r.cpuOf("block", "score", "resolve", "mapping").Seconds() }

// inside is CSV to mapping. Why a record has no match, which Splink does not say, is left out, as publishing is.
func (r peerRun) inside() float64 {
	return r.cpuOf("read", "normalize", "estimate").Seconds() + r.matching()
}

func between(from, to *float64) string {
	if from == nil || to == nil {
		return "–"
	}
	return fmt.Sprintf("%+.4f", *to-*from)
}

func leads(q pipeline.Quality) pipeline.Score {
	for _, s := range q.Objects {
		if s.Object == "Lead" {
			return s
		}
	}
	return pipeline.Score{}
}

// ours runs the org by other rules, or by crmlink's own where rules is nil, in a store of its own. Rules are adopted on a
// small org first; then the files take its place and the model is estimated on them, all in one process.
func ours(t *testing.T, dir, name string, rules []linkage.Rule) peerRun {
	t.Helper()
	store := filepath.Join(dir, name)
	if err := os.MkdirAll(store, 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "org", "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(store, "crmlink.yaml")
	use := func(org string) {
		of := strings.NewReplacer("path: crm ", "path: ../"+org+"/crm ", "{path: ", "{path: ../"+org+"/")
		if err := os.WriteFile(file, []byte(of.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := benchRun{Config: file}
	if rules != nil {
		use("small")
		r.Full, r.Estimate, r.Accept = true, true, "another org takes its place"
		benched(t, "a small org first", benchRun{Config: file})
		adoptRules(t, file, filepath.Join(store, "store"), rules)
		benched(t, "by the "+name+" rules", benchRun{Config: file})
	}
	use("org")
	run := peerRun{benchRun: benched(t, "crmlink, "+name+" rules", r)}
	run.withoutChanges()
	if err := os.Link(filepath.Join(dir, "org", "truth.csv"), filepath.Join(store, "truth.csv")); err != nil {
		t.Fatal(err)
	}
	run.quality = score(t, store, false)
	if rules != nil { // Splink's answers are held against the records that the first store knows
		remove(t, store)
	}
	return run
}

// adoptRules makes the next run of a store use other blocking rules for people, with the shipped comparisons.
func adoptRules(t *testing.T, file, dir string, rules []linkage.Rule) {
	t.Helper()
	model, err := linkage.Default()
	if err != nil {
		t.Fatal(err)
	}
	model.Person.Rules = rules
	data, err := json.Marshal(model)
	programme := filepath.Join(t.TempDir(), "model.json")
	if err == nil {
		err = os.WriteFile(programme, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	config, err := pipeline.LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	store := pipeline.Store{Dir: dir}
	if _, err := pipeline.Train(t.Context(), pipeline.TrainOptions{Config: config, Store: store, Comparisons: programme}); err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.Adopt(t.Context(), pipeline.AdoptOptions{Store: store}); err != nil {
		t.Fatal(err)
	}
}

func shippedRules(t *testing.T) []linkage.Rule {
	model, err := linkage.Default()
	if err != nil {
		t.Fatal(err)
	}
	return model.Person.Rules
}

// splink links the leads by some of link.py's rules.
func splink(t *testing.T, dir, rules string) peerCosts {
	t.Helper()
	costs := filepath.Join(t.TempDir(), "costs.json")
	out := filepath.Join(t.TempDir(), "splink.csv")
	began("Splink, " + rules + " rules")
	started := time.Now()
	said, err := exec.CommandContext(t.Context(), *peerPython, filepath.Join("..", "..", ".ci", "peers", "link.py"), filepath.Join(dir, "org"), out,
		"--leads", rules, costs).CombinedOutput()
	if err != nil {
		t.Fatalf("Splink: %v\n%s", err, said)
	}
	c := peerCosts{wall: time.Since(started)}
	data, err := os.ReadFile(costs)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.quality = peerQuality(t, filepath.Join(dir, "own"), out, false)
	ended(time.Duration(c.Process * float64(time.Second)))
	return c
}
