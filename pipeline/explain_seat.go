package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// SeatAnswer says why a record is on a seat's list, or why not.
type SeatAnswer struct {
	SeatID string `json:"seat_id"`
	UserID string `json:"user_id,omitempty"`
	Active bool   `json:"crm_sync_active"`
	// List is saved, suggested or none.
	List     string     `json:"list"`
	Text     string     `json:"text"`
	NextStep string     `json:"next_step,omitempty"`
	Saved    []SavedFor `json:"saved,omitempty"`
	NotSaved []NotSaved `json:"not_saved,omitempty"`
	Rank     int64      `json:"rank,omitempty"`
}

// SavedFor is an opportunity that put the record on the saved list.
type SavedFor struct {
	OpportunityID string     `json:"opportunity_id"`
	Name          string     `json:"name"`
	Stage         string     `json:"stage"`
	Record        string     `json:"crm_id"` // differs from the record asked about where that is a duplicate
	Valid         bool       `json:"still_valid"`
	Reason        string     `json:"reason,omitempty"`
	SavedAt       *time.Time `json:"saved_at,omitempty"`
}

// NotSaved is an opportunity that names the record and did not put it on a list.
type NotSaved struct {
	OpportunityID string `json:"opportunity_id"`
	Name          string `json:"name"`
	SeatID        string `json:"seat_id,omitempty"`
	OwnerID       string `json:"owner_id"`
	Reason        string `json:"reason"`
	Text          string `json:"text"`
}

// savedText says what each reason of auto_save and not_saved means.
var savedText = map[string]string{
	"deleted":           "the record or the opportunity is deleted",
	"closed":            "the opportunity is closed",
	"stage_not_past":    "the opportunity has not passed the chosen stage",
	"owner_has_no_seat": "the opportunity's owner has no seat",
	"sync_off":          "sync is switched off for the owner's seat",
	"person_account":    "Person Accounts are not supported",
	"unmatched":         "the record has no match in the directory",
	"stage_back":        "the opportunity went back to the chosen stage or before",
	"owner_changed":     "the opportunity has another owner now",
	"match_corrected":   "the record is matched to something else now",
	"record_deleted":    "the record or the opportunity was deleted",
	"seat_off":          "sync is switched off for the seat",
}

// leadText says what put a suggested lead at its rank.
var leadText = map[string]string{
	"at_open_opportunity": "works where a deal is open",
	"recent_activity":     "recent activity",
	"unread":              "unread",
	"assigned":            "assigned",
}

func (p *Publication) explainSeat(ctx context.Context, x Explanation, id string) (*SeatAnswer, error) {
	seat, err := p.seat(ctx, id)
	if err != nil {
		return nil, err
	}
	a := &SeatAnswer{SeatID: id, UserID: seat.user, Active: seat.active, List: "none"}
	if x.Object == schemas.Lead {
		err = p.explainSuggested(ctx, x, seat, a)
	} else {
		err = p.explainSaved(ctx, x, seat, a)
	}
	if err != nil {
		return nil, fmt.Errorf("explain seat: %w", err)
	}
	return a, nil
}

type seat struct {
	id, email, user, reason string
	on, active              bool
}

// seat finds a seat or says which there are.
func (p *Publication) seat(ctx context.Context, id string) (seat, error) {
	if err := p.bind(ctx, "seat_map"); err != nil {
		return seat{}, err
	}
	var s seat
	err := p.read(ctx, "seat", map[string]any{"seat": id}, func(r *sql.Rows) error {
		return r.Scan(&s.id, &s.email, &s.user, &s.reason, &s.on, &s.active)
	})
	if err == nil && s.id == "" {
		err = &InputError{Problem: fmt.Sprintf("there is no seat %s in this run", id), Next: "crmlink sql \"SELECT * FROM seat_map\" lists the seats"}
	}
	return s, err
}

func (p *Publication) explainSaved(ctx context.Context, x Explanation, s seat, a *SeatAnswer) error {
	if err := p.bind(ctx, "auto_save", "not_saved", "raw_opportunity"); err != nil {
		return err
	}
	values := map[string]any{"seat": s.id, "object": x.Object, "crm_id": x.CRMID, "winner": x.CRMID}
	if x.LostTo != nil {
		values["winner"] = x.LostTo.CRMID
	}
	err := p.read(ctx, "saved_for", values, func(r *sql.Rows) error {
		var f SavedFor
		err := r.Scan(&f.OpportunityID, &f.Name, &f.Stage, &f.Record, &f.Valid, &f.Reason, &f.SavedAt)
		a.Saved = append(a.Saved, f)
		return err
	})
	if err != nil {
		return err
	}
	err = p.read(ctx, "not_saved_for", values, func(r *sql.Rows) error {
		var n NotSaved
		err := r.Scan(&n.OpportunityID, &n.Name, &n.SeatID, &n.OwnerID, &n.Reason)
		n.Text = savedText[n.Reason]
		a.NotSaved = append(a.NotSaved, n)
		return err
	})
	if err != nil {
		return err
	}
	sayWhySaved(x, s, a)
	return nil
}

