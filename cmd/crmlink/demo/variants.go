package demo

import (
	"slices"
	"strings"
)

// Variants lists, by case label, every variant word that the generator can plant, in lower case: the words behind
// "variant:" in the truth. A test elsewhere holds them against the pipeline's data files: a good part must be unknown
// there, or the figures would only show that two lists agree.
func Variants() map[string][]string {
	w, err := readWords()
	if err != nil {
		panic(err) // the lists are compiled in and read by every test
	}
	out := map[string][]string{
		"honorific": append(slices.Clone(w.list["honorific_before"]), w.list["honorific_after"]...),
		"pronouns":  slices.Clone(w.list["pronouns"]),
	}
	for _, code := range w.names {
		for _, nicks := range w.cultures[code].nicks {
			out["nickname"] = append(out["nickname"], nicks...)
		}
	}
	for _, c := range w.order {
		out["legal_form"] = append(out["legal_form"], c.forms...)
		out["country_spelling"] = append(out["country_spelling"], c.other...)
	}
	for _, c := range w.cities {
		out["city_spelling"] = append(out["city_spelling"], c.other...)
	}
	for _, f := range w.abbrevs {
		out["abbreviation"] = append(out["abbreviation"], f.other...)
	}
	for _, f := range w.ranks {
		for _, v := range f.other {
			out["title"] = append(out["title"], rankWord(v))
		}
	}
	for _, f := range append(slices.Clone(w.functions), w.chiefs...) {
		out["title"] = append(out["title"], f.other...)
	}
	for k, list := range out {
		for i := range list {
			list[i] = strings.ToLower(strings.TrimSpace(list[i]))
		}
		slices.Sort(list)
		out[k] = slices.Compact(list)
	}
	return out
}

// rankWord is the spelling of a rank without the place of the function in it.
func rankWord(v string) string {
	return strings.Trim(strings.ReplaceAll(strings.ReplaceAll(v, " %", ""), "%", ""), " ,-&")
}
