package publish

import (
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// readOnce are the tables that several files read, with the columns that these need: of each file that reads them the engine decodes whole
// columns of 64 files, and all records' rows take less time to be copied once.
var readOnce = map[string][]string{
	"mapping": {"object", "crm_id", "entity_kind", "entity_id", "status", "weight", "primary", "lost_to", "reason", "decision_seq", "tier"},
	"raw_opportunity": {"Id", "AccountId", "OwnerId", "StageName", "IsClosed", "IsWon", "IsDeleted", "missing_since", "CreatedDate", "CloseDate",
		"WonValue", "CurrencyIsoCode"},
	"raw_opportunity_contact_role": {"Id", "OpportunityId", "ContactId", "IsDeleted", "missing_since"},
	"raw_activity":                 {"activity_id", "seat_id", "kind", "member_id", "company_id", "occurred_at"},
}

// ofAnswers is how many of the columns of mapping count where few records differ: what reads the others is then added up from the rows of
// these records, which are kept apart.
const ofAnswers = 8

// A copied row takes up to copiedRow bytes; the copy of a table may take one part in mostCopied of the engine's memory.
const (
	copiedRow  = 400
	mostCopied = 16
)

// bindOnce lets files read a copy of a table's columns that they need, where there is room for it, and says whether it does.
func (p *publication) bindOnce(name string) bool {
	snap := p.snaps[name]
	columns := readOnce[name]
	if name == schemas.Mapping.Name && p.some.few {
		columns = columns[:ofAnswers]
	}
	if !p.copies || columns == nil || uint64(snap.Rows)*copiedRow > p.session.Room()/mostCopied {
		return false
	}
	copied := "once_" + name
	if !p.copied[name] {
		if p.err = p.session.BindAs(p.ctx, name, snap); p.err != nil {
			return true
		}
		quoted := make([]string, len(columns))
		for i, c := range columns {
			quoted[i] = schemas.Quote(c)
		}
		p.keep(copied, "SELECT "+strings.Join(quoted, ", ")+" FROM "+name)
		p.copied[name] = true
	}
	if p.err == nil {
		p.err = p.session.View(p.ctx, name, "FROM "+copied)
	}
	return true
}
