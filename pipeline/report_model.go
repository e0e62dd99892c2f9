package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/pipeline/report"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// reportModel takes the model's numbers and how well they fit. They are about levels and name no value.
func (r *run) reportModel(ctx context.Context, d *report.Data) error {
	if r.record.Model.ID == "" {
		return nil
	}
	sections, err := programmeOf(r.session, r.record)
	if err != nil {
		return err
	}
	file, err := newModelFile(sections, r.record.Model)
	if err != nil {
		return err
	}
	drift := map[string]map[string]report.Drift{linkage.Company: {}, linkage.Person: {}}
	if snap, ok := r.record.Tables[schemas.ModelDrift.Name]; ok {
		if err := r.session.Bind(ctx, snap); err != nil {
			return err
		}
		err := readFile(ctx, r.session, "model_drift", nil, func(rows *sql.Rows) error {
			var kind string
			var position, bits int64
			var x report.Drift
			err := rows.Scan(&kind, &x.Name, &position, &bits, &x.Drifted, &x.Level, &x.What, &x.Then, &x.Now)
			x.Bits = float64(bits) / 1000
			drift[kind][x.Name] = x
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, s := range []linkage.FileSection{file.Company, file.Person} {
		d.Kinds = append(d.Kinds, reportKind(s, drift[s.Kind]))
	}
	return nil
}

var kindTitles = map[string]string{linkage.Company: "Companies", linkage.Person: "People"}

func reportKind(s linkage.FileSection, drift map[string]report.Drift) report.ModelKind {
	k := report.ModelKind{Name: kindTitles[s.Kind], Match: s.Match, Directory: s.Directory, Prior: float64(s.Prior) / 1000, Estimate: RestsOn(s)}
	for _, name := range []string{linkage.DriftMatch, linkage.DriftDirectory} {
		if x, ok := drift[name]; ok {
			k.Drift = append(k.Drift, x)
		}
	}
	for _, c := range s.Comparisons {
		out := report.Comparison{Name: c.Name}
		if x, ok := drift[c.Name]; ok {
			out.Drift = &x
		}
		for _, g := range c.Groups {
			p := report.Pattern{When: PatternText(g.Present)}
			for _, l := range g.Levels {
				p.Levels = append(p.Levels, report.Level{Label: l.Label, M: l.M, U: l.U, Bits: float64(l.Weight) / 1000, Adjusted: l.Frequency != "", Neutral: l.Neutral})
			}
			out.Groups = append(out.Groups, p)
		}
		k.Comparisons = append(k.Comparisons, out)
	}
	return k
}

// PatternText says in words which fields a pattern of a comparison asks for; a condition that has no such words is shown
// as it is.
func PatternText(present string) string {
	var fields []string
	for _, part := range strings.Split(present, " & ") {
		field, opens := strings.CutPrefix(part, "present(")
		field, closes := strings.CutSuffix(field, ")")
		if !opens || !closes || strings.ContainsAny(field, "(|") {
			return "where " + present
		}
		fields = append(fields, strings.ReplaceAll(strings.ReplaceAll(field, ", ", " against "), "_", " "))
	}
	return "where both have " + strings.Join(fields, ", ")
}

// RestsOn says what the numbers of a kind rest on.
func RestsOn(s linkage.FileSection) string {
	text := fmt.Sprintf("%s of %d records, %d expected matches", s.Origin, s.Records, int64(s.Expected))
	switch s.Origin {
	case linkage.OriginDefault:
		text = fmt.Sprintf("how often matches agree is as shipped, for %d expected matches of %d records are too few to learn from", int64(s.Expected), s.Records)
	case linkage.OriginBlended:
		text = fmt.Sprintf("how often matches agree is learnt from %d expected matches of %d records, and blended with what is shipped", int64(s.Expected), s.Records)
	case linkage.OriginEstimated:
		text = fmt.Sprintf("how often matches agree is learnt from %d expected matches of %d records", int64(s.Expected), s.Records)
	}
	if s.Labelled != nil {
		text += fmt.Sprintf(", with %d decisions", s.Labelled.Sum())
	}
	return text
}
