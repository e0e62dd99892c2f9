package csvdir

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// A row that is rejected halfway leaves nothing behind, and a batch nothing for the next one, wherever bits and texts end.
func TestValues_TakeBackAndStartAgain(t *testing.T) {
	for cell, kind := range map[string]arrow.DataType{
		"text": schemas.Text, "a|b": schemas.TextList, "1.5": schemas.Number, "7": schemas.Int,
		"2026-01-02T17:38:59.000Z": schemas.Timestamp, "2026-01-02": schemas.Date, "true": schemas.Bool,
	} {
		column := &column{Column: schemas.Column{Type: kind}}
		fill := func(v *values, n int) {
			for i := range n {
				if i%3 == 1 {
					v.appendNull()
				} else if reason := v.parse(cell, column); reason != "" {
					t.Fatal(kind, reason)
				}
			}
		}
		for n := range 20 {
			want := newValues(kind)
			fill(want, n)
			got := newValues(kind)
			fill(got, 19)
			got.reset()
			fill(got, n)
			for _, null := range []bool{false, true} {
				if null {
					got.appendNull()
				} else {
					_ = got.parse(cell, column)
				}
				got.truncate(n)
			}
			a, b := got.array(kind), want.array(kind)
			if fmt.Sprint(a) != fmt.Sprint(b) || a.NullN() != b.NullN() || n > 1 && a.NullN() != (n+1)/3 {
				t.Fatalf("%d values of %s: got %v with %d nulls, want %v", n, kind, a, a.NullN(), b)
			}
		}
	}
}
