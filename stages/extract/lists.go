package extract

import "github.com/crmlink/crmlink/schemas"

// userList is one of the lists the user brings beside the CRM.
type userList struct {
	object   string
	plural   string
	table    schemas.Table
	required bool
	needed   []string // columns a Parquet file must have beside the key; the source of CSV files has the same rule
	oneOf    []string // and one of these
	recordID string   // column with a CRM Id, brought to 18 characters; the list's rules are in its own SQL file
}

var userLists = []userList{
	{object: "company", plural: "companies", table: schemas.RawCompany, required: true, needed: []string{"name"}},
	{object: "member", plural: "members", table: schemas.RawMember, required: true, oneOf: []string{"first_name", "last_name", "name"}},
	{object: "seat", plural: "seats", table: schemas.RawSeat, oneOf: []string{"email", "crm_user_id"}, recordID: "crm_user_id"},
	{object: "activity", plural: "activities", table: schemas.RawActivity, needed: []string{"seat_id", "kind"}},
	{object: "decision", plural: "decisions", table: schemas.RawDecision, needed: []string{"object", "crm_id", "verdict"}, recordID: "crm_id"},
	{object: "redirect", plural: "redirects", table: schemas.RawRedirect, needed: []string{"new_id"}},
}

// identified renders the query of a list whose rows name CRM records: their Ids in full, and rows that name none refused.
func (l userList) identified(read string) (string, error) {
	ids, err := text("record_id")
	if err != nil {
		return "", err
	}
	rules, err := text(l.object)
	if err != nil {
		return "", err
	}
	listed := "SELECT *, " + schemas.Quote(l.recordID) + " AS record_id FROM (\n" + read + "\n)"
	return over(rules, relation{name: "listed", query: listed}, relation{name: "identified", query: "SELECT * FROM (\n" + ids + "\n)"}), nil
}
