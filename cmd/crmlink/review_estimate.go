package main

import (
	"fmt"

	"github.com/crmlink/crmlink/pipeline"
)

// estimate prints how good the answers are, from what people said of a sample.
func (r *reviewer) estimate(asJSON bool) error {
	q, err := r.p.Estimate(r.ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(r.out, q)
	}
	i := inkFor(r.out)
	fmt.Fprintf(r.out, "\n%s  run %s, %s of %s sampled records judged, drawn from %s\n", i.bold("How good the answers are"), q.Run,
		number(q.Judged), number(q.Sampled), count(q.Records, "record", "records"))
	t := newTable(i, "", ">precision", ">95 % interval", ">recall", ">95 % interval")
	add := func(name string, p, c *pipeline.Share) {
		cells := []any{name}
		for _, s := range []*pipeline.Share{p, c} {
			if s == nil {
				cells = append(cells, "–", "")
				continue
			}
			cells = append(cells, percent(s.Value), percent(s.Low)+" – "+percent(s.High))
		}
		t.add(cells...)
	}
	add("all", q.Precision, q.Recall)
	for _, part := range q.Parts {
		add(part.Name, part.Precision, part.Recall)
	}
	t.write(r.out)
	strata := newTable(i, "", ">records", ">sampled", ">judged", ">right", ">missed")
	for _, h := range q.Strata {
		if h.Records > 0 {
			right := "–"
			if h.Answer {
				right = number(h.Correct)
			}
			strata.add(h.Name, number(h.Records), number(h.Sampled), number(h.N), right, number(h.Missed))
		}
	}
	fmt.Fprintln(r.out)
	strata.write(r.out)
	if q.Judged < q.Sampled {
		fmt.Fprintf(r.out, "  %s\n", i.dim("Records that are not judged yet are taken to be like the others of their line; crmlink review --sample goes on."))
	}
	return nil
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
