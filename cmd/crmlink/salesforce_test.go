package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// emptyOrg is a folder with a directory of one company and one member, connected to a simulated org without records.
func emptyOrg(t *testing.T) (*simulator.Server, string) {
	t.Helper()
	org := simulator.New(simulator.Options{Strict: true, Switches: simulator.Switches{RunningPolls: -1}})
	address, stop, err := org.Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"companies.csv": "company_id,name\nc1,Acme\n",
		"members.csv":   "member_id,name\nm1,Ada Byron\n",
		"app.secret":    "simulated-secret\n",
		"crmlink.yaml": fmt.Sprintf("org: {kind: salesforce, login: %q, client_id: 3MVG9simulated, flow: client-credentials, secret_file: app.secret, key_file: my.key}\n"+
			"directory: {companies: {path: companies.csv}, members: {path: members.csv}}\n", address),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return org, filepath.Join(dir, "crmlink.yaml")
}

// typed runs a command line in the process.
func typed(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = execute(t.Context(), args, console{out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

// Each of Salesforce's errors as a run ends with it: the sentence to the letter, the code, the details, the next step, and
// what the shell is told; nothing is published, and a server of the schedule knows whether to try again.
func TestErrors_B1_B2_B3_B4_B5_B6_B7_A15_OfARun(t *testing.T) {
	for name, test := range map[string]struct {
		wrong    func(*testing.T, *simulator.Server)
		sentence string
		code     string
		details  []string
		next     string
		exit     int
	}{
		"B1": {func(_ *testing.T, s *simulator.Server) { s.Set(func(w *simulator.Switches) { w.Refuse = true }) },
			"Could not connect to CRM. Please try again later.", "E_CONNECT", []string{"connection refused"}, "check the network", exitUnreachable},
		"B2": {func(_ *testing.T, s *simulator.Server) {
			s.Set(func(w *simulator.Switches) { w.Faults = []simulator.Fault{{Status: http.StatusServiceUnavailable}} })
		}, "The CRM API reported an error. Please try again later.", "E_API", []string{"503"}, "status.salesforce.com", exitUnreachable},
		"B3": {func(_ *testing.T, s *simulator.Server) { s.Set(func(w *simulator.Switches) { w.NoAPIUser = true }) },
			"Your CRM account does not have sufficient access privileges. Please check with your CRM administrator.", "E_PRIVILEGE",
			[]string{"API_CURRENTLY_DISABLED"}, "grant the integration user API access", exitInput},
		"B4": {func(t *testing.T, s *simulator.Server) {
			for _, hide := range []error{s.HideObject("Lead", true), s.HideField("Contact", "LastName", true), s.HideField("Opportunity", "StageName", true)} {
				if hide != nil {
					t.Fatal(hide)
				}
			}
		}, "Could not read the required CRM objects from your org.", "E_OBJECTS", []string{"Lead (the object)", "Contact.LastName", "Opportunity.StageName"},
			"grant the integration user read access, or map custom fields in the config", exitInput},
		"B5": {func(_ *testing.T, s *simulator.Server) {
			s.Set(func(w *simulator.Switches) { w.Oldest, w.Newest = 30, 46 })
		}, "Your Salesforce org does not support the required version of the Salesforce API (v47). Please check with your Salesforce Administrator.",
			"E_VERSION", []string{"30.0 to 46.0"}, "ask the Salesforce administrator", exitInput},
		"B6": {func(_ *testing.T, s *simulator.Server) { s.Set(func(w *simulator.Switches) { w.BulkOff = true }) },
			"Your Salesforce org does not support the Salesforce Bulk API. Please check with your Salesforce representative.", "E_BULK",
			[]string{"FEATURENOTENABLED"}, "ask the Salesforce representative", exitInput},
		"A15": {func(_ *testing.T, s *simulator.Server) {
			s.RevokeGrants()
			s.Set(func(w *simulator.Switches) { w.NoApproval, w.UserInactive, w.EndSessions = true, true, w.EndSessions+1 })
		}, "The connection to Salesforce was revoked or has expired.", "auth_revoked", []string{"invalid_grant"}, "crmlink connect", exitInput},
		"quota": {func(_ *testing.T, s *simulator.Server) {
			s.Set(func(w *simulator.Switches) { w.APIMax, w.APIUsed = 1000, 900 })
		}, "The share of Salesforce API calls that crmlink may use is used up. Please try again later.", "E_QUOTA", []string{"of 1000"}, "run again when calls are free", exitUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org, file := emptyOrg(t)
			if code, _, err := typed(t, "connect", "-c", file); code != exitDone {
				t.Fatal(err)
			}
			if !token.MatchString(org.Token()) {
				t.Fatal("tokens have another form than the one that is looked for")
			}
			test.wrong(t, org)
			config, err := pipeline.LoadConfig(file)
			if err != nil {
				t.Fatal(err)
			}
			result, err := pipeline.Run(t.Context(), pipeline.Options{Config: config, Tries: 1, Threads: 1})
			err = &runError{result.Record.ID, err}
			var text, object bytes.Buffer
			code := fail(&text, nil, nil, err)
			asJSON := &cobra.Command{}
			asJSON.Flags().Bool("json", false, "")
			if e := asJSON.ParseFlags([]string{"--json"}); e != nil {
				t.Fatal(e)
			}
			fail(&object, asJSON, nil, err)
			first, rest, _ := strings.Cut(text.String(), "\n")
			if code != test.exit || first != "crmlink: "+test.sentence+" ("+test.code+")" {
				t.Errorf("exit %d, want %d: %s", code, test.exit, text.String())
			}
			for _, detail := range test.details {
				if !strings.Contains(rest, detail) {
					t.Errorf("no word of %s: %s", detail, rest)
				}
			}
			if _, next, _ := strings.Cut(text.String(), "\nTry: "); !strings.Contains(next, test.next) {
				t.Errorf("the next step is %q, want %q", next, test.next)
			}
			var report struct {
				Code    string
				Details []string
				Exit    int
				Passes  bool
				Run     string
			}
			if e := json.Unmarshal(object.Bytes(), &report); e != nil || report.Code != test.code || len(report.Details) == 0 || report.Exit != test.exit ||
				report.Passes != (test.exit == exitUnreachable) || report.Run == "" {
				t.Errorf("as JSON: %s, %v", object.String(), e)
			}
			store := pipeline.Store{Dir: config.Path("store")}
			record, e := store.Record(result.Record.ID)
			if e != nil || record.Status != pipeline.Failed || !strings.Contains(record.Problem, test.code) || record.Try == "" {
				t.Errorf("the record says %s, %q, %q; %v", record.Status, record.Problem, record.Try, e)
			}
			if current, e := store.Current(); e != nil || current != "" {
				t.Errorf("published: %s, %v", current, e)
			}
			checkNoToken(t, filepath.Dir(file), text.String()+object.String())
			for _, r := range org.Requests() {
				if r.Kind == "job" && name == "B4" {
					t.Error("a job was made before it was known what is missing")
				}
			}
		})
	}
}

// token is the form of Salesforce's access tokens: the org's Id of 15 characters, then what must not be seen.
var token = regexp.MustCompile(`00D[0-9A-Za-z]{12}!`)

// checkNoToken looks for tokens in what was told and in all files of an org, its store and its logs (A14, invariant 8).
func checkNoToken(t *testing.T, dir, told string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if token.Match(data) {
			t.Errorf("%s holds a token", e.Name())
		}
		return err
	})
	if err != nil || files < 8 || token.MatchString(told) {
		t.Errorf("%d files looked at, %v; told: %s", files, err, told)
	}
}

