package salesforce

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// A1, B7: what connect --check tells of an org in which everything is as it should be.
func TestCheck_A1_All(t *testing.T) {
	o := small(t, simulator.Switches{})
	o.PersonAccounts(false)
	o.Currencies(false)
	done, err := o.client().Check(t.Context(), FieldNames{})
	if err != nil {
		t.Fatal(err)
	}
	if done.Version != NewestVersion || !done.Bulk || done.Organization.Edition != "Enterprise Edition" || done.Organization.Name == "" || len(done.Problems) > 0 {
		t.Errorf("%+v", done)
	}
	if done.Limits["DailyApiRequests"].Max == 0 || len(done.Objects) != len(schemas.Objects) {
		t.Errorf("limits %v, %d objects", done.Limits, len(done.Objects))
	}
	for _, object := range done.Objects {
		for _, f := range object.Fields {
			if !f.Readable && f.Required && object.Required {
				t.Errorf("%s.%s is not readable", object.Name, f.Name)
			}
			if f.Readable && f.Type == "" {
				t.Errorf("%s.%s has no type", object.Name, f.Name)
			}
		}
	}
	if done.PersonAccounts || done.MultiCurrency {
		t.Error("there are neither person accounts nor currencies")
	}
	o.PersonAccounts(true)
	o.Currencies(true)
	if done, err = o.client().Check(t.Context(), FieldNames{}); err != nil || !done.PersonAccounts || !done.MultiCurrency {
		t.Errorf("person accounts %v, currencies %v, %v", done.PersonAccounts, done.MultiCurrency, err)
	}
}

// B1 to B7: code, first sentence, next step and exit of each connection error, by Check and by Pull.
func TestErrors_B7(t *testing.T) {
	hide := func(o *org) {
		for _, f := range []error{o.HideField("Account", "OwnerId", true), o.HideField("Lead", "Company", true), o.HideField("Lead", "Title", true), o.HideObject("UserRole", true)} {
			if f != nil {
				t.Fatal(f)
			}
		}
	}
	for _, c := range []struct {
		id       string
		set      simulator.Switches
		change   func(*org)
		code     Code
		sentence string
		details  []string
		passes   bool
	}{
		{"B1", simulator.Switches{Refuse: true}, nil, Connect, "Could not connect to CRM. Please try again later.", []string{"refused", "8 tries"}, true},
		{"B2", simulator.Switches{Faults: []simulator.Fault{{Status: 503}}}, nil, API, "The CRM API reported an error. Please try again later.", []string{"503", "web page"}, true},
		{"B2", simulator.Switches{Faults: []simulator.Fault{{Kind: "describe", Status: 500, Code: "UNKNOWN_EXCEPTION", Message: "An unexpected error occurred"}}}, nil, API,
			"The CRM API reported an error. Please try again later.", []string{"UNKNOWN_EXCEPTION"}, true},
		{"B3", simulator.Switches{NoAPIUser: true}, nil, Privilege, "Your CRM account does not have sufficient access privileges. Please check with your CRM administrator.", []string{"API_CURRENTLY_DISABLED"}, false},
		{"B4", simulator.Switches{}, hide, Objects, "Could not read the required CRM objects from your org.", []string{"Account.OwnerId", "Lead.Company", "UserRole (the object)"}, false},
		{"B5", simulator.Switches{Oldest: 30, Newest: 46}, nil, Version,
			"Your Salesforce org does not support the required version of the Salesforce API (v47). Please check with your Salesforce Administrator.", []string{"46.0"}, false},
		{"B6", simulator.Switches{BulkOff: true}, nil, Bulk, "Your Salesforce org does not support the Salesforce Bulk API. Please check with your Salesforce representative.", []string{"FEATURENOTENABLED"}, false},
	} {
		t.Run(c.id, func(t *testing.T) {
			o := small(t, simulator.Switches{})
			client := o.client()
			o.Set(func(s *simulator.Switches) { *s = c.set })
			if c.change != nil {
				c.change(o)
			}
			_, err := client.Pull(t.Context(), PullIn{Dir: t.TempDir()})
			var ours *Error
			if !errors.As(err, &ours) || ours.Code != c.code || !strings.HasPrefix(err.Error(), c.sentence+" ("+string(c.code)+")") {
				t.Fatalf("pull: %v", err)
			}
			for _, d := range c.details {
				if !strings.Contains(err.Error(), d) {
					t.Errorf("no %s in %v", d, err)
				}
			}
			if ours.Try() == "" || ours.Passes() != c.passes || ours.Unreachable() != c.passes || ours.Input() == c.passes {
				t.Errorf("next %q, passes %v, unreachable %v, input %v", ours.Try(), ours.Passes(), ours.Unreachable(), ours.Input())
			}
			if c.id == "B4" && (strings.Contains(err.Error(), "Lead.Title") || ours.Next != "grant the integration user read access, or map custom fields in the config" || o.asked("job", 0) > 0) {
				t.Errorf("%v; next: %s; %d jobs", err, ours.Next, o.asked("job", 0))
			}
			done, err := client.Check(t.Context(), FieldNames{})
			if err == nil && len(done.Problems) == 1 {
				err = done.Problems[0]
			}
			if !isCode(err, c.code) {
				t.Errorf("check: %v, %v", err, done.Problems)
			}
		})
	}
}

