package control

import (
	"context"
	"database/sql"
	"time"
)

// Decision is a person's word on one record. Seq is its place among all decisions of the database, from 1, in the order
// in which they were stored: never the clock.
type Decision struct {
	Seq      int64
	Object   string // Account, Contact or Lead
	CRMID    string // 18 characters
	Verdict  string // is, is_not, none or undo
	EntityID string // empty with none, and where undo means everything
	By       string
	At       time.Time
	Note     string
	Via      string // what it came by: decide, import or review
	Run      string // the publication that was looked at; empty before the first
}

// Act is what the log notes of one change: who, when, what. By is who answers for it, Login who was logged in.
type Act struct {
	By, Login string
	At        time.Time
	What      string // decide, import, review or sample
	Detail    string // counts and ids, never a name
}

// Logged is one line of the log.
type Logged struct {
	ID int64
	Act
}

// Add stores decisions, in their order, together with the act that they are. All of them are stored or none is.
// It returns the seq of each.
func (db *DB) Add(ctx context.Context, act Act, decisions ...Decision) ([]int64, error) {
	var seqs []int64
	err := db.write(ctx, func(tx *sql.Tx) error {
		seqs = nil
		insert, err := tx.PrepareContext(ctx, `INSERT INTO decision (object, crm_id, verdict, entity_id, "by", "at", note, via, run)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, d := range decisions {
			done, err := insert.ExecContext(ctx, d.Object, d.CRMID, d.Verdict, nullable(d.EntityID), d.By, moment(d.At),
				nullable(d.Note), d.Via, nullable(d.Run))
			if err != nil {
				return err
			}
			seq, err := done.LastInsertId()
			if err != nil {
				return err
			}
			seqs = append(seqs, seq)
		}
		return note(ctx, tx, act)
	})
	return seqs, err
}

func note(ctx context.Context, tx *sql.Tx, act Act) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO audit ("at", "by", login, what, detail) VALUES (?, ?, ?, ?, ?)`,
		moment(act.At), act.By, act.Login, act.What, act.Detail)
	return err
}

// Decisions lists all decisions, in order.
func (db *DB) Decisions(ctx context.Context) ([]Decision, error) {
	return db.decisions(ctx, "")
}

// About lists the decisions about one record, in order; none where there is no database.
func (db *DB) About(ctx context.Context, crmID string) ([]Decision, error) {
	if db == nil {
		return nil, nil
	}
	return db.decisions(ctx, "WHERE crm_id = ?", crmID)
}

func (db *DB) decisions(ctx context.Context, where string, args ...any) ([]Decision, error) {
	var all []Decision
	err := db.rows(ctx, `SELECT seq, object, crm_id, verdict, coalesce(entity_id, ''), "by", "at", coalesce(note, ''), via,
		coalesce(run, '') FROM decision `+where+` ORDER BY seq`, func(rows *sql.Rows) error {
		var d Decision
		var at string
		err := rows.Scan(&d.Seq, &d.Object, &d.CRMID, &d.Verdict, &d.EntityID, &d.By, &at, &d.Note, &d.Via, &d.Run)
		if err == nil {
			d.At, err = parseMoment(at)
		}
		all = append(all, d)
		return err
	}, args...)
	return all, err
}

// Log lists who did what when, in order.
func (db *DB) Log(ctx context.Context) ([]Logged, error) {
	var all []Logged
	err := db.rows(ctx, `SELECT id, "at", "by", login, what, detail FROM audit ORDER BY id`, func(rows *sql.Rows) error {
		var l Logged
		var at string
		err := rows.Scan(&l.ID, &at, &l.By, &l.Login, &l.What, &l.Detail)
		if err == nil {
			l.At, err = parseMoment(at)
		}
		all = append(all, l)
		return err
	})
	return all, err
}
