package simulator

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// puller is a plain client of Bulk 2.0, for tests of the org itself.
type puller struct {
	t     *testing.T
	data  string
	token string
}

func newPuller(t *testing.T, s *Server, base string) *puller {
	return &puller{t, base + "/services/data/v66.0", s.Token()}
}

func (p *puller) job(fields map[string]string) string {
	p.t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		p.t.Fatal(err)
	}
	status, _, answer := ask(p.t, "POST", p.data+"/jobs/query", p.token, string(body))
	if status != 200 {
		p.t.Fatalf("new job: %d %s", status, answer)
	}
	return decode[struct{ ID string }](p.t, answer).ID
}

// complete looks at a job until it has ended.
func (p *puller) complete(id string) jobDetail {
	p.t.Helper()
	for range 50 {
		_, _, body := ask(p.t, "GET", p.data+"/jobs/query/"+id, p.token, "")
		if d := decode[jobDetail](p.t, body); d.State != "UploadComplete" && d.State != "InProgress" {
			return d
		}
	}
	p.t.Fatalf("job %s does not end", id)
	return jobDetail{}
}

// pages fetches all pages of a job and gives their bodies; counts and locators must be right.
func (p *puller) pages(id string) []string {
	p.t.Helper()
	var pages []string
	locator, met := "", map[string]bool{}
	for locator != "null" {
		status, h, body := ask(p.t, "GET", p.data+"/jobs/query/"+id+"/results?locator="+locator, p.token, "")
		if status != 200 || met[locator] {
			p.t.Fatalf("page %q: %d %s", locator, status, body)
		}
		met[locator] = true
		pages = append(pages, body)
		locator = h.Get("Sforce-Locator")
		if n, rows := h.Get("Sforce-NumberOfRecords"), parsed(p.t, body, ','); n != strconv.Itoa(max(0, len(rows)-1)) {
			p.t.Errorf("a page of %d rows says %s", len(rows)-1, n)
		}
	}
	return pages
}

func parsed(t *testing.T, text string, delimiter rune) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = delimiter
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestBulk_Pages(t *testing.T) {
	s, base := serve(t, Options{Switches: Switches{PageRows: 64}})
	p := newPuller(t, s, base)
	id := p.job(map[string]string{"operation": "queryAll", "query": "SELECT Id, Owner.Name, Name FROM Account"})
	if info := p.complete(id); info.State != "JobComplete" || info.Processed != 300 || info.JobType != "V2Query" {
		t.Fatalf("%+v", info)
	}
	pages := p.pages(id)
	if len(pages) != 5 {
		t.Errorf("%d pages", len(pages))
	}
	for _, page := range pages {
		if !strings.HasPrefix(page, "\"Id\",\"Owner.Name\",\"Name\"\n\"001") {
			t.Errorf("a page begins with %.60q", page)
		}
	}
	// resultPages lists the same pages, at most five at a time, and may be asked again.
	s.Set(func(w *Switches) { w.PageRows = 40 })
	var listed []string
	next := "/services/data/v66.0/jobs/query/" + id + "/resultPages"
	for next != "" {
		_, _, body := ask(t, "GET", base+next, p.token, "")
		answer := decode[struct {
			ResultPages    []struct{ ResultURL string }
			NextRecordsURL string
			Done           bool
		}](t, body)
		if len(answer.ResultPages) > 5 || answer.Done != (answer.NextRecordsURL == "") {
			t.Fatalf("resultPages: %s", body)
		}
		for _, r := range answer.ResultPages {
			_, _, page := ask(t, "GET", base+r.ResultURL, p.token, "")
			listed = append(listed, page)
		}
		next = answer.NextRecordsURL
	}
	if !slices.Equal(listed, p.pages(id)) || len(listed) != 8 {
		t.Errorf("resultPages lists %d pages, not those that locators lead to", len(listed))
	}
	// What changes in the org does not change a job.
	if err := s.Purge("Account", s.IDs("Account")...); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(listed, p.pages(id)) {
		t.Error("the pages of a job changed with the org")
	}
	s.Set(func(w *Switches) { w.ShortPages = true })
	short := p.pages(id)
	rows := 0
	for _, page := range short {
		rows += len(parsed(t, page, ',')) - 1
	}
	if rows != 300 || len(short) <= 8 {
		t.Errorf("%d short pages have %d rows", len(short), rows)
	}
	if status, _, body := ask(t, "GET", p.data+"/jobs/query/"+id+"/results?locator=MTAwMDA", p.token, ""); status != 400 {
		t.Errorf("a made-up locator: %d %s", status, body)
	}
}

func TestBulk_Gzip(t *testing.T) {
	s, base := serve(t, Options{})
	p := newPuller(t, s, base)
	id := p.job(map[string]string{"operation": "query", "query": "SELECT Id, Name FROM Account"})
	p.complete(id)
	for _, off := range []bool{false, true} {
		s.Set(func(w *Switches) { w.NoGzip = off })
		r, _ := http.NewRequest("GET", p.data+"/jobs/query/"+id+"/results", nil)
		r.Header.Set("Authorization", "Bearer "+p.token)
		r.Header.Set("Accept-Encoding", "gzip")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body) //nolint:errcheck // only the header is of interest
		answer.Body.Close()
		if packed := answer.Header.Get("Content-Encoding") == "gzip"; packed == off {
			t.Errorf("gzip off %t, packed %t", off, packed)
		}
	}
}

