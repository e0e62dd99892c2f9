package salesforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// lastLocator is what stands in Sforce-Locator on the last page. An absent header is never the end.
const lastLocator = "null"

// parallelVersion is the first that tells the pages of a result beforehand.
const parallelVersion = 58

// download fetches the pages of a complete job that are not kept yet, and checks that they are all.
func (p *pull) download(ctx context.Context, o *object, part *part) error {
	p.progress(o, StateDownload)
	if len(part.Pages) == 0 && part.More == "" && !part.Listed &&
		(number(part.Job.Version) < parallelVersion || part.Job.Rows < p.c.o.parallelFrom) {
		p.alter(func() { part.Serial = true })
	}
	if !part.Serial {
		if err := p.parallel(ctx, o, part); err != nil {
			return err
		}
	}
	if part.Serial { // it may have turned out so
		if err := p.serial(ctx, o, part); err != nil {
			return err
		}
	}
	rows := int64(0)
	for _, g := range part.Pages {
		rows += g.Rows
	}
	if rows != part.Job.Rows {
		return fmt.Errorf("%w: the pages have %d rows and the job has %d", errCounts, rows, part.Job.Rows)
	}
	return nil
}

// serial follows the locators from page to page.
func (p *pull) serial(ctx context.Context, o *object, part *part) error {
	results := fmt.Sprintf("%s/results?maxRecords=%d", jobPath(part.Job.Version, part.Job.ID), p.c.o.pageRows)
	if len(part.Pages) == 0 {
		p.alter(func() { part.Pages = append(part.Pages, o.newPage(results)) })
	}
	for i := 0; i < len(part.Pages); i++ {
		g := part.Pages[i]
		if !g.Kept {
			if err := p.fetch(ctx, o, part, g); err != nil {
				return err
			}
		}
		if part.Listed || i+1 < len(part.Pages) {
			continue
		}
		if g.Next == lastLocator {
			p.alter(func() { part.Listed = true })
			continue
		}
		next := results + "&locator=" + escapeLocator(g.Next)
		if slices.ContainsFunc(part.Pages, func(g *page) bool { return g.From == next }) {
			return fail(Protocol, nil, o.Name+": a locator leads back to a page that was read")
		}
		p.alter(func() { part.Pages = append(part.Pages, o.newPage(next)) })
	}
	return nil
}

// escapeLocator writes a locator into an address.
func escapeLocator(locator string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", "#", "%23", " ", "%20").Replace(locator)
}

// parallel asks for the addresses of the pages, five at a time, and fetches several pages at once.
func (p *pull) parallel(ctx context.Context, o *object, part *part) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	fetch := func(pages []*page) {
		for _, g := range pages {
			if g.Kept {
				continue
			}
			group.Go(func() {
				if err := p.fetch(ctx, o, part, g); err != nil {
					cancel(err)
				}
			})
		}
	}
	fetch(part.Pages)
	for !part.Listed && ctx.Err() == nil {
		added, err := p.list(ctx, o, part)
		var no *refusal
		if errors.As(err, &no) && len(part.Pages) == 0 && (no.Status == http.StatusBadRequest || no.Status == http.StatusNotFound || no.Status == http.StatusMethodNotAllowed) {
			p.alter(func() { part.Serial = true })
			return nil // a job that is gone is found to be so there
		}
		if no != nil {
			err = p.c.meant("list the result pages of "+o.Name, p.ofJob(ctx, part, err))
		}
		if err != nil {
			cancel(err)
			break
		}
		fetch(added)
	}
	group.Wait()
	return context.Cause(ctx)
}

// list reads the next addresses of pages.
func (p *pull) list(ctx context.Context, o *object, part *part) ([]*page, error) {
	path := part.More
	if path == "" {
		path = jobPath(part.Job.Version, part.Job.ID) + "/resultPages"
	}
	var answer struct {
		Pages []struct {
			URL string `json:"resultUrl"`
		} `json:"resultPages"`
		Done  bool   `json:"done"`
		Next  string `json:"nextRecordsUrl"`
		Other string `json:"nextRecordUrl"` // the documentation has both names
	}
	err := p.c.call(ctx, request{kind: callPages, path: path}, &answer)
	if err != nil {
		return nil, err
	}
	next := answer.Next
	if next == "" {
		next = answer.Other
	}
	switch {
	case answer.Done:
		next = ""
	case next == "":
		return nil, fail(Protocol, nil, o.Name+": the list of result pages ends without being done")
	default:
		if next, err = p.c.local(next); err != nil {
			return nil, err
		}
		if next == path {
			return nil, fail(Protocol, nil, o.Name+": the list of result pages leads back to itself")
		}
	}
	var from []string
	for _, one := range answer.Pages {
		address, err := p.c.local(one.URL)
		if err != nil {
			return nil, err
		}
		from = append(from, address)
	}
	var added []*page
	p.alter(func() {
		for _, address := range from {
			if slices.ContainsFunc(part.Pages, func(g *page) bool { return g.From == address }) {
				continue
			}
			g := o.newPage(address)
			part.Pages = append(part.Pages, g)
			added = append(added, g)
		}
		part.More, part.Listed = next, answer.Done
	})
	return added, nil
}

