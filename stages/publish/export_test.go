package publish

import (
	"testing"

	"github.com/crmlink/crmlink/sql"
)

// Made are the files that a call runs itself for tables and checks: all that it does not take over.
func Made(t *testing.T, s *sql.Session, in In) []string {
	t.Helper()
	p := newPublication(t.Context(), s, in)
	p.copies = true
	p.before(in, *in.Earlier)
	p.all(in)
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.made
}
