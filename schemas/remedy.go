package schemas

// What a person could change in the CRM, so that a record without entity matches.

// patchColumns are what both kinds of patches begin with: a field, its value, and the columns of the normal form that
// follow from it.
func patchColumns() []Column {
	return []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "Record without entity."),
		key("entity_id", "Candidate whose value is proposed."),
		{Name: "place", Type: Int, Doc: "Order of trying, from 1: what a person knows best comes first.", NotNull: true},
		{Name: "field", Type: Text, Doc: "CRM field.", NotNull: true},
		{Name: "value", Type: Text, Doc: "Value proposed for it.", NotNull: true},
		{Name: "changed", Type: TextList, Doc: "Columns of the normal form that follow from the field; the others are null here and stay as they are.", NotNull: true},
		list("known_ids", "What the record would be known by with another account."),
		list("known_groups", "Topmost parents of known_ids."),
		list("known_keys", "Keys of all names of known_ids."),
		list("known_parents", "Not changed."),
		list("known_parent_groups", "Not changed."),
	}
}

var patchKey = []string{"object", "crm_id", "entity_id", "place"}

// PatchCompany holds single changes of accounts in normal form.
var PatchCompany = Table{
	Name: "patch_company", Doc: "Single field changes of accounts without entity, in the normal form that matching compares.",
	Key: patchKey, Large: true, Internal: true, Columns: append(patchColumns(), companyForm()...),
}

// PatchPerson holds single changes of contacts and leads in normal form.
var PatchPerson = Table{
	Name: "patch_person", Doc: "Single field changes of contacts and leads without entity, in the normal form that matching compares.",
	Key: patchKey, Large: true, Internal: true, Columns: append(patchColumns(), personForm()...),
}

// Differing are the records that are looked at anew in an incremental run.
var Differing = Table{
	Name: "differing", Doc: "Records for which changes are proposed and scored anew; those of all others are taken over from the run before.",
	Key: []string{"crm_id"}, Internal: true, Columns: []Column{key("crm_id", "Record.")},
}

// Remedy is the smallest change that would make a record match.
var Remedy = Table{
	Name: "remedy", Doc: "The smallest change that would make a record without entity match.",
	Key: []string{"object", "crm_id"}, Large: true, Internal: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "Record without entity."),
		{Name: "entity_id", Type: Text, Doc: "Candidate it would match.", NotNull: true},
		{Name: "fields", Type: TextList, Doc: "One or two CRM fields.", NotNull: true},
		{Name: "values", Type: TextList, Doc: "What to set them to.", NotNull: true},
		{Name: "probability", Type: Share, Doc: "Probability of entity_id after the change.", NotNull: true},
	},
}

// FieldGain sums up what filling in a CRM field would bring.
var FieldGain = Table{
	Name: "field_gain", Doc: "By CRM field: how many live records lack it, and how many records without entity would match if it were filled in or corrected. Companion of data_quality.",
	Key: []string{"object", "field"},
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("field", "CRM field."),
		count("records", "Live records."),
		count("empty", "Live records in which the field is empty."),
		count("empty_unmatched", "Those of them without entity."),
		count("filled_in", "Records without entity that would match if the empty field were filled in, alone or with a second field."),
		count("corrected", "Records without entity that would match if the field, which holds something else, were corrected, alone or with a second field."),
		count("alone", "Of filled_in and corrected: records for which no second field is needed."),
	},
}
