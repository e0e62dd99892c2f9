package normalize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// PatchesOut is table patch_company or patch_person.
type PatchesOut struct {
	Patches sql.Snapshot `json:"patches"`
}

// CompanyPatches proposes single changes of accounts without entity: each field of a candidate that the directory
// fills, and what would become of the normal form. Which of them help is not decided here.
func CompanyPatches(ctx context.Context, s *sql.Session, in PatchesIn) (PatchesOut, error) {
	return patches(ctx, s, in, schemas.PatchCompany, "patch_company", []source{{in.Accounts, "read_account", nil}}, (*patcher).company)
}

// PersonPatches is CompanyPatches for contacts and leads.
func PersonPatches(ctx context.Context, s *sql.Session, in PatchesIn) (PatchesOut, error) {
	return patches(ctx, s, in, schemas.PatchPerson, "patch_person",
		[]source{{in.Contacts, "read_contact", nil}, {in.Leads, "read_lead", nil}}, (*patcher).person)
}

// patcher proposes for the records of one worker, one record after the other.
type patcher struct {
	*run
	*worker
	held  *heldRecords
	to    *formWriter
	cells form    // room for the forms of the record at hand
	now   current // the record at hand
}

// current is the record at hand, whose candidates come one after the other, with what was read last.
type current struct {
	id    string
	now   written
	live  bool // the CRM holds it
	base  numberedForm
	tried []patch
	all   []patch // what is proposed by the candidate at hand
	// Names of fields whose beginning depends on the record.
	countryField, cityField string
	// The parts of a name and the address that were read last: most changes leave one of them as it is.
	names [3]string
	name  personName
	email string
	who   person
}

// patch is one field with its new value, and the normal form that follows.
type patch struct {
	field, value string
	form         form
}

type proposer func(p *patcher, in *rows, i int) []patch

func patches(ctx context.Context, s *sql.Session, in PatchesIn, table schemas.Table, file string, sources []source, propose proposer) (PatchesOut, error) {
	out, err := propose.all(ctx, s, in, table, file, sources)
	if err != nil {
		return PatchesOut{}, fmt.Errorf("%s: %w", file, err)
	}
	return PatchesOut{out}, nil
}

func (propose proposer) all(ctx context.Context, s *sql.Session, in PatchesIn, table schemas.Table, file string, sources []source) (sql.Snapshot, error) {
	r, err := newRun(s, in.Knowledge)
	if err == nil {
		err = errors.Join(r.readSurvey(in.Survey), r.readSharedMail(in.SharedMail))
	}
	if err != nil {
		return sql.Snapshot{}, err
	}
	if err := in.bind(ctx, s); err != nil {
		return sql.Snapshot{}, err
	}
	if in.Only.Table != "" {
		if err := r.only(ctx, in, table); err != nil {
			return sql.Snapshot{}, err
		}
	}
	held := heldRecords{at: map[string]heldRecord{}}
	defer held.release()
	for _, from := range sources {
		read := r.readWritten
		if in.Only.Table != "" {
			read = r.readSomeWritten
		}
		if err := read(ctx, from, &held); err != nil {
			return sql.Snapshot{}, err
		}
	}
	f, err := sql.Named("normalize/" + file)
	if err != nil {
		return sql.Snapshot{}, err
	}
	if err := s.Each(ctx, f.Text, nil, held.ask); err != nil {
		return sql.Snapshot{}, err
	}
	var all []*patcher
	for _, w := range r.workers {
		p := newPatcher(r, w, &held, table)
		defer p.to.to.release()
		all = append(all, p)
	}
	if in.Only.Table != "" {
		return propose.amend(ctx, s, table, &held, all[0], in.Kept)
	}
	return propose.store(ctx, s, table, &held, all)
}

func newPatcher(r *run, w *worker, held *heldRecords, table schemas.Table) *patcher {
	return &patcher{run: r, worker: w, held: held, to: newFormWriter(table)}
}

