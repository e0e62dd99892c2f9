package normalize

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// heldRecords are the records without entity as the CRM holds them, and what of their candidates may be proposed. All
// texts lie in the batches.
type heldRecords struct {
	at      map[string]heldRecord
	parts   [schemas.ManyParts][]asked
	batches []arrow.RecordBatch
}

type heldRecord struct {
	in   *rows
	i    int32
	file string
}

// asked is a candidate of a record.
type asked struct {
	object, id, entity string
	in                 *rows
	i                  int32
}

func (h *heldRecords) hold(batch arrow.RecordBatch) (*rows, error) {
	in, err := rowsIn(batch)
	if err == nil {
		batch.Retain()
		h.batches = append(h.batches, batch)
	}
	return in, err
}

func (h *heldRecords) release() {
	for _, b := range h.batches {
		b.Release()
	}
}

// ask keeps the candidates of a batch.
func (h *heldRecords) ask(batch arrow.RecordBatch) error {
	in, err := h.hold(batch)
	for i := 0; i < int(batch.NumRows()) && err == nil; i++ {
		a := asked{in.text(0, i), in.text(1, i), in.text(2, i), in, int32(i)}
		n := sql.PartOf(a.id)
		h.parts[n] = append(h.parts[n], a)
	}
	return err
}

// written is what the CRM holds of a record without entity, as far as a change may be proposed or follows from one.
type written struct {
	object                                string
	name, website                         string // of a lead: Company and Website
	given, family, whole, email           string
	phones                                []string
	account                               string
	city, region, postal, country, prefix string // prefix of the address fields that count
}

// readWritten holds the records without entity. They are read with the files that normalize reads with, so that both see
// the same.
func (r *run) readWritten(ctx context.Context, from source, held *heldRecords) error {
	return r.eachPart(ctx, from.snapshot, from.file, func(query string) error { return r.holdWritten(ctx, query, from.file, held) })
}

// readSomeWritten is readWritten for few records.
func (r *run) readSomeWritten(ctx context.Context, from source, held *heldRecords) error {
	f, err := sql.Named("normalize/" + from.file)
	if err != nil {
		return err
	}
	if err := r.session.BindFor(ctx, f.In[0], from.snapshot.Or(f.In[0]), "(SELECT crm_id FROM unmatched)"); err != nil {
		return err
	}
	return r.holdWritten(ctx, f.Text, from.file, held)
}

func (r *run) holdWritten(ctx context.Context, query, file string, held *heldRecords) error {
	query = "SELECT * FROM (" + query + ") WHERE \"Id\" IN (SELECT crm_id FROM unmatched WHERE best_entity_id IS NOT NULL)"
	return r.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
		in, err := held.hold(batch)
		for i := 0; i < int(batch.NumRows()) && err == nil; i++ {
			held.at[in.text(0, i)] = heldRecord{in, int32(i), file}
		}
		return err
	})
}

// written are the raw values of a record, its lists in room; false where the CRM does not hold it.
func (h *heldRecords) written(id string, room *room) (w written, ok bool) {
	at, ok := h.at[id]
	if !ok {
		return w, false
	}
	text := func(c int) string { return at.in.text(c, int(at.i)) }
	address := 10
	switch at.file {
	case "read_account":
		w = written{object: schemas.Account, name: text(3), website: text(4), phones: room.filled(text(5)), prefix: "Shipping"}
		if address = 8; at.in.flag(13, int(at.i)) {
			w.prefix = "Billing"
		}
	case "read_contact":
		w = written{object: schemas.Contact, account: text(2), given: text(3), family: text(4), whole: text(5), email: text(6),
			phones: room.filled(text(7), text(8)), prefix: "Mailing"}
	case "read_lead":
		w = written{object: schemas.Lead, name: text(2), website: text(3), given: text(4), family: text(5), email: text(6),
			phones: room.filled(text(7), text(8))}
	}
	w.city, w.region, w.postal, w.country = text(address+1), text(address+2), text(address+3), text(address+4)
	return w, true
}
