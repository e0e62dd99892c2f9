package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestFullID(t *testing.T) {
	for id, want := range map[string]string{
		"0035g000015aIx5":    "0035g000015aIx5AAE",
		"0035g000015aIx5AAE": "0035g000015aIx5AAE",
		"0035g000015aIx5aae": "0035g000015aIx5AAE", // the checksum is not case-sensitive
		"00Q5g000015aJ2S":    "00Q5g000015aJ2SEAU",
	} {
		if got, err := FullID(id); err != nil || got != want {
			t.Errorf("%s = %s, %v, want %s", id, got, err, want)
		}
	}
	for _, id := range []string{"", "003", "0035g000015aIx5AAA", "0035g000015aIx_", "0035g000015aIx5AA", "ä035g000015aIx"} {
		if got, err := FullID(id); err == nil || !IsInput(err) {
			t.Errorf("%s = %s, %v, want an error of the user's input", id, got, err)
		}
	}
}

func TestBits(t *testing.T) {
	for n, want := range map[int64]string{0: "0.000", 5: "0.005", -5: "-0.005", 12345: "12.345", -1000: "-1.000"} {
		if got := Bits(n); got != want {
			t.Errorf("%d = %s, want %s", n, got, want)
		}
	}
}

// What is not certain is not rounded to certainty.
func TestProbability(t *testing.T) {
	for p, want := range map[float64]string{0: "0.0000", 1: "1.0000", 0.999999: ">0.9999", 0.000001: "<0.0001", 0.99984: "0.9998", 0.5: "0.5000"} {
		if got := Probability(p); got != want {
			t.Errorf("%v = %s, want %s", p, got, want)
		}
	}
}

// contacts is a publication with one contact of each status, on one seat's opportunities.
func contacts(t *testing.T) *Publication {
	t.Helper()
	return openPublication(t, map[string]string{
		"run": "SELECT 'r' AS run_id, 0.5 AS threshold",
		"mapping": `SELECT * FROM (VALUES
			('Contact', '0035g000015aIx5AAE', 'member', 'm1', 'matched', 9000, 0.98, true, NULL, NULL, NULL, NULL),
			('Contact', '0035g000015aIysAAE', 'member', 'm1', 'duplicate', 7000, 0.9, false, '0035g000015aIx5AAE', 2000, NULL, NULL),
			('Contact', '0035g000015aJ1GAAU', NULL, NULL, 'unmatched', NULL, NULL, false, NULL, NULL, 'below_threshold', NULL),
			('Contact', '0035g000015aJ1rAAE', NULL, NULL, 'decided', NULL, NULL, false, NULL, NULL, 'decided_none', 2),
			('Lead', '00Q5g000015aJ2SEAU', 'member', 'm2', 'matched', 9000, 0.97, true, NULL, NULL, NULL, NULL))
			AS t(object, crm_id, entity_kind, entity_id, status, weight, probability, "primary", lost_to, gap, reason, decision_seq)`,
		"unmatched": `SELECT 'Contact' AS object, '0035g000015aJ1GAAU' AS crm_id, 'below_threshold' AS reason, 'm3' AS best_entity_id,
			1500 AS best_weight, 0.2 AS best_probability, 0.3 AS short_by, 'Fill in Email.' AS next_step`,
		"candidate": `SELECT * FROM (VALUES
			('Contact', '0035g000015aIx5AAE', 1, 'm1', 9000, 0.98, -3000, [1, 0], [11000, 0], [1000, 0], 'name', 2),
			('Contact', '0035g000015aIx5AAE', 2, 'm2', -500, 0.01, -3000, [2, 0], [2500, 0], [0, 0], 'name', 2),
			('Contact', '0035g000015aJ1GAAU', 1, 'm3', 1500, 0.2, -3000, [2, 0], [4500, 0], [0, 0], 'name', 1))
			AS t(object, crm_id, rank, entity_id, weight, probability, prior, levels, weights, frequencies, rule, candidates)`,
		"crm_person":  "SELECT unnest(['0035g000015aIx5AAE', '0035g000015aJ1GAAU']) AS crm_id, 'Contact' AS object, true AS live, 'ada' AS given",
		"dir_member":  "SELECT unnest(['m1', 'm2', 'm3']) AS entity_id, 'ada' AS given",
		"model_level": "SELECT 'person' AS kind, 1 AS position, unnest([1, 2]) AS level, unnest(['same', 'similar']) AS label",
		"raw_contact": `SELECT unnest(['0035g000015aIx5AAE', '0035g000015aIysAAE', '0035g000015aJ1GAAU', '0035g000015aJ1rAAE']) AS "Id",
			'Ada' AS "FirstName", 'Byron' AS "LastName", 'Analyst' AS "Title", '0015g000015aJ1rAAE' AS "AccountId"`,
		"raw_account": `SELECT '0015g000015aJ1rAAE' AS "Id", 'Engines Ltd' AS "Name"`,
		"raw_lead":    `SELECT '00Q5g000015aJ2SEAU' AS "Id", 'Bo' AS "FirstName", 'Li' AS "LastName", '005000000000001AAA' AS "OwnerId"`,
		"raw_member":  "SELECT unnest(['m1', 'm2', 'm3']) AS member_id, unnest(['Ada Byron', 'Bo Li', 'Ada Bryan']) AS name, 'Chief' AS title",
		"raw_decision": `SELECT * FROM (VALUES (1, 'Contact', '0035g000015aJ1r', 'is', 'm9', 'eve'), (2, 'Contact', '0035g000015aJ1rAAE', 'none', NULL, 'eve'))
			AS t(seq, object, crm_id, verdict, entity_id, "by")`,
		"raw_opportunity": `SELECT '006000000000001AAA' AS "Id", '=Deal' AS "Name"`,
		"seat_map": `SELECT * FROM (VALUES ('s1', 'ada@example.com', '005000000000001AAA', NULL, true, true),
			('s2', 'bo@example.com', '005000000000002AAA', NULL, false, false), ('s3', 'eve@example.com', NULL, 'no_user_with_email', true, false))
			AS t(seat_id, email, user_id, reason, sync_on, crm_sync_active)`,
		"auto_save": `SELECT * FROM (VALUES
			('s1', '006000000000001AAA', 'Contact', '0035g000015aIx5AAE', 'member', 'm1', '0035g000015aIysAAE', true, NULL, TIMESTAMPTZ '2026-07-29 04:00:00+00'),
			('s2', '006000000000001AAA', 'Contact', '0035g000015aIx5AAE', 'member', 'm1', '0035g000015aIx5AAE', false, 'closed', TIMESTAMPTZ '2026-07-28 04:00:00+00'))
			AS t(seat_id, opportunity_id, object, crm_id, entity_kind, entity_id, via_crm_id, still_valid, reason, saved_at)`,
		"not_saved": `SELECT * FROM (VALUES ('006000000000001AAA', 'Contact', '0035g000015aJ1GAAU', '005000000000001AAA', 's1', 'unmatched'))
			AS t(opportunity_id, object, crm_id, owner_id, seat_id, reason)`,
		"suggested_lead": "SELECT 's1' AS seat_id, '00Q5g000015aJ2SEAU' AS crm_id, 'm2' AS entity_id, 1 AS rank, 'unread' AS reason",
		"contact_card":   "SELECT 'm1' AS member_id, '+49 30 1' AS phone",
	})
}

