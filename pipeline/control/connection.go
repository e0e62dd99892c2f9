package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Connection is what the store knows of its connection to a CRM. Sealed holds the tokens; all else is not secret.
type Connection struct {
	Login    string // address at which crmlink signs in
	ClientID string
	Flow     string
	Org      string // Id, 18 characters
	User     string // Id
	Instance string // address of the org
	By       string // who connected
	Since    time.Time
	Sealed   []byte
}

// OtherOrgError says that a store belongs to another org than the one that was connected.
type OtherOrgError struct{ Mine, Other string }

func (e *OtherOrgError) Error() string {
	return fmt.Sprintf("this store holds the org %s, and the connected one is %s; nothing was changed", e.Mine, e.Other)
}

// Try is the next step.
func (e *OtherOrgError) Try() string {
	return "one configuration file is one org and one store: crmlink init DIR writes another file (a sandbox is an org of its own)"
}

// Input marks it as a fault of what the user gave.
func (e *OtherOrgError) Input() bool { return true }

// Connect stores a connection in place of the one before, and notes the act. The org that a store was first connected
// to is the only one that it takes (A11).
func (db *DB) Connect(ctx context.Context, act Act, c Connection) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		var mine string
		switch err := tx.QueryRowContext(ctx, "SELECT id FROM org").Scan(&mine); {
		case errors.Is(err, sql.ErrNoRows):
			if _, err := tx.ExecContext(ctx, `INSERT INTO org (one, id, "at") VALUES (1, ?, ?)`, c.Org, moment(act.At)); err != nil {
				return err
			}
		case err != nil:
			return err
		case mine != c.Org:
			return &OtherOrgError{mine, c.Org}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM connection"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO connection (one, login, client_id, flow, org, user, instance, "by", since, sealed)
			VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.Login, c.ClientID, c.Flow, c.Org, c.User, c.Instance, c.By, moment(c.Since), c.Sealed); err != nil {
			return err
		}
		return note(ctx, tx, act)
	})
}

// Renew stores the tokens of a connection anew. It is an error if the connection is another one by now, or gone.
func (db *DB) Renew(ctx context.Context, act Act, c Connection, instance string, sealed []byte) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE connection SET sealed = ?, instance = ? WHERE sealed = ?", sealed, instance, c.Sealed)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, &Error{Problem: "the connection was changed while its session was renewed", Next: "crmlink run", Passing: true})
		}
		return note(ctx, tx, act)
	})
}

// Disconnect removes the tokens, and notes the act. The store stays its org's.
func (db *DB) Disconnect(ctx context.Context, act Act) error {
	if err := db.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM connection"); err != nil {
			return err
		}
		return note(ctx, tx, act)
	}); err != nil {
		return err
	}
	// What was removed is overwritten in the file (secure_delete), and gone from the log beside it once that is folded in.
	var busy, pages, moved int
	err := db.sql.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	return explain(err)
}

// Connection is the one that is stored; nil where there is none.
func (db *DB) Connection(ctx context.Context) (*Connection, error) {
	if db == nil {
		return nil, nil
	}
	var c Connection
	var since string
	err := db.sql.QueryRowContext(ctx, `SELECT login, client_id, flow, org, user, instance, "by", since, sealed FROM connection`).
		Scan(&c.Login, &c.ClientID, &c.Flow, &c.Org, &c.User, &c.Instance, &c.By, &since, &c.Sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, explain(err)
	}
	if c.Since, err = parseMoment(since); err != nil {
		return nil, err
	}
	return &c, nil
}
