package salesforce

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// pull is one call of Pull.
type pull struct {
	c     *Client
	dir   string
	mu    sync.Mutex // guards m and the objects below it
	m     *manifest
	slots chan struct{}
	began map[string]began
}

// began is when the download of an object began in this process, to tell how long the rest takes.
type began struct {
	at   time.Time
	rows int64
}

// Pull brings the org's objects into in.Dir. An error leaves what is durable; the same call goes on from there.
func (c *Client) Pull(ctx context.Context, in PullIn) (Pulled, error) {
	if in.Overlap == 0 {
		in.Overlap = usualOverlap
	}
	p := &pull{c: c, dir: in.Dir, slots: make(chan struct{}, c.o.Parallel), began: map[string]began{}}
	if err := p.open(ctx, in); err != nil {
		return Pulled{}, c.hidden("pull", err)
	}
	err := p.run(ctx)
	// The calls that were made count for the run that goes on.
	if saved := p.change(func() {}); err == nil {
		err = saved
	}
	if err != nil {
		return Pulled{}, c.hidden("pull", err)
	}
	return p.pulled(), nil
}

// hidden keeps tokens out of an error that came from anywhere.
func (c *Client) hidden(doing string, err error) error {
	err = c.meant(doing, err)
	var ours *Error
	if errors.As(err, &ours) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	c.auth.Lock()
	defer c.auth.Unlock()
	return withoutSecrets{err, slices.Clone(c.tokens)}
}

// save writes the manifest; the caller holds the lock once several goroutines run.
func (p *pull) save() error {
	if p.m == nil {
		return nil
	}
	p.m.Calls = p.c.budget.snapshot()
	return p.m.write(p.dir)
}

// change alters the manifest and writes it.
func (p *pull) change(alter func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	alter()
	return p.save()
}

// alter changes what can be found out again; it is written with the next change.
func (p *pull) alter(how func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how()
}

// run pulls all objects at once: Salesforce works on their jobs beside each other. The first error ends the others.
func (p *pull) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	for _, o := range p.m.Objects {
		group.Go(func() {
			if err := p.object(ctx, o); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// object pulls one object, part by part. Parts are added in front where one is split.
func (p *pull) object(ctx context.Context, o *object) error {
	for i := 0; i < len(o.Parts); {
		one := o.Parts[i]
		var err error
		var smaller []*part
		if o.API == "rest" {
			err = p.rest(ctx, o, one)
		} else {
			smaller, err = p.bulk(ctx, o, one)
		}
		if errors.Is(err, errNotInBulk) {
			if err := p.change(func() {
				o.API = "rest"
				o.note("the Bulk API does not have this object; it is read by REST")
				p.restart(one)
			}); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if smaller != nil {
			if err := p.change(func() { o.Parts = slices.Replace(o.Parts, i, i+1, smaller...) }); err != nil {
				return err
			}
			continue
		}
		i++
	}
	if o.Done {
		return nil
	}
	p.alter(func() { o.Done = true })
	p.progress(o, StateDone)
	return nil
}

// progress tells how far an object is.
func (p *pull) progress(o *object, state string) {
	p.mu.Lock()
	rows, bytes := o.kept()
	total := o.total()
	start, ok := p.began[o.Name]
	if !ok && state == StateDownload {
		start = began{time.Now(), rows}
		p.began[o.Name] = start
	}
	p.mu.Unlock()
	told := Progress{Object: o.Name, State: state, Rows: rows, Bytes: bytes, TotalRows: total}
	if done := rows - start.rows; state == StateDownload && done > 0 && total > rows {
		told.Left = time.Duration(float64(time.Since(start.at)) * float64(total-rows) / float64(done)).Round(time.Second)
	}
	p.c.tell(told)
}

// pulled is what the manifest says at the end.
func (p *pull) pulled() Pulled {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := Pulled{Version: p.m.Version, Calls: p.c.budget.snapshot(), PersonAccounts: p.m.Persons, Limits: p.m.Limits}
	for _, o := range p.m.Objects {
		one := PulledObject{Name: o.Name, API: o.API, Whole: o.Whole, Cursor: p.m.Upper, Selected: o.Fields, Lacking: o.Lacking, Calculated: o.Calculated, Notes: o.Notes}
		if since := p.m.Asked.Since[o.Name]; !o.Whole && since.After(one.Cursor) {
			one.Cursor = since // a cursor never goes back
		}
		for _, part := range o.Parts {
			for _, g := range part.Pages {
				one.Rows += g.Rows
				one.Files = append(one.Files, PulledFile{Name: g.File, Rows: g.Rows, Bytes: g.Bytes, SHA256: g.Sum})
			}
		}
		switch o.API {
		case "bulk":
			done.BulkRows += one.Rows
		case "rest":
			done.RESTRows += one.Rows
		}
		done.Objects = append(done.Objects, one)
	}
	return done
}

// note keeps what was out of the ordinary, each thing once.
func (o *object) note(text string) {
	if !slices.Contains(o.Notes, text) {
		o.Notes = append(o.Notes, text)
	}
}

// restart forgets what a part has, its job included. Files that are left over go with the next tidying.
func (p *pull) restart(part *part) {
	for _, g := range part.Pages {
		os.Remove(filepath.Join(p.dir, g.File)) //nolint:errcheck // the manifest does not name it any more
	}
	if part.Job != nil {
		part.Not = append(part.Not, part.Job.ID)
	}
	part.Job, part.Intent, part.Pages, part.Listed, part.More, part.Serial, part.Done = nil, time.Time{}, nil, false, "", false, false
	part.Counted, part.Total = false, 0 // what an earlier job had says nothing of the next: a window that is taken for empty is lost
}

// Abandon gives up the pull in a folder: its jobs at Salesforce are aborted and deleted, as far as they can be. The files
// stay; the caller removes the folder. A folder without a pull is no error.
func (c *Client) Abandon(ctx context.Context, dir string) error {
	m, err := readManifest(dir)
	if errors.Is(err, errNoPull) || err == nil && m.Instance != c.root {
		return nil // none, or of an org that this connection cannot reach
	}
	if err != nil {
		return err
	}
	for _, o := range m.Objects {
		for _, part := range o.Parts {
			if part.Job == nil || part.Job.Deleted {
				continue
			}
			if err := c.removeJob(ctx, part.Job); err != nil && ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	return nil
}
