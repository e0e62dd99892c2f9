package linkage

import (
	"cmp"
	"slices"
	"strings"
)

// Kept is a stored candidate, as Candidate but with names for its numbers.
type Kept struct {
	Entity, Rule string
	Rank         int64
	Candidate    Candidate
}

// Merge gives the best candidates of a record whose rows differ, from those that were kept, and completes its Total. False where one that was not kept could be among them: the record has to be scored whole.
func (n *Renewer) Merge(r *Renewal, kept []Kept) (Scored, bool) {
	if len(kept) != len(r.before.Kept) {
		return Scored{}, false
	}
	slices.SortFunc(kept, func(a, b Kept) int { return cmp.Compare(a.Rank, b.Rank) })
	var best []Kept
	for _, k := range kept {
		if slices.Contains(r.removed, k.Entity) {
			continue
		}
		place, ok := n.after.find(k.Entity)
		rule, known := n.rules[k.Rule]
		if !ok || !known {
			return Scored{}, false
		}
		if other, differs := r.ruled[k.Entity]; differs {
			rule = other
		}
		k.Candidate.Entity, k.Candidate.Rule = place, rule
		best = append(best, k)
	}
	others := r.before.Candidates-len(r.removed)-len(best) > 0
	for _, c := range r.added {
		best = append(best, Kept{Entity: n.after.records.ID(int(c.Entity)), Candidate: c})
	}
	slices.SortFunc(best, likelier)
	keep := min(n.section().Keep, r.Total.Candidates)
	if len(best) < keep || others && keep > 0 && likelier(best[keep-1], kept[len(kept)-1]) > 0 {
		return Scored{}, false
	}
	out := Scored{Record: r.Record, Candidates: r.Total.Candidates, top: r.Total.Top, sum: r.Total.Sum}
	for _, k := range best[:keep] {
		k.Candidate.Probability = probability(k.Candidate.Weight, out.top, out.sum)
		out.Best = append(out.Best, k.Candidate)
	}
	r.Total = out.Total()
	return out, true
}

// likelier puts the better candidate first, as better does with those of one index.
func likelier(a, b Kept) int {
	return cmp.Or(cmp.Compare(b.Candidate.Weight, a.Candidate.Weight), strings.Compare(a.Entity, b.Entity))
}
