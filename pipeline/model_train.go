package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"time"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
	"github.com/crmlink/crmlink/stages/resolve"
)

// TrainOptions say how to estimate the model anew.
type TrainOptions struct {
	Config Config // limits
	Store  Store
	// Comparisons is a file whose comparisons, levels and rules are to be estimated, or Shipped; empty: those in force.
	Comparisons   string
	WithDecisions bool // people's decisions are learned from
	Threads       int
	Report        func(Event)
	Now           func() time.Time // nil: the machine's clock
}

// Shipped names the comparisons that crmlink brings.
const Shipped = "shipped"

// Train estimates the model anew on the data of the last publication, without reading the CRM, and keeps it in the
// store as the proposal. It changes no answer. While it computes it takes no lock; what it made is brought into the store
// when no run holds it.
func Train(ctx context.Context, o TrainOptions) (NamedModel, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	last, err := o.Store.publishedRun("latest")
	if err != nil {
		return NamedModel{}, err
	}
	r, done, err := scratch(ctx, o.Config, o.Store, o.Threads, o.Report)
	if err != nil {
		return NamedModel{}, err
	}
	defer done()
	kept, err := r.train(ctx, o, last)
	if err != nil {
		return NamedModel{}, fmt.Errorf("train: %w", err)
	}
	kept.At = o.Now().UTC()
	if err := r.propose(ctx, o.Store, kept); err != nil {
		return NamedModel{}, fmt.Errorf("train: %w", err)
	}
	sections, err := readSections(r.session, kept.Sections)
	return NamedModel{Name: "the proposal", Sections: sections, Model: kept.Model, own: kept.Own}, err
}

// scratch is a run that computes beside a store: it reads the store's objects and finished actions, and writes to a
// folder that done removes.
func scratch(ctx context.Context, c Config, s Store, threads int, report func(Event)) (r *run, done func(), err error) {
	r = &run{store: Store{Dir: s.spill()}, lends: s, report: report, now: time.Now, log: io.Discard}
	if err := r.openSession(ctx, Options{Config: c, Threads: threads}, s.objects()); err != nil {
		os.RemoveAll(r.store.Dir) //nolint:errcheck // a scratch folder, swept by the next run at the latest
		return nil, nil, err
	}
	return r, func() {
		r.close()
		os.RemoveAll(r.store.Dir) //nolint:errcheck // a scratch folder, swept by the next run at the latest
	}, nil
}

// train walks the part of a run that leads to both estimates.
func (r *run) train(ctx context.Context, o TrainOptions, last Record) (keptModel, error) {
	inputs, err := last.inputs()
	if err != nil {
		return keptModel{}, err
	}
	if !r.hasAll(inputs.Raw) {
		return keptModel{}, &DamageError{Problem: fmt.Sprintf("the store lacks files of what run %s read", last.ID)}
	}
	kept, sections, err := r.programmeToTrain(o, last)
	if err != nil {
		return kept, err
	}
	r.record = Record{ID: last.ID, AsOf: last.AsOf, Import: last.Import, Program: r.program[:12], Engine: r.engine}
	given := inputs.Given
	given.Model = nil
	if given.Sections, err = r.putSections(sections); err != nil {
		return kept, err
	}
	rec, err := r.normalize(ctx, inputs.Raw, given.Knowledge)
	if err != nil {
		return kept, err
	}
	m := matching{run: r, raw: inputs.Raw, rec: rec, previous: inputs.Mapping}
	if err := m.begin(ctx, given); err != nil {
		return kept, err
	}
	if m.model.Programme == last.Model.Programme {
		m.inUse = &last.Model
	}
	if o.WithDecisions {
		if err := m.readVerdicts(ctx); err != nil {
			return kept, err
		}
	}
	accounts, err := m.companies(ctx, "companies", sql.Snapshot{}, nil)
	if err != nil {
		return kept, err
	}
	if _, err := m.estimatePeople(ctx, accounts); err != nil {
		return kept, err
	}
	if err := m.name(); err != nil {
		return kept, err
	}
	kept.Model, kept.Sections = m.model, given.Sections
	return kept, nil
}

// programmeToTrain is the programme that an estimate is asked for.
func (r *run) programmeToTrain(o TrainOptions, last Record) (kept keptModel, sections linkage.Model, err error) {
	shipped, err := linkage.Default()
	if err != nil {
		return kept, sections, err
	}
	switch o.Comparisons {
	case "":
		sections, _, err = r.standing(last)
	case Shipped:
		sections = shipped
	default:
		sections, _, err = readModelFile(o.Comparisons)
	}
	if err != nil {
		return kept, sections, err
	}
	kept.Own, err = otherProgramme(sections, shipped)
	return kept, sections, err
}

// otherProgramme says whether two models compare otherwise.
func otherProgramme(a, b linkage.Model) (bool, error) {
	one, err := programme(a)
	if err != nil {
		return false, err
	}
	other, err := programme(b)
	return one != other, err
}