// C9: the won-value field exists, is readable and a number; so does every field that the configuration names.
func TestCheck_C9_WonValueField(t *testing.T) {
	o := small(t, simulator.Switches{})
	for _, f := range []error{o.AddField("Opportunity", "Fee__c", "currency", false), o.AddField("Opportunity", "Remark__c", "string", false)} {
		if f != nil {
			t.Fatal(f)
		}
	}
	for name, want := range map[string]Code{"": "", "Amount": "", "Fee__c": "", "Remark__c": Objects, "Absent__c": Objects} {
		done, err := o.client().Check(t.Context(), FieldNames{WonValue: name})
		if err != nil || (len(done.Problems) > 0) != (want != "") || want != "" && done.Problems[0].Code != want {
			t.Errorf("%q: %v, %v", name, done.Problems, err)
		}
		_, err = o.client().Pull(t.Context(), PullIn{Dir: t.TempDir(), Fields: FieldNames{WonValue: name}})
		if (err != nil) != (want != "") || want != "" && !isCode(err, want) {
			t.Errorf("pull with %q: %v", name, err)
		}
	}
	names := FieldNames{WonValue: "fee__c", Columns: map[string]map[string]string{"Opportunity": {"leadsource": "Remark__c"}}}
	dir := t.TempDir()
	done, err := o.client().Pull(t.Context(), PullIn{Dir: dir, Fields: names})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range read(t, dir, done)[schemas.Opportunity] {
		_, fee := row["Fee__c"]
		_, remark := row["Remark__c"]
		_, source := row["LeadSource"]
		if !fee || !remark || source {
			t.Fatalf("columns %v", row)
		}
		break
	}
	names.Columns["Lead"] = map[string]string{"Company": "Firma__c"}
	if _, err = o.client().Pull(t.Context(), PullIn{Dir: t.TempDir(), Fields: names}); !isCode(err, Objects) || !strings.Contains(err.Error(), "Lead.Firma__c (for Company)") {
		t.Errorf("%v", err)
	}
}

// A15 and the rule for secrets: redirects are not followed, and no token shows, whatever Salesforce answers.
func TestClient_TokensStayHere(t *testing.T) {
	var stolen atomic.Int64
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { stolen.Add(1) }))
	defer other.Close()
	const token = "00Dxx0000001gPL!AQEAQsecret+secret"
	for name, answer := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) },
		"echo": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(400)
			w.Write([]byte(`[{"errorCode":"API_ERROR","message":"` + r.Header.Get("Authorization") + `"}]`)) //nolint:errcheck // a test
		},
		"page": func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte("<html>" + r.Header.Get("Authorization")))
		}, //nolint:errcheck // a test
		"other": func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`[{"version":"66.0"}]`)) }, //nolint:errcheck // a test
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			defer server.Close()
			c, err := New(Options{Instance: server.URL, Tries: 2, sleep: func(context.Context, time.Duration) error { return nil },
				Token: func(context.Context, string) (string, error) { return token, nil }})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Pull(t.Context(), PullIn{Dir: t.TempDir()})
			if err == nil {
				t.Fatal("no error")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), "AQEAQsecret") {
					t.Errorf("%T: %v", e, e)
				}
			}
		})
	}
	if stolen.Load() > 0 {
		t.Errorf("the other host was asked %d times", stolen.Load())
	}
}

// Who is not trusted gets one try: waiting does not make a certificate better.
func TestClient_A16_CertificateOfNobody(t *testing.T) {
	server := httptest.NewTLSServer(refusing(200, `[{"version":"66.0"}]`))
	defer server.Close()
	waited := 0
	c, err := New(Options{Instance: server.URL, Token: func(context.Context, string) (string, error) { return "token", nil },
		HTTP:  &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}},
		sleep: func(context.Context, time.Duration) error { waited++; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Check(t.Context(), FieldNames{}); !isCode(err, Connect) || waited > 0 {
		t.Errorf("%v, waited %d times", err, waited)
	}
}
