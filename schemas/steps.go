package schemas

// Steps between the inputs of resolve and publish and what they publish. Most are temporary (sql.Session.Step) and never
// stored. All are Internal: no one is promised them.

// Standing says of every CRM record whether it is live and, if it was merged or converted, where that leads.
var Standing = Table{
	Name: "standing", Doc: "Whether each CRM record takes part in matching, and where merges and conversions lead.",
	Key: []string{"object", "crm_id"}, Internal: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "CRM record."),
		{Name: "standing", Type: Text, Doc: "The first that applies: person_account, merged, deleted (missing too), converted, live.", NotNull: true},
		text("end_object", "For a merged or converted record: object of the record at the end of the chain."),
		text("end_crm_id", "That record; null where the chain is a circle or leaves the mirror."),
		{Name: "last_activity", Type: Date, Doc: "LastActivityDate."},
		moment("created", "CreatedDate."),
	},
}

// Redirected is raw_redirect followed to its end.
var Redirected = Table{
	Name: "redirected", Doc: "Directory ids that were replaced, with the id that stands in their place today.",
	Key: []string{"old_id"}, Internal: true,
	Columns: []Column{
		key("old_id", "Id that is gone."),
		{Name: "new_id", Type: Text, Doc: "End of the chain of redirects; in a circle the smallest id.", NotNull: true},
	},
}

// Verdict is what people's decisions come to, by record.
var Verdict = Table{
	Name: "verdict", Doc: "What people's decisions come to for each record they decided about.",
	Key: []string{"object", "crm_id"}, Internal: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "CRM record; the survivor where the record decided about was merged or converted."),
		text("verdict", "is or none; null where there are only vetoes."),
		text("entity_id", "With is: the entity, after redirects."),
		integer("seq", "The decision that counts."),
		list("vetoed", "Entities it is not, after redirects, in alphabetical order."),
	},
}

// Proposal is the entity each live record asks for before records compete for it.
var Proposal = Table{
	Name: "proposal", Doc: "What each live record proposes, and its best candidate if that is nothing.",
	Key: []string{"object", "crm_id"}, Internal: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "CRM record."),
		text("entity_id", "Entity it proposes to; null for none."),
		flag("decided", "Whether a person decided it."),
		integer("decision_seq", "The decision."),
		integer("weight", "Weight of entity_id, thousandths of a bit."),
		share("probability", "Its probability, the vetoed candidates left out."),
		text("reason", "Without entity and decision: vetoed, group_collision, tie or below_threshold, by the candidates alone."),
		text("best_entity_id", "Best rejected candidate."),
		integer("best_weight", "Its weight."),
		share("best_probability", "Its probability."),
		text("second_entity_id", "The other one of a tie or a group_collision."),
		{Name: "last_activity", Type: Date, Doc: "LastActivityDate."},
		moment("created", "CreatedDate."),
	},
}

// Reason is why each live record without entity has none.
var Reason = Table{
	Name: "reason", Doc: "Why each live record without entity has none, and what it was refused.",
	Key: []string{"object", "crm_id"}, Internal: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "CRM record."),
		{Name: "reason", Type: Text, Doc: "As in unmatched.", NotNull: true},
		text("field", "As in unmatched."),
		integer("decision_seq", "The decision that there is no match."),
		text("best_entity_id", "As in proposal."),
		integer("best_weight", "As in proposal."),
		share("best_probability", "As in proposal."),
		text("second_entity_id", "As in proposal."),
	},
}

// ResolveNotice counts what an administrator should look at though it stops nothing.
var ResolveNotice = Table{
	Name: "resolve_notice", Doc: "What is odd about the decisions, counted.",
	Key: []string{"notice"}, Internal: true,
	Columns: []Column{
		key("notice", "decided_entity_not_in_directory, decision_on_unknown_record, decision_on_record_left_out, decision_overruled_after_merge, decision_overruled_after_redirect or decision_with_nothing_to_undo."),
		count("records", "Decisions concerned."),
	},
}

// StageOrder is the order of opportunity stages that the run used (Z11).
var StageOrder = Table{
	Name: "stage_order", Doc: "The order of opportunity stages that the run used.",
	Key: []string{"stage"}, Internal: true,
	Columns: []Column{
		key("stage", "Opportunity.StageName: the label of the stage or its API name."),
		count("position", "Place in the order, from 1."),
		flag("past", "Strictly after the chosen stage."),
	},
}

// OpportunityRecord is every account and contact an opportunity names, with all that decides about the lists.
var OpportunityRecord = Table{
	Name: "opportunity_record", Doc: "Each account and contact that an opportunity names, with what decides whether it is on a list.",
	Key: []string{"opportunity_id", "object", "crm_id"}, Internal: true,
	Columns: []Column{
		key("opportunity_id", "Opportunity."),
		key("object", "Account or Contact."),
		key("crm_id", "Record the opportunity names."),
		text("owner_id", "Owner of the opportunity."),
		text("stage", "Its stage."),
		flag("gone", "The opportunity is deleted or missing, or no contact role is left that names the contact."),
		flag("closed", "Opportunity.IsClosed."),
		flag("past", "Strictly past the chosen stage; always where none is chosen."),
		text("status", "Status of the named record in mapping; null where the mirror does not have it."),
		text("saved_crm_id", "Record that goes on the list: itself, or the winner where it is a duplicate; null without entity."),
		text("entity_kind", "company or member."),
		text("entity_id", "Directory entity of saved_crm_id."),
	},
}

// AtOpen is a step of suggested_lead and missing_in_crm: the members at companies that something is being sold to.
var AtOpen = Table{
	Name: "at_open", Doc: "Members at a company with an open opportunity.",
	Key: []string{"entity_id"}, Internal: true,
	Columns: []Column{
		key("entity_id", "Directory member."),
	},
}

// MappingCount is a step of sync_stats: the answers counted.
var MappingCount = Table{
	Name: "mapping_count", Doc: "Rows of mapping by object and what they say.",
	Key: []string{"object"}, Internal: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		count("records", "As sync_stats."),
		count("matched", "As sync_stats."),
		count("sure", "As sync_stats."),
		count("duplicates", "As sync_stats."),
		count("decided", "As sync_stats."),
		count("unmatched", "As sync_stats."),
		count("person_accounts", "As sync_stats."),
		count("converted", "As sync_stats."),
		count("merged", "As sync_stats."),
		count("deleted", "As sync_stats."),
	},
}

// RequiredCount is a step of data_quality: how often a field that the import needs is empty.
var RequiredCount = Table{
	Name: "required_count", Doc: "Records without a field that the import needs.",
	Key: []string{"object", "field"}, Internal: true,
	Columns: []Column{
		key("object", "CRM object."),
		key("field", "Field of the source."),
		count("records", "Records without it."),
		count("of", "Records looked at."),
	},
}

// CheckCount counts the rows that break an invariant of the publication.
var CheckCount = Table{
	Name: "check_count", Doc: "Rows that break an invariant, by check.",
	Key: []string{"check_name"}, Internal: true,
	Columns: []Column{
		key("check_name", "Name of the check."),
		count("failing", "Rows that break it."),
	},
}
