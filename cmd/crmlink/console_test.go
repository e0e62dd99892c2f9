package main

import (
	"bytes"
	"encoding/csv"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/crmlink/crmlink/pipeline"
)

// Requirements D14 to D16: the vendor's own example, to the letter.
func TestStatistics_D14_TheExample(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	var b bytes.Buffer
	writeStatistics(&b, false, []pipeline.ObjectStats{
		{Object: "Account", Records: 97, Matched: 69, RatePercent: n(71), Color: "yellow", Saved: n(61), Unmatched: 28},
		{Object: "Contact", Records: 339, Matched: 319, RatePercent: n(94), Color: "green", Saved: n(210), Unmatched: 20},
		{Object: "Lead", Records: 110, Matched: 97, RatePercent: n(88), Color: "green", Suggested: n(66), Unmatched: 13},
	})
	want := `
                                              Accounts    Contacts       Leads
  ────────────────────────────────────────────────────────────────────────────
  Matched                                           69         319          97
                                           71 % yellow  94 % green  88 % green
  Added to record owners' Saved lists               61         210           –
  Added to record owners' Suggested lists            –           –          66
  ────────────────────────────────────────────────────────────────────────────
  Records                                           97         339         110
  Duplicates of a matched record                     0           0           0
  Without a match                                   28          20          13
  Decided by a person                                0           0           0
`
	if "\n"+b.String() != want {
		t.Errorf("got\n%s\nwant%s", b.String(), want)
	}
}

// D13: without colour the word stays; an object without records has neither.
func TestStatistics_D13_ColourIsAWord(t *testing.T) {
	var b bytes.Buffer
	rate := int64(12)
	writeStatistics(&b, true, []pipeline.ObjectStats{{Object: "Account", RatePercent: &rate, Color: "red"}, {Object: "Lead"}})
	if !strings.Contains(b.String(), "\x1b[31m12 % red\x1b[0m") || !strings.Contains(b.String(), "no records") {
		t.Errorf("%q", b.String())
	}
}

func TestInk_OnlyOnATerminal(t *testing.T) {
	if inkFor(&bytes.Buffer{}) {
		t.Error("a buffer is no terminal")
	}
	if got := ink(false).red("x"); got != "x" {
		t.Errorf("%q", got)
	}
}

