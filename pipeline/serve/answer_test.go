package serve

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/control"
)

func get(t *testing.T, s *Server, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

func TestHealthAndReadiness(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	if code, text := get(t, w.server, "/readyz"); code != 503 || !strings.Contains(text, "nothing is published yet") {
		t.Errorf("before the first run: %d %s", code, text)
	}
	w.until("2026-11-20T10:00", 15*time.Minute)
	w.server.tick(t.Context())
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, text := get(t, w.server, path); code != 200 || text != "ok\n" {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	w.now = w.now.Add(3 * time.Minute) // the loop hangs
	if code, text := get(t, w.server, "/healthz"); code != 503 || !strings.Contains(text, "3m0s ago") {
		t.Errorf("a loop that hangs: %d %s", code, text)
	}
	w.configure("schedule: {full: never}")
	w.server.tick(t.Context())
	if code, text := get(t, w.server, "/readyz"); code != 503 || !strings.Contains(text, "schedule.full.at") {
		t.Errorf("a faulty configuration: %d %s", code, text)
	}
	w.configure("")
	w.server.tick(t.Context())
	current, err := os.Readlink(filepath.Join(w.dir, "store", "current"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(w.dir, "store", current, "analytics.duckdb")); err != nil {
		t.Fatal(err)
	}
	if code, _ := get(t, w.server, "/readyz"); code != 503 {
		t.Errorf("a publication that cannot be read: %d", code)
	}
	if code, _ := get(t, w.server, "/"); code != 404 {
		t.Errorf("there is no console: %d", code)
	}
	w2 := httptest.NewRecorder()
	w.server.handler().ServeHTTP(w2, httptest.NewRequest(http.MethodPost, "/healthz", nil))
	if w2.Code != 405 {
		t.Errorf("POST: %d", w2.Code)
	}
}

// Every line is a sample or a comment of the text format, each metric is declared once, and the numbers are those of
// the store.
func TestMetrics(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	w.until("2026-11-20T10:00", 15*time.Minute)
	w.run = func(bool) Ended { return Ended{Exit: 4, Problem: "stopped", Checks: []string{"records_gone"}} }
	w.until("2026-11-20T16:15", 15*time.Minute)
	w.server.hooks.all.Wait()
	w.server.tick(t.Context())
	code, text := get(t, w.server, "/metrics")
	if code != 200 {
		t.Fatal(code)
	}
	sample := regexp.MustCompile(`^([a-z_]+)(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? -?[0-9]+(\.[0-9]+)?$`)
	head := regexp.MustCompile(`^# (HELP ([a-z_]+) [A-Z].*\.|TYPE ([a-z_]+) (gauge|counter))$`)
	declared := map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if h := head.FindStringSubmatch(line); h != nil {
			declared[h[3]]++
			continue
		}
		s := sample.FindStringSubmatch(line)
		if s == nil || declared[s[1]] != 1 {
			t.Errorf("%q", line)
		}
	}
	for _, want := range []string{
		`crmlink_records{object="Account"} 10`, `crmlink_records_matched{object="Account"} 7`,
		`crmlink_publication_as_of_timestamp_seconds 1795167000`, `crmlink_publication_duration_seconds 60`,
		`crmlink_publication_peak_memory_bytes 734003200`,
		`crmlink_last_run_status{status="published"} 1`, `crmlink_run_running 0`, `crmlink_store_readable 1`,
		`crmlink_schedule_next_timestamp_seconds{entry="full"} 1795233600`, `crmlink_schedule_next_timestamp_seconds{entry="incremental"} 1795276800`,
		`crmlink_schedule_failing{entry="full"} 0`, `crmlink_schedule_failing{entry="incremental"} 1`,
		`crmlink_scheduled_runs_total{entry="full",state="published"} 1`, `crmlink_scheduled_runs_total{entry="incremental",state="stopped"} 1`,
		`crmlink_notices_total{by="command",result="delivered"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
}

// How things stand is told without a server from what it left behind.
func TestStand(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	config := w.server.config
	st, err := Stand(t.Context(), config, w.now)
	if err != nil || st.Published != nil || st.Process != 0 || len(st.Schedule) != 2 || st.Schedule[0].State != "" || st.LastFailure != nil {
		t.Fatalf("before anything: %+v, %v", st, err)
	}
	if next := st.Schedule[1].Next; next == nil || !next.Equal(clock(t, "2026-11-20T16:00")) {
		t.Errorf("next incremental: %v", next)
	}
	w.until("2026-11-20T10:00", 15*time.Minute)
	w.run = func(bool) Ended { return Ended{Exit: 2, Problem: "a file", Try: "correct it"} }
	w.until("2026-11-20T16:15", 15*time.Minute)
	note, release, err := pipeline.Store{Dir: filepath.Join(w.dir, "store")}.Serve()
	if err != nil || note("127.0.0.1:1") != nil {
		t.Fatal(err)
	}
	if _, _, err := (pipeline.Store{Dir: filepath.Join(w.dir, "store")}).Serve(); err == nil || !strings.Contains(err.Error(), "another process serves") {
		t.Errorf("a second server: %v", err)
	}
	st, err = Stand(t.Context(), config, w.now)
	if err != nil || st.Process != os.Getpid() || st.Address != "127.0.0.1:1" || st.Published.Run != "20261120T093000Z" {
		t.Fatalf("%+v, %v", st, err)
	}
	u := st.Schedule[1]
	if u.State != control.Failed || u.Try != "correct it" || !u.Next.Equal(clock(t, "2026-11-21T16:00")) || !u.LastDue.Equal(clock(t, "2026-11-20T16:00")) {
		t.Errorf("%+v", u)
	}
	if f := st.LastFailure; f == nil || f.Problem != "a file" || f.Try != "correct it" || f.Over {
		t.Errorf("%+v", f)
	}
	release()
	w.run = nil
	w.until("2026-11-21T05:00", 15*time.Minute)
	if st, err = Stand(t.Context(), config, w.now); err != nil || !st.LastFailure.Over || st.Process != 0 {
		t.Errorf("%+v, %v", st.LastFailure, err)
	}
}
