package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/sql"
)

// Sample draws a random sample of the publication's answers, to be judged by a person, and remembers it with the
// answers as they are. Which records it holds follows from the run alone; asked for more later, it grows. It returns
// the records that nobody has judged yet, in an order in which each beginning is a smaller sample of the same kind.
func (p *Publication) Sample(ctx context.Context, size int, who Person, at time.Time) ([]Question, error) {
	if err := p.bind(ctx, "mapping", "unmatched"); err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	type drawn struct {
		control.Sampled
		kind, place, records int64
	}
	var all []drawn
	records := make([]int64, len(stratumKinds))
	err := p.read(ctx, "review_strata", map[string]any{"run": p.Record.ID, "most": int64(size)}, func(r *sql.Rows) error {
		var d drawn
		err := r.Scan(&d.kind, &d.records, &d.place, &d.Object, &d.CRMID, &d.EntityID, &d.Probability)
		records[d.kind-1] = d.records
		all = append(all, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	want := allocate(stratumKinds, records, size)
	s := control.Sample{Run: p.Record.ID, At: at}
	for i, h := range stratumKinds {
		s.Strata = append(s.Strata, control.Stratum{Name: h.name, Answer: h.answer, Place: int64(i + 1), Records: records[i]})
	}
	for _, d := range all {
		if n := want[d.kind-1]; d.place <= n {
			d.Stratum = stratumKinds[d.kind-1].name
			d.Place = (2*d.place - 1) * 1_000_000 / (2 * n) // spread evenly over the whole sample
			s.Records = append(s.Records, d.Sampled)
		}
	}
	if len(s.Records) == 0 {
		return nil, &InputError{Problem: "there is no live record that a person has not decided", Next: "crmlink show"}
	}
	db, err := control.Open(ctx, p.store.Dir)
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	defer db.Close()
	act := control.Act{By: who.By, Login: who.Login, At: at, What: "sample", Detail: fmt.Sprintf("%d records of run %s", len(s.Records), p.Record.ID)}
	if err := db.SaveSample(ctx, act, s); err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	samples, err := db.Samples(ctx)
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	known, err := p.wordsSaid(ctx, db, samples)
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	at1 := slices.IndexFunc(samples, func(s control.Sample) bool { return s.Run == p.Record.ID })
	questions := []Question{}
	for _, r := range samples[at1].Records {
		if known.judge(r) == unjudged {
			questions = append(questions, Question{Object: r.Object, CRMID: r.CRMID, EntityID: r.EntityID, Prob: r.Probability})
		}
	}
	return questions, nil
}

// The ways in which a person's word relates to a sampled answer.
const (
	unjudged = iota
	correct  // the same entity, or no match as was answered
	missed   // it is another entity, or one where none was answered; or only that the answer is wrong is known
	without  // it has no match, and one was answered
)

// wordsSaid are the words that stand in the control database, by record, and the ids of today of sampled answers.
type wordsSaid struct {
	words map[string][]Decision
	today map[string]string
}

func (p *Publication) wordsSaid(ctx context.Context, db *control.DB, samples []control.Sample) (wordsSaid, error) {
	stored, err := db.Decisions(ctx)
	if err != nil {
		return wordsSaid{}, err
	}
	var ids []string
	for _, s := range samples {
		for _, r := range s.Records {
			ids = append(ids, r.EntityID)
		}
	}
	var l wordsSaid
	if l.words, err = p.fold(ctx, stored); err == nil {
		l.today, err = p.today(ctx, ids...)
	}
	return l, err
}

// judge holds what the model had answered against the person's word.
func (l wordsSaid) judge(r control.Sampled) int {
	said := unjudged
	for _, w := range l.words[r.CRMID] {
		same := r.EntityID != "" && w.EntityID != "" && w.NowID == l.today[r.EntityID]
		switch {
		case w.Verdict == "is" && same, w.Verdict == "none" && r.EntityID == "":
			said = correct
		case w.Verdict == "is":
			said = missed
		case w.Verdict == "none":
			said = without
		case same && said == unjudged: // is_not, and nothing else is known: the worse for recall
			said = missed
		}
	}
	return said
}

// Estimated is an estimate of how good a run's answers are, from a sample of them that people judged.
type Estimated struct {
	Run       string   `json:"run"` // of which the sample was drawn
	DrawnAt   string   `json:"drawn_at"`
	Records   int64    `json:"records"` // live and not decided by a person then
	Sampled   int64    `json:"sampled"`
	Judged    int64    `json:"judged"`
	Precision *Share   `json:"precision,omitempty"` // nil where too little was judged
	Recall    *Share   `json:"recall,omitempty"`
	Strata    []Judged `json:"strata"`
	// Parts are the same for accounts and for people by themselves.
	Parts []EstimatedPart `json:"parts,omitempty"`
}

// EstimatedPart is the estimate for accounts or for people.
type EstimatedPart struct {
	Name      string `json:"name"`
	Precision *Share `json:"precision,omitempty"`
	Recall    *Share `json:"recall,omitempty"`
}

// Estimate says how good the answers are of which the latest sample with a judged record was drawn. Only sampled
// records count, since those that people choose to look at are the doubtful ones; and each with the answer it had when
// the sample was drawn, before any word of a person.
func (p *Publication) Estimate(ctx context.Context) (Estimated, error) {
	none := &InputError{Problem: "no record of a sample was judged yet", Next: "crmlink review --sample 100"}
	db, err := control.OpenIfThere(ctx, p.store.Dir)
	if err != nil {
		return Estimated{}, fmt.Errorf("estimate: %w", err)
	} else if db == nil {
		return Estimated{}, none
	}
	defer db.Close()
	samples, err := db.Samples(ctx)
	if err != nil {
		return Estimated{}, fmt.Errorf("estimate: %w", err)
	}
	known, err := p.wordsSaid(ctx, db, samples)
	if err != nil {
		return Estimated{}, fmt.Errorf("estimate: %w", err)
	}
	for _, s := range slices.Backward(samples) {
		if q := estimateOf(s, known); q.Judged > 0 {
			return q, nil
		}
	}
	return Estimated{}, none
}

func estimateOf(s control.Sample, known wordsSaid) Estimated {
	q := Estimated{Run: s.Run, DrawnAt: s.At.UTC().Format(time.RFC3339)}
	at := map[string]int{}
	for _, h := range s.Strata {
		at[h.Name] = len(q.Strata)
		q.Strata = append(q.Strata, Judged{Name: h.Name, Answer: h.Answer, Records: h.Records})
		q.Records += h.Records
	}
	for _, r := range s.Records {
		h := &q.Strata[at[r.Stratum]]
		h.Sampled++
		q.Sampled++
		said := known.judge(r)
		if said == unjudged {
			continue
		}
		h.N++
		q.Judged++
		switch {
		case said == correct && h.Answer:
			h.Correct++
		case said == missed:
			h.Missed++
		}
	}
	q.Precision, q.Recall = sharesOf(q.Strata)
	for _, name := range []string{"accounts", "people"} {
		part := slices.DeleteFunc(slices.Clone(q.Strata), func(h Judged) bool { return !strings.HasPrefix(h.Name, name) })
		one := EstimatedPart{Name: name}
		one.Precision, one.Recall = sharesOf(part)
		q.Parts = append(q.Parts, one)
	}
	return q
}

func sharesOf(strata []Judged) (p, r *Share) {
	if s, ok := precision(strata); ok && !math.IsNaN(s.Value) {
		p = &s
	}
	if s, ok := recall(strata); ok && !math.IsNaN(s.Value) {
		r = &s
	}
	return p, r
}