// Cells that a spreadsheet would run are text; all others stay as they are.
func TestHarmless(t *testing.T) {
	for _, text := range []string{"=1+1", "+49 30 1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "=cmd|' /C calc'!A0", "＝1", "\u00a0=1", "\ufeff+1"} {
		if got := pipeline.Harmless(text); got != "'"+text {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{"", "Ada", "a=b", "'", "0035g000015aIx5AAE", "true", "2026-07-29T04:00:00Z", "https://x.example/=1", "a\n=b", " a"} {
		if got := pipeline.Harmless(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestListCSV_NoCellIsAFormula(t *testing.T) {
	at := time.Date(2026, 7, 29, 4, 0, 0, 0, time.UTC)
	evil := "=HYPERLINK(\"http://evil.example\")"
	var b bytes.Buffer
	err := writeListCSV(&b, pipeline.SeatList{Rows: []pipeline.ListRow{{List: "saved", Object: "Contact", CRMID: "003", Name: evil, Title: evil, Company: evil,
		Email: "@x", Phone: "+49 30 1", EntityID: "-m1", EntityName: evil, URL: "=u", Opportunity: evil, Stage: "-s", Opportunities: 2, SavedAt: &at}}})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	for i, text := range rows[1] {
		if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r") {
			t.Errorf("%s: %q", rows[0][i], text)
		}
	}
	if got := strings.Join(rows[1], ","); !strings.Contains(got, "'+49 30 1") || !strings.Contains(got, "2026-07-29T04:00:00Z") {
		t.Error(got)
	}
}

func TestTable_AlignsWideAndCombiningCharacters(t *testing.T) {
	table := newTable(false, "name", ">n", "<6 note")
	table.add("Ada", "1", "short")
	table.add("王小明", "1,000", "much longer")
	table.add("e\u0301", "", "")
	var b bytes.Buffer
	table.write(&b)
	want := `
  name        n  note
  ────────────────────
  Ada         1  short
  王小明  1,000  much…
  é
`
	if "\n"+b.String() != want {
		t.Errorf("got\n%s\nwant%s", b.String(), want)
	}
}

// A name in a CRM must not be able to drive a terminal or to break a line of a table.
func TestTable_TakesControlCharactersOut(t *testing.T) {
	table := newTable(false, "name")
	table.add("a\x1b[2Jb\nc\u202ed\x07")
	var b bytes.Buffer
	table.write(&b)
	if strings.ContainsAny(b.String(), "\x1b\x07\u202e") || strings.Count(b.String(), "\n") != 3 {
		t.Errorf("%q", b.String())
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("%d = %s, want %s", n, got, want)
		}
	}
}

func TestTextOf(t *testing.T) {
	for want, v := range map[string]any{
		"": nil, "2026-07-29": time.Date(2026, 7, 29, 0, 0, 0, 0, time.UTC), "2026-07-29T02:00:00.5Z": time.Date(2026, 7, 29, 4, 0, 0, 5e8, time.FixedZone("", 7200)),
		"12.50": duckdb.Decimal{Width: 9, Scale: 2, Value: big.NewInt(1250)}, "-0.05": duckdb.Decimal{Width: 9, Scale: 2, Value: big.NewInt(-5)}, `["a", null, 1]`: []any{"a", nil, 1}, "true": true, "0.1": 0.1,
	} {
		if got := textOf(v); got != want {
			t.Errorf("%v = %q, want %q", v, got, want)
		}
	}
}

func TestMoment_IsUTC(t *testing.T) {
	for text, want := range map[string]string{"2026-07-29": "2026-07-29 00:00:00 UTC", "2026-07-29T04:00:00+02:00": "2026-07-29 02:00:00 UTC",
		"2026-07-29 04:00": "2026-07-29 04:00:00 UTC"} {
		if at, err := moment(text); err != nil || clock(at) != want {
			t.Errorf("%s = %s, %v, want %s", text, clock(at), err, want)
		}
	}
}

// Plain lines where nobody watches: one per finished step, no escape codes, no carriage returns.
func TestProgress_PlainLines(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	at := time.Date(2026, 7, 29, 4, 0, 0, 0, time.UTC)
	for _, e := range []pipeline.Event{
		{Step: "extract", State: "start", At: at},
		{Step: "extract", State: "progress", Rows: 10, Done: 1, Total: 2, At: at.Add(time.Second)},
		{Step: "extract", State: "done", Rows: 1234, At: at.Add(2 * time.Second)},
		{Step: "normalize", State: "start", At: at.Add(2 * time.Second)},
		{Step: "normalize", State: "done", Rows: 1, Reused: true, Detail: "nothing new", At: at.Add(3 * time.Second)},
		{Step: "publish", State: "failed", At: at.Add(4 * time.Second)},
	} {
		p.report(e)
	}
	p.end()
	want := `
✓ extract                      1,234 rows      2.0 s
= normalize                         1 row     reused  nothing new
✗ publish                                     failed
`
	if "\n"+b.String() != want {
		t.Errorf("got\n%s\nwant%s", b.String(), want)
	}
}

// On a terminal the line that moves is wiped before the one that stays.
func TestProgress_BarMoves(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	p.live = true
	at := time.Date(2026, 7, 29, 4, 0, 0, 0, time.UTC)
	p.report(pipeline.Event{Step: "extract", State: "start", At: at})
	p.report(pipeline.Event{Step: "extract", State: "progress", Rows: 1000, Done: 1, Total: 2, At: at.Add(time.Second)})
	p.report(pipeline.Event{Step: "extract", State: "progress", Rows: 1001, Done: 1, Total: 2, At: at.Add(time.Second + time.Millisecond)})
	p.report(pipeline.Event{Step: "extract", State: "done", Rows: 2000, At: at.Add(2 * time.Second)})
	if got := b.String(); !strings.Contains(got, "━━━━━━━━━━━━────────────  50 %  1,000 rows") || strings.Contains(got, "1,001") || !strings.Contains(got, "\r\x1b[K✓ extract") {
		t.Errorf("%q", got)
	}
}
