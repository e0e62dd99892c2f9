package normalize

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// PatchesIn is what changes are proposed from: the records without entity, what the CRM and the directory hold of them
// and their candidates, and for people the accounts that may be linked to. A zero Snapshot is an empty table.
type PatchesIn struct {
	Unmatched  sql.Snapshot `json:"unmatched"`
	Accounts   sql.Snapshot `json:"raw_account,omitzero"`
	Contacts   sql.Snapshot `json:"raw_contact,omitzero"`
	Leads      sql.Snapshot `json:"raw_lead,omitzero"`
	Companies  sql.Snapshot `json:"raw_company"`
	Members    sql.Snapshot `json:"raw_member,omitzero"`
	DirCompany sql.Snapshot `json:"dir_company"`
	DirMember  sql.Snapshot `json:"dir_member,omitzero"`
	CRMCompany sql.Snapshot `json:"crm_company,omitzero"`
	Mapping    sql.Snapshot `json:"mapping,omitzero"` // of accounts, as people were matched with it
	// Survey and SharedMail are what Directory and CRM found.
	Survey     string `json:"survey"`
	SharedMail string `json:"shared_mail"`
	// Knowledge are the administrator's lists, as in DirectoryIn.
	Knowledge map[string]string `json:"knowledge,omitempty"`
	// Only are the records to propose for, a table differing, and Kept what was proposed for all others; absent where it
	// is for all.
	Only sql.Snapshot `json:"only,omitzero"`
	Kept sql.Snapshot `json:"kept,omitzero"`
}

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

// patcher writes patches of one kind.
type patcher struct {
	*run
	*worker
	written map[string]written // records without entity, by Id
	to      *rowWriter
}

// patch is one field with its new value, and the normal form that follows.
type patch struct {
	field, value string
	form         form
}

// form is the columns of a normal form that can change; a text is a list of one.
type form map[string][]string

func textCell(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// without leaves out the columns in which two forms agree: what a change leaves as it is must not undo another change.
func (f form) without(other form) form {
	rest := form{}
	for name, cell := range f {
		if !slices.Equal(cell, other[name]) {
			rest[name] = cell
		}
	}
	return rest
}

func patches(ctx context.Context, s *sql.Session, in PatchesIn, table schemas.Table, file string, sources []source,
	propose func(p *patcher, in rows, i int) []patch) (PatchesOut, error) {
	fail := func(err error) (PatchesOut, error) { return PatchesOut{}, fmt.Errorf("%s: %w", file, err) }
	r, err := newRun(s, in.Knowledge)
	if err == nil {
		err = errors.Join(r.readSurvey(in.Survey), r.readSharedMail(in.SharedMail))
	}
	if err != nil {
		return fail(err)
	}
	p := patcher{run: r, worker: r.workers[0], written: map[string]written{}, to: newRowWriter(table)}
	defer p.to.release()
	if err := in.bind(ctx, s); err != nil {
		return fail(err)
	}
	if in.Only.Table != "" {
		if err := p.only(ctx, in); err != nil {
			return fail(err)
		}
	}
	for _, from := range sources {
		if in.Only.Table != "" {
			if from.snapshot, err = s.Holding(ctx, from.snapshot, "(SELECT crm_id FROM unmatched)"); err != nil {
				return fail(err)
			}
		}
		if err := p.readWritten(ctx, from); err != nil {
			return fail(err)
		}
	}
	f, err := sql.Named("normalize/" + file)
	if err != nil {
		return fail(err)
	}
	out, err := s.Writer(ctx, table)
	if err != nil {
		return fail(err)
	}
	var batches []arrow.RecordBatch // written after reading: the session does one thing at a time
	defer func() {
		for _, b := range batches {
			b.Release()
		}
	}()
	err = s.Each(ctx, f.Text, nil, func(batch arrow.RecordBatch) error {
		in, err := rowsIn(batch)
		if err != nil {
			return err
		}
		found := make([][]patch, batch.NumRows())
		p.share(len(found), func(w *worker, from, to int) {
			q := patcher{run: p.run, worker: w, written: p.written}
			for i := from; i < to; i++ {
				found[i] = propose(&q, in, i)
			}
		})
		for i, changes := range found {
			place := int64(0)
			for _, c := range changes {
				if len(c.form) == 0 {
					continue
				}
				place++
				p.write(table, in.text(0, i), in.text(1, i), in.text(2, i), place, c)
			}
		}
		if p.to.rows >= rowsPerWrite {
			batches = append(batches, p.to.batch())
		}
		return nil
	})
	batches = append(batches, p.to.batch())
	for _, b := range batches {
		if err == nil {
			err = out.Write(ctx, b)
		}
	}
	if err != nil {
		out.Discard(ctx) //nolint:errcheck // the first error counts
		return fail(err)
	}
	var snap sql.Snapshot
	if in.Only.Table != "" {
		snap, err = out.Amend(ctx, in.Kept, "SELECT crm_id FROM differing")
	} else {
		snap, err = out.Save(ctx)
	}
	if err != nil {
		return fail(err)
	}
	return PatchesOut{snap}, nil
}

// bind makes readable what proposals are made from beside the record's own raw values.
func (in PatchesIn) bind(ctx context.Context, s *sql.Session) error {
	for name, snap := range map[string]sql.Snapshot{"unmatched": in.Unmatched, "raw_company": in.Companies, "raw_member": in.Members,
		"dir_company": in.DirCompany, "dir_member": in.DirMember, "crm_company": in.CRMCompany, "mapping": in.Mapping} {
		if err := s.BindAs(ctx, name, snap.Or(name)); err != nil {
			return err
		}
	}
	return nil
}

// write adds a row; the columns stand in the order of the table.
func (p *patcher) write(table schemas.Table, object, id, entity string, place int64, c patch) {
	w := p.to
	for _, text := range []string{object, id, entity} {
		w.text(text)
	}
	w.count(place)
	w.text(c.field)
	w.text(c.value)
	var changed []string
	for name := range c.form {
		changed = append(changed, name)
	}
	slices.Sort(changed)
	w.list(changed)
	for _, column := range table.Columns[w.column:] {
		cell := c.form[column.Name]
		switch {
		case column.Type.ID() == arrow.LIST:
			w.list(cell)
		case len(cell) > 0:
			w.text(cell[0])
		default:
			w.text("")
		}
	}
	w.end()
}

// only leaves the other records out of those without entity, and files without their candidates out of the directory's.
func (p *patcher) only(ctx context.Context, in PatchesIn) error {
	s := p.session
	if err := s.Bind(ctx, in.Only); err != nil {
		return err
	}
	if err := s.BindFor(ctx, "all_unmatched", in.Unmatched.Or("unmatched"), "(SELECT crm_id FROM differing)"); err != nil {
		return err
	}
	if err := s.StepQuery(ctx, "SELECT * FROM all_unmatched SEMI JOIN differing USING (crm_id)", schemas.Unmatched); err != nil {
		return err
	}
	for name, snap := range map[string]sql.Snapshot{"raw_member": in.Members, "dir_member": in.DirMember} {
		if err := s.BindFor(ctx, name, snap.Or(name), "(SELECT unnest([best_entity_id, second_entity_id]) FROM unmatched)"); err != nil {
			return err
		}
	}
	return nil
}