func TestExplain_WhyThisMatchAndWhyNotTheNext(t *testing.T) {
	x, err := contacts(t).Explain(t.Context(), "0035g000015aIx5", "")
	if err != nil {
		t.Fatal(err)
	}
	chosen, next := x.Chosen()
	if chosen == nil || chosen.EntityID != "m1" || next == nil || next.EntityID != "m2" {
		t.Fatalf("chosen %v, next %v", chosen, next)
	}
	for _, c := range x.Candidates {
		var sum int64
		for _, e := range c.Evidence {
			sum += e.Total()
		}
		if sum != c.Weight {
			t.Errorf("candidate %d: the evidence sums to %d, its weight is %d", c.Rank, sum, c.Weight)
		}
	}
	if e := chosen.Evidence[1]; e.Label != "same" || e.Weight != 11000 || e.Frequency != 1000 || e.CRM != "ada" || e.Directory != "ada" {
		t.Errorf("evidence %+v", e)
	}
	if x.Name != "Ada Byron" || x.About != "Analyst · Engines Ltd" || x.EntityName != "Ada Byron" || x.InAll != 2 || next.Name != "Bo Li" {
		t.Errorf("names %q %q %q, %d candidates, next %q", x.Name, x.About, x.EntityName, x.InAll, next.Name)
	}
	if want := "It is m1 with probability 0.9800; from 0.50 on it counts as a match."; x.Summary != want {
		t.Errorf("%q, want %q", x.Summary, want)
	}
}

