package pipeline

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Truth is what a person knows of one record.
type Truth struct {
	Entity string   // empty: no match exists
	Cases  []string // what is special about the record
}

// TruthKey names a record.
type TruthKey struct{ Object, CRMID string }

// ReadTruth reads a CSV file with the columns object, crm_id, entity_id (or directory_id) and, optionally, cases
// separated by |. Other columns are left alone. It names every faulty line, up to ten.
func ReadTruth(file string) (map[TruthKey]Truth, error) {
	f, err := os.Open(file)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, &InputError{Problem: fmt.Sprintf("truth file %s: %v", file, err), Next: "name a CSV file with the columns object, crm_id and entity_id"}
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, &InputError{Problem: fmt.Sprintf("truth file %s: %v", file, err), Next: "pack it with gzip, or take the ending .gz away"}
		}
	}
	return readTruth(in, filepath.Base(file))
}

func readTruth(in io.Reader, name string) (map[TruthKey]Truth, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, &InputError{Problem: fmt.Sprintf("truth file %s: it has no header", name), Next: "begin it with: object,crm_id,entity_id,cases"}
	}
	at := map[string]int{}
	for i, h := range header {
		at[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))] = i
	}
	if _, ok := at["entity_id"]; !ok {
		if i, ok := at["directory_id"]; ok {
			at["entity_id"] = i
		}
	}
	for _, want := range []string{"object", "crm_id", "entity_id"} {
		if _, ok := at[want]; !ok {
			return nil, &InputError{Problem: fmt.Sprintf("truth file %s: the column %s is missing", name, want),
				Next: "begin it with: object,crm_id,entity_id,cases"}
		}
	}
	truth := map[TruthKey]Truth{}
	var faults []string
	fault := func(format string, args ...any) {
		line, _ := r.FieldPos(0)
		faults = append(faults, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	}
	for len(faults) < 10 {
		row, err := r.Read()
		if err == io.EOF {
			break
		} else if err != nil {
			var parse *csv.ParseError
			if !errors.As(err, &parse) {
				return nil, fmt.Errorf("truth file %s: %w", name, err)
			}
			faults = append(faults, fmt.Sprintf("line %d: %v", parse.Line, parse.Err))
			break
		}
		if len(row) != len(header) {
			fault("it has %d cells, the header %d", len(row), len(header))
			continue
		}
		object := row[at["object"]]
		i := slices.IndexFunc(evaluated, func(o string) bool { return strings.EqualFold(o, object) })
		if i < 0 {
			fault("object must be Account, Contact or Lead")
			continue
		}
		id, err := FullID(row[at["crm_id"]])
		if err != nil {
			fault("crm_id is no record Id")
			continue
		}
		key := TruthKey{evaluated[i], id}
		if _, twice := truth[key]; twice {
			fault("%s %s stands there twice", key.Object, key.CRMID)
			continue
		}
		t := Truth{Entity: strings.Clone(row[at["entity_id"]])}
		if c, ok := at["cases"]; ok && row[c] != "" {
			t.Cases = strings.Split(strings.Clone(row[c]), "|")
		}
		truth[key] = t
	}
	if len(faults) > 0 {
		return nil, &InputError{Problem: fmt.Sprintf("truth file %s:\n  %s", name, strings.Join(faults, "\n  ")), Next: "correct these lines"}
	}
	if len(truth) == 0 {
		return nil, &InputError{Problem: fmt.Sprintf("truth file %s: it has no rows", name), Next: "write one line per record: object,crm_id,entity_id,cases"}
	}
	return truth, nil
}

var evaluated = []string{schemas.Account, schemas.Contact, schemas.Lead}
