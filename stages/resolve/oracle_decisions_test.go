package resolve_test

import (
	"cmp"
	"slices"
)

// Decisions of the oracle: each word is walked through by itself.

// decide fills in what becomes of every word.
func (w world) decide() {
	for _, p := range w.people {
		slices.SortFunc(p.words, func(a, b word) int { return cmp.Compare(a.seq, b.seq) })
		for i := range p.words {
			p.words[i].outcome, p.words[i].by = "", 0
		}
		w.takeBack(p)
		w.replace(p)
	}
	for _, p := range w.people {
		w.bring(p)
	}
	for _, p := range w.people {
		end := w.now(p)
		for i := range p.words {
			d := &p.words[i]
			switch {
			case d.outcome != "":
			case !end.live():
				d.outcome = "record_left_out"
			case d.verdict == "is" && !w.directory[w.final(d.entity)]:
				d.outcome = "entity_not_in_directory"
			default:
				d.outcome = "applied"
			}
		}
	}
}

// now is the record that a word about a record holds for: itself, where merges and conversions lead nowhere.
func (w world) now(p *person) *person {
	if end := w.end(p); end != nil {
		return end
	}
	return p
}

func (w world) takeBack(p *person) {
	for i := range p.words {
		undo := &p.words[i]
		if undo.verdict != "undo" {
			continue
		}
		undo.outcome = "nothing_to_undo"
		for k := range i {
			d := &p.words[k]
			if d.verdict == "undo" || d.outcome != "" || undo.entity != "" && (d.entity == "" || w.final(d.entity) != w.final(undo.entity)) {
				continue
			}
			d.outcome, d.by, undo.outcome = "withdrawn", undo.seq, "applied"
			if undo.entity != "" && undo.entity != d.entity && undo.entity != w.final(d.entity) {
				d.outcome = "overruled_after_redirect"
			}
		}
	}
}

func (w world) replace(p *person) {
	for i := range p.words {
		d := &p.words[i]
		if d.outcome != "" {
			continue
		}
		same, alike := d, d // the last word on the same id, and on what is the same entity today
		for k := i + 1; k < len(p.words); k++ {
			later := &p.words[k]
			if later.outcome != "" || later.verdict == "undo" { // taken back: later words have not been replaced yet
				continue
			}
			if later.entity == d.entity {
				same = later
			}
			if (later.entity == "") == (d.entity == "") && w.final(later.entity) == w.final(d.entity) {
				alike = later
			}
		}
		switch {
		case same != d:
			d.outcome, d.by = "replaced", same.seq
		case alike.verdict != d.verdict:
			d.outcome, d.by = "overruled_after_redirect", alike.seq
		}
	}
	last := -1
	for i := range p.words {
		if d := p.words[i]; d.outcome == "" && d.verdict != "is_not" && d.verdict != "undo" {
			last = i
		}
	}
	for i := range max(last, 0) {
		if d := &p.words[i]; d.outcome == "" && d.verdict != "is_not" && d.verdict != "undo" {
			d.outcome, d.by = "replaced", p.words[last].seq
		}
	}
}

// heard are the words that hold for a record and have not lost yet: others' first, then its own, each by seq.
func (w world) heard(p *person) []*word {
	var words []*word
	for _, from := range w.people {
		if w.now(from) != p {
			continue
		}
		for i := range from.words {
			if d := &from.words[i]; d.outcome == "" {
				d.own = from == p
				words = append(words, d)
			}
		}
	}
	slices.SortFunc(words, func(a, b *word) int {
		if a.own != b.own {
			return map[bool]int{true: 1, false: -1}[a.own]
		}
		return cmp.Compare(a.seq, b.seq)
	})
	return words
}

// bring lets words that came together on one record compete.
func (w world) bring(p *person) {
	words := w.heard(p)
	lost := map[*word]int{}
	for i, d := range words {
		for _, later := range words[i+1:] {
			if (later.entity == "") == (d.entity == "") && w.final(later.entity) == w.final(d.entity) {
				lost[d] = later.seq
				if later.verdict == d.verdict {
					delete(lost, d)
				}
			}
		}
	}
	var prevails *word
	for _, d := range words {
		if lost[d] == 0 && d.verdict != "is_not" {
			prevails = d
		}
	}
	for _, d := range words {
		if prevails != nil && lost[d] == 0 && d.verdict != "is_not" && (d.verdict != prevails.verdict || w.final(d.entity) != w.final(prevails.entity)) {
			lost[d] = prevails.seq
		}
	}
	for d, by := range lost {
		d.outcome, d.by = "overruled_after_merge", by
	}
}

// applied are the words that hold for a record, in the order in which they were heard, their entities as of today.
func (w world) applied(p *person) []word {
	var own, others []word
	for _, from := range w.people {
		if w.now(from) != p {
			continue
		}
		for _, d := range from.words {
			if d.verdict == "undo" || d.outcome != "applied" && d.outcome != "entity_not_in_directory" {
				continue
			}
			if d.entity != "" {
				d.entity = w.final(d.entity)
			}
			if d.own = from == p; d.own {
				own = append(own, d)
			} else {
				others = append(others, d)
			}
		}
	}
	for _, words := range [][]word{own, others} {
		slices.SortFunc(words, func(a, b word) int { return cmp.Compare(a.seq, b.seq) })
	}
	return append(others, own...)
}
