package schemas

// What a run says about itself and about the data.

// SyncStats is the administrator's table (D12 to D16, Z22).
var SyncStats = Table{
	Name: "sync_stats", Doc: "Match statistics by object.",
	Key: []string{"object"},
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		count("records", "Live records: not deleted, merged, missing, Person Account or converted."),
		count("matched", "Status matched, or decided with an entity."),
		count("sure", "Of matched: those of the tier sure."),
		integer("match_rate_percent", "matched / records in whole percent, half up; null without records."),
		text("match_color", "green, yellow or red by the unrounded rate; null without records."),
		count("duplicates", "Live records that lost their entity to a better one."),
		count("decided", "Live records whose answer is a person's decision."),
		count("unmatched", "Live records without entity."),
		integer("saved", "Distinct records on at least one seat's saved list; null for leads."),
		integer("suggested", "Distinct leads on at least one seat's suggested list; null for the others."),
		count("person_accounts", "Person Accounts, left out."),
		count("converted", "Converted leads."),
		count("merged", "Records merged into another."),
		count("deleted", "Deleted records."),
	},
}

// DataQuality counts what is unusable or missing in the input.
var DataQuality = Table{
	Name: "data_quality", Doc: "Missing and unusable values by object and field.",
	Key: []string{"object", "field", "check"},
	Columns: []Column{
		key("object", "CRM object, company or member."),
		key("field", "Field of the source."),
		key("check", "What was counted: missing, or why a value is unusable."),
		count("records", "Records concerned."),
		count("of", "Records looked at."),
	},
}

// Run is the run that published these tables.
var Run = Table{
	Name: "run", Doc: "The run that published these tables.",
	Key: []string{"run_id"},
	Columns: []Column{
		key("run_id", "Run and snapshot id."),
		moment("as_of", "The run's time: the only time of its own a published row may hold."),
		text("org_kind", "csv or salesforce."),
		text("instance_url", "CRM instance."),
		text("import", "full, delta, or decisions where only these were read anew."),
		text("program", "Version of crmlink."),
		text("engine", "Version of DuckDB."),
		text("model_id", "Model used."),
		text("model_origin", "estimated, blended, default or pinned, for companies and people."),
		share("threshold", "Probability from which a contact's or lead's candidate is a match."),
		share("sure", "Probability from which such a match is of the tier sure."),
		share("company_threshold", "Probability from which an account's candidate is a match."),
		share("company_sure", "Probability from which such a match is of the tier sure."),
		text("currency_note", "Set where the source has no CurrencyType: one currency is assumed, unless opportunities name several."),
	},
}

// ExtractLog accounts for every row read (invariant 6).
var ExtractLog = Table{
	Name: "extract_log", Doc: "What was read, by file: rows in = kept + superseded + rejected.",
	Key: []string{"object", "file"},
	Columns: []Column{
		key("object", "Object read."),
		key("file", "File, relative to the source's folder; a member of an archive as archive.zip#name."),
		count("rows_in", "Rows read."),
		count("kept", "Rows that are the newest version of their record."),
		count("superseded", "Rows that a newer version of the same record replaced."),
		count("rejected", "Rows that could not be used."),
		count("bytes", "Size of the file."),
		text("sha256", "Hash of the file."),
		list("unknown_columns", "Columns that crmlink does not import; left out."),
		list("absent_columns", "Optional columns the file does not have; null."),
	},
}

// Reject lists rows that could not be used, never their values.
var Reject = Table{
	Name: "reject", Doc: "Rows that could not be used: where and why, never the value.",
	Key: []string{"object", "file", "line"},
	Columns: []Column{
		key("object", "Object read."),
		key("file", "File."),
		{Name: "line", Type: Int, Doc: "Line on which the row starts, from 1.", NotNull: true},
		text("crm_id", "Id of the row where it has a usable one."),
		text("column", "Column at fault."),
		{Name: "reason", Type: Text, Doc: "bad_id, id_of_other_object, missing_id, bad_number, bad_date, bad_time, bad_boolean, bad_value, or too_many_or_few_cells.", NotNull: true},
	},
}
