package pipeline

import (
	"errors"
	"strings"
)

// UnreachableError says that inputs which the last publication was made from are not there now: a folder that is not
// mounted, an export that is being replaced.
type UnreachableError struct{ Problem string }

func (e *UnreachableError) Error() string { return e.Problem }

// Try is the next step.
func (e *UnreachableError) Try() string {
	return "see that the folder is mounted and the export is in its place; if it has moved, correct crmlink.yaml"
}

// Unreachable marks what we need and cannot get at.
func (e *UnreachableError) Unreachable() bool { return true }

// LostInputs tells an input that has gone from one that was never there: where the only faults of a configuration are
// files and folders that do not exist, and the store has a publication, the error becomes an UnreachableError.
func LostInputs(c Config, err error) error {
	var faults *ConfigError
	if !errors.As(err, &faults) {
		return err
	}
	var gone []string
	for _, f := range faults.Findings {
		if !f.absent {
			return err
		}
		gone = append(gone, f.Path+" ("+strings.TrimSuffix(f.Value, " (default)")+")")
	}
	if current, e := (Store{Dir: c.Path("store")}).Current(); e != nil || current == "" {
		return err
	}
	return &UnreachableError{"what the last run read is not there: " + strings.Join(gone, ", ")}
}
