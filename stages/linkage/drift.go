package linkage

import (
	"fmt"
	"math"
)

// Drift is how far one comparison's numbers are from what the data looks like today. Bits are thousandths.
type Drift struct {
	Kind       string
	Position   int64 // of the comparison; 0 for what is not about one
	Comparison string
	Matches    int64 // expected matches that have a value to compare, in whole records
	Pairs      int64 // random pairs that have
	// M and U are by how many bits the weight of the average match is off in this comparison, because matches agree
	// otherwise than when the model was estimated, and because other pairs do. What chance can explain is not counted.
	M, U int64
	// Drifted says that one of them is above DriftBound.
	Drifted bool
	// The level that is off most, what of it, its number in the model and in the data.
	Level, What string
	Then, Now   float64
	// Shares of each level within its pattern of fields, in millionths, by level code from 1: of m and u, and as
	// observed. Levels that carry no estimated number are 0.
	ModelM, ObservedM, ModelU, ObservedU []int32
}

// DriftBound is the drift from which a comparison's weights should be estimated anew, in thousandths of a bit: the odds
// of the average match are off by a fifth.
const DriftBound = 250

// DirectoryBound is the same for the size of the directory and the share of matches, which move all weights together:
// from half a bit on the threshold itself has moved.
const DirectoryBound = 500

// What names what is held against the data.
const (
	DriftM         = "m"
	DriftU         = "u"
	DriftMatch     = "share of matches"
	DriftDirectory = "size of the directory"
)

// deviations is the distance, in standard deviations, that chance may explain. There are some hundred levels, and a
// notice is read by a person.
const deviations = 4

// spreadOfRecords is the standard deviation, against its mean, of how many directory records a record's value equals: names
// and towns are that skewed.
const spreadOfRecords = 1.2

// MeasureDrift holds the numbers of a section against what was observed of records that were scored with them.
func MeasureDrift(s Section, out Parameters, seen Observed) ([]Drift, error) {
	p, err := compile(s)
	if err != nil {
		return nil, err
	}
	if err := out.fits(p); err != nil {
		return nil, err
	}
	if len(seen.Hits) != len(p.comparisons) || len(seen.Pairs) != len(p.comparisons) {
		return nil, fmt.Errorf("what was observed of %s belongs to another model", s.Kind)
	}
	d := drifting{plan: p, model: out, seen: seen, shipped: defaultLevels(p)}
	all := []Drift{d.match(), d.directory()}
	for c := range p.comparisons {
		all = append(all, d.comparison(c))
	}
	return all, nil
}

type drifting struct {
	plan    *plan
	model   Parameters
	seen    Observed
	shipped levelTable
}

func (d drifting) prior(what string, then, now, chance float64) Drift {
	r := Drift{Kind: d.plan.section.Kind, Comparison: what, Matches: d.seen.Matches / 1e6, What: what, Then: then, Now: now}
	if then > 0 && now > 0 {
		r.M = millis(beyond(now/then, chance))
	}
	r.Drifted = r.M > DirectoryBound
	return r
}

func (d drifting) match() Drift {
	then, n := d.model.Match, float64(d.seen.Records)
	now := (float64(d.seen.Matches)/1e6 + shippedRecords*d.plan.section.Match) / (n + shippedRecords)
	chance := math.Sqrt((1 - then) / then * (1/(n+shippedRecords) + 1/(float64(d.model.Records)+shippedRecords)))
	return d.prior(DriftMatch, then, significant(now), chance)
}

func (d drifting) directory() Drift {
	return d.prior(DriftDirectory, float64(d.model.Directory), float64(d.seen.Directory), 0)
}

func (d drifting) comparison(c int) Drift {
	k := d.plan.comparisons[c]
	r := Drift{Kind: d.plan.section.Kind, Position: int64(c + 1), Comparison: k.name}
	for _, side := range []*[]int32{&r.ModelM, &r.ObservedM, &r.ModelU, &r.ObservedU} {
		*side = make([]int32, len(k.levels))
	}
	for code := 1; code <= len(k.levels); code++ {
		r.Matches += d.seen.Hits[c][code]
		r.Pairs += d.seen.Pairs[c][code]
	}
	matches := float64(r.Matches) // in millionths, as the hits are
	r.Matches /= 1e6
	if k.fixed || matches == 0 {
		return r
	}
	var m, u, most float64
	for g := range k.groups {
		group := d.group(c, g)
		for _, l := range group {
			i := l.code - 1
			r.ModelM[i], r.ObservedM[i] = micros(l.m), micros(l.rawM)
			r.ModelU[i], r.ObservedU[i] = micros(l.u), micros(l.rawU)
			share := float64(d.seen.Hits[c][l.code]) / matches
			m, u = m+share*l.offM, u+share*l.offU
			for _, x := range []struct {
				what           string
				off, then, now float64
			}{{DriftM, l.offM, l.m, l.nowM}, {DriftU, l.offU, l.u, l.nowU}} {
				if share*x.off > most {
					most = share * x.off
					r.Level, r.What, r.Then, r.Now = k.levels[i].Label, x.what, significant(x.then), significant(x.now)
				}
			}
		}
	}
	r.M, r.U = millis(m), millis(u)
	r.Drifted = r.M > DriftBound || r.U > DriftBound
	return r
}

