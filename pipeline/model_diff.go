package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
	"github.com/crmlink/crmlink/stages/publish"
)

// ModelDiffOptions name two models, as Store.Model takes them.
type ModelDiffOptions struct {
	Config  Config // limits
	Store   Store
	A, B    string // empty: the latest run's, and the proposal
	Numbers bool   // only the numbers; nothing is computed
	Threads int
	Report  func(Event)
}

// ModelDiff is what differs between two models, and what becomes of the last publication's answers by the second.
type ModelDiff struct {
	A        ModelName     `json:"a"`
	B        ModelName     `json:"b"`
	Same     bool          `json:"same"`
	Sections []SectionDiff `json:"sections"`
	Run      string        `json:"run,omitempty"` // whose records were matched by both
	Answers  []AnswerMoves `json:"answers,omitempty"`
	Changes  []ChangeCount `json:"changes,omitempty"`
	Effects  []Effect      `json:"effects,omitempty"`
}

// ModelName is what a model is called.
type ModelName struct {
	Name   string `json:"name"`
	ID     string `json:"id"`
	Origin string `json:"origin"`
}

// SectionDiff is what differs for one kind. Weights and bits are thousandths.
type SectionDiff struct {
	Kind string `json:"kind"`
	// Numbers are those beside the levels: share of matches, prior, look-alikes, directory.
	Numbers []NumberDiff `json:"numbers"`
	Levels  []LevelDiff  `json:"levels"`
}

// NumberDiff is one number in both models; Bits are by how much it moves weights, thousandths.
type NumberDiff struct {
	Name string  `json:"name"`
	A    float64 `json:"a"`
	B    float64 `json:"b"`
	Bits int64   `json:"bits"`
}

// LevelDiff is one level in both models; nil where one has no such level.
type LevelDiff struct {
	Comparison string       `json:"comparison"`
	Group      int          `json:"group"`
	Label      string       `json:"label"`
	A          *LevelNumber `json:"a,omitempty"`
	B          *LevelNumber `json:"b,omitempty"`
}

// LevelNumber are a level's numbers; the weight is in thousandths of a bit.
type LevelNumber struct {
	M      float64 `json:"m"`
	U      float64 `json:"u"`
	Weight int32   `json:"weight"`
}

// Moved is by how much the weight differs.
func (l LevelDiff) Moved() int64 {
	if l.A == nil || l.B == nil {
		return 0
	}
	return int64(l.B.Weight - l.A.Weight)
}

// AnswerMoves counts what becomes of an object's live records.
type AnswerMoves struct {
	Object  string `json:"object"`
	Records int64  `json:"records"`
	Won     int64  `json:"won"`     // they get an entity
	Lost    int64  `json:"lost"`    // they lose theirs
	Changed int64  `json:"changed"` // they get another
	Status  int64  `json:"status"`  // same entity, won or lost against another record
}

// DiffModels compares the numbers of two models, and computes the last publication with each that it was not made with.
// It takes no lock and leaves the store as it is.
func DiffModels(ctx context.Context, o ModelDiffOptions) (ModelDiff, error) {
	last, err := o.Store.publishedRun("latest")
	if err != nil {
		return ModelDiff{}, err
	}
	r, done, err := scratch(ctx, o.Config, o.Store, o.Threads, o.Report)
	if err != nil {
		return ModelDiff{}, err
	}
	defer done()
	two := make([]NamedModel, 2)
	for i, name := range []string{cmp.Or(o.A, last.ID), cmp.Or(o.B, Proposal)} {
		if two[i], err = o.Store.model(r.session, name); err != nil {
			return ModelDiff{}, err
		}
		if err := two[i].here(r.session, last); err != nil {
			return ModelDiff{}, err
		}
	}
	a, b := two[0], two[1]
	d := ModelDiff{A: a.called(), B: b.called(), Same: a.Model.ID == b.Model.ID && a.Model.Programme == b.Model.Programme}
	if d.Sections, err = sectionDiffs(a, b); err != nil || o.Numbers || d.Same {
		return d, err
	}
	return d, r.answersBy(ctx, last, a, b, &d)
}

func (n NamedModel) called() ModelName { return ModelName{n.Name, n.Model.ID, n.Model.Origin()} }