// store makes the patches of each part in one piece, in the order of their key, and stores some parts while the next are
// made.
func (propose proposer) store(ctx context.Context, s *sql.Session, table schemas.Table, held *heldRecords, all []*patcher) (sql.Snapshot, error) {
	out, err := s.PartWriter(table)
	if err != nil {
		return sql.Snapshot{}, err
	}
	var made []piece
	defer func() { releasePieces(made) }()
	for start := 0; start < schemas.ManyParts; start += partsPerStoring {
		var next []piece
		for n := start; n < min(start+partsPerStoring, schemas.ManyParts); n++ {
			next = append(next, piece{part: n})
		}
		var making sync.WaitGroup
		var at atomic.Int64
		for _, p := range all {
			making.Go(func() {
				for k := at.Add(1) - 1; k < int64(len(next)); k = at.Add(1) - 1 {
					next[k].made = propose.piece(p, held.parts[next[k].part])
				}
			})
		}
		err := storePieces(ctx, out, made)
		making.Wait()
		releasePieces(made)
		if made = next; err != nil {
			return sql.Snapshot{}, err
		}
	}
	if err := storePieces(ctx, out, made); err != nil {
		return sql.Snapshot{}, err
	}
	return out.Save(ctx)
}

// amend makes the patches of the records that differ beside what was kept of all others.
func (propose proposer) amend(ctx context.Context, s *sql.Session, table schemas.Table, held *heldRecords, p *patcher, kept sql.Snapshot) (sql.Snapshot, error) {
	out, err := s.Writer(ctx, table)
	if err != nil {
		return sql.Snapshot{}, err
	}
	for n, candidates := range held.parts {
		propose.records(p, candidates)
		if p.to.to.rows < rowsPerWrite && n+1 < len(held.parts) {
			continue // parts are many and small here
		}
		batch := p.to.to.batch()
		err := out.Write(ctx, batch)
		batch.Release()
		if err != nil {
			out.Discard(ctx) //nolint:errcheck // the first error counts
			return sql.Snapshot{}, err
		}
	}
	return out.Amend(ctx, kept, "SELECT crm_id FROM differing")
}

// partsPerStoring is how many parts are in memory twice over: it changes no result.
const partsPerStoring = 4

// piece makes the patches of some records.
func (propose proposer) piece(p *patcher, candidates []asked) arrow.RecordBatch {
	propose.records(p, candidates)
	return p.to.to.batch()
}

// records adds the patches of some records to the rows at hand.
func (propose proposer) records(p *patcher, candidates []asked) {
	slices.SortFunc(candidates, func(a, b asked) int {
		return cmp.Or(strings.Compare(a.object, b.object), strings.Compare(a.id, b.id), strings.Compare(a.entity, b.entity))
	})
	for _, a := range candidates {
		if a.id != p.now.id {
			p.begin(a.id)
		}
		if !p.now.live {
			continue
		}
		place := int64(0)
		p.now.all = propose(p, a.in, int(a.i))
		for _, c := range p.now.all {
			if len(c.form) > 0 {
				place++
				p.write(a.object, a.id, a.entity, place, c)
			}
		}
	}
	p.now = current{}
}

// begin takes a record at hand; what was made for the one before is gone.
func (p *patcher) begin(id string) {
	p.room.begin()
	p.cells = p.cells[:0]
	p.now = current{id: id, tried: p.now.tried[:0], all: p.now.all[:0]}
	p.now.now, p.now.live = p.held.written(id, &p.room)
	p.now.countryField, p.now.cityField = p.now.now.prefix+"Country", p.now.now.prefix+"City"
}

// write adds a row; the columns stand in the order of the table.
func (p *patcher) write(object, id, entity string, place int64, c patch) {
	w := p.to.to
	w.text(object)
	w.text(id)
	w.text(entity)
	w.count(place)
	w.text(c.field)
	w.text(c.value)
	p.to.end(c.form)
}
