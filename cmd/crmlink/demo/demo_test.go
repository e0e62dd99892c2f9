package demo

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func generate(t *testing.T, c Config) (string, Summary) {
	t.Helper()
	c.Out = t.TempDir()
	s, err := Generate(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return c.Out, s
}

func digest(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[rel] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// table reads all pages of an object.
func table(t *testing.T, pattern string) []map[string]string {
	t.Helper()
	names, _ := filepath.Glob(pattern)
	slices.Sort(names)
	if len(names) == 0 {
		t.Fatalf("no files %s", pattern)
	}
	var rows []map[string]string
	for _, n := range names {
		f, err := os.Open(n)
		if err != nil {
			t.Fatal(err)
		}
		var in io.Reader = f
		if strings.HasSuffix(n, ".gz") {
			if in, err = gzip.NewReader(f); err != nil {
				t.Fatal(err)
			}
		}
		all, err := csv.NewReader(in).ReadAll()
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", n, err)
		}
		for _, r := range all[1:] {
			m := map[string]string{"file": filepath.Base(n)}
			for i, h := range all[0] {
				m[h] = r[i]
			}
			rows = append(rows, m)
		}
	}
	return rows
}

func keys(rows []map[string]string, column string) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, r := range rows {
		out[r[column]] = r
	}
	return out
}

func TestSameSeedSameBytes(t *testing.T) {
	c := Config{Accounts: 60, Contacts: 150, Leads: 50, Seed: 7}
	a, _ := generate(t, c)
	b, _ := generate(t, c)
	x, y := digest(t, a), digest(t, b)
	if len(x) != len(y) {
		t.Fatalf("%d and %d files", len(x), len(y))
	}
	for n, h := range x {
		if y[n] != h {
			t.Errorf("%s differs between two runs", n)
		}
	}
	c.Seed = 8
	d, _ := generate(t, c)
	if digest(t, d)["truth.csv"] == x["truth.csv"] {
		t.Error("another seed gave the same truth")
	}
}

// Every phenomenon must occur in the org that is checked in, or a test on it proves nothing.
func TestEveryCaseOccurs(t *testing.T) {
	_, s := generate(t, Default())
	for object, labels := range map[string][]string{
		"Account": {"clean", "legal_form", "abbreviation", "acronym", "renamed", "subsidiary", "group_parent", "group_name", "group_website", "franchise", "place_suffix", "other_domain", "shared_host",
			"no_website", "no_city", "no_country", "typo_name", "upper_case", "noise_word", "accents", "duplicate", "no_match", "sibling", "namesake", "country_spelling", "city_spelling",
			"other_place", "non_latin", "person_account", "merged", "deleted", "superseded"},
		"Contact": {"clean", "nickname", "initial", "two_surnames", "swapped", "typo_first", "typo_last", "accents", "non_latin", "honorific", "pronouns", "middle_name", "upper_case",
			"job_changer", "wrong_account", "no_account", "no_email", "personal_email", "no_title", "other_title", "title", "no_city", "duplicate", "no_match", "namesake", "same_company",
			"country_spelling", "city_spelling", "person_account", "merged", "deleted", "superseded"},
		"Lead": {"clean", "nickname", "initial", "two_surnames", "swapped", "typo_last", "accents", "non_latin", "honorific", "job_changer", "no_email", "also_contact", "legal_form",
			"duplicate", "no_match", "namesake", "same_company", "converted", "merged", "deleted", "superseded"},
	} {
		for _, l := range labels {
			if s.Count(object, l) == 0 {
				t.Errorf("%s: no %s", object, l)
			}
		}
	}
}

// A superseded row stands in another page than the row that replaces it.
func TestSupersededRows(t *testing.T) {
	dir, _ := generate(t, Default())
	byID := map[string][]map[string]string{}
	for _, r := range table(t, filepath.Join(dir, "crm/Contact*")) {
		byID[r["Id"]] = append(byID[r["Id"]], r)
	}
	n := 0
	for id, rows := range byID {
		if len(rows) == 1 {
			continue
		}
		n++
		if len(rows) != 2 || rows[0]["file"] == rows[1]["file"] || rows[0]["SystemModstamp"] == rows[1]["SystemModstamp"] || rows[0]["OwnerId"] == rows[1]["OwnerId"] {
			t.Errorf("%s: rows %v", id, rows)
		}
	}
	if n == 0 {
		t.Error("no superseded rows")
	}
}

func TestOddSizes(t *testing.T) {
	for _, c := range []Config{{Accounts: 50, Contacts: 120}, {Accounts: 1, Contacts: 1, Leads: 1}, {}, {Contacts: 40, Leads: 40}, {Accounts: 30, Leads: 100}, {Accounts: 50, Contacts: 30, Leads: 500, PageRows: 7}, {Accounts: 5, Contacts: 400}} {
		dir, _ := generate(t, c)
		for object, n := range map[string]int{"Account": c.Accounts, "Contact": c.Contacts, "Lead": c.Leads} {
			if got := len(keys(table(t, filepath.Join(dir, "crm", object+"-*")), "Id")); got != n {
				t.Errorf("%+v: %d %s", c, got, object)
			}
		}
	}
	if err := (Config{Accounts: -1}).Validate(); err == nil {
		t.Error("a negative size passed")
	}
}

