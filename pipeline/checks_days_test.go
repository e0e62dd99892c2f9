package pipeline_test

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// day is what changed since the run before.
type day struct {
	name   string
	change func(*files)
}

// ordinary are days that change much and break nothing: what administrators, data stewards and vendors do.
var ordinary = []day{
	{"nothing", func(*files) {}},
	{"edits here and there", func(f *files) {
		f.set("Contact", "Title", f.some("Contact", 5), func(string) string { return "Head of Sales" })
		f.set("Contact", "LastName", f.some("Contact", 2), func(v string) string { return v + "-Meyer" })
		f.set("Account", "Name", f.some("Account", 5), func(v string) string { return v + " Group" })
		f.set("Lead", "Status", f.some("Lead", 20), func(string) string { return "Qualified" })
	}},
	{"all records have new owners", func(f *files) {
		for _, object := range []string{"Account", "Contact", "Lead", "Opportunity"} {
			f.set(object, "OwnerId", f.some(object, 100), func(string) string { return f.sheets["User"].rows[0][0] })
		}
	}},
	{"all phones in one format", func(f *files) {
		digits := func(v string) string {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, v)
		}
		for _, object := range []string{"Account", "Contact", "Lead"} {
			f.set(object, "Phone", f.some(object, 100), digits)
		}
		f.set("Contact", "MobilePhone", f.some("Contact", 100), digits)
	}},
	{"all websites with https", func(f *files) {
		f.set("Account", "Website", f.some("Account", 100), func(v string) string {
			if v == "" || strings.Contains(v, "://") {
				return v
			}
			return "https://" + v
		})
	}},
	{"all names in capitals", func(f *files) {
		for _, column := range []string{"FirstName", "LastName", "Name"} {
			f.set("Contact", column, f.some("Contact", 100), strings.ToUpper)
		}
		f.set("Account", "Name", f.some("Account", 100), strings.ToUpper)
	}},
	{"all countries as codes", func(f *files) {
		f.set("Account", "BillingCountry", f.some("Account", 100), code)
		f.set("Contact", "MailingCountry", f.some("Contact", 100), code)
	}},
	{"addresses copied where there was none", func(f *files) {
		p := f.sheets["Account"]
		for _, row := range p.live() {
			for _, part := range []string{"Street", "City", "State", "PostalCode", "Country"} {
				if at := p.column("Shipping" + part); row[at] == "" {
					row[at] = row[p.column("Billing"+part)]
					f.stamp("Account", row)
				}
			}
		}
	}},
	{"addresses moved to where they belong", func(f *files) {
		p := f.sheets["Account"]
		for _, row := range f.some("Account", 40) {
			for _, part := range []string{"Street", "City", "State", "PostalCode", "Country"} {
				row[p.column("Shipping"+part)], row[p.column("Billing"+part)] = row[p.column("Billing"+part)], ""
			}
			f.stamp("Account", row)
		}
	}},
	{"mobile numbers moved to their own column", func(f *files) {
		p := f.sheets["Contact"]
		for _, row := range f.some("Contact", 60) {
			if row[p.column("MobilePhone")] == "" {
				row[p.column("MobilePhone")], row[p.column("Phone")] = row[p.column("Phone")], ""
				f.stamp("Contact", row)
			}
		}
	}},
	{"new columns in the export", func(f *files) {
		for _, object := range []string{"Account", "Lead"} {
			f.sheets[object].header = append(f.sheets[object].header, "Score__c")
			for i := range f.sheets[object].rows {
				f.sheets[object].rows[i] = append(f.sheets[object].rows[i], "7")
			}
		}
	}},
	{"another user exports", func(f *files) {
		for _, object := range []string{"Account", "Contact", "Lead", "Opportunity"} {
			f.empty(object, "LastViewedDate")
			f.empty(object, "LastReferencedDate")
		}
	}},
	{"a tenth of the contacts is gone", func(f *files) {
		live := len(f.sheets["Contact"].live())
		f.drop("Contact", live/10)
	}},
	{"eight percent are deleted in the CRM", func(f *files) {
		f.set("Contact", "IsDeleted", f.some("Contact", 8), func(string) string { return "true" })
		f.set("Lead", "IsDeleted", f.some("Lead", 6), func(string) string { return "true" })
	}},
	{"duplicates are merged", func(f *files) {
		p := f.sheets["Account"]
		winner := p.live()[0][0]
		for _, row := range f.some("Account", 20) {
			if row[0] != winner {
				row[p.column("IsDeleted")], row[p.column("MasterRecordId")] = "true", winner
				f.stamp("Account", row)
			}
		}
	}},
	{"leads are converted", func(f *files) {
		p := f.sheets["Lead"]
		for _, row := range f.some("Lead", 30) {
			row[p.column("IsConverted")], row[p.column("Status")] = "true", "Closed - Converted"
			row[p.column("ConvertedAccountId")] = f.sheets["Account"].rows[0][0]
			row[p.column("ConvertedContactId")] = f.sheets["Contact"].rows[0][0]
			f.stamp("Lead", row)
		}
	}},
	{"a list of leads is bought", func(f *files) {
		f.grow("Lead", "00Q", "LastName", 40)
		p := f.sheets["Lead"]
		for _, row := range p.rows[len(p.rows)-40:] {
			row[p.column("Email")], row[p.column("Title")] = "", "???"
		}
	}},
	{"new accounts and contacts", func(f *files) {
		f.grow("Account", "001", "Name", 25)
		f.grow("Contact", "003", "LastName", 60)
	}},
	{"the directory is refreshed", func(f *files) {
		f.refresh("company", 5, 15, "name")
		f.refresh("member", 6, 12, "last_name")
		f.set("member", "title", f.some("member", 25), func(string) string { return "Partner" })
		f.set("member", "company_id", f.some("member", 15), func(string) string { return f.sheets["company"].rows[3][0] })
	}},
	{"directory ids are replaced, with redirects", func(f *files) {
		for _, row := range f.some("company", 25) {
			f.sheets["redirect"].rows = append(f.sheets["redirect"].rows, []string{row[0], "n" + row[0]})
			row[0] = "n" + row[0]
		}
	}},
	{"seats come and go", func(f *files) {
		f.drop("seat", len(f.sheets["seat"].rows)/2)
		f.drop("activity", len(f.sheets["activity"].rows)*6/10) // the file holds the last months only
	}},
	{"deals move and close", func(f *files) {
		f.set("Opportunity", "StageName", f.some("Opportunity", 30), func(string) string { return "Closed Lost" })
		f.set("Opportunity", "Amount", f.some("Opportunity", 40), func(string) string { return "1000.0" })
	}},
	{"the email domain of everyone changes", func(f *files) {
		f.set("Contact", "Email", f.some("Contact", 100), func(v string) string {
			name, _, ok := strings.Cut(v, "@")
			if !ok {
				return v
			}
			return name + "@new.example"
		})
	}},
	{"names in plain letters", func(f *files) {
		for _, column := range []string{"FirstName", "LastName", "Name"} {
			f.set("Contact", column, f.some("Contact", 100), plainLetters)
		}
	}},
	{"another way to write the same letters", func(f *files) {
		f.respell("Contact", func(v string) (string, error) { return norm.NFD.String(v), nil })
		f.stampAll("Contact")
	}},
	{"bad phones are removed", func(f *files) {
		f.set("Contact", "Phone", f.some("Contact", 30), func(string) string { return "" })
		f.set("Lead", "Email", f.some("Lead", 15), func(string) string { return "" })
	}},
	{"notes with question marks", func(f *files) {
		f.set("Account", "Description", f.some("Account", 60), func(string) string { return "Interested?Yes. Renews?No" })
	}},
	{"activities without new stamps", func(f *files) {
		p := f.sheets["Contact"]
		for _, row := range p.live() {
			row[p.column("LastActivityDate")] = "2026-10-04"
		}
	}},
	{"a few names are corrected", func(f *files) {
		p := f.sheets["Contact"]
		for _, row := range f.some("Contact", 2) {
			first, last := p.column("FirstName"), p.column("LastName")
			row[first], row[last] = row[last], row[first]
			f.stamp("Contact", row)
		}
	}},
	{"all of Monday's work", func(f *files) {
		f.grow("Account", "001", "Name", 10)
		f.grow("Contact", "003", "LastName", 40)
		f.drop("Lead", 12)
		f.drop("Contact", 20)
		f.set("Contact", "Title", f.some("Contact", 30), strings.ToUpper)
		f.set("Account", "Industry", f.some("Account", 30), func(string) string { return "Software" })
		f.refresh("member", 2, 5, "last_name")
	}},
}

func code(country string) string {
	return strings.ToUpper(country[:min(2, len(country))])
}

func plainLetters(v string) string {
	return strings.Map(func(r rune) rune {
		if r > 127 {
			return -1
		}
		return r
	}, norm.NFD.String(v))
}

// refresh takes a percentage of a list's rows out and puts others in.
func (f *files) refresh(object string, gone, added int, name string) {
	p := f.sheets[object]
	n := len(p.rows)
	f.drop(object, n*gone/100)
	for i := range n * added / 100 {
		row := slices.Clone(p.rows[f.random.IntN(len(p.rows))])
		row[0] = fmt.Sprintf("%s-new-%d", row[0], i)
		row[p.column(name)] += fmt.Sprintf(" %c", 'A'+i%26)
		p.rows = append(p.rows, row)
	}
}
