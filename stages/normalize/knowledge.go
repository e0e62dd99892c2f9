package normalize

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// knowledge is what the replaceable lists say. It is only read, so goroutines share it; memos are one goroutine's own.
type knowledge struct {
	memos         *nameMemos
	honorific     map[string]kind
	noise         map[string]kind
	nicknames     map[string][]string  // from each form of a given name to the names it may stand for, in alphabetical order
	givenNames    map[string]bool      // all that nicknames speaks of
	nativeNames   map[string]string    // from a name in its own writing to its usual spelling in Latin letters
	abbreviations map[string][]string  // from an abbreviation in company names to the words it stands for
	legalForms    map[string]legalForm // from a spelling without spaces and signs to its form
	dottedForms   map[string]string    // spellings that count only letter for letter (S.p.A., not a day spa)
	eastForms     []eastForm           // spellings in East Asian writing, which stand without a space, longest first
	legalEnds     map[string]bool      // the words a form may end with, however it is cut into words
	legalStarts   map[string]bool      // the same for its beginning
	freeMail      map[string]bool
	sharedHosts   map[string]bool
	roleLocals    map[string]bool
}

// shipped is what the program's own lists say. They are compiled in and read by every test, so a fault in them panics. They
// are taken apart when first asked for: most verbs answer without them.
var shipped = sync.OnceValue(func() *knowledge {
	know, err := readKnowledge(nil)
	if err != nil {
		panic(err)
	}
	return know
})

// replaceable are the lists that an administrator may replace or extend, with the number of cells in a row. The others
// (countries, regions, cities, streets, titles) are part of the program.
var replaceable = map[string]int{"abbreviations.tsv": 2, "freemail.txt": 1, "honorifics.tsv": 2, "legal_forms.tsv": 3, "native_names.tsv": 2,
	"nicknames.tsv": 2, "noise.tsv": 2, "role_locals.txt": 1, "shared_hosts.txt": 1}

// Lists names the files that an administrator may put into a folder of knowledge: <list> takes the place of the shipped
// list, <name>.add.<end> is read behind it.
func Lists() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(replaceable)) {
		names = append(names, name, addition(name))
	}
	return names
}

func addition(name string) string {
	stem, end, _ := strings.Cut(name, ".")
	return stem + ".add." + end
}

// List is the text of a shipped list; false where there is none of the name.
func List(name string) ([]byte, bool) {
	if replaceable[name] == 0 {
		return nil, false
	}
	text, err := listFiles.ReadFile("data/" + name)
	return text, err == nil
}

// CheckKnowledge says what is wrong with an administrator's lists, by file name; the error names file and line.
func CheckKnowledge(own map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if !slices.Contains(Lists(), name) {
			return fmt.Errorf("%s is no list of crmlink; there are %s", name, strings.Join(Lists(), ", "))
		}
	}
	_, err := readKnowledge(own)
	return err
}

// listReader reads lists, the administrator's in place of the shipped ones, and keeps the first fault.
type listReader struct {
	own map[string][]byte
	err error
}

