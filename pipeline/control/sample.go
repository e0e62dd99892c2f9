package control

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Sample is a random sample of a publication's answers, drawn to be judged by people. It keeps what was answered when
// it was drawn, so that later publications, which follow people's word, do not hide what the model had said.
type Sample struct {
	ID      int64
	Run     string // publication it was drawn from
	At      time.Time
	Strata  []Stratum
	Records []Sampled // in the order in which they are to be judged
}

// Stratum is a part of the publication's records from which records were drawn by themselves.
type Stratum struct {
	Name    string
	Answer  bool  // its records have an entity
	Place   int64 // order of the strata
	Records int64 // how many the publication has
}

// Sampled is a record of a sample with the answer it had.
type Sampled struct {
	Object      string
	CRMID       string
	Stratum     string
	Place       int64  // order in which to judge
	EntityID    string // the model's answer; empty: no match
	Probability int64  // of the entity or of the best candidate, millionths
}

// SaveSample stores a sample, or adds further records to the one that was drawn from the same run: what was drawn
// before stays drawn.
func (db *DB) SaveSample(ctx context.Context, act Act, s Sample) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, "SELECT id FROM sample WHERE run = ?", s.Run).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			done, err := tx.ExecContext(ctx, `INSERT INTO sample (run, "at") VALUES (?, ?)`, s.Run, moment(s.At))
			if err != nil {
				return err
			}
			if id, err = done.LastInsertId(); err != nil {
				return err
			}
			for _, h := range s.Strata {
				if _, err := tx.ExecContext(ctx, "INSERT INTO stratum (sample, name, answer, place, records) VALUES (?, ?, ?, ?, ?)",
					id, h.Name, h.Answer, h.Place, h.Records); err != nil {
					return err
				}
			}
		} else if err != nil {
			return err
		}
		for _, r := range s.Records {
			if _, err := tx.ExecContext(ctx, `INSERT INTO sampled (sample, object, crm_id, stratum, place, entity_id, probability)
				VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				id, r.Object, r.CRMID, r.Stratum, r.Place, nullable(r.EntityID), r.Probability); err != nil {
				return err
			}
		}
		return note(ctx, tx, act)
	})
}

// Samples lists all samples, the latest last.
func (db *DB) Samples(ctx context.Context) ([]Sample, error) {
	var all []Sample
	err := db.rows(ctx, `SELECT id, run, "at" FROM sample ORDER BY id`, func(rows *sql.Rows) error {
		var s Sample
		var at string
		err := rows.Scan(&s.ID, &s.Run, &at)
		if err == nil {
			s.At, err = parseMoment(at)
		}
		all = append(all, s)
		return err
	})
	for i := range all {
		s := &all[i]
		if err == nil {
			err = db.rows(ctx, "SELECT name, answer, place, records FROM stratum WHERE sample = ? ORDER BY place", func(rows *sql.Rows) error {
				var h Stratum
				err := rows.Scan(&h.Name, &h.Answer, &h.Place, &h.Records)
				s.Strata = append(s.Strata, h)
				return err
			}, s.ID)
		}
		if err == nil {
			err = db.rows(ctx, `SELECT object, crm_id, stratum, place, coalesce(entity_id, ''), coalesce(probability, 0) FROM sampled
				WHERE sample = ? ORDER BY place, crm_id`, func(rows *sql.Rows) error {
				var r Sampled
				err := rows.Scan(&r.Object, &r.CRMID, &r.Stratum, &r.Place, &r.EntityID, &r.Probability)
				s.Records = append(s.Records, r)
				return err
			}, s.ID)
		}
	}
	return all, err
}