// level is one estimated level: its share in the model, as counted, and as an estimate would have it from those counts.
type driftLevel struct {
	code          int
	m, rawM, nowM float64
	u, rawU, nowU float64
	offM, offU    float64 // bits, beyond what chance explains
}

// group measures the levels of one pattern of fields among themselves: how often a pattern occurs is no drift.
func (d drifting) group(c, g int) []driftLevel {
	k := d.plan.comparisons[c]
	var levels []driftLevel
	var hits, pairs, m, u, shippedM, shippedU float64
	for code := k.groups[g].first; code <= k.groups[g].last; code++ {
		l := k.levels[code-1]
		if l.Neutral || l.Fixed {
			continue
		}
		levels = append(levels, driftLevel{code: code})
		hits += float64(d.seen.Hits[c][code]) / 1e6
		pairs += float64(d.seen.Pairs[c][code])
		m, u = m+d.model.Comparisons[c].Levels[code-1].M, u+d.model.Comparisons[c].Levels[code-1].U
		shippedM, shippedU = shippedM+d.shipped[c][code-1].M, shippedU+d.shipped[c][code-1].U
	}
	if hits == 0 || m == 0 || u == 0 {
		return nil
	}
	then, learns := d.restsOn(c, g, hits)
	for i := range levels {
		l := &levels[i]
		v, s := d.model.Comparisons[c].Levels[l.code-1], d.shipped[c][l.code-1]
		l.m, l.u = v.M/m, v.U/u
		l.rawM = float64(d.seen.Hits[c][l.code]) / 1e6 / hits
		l.nowM = l.m
		if learns {
			l.nowM = (l.rawM*then + shippedMatches*s.M/shippedM) / (then + shippedMatches)
			spread := math.Sqrt(l.m*(1-l.m)*(1/hits+1/then)) * then / (then + shippedMatches)
			l.offM = beyond(l.nowM/l.m, spread/l.m)
		}
		d.chance(c, l, pairs, s.U/shippedU)
	}
	return levels
}

// restsOn is how many matches the group's m rests on, and whether an estimate would move m. A pattern that was rare then
// and is not any more counts as what it is now: there is something new to learn.
func (d drifting) restsOn(c, g int, hits float64) (then float64, learns bool) {
	if d.model.Comparisons[c].Matches == nil || g >= len(d.model.Comparisons[c].Matches) {
		// There were none, or m is as shipped, or an older crmlink estimated it and did not note them.
		if d.model.Origin == OriginDefault {
			return hits, float64(d.seen.Matches)/1e6 >= 2*shippedMatches
		}
		return hits, true
	}
	then = d.model.Comparisons[c].Matches[g]
	if then < shippedMatches && hits > 4*then {
		then = hits
	}
	return then, then > 0
}

// chance measures u of a level as Estimate does: the matches among the pairs are taken out, and the sample is drawn
// towards the shipped value as far as it was then.
func (d drifting) chance(c int, l *driftLevel, pairs, shipped float64) {
	l.nowU = l.u
	count := float64(d.seen.Pairs[c][l.code])
	of, records := pairs, float64(d.seen.Records)
	then := math.Min(chancePairs, float64(d.model.Records)*float64(d.model.Directory))
	if all := sum(d.seen.Pairs[c]); all > 0 {
		then *= pairs / all
	}
	if equal, ok := d.seen.Equal[c][l.code]; ok {
		count, of = float64(equal.Pairs), float64(equal.CRM)*float64(equal.Other)
		then, records = of, float64(equal.CRM)
	}
	if of == 0 || d.seen.Directory == 0 {
		return
	}
	share := math.Min(1, count/of)
	l.rawU = share
	matched := math.Min(0.5, d.model.Match/float64(d.seen.Directory)) * l.m
	raw := share - matched
	// Few equal pairs, or mostly those of the same record: nothing can be said.
	if count < 30 || raw < share/2 || then == 0 {
		return
	}
	l.nowU = (raw*then + shipped*shippedPairs) / (then + shippedPairs)
	// Pairs of one record are not independent: a few records with common names make many equal pairs.
	few := spreadOfRecords * math.Sqrt(1/records+1/math.Max(1, float64(d.model.Records)))
	l.offU = beyond(l.nowU/l.u, (math.Sqrt(share/of)+0.1*matched/deviations)/raw+few)
}

// beyond is how many bits a ratio is away from 1, less what its relative standard deviation explains.
func beyond(ratio, deviation float64) float64 {
	return math.Max(0, math.Abs(math.Log2(ratio))-math.Log2(1+deviations*deviation))
}

func sum(counts []int64) float64 {
	var n int64
	for _, v := range counts {
		n += v
	}
	return float64(n)
}

func micros(share float64) int32 { return int32(math.RoundToEven(1e6 * share)) }

func millis(bits float64) int64 { return int64(math.RoundToEven(1000 * bits)) }
