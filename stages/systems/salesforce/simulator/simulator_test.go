package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const demoCRM = "../../../../data/demo/crm"

// serve starts an org with the demo's records.
func serve(t *testing.T, o Options) (*Server, string) {
	t.Helper()
	s := New(o)
	if err := s.Load(demoCRM); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// ask makes a request and gives status, header and body.
func ask(t *testing.T, method, address, token, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "crmlink-test")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	switch {
	case strings.Contains(address, "/oauth2/"):
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case body != "":
		r.Header.Set("Content-Type", "application/json")
	}
	if strings.Contains(address, "/results") {
		r.Header.Set("Accept", "text/csv")
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

func soql(t *testing.T, base, token, q string) (int, string) {
	t.Helper()
	status, _, body := ask(t, "GET", base+"/services/data/v66.0/query?q="+url.QueryEscape(q), token, "")
	return status, body
}

func TestBulkQuery(t *testing.T) {
	s, base := serve(t, Options{Switches: Switches{PageRows: 100}})
	token := s.Token()
	jobs := base + "/services/data/v66.0/jobs/query"
	status, _, body := ask(t, "POST", jobs, token, `{"operation":"queryAll","query":"SELECT Id, Name, Owner.Name FROM Account"}`)
	if status != 200 {
		t.Fatal(status, body)
	}
	id := decode[struct{ ID string }](t, body).ID
	if status, _, body := ask(t, "GET", jobs+"/"+id+"/results", token, ""); status != 412 {
		t.Errorf("early results: %d %s", status, body)
	}
	var info jobDetail
	for range 5 {
		_, _, body = ask(t, "GET", jobs+"/"+id, token, "")
		if info = decode[jobDetail](t, body); info.State == "JobComplete" {
			break
		}
	}
	rows, locator := 0, ""
	for page := 0; page < 10 && locator != "null"; page++ {
		status, h, body := ask(t, "GET", jobs+"/"+id+"/results?maxRecords=150&locator="+locator, token, "")
		if status != 200 {
			t.Fatal(status, body)
		}
		in := newCSVReader(strings.NewReader(body))
		for {
			if _, err := in.read(nil); err != nil {
				break
			}
			rows++
		}
		rows--
		locator = h.Get("Sforce-Locator")
	}
	if int64(rows) != info.Processed || rows != 300 {
		t.Errorf("%d rows of %d", rows, info.Processed)
	}
}
