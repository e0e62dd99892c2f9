package schemas

// The normal forms that matching compares. Text columns that are compared are folded: transliterated to ASCII, lower
// case, one space between words. An unusable value is null and counted in data_quality.

// companyForm are the columns that a CRM account and a directory company have in common.
func companyForm() []Column {
	return append([]Column{
		text("name", "Name as shown to people."),
		text("name_key", "Folded name without legal form and noise words, abbreviations written out, words in order."),
		text("name_compact", "name_key without spaces."),
		list("name_tokens", "Distinct words of name_key in alphabetical order."),
		list("alias_keys", "name_key and the folded keys of all other names, distinct, in alphabetical order."),
		text("rare_token", "The word of name_key that is rarest among directory companies."),
		text("acronym", "Initials of three or more words of name_key, or name_key itself where it is one word of 2 to 6 letters."),
		text("legal_form", "Canonical legal form found in the name: gmbh, inc, ltd …"),
		text("place_hint", "City or country word cut off the end of the name."),
		text("name_placed", "name_key with place_hint behind it: Acme and Acme France have one key, and are not the same company."),
		list("placed_tokens", "Distinct words of name_placed in alphabetical order."),
		list("domains", "Registrable domains of website and domains, without shared hosts and free-mail."),
	}, append(placeForm(),
		text("phone", "Phone as digits: country code and national number where both are known, else national digits."),
		text("headcount_band", "One of 1-10, 11-50, 51-200, 201-500, 501-1000, 1001-5000, 5001-10000, 10001+."),
		text("industry", "Folded industry, shown but not compared: it follows the words of the name."),
	)...)
}

// personForm are the columns that a CRM contact or lead and a directory member have in common.
func personForm() []Column {
	return append([]Column{
		text("name", "Name as shown to people."),
		text("given", "Folded first given name, without honorifics; one letter where only an initial is known."),
		list("given_roots", "Names that given is a form of (bob: robert), given itself among them, in alphabetical order."),
		text("middle", "Folded further given names."),
		text("surname", "Folded family name, particles kept, one space between words."),
		list("surname_parts", "Words of a double family name without particles, in alphabetical order."),
		text("surname_skeleton", "Sound of the family name: consonant classes that spelling variants share."),
		text("given_skeleton", "Sound of the first given name, the same way."),
		list("name_words", "Distinct words of given, middle and family name, without particles, in alphabetical order."),
		text("name_sorted", "All words of given, middle and surname in alphabetical order: equal where they stand in other fields."),
		list("emails", "Email addresses, folded, plus-addressing removed."),
		list("email_locals", "Part before the @ of personal addresses, role addresses (info@) left out."),
		list("email_domains", "Registrable domains of the addresses, without free-mail and shared hosts."),
		list("phones", "Phones as digits: country code and national number where both are known, else national digits."),
		list("company_ids", "Directory companies the person works at now. Empty on the CRM side (see known)."),
		list("group_ids", "Topmost parents of company_ids. Empty on the CRM side."),
		list("past_company_ids", "Directory companies the person worked at before. Empty on the CRM side."),
		list("company_keys", "Folded keys (name_key) of the current company's names."),
		text("company_token", "Rarest word of the current company's name_key."),
		list("past_company_keys", "Folded keys of earlier companies' names."),
		list("company_domains", "Domains of the current company: of the account or the directory company."),
		list("past_company_domains", "Domains of earlier companies. Empty on the CRM side."),
		text("title", "Folded title, abbreviations written out."),
		text("title_function", "Function named by the title: sales, engineering, finance …"),
		text("title_rank", "Rank named by the title: chief, vice president, director, manager, staff …"),
		text("title_kind", "Function and rank in one: null unless both are known."),
		list("past_titles", "Folded earlier titles. Empty on the CRM side."),
		list("past_title_kinds", "Function and rank of earlier titles, as in title_kind. Empty on the CRM side."),
	}, placeForm()...)
}

// placeForm are the columns of an address.
func placeForm() []Column {
	return []Column{
		text("street", "Folded street without house number, abbreviations written out."),
		text("house_number", "House number."),
		text("city", "Folded city."),
		text("region", "Folded region; a code where the country has known codes."),
		text("postal_code", "Postal code, upper case, without spaces."),
		text("country", "ISO 3166 alpha-2 code."),
	}
}

// CRMCompany holds every account of the mirror, live or not, in normal form.
var CRMCompany = Table{
	Name: "crm_company", Doc: "CRM accounts in the normal form that matching compares.",
	Key: []string{"crm_id"}, Large: true, Internal: true,
	Columns: append([]Column{
		key("crm_id", "Account Id."),
		flag("live", "Takes part in matching: not deleted, merged, missing or a Person Account."),
		text("parent_id", "Account.ParentId."),
		list("email_domains", "Email domains of the account's contacts, without free-mail and shared hosts."),
	}, companyForm()...),
}

// DirCompany holds the directory's companies in normal form.
var DirCompany = Table{
	Name: "dir_company", Doc: "Directory companies in the normal form that matching compares.",
	Key: []string{"entity_id"}, Large: true, Internal: true,
	Columns: append([]Column{
		key("entity_id", "company_id of the directory."),
		text("parent_id", "Company that owns this one."),
		text("group_id", "Topmost parent; the company itself where it has none or the chain is a circle."),
	}, companyForm()...),
}

// CRMPerson holds every contact and lead of the mirror, live or not, in normal form.
var CRMPerson = Table{
	Name: "crm_person", Doc: "CRM contacts and leads in the normal form that matching compares.",
	Key: []string{"crm_id"}, Large: true, Internal: true,
	Columns: append([]Column{
		key("crm_id", "Contact or Lead Id."),
		{Name: "object", Type: Text, Doc: "Contact or Lead.", NotNull: true},
		flag("live", "Takes part in matching: not deleted, merged, missing, converted or a Person Account."),
		text("account_id", "Contact.AccountId."),
	}, personForm()...),
}

// DirMember holds the directory's members in normal form.
var DirMember = Table{
	Name: "dir_member", Doc: "Directory members in the normal form that matching compares.",
	Key: []string{"entity_id"}, Large: true, Internal: true,
	Columns: append([]Column{key("entity_id", "member_id of the directory.")}, personForm()...),
}

// Known is what the other half of the loop knows about a record when it is scored: for a contact the company its
// account is, for an account the companies its matched contacts work at and the company the account above it is.
var Known = Table{
	Name: "known", Doc: "What matched accounts say of their contacts, and matched contacts of their account.",
	Key: []string{"object", "crm_id"}, Large: true, Internal: true,
	Columns: []Column{
		key("object", "Account, Contact or Lead."),
		key("crm_id", "Record."),
		list("known_ids", "Directory companies, most often named first, ties by id."),
		list("known_groups", "Topmost parents of known_ids, distinct, in alphabetical order."),
		list("known_keys", "Folded keys of all names of the account's company: what an earlier employer may be called. Empty for accounts."),
		list("known_parents", "For an account: the directory company that the account above it (ParentId) is."),
		list("known_parent_groups", "Topmost parents of known_parents."),
	},
}

// TermFrequency counts values among directory records, for the frequency adjustment. Frozen with the model.
var TermFrequency = Table{
	Name: "term_frequency", Doc: "How often a value occurs in a directory column; part of the model.",
	Key: []string{"kind", "field", "value"}, Internal: true,
	Columns: []Column{
		key("kind", "company or member."),
		key("field", "Column of dir_company or dir_member."),
		key("value", "Value."),
		count("records", "Directory records that hold it."),
	},
}
