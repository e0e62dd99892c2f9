package publish_test

import (
	"testing"

	"github.com/crmlink/crmlink/stages/publish"
)

func TestCheckRates_Invariant7_FallOfTheUnroundedRate(t *testing.T) {
	for _, c := range []struct {
		was, now publish.Rate
		passes   bool
	}{
		{publish.Rate{Object: "Account", Records: 1000, Matched: 800}, publish.Rate{Object: "Account", Records: 1000, Matched: 700}, true},
		{publish.Rate{Object: "Account", Records: 1000, Matched: 800}, publish.Rate{Object: "Account", Records: 1000, Matched: 699}, false},
		{publish.Rate{Object: "Account", Records: 1000, Matched: 800}, publish.Rate{Object: "Account", Records: 500, Matched: 400}, true},
		{publish.Rate{Object: "Account", Records: 1000, Matched: 800}, publish.Rate{Object: "Lead", Records: 1000, Matched: 0}, true},
		{publish.Rate{Object: "Lead", Records: 20, Matched: 16}, publish.Rate{Object: "Lead", Records: 20, Matched: 12}, true}, // four records short
		{publish.Rate{Object: "Lead", Records: 20, Matched: 16}, publish.Rate{Object: "Lead", Records: 20, Matched: 11}, false},
		{publish.Rate{Object: "Lead", Records: 19, Matched: 19}, publish.Rate{Object: "Lead", Records: 19, Matched: 0}, true},
		{publish.Rate{Object: "Lead", Records: 0, Matched: 0}, publish.Rate{Object: "Lead", Records: 900, Matched: 0}, true},
		{publish.Rate{Object: "Contact", Records: 9_000_000_000, Matched: 9_000_000_000}, publish.Rate{Object: "Contact", Records: 9_000_000_000, Matched: 8_099_999_999}, false},
		{publish.Rate{Object: "Contact", Records: 9_000_000_000, Matched: 9_000_000_000}, publish.Rate{Object: "Contact", Records: 9_000_000_000, Matched: 8_100_000_000}, true},
	} {
		got := publish.CheckRates([]publish.Rate{c.was}, []publish.Rate{c.now}, 100_000)
		if got.Name != "match_rate" || got.Passed != c.passes || got.Passed != (got.Detail == "") {
			t.Errorf("%+v after %+v: %+v, want passed %t", c.now, c.was, got, c.passes)
		}
	}
	got := publish.CheckRates([]publish.Rate{{"Account", 100, 80}, {"Lead", 50, 40}}, []publish.Rate{{"Account", 100, 50}, {"Lead", 60, 30}}, 100_000)
	if want := "Account: 50 of 100 matched, before 80 of 100; Lead: 30 of 60 matched, before 40 of 50"; got.Detail != want {
		t.Errorf("detail %q, want %q", got.Detail, want)
	}
}
