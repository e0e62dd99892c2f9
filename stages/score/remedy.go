package score

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// RemediesIn is In with the changes that may be tried, table patch_company or patch_person, and the probability from
// which a candidate is a match, in millionths.
type RemediesIn struct {
	In
	Patches         sql.Snapshot `json:"patches"`
	ThresholdMicros int64        `json:"threshold_micros"`
	// Only are the records whose patches are tried, a table differing, and Kept what was found for all others; absent where
	// all are.
	Only sql.Snapshot `json:"only,omitzero"`
	Kept sql.Snapshot `json:"kept,omitzero"`
	// KeptIndex is the index that Kept was found with, and KeptGrounds what it rests on in that directory (RemediesOut.Grounds).
	// Where the index is another, it is told from the grounds what becomes of Kept; records of which it cannot be are tried
	// beside those of Only.
	KeptIndex   string `json:"kept_index,omitempty"`
	KeptGrounds string `json:"kept_grounds,omitempty"`
	// Rolls are those of the call that scored the same records, from which few are taken at less cost; none where they are not known.
	Rolls []string `json:"-"`
}

// FitsWith says whether what an earlier call found can be built upon, whether or not the directory is the same.
func (in RemediesIn) FitsWith(earlier RemediesIn) bool {
	return in.ThresholdMicros == earlier.ThresholdMicros && (&Earlier{In: earlier.In}).fits(in.In)
}

// RemediesOut is table remedy, and the object that says what it rests on in the directory.
type RemediesOut struct {
	Remedies sql.Snapshot `json:"remedies"`
	Grounds  string       `json:"grounds"`
}

// Objects are what RemediesOut names that is no table.
func (o RemediesOut) Objects() []string { return []string{o.Grounds} }

// Remedies finds the smallest change of each record without entity that would make it match one of its candidates: it
// scores the record anew with each change that is proposed, and with two of them.
func Remedies(ctx context.Context, s *sql.Session, in RemediesIn) (RemediesOut, error) {
	if in.Only.Table != "" && in.Only.Rows == 0 && in.KeptIndex == in.Index { // nothing differs
		return RemediesOut{in.Kept, in.KeptGrounds}, nil
	}
	out, err := remedies(ctx, s, in)
	if err != nil {
		return RemediesOut{}, fmt.Errorf("seek changes: %w", err)
	}
	return out, nil
}

func remedies(ctx context.Context, s *sql.Session, in RemediesIn) (out RemediesOut, err error) {
	index, closeIndex, err := openIndex(s, in.Section, in.Index)
	if err != nil {
		return out, err
	}
	defer closeIndex() //nolint:errcheck // nothing was written
	t := trial{session: s, in: in, index: index, grounds: linkage.OverGrounds(nil), workers: s.Threads()}
	if t.scorer, err = linkage.NewScorer(index, in.Parameters, nil); err != nil {
		return out, err
	}
	if in.Only.Table != "" {
		closeGrounds, err := t.begin(ctx)
		if err != nil {
			return out, err
		}
		defer closeGrounds() //nolint:errcheck // nothing was written
		for _, name := range []string{retriedRecords, unsureRecords, settledRecords} {
			defer s.Drop(ctx, name) //nolint:errcheck // temporary
		}
	}
	if out.Remedies, err = t.run(ctx); err != nil {
		return out, err
	}
	out.Grounds, err = s.WriteObject(func(to io.Writer) error {
		_, err := t.grounds.WriteTo(to)
		return err
	})
	return out, err
}

// quest is some records without entity, and the changes to try on them.
type quest struct {
	records *linkage.Records
	rows    map[string]int // by Id of the record
	asks    []ask
	begun   map[int]bool // records whose changes have come
	names   map[string]string
}

// ask is one record and one of its candidates.
type ask struct {
	linkage.Ask
	object, id     string
	fields, values []string
	place          int64 // of the last change
}

// proposed are the changes of the records that a relation names; empty, of all.
type proposed struct {
	patches sql.Snapshot
	of      string
}

// read reads the changes and, where there are none yet, the records of a part of the table that a relation names, empty for those that the first
// changes are of.
// No other may have changes.
func (q *quest) read(ctx context.Context, s *sql.Session, in RemediesIn, crm sql.Snapshot, of string, from ...proposed) error {
	for i, p := range from {
		columns, err := patchColumns(in.Section, p.patches)
		if err != nil {
			return err
		}
		// Files are in the order of the table's key, and are read in their order.
		query := "SELECT " + columns + " FROM patch"
		if p.of == "" {
			err = s.BindAs(ctx, "patch", p.patches)
		} else {
			table, _ := schemas.Lookup(p.patches.Table)
			query += " SEMI JOIN " + p.of + " USING (crm_id) ORDER BY " + strings.Join(table.Key, ", ")
			err = s.BindFor(ctx, "patch", p.patches, "(SELECT crm_id FROM "+p.of+")")
		}
		if err != nil {
			return err
		}
		if i == 0 {
			if err := q.readRecords(ctx, s, in, crm, cmp.Or(of, "patch")); err != nil {
				return err
			}
		}
		if err := s.Each(ctx, query, nil, q.add); err != nil {
			return err
		}
	}
	return nil
}

// readRecords reads the records that a relation names, where there are none yet, and notes where each is.
func (q *quest) readRecords(ctx context.Context, s *sql.Session, in RemediesIn, crm sql.Snapshot, of string) error {
	if q.records.Len() == 0 {
		if err := eachRecordOf(ctx, s, in.Section, crm, in.Known, of, q.records.Append); err != nil {
			return err
		}
	}
	for i := range q.records.Len() {
		q.rows[q.records.ID(i)] = i
	}
	return nil
}

