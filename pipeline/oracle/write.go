package oracle

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Write lays the org down below a folder, in place of what was written there before: crmlink.yaml, crm/, directory/
// and the lists. It returns the path of crmlink.yaml.
func (w *World) Write(dir string) (config string, err error) {
	crm := filepath.Join(dir, "crm")
	if err := os.RemoveAll(crm); err != nil {
		return "", err
	}
	for _, d := range []string{crm, filepath.Join(dir, "directory")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return "", err
		}
	}
	for _, object := range slices.Sorted(maps.Keys(w.CRM)) {
		if err := w.pages(crm, object, w.CRM[object]); err != nil {
			return "", err
		}
	}
	files := w.lists()
	for _, name := range []string{"seats.csv", "activities.csv", "decisions.csv", "redirects.csv"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sheet := files[name]
		if err := os.WriteFile(filepath.Join(dir, name), w.csv(sheet, sheet.Rows, func(c string) bool { return c == "crm_id" || c == "crm_user_id" }), 0o600); err != nil {
			return "", err
		}
	}
	config = filepath.Join(dir, "crmlink.yaml")
	return config, os.WriteFile(config, []byte(w.yaml()), 0o600)
}

// lists are the files that are not the CRM's, by path.
func (w *World) lists() map[string]*Sheet {
	files := map[string]*Sheet{"directory/companies.csv": w.Companies, "directory/members.csv": w.Members, "seats.csv": w.Seats,
		"activities.csv": w.Activities, "decisions.csv": w.Decisions, "redirects.csv": w.Redirects}
	for name, sheet := range files {
		if sheet == nil {
			delete(files, name)
		}
	}
	return files
}

// pages writes an object as one to three files, some of them packed, its rows in any order.
func (w *World) pages(dir, object string, sheet *Sheet) error {
	rows := append([]Row{}, sheet.Rows...)
	w.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	pages := 1
	if len(rows) > 2 && w.chance(25) {
		pages = w.between(2, 3)
	}
	for page := range pages {
		name := object + ".csv"
		if pages > 1 || w.chance(10) {
			name = fmt.Sprintf("%s-%d.csv", object, page+1)
		}
		columns := sheet.Columns
		if column := w.hidden[object]; column != "" && w.chance(70) {
			columns = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return c == column })
		}
		data := w.csv(&Sheet{Columns: columns}, rows[len(rows)*page/pages:len(rows)*(page+1)/pages], shortIDs(object))
		if w.chance(10) {
			name += ".gz"
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			if _, err := z.Write(data); err != nil {
				return err
			}
			if err := z.Close(); err != nil {
				return err
			}
			data = packed.Bytes()
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// shortIDs says which columns of an object hold record Ids, which may lose their checksum in an export.
func shortIDs(object string) func(column string) bool {
	return func(column string) bool {
		return object != "OpportunityStage" && strings.HasSuffix(column, "Id")
	}
}

// csv writes rows with columns in any order and names in any case.
func (w *World) csv(sheet *Sheet, rows []Row, isID func(string) bool) []byte {
	columns := append([]string{}, sheet.Columns...)
	if w.chance(50) {
		w.random.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	}
	lower := w.chance(15)
	var out bytes.Buffer
	c := csv.NewWriter(&out)
	c.UseCRLF = w.chance(20)
	header := append([]string{}, columns...)
	for i, name := range header {
		if lower {
			header[i] = strings.ToLower(name)
		}
	}
	_ = c.Write(header) // a bytes.Buffer takes everything
	for _, row := range rows {
		cells := make([]string, len(columns))
		for i, name := range columns {
			cells[i] = row[name]
			if isID(name) && len(cells[i]) == 18 && w.chance(8) {
				cells[i] = cells[i][:15]
			}
		}
		_ = c.Write(cells)
	}
	c.Flush()
	return out.Bytes()
}

func (w *World) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "org: {kind: csv, path: crm, instance_url: %q}\n", InstanceURL)
	b.WriteString("directory:\n  companies: {path: directory/companies.csv}\n  members: {path: directory/members.csv}\n")
	for _, name := range []string{"seats", "activities", "decisions", "redirects"} {
		if w.lists()[name+".csv"] != nil {
			fmt.Fprintf(&b, "%s: {path: %s.csv}\n", name, name)
		}
	}
	s := w.Settings
	fmt.Fprintf(&b, "store: store\nsettings:\n  auto_sync: %s\n  leads: %s\n", s.AutoSync, s.Leads)
	if s.PipelineStage != "" {
		fmt.Fprintf(&b, "  pipeline_stage: %q\n", s.PipelineStage)
	}
	if len(s.Stages) > 0 {
		fmt.Fprintf(&b, "  stages: [%s]\n", strings.Join(s.Stages, ", "))
	}
	if s.ROI {
		fmt.Fprintf(&b, "  roi: {enabled: true}\n  time_zone: %q\n  won_value_field: %s\n", s.TimeZone, s.WonValueField)
	}
	if s.SavedListPolicy != "" {
		fmt.Fprintf(&b, "  saved_list_policy: %s\n", s.SavedListPolicy)
	}
	fmt.Fprintf(&b, "  match_rate: {green: %s, yellow: %s}\n", s.Green, s.Yellow)
	return b.String()
}
