package oracle

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// files is what a run over a folder can see: the CRM's rows as they are read, and the lists. The oracle's history makes
// of the rows what the mirror then holds.
type files struct {
	versions   map[string][]Row             // every row of the CRM's files by object
	headers    map[string][]map[string]bool // columns of each file
	crm        map[string][]Row             // the newest version of each record known
	companies  []Row
	members    []Row
	listed     map[string][]Row // seats, activities, decisions, redirects
	hasStages  bool
	byObjectID map[string]Row
}

var pageName = regexp.MustCompile(`^([A-Za-z]+?)(-[0-9]+)?\.csv(\.gz)?$`)

// read reads every file below the folder.
func read(dir string) (*files, error) {
	f := &files{versions: map[string][]Row{}, headers: map[string][]map[string]bool{}, crm: map[string][]Row{}, listed: map[string][]Row{}, byObjectID: map[string]Row{}}
	entries, err := os.ReadDir(filepath.Join(dir, "crm"))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		match := pageName.FindStringSubmatch(entry.Name())
		if match == nil {
			return nil, fmt.Errorf("%s is no object's file", entry.Name())
		}
		rows, header, err := readCSV(filepath.Join(dir, "crm", entry.Name()))
		if err != nil {
			return nil, err
		}
		f.versions[match[1]] = append(f.versions[match[1]], rows...)
		f.headers[match[1]] = append(f.headers[match[1]], header)
	}
	if f.companies, _, err = readCSV(filepath.Join(dir, "directory", "companies.csv")); err != nil {
		return nil, err
	}
	if f.members, _, err = readCSV(filepath.Join(dir, "directory", "members.csv")); err != nil {
		return nil, err
	}
	for _, name := range []string{"seats", "activities", "decisions", "redirects"} {
		path := filepath.Join(dir, name+".csv")
		if _, err := os.Stat(path); err != nil {
			continue // a list that the org does not have
		}
		if f.listed[name], _, err = readCSV(path); err != nil {
			return nil, err
		}
		for _, row := range f.listed[name] {
			row["crm_id"], row["crm_user_id"] = longID(row["crm_id"]), longID(row["crm_user_id"])
		}
	}
	return f, nil
}

// readCSV gives the rows of a file with column names in lower case, and which columns there are.
func readCSV(path string) ([]Row, map[string]bool, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	var text io.Reader = in
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(in); err != nil {
			return nil, nil, err
		}
	}
	all, err := csv.NewReader(text).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	var rows []Row
	for _, cells := range all[1:] {
		row := Row{}
		for i, name := range all[0] {
			row[strings.ToLower(name)] = cells[i]
		}
		rows = append(rows, row)
	}
	header := map[string]bool{}
	for _, name := range all[0] {
		header[strings.ToLower(name)] = true
	}
	return rows, header, nil
}

func longID(id string) string {
	if len(id) == 15 {
		return id + checksum(id)
	}
	return id
}

// stamp is SystemModstamp, else LastModifiedDate.
func stamp(row Row) time.Time {
	if row["systemmodstamp"] != "" {
		return moment(row["systemmodstamp"])
	}
	return moment(row["lastmodifieddate"])
}

// moment reads a time; the zero time where there is none.
func moment(text string) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05.000Z0700", text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// truth reads a truth value; empty is false.
func truth(text string) bool { return strings.EqualFold(text, "true") || text == "1" }
