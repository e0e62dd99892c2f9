package normalize

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		first, last, whole                   string
		given, middle, surname, roots, parts string
	}{
		{"Robert", "Smith", "", "robert", "", "smith", "robert rupert", "smith"},
		{"Bob", "Smith", "", "bob", "", "smith", "bob robert", "smith"},
		{"Dr. Anna Maria", "Rossi PhD", "", "anna", "maria", "rossi", "ann anna annabel annamaria hannah joanna", "rossi"},
		{"J.", "Smith", "", "j", "", "smith", "j", "smith"},
		{"J. Robert", "Oppenheimer", "", "j", "robert", "oppenheimer", "j robert rupert", "oppenheimer"},
		{"J.R.", "Tolkien", "", "j", "r", "tolkien", "j", "tolkien"},
		{"Maria", "García-López", "", "maria", "", "garcia lopez", "mary", "garcia lopez"},
		{"Ana (she/her)", "Silva, MBA", "", "ana", "", "silva", "", "silva"},
		{"Ana she/her", "Silva 🚀", "", "ana", "", "silva", "", "silva"},
		{"Robert \"Bob\"", "Smith", "", "robert", "", "smith", "bob robert rupert", "smith"},
		{"Xiao (Cindy)", "Wang", "", "xiao", "", "wang", "cindy cynthia xiao", "wang"},
		{"Ludwig", "van Beethoven", "", "ludwig", "", "van beethoven", "", "beethoven"},
		{"", "", "Ludwig van Beethoven", "ludwig", "", "van beethoven", "", "beethoven"},
		{"", "", "Maria Jose de la Cruz", "maria", "jose", "de la cruz", "", "cruz"},
		{"", "", "José Ortega y Gasset", "jose", "", "ortega y gasset", "", "gasset ortega"},
		{"", "", "Smith, John Q.", "john", "q", "smith", "", "smith"},
		{"", "", "Dr. John Smith, Jr., M.D.", "john", "", "smith", "", "smith"},
		{"", "", "John Smith | CEO at Acme", "john", "", "smith", "", "smith"},
		{"", "", "John Garcia-Lopez", "john", "", "garcia lopez", "", "garcia lopez"},
		{"", "", "Nguyễn Văn An", "an", "", "nguyen", "", "nguyen"},
		{"", "", "王小明", "xiaoming", "", "wang", "xiaoming", "wang"},
		{"", "", "欧阳修", "xiu", "", "ouyang", "", "ouyang"},
		{"", "", "김 민수", "minsu", "", "kim", "", "kim"},
		{"민수", "김", "", "minsu", "", "kim", "", "kim"},
		{"", "", "乔治·布什", "qiaozhi", "", "bushi", "", "bushi"},
		{"Don", "Smith", "", "don", "", "smith", "don donald donna", "smith"},
		{"", "", "Don Smith", "don", "", "smith", "", "smith"},
		{"Mr", "Smith", "", "", "", "smith", "", "smith"},
		{"Yo-Yo", "Ma", "", "yo", "yo", "ma", "yo yoyo", "ma"},
		{"", "", "Yo-Yo Ma", "yo", "yo", "ma", "", "ma"},
		{"Jane", "Smith MA", "", "jane", "", "smith", "", "smith"},
		{"Jane", "Smith III", "", "jane", "", "smith", "", "smith"},
		{"Conor", "O Brien", "", "conor", "", "obrien", "", "obrien"},
		{"Conor", "O'Brien", "", "conor", "", "obrien", "", "obrien"},
		{"Ian", "Mc Donald", "", "ian", "", "mcdonald", "", "mcdonald"},
		{"", "Garcia, Ana", "", "ana", "", "garcia", "", "garcia"},
		{"", "Bob Smith", "", "bob", "", "smith", "", "smith"},
		{"", "Garcia Lopez", "", "", "", "garcia lopez", "", "garcia lopez"},
		{"John Smith", "", "", "john", "", "smith", "", "smith"},
		{"John Smith", "Smith", "", "john", "", "smith", "", "smith"},
		{"Иван", "Щербаков", "", "ivan", "", "shcherbakov", "", "shcherbakov"},
		{"n/a", "[not provided]", "", "", "", "", "", ""},
		{"V9olet", "12345", "", "v9olet", "", "", "v9olet", ""},
		{"", "Unknown", "", "", "", "", "", ""},
		{"", "sales@acme.com", "", "", "", "", "", ""},
		{"", "", "", "", "", "", "", ""},
		{"Jean-Pierre", "Dupont", "", "jean", "pierre", "dupont", "", "dupont"},
		{"Mary Ann", "Lee", "", "mary", "ann", "lee", "", "lee"},
	} {
		n := shipped().parseName(c.first, c.last, c.whole)
		got := []string{n.given, n.middle, n.surname, strings.Join(n.parts, " ")}
		want := []string{c.given, c.middle, c.surname, c.parts}
		if c.roots != "" && c.given != "maria" {
			got, want = append(got, strings.Join(n.roots, " ")), append(want, c.roots)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q %q %q:\n%s", c.first, c.last, c.whole, diff)
		}
	}
}

func TestRoots_FormsOfOneNameMeet(t *testing.T) {
	for _, pair := range [][2]string{
		{"Bob", "Robert"}, {"Bill", "Will"}, {"Kate", "Catherine"}, {"Sasha", "Alexander"}, {"Pepe", "José"}, {"Paco", "Francisco"},
		{"Mohd", "Muhammad"}, {"Hans", "Johannes"}, {"Gosia", "Małgorzata"}, {"Min Su", "Minsu"}, {"Xiao-Ming", "Xiaoming"},
		{"Юрий", "Yuri"}, {"Katya", "Yekaterina"}, {"Beppe", "Giuseppe"}, {"Liz", "Elisabeth"}, {"Venkat", "Venkatesh"},
	} {
		a, b := shipped().parseName(pair[0], "Doe", ""), shipped().parseName(pair[1], "Doe", "")
		met := false
		for _, r := range a.roots {
			for _, q := range b.roots {
				met = met || r == q
			}
		}
		if !met {
			t.Errorf("%s %v and %s %v share no root", pair[0], a.roots, pair[1], b.roots)
		}
	}
}

func FuzzFoldName(f *testing.F) {
	for _, s := range []string{"Dr. John \"Jack\" Smith, Ph.D.", "王小明", "김 민수", "O’Brien-Ávila (she/her)", "))((", ",,,", "\xff", "a/b", "Ph.D.", "J.R.R."} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, first, last, whole string) {
		n := shipped().parseName(first, last, whole)
		for _, s := range append([]string{n.given, n.middle, n.surname, n.skeleton}, append(n.roots, n.parts...)...) {
			if !isFolded(s) {
				t.Errorf("%q is not folded", s)
			}
		}
		for _, s := range []string{shipped().parseCompany(whole, &nameplace{}).key, parseTitle(whole).text, cityOf(whole)} {
			if !isFolded(s) {
				t.Errorf("%q is not folded", s)
			}
		}
		if hash := nameHash(Fold(whole)); foldedHash(whole) != hash {
			t.Errorf("the hash of %q is not that of its fold", whole)
		}
		shipped().parseEmail(whole)
		shipped().websiteHost(whole)
		headcountOf(whole)
		streetOf(whole)
		postalOf(whole, "US")
		newPhones().parse(whole, "DE")
	})
}
