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
//go:embed data/*
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

// wordSet reads a file of words separated by spaces.
func wordSet(name string) map[string]bool {
	set := map[string]bool{}
	for _, row := range rowsOf(name, 1) {
		for _, word := range strings.Fields(row[0]) {
			set[word] = true
		}
	}
	return set
}

// kind says in which lists of a file a word stands, one bit each.
type kind uint16

// kindsOf reads a file of "kind <TAB> words": bit i of a word is set where it stands under names[i]. Names that end in
// | hold texts separated by | instead of words. Words are compared folded and without spaces, texts folded.
func kindsOf(file string, names ...string) map[string]kind {
	words := map[string]kind{}
	for _, row := range rowsOf(file, 2) {
		bit, known := kind(0), false
		for i, name := range names {
			if plain, isTexts := strings.CutSuffix(name, "|"); plain == row[0] {
				bit, known = 1<<i, true
				if isTexts {
					for text := range strings.SplitSeq(row[1], "|") {
						words[Fold(text)] |= bit
					}
				} else {
					for word := range strings.FieldsSeq(row[1]) {
						words[word] |= bit
						words[compactOf(word)] |= bit
					}
				}
			}
		}
		if !known {
			panic(fmt.Sprintf("normalize: data/%s: kind %s is not known", file, row[0]))
		}
	}
	return words
}

// compactOf is a folded text without spaces.
func compactOf(s string) string { return strings.ReplaceAll(Fold(s), " ", "") }

// Knows says whether a data file contains a word: list is nickname, legal_form, abbreviation or honorific. It lets a
// test measure how much of its variants the lists cover.
func Knows(list, word string) bool {
	switch list {
	case "nickname":
		_, ok := nicknames[Fold(word)]
		return ok
	case "legal_form":
		form := legalForms[compactOf(word)]
		_, dotted := dottedForms[word]
		return form.name != "" || dotted
	case "abbreviation":
		w := Fold(word)
		_, company := abbreviations[w]
		_, street := streetWords[w]
		_, title := titleAbbreviations[w]
		return company || street || title
	case "honorific":
		w := compactOf(word)
		return honorific[w]&(honorFront|honorTitle|honorEnd|honorCare) != 0
	}
	return false
}
