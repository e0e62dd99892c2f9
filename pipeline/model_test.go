package pipeline_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

// An adopted model is used from the next run on and kept by later ones; a run that was on its way keeps its own, gc and
// verify know what is proposed and adopted, and an earlier run's model can be taken back.
func TestModel_AdoptedForTheNextRunAndPinnedFromThen(t *testing.T) {
	dir, first := interruptedOrg(t, "normalize CRM")
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	ctx, now := t.Context(), func() time.Time { return asOf.Add(2 * time.Hour) }

	// The threshold is part of the programme, so this model is neither the shipped one nor the one in use.
	inUse, err := store.Model(ctx, "latest")
	if err != nil {
		t.Fatal(err)
	}
	file, err := inUse.File()
	if err != nil {
		t.Fatal(err)
	}
	text, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "strict.json")
	strict := strings.ReplaceAll(string(text), `"threshold": 0.5`, `"threshold": 0.9999999`)
	if err := os.WriteFile(path, []byte(strict), 0o600); err != nil || strict == string(text) {
		t.Fatalf("no threshold in the file: %v", err)
	}
	adopted, err := pipeline.Adopt(ctx, pipeline.AdoptOptions{Store: store, Model: path, Now: now})
	if err != nil || adopted.Same || !adopted.Model.Own() || adopted.InUse.ID != first.Model.ID {
		t.Fatalf("adopted %+v, %v", adopted, err)
	}

	// The run that was interrupted before goes on with what it had taken (invariant 3).
	later := func(n int) func(*pipeline.Options) {
		return func(o *pipeline.Options) { o.AsOf = asOf.Add(time.Duration(n) * time.Hour) }
	}
	second, err := runOrg(t, dir, later(1))
	if err != nil {
		t.Fatal(err)
	}
	if second.Record.Resumed != 1 || second.Record.Model.Programme != first.Model.Programme {
		t.Errorf("resumed %d times, with programme %s instead of %s", second.Record.Resumed, second.Record.Model.Programme, first.Model.Programme)
	}

	// A proposal and an adoption survive a collection, and are looked at by verify.
	proposal, err := pipeline.Train(ctx, pipeline.TrainOptions{Config: loadConfig(t, dir), Store: store, WithDecisions: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Collect(pipeline.CollectOptions{Keep: 1}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipeline.Proposal, pipeline.Adopted} {
		if _, err := store.Model(ctx, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := store.Verify(ctx, pipeline.VerifyOptions{}); err != nil || len(v.Damage) > 0 {
		t.Errorf("verify: %+v, %v", v.Damage, err)
	}
	if proposal.Model.Programme != first.Model.Programme || proposal.Model.Estimated.Run != second.Record.ID {
		t.Errorf("the proposal is %+v", proposal.Model)
	}

	third, err := runOrg(t, dir, later(3))
	if err != nil {
		t.Fatal(err)
	}
	fourth, err := runOrg(t, dir, later(4))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []pipeline.Record{third.Record, fourth.Record} {
		if r.Model.Programme != adopted.Model.Model.Programme || !r.Given.Own || !r.Model.Pinned {
			t.Errorf("run %s has programme %s, pinned %v", r.ID, r.Model.Programme, r.Model.Pinned)
		}
	}
	if matched(third) >= matched(second) {
		t.Errorf("%d matched where nothing is sure enough, %d from 0.5", matched(third), matched(second))
	}
	for _, c := range third.Record.Changes {
		if c.Cause != "model" {
			t.Errorf("%+v, though only the model is another", c)
		}
	}
	if len(fourth.Record.Changes) > 0 {
		t.Errorf("changes by a pinned model: %+v", fourth.Record.Changes)
	}

	// Back to a run's model, by way of --estimate, which goes before what is adopted and settles it.
	if _, err := pipeline.Adopt(ctx, pipeline.AdoptOptions{Store: store, Model: second.Record.ID, Now: func() time.Time { return asOf.Add(5 * time.Hour) }}); err != nil {
		t.Fatal(err)
	}
	estimated, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf, o.Estimate = asOf.Add(5*time.Hour), true })
	if err != nil {
		t.Fatal(err)
	}
	if r := estimated.Record; r.Model.Pinned || r.Model.Programme != adopted.Model.Model.Programme || !slices.ContainsFunc(r.Notices, contains("asked to estimate")) {
		t.Errorf("estimated: %+v, notices %q", r.Model.Programme, r.Notices)
	}
	back, err := pipeline.Adopt(ctx, pipeline.AdoptOptions{Store: store, Model: second.Record.ID, Now: func() time.Time { return asOf.Add(6 * time.Hour) }})
	if err != nil || back.Model.Own() {
		t.Fatalf("%+v, %v", back, err)
	}
	last, err := runOrg(t, dir, later(6))
	if err != nil {
		t.Fatal(err)
	}
	if matched(last) != matched(second) || last.Record.Given.Own {
		t.Errorf("%d matched, %d before", matched(last), matched(second))
	}
}

func contains(part string) func(string) bool {
	return func(s string) bool { return strings.Contains(s, part) }
}

func matched(r pipeline.Result) (n int64) {
	for _, s := range r.Stats {
		n += s.Matched
	}
	return n
}

// What people gave as a model and cannot be one is refused with what is wrong, and nothing changes.
func TestModel_RefusesWhatIsNoModel(t *testing.T) {
	dir, _ := smallOrg(t)
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	named, err := store.Model(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	file, err := named.File()
	if err != nil {
		t.Fatal(err)
	}
	text, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var back pipeline.ModelFile
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	write := func(change func(*pipeline.ModelFile)) string {
		var f pipeline.ModelFile
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		change(&f)
		data, err := f.Encode()
		path := filepath.Join(t.TempDir(), "model.json")
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ name, model, want string }{
		{"nothing proposed", pipeline.Proposal, "no model is proposed"},
		{"no run", "1999", "there is no run 1999"},
		{"another format", write(func(f *pipeline.ModelFile) { f.Format = 9 }), "format 9"},
		{"m that does not sum to 1", write(func(f *pipeline.ModelFile) { f.Company.Comparisons[0].Groups[0].Levels[0].M = 0.01 }), "sum to 1"},
		{"a condition that is none", write(func(f *pipeline.ModelFile) { f.Person.Comparisons[0].Groups[0].Levels[0].When = "equals(given)" }), "equals"},
		{"other comparisons, counted elsewhere", write(func(f *pipeline.ModelFile) {
			f.Company.Threshold = 0.7
			f.Frequencies.Company.Parts[0].ID = strings.Repeat("0", 64)
		}), "not in this store"},
	} {
		_, err := pipeline.Adopt(t.Context(), pipeline.AdoptOptions{Store: store, Model: c.model})
		if err == nil || !strings.Contains(err.Error(), c.want) || !pipeline.IsInput(err) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(store.Dir, "model.json")); !os.IsNotExist(err) {
		t.Errorf("a refused model left model.json: %v", err)
	}

	// One that was estimated elsewhere brings its m and u; how common values are stays as counted here.
	elsewhere := write(func(f *pipeline.ModelFile) {
		f.Company.Comparisons[0].Groups[0].Levels[0].U *= 2
		f.Company.Directory = 5_000_000
		f.Frequencies.Company.Parts[0].ID = strings.Repeat("0", 64)
	})
	adopted, err := pipeline.Adopt(context.WithoutCancel(t.Context()), pipeline.AdoptOptions{Store: store, Model: elsewhere})
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := named.Model.Company, adopted.Model.Model.Company
	if theirs.Frequencies.ID != ours.Frequencies.ID || theirs.Parameters.Directory != ours.Parameters.Directory || theirs.Parameters.Prior != ours.Parameters.Prior {
		t.Errorf("directory %d, prior %d", theirs.Parameters.Directory, theirs.Parameters.Prior)
	}
	if a, b := ours.Parameters.Comparisons[0].Levels[0].Weight, theirs.Parameters.Comparisons[0].Levels[0].Weight; b >= a {
		t.Errorf("u twice as large, and the weight goes from %d to %d", a, b)
	}
}
