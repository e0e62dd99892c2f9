package pipeline_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// files are the CSV files of an org by object: the pages of a CRM object together, and the user's lists.
type files struct {
	sheets map[string]*page
	random *rand.Rand
}

type page struct {
	header []string
	rows   [][]string
}

var listFiles = map[string]string{"company": "directory/companies.csv", "member": "directory/members.csv.gz",
	"seat": "seats.csv", "activity": "activities.csv", "decision": "decisions.csv", "redirect": "redirects.csv"}

// demoFiles reads the checked-in demo org.
func demoFiles(t *testing.T, seed uint64) *files {
	t.Helper()
	return readFiles(t, "../data/demo", seed)
}

func readFiles(t *testing.T, dir string, seed uint64) *files {
	t.Helper()
	f := &files{sheets: map[string]*page{}, random: rand.New(rand.NewPCG(seed, 23))}
	names, err := fs.Glob(os.DirFS(dir), "crm/*.csv*")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	for _, name := range names {
		object, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gz"), ".csv"), "-")
		f.add(t, object, filepath.Join(dir, name))
	}
	for object, name := range listFiles {
		f.add(t, object, filepath.Join(dir, name))
	}
	return f
}

func (f *files) add(t *testing.T, object, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var text io.Reader = bytes.NewReader(data)
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(text); err != nil {
			t.Fatal(err)
		}
	}
	all, err := csv.NewReader(text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if known, ok := f.sheets[object]; ok {
		known.rows = append(known.rows, all[1:]...)
	} else {
		f.sheets[object] = &page{all[0], all[1:]}
	}
}

// write lays the org down beside a copy of the demo's configuration, whose store may be another org's.
func (f *files) write(t *testing.T, dir, store string) {
	t.Helper()
	config, err := os.ReadFile("../data/demo/crmlink.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(config), "\nstore: store ", "\nstore: "+store+" ", 1)
	if !strings.Contains(text, "\nstore: "+store+" ") {
		t.Fatal("crmlink.yaml of the demo names no store")
	}
	for _, sub := range []string{"crm", "directory"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "crmlink.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for object, p := range f.sheets {
		name, ok := listFiles[object]
		if !ok {
			name = "crm/" + object + ".csv"
		}
		path := filepath.Join(dir, strings.TrimSuffix(name, ".gz"))
		writeCSV(t, path, p.header, p.rows)
		if strings.HasSuffix(name, ".gz") {
			compress(t, path)
		}
	}
}

func compress(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".gz", b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// column is the place of a column; a name that is none is a fault of the test.
func (p *page) column(name string) int {
	at := slices.Index(p.header, name)
	if at < 0 {
		panic("no column " + name)
	}
	return at
}

// live are the rows that an ordinary change may touch: not deleted, not merged.
func (p *page) live() [][]string {
	var rows [][]string
	for _, row := range p.rows {
		if at := slices.Index(p.header, "IsDeleted"); at < 0 || row[at] != "true" {
			rows = append(rows, row)
		}
	}
	return rows
}

// some gives every row with the chance of a percentage.
func (f *files) some(object string, percent int) [][]string {
	var rows [][]string
	for _, row := range f.sheets[object].live() {
		if f.random.IntN(100) < percent {
			rows = append(rows, row)
		}
	}
	return rows
}

// set changes a column of rows as people do: what was changed has a new stamp.
func (f *files) set(object, column string, rows [][]string, value func(string) string) {
	p := f.sheets[object]
	at := p.column(column)
	for _, row := range rows {
		if now := value(row[at]); now != row[at] {
			row[at] = now
			f.stamp(object, row)
		}
	}
}

// stamp marks a row as changed after everything in the demo.
func (f *files) stamp(object string, row []string) {
	for _, column := range []string{"LastModifiedDate", "SystemModstamp"} {
		if at := slices.Index(f.sheets[object].header, column); at >= 0 {
			row[at] = "2026-10-05T08:00:00.000Z"
		}
	}
}

// drop leaves rows out.
func (f *files) drop(object string, n int) {
	p := f.sheets[object]
	gone := map[*string]bool{}
	live := p.live()
	f.random.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
	for _, row := range live[:n] {
		gone[&row[0]] = true
	}
	p.rows = slices.DeleteFunc(p.rows, func(row []string) bool { return gone[&row[0]] })
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newID is a record Id no org of the tests has.
func (f *files) newID(prefix string) string {
	id := prefix + "9Z0000"
	for range 6 {
		id += string(idLetters[f.random.IntN(len(idLetters))])
	}
	for group := range 3 {
		bits := 0
		for k := range 5 {
			if c := id[group*5+k]; c >= 'A' && c <= 'Z' {
				bits |= 1 << k
			}
		}
		id += string("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits])
	}
	return id
}

// grow adds records that are copies of others with an Id and a name of their own.
func (f *files) grow(object, prefix, name string, n int) {
	p := f.sheets[object]
	live := p.live()
	for range n {
		row := slices.Clone(live[f.random.IntN(len(live))])
		row[p.column("Id")] = f.newID(prefix)
		row[p.column(name)] = "New " + row[p.column(name)]
		f.stamp(object, row)
		p.rows = append(p.rows, row)
	}
}