// The columns come from the design and from objects.yaml; a column that is lost here is a column nobody tests.
func TestColumns(t *testing.T) {
	dir, _ := generate(t, Config{Accounts: 20, Contacts: 20, Leads: 20})
	for file, columns := range map[string]string{
		"crm/Account-*":            "Id Name Website AnnualRevenue NumberOfEmployees Phone Industry Type BillingStreet BillingCity BillingState BillingCountry BillingPostalCode CreatedDate LastModifiedDate OwnerId Description Fax ParentId ShippingCity ShippingCountry ShippingPostalCode ShippingState ShippingStreet LastReferencedDate LastViewedDate Rating TickerSymbol Ownership Sic IsPersonAccount MasterRecordId IsDeleted SystemModstamp CurrencyIsoCode Segment__c",
		"crm/Contact-*":            "Id AccountId CreatedDate Department Description Email Fax FirstName LastActivityDate LastName LastModifiedDate LastReferencedDate LastViewedDate LeadSource MailingStreet MailingCity MailingCountry MailingState Name Phone Title OwnerId IsPersonAccount MasterRecordId MailingPostalCode MobilePhone IsDeleted SystemModstamp CurrencyIsoCode",
		"crm/Lead-*":               "Id City Company ConvertedAccountId ConvertedContactId ConvertedDate ConvertedOpportunityId Country CreatedDate Email FirstName Industry IsConverted IsUnreadByOwner LastActivityDate LastName LastReferencedDate LastViewedDate LeadSource OwnerId Phone State Status Street Title Website LastModifiedDate PostalCode MobilePhone MasterRecordId IsDeleted SystemModstamp CurrencyIsoCode",
		"crm/Opportunity-*":        "Id AccountId Amount CloseDate CreatedDate IsClosed IsWon LastActivityDate LastReferencedDate LastViewedDate LeadSource Name OwnerId StageName Type LastModifiedDate IsDeleted SystemModstamp CurrencyIsoCode AgencyFee__c",
		"directory/companies.csv":  "company_id name aliases domains website industry headcount street city region postal_code country phone parent_company_id url",
		"directory/members.csv.gz": "member_id first_name last_name name headline title company_id company_name past_company_ids past_company_names past_titles emails phones street city region postal_code country url",
		"seats.csv":                "seat_id email member_id crm_user_id sync",
		"activities.csv":           "activity_id seat_id kind member_id company_id occurred_at subject body copy_to_crm",
		"decisions.csv":            "seq object crm_id verdict entity_id by at note",
		"redirects.csv":            "old_id new_id",
		"truth.csv":                "object crm_id entity_id cases",
	} {
		row := table(t, filepath.Join(dir, file))[0]
		want := strings.Fields(columns)
		for _, c := range want {
			if _, ok := row[c]; !ok {
				t.Errorf("%s: no column %s", file, c)
			}
		}
		if len(row)-1 != len(want) {
			t.Errorf("%s: %d columns, want %d", file, len(row)-1, len(want))
		}
	}
}

// The checked-in org must stay small.
func TestDefaultSize(t *testing.T) {
	dir, _ := generate(t, Default())
	var sum int64
	filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if i, e := d.Info(); e == nil && !d.IsDir() {
			sum += i.Size()
		}
		return err
	})
	if sum > 1_500_000 {
		t.Errorf("%d bytes, want at most 1,500,000", sum)
	}
	t.Logf("%d bytes", sum)
}

func TestVariants(t *testing.T) {
	v := Variants()
	for k, least := range map[string]int{"nickname": 600, "legal_form": 150, "abbreviation": 120, "honorific": 60, "title": 120, "country_spelling": 80, "city_spelling": 80, "pronouns": 10} {
		if len(v[k]) < least {
			t.Errorf("%s: %d variants, want %d", k, len(v[k]), least)
		}
	}
	dir, _ := generate(t, Default())
	known := map[string]bool{}
	for _, list := range v {
		for _, x := range list {
			known[x] = true
		}
	}
	for _, r := range table(t, filepath.Join(dir, "truth.csv")) {
		for _, c := range strings.Split(r["cases"], "|") {
			if x, ok := strings.CutPrefix(c, "variant:"); ok && !known[x] {
				t.Errorf("%s: %q is not among Variants", r["crm_id"], x)
			}
		}
	}
}

func TestShuffle(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 1000, 4097} {
		s := newShuffle(3, n, 1)
		seen := make([]bool, n)
		for i := range n {
			x := s.at(i)
			if seen[x] || s.inverse(x) != i {
				t.Fatalf("n=%d: %d goes to %d and back to %d", n, i, x, s.inverse(x))
			}
			seen[x] = true
		}
	}
}

func TestMemoryStaysBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 50,000 contacts")
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	generate(t, Config{Accounts: 15000, Contacts: 50000, Leads: 20000, Seed: 1})
	runtime.ReadMemStats(&after)
	if sys := int64(after.Sys) - int64(before.Sys); sys > 96<<20 {
		t.Errorf("took %d MB from the system, want at most 96", sys>>20)
	}
}