func TestBulk_States(t *testing.T) {
	clock := newClock()
	s, base := serve(t, Options{Clock: clock.now, Switches: Switches{QueuedPolls: 2, RunningPolls: 2}})
	p := newPuller(t, s, base)
	users := map[string]string{"operation": "query", "query": "SELECT Id FROM User"}
	id := p.job(users)
	var states []string
	for range 5 {
		_, _, body := ask(t, "GET", p.data+"/jobs/query/"+id, p.token, "")
		states = append(states, decode[jobDetail](t, body).State)
	}
	if got := strings.Join(states, " "); got != "UploadComplete UploadComplete InProgress InProgress JobComplete" {
		t.Error(got)
	}
	patch := func(id string) int {
		status, _, _ := ask(t, "PATCH", p.data+"/jobs/query/"+id, p.token, `{"state":"Aborted"}`)
		return status
	}
	remove := func(id string) int {
		status, _, body := ask(t, "DELETE", p.data+"/jobs/query/"+id, p.token, "")
		if status == 204 && body != "" {
			t.Errorf("204 with %q", body)
		}
		return status
	}
	if got := patch(id); got != 400 {
		t.Errorf("a complete job can be aborted: %d", got)
	}
	running := p.job(users)
	if a, b, c := remove(running), patch(running), remove(running); a != 400 || b != 200 || c != 204 {
		t.Errorf("delete while running %d, abort %d, delete %d", a, b, c)
	}
	clock.at = clock.at.Add(7 * 24 * time.Hour)
	p.token = s.Token()
	if status, _, _ := ask(t, "GET", p.data+"/jobs/query/"+id+"/results", p.token, ""); status != 200 {
		t.Errorf("results after seven days: %d", status)
	}
	clock.at = clock.at.Add(time.Second)
	if status, _, _ := ask(t, "GET", p.data+"/jobs/query/"+id, p.token, ""); status != 404 {
		t.Errorf("a job later than that: %d", status)
	}
	s.Set(func(w *Switches) { *w = Switches{RunningPolls: -1, JobTime: time.Hour} })
	slow := p.job(users)
	for _, want := range []string{"InProgress", "JobComplete"} {
		_, _, body := ask(t, "GET", p.data+"/jobs/query/"+slow, p.token, "")
		if got := decode[jobDetail](t, body).State; got != want {
			t.Errorf("a job of an hour is %s, want %s", got, want)
		}
		clock.at = clock.at.Add(time.Hour)
	}
	s.Set(func(w *Switches) { *w = Switches{Stuck: true} })
	stuck := p.job(users)
	clock.at = clock.at.Add(time.Hour)
	for range 10 {
		_, _, body := ask(t, "GET", p.data+"/jobs/query/"+stuck, p.token, "")
		if got := decode[jobDetail](t, body).State; got != "InProgress" {
			t.Errorf("a stuck job is %s", got)
		}
	}
}

func TestBulk_CSV(t *testing.T) {
	s, base := serve(t, Options{Switches: Switches{Odd: "Contact"}})
	p := newPuller(t, s, base)
	for word, delimiter := range delimiters {
		id := p.job(map[string]string{"operation": "query", "query": "SELECT Id, Name, Department FROM Contact", "columnDelimiter": word, "lineEnding": "CRLF"})
		p.complete(id)
		_, _, body := ask(t, "GET", p.data+"/jobs/query/"+id+"/results", p.token, "")
		if rows := parsed(t, body, rune(delimiter)); len(rows) != 780 || len(rows[0]) != 3 || !strings.Contains(body, "\r\n\"003") {
			t.Errorf("%s: %d rows", word, len(rows))
		}
		in := newCSVReader(strings.NewReader(body))
		met := map[string]bool{}
		for delimiter == ',' {
			row, err := in.read(nil)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			met[row[2]] = true
		}
		for _, odd := range strange {
			if delimiter == ',' && !met[odd] {
				t.Errorf("no Department is %.20q", odd)
			}
		}
	}
	s.Set(func(w *Switches) { *w = Switches{} })
	for _, c := range []struct {
		mode ZeroRows
		want string
	}{{ZeroRowsHeader, "\"Id\",\"Name\"\n"}, {ZeroRowsEmpty, ""}} {
		s.Set(func(w *Switches) { w.ZeroRows = c.mode })
		id := p.job(map[string]string{"operation": "query", "query": "SELECT Id, Name FROM Account WHERE SystemModstamp > 2030-01-01T00:00:00Z"})
		p.complete(id)
		if pages := p.pages(id); len(pages) != 1 || pages[0] != c.want {
			t.Errorf("no rows, mode %d: %q", c.mode, pages)
		}
	}
	// Up to v49 columns came in alphabetical order.
	p.data = base + "/services/data/v49.0"
	id := p.job(map[string]string{"operation": "query", "query": "SELECT Name, Id FROM UserRole"})
	p.complete(id)
	if pages := p.pages(id); !strings.HasPrefix(pages[0], "\"Id\",\"Name\"\n") {
		t.Errorf("v49: %.40q", pages[0])
	}
}

