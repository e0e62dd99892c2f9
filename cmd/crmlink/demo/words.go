package demo

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

// The generator keeps its own lists and imports none of the pipeline's: a matcher that is tested on variants from its own
// tables is tested on nothing.
//
//go:embed words/*.txt
var files embed.FS

// word is one name in Latin letters and, where the culture writes otherwise, in its own script.
type word struct{ latin, own string }

// culture is a stock of names that are used together.
type culture struct {
	code         string
	male, female []word
	last         []word
	head, tail   []word
	nicks        map[string][]string
	maleRanks    ranks
	femaleRanks  ranks
	lastRanks    ranks
}

type country struct {
	code, name, dial, currency, tld string
	other                           []string
	cultures                        []*culture
	weights                         []int
	style                           string
	forms                           []string
}

type city struct {
	name, region, code, postal, area string
	other                            []string
	country                          *country
}

type family struct {
	name  string
	other []string
}

type words struct {
	cultures  map[string]*culture
	names     []string // culture codes in a fixed order: maps have none
	countries map[string]*country
	order     []*country
	cities    []*city
	cityRanks ranks
	byCountry map[string][]int
	streets   map[string][2][]string
	list      map[string][]string
	industry  map[string][]string
	abbrev    map[string][]string
	abbrevs   []family
	ranks     []family
	functions []family
	chiefs    []family
}

func readWords() (*words, error) {
	w := &words{
		cultures: map[string]*culture{}, countries: map[string]*country{}, byCountry: map[string][]int{},
		streets: map[string][2][]string{}, list: map[string][]string{}, industry: map[string][]string{}, abbrev: map[string][]string{},
	}
	for _, read := range []func() error{w.readNames, w.readCountries, w.readCities, w.readStreets, w.readLists} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("demo words: %w", err)
		}
	}
	return w, nil
}

// lines calls f with each line of a file and the section it stands in.
func lines(name string, f func(section, line string) error) error {
	b, err := files.ReadFile("words/" + name)
	if err != nil {
		return err
	}
	section := ""
	for n, l := range strings.Split(string(b), "\n") {
		l = strings.TrimSpace(l)
		switch {
		case l == "" || l[0] == '#':
		case l[0] == '[':
			section = strings.Trim(l, "[]")
		default:
			if err := f(section, l); err != nil {
				return fmt.Errorf("%s:%d: %w", name, n+1, err)
			}
		}
	}
	return nil
}

func spaced(s string) string { return strings.ReplaceAll(s, "_", " ") }

func fields(l string) []string {
	out := strings.Fields(l)
	for i := range out {
		out[i] = spaced(out[i])
	}
	return out
}

func (w *words) readNames() error {
	all, err := files.ReadDir("words")
	if err != nil {
		return err
	}
	for _, f := range all {
		code, ok := strings.CutPrefix(f.Name(), "names_")
		if !ok {
			continue
		}
		c := &culture{code: strings.TrimSuffix(code, path.Ext(code)), nicks: map[string][]string{}}
		err := lines(f.Name(), func(section, l string) error {
			if section == "nick" {
				name, nicks, ok := strings.Cut(l, ":")
				if !ok {
					return fmt.Errorf("nickname line without a colon")
				}
				c.nicks[name] = strings.Fields(nicks)
				return nil
			}
			var list []word
			for _, x := range fields(l) {
				latin, own, _ := strings.Cut(x, "=")
				list = append(list, word{latin, own})
			}
			switch section {
			case "male":
				c.male = append(c.male, list...)
			case "female":
				c.female = append(c.female, list...)
			case "last":
				c.last = append(c.last, list...)
			case "head":
				c.head = append(c.head, list...)
			case "tail":
				c.tail = append(c.tail, list...)
			default:
				return fmt.Errorf("unknown section %q", section)
			}
			return nil
		})
		if err != nil {
			return err
		}
		c.maleRanks, c.femaleRanks, c.lastRanks = newRanks(len(c.male), 8), newRanks(len(c.female), 8), newRanks(len(c.last), 14)
		w.cultures[c.code] = c
		w.names = append(w.names, c.code)
	}
	return nil
}

func (w *words) readCountries() error {
	return lines("countries.txt", func(_, l string) error {
		f := strings.Split(l, "|")
		if len(f) != 9 {
			return fmt.Errorf("%d columns, want 9", len(f))
		}
		c := &country{code: f[0], name: f[1], other: strings.Split(f[2], ";"), dial: f[3], currency: f[4], tld: f[5], style: f[7], forms: strings.Split(f[8], ";")}
		for _, x := range strings.Split(f[6], ",") {
			code, share, _ := strings.Cut(x, ":")
			cu := w.cultures[code]
			n := 0
			if _, err := fmt.Sscan(share, &n); err != nil || cu == nil {
				return fmt.Errorf("culture %q", x)
			}
			c.cultures, c.weights = append(c.cultures, cu), append(c.weights, n)
		}
		w.countries[c.code] = c
		w.order = append(w.order, c)
		return nil
	})
}

func (w *words) readCities() error {
	var sum uint64
	return lines("cities.txt", func(_, l string) error {
		f := strings.Split(l, "|")
		if len(f) != 8 || w.countries[f[4]] == nil {
			return fmt.Errorf("want 8 columns and a known country")
		}
		c := &city{name: f[0], region: f[2], code: f[3], country: w.countries[f[4]], postal: f[5], area: f[6]}
		if f[1] != "" {
			c.other = strings.Split(f[1], ";")
		}
		var weight uint64
		if _, err := fmt.Sscan(f[7], &weight); err != nil {
			return err
		}
		sum += weight
		w.byCountry[f[4]] = append(w.byCountry[f[4]], len(w.cities))
		w.cities, w.cityRanks = append(w.cities, c), append(w.cityRanks, sum)
		return nil
	})
}

func (w *words) readStreets() error {
	return lines("streets.txt", func(section, l string) error {
		s := w.streets[section]
		if kinds, ok := strings.CutPrefix(l, "="); ok {
			s[1] = strings.Split(kinds, ";")
		} else {
			s[0] = fields(l)
		}
		w.streets[section] = s
		return nil
	})
}

func (w *words) readLists() error {
	read := func(section, l string) error {
		head, rest, _ := strings.Cut(l, ":")
		fam := family{head, strings.Split(rest, ";")}
		switch section {
		case "industry":
			f := strings.Split(l, ";")
			w.industry[f[0]] = f[1:]
		case "abbreviation":
			fam.other = strings.Fields(rest)
			w.abbrev[head] = fam.other
			w.abbrevs = append(w.abbrevs, fam)
		case "rank":
			w.ranks = append(w.ranks, fam)
		case "function":
			w.functions = append(w.functions, fam)
		case "chief":
			w.chiefs = append(w.chiefs, fam)
		case "pronouns": // several words may stand in one pair of brackets
			w.list[section] = append(w.list[section], strings.Fields(l)...)
		default:
			w.list[section] = append(w.list[section], fields(l)...)
		}
		return nil
	}
	if err := lines("companies.txt", read); err != nil {
		return err
	}
	return lines("titles.txt", read)
}
