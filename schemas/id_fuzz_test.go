package schemas_test

import (
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// FuzzID: an Id of 15 letters and digits has one form of 18, which stands for itself; whatever else is refused, an Id whose
// capitals were changed on the way among it.
func FuzzID(f *testing.F) {
	f.Fuzz(func(t *testing.T, id string) {
		full, ok := schemas.FullID(id)
		if !ok {
			if full != "" {
				t.Errorf("%q is refused and gives %q", id, full)
			}
			if len(id) == 15 && strings.IndexFunc(id, notOfID) < 0 {
				t.Errorf("%q is refused", id)
			}
			return
		}
		if len(full) != 18 || full[:15] != id[:15] || strings.IndexFunc(full, notOfID) >= 0 {
			t.Fatalf("%q became %q", id, full)
		}
		if len(id) == 18 && full != id {
			t.Errorf("%q became %q", id, full)
		}
		for _, form := range []string{full, full[:15]} {
			if again, ok := schemas.FullID(form); !ok || again != full {
				t.Errorf("%q is %q, and its form %q is %q", id, full, form, again)
			}
		}
		for i := range 15 {
			if other := flipped(full, i); other != full {
				if _, ok := schemas.FullID(other); ok {
					t.Errorf("%q and %q are both taken", full, other)
				}
			}
		}
		for _, cut := range []string{full[:14], full[:16], full[:17], full + "A"} {
			if _, ok := schemas.FullID(cut); ok {
				t.Errorf("%q is taken", cut)
			}
		}
	})
}

func notOfID(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// flipped is an Id with one letter in the other case; the same where that is no letter.
func flipped(id string, i int) string {
	c := id[i : i+1]
	other := strings.ToUpper(c)
	if other == c {
		other = strings.ToLower(c)
	}
	return id[:i] + other + id[i+1:]
}
