package pipeline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
)

func TestNoPersonalValueLeavesTheStoreTables_Invariant8(t *testing.T) {
	dir := copyDemo(t)
	planted := plant(t, dir)
	var told bytes.Buffer
	report := func(e pipeline.Event) {
		line, err := json.Marshal(e)
		if err != nil {
			t.Error(err)
		}
		told.Write(line)
	}
	var texts []string
	_, err := runOrg(t, dir, func(o *pipeline.Options) { o.Report = report })
	if err != nil {
		texts = append(texts, err.Error())
	}
	// Faults of every kind, each of which could quote what it found.
	for _, damage := range []func(string){
		func(p string) { appendText(t, p, "\"unfinished "+planted[0]) },
		func(p string) { appendText(t, p, strings.Repeat(planted[1]+",", 3)+"\n") },
		func(p string) { appendText(t, p, planted[2]+"\xff\xfe\n") },
	} {
		broken := copyDemo(t)
		plant(t, broken)
		damage(filepath.Join(broken, "crm", "Contact-1.csv"))
		_, err := runOrg(t, broken, func(o *pipeline.Options) { o.Report = report })
		texts = append(texts, fmt.Sprint(err))
		texts = append(texts, ownWords(t, broken)...)
	}
	texts = append(texts, told.String())
	texts = append(texts, ownWords(t, dir)...)
	for _, text := range texts {
		for _, p := range planted {
			if strings.Contains(strings.ToLower(text), strings.ToLower(p)) {
				t.Fatalf("a planted value appears in a log, an error, run.json or report.html, %d bytes long", len(text))
			}
		}
	}
}

// plant writes 1,000 unmistakable names, emails and phones, and some unusable cells, over rows of the CRM.
func plant(t *testing.T, dir string) []string {
	t.Helper()
	var planted []string
	pages, _ := filepath.Glob(filepath.Join(dir, "crm", "Contact-*.csv"))
	n := 0
	for _, page := range pages {
		header, body := readCSV(t, page)
		at := map[string]int{}
		for i, h := range header {
			at[h] = i
		}
		for i, row := range body {
			if n >= 334 {
				break
			}
			values := map[string]string{"LastName": fmt.Sprintf("Zqplantname%04d", n), "Email": fmt.Sprintf("zqplant%04d@zqplant%04d.example", n, n),
				"Phone": fmt.Sprintf("+4999%07d77", n)}
			for field, v := range values {
				row[at[field]] = v
				planted = append(planted, v)
			}
			if i%97 == 5 {
				row[at["CreatedDate"]] = fmt.Sprintf("Zqplantname%04d", n)
			}
			n++
		}
		writeCSV(t, page, header, body)
	}
	if len(planted) < 1000 {
		t.Fatalf("only %d values planted", len(planted))
	}
	return planted
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
}

// ownWords are all files of a store that are not tables: logs, records, actions, reports.
func ownWords(t *testing.T, dir string) []string {
	t.Helper()
	var texts []string
	err := filepath.WalkDir(filepath.Join(dir, "store"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".jsonl") || strings.HasSuffix(path, ".html") || filepath.Base(path) == "lock") {
			data, e := os.ReadFile(path)
			texts = append(texts, string(data))
			return e
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return texts
}
