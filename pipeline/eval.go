package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/sql"
)

// Quality is a publication held against the truth.
type Quality struct {
	Run      string  `json:"run"`
	OneToOne bool    `json:"one_to_one"`
	Objects  []Score `json:"objects"`
	Total    Score   `json:"total"`
	// Sure is the same for the answers of the tier sure alone: all other records count as left without an answer.
	Sure        []Score       `json:"sure"`
	Reliability []Reliability `json:"reliability"`
	Cases       []Case        `json:"cases,omitempty"`
	// Truth rows that say nothing about the answers: the record is not live (deleted, merged, converted, a Person
	// Account), or the run does not know it. Answers that the truth does not judge are left out, too.
	NotLive  int64 `json:"truth_not_live"`
	Unknown  int64 `json:"truth_unknown"`
	Unjudged int64 `json:"records_unjudged"`
}

// Score counts answers. A wrong entity for a record that has one is both a false match and a miss.
type Score struct {
	Object   string   `json:"object"`
	Records  int64    `json:"records"`       // judged
	Have     int64    `json:"with_entity"`   // the truth knows an entity
	Answered int64    `json:"answered"`      // the publication names an entity
	Right    int64    `json:"right"`         // the same one
	Wrong    int64    `json:"wrong_entity"`  // another one
	False    int64    `json:"false_matches"` // one, though there is none
	None     int64    `json:"without_entity"`
	Prec     *float64 `json:"precision"` // nil where nothing was answered
	Recall   *float64 `json:"recall"`    // nil where the truth knows no entity
	F1       *float64 `json:"f1"`
}

// Case is recall over the records that carry one label. Labels may have a detail, kind:detail, and the kind is a case
// of its own then.
type Case struct {
	Object string `json:"object"`
	Case   string `json:"case"`
	Score
}

func (s *Score) add(truth, answer string) {
	s.Records++
	if truth != "" {
		s.Have++
	} else {
		s.None++
	}
	if answer == "" {
		return
	}
	s.Answered++
	switch {
	case answer == truth:
		s.Right++
	case truth == "":
		s.False++
	default:
		s.Wrong++
	}
}

func (s *Score) sum(t Score) {
	s.Records += t.Records
	s.Have += t.Have
	s.Answered += t.Answered
	s.Right += t.Right
	s.Wrong += t.Wrong
	s.False += t.False
	s.None += t.None
}

// finish works out the rates. A rate of nothing is not zero: it is left out.
func (s *Score) finish() {
	s.Prec, s.Recall, s.F1 = share(s.Right, s.Answered), share(s.Right, s.Have), share(2*s.Right, s.Answered+s.Have)
}

func share(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	f := float64(part) / float64(whole)
	return &f
}

// Eval holds the run's answers against the truth. An answer is the best entity of each live record, duplicates of the
// same entity included; with oneToOne only records that carry the entity answer (matched and decided).
func (p *Publication) Eval(ctx context.Context, truth map[TruthKey]Truth, oneToOne bool) (Quality, error) {
	e := newEvaluation(truth, oneToOne)
	if err := p.bind(ctx, "mapping"); err != nil {
		return Quality{}, fmt.Errorf("eval: %w", err)
	}
	err := p.read(ctx, "answers", nil, func(r *sql.Rows) error {
		var key TruthKey
		var status, entity, tier string
		err := r.Scan(&key.Object, &key.CRMID, &status, &entity, &tier)
		e.answer(key, status, entity, tier)
		return err
	})
	if err != nil {
		return Quality{}, fmt.Errorf("eval: %w", err)
	}
	q := e.result()
	if q.Reliability, err = p.reliability(ctx, e); err != nil {
		return Quality{}, fmt.Errorf("eval: %w", err)
	}
	q.Run = p.Record.ID
	return q, nil
}

type evaluation struct {
	truth    map[TruthKey]Truth
	oneToOne bool
	quality  Quality
	seen     int64
	live     map[TruthKey]string // true entity of the records that are judged
	objects  map[string]*Score
	sure     map[string]*Score
	cases    map[[2]string]*Score
}

func newEvaluation(truth map[TruthKey]Truth, oneToOne bool) *evaluation {
	return &evaluation{truth: truth, oneToOne: oneToOne, quality: Quality{OneToOne: oneToOne},
		live: map[TruthKey]string{}, objects: map[string]*Score{}, sure: map[string]*Score{}, cases: map[[2]string]*Score{}}
}

func (e *evaluation) answer(key TruthKey, status, entity, tier string) {
	t, judged := e.truth[key]
	if !judged {
		e.quality.Unjudged++
		return
	}
	e.seen++
	switch status {
	case "matched", "decided":
	case "duplicate", "unmatched":
		if e.oneToOne {
			entity = ""
		}
	default:
		e.quality.NotLive++
		return
	}
	e.live[key] = t.Entity
	scoreOf(e.objects, key.Object).add(t.Entity, entity)
	sure := ""
	if tier == "sure" {
		sure = entity
	}
	scoreOf(e.sure, key.Object).add(t.Entity, sure)
	for _, c := range labels(t.Cases) {
		scoreOf(e.cases, [2]string{key.Object, c}).add(t.Entity, entity)
	}
}

// labels are a record's cases, each once; kind:detail counts for its kind as well.
func labels(cases []string) []string {
	var all []string
	add := func(c string) {
		if c != "" && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	for _, c := range cases {
		if kind, _, ok := strings.Cut(c, ":"); ok {
			add(kind)
		}
		add(c)
	}
	return all
}

func scoreOf[K comparable](scores map[K]*Score, key K) *Score {
	if scores[key] == nil {
		scores[key] = &Score{}
	}
	return scores[key]
}

func (e *evaluation) result() Quality {
	q := e.quality
	q.Unknown = int64(len(e.truth)) - e.seen
	q.Total.Object = "total"
	for _, object := range evaluated {
		if s := e.objects[object]; s != nil {
			s.Object = object
			s.finish()
			q.Objects = append(q.Objects, *s)
			q.Total.sum(*s)
			sure := e.sure[object]
			sure.Object = object
			sure.finish()
			q.Sure = append(q.Sure, *sure)
		}
	}
	q.Total.finish()
	for k, s := range e.cases {
		s.Object = k[0]
		s.finish()
		q.Cases = append(q.Cases, Case{Object: k[0], Case: k[1], Score: *s})
	}
	slices.SortFunc(q.Cases, func(a, b Case) int { return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Case, b.Case)) })
	return q
}
