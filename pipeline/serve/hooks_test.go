package serve

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/control"
)

// genuine checks a signature as a receiver would.
func genuine(header string, body, secret []byte) bool {
	stamp, rest, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil)) == rest
}

func TestSignature_OfAKnownMessage(t *testing.T) {
	// printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
	const want = "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"
	if got := Signature([]byte("secret"), time.Unix(1700000000, 0), []byte(`{"a":1}`)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// hooked is a server with a webhook at an address, and what was logged.
func hooked(t *testing.T, webhook string) (*hooks, *strings.Builder) {
	t.Helper()
	w := newWorld(t, "", "2026-11-20T09:30")
	if err := os.WriteFile(filepath.Join(w.dir, "key"), []byte("of a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.dir, "crmlink.yaml")
	text := "org: {instance_url: \"https://acme.example\"}\nnotify: {webhook: \"" + webhook + "\", secret_file: key}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	config, err := pipeline.LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	h := newHooks(slog.New(slog.NewTextHandler(&log, nil)))
	h.pause = time.Millisecond
	if err := h.take(config); err != nil {
		t.Fatal(err)
	}
	return h, &log
}

var failed = Notice{ID: "d1", Event: "run." + control.Failed, Entry: "full", Problem: "it fell"}

func TestWebhook_SignedAndTriedAgain(t *testing.T) {
	var mu sync.Mutex
	var calls []*http.Request
	var bodies [][]byte
	answers := []int{500, 429, 302, 200}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		calls, bodies = append(calls, r), append(bodies, body)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(answers[len(calls)-1])
	}))
	defer server.Close()
	h, log := hooked(t, server.URL+"/hook")
	h.tell(failed)
	h.all.Wait()
	if len(calls) != 4 || h.counts[[2]string{"webhook", "delivered"}] != 1 {
		t.Fatalf("%d calls, %v", len(calls), h.counts)
	}
	for i, r := range calls {
		var n Notice
		if err := json.Unmarshal(bodies[i], &n); err != nil || n.Problem != failed.Problem || r.URL.Path != "/hook" || r.Method != http.MethodPost {
			t.Errorf("%s %s: %s", r.Method, r.URL, bodies[i])
		}
		signature := r.Header.Get("X-Crmlink-Signature")
		if !genuine(signature, bodies[i], []byte("of a file")) || genuine(signature, append(bodies[i], ' '), []byte("of a file")) || genuine(signature, bodies[i], []byte("another")) {
			t.Errorf("signature %s", signature)
		}
		if r.Header.Get("X-Crmlink-Delivery") != "d1" || r.Header.Get("X-Crmlink-Event") != "run.failed" {
			t.Errorf("%v", r.Header)
		}
	}
	if log.Len() > 0 {
		t.Error(log)
	}
	// The environment's secret beats the file's; a new one is used without a restart.
	t.Setenv(SecretVariable, "of the environment")
	answers = append(answers, 200)
	h.tell(failed)
	h.all.Wait()
	if !genuine(calls[4].Header.Get("X-Crmlink-Signature"), bodies[4], []byte("of the environment")) {
		t.Error("not signed with the environment's secret")
	}
}

func TestWebhook_GivesUpAndKeepsItsAddressToItself(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.WriteHeader(404)
	}))
	h, log := hooked(t, server.URL+"/T0/very-secret")
	h.tell(failed)
	h.all.Wait()
	if calls != 1 || !strings.Contains(log.String(), "404") {
		t.Errorf("refused: %d calls, log %s", calls, log)
	}
	server.Close()
	h.tell(failed)
	h.all.Wait()
	if h.counts[[2]string{"webhook", "failed"}] != 2 || !strings.Contains(log.String(), "refused") {
		t.Errorf("nobody there: %v, log %s", h.counts, log)
	}
	if strings.Contains(log.String(), "very-secret") || strings.Contains(log.String(), "of a file") {
		t.Errorf("a secret is in the log: %s", log)
	}
}

func TestWebhook_NeedsASecret(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	file := filepath.Join(w.dir, "crmlink.yaml")
	for _, lines := range []string{"", ", secret_file: empty"} {
		text := "org: {instance_url: \"https://acme.example\"}\nnotify: {webhook: \"https://alerts.example.com/x\"" + lines + "}\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, "empty"), []byte(" \n"), 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := pipeline.LoadConfig(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(Options{Config: config, Log: slog.Default()}); !pipeline.IsInput(err) {
			t.Errorf("%s: %v", lines, err)
		}
	}
}

// The command reads the notice, does not see the webhook's secret, and is stopped when it hangs.
func TestCommand(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	t.Setenv(SecretVariable, "very-secret")
	h := w.server.hooks
	h.tell(failed)
	h.all.Wait()
	if told := w.notices(); len(told) != 1 || told[0].Problem != "it fell" {
		t.Errorf("told of %+v", told)
	}
	env, err := os.ReadFile(filepath.Join(w.dir, "environment"))
	if err != nil || strings.Contains(string(env), "very-secret") || !strings.Contains(string(env), "CRMLINK_ENTRY=full\n") {
		t.Errorf("%v, environment %s", err, env)
	}
	h.command = []string{"sh", "-c", "sleep 100 & wait"}
	h.tell(failed)
	time.AfterFunc(100*time.Millisecond, h.cancel)
	began := time.Now()
	h.all.Wait()
	if time.Since(began) > 20*time.Second || h.counts[[2]string{"command", "failed"}] != 1 {
		t.Errorf("a command that hangs: %s, %v", time.Since(began), h.counts)
	}
}
