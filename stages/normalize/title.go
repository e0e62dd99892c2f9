package normalize

import "strings"

// jobTitle is a title: folded with abbreviations written out, and what it says.
type jobTitle struct{ text, function, rank string }

type rankPhrase struct {
	rank  string
	order int // the lower wins
}

type functionPhrase struct{ function string }

// longestTitlePhrase is the number of words of the longest phrase of the data file.
const longestTitlePhrase = 5

var titleAbbreviations, rankPhrases, functionPhrases = func() (map[string][]string, map[string]rankPhrase, map[string]functionPhrase) {
	abbr, ranks, functions := map[string][]string{}, map[string]rankPhrase{}, map[string]functionPhrase{}
	for order, row := range rowsOf("title_words.tsv", 3) {
		for _, phrase := range strings.Split(row[2], "|") {
			phrase = Fold(phrase)
			switch row[0] {
			case "abbr":
				if _, ok := abbr[phrase]; !ok {
					abbr[phrase] = strings.Fields(row[1])
				}
			case "rank":
				if _, ok := ranks[phrase]; !ok {
					ranks[phrase] = rankPhrase{row[1], order}
				}
			case "function":
				if _, ok := functions[phrase]; !ok {
					functions[phrase] = functionPhrase{row[1]}
				}
			}
		}
	}
	return abbr, ranks, functions
}()

// leading is the function of those who lead a company; it yields to any other function a title names.
const leading = "general management"

// parseTitle folds a title and finds its function and rank. Where a function but no rank is named, the rank is staff.
func parseTitle(s string) jobTitle {
	s = oneLine(s)
	for _, at := range []string{" at ", " @ ", " bei ", " chez ", " | ", " • ", " · "} {
		if i := strings.Index(s, at); i > 2 {
			s = s[:i]
		}
	}
	words := writeOutTitle(strings.Fields(Fold(s)))
	text := strings.Join(words, " ")
	if text == "" || placeholderPlace[text] {
		return jobTitle{}
	}
	t := jobTitle{text: text}
	best := 1 << 30
	for i := 0; i < len(words); {
		step := 1
		for n := min(longestTitlePhrase, len(words)-i); n > 0; n-- {
			if p, ok := rankPhrases[phrase(words[i:i+n])]; ok {
				if p.order < best {
					best, t.rank = p.order, p.rank
				}
				step = n
				break
			}
		}
		i += step
	}
	longest := 0
	for i := 0; i < len(words); {
		step := 1
		for n := min(longestTitlePhrase, len(words)-i); n > 0; n-- {
			if p, ok := functionPhrases[phrase(words[i:i+n])]; ok {
				if t.function == "" || t.function == leading && p.function != leading || n > longest && p.function != leading {
					t.function, longest = p.function, n
				}
				step = n
				break
			}
		}
		i += step
	}
	if t.rank == "" && t.function != "" && t.function != leading {
		t.rank = "staff"
	}
	return t
}

func phrase(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words, " ")
}

func writeOutTitle(words []string) []string {
	out := make([]string, 0, len(words)+4)
	for i := 0; i < len(words); {
		step := 1
		full := []string(nil)
		for n := min(3, len(words)-i); n > 0; n-- {
			if f, ok := titleAbbreviations[phrase(words[i:i+n])]; ok {
				full, step = f, n
				break
			}
		}
		if full == nil {
			full = words[i : i+1]
		}
		out = append(out, full...)
		i += step
	}
	return out
}
