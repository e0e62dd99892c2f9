// Package extract reads the CRM and the user's lists, lands their rows typed, and merges the CRM's over the previous
// mirror: the newest version of each record wins and nothing known is dropped. It accounts for every row read. It does
// not clean, fold or judge values: that is normalize. Where rows come from is a Source's business.
package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Source gives the rows of some objects.
type Source interface {
	// Tables names the objects the source has, and what it found but leaves alone.
	Tables(ctx context.Context) (objects, unclaimed []string, err error)
	// Read emits batches for declared tables, each valid only during the call: the object's raw table with the columns
	// file and line behind its own and without missing_since; reject; and extract_log, one row per file, whose kept and
	// superseded are filled in here. cursor is what an earlier Read gave, empty for everything there is.
	// Rows need not be parsed and are not emitted, but counted, of which known says so by their cells: texts in the order of the
	// raw table's columns, empty where there is none. kept is told the cells of all rows that are emitted, before their batch.
	// Either may be nil, and a source may leave them alone.
	Read(ctx context.Context, object, cursor string, known func(file string, cells []string) bool, kept func(cells []string),
		emit func(table string, rows arrow.RecordBatch) error) (next string, err error)
	// Contents tells without reading rows what they follow from: the SHA-256 of each file by its name in extract_log, and
	// how the files are read. files is nil where only Read can tell.
	Contents(ctx context.Context, object string) (files map[string]string, how string, err error)
}

// In is what an extraction depends on, beside what the sources hold.
type In struct {
	// Previous are the tables of the last publication: the CRM's raw tables, which are the mirror, and extract_log, which
	// says what columns were there.
	Previous map[string]sql.Snapshot `json:"previous,omitempty"`
	// Cursors are those of the last extraction, by object.
	Cursors map[string]string `json:"cursors,omitempty"`
	// Unsettled is the last extraction's.
	Unsettled []Column `json:"unsettled,omitempty"`
	// AsOf is the run's time; a record that goes missing does so then.
	AsOf time.Time `json:"as_of"`
	// Full says that the input holds every live record: one that is absent is missing.
	Full bool `json:"full"`
	// Complete are objects of which the input holds every live record although it is not full.
	Complete []string `json:"complete,omitempty"`
	// Fresh says that the rows were read from the CRM just now, after all that the mirror holds: at equal stamps they count,
	// for there are fields whose change moves no stamp.
	Fresh bool `json:"fresh,omitempty"`
	// Only names the objects that are read; empty means all.
	Only []string `json:"only,omitempty"`
	// Parquet are the user's lists that are Parquet files, by object (company, member, ...).
	Parquet map[string]Parquet `json:"parquet,omitempty"`
	Memory  Memory             `json:"-"`
	// Earlier are large lists as the last publication had them, by table. Where few rows differ they are amended, so that all
	// that is made of them knows what differs. They change no row of the result.
	Earlier map[string]sql.Digested `json:"-"`
}

// Out is what was read.
type Out struct {
	// Tables are the raw tables by name; one the source does not have is empty.
	Tables  map[string]sql.Snapshot `json:"tables"`
	Log     sql.Snapshot            `json:"extract_log"`
	Rejects sql.Snapshot            `json:"reject"`
	// Overruled are rows read that lost to an equally new version known before; they are no part of a publication.
	Overruled map[string]sql.Snapshot `json:"overruled,omitempty"`
	// Counts account for the rows, per object in reading order.
	Counts  []Count           `json:"counts"`
	Cursors map[string]string `json:"cursors,omitempty"`
	// Drift is what changed in the columns of the files since the last extraction.
	Drift []Drift `json:"drift,omitempty"`
	// Unsettled are columns of the mirror in which known records may have an older value than they had in the CRM when
	// they were read, until a full import has the column in all files.
	Unsettled []Column `json:"unsettled,omitempty"`
	// Readings are the ids under which the memory keeps what became of files: a store that keeps this keeps them. Unchanged
	// are the objects and lists that were taken over from it.
	Readings  []string `json:"readings,omitempty"`
	Unchanged []string `json:"unchanged,omitempty"`
	// Unclaimed are files of the sources that are no object's.
	Unclaimed []string `json:"unclaimed,omitempty"`
}

// Count is what became of the rows of one object.
type Count struct {
	Object     string `json:"object"`
	Files      int    `json:"files"`
	RowsIn     int64  `json:"rows_in"`
	Kept       int64  `json:"kept"`
	Superseded int64  `json:"superseded"`
	Rejected   int64  `json:"rejected"`
	// Known are the records that were there and not deleted before this import, Missing those of them that a full import
	// lacks. A delta counts neither.
	Known   int64 `json:"known"`
	Missing int64 `json:"missing"`
}

// RejectedShare is the part of the rows read that could not be used.
func (c Count) RejectedShare() float64 {
	if c.RowsIn == 0 {
		return 0
	}
	return float64(c.Rejected) / float64(c.RowsIn)
}

// fewRejects is the number of rejected rows from which their share counts: below it a small object would stop every run.
const fewRejects = 20

// TooManyRejected are the objects of which more than a share of the rows was rejected, and at least 20.
func (o Out) TooManyRejected(limit float64) []Count {
	var over []Count
	for _, c := range o.Counts {
		if c.Rejected >= fewRejects && c.RejectedShare() > limit {
			over = append(over, c)
		}
	}
	return over
}

