package simulator

import (
	"regexp"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// field is one field of an object, as describe tells it.
type field struct {
	name       string
	kind       string // describe's type
	length     int
	references []string
	relation   string          // relationshipName
	compound   string          // compoundFieldName of a component
	parts      []string        // of a compound field: its components, by the names that REST gives them; it has no cell of its own
	values     map[string]bool // of a picklist
	calculated bool
	hidden     bool
}

func (f *field) custom() bool {
	return strings.HasSuffix(f.name, "__c") || strings.HasSuffix(f.name, "__pc")
}
func (f *field) number() bool {
	return f.kind == "int" || f.kind == "double" || f.kind == "currency" || f.kind == "percent" || f.kind == "long"
}

var (
	picklists = []string{"Industry", "Type", "Rating", "Ownership", "LeadSource", "Status", "StageName", "Role", "CurrencyIsoCode"}
	phones    = []string{"Phone", "Fax", "MobilePhone"}
	money     = []string{"Amount", "AnnualRevenue"}
	targets   = map[string][]string{
		"AccountId": {schemas.Account}, "ContactId": {schemas.Contact}, "OpportunityId": {schemas.Opportunity}, "UserRoleId": {schemas.UserRole},
		"ConvertedAccountId": {schemas.Account}, "ConvertedContactId": {schemas.Contact}, "ConvertedOpportunityId": {schemas.Opportunity},
		"ParentRoleId": {schemas.UserRole}, "OwnerId": {schemas.User}, "PersonContactId": {schemas.Contact},
	}
	compounds = []struct{ object, name, prefix string }{
		{schemas.Account, "BillingAddress", "Billing"}, {schemas.Account, "ShippingAddress", "Shipping"},
		{schemas.Contact, "MailingAddress", "Mailing"}, {schemas.Lead, "Address", ""},
	}
	addressParts = []string{"Street", "City", "State", "PostalCode", "Country"}
	noDeletion   = []string{schemas.User, schemas.UserRole, schemas.OpportunityStage, schemas.CurrencyType, schemas.DatedConversionRate, schemas.Organization}
	withCurrency = []string{schemas.Account, schemas.Contact, schemas.Lead, schemas.Opportunity, schemas.OpportunityContactRole, schemas.User}
)

// standard gives an object the fields that the CRM has and crmlink may ask for: those of schemas.Objects, less what the
// CRM's object does not have, and the compound fields over them.
func standard(o schemas.Object) *table {
	t := newTable(o.Name, o.Prefix)
	switch o.Name {
	case schemas.OpportunityStage:
		t.prefix = "01J"
	case schemas.CurrencyType:
		t.prefix = "01L"
	case schemas.DatedConversionRate:
		t.prefix = "04w"
	case schemas.Organization:
		t.prefix = "00D"
	}
	for _, f := range o.Fields {
		switch {
		case f.Name == schemas.WonValue,
			f.Name == "IsDeleted" && slices.Contains(noDeletion, o.Name),
			f.Name == "CurrencyIsoCode" && !slices.Contains(withCurrency, o.Name):
			continue
		}
		t.add(described(o.Name, f))
	}
	switch o.Name {
	case schemas.User:
		t.add(field{name: "Username", kind: "string", length: 80})
	case schemas.Lead:
		t.add(field{name: "Name", kind: "string", length: 121})
	case schemas.Organization:
		t.add(field{name: "TrialExpirationDate", kind: "datetime"})
		t.add(field{name: "NamespacePrefix", kind: "string", length: 15})
	}
	for _, c := range compounds {
		if c.object == o.Name {
			t.compose(c.name, c.prefix)
		}
	}
	return t
}

// compose makes a compound address field over its components.
func (t *table) compose(name, prefix string) {
	f := field{name: name, kind: "address"}
	for _, part := range addressParts {
		if p := t.place(prefix + part); p >= 0 {
			t.fields[p].compound = name
			f.parts = append(f.parts, prefix+part)
		}
	}
	t.add(f)
}

func described(object string, f schemas.Field) field {
	d := field{name: f.Name, kind: "string", length: 255}
	switch {
	case f.Name == "Id":
		d.kind, d.length = "id", 18
	case f.ID:
		d.kind, d.length, d.references = "reference", 18, targets[f.Name]
		d.relation = strings.TrimSuffix(f.Name, "Id")
		if d.references == nil { // ParentId, MasterRecordId
			d.references = []string{object}
		}
		if object == schemas.Lead && f.Name == "OwnerId" {
			d.references = []string{"Group", schemas.User}
		}
	case f.Type == schemas.Bool:
		d.kind, d.length = "boolean", 0
	case f.Type == schemas.Int:
		d.kind, d.length = "int", 0
	case f.Type == schemas.Number:
		d.kind, d.length = "double", 0
		if slices.Contains(money, f.Name) {
			d.kind = "currency"
		}
	case f.Type == schemas.Date:
		d.kind, d.length = "date", 0
	case f.Type == schemas.Timestamp:
		d.kind, d.length = "datetime", 0
	case f.Name == "Description":
		d.kind, d.length = "textarea", 32000
	case strings.HasSuffix(f.Name, "Street"):
		d.kind = "textarea"
	case slices.Contains(picklists, f.Name) && !(object == schemas.Organization):
		d.kind, d.values = "picklist", map[string]bool{}
	case slices.Contains(phones, f.Name):
		d.kind, d.length = "phone", 40
	case f.Name == "Email":
		d.kind, d.length = "email", 80
	case f.Name == "Website":
		d.kind = "url"
	}
	return d
}

var (
	numberText = regexp.MustCompile(`^-?\d+(\.\d+)?([eE][+-]?\d+)?$`)
	momentText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`)
	dateText   = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
)

// guess narrows what the values of an unknown column are; an empty kind means that none was seen.
func guess(kind, value string) string {
	now := "string"
	switch {
	case value == "":
		return kind
	case value == "true" || value == "false":
		now = "boolean"
	case numberText.MatchString(value):
		now = "double"
	case momentText.MatchString(value):
		now = "datetime"
	case dateText.MatchString(value):
		now = "date"
	case len(value) > 255 || strings.ContainsAny(value, "\n\r"):
		return "textarea"
	}
	switch {
	case kind == "" || kind == now:
		return now
	case kind == "textarea":
		return kind
	}
	return "string"
}

// label puts spaces into a name, as the CRM's labels have them.
func label(name string) string {
	name = strings.TrimSuffix(name, "__c")
	var b strings.Builder
	for i, r := range name {
		if i > 0 && 'A' <= r && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ReplaceAll(b.String(), "_", " ")
}
