package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/serve"
)

// server is `crmlink serve` as a process of its own.
type server struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines <-chan string
	seen  []string
}

// servedOrg makes a small org that is served on any free port and tells a webhook and a command.
func servedOrg(t *testing.T, webhook string) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Accounts: 20, Contacts: 30, Leads: 20, Seed: 3, Out: dir}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tell"), []byte("#!/bin/sh\ncat >> told\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, "crmlink.yaml"), "schedule:\n", "notify: {webhook: \""+webhook+"\", command: [./tell]}\nschedule:\n  listen: \"127.0.0.1:0\"\n")
	return dir
}

const webhookSecret = "for tests alone"

// patience is how long is waited for what must come: nothing on a busy machine takes that long.
const patience = 5 * time.Minute

func startServer(t *testing.T, dir string) *server {
	t.Helper()
	s := &server{t: t, cmd: crmlink(t, dir, "serve")}
	s.cmd.Env = append(os.Environ(), serve.SecretVariable+"="+webhookSecret)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() }) //nolint:errcheck // it is over when the test went well
	s.lines = linesOf(stderr)
	return s
}

// await reads what the server writes until a line matches, and gives the pattern's first group.
func (s *server) await(pattern string) string {
	s.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case text, running := <-s.lines:
			if !running {
				s.t.Fatalf("the server is over, and there was no %s in\n%s", pattern, strings.Join(s.seen, "\n"))
			}
			s.seen = append(s.seen, text)
			if found := regexp.MustCompile(pattern).FindStringSubmatch(text); found != nil {
				return found[len(found)-1]
			}
		case <-timeout:
			s.t.Fatalf("no %s for %s in\n%s", pattern, patience, strings.Join(s.seen, "\n"))
		}
	}
}

// terminate ends the server as a service manager does.
func (s *server) terminate() {
	s.t.Helper()
	s.end()
	s.ended()
}

func (s *server) end() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

// ended waits for the end of a server that was told to end. It ends well.
func (s *server) ended() {
	s.t.Helper()
	s.await("msg=stopped")
	for text := range s.lines {
		s.seen = append(s.seen, text)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server ended with %v\n%s", err, strings.Join(s.seen, "\n"))
	}
}

// holdRun stops the process of the run that the server has started, until resume is called.
func (s *server) holdRun() (resume func()) {
	s.t.Helper()
	children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range children {
		text, _ := os.ReadFile(path) // of a thread that ended meanwhile there is none
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err == nil {
				err = syscall.Kill(pid, syscall.SIGSTOP)
			}
			if err != nil {
				s.t.Fatal(err)
			}
			return func() { syscall.Kill(pid, syscall.SIGCONT) } //nolint:errcheck // it may have been killed
		}
	}
	s.t.Fatal("the server has no run")
	return nil
}

func ask(t *testing.T, address, path string) (int, string) {
	t.Helper()
	answer, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func standing(t *testing.T, dir string) serve.Standing {
	t.Helper()
	out, err := crmlink(t, dir, "status", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var st serve.Standing
	if err := json.Unmarshal(out, &st); err != nil {
		t.Fatal(err)
	}
	return st
}

// receiver is a webhook that keeps what it was sent and genuinely so.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	notices []serve.Notice
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		stamp, sum, _ := strings.Cut(strings.TrimPrefix(q.Header.Get("X-Crmlink-Signature"), "t="), ",v1=")
		mac := hmac.New(sha256.New, []byte(webhookSecret))
		fmt.Fprintf(mac, "%s.%s", stamp, body)
		var n serve.Notice
		if err := json.Unmarshal(body, &n); err != nil || sum != hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("not genuine: %s, %v, %s", q.Header, err, body)
			w.WriteHeader(400)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.notices = append(r.notices, n)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) await(t *testing.T, event string) serve.Notice {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		r.mu.Lock()
		i := slices.IndexFunc(r.notices, func(n serve.Notice) bool { return n.Event == event })
		if i >= 0 {
			defer r.mu.Unlock()
			return r.notices[i]
		}
		r.mu.Unlock()
	}
	t.Fatalf("nobody was told of %s", event)
	return serve.Notice{}
}