// answersBy computes what the last run would have published with each model.
func (r *run) answersBy(ctx context.Context, last Record, a, b NamedModel, d *ModelDiff) error {
	inputs, err := last.inputs()
	if err != nil {
		return err
	}
	if !r.hasAll(inputs.Raw) {
		return &DamageError{Problem: fmt.Sprintf("the store lacks files of what run %s read", last.ID)}
	}
	d.Run = last.ID
	var tables []map[string]sql.Snapshot
	for i, m := range []NamedModel{a, b} {
		if m.Model.ID == last.Model.ID && m.Model.Programme == last.Model.Programme {
			tables = append(tables, last.Tables)
			continue
		}
		r.record = last
		r.record.Steps = nil
		r.record.Program, r.record.Engine = r.program[:12], r.engine
		r.prefix = "by " + []string{"the first", "the second"}[i] + " model: "
		with := inputs.clone()
		with.Model = &m.Model
		if with.Sections, err = r.putSections(m.Sections); err != nil {
			return err
		}
		made, err := r.compute(ctx, with)
		if err != nil {
			return fmt.Errorf("answers by %s: %w", m.Name, err)
		}
		tables = append(tables, made.collect(*last.Extract))
	}
	r.prefix = ""
	way := []publish.Exchange{{Tables: tables[0]}, {Cause: schemas.CauseModel, Tables: tables[1]}}
	out, err := do(ctx, r, "changes", publish.Changes, publish.ChangesIn{Way: way, Before: tables[0], After: tables[1]})
	if err != nil {
		return err
	}
	if d.Changes, err = changeCounts(ctx, r.session, out.Change); err != nil {
		return err
	}
	if d.Effects, err = readEffects(ctx, r.session, out.BlastRadius); err != nil {
		return err
	}
	for as, t := range map[string]map[string]sql.Snapshot{"was": tables[0], "now": tables[1]} {
		if err := r.session.BindAs(ctx, as, t[schemas.Mapping.Name]); err != nil {
			return err
		}
	}
	return readFile(ctx, r.session, "answer_moves", nil, func(rows *sql.Rows) error {
		var m AnswerMoves
		err := rows.Scan(&m.Object, &m.Records, &m.Won, &m.Lost, &m.Changed, &m.Status)
		d.Answers = append(d.Answers, m)
		return err
	})
}

func sectionDiffs(a, b NamedModel) ([]SectionDiff, error) {
	fa, err := a.File()
	if err != nil {
		return nil, err
	}
	fb, err := b.File()
	if err != nil {
		return nil, err
	}
	return []SectionDiff{sectionDiff(fa.Company, fb.Company), sectionDiff(fa.Person, fb.Person)}, nil
}

func sectionDiff(a, b linkage.FileSection) SectionDiff {
	d := SectionDiff{Kind: b.Kind, Numbers: []NumberDiff{
		{"threshold", a.Threshold, b.Threshold, 0},
		{"share of records with a match", a.Match, b.Match, 0},
		{"directory records", float64(a.Directory), float64(b.Directory), 0},
		{"prior weight in bits", float64(a.Prior) / 1000, float64(b.Prior) / 1000, int64(b.Prior - a.Prior)},
	}}
	for _, l := range b.LookAlikes {
		if i := slices.IndexFunc(a.LookAlikes, func(x linkage.FileLookAlike) bool { return x.Name == l.Name }); i >= 0 {
			d.Numbers = append(d.Numbers, NumberDiff{"look-alikes per match: " + l.Name, a.LookAlikes[i].Ratio, l.Ratio, int64(l.Weight - a.LookAlikes[i].Weight)})
		}
	}
	type place struct {
		comparison, label string
		group             int
	}
	at := map[place]int{}
	for side, f := range []linkage.FileSection{a, b} {
		for _, c := range f.Comparisons {
			for g, group := range c.Groups {
				for _, l := range group.Levels {
					key := place{c.Name, l.Label, g + 1}
					if _, ok := at[key]; !ok {
						at[key] = len(d.Levels)
						d.Levels = append(d.Levels, LevelDiff{Comparison: c.Name, Group: g + 1, Label: l.Label})
					}
					to := &d.Levels[at[key]]
					if n := (&LevelNumber{l.M, l.U, l.Weight}); side == 0 {
						to.A = n
					} else {
						to.B = n
					}
				}
			}
		}
	}
	return d
}
