package pipeline

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline/bases"
)

func TestMain(m *testing.M) {
	code := m.Run()
	bases.Remove()
	os.Exit(code)
}

// PublishedDemo is a copy of the checked-in demo org with its first publication, of 2026-10-01 04:00 UTC, made with one
// thread. Views in its database read the files of the store that it was copied from, which has the same.
func PublishedDemo(t *testing.T) (dir string, first Record) {
	t.Helper()
	base := bases.Once(t, "demo", func(dir string) {
		if err := os.CopyFS(dir, os.DirFS("../data/demo")); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "store")); err != nil {
			t.Fatal(err)
		}
		config, err := LoadConfig(filepath.Join(dir, "crmlink.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), Options{Config: config, AsOf: time.Date(2026, 10, 1, 4, 0, 0, 0, time.UTC), Threads: 1}); err != nil {
			t.Fatal(err)
		}
	})
	dir = bases.Copy(t, base)
	first, err := Store{Dir: filepath.Join(dir, "store")}.Find("latest")
	if err != nil {
		t.Fatal(err)
	}
	return dir, first
}

// FreePort is a port of the loopback that nobody listens on, so that two runs of these tests are not in each other's way.
func FreePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
