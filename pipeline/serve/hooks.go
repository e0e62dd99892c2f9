package serve

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/control"
)

// SecretVariable is the environment's name for the webhook's secret.
const SecretVariable = "CRMLINK_WEBHOOK_SECRET"

// Notice is what people are told of a run that failed, was stopped by a check or was missed. It holds no value of a
// record.
type Notice struct {
	ID        string     `json:"id"`    // the same each time it is sent
	Event     string     `json:"event"` // run.failed, run.stopped, run.missed
	At        time.Time  `json:"at"`
	Org       string     `json:"org"`
	Entry     string     `json:"entry"`
	Due       time.Time  `json:"due"`
	Attempts  int        `json:"attempts"`
	Exit      int        `json:"exit"`
	Run       string     `json:"run,omitempty"`
	Problem   string     `json:"problem"`
	Try       string     `json:"try,omitempty"`
	Checks    []string   `json:"checks,omitempty"`    // that stopped it
	Published string     `json:"published,omitempty"` // run that readers see
	AsOf      *time.Time `json:"as_of,omitempty"`     // of that run
}

func newNotice(l control.Scheduled, config pipeline.Config, store pipeline.Store) Notice {
	n := Notice{ID: rand.Text(), Event: "run." + l.State, At: l.At.UTC(), Org: store.Instance(config), Entry: l.Entry, Due: l.Due.UTC(),
		Attempts: l.Attempt, Exit: l.Exit, Run: l.Run, Problem: l.Problem, Try: l.Next, Checks: l.Checks}
	if current, err := store.Current(); err == nil && current != "" {
		if record, err := store.Record(current); err == nil {
			n.Published, n.AsOf = record.ID, &record.AsOf
		}
	}
	return n
}

// hooks tell people. They work beside the loop: a server of theirs that hangs holds up no run.
type hooks struct {
	log    *slog.Logger
	client *http.Client
	pause  time.Duration // before the second try; four times as long before each further one
	all    sync.WaitGroup
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	webhook string
	secret  func() ([]byte, error)
	command []string
	counts  map[[2]string]int64 // by way and result
}

func newHooks(log *slog.Logger) *hooks {
	h := &hooks{log: log, pause: 2 * time.Second, counts: map[[2]string]int64{}}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.client = &http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // what is signed for one address is not taken to another
	}}
	return h
}

// take takes over what the configuration says. A webhook without a secret is refused: nobody could trust it.
func (h *hooks) take(config pipeline.Config) error {
	file := config.Path("notify.secret_file")
	secret := func() ([]byte, error) {
		if value := os.Getenv(SecretVariable); value != "" {
			return []byte(value), nil
		}
		if file == "" {
			return nil, &pipeline.InputError{Problem: "notify.webhook has no secret to sign with", Next: "put one into the environment as " + SecretVariable + ", or into a file that notify.secret_file names"}
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the webhook's secret: %w", err)
		}
		if value := bytes.TrimSpace(data); len(value) > 0 {
			return value, nil
		}
		return nil, &pipeline.InputError{Problem: "notify.secret_file is empty", Next: "write the webhook's secret into it"}
	}
	webhook := config.Text("notify.webhook")
	if webhook != "" {
		if _, err := secret(); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.webhook, h.secret, h.command = webhook, secret, config.List("notify.command")
	return nil
}

// tell sends a notice every way that is configured, without waiting for it.
func (h *hooks) tell(n Notice) {
	body, err := json.Marshal(n)
	if err != nil {
		h.log.Error("a notice could not be written", "error", err.Error())
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.webhook != "" {
		address, secret := h.webhook, h.secret
		h.all.Go(func() { h.count("webhook", h.post(address, secret, n, body)) })
	}
	if len(h.command) > 0 {
		command := h.command
		h.all.Go(func() { h.count("command", h.call(command, n, body)) })
	}
}

// close waits a little for what is on its way.
func (h *hooks) close() {
	told := make(chan struct{})
	go func() { h.all.Wait(); close(told) }()
	select {
	case <-told:
	case <-time.After(10 * time.Second):
	}
	h.cancel()
	<-told
}

func (h *hooks) count(way string, err error) {
	result := "delivered"
	if err != nil {
		result = "failed"
		h.log.Error("nobody was told", "by", way, "error", err.Error())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[[2]string{way, result}]++
}

// tries is how often a webhook is called until it takes a notice.
const tries = 5

// errRefused is an answer that another try would not change.
var errRefused = errors.New("it was refused")

func (h *hooks) post(address string, secret func() ([]byte, error), n Notice, body []byte) error {
	pause := h.pause
	for try := 1; ; try++ {
		err := h.postOnce(address, secret, n, body)
		if err == nil || try == tries || errors.Is(err, errRefused) {
			return err
		}
		select {
		case <-h.ctx.Done():
			return err
		case <-time.After(pause):
		}
		pause *= 4
	}
}

func (h *hooks) postOnce(address string, secret func() ([]byte, error), n Notice, body []byte) error {
	key, err := secret()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(h.ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook's address is none")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "crmlink")
	request.Header.Set("X-Crmlink-Event", n.Event)
	request.Header.Set("X-Crmlink-Delivery", n.ID)
	request.Header.Set("X-Crmlink-Signature", Signature(key, time.Now(), body))
	response, err := h.client.Do(request)
	if err != nil {
		var quoted *url.Error
		if errors.As(err, &quoted) {
			err = quoted.Err // the address, which it quotes, may hold a secret of its own
		}
		return fmt.Errorf("call the webhook: %w", err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) //nolint:errcheck // what it says does not matter
	switch code := response.StatusCode; {
	case code/100 == 2:
		return nil
	case code/100 == 4 && code != http.StatusRequestTimeout && code != http.StatusTooEarly && code != http.StatusTooManyRequests:
		return fmt.Errorf("the webhook answered %d: %w", code, errRefused)
	default:
		return fmt.Errorf("the webhook answered %d", code)
	}
}

// Signature is the value of X-Crmlink-Signature: t=<seconds since 1970>,v1=<hex of HMAC-SHA256 over "<t>.<body>">.
func Signature(secret []byte, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.", stamp)
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// call runs the command with the notice on its standard input and the main things in its environment.
func (h *hooks) call(command []string, n Notice, body []byte) error {
	ctx, cancel := context.WithTimeout(h.ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(without(os.Environ(), SecretVariable, control.KeyVariable, pipeline.SecretVariable), "CRMLINK_EVENT="+n.Event, "CRMLINK_ENTRY="+n.Entry, "CRMLINK_RUN="+n.Run,
		"CRMLINK_EXIT="+strconv.Itoa(n.Exit), "CRMLINK_CHECKS="+strings.Join(n.Checks, ","))
	cmd.Stdin = bytes.NewReader(append(body, '\n'))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("call notify.command: %w", err)
	}
	return nil
}
