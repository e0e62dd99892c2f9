package schemas

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Object is one CRM object that crmlink imports, under the CRM's own names.
type Object struct {
	Name string
	// Prefix is the first three characters of the object's Ids; empty where any Id is taken.
	Prefix string
	Use    string
	Fields []Field
	// Helper objects (stages, currencies, rates, the organization) may be absent altogether.
	Helper bool
}

// Field is one field of an object. A Required field's column must exist in the source; an empty cell is data.
type Field struct {
	Name     string
	Type     arrow.DataType
	Required bool
	// ID marks a field that holds record Ids: 15 characters become 18 and checksums are verified.
	ID bool
}

// The names of the objects, as the CRM spells them.
const (
	Account                = "Account"
	Contact                = "Contact"
	Lead                   = "Lead"
	Opportunity            = "Opportunity"
	OpportunityContactRole = "OpportunityContactRole"
	User                   = "User"
	UserRole               = "UserRole"
	OpportunityStage       = "OpportunityStage"
	CurrencyType           = "CurrencyType"
	DatedConversionRate    = "DatedConversionRate"
	Organization           = "Organization"
)

// Objects lists what is imported. A trailing * marks a required field, a leading @ one that holds Ids, and
// :type gives a type other than text. Every object also takes IsDeleted, SystemModstamp and CurrencyIsoCode.
var Objects = []Object{
	object(Account, "001", "match CRM accounts to directory companies", `@Id* Name* Website AnnualRevenue:number
		NumberOfEmployees:int Phone Industry Type BillingStreet BillingCity BillingState BillingCountry
		BillingPostalCode CreatedDate:time LastModifiedDate:time* @OwnerId* Description Fax @ParentId ShippingCity
		ShippingCountry ShippingPostalCode ShippingState ShippingStreet LastReferencedDate:time LastViewedDate:time
		Rating TickerSymbol Ownership Sic IsPersonAccount:bool @MasterRecordId`),
	object(Contact, "003", "match CRM contacts to directory members", `@Id* @AccountId* CreatedDate:time Department
		Description Email Fax FirstName LastActivityDate:date LastName* LastModifiedDate:time* LastReferencedDate:time
		LastViewedDate:time LeadSource MailingStreet MailingCity MailingCountry MailingState Name Phone Title
		@OwnerId IsPersonAccount:bool @MasterRecordId MailingPostalCode MobilePhone`),
	object(Lead, "00Q", "match CRM leads to directory members", `@Id* City Company* @ConvertedAccountId
		@ConvertedContactId ConvertedDate:date @ConvertedOpportunityId Country CreatedDate:time Email FirstName
		Industry IsConverted:bool* IsUnreadByOwner:bool LastActivityDate:date LastName* LastReferencedDate:time
		LastViewedDate:time LeadSource @OwnerId* Phone State Status Street Title Website LastModifiedDate:time*
		PostalCode MobilePhone @MasterRecordId`),
	object(Opportunity, "006", "find open opportunities past the pipeline stage; ROI reports", `@Id* @AccountId*
		Amount:number CloseDate:date* CreatedDate:time* IsClosed:bool* IsWon:bool* LastActivityDate:date
		LastReferencedDate:time LastViewedDate:time LeadSource Name @OwnerId* StageName* Type LastModifiedDate:time*
		WonValue:number`),
	object(OpportunityContactRole, "00K", "join opportunities with contacts", `@Id* @ContactId* IsPrimary:bool
		@OpportunityId* Role CreatedDate:time LastModifiedDate:time`),
	object(User, "005", "map CRM users to seats by email", `@Id* Name Department Email* FirstName LastName Title
		Phone MobilePhone IsActive:bool* @UserRoleId CreatedDate:time LastModifiedDate:time`),
	object(UserRole, "00E", "filter CRM users to groups when assigning seats",
		`@Id* Name* @ParentRoleId LastModifiedDate:time`),
	helper(OpportunityStage, "the order of stages",
		`@Id ApiName MasterLabel* SortOrder:int* IsActive:bool IsClosed:bool IsWon:bool`),
	helper(CurrencyType, "corporate currency amounts",
		`@Id IsoCode* ConversionRate:number* DecimalPlaces:int IsActive:bool IsCorporate:bool`),
	helper(DatedConversionRate, "corporate currency amounts by date",
		`@Id IsoCode* StartDate:date* NextStartDate:date ConversionRate:number*`),
	helper(Organization, "edition and time zone of the org",
		`@Id* Name OrganizationType IsSandbox:bool InstanceName TimeZoneSidKey`),
}

// WonValue is the column of raw_opportunity that holds the field named by settings.won_value_field.
const WonValue = "WonValue"

func object(name, prefix, use, fields string) Object {
	o := Object{Name: name, Prefix: prefix, Use: use}
	for _, word := range strings.Fields(fields + " IsDeleted:bool SystemModstamp:time CurrencyIsoCode") {
		f := Field{Type: Text}
		f.Required = strings.HasSuffix(word, "*")
		word = strings.TrimSuffix(word, "*")
		f.ID = strings.HasPrefix(word, "@")
		word = strings.TrimPrefix(word, "@")
		name, kind, _ := strings.Cut(word, ":")
		f.Name = name
		switch kind {
		case "number":
			f.Type = Number
		case "int":
			f.Type = Int
		case "bool":
			f.Type = Bool
		case "time":
			f.Type = Timestamp
		case "date":
			f.Type = Date
		}
		o.Fields = append(o.Fields, f)
	}
	return o
}

func helper(name, use, fields string) Object {
	o := object(name, "", use, fields)
	o.Helper = true
	return o
}

// ObjectNamed finds an object by its CRM name.
func ObjectNamed(name string) (Object, bool) {
	for _, o := range Objects {
		if o.Name == name {
			return o, true
		}
	}
	return Object{}, false
}

// Field finds a field by name without regard to case.
func (o Object) Field(name string) (Field, bool) {
	for _, f := range o.Fields {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return Field{}, false
}

// Required lists the names of the fields whose column must exist.
func (o Object) Required() []string {
	var names []string
	for _, f := range o.Fields {
		if f.Required {
			names = append(names, f.Name)
		}
	}
	return names
}

// KeyField is the field that identifies a row: the Id, or the natural key of a helper object that has none.
func (o Object) KeyField() string {
	switch o.Name {
	case OpportunityStage:
		return "MasterLabel"
	case CurrencyType:
		return "IsoCode"
	}
	return "Id"
}

// Table is the object's raw table: one row per record, newest version, under the CRM's own field names.
func (o Object) Table() Table {
	t := Table{
		Name: "raw_" + snake(o.Name),
		Doc:  "The CRM's " + o.Name + " records as read, newest version of each: " + o.Use + ".",
		Key:  []string{o.KeyField()},
	}
	if o.Name == DatedConversionRate {
		t.Key = []string{"IsoCode", "StartDate"}
	}
	if o.Name == Account || o.Name == Contact || o.Name == Lead || o.Name == Opportunity || o.Name == OpportunityContactRole {
		t.Large = true
	}
	for _, f := range o.Fields {
		t.Columns = append(t.Columns, Column{Name: f.Name, Type: f.Type, Doc: "Field " + o.Name + "." + f.Name + ".",
			NotNull: slices.Contains(t.Key, f.Name)})
	}
	t.Columns = append(t.Columns, moment("missing_since", "When a full import first lacked this known Id; null while present."))
	return t
}

// snake turns OpportunityContactRole into opportunity_contact_role.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
