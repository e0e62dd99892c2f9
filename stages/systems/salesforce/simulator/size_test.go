package simulator

import (
	"fmt"

	"github.com/klauspost/compress/gzip"
	"io"
	"runtime"
	"testing"
)

// grow makes an org with so many Contacts.
func grow(t testing.TB, n int) *Server {
	t.Helper()
	s := New(Options{})
	c := s.store.table("Contact")
	cells := make([]string, len(c.fields))
	for i := range n {
		for name, value := range map[string]string{"AccountId": newID("001", i%1000), "FirstName": "Joanna", "LastName": fmt.Sprint("Gajniewska-", i), "Name": fmt.Sprint("Joanna Gajniewska-", i),
			"Email": fmt.Sprintf("joanna.gajniewska-%d@example.com", i), "Title": "Supply Chain Team Lead", "MailingCity": "Portland", "MailingCountry": "United States", "Phone": "+1 617 555 0123",
			"CreatedDate": "2023-02-16T12:10:41.000Z", "LastModifiedDate": "2026-04-04T08:55:23.000Z", "SystemModstamp": "2026-04-04T08:55:23.000Z", "IsDeleted": "false", "OwnerId": newID("005", i%20)} {
			cells[c.place(name)] = value
		}
		id := newID("003", i)
		cells[c.place("Id")] = id
		c.put(id, encode(cells))
	}
	return s
}

// A million records must fit beside what is tested. What is measured is the heap per record, of the store and of a job over
// all of it.
func TestSize(t *testing.T) {
	const n = 20_000
	heap := func() int64 {
		runtime.GC()
		runtime.GC() // what other tests left goes here, and not between two measures
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	s := grow(t, n)
	stored := heap()
	q, bad := parse("SELECT Id, Name FROM Contact")
	if bad != nil {
		t.Fatal(bad)
	}
	j := &job{operation: "query", version: "66.0"}
	if bad := s.store.fill(j, q, nil); bad != nil {
		t.Fatal(bad)
	}
	held := heap()
	if per := (stored - before) / n; per > 500 {
		t.Errorf("%d bytes a record", per)
	}
	if per := (held - stored) / n; per > 20 {
		t.Errorf("%d bytes a record of a job", per)
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(j)
}

func BenchmarkPage(b *testing.B) {
	const n = 50_000
	s := grow(b, n)
	q, _ := parse("SELECT Id, AccountId, FirstName, LastName, Name, Email, Title, MailingCity, MailingCountry, Phone, CreatedDate, LastModifiedDate, SystemModstamp, OwnerId FROM Contact")
	j := &job{operation: "query", version: "66.0", delimiter: "COMMA", ending: "LF"}
	if err := s.store.fill(j, q, nil); err != nil {
		b.Fatal(err)
	}
	for _, packed := range []bool{false, true} {
		b.Run(fmt.Sprint("gzip=", packed), func(b *testing.B) {
			for b.Loop() {
				var out io.Writer = io.Discard
				if packed {
					out, _ = gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
				}
				sent, err := j.write(out, 0, n, &Switches{})
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(sent)
			}
		})
	}
}
