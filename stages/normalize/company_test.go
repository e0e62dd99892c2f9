package normalize

import (
	"strings"
	"testing"
)

func TestParseCompany(t *testing.T) {
	for _, c := range []struct{ name, key, legal, place, acronym string }{
		{"Acme Corporation", "acme", "corp", "", "acme"},
		{"The Acme Company", "acme", "co", "", "acme"},
		{"Acme, Inc.", "acme", "inc", "", "acme"},
		{"Müller Maschinenbau GmbH & Co. KG", "muller maschinenbau", "gmbh & co kg", "", ""},
		{"Grupo Bimbo, S.A.B. de C.V.", "grupo bimbo", "sa de cv", "", ""},
		{"Kowalski Sp. z o.o.", "kowalski", "sp zoo", "", ""},
		{"Nokia Oyj", "nokia", "oyj", "", "nokia"},
		{"Maersk A/S", "maersk", "as", "", "maersk"},
		{"Toyota Motor K.K.", "toyota motor", "kk", "", ""},
		{"株式会社日立製作所", "rilizhizuosuo", "kk", "", ""},
		{"华为技术有限公司", "huaweijizhu", "co ltd", "", ""},
		{"삼성전자 주식회사", "samseongjeonja", "co ltd", "", ""},
		{"ООО «Ромашка»", "romashka", "ooo", "", ""},
		{"BHP Pty Ltd", "bhp", "pty ltd", "", "bhp"},
		{"Tata Consultancy Services (India) Pvt. Ltd.", "tata consultancy services", "pvt ltd", "india", "tcs"},
		{"PT Astra International Tbk", "astra international", "pt", "", ""},
		{"Petronas Dagangan Bhd", "petronas dagangan", "bhd", "", ""},
		{"Telecom Italia S.p.A.", "telecommunications italia", "spa", "", ""},
		{"Harmony Day Spa", "harmony day spa", "", "", "hds"},
		{"Banco Bradesco S/A", "banco bradesco", "sa", "", ""},
		{"Padaria Silva Ltda - ME", "padaria silva", "ltd", "", ""},
		{"International Business Machines Corp. (IBM)", "international business machines", "corp", "", "ibm"},
		{"Intl Mfg Svcs", "international manufacturing services", "", "", "ims"},
		{"Smith & Sons", "smith sons", "", "", ""},
		{"AT&T Inc", "at t", "inc", "", ""},
		{"H & M", "hm", "", "", "hm"},
		{"A. O. Smith", "ao smith", "", "", ""},
		{"J.P. Morgan", "jp morgan", "", "", ""},
		{"apple pan the", "apple pan", "", "", ""},
		{"arnie morton's of chicago", "arnie mortons of chicago", "", "", "amoc"},
		{"Siemens Mumbai India Pvt Ltd", "siemens", "pvt ltd", "india", ""},
		{"Acme GmbH Berlin", "acme", "gmbh", "berlin", "acme"},
		{"Bank of America", "bank of america", "", "", "boa"},
		{"Air France", "air france", "", "", ""},
		{"Hotel Paris", "hotel paris", "", "", ""},
		{"The Company", "company", "", "", ""},
		{"Group", "group", "", "", "group"},
		{"Acme Holdings Ltd", "acme", "ltd", "", "acme"},
		{"Blue Sky Ltd dba Sunrise Bakery", "blue sky", "ltd", "", ""},
		{"n/a", "", "", "", ""},
		{"[not provided]", "", "", "", ""},
		{"Self-Employed", "", "", "", ""},
		{"SNCF SA", "sncf", "sa", "", "sncf"},
		{"SAS Institute", "sas institute", "", "", ""},
		{"NV Energy", "nv energy", "", "", ""},
		{"UAB Hospital", "uab hospital", "", "", ""},
		{"", "", "", "", ""},
		{"GmbH", "gmbh", "", "", "gmbh"},
		{"3M Company", "3m", "co", "", "3m"},
		{"Foo Co., Ltd.", "foo", "co ltd", "", "foo"},
	} {
		n := shipped().parseCompany(c.name, &nameplace{})
		if n.key != c.key || n.legal != c.legal || n.place != c.place || c.acronym != "" && acronymOf(n.key) != c.acronym {
			t.Errorf("%q: key %q legal %q place %q acronym %q, want %q %q %q %q", c.name, n.key, n.legal, n.place, acronymOf(n.key), c.key, c.legal, c.place, c.acronym)
		}
	}
}

func TestParseCompany_OtherNamesAndOwnPlace(t *testing.T) {
	for _, c := range []struct {
		name   string
		at     nameplace
		key    string
		others string
		uncut  string
	}{
		{"Alphabet (Google) Inc", nameplace{}, "alphabet", "google", "alphabet"},
		{"Meta (formerly Facebook)", nameplace{}, "meta", "facebook", "meta"},
		{"Blue Sky Ltd d/b/a Sunrise Bakery", nameplace{}, "blue sky", "sunrise bakery", "blue sky"},
		{"Hilton Springfield", nameplace{city: "springfield"}, "hilton", "", "hilton springfield"},
		{"Springfield", nameplace{city: "springfield"}, "springfield", "", "springfield"},
		{"UAB Baltic Foods", nameplace{country: "LT"}, "baltic foods", "", "baltic foods"},
	} {
		n := shipped().parseCompany(c.name, &c.at)
		if n.key != c.key || strings.Join(n.others, "|") != c.others || n.uncut != c.uncut {
			t.Errorf("%q: key %q others %q uncut %q", c.name, n.key, n.others, n.uncut)
		}
	}
}

func TestLists_AreAsLargeAsPromised(t *testing.T) {
	pairs := 0
	for _, roots := range shipped().nicknames {
		pairs += len(roots)
	}
	for what, c := range map[string]struct{ got, want int }{
		"nickname pairs": {pairs, 400}, "legal forms": {len(shipped().legalForms), 150}, "free-mail": {len(shipped().freeMail), 150},
	} {
		if c.got < c.want {
			t.Errorf("%s: %d, want at least %d", what, c.got, c.want)
		}
		t.Logf("%s: %d", what, c.got)
	}
	for kind, words := range map[string][]string{
		"nickname": {"Bob", "Sasha"}, "legal_form": {"GmbH & Co. KG", "S.A. de C.V.", "Sp. z o.o.", "d.o.o.", "EIRL", "S.p.A."},
		"abbreviation": {"intl", "mfg", "blvd", "svp"}, "honorific": {"Dr.", "PhD", "Frau"},
	} {
		for _, w := range words {
			if !Knows(kind, w) {
				t.Errorf("Knows(%s, %s) = false", kind, w)
			}
		}
		if Knows(kind, "zzyzx") {
			t.Errorf("Knows(%s, zzyzx) = true", kind)
		}
	}
}
