package schemas

// What a publication changed against the one before, and why.

// The causes of a change, in the order in which the inputs are exchanged one kind at a time.
const (
	CauseProgram   = "program"
	CauseSetting   = "setting"
	CauseModel     = "model"
	CauseDirectory = "directory_data"
	CauseCRM       = "crm_data"
	CauseFate      = "crm_merge_or_delete"
	CauseDecision  = "decision"
)

// Change is the log of changed answers and list rows.
var Change = Table{
	Name: "change", Doc: "Every answer, list row and seat that differs from the publication before, with its one cause.",
	Key: []string{"table_name", "row_key"}, Large: true,
	Columns: []Column{
		key("table_name", "mapping, auto_save, suggested_lead, not_saved, missing_in_crm or seat_map."),
		key("row_key", "Key of the row in that table, its columns joined by ' | '."),
		{Name: "kind", Type: Text, Doc: "added, removed or changed.", NotNull: true},
		{Name: "cause", Type: Text, Doc: "program, setting, model, directory_data, crm_data, crm_merge_or_delete or decision: the input whose exchange gave the row its final value.", NotNull: true},
		text("object", "Object of the CRM record, where the row has one."),
		text("crm_id", "CRM record, where the row has one."),
		text("opportunity_id", "Opportunity, where the row has one."),
		text("seat_id", "Seat, where the row has one."),
		text("entity_id", "Directory entity after the change, or before it where there is none after."),
		text("before", "What is compared, before: a JSON object; null for an added row. Of mapping: status, entity_id, primary, link. Ranks, weights and times are not compared."),
		text("after", "The same after; null for a removed row."),
	},
}

// StepChange is what one exchange of inputs changed.
var StepChange = Table{
	Name: "step_change", Doc: "What differs between two publications, before causes are told.",
	Key: []string{"table_name", "row_key"}, Large: true, Internal: true,
	Columns: []Column{
		key("table_name", "As in change."),
		key("row_key", "As in change."),
		text("object", "As in change."),
		text("crm_id", "As in change."),
		text("opportunity_id", "As in change."),
		text("seat_id", "As in change."),
		text("entity_before", "Directory entity before."),
		text("entity_after", "Directory entity after."),
		list("records", "Other CRM records that the row depends on: winner, link, owner."),
		text("before", "As in change."),
		text("after", "As in change."),
	},
}

// Walked says which exchange of inputs changed which row.
var Walked = Table{
	Name: "walked", Doc: "Rows that each exchange of inputs changed, on the way from the publication before to this one.",
	Key: []string{"table_name", "row_key", "position"}, Large: true, Internal: true,
	Columns: []Column{
		key("table_name", "As in change."),
		key("row_key", "As in change."),
		{Name: "position", Type: Int, Doc: "Place of the exchange on the way, from 1.", NotNull: true},
		{Name: "cause", Type: Text, Doc: "What was exchanged.", NotNull: true},
	},
}

// FateChange lists CRM records that were deleted, merged, converted, went missing or came back.
var FateChange = Table{
	Name: "fate_change", Doc: "CRM records that were deleted, merged, converted, went missing or came back between two mirrors.",
	Key: []string{"crm_id"}, Large: true, Internal: true,
	Columns: []Column{key("crm_id", "CRM record of any object.")},
}

// BlastRadius is what people would notice of a publication.
var BlastRadius = Table{
	Name: "blast_radius", Doc: "What people notice of this publication against the one before.",
	Key: []string{"measure", "currency"},
	Columns: []Column{
		key("measure", "badges, saved_rows, suggested_leads, active_seats, or pipeline_owner_changes: open opportunities past the stage that move to another seat's saved list."),
		key("currency", "Currency of the amount; empty where there is none."),
		count("gained", "Gained; for pipeline_owner_changes the number of opportunities."),
		count("lost", "Lost."),
		{Name: "amount", Type: Number, Doc: "For pipeline_owner_changes: sum of their amounts."},
	},
}
