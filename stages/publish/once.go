package publish

import (
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// columns are those that the files read of a table.
type columns struct {
	both  []string // of all rows, and of the records that differ
	whole []string // of all rows only
	// some are read of the records that differ only, where they are few: what tells of them for all records is then added up.
	some []string
}

// once are the columns that a copy of the table holds, none for a table that only few files read.
func (c columns) once(few bool) []string {
	all := slices.Concat(c.both, c.whole)
	if !few && len(all) > 0 {
		all = append(all, c.some...)
	}
	return all
}

// told are the columns that are read of a record that differs.
func (c columns) told() []string { return slices.Concat(c.both, c.some) }

// columnsRead are the columns of tables that several files read, and of those that are told of a record. Of a table that several files read the
// engine decodes whole columns of 64 files for each of them, and all records' rows take less time to be copied once.
var columnsRead = map[string]columns{
	"mapping": {both: []string{"object", "crm_id", "entity_kind", "entity_id", "status", "primary", "lost_to"},
		whole: []string{"weight"}, some: []string{"reason", "decision_seq", "tier"}},
	"unmatched": {some: []string{"object", "crm_id", "reason", "change_fields"}},
	"raw_account": {some: []string{"Id", "IsDeleted", "Name", "OwnerId", "LastModifiedDate", "Website", "BillingCountry", "ShippingCountry",
		"BillingCity", "ShippingCity"}},
	"raw_contact": {some: []string{"Id", "IsDeleted", "AccountId", "LastModifiedDate", "FirstName", "LastName", "Email", "Phone", "MobilePhone",
		"MailingCountry", "MailingCity"}},
	"raw_lead": {some: []string{"Id", "IsDeleted", "OwnerId", "LastModifiedDate", "FirstName", "LastName", "Email", "Phone", "MobilePhone",
		"Website", "Company", "Country", "City", "ConvertedOpportunityId"}},
	"raw_opportunity": {whole: []string{"Id", "AccountId", "OwnerId", "StageName", "IsClosed", "IsWon", "IsDeleted", "missing_since", "CreatedDate", "CloseDate",
		"WonValue", "CurrencyIsoCode"}},
	"raw_opportunity_contact_role": {whole: []string{"Id", "OpportunityId", "ContactId", "IsDeleted", "missing_since"}},
	"raw_activity":                 {whole: []string{"activity_id", "seat_id", "kind", "member_id", "company_id", "occurred_at"}},
}

// A copied row takes up to copiedRow bytes; the copy of a table may take one part in mostCopied of the engine's memory.
const (
	copiedRow  = 400
	mostCopied = 16
)

// bindOnce lets files read a copy of a table's columns that they need, where there is room for it, and says whether it does.
func (p *publication) bindOnce(name string) bool {
	snap := p.snaps[name]
	columns := columnsRead[name].once(p.some.few)
	if !p.copies || len(columns) == 0 || uint64(snap.Rows)*copiedRow > p.session.Room()/mostCopied {
		return false
	}
	copied := "once_" + name
	if !p.copied[name] {
		if p.err = p.session.BindAs(p.ctx, name, snap); p.err != nil {
			return true
		}
		p.keep(copied, selecting(columns, name))
		p.copied[name] = true
	}
	p.view(name, copied)
	return true
}

// selecting is a query of some columns.
func selecting(columns []string, from string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = schemas.Quote(c)
	}
	return "SELECT " + strings.Join(quoted, ", ") + " FROM " + from
}