// readVerdicts takes the decisions in force for both kinds.
func (m *matching) readVerdicts(ctx context.Context) error {
	m.verdicts = map[string]sql.Snapshot{}
	for _, in := range []resolve.In{
		{Kind: resolve.Company, CRM: m.rec.CRMCompany, Account: m.raw["raw_account"], Directory: m.rec.DirCompany},
		{Kind: resolve.Person, CRM: m.rec.CRMPerson, Contact: m.raw["raw_contact"], Lead: m.raw["raw_lead"], Directory: m.rec.DirMember},
	} {
		in.Decisions, in.Redirects = m.raw["raw_decision"], m.raw["raw_redirect"]
		var err error
		if m.verdicts[in.Kind], err = do(ctx, m.run, "decisions on "+kindNames[in.Kind], resolve.Verdicts, in); err != nil {
			return err
		}
	}
	return nil
}

// propose keeps a model in the store. A run that holds the store is waited for: what was computed is not thrown away.
func (r *run) propose(ctx context.Context, to Store, kept keptModel) error {
	release, err := to.lockWhenFree(ctx, r)
	if err != nil {
		return err
	}
	defer release()
	all, err := to.models()
	if err != nil {
		return err
	}
	if err := r.bringModel(ctx, to, kept); err != nil {
		return err
	}
	all.Proposed = &kept
	return to.writeModels(all)
}

// bringModel copies what a model names into a store that the run does not write to.
func (r *run) bringModel(ctx context.Context, to Store, kept keptModel) error {
	s, err := sql.Open(ctx, sql.Options{Objects: to.objects(), Sources: []string{r.store.objects()}, Spill: to.spill(), Threads: 1})
	if err != nil {
		return err
	}
	defer s.Close()
	err = s.BringObject(kept.Sections)
	eachSnapshot(reflect.ValueOf(kept), func(snap sql.Snapshot) {
		if err == nil {
			err = s.Bring(snap)
		}
	})
	return err
}

// lockWhenFree takes the store, and waits for whoever holds it.
func (s Store) lockWhenFree(ctx context.Context, r *run) (release func(), err error) {
	for told := false; ; told = true {
		release, err = s.lock()
		var locked *LockedError
		if !errors.As(err, &locked) {
			return release, err
		}
		if !told {
			r.tell(Event{Step: "wait", State: "note", Detail: "another run holds the store: the proposal is kept when it ends"})
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// AdoptOptions say which model the next run is to use.
type AdoptOptions struct {
	Store Store
	Model string           // as Store.Model takes it; empty: the proposal
	Now   func() time.Time // nil: the machine's clock
}

// Adoption is a model that the next run will use, and the one in use until then.
type Adoption struct {
	Model NamedModel
	InUse Model
	Run   string // the published run that uses it
	Same  bool   // it is the one in use
}

// Adopt makes a model the one that the next run takes and that later runs keep. Readers and answers stay as they are.
func Adopt(ctx context.Context, o AdoptOptions) (Adoption, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Model == "" {
		o.Model = Proposal
	}
	last, err := o.Store.publishedRun("latest")
	if err != nil {
		return Adoption{}, err
	}
	release, err := o.Store.lock()
	if err != nil {
		return Adoption{}, err
	}
	defer release()
	s, err := sql.Open(ctx, sql.Options{Objects: o.Store.objects(), Spill: o.Store.spill(), Threads: 1})
	if err != nil {
		return Adoption{}, fmt.Errorf("adopt: %w", err)
	}
	defer s.Close()
	named, err := o.Store.model(s, o.Model)
	if err != nil {
		return Adoption{}, err
	}
	if err := named.here(s, last); err != nil {
		return Adoption{}, err
	}
	shipped, err := linkage.Default()
	if err != nil {
		return Adoption{}, err
	}
	kept := keptModel{At: o.Now().UTC(), Model: named.Model}
	if kept.Own, err = otherProgramme(named.Sections, shipped); err != nil {
		return Adoption{}, err
	}
	r := run{session: s}
	if kept.Sections, err = r.putSections(named.Sections); err != nil {
		return Adoption{}, err
	}
	all, err := o.Store.models()
	if err != nil {
		return Adoption{}, err
	}
	kept.Model.Pinned = true
	all.Adopted = &kept
	if err := o.Store.writeModels(all); err != nil {
		return Adoption{}, fmt.Errorf("adopt: %w", err)
	}
	named.own = kept.Own
	return Adoption{Model: named, InUse: last.Model, Run: last.ID,
		Same: kept.Model.ID == last.Model.ID && kept.Model.Programme == last.Model.Programme}, nil
}

// Own says whether the model's comparisons are not those that crmlink ships.
func (n NamedModel) Own() bool { return n.own }