func TestExplain_SaysWhyForEachStatus(t *testing.T) {
	p := contacts(t)
	for id, want := range map[string]string{
		"0035g000015aIysAAE": "It is m1, and so is 0035g000015aIx5AAE, which fits better by 2.000 bits and carries badge and lists.",
		"0035g000015aJ1GAAU": "No match: the best candidate is not probable enough.",
		"0035g000015aJ1rAAE": "A person decided that there is no match.",
	} {
		x, err := p.Explain(t.Context(), id, "")
		if err != nil || x.Summary != want {
			t.Errorf("%s: %q, %v, want %q", id, x.Summary, err, want)
		}
	}
	x, err := p.Explain(t.Context(), "0035g000015aJ1GAAU", "")
	if err != nil || x.None == nil || x.None.NextStep != "Fill in Email." || *x.None.ShortBy != 0.3 || x.None.Best != "m3" {
		t.Errorf("%+v, %v", x.None, err)
	}
	if x, err = p.Explain(t.Context(), "0035g000015aJ1rAAE", ""); err != nil || len(x.Decisions) != 2 || x.Decisions[0].Counts || !x.Decisions[1].Counts {
		t.Errorf("%+v, %v", x.Decisions, err)
	}
	for id, next := range map[string]string{"006000000000001AAA": "FROM profile", "003000000000009AAA": "crmlink sql"} {
		_, err := p.Explain(t.Context(), id, "")
		if input, ok := err.(*InputError); !ok || !strings.Contains(input.Next, next) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// Z19 to Z21: for each seat and record the list it is on, and the reason.
func TestExplain_SaysWhyOnASeatsListOrNot(t *testing.T) {
	p := contacts(t)
	for _, c := range []struct{ id, seat, list, text string }{
		{"0035g000015aIx5AAE", "s1", "saved", "owns an open opportunity"},
		{"0035g000015aIysAAE", "s1", "saved", "owns an open opportunity"}, // by its winner
		{"0035g000015aIx5AAE", "s2", "saved", "although the rule no longer holds: the opportunity is closed"},
		{"0035g000015aJ1GAAU", "s1", "none", "the record has no match"},
		{"0035g000015aJ1GAAU", "s2", "none", "sync is switched off for this seat"},
		{"0035g000015aJ1GAAU", "s3", "none", "has no CRM user (no_user_with_email)"},
		{"0035g000015aJ1rAAE", "s1", "none", "no opportunity of the seat's user names it"},
		{"00Q5g000015aJ2SEAU", "s1", "suggested", "number 1 of the suggested leads: unread"},
		{"00Q5g000015aJ2SEAU", "s2", "none", "sync is switched off"},
		{"00Q5g000015aJ2SEAU", "s3", "none", "has no CRM user"},
	} {
		x, err := p.Explain(t.Context(), c.id, c.seat)
		if err != nil {
			t.Errorf("%s %s: %v", c.id, c.seat, err)
		} else if x.Seat.List != c.list || !strings.Contains(x.Seat.Text, c.text) {
			t.Errorf("%s %s: %s, %q, want %s, %q", c.id, c.seat, x.Seat.List, x.Seat.Text, c.list, c.text)
		}
	}
	if _, err := p.Explain(t.Context(), "0035g000015aIx5AAE", "nobody"); err == nil || !IsInput(err) {
		t.Errorf("an unknown seat: %v", err)
	}
}

func TestList_SavedThenSuggestedWithNames(t *testing.T) {
	p := contacts(t)
	l, err := p.List(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, r := range l.Rows {
		rows = append(rows, fmt.Sprintf("%s %s %s (%s) %s %s %s", r.List, r.CRMID, r.Name, r.Company, r.EntityName, r.Phone, r.Why()))
	}
	want := "saved 0035g000015aIx5AAE Ada Byron (Engines Ltd) Ada Byron +49 30 1 =Deal\nsuggested 00Q5g000015aJ2SEAU Bo Li () Bo Li  unread"
	if got := strings.Join(rows, "\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if l, err = p.List(t.Context(), "s2"); err != nil || l.Why != "sync_off" || len(l.Rows) != 1 || l.Rows[0].Why() != "kept: the opportunity is closed" {
		t.Errorf("%+v, %v", l, err)
	}
}

// Scripts read these names; a renamed field is a break.
func TestExplanation_JSONShape(t *testing.T) {
	x, err := contacts(t).Explain(t.Context(), "0035g000015aIx5AAE", "s1")
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"run", "object", "crm_id", "name", "status", "entity_kind", "entity_id", "entity_name", "weight", "probability",
		"threshold", "primary", "summary", "candidates", "candidates_in_all", "seat"} {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing in %s", name, data)
		}
	}
	evidence := got["candidates"].([]any)[0].(map[string]any)["evidence"].([]any)[1].(map[string]any)
	for _, name := range []string{"comparison", "level", "label", "weight", "frequency_adjustment", "crm_value", "directory_value"} {
		if _, ok := evidence[name]; !ok {
			t.Errorf("%s is missing in %v", name, evidence)
		}
	}
}

func TestStats_AndExamples(t *testing.T) {
	p := openPublication(t, map[string]string{
		"sync_stats": "SELECT 'Lead' AS object, 110 AS records, 97 AS matched, 88 AS match_rate_percent, 'green' AS match_color, 66 AS suggested",
		"mapping":    twoAnswers,
		"seat_map":   "SELECT 's9' AS seat_id",
	})
	stats, err := p.Stats(t.Context())
	if err != nil || len(stats) != 1 || *stats[0].RatePercent != 88 || stats[0].Saved != nil || *stats[0].Suggested != 66 {
		t.Errorf("%+v, %v", stats, err)
	}
	contact, seat, err := p.Examples(t.Context())
	if err != nil || contact != "003A" || seat != "s9" {
		t.Errorf("examples %q %q, %v", contact, seat, err)
	}
	if contact, seat, err = openPublication(t, nil).Examples(t.Context()); err != nil || contact+seat != "" {
		t.Errorf("of an empty publication: %q %q, %v", contact, seat, err)
	}
}
