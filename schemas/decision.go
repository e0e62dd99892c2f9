package schemas

// DecisionOutcome says of each decision what became of it.
var DecisionOutcome = Table{
	Name: "decision_outcome", Doc: "What became of each decision: applied, taken back or replaced by a later one, or a conflict: not applied as it was said.",
	Key: []string{"seq"},
	Columns: []Column{
		{Name: "seq", Type: Int, Doc: "The decision, as in raw_decision.", NotNull: true},
		{Name: "object", Type: Text, Doc: "Account, Contact or Lead.", NotNull: true},
		{Name: "crm_id", Type: Text, Doc: "Record decided about.", NotNull: true},
		{Name: "verdict", Type: Text, Doc: "is, is_not, none or undo.", NotNull: true},
		text("entity_id", "Entity meant, as it was written."),
		{Name: "outcome", Type: Text, Doc: "applied; withdrawn (by an undo); replaced (by a later word about the same record); or a conflict: " +
			"unknown_record (the CRM never had it), record_left_out (deleted, a Person Account, or merged into one that is not known), " +
			"overruled_after_merge (another decision about a record that became the same one says otherwise), " +
			"overruled_after_redirect (two ids that were decided about became one), entity_not_in_directory (it counts, but the directory has no such entity), " +
			"nothing_to_undo (nothing was said before about this record and entity).", NotNull: true},
		flag("is_conflict", "Not applied as it was said, and not because the same record was decided about again."),
		text("now_object", "Object of the record that it holds for today, after merges and conversions; null for an unknown one."),
		text("now_crm_id", "That record."),
		text("now_entity_id", "The entity today, after redirects."),
		integer("by_seq", "The decision that took it back, replaced or overruled it."),
	},
}
