// Package oracle makes small random orgs of which the right answers are known, and works these answers out again from
// the CSV files alone: plain loops in the words of the requirements, no SQL, nothing of the pipeline. Tests run the
// pipeline over the same files and compare.
//
// The world_*.go files make an org, write.go lays it down as files, and the expect_*.go files read the files back as a
// stranger would. The two halves share only Settings and the form of a record Id.
//
// What makes the answers known: every CRM record is either a clean copy of a directory entity (name, email or domain,
// phone, address), or has a name and everything else that no directory entity has, or a person decided about it.
package oracle

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Row is one row of a CSV file by column name; a column that is absent or empty is an empty cell.
type Row map[string]string

// Sheet is what one file holds, before it is cut into pages.
type Sheet struct {
	Columns []string
	Rows    []Row
}

// Settings are the administrator's choices as they stand in crmlink.yaml.
type Settings struct {
	AutoSync      string   // all, none or per_seat
	PipelineStage string   // empty: every open opportunity
	Stages        []string // the order, where there is no OpportunityStage.csv
	Leads         string   // assigned or open_opportunities
	Green, Yellow string   // as written, for instance 0.80
	ROI           bool     // ROI tables are wanted; the next two count only then
	TimeZone      string   // empty: that of the Organization, else UTC
	WonValueField string   // Amount or AgencyFee__c
	// SavedListPolicy is keep or flag; empty is keep.
	SavedListPolicy string
}

// InstanceURL is the address of every org made here.
const InstanceURL = "https://acme.my.salesforce.com"

// World is one org with everything that a run reads.
type World struct {
	Settings   Settings
	CRM        map[string]*Sheet // by object; no sheet, no file
	Companies  *Sheet
	Members    *Sheet
	Seats      *Sheet // these four may be nil: no file, no entry in crmlink.yaml
	Activities *Sheet
	Decisions  *Sheet
	Redirects  *Sheet

	hidden  map[string]string // by object a column that some of its files lack
	random  *rand.Rand
	changes int // so far
}

// Columns of the files. Contact has no owner, as in most exports.
var (
	accountColumns = []string{"Id", "Name", "Website", "Phone", "Industry", "BillingStreet", "BillingCity", "BillingState",
		"BillingPostalCode", "BillingCountry", "OwnerId", "ParentId", "CreatedDate", "LastModifiedDate", "SystemModstamp",
		"IsDeleted", "IsPersonAccount", "MasterRecordId"}
	contactColumns = []string{"Id", "AccountId", "FirstName", "LastName", "Email", "Phone", "MobilePhone", "Title",
		"MailingStreet", "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry", "CreatedDate",
		"LastActivityDate", "LastModifiedDate", "SystemModstamp", "IsDeleted", "IsPersonAccount", "MasterRecordId"}
	leadColumns = []string{"Id", "FirstName", "LastName", "Company", "Email", "Phone", "MobilePhone", "Title", "Street", "City",
		"State", "PostalCode", "Country", "OwnerId", "IsConverted", "ConvertedContactId", "ConvertedAccountId",
		"IsUnreadByOwner", "CreatedDate", "LastActivityDate", "LastModifiedDate", "SystemModstamp", "IsDeleted", "MasterRecordId"}
	opportunityColumns = []string{"Id", "AccountId", "Amount", "CloseDate", "CreatedDate", "IsClosed", "IsWon", "Name", "OwnerId",
		"StageName", "LastModifiedDate", "SystemModstamp", "IsDeleted"}
	contactRoleColumns = []string{"Id", "ContactId", "IsPrimary", "OpportunityId", "Role", "LastModifiedDate", "SystemModstamp", "IsDeleted"}
	userColumns        = []string{"Id", "Name", "FirstName", "LastName", "Email", "Title", "IsActive", "UserRoleId", "LastModifiedDate",
		"SystemModstamp", "IsDeleted"}
	userRoleColumns = []string{"Id", "Name", "ParentRoleId", "LastModifiedDate"}
	stageColumns    = []string{"Id", "ApiName", "MasterLabel", "SortOrder", "IsActive", "IsClosed", "IsWon"}
	companyColumns  = []string{"company_id", "name", "domains", "website", "headcount", "street", "city", "region", "postal_code",
		"country", "phone"}
	memberColumns = []string{"member_id", "first_name", "last_name", "title", "company_id", "company_name", "emails", "phones",
		"street", "city", "region", "postal_code", "country"}
	seatColumns     = []string{"seat_id", "email", "member_id", "crm_user_id", "sync"}
	activityColumns = []string{"activity_id", "seat_id", "kind", "member_id", "company_id", "occurred_at"}
	decisionColumns = []string{"seq", "object", "crm_id", "verdict", "entity_id", "by", "at", "note"}
	redirectColumns = []string{"old_id", "new_id"}
)