// Run reads everything the sources have. Faults of all files are told together; then nothing is merged.
func Run(ctx context.Context, s *sql.Session, crm, lists Source, in In) (out Out, err error) {
	r, err := begin(ctx, s, in)
	if err != nil {
		return Out{}, fmt.Errorf("extract: %w", err)
	}
	defer r.rejects.Discard(ctx) //nolint:errcheck // saved or of no use
	var faults inputErrors
	jobs, unclaimed, err := plan(ctx, crm, lists, in, &faults)
	if err != nil {
		return Out{}, fmt.Errorf("extract: %w", err)
	}
	if len(faults) > 0 {
		return Out{}, faults
	}
	out = Out{Tables: map[string]sql.Snapshot{}, Cursors: map[string]string{}, Unclaimed: unclaimed}
	for _, j := range jobs {
		asked, err := r.ask(ctx, &j)
		if err == nil {
			var known bool
			if known, err = r.recall(ctx, j, asked, &out); known {
				continue
			}
		}
		next := ""
		if err == nil {
			next, err = r.land(ctx, &j)
		}
		if err == nil && len(faults) == 0 {
			var made Reading
			if made, err = r.settle(ctx, &j); err == nil {
				out.take(j, made)
				if next != "" {
					asked = nil
				}
				err = r.keep(ctx, j, asked, made, &out)
			}
			if counts := (*lost)(nil); err != nil && len(j.files) > 0 && ctx.Err() == nil && !errors.As(err, &counts) {
				err = j.parquet.damaged()
			}
		}
		if e := j.discard(ctx); err == nil {
			err = e
		}
		if err := faults.gather(err); err != nil {
			return Out{}, fmt.Errorf("extract %s: %w", j.object, err)
		}
		if next != "" {
			out.Cursors[j.object] = next
		}
	}
	if len(faults) > 0 {
		return Out{}, faults
	}
	out.Drift = drift(r.columns, r.columnsNow())
	if out.Log, err = r.saveLog(ctx); err != nil {
		return Out{}, fmt.Errorf("extract: %w", err)
	}
	if out.Rejects, err = r.rejects.Save(ctx); err != nil {
		return Out{}, fmt.Errorf("extract: %w", err)
	}
	return out, nil
}

// plan lists what is to be read: all objects of the CRM and all lists, also those that no source has.
func plan(ctx context.Context, crm, lists Source, in In, faults *inputErrors) (jobs []job, unclaimed []string, err error) {
	offered := map[string]Source{}
	for _, source := range []Source{crm, lists} {
		if source == nil {
			continue
		}
		objects, more, err := source.Tables(ctx)
		if err := faults.gather(err); err != nil {
			return nil, nil, err
		}
		for _, o := range objects {
			offered[o] = source
		}
		unclaimed = append(unclaimed, more...)
	}
	if len(*faults) > 0 {
		return nil, nil, nil
	}
	slices.Sort(unclaimed)
	wanted := func(object string) bool { return len(in.Only) == 0 || slices.Contains(in.Only, object) }
	for _, o := range schemas.Objects {
		if !wanted(o.Name) {
			continue
		}
		jobs = append(jobs, job{object: o.Name, table: o.Table(), source: offered[o.Name], mirrored: true})
	}
	for _, l := range userLists {
		if !wanted(l.object) {
			continue
		}
		j := job{object: l.object, table: l.table, source: offered[l.object], list: l}
		if p, ok := in.Parquet[l.object]; ok {
			j.parquet = &p
		}
		if l.required && j.source == nil && j.parquet == nil {
			*faults = append(*faults, &InputError{Problem: "the directory has no " + l.plural, Next: "name their file under directory." + l.plural})
		}
		jobs = append(jobs, j)
	}
	for object := range in.Parquet {
		if !slices.ContainsFunc(userLists, func(l userList) bool { return l.object == object }) {
			return nil, nil, fmt.Errorf("there is no list %q", object)
		}
	}
	return jobs, unclaimed, nil
}

// InputError is a fault of what the user gave, with a next step.
type InputError struct {
	File    string
	Problem string
	Next    string
}

func (e *InputError) Error() string {
	if e.File == "" {
		return e.Problem
	}
	return e.File + ": " + e.Problem
}

// Try is the next step.
func (e *InputError) Try() string { return e.Next }

// Input marks the fault as the user's input.
func (e *InputError) Input() bool { return true }

// inputError is any error that the user can mend in the input, such as a source's.
type inputError interface {
	error
	Input() bool
}

// inputErrors are all such errors of an extraction.
type inputErrors []inputError

// gather keeps an error of the input and hands back any other.
func (e *inputErrors) gather(err error) error {
	var one inputError
	if !errors.As(err, &one) || !one.Input() {
		return err
	}
	*e = append(*e, one)
	return nil
}

func (e inputErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Try joins the next steps, each once.
func (e inputErrors) Try() string {
	var steps []string
	for _, one := range e {
		if t, ok := one.(interface{ Try() string }); ok && !slices.Contains(steps, t.Try()) {
			steps = append(steps, t.Try())
		}
	}
	return strings.Join(steps, "; ")
}

// Input marks the errors as ones the user can mend in the input.
func (e inputErrors) Input() bool { return true }

// Unwrap gives errors.As the single errors.
func (e inputErrors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}
