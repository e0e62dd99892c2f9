package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
	"github.com/crmlink/crmlink/stages/score"
)

// Estimation says how a model's numbers came about. How many records they rest on stands in the numbers.
type Estimation struct {
	Run       string    `json:"run"` // whose data
	AsOf      time.Time `json:"as_of"`
	Program   string    `json:"program"`
	Decisions int64     `json:"decisions,omitempty"` // records whose decision was learned from
	Edited    bool      `json:"edited,omitempty"`    // by hand, afterwards
}

// contentID names a model by its numbers.
func (m Model) contentID() (string, error) {
	return contentID([]score.EstimateOut{m.Company, m.Person})
}

// frequencies are the model's counts of values.
func (m Model) frequencies() []sql.Snapshot {
	return []sql.Snapshot{m.Company.Frequencies, m.Person.Frequencies}
}

// models is model.json: what people do about the model between two runs. A run reads it once, at its start, and records
// what it takes; so a kill, or an adoption while it runs, changes nothing about it. What it names stays in the store.
type models struct {
	Proposed *keptModel `json:"proposed,omitempty"` // by the last training
	Adopted  *keptModel `json:"adopted,omitempty"`  // for the next run; it stays here afterwards, and counts once
}

// keptModel is a model in the store: the programme, an object, and its numbers.
type keptModel struct {
	At       time.Time `json:"at"`
	Sections string    `json:"sections"`
	Own      bool      `json:"own_programme,omitempty"`
	Model    Model     `json:"model"`
}

// stamp tells one adoption from the next.
func (k keptModel) stamp() string {
	return k.At.UTC().Format(time.RFC3339Nano) + " " + k.Model.ID + " " + k.Model.Programme
}

const modelsFile = "model.json"

func (s Store) models() (models, error) {
	var all models
	data, err := os.ReadFile(filepath.Join(s.Dir, modelsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return models{}, &DamageError{Problem: "model.json in the store cannot be read: " + err.Error(),
			Next: "put it back from a backup of the store, or remove it: then no model is proposed or adopted, and runs go on with theirs"}
	}
	return all, nil
}

// writeModels needs the store's lock.
func (s Store) writeModels(all models) error {
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode models: %w", err)
	}
	return writeFile(filepath.Join(s.Dir, modelsFile), append(data, '\n'))
}

// givenModel takes the model that was adopted since the last publication, or that one's.
func (r *run) givenModel(g *Given, o Options, last Record) error {
	all, err := r.store.models()
	if err != nil {
		return err
	}
	if r.record.Adopted = last.Adopted; all.Adopted != nil {
		r.record.Adopted = all.Adopted.stamp()
	}
	shipped, err := linkage.Default()
	if err != nil {
		return err
	}
	theirs, err := programme(shipped)
	if err != nil {
		return err
	}
	// A model with the comparisons of an older crmlink was adopted before that one went: its numbers do not fit any more.
	current := func(k *keptModel) bool { return k.Own || k.Model.Programme == theirs }
	if adopted := all.Adopted; adopted != nil && r.record.Adopted != last.Adopted && !o.Estimate && current(adopted) {
		for _, snap := range adopted.Model.frequencies() {
			if n := len(r.session.Missing(snap)); n > 0 || !r.session.HasObject(adopted.Sections) {
				return &DamageError{Problem: fmt.Sprintf("the adopted model %s lacks %s in the store", adopted.Model.ID, filesOf(max(1, n))),
					Next: "crmlink model adopt latest stays with the last run's model; crmlink model train makes a new one"}
			}
		}
		g.Sections, g.Own, g.Model = adopted.Sections, adopted.Own, &adopted.Model
		return nil
	}
	sections, own, err := r.standing(last)
	if err != nil {
		return err
	}
	g.Own = own
	if g.Sections, err = r.putSections(sections); err != nil {
		return err
	}
	programme, err := programme(sections)
	if err != nil {
		return err
	}
	// Another programme needs other numbers; the same one keeps them, so that answers change only with the facts.
	if !o.Estimate && last.Model.Programme == programme {
		g.Model = &last.Model
	}
	return nil
}

// standing is the programme in force after a publication: the one that people adopted, else what crmlink ships.
func (r *run) standing(last Record) (sections linkage.Model, own bool, err error) {
	if last.Given != nil && last.Given.Own {
		sections, err = readSections(r.session, last.Given.Sections)
		return sections, true, err
	}
	sections, err = linkage.Default()
	return sections, false, err
}

// noticeModel says when the model is another than the last run's, and when it no longer fits the data.
func (r *run) noticeModel(o Options, last Record, drifted []score.Drifted) {
	m := r.record.Model
	switch {
	case last.ID == "":
	case !m.Pinned && o.Estimate && r.record.Adopted != last.Adopted:
		r.notice("a model was adopted, but this run was asked to estimate one: that one is used")
	case !m.Pinned && !o.Estimate:
		r.notice("this crmlink compares otherwise than the one that made the last publication, so the model was estimated anew: %s. Try: crmlink diff %s", m.ID, last.ID)
	case m.Pinned && m.ID == last.Model.ID && m.Programme != last.Model.Programme:
		r.notice("model %s was adopted with other comparisons, rules or limits", m.ID)
	case m.Pinned && m.ID != last.Model.ID:
		r.notice("model %s, which was adopted, takes the place of %s", m.ID, last.Model.ID)
	}
	if !m.Pinned || len(drifted) == 0 {
		return
	}
	var parts []string
	for _, d := range drifted {
		parts = append(parts, driftText(d))
	}
	r.notice("the model no longer fits the data in %s. Try: crmlink model train", strings.Join(parts, "; "))
}

// kindNames are the two kinds as people say them.
var kindNames = map[string]string{linkage.Company: "companies", linkage.Person: "people"}

func driftText(d score.Drifted) string {
	where := kindNames[d.Kind] + ", " + d.Comparison
	if d.Level == "" {
		return fmt.Sprintf("%s: %g then, %g now", where, d.Then, d.Now)
	}
	return fmt.Sprintf("%s: %s bits off, most of all %s of %q, %g in the model and %g in the data", where, bits(d.Bits), d.What, d.Level, d.Then, d.Now)
}

// bits writes thousandths of a bit with one decimal.
func bits(millis int64) string { return fmt.Sprintf("%.1f", float64(millis)/1000) }