func TestFaults(t *testing.T) {
	s, base := serve(t, Options{Switches: Switches{PageRows: 100}})
	p := newPuller(t, s, base)
	id := p.job(map[string]string{"operation": "query", "query": "SELECT Id, Name FROM Account"})
	p.complete(id)
	whole := p.pages(id)
	s.Set(func(w *Switches) { w.Faults = []Fault{{Kind: "page", Skip: 1, Times: 1, Kill: 500}} })
	page := func() (string, error) {
		r, _ := http.NewRequest("GET", p.data+"/jobs/query/"+id+"/results", nil)
		r.Header.Set("Authorization", "Bearer "+p.token)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return string(body), err
	}
	for i, cut := range []bool{false, true, false} {
		body, err := page()
		if (err != nil) != cut || !cut && body != whole[0] {
			t.Errorf("page %d: %d bytes, %v", i, len(body), err)
		}
	}
	s.Set(func(w *Switches) {
		w.Faults = []Fault{{Path: "/limits", Times: 1, Status: 503}, {Path: "/limits", Times: 1, Status: 429, Code: "REQUEST_LIMIT_EXCEEDED", Message: "slower", RetryAfter: "7"}}
	})
	status, h, body := ask(t, "GET", p.data+"/limits", p.token, "")
	if status != 503 || !strings.Contains(body, "<html>") || !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		t.Errorf("%d %s", status, body)
	}
	if status, h, _ := ask(t, "GET", p.data+"/limits", p.token, ""); status != 429 || h.Get("Retry-After") != "7" {
		t.Errorf("%d %s", status, h.Get("Retry-After"))
	}
	if status, _, _ := ask(t, "GET", p.data+"/limits", p.token, ""); status != 200 {
		t.Errorf("%d after the faults", status)
	}
}

func TestRefuse(t *testing.T) {
	s := New(Options{})
	base, stop, err := s.Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	client := &http.Client{}
	get := func() error {
		answer, err := client.Get(base + "/services/data")
		if err == nil {
			answer.Body.Close()
		}
		return err
	}
	for range 2 {
		if err := get(); err != nil {
			t.Fatal(err)
		}
		s.Set(func(w *Switches) { w.Refuse = true })
		if err := get(); err == nil {
			t.Error("a shut org takes connections")
		}
		s.Set(func(w *Switches) { w.Refuse = false })
	}
}

func TestStrict(t *testing.T) {
	s, base := serve(t, Options{Strict: true})
	token := s.Token()
	data := base + "/services/data/v66.0"
	request := func(method, address, body string, header ...string) int {
		t.Helper()
		r, _ := http.NewRequest(method, address, strings.NewReader(body))
		r.Header.Set("User-Agent", "crmlink-test")
		r.Header.Set("Authorization", "Bearer "+token)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if status := request("GET", data+"/limits", ""); status != 200 || len(s.Violations()) > 0 {
		t.Fatal(status, s.Violations())
	}
	p := &puller{t, data, token}
	id := p.job(map[string]string{"operation": "query", "query": "SELECT Id FROM User"})
	p.complete(id)
	for i, c := range []struct {
		name   string
		status int
	}{
		{"no name", request("GET", data+"/limits", "", "User-Agent", "Go-http-client/1.1")},
		{"slash", request("GET", data+"/limits/", "")},
		{"another version", request("GET", base+"/services/data/v65.0/limits", "")},
		{"body of another kind", request("POST", data+"/jobs/query", `{"operation":"query","query":"SELECT Id FROM User"}`, "Content-Type", "text/plain")},
		{"ORDER BY", request("POST", data+"/jobs/query", `{"operation":"query","query":"SELECT Id FROM User ORDER BY Id"}`)},
		{"LIMIT", request("POST", data+"/jobs/query", `{"operation":"query","query":"SELECT Id FROM User LIMIT 5"}`)},
		{"after the end", request("GET", data+"/jobs/query/"+id+"/results?locator=null", "", "Accept", "text/csv")},
		{"another scheme", request("GET", data+"/limits", "", "Authorization", "OAuth "+token)},
		{"a secret in the address", request("POST", base+"/services/oauth2/token?client_secret=x", "grant_type=client_credentials", "Content-Type", "application/x-www-form-urlencoded")},
		{"no PKCE", request("GET", base+"/services/oauth2/authorize?response_type=code&client_id="+s.org.ClientID+"&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcallback&state=0123456789abcdef", "")},
	} {
		if c.status != 400 {
			t.Errorf("%s: %d", c.name, c.status)
		}
		if n := len(s.Violations()); n < i+1 {
			t.Fatalf("%s is not recorded: %v", c.name, s.Violations())
		}
	}
	if n := len(s.Violations()); n != 10 {
		t.Errorf("%d violations: %v", n, s.Violations())
	}
}