func (r *listReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// listRow is a row with the place it came from.
type listRow struct {
	cells []string
	file  string
	line  int
}

func (r *listReader) rows(name string) []listRow {
	text, replaced := r.own[name]
	if !replaced {
		text, _ = List(name)
	}
	rows := r.parse(name, text, replaceable[name])
	if more, ok := r.own[addition(name)]; ok {
		rows = append(rows, r.parse(addition(name), more, replaceable[name])...)
	}
	return rows
}

func (r *listReader) parse(name string, text []byte, cells int) []listRow {
	var rows []listRow
	in := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	in.Buffer(nil, 1<<20)
	for line := 1; in.Scan(); line++ {
		t := strings.TrimSpace(in.Text())
		if t == "" || strings.HasPrefix(t, "#") {
			continue
		}
		row := listRow{cells: strings.Split(t, "\t"), file: name, line: line}
		if len(row.cells) != cells {
			r.fail("%s, line %d: want %d cells with tabs between them, got %d", name, line, cells, len(row.cells))
			continue
		}
		rows = append(rows, row)
	}
	if err := in.Err(); err != nil {
		r.fail("%s: %w", name, err)
	}
	return rows
}

// words reads a list of words separated by spaces.
func (r *listReader) words(name string) map[string]bool {
	set := map[string]bool{}
	for _, row := range r.rows(name) {
		for _, word := range strings.Fields(row.cells[0]) {
			set[strings.ToLower(word)] = true
		}
	}
	return set
}

// kinds reads a list of "kind <TAB> words": bit i of a word is set where it stands under names[i]. Names that end in |
// hold texts separated by | instead of words. Words are compared folded and without spaces, texts folded.
func (r *listReader) kinds(file string, names ...string) map[string]kind {
	words := map[string]kind{}
	for _, row := range r.rows(file) {
		i := slices.IndexFunc(names, func(name string) bool { return strings.TrimSuffix(name, "|") == row.cells[0] })
		switch {
		case i < 0:
			r.fail("%s, line %d: there is no kind %q", row.file, row.line, row.cells[0])
		case strings.HasSuffix(names[i], "|"):
			for text := range strings.SplitSeq(row.cells[1], "|") {
				words[Fold(text)] |= 1 << i
			}
		default:
			for word := range strings.FieldsSeq(row.cells[1]) {
				words[word] |= 1 << i
				words[compactOf(word)] |= 1 << i
			}
		}
	}
	return words
}

// readKnowledge reads all replaceable lists, with the administrator's files by name.
func readKnowledge(own map[string][]byte) (*knowledge, error) {
	r := &listReader{own: own}
	know := &knowledge{
		honorific: r.kinds("honorifics.tsv", "front", "title", "end", "care", "particle", "vietnamese", "family_first"),
		noise: r.kinds("noise.tsv", "anywhere", "ends", "tail", "generic", "connector", "placeholder_local", "placeholder_domain",
			"placeholder_company|", "placeholder_person|"),
		nicknames: r.nicknames(), nativeNames: map[string]string{}, abbreviations: map[string][]string{},
		freeMail: r.words("freemail.txt"), sharedHosts: r.words("shared_hosts.txt"), roleLocals: r.words("role_locals.txt"),
	}
	know.givenNames = map[string]bool{}
	for form, roots := range know.nicknames {
		know.givenNames[form] = true
		for _, root := range roots {
			know.givenNames[root] = true
		}
	}
	for _, row := range r.rows("native_names.tsv") {
		for _, spelling := range strings.Fields(row.cells[1]) {
			know.nativeNames[spelling] = Fold(row.cells[0])
		}
	}
	for _, row := range r.rows("abbreviations.tsv") {
		know.abbreviations[Fold(row.cells[0])] = strings.Fields(Fold(row.cells[1]))
	}
	r.legal(know)
	return know, r.err
}

func (r *listReader) nicknames() map[string][]string {
	forms := map[string][]string{}
	for _, row := range r.rows("nicknames.tsv") {
		root := Fold(row.cells[0])
		for _, form := range strings.Fields(Fold(row.cells[1])) {
			if !slices.Contains(forms[form], root) && form != root {
				forms[form] = append(forms[form], root)
			}
		}
	}
	for _, roots := range forms {
		slices.Sort(roots)
	}
	return forms
}

// legal reads the legal forms.
func (r *listReader) legal(know *knowledge) {
	forms, dotted := map[string]legalForm{}, map[string]string{}
	for _, row := range r.rows("legal_forms.tsv") {
		name := row.cells[0]
		place, countries, _ := strings.Cut(row.cells[1], ":")
		if !slices.Contains([]string{"end", "front", "both", "dotted"}, place) {
			r.fail("%s, line %d: want end, front, both or dotted, got %q", row.file, row.line, place)
		}
		if countries != "" {
			countries = "," + countries + ","
		}
		for _, spelling := range strings.Split(row.cells[2], "|") {
			if isEastAsian(spelling) {
				know.eastForms = append(know.eastForms, eastForm{spelling, name})
				continue
			}
			if place == "dotted" {
				dotted[spelling] = name
				continue
			}
			key := compactOf(spelling)
			f, ok := forms[key]
			if !ok {
				f.name = name
			}
			f.end = f.end || place == "end" || place == "both"
			f.front = f.front || place == "front" || place == "both"
			if countries != "" && place == "end" {
				f.endIn = countries
			}
			if countries != "" && place != "end" {
				f.frontIn = countries
			}
			forms[key] = f
		}
	}
	slices.SortStableFunc(know.eastForms, func(a, b eastForm) int { return cmp.Compare(len(b.spelling), len(a.spelling)) })
	know.legalForms, know.dottedForms = forms, dotted
	know.legalEnds, know.legalStarts = map[string]bool{}, map[string]bool{}
	for form := range forms {
		for i := range form {
			know.legalEnds[form[i:]] = true
			know.legalStarts[form[:i+1]] = true
		}
	}
}

// ListInfo is what a list says of itself.
type ListInfo struct {
	Name, Addition, Version, Doc string
	Entries                      int
}

// Shipped describes the replaceable lists of the program.
func Shipped() []ListInfo {
	var all []ListInfo
	for _, name := range slices.Sorted(maps.Keys(replaceable)) {
		text, _ := List(name)
		all = append(all, About(name, text))
	}
	return all
}

// About reads a list's first comment, its version line and its number of entries.
func About(name string, text []byte) ListInfo {
	about := ListInfo{Name: name, Addition: addition(name)}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		comment, isComment := strings.CutPrefix(line, "#")
		comment = strings.TrimSpace(comment)
		version, isVersion := strings.CutPrefix(comment, "version:")
		switch {
		case line == "":
		case !isComment && replaceable[name] == 1: // lists of words, many in a line
			about.Entries += len(strings.Fields(line))
		case !isComment:
			about.Entries++
		case isVersion && about.Version == "":
			about.Version = strings.TrimSpace(version)
		case about.Doc == "":
			about.Doc, _, _ = strings.Cut(comment, ". ")
		}
	}
	return about
}
