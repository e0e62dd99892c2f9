package schemas

// What the user brings beside the CRM: the directory (companies and members), seats, activities, decisions, redirects.

// RawCompany is the directory's companies as read.
var RawCompany = Table{
	Name: "raw_company", Doc: "Directory companies as read, one row per company.",
	Key: []string{"company_id"}, Large: true,
	Columns: []Column{
		key("company_id", "Id of the company in the directory."),
		text("name", "Name."),
		list("aliases", "Other names, former ones among them."),
		list("domains", "Web domains."),
		text("website", "Website address."),
		text("industry", "Industry."),
		text("headcount", "Number of people, or a range such as 51-200 or 10001+."),
		text("street", "Street address."),
		text("city", "City."),
		text("region", "State or region."),
		text("postal_code", "Postal code."),
		text("country", "Country as written."),
		text("phone", "Phone as written."),
		text("parent_company_id", "Company that owns this one."),
		text("url", "Page of the company in the directory."),
	},
}

// RawMember is the directory's members as read.
var RawMember = Table{
	Name: "raw_member", Doc: "Directory members as read, one row per member.",
	Key: []string{"member_id"}, Large: true,
	Columns: []Column{
		key("member_id", "Id of the member in the directory."),
		text("first_name", "Given name."),
		text("last_name", "Family name."),
		text("name", "Whole name, used where the parts are missing."),
		text("headline", "Headline of the profile."),
		text("title", "Current title."),
		text("company_id", "Current company."),
		text("company_name", "Name of the current company as the member writes it."),
		list("past_company_ids", "Earlier companies."),
		list("past_company_names", "Names of earlier companies."),
		list("past_titles", "Earlier titles."),
		list("emails", "Email addresses."),
		list("phones", "Phone numbers."),
		text("street", "Street address."),
		text("city", "City."),
		text("region", "State or region."),
		text("postal_code", "Postal code."),
		text("country", "Country as written."),
		text("url", "Profile page."),
	},
}

// RawSeat is the list of seats as read.
var RawSeat = Table{
	Name: "raw_seat", Doc: "Seats as read: the people who use the lists.",
	Key: []string{"seat_id"},
	Columns: []Column{
		key("seat_id", "Id of the seat."),
		text("email", "Email of the seat holder; found in the CRM without regard to case."),
		text("member_id", "The seat holder in the directory."),
		text("crm_user_id", "CRM user of the seat; beats the email."),
		Column{Name: "sync", Type: Bool, Doc: "Sync switched on or off for this seat; null means on. Counts under settings.auto_sync: per_seat."},
	},
}

// RawActivity is what seats did towards entities.
var RawActivity = Table{
	Name: "raw_activity", Doc: "What seats did towards members and companies.",
	Key: []string{"activity_id"}, Large: true,
	Columns: []Column{
		key("activity_id", "Id of the activity."),
		text("seat_id", "Seat that acted."),
		text("kind", "One of inmail, message, note, call, presentation_view, profile_view, save, unsave."),
		text("member_id", "Member it was towards."),
		text("company_id", "Company it was towards."),
		moment("occurred_at", "When."),
		text("subject", "Subject."),
		text("body", "Text."),
		Column{Name: "copy_to_crm", Type: Bool, Doc: "Whether the seat wants it in the CRM."},
	},
}

// ControlSeq is where the seq of decisions of the control database begins: they count as said later than those of the
// user's file, however long that grows (a seq of nanoseconds since 1970 is below it until 2096), and keep their seq.
const ControlSeq = 4_000_000_000_000_000_000

// ControlFile is what stands for the control database where files are named: in extract_log.
const ControlFile = "control.sqlite"

// RawDecision is what people decided about single records.
var RawDecision = Table{
	Name: "raw_decision", Doc: "People's word on single records. The highest seq per record and target counts.",
	Key: []string{"seq"},
	Columns: []Column{
		{Name: "seq", Type: Int, Doc: "Order of the decisions; never the clock. From 4,000,000,000,000,000,001 on: number 1, 2 … of the control database, later than all of the file.", NotNull: true},
		text("object", "Account, Contact or Lead."),
		text("crm_id", "Record decided about."),
		text("verdict", "is, is_not, none or undo. undo with an entity takes back what was said of it, without one everything before it."),
		text("entity_id", "Directory entity meant; empty with none."),
		text("by", "Who decided."),
		moment("at", "When it was written down; has no effect."),
		text("note", "Why."),
	},
}

// RawRedirect maps old directory ids to new ones.
var RawRedirect = Table{
	Name: "raw_redirect", Doc: "Directory ids that were replaced.",
	Key: []string{"old_id"},
	Columns: []Column{
		key("old_id", "Id that is gone."),
		text("new_id", "Id that stands in its place."),
	},
}
