package score

import (
	"io"
	"maps"
	"slices"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// mostSince is the share of records, one in so many, from which on those that differ from a roll are not noted beside it: it is
// written anew. It changes no result.
const mostSince = 8

// openedRoll is the roll of an earlier call, or what was noted beside it, mapped.
type openedRoll struct {
	*linkage.Roll
	files   [][]byte
	closing []func() error
}

func (o *openedRoll) close() {
	for _, c := range o.closing {
		c() //nolint:errcheck // nothing was written
	}
}

// openRoll maps the roll that an earlier call left for an index; without one, where the directory is the same, only what was noted beside it.
func (r *scoring) openRoll(e Earlier, before *linkage.Index) (*openedRoll, error) {
	index, ids := before, e.Out.Rolls()
	if before == nil {
		index, ids = r.index, ids[1:]
	}
	return mapRoll(r.session, index, ids)
}

func mapRoll(s *sql.Session, index *linkage.Index, ids []string) (*openedRoll, error) {
	o := &openedRoll{}
	for _, id := range ids {
		data, close, err := s.MapObject(id)
		if err != nil {
			o.close()
			return nil, err
		}
		o.files, o.closing = append(o.files, data), append(o.closing, close)
	}
	var err error
	if o.Roll, err = index.ReadRoll(o.files...); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// noteChanged notes the records that differ beside the earlier roll, or writes it anew where they have become many.
func (r *scoring) noteChanged(e Earlier, since *openedRoll, records *linkage.Records) error {
	if int64(since.Replaced()+len(r.changed))*mostSince > r.in.CRM.Rows {
		all, err := mapRoll(r.session, r.index, e.Out.Rolls())
		if err == nil {
			defer all.close()
			r.rolls.Roll, err = r.session.WriteObject(func(w io.Writer) error {
				if err := all.Each(r.changed, func(p *linkage.RollPiece) error { return p.Write(w) }); err != nil {
					return err
				}
				return records.WriteRoll(w, nil)
			})
		}
		if !sql.Damaged(err) { // else whoever builds upon it scores all
			return err
		}
	}
	var err error
	r.rolls.Roll = e.Out.Roll
	r.rolls.RollSince, err = r.session.WriteObject(func(w io.Writer) error {
		for _, data := range since.files {
			if _, err := w.Write(data); err != nil {
				return err
			}
		}
		return records.WriteRoll(w, slices.Sorted(maps.Keys(r.changed)))
	})
	return err
}
