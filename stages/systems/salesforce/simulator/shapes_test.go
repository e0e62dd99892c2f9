package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// shape spells a JSON value out as its keys: {a b[{c}]}. Arrays are told by their first element.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var keys []string
		for k, x := range v {
			keys = append(keys, k+shape(x))
		}
		slices.Sort(keys)
		return "{" + strings.Join(keys, " ") + "}"
	case []any:
		if len(v) > 0 {
			return "[" + shape(v[0]) + "]"
		}
		return "[]"
	}
	return ""
}

func shapeOf(t *testing.T, body string) string {
	t.Helper()
	return shape(decode[any](t, body))
}

// The key sets of the answers, as the protocol has them.
func TestShapes(t *testing.T) {
	s, base := serve(t, Options{Switches: Switches{PageRows: 100, RESTRows: 5}})
	data := base + "/services/data/v66.0"
	token := s.Token()
	wants := func(what, body, want string) {
		t.Helper()
		if got := shapeOf(t, body); got != want {
			t.Errorf("%s: keys %s\nwant %s", what, got, want)
		}
	}
	get := func(path string, status int) string {
		t.Helper()
		got, _, body := ask(t, "GET", data+path, token, "")
		if got != status {
			t.Fatalf("%s: %d, want %d: %.300s", path, got, status, body)
		}
		return body
	}
	_, h, body := ask(t, "GET", base+"/services/data", "", "")
	wants("versions", body, "[{label url version}]")
	if h.Get("Sforce-Limit-Info") != "" {
		t.Error("the list of versions counts no call")
	}
	versions := decode[[]struct{ Label, URL, Version string }](t, body)
	if first, last := versions[0], versions[len(versions)-1]; first.Version != "59.0" || last.Version != "67.0" || last.Label != "Summer '26" || last.URL != "/services/data/v67.0" {
		t.Errorf("versions %v to %v", first, last)
	}
	if got := shapeOf(t, get("", 200)); !strings.Contains(got, "jobs limits") || !strings.Contains(got, "query queryAll") {
		t.Errorf("resources: %s", got)
	}
	if got := shapeOf(t, get("/sobjects", 200)); !strings.HasPrefix(got, "{encoding maxBatchSize sobjects[{") {
		t.Errorf("global describe: %s", got)
	}
	wants("limits", get("/limits", 200), "{ConcurrentAsyncGetReportInstances{Max Remaining} DailyApiRequests{Max Remaining} DailyAsyncApexExecutions{Max Remaining} DailyBulkApiBatches{Max Remaining} "+
		"DailyBulkV2QueryFileStorageMB{Max Remaining} DailyBulkV2QueryJobs{Max Remaining} DailyStreamingApiEvents{Max Remaining} DataStorageMB{Max Remaining} FileStorageMB{Max Remaining} "+
		"HourlyTimeBasedWorkflow{Max Remaining} MassEmail{Max Remaining} PermissionSets{Max Remaining} SingleEmail{Max Remaining}}")
	wants("query", get("/query?q=SELECT+Id,Owner.Name+FROM+Account", 200), "{done nextRecordsUrl records[{Id Owner{Name attributes{type url}} attributes{type url}}] totalSize}")
	wants("last page", get("/query?q=SELECT+Id+FROM+Organization", 200), "{done records[{Id attributes{type url}}] totalSize}")
	wants("columns", get("/query?columns=true&q=SELECT+Id+FROM+Account", 200),
		"{columnMetadata[{aggregate apexType booleanType columnName custom displayName foreignKeyName insertable joinColumns[] numberType textType updatable}] entityName groupBy idSelected keyPrefix}")
	wants("REST error", get("/query?q=SELECT+Nope+FROM+Account", 400), "[{errorCode message}]")

	status, h, body := ask(t, "POST", data+"/jobs/query", token, `{"operation":"query","query":"SELECT Id FROM Account"}`)
	if status != 200 || !strings.HasPrefix(h.Get("Sforce-Limit-Info"), "api-usage=") {
		t.Errorf("a new job is answered by %d, limits %q", status, h.Get("Sforce-Limit-Info"))
	}
	wants("new job", body, "{apiVersion columnDelimiter concurrencyMode contentType createdById createdDate id lineEnding object operation state systemModstamp}")
	place := -1
	for _, key := range []string{"id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "concurrencyMode", "contentType", "apiVersion", "lineEnding", "columnDelimiter"} {
		at := strings.Index(body, `"`+key+`":`)
		if at <= place {
			t.Errorf("%s is not where it stands in a captured answer: %s", key, body)
		}
		place = at
	}
	if !strings.Contains(body, `"apiVersion":66.0,`) || !strings.Contains(body, `"state":"UploadComplete"`) || !strings.Contains(body, `+0000"`) {
		t.Errorf("new job: %s", body)
	}
	id := decode[struct{ ID string }](t, body).ID
	wants("early results", get("/jobs/query/"+id+"/results", 412), "[{errorCode message}]")
	get("/jobs/query/"+id, 200)
	wants("poll", get("/jobs/query/"+id, 200), "{apiVersion columnDelimiter concurrencyMode contentType createdById createdDate id isPkChunkingSupported jobType lineEnding numberRecordsProcessed object operation "+
		"retries state systemModstamp totalProcessingTime}")
	wants("list", get("/jobs/query?jobType=V2Query", 200), "{done nextRecordsUrl records[{apiVersion columnDelimiter concurrencyMode contentType createdById createdDate id jobType lineEnding object operation state systemModstamp}]}")
	wants("resultPages", get("/jobs/query/"+id+"/resultPages", 200), "{done nextRecordsUrl resultPages[{resultUrl}]}")
	s.Set(func(w *Switches) { w.NextRecordURL = true })
	wants("resultPages, by its table", get("/jobs/query/"+id+"/resultPages", 200), "{done nextRecordUrl resultPages[{resultUrl}]}")
	if status, _, body := ask(t, "GET", base+"/services/data/v65.0/jobs/query/"+id+"/results", token, ""); status != 409 {
		t.Errorf("results in another version: %d %s", status, body)
	}
	s.Set(func(w *Switches) { w.FailJobs, w.FailMessage = 1, "Failed for a reason" })
	_, _, body = ask(t, "POST", data+"/jobs/query", token, `{"operation":"query","query":"SELECT Id FROM Account"}`)
	id = decode[struct{ ID string }](t, body).ID
	get("/jobs/query/"+id, 200)
	if body = get("/jobs/query/"+id, 200); !strings.Contains(body, `"state":"Failed"`) || !strings.Contains(body, `"errorMessage":"Failed for a reason"`) {
		t.Errorf("failed job: %s", body)
	}

	describe := decode[struct{ Fields []map[string]any }](t, get("/sobjects/Account/describe", 200))
	for _, f := range describe.Fields {
		for _, key := range strings.Fields("name label type soapType length byteLength precision scale digits nillable createable updateable filterable sortable groupable calculated calculatedFormula custom " +
			"compoundFieldName externalId idLookup unique caseSensitive defaultedOnCreate referenceTo relationshipName polymorphicForeignKey picklistValues nameField permissionable encrypted deprecatedAndHidden") {
			if _, ok := f[key]; !ok {
				t.Errorf("describe of Account.%v lacks %s", f["name"], key)
			}
		}
	}

	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {s.org.ClientID}, "client_secret": {s.org.ClientSecret}}
	_, _, body = ask(t, "POST", base+"/services/oauth2/token", "", form.Encode())
	wants("token", body, "{access_token id instance_url issued_at scope signature token_type}")
	form.Set("client_secret", "wrong")
	status, h, body = ask(t, "POST", base+"/services/oauth2/token", "", form.Encode())
	wants("OAuth error", body, "{error error_description}")
	if status != 400 || h.Get("Cache-Control") != "no-store" {
		t.Errorf("an OAuth error is %d, Cache-Control %q", status, h.Get("Cache-Control"))
	}
	form = url.Values{"client_id": {s.org.ClientID}, "client_secret": {s.org.ClientSecret}, "token": {token}}
	_, _, body = ask(t, "POST", base+"/services/oauth2/introspect", "", form.Encode())
	wants("introspect", body, "{active client_id exp iat nbf scope sub token_type username}")
}

