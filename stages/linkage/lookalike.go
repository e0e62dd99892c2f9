package linkage

import (
	"fmt"
	"math"
	"slices"
)

// planLookAlike says, by comparison, what a look-alike shares with a match, and the shipped probabilities of the levels
// where it has its own; nil where it has none.
type planLookAlike struct {
	shared []bool
	own    [][]float64
}

// lookAlike resolves the names of comparisons, which the plan holds already.
func (p *plan) lookAlike(l LookAlike) (planLookAlike, error) {
	look := planLookAlike{shared: make([]bool, len(p.comparisons)), own: make([][]float64, len(p.comparisons))}
	for i, c := range p.comparisons {
		look.shared[i] = slices.Contains(l.Shares, c.name)
		own, ok := l.Own[c.name]
		if !ok {
			continue
		}
		if look.shared[i] || len(own) != len(c.levels) {
			return look, fmt.Errorf("own probabilities of %q: want one for each of its %d levels, and the comparison not among shares",
				c.name, len(c.levels))
		}
		look.own[i] = c.perGroup(own)
	}
	return look, nil
}

// perGroup makes probabilities of levels sum to one within each group, neutral levels apart. None is 0.
func (c planComparison) perGroup(levels []float64) []float64 {
	out := make([]float64, len(levels))
	for _, g := range c.groups {
		sum := 0.0
		for code := g.first; code <= g.last; code++ {
			if !c.levels[code-1].Neutral {
				out[code-1] = math.Max(levels[code-1], 1e-9)
				sum += out[code-1]
			}
		}
		for code := g.first; code <= g.last; code++ {
			out[code-1] /= sum
		}
	}
	return out
}

// lookAlikeWeights are the present log2(m/u) of each look-alike by comparison and level code: a match's where it shares
// the comparison, its own where it has some, nil where it is chance.
func (l *learner) lookAlikeWeights(match [][]float64) [][][]float64 {
	out := make([][][]float64, len(l.own))
	for k, look := range l.index.plan.lookAlikes {
		out[k] = make([][]float64, len(match))
		for c := range match {
			if look.shared[c] {
				out[k][c] = match[c]
			} else if own := l.own[k][c]; own != nil {
				out[k][c] = make([]float64, len(match[c]))
				for j, m := range own {
					if m > 0 {
						out[k][c][j+1] = l.index.plan.comparisons[c].capped(math.Log2(m / l.levels[c][j].U))
					}
				}
			}
		}
	}
	return out
}

// maximizeOwn sets the probabilities that look-alikes have of their own, shrunk towards the shipped ones as m is.
func (l *learner) maximizeOwn(hits [][][]float64) {
	for k, look := range l.index.plan.lookAlikes {
		for c, shipped := range look.own {
			comparison := l.index.plan.comparisons[c]
			if shipped == nil || comparison.fixed {
				continue
			}
			seen := make([]float64, len(shipped))
			for _, g := range comparison.groups {
				total := 0.0
				for code := g.first; code <= g.last; code++ {
					total += hits[k][c][code]
				}
				for code := g.first; code <= g.last; code++ {
					seen[code-1] = (hits[k][c][code] + shippedMatches*shipped[code-1]) / (total + shippedMatches)
				}
			}
			l.own[k][c] = comparison.perGroup(seen)
		}
	}
}

// ownLevels are the probabilities that a look-alike has of its own, as weights against the same u as a match's.
func ownLevels(c planComparison, own []float64, match ComparisonParameters) ComparisonParameters {
	out := ComparisonParameters{Name: c.name}
	for j, m := range own {
		l := LevelParameters{}
		if m > 0 {
			l.M, l.U = significant(m), match.Levels[j].U
			l.Weight = int32(math.RoundToEven(1000 * c.capped(math.Log2(l.M/l.U))))
		}
		out.Levels = append(out.Levels, l)
	}
	return out
}

// ownOf are the probabilities that look-alikes have of their own in parameters that fit the plan.
func ownOf(p *plan, from Parameters) [][][]float64 {
	own := make([][][]float64, len(p.lookAlikes))
	for k := range p.lookAlikes {
		own[k] = make([][]float64, len(p.comparisons))
		for _, kept := range from.LookAlikes[k].Own {
			c := p.at(kept.Name)
			levels := make([]float64, len(kept.Levels))
			for j, l := range kept.Levels {
				levels[j] = l.M
			}
			own[k][c] = p.comparisons[c].perGroup(levels)
		}
	}
	return own
}
