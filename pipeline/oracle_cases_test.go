package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline/oracle"
)

// The administrator's example comes out of a run (D14 to D16).
func TestSyncStats_Z22_GoldenCase(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a whole org")
	}
	t.Parallel()
	org := newOrg(t, oracle.Golden())
	org.run(t, oracleTime)
	columns := []string{"object", "records", "matched", "match_rate_percent", "match_color", "saved", "suggested"}
	want := []string{
		"object=Account records=97 matched=69 match_rate_percent=71 match_color=yellow saved=61 suggested=-",
		"object=Contact records=339 matched=319 match_rate_percent=94 match_color=green saved=210 suggested=-",
		"object=Lead records=110 matched=97 match_rate_percent=88 match_color=green saved=- suggested=66",
	}
	if got := org.rows(t, "sync_stats", columns); !slices.Equal(got, want) {
		t.Errorf("sync_stats is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	all, err := oracle.Expect(org.dir, org.world.Settings, oracleTime)
	if err != nil {
		t.Fatal(err)
	}
	org.compare(t, all)
}

// The chosen stage itself is not past it, whatever the order of the stages comes from and however it is named.
func TestAutoSave_F2_Z11_StageIsStrictlyPast(t *testing.T) {
	stages := []string{"Prospecting", "Qualification", "Proposal", "Negotiation"}
	for name, set := range map[string]func(*oracle.World){
		"order from OpportunityStage": func(w *oracle.World) { w.StageFile(false) },
		"order from the settings":     func(w *oracle.World) { w.Settings.Stages = append(stages, "Closed Won") },
		"OpportunityStage beats the settings": func(w *oracle.World) {
			w.StageFile(false)
			w.Settings.Stages = []string{"Negotiation", "Proposal", "Qualification", "Prospecting"}
		},
		"chosen by its label": func(w *oracle.World) {
			w.StageFile(true)
			w.Settings.PipelineStage = "1 - Qualification"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := oracle.Plain(2, 1, 4, 0, 0)
			world.Settings.PipelineStage = "Qualification"
			set(world)
			var want []string
			owner := world.Row("User", 0)["Id"]
			for i, stage := range stages {
				deal := world.Deal(world.Row("Account", i), owner, stage)
				if i >= 2 {
					want = append(want, fmt.Sprintf("opportunity_id=%s stage=%s", deal["Id"], stage))
				}
			}
			org := newOrg(t, world)
			org.run(t, oracleTime)
			slices.Sort(want)
			if got := org.rows(t, "auto_save", []string{"opportunity_id", "stage"}); !slices.Equal(got, want) {
				t.Errorf("auto_save is %q, want %q", got, want)
			}
			if got := org.rows(t, "not_saved", []string{"reason"}); !slices.Equal(got, []string{"reason=stage_not_past", "reason=stage_not_past"}) {
				t.Errorf("not_saved is %q, want stage_not_past twice", got)
			}
		})
	}
}

// What happens to a deal or its records after a run takes no row off a list: the row says that it no longer holds, and
// why. A new owner gets a row too, and a row whose rule holds again is valid again, saved when it was saved first.
func TestAutoSave_F8_F9_F10_Z19_KeepsEveryRowWithItsReason(t *testing.T) {
	if testing.Short() {
		t.Skip("runs an org many times")
	}
	t.Parallel()
	world := oracle.Plain(19, 3, 9, 1, 0)
	world.Settings.PipelineStage, world.Settings.AutoSync = "Qualification", "per_seat"
	world.StageFile(false)
	first, second, third := world.Row("User", 0)["Id"], world.Row("User", 1)["Id"], world.Row("User", 2)["Id"]
	deal := func(n int, owner string, contacts ...oracle.Row) oracle.Row {
		return world.Deal(world.Row("Account", n), owner, "Negotiation", contacts...)
	}
	closed, back, reowned := deal(0, first), deal(1, first), deal(2, first)
	corrected, orphaned, unseated := deal(3, first), deal(4, first), deal(5, third)
	removed, unlinked, steady := deal(6, first), deal(7, first, world.Row("Contact", 0)), deal(8, first)
	org := newOrg(t, world)
	org.run(t, oracleTime)
	if got := org.rows(t, "auto_save", []string{"still_valid"}); len(got) != 10 || slices.Contains(got, "still_valid=false") {
		t.Fatalf("the first run saved %q, want ten valid rows", got)
	}

	world.Change(closed, "IsClosed", "true", "StageName", "Closed Lost")
	world.Change(back, "StageName", "Qualification")
	world.Change(reowned, "OwnerId", second)
	world.Decide("Account", world.Row("Account", 3), "none", "")
	world.Change(world.Row("Account", 4), "IsDeleted", "true")
	world.Seats.Rows[2]["sync"] = "false"
	world.Change(removed, "IsDeleted", "true")
	world.Change(world.Row("OpportunityContactRole", 0), "IsDeleted", "true")
	next := oracleTime.Add(12 * time.Hour)
	row := func(seat string, deal oracle.Row, object, reason string, saved time.Time) string {
		if reason == "" {
			return fmt.Sprintf("seat_id=%s opportunity_id=%s object=%s still_valid=true reason=- saved_at=%s", seat, deal["Id"], object, saved.Format(time.RFC3339))
		}
		return fmt.Sprintf("seat_id=%s opportunity_id=%s object=%s still_valid=false reason=%s saved_at=%s", seat, deal["Id"], object, reason, saved.Format(time.RFC3339))
	}
	want := []string{
		row("s1", closed, "Account", "closed", oracleTime),
		row("s1", back, "Account", "stage_back", oracleTime),
		row("s1", reowned, "Account", "owner_changed", oracleTime),
		row("s2", reowned, "Account", "", next),
		row("s1", corrected, "Account", "match_corrected", oracleTime),
		row("s1", orphaned, "Account", "record_deleted", oracleTime),
		row("s3", unseated, "Account", "seat_off", oracleTime),
		row("s1", removed, "Account", "record_deleted", oracleTime),
		row("s1", unlinked, "Account", "", oracleTime),
		row("s1", unlinked, "Contact", "record_deleted", oracleTime),
		row("s1", steady, "Account", "", oracleTime),
	}
	columns := []string{"seat_id", "opportunity_id", "object", "still_valid", "reason", "saved_at"}
	check := func(run string) {
		t.Helper()
		got := org.rows(t, "auto_save", columns)
		for _, r := range minus(want, got) {
			t.Errorf("%s run, missing:    %s", run, r)
		}
		for _, r := range minus(got, want) {
			t.Errorf("%s run, unexpected: %s", run, r)
		}
	}
	org.write(t)
	org.run(t, next)
	check("second")
	// A deleted record keeps its last answer (D6) and its row counts as saved under the policy keep.
	kept := org.rows(t, "mapping", []string{"crm_id", "entity_id", "status"})
	if want := "crm_id=" + world.Row("Account", 4)["Id"] + " entity_id=c004 status=deleted"; !slices.Contains(kept, want) {
		t.Errorf("mapping lacks %q", want)
	}
	if got := org.rows(t, "sync_stats", []string{"object", "saved"})[0]; got != "object=Account saved=9" {
		t.Errorf("sync_stats has %q, want all nine accounts still saved", got)
	}

	world.Change(closed, "IsClosed", "false", "StageName", "Negotiation")
	world.Seats.Rows[2]["sync"] = "true"
	want[0], want[6] = row("s1", closed, "Account", "", oracleTime), row("s3", unseated, "Account", "", oracleTime)
	org.write(t)
	org.run(t, next.Add(12*time.Hour))
	check("third")
}
