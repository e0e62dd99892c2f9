package simulator

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// SOQL gives the records that the same question in Go gives.
func TestSOQL_Where(t *testing.T) {
	s, base := serve(t, Options{})
	token := s.Token()
	low := strings.ToLower
	number := func(v string) float64 {
		var f float64
		if _, err := fmt.Sscan(v, &f); err != nil {
			return -1
		}
		return f
	}
	some := s.IDs("Account")[:3]
	first, _ := s.Record("Account", some[0])
	owner, _ := s.Record("User", first["OwnerId"])
	for _, c := range []struct {
		where string
		keep  func(c Cells) bool
	}{
		{"Industry = 'technology services'", func(c Cells) bool { return low(c["Industry"]) == "technology services" }},
		{"Industry != 'Technology Services'", func(c Cells) bool { return c["Industry"] != "Technology Services" }},
		{"Website = null", func(c Cells) bool { return c["Website"] == "" }},
		{"Website != NULL", func(c Cells) bool { return c["Website"] != "" }},
		{"Name LIKE 'a%'", func(c Cells) bool { return strings.HasPrefix(low(c["Name"]), "a") }},
		{"Name LIKE '%tech_ology%' OR Name LIKE '%foods'", func(c Cells) bool {
			return strings.Contains(low(c["Name"]), "technology") || strings.HasSuffix(low(c["Name"]), "foods")
		}},
		{"(NOT Name LIKE 'a%') AND (NumberOfEmployees > 100 AND NumberOfEmployees <= 5000)", func(c Cells) bool {
			n := number(c["NumberOfEmployees"])
			return !strings.HasPrefix(low(c["Name"]), "a") && n > 100 && n <= 5000
		}},
		{"NumberOfEmployees < 54 OR (NumberOfEmployees >= 1000 AND Type IN ('Prospect', 'Customer'))", func(c Cells) bool {
			n := number(c["NumberOfEmployees"])
			return c["NumberOfEmployees"] != "" && n < 54 || n >= 1000 && (c["Type"] == "Prospect" || c["Type"] == "Customer")
		}},
		{"NumberOfEmployees = 54", func(c Cells) bool { return number(c["NumberOfEmployees"]) == 54 }},
		{"IsPersonAccount = true", func(c Cells) bool { return c["IsPersonAccount"] == "true" }},
		{"SystemModstamp >= 2026-06-01T00:00:00Z AND SystemModstamp < 2026-07-01T02:00:00+02:00", func(c Cells) bool {
			return c["SystemModstamp"] >= "2026-06-01" && c["SystemModstamp"] < "2026-07-01"
		}},
		{"Id IN ('" + some[0][:15] + "', '" + some[2] + "')", func(c Cells) bool { return c["Id"] == some[0] || c["Id"] == some[2] }},
		{"Type NOT IN ('Prospect') AND Rating = NULL", func(c Cells) bool { return c["Type"] != "Prospect" && c["Rating"] == "" }},
		{"Owner.Name = '" + owner["Name"] + "'", func(c Cells) bool { return c["OwnerId"] == owner["Id"] }},
		{"Account.Name = 'it\\'s nothing'", func(c Cells) bool { return false }},
	} {
		want := []string{}
		for _, id := range s.IDs("Account") {
			if r, _ := s.Record("Account", id); r["IsDeleted"] == "false" && c.keep(r) {
				want = append(want, id)
			}
		}
		status, body := soql(t, base, token, "SELECT Id FROM Account WHERE "+c.where)
		if status != 200 {
			t.Errorf("%s: %s", c.where, body)
			continue
		}
		got := []string{}
		for _, r := range decode[struct{ Records []struct{ ID string } }](t, body).Records {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d records, want %d", c.where, len(got), len(want))
		}
		_, body = soql(t, base, token, "SELECT COUNT() FROM Account WHERE "+c.where)
		if n := decode[struct{ TotalSize int }](t, body).TotalSize; n != len(want) {
			t.Errorf("COUNT() %s: %d, want %d", c.where, n, len(want))
		}
		if len(want) == 0 && !strings.Contains(c.where, "nothing") || len(want) == 300 {
			t.Errorf("%s says nothing about SOQL: %d records", c.where, len(want))
		}
	}
	for q, code := range map[string]string{
		"SELECT Id FROM Account WHERE Name = 'a' AND Type = 'b' OR Type = 'c'": "MALFORMED_QUERY",
		"SELECT Id FROM Account WHERE Name = 'a":                               "MALFORMED_QUERY",
		"SELECT Id FROM Account WHERE":                                         "MALFORMED_QUERY",
		"SELECT Id, Id FROM Account":                                           "MALFORMED_QUERY",
		"SELECT Id FROM Account WHERE IsDeleted = 'true'":                      "INVALID_FIELD",
		"SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'":           "INVALID_FIELD",
		"SELECT Id FROM Account WHERE Description = 'x'":                       "INVALID_FIELD",
		"SELECT Id FROM Account WHERE Nope.Name = 'x'":                         "INVALID_FIELD",
		"DELETE FROM Account":                                                  "MALFORMED_QUERY",
	} {
		if status, body := soql(t, base, token, q); status != 400 || !strings.Contains(body, `"errorCode":"`+code+`"`) {
			t.Errorf("%s: %d %s", q, status, body)
		}
	}
}

