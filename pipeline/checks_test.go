package pipeline

import (
	"errors"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/stages/publish"
)

// What crmlink itself must keep is nobody's to accept.
func TestAccept_Invariant7_NotForInvariants(t *testing.T) {
	r := &run{}
	pub := publish.Out{Checks: []publish.Check{{Name: "one_primary_per_entity", Detail: "2"}, {Name: "auto_save_cites_records", Passed: true}}}
	err := r.checkResult(t.Context(), Options{Accept: "because"}, pub, nil, Record{})
	var stopped *CheckError
	if !errors.As(err, &stopped) || strings.Contains(stopped.Try(), "--accept") || !strings.Contains(err.Error(), "one_primary_per_entity (2)") {
		t.Errorf("error %v, want one that cannot be accepted", err)
	}
	if r.record.Accepted != "" || len(r.record.Checks) != 2 || r.record.Checks[0].Accepted {
		t.Errorf("the record says accepted %q, checks %+v", r.record.Accepted, r.record.Checks)
	}
}

func TestJudge_Invariant7_NamesEveryCheckThatFailed(t *testing.T) {
	checks := []Check{{Name: "records_gone", Detail: "Lead: 5 of 9 are gone"}, {Name: "wrong_encoding", Passed: true},
		{Name: "emptied_column", Detail: "A.a: 1; A.b: 2; A.c: 3; A.d: 4; A.e: 5"}}
	r := &run{}
	err := r.judge("", checks...)
	var stopped *CheckError
	if !errors.As(err, &stopped) || strings.Join(stopped.Checks, " ") != "records_gone emptied_column" {
		t.Fatalf("error %v, want both checks", err)
	}
	for _, want := range []string{"records_gone: Lead: 5 of 9 are gone (was the export cut short", "A.c: 3; and 2 more ("} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Error("the problem has several lines; the run's record keeps the first")
	}
	r = &run{}
	if err := r.judge("two orgs were merged", checks...); err != nil {
		t.Fatal(err)
	}
	if r.record.Accepted != "two orgs were merged" || !r.record.Checks[0].Accepted || r.record.Checks[1].Accepted || len(r.record.Notices) != 2 {
		t.Errorf("the record is %+v", r.record)
	}
}