// What people see who connect, check and disconnect (A1, A17, A21, C9): success and the next command, every object with
// what of it cannot be read, and no secret anywhere.
func TestConnect_A1_A4_A17_A21_C9_WhatPeopleSee(t *testing.T) {
	org, file := emptyOrg(t)
	code, _, err := typed(t, "connect", "--check", "-c", file)
	if code != exitInput || !strings.Contains(err, "not connected to Salesforce") || !strings.Contains(err, "Try: crmlink connect") {
		t.Errorf("before connecting: %d, %s", code, err)
	}
	code, out, err := typed(t, "connect", "-c", file)
	if code != exitDone || !strings.HasPrefix(out, "✓ Success! crmlink is now connected to your CRM.\n") || !strings.Contains(out, "connect --check\n") {
		t.Fatalf("%d, %s%s", code, out, err)
	}
	if code, out, err = typed(t, "connect", "--check", "-c", file); code != exitDone {
		t.Fatal(err)
	}
	for _, want := range []string{"edition          Enterprise Edition", "API version      66.0 (the org has 59.0 to 67.0)", "Bulk API         yes", "of 100,000 a day are left",
		"won value        Opportunity.Amount, currency", "A run has what it needs."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, hide := range []error{org.HideField("Account", "Sic", true), org.HideField("Lead", "OwnerId", true), org.HideObject("OpportunityStage", true), org.HideObject("UserRole", true)} {
		if hide != nil {
			t.Fatal(hide)
		}
	}
	code, out, err = typed(t, "connect", "--check", "-c", file)
	for _, want := range []string{"Sic", "OwnerId (needed)", "the object (needed)", "the object; crmlink does without"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != exitInput || !strings.Contains(err, "E_OBJECTS") || !strings.Contains(err, "Lead.OwnerId") || !strings.Contains(err, "UserRole (the object)") || strings.Contains(err, "OpportunityStage") {
		t.Errorf("%d, %s", code, err)
	}
	if code, out, _ = typed(t, "connect", "--check", "--json", "-c", file); code != exitInput || !strings.Contains(out, `"readable": false`) {
		t.Errorf("as JSON: %d, %s", code, out)
	}
	if code, out, err = typed(t, "status", "-c", file); code != exitDone || !strings.Contains(out, "Connection    org 00D") {
		t.Errorf("%d, %s%s", code, out, err)
	}
	if code, _, err = typed(t, "connect", "-c", file, "--flow", "password"); code != exitInput || !strings.Contains(err, "web, jwt or client-credentials") {
		t.Errorf("a flow that is none: %d, %s", code, err)
	}
	if code, _, err = typed(t, "connect", "-c", file, "--my-domain", "http://acme.com"); code != exitInput || !strings.Contains(err, "My Domain") {
		t.Errorf("not encrypted: %d, %s", code, err)
	}
	if code, out, err = typed(t, "disconnect", "-c", file); code != exitDone || !strings.Contains(out, "What was published stays") {
		t.Errorf("%d, %s%s", code, out, err)
	}
	if code, _, err = typed(t, "run", "-c", file); code != exitInput || !strings.Contains(err, "not connected to Salesforce") {
		t.Errorf("a run after that: %d, %s", code, err)
	}
	if code, out, _ = typed(t, "status", "-c", file); code != exitDone || !strings.Contains(out, "Connection    none: crmlink connect") {
		t.Errorf("%d, %s", code, out)
	}
}