func exitOf(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// The life of a server: the first import at once, stopped in its middle, taken up by the next start, then a run each
// minute that a check stops. Meanwhile no second run and no second server gets the store.
func TestServe_G1_EndToEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("a process of its own, and a minute's wait for a schedule that is due")
	}
	t.Parallel()
	told := newReceiver(t)
	dir := servedOrg(t, told.URL)
	s := startServer(t, dir)
	address := s.await(`msg=serving .*address=(\S+)`)
	s.await("✓ normalize")
	resume := s.holdRun() // it is in its middle as long as the questions take
	if code, text := ask(t, address, "/healthz"); code != 200 {
		t.Errorf("healthz: %d %s", code, text)
	}
	if code, text := ask(t, address, "/readyz"); code != 503 {
		t.Errorf("ready with nothing published: %d %s", code, text)
	}
	if _, text := ask(t, address, "/metrics"); !strings.Contains(text, "\ncrmlink_run_running 1\n") {
		t.Errorf("metrics show no run:\n%s", text)
	}
	st := standing(t, dir)
	if st.Running == nil || st.Process != s.cmd.Process.Pid || st.Address != address || st.Schedule[0].State != "started" {
		t.Fatalf("status in the middle of a run: %+v", st)
	}
	if out, err := crmlink(t, dir, "run").CombinedOutput(); exitOf(err) != exitLocked {
		t.Errorf("a second run: %v\n%s", err, out)
	}
	second := crmlink(t, dir, "serve")
	second.Env = s.cmd.Env
	if out, err := second.CombinedOutput(); exitOf(err) != exitLocked {
		t.Errorf("a second server: %v\n%s", err, out)
	}
	s.end()
	resume()
	s.ended()
	id := st.Running.Run
	if st = standing(t, dir); st.Running != nil || st.Process != 0 || st.Latest == nil || st.Latest.Run != id || st.Latest.Status != pipeline.Interrupted {
		t.Fatalf("status after SIGTERM: %+v", st)
	}

	s = startServer(t, dir)
	address = s.await(`msg=serving .*address=(\S+)`)
	if run := s.await(`msg=published .*run=(\S+)`); run != id {
		t.Errorf("run %s was published, %s interrupted", run, id)
	}
	if got := current(t, dir); got.ID != id || got.Resumed != 1 {
		t.Errorf("%s is published, resumed %d times", got.ID, got.Resumed)
	}
	if code, text := ask(t, address, "/readyz"); code != 200 {
		t.Errorf("readyz: %d %s", code, text)
	}
	if _, text := ask(t, address, "/metrics"); !strings.Contains(text, "\ncrmlink_run_running 0\n") || !strings.Contains(text, `crmlink_scheduled_runs_total{entry="full",state="published"} 1`) ||
		!strings.Contains(text, `crmlink_records{object="Account"} `) {
		t.Errorf("metrics:\n%s", text)
	}

	// Next night's export has no contacts. The schedule changes while the server is on: due each minute.
	pages, _ := filepath.Glob(filepath.Join(dir, "crm", "Contact-*.csv"))
	for _, page := range pages {
		writeAll(t, page, readAll(t, page)[:1])
	}
	edit(t, filepath.Join(dir, "crmlink.yaml"), `"0 4 * * *"`, `"* * * * *"`)
	s.await(`level=ERROR msg=stopped entry=full`)
	n := told.await(t, "run.stopped")
	if n.Exit != exitStopped || len(n.Checks) == 0 || n.Run == id || n.Published != id || n.Try == "" {
		t.Errorf("%+v", n)
	}
	st = standing(t, dir)
	if f := st.LastFailure; f == nil || f.Run != n.Run || f.Try == "" || f.Over || current(t, dir).ID != id {
		t.Errorf("status after a check stopped a run: %+v", f)
	}
	s.terminate()
	if text, err := os.ReadFile(filepath.Join(dir, "told")); err != nil || !strings.Contains(string(text), `"run.stopped"`) {
		t.Errorf("the command was told %s, %v", text, err)
	}
	if log := strings.Join(s.seen, "\n"); strings.Contains(log, webhookSecret) {
		t.Error("the secret is in the log")
	}
}

// What is somebody's input is told at once, and not tried again.
func TestServe_FailureIsTold(t *testing.T) {
	if testing.Short() {
		t.Skip("a process of its own")
	}
	t.Parallel()
	told := newReceiver(t)
	dir := servedOrg(t, told.URL)
	if err := os.WriteFile(filepath.Join(dir, "crm", "Account-1.csv"), []byte("\"Id\",\"Na"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, dir)
	n := told.await(t, "run.failed")
	if n.Exit != exitInput || n.Entry != "full" || n.Attempts != 1 || !strings.Contains(n.Problem, "Account-1.csv") || n.Try == "" || n.Run == "" {
		t.Errorf("%+v", n)
	}
	s.terminate()
	if f := standing(t, dir).LastFailure; f == nil || f.Status != "failed" || f.Try == "" {
		t.Errorf("%+v", f)
	}
	out, err := crmlink(t, dir, "status").Output()
	if err != nil || !strings.Contains(string(out), "Try: ") || !strings.Contains(string(out), "crmlink serve is not running") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A run that somebody started by hand is waited for: never two at once, and no failure.
func TestServe_WaitsForAnotherRun(t *testing.T) {
	if testing.Short() {
		t.Skip("a process of its own")
	}
	t.Parallel()
	told := newReceiver(t)
	dir := servedOrg(t, told.URL)
	other := crmlink(t, dir, "run")
	stderr, err := other.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	lines := linesOf(stderr)
	atLine(1)(dir, lines)
	if err := other.Process.Signal(syscall.SIGSTOP); err != nil { // it holds the store as long as it takes
		t.Fatal(err)
	}
	s := startServer(t, dir)
	s.await("another run holds the store; waiting")
	if err := other.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for range lines {
	}
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	// It began before the server's run was due, so it has not seen all that this one is to see.
	id := s.await(`msg=published .*run=(\S+)`)
	s.terminate()
	runs, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Runs()
	if err != nil || len(runs) != 2 || runs[1].ID != id || runs[1].Started.Before(*runs[0].Finished) {
		t.Errorf("%d runs, %v: two at once, or one too few", len(runs), err)
	}
	if len(told.notices) > 0 {
		t.Errorf("waiting is no failure: %+v", told.notices)
	}
}
