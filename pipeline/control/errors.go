package control

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Error is a failure of the database as a whole, with a next step.
type Error struct {
	Problem string
	Next    string
	Damaged bool // the file is not what it should be
	Passing bool // the same may work later
	Err     error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Problem
	}
	return e.Problem + ": " + e.Err.Error()
}

// Unwrap is what SQLite says.
func (e *Error) Unwrap() error { return e.Err }

// Try is the next step.
func (e *Error) Try() string { return e.Next }

// Passes says that the same may work later.
func (e *Error) Passes() bool { return e.Passing }

func damaged(err error) error {
	return &Error{Problem: "the control database is damaged", Damaged: true, Err: err,
		Next: "put " + FileName + " back from a backup of the store; decisions that a run has read are in its table raw_decision, too"}
}

// explain gives SQLite's errors that a person can do something about their next step.
func explain(err error) error {
	var known *Error
	var engine *sqlite.Error
	if err == nil || errors.As(err, &known) || !errors.As(err, &engine) {
		return err
	}
	switch engine.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &Error{Problem: "another command has held the control database for too long", Next: "wait until it ends and try again; nothing was changed", Passing: true, Err: err}
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return damaged(err)
	case sqlite3.SQLITE_FULL:
		return &Error{Problem: "the disk is full; nothing was changed", Next: "make room where the store lies, then try again", Passing: true, Err: err}
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return &Error{Problem: "the control database cannot be written", Next: "check that you may write in the store's folder", Err: err}
	}
	return fmt.Errorf("control database: %w", err)
}