// patchColumns are those that are read of a table of patches.
func patchColumns(section linkage.Section, patches sql.Snapshot) (string, error) {
	columns, err := section.LeftColumns()
	if err != nil {
		return "", err
	}
	table, ok := schemas.Lookup(patches.Table)
	if !ok {
		return "", fmt.Errorf("table %q is not declared", patches.Table)
	}
	read := append(slices.Clone(table.Key), "field", "value", "changed")
	for _, c := range columns {
		if _, has := table.Column(c); has && !slices.Contains(read, c) {
			read = append(read, c)
		}
	}
	for i, c := range read {
		read[i] = schemas.Quote(c)
	}
	return strings.Join(read, ", "), nil
}

func (q *quest) add(batch arrow.RecordBatch) error {
	first := q.records.Len()
	if err := q.records.Append(batch); err != nil {
		return err
	}
	column := func(name string) arrow.Array { return batch.Column(batch.Schema().FieldIndices(name)[0]) }
	texts := func(name string) *array.String { return column(name).(*array.String) }
	objects, ids, entities, fields, values := texts("object"), texts("crm_id"), texts("entity_id"), texts("field"), texts("value")
	places, changed := column("place").(*array.Int64), column("changed").(array.ListLike)
	names := changed.ListValues().(*array.String)
	var columns []string
	for i := range int(batch.NumRows()) {
		row, ok := q.rows[ids.Value(i)]
		if !ok {
			return fmt.Errorf("a change is proposed for a record that is not live")
		}
		if !q.follows(row, entities.Value(i), places.Value(i)) {
			return fmt.Errorf("changes are not in the order of their key")
		}
		if last := len(q.asks) - 1; last < 0 || q.asks[last].Record != row || q.asks[last].Entity != entities.Value(i) {
			q.asks = append(q.asks, ask{Ask: linkage.Ask{Record: row, Entity: strings.Clone(entities.Value(i))},
				object: strings.Clone(objects.Value(i)), id: strings.Clone(ids.Value(i))})
		}
		a := &q.asks[len(q.asks)-1]
		a.place = places.Value(i)
		columns = columns[:0]
		from, to := changed.ValueOffsets(i)
		for k := from; k < to; k++ {
			columns = append(columns, names.Value(int(k)))
		}
		a.Patches = append(a.Patches, q.records.Patch(first+i, columns...))
		a.fields, a.values = append(a.fields, q.name(fields.Value(i))), append(a.values, strings.Clone(values.Value(i)))
	}
	return nil
}

// follows says whether a change may come after the last one: those of one record stand together, by candidate and place.
func (q *quest) follows(row int, entity string, place int64) bool {
	if len(q.asks) > 0 {
		if last := &q.asks[len(q.asks)-1]; last.Record == row {
			return last.Entity < entity || last.Entity == entity && last.place < place
		}
	}
	again := q.begun[row]
	q.begun[row] = true
	return !again
}

// name is one string for all that are equal: fields are few.
func (q *quest) name(text string) string {
	known, ok := q.names[text]
	if !ok {
		known = strings.Clone(text)
		q.names[known] = known
	}
	return known
}

// answer writes the smallest change of each record: one field before two, then what is tried first, then the entity to
// which it gives the higher probability, then the lower id.
func (q *quest) answer(ctx context.Context, t *trial, w *sql.Writer) error {
	asks := make([]linkage.Ask, len(q.asks))
	for i, a := range q.asks {
		asks[i] = a.Ask
	}
	found, err := t.scorer.Remedies(q.records, asks, t.in.ThresholdMicros, t.workers)
	if err != nil {
		return err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.Remedy.Arrow())
	defer b.Release()
	for i := 0; i < len(asks); {
		best, next := i, i+1
		rest := []linkage.Ground{found[i].Grounds}
		for ; next < len(asks) && asks[next].Record == asks[i].Record; next++ {
			rest = append(rest, found[next].Grounds)
			if q.smaller(found, next, best) {
				best = next
			}
		}
		chosen := -1
		if len(found[best].Patches) > 0 {
			chosen = best - i
		}
		t.grounds.Put(q.asks[i].id, chosen, rest...)
		if r := found[best]; len(r.Patches) > 0 {
			a := q.asks[best]
			for k, text := range []string{a.object, a.id, a.Entity} {
				b.Field(k).(*array.StringBuilder).Append(text)
			}
			for k, from := range [][]string{a.fields, a.values} {
				list := b.Field(3 + k).(*array.ListBuilder)
				list.Append(true)
				for _, p := range r.Patches {
					list.ValueBuilder().(*array.StringBuilder).Append(from[p])
				}
			}
			b.Field(5).(*array.Decimal128Builder).Append(decimal128.FromI64(r.Probability))
		}
		i = next
	}
	return write(ctx, w, b)
}

func (q *quest) smaller(found []linkage.Remedy, a, b int) bool {
	x, y := found[a], found[b]
	if len(x.Patches) == 0 || len(y.Patches) == 0 {
		return len(x.Patches) > 0
	}
	place := func(at int, r linkage.Remedy) (places []int) {
		for _, p := range r.Patches {
			places = append(places, slices.Index(order, q.asks[at].fields[p]))
		}
		return places
	}
	c := cmp.Or(cmp.Compare(len(x.Patches), len(y.Patches)), slices.Compare(place(a, x), place(b, y)), cmp.Compare(y.Probability, x.Probability))
	return c < 0
}

// order is how well a person could know a field, best first: as patches are proposed, for all objects together. The two
// candidates of one record may be asked about different fields.
var order = []string{"Website", "AccountId", "Company", "BillingCountry", "ShippingCountry", "MailingCountry", "Country",
	"BillingCity", "ShippingCity", "MailingCity", "City", "Name", "FirstName", "LastName", "Email"}
