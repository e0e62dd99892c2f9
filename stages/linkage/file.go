package linkage

import (
	"fmt"
	"math"
)

// FileSection is a section and its numbers as one readable whole: what stands beside a level's condition is its m, u and
// weight. Numbers that the estimation starts from are given as start_… where they are others. A field that a section
// gets is a field here without a word.
type FileSection struct {
	Section
	Origin    string    `json:"origin"`
	Records   int64     `json:"records"`
	Expected  float64   `json:"expected"`
	Labelled  *Labelled `json:"labelled,omitempty"`
	Directory int64     `json:"directory"`
	// Match shadows the section's, where StartMatch is.
	Match      float64 `json:"match"`
	StartMatch float64 `json:"start_match,omitempty"`
	Prior      int32   `json:"prior"`

	LookAlikes  []FileLookAlike  `json:"look_alikes"`
	Comparisons []FileComparison `json:"comparisons"`
	Fields      map[string]Field `json:"fields"`
}

// FileLookAlike is a kind of look-alike with its estimated share.
type FileLookAlike struct {
	LookAlike
	Ratio      float64 `json:"ratio"`
	StartRatio float64 `json:"start_ratio,omitempty"`
	Weight     int32   `json:"weight"`
	// OwnLevels are the estimates of Own, with their weights.
	OwnLevels []ComparisonParameters `json:"own_levels,omitempty"`
}

// FileComparison is a comparison with its numbers.
type FileComparison struct {
	Comparison
	Groups []FileGroup `json:"groups"`
}

// FileGroup is a pattern of fields; Matches are how many matches its m rests on.
type FileGroup struct {
	Group
	Matches float64     `json:"matches,omitempty"`
	Levels  []FileLevel `json:"levels"`
}

// FileLevel is a level with its estimated m, u and weight, the last in thousandths of a bit.
type FileLevel struct {
	Level
	M      float64 `json:"m,omitempty"`
	U      float64 `json:"u,omitempty"`
	Weight int32   `json:"weight"`
	Rarity int32   `json:"rarity,omitempty"`
	StartM float64 `json:"start_m,omitempty"`
	StartU float64 `json:"start_u,omitempty"`
}

// NewFileSection joins a section and its numbers.
func NewFileSection(s Section, out Parameters) (FileSection, error) {
	p, err := compile(s)
	if err != nil {
		return FileSection{}, err
	}
	if err := out.fits(p); err != nil {
		return FileSection{}, err
	}
	f := FileSection{Section: s, Origin: out.Origin, Records: out.Records, Expected: out.Expected, Labelled: out.Labelled, Directory: out.Directory,
		Match: out.Match, StartMatch: unless(out.Match, s.Match), Prior: out.Prior, Fields: out.Fields}
	for i, l := range s.LookAlikes {
		f.LookAlikes = append(f.LookAlikes, FileLookAlike{LookAlike: l, Ratio: out.LookAlikes[i].Ratio,
			StartRatio: unless(out.LookAlikes[i].Ratio, l.Ratio), Weight: out.LookAlikes[i].Weight,
			OwnLevels: out.LookAlikes[i].Own})
	}
	for i, c := range s.Comparisons {
		numbers := out.Comparisons[i]
		file := FileComparison{Comparison: c}
		code := 0
		for j, g := range c.Groups {
			group := FileGroup{Group: g}
			if j < len(numbers.Matches) {
				group.Matches = numbers.Matches[j]
			}
			for _, l := range g.Levels {
				v := numbers.Levels[code]
				code++
				group.Levels = append(group.Levels, FileLevel{Level: l, M: v.M, U: v.U, Weight: v.Weight, Rarity: v.Rarity,
					StartM: unless(v.M, l.M), StartU: unless(v.U, l.U)})
			}
			file.Groups = append(file.Groups, group)
		}
		f.Comparisons = append(f.Comparisons, file)
	}
	return f, nil
}

// unless is a start value, 0 where the number is still the same.
func unless(number, start float64) float64 {
	if start == number {
		return 0
	}
	return start
}

// started is the value an estimation starts from.
func started(number, start float64) float64 {
	if start == 0 {
		return number
	}
	return start
}

