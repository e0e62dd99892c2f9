package schemas

// Badges and lists: what sales people see.

// Badge is the "in CRM" mark of a directory entity. It holds no CRM field but id and link (D18).
var Badge = Table{
	Name: "badge", Doc: "The CRM badge: one row per directory entity that is in the CRM.",
	Key: []string{"entity_kind", "entity_id"}, Large: true,
	Columns: []Column{
		key("entity_kind", "company or member."),
		key("entity_id", "Directory entity."),
		{Name: "object", Type: Text, Doc: "Object of the primary record.", NotNull: true},
		{Name: "crm_id", Type: Text, Doc: "Primary record.", NotNull: true},
		text("lightning_url", "Deep link, Lightning."),
		text("classic_url", "Deep link, Classic."),
		{Name: "link_reason", Type: Text, Doc: "saved: on at least one seat's list from the CRM; matched: found.", NotNull: true},
	},
}

// ContactCard is the contact data from the CRM shown with a member.
var ContactCard = Table{
	Name: "contact_card", Doc: "CRM contact data of members that are in the CRM, from their primary record.",
	Key: []string{"member_id"}, Large: true,
	Columns: []Column{
		key("member_id", "Directory member."),
		{Name: "object", Type: Text, Doc: "Contact or Lead.", NotNull: true},
		{Name: "crm_id", Type: Text, Doc: "Primary record.", NotNull: true},
		text("email", "Email as in the CRM."),
		text("phone", "Phone as in the CRM."),
		text("mobile_phone", "Mobile phone as in the CRM."),
	},
}

// InCRM splits the directory into entities in the CRM and not.
var InCRM = Table{
	Name: "in_crm", Doc: "Every directory entity with in_crm true or false: the search filter.",
	Key: []string{"entity_kind", "entity_id"}, View: true,
	Columns: []Column{
		key("entity_kind", "company or member."),
		key("entity_id", "Directory entity."),
		flag("in_crm", "Whether it has a badge."),
		text("object", "Object of the primary record."),
		text("crm_id", "Primary record."),
	},
}

// MissingInCRM lists entities that a sales person would expect in the CRM.
var MissingInCRM = Table{
	Name: "missing_in_crm", Doc: "Members and companies without a CRM record that a seat touched or saved, and members at mapped companies with an open opportunity.",
	Key: []string{"entity_kind", "entity_id"},
	Columns: []Column{
		key("entity_kind", "company or member."),
		key("entity_id", "Directory entity."),
		flag("saved", "Saved by a seat, and not unsaved since."),
		flag("touched", "A seat acted towards it other than by saving or unsaving."),
		flag("open_opportunity", "Works at a mapped company with an open opportunity."),
		count("seats", "Seats that saved or touched it."),
		moment("last_touched_at", "Latest activity towards it."),
		text("company_id", "For a member: current company."),
	},
}

// AutoSave is the saved list of each seat that comes from the CRM (Z19). A row never leaves.
var AutoSave = Table{
	Name: "auto_save", Doc: "Accounts and contacts on open opportunities past the chosen stage, saved for the opportunity owner's seat.",
	Key: []string{"seat_id", "opportunity_id", "object", "crm_id"},
	Columns: []Column{
		key("seat_id", "Seat whose list it is."),
		key("opportunity_id", "Opportunity that put it there."),
		key("object", "Account or Contact."),
		key("crm_id", "Saved record; the winner where the opportunity names a duplicate."),
		{Name: "entity_kind", Type: Text, Doc: "company or member.", NotNull: true},
		{Name: "entity_id", Type: Text, Doc: "Directory entity on the list.", NotNull: true},
		text("via_crm_id", "Record the opportunity names; the smallest Id where several lead here."),
		text("user_id", "CRM user of the seat: the opportunity owner."),
		text("stage", "Stage of the opportunity when the row was last valid."),
		flag("still_valid", "Whether the rule still holds."),
		text("reason", "Why not, the first that applies: record_deleted, closed, stage_back, owner_changed, seat_off, record_deleted of the contact role, match_corrected."),
		moment("saved_at", "as_of of the run that saved it first."),
	},
}