// New is an org without records: the files that must exist have a header only.
func New(seed uint64) *World {
	w := &World{
		Settings: Settings{AutoSync: "all", Leads: "assigned", Green: "0.80", Yellow: "0.60"},
		CRM: map[string]*Sheet{
			"Account": {Columns: accountColumns}, "Contact": {Columns: contactColumns}, "Lead": {Columns: leadColumns},
			"Opportunity": {Columns: opportunityColumns}, "OpportunityContactRole": {Columns: contactRoleColumns},
			"User": {Columns: userColumns}, "UserRole": {Columns: userRoleColumns},
		},
		Companies: &Sheet{Columns: companyColumns},
		Members:   &Sheet{Columns: memberColumns},
		random:    rand.New(rand.NewPCG(seed, 0x0c4)),
	}
	return w
}

// stages of a sales process, the open ones first; names as an opportunity holds them.
var (
	openStages   = []string{"Prospecting", "Qualification", "Proposal", "Negotiation"}
	closedStages = []string{"Closed Won", "Closed Lost"}
)

// The prefixes of record Ids.
var prefixes = map[string]string{"Account": "001", "Contact": "003", "Lead": "00Q", "Opportunity": "006",
	"OpportunityContactRole": "00K", "User": "005", "UserRole": "00E", "Queue": "00G",
	"CurrencyType": "01L", "DatedConversionRate": "04w", "Organization": "00D"}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newID makes a record Id of 18 characters, random so that the order of Ids says nothing.
func (w *World) newID(object string) string {
	id := prefixes[object] + "Kz0000"
	for range 6 {
		id += string(idLetters[w.random.IntN(len(idLetters))])
	}
	return id + checksum(id)
}

// checksum is the last three characters of an Id: which of the first 15 are capitals, five to a character.
func checksum(id string) string {
	sum := ""
	for i := 0; i < 15; i += 5 {
		capitals := 0
		for k := range 5 {
			if c := id[i+k]; 'A' <= c && c <= 'Z' {
				capitals += 1 << k
			}
		}
		sum += string("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[capitals])
	}
	return sum
}

func (w *World) chance(percent int) bool { return w.random.IntN(100) < percent }

func (w *World) between(low, high int) int { return low + w.random.IntN(high-low+1) }

func pick[T any](w *World, from []T) T { return from[w.random.IntN(len(from))] }

// born is the time that all other times in a world are counted from.
var born = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// moment writes minutes since born in one of the two ways that exports write a time.
func (w *World) moment(minutes int) string {
	t := born.Add(time.Duration(minutes) * time.Minute)
	if w.chance(20) {
		return t.Format("2006-01-02T15:04:05.000+0000")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

func (w *World) day(from, to int) string {
	return born.AddDate(0, 0, w.between(from, to)).Format(time.DateOnly)
}

// yes writes a truth value in one of the ways that exports write it.
func (w *World) yes(v bool) string {
	switch {
	case v && w.chance(10):
		return "TRUE"
	case w.chance(5):
		return map[bool]string{true: "1", false: "0"}[v]
	}
	return fmt.Sprint(v)
}

// ids lists the Ids of an object's records, each once.
func (w *World) ids(object string) []string {
	var ids []string
	seen := map[string]bool{}
	for _, row := range w.CRM[object].Rows {
		if !seen[row["Id"]] {
			seen[row["Id"]] = true
			ids = append(ids, row["Id"])
		}
	}
	return ids
}