// Split takes a file apart again. The weights are as the file says; see Reweigh.
func (f FileSection) Split() (Section, Parameters, error) {
	s := f.Section
	s.Match, s.LookAlikes, s.Comparisons = started(f.Match, f.StartMatch), nil, nil
	out := Parameters{Kind: s.Kind, Origin: f.Origin, Directory: f.Directory, Records: f.Records, Expected: f.Expected, Labelled: f.Labelled,
		Match: f.Match, Prior: f.Prior, Fields: f.Fields}
	for _, l := range f.LookAlikes {
		look := l.LookAlike
		look.Ratio = started(l.Ratio, l.StartRatio)
		s.LookAlikes = append(s.LookAlikes, look)
		out.LookAlikes = append(out.LookAlikes, LookAlikeParameters{Name: l.Name, Ratio: l.Ratio, Weight: l.Weight, Own: l.OwnLevels})
	}
	for _, c := range f.Comparisons {
		comparison := c.Comparison
		comparison.Groups = nil
		numbers := ComparisonParameters{Name: c.Name}
		var matches []float64
		seen := false
		for _, g := range c.Groups {
			group := g.Group
			group.Levels = nil
			matches, seen = append(matches, g.Matches), seen || g.Matches > 0
			for _, l := range g.Levels {
				level := l.Level
				level.M, level.U = started(l.M, l.StartM), started(l.U, l.StartU)
				group.Levels = append(group.Levels, level)
				numbers.Levels = append(numbers.Levels, LevelParameters{M: l.M, U: l.U, Weight: l.Weight, Rarity: l.Rarity})
			}
			comparison.Groups = append(comparison.Groups, group)
		}
		if seen {
			numbers.Matches = matches
		}
		s.Comparisons = append(s.Comparisons, comparison)
		out.Comparisons = append(out.Comparisons, numbers)
	}
	p, err := compile(s)
	if err != nil {
		return Section{}, Parameters{}, err
	}
	return s, out, out.fits(p)
}

// Reweigh computes the weights of numbers that somebody wrote from their m, u and shares, as an estimate would. A file's
// own weights are for reading. In each pattern of fields m and u must come near 1 and are made to.
func Reweigh(s Section, written Parameters) (Parameters, error) {
	p, err := compile(s)
	if err != nil {
		return Parameters{}, err
	}
	if err := written.fits(p); err != nil {
		return Parameters{}, err
	}
	if written.Match <= 0 || written.Match >= 1 || written.Directory < 0 {
		return Parameters{}, fmt.Errorf("model %s: match must lie between 0 and 1, directory must be 0 or more", s.Kind)
	}
	out := written
	out.Comparisons, out.LookAlikes, out.Prior = nil, nil, 0
	var ratios []float64
	for _, l := range written.LookAlikes {
		if l.Ratio <= 0 {
			return Parameters{}, fmt.Errorf("model %s: look-alike %s: the ratio must be above 0", s.Kind, l.Name)
		}
		ratios = append(ratios, l.Ratio)
	}
	levels := make(levelTable, len(p.comparisons))
	for i, c := range p.comparisons {
		levels[i] = append([]LevelParameters{}, written.Comparisons[i].Levels...)
		for n, g := range c.groups {
			var m, u float64
			fixed := false
			for code := g.first; code <= g.last; code++ {
				l := c.levels[code-1]
				if l.Neutral {
					continue
				}
				fixed = fixed || l.Fixed
				v := levels[i][code-1]
				if v.M <= 0 || v.U <= 0 || v.M > 1 || v.U > 1 {
					return Parameters{}, fmt.Errorf("model %s: %s: level %q: m and u must lie above 0 and not above 1", s.Kind, c.name, l.Label)
				}
				m, u = m+v.M, u+v.U
			}
			if fixed {
				continue // levels that keep the shipped numbers do not add up with those that do not
			}
			if math.Abs(m-1) > 0.02 || math.Abs(u-1) > 0.02 {
				return Parameters{}, fmt.Errorf("model %s: %s group %d: m and u must sum to 1, not %.4f and %.4f", s.Kind, c.name, n+1, m, u)
			}
			normalize(c, g, levels[i])
		}
	}
	out.finish(p, ratios, ownOf(p, written), levels)
	for i := range out.Comparisons {
		out.Comparisons[i].Matches = written.Comparisons[i].Matches
	}
	return out, nil
}
