package demo

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Changes are what happened to an org that Generate wrote since its files were exported: of each thousand records some are
// edited, some go and some are new. The same changes to the same files give the same bytes.
type Changes struct {
	Org      string    // folder of the org
	PerMille int       // of the records of each object or list: seven in ten are edited, the others deleted or new in equal parts
	Seed     uint64    // other seeds take other records; seeds below 1,000 never make the same new record
	At       time.Time // stamp of every changed record of the CRM; later than all before
	Delta    string    // folder for the changed records of the CRM alone; empty: the org's pages are rewritten in place
}

// Changed counts records.
type Changed struct{ Edited, Deleted, New int }

// edits are the columns that change of an object or list, each with what is put behind the old value.
var edits = map[string]struct {
	prefix  string
	columns map[string]string
}{
	"Account":   {prefixAccount, map[string]string{"Phone": " 7", "Name": " Group"}},
	"Contact":   {prefixContact, map[string]string{"Title": " II", "Phone": " 7"}},
	"Lead":      {prefixLead, map[string]string{"Title": " II", "City": " Nord"}},
	"companies": {"", map[string]string{"phone": " 7", "name": " Group"}},
	"members":   {"", map[string]string{"title": " II", "headline": " II"}},
}

// ChangeCRM changes Accounts, Contacts and Leads. A deleted record stays, marked so. In a delta every other object has a
// file with its header alone.
func ChangeCRM(ctx context.Context, c Changes) (Changed, error) {
	var all Changed
	places, err := filepath.Glob(filepath.Join(c.Org, "crm", "*.csv*"))
	if err != nil {
		return all, fmt.Errorf("demo: %w", err)
	}
	if c.Delta != "" {
		if err := os.MkdirAll(c.Delta, 0o755); err != nil {
			return all, fmt.Errorf("demo: %w", err)
		}
	}
	objects := map[string]*changing{}
	for _, place := range places {
		object, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(place), ".gz"), ".csv"), "-")
		o := objects[object]
		if o == nil {
			o = &changing{Changes: c, object: object, stamp: stamp(c.At.Unix()), met: map[string]bool{}, changed: &all}
			objects[object] = o
		} else if c.Delta != "" && o.edited() == nil {
			continue // one header is enough
		}
		if c.Delta == "" && o.edited() == nil {
			continue
		}
		if err := o.page(ctx, place); err != nil {
			return all, fmt.Errorf("demo: change %s: %w", filepath.Base(place), err)
		}
	}
	return all, nil
}

// ChangeDirectory changes companies and members in place. What is deleted is no longer in their files.
func ChangeDirectory(ctx context.Context, c Changes) (Changed, error) {
	var all Changed
	c.Delta = ""
	for _, name := range []string{"companies.csv", "members.csv.gz"} {
		list, _, _ := strings.Cut(name, ".")
		o := &changing{Changes: c, object: list, met: map[string]bool{}, changed: &all}
		if err := o.page(ctx, filepath.Join(c.Org, "directory", name)); err != nil {
			return all, fmt.Errorf("demo: change %s: %w", name, err)
		}
	}
	return all, nil
}

// changing is one object or list on its way.
type changing struct {
	Changes
	object  string
	stamp   string          // of the CRM's records
	met     map[string]bool // records chosen so far: a second row of one is an older version, or becomes it
	started bool            // the delta's file
	changed *Changed
}

func (o *changing) edited() map[string]string { return edits[o.object].columns }

// page changes one file, or adds what changed in it to the delta.
func (o *changing) page(ctx context.Context, place string) (err error) {
	in, err := os.Open(place)
	if err != nil {
		return err
	}
	defer in.Close()
	var from io.Reader = bufio.NewReaderSize(in, 1<<16)
	packed := strings.HasSuffix(place, ".gz")
	if packed {
		if from, err = gzip.NewReader(from); err != nil {
			return err
		}
	}
	to := place + ".changed"
	if o.Delta != "" {
		to, packed = filepath.Join(o.Delta, o.object+".csv"), false
	}
	out, err := o.create(to, packed)
	if err != nil {
		return err
	}
	if err = o.rows(ctx, csv.NewReader(from), out.rows); err == nil {
		err = out.close()
	}
	if err != nil || o.Delta != "" {
		return err
	}
	return os.Rename(to, place)
}

type changedFile struct {
	rows *csv.Writer
	file *os.File
	gz   *gzip.Writer
}

func (o *changing) create(place string, packed bool) (*changedFile, error) {
	mode := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if o.Delta != "" && o.started {
		mode = os.O_WRONLY | os.O_APPEND
	}
	f, err := os.OpenFile(place, mode, 0o644)
	if err != nil {
		return nil, err
	}
	c := &changedFile{file: f, rows: csv.NewWriter(f)}
	if packed {
		c.gz = gzip.NewWriter(f)
		c.rows = csv.NewWriter(c.gz)
	}
	return c, nil
}

func (c *changedFile) close() error {
	c.rows.Flush()
	err := c.rows.Error()
	if c.gz != nil {
		if e := c.gz.Close(); err == nil {
			err = e
		}
	}
	if e := c.file.Close(); err == nil {
		err = e
	}
	return err
}

func (o *changing) rows(ctx context.Context, in *csv.Reader, out *csv.Writer) error {
	header, err := in.Read()
	if err != nil {
		return err
	}
	header = slices.Clone(header)
	if !o.started || o.Delta == "" {
		o.started = true
		if err := out.Write(header); err != nil {
			return err
		}
	}
	if o.edited() == nil {
		return nil
	}
	in.ReuseRecord = true
	for n := 0; ; n++ {
		row, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err == nil && n%10_000 == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = o.row(header, row, out)
		}
		if err != nil {
			return err
		}
	}
}

// row writes what becomes of a row: itself, changed or not, and a new record beside it.
func (o *changing) row(header, row []string, out *csv.Writer) error {
	h := fnv.New64a()
	io.WriteString(h, o.object+row[0]) //nolint:errcheck // a hash takes everything
	d := draw(mix(h.Sum64() + mix(o.Seed+1)))
	if !d.chance(o.PerMille) || o.met[row[0]] {
		if o.Delta != "" {
			return nil
		}
		return out.Write(row)
	}
	o.met[row[0]] = true
	cell := func(name string) *string { return &row[slices.Index(header, name)] }
	edit := func() {
		for name, more := range o.edited() {
			*cell(name) += more
		}
	}
	switch n := d.n(20); {
	case n < 14:
		o.changed.Edited++
		edit()
	case n < 17:
		o.changed.Deleted++
		if o.stamp == "" {
			return nil
		}
		*cell("IsDeleted") = "true"
	default:
		o.changed.New++
		if o.Delta == "" {
			if err := out.Write(row); err != nil {
				return err
			}
		}
		row[0] = o.newID(row[0])
		edit()
	}
	if o.stamp != "" {
		*cell("LastModifiedDate"), *cell("SystemModstamp") = o.stamp, o.stamp
	}
	return out.Write(row)
}

// newID is an Id that Generate gives to no record.
func (o *changing) newID(old string) string {
	if o.stamp == "" {
		return fmt.Sprintf("%s-%d", old, o.Seed)
	}
	return crmID(edits[o.object].prefix, 100_000_000+int(o.Seed%1000)*1_000_000+o.changed.New)
}
