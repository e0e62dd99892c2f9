package schemas

// ROI tables: what seats did towards the people and accounts of opportunities, and what those are worth (I1 to I4, Z13,
// Z14). They exist only where settings.roi.enabled is true. Money is exact: sums and comparisons lose nothing.

func money(name, doc string) Column { return Column{Name: name, Type: Number, Doc: doc} }
func day(name, doc string) Column   { return Column{Name: name, Type: Date, Doc: doc} }
func sum(name, doc string) Column   { return Column{Name: name, Type: Number, Doc: doc, NotNull: true} }

var definitionVersion = Column{Name: "definition_version", Type: Text, Doc: "Version of the definitions, which docs/roi.md spells out.", NotNull: true}

// RoiOpportunity is one row per opportunity of the CRM that is neither deleted nor missing.
var RoiOpportunity = Table{
	Name: "roi_opportunity", Doc: "Each opportunity: whether seats influenced or sourced it, by which touches, and its value in its own and in the corporate currency. Only with settings.roi.enabled.",
	Key: []string{"opportunity_id"}, Large: true,
	Columns: []Column{
		key("opportunity_id", "Opportunity, neither deleted nor missing."),
		definitionVersion,
		text("account_id", "Opportunity.AccountId."),
		text("owner_id", "Opportunity.OwnerId."),
		{Name: "status", Type: Text, Doc: "open, won or lost, by IsClosed and IsWon.", NotNull: true},
		{Name: "period", Type: Text, Doc: "Quarter of CloseDate, such as 2026-Q3; none without CloseDate.", NotNull: true},
		moment("created_at", "Opportunity.CreatedDate."),
		day("close_date", "Opportunity.CloseDate; of an open opportunity the day it is hoped for."),
		{Name: "time_zone", Type: Text, Doc: "Time zone of all days in this row.", NotNull: true},
		day("created_on", "Day of created_at."),
		day("window_from", "First of the 90 days in which a touch influences; null where closed without CloseDate."),
		day("window_to", "Last of them: the close date of a closed opportunity, else, or where that is earlier, the day of as_of."),
		count("touches", "Rows of roi_touch."),
		count("counted_touches", "Those that count."),
		count("influencing_touches", "Those of them that are in the window."),
		moment("first_touch_at", "The first counted touch; of several at one time the one with the smallest id."),
		text("first_touch_id", "Its activity_id."),
		text("first_touch_path", "Its path."),
		moment("last_touch_at", "The last counted touch."),
		flag("influenced", "At least one counted touch in the window."),
		text("influence_path", "The first path, in the order person, account, converted_lead, by which an influencing touch leads here; null where not influenced."),
		flag("sourced", "The first counted touch came before the opportunity was created, at most 180 days, and before its person or the account had another opportunity."),
		text("not_sourced", "Why not, the first that applies: no_touch, no_created_date, touch_after_creation, touch_too_early, earlier_opportunity; null where sourced."),
		text("earlier_opportunity_id", "With earlier_opportunity: the oldest one of the person or account."),
		{Name: "amount_field", Type: Text, Doc: "Field of Opportunity that amount is read from: settings.won_value_field.", NotNull: true},
		money("amount", "Its value as in the CRM."),
		text("currency", "Currency of amount: CurrencyIsoCode, else the corporate currency; null where the CRM names none."),
		money("corporate_amount", "amount / rate, half up to the decimal places of the corporate currency, 2 where it does not tell; amount itself where that is its currency."),
		text("corporate_currency", "The corporate currency; null where the CRM names none."),
		money("rate", "Units of currency for one of the corporate currency; 1 where they are the same; null without corporate_amount."),
		day("rate_date", "Day since which rate stands: StartDate, or the day on which CurrencyType was last written, else the day of as_of; null where the rate is 1 because both are the same currency."),
		text("rate_source", "DatedConversionRate, CurrencyType, corporate (the amount is in the corporate currency) or one_currency (the CRM has no CurrencyType)."),
		text("no_corporate_amount", "Why there is none: no_amount, amount_too_large, unknown_currency, no_rate, several_currencies_without_rates; null where there is one."),
	},
}

