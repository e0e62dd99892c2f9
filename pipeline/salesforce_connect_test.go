package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/oracle"
	"github.com/crmlink/crmlink/stages/systems/salesforce"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// throughBrowser makes an org's configuration take the web flow.
func throughBrowser(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "crmlink.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, file, strings.Replace(string(text), "flow: client-credentials", fmt.Sprintf("flow: web, port: %d", pipeline.FreePort(t)), 1))
}

func connectByBrowser(t *testing.T, dir string) pipeline.Connected {
	t.Helper()
	done, err := pipeline.Connect(t.Context(), pipeline.ConnectOptions{Config: loadConfig(t, dir), Who: pipeline.Person{By: "eve", Login: "root"}, At: oracleTime,
		Show: func(address string) error {
			go func() {
				if answer, err := http.Get(address); err == nil {
					io.Copy(io.Discard, answer.Body) //nolint:errcheck // it goes back to the loopback
					answer.Body.Close()
				}
			}()
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// Connecting again as another user keeps all that is in the store: 0 rows lost, and no cursor. A connection that
// Salesforce's administrator withdraws ends the run by its name, nothing is published and the last tables stay; so do
// they when the store is disconnected, and the next run says what to do.
func TestSalesforce_A8_A15_J1_AnotherUserThenRevokedThenDisconnected(t *testing.T) {
	t.Parallel()
	world := oracle.Random(4, 1)
	org := simulate(t, crmOf(t, world), simulator.Org{})
	dir := salesforceOrg(t, world, org)
	throughBrowser(t, dir)
	connectByBrowser(t, dir)
	first := org.mustSync(t, dir, nil)
	if _, err := org.Upsert("User", simulator.Cells{"Name": "Integration", "Username": "sync@example.com", "Email": "sync@example.com", "IsActive": "true"}); err != nil {
		t.Fatal(err)
	}
	org.Set(func(w *simulator.Switches) { w.LoginAs = "sync@example.com" })
	again := connectByBrowser(t, dir)
	if again.Before == "" || again.User == again.Before || again.Unrevoked != "" {
		t.Fatalf("as another user: %+v", again)
	}
	org.pass(12 * time.Hour)
	second := org.mustSync(t, dir, nil)
	if second.Record.Previous != first.Record.ID || second.Record.Import != pipeline.DeltaImport {
		t.Errorf("after %s, import %s: not built upon the first", second.Record.Previous, second.Record.Import)
	}
	for name, snap := range first.Record.Tables {
		if got := second.Record.Tables[name]; !describesTheRun[name] && got.Rows < snap.Rows {
			t.Errorf("%s: %d rows of %d", name, got.Rows, snap.Rows)
		}
	}

	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	org.RevokeGrants()
	org.pass(time.Hour)
	failed, err := org.sync(t, dir, nil)
	var revoked *salesforce.Error
	if !errors.As(err, &revoked) || revoked.Code != salesforce.Revoked || !pipeline.IsInput(err) || revoked.Try() == "" {
		t.Fatalf("revoked at Salesforce: %v", err)
	}
	record, err := store.Record(failed.Record.ID)
	if err != nil || record.Status != pipeline.Failed || !strings.Contains(record.Problem, "auth_revoked") || record.Try == "" {
		t.Errorf("the run is %s: %q, %v", record.Status, record.Problem, err)
	}
	if _, err := pipeline.Disconnect(t.Context(), loadConfig(t, dir), pipeline.Person{By: "eve"}, org.now(), false); err != nil {
		t.Errorf("what is revoked already can be removed: %v", err)
	}
	if _, err = org.sync(t, dir, nil); !pipeline.IsInput(err) || !strings.Contains(err.Error(), "not connected to Salesforce") {
		t.Errorf("disconnected: %v", err)
	}
	if current, err := store.Current(); err != nil || current != second.Record.ID {
		t.Errorf("published is %s, %v", current, err)
	}
	p, err := store.Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if stats, err := p.Stats(t.Context()); err != nil || len(stats) == 0 {
		t.Errorf("the last tables: %v, %v", stats, err)
	}
}

// A sandbox and its production org, the same settings, two files and two stores: no record of one is in the other.
func TestSalesforce_A11_A12_SandboxBesideProduction(t *testing.T) {
	t.Parallel()
	of := map[string]string{}
	for i, o := range []simulator.Org{{ID: "00D5g000015aIx5EAE"}, {ID: "00D5g000015aIx6EAE", Sandbox: true}} {
		world := oracle.Random(uint64(4+i), 1)
		org := simulate(t, crmOf(t, world), o)
		dir := salesforceOrg(t, world, org)
		site := mapWebsite(t, dir, org)
		result := org.mustSync(t, dir, nil)
		if got := websites(t, dir, result); !slices.Contains(got, "Website="+site) {
			t.Errorf("%s: the field that stands for Website is read as %q", o.ID, got)
		}
		ids := map[string]bool{}
		for _, object := range []string{"Account", "Contact", "Lead", "Opportunity", "User"} {
			for _, id := range org.IDs(object) {
				ids[id] = true
			}
		}
		found := idsOf(t, dir, result)
		if len(found) < len(ids) {
			t.Errorf("%s: %d of %d records", o.ID, len(found), len(ids))
		}
		for id := range found {
			if !ids[id] || of[id] != "" {
				t.Errorf("%s: %s is none of its records, or one of %s", o.ID, id, of[id])
			}
			of[id] = o.ID
		}
	}
}

// mapWebsite makes a field of the org's own stand for Website (B4), with a value on one account.
func mapWebsite(t *testing.T, dir string, org *simulated) string {
	t.Helper()
	const site = "https://site.example"
	err := org.AddField("Account", "Site__c", "string", false)
	if err == nil {
		_, err = org.Upsert("Account", simulator.Cells{"Id": org.IDs("Account")[0], "Site__c": site})
	}
	file := filepath.Join(dir, "crmlink.yaml")
	text, e := os.ReadFile(file)
	if err = errors.Join(err, e); err != nil {
		t.Fatal(err)
	}
	writeText(t, file, strings.Replace(string(text), "org: {", "org: {columns: {Account: {Website: Site__c}}, ", 1))
	return site
}

func websites(t *testing.T, dir string, r pipeline.Result) []string {
	t.Helper()
	org := &testOrg{dir: dir}
	org.open(t, r)
	return org.rows(t, "raw_account", []string{"Website"})
}

// idsOf are the records that a publication's raw tables hold.
func idsOf(t *testing.T, dir string, r pipeline.Result) map[string]bool {
	t.Helper()
	org := &testOrg{dir: dir}
	org.open(t, r)
	ids := map[string]bool{}
	for _, table := range []string{"raw_account", "raw_contact", "raw_lead", "raw_opportunity", "raw_user"} {
		for _, id := range org.rows(t, table, []string{"Id"}) {
			ids[strings.TrimPrefix(id, "Id=")] = true
		}
	}
	return ids
}

// A run that is stopped between two pages goes on with the pages it has: the same run, the same time, the same tables.
// Asked for something else it begins anew, and what lay there is gone.
func TestSalesforce_Invariant3_PullGoesOn(t *testing.T) {
	t.Parallel()
	world := oracle.Random(4, 1)
	org := simulate(t, crmOf(t, world), simulator.Org{})
	dir, calm := salesforceOrg(t, world, org), salesforceOrg(t, world, org)
	org.Set(func(w *simulator.Switches) { w.PageRows = 5 })
	stop := func(change func(*pipeline.Options)) pipeline.Result {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		rows := int64(0)
		o := pipeline.Options{Config: loadConfig(t, dir), Now: org.now, Report: func(e pipeline.Event) {
			if e.Step == "pull" && e.State == "progress" && e.Rows > 0 && strings.Contains(e.Detail, "download") {
				if rows = e.Rows; rows > 20 {
					cancel()
				}
			}
		}}
		if change != nil {
			change(&o)
		}
		result, err := pipeline.Run(ctx, o)
		if err == nil {
			t.Fatal("the run was not stopped")
		}
		return result
	}
	pages := func() (n int) {
		for _, r := range org.Requests() {
			if r.Kind == "page" {
				n++
			}
		}
		return n
	}
	stopped := stop(nil)
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	kept, err := filepath.Glob(filepath.Join(dir, "store", "pull", stopped.Record.ID, "*.csv.gz"))
	if err != nil || len(kept) == 0 {
		t.Fatalf("pages %v, %v", kept, err)
	}
	if collected, err := store.Collect(pipeline.CollectOptions{Keep: 1}); err != nil || collected.Leftovers != 0 {
		t.Errorf("gc removed pages of a run that goes on: %+v, %v", collected, err)
	}
	before := pages()
	org.pass(time.Minute)
	resumed := org.mustSync(t, dir, func(o *pipeline.Options) { o.AsOf = time.Time{} })
	if resumed.Record.ID != stopped.Record.ID || resumed.Record.Resumed != 1 || !resumed.Record.AsOf.Equal(stopped.Record.AsOf) {
		t.Errorf("run %s, resumed %d times, want %s", resumed.Record.ID, resumed.Record.Resumed, stopped.Record.ID)
	}
	first := pages() - before
	before = pages()
	reference := org.mustSync(t, calm, func(o *pipeline.Options) { o.AsOf = stopped.Record.AsOf })
	if all := pages() - before; first >= all {
		t.Errorf("%d pages were downloaded to go on, of %d", first, all)
	}
	if names := differences(resumed.Record, reference.Record); len(names) > 0 {
		t.Errorf("%v differ from those of a run that nobody stopped", names)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "store", "pull*")); left != nil {
		t.Errorf("left in the store: %v", left)
	}

	org.pass(time.Hour)
	other := stop(func(o *pipeline.Options) { o.Full = true })
	if verified, err := store.Verify(t.Context(), pipeline.VerifyOptions{}); err != nil || len(verified.Damage) > 0 {
		t.Errorf("verify beside pages: %+v, %v", verified, err)
	}
	org.mustSync(t, dir, func(o *pipeline.Options) { o.DryRun = true })
	if _, err := os.Stat(filepath.Join(dir, "store", "pull", other.Record.ID)); err != nil {
		t.Errorf("a dry run removed another run's pages: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "store", "pull", "dry-run")); err == nil {
		t.Error("a dry run left its pages")
	}
	org.pass(time.Minute)
	org.mustSync(t, dir, func(o *pipeline.Options) { o.AsOf = time.Time{} })
	if left, _ := filepath.Glob(filepath.Join(dir, "store", "pull*")); left != nil {
		t.Errorf("left in the store: %v", left)
	}
}
