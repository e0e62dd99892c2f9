package pipeline_test

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

// eachRow changes the rows of all files of an object, gzipped ones too.
func eachRow(t *testing.T, dir, object string, change func(n int, row map[string]*string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "crm", object+"-*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of %s: %v", object, err)
	}
	n := 0
	for _, path := range files {
		data, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var text io.Reader = data
		if strings.HasSuffix(path, ".gz") {
			if text, err = gzip.NewReader(data); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := csv.NewReader(text).ReadAll()
		data.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			cells := map[string]*string{}
			for i, name := range rows[0] {
				cells[name] = &row[i]
			}
			change(n, cells)
			n++
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		writeCSV(t, strings.TrimSuffix(path, ".gz"), rows[0], rows[1:])
	}
}

// Drift is told while the model is kept, names the comparison and the next step, and is gone with a model that was
// estimated anew. Websites that are missing are no drift: the model knows what to do without one.
func TestModelDrift_IsToldAndEndsWithTheNextModel(t *testing.T) {
	if testing.Short() {
		t.Skip("three runs of the demo org")
	}
	dir, first := pipeline.PublishedDemo(t)
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	fits := contains("no longer fits")
	at := func(n int) func(*pipeline.Options) {
		return func(o *pipeline.Options) {
			o.AsOf, o.Full, o.Accept = asOf.Add(time.Duration(n)*time.Hour), true, "planted"
		}
	}
	second, err := runOrg(t, dir, at(1)) // with the pinned model
	if err != nil {
		t.Fatal(err)
	}
	for n, r := range []pipeline.Record{first, second.Record} {
		if slices.ContainsFunc(r.Notices, fits) || r.Tables["model_drift"].Rows != 22 {
			t.Errorf("run %d: %d rows of drift, notices %q", n, r.Tables["model_drift"].Rows, r.Notices)
		}
	}
	stamp := asOf.Add(-time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")
	eachRow(t, dir, "Account", func(n int, row map[string]*string) {
		if n%3 == 0 {
			*row["Website"], *row["SystemModstamp"] = "", stamp
		}
	})
	last := "Chief Executive Officer"
	for _, object := range []string{"Contact", "Lead"} {
		eachRow(t, dir, object, func(n int, row map[string]*string) {
			last, *row["Title"], *row["SystemModstamp"] = *row["Title"], last, stamp
		})
	}
	shifted, err := runOrg(t, dir, at(2))
	if err != nil {
		t.Fatal(err)
	}
	told := ""
	for _, n := range shifted.Record.Notices {
		if fits(n) {
			told = n
		}
	}
	if !strings.Contains(told, "people, title") || !strings.Contains(told, "Try: crmlink model train") || strings.Contains(told, "companies") || strings.Contains(told, ";") {
		t.Errorf("told of drift: %q", told)
	}
	if _, err := pipeline.Train(t.Context(), pipeline.TrainOptions{Config: loadConfig(t, dir), Store: store}); err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.Adopt(t.Context(), pipeline.AdoptOptions{Store: store}); err != nil {
		t.Fatal(err)
	}
	after, err := runOrg(t, dir, at(3))
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(after.Record.Notices, fits) || !after.Record.Model.Pinned || after.Record.Model.ID == shifted.Record.Model.ID {
		t.Errorf("with the new model: %q", after.Record.Notices)
	}
	if a, b := matched(shifted), matched(after); 10*b < 9*a {
		t.Errorf("%d matched by the old model, %d by the new one", a, b)
	}
}
