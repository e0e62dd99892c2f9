package normalize

import (
	"slices"
	"strings"
	"testing"
)

func TestReadKnowledge_OwnListsReplaceAndExtend(t *testing.T) {
	know, err := readKnowledge(map[string][]byte{
		"nicknames.tsv":       []byte("# mine\n# version: 3\nrobert\tbertl\n"),
		"freemail.add.txt":    []byte("Post.example mail.test\n"),
		"legal_forms.add.tsv": []byte("\ufeffzz\tend\tzeta zusammenschluss|zz\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if roots := know.nicknames["bertl"]; !slices.Equal(roots, []string{"robert"}) || len(know.nicknames) != 1 {
		t.Errorf("bertl: %v, %d forms in all: the list was not replaced", roots, len(know.nicknames))
	}
	if !know.freeMail["post.example"] || !know.freeMail["gmail.com"] {
		t.Error("the free-mail list was not extended")
	}
	if n := know.parseCompany("Acme Zeta Zusammenschluss", &nameplace{}); n.key != "acme" || n.legal != "zz" {
		t.Errorf("%+v", n)
	}
	if know.parseName("Bob", "Smith", "").roots[0] != "bob" || shipped().parseName("Bob", "Smith", "").roots[1] != "robert" {
		t.Error("the shipped lists changed, or count beside the own ones")
	}
}

func TestCheckKnowledge_NamesFileAndLine(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"nicknames.tsv", "# x\nbob\tbobby\nbob bobby\n", "nicknames.tsv, line 3: want 2 cells"},
		{"nickname.tsv", "", "nickname.tsv is no list of crmlink; there are abbreviations.tsv"},
		{"honorifics.add.tsv", "middle\tbla\n", `honorifics.add.tsv, line 1: there is no kind "middle"`},
		{"legal_forms.tsv", "x\tbehind\tx\n", `legal_forms.tsv, line 1: want end, front, both or dotted, got "behind"`},
	} {
		err := CheckKnowledge(map[string][]byte{c.file: []byte(c.text)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.file, err, c.want)
		}
	}
	for _, name := range Lists() {
		text, ok := List(strings.Replace(name, ".add.", ".", 1))
		if !ok {
			t.Errorf("%s: no shipped list", name)
		} else if err := CheckKnowledge(map[string][]byte{name: text}); err != nil {
			t.Errorf("%s: a copy of the shipped list: %v", name, err)
		}
	}
}

// Every shipped list says where it comes from, under which licence, and which version it is.
func TestShippedListsSayWhatTheyAre(t *testing.T) {
	for _, l := range Shipped() {
		text, _ := List(l.Name)
		if l.Version == "" || l.Doc == "" || l.Entries == 0 || !strings.Contains(string(text), "CC0-1.0") {
			t.Errorf("%+v", l)
		}
	}
}
