package oracle

import (
	"fmt"
	"slices"
	"time"
)

// roiColumns are those of the ROI tables, which an org has only where its settings say so.
var roiColumns = map[string][]string{
	"roi_opportunity": {"opportunity_id", "definition_version", "account_id", "owner_id", "status", "period", "created_at",
		"close_date", "time_zone", "created_on", "window_from", "window_to", "touches", "counted_touches", "influencing_touches",
		"first_touch_at", "first_touch_id", "first_touch_path", "last_touch_at", "influenced", "influence_path", "sourced",
		"not_sourced", "earlier_opportunity_id", "amount_field", "amount", "currency", "corporate_amount", "corporate_currency",
		"rate", "rate_date", "rate_source", "no_corporate_amount"},
	"roi_touch": {"opportunity_id", "activity_id", "definition_version", "seat_id", "kind", "occurred_at", "occurred_on",
		"member_id", "company_id", "path", "via_object", "via_crm_id", "days_before_close", "days_before_created", "counted",
		"influences", "reason"},
	"roi_summary": {"status", "period", "currency", "definition_version", "time_zone", "amount_field", "corporate_currency", "opportunities",
		"influenced", "sourced", "influenced_and_sourced", "amount", "influenced_amount", "sourced_amount", "influenced_and_sourced_amount",
		"corporate_amount", "corporate_influenced_amount", "corporate_sourced_amount", "corporate_influenced_and_sourced_amount",
		"without_amount", "without_corporate_amount"},
}

// roiDeal is an opportunity that counts, with what was found out about it.
type roiDeal struct {
	row         Row
	created     time.Time
	closed      bool
	closeDate   day // noDay where there is none
	lastDay     day // of its window
	people      []roiPerson
	touches     []*roiTouch
	influenced  bool
	sourced     bool
	period      string
	status      string
	money       roiMoney
	influencing int
}

// roiPerson is a member and the record by which the opportunity is theirs.
type roiPerson struct{ member, path, object, id string }

type roiTouch struct {
	activity                      Row
	at                            time.Time
	on                            day
	member, company               string
	path, object, id, reason      string
	counted, influences, hasATime bool
}

// day is a number of days since 1970.
type day int

const noDay = day(-1 << 30)

