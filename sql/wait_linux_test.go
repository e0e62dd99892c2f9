package sql

import (
	"strings"
	"testing"
)

// A query whose work one thread does alone makes the other wait, not spin; its result and its errors are as they were.
func TestExecuteWaits(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Options{Objects: t.TempDir(), Spill: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := timesWaited()
	var n int64
	// A recursion has one thread for each of its steps.
	const counting = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 20000) SELECT max(n) FROM r"
	for range 20 {
		if err := s.conn.QueryRowContext(ctx, counting).Scan(&n); err != nil || n != 20000 {
			t.Fatalf("got %d, %v", n, err)
		}
		if timesWaited() > before {
			break
		}
	}
	if timesWaited() == before {
		t.Error("no thread waited: the engine's function has another name now")
	}
	_, err = s.conn.ExecContext(ctx, "CREATE TEMP TABLE t AS SELECT CASE WHEN i = 900000 THEN error('it went wrong') ELSE i END AS i FROM range(1000000) r(i)")
	if err == nil || !strings.Contains(err.Error(), "it went wrong") {
		t.Errorf("got %v, want the query's own error", err)
	}
}
