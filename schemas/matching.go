package schemas

// The answers of matching, and why.

// Mapping is the published answer for each Account, Contact and Lead.
var Mapping = Table{
	Name: "mapping", Doc: "The published answer: exactly one row per Account, Contact and Lead.",
	Key: []string{"object", "crm_id"}, Large: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "CRM record, 18 characters."),
		text("entity_kind", "company for accounts, member for contacts and leads."),
		text("entity_id", "Directory entity the record is; null where there is none."),
		{Name: "status", Type: Text, Doc: "decided, matched, duplicate, unmatched, converted, merged, deleted or person_account.", NotNull: true},
		integer("weight", "Match weight of the entity in thousandths of a bit; null where no score was needed."),
		share("probability", "Probability that the record is this entity, in competition with the record's other candidates."),
		flag("primary", "The one record over Contact and Lead (or among Accounts) that carries the entity's badge, contact card and lists."),
		text("lost_to", "For a duplicate: the record of the same object that won the entity."),
		integer("gap", "For a duplicate: the winner's weight minus this weight, thousandths of a bit; null where either has no score."),
		text("reason", "For a record without entity: the reason, as in unmatched."),
		text("link_object", "Object of the live record a link goes to."),
		text("link_crm_id", "Live record a link goes to; the record itself unless merged or converted; null where none is live."),
		integer("decision_seq", "The decision that made this answer, if one did."),
		text("tier", "sure or match, by the probability and the model's two thresholds; a person's word is sure. Null without entity, and for a merged or converted record."),
		text("company", "For a live contact or lead with an entity: current where the company the CRM has them at is one the member works at, past where it is an earlier one (a job changer); null where it is neither."),
	},
}

// Candidate is the best few entities per record with every comparison.
var Candidate = Table{
	Name: "candidate", Doc: "The best candidates of each live record, best first, with what each comparison gave.",
	Key: []string{"object", "crm_id", "rank"}, Large: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "CRM record."),
		{Name: "rank", Type: Int, Doc: "1 is the best: by weight, then by entity id.", NotNull: true},
		{Name: "entity_id", Type: Text, Doc: "Directory entity.", NotNull: true},
		count("weight", "Prior plus all comparison weights and frequency adjustments, thousandths of a bit."),
		{Name: "probability", Type: Share, Doc: "Probability that the record is this entity; depends on the record's other candidates and is no sum.", NotNull: true},
		count("prior", "Weight of the prior, thousandths of a bit."),
		ints("levels", "Level code of each comparison, in the order of model_level.position; 0 is no value to compare."),
		ints("weights", "Weight of each comparison's level, thousandths of a bit."),
		ints("frequencies", "Frequency adjustment of each comparison, thousandths of a bit."),
		text("rule", "First blocking rule that found the pair."),
		integer("candidates", "How many candidates the record had in all."),
	},
}

// ModelLevel is the model the run used, readable.
var ModelLevel = Table{
	Name: "model_level", Doc: "The model the run used: every level of every comparison with its probabilities and weight.",
	Key: []string{"kind", "position", "level"},
	Columns: []Column{
		key("kind", "company or person."),
		{Name: "position", Type: Int, Doc: "Place of the comparison in candidate.levels, from 1.", NotNull: true},
		{Name: "level", Type: Int, Doc: "Level code; 0 is no value to compare.", NotNull: true},
		text("comparison", "Name of the comparison."),
		text("label", "What the level means."),
		share("m", "Probability of the level among records that are the same."),
		share("u", "Probability of the level among records that are not."),
		count("weight", "log2(m/u) in thousandths of a bit."),
		flag("frequency_adjusted", "Whether the weight is adjusted by how common the value is."),
	},
}

