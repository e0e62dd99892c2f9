package sql

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/duckdb/duckdb-go/v2"
)

// Snapshot is a stored table, named by its content: its files. Equal rows stored whole have an equal ID; a table that Amend
// made of another one has an ID of its own, until it is stored whole again (Session.Whole).
type Snapshot struct {
	Table string `json:"table"`
	ID    string `json:"id"`
	Parts []Part `json:"parts,omitempty"`
	Rows  int64  `json:"rows"`
}

// Part is one Parquet file of a table; ID is the SHA-256 of its bytes. It holds the rows whose record falls to Number
// of Of parts, or, where Of is 0, rows that were added later and may fall to any. Parts without rows are not stored.
type Part struct {
	Number int    `json:"number"`
	Of     int    `json:"of"`
	ID     string `json:"id"`
	Rows   int64  `json:"rows"`
	// Without is another file, of keys: rows of the part with one of them no longer belong to the table. Rows does not count
	// them.
	Without string `json:"without,omitempty"`
}

// Objects are the files that a part needs.
func (p Part) Objects() []string {
	if p.Without == "" {
		return []string{p.ID}
	}
	return []string{p.ID, p.Without}
}

// Objects are the files of all parts, each once.
func (s Snapshot) Objects() []string {
	var ids []string
	seen := map[string]bool{}
	for _, p := range s.Parts {
		for _, id := range p.Objects() {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Empty is the snapshot of a table without rows.
func Empty(table string) Snapshot { return newSnapshot(table, nil) }

func newSnapshot(table string, parts []Part) Snapshot {
	s := Snapshot{Table: table, Parts: parts}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", table)
	for _, p := range parts {
		fmt.Fprintf(h, "%d/%d %s\n", p.Number, p.Of, p.ID)
		if p.Without != "" {
			fmt.Fprintf(h, "without %s\n", p.Without)
		}
		s.Rows += p.Rows
	}
	s.ID = hex.EncodeToString(h.Sum(nil))
	return s
}

// Or is the snapshot, or the empty table where there is none: a zero Snapshot stands for a table that was not made.
func (s Snapshot) Or(table string) Snapshot {
	if len(s.Parts) == 0 {
		return Empty(table)
	}
	return s
}

// Together is one relation over the rows of several snapshots of a table, which must not share a key.
func Together(table string, snapshots ...Snapshot) Snapshot {
	var parts []Part
	for _, s := range snapshots {
		parts = append(parts, s.Parts...)
	}
	return newSnapshot(table, parts)
}

// Only leaves the parts of a snapshot that are to be kept.
func (s Snapshot) Only(keep func(Part) bool) Snapshot {
	var kept []Part
	for _, p := range s.Parts {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return newSnapshot(s.Table, kept)
}

// Split gives one snapshot per stored part, so that a large table can be read in pieces of bounded size.
func (s Snapshot) Split() []Snapshot {
	pieces := make([]Snapshot, len(s.Parts))
	for i, p := range s.Parts {
		pieces[i] = newSnapshot(s.Table, []Part{p})
	}
	return pieces
}

// IsOutOfMemory says whether the engine reached its memory limit with data that it cannot spill.
func IsOutOfMemory(err error) bool {
	var engine *duckdb.Error
	return errors.As(err, &engine) && engine.Type == duckdb.ErrorTypeOutOfMemory
}

// IsDiskFull says whether something could not be written because there is no room: no space, a quota, or a limit on the
// size of files. The engine tells it only by the system's words.
func IsDiskFull(err error) bool {
	var engine *duckdb.Error
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) || errors.As(err, &engine) && strings.Contains(strings.ToLower(engine.Msg), full.Error()) {
			return true
		}
	}
	return false
}
