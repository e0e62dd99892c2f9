package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// served is what `crmlink demo --serve` is told beside the org.
type served struct {
	on     bool
	listen string
	live   time.Duration
}

// The app of the demo's org, and the file that its secret is written to. It guards invented people.
const (
	servedUser   = "integration@acme.com"
	servedClient = "3MVG9demo"
	servedSecret = "a-secret-of-the-demo"
	secretFile   = "app.secret"
	sealingFile  = "crmlink.key"
)

// check says what is wrong with the flags, before anything is written.
func (s served) check(flags *pflag.FlagSet) error {
	set := func(name string) bool { return flags.Changed(name) }
	switch host, _, err := net.SplitHostPort(s.listen); {
	case !s.on && (set("live") || set("listen")):
		return &usageError{problem: "--live and --listen are for --serve", next: "crmlink demo --serve --out demo"}
	case !s.on:
		return nil
	case set("json"):
		return &usageError{problem: "--json is not for --serve", next: "crmlink demo --serve --out demo"}
	case err != nil || net.ParseIP(host) == nil || !net.ParseIP(host).IsLoopback():
		return &usageError{problem: fmt.Sprintf("--listen %q: want an address of this machine's loopback and a port", s.listen), next: "crmlink demo --serve --listen 127.0.0.1:8765"}
	case set("live") && s.live < time.Second:
		return &usageError{problem: fmt.Sprintf("--live %s: want a second at least", s.live), next: "crmlink demo --serve --live 1m"}
	}
	return nil
}

// serveDemo is a Salesforce org on this machine's loopback, until Ctrl-C. Without a folder to write to the org is held in
// memory alone.
func (a *app) serveDemo(ctx context.Context, c demo.Config, s served) error {
	dir := c.Out
	if dir == "" {
		temp, err := os.MkdirTemp("", "crmlink-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp) // the people in it are invented
		c.Out = temp
	}
	summary, err := demo.Generate(ctx, c)
	if err != nil {
		return err
	}
	org := simulator.New(simulator.Options{Org: simulator.Org{Username: servedUser, ClientID: servedClient, ClientSecret: servedSecret}})
	if err := org.Load(filepath.Join(c.Out, "crm")); err != nil {
		return err
	}
	rows := c.PageRows
	if rows == 0 {
		rows = min(max((max(c.Accounts, c.Contacts, c.Leads)+2)/3, 50), 100_000)
	}
	org.Set(func(w *simulator.Switches) { w.PageRows = rows })
	base, stop, err := org.Start(s.listen, nil)
	if errors.Is(err, syscall.EADDRINUSE) {
		return &usageError{problem: s.listen + " is taken by another program", next: "crmlink demo --serve --listen 127.0.0.1:0 takes any free port"}
	}
	if err != nil {
		return err
	}
	defer stop()
	if dir == "" {
		os.RemoveAll(c.Out) //nolint:errcheck // it is tried again at the end
	} else {
		if err := writeServed(dir, base); err != nil {
			return err
		}
		a.writeDemo(c, summary)
	}
	a.tellServed(dir, base, s.live)
	if s.live == 0 {
		<-ctx.Done()
	} else if err := a.live(ctx, org, s.live); err != nil {
		return err
	}
	calls := map[string]int{}
	for _, r := range org.Requests() {
		calls[r.Kind]++
	}
	fmt.Fprintf(a.err, "The org is closed. It answered %s.\n", kinds(calls))
	return nil
}

// kinds counts calls by kind.
func kinds(calls map[string]int) string {
	var list []string
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(calls)) {
		list = append(list, fmt.Sprintf("%s %d", kind, calls[kind]))
		total += calls[kind]
	}
	if total == 0 {
		return "no call"
	}
	return count(total, "call", "calls") + " (" + strings.Join(list, ", ") + ")"
}

// live lets users change a hundredth of the org, again and again.
func (a *app) live(ctx context.Context, org *simulator.Server, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for seed := uint64(1); ; seed++ {
		select {
		case <-ctx.Done():
			return nil
		case at := <-ticker.C:
			done, err := org.Churn(0.01, seed)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.err, "%s  users changed %s\n", at.Format(time.TimeOnly), done)
		}
	}
}

// servedSection is the org's section of crmlink.yaml.
func servedSection(base string) string {
	return fmt.Sprintf(`org:
  kind: salesforce                            # the org that "crmlink demo --serve" holds, while it runs
  login: "%s"
  client_id: %s
  flow: client-credentials                    # web opens a browser, and grants at once; then the secret may be left out
  secret_file: %s                     # of the app; or CRMLINK_CLIENT_SECRET
  key_file: %s                       # seals the tokens; "crmlink connect" makes it
`, base, servedClient, secretFile, sealingFile)
}

// writeServed makes the generated configuration one of the served org.
func writeServed(dir, base string) error {
	path := filepath.Join(dir, pipeline.ConfigFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), "org:\n")
	_, after, closed := strings.Cut(rest, "\n\n")
	if !ok || !closed {
		return fmt.Errorf("demo: %s has no section org", path)
	}
	if err := os.WriteFile(path, []byte(before+servedSection(base)+"\n"+after), 0o644); err != nil {
		return err
	}
	secret := filepath.Join(dir, secretFile)
	if err := os.Remove(secret); err != nil && !errors.Is(err, os.ErrNotExist) { // an old one keeps its mode
		return err
	}
	return os.WriteFile(secret, []byte(servedSecret+"\n"), 0o600)
}

// tellServed says how to get at the org.
func (a *app) tellServed(dir, base string, live time.Duration) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "\n%s  %s  Ctrl-C ends it\n\n", i.bold("A Salesforce org is open"), base)
	t := newTable(i, "", "")
	t.add("client id", servedClient)
	t.add("client secret", servedSecret)
	t.add("user", servedUser)
	t.write(a.out)
	if live > 0 {
		fmt.Fprintf(a.out, "\nUsers change a hundredth of the org every %s. A delta reaches up to five minutes before now: a change comes with a run after that.\n", live)
	}
	if dir == "" {
		fmt.Fprintf(a.out, "\n%s, with directory and seats of your own:\n\n%s", i.bold("crmlink.yaml for it"), servedSection(base))
		fmt.Fprintf(a.out, "\n%s\n  curl -d grant_type=client_credentials -d client_id=%s -d client_secret=%s %s/services/oauth2/token\n", i.bold("Try next"), servedClient, servedSecret, base)
		return
	}
	config := shellWord(filepath.Join(dir, pipeline.ConfigFile))
	fmt.Fprintf(a.out, "\n%s, in another shell\n  %s connect -c %s\n  %[2]s run -c %[3]s\n  %[2]s eval -c %[3]s --truth %[4]s\n", i.bold("Try next"), command(), config, shellWord(filepath.Join(dir, "truth.csv")))
}
