package normalize

import (
	"slices"
	"testing"
)

func TestFromLocals(t *testing.T) {
	for _, c := range []struct {
		first, last, local string
		given, surname     string
		root               string
	}{
		{"J.", "Smith", "john.smith", "john", "smith", "john"},
		{"J.", "Smith", "smith_john77", "john", "smith", "john"},
		{"J.", "Smith", "johnsmith", "john", "smith", "john"},
		{"J.", "Smith", "jsmith", "j", "smith", "j"},
		{"J.", "Smith", "mary.smith", "j", "smith", "j"}, // somebody else's address
		{"", "Smith", "bob.smith", "bob", "smith", "robert"},
		{"", "van der Berg", "anna.vanderberg", "anna", "van der berg", "anna"},
		{"Mary", "Smith", "john.smith", "mary", "smith", "mary"},
		{"Barhoum", "Al-Dosari", "ibrahim.aldosari", "barhoum", "al dosari", "ibrahim"},
		{"Anna", "", "anna.kowalski", "anna", "kowalski", "anna"},
		{"", "", "john.smith", "john", "smith", "john"},
		{"", "", "blue.widgets", "", "", ""},
		{"", "Smith", "sales.team", "", "smith", ""},
	} {
		n := shipped().fromLocals(shipped().parseName(c.first, c.last, ""), []string{c.local})
		if n.given != c.given || n.surname != c.surname || c.root != "" && !slices.Contains(n.roots, c.root) {
			t.Errorf("%+v: given %q surname %q roots %v", c, n.given, n.surname, n.roots)
		}
		if c.first == "Mary" && slices.Contains(n.roots, "john") {
			t.Error("a known given name took the name of the address")
		}
	}
}