func TestSOQL_OrderAndPages(t *testing.T) {
	clock := newClock()
	s, base := serve(t, Options{Clock: clock.now, Switches: Switches{RESTRows: 100}})
	token := s.Token()
	type answer struct {
		TotalSize      int
		Done           bool
		NextRecordsURL string
		Records        []struct {
			Name, Website string
			Owner         struct{ Name string }
		}
	}
	_, body := soql(t, base, token, "SELECT Name, Website, Owner.Name FROM Account ORDER BY Website DESC NULLS FIRST, Name LIMIT 250")
	a := decode[answer](t, body)
	all := a.Records
	next := a.NextRecordsURL
	for next != "" {
		_, _, body := ask(t, "GET", base+next, token, "")
		p := decode[answer](t, body)
		all, next = append(all, p.Records...), p.NextRecordsURL
		if p.Done != (next == "") {
			t.Error("done and nextRecordsUrl disagree")
		}
	}
	if len(all) != 250 || a.TotalSize != 250 || len(a.Records) != 100 || !strings.HasPrefix(a.NextRecordsURL, "/services/data/v66.0/query/01g") || !strings.HasSuffix(a.NextRecordsURL, "-100") {
		t.Fatalf("%d records of %d, the first %d, then %s", len(all), a.TotalSize, len(a.Records), a.NextRecordsURL)
	}
	for i := 1; i < len(all); i++ {
		x, y := all[i-1], all[i]
		if x.Website != "" && (y.Website == "" || strings.ToLower(x.Website) < strings.ToLower(y.Website)) || x.Website == y.Website && strings.ToLower(x.Name) > strings.ToLower(y.Name) {
			t.Fatalf("%v stands before %v", x, y)
		}
	}
	if all[0].Owner.Name == "" {
		t.Error("the owner has no name")
	}
	clock.at = clock.at.Add(16 * time.Minute)
	if status, _, body := ask(t, "GET", base+a.NextRecordsURL, token, ""); status != 400 || !strings.Contains(body, "INVALID_QUERY_LOCATOR") {
		t.Errorf("a cursor after 16 minutes: %d %s", status, body)
	}
	_, body = soql(t, base, token, "SELECT Id FROM Account LIMIT 5 OFFSET 290")
	if n := decode[answer](t, body).TotalSize; n != 3 {
		t.Errorf("%d of 293 records behind the 290th", n)
	}
	count := func(path string) int {
		_, _, body := ask(t, "GET", base+"/services/data/v66.0/"+path+"?q="+url.QueryEscape("SELECT COUNT() FROM Account"), token, "")
		return decode[answer](t, body).TotalSize
	}
	if live, all := count("query"), count("queryAll"); live != 293 || all != 300 {
		t.Errorf("query counts %d, queryAll %d", live, all)
	}
}