// NotSaved gives each candidate that is on no list its one reason (Z21).
var NotSaved = Table{
	Name: "not_saved", Doc: "Each account and contact on an opportunity that did not qualify for the owner's list, with one reason.",
	Key: []string{"opportunity_id", "object", "crm_id"},
	Columns: []Column{
		key("opportunity_id", "Opportunity."),
		key("object", "Account or Contact."),
		key("crm_id", "Record the opportunity names."),
		text("owner_id", "Owner of the opportunity."),
		text("seat_id", "Seat of the owner, if there is one; the smallest id where several are."),
		{Name: "reason", Type: Text, Doc: "The first that applies: deleted, closed, stage_not_past, owner_has_no_seat, sync_off, person_account, unmatched.", NotNull: true},
	},
}

// SuggestedLead is the suggested list of each seat (Z20).
var SuggestedLead = Table{
	Name: "suggested_lead", Doc: "Leads assigned to a seat's user, suggested and not saved.",
	Key: []string{"seat_id", "crm_id"},
	Columns: []Column{
		key("seat_id", "Seat whose list it is."),
		key("crm_id", "Lead."),
		{Name: "entity_id", Type: Text, Doc: "Directory member.", NotNull: true},
		{Name: "rank", Type: Int, Doc: "Place on the seat's list, from 1.", NotNull: true},
		{Name: "reason", Type: Text, Doc: "What put it at this rank: at_open_opportunity, recent_activity (30 days before as_of), unread or assigned.", NotNull: true},
	},
}

// SeatMap says which CRM user each seat is.
var SeatMap = Table{
	Name: "seat_map", Doc: "Which CRM user each seat is, how it was found, and whether its sync is on.",
	Key: []string{"seat_id"},
	Columns: []Column{
		key("seat_id", "Seat."),
		text("email", "Email of the seat holder."),
		text("member_id", "Seat holder in the directory."),
		text("user_id", "CRM user."),
		text("method", "crm_user_id or email."),
		text("reason", "Why there is no user: unknown_user, no_email, no_user_with_email or several_users_with_email."),
		flag("sync_on", "Sync switched on for this seat by the settings."),
		flag("crm_sync_active", "Has a user and sync is on: the seat holder's badge."),
	},
}

// SeatCandidate lists CRM users that could be given a seat.
var SeatCandidate = Table{
	Name: "seat_candidate", Doc: "CRM users with their place in the role tree, for assigning seats.",
	Key: []string{"user_id"},
	Columns: []Column{
		key("user_id", "CRM user."),
		text("name", "Name."),
		text("email", "Email."),
		text("title", "Title."),
		flag("is_active", "User.IsActive."),
		text("role_id", "Role."),
		text("role_name", "Name of the role."),
		list("role_path", "Ids of the role and all roles above it, topmost first; cut where the tree is a circle."),
		text("role_path_names", "The same by name, joined by ' > '."),
		text("seat_id", "Seat the user has already; the smallest id where several are."),
	},
}

// Profile answers which entities belong to a CRM record, opportunities included (K1).
var Profile = Table{
	Name: "profile", Doc: "Entities beside a CRM record: its own, and for an opportunity those of its account and contacts.",
	Key: []string{"object", "crm_id", "part", "via_crm_id"}, View: true,
	Columns: []Column{
		key("object", "Account, Contact, Lead or Opportunity."),
		key("crm_id", "CRM record."),
		key("part", "self, account or contact."),
		key("via_crm_id", "Record whose entity this is."),
		text("status", "Status of that record in mapping."),
		text("entity_kind", "company or member."),
		text("entity_id", "Directory entity."),
	},
}
