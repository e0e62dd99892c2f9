package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func (s Store) pinFile(id string) string { return filepath.Join(s.runDir(id), "pinned") }

// Pin keeps a run from being removed by Collect, for as long as it is pinned. The pin lies beside the run's record, so a
// copy of the store has it, too. It takes the store's lock: a run that is being removed cannot be pinned meanwhile.
func (s Store) Pin(run string) (Record, error) {
	return s.changePin(run, func(id string) error { return writeFile(s.pinFile(id), nil) })
}

// Unpin takes the pin away; a run without one is left as it is.
func (s Store) Unpin(run string) (Record, error) {
	return s.changePin(run, func(id string) error {
		if err := os.Remove(s.pinFile(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncDir(s.runDir(id))
	})
}

func (s Store) changePin(run string, change func(id string) error) (Record, error) {
	release, err := s.lock()
	if err != nil {
		return Record{}, err
	}
	defer release()
	record, err := s.Find(run)
	if err != nil {
		return Record{}, err
	}
	if err := change(record.ID); err != nil {
		return Record{}, fmt.Errorf("pin run %s: %w", record.ID, err)
	}
	return record, nil
}

// Pinned says whether a run is pinned.
func (s Store) Pinned(id string) bool {
	_, err := os.Stat(s.pinFile(id))
	return err == nil
}