// Statuses and codes of section 2.6 and 3.8.
func TestErrors(t *testing.T) {
	s, base := serve(t, Options{})
	data := base + "/services/data/v66.0"
	token := s.Token()
	job := func(q string) (string, string, string) {
		body, _ := json.Marshal(map[string]string{"operation": "query", "query": q})
		return "POST", "/jobs/query", string(body)
	}
	for _, c := range []struct {
		name   string
		set    func(*Switches)
		ask    func() (method, path, body string)
		status int
		code   string
	}{
		{"no such object", nil, func() (string, string, string) { return job("SELECT Id FROM Nope") }, 400, "INVALID_TYPE"},
		{"no such field", nil, func() (string, string, string) { return job("SELECT Nope FROM Account") }, 400, "INVALID_FIELD"},
		{"no SOQL", nil, func() (string, string, string) { return job("SELECT FROM Account") }, 400, "MALFORMED_QUERY"},
		{"not in Bulk", nil, func() (string, string, string) { return job("SELECT Id FROM OpportunityStage") }, 400, "INVALIDENTITY"},
		{"compound", nil, func() (string, string, string) { return job("SELECT Id, BillingAddress FROM Account") }, 400, "API_ERROR"},
		{"aggregate", nil, func() (string, string, string) { return job("SELECT COUNT() FROM Account") }, 400, "API_ERROR"},
		{"group", nil, func() (string, string, string) { return job("SELECT Name FROM Account GROUP BY Name") }, 400, "API_ERROR"},
		{"offset", nil, func() (string, string, string) { return job("SELECT Name FROM Account LIMIT 1 OFFSET 5") }, 400, "API_ERROR"},
		{"typeof", nil, func() (string, string, string) {
			return job("SELECT TYPEOF Owner WHEN User THEN Name END FROM Lead")
		}, 400, "API_ERROR"},
		{"subquery", nil, func() (string, string, string) {
			return job("SELECT Id, (SELECT Id FROM Contacts) FROM Account")
		}, 400, "API_ERROR"},
		{"fields", nil, func() (string, string, string) { return job("SELECT FIELDS(ALL) FROM Account") }, 400, "API_ERROR"},
		{"no Bulk in the org", func(w *Switches) { w.BulkOff = true }, func() (string, string, string) { return job("SELECT Id FROM Account") }, 400, "FEATURENOTENABLED"},
		{"jobs of a day", func(w *Switches) { w.JobsMax, w.JobsUsed = 10_000, 10_021 }, func() (string, string, string) { return job("SELECT Id FROM Account") }, 400, "LIMIT_EXCEEDED"},
		{"bytes of a day", func(w *Switches) { w.StorageMax, w.StorageUsed = 1, 1 }, func() (string, string, string) { return job("SELECT Id FROM Account") }, 400, "LIMIT_EXCEEDED"},
		{"calls of a day", func(w *Switches) { w.APIMax, w.APIUsed = 10, 10 }, func() (string, string, string) { return "GET", "/limits", "" }, 403, "REQUEST_LIMIT_EXCEEDED"},
		{"no API", func(w *Switches) { w.NoAPI = true }, func() (string, string, string) { return "GET", "/limits", "" }, 403, "API_DISABLED_FOR_ORG"},
		{"no job", nil, func() (string, string, string) { return "GET", "/jobs/query/750000000000000AAA", "" }, 404, "NOT_FOUND"},
		{"no cursor", nil, func() (string, string, string) { return "GET", "/query/01g000000000000AAA-2000", "" }, 400, "INVALID_QUERY_LOCATOR"},
		{"no resource", nil, func() (string, string, string) { return "GET", "/nope", "" }, 404, "NOT_FOUND"},
		{"no method", nil, func() (string, string, string) { return "PUT", "/limits", "{}" }, 405, "METHOD_NOT_ALLOWED"},
		{"address too long", nil, func() (string, string, string) { return "GET", "/query?q=" + strings.Repeat("x", 17_000), "" }, 414, "URI_TOO_LONG"},
	} {
		s.Set(func(w *Switches) {
			*w = Switches{}
			if c.set != nil {
				c.set(w)
			}
		})
		method, path, body := c.ask()
		status, _, answer := ask(t, method, data+path, token, body)
		if status != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, status, answer, c.status)
			continue
		}
		if got := decode[[]struct{ ErrorCode, Message string }](t, answer)[0]; got.ErrorCode != c.code || got.Message == "" {
			t.Errorf("%s: %v, want %s", c.name, got, c.code)
		}
	}
	s.Set(func(w *Switches) { *w = Switches{} })
	_, body := soql(t, base, token, "SELECT Id FROM Nope")
	if m := decode[[]struct{ Message string }](t, body)[0].Message; !strings.HasPrefix(m, "\nSELECT Id FROM Nope\n") || !strings.Contains(m, "\nERROR at Row:1:Column:16\n") {
		t.Errorf("the message of INVALID_TYPE is %q", m)
	}
	if status, _, body := ask(t, "GET", data+"/limits", "00Dxx!nothing", ""); status != http.StatusUnauthorized || !strings.Contains(body, `"errorCode":"INVALID_SESSION_ID"`) {
		t.Errorf("an unknown token: %d %s", status, body)
	}
	if status, _, _ := ask(t, "GET", base+"/services/data/v68.0/limits", token, ""); status != 404 {
		t.Errorf("an unknown version: %d", status)
	}
}
