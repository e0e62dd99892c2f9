package control

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// What becomes of a scheduled run. The last row of an entry says where it stands.
const (
	Began       = "began"       // the entry is new, or was changed: what was due before At is none of its business
	First       = "first"       // likewise, but nothing is published yet: a run is due at once
	Started     = "started"     // on its way, or killed together with whoever started it
	Again       = "again"       // failed for a reason that passes; tried again at RetryAt
	Waiting     = "waiting"     // another run holds the store; asked again at RetryAt
	Interrupted = "interrupted" // stopped because the server was; goes on with the next start
	Published   = "published"
	Covered     = "covered" // another run that was published did its work
	Failed      = "failed"
	Stopped     = "stopped" // a check stopped the publication
	Missed      = "missed"  // too late to be made up for
)

// Scheduled is a line of the schedule's story.
type Scheduled struct {
	ID      int64
	Entry   string
	Spec    string    // what the entry asked for then
	Due     time.Time // the due time it is about
	State   string
	At      time.Time
	Attempt int
	RetryAt time.Time // zero where nothing is to be tried again
	Run     string    // empty where there is none
	Exit    int       // exit code of the run; 0 where it has none
	Problem string
	Next    string   // what to do about the problem
	Checks  []string // that stopped it
}

// AddScheduled stores lines, in their order.
func (db *DB) AddScheduled(ctx context.Context, lines ...Scheduled) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		for _, l := range lines {
			retry := ""
			if !l.RetryAt.IsZero() {
				retry = moment(l.RetryAt)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO scheduled (entry, spec, due, state, "at", attempt, retry_at, run, exit, problem, next, checks)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, l.Entry, l.Spec, moment(l.Due), l.State, moment(l.At), l.Attempt,
				nullable(retry), nullable(l.Run), l.Exit, nullable(l.Problem), nullable(l.Next), nullable(strings.Join(l.Checks, ","))); err != nil {
				return err
			}
		}
		return nil
	})
}

// LastScheduled is the last line of each entry; none where there is no database.
func (db *DB) LastScheduled(ctx context.Context) (map[string]Scheduled, error) {
	return db.scheduled(ctx, "WHERE id IN (SELECT max(id) FROM scheduled GROUP BY entry)")
}

// LastFailures is the last line of each entry that tells of a run that failed, was stopped or missed.
func (db *DB) LastFailures(ctx context.Context) (map[string]Scheduled, error) {
	return db.scheduled(ctx, "WHERE id IN (SELECT max(id) FROM scheduled WHERE state IN ('failed', 'stopped', 'missed') GROUP BY entry)")
}

// ScheduledCounts counts, by entry and state, what became of runs since the store was made.
func (db *DB) ScheduledCounts(ctx context.Context) (map[[2]string]int64, error) {
	counts := map[[2]string]int64{}
	if db == nil {
		return counts, nil
	}
	err := db.rows(ctx, "SELECT entry, state, count(*) FROM scheduled GROUP BY entry, state", func(rows *sql.Rows) error {
		var entry, state string
		var n int64
		err := rows.Scan(&entry, &state, &n)
		counts[[2]string{entry, state}] = n
		return err
	})
	return counts, err
}

func (db *DB) scheduled(ctx context.Context, where string) (map[string]Scheduled, error) {
	all := map[string]Scheduled{}
	if db == nil {
		return all, nil
	}
	err := db.rows(ctx, `SELECT id, entry, spec, due, state, "at", attempt, coalesce(retry_at, ''), coalesce(run, ''), exit,
		coalesce(problem, ''), coalesce(next, ''), coalesce(checks, '') FROM scheduled `+where, func(rows *sql.Rows) error {
		var l Scheduled
		var due, at, retry, checks string
		err := rows.Scan(&l.ID, &l.Entry, &l.Spec, &due, &l.State, &at, &l.Attempt, &retry, &l.Run, &l.Exit, &l.Problem, &l.Next, &checks)
		if err == nil {
			l.Due, err = parseMoment(due)
		}
		if err == nil {
			l.At, err = parseMoment(at)
		}
		if err == nil && retry != "" {
			l.RetryAt, err = parseMoment(retry)
		}
		if checks != "" {
			l.Checks = strings.Split(checks, ",")
		}
		all[l.Entry] = l
		return err
	})
	return all, err
}
