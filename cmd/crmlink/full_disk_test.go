package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// A full disk, and a limit on the size of files, are told for what they are; nothing is published and nothing is lost.
func TestFullDiskIsTold_Invariant7(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	c := newChaos(t)
	limited := func(size int) shortage {
		return shortage{fmt.Sprintf("files of at most %d KiB", size), func(string) *exec.Cmd {
			return exec.Command("bash", "-c", fmt.Sprintf("ulimit -f %d && exec crmlink run --as-of %s", size, secondTime))
		}}
	}
	c.lack(t, limited(1), limited(64))
	if err := exec.Command("unshare", "-Urm", "true").Run(); err != nil {
		t.Logf("no full disk is tried: unshare: %v", err)
		return
	}
	full := func(spare int) shortage {
		return shortage{fmt.Sprintf("a disk with %d KiB left", spare), func(dir string) *exec.Cmd {
			// The store is copied to a small disk that exists for this process only, and back when it ends.
			return exec.Command("unshare", "-Urm", "bash", "-c", fmt.Sprintf(`set -e
				mv store full && mkdir store
				mount -t tmpfs -o size=$(( $(du -sk full | cut -f1) + %d ))k tmpfs store
				cp -a full/. store/
				code=0; crmlink run --as-of %s || code=$?
				rm -rf full; mkdir full; cp -a store/. full/; umount store; rmdir store; mv full store
				exit $code`, spare, secondTime))
		}}
	}
	c.lack(t, full(0), full(300))
}

// shortage is a second run that lacks room.
type shortage struct {
	where string
	start func(dir string) *exec.Cmd
}

// lack lets the second run fail for one shortage after the other. It checks that each run says so, that nothing is published
// and nothing is lost, and that the run which then has room publishes what it would have published. For docs/reliability.md
// there is such a run after each.
func (c *chaos) lack(t *testing.T, all ...shortage) {
	t.Helper()
	if *chaosKills > 0 && len(all) > 1 {
		for _, s := range all {
			c.lack(t, s)
		}
		return
	}
	dir := c.copy(t)
	for _, s := range all {
		cmd := s.start(dir)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		var exit *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
			t.Fatalf("%s: %v, want exit 1\n%s", s.where, err, stderr.String())
		}
		if text := stderr.String(); !strings.Contains(text, "\nTry: ") || strings.Contains(text, "goroutine ") || !strings.Contains(text, "disk") {
			t.Errorf("%s: the error does not say what to do:\n%s", s.where, text)
		}
		if got := current(t, dir); got.ID != c.first.ID {
			t.Errorf("%s: %s was published", s.where, got.ID)
		}
		c.checkReadable(t, s.where, dir, c.first)
	}
	where := "after " + all[len(all)-1].where
	if out, err := crmlink(t, dir, "run", "--as-of", secondTime).CombinedOutput(); err != nil {
		t.Errorf("%s: the next start fails: %v\n%s", where, err, out)
		return
	}
	got := current(t, dir)
	for name, snap := range c.want.Tables {
		if name != "run" && got.Tables[name].ID != snap.ID { // a run that could say it failed has another id
			t.Errorf("%s: table %s has other bytes", where, name)
		}
	}
}
