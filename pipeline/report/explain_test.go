package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline/report"
)

func explained(evil string) report.Why {
	c := report.WhyCandidate{ID: "c1", Name: "Acme" + evil, About: "Leeds" + evil, Weight: -1500, Probability: 0.26, ProbabilityText: "0.2600", Rule: "name",
		Rows: []report.WhyRow{{Name: "prior", Label: "before anything is compared", Bits: -8000},
			{Name: "name", Label: "same name", CRM: "acme" + evil, Directory: "acme" + evil, Bits: 9000},
			{Name: "name", Label: "a common value", Bits: -2500, Rarity: true}},
		Silent: []string{"legal_form"}}
	next := c
	next.ID, next.Weight = "c2", -4000
	return report.Why{Run: "20260729T040000Z", AsOf: time.Date(2026, 7, 29, 4, 0, 0, 0, time.UTC), Object: "Account", ID: "0015g00000AAAAAAA0",
		Name: "Acme" + evil, About: "Leeds" + evil, Status: "unmatched", Summary: "No match: the best candidate is not probable enough.",
		Changes: []report.FieldValue{{Field: "Website", Value: "acme.com" + evil}}, ChangedTo: "0.9700", ChangedFor: "Acme" + evil,
		Threshold: 0.5, Sure: 0.8, Chosen: &c, RunnerUp: &next, InAll: 2, Decisions: []string{"is_not c9: " + evil}}
}

// The page is well formed whatever a record holds, has no script, and loads nothing.
func TestWriteWhy_WellFormedAndClosed(t *testing.T) {
	for _, evil := range []string{"", `"><script>alert(1)</script>&amp;` + " <!-- ]]> \u202e"} {
		var page bytes.Buffer
		if err := report.WriteWhy(&page, explained(evil)); err != nil {
			t.Fatal(err)
		}
		text := page.String()
		for _, forbidden := range []string{"<script", "http://", "https://", "style=\""} {
			if strings.Contains(strings.ToLower(text), forbidden) {
				t.Errorf("the page holds %s", forbidden)
			}
		}
		d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "<!DOCTYPE html>\n")))
		d.Strict, d.Entity = true, xml.HTMLEntity
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("not well formed: %v", err)
			}
		}
	}
}

// Each bar begins where the one before ended, and the weight's own bar is their sum.
func TestWriteWhy_BarsSumToTheWeight(t *testing.T) {
	var page bytes.Buffer
	y := explained("")
	y.RunnerUp = nil
	if err := report.WriteWhy(&page, y); err != nil {
		t.Fatal(err)
	}
	// From −8000 to 1000 on 98 of 100: 10.9 for a thousandth of a thousand bits.
	for _, want := range []string{
		`<rect x="1" y="1.5" width="87.1" height="7"/>`,    // prior: 0 to −8000
		`<rect x="1" y="1.5" width="98" height="7"/>`,      // name: −8000 to 1000
		`<rect x="71.8" y="1.5" width="27.2" height="7"/>`, // rarity: 1000 to −1500
		`<rect x="71.8" y="1.5" width="16.3" height="7"/>`, // weight: 0 to −1500
		`it is <strong>Acme</strong> with probability <strong>0.9700</strong>`, "The best rejected candidate", "acme.com",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
