package salesforce

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// FuzzRecordCounter: what encoding/csv takes, the counter counts alike, however the bytes are cut; the header too.
func FuzzRecordCounter(f *testing.F) {
	for _, text := range []string{"", "\n", "\r\n", "Id\n", "\"Id\",\"Name\"\n\"1\",\"a \"\"b\"\"\nc\"\n", "Id,Name\r\n1,\"x\r\ny\"\r\n\r\n2,", "\"Id", "Id\n\"\"", "a\rb\n\r\r\nc\r", "Id\n\"a\"b\n",
		"\"Id\",\"T\"\n\"1\",\"before\x00after\"\n\"2\",\"ß字🙂\"\n"} {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		c := &recordCounter{}
		cut = 1 + (cut&0xff)%17
		for rest := []byte(text); len(rest) > 0; {
			n := min(cut, len(rest))
			if _, err := c.Write(rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
		ended := c.end()
		in := csv.NewReader(strings.NewReader(text))
		in.FieldsPerRecord = -1
		all, err := in.ReadAll()
		if err != nil {
			return // csvdir refuses such a page
		}
		if ended != nil {
			t.Fatalf("%q: %v", text, ended)
		}
		if c.records != int64(len(all)) {
			t.Fatalf("%q: %d records, encoding/csv has %d", text, c.records, len(all))
		}
		names, err := c.columns()
		if err != nil || len(all) > 0 && !slices.Equal(names, all[0]) {
			t.Fatalf("%q: header %q (%v), encoding/csv has %q", text, names, err, all[0])
		}
	})
}

// FuzzErrorBody: whatever comes as an error's body, what is told of it is one line of printable text.
func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{"", "[]", "{}", "[{}]", "<html>", "null", "[1,{\"message\":\"a\\nb\",\"errorCode\":\"INVALID_TYPE\"}]", `{"error":"invalid_grant","error_description":"user is locked"}`,
		"\n[{\"message\":\"\\nSELECT Id FROM X\\n   ^\\nERROR at Row:1\",\"errorCode\":\"INVALID_TYPE\",\"fields\":[\"X\"]}]", `{"exceptionCode":"InvalidSessionId","exceptionMessage":"Invalid session id"}`,
		"<?xml version=\"1.0\"?><error><exceptionCode>InvalidSessionId</exceptionCode><exceptionMessage>x</exceptionMessage></error>", "Bad_OAuth_Token", "\xff\xfe", `[{"message":{"a":1}}]`, `{"errorCode":5}`} {
		f.Add(400, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		no := readError(status, body)
		text := no.Error()
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || len(no.Message) > 2*longestMessage+16 {
			t.Fatalf("%q gives %q", body, text)
		}
	})
}

// FuzzUsage: the header of limits.
func FuzzUsage(f *testing.F) {
	for _, h := range []string{"api-usage=18/5000", "api-usage=10018/100000; per-app-api-usage=17/250(appName=x)", "api-bursts=1/750;api-usage = 1 / 2", "api-usage=/", "api-usage=9999999999999999999/1", "api-usage=-1/5", ""} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, header string) {
		used, allowed, ok := usage(header)
		if ok && (used < 0 || allowed <= 0) || !ok && (used != 0 || allowed != 0) {
			t.Fatalf("%q: %d of %d, %v", header, used, allowed, ok)
		}
	})
}

// FuzzRecord: a row of a REST answer becomes a row of CSV with as many cells as fields, or is refused.
func FuzzRecord(f *testing.F) {
	for _, text := range []string{`{"Id":"x","N":1.50,"T":"2026-01-02T17:38:59.000+0000","B":true}`, `{"Id":null,"N":1e400,"T":"","B":false}`, `{}`, `[]`, `{"Id":{}}`, `{"Id":"a\"b\n","N":0,"T":null,"B":null}`} {
		f.Add([]byte(text))
	}
	o := &object{selection: selection{Fields: []string{"Id", "N", "T", "B"}, Times: []string{"T"}}}
	f.Fuzz(func(t *testing.T, text []byte) {
		cells, err := o.cells(json.RawMessage(text))
		if err != nil {
			return
		}
		row, err := csv.NewReader(bytes.NewReader(appendRow(nil, cells))).Read()
		if err != nil || len(row) != len(o.Fields) {
			t.Fatalf("%q: %q, %v", text, row, err)
		}
		for i, cell := range cells {
			// The parser makes CR LF inside quotes a line feed, as it does for every page.
			if strings.ReplaceAll(cell, "\r\n", "\n") != row[i] {
				t.Fatalf("%q: cell %q is read as %q", text, cell, row[i])
			}
		}
	})
}

// FuzzManifest: a damaged manifest is no pull to go on with, or one; it never ends the program.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"objects":[{"name":"Account","parts":[{"pages":[{"file":"Account-1.csv.gz","kept":true}]}]}]}`))
	f.Add([]byte(`{"format":1,"objects":[null]}`))
	f.Add([]byte(`{"format":1,"objects":[{"parts":[null,{"pages":[null]}]}]}`))
	f.Add([]byte(`{"format":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		for _, o := range m.Objects {
			o.kept()
			o.total()
			for _, p := range o.Parts {
				p.where()
				p.halves()
				for _, g := range p.Pages {
					if strings.ContainsAny(g.File, "/\\") {
						t.Fatalf("a page lies outside the folder: %q", g.File)
					}
				}
			}
		}
	})
}

// FuzzRanges: ranges of Ids lie one behind the other, begin and end where the part does, and each is smaller.
func FuzzRanges(f *testing.F) {
	f.Add("001000000000001", "001zzzzzzzzzzzz")
	f.Add("00100000000000A", "00100000000000B")
	f.Add("001000000000001AAA", "001000000000001AAA")
	f.Fuzz(func(t *testing.T, least, greatest string) {
		parts := (&part{First: "a", End: "z", From: time.Unix(1, 0)}).ranges(least, greatest)
		if parts == nil {
			return
		}
		if len(parts) < 2 || parts[0].First != "a" || parts[len(parts)-1].End != "z" {
			t.Fatalf("%q to %q: %d parts", least, greatest, len(parts))
		}
		for i, p := range parts[1:] {
			if p.First != parts[i].End || p.First <= least[:15] && p.First != greatest[:15] || p.First > greatest[:15] || i > 0 && p.First <= parts[i].First || p.From != parts[0].From {
				t.Fatalf("%q to %q: %q after %q", least, greatest, p.First, parts[i].First)
			}
		}
	})
}
