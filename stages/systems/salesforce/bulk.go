package salesforce

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What can become of a part beside being done.
var (
	errNotInBulk = errors.New("the Bulk API does not have this object")
	errTooLong   = errors.New("the query takes Salesforce too long")
	errFields    = errors.New("a field went while it was asked for")
	errNotReady  = errors.New("the job is not complete yet")
	errNotOurs   = errors.New("the job asked something else")
	errGone      = errors.New("the job is gone at Salesforce")
	errCounts    = errors.New("the counts disagree")
	errFailed    = errors.New("the job failed")
	errStuck     = errors.New("the job does not end")
)

// How often a part is begun again before the pull ends: after jobs that came to nothing, and after jobs that went.
const (
	mostTried = 2
	mostGone  = 3
)

// bulk pulls one part by a Bulk query job. It gives smaller parts where the part takes Salesforce too long.
func (p *pull) bulk(ctx context.Context, o *object, part *part) ([]*part, error) {
	lost, early := 0, 0
	fresh := false // the job was created a moment ago
	for {
		var err error
		switch {
		case part.Done:
			return nil, p.cleanUp(ctx, part)
		case part.Job == nil:
			var empty bool
			if empty, err = p.nothingIn(ctx, o, part); err == nil && empty {
				return nil, p.keepEmpty(o, part)
			}
			if err == nil {
				err = p.start(ctx, o, part)
				fresh = err == nil && !part.Job.Adopted
			}
		case !part.Job.Ready:
			pause := time.Duration(0)
			if fresh || early > 0 {
				pause = firstPoll << min(early, 5)
			}
			err = p.await(ctx, o, part, pause)
			fresh = false
		default:
			if err = p.download(ctx, o, part); err == nil {
				err = p.change(func() { part.Done = true })
			}
		}
		if err != nil && ctx.Err() != nil {
			return nil, err // it may be another object's error, which means nothing here
		}
		var version errOtherVersion
		switch {
		case err == nil:
		case errors.As(err, &version):
			err = p.change(func() { part.moveTo(version.version) })
		case errors.Is(err, errTooLong):
			return p.split(ctx, o, part)
		case errors.Is(err, errNotReady):
			// Salesforce took back that the job is complete.
			early++
			p.alter(func() { part.Job.Ready = false })
			err = nil
		case errors.Is(err, errFields):
			err = p.reselect(ctx, o, part, err)
		case errors.Is(err, errGone), gone(err) && part.Job != nil:
			if lost++; lost > mostGone {
				return nil, fail(API, err, o.Name+": its query jobs disappear at Salesforce before they are read")
			}
			err = p.change(func() {
				o.note("a query job was gone at Salesforce; the query is made again")
				p.restart(part)
			})
		case errors.Is(err, errNotOurs):
			err = p.change(func() {
				intent := part.Intent
				p.restart(part)
				part.Intent = intent // there may be another
			})
		case errors.Is(err, errFailed), errors.Is(err, errCounts), errors.Is(err, errStuck):
			if again, err := p.badJob(ctx, o, part, err); !again {
				return nil, err
			}
			err = nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// badJob drops a job that came to nothing, and says whether the query is to be made again in this pull. The next pull
// makes it again in any case.
func (p *pull) badJob(ctx context.Context, o *object, part *part, why error) (again bool, err error) {
	old := *part.Job
	old.Ready = !errors.Is(why, errStuck) // it has ended
	counts := errors.Is(why, errCounts)
	text := p.c.plain(oneLine(why.Error()))
	if err := p.change(func() {
		part.tried++
		if again = part.tried < mostTried; again {
			o.note(text + "; the query was made again")
		}
		p.restart(part)
	}); err != nil {
		return false, err
	}
	p.c.removeJob(ctx, &old) //nolint:errcheck // Salesforce forgets it by itself
	switch {
	case again:
		return true, nil
	case counts:
		return false, fail(Protocol, why, o.Name+": "+text)
	}
	return false, fail(API, why, o.Name+": "+text)
}

// nothingIn asks how many rows a window has, before a job is spent on none. That the answer takes too long, or is refused,
// is no fault: then the job tells.
func (p *pull) nothingIn(ctx context.Context, o *object, part *part) (bool, error) {
	if part.From.IsZero() || part.Counted {
		return part.Counted && part.Total == 0 && !part.From.IsZero(), nil
	}
	if !part.From.Before(part.To) {
		return true, nil // the cursor is ahead of the window's end
	}
	var answer struct {
		Total int64 `json:"totalSize"`
		Done  bool  `json:"done"`
	}
	err := p.c.call(ctx, request{kind: callCount, path: queryPath(p.m.Version, "queryAll", "SELECT count() FROM "+o.Name+part.where())}, &answer)
	var no *refusal
	if errors.As(err, &no) && !no.is("REQUEST_LIMIT_EXCEEDED") {
		return false, nil
	}
	if err != nil || !answer.Done {
		return false, err
	}
	return answer.Total == 0, p.change(func() { part.Counted, part.Total = true, answer.Total })
}

// start creates a part's job, or finds the one that was created before its Id was lost. The intent is on disk before.
func (p *pull) start(ctx context.Context, o *object, part *part) error {
	p.progress(o, StateQueued)
	for try := 1; ; try++ {
		if !part.Intent.IsZero() {
			found, err := p.c.orphans(ctx, p.m.Version, o, part, p.jobs())
			if err != nil {
				return err
			}
			if len(found) > 0 {
				return p.change(func() {
					part.Job = found[0]
					o.note("a query job was found again and taken up")
				})
			}
		}
		if err := p.change(func() { part.Intent = p.c.serverTime() }); err != nil {
			return err
		}
		info, err := p.c.createJob(ctx, p.m.Version, part.query(o))
		if err == nil {
			version := info.apiVersion()
			if version == "" {
				version = p.m.Version
			}
			created := info.Created.Time
			if created.IsZero() {
				created = part.Intent
			}
			return p.change(func() { part.Job = &job{ID: info.ID, Version: version, Created: created} })
		}
		var maybe *unclear
		if errors.As(err, &maybe) && try < p.c.o.Tries {
			if err := p.c.wait(ctx, try, 0); err != nil {
				return err
			}
			continue
		}
		var no *refusal
		if !errors.As(err, &no) || maybe != nil {
			return err
		}
		if err := p.change(func() { part.Intent = time.Time{} }); err != nil {
			return err
		}
		switch {
		case no.is("INVALIDENTITY", "INVALID_ENTITY"):
			return errNotInBulk
		case no.is("QUERY_TIMEOUT"):
			return errTooLong
		case no.is("INVALID_FIELD", "INVALID_TYPE"):
			return fmt.Errorf("%w: %w", errFields, err)
		}
		return p.c.meant("query "+o.Name, err)
	}
}

// jobs are all jobs of the pull, those it dropped included.
func (p *pull) jobs() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := map[string]bool{}
	for _, o := range p.m.Objects {
		for _, part := range o.Parts {
			for _, id := range part.Not {
				known[id] = true
			}
			if part.Job != nil {
				known[part.Job.ID] = true
			}
		}
	}
	return known
}

// cleanUp deletes the job of a finished part. Salesforce keeps it for seven days where that fails, which harms nobody.
func (p *pull) cleanUp(ctx context.Context, part *part) error {
	if part.Job == nil || part.Job.Deleted {
		return nil
	}
	old := *part.Job
	if err := p.c.removeJob(ctx, &old); err != nil {
		return context.Cause(ctx)
	}
	p.alter(func() { part.Job.Deleted = true })
	return nil
}
