package linkage

import (
	"fmt"
	"math"
	"slices"
)

// How the parameters of a section came about.
const (
	OriginDefault   = "default"   // m as shipped: too few matches to learn from
	OriginBlended   = "blended"   // the data weighs as much as the shipped values do, or little more
	OriginEstimated = "estimated" // the data outweighs the shipped values by far
)

// Parameters are the estimated numbers of one section. They are small and survive JSON; the weights that the kernel
// adds are stored beside the probabilities they come from, so that no platform computes them again.
type Parameters struct {
	Kind   string `json:"kind"`
	Origin string `json:"origin"`
	// Directory is the number of directory records when the parameters were estimated; Records the CRM records that
	// were looked at, Expected how many of them had a match by expectation.
	Directory int64   `json:"directory"`
	Records   int64   `json:"records"`
	Expected  float64 `json:"expected"`
	// Labelled are the decisions that were learned from, nil without any.
	Labelled *Labelled `json:"labelled,omitempty"`
	// Match is the share of CRM records with a match; Prior the weight log2(match / (none · directory)).
	Match       float64                `json:"match"`
	Prior       int32                  `json:"prior"`
	LookAlikes  []LookAlikeParameters  `json:"look_alikes"`
	Comparisons []ComparisonParameters `json:"comparisons"`
	Fields      map[string]Field       `json:"fields"` // by name of the frequency field
}

// Field is what the rarity of a field's values is measured against.
type Field struct {
	Records int64 `json:"records"` // directory records that have a value
	// Discount is what the count of a value is lowered by: the record itself, as far as it is the only one.
	Discount float64 `json:"discount"`
}

// LookAlikeParameters is the share of one kind of look-alike per match, and that as a weight.
type LookAlikeParameters struct {
	Name   string  `json:"name"`
	Ratio  float64 `json:"ratio"`
	Weight int32   `json:"weight"`
	// Own are the comparisons in which it has probabilities of its own.
	Own []ComparisonParameters `json:"own,omitempty"`
}

// ComparisonParameters holds the levels of one comparison in the order of their codes from 1.
type ComparisonParameters struct {
	Name   string            `json:"name"`
	Levels []LevelParameters `json:"levels"`
	// Matches are how many matches m rests on, by group; nil where there were none or m is as shipped.
	Matches []float64 `json:"matches,omitempty"`
}

// LevelParameters is one level: its probabilities, its weight, and the rarity that the weight already stands for.
type LevelParameters struct {
	M      float64 `json:"m"`
	U      float64 `json:"u"`
	Weight int32   `json:"weight"`
	Rarity int32   `json:"rarity,omitempty"`
}

// DefaultParameters are the shipped numbers for a directory of n records.
func DefaultParameters(s Section, n int64, fields map[string]Field) (Parameters, error) {
	p, err := compile(s)
	if err != nil {
		return Parameters{}, err
	}
	out := Parameters{Kind: s.Kind, Origin: OriginDefault, Directory: n, Match: s.Match, Fields: fields}
	var ratios []float64
	var own [][][]float64
	for k, l := range s.LookAlikes {
		ratios, own = append(ratios, l.Ratio), append(own, p.lookAlikes[k].own)
	}
	levels := defaultLevels(p)
	out.finish(p, ratios, own, levels)
	return out, nil
}

// level probabilities while they are estimated, by comparison and level code − 1.
type levelTable [][]LevelParameters

func defaultLevels(p *plan) levelTable {
	t := make(levelTable, len(p.comparisons))
	for i, c := range p.comparisons {
		t[i] = make([]LevelParameters, len(c.levels))
		for j, l := range c.levels {
			t[i][j] = LevelParameters{M: l.M, U: l.U}
		}
		for _, g := range c.groups {
			normalize(c, g, t[i])
		}
	}
	return t
}

// normalize makes m and u of a group's levels sum to one, neutral levels apart.
func normalize(c planComparison, g planGroup, levels []LevelParameters) {
	var m, u float64
	for code := g.first; code <= g.last; code++ {
		if !c.levels[code-1].Neutral {
			m, u = m+levels[code-1].M, u+levels[code-1].U
		}
	}
	for code := g.first; code <= g.last; code++ {
		if m > 0 && u > 0 {
			levels[code-1].M /= m
			levels[code-1].U /= u
		}
	}
}

// finish turns probabilities into rounded ones and weights. The probabilities are rounded first, so that what is
// stored explains what is added.
func (out *Parameters) finish(p *plan, ratios []float64, own [][][]float64, levels levelTable) {
	out.Match = significant(out.Match)
	none := 1 - out.Match
	for k, l := range p.section.LookAlikes {
		r := significant(ratios[k])
		none -= out.Match * r
		out.LookAlikes = append(out.LookAlikes, LookAlikeParameters{Name: l.Name, Ratio: r, Weight: millibits(r)})
	}
	out.Prior = millibits(out.Match / (math.Max(none, 1e-6) * float64(max(1, out.Directory))))
	for i, c := range p.comparisons {
		kept := ComparisonParameters{Name: c.name}
		for j := range c.levels {
			l := levels[i][j]
			kept.Levels = append(kept.Levels, LevelParameters{M: significant(l.M), U: significant(l.U)})
		}
		weights := monotone(c, kept.Levels)
		for j, l := range c.levels {
			w := weights[j]
			if c.cap > 0 {
				w = max(-int32(c.cap), min(int32(c.cap), w))
			}
			if l.Fixed {
				kept.Levels[j] = LevelParameters{M: l.M, U: l.U}
				w = millibits(l.M / l.U)
			}
			if l.Neutral {
				kept.Levels[j] = LevelParameters{}
				continue
			}
			kept.Levels[j].Weight = w
			if l.adjust.how != rarityNone {
				kept.Levels[j].Rarity = millibits(1 / kept.Levels[j].U)
			}
		}
		out.Comparisons = append(out.Comparisons, kept)
	}
	for k := range out.LookAlikes {
		for c, levels := range own[k] {
			if levels != nil {
				out.LookAlikes[k].Own = append(out.LookAlikes[k].Own, ownLevels(p.comparisons[c], levels, out.Comparisons[c]))
			}
		}
	}
}

