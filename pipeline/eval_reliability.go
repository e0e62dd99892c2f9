package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/crmlink/crmlink/sql"
)

// Reliability says whether probabilities mean what they say: over the best candidate of every judged live record,
// published or not, in ten bins of equal count.
type Reliability struct {
	Object string `json:"object"`
	Bins   []Bin  `json:"bins"`
	// Error is the expected calibration error: the mean distance between Predicted and Right, weighted by records.
	Error float64 `json:"expected_calibration_error"`
	// Candidates is the mean number of candidates per judged record, Reached the share of true pairs among the candidates
	// that were kept: with settings.candidates above the largest number of candidates that is the recall of blocking.
	Candidates float64  `json:"candidates_per_record"`
	Most       int64    `json:"most_candidates"`
	Reached    *float64 `json:"reached"`
}

// Bin is a tenth of the best candidates, by probability.
type Bin struct {
	Records   int64   `json:"records"`
	Predicted float64 `json:"predicted"` // mean probability
	Right     float64 `json:"right"`     // share that is the true entity
}

const reliabilityBins = 10

// judgedCandidates are the candidates of one object's judged live records.
type judgedCandidates struct {
	best    []bestCandidate
	records int64 // judged and live, with candidates or without
	have    int64 // of them with an entity
	reached int64
	all     int64
	most    int64
}

type bestCandidate struct {
	id     string
	micros int64
	right  bool
}

// reliability reads the candidates of the records that were judged live.
func (p *Publication) reliability(ctx context.Context, e *evaluation) ([]Reliability, error) {
	if err := p.bind(ctx, "candidate"); err != nil {
		return nil, err
	}
	objects := map[string]*judgedCandidates{}
	for key, truth := range e.live {
		j := candidatesOf(objects, key.Object)
		j.records++
		if truth != "" {
			j.have++
		}
	}
	err := p.read(ctx, "kept_candidates", nil, func(r *sql.Rows) error {
		var key TruthKey
		var rank, micros, candidates int64
		var entity string
		if err := r.Scan(&key.Object, &key.CRMID, &rank, &entity, &micros, &candidates); err != nil {
			return err
		}
		truth, judged := e.live[key]
		if !judged {
			return nil
		}
		j := objects[key.Object]
		if entity == truth {
			j.reached++
		}
		if rank == 1 {
			j.best = append(j.best, bestCandidate{key.CRMID, micros, entity == truth})
			j.all += candidates
			j.most = max(j.most, candidates)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	var out []Reliability
	for _, object := range evaluated {
		if j := objects[object]; j != nil {
			out = append(out, j.finish(object))
		}
	}
	return out, nil
}

func candidatesOf(objects map[string]*judgedCandidates, object string) *judgedCandidates {
	if objects[object] == nil {
		objects[object] = &judgedCandidates{}
	}
	return objects[object]
}

func (j *judgedCandidates) finish(object string) Reliability {
	r := Reliability{Object: object, Candidates: float64(j.all) / float64(j.records), Most: j.most, Reached: share(j.reached, j.have)}
	slices.SortFunc(j.best, func(a, b bestCandidate) int { return cmp.Or(cmp.Compare(a.micros, b.micros), cmp.Compare(a.id, b.id)) })
	n := len(j.best)
	for i := range reliabilityBins {
		part := j.best[i*n/reliabilityBins : (i+1)*n/reliabilityBins]
		if len(part) == 0 {
			continue
		}
		var micros, right int64
		for _, c := range part {
			micros += c.micros
			if c.right {
				right++
			}
		}
		b := Bin{Records: int64(len(part)), Predicted: float64(micros) / 1e6 / float64(len(part)), Right: float64(right) / float64(len(part))}
		r.Bins = append(r.Bins, b)
		r.Error += math.Abs(b.Predicted-b.Right) * float64(b.Records) / float64(n)
	}
	return r
}
