package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/crmlink/crmlink/sql"
)

// SeatList is what a seat has been given: its saved list, then its suggested leads.
type SeatList struct {
	Run    string    `json:"run"`
	SeatID string    `json:"seat_id"`
	Email  string    `json:"email,omitempty"`
	UserID string    `json:"user_id,omitempty"`
	Active bool      `json:"crm_sync_active"`
	Why    string    `json:"inactive_reason,omitempty"`
	Flag   bool      `json:"flags_invalid"` // settings.saved_list_policy: flag
	Rows   []ListRow `json:"rows"`
}

// ListRow is one record on a list.
type ListRow struct {
	List          string     `json:"list"` // saved or suggested
	Object        string     `json:"object"`
	CRMID         string     `json:"crm_id"`
	Name          string     `json:"name"`
	Title         string     `json:"title,omitempty"`
	Company       string     `json:"company,omitempty"`
	Email         string     `json:"email,omitempty"`
	Phone         string     `json:"phone,omitempty"`
	EntityKind    string     `json:"entity_kind"`
	EntityID      string     `json:"entity_id"`
	EntityName    string     `json:"entity_name"`
	URL           string     `json:"url,omitempty"`
	Opportunities int64      `json:"opportunities,omitempty"`
	OpportunityID string     `json:"opportunity_id,omitempty"`
	Opportunity   string     `json:"opportunity,omitempty"`
	Stage         string     `json:"stage,omitempty"`
	StillValid    bool       `json:"still_valid"`
	Reason        string     `json:"reason,omitempty"`
	SavedAt       *time.Time `json:"saved_at,omitempty"`
	Rank          int64      `json:"rank,omitempty"`
}

// Why is the row's reason in words.
func (r ListRow) Why() string {
	switch {
	case r.List == "suggested":
		return leadText[r.Reason]
	case r.StillValid && r.Opportunities > 1:
		return fmt.Sprintf("%s and %d more", r.Opportunity, r.Opportunities-1)
	case r.StillValid:
		return r.Opportunity
	}
	return "kept: " + savedText[r.Reason]
}

// List reads a seat's lists.
func (p *Publication) List(ctx context.Context, id string) (SeatList, error) {
	s, err := p.seat(ctx, id)
	if err != nil {
		return SeatList{}, err
	}
	l := SeatList{Run: p.Record.ID, SeatID: s.id, Email: s.email, UserID: s.user, Active: s.active, Rows: []ListRow{},
		Flag: p.setting("settings.saved_list_policy") == "flag"}
	if !s.active {
		l.Why = s.reason
		if s.user != "" {
			l.Why = "sync_off"
		}
	}
	if err := p.bind(ctx, "auto_save", "suggested_lead", "raw_opportunity", "raw_account", "raw_contact", "raw_lead",
		"contact_card", "badge", "raw_company", "raw_member"); err != nil {
		return l, fmt.Errorf("list: %w", err)
	}
	err = p.read(ctx, "list", map[string]any{"seat": id}, func(rows *sql.Rows) error {
		var r ListRow
		err := rows.Scan(&r.List, &r.Object, &r.CRMID, &r.Name, &r.Title, &r.Company, &r.Email, &r.Phone, &r.EntityKind, &r.EntityID,
			&r.EntityName, &r.URL, &r.Opportunities, &r.OpportunityID, &r.Opportunity, &r.Stage, &r.StillValid, &r.Reason, &r.SavedAt, &r.Rank)
		l.Rows = append(l.Rows, r)
		return err
	})
	if err != nil {
		return l, fmt.Errorf("list: %w", err)
	}
	return l, nil
}

// ListSize is how long a seat's lists are.
type ListSize struct {
	SeatID    string `json:"seat_id"`
	Email     string `json:"email,omitempty"`
	Active    bool   `json:"crm_sync_active"`
	Accounts  int64  `json:"saved_accounts"`
	Contacts  int64  `json:"saved_contacts"`
	Suggested int64  `json:"suggested_leads"`
}

// ListSizes are the sizes of all seats' lists.
func (p *Publication) ListSizes(ctx context.Context) ([]ListSize, error) {
	if err := p.bind(ctx, "seat_map", "auto_save", "suggested_lead"); err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	all := []ListSize{}
	keep := p.setting("settings.saved_list_policy") != "flag"
	err := p.read(ctx, "sizes", map[string]any{"keep": keep}, func(r *sql.Rows) error {
		var s ListSize
		err := r.Scan(&s.SeatID, &s.Email, &s.Active, &s.Accounts, &s.Contacts, &s.Suggested)
		all = append(all, s)
		return err
	})
	return all, err
}