func dayOf(t time.Time) day {
	return day(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func dateOf(text string) day {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return noDay
	}
	return dayOf(t)
}

// date is what the published column holds.
func (d day) date() time.Time {
	if d == noDay {
		return time.Time{}
	}
	return time.Unix(int64(d)*86400, 0).UTC()
}

var (
	roiKinds = []string{"inmail", "message", "call", "presentation_view"}
	roiPaths = []string{"person", "account", "converted_lead"} // the first that leads to a deal counts
)

// roi fills the ROI tables (Z13, Z14).
func (e *expectation) roi() error {
	if !e.settings.ROI {
		return nil
	}
	name := e.settings.TimeZone
	for _, org := range e.files.crm["Organization"] {
		if name == "" {
			name = org["timezonesidkey"]
		}
	}
	if name == "" {
		name = "UTC"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return err
	}
	deals := e.roiDeals(zone)
	for _, d := range deals {
		for _, activity := range e.files.listed["activities"] {
			if t := e.touch(d, activity); t != nil {
				e.judge(d, t, zone)
				d.touches = append(d.touches, t)
			}
		}
	}
	for _, d := range deals {
		e.judgeDeal(d, deals, name, zone)
	}
	e.roiSummary(deals, name)
	return nil
}

// roiDeals are the opportunities that are not deleted.
func (e *expectation) roiDeals(zone *time.Location) []*roiDeal {
	var deals []*roiDeal
	today := dayOf(e.asOf.In(zone))
	book := e.moneyBook()
	for _, row := range e.files.crm["Opportunity"] {
		if truth(row["isdeleted"]) {
			continue
		}
		d := &roiDeal{row: row, created: moment(row["createddate"]), closed: truth(row["isclosed"]), closeDate: dateOf(row["closedate"])}
		switch {
		case !d.closed:
			d.status, d.lastDay = "open", today
		case d.closeDate == noDay:
			d.lastDay = noDay
		default:
			d.lastDay = min(d.closeDate, today)
		}
		if d.closed {
			d.status = map[bool]string{true: "won", false: "lost"}[truth(row["iswon"])]
		}
		d.period = "none"
		if d.closeDate != noDay {
			c := d.closeDate.date()
			d.period = fmt.Sprintf("%d-Q%d", c.Year(), (int(c.Month())+2)/3)
		}
		for _, role := range e.files.crm["OpportunityContactRole"] {
			if role["opportunityid"] == row["id"] && !truth(role["isdeleted"]) {
				if c := e.record("Contact", role["contactid"]); c != nil && c.entity != "" {
					d.people = append(d.people, roiPerson{c.entity, "person", "Contact", c.id})
				}
			}
		}
		for _, r := range e.records {
			switch {
			case r.entity == "":
			case r.object == "Lead" && r.row["convertedopportunityid"] == row["id"]:
				d.people = append(d.people, roiPerson{r.entity, "converted_lead", "Lead", r.id})
			case r.object == "Contact" && row["accountid"] != "" && r.row["accountid"] == row["accountid"]:
				d.people = append(d.people, roiPerson{r.entity, "account", "Contact", r.id})
			}
		}
		d.money = book.convert(d, e.settings.WonValueField, zone)
		deals = append(deals, d)
	}
	return deals
}

// touch finds the first path by which an activity leads to a deal; nil where there is none.
func (e *expectation) touch(d *roiDeal, activity Row) *roiTouch {
	t := &roiTouch{activity: activity}
	if activity["member_id"] != "" {
		t.member = e.today(activity["member_id"])
	}
	if activity["company_id"] != "" {
		t.company = e.today(activity["company_id"])
	}
	ways := slices.Clone(d.people)
	if account := e.record("Account", d.row["accountid"]); account != nil && account.entity != "" && account.entity == t.company {
		ways = append(ways, roiPerson{t.member, "account", "Account", account.id})
	}
	for _, w := range ways {
		if w.object != "Account" && (t.member == "" || w.member != t.member) {
			continue
		}
		better := t.path == "" || slices.Index(roiPaths, w.path) < slices.Index(roiPaths, t.path) ||
			w.path == t.path && w.object+w.id < t.object+t.id
		if better {
			t.path, t.object, t.id = w.path, w.object, w.id
		}
	}
	if t.path == "" {
		return nil
	}
	return t
}

// judge says whether a touch counts and whether it influences.
func (e *expectation) judge(d *roiDeal, t *roiTouch, zone *time.Location) {
	t.at = moment(t.activity["occurred_at"])
	t.hasATime, t.on = !t.at.IsZero(), noDay
	var beforeClose, beforeCreated any
	if t.hasATime {
		t.on = dayOf(t.at.In(zone))
		if d.lastDay != noDay {
			beforeClose = int(d.lastDay - t.on)
		}
		if !d.created.IsZero() {
			beforeCreated = int(dayOf(d.created.In(zone)) - t.on)
		}
	}
	switch {
	case !slices.Contains(roiKinds, t.activity["kind"]):
		t.reason = "kind_not_counted"
	case !t.hasATime:
		t.reason = "no_time"
	case !t.at.Before(e.asOf), d.closed && d.closeDate != noDay && t.on > d.closeDate:
		t.reason = "after_close"
	case d.lastDay == noDay:
		t.counted, t.reason = true, "no_close_date"
	case t.on < d.lastDay-89:
		t.counted, t.reason = true, "outside_window"
	default:
		t.counted, t.influences = true, true
	}
	e.add("roi_touch", d.row["id"], t.activity["activity_id"], "1", t.activity["seat_id"], t.activity["kind"], t.at, t.on.date(),
		t.member, t.company, t.path, t.object, t.id, beforeClose, beforeCreated, t.counted, t.influences, t.reason)
}

// judgeDeal says whether an opportunity was influenced and sourced.
func (e *expectation) judgeDeal(d *roiDeal, all []*roiDeal, zoneName string, zone *time.Location) {
	var first *roiTouch
	var last time.Time
	counted := 0
	bestPath := ""
	for _, t := range d.touches {
		if !t.counted {
			continue
		}
		counted++
		if first == nil || t.at.Before(first.at) || t.at.Equal(first.at) && t.activity["activity_id"] < first.activity["activity_id"] {
			first = t
		}
		if t.at.After(last) {
			last = t.at
		}
		if t.influences {
			d.influenced = true
			d.influencing++
			if bestPath == "" || slices.Index(roiPaths, t.path) < slices.Index(roiPaths, bestPath) {
				bestPath = t.path
			}
		}
	}
	why, earlier, createdOn := "", "", noDay
	if !d.created.IsZero() {
		createdOn = dayOf(d.created.In(zone))
	}
	switch {
	case first == nil:
		why = "no_touch"
	case d.created.IsZero():
		why = "no_created_date"
	case !first.at.Before(d.created):
		why = "touch_after_creation"
	case first.on < createdOn-180:
		why = "touch_too_early"
	default:
		if earlier = earlierDeal(d, first, all); earlier != "" {
			why = "earlier_opportunity"
		}
	}
	d.sourced = why == ""
	var firstAt time.Time
	firstID, firstPath := "", ""
	if first != nil {
		firstAt, firstID, firstPath = first.at, first.activity["activity_id"], first.path
	}
	from := noDay
	if d.lastDay != noDay {
		from = d.lastDay - 89
	}
	m := d.money
	e.add("roi_opportunity", d.row["id"], "1", d.row["accountid"], d.row["ownerid"], d.status, d.period, d.created, d.closeDate.date(),
		zoneName, createdOn.date(), from.date(), d.lastDay.date(), len(d.touches), counted, d.influencing, firstAt, firstID, firstPath,
		last, d.influenced, bestPath, d.sourced, why, earlier, e.settings.WonValueField, decimal(m.amount), m.currency,
		decimal(m.corporate), m.corporateCurrency, decimal(m.rate), m.rateDate.date(), m.source, m.why)
}

// earlierDeal is the oldest other opportunity of the account or the person that was there when the touch came.
func earlierDeal(d *roiDeal, first *roiTouch, all []*roiDeal) string {
	var oldest *roiDeal
	for _, other := range all {
		if other == d || other.created.IsZero() || other.created.After(first.at) {
			continue
		}
		theirs := d.row["accountid"] != "" && other.row["accountid"] == d.row["accountid"]
		for _, p := range other.people {
			if first.member != "" && p.member == first.member && p.path != "account" {
				theirs = true
			}
		}
		if theirs && (oldest == nil || other.created.Before(oldest.created) ||
			other.created.Equal(oldest.created) && other.row["id"] < oldest.row["id"]) {
			oldest = other
		}
	}
	if oldest == nil {
		return ""
	}
	return oldest.row["id"]
}
