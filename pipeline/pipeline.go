// Package pipeline is the program: Run, read top to bottom, is what a sync does. It owns configuration, the store,
// the reuse of equal work and the commit; what each stage does stands in the stage's own package.
package pipeline

import (
	"context"
	"time"

	"github.com/crmlink/crmlink/sql"
)

// Options say what to run. Only Config, Full and AsOf can change a result; the others change how it is reached.
type Options struct {
	Config    Config
	Full      bool      // the input holds every live record (Z23); so it is taken on the first run in any case
	Decisions bool      // read people's decisions only, and take everything else from the last publication
	DryRun    bool      // all stages, nothing published
	Estimate  bool      // estimate the model anew instead of using the pinned one
	Accept    string    // why plausibility checks that fail are to be passed over; empty: they stop the run
	AsOf      time.Time // the run's time; zero means now, in whole seconds
	Threads   int       // 0: as many as there are processors
	Memory    string    // in place of limits.memory; empty: what that says
	Tries     int       // how often a call to the CRM is made before it is given up; 0: for about a minute
	Report    func(Event)
	Now       func() time.Time // nil: the machine's clock
}

// Result is what a run leaves; of one that failed, its record.
type Result struct {
	Record Record        `json:"run"`
	Stats  []ObjectStats `json:"stats"`
}

// Run is one sync: extract → compute (normalize, match in three rounds, publish) → compare with the last publication →
// check → switch. Every border is a struct of table ids; do reuses the stored result of an equal step. Until the switch
// at the end readers see the previous publication.
func Run(ctx context.Context, o Options) (Result, error) {
	r, finish, err := begin(ctx, o)
	if err != nil {
		return Result{}, roomError(err)
	}
	result, err := r.walk(ctx, o)
	err = roomError(finish(r.blame(ctx, err)))
	if err != nil {
		result.Record = r.record // how it ended
	}
	return result, err
}

func (r *run) walk(ctx context.Context, o Options) (Result, error) {
	last, err := r.previous(o)
	if err != nil {
		return Result{}, err
	}
	r.last = last
	raw, inputs, err := r.read(ctx, o, last)
	if err != nil {
		return Result{}, err
	}
	r.noteImport(o, last, raw)
	r.record.Tables = map[string]sql.Snapshot{raw.Log.Table: raw.Log, raw.Rejects.Table: raw.Rejects} // for the report of a run that stops here
	if err := r.checkInput(ctx, o, raw, last); err != nil {
		return Result{}, err
	}
	made, err := r.compute(ctx, inputs)
	if err != nil {
		return Result{}, err
	}
	r.record.Model, r.record.Tables = made.model, made.collect(raw)
	if err := r.compare(ctx, last, inputs); err != nil {
		return Result{}, err
	}
	r.noticeAnswers(made.answers, made.publication)
	r.noticeModel(o, last, made.drifted)
	if err := r.readFigures(ctx); err != nil {
		return Result{}, err
	}
	if err := r.checkResult(ctx, o, made.publication, r.record.Stats, last); err != nil {
		return Result{Record: r.record, Stats: r.record.Stats}, err
	}
	if o.DryRun {
		r.record.Status = DryRun
	} else if _, err := once(r, "switch", func() (struct{}, error) { return struct{}{}, r.publish(ctx) }); err != nil {
		return Result{}, err
	}
	return Result{Record: r.record, Stats: r.record.Stats}, nil
}
