package normalize

import "testing"

func TestStreetOf(t *testing.T) {
	for in, want := range map[string][2]string{
		"":                                    {"", ""},
		"435 s. la cienega blv.":              {"south la cienega boulevard", "435"},
		"435 S La Cienega Blvd, Suite 200":    {"south la cienega boulevard", "435"},
		"12224 ventura blvd.":                 {"ventura boulevard", "12224"},
		"701 Stone Canyon Rd.":                {"stone canyon road", "701"},
		"1 Main St":                           {"main street", "1"},
		"1 Main St NW":                        {"main street northwest", "1"},
		"12 St Marks Ave":                     {"saint marks avenue", "12"},
		"Hauptstr. 12a":                       {"hauptstrasse", "12a"},
		"Hauptstraße 12 a":                    {"hauptstrasse", "12a"},
		"Berliner Str. 5":                     {"berliner strasse", "5"},
		"12, rue de la Paix":                  {"rue de la paix", "12"},
		"Rua Augusta, 1500":                   {"rua augusta", "1500"},
		"C/ Mayor 5":                          {"calle mayor", "5"},
		"1/23 Pinkerton Cct":                  {"pinkerton circuit", "1/23"},
		"38 salkauskas crescent":              {"salkauskas crescent", "38"},
		"5th Avenue 350":                      {"5th avenue", "350"},
		"350 5th Ave Fl 20":                   {"5th avenue", "350"},
		"P.O. Box 123":                        {"po box", "123"},
		"PO Box 9":                            {"po box", "9"},
		"Floor 3, 100 King Street":            {"king street", "100"},
		"100 King St #12":                     {"king street", "100"},
		"Keizersgracht 126-128":               {"keizersgracht", "126-128"},
		"Acme House\n12 High Street\nSandton": {"high street", "12"},
		"2 Harrison St. near Hudson St.":      {"harrison street", "2"},
		"854 Seventh Ave.":                    {"7th avenue", "854"},
		"854 7th Ave. between 54th and 55th":  {"7th avenue", "854"},
		"3 Rue St Honoré":                     {"rue saint honore", "3"},
		"Broadway":                            {"broadway", ""},
		"...":                                 {"", ""},
	} {
		street, house := streetOf(in)
		if street != want[0] || house != want[1] {
			t.Errorf("streetOf(%q) = %q %q, want %q", in, street, house, want)
		}
	}
}

func TestPlace(t *testing.T) {
	for in, want := range map[string]string{
		"Germany": "DE", "Deutschland": "DE", "DEU": "DE", "de": "DE", "U.S.A.": "US", "United States of America": "US", "USA": "US",
		"The Netherlands": "NL", "Brasil": "BR", "Россия": "RU", "日本": "JP", "中国": "CN", "Georgia": "GE", "Jordan": "JO", "South Korea": "KR",
		"Côte d'Ivoire": "CI", "Atlantis": "", "": "", "UK": "GB", "Türkiye": "TR", "Germany (DE)": "DE", "Österreich": "AT", "CA": "CA",
	} {
		if got := countryOf(in); got != want {
			t.Errorf("countryOf(%q) = %q, want %q", in, got, want)
		}
	}
	for _, c := range [][3]string{
		{"California", "US", "ca"}, {"Calif.", "US", "ca"}, {"CA", "US", "ca"}, {"US-CA", "US", "ca"}, {"California", "", "ca"},
		{"nsw", "", "nsw"}, {"New South Wales", "AU", "nsw"}, {"Bayern", "DE", "by"}, {"Kent", "GB", "kent"}, {"Québec", "CA", "qc"},
		{"State of Texas", "US", "tx"}, {"n/a", "US", ""}, {"Île-de-France", "FR", "idf"},
	} {
		if got := regionOf(c[0], c[1]); got != c[2] {
			t.Errorf("regionOf(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
	for in, want := range map[string]string{
		"München": "munich", "Munich": "munich", "St. Louis": "saint louis", "Saint Louis": "saint louis", "Greater Boston Area": "boston",
		"San Francisco Bay Area": "san francisco", "New York City": "new york", "NYC": "new york", "Paris Cedex 12": "paris", "Bengaluru": "bengaluru",
		"Bangalore": "bengaluru", "Berlin, Germany": "berlin", "studio city": "studio city", "Kansas City": "kansas city", "": "", "n/a": "",
		"Киев": "kyiv", "Lyon 3": "lyon",
	} {
		if got := cityOf(in); got != want {
			t.Errorf("cityOf(%q) = %q, want %q", in, got, want)
		}
	}
	for _, c := range [][3]string{
		{"90210-1234", "US", "90210"}, {"90210-1234", "", "90210"}, {"2138", "US", "02138"}, {"sw1a 1aa", "GB", "SW1A1AA"}, {"D-10115", "DE", "10115"},
		{"DE-10115", "DE", "10115"}, {"1234 AB", "NL", "1234AB"}, {"00000", "US", ""}, {"none", "", ""}, {"rm3 0ap", "", "RM30AP"}, {"2615", "", "2615"},
	} {
		if got := postalOf(c[0], c[1]); got != c[2] {
			t.Errorf("postalOf(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