// sayWhySaved puts the facts into one sentence. An opportunity of the seat's own user says more than one of others.
func sayWhySaved(x Explanation, s seat, a *SeatAnswer) {
	valid := 0
	for _, f := range a.Saved {
		if f.Valid {
			valid++
		}
	}
	own, other := ownFirst(s, a.NotSaved)
	switch {
	case valid > 0:
		a.List, a.Text = "saved", "It is on the saved list: the seat's user owns an open opportunity past the chosen stage that names it."
	case len(a.Saved) > 0:
		a.List, a.Text = "saved", "It stays on the saved list although the rule no longer holds: "+savedText[a.Saved[0].Reason]+"."
	case s.user == "":
		a.Text = "It is not on the list: the seat has no CRM user (" + s.reason + ")."
		a.NextStep = "write the seat's crm_user_id, or its email as in the CRM, into the seats file"
	case own != nil:
		a.Text = "It is not on the list: " + savedText[own.Reason] + "."
		a.NextStep = savedNext[own.Reason]
	case !s.active:
		a.Text = "It is not on the list: sync is switched off for this seat."
		a.NextStep = savedNext["sync_off"]
	case other != nil:
		a.Text = "It is not on the list: the opportunities that name it belong to other owners."
	case x.Status == "deleted" || x.Status == "merged" || x.Status == "person_account":
		a.Text = "It is not on the list: " + map[string]string{"deleted": "it is deleted", "merged": "it was merged into " + linked(x),
			"person_account": savedText["person_account"]}[x.Status] + "."
	default:
		a.Text = "It is not on the list: no opportunity of the seat's user names it."
		a.NextStep = "add it to the opportunity in the CRM: as its account, or as a contact role"
	}
}

func linked(x Explanation) string {
	if x.Link == nil {
		return "another record"
	}
	return x.Link.CRMID
}

var savedNext = map[string]string{
	"stage_not_past": "settings.pipeline_stage sets the stage for all seats",
	"sync_off":       "settings.auto_sync switches sync on for all seats, the column sync of the seats file for one",
	"unmatched":      "see above why it has no match",
}

func ownFirst(s seat, rows []NotSaved) (own, other *NotSaved) {
	for i, n := range rows {
		if n.OwnerID == s.user && own == nil {
			own = &rows[i]
		} else if n.OwnerID != s.user && other == nil {
			other = &rows[i]
		}
	}
	return own, other
}

func (p *Publication) explainSuggested(ctx context.Context, x Explanation, s seat, a *SeatAnswer) error {
	if err := p.bind(ctx, "suggested_lead"); err != nil {
		return err
	}
	if err := p.bindFor(ctx, "raw_lead", x.CRMID); err != nil {
		return err
	}
	var owner, reason string
	err := p.read(ctx, "suggested_for", map[string]any{"seat": s.id, "crm_id": x.CRMID}, func(r *sql.Rows) error {
		return r.Scan(&owner, &a.Rank, &reason)
	})
	if err != nil {
		return err
	}
	switch {
	case a.Rank > 0:
		a.List, a.Text = "suggested", fmt.Sprintf("It is number %d of the suggested leads: %s.", a.Rank, leadText[reason])
	case s.user == "":
		a.Text = "It is not suggested: the seat has no CRM user (" + s.reason + ")."
		a.NextStep = "write the seat's crm_user_id, or its email as in the CRM, into the seats file"
	case !s.active:
		a.Text, a.NextStep = "It is not suggested: sync is switched off for this seat.", savedNext["sync_off"]
	case x.Status == "deleted" || x.Status == "merged" || x.Status == "converted":
		a.Text = "It is not suggested: it is " + x.Status + "."
	case len(owner) >= 3 && owner[:3] == "00G":
		a.Text, a.NextStep = "It is not suggested: a queue owns it.", "assign the lead to a user in the CRM"
	case owner != s.user:
		a.Text, a.NextStep = "It is not suggested: another user owns it.", "assign the lead to the seat's user in the CRM"
	case x.Status == "duplicate" && x.LostTo != nil:
		a.Text = "It is not suggested: it is a duplicate of " + x.LostTo.CRMID + "."
	case x.Status != "matched" && x.Status != "decided":
		a.Text = "It is not suggested: it is " + x.Status + "."
	case x.EntityID == "":
		a.Text = "It is not suggested: a person decided that it has no match."
	case p.setting("settings.leads") == "open_opportunities":
		a.Text = "It is not suggested: the seat saved it already, or it does not work where a deal is open."
		a.NextStep = "settings.leads: assigned suggests all assigned leads"
	default:
		a.Text = "It is not suggested: the seat saved it already."
	}
	return nil
}

// setting is an entry of the configuration as the run used it.
func (p *Publication) setting(path string) string {
	for _, v := range p.Record.Config {
		if v.Path == path {
			return v.Value
		}
	}
	return ""
}
