package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// LockedError says that another run holds the store.
type LockedError struct{ Dir, Holder string }

func (e *LockedError) Error() string {
	return fmt.Sprintf("another run holds the store %s%s", e.Dir, e.Holder)
}

// Try is the next step.
func (e *LockedError) Try() string {
	return "wait until it ends (crmlink show tells the last one), or stop it; nothing was changed"
}

// lock takes the store for this process, or says who has it. The kernel frees it when a process dies.
func (s Store) lock() (release func(), err error) {
	path := filepath.Join(s.Dir, "lock")
	l := flock.New(path)
	ok, err := tryLock(l)
	if err != nil {
		return nil, fmt.Errorf("lock store: %w", err)
	}
	if !ok {
		holder := ""
		if pid := s.holder(); pid > 0 {
			holder = fmt.Sprintf(" (process %d)", pid)
		}
		return nil, &LockedError{s.Dir, holder}
	}
	if err := os.WriteFile(path, []byte(fmt.Sprintln(os.Getpid())), 0o600); err != nil {
		l.Unlock() //nolint:errcheck // the first error is the one to tell
		return nil, fmt.Errorf("lock store: %w", err)
	}
	return func() {
		os.Truncate(path, 0) //nolint:errcheck // only a hint for people
		l.Unlock()           //nolint:errcheck // ends with the process anyway
	}, nil
}

// holder is the process that wrote its number into the lock last, 0 where none did.
func (s Store) holder() int {
	data, err := os.ReadFile(filepath.Join(s.Dir, "lock"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return 0
	}
	return pid
}

// Busy says whether a run is on its way.
func (s Store) Busy() bool { return held(filepath.Join(s.Dir, "lock")) }

func alive(process int) bool { return !errors.Is(syscall.Kill(process, 0), syscall.ESRCH) }
