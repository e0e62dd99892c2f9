package normalize

import "strings"

// place is where a record is, folded.
type place struct {
	street, house, city, region, postal, country string
}

// countries leads from a folded name, alpha-2 or alpha-3 code to the alpha-2 code; countryWords from the names that may
// be cut off a company's name to the country's calling name.
var countries, countryWords = func() (map[string]string, map[string]string) {
	codes, words := map[string]string{}, map[string]string{}
	rows := rowsOf("countries.tsv", 3)
	for _, row := range rows {
		names := strings.Split(row[2], "|")
		for _, name := range names {
			bare, ambiguous := strings.CutSuffix(name, "*")
			bare = Fold(bare)
			codes[bare] = row[0]
			if !ambiguous && (len(bare) > 3 || bare == "usa" || bare == "uk" || bare == "uae") {
				words[bare] = Fold(strings.TrimSuffix(names[0], "*"))
			}
		}
	}
	// Codes yield to names: a name may be somebody's code.
	for _, row := range rows {
		for _, code := range row[:2] {
			if _, ok := codes[Fold(code)]; !ok {
				codes[Fold(code)] = row[0]
			}
		}
	}
	return codes, words
}()

// worldRegions leads from a folded part of the world to the form it is compared in.
var worldRegions = func() map[string]string {
	m := map[string]string{}
	for _, row := range rowsOf("world_regions.txt", 1) {
		names := strings.Split(row[0], "|")
		for _, name := range names {
			m[Fold(name)] = Fold(names[0])
		}
	}
	return m
}()

// countryOf gives the alpha-2 code of a country as written.
func countryOf(s string) string {
	f := Fold(s)
	if f == "" {
		return ""
	}
	if code, ok := countries[f]; ok {
		return code
	}
	if code, ok := countries[strings.TrimPrefix(f, "the ")]; ok {
		return code
	}
	// "Germany (DE)", "DE - Germany", "Sydney, Australia"
	if i := strings.IndexAny(s, "(,-/"); i > 0 {
		if code, ok := countries[Fold(s[:i])]; ok {
			return code
		}
		if code, ok := countries[Fold(s[i:])]; ok {
			return code
		}
	}
	return ""
}

// regions leads from country and folded name or code to the code.
var regions = func() map[string]map[string]string {
	m := map[string]map[string]string{}
	for _, row := range rowsOf("regions.tsv", 3) {
		if m[row[0]] == nil {
			m[row[0]] = map[string]string{}
		}
		m[row[0]][Fold(row[1])] = row[1]
		for _, name := range strings.Split(row[2], "|") {
			m[row[0]][Fold(name)] = row[1]
		}
	}
	return m
}()

// statesAnywhere are the full names of states that mean the same in any address: where the country is not given, they
// become the code they would be with it.
var statesAnywhere = func() map[string]string {
	m := map[string]string{}
	for _, country := range []string{"AU", "CA", "US"} {
		for name, code := range regions[country] {
			if len(name) > 3 {
				m[name] = code
			}
		}
	}
	return m
}()

// regionOf gives a region's code where the country has known codes, else the folded text. Codes are lower case, as all
// that is compared.
func regionOf(s, country string) string {
	f := Fold(s)
	if f == "" || placeholderPlace[f] {
		return ""
	}
	codes := regions[country]
	if country == "" {
		if code, ok := statesAnywhere[f]; ok {
			return strings.ToLower(code)
		}
	}
	if code, ok := codes[f]; ok {
		return strings.ToLower(code)
	}
	if prefix, rest, ok := strings.Cut(f, " "); ok && country != "" && prefix == strings.ToLower(country) { // US-CA
		if code, ok := codes[rest]; ok {
			return strings.ToLower(code)
		}
	}
	for _, word := range []string{" state", " province", " prefecture", " region", " county"} {
		if rest, ok := strings.CutSuffix(f, word); ok {
			if code, ok := codes[rest]; ok {
				return strings.ToLower(code)
			}
		}
	}
	for _, word := range []string{"state of ", "province of ", "estado de ", "provincia di ", "provincia de ", "land "} {
		if rest, ok := strings.CutPrefix(f, word); ok {
			if code, ok := codes[rest]; ok {
				return strings.ToLower(code)
			}
			return rest
		}
	}
	return f
}

