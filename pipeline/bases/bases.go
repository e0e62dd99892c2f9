// Package bases keeps what many tests of a package begin with, such as an org that was synced: it is made once, and
// each test reads it or takes a copy.
package bases

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

var (
	mu     sync.Mutex
	folder string
	all    = map[string]*base{}
)

// base is one folder, which is made while its lock is held: tests that want another one do not wait for it.
type base struct {
	sync.Mutex
	dir string
}

// Once gives the folder of a name. The first test that asks for it fills it; all tests share it, so none changes it. A test
// that changes something takes a Copy.
func Once(t testing.TB, name string, fill func(dir string)) string {
	t.Helper()
	mu.Lock()
	b := all[name]
	if b == nil {
		b = &base{}
		all[name] = b
	}
	var err error
	if folder == "" {
		folder, err = os.MkdirTemp("", "crmlink-bases-")
	}
	mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	b.Lock()
	defer b.Unlock()
	if b.dir != "" {
		return b.dir
	}
	dir := filepath.Join(folder, name)
	// What a test left that failed on its way is no base.
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	fill(dir)
	b.dir = dir
	return dir
}

// Copy copies a folder to one that is the test's own.
func Copy(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Remove takes the folders away when all tests of the package are over: TestMain calls it.
func Remove() { os.RemoveAll(folder) }