// mostMiscounts is how often one page may come with another number of rows than its header says.
const mostMiscounts = 3

// fetch downloads one page and makes it durable.
func (p *pull) fetch(ctx context.Context, o *object, part *part, g *page) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-p.slots }()
	var got received
	var locator string
	miscounts := 0
	columns := part.columns(o.Name, o.Fields)
	ordered := number(part.Job.Version) >= 50
	err := p.c.do(ctx, request{kind: callPage, path: g.From, csv: true}, func(answer *http.Response) error {
		if answer.StatusCode == http.StatusNoContent {
			return errNotReady
		}
		all := answer.Header.Values("Sforce-Locator")
		rows, err := strconv.ParseInt(answer.Header.Get("Sforce-NumberOfRecords"), 10, 64)
		if len(all) == 0 || all[0] == "" || err != nil || rows < 0 {
			return fail(Protocol, nil, o.Name+": a page comes without Sforce-Locator or Sforce-NumberOfRecords")
		}
		locator = all[0]
		if got, err = p.store(g.File, answer); err != nil {
			return err
		}
		if rows == 0 && headerFault(got.columns, columns, false) != "" {
			// Nothing, or words instead of a header: an empty page is written as csvdir wants it.
			got, err = receive(p.dir, g.File, bytes.NewReader(appendRow(nil, columns)), false)
			return err
		}
		if fault := headerFault(got.columns, columns, ordered); fault != "" {
			if part.Job.Adopted {
				return errNotOurs
			}
			return fail(Protocol, nil, o.Name+": "+fault)
		}
		if got.rows != rows {
			if miscounts++; miscounts == mostMiscounts {
				return fail(Protocol, nil, fmt.Sprintf("%s: a page of %d rows comes with %d", o.Name, rows, got.rows))
			}
			return &again{fmt.Errorf("a page of %d rows came with %d", rows, got.rows)}
		}
		return nil
	})
	if err = p.ofJob(ctx, part, err); err != nil {
		return p.c.meant("read the results of "+o.Name, err)
	}
	if err := keep(p.dir, g.File); err != nil {
		return err
	}
	err = p.change(func() { g.Rows, g.Bytes, g.Sum, g.Next, g.Kept = got.rows, got.bytes, got.sum, locator, true })
	p.progress(o, StateDownload)
	return err
}

// store receives an answer's page. What goes wrong on the way may go right the next time; our own disk may not.
func (p *pull) store(file string, answer *http.Response) (received, error) {
	packed := strings.EqualFold(answer.Header.Get("Content-Encoding"), "gzip")
	got, err := receive(p.dir, file, answer.Body, packed)
	var disk *errDisk
	if err != nil && !errors.As(err, &disk) {
		err = &again{err}
	}
	if err == nil && answer.ContentLength > 0 && packed && got.bytes != answer.ContentLength {
		err = &again{io.ErrUnexpectedEOF}
	}
	return got, err
}

// ofJob says what a refusal of a job's results means.
func (p *pull) ofJob(ctx context.Context, part *part, err error) error {
	var no *refusal
	if !errors.As(err, &no) {
		return err
	}
	switch {
	case gone(err):
		return errGone
	case no.Status == http.StatusPreconditionFailed, no.is("JOB_NOT_COMPLETE"):
		return errNotReady
	case no.Status == http.StatusConflict:
		// Results are given in the job's own version only.
		info, err := p.c.jobInfo(ctx, part.Job)
		if err != nil {
			return err
		}
		if v := info.apiVersion(); v != "" && v != part.Job.Version {
			return errOtherVersion{v}
		}
	}
	return err
}

// errOtherVersion says which version a job has.
type errOtherVersion struct{ version string }

func (e errOtherVersion) Error() string { return "the job is of API version " + e.version }
