package simulator

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Churned counts what users did.
type Churned struct{ Edited, Owned, Deleted, New, Merged, Converted int }

// Total is how many records users touched.
func (c Churned) Total() int {
	return c.Edited + c.Owned + c.Deleted + c.New + c.Merged + c.Converted
}

func (c Churned) String() string {
	return fmt.Sprintf("%d records: %d edited, %d changed hands, %d new, %d deleted, %d merged, %d converted", c.Total(), c.Edited, c.Owned, c.New, c.Deleted, c.Merged, c.Converted)
}

// Churn does to a share of the live Accounts, Contacts and Leads, at least one of each, what users do to them in a day. The
// same seed does the same to the same org.
func (s *Server) Churn(share float64, seed uint64) (Churned, error) {
	var done Churned
	for k, object := range []string{schemas.Account, schemas.Contact, schemas.Lead} {
		random := rand.New(rand.NewPCG(seed, uint64(k)))
		live := s.live(object)
		owners := s.live(schemas.User)
		random.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
		if len(live) < 4 || len(owners) == 0 {
			continue
		}
		n := min(max(1, int(share*float64(len(live)))), len(live)/2)
		for i, id := range live[:n] {
			if err := s.touch(object, id, live[len(live)-1-i], owners[random.IntN(len(owners))], random, &done); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// live are the records that users work with.
func (s *Server) live(object string) []string {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t := s.store.table(object)
	deleted, converted, id := t.place("IsDeleted"), t.place("IsConverted"), t.place("Id")
	ids := []string{}
	var cells []string
	for _, r := range t.rows {
		if r == "" {
			continue
		}
		cells = r.cells(cells, len(t.fields))
		if deleted >= 0 && cells[deleted] == "true" || converted >= 0 && cells[converted] == "true" {
			continue
		}
		ids = append(ids, cells[id])
	}
	return ids
}

func (s *Server) touch(object, id, other, owner string, random *rand.Rand, done *Churned) error {
	before, _ := s.Record(object, id)
	edited := map[string]Cells{
		schemas.Account: {"Phone": fmt.Sprintf("+49 30 %07d", random.IntN(10_000_000)), "Name": strings.TrimSuffix(before["Name"], " Group") + " Group"},
		schemas.Contact: {"Title": strings.TrimSuffix(before["Title"], " II") + " II", "Phone": fmt.Sprintf("+49 30 %07d", random.IntN(10_000_000))},
		schemas.Lead:    {"Title": strings.TrimSuffix(before["Title"], " II") + " II", "City": before["City"] + " Nord"},
	}[object]
	var err error
	switch n := random.IntN(20); {
	case n < 12:
		done.Edited++
		edited["Id"] = id
		_, err = s.Upsert(object, edited)
	case n < 15:
		done.Owned++
		err = s.Own(object, owner, id)
	case n < 16:
		done.Deleted++
		err = s.Delete(object, id)
	case n < 17 && object == schemas.Lead:
		done.Converted++
		_, err = s.Convert(id, Conversion{WithOpportunity: random.IntN(2) == 0})
	case n < 17:
		done.Merged++
		err = s.Merge(object, other, id)
	default:
		done.New++
		for _, name := range []string{"Id", "SystemModstamp", "CreatedDate", "LastModifiedDate"} {
			delete(before, name)
		}
		for name, value := range edited {
			before[name] = value
		}
		_, err = s.Upsert(object, before)
	}
	return err
}
