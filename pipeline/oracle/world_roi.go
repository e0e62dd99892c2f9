package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// RandomROI is a world of small random orgs like Random, with ROI tables wanted: currencies and rates, leads that became
// opportunities, and activities at the borders of every rule, on days on which clocks change, too.
func RandomROI(seed uint64, orgs int, asOf time.Time) *World {
	w := Random(seed, orgs)
	s := &w.Settings
	s.ROI = true
	s.WonValueField = pick(w, []string{"Amount", "AgencyFee__c"})
	s.TimeZone = pick(w, roiZones)
	zone := s.TimeZone
	if w.chance(60) {
		org := Row{"Id": w.newID("Organization"), "Name": "Acme", "TimeZoneSidKey": pick(w, roiZones)}
		w.CRM["Organization"] = &Sheet{Columns: []string{"Id", "Name", "TimeZoneSidKey"}, Rows: []Row{org}}
		if zone == "" {
			zone = org["TimeZoneSidKey"]
		}
	}
	if zone == "" {
		zone = "UTC"
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		panic(err) // no zone of the list
	}
	r := &roiWorld{World: w, zone: location, asOf: asOf}
	r.money()
	r.deals()
	r.convertedLeads()
	r.touches()
	return w
}

// roiZones: none, whole and broken offsets, clocks that change in the night, at midnight and in the other half of the year.
var roiZones = []string{"", "", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Africa/Cairo",
	"America/Santiago"}

// changes of the clock: days of the zones above, and the days beside them.
var clockChanges = []string{"2025-03-09", "2025-03-30", "2025-04-05", "2025-04-06", "2025-04-25", "2025-09-07", "2025-09-28",
	"2025-10-26", "2025-10-30", "2025-10-31", "2025-11-02", "2026-03-08", "2026-03-29", "2026-04-04", "2026-04-05", "2026-04-24"}

type roiWorld struct {
	*World
	zone *time.Location
	asOf time.Time
}

func (r *roiWorld) money() {
	codes := []string{"EUR", "USD", "GBP", "JPY", "SEK"}
	deals := r.CRM["Opportunity"]
	deals.Columns = append(slices.Clone(deals.Columns), "AgencyFee__c", "CurrencyIsoCode")
	named := map[string]string{}
	single := r.chance(15) // names one currency or none
	for _, id := range r.ids("Opportunity") {
		switch {
		case r.chance(20):
		case single:
			named[id] = "EUR"
		case r.chance(5):
			named[id] = "XXX"
		default:
			named[id] = pick(r.World, codes)
		}
	}
	for _, row := range deals.Rows {
		row["CurrencyIsoCode"] = named[row["Id"]]
	}
	if r.chance(25) {
		return
	}
	types := &Sheet{Columns: []string{"Id", "IsoCode", "ConversionRate", "DecimalPlaces", "IsActive", "SystemModstamp"}}
	flagged := r.chance(80)
	if flagged {
		types.Columns = append(types.Columns, "IsCorporate")
	}
	corporate := pick(r.World, codes)
	for _, code := range codes {
		row := Row{"Id": r.newID("CurrencyType"), "IsoCode": code, "IsActive": r.yes(r.chance(85)), "IsCorporate": r.yes(code == corporate),
			"ConversionRate": pick(r.World, []string{"0.86", "2", "147.35", "0.5", "3", "1.6E1", "0", "", "0.0000000003"}),
			"DecimalPlaces":  pick(r.World, []string{"2", "2", "2", "0", "3", ""})}
		if code == corporate {
			row["ConversionRate"] = "1.0"
		}
		if r.chance(50) {
			row["SystemModstamp"] = r.moment(r.between(0, 700_000))
		}
		types.Rows = append(types.Rows, row)
	}
	r.CRM["CurrencyType"] = types
	if r.chance(40) {
		return
	}
	rates := &Sheet{Columns: []string{"Id", "IsoCode", "StartDate", "NextStartDate", "ConversionRate"}}
	for _, code := range codes[1:] {
		for from := 330; from < 620; from += r.between(40, 120) {
			row := Row{"Id": r.newID("DatedConversionRate"), "IsoCode": code, "StartDate": born.AddDate(0, 0, from).Format(time.DateOnly),
				"ConversionRate": fmt.Sprintf("%d.%04d", r.between(0, 3), r.between(0, 9999))}
			if len(rates.Rows) > 0 && rates.Rows[len(rates.Rows)-1]["IsoCode"] == code && r.chance(80) {
				rates.Rows[len(rates.Rows)-1]["NextStartDate"] = row["StartDate"]
			}
			rates.Rows = append(rates.Rows, row)
		}
	}
	r.CRM["DatedConversionRate"] = rates
}

// deals gives opportunities amounts that are hard to round, and days on which clocks change.
func (r *roiWorld) deals() {
	closing, created, amount, fee := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	value := func() string {
		switch r.between(0, 9) {
		case 0:
			return ""
		case 1:
			return fmt.Sprintf("-%d.%02d", r.between(0, 900), r.between(0, 99))
		case 2:
			return pick(r.World, []string{"0.005", "0.01", "1.6147805824397E13", "999999999999999999.99", "1E18", "0", "0.0049999999"})
		case 3:
			return fmt.Sprintf("%d.%03d", r.between(0, 90), 5*r.between(0, 199))
		}
		return fmt.Sprintf("%d.%02d", r.between(0, 90_000), r.between(0, 99))
	}
	for _, id := range r.ids("Opportunity") {
		amount[id], fee[id] = value(), value()
		switch {
		case r.chance(40):
			closing[id] = pick(r.World, clockChanges)
		case r.chance(8):
			closing[id] = ""
		case r.chance(8):
			closing[id] = r.asOf.In(r.zone).AddDate(0, 0, r.between(-1, 1)).Format(time.DateOnly)
		default:
			closing[id] = r.day(300, 560)
		}
		if r.chance(50) {
			created[id] = r.stampAt(r.local(pick(r.World, clockChanges)).Add(time.Duration(r.between(0, 100_000)) * time.Second))
		} else if r.chance(5) {
			created[id] = ""
		} else {
			created[id] = r.moment(r.between(0, 760_000))
		}
	}
	for _, row := range r.CRM["Opportunity"].Rows {
		id := row["Id"]
		row["CloseDate"], row["CreatedDate"], row["Amount"], row["AgencyFee__c"] = closing[id], created[id], amount[id], fee[id]
	}
}

