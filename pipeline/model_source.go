package pipeline

import (
	"context"
	"fmt"
	"os"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// A model that people name: a run's, a file, the one that was proposed or adopted last.
const (
	Proposal = "proposal"
	Adopted  = "adopted"
)

// NamedModel is a model and what it is called.
type NamedModel struct {
	Name     string // run 20261001T000000Z, the proposal of …, model.json
	Sections linkage.Model
	Model    Model
	own      bool
}

// File is the model as a file.
func (n NamedModel) File() (ModelFile, error) { return newModelFile(n.Sections, n.Model) }

// Model finds what a person means: proposal, adopted, a file, or a run's id, a beginning of one, or latest.
func (s Store) Model(ctx context.Context, name string) (NamedModel, error) {
	session, err := sql.Open(ctx, sql.Options{Objects: s.objects(), Spill: s.spill(), Threads: 1})
	if err != nil {
		return NamedModel{}, fmt.Errorf("read model: %w", err)
	}
	defer session.Close()
	return s.model(session, name)
}

func (s Store) model(session *sql.Session, name string) (NamedModel, error) {
	switch name {
	case Proposal, Adopted:
		return s.keptModel(session, name)
	}
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		sections, m, err := readModelFile(name)
		if err == nil && m == nil {
			err = &InputError{Problem: name + " holds comparisons and no numbers", Next: "crmlink model train --comparisons " + name + " estimates them"}
		}
		if err != nil {
			return NamedModel{}, err
		}
		return NamedModel{Name: name, Sections: sections, Model: *m}, nil
	}
	record, err := s.Find(name)
	if err != nil {
		return NamedModel{}, err
	}
	if record.Model.ID == "" {
		return NamedModel{}, &InputError{Problem: fmt.Sprintf("run %s has no model: it ended too early", record.ID), Next: "crmlink runs lists all runs"}
	}
	sections, err := programmeOf(session, record)
	return NamedModel{Name: "run " + record.ID, Sections: sections, Model: record.Model, own: record.Given != nil && record.Given.Own}, err
}

func (s Store) keptModel(session *sql.Session, name string) (NamedModel, error) {
	all, err := s.models()
	if err != nil {
		return NamedModel{}, err
	}
	kept, text := all.Proposed, "the proposal of "
	if name == Adopted {
		kept, text = all.Adopted, "the model adopted "
	}
	if kept == nil {
		next := "crmlink model train proposes one"
		if name == Adopted {
			next = "crmlink model adopt"
		}
		return NamedModel{}, &InputError{Problem: "no model is " + map[string]string{Proposal: "proposed", Adopted: "adopted"}[name], Next: next}
	}
	sections, err := readSections(session, kept.Sections)
	return NamedModel{Name: text + kept.At.UTC().Format("2006-01-02 15:04 UTC"), Sections: sections, Model: kept.Model, own: kept.Own}, err
}

// here makes a model fit for this store: what it names must be there. A model of another store brings its m, u and
// shares; how common a value is, and how large the directory, stays as counted here for the model in use.
func (n *NamedModel) here(session *sql.Session, inUse Record) error {
	missing := false
	for _, snap := range n.Model.frequencies() {
		missing = missing || len(session.Missing(snap)) > 0
	}
	if !missing {
		return nil
	}
	if n.Model.Programme != inUse.Model.Programme {
		return &InputError{Problem: "the values that the model counted are not in this store, and its comparisons are not those in use here, so they cannot be taken from there",
			Next: "crmlink model train --comparisons FILE estimates its comparisons here"}
	}
	ours := inUse.Model
	for _, x := range []struct{ to, from *linkage.Parameters }{{&n.Model.Company.Parameters, &ours.Company.Parameters}, {&n.Model.Person.Parameters, &ours.Person.Parameters}} {
		x.to.Directory, x.to.Fields = x.from.Directory, x.from.Fields
	}
	n.Model.Company.Frequencies, n.Model.Person.Frequencies = ours.Company.Frequencies, ours.Person.Frequencies
	return n.Model.edited(n.Sections)
}
