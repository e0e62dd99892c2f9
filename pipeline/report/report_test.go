package report_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crmlink/crmlink/pipeline/report"
)

var (
	update = flag.Bool("update", false, "rewrite golden files")
	keep   = flag.String("keep", "", "folder to write the pages of these tests to, for looking at them")
)

// pages are what the tests look at.
func pages(t *testing.T) map[string]string {
	t.Helper()
	first := second()
	first.Previous, first.Earlier, first.Changes, first.Effects, first.ROI = "", nil, nil, nil, nil
	same := second()
	same.Changes, same.Effects = nil, nil
	uncounted := same
	uncounted.Differing = []string{"mapping", "badge"}
	stopped := report.Data{Status: "stopped", Run: "r2", Previous: "r1", Problem: "Account: 30 of 31 rows were rejected", Checks: []report.Check{{Name: "rejected_share"}}}
	all := map[string]string{}
	for name, d := range map[string]report.Data{"second": second(), "first": first, "same": same, "uncounted": uncounted,
		"hostile": hostile(), "years": years(), "nothing": {}, "stopped": stopped} {
		var b bytes.Buffer
		if err := report.Write(&b, d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = b.String()
		if *keep != "" {
			if err := os.WriteFile(filepath.Join(*keep, name+".html"), b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

func TestReport_Golden(t *testing.T) {
	golden := filepath.Join("testdata", "second.html")
	got := pages(t)["second"]
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the page changed; go test ./pipeline/report -update accepts it (-want +got):\n%s", diff)
	}
}

// The page says what the guide's example says, in the administrator's words.
func TestReport_D14_D15_D16_TheGuidesExample(t *testing.T) {
	text := plainText(t, pages(t)["second"])
	for _, want := range []string{
		"485 of 546 CRM records are matched (89 %)", "Matched 69 319 97", "71 % yellow 94 % green 88 % green",
		"Saved lists 61 210 –", "Suggested lists – – 66", "green from 80 %, yellow from 60 %, red below",
		"1 of 3 checks did not pass and was accepted", "the old campaign was deleted on purpose",
		"CRM records changed 17 rows", "up 1.3 points", "down 0.3 points", "as in the run before",
		"accepted Records that disappeared Lead: 12 of 110 records are gone",
		"no longer fits 2 numbers of the model no longer agree with the data", "Companies How often matches agree is as shipped",
		"Does it fit the data? Yes: nothing is off by more than chance explains.", "Size of the directory ▲ 1.00 bits off", "1,000 then, 2,000 now",
		"Title ▲ 0.91 bits off", "most of all “differs”: 13.8 % of records that are the same by the model, 42.3 % in the data",
		"won 12 5 2 1,310,000.00 310,000.50 80,000.00", "125,000.00 EUR",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestReport_SaysWhatIsNotThere(t *testing.T) {
	all := pages(t)
	for _, c := range []struct{ page, want string }{
		{"first", "this is the first publication, so there is nothing to compare it with"},
		{"first", "First run: nothing to compare with. From the next run on, a line is drawn here"},
		{"first", "First run: nothing to compare with. From the next run on, each changed row"},
		{"same", "Nothing: every published table is the same."},
		{"uncounted", "No changed row is counted by cause. The content of 2 tables differs: mapping, badge."},
		{"hostile", "Stopped before publication: 2 of 4 checks did not pass; the publication of run 20260728T040000Z stays."},
		{"years", "No records in any of these runs."},
		{"years", "Older runs are not shown."},
		{"years", "and 300 more; the table extract_log has all."},
		{"nothing", "Match statistics This run ended before it had any."},
		{"stopped", "Stopped before publication: the one check did not pass; the publication of run r1 stays. Account: 30 of 31 rows were rejected."},
	} {
		if !strings.Contains(plainText(t, all[c.page]), c.want) {
			t.Errorf("page %s does not say %q", c.page, c.want)
		}
	}
	if strings.Contains(all["nothing"], "What the evidence weighs") {
		t.Error("a section of the model though there is none")
	}
	if strings.Contains(all["first"], "Return on investment") {
		t.Error("a section of ROI though there is none (I1)")
	}
}

// elements walks a page as strict XML, which also shows that it is well formed.
func elements(t *testing.T, page string, visit func(xml.StartElement), text func(string)) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			line, column := d.InputPos()
			t.Fatalf("not well formed at line %d, column %d: %v", line, column, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			visit(token)
		case xml.CharData:
			text(string(token))
		}
	}
}

func plainText(t *testing.T, page string) string {
	t.Helper()
	var b strings.Builder
	elements(t, page, func(xml.StartElement) { b.WriteByte(' ') }, func(s string) { b.WriteString(s) })
	text := strings.ReplaceAll(strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\u00a0", " ")), " "), " ,", ",")
	return strings.ReplaceAll(text, " .", ".")
}

// The page stands alone: no script, nothing fetched, every link within it, every reference has its target.
func TestReport_StandsAlone(t *testing.T) {
	known := map[string]bool{"html": true, "head": true, "meta": true, "title": true, "style": true, "body": true, "a": true, "header": true, "p": true,
		"h1": true, "h2": true, "h3": true, "time": true, "main": true, "section": true, "nav": true, "ul": true, "li": true, "div": true, "span": true,
		"article": true, "strong": true, "svg": true, "rect": true, "table": true, "thead": true, "tbody": true, "tfoot": true, "tr": true, "th": true, "td": true,
		"figure": true, "figcaption": true, "desc": true, "line": true, "text": true, "path": true, "circle": true, "g": true, "details": true, "summary": true,
		"code": true, "q": true, "dl": true, "dt": true, "dd": true, "footer": true}
	for name, page := range pages(t) {
		ids, wanted := map[string]bool{}, []string{}
		elements(t, page, func(e xml.StartElement) {
			if !known[e.Name.Local] {
				t.Errorf("%s: element %s", name, e.Name.Local)
			}
			for _, a := range e.Attr {
				switch key := strings.ToLower(a.Name.Local); {
				case key == "id":
					if ids[a.Value] {
						t.Errorf("%s: id %s twice", name, a.Value)
					}
					ids[a.Value] = true
				case key == "href":
					if !strings.HasPrefix(a.Value, "#") {
						t.Errorf("%s: link to %s", name, a.Value)
					}
					wanted = append(wanted, strings.TrimPrefix(a.Value, "#"))
				case key == "aria-labelledby":
					wanted = append(wanted, strings.Fields(a.Value)...)
				case key == "src", key == "style", strings.HasPrefix(key, "on"):
					t.Errorf("%s: attribute %s", name, key)
				}
			}
		}, func(string) {})
		for _, id := range wanted {
			if !ids[id] {
				t.Errorf("%s: nothing has the id %s", name, id)
			}
		}
		if name != "hostile" && regexp.MustCompile(`https?://|@import|url\(`).MatchString(page) {
			t.Errorf("%s: names an address", name)
		}
		if !strings.Contains(page, `content="default-src &#39;none&#39;; style-src &#39;sha256-`) {
			t.Errorf("%s: no content security policy", name)
		}
	}
}

func TestReport_NumbersOfDrawingsAreNumbers(t *testing.T) {
	number := regexp.MustCompile(`^-?[0-9]+(\.[0-9])?$`)
	for name, page := range pages(t) {
		elements(t, page, func(e xml.StartElement) {
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height":
					if !number.MatchString(a.Value) {
						t.Errorf("%s: %s %s=%q", name, e.Name.Local, a.Name.Local, a.Value)
					}
				case "d":
					if regexp.MustCompile(`[^ML0-9. -]`).MatchString(a.Value) {
						t.Errorf("%s: path %q", name, a.Value)
					}
				}
			}
		}, func(string) {})
	}
}

func TestReport_StaysSmall(t *testing.T) {
	for name, page := range pages(t) {
		if len(page) > 200_000 {
			t.Errorf("%s has %d bytes", name, len(page))
		}
		t.Logf("%s: %d bytes", name, len(page))
	}
}

// A gap in the runs is a gap in the line, and a run between two gaps is a point.
func TestReport_GapsAreNotBridged(t *testing.T) {
	lines, points := 0, 0
	page := pages(t)["years"]
	chart := page[strings.Index(page, `id="rate0t"`):]
	elements(t, "<svg><title "+chart[:strings.Index(chart, "</svg>")]+"</svg>", func(e xml.StartElement) {
		switch e.Name.Local {
		case "path":
			lines++
		case "circle":
			points++
		}
	}, func(string) {})
	// Accounts lack runs 3, 20 to 23, 37 and 54; of 61 runs only the last is a point.
	if lines != 5 || points != 1 {
		t.Errorf("%d lines and %d points, want 5 and 1", lines, points)
	}
}
