package normalize

import (
	"bufio"
	"embed"
	"fmt"
	"strings"
)

// The lists are open data: text files that anyone can read, correct and extend. Each has a version line; the program's
// version names them all, so a change of a list is a change of the program.
//
//go:embed data/*.tsv data/*.txt
var listFiles embed.FS

// rowsOf reads a data file: one slice of cells per line, comments left out. A broken embedded file is a bug, caught by
// the first test that starts, so it panics.
func rowsOf(name string, cells int) [][]string {
	f, err := listFiles.Open("data/" + name)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	var rows [][]string
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		line := strings.TrimSpace(in.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != cells {
			panic(fmt.Sprintf("normalize: data/%s: want %d cells: %s", name, cells, line))
		}
		rows = append(rows, row)
	}
	if err := in.Err(); err != nil {
		panic(err)
	}
	return rows
}

// kind says in which rows of a list a word stands, one bit each.
type kind uint16

// compactOf is a folded text without spaces.
func compactOf(s string) string { return strings.ReplaceAll(Fold(s), " ", "") }

// Knows says whether a data file contains a word: list is nickname, legal_form, abbreviation or honorific. It lets a
// test measure how much of its variants the lists cover.
func Knows(list, word string) bool {
	switch list {
	case "nickname":
		_, ok := shipped().nicknames[Fold(word)]
		return ok
	case "legal_form":
		form := shipped().legalForms[compactOf(word)]
		_, dotted := shipped().dottedForms[word]
		return form.name != "" || dotted
	case "abbreviation":
		w := Fold(word)
		_, company := shipped().abbreviations[w]
		_, street := streetWords[w]
		_, title := titleAbbreviations[w]
		return company || street || title
	case "honorific":
		w := compactOf(word)
		return shipped().honorific[w]&(honorFront|honorTitle|honorEnd|honorCare) != 0
	}
	return false
}
