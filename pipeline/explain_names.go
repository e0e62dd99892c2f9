package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

func isAccount(id string) bool {
	o, _ := schemas.ObjectNamed(schemas.Account)
	return strings.HasPrefix(id, o.Prefix)
}

// explainNames adds what people call the record and the one it lost to.
func (p *Publication) explainNames(ctx context.Context, x *Explanation) (err error) {
	if x.Name, x.About, err = p.recordName(ctx, x.Object, x.CRMID); err != nil || x.LostTo == nil {
		return err
	}
	x.LostTo.Name, _, err = p.recordName(ctx, x.Object, x.LostTo.CRMID)
	return err
}

// explainEntities adds what people call the record's entity and some of its candidates.
func (p *Publication) explainEntities(ctx context.Context, x *Explanation, candidates ...*Considered) error {
	ids := []string{}
	if x.EntityID != "" {
		ids = append(ids, x.EntityID)
	}
	for _, c := range candidates {
		ids = append(ids, c.EntityID)
	}
	kind := "member"
	if x.Object == schemas.Account {
		kind = "company"
	}
	names, err := p.entityNames(ctx, kind, ids)
	if err != nil {
		return err
	}
	x.EntityName, x.EntityAbout = names[x.EntityID].name, names[x.EntityID].about
	for _, c := range candidates {
		n := names[c.EntityID]
		c.Name, c.About, c.URL = n.name, n.about, n.url
	}
	return nil
}

// recordName is what people call a record, and what they say of it beside that.
func (p *Publication) recordName(ctx context.Context, object, id string) (name, about string, err error) {
	table, ok := schemas.ObjectNamed(object)
	if !ok {
		return "", "", fmt.Errorf("there is no object %s", object)
	}
	columns := map[string][]string{
		schemas.Account: {"Name", "BillingCity", "BillingCountry"},
		schemas.Contact: {"FirstName", "LastName", "Name", "Title", "AccountId"},
		schemas.Lead:    {"FirstName", "LastName", "Title", "Company"},
	}[object]
	rows, err := p.rows(ctx, table.Table().Name, columns, id)
	if err != nil || len(rows) == 0 {
		return "", "", err
	}
	r := rows[0]
	switch object {
	case schemas.Account:
		return r.Text(0), joined(", ", r[1], r[2]), nil
	case schemas.Lead:
		return joined(" ", r[0], r[1]), joined(" · ", r[2], r[3]), nil
	}
	title, employer := r[3], any(nil)
	if id := r.Text(4); id != "" {
		accounts, err := p.rows(ctx, "raw_account", []string{"Name"}, id)
		if err != nil {
			return "", "", err
		}
		for _, a := range accounts {
			employer = a[0]
		}
	}
	return cmp.Or(joined(" ", r[0], r[1]), r.Text(2)), joined(" · ", title, employer), nil
}

// joined are the texts that are there, side by side.
func joined(between string, cells ...any) string {
	var texts []string
	for _, c := range cells {
		if text, ok := c.(string); ok {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, between)
}

type entityName struct{ name, about, url string }

// entityNames are what people call directory companies or members, by id.
func (p *Publication) entityNames(ctx context.Context, kind string, ids []string) (map[string]entityName, error) {
	names := map[string]entityName{}
	table, columns := schemas.RawMember.Name, []string{"member_id", "url", "name", "first_name", "last_name", "title", "company_name"}
	if kind == "company" {
		table, columns = schemas.RawCompany.Name, []string{"company_id", "url", "name", "city", "country"}
	}
	rows, err := p.rows(ctx, table, columns, ids...)
	for _, r := range rows {
		n := entityName{name: r.Text(2), url: r.Text(1)}
		if kind == "company" {
			n.about = joined(", ", r[3], r[4])
		} else {
			n.name, n.about = cmp.Or(joined(" ", r[3], r[4]), n.name), joined(" · ", r[5], r[6])
		}
		names[r.Text(0)] = n
	}
	return names, err
}

// summarize is the answer in one sentence.
func summarize(x Explanation) string {
	switch {
	case x.Status == "decided" && x.EntityID == "":
		return "A person decided that there is no match."
	case x.Status == "decided":
		return "A person decided that it is " + x.EntityID + "."
	case x.Status == "matched":
		return fmt.Sprintf("It is %s with probability %s; from %.2f on it counts as a match%s.", x.EntityID, probability(x), x.Threshold, sureFrom(x))
	case x.Status == "duplicate" && x.LostTo != nil && x.LostTo.Gap != nil:
		return fmt.Sprintf("It is %s, and so is %s, which fits better by %s bits and carries badge and lists.",
			x.EntityID, x.LostTo.CRMID, Bits(*x.LostTo.Gap))
	case x.Status == "duplicate" && x.LostTo != nil:
		return fmt.Sprintf("It is %s, and so is %s, which carries badge and lists.", x.EntityID, x.LostTo.CRMID)
	case x.Link != nil && x.EntityID != "":
		return fmt.Sprintf("It is %s; %s stands for it now and gives its entity.", x.Status, x.Link.CRMID)
	case x.Link != nil:
		return fmt.Sprintf("It is %s; %s stands for it now and has no entity either.", x.Status, x.Link.CRMID)
	case x.None != nil && x.None.Text != "":
		return "No match: " + x.None.Text + "."
	case x.EntityID != "":
		return fmt.Sprintf("It is %s in the CRM and keeps its last answer.", x.Status)
	}
	return "It has no match."
}

// sureFrom says from where a match is sure; older publications know no tiers.
func sureFrom(x Explanation) string {
	if x.Sure == 0 {
		return ""
	}
	return fmt.Sprintf(", from %.2f on as a sure one", x.Sure)
}

func probability(x Explanation) string {
	if x.Prob == nil {
		return "unknown"
	}
	return Probability(*x.Prob)
}

// Probability writes a probability with four digits; what is not certain is not rounded to certainty.
func Probability(p float64) string {
	switch {
	case p > 0.9999 && p < 1:
		return ">0.9999"
	case p > 0 && p < 0.0001:
		return "<0.0001"
	}
	return fmt.Sprintf("%.4f", p)
}

// Bits writes a weight, kept in thousandths of a bit, as bits: 12.345.
func Bits(thousandths int64) string {
	sign := ""
	if thousandths < 0 {
		sign, thousandths = "-", -thousandths
	}
	return fmt.Sprintf("%s%d.%03d", sign, thousandths/1000, thousandths%1000)
}

// FullID makes an 18 character Id of a 15 character one, and verifies the checksum of an 18 character one.
func FullID(id string) (string, error) {
	wrong := func(problem string) error {
		return &InputError{Problem: fmt.Sprintf("%q is no record Id: %s", id, problem), Next: "copy the Id from the record's address, 15 or 18 letters and digits"}
	}
	if len(id) != 15 && len(id) != 18 {
		return "", wrong("it has " + fmt.Sprint(len(id)) + " characters")
	}
	full, ok := schemas.FullID(id[:15])
	if !ok {
		return "", wrong("it holds something else than letters and digits")
	}
	if len(id) == 18 && !strings.EqualFold(id, full) {
		return "", wrong("its last three characters do not fit the others")
	}
	return full, nil
}