// capped bounds the size of a weight in bits.
func (c planComparison) capped(bits float64) float64 {
	if c.cap == 0 {
		return bits
	}
	return math.Max(-float64(c.cap)/1000, math.Min(float64(c.cap)/1000, bits))
}

// monotone gives each level the weight of its m/u, where neighbours that stand in the wrong order are pooled: a
// better agreement never weighs less. Free and neutral levels stand apart.
func monotone(c planComparison, levels []LevelParameters) []int32 {
	weights := make([]int32, len(levels))
	for _, g := range c.groups {
		type block struct {
			m, u  float64
			codes []int
		}
		var blocks []block
		for code := g.first; code <= g.last; code++ {
			l := levels[code-1]
			if c.levels[code-1].Neutral {
				continue
			}
			if c.levels[code-1].Free || c.levels[code-1].Fixed {
				weights[code-1] = millibits(l.M / l.U)
				continue
			}
			b := block{l.M, l.U, []int{code}}
			for len(blocks) > 0 && blocks[len(blocks)-1].m*b.u < b.m*blocks[len(blocks)-1].u {
				last := blocks[len(blocks)-1]
				blocks = blocks[:len(blocks)-1]
				b = block{last.m + b.m, last.u + b.u, append(last.codes, b.codes...)}
			}
			blocks = append(blocks, b)
		}
		for _, b := range blocks {
			for _, code := range b.codes {
				weights[code-1] = millibits(b.m / b.u)
			}
		}
	}
	return weights
}

// millibits is round-half-even(1000·log2(x)).
func millibits(x float64) int32 {
	return int32(math.RoundToEven(1000 * math.Log2(math.Max(x, 1e-12))))
}

// significant rounds to six significant digits: the probabilities are no more exact, and stay readable.
func significant(x float64) float64 {
	if x <= 0 {
		return 0
	}
	scale := math.Pow(10, 5-math.Floor(math.Log10(x)))
	return math.RoundToEven(x*scale) / scale
}

// fits says whether the parameters belong to the section.
func (out Parameters) fits(p *plan) error {
	bad := out.Kind != p.section.Kind || len(out.Comparisons) != len(p.comparisons) || len(out.LookAlikes) != len(p.lookAlikes)
	for i := 0; !bad && i < len(p.comparisons); i++ {
		bad = out.Comparisons[i].Name != p.comparisons[i].name || len(out.Comparisons[i].Levels) != len(p.comparisons[i].levels)
	}
	for k := 0; !bad && k < len(p.lookAlikes); k++ {
		owns := 0
		for c, own := range p.lookAlikes[k].own {
			if own == nil {
				continue
			}
			at := slices.IndexFunc(out.LookAlikes[k].Own, func(o ComparisonParameters) bool { return o.Name == p.comparisons[c].name })
			bad = bad || at < 0 || len(out.LookAlikes[k].Own[at].Levels) != len(own)
			owns++
		}
		bad = bad || owns != len(out.LookAlikes[k].Own)
	}
	if bad {
		return fmt.Errorf("the parameters for %s belong to another model", out.Kind)
	}
	return nil
}

// ModelLevel is a row of schemas.ModelLevel. M and U are in millionths.
type ModelLevel struct {
	Kind              string
	Position, Level   int64
	Comparison, Label string
	M, U              int64
	Weight            int64
	FrequencyAdjusted bool
}

// ModelLevels makes the model readable: a row per level, level 0 of each comparison among them.
func ModelLevels(s Section, out Parameters) ([]ModelLevel, error) {
	p, err := compile(s)
	if err != nil {
		return nil, err
	}
	if err := out.fits(p); err != nil {
		return nil, err
	}
	var rows []ModelLevel
	for i, c := range p.comparisons {
		rows = append(rows, ModelLevel{Kind: s.Kind, Position: int64(i + 1), Comparison: c.name, Label: "no value to compare"})
		for j, l := range c.levels {
			v := out.Comparisons[i].Levels[j]
			rows = append(rows, ModelLevel{
				Kind: s.Kind, Position: int64(i + 1), Level: int64(j + 1), Comparison: c.name, Label: l.Label,
				M: int64(math.RoundToEven(v.M * 1e6)), U: int64(math.RoundToEven(v.U * 1e6)),
				Weight: int64(v.Weight), FrequencyAdjusted: l.adjust.how != rarityNone,
			})
		}
	}
	return rows, nil
}
