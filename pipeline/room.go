package pipeline

import (
	"strings"

	"github.com/crmlink/crmlink/sql"
)

// DiskError says that the store could not be written because there is no room.
type DiskError struct{ Err error }

func (e *DiskError) Error() string {
	return "the disk is full, or a limit on the size of files is reached; nothing was published: " + e.Err.Error()
}

// Unwrap is what went wrong in detail.
func (e *DiskError) Unwrap() error { return e.Err }

// Try is the next step.
func (e *DiskError) Try() string {
	return "make room where the store lies (crmlink gc removes what no kept run needs), then crmlink run goes on where it was"
}

// Passes says that the same run may work later: room is made by others, too.
func (e *DiskError) Passes() bool { return true }

// MemoryError says that a run needs more memory than it may use.
type MemoryError struct{ Err error }

func (e *MemoryError) Error() string {
	return "the memory that the run may use is too little; nothing was published: " + strings.SplitN(e.Err.Error(), "\n", 2)[0]
}

// Unwrap is what went wrong in detail.
func (e *MemoryError) Unwrap() error { return e.Err }

// Try is the next step.
func (e *MemoryError) Try() string {
	return "crmlink run --memory SIZE with a larger size, or a larger limits.memory; the run goes on where it was"
}

// roomError tells apart what only the machine's owner can mend.
func roomError(err error) error {
	switch {
	case err == nil:
		return nil
	case sql.IsDiskFull(err):
		return &DiskError{err}
	case sql.IsOutOfMemory(err):
		return &MemoryError{err}
	}
	return err
}
