package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// serving is the file that a server of the schedule holds as long as it is on, with its process and address in it.
const serving = "serve"

// ServingError says that another process runs the schedule of this store.
type ServingError struct {
	Dir     string
	Process int
}

func (e *ServingError) Error() string {
	if e.Process == 0 {
		return fmt.Sprintf("another process serves the store %s", e.Dir)
	}
	return fmt.Sprintf("another process serves the store %s (process %d)", e.Dir, e.Process)
}

// Try is the next step.
func (e *ServingError) Try() string { return "crmlink status shows it; stop it, or leave it to it" }

// Serve makes this process the one that runs the store's schedule. note tells others where it answers.
func (s Store) Serve() (note func(address string) error, release func(), err error) {
	path := filepath.Join(s.Dir, serving)
	l := flock.New(path)
	ok, err := tryLock(l)
	if err != nil {
		return nil, nil, fmt.Errorf("serve store: %w", err)
	}
	if !ok {
		process, _ := s.noted()
		return nil, nil, &ServingError{s.Dir, process}
	}
	note = func(address string) error {
		if err := os.WriteFile(path, fmt.Appendf(nil, "%d %s\n", os.Getpid(), address), 0o600); err != nil {
			return fmt.Errorf("serve store: %w", err)
		}
		return nil
	}
	return note, func() {
		os.Truncate(path, 0) //nolint:errcheck // only a hint for people
		l.Unlock()           //nolint:errcheck // ends with the process anyway
	}, nil
}

func (s Store) noted() (process int, address string) {
	data, err := os.ReadFile(filepath.Join(s.Dir, serving))
	if err != nil {
		return 0, ""
	}
	first, address, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	if process, err = strconv.Atoi(first); err != nil {
		return 0, ""
	}
	return process, address
}

// Served says which process runs the schedule, and where it answers; 0 where none does.
func (s Store) Served() (process int, address string) {
	if process, address = s.noted(); process == 0 || !held(filepath.Join(s.Dir, serving)) {
		return 0, ""
	}
	return process, address
}

// tryLock takes a lock unless another process has it. Those who only ask whether it is held (see held) have it for a
// moment, so it is tried more than once.
func tryLock(l *flock.Flock) (ok bool, err error) {
	for try := range 5 {
		if ok, err = l.TryLock(); ok || err != nil {
			return ok, err
		}
		if try < 4 {
			time.Sleep(20 * time.Millisecond)
		}
	}
	return false, nil
}

// held says whether another process has a lock. The number of a process that wrote itself into the file is no proof:
// after a crash it may be another's.
func held(path string) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	l := flock.New(path)
	ok, err := l.TryRLock()
	if ok {
		l.Unlock() //nolint:errcheck // ends with the process anyway
	}
	return !ok && err == nil
}