// local is the first instant of a day, or the next one where clocks leave it out.
func (r *roiWorld) local(date string) time.Time {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return r.asOf
	}
	t := time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, r.zone)
	if t.Day() != d.Day() {
		t = time.Date(d.Year(), d.Month(), d.Day(), 1, 0, 0, 0, r.zone)
	}
	return t
}

func (r *roiWorld) stampAt(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (r *roiWorld) convertedLeads() {
	leads := r.CRM["Lead"]
	leads.Columns = append(slices.Clone(leads.Columns), "ConvertedOpportunityId")
	deals := r.ids("Opportunity")
	became := map[string]string{}
	for _, row := range leads.Rows {
		if truth(row["IsConverted"]) && row["ConvertedContactId"] != "" && len(deals) > 0 && r.chance(85) {
			became[row["Id"]] = pick(r.World, deals)
		}
	}
	for _, row := range leads.Rows {
		row["ConvertedOpportunityId"] = became[row["Id"]]
	}
}

// touches adds activities towards the people and accounts of opportunities, most of them at a border of a rule.
func (r *roiWorld) touches() {
	if r.Activities == nil {
		r.Activities = &Sheet{Columns: activityColumns}
	}
	byEmail, byName, contacts := map[string]string{}, map[string]string{}, map[string]Row{}
	for _, m := range r.Members.Rows {
		byEmail[strings.ToLower(m["emails"])] = m["member_id"]
	}
	for _, c := range r.Companies.Rows {
		byName[c["name"]] = c["company_id"]
	}
	for _, c := range r.CRM["Contact"].Rows {
		contacts[c["Id"]] = c
	}
	accounts := map[string]Row{}
	for _, a := range r.CRM["Account"].Rows {
		accounts[a["Id"]] = a
	}
	deals, byID := r.ids("Opportunity"), map[string]Row{}
	for _, d := range r.CRM["Opportunity"].Rows {
		byID[d["Id"]] = d
	}
	for i := range 6 * len(deals) {
		deal := byID[pick(r.World, deals)]
		row := Row{"activity_id": fmt.Sprintf("roi%05d", i), "seat_id": "s00", "kind": pick(r.World, roiKindsOfWorld),
			"occurred_at": r.when(deal, byID[pick(r.World, deals)])}
		switch who := r.between(0, 9); {
		case who < 4:
			row["company_id"] = byName[accounts[deal["AccountId"]]["Name"]]
		case who < 8:
			row["member_id"] = byEmail[strings.ToLower(contacts[r.someContact(deal)]["Email"])]
		default:
			row["company_id"] = byName[accounts[deal["AccountId"]]["Name"]]
			row["member_id"] = byEmail[strings.ToLower(contacts[r.someContact(deal)]["Email"])]
		}
		r.Activities.Rows = append(r.Activities.Rows, row)
	}
}

var roiKindsOfWorld = []string{"inmail", "message", "call", "presentation_view", "call", "inmail", "note", "profile_view", "save"}

// someContact is one of the deal, or of its account, or of a lead that became it.
func (r *roiWorld) someContact(deal Row) string {
	var found []string
	for _, role := range r.CRM["OpportunityContactRole"].Rows {
		if role["OpportunityId"] == deal["Id"] {
			found = append(found, role["ContactId"])
		}
	}
	for _, c := range r.CRM["Contact"].Rows {
		if c["AccountId"] != "" && c["AccountId"] == deal["AccountId"] {
			found = append(found, c["Id"])
		}
	}
	for _, l := range r.CRM["Lead"].Rows {
		if l["ConvertedOpportunityId"] == deal["Id"] {
			found = append(found, l["ConvertedContactId"])
		}
	}
	if len(found) == 0 {
		return ""
	}
	return pick(r.World, found)
}

// when is a time at a border of a rule about a deal, a thousandth of a second before it, or any time.
func (r *roiWorld) when(deal, other Row) string {
	closing, created := r.local(deal["CloseDate"]), moment(deal["CreatedDate"])
	if created.IsZero() {
		created = r.asOf
	}
	dayBefore := func(t time.Time, days int) time.Time {
		return r.local(t.In(r.zone).AddDate(0, 0, -days).Format(time.DateOnly))
	}
	var at time.Time
	switch r.between(0, 11) {
	case 0:
		return ""
	case 1:
		at = dayBefore(closing, -1)
	case 2:
		at = dayBefore(closing, 89)
	case 3:
		at = dayBefore(r.asOf, 89)
	case 4:
		at = r.asOf
	case 5:
		at = created
	case 6, 7:
		at = dayBefore(created, 180)
	case 8:
		at = moment(other["CreatedDate"]) // perhaps of the same account
		if at.IsZero() {
			at = r.asOf
		}
	case 9:
		at = created.AddDate(0, 0, -r.between(0, 170))
	default:
		at = closing.AddDate(0, 0, -r.between(0, 200))
	}
	return r.stampAt(at.Add(time.Duration(r.between(-1, 0)) * time.Millisecond))
}
