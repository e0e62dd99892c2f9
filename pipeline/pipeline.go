// Package pipeline is the program: Run, read top to bottom, is what a sync does. It owns configuration, the store,
// the reuse of equal work and the commit; what each stage does stands in the stage's own package.
package pipeline

import (
	"context"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/normalize"
	"github.com/crmlink/crmlink/stages/publish"
	"github.com/crmlink/crmlink/stages/resolve"
)

// Options say what to run. Only Config, Full and AsOf can change a result; the others change how it is reached.
type Options struct {
	Config   Config
	Full     bool      // the input holds every live record; so far every import is taken to be full
	DryRun   bool      // all stages, nothing published
	Estimate bool      // estimate the model anew instead of using the pinned one
	Accept   string    // why plausibility checks that fail are to be passed over; empty: they stop the run
	AsOf     time.Time // the run's time; zero means now, in whole seconds
	Threads  int       // 0: as many as there are processors
	Report   func(Event)
	Now      func() time.Time // nil: the machine's clock
}

// Result is what a run leaves.
type Result struct {
	Record Record        `json:"run"`
	Stats  []ObjectStats `json:"stats"`
}

// Run is one sync: extract → normalize → (block → score → resolve) for companies, people and companies once more →
// publish → switch. Every border is a struct of table ids; do reuses the stored result of an equal step. Until the
// switch at the end readers see the previous publication.
func Run(ctx context.Context, o Options) (Result, error) {
	r, finish, err := begin(ctx, o)
	if err != nil {
		return Result{}, err
	}
	result, err := r.walk(ctx, o)
	return result, finish(err)
}

func (r *run) walk(ctx context.Context, o Options) (Result, error) {
	last, err := r.previous()
	if err != nil {
		return Result{}, err
	}
	crm, own, parquet := sources(o.Config, r)
	raw, err := once(r, "extract", func() (extract.Out, error) {
		return extract.Run(ctx, r.session, crm, own, extract.In{Previous: mirror(last), AsOf: r.record.AsOf, Full: true, Parquet: parquet})
	})
	if err != nil {
		return Result{}, err
	}
	if err := r.checkInput(ctx, o, raw, last); err != nil {
		return Result{}, err
	}
	rec, err := do(ctx, r, "normalize", normalize.Run, normalizeIn(raw))
	if err != nil {
		return Result{}, err
	}

	// Three rounds, always: people are matched knowing their account's company, then accounts hear their people.
	m := matching{run: r, raw: raw, rec: rec, previous: last.Tables[schemas.Mapping.Name]}
	if !o.Estimate {
		m.pinned = last.Model
	}
	if err := m.begin(ctx, o.Config.Int("settings.candidates")); err != nil {
		return Result{}, err
	}
	accounts, err := m.companies(ctx, "companies", sql.Empty(schemas.Known.Name))
	if err != nil {
		return Result{}, err
	}
	people, err := m.people(ctx, accounts)
	if err != nil {
		return Result{}, err
	}
	accounts, err = m.companiesAgain(ctx, people)
	if err != nil {
		return Result{}, err
	}
	answers, err := do(ctx, r, "answers", resolve.Both, resolve.BothIn{Companies: accounts.answer, People: people.answer})
	if err != nil {
		return Result{}, err
	}
	matched, err := m.finish(ctx, accounts, people)
	if err != nil {
		return Result{}, err
	}
	r.record.Model = m.model

	pub, err := do(ctx, r, "publish", publish.Run, r.publishIn(o.Config, raw, rec, answers, m.sections.Person.Threshold, last))
	if err != nil {
		return Result{}, err
	}
	r.record.Tables = collect(raw, rec, pub, matched)
	r.noticeAnswers(answers, pub)
	stats, err := readStats(ctx, r.session, r.record.Tables[schemas.SyncStats.Name])
	if err != nil {
		return Result{}, err
	}
	if err := r.checkResult(ctx, o, pub, stats, last); err != nil {
		return Result{Record: r.record, Stats: stats}, err
	}
	if o.DryRun {
		r.record.Status = DryRun
	} else if _, err := once(r, "switch", func() (struct{}, error) { return struct{}{}, r.publish(ctx) }); err != nil {
		return Result{}, err
	}
	return Result{Record: r.record, Stats: stats}, nil
}
