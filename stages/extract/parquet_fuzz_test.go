package extract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/systems/csvdir"
)

// parquetFaults is all that an error of a Parquet file may say: our own words and our names of columns.
var parquetFaults = regexp.MustCompile(`^(not a whole, readable Parquet file` +
	`|a file cannot be read to its end: it is damaged, or a text in it is not UTF-8` +
	`|no column [a-z_]+( or [a-z_]+)*(, no column [a-z_]+( or [a-z_]+)*)*)$`)

// FuzzParquet: whatever a file of members or companies in Parquet holds, reading it ends with every row accounted for, or
// with an error that names the file and holds nothing of what the file says. It does not hang, and takes no more memory
// than the engine may have.
func FuzzParquet(f *testing.F) {
	dir := input{}.write(f)
	var session *sql.Session
	open := func(t *testing.T) {
		o := sql.Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: 1, Memory: "512MB"}
		var err error
		if session, err = sql.Open(context.Background(), o); err != nil {
			t.Fatal(err)
		}
	}
	f.Cleanup(func() {
		if session != nil {
			session.Close() //nolint:errcheck // it may have been given up
		}
	})
	f.Fuzz(func(t *testing.T, data []byte, companies bool) {
		object, other := "member", map[string]csvdir.Input{"company": {Path: "companies.csv"}}
		if companies {
			object, other = "company", map[string]csvdir.Input{"member": {Path: "members.csv"}}
		}
		name := fmt.Sprintf("%s-%d.parquet", object, os.Getpid())
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if session == nil {
			open(t)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := extract.Run(ctx, session, nil, csvdir.Lists(dir, other, nil),
			extract.In{AsOf: day1, Full: true, Parquet: map[string]extract.Parquet{object: {Root: dir, Path: name}}})
		if ctx.Err() != nil {
			t.Fatal("it is read for a minute")
		}
		if err != nil {
			checkParquetFault(t, err, name)
			session.Close() //nolint:errcheck // after some faults the engine refuses everything else
			session = nil
			return
		}
		for _, c := range out.Counts {
			if c.Object == object && c.RowsIn != c.Kept+c.Superseded+c.Rejected {
				t.Errorf("rows of %+v are not accounted for", c)
			}
		}
	})
}

func checkParquetFault(t *testing.T, err error, name string) {
	t.Helper()
	var bad *extract.InputError
	if !errors.As(err, &bad) || bad.File != name || bad.Next == "" || !parquetFaults.MatchString(bad.Problem) {
		t.Errorf("error %v", err)
	}
}
