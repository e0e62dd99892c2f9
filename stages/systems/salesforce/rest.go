package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Rows of REST queries become pages of the same form as Bulk results.

// mostRestarts is how often a REST query begins again before the pull ends.
const mostRestarts = 3

// answerRows is one answer of a REST query.
type answerRows struct {
	Total   int64             `json:"totalSize"`
	Done    bool              `json:"done"`
	Next    string            `json:"nextRecordsUrl"`
	Records []json.RawMessage `json:"records"`
}

// rest pulls a part by REST.
func (p *pull) rest(ctx context.Context, o *object, part *part) error {
	for restarts := 0; !part.Done; {
		err := p.follow(ctx, o, part)
		if err != nil && ctx.Err() != nil {
			return err // it may be another object's error, which means nothing here
		}
		var no *refusal
		again := ""
		switch {
		case err == nil:
		case errors.As(err, &no) && no.is("INVALID_QUERY_LOCATOR"):
			again = "a REST query's place was forgotten by Salesforce; it began again"
		case errors.Is(err, errCounts):
			again = oneLine(err.Error()) + "; the query began again"
		case errors.As(err, &no) && no.is("INVALID_FIELD", "INVALID_TYPE"):
			if err := p.reselect(ctx, o, part, fmt.Errorf("%w: %w", errFields, err)); err != nil {
				return err
			}
			continue
		default:
			return p.c.meant("query "+o.Name, err)
		}
		if again == "" {
			continue
		}
		if restarts++; restarts > mostRestarts {
			if errors.Is(err, errCounts) {
				return fail(Protocol, err, o.Name+": "+oneLine(err.Error()))
			}
			return p.c.meant("query "+o.Name, err)
		}
		if err := p.change(func() {
			o.note(again)
			p.restart(part)
		}); err != nil {
			return err
		}
	}
	return nil
}

// follow reads a part from page to page, from the first that is not kept.
func (p *pull) follow(ctx context.Context, o *object, part *part) error {
	p.progress(o, StateDownload)
	// What Bulk does not have is read with its deleted rows all the same.
	resource := "query"
	if slices.Contains(bulkObjects, o.Name) {
		resource = "queryAll"
	}
	next := queryPath(p.m.Version, resource, "SELECT "+strings.Join(o.Fields, ", ")+" FROM "+o.Name+part.where())
	if n := len(part.Pages); n > 0 {
		if next = part.Pages[n-1].Next; next == lastLocator {
			next = ""
		}
	}
	for next != "" {
		var answer answerRows
		if err := p.c.call(ctx, request{kind: callQuery, path: next}, &answer); err != nil {
			return err
		}
		after := lastLocator
		if !answer.Done {
			var err error
			if answer.Next == "" {
				return fail(Protocol, nil, o.Name+": an answer that is not the last does not say where the next is")
			}
			if after, err = p.c.local(answer.Next); err != nil {
				return err
			}
			if after == next || slices.ContainsFunc(part.Pages, func(g *page) bool { return g.From == after }) {
				return fail(Protocol, nil, o.Name+": the place of the next answer is one that was read")
			}
		}
		text := appendRow(nil, o.Fields)
		for _, record := range answer.Records {
			cells, err := o.cells(record)
			if err != nil {
				return fail(Protocol, err, o.Name+": a row of a REST answer cannot be read")
			}
			text = appendRow(text, cells)
		}
		var g *page
		p.alter(func() { g = o.newPage(next) })
		got, err := receive(p.dir, g.File, bytes.NewReader(text), false)
		if err != nil {
			return err
		}
		if err := keep(p.dir, g.File); err != nil {
			return err
		}
		if err := p.change(func() {
			g.Rows, g.Bytes, g.Sum, g.Next, g.Kept = got.rows, got.bytes, got.sum, after, true
			if part.Pages = append(part.Pages, g); len(part.Pages) == 1 {
				part.Total = answer.Total
			}
		}); err != nil {
			return err
		}
		p.progress(o, StateDownload)
		if next = after; next == lastLocator {
			next = ""
		}
	}
	rows := int64(0)
	for _, g := range part.Pages {
		rows += g.Rows
	}
	if rows != part.Total {
		return fmt.Errorf("%w: the answers have %d rows and %d were promised", errCounts, rows, part.Total)
	}
	return p.change(func() { part.Done = true })
}

// cells are the values of a record, as Bulk results would spell them.
func (o *object) cells(record json.RawMessage) ([]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(record))
	decoder.UseNumber() // the digits as they stand
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return nil, errors.New("a record is no object")
	}
	cells := make([]string, len(o.Fields))
	for i, name := range o.Fields {
		value, ok := values[name]
		if !ok {
			return nil, errors.New("a record lacks " + name)
		}
		switch v := value.(type) {
		case nil:
		case string:
			cells[i] = v
			if slices.Contains(o.Times, name) {
				cells[i] = strings.TrimSuffix(v, "+0000")
				if len(cells[i]) != len(v) {
					cells[i] += "Z"
				}
			}
		case json.Number:
			cells[i] = v.String()
		case bool:
			cells[i] = fmt.Sprint(v)
		default:
			return nil, errors.New(name + " is no single value")
		}
	}
	return cells, nil
}

// keepEmpty finishes a window without rows: a page with nothing but its header.
func (p *pull) keepEmpty(o *object, part *part) error {
	var g *page
	p.alter(func() { g = o.newPage("") })
	got, err := receive(p.dir, g.File, bytes.NewReader(appendRow(nil, part.columns(o.Name, o.Fields))), false)
	if err == nil {
		err = keep(p.dir, g.File)
	}
	if err != nil {
		return err
	}
	return p.change(func() {
		g.Bytes, g.Sum, g.Kept = got.bytes, got.sum, true
		part.Pages, part.Done = []*page{g}, true
	})
}

// queryPath is the address of a REST query.
func queryPath(version, resource, soql string) string {
	return "/services/data/v" + version + "/" + resource + "?q=" + strings.ReplaceAll(url.QueryEscape(soql), "+", "%20")
}
