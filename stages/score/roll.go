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

// openedRoll is the roll of an earlier call with what was noted beside it, mapped.
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
func (r *scoring) noteChanged(e Earlier, roll *openedRoll, records *linkage.Records) (err error) {
	if int64(roll.Replaced()+len(r.changed))*mostSince > r.in.CRM.Rows {
		r.rolls.Roll, err = r.session.WriteObject(func(w io.Writer) error {
			if err := roll.Each(r.changed, func(p *linkage.RollPiece) error { return p.Write(w) }); err != nil {
				return err
			}
			return records.WriteRoll(w, nil)
		})
		return err
	}
	r.rolls.Roll = e.Out.Roll
	r.rolls.RollSince, err = r.session.WriteObject(func(w io.Writer) error {
		for _, since := range roll.files[1:] {
			if _, err := w.Write(since); err != nil {
				return err
			}
		}
		return records.WriteRoll(w, slices.Sorted(maps.Keys(r.changed)))
	})
	return err
}
