package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
	"github.com/crmlink/crmlink/stages/score"
)

// ModelFile is a model as people read, keep and edit it: programme, numbers, and how those came about. It holds no value
// of a record; how common each value is stands in tables of the store, which it names by content.
type ModelFile struct {
	Format    int                 `json:"crmlink_model"`
	ID        string              `json:"id"`
	Estimated *Estimation         `json:"estimated,omitempty"`
	Version   int                 `json:"version"`
	Company   linkage.FileSection `json:"company"`
	Person    linkage.FileSection `json:"person"`
	// Frequencies are the counts of values that the numbers were estimated with.
	Frequencies FileFrequencies `json:"frequencies"`
}

// FileFrequencies are the tables term_frequency of the two kinds.
type FileFrequencies struct {
	Company sql.Snapshot `json:"company"`
	Person  sql.Snapshot `json:"person"`
}

const modelFormat = 1

func newModelFile(sections linkage.Model, m Model) (ModelFile, error) {
	f := ModelFile{Format: modelFormat, ID: m.ID, Estimated: m.Estimated, Version: sections.Version,
		Frequencies: FileFrequencies{m.Company.Frequencies, m.Person.Frequencies}}
	var err error
	if f.Company, err = linkage.NewFileSection(sections.Company, m.Company.Parameters); err == nil {
		f.Person, err = linkage.NewFileSection(sections.Person, m.Person.Parameters)
	}
	return f, err
}

// split takes a file apart. Numbers that are not those of the file's id were edited: their weights are computed from m
// and u, and they get an id of their own.
func (f ModelFile) split() (linkage.Model, Model, error) {
	sections := linkage.Model{Version: f.Version}
	m := Model{ID: f.ID, Estimated: f.Estimated, Company: score.EstimateOut{Frequencies: f.Frequencies.Company}, Person: score.EstimateOut{Frequencies: f.Frequencies.Person}}
	var err error
	if sections.Company, m.Company.Parameters, err = f.Company.Split(); err == nil {
		sections.Person, m.Person.Parameters, err = f.Person.Split()
	}
	if err != nil {
		return sections, m, err
	}
	if m.Programme, err = programme(sections); err != nil {
		return sections, m, err
	}
	id, err := m.contentID()
	if err != nil || id == f.ID {
		return sections, m, err
	}
	return sections, m, m.edited(sections)
}

// edited makes numbers that somebody wrote a model.
func (m *Model) edited(sections linkage.Model) error {
	var err error
	if m.Company.Parameters, err = linkage.Reweigh(sections.Company, m.Company.Parameters); err != nil {
		return err
	}
	if m.Person.Parameters, err = linkage.Reweigh(sections.Person, m.Person.Parameters); err != nil {
		return err
	}
	estimated := Estimation{}
	if m.Estimated != nil {
		estimated = *m.Estimated
	}
	estimated.Edited = true
	m.Estimated = &estimated
	m.ID, err = m.contentID()
	return err
}

// Encode writes the file: what fits on a line stands on one, so that a level is a line.
func (f ModelFile) Encode() ([]byte, error) {
	data, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode model: %w", err)
	}
	var out bytes.Buffer
	if err := layOut(&out, data, ""); err != nil {
		return nil, fmt.Errorf("encode model: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// lineWidth is how long a line of a model file gets.
const lineWidth = 160

// layOut indents JSON, and leaves each object and list that fits on a line there. The order is kept.
func layOut(out *bytes.Buffer, data json.RawMessage, indent string) error {
	if len(data) == 0 || data[0] != '{' && data[0] != '[' || len(indent)+len(data) <= lineWidth && indent != "" {
		return spaced(out, data)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	deeper := indent + "  "
	out.WriteByte(data[0])
	for first := true; d.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		out.WriteString("\n" + deeper)
		if data[0] == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name, err := json.Marshal(key)
			if err != nil {
				return err
			}
			out.Write(name)
			out.WriteString(": ")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := layOut(out, value, deeper); err != nil {
			return err
		}
	}
	out.WriteString("\n" + indent + string(data[len(data)-1]))
	return nil
}

// spaced writes compact JSON on one line with a blank after each comma and colon, and texts as they are read.
func spaced(out *bytes.Buffer, data json.RawMessage) error {
	text, escaped := false, false
	for i := 0; i < len(data); i++ {
		c := data[i]
		if text && !escaped && bytes.HasPrefix(data[i:], []byte(`\u00`)) && i+6 <= len(data) {
			// Go escapes <, > and & for pages of the web; conditions are full of them.
			if r, ok := map[string]byte{`\u003c`: '<', `\u003e`: '>', `\u0026`: '&'}[string(data[i:i+6])]; ok {
				out.WriteByte(r)
				i += 5
				continue
			}
		}
		out.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case c == '"':
			text = !text
		case !text && (c == ',' || c == ':'):
			out.WriteByte(' ')
		}
	}
	return nil
}

// readModelFile reads a model file, or one that is a programme only: then there are no numbers.
func readModelFile(path string) (linkage.Model, *Model, error) {
	next := "crmlink model show --json > model.json writes one to start from"
	data, err := os.ReadFile(path)
	if err != nil {
		return linkage.Model{}, nil, &InputError{Problem: "the model file cannot be read: " + err.Error(), Next: next}
	}
	var f ModelFile
	if err := json.Unmarshal(data, &f); err != nil {
		return linkage.Model{}, nil, &InputError{Problem: fmt.Sprintf("%s: reading the model: %v", path, err), Next: next}
	}
	switch f.Format {
	case 0:
		sections, err := linkage.Parse(data)
		if err != nil {
			return sections, nil, &InputError{Problem: fmt.Sprintf("%s: %v", path, err), Next: next}
		}
		return sections, nil, nil
	case modelFormat:
		sections, m, err := f.split()
		if err != nil {
			return sections, nil, &InputError{Problem: fmt.Sprintf("%s: %v", path, err), Next: next}
		}
		return sections, &m, nil
	}
	return linkage.Model{}, nil, &InputError{Problem: fmt.Sprintf("%s has format %d, this crmlink reads %d", path, f.Format, modelFormat),
		Next: "use the version of crmlink that wrote it"}
}
