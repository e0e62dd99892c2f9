package control

import (
	"reflect"
	"testing"
	"time"
)

// What became of a scheduled run outlives the process that started it.
func TestScheduled_TheLastLineOfEachEntry(t *testing.T) {
	store := t.TempDir()
	db := opened(t, store)
	due := noon.Add(-time.Hour)
	lines := []Scheduled{
		{Entry: "full", Spec: "0 4 * * * UTC", Due: due, State: Started, At: noon, Attempt: 1},
		{Entry: "incremental", Spec: "off", Due: noon, State: Began, At: noon},
		{Entry: "full", Spec: "0 4 * * * UTC", Due: due, State: Stopped, At: noon.Add(time.Minute), Attempt: 1, Run: "r1", Exit: 4,
			Problem: "stopped", Next: "look", Checks: []string{"records_gone", "match_rate"}},
		{Entry: "full", Spec: "0 4 * * * UTC", Due: noon, State: Again, At: noon.Add(2 * time.Minute), Attempt: 1, RetryAt: noon.Add(time.Hour), Exit: 3},
	}
	if err := db.AddScheduled(t.Context(), lines...); err != nil {
		t.Fatal(err)
	}
	db.Close()
	db, err := OpenIfThere(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range lines {
		lines[i].ID = int64(i + 1)
	}
	last, err := db.LastScheduled(t.Context())
	if want := map[string]Scheduled{"full": lines[3], "incremental": lines[1]}; err != nil || !reflect.DeepEqual(last, want) {
		t.Errorf("%+v, want %+v, error %v", last, want, err)
	}
	failures, err := db.LastFailures(t.Context())
	if want := map[string]Scheduled{"full": lines[2]}; err != nil || !reflect.DeepEqual(failures, want) {
		t.Errorf("%+v, want %+v, error %v", failures, want, err)
	}
	counts, err := db.ScheduledCounts(t.Context())
	if err != nil || counts[[2]string{"full", Started}] != 1 || len(counts) != 4 {
		t.Errorf("%v, error %v", counts, err)
	}
	if err := db.AddScheduled(t.Context(), Scheduled{Entry: "full", State: "maybe"}); err == nil {
		t.Error("a state that is none was stored")
	}
	if _, err := db.sql.Exec("DELETE FROM scheduled"); err == nil {
		t.Error("a line was removed")
	}
}

// A database of the version before gets the new table when it is opened, and keeps what is in it.
func TestScheduled_OlderDatabase(t *testing.T) {
	store := t.TempDir()
	whole := migrations
	migrations = whole[:1]
	db, err := Open(t.Context(), store)
	if err == nil {
		_, err = db.Add(t.Context(), Act{At: noon}, decision(1))
		db.Close()
	}
	migrations = whole
	if err != nil {
		t.Fatal(err)
	}
	db = opened(t, store)
	if err := db.AddScheduled(t.Context(), Scheduled{Entry: "full", Due: noon, At: noon, State: Began}); err != nil {
		t.Error(err)
	}
	if all, err := db.Decisions(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d decisions, error %v", len(all), err)
	}
	var none *DB
	if last, err := none.LastScheduled(t.Context()); err != nil || len(last) != 0 {
		t.Errorf("without a database: %v, %v", last, err)
	}
}