// ModelDrift holds the model against the data of the run.
var ModelDrift = Table{
	Name: "model_drift", Doc: "How far the model's numbers are from what this run's data looks like; what chance can explain is not counted.",
	Key: []string{"kind", "comparison"},
	Columns: []Column{
		key("kind", "company or person."),
		key("comparison", "Name of the comparison; 'share of matches' and 'size of the directory' move all weights of the kind together."),
		{Name: "position", Type: Int, Doc: "Place of the comparison in candidate.levels, from 1; 0 for what is not about one.", NotNull: true},
		count("matches", "Expected matches with a value to compare: the sum of the candidates' probabilities."),
		count("pairs", "Random pairs with a value to compare, from which u is observed."),
		count("m_bits", "How far the weight of the average match is off because matches agree otherwise than they did, thousandths of a bit. At position 0: how far all weights are off."),
		count("u_bits", "The same because other pairs agree otherwise than they did."),
		flag("drifted", "Whether one of them is above 250 (at position 0: 500), so that the model should be estimated anew."),
		text("level", "The level that is off most."),
		text("what", "What of it: m or u."),
		{Name: "model_value", Type: Number, Doc: "Its number in the model, within its pattern of fields."},
		{Name: "data_value", Type: Number, Doc: "What an estimate would make of it today."},
		ints("model_m", "m of each level within its pattern of fields, millionths, by level code from 1; 0 where none is estimated."),
		ints("observed_m", "The share of the expected matches that have the level."),
		ints("model_u", "u of each level within its pattern of fields."),
		ints("observed_u", "The share of the random pairs that have the level."),
	},
}

// Evidence explains candidate row by row.
var Evidence = Table{
	Name: "evidence", Doc: "Why: per candidate the prior, each comparison and each frequency adjustment, with the two values. Sums to candidate.weight.",
	Key: []string{"object", "crm_id", "rank", "position", "part"}, View: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "CRM record."),
		{Name: "rank", Type: Int, Doc: "Rank of the candidate.", NotNull: true},
		text("entity_id", "Directory entity."),
		{Name: "position", Type: Int, Doc: "0 for the prior, else place of the comparison.", NotNull: true},
		{Name: "part", Type: Text, Doc: "prior, level or frequency.", NotNull: true},
		text("comparison", "Name of the comparison."),
		integer("level", "Level code."),
		text("label", "What the level means."),
		integer("weight", "Thousandths of a bit."),
		text("crm_value", "Value of the CRM record, as compared."),
		text("directory_value", "Value of the directory entity, as compared."),
	},
}

// Unmatched gives each record without an entity its one reason. docs/why.md defines the reasons and their order.
var Unmatched = Table{
	Name: "unmatched", Doc: "Every record without an entity, with one reason, its best rejected candidate and the smallest change that would make it match.",
	Key: []string{"object", "crm_id"}, Large: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "CRM record."),
		{Name: "reason", Type: Text, Doc: "Of a live record, the first that applies: decided_none, vetoed, bad_data (no usable name), group_collision, tie, bad_data (another field), no_candidate, free_mail_only, company_unknown, below_threshold. Of the others: person_account, merged, deleted, converted.", NotNull: true},
		text("field", "With bad_data: the CRM field that holds nothing usable."),
		text("best_entity_id", "Best rejected candidate."),
		integer("best_weight", "Its weight, thousandths of a bit."),
		share("best_probability", "Its probability."),
		text("second_entity_id", "The other candidate of a tie or a group_collision."),
		share("short_by", "How much probability the best candidate lacks to the threshold."),
		list("change_fields", "Smallest change that would make it match: one or two CRM fields. Found by scoring the record anew with the change; null where no such change does."),
		list("change_values", "What to set them to, in the same order: values of change_entity_id in the directory, or for AccountId the account to link to."),
		share("change_probability", "Probability of change_entity_id after the change."),
		text("change_entity_id", "The candidate it would match: best_entity_id or second_entity_id."),
		text("next_step", "What a person can do about it."),
	},
}

// BlockCost says what each blocking rule costs.
var BlockCost = Table{
	Name: "block_cost", Doc: "Blocking rules: how many keys and candidate pairs, and which keys were too common.",
	Key: []string{"kind", "rule"},
	Columns: []Column{
		key("kind", "company or person."),
		key("rule", "Name of the rule."),
		count("keys", "Distinct keys in the directory."),
		count("entries", "Directory entries under those keys."),
		count("largest", "Entries under the most common key."),
		count("hot_keys", "Keys with more entries than the rule allows; they are narrowed by a second field."),
		count("hot_entries", "Entries under hot keys."),
		count("dropped_entries", "Entries of keys that stay too common after narrowing; reached by other rules only."),
	},
}