// RoiTouch is one row per opportunity and activity that reaches it, counted or not.
var RoiTouch = Table{
	Name: "roi_touch", Doc: "Each activity of a seat that leads to an opportunity, by which path, and whether it counts. Only with settings.roi.enabled.",
	Key: []string{"opportunity_id", "activity_id"}, Large: true,
	Columns: []Column{
		key("opportunity_id", "Opportunity."),
		key("activity_id", "Activity."),
		definitionVersion,
		text("seat_id", "Seat that acted."),
		text("kind", "Kind of activity."),
		moment("occurred_at", "When."),
		day("occurred_on", "Day of occurred_at in roi_opportunity.time_zone."),
		text("member_id", "Member it was towards, after redirects."),
		text("company_id", "Company it was towards, after redirects."),
		{Name: "path", Type: Text, Doc: "The first that leads here: person (the member is a contact of the opportunity), account (the member is a contact of its account, or the company is its account), converted_lead (the member is a lead that became it).", NotNull: true},
		{Name: "via_object", Type: Text, Doc: "Object of the record in between: Contact, Account or Lead.", NotNull: true},
		{Name: "via_crm_id", Type: Text, Doc: "That record; of several the one with the smallest Id.", NotNull: true},
		integer("days_before_close", "Days from occurred_on to roi_opportunity.window_to."),
		integer("days_before_created", "Days from occurred_on to roi_opportunity.created_on."),
		flag("counted", "Of a counted kind (inmail, message, call, presentation_view), dated, and before the opportunity closed."),
		flag("influences", "Counted and in the window."),
		text("reason", "Why it does not influence, the first that applies: kind_not_counted, no_time, after_close, no_close_date, outside_window; null where it does."),
	},
}

// RoiSummary adds roi_opportunity up. No row contains another: any rows may be added.
var RoiSummary = Table{
	Name: "roi_summary", Doc: "roi_opportunity added up by status, quarter and currency. Influenced and sourced overlap: never add them. Only with settings.roi.enabled.",
	Key: []string{"status", "period", "currency"},
	Columns: []Column{
		key("status", "open, won or lost."),
		key("period", "Quarter of CloseDate, such as 2026-Q3; none without CloseDate."),
		key("currency", "Currency of the amounts that are not corporate; none where the CRM names none."),
		definitionVersion,
		{Name: "time_zone", Type: Text, Doc: "Time zone of days.", NotNull: true},
		{Name: "amount_field", Type: Text, Doc: "Field of Opportunity that the amounts are read from.", NotNull: true},
		text("corporate_currency", "Currency of the corporate amounts."),
		count("opportunities", "Opportunities."),
		count("influenced", "Those influenced."),
		count("sourced", "Those sourced."),
		count("influenced_and_sourced", "Those that are both."),
		sum("amount", "Sum of amount."),
		sum("influenced_amount", "Of the influenced."),
		sum("sourced_amount", "Of the sourced."),
		sum("influenced_and_sourced_amount", "Of those that are both."),
		sum("corporate_amount", "Sum of corporate_amount."),
		sum("corporate_influenced_amount", "Of the influenced."),
		sum("corporate_sourced_amount", "Of the sourced."),
		sum("corporate_influenced_and_sourced_amount", "Of those that are both."),
		count("without_amount", "Opportunities without amount; they are in the counts and add nothing to the sums."),
		count("without_corporate_amount", "Opportunities without corporate amount, likewise."),
	},
}

// RoiPerson is a step of roi_touch and roi_opportunity: whose opportunities they are.
var RoiPerson = Table{
	Name: "roi_person", Doc: "The members whose opportunity it is: as a contact of it, or as a lead that became it.",
	Key: []string{"opportunity_id", "member_id", "path"}, Internal: true, Large: true,
	Columns: []Column{
		key("opportunity_id", "Opportunity."),
		key("member_id", "Member."),
		key("path", "person or converted_lead."),
		{Name: "via_object", Type: Text, Doc: "Contact or Lead.", NotNull: true},
		{Name: "via_crm_id", Type: Text, Doc: "That record; of several the one with the smallest Id.", NotNull: true},
	},
}

// RoiAmount is a step of roi_opportunity: its value in two currencies.
var RoiAmount = Table{
	Name: "roi_amount", Doc: "The value of each opportunity in its own and in the corporate currency.",
	Key: []string{"opportunity_id"}, Internal: true, Large: true,
	Columns: []Column{
		key("opportunity_id", "Opportunity."),
		money("amount", "As roi_opportunity."),
		text("currency", "As roi_opportunity."),
		money("corporate_amount", "As roi_opportunity."),
		text("corporate_currency", "As roi_opportunity."),
		money("rate", "As roi_opportunity."),
		day("rate_date", "As roi_opportunity."),
		text("rate_source", "As roi_opportunity."),
		text("no_corporate_amount", "As roi_opportunity."),
	},
}
