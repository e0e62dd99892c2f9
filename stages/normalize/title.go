package normalize

import (
	"slices"
	"strings"
)

// jobTitle is a title: folded with abbreviations written out, and what it says.
type jobTitle struct{ text, function, rank string }

// kind is function and rank in one text; empty unless both are known.
func (t jobTitle) kind() string {
	if t.function == "" || t.rank == "" {
		return ""
	}
	return t.function + " " + t.rank
}

// knownTitle is a title with its kind.
type knownTitle struct {
	jobTitle
	kind string
}

func titleOf(s string) knownTitle {
	t := parseTitle(s)
	return knownTitle{t, t.kind()}
}

type rankPhrase struct {
	rank  string
	order int // the lower wins
}

// longestTitlePhrase is the number of words of the longest phrase of the data file.
const longestTitlePhrase = 5

var titleAbbreviations, rankPhrases, functionPhrases = func() (map[string]string, map[string]rankPhrase, map[string]string) {
	abbr, ranks, functions := map[string]string{}, map[string]rankPhrase{}, map[string]string{}
	for order, row := range rowsOf("title_words.tsv", 3) {
		for _, phrase := range strings.Split(row[2], "|") {
			phrase = Fold(phrase)
			switch row[0] {
			case "abbr":
				if _, ok := abbr[phrase]; !ok {
					abbr[phrase] = Fold(row[1])
				}
			case "rank":
				if _, ok := ranks[phrase]; !ok {
					ranks[phrase] = rankPhrase{row[1], order}
				}
			case "function":
				if _, ok := functions[phrase]; !ok {
					functions[phrase] = row[1]
				}
			}
		}
	}
	return abbr, ranks, functions
}()

// employerMarks stand between a title and the employer, headlineMarks between the parts of a headline.
var (
	employerMarks = []string{" at ", " @ ", " bei ", " chez "}
	headlineMarks = []string{" | ", " • ", " · "}
)

// employerIn is the company that a headline names: Acme in "Head of Sales at Acme | Speaker"; empty where none is.
func employerIn(headline string) string {
	headline = oneLine(headline)
	for _, at := range employerMarks {
		_, rest, found := strings.Cut(headline, at)
		if !found {
			continue
		}
		for _, end := range append([]string{", ", " - ", " – "}, headlineMarks...) {
			rest, _, _ = strings.Cut(rest, end)
		}
		return strings.TrimSpace(rest)
	}
	return ""
}

// leading is the function of those who lead a company; it yields to any other function a title names.
const leading = "general management"

// parseTitle folds a title and finds its function and rank. Where a function but no rank is named, the rank is staff.
func parseTitle(s string) jobTitle {
	s = oneLine(s)
	for _, at := range slices.Concat(employerMarks, headlineMarks) {
		if i := strings.Index(s, at); i > 2 {
			s = s[:i]
		}
	}
	text := writeOutTitle(Fold(s))
	if text == "" || placeholderPlace[text] {
		return jobTitle{}
	}
	t := jobTitle{text: text}
	best, longest := 1<<30, 0
	eachPhrase(text, longestTitlePhrase, func(phrase string, words int) bool {
		p, ok := rankPhrases[phrase]
		if ok && p.order < best {
			best, t.rank = p.order, p.rank
		}
		return ok
	})
	eachPhrase(text, longestTitlePhrase, func(phrase string, words int) bool {
		p, ok := functionPhrases[phrase]
		if ok && (t.function == "" || p != leading && (t.function == leading || words > longest)) {
			t.function, longest = p, words
		}
		return ok
	})
	if t.rank == "" && t.function != "" && t.function != leading {
		t.rank = "staff"
	}
	return t
}

// eachPhrase walks over a folded text and offers at each word the longest phrase first; where one is taken, the walk goes
// on behind it.
func eachPhrase(text string, longest int, take func(phrase string, words int) bool) {
	for text != "" {
		end, words := 0, 0
		for words < longest && end < len(text) {
			if words > 0 {
				end++
			}
			if i := strings.IndexByte(text[end:], ' '); i >= 0 {
				end += i
			} else {
				end = len(text)
			}
			words++
		}
		for words > 1 && !take(text[:end], words) {
			end = strings.LastIndexByte(text[:end], ' ')
			words--
		}
		if words == 1 {
			take(text[:end], 1)
		}
		text = strings.TrimPrefix(text[end:], " ")
	}
}

// writeOutTitle writes the abbreviations of a folded title out.
func writeOutTitle(text string) string {
	var out []string
	eachPhrase(text, 3, func(phrase string, words int) bool {
		full, ok := titleAbbreviations[phrase]
		switch {
		case ok:
			out = append(out, full)
		case words == 1:
			out = append(out, phrase)
		}
		return ok
	})
	return strings.Join(out, " ")
}
