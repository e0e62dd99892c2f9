package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

// Why is all that the page about one record shows. Unlike Data it holds personal values: its page belongs into the
// store and nowhere else.
type Why struct {
	Run              string
	AsOf             time.Time
	Object, ID       string
	Name, About      string
	Status, Tier     string
	Entity           string // id of the directory entity; empty without
	Summary          string
	NextStep         string
	Changes          []FieldValue // the smallest change that would make it match
	ChangedTo        string       // probability after it
	ChangedFor       string       // the entity it would match, by name and id
	Threshold, Sure  float64
	Chosen, RunnerUp *WhyCandidate // the candidate that is told about, and the next one beside it
	Others           []WhyCandidate
	InAll            int64
	Decisions        []string
}

// FieldValue is a CRM field and what to set it to.
type FieldValue struct{ Field, Value string }

// WhyCandidate is one directory entity with what each comparison added, in thousandths of a bit.
type WhyCandidate struct {
	ID, Name, About, URL string
	Weight               int64
	Probability          float64
	ProbabilityText      string
	Rule                 string
	Rows                 []WhyRow
	Silent               []string // comparisons that had nothing to compare
}

// WhyRow is one step of the waterfall: the prior, a comparison's level, or the frequency adjustment of the level before.
type WhyRow struct {
	Name, Label    string
	CRM, Directory string
	Bits           int64
	Rarity         bool // a frequency adjustment
}

// whyPage is Why with the waterfalls drawn on one scale, so that two candidates can be compared by eye.
type whyPage struct {
	Why
	Title string
	Falls []fall
	Tone  string
}

type fall struct {
	WhyCandidate
	Head  string
	Zero  string
	Steps []step
	End   box
}

type step struct {
	WhyRow
	Text string
	Sign string // plus or minus
	box
}

// box is where a bar of a waterfall lies on a drawing that is 100 wide.
type box struct{ X, Width string }

//go:embed page/explain.css
var whyOnly string

// whyStyle is the stylesheet of the page about one record: the report's, and what it adds.
func whyStyle() template.HTML { return template.HTML("<style>" + style + whyOnly + "</style>") }

func whyPolicy() string { return policyOf(style + whyOnly) }

// WriteWhy writes the page about one record.
func WriteWhy(w io.Writer, y Why) error {
	var b bytes.Buffer
	if err := layout().ExecuteTemplate(&b, "explain.html", newWhyPage(y)); err != nil {
		return fmt.Errorf("write explanation of %s: %w", y.ID, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func newWhyPage(y Why) whyPage {
	p := whyPage{Why: y, Tone: "stopped"}
	switch {
	case y.Status == "duplicate":
		p.Tone = "look"
	case y.Entity != "":
		p.Tone = ""
	}
	p.Title = y.Name
	if strings.TrimSpace(p.Title) == "" {
		p.Title = y.Object + " " + y.ID
	}
	var low, high int64
	candidates := []*WhyCandidate{y.Chosen, y.RunnerUp}
	for _, c := range candidates {
		if c == nil {
			continue
		}
		var sum int64
		for _, r := range c.Rows {
			sum += r.Bits
			low, high = min(low, sum), max(high, sum)
		}
	}
	for i, c := range candidates {
		if c == nil {
			continue
		}
		head := "Why this match"
		switch {
		case i == 1 && y.Entity == "":
			head = "The next one"
		case i == 1:
			head = "Why not the next one"
		case y.Entity == "":
			head = "The best rejected candidate"
		case c.ID != y.Entity:
			head = "The best candidate by weight"
		}
		p.Falls = append(p.Falls, drawFall(head, *c, low, high))
	}
	return p
}

func drawFall(head string, c WhyCandidate, low, high int64) fall {
	wide := float64(max(1, high-low))
	at := func(v int64) float64 { return 1 + 98*float64(v-low)/wide }
	f := fall{WhyCandidate: c, Head: head, Zero: place(at(0))}
	var sum int64
	for _, r := range c.Rows {
		s := step{WhyRow: r, Text: bits(r.Bits), Sign: "plus", box: boxOf(at(sum), at(sum+r.Bits))}
		if r.Bits < 0 {
			s.Sign = "minus"
		}
		f.Steps = append(f.Steps, s)
		sum += r.Bits
	}
	f.End = boxOf(at(0), at(sum))
	return f
}

// boxOf is never so narrow that it cannot be seen.
func boxOf(from, to float64) box {
	return box{place(min(from, to)), place(max(0.8, max(from, to)-min(from, to)))}
}

// bits writes thousandths of a bit with their sign and one digit.
func bits(thousandths int64) string {
	sign := "+"
	if thousandths < 0 {
		sign, thousandths = "−", -thousandths
	}
	return fmt.Sprintf("%s%.1f", sign, float64(thousandths)/1000)
}