var placeholderPlace = map[string]bool{"na": true, "n a": true, "none": true, "unknown": true, "not provided": true, "other": true,
	"null": true, "x": true, "xx": true, "xxx": true, "tbd": true, "not applicable": true, "not available": true, "": true}

// cities leads from a folded name of a large city to the form it is compared in.
var cities = func() map[string]string {
	m := map[string]string{}
	for _, row := range rowsOf("cities.txt", 1) {
		names := strings.Split(row[0], "|")
		for _, name := range names {
			m[saint(Fold(name))] = saint(Fold(names[0]))
			m[Fold(name)] = saint(Fold(names[0]))
		}
	}
	return m
}()

// saint writes the st in front of a city's name out.
func saint(city string) string {
	for _, short := range []string{"st ", "ste ", "sankt ", "sint "} {
		if rest, ok := strings.CutPrefix(city, short); ok {
			return "saint " + rest
		}
	}
	return city
}

// cityOf folds a city: one spelling for large cities, saint written out, without district numbers, "Greater … Area"
// and what stands behind a comma or in parentheses.
func cityOf(s string) string {
	if len(s) < 5 && placeholderPlace[Fold(s)] {
		return ""
	}
	if i := strings.IndexAny(s, ",(;/"); i > 0 {
		s = s[:i]
	}
	f := saint(Fold(s))
	if placeholderPlace[f] {
		return ""
	}
	if city, ok := cities[f]; ok {
		return city
	}
	f = strings.TrimPrefix(f, "greater ")
	f = strings.TrimPrefix(f, "city of ")
	for _, tail := range []string{" metropolitan area", " metro area", " bay area", " area", " city", " cedex"} {
		if rest, ok := strings.CutSuffix(f, tail); ok && (tail != " city" || cities[rest] != "") {
			f = rest
		}
	}
	if i := strings.Index(f, " cedex "); i > 0 {
		f = f[:i]
	}
	words := strings.Fields(f)
	for len(words) > 1 && hasDigit(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	for len(words) > 1 && hasDigit(words[0]) { // a postal code in front
		words = words[1:]
	}
	if len(words) == 0 || hasDigit(words[0]) {
		return ""
	}
	f = strings.Join(words, " ")
	if city, ok := cities[f]; ok {
		return city
	}
	return f
}

// postalOf gives a postal code: upper case, without spaces and signs, the country's letters and the last four of a US
// ZIP+4 left out, the zero that spreadsheets eat put back.
func postalOf(s, country string) string {
	code := make([]byte, 0, 12)
	zip4 := false
	for i := 0; i < len(s) && len(code) < 12; i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9' || 'A' <= c && c <= 'Z':
			code = append(code, c)
		case 'a' <= c && c <= 'z':
			code = append(code, c-'a'+'A')
		case c == '-' && len(code) == 5 && len(s)-i == 5 && digitsOnly(code):
			zip4 = true
		}
	}
	text := string(code)
	if country != "" && len(text) > 4 && strings.HasPrefix(text, country) && digitsOnly(code[2:]) {
		text = text[2:]
	} else if len(text) == 6 && strings.IndexByte("DFIA", text[0]) >= 0 && digitsOnly(code[1:]) && (country == "DE" || country == "FR" || country == "IT") {
		text = text[1:]
	}
	switch {
	case zip4 && (country == "US" || country == ""), country == "US" && len(text) == 9 && digitsOnly(code):
		text = text[:5]
	case (country == "US" || country == "DE" || country == "FR" || country == "IT" || country == "ES") && len(text) == 4 && digitsOnly(code):
		text = "0" + text
	}
	if len(text) < 2 || !hasDigit(text) || strings.Trim(text, "0") == "" {
		return ""
	}
	return text
}

func digitsOnly(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}
