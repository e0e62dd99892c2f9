package pipeline

import (
	"context"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/publish"
)

// ROISummary is roi_summary as people read it. Influenced and sourced overlap: they stand side by side and are not added.
type ROISummary struct {
	DefinitionVersion string    `json:"definition_version"`
	TimeZone          string    `json:"time_zone"`
	AmountField       string    `json:"amount_field"`
	Statuses          []ROILine `json:"statuses"`   // won, lost, open; in the corporate currency
	Periods           []ROILine `json:"periods"`    // status and quarter of CloseDate; in the corporate currency
	Currencies        []ROILine `json:"currencies"` // status and currency; in that currency
}

// ROILine counts and values the opportunities of one status, and of one quarter or currency. Amounts are exact decimals.
type ROILine struct {
	Status           string `json:"status"`
	Period           string `json:"period,omitempty"`   // such as 2026-Q3, none without CloseDate
	Currency         string `json:"currency,omitempty"` // of the amounts; none or empty where the CRM names none
	Opportunities    int64  `json:"opportunities"`
	Influenced       int64  `json:"influenced"`
	Sourced          int64  `json:"sourced"`
	Both             int64  `json:"influenced_and_sourced"`
	Amount           string `json:"amount"`
	InfluencedAmount string `json:"influenced_amount"`
	SourcedAmount    string `json:"sourced_amount"`
	BothAmount       string `json:"influenced_and_sourced_amount"`
	WithoutAmount    int64  `json:"without_amount"` // opportunities that add nothing to the amounts
}

// ROI is the run's ROI summary; nil where the run made no ROI tables.
func (p *Publication) ROI(ctx context.Context) (*ROISummary, error) {
	session, err := p.engine(ctx)
	if err != nil {
		return nil, err
	}
	return readROI(ctx, session, p.Record.Tables)
}

// readROI reads the roi_summary among a run's tables, published or not; nil where there is none.
func readROI(ctx context.Context, s *sql.Session, tables map[string]sql.Snapshot) (*ROISummary, error) {
	snap, ok := tables[schemas.RoiSummary.Name]
	if !ok {
		return nil, nil
	}
	if err := s.Bind(ctx, snap); err != nil {
		return nil, err
	}
	var sum ROISummary
	err := readFile(ctx, s, "roi", nil, func(r *sql.Rows) error {
		var part int
		var l ROILine
		err := r.Scan(&part, &l.Status, &l.Period, &l.Currency, &l.Opportunities, &l.Influenced, &l.Sourced, &l.Both, &l.Amount,
			&l.InfluencedAmount, &l.SourcedAmount, &l.BothAmount, &l.WithoutAmount, &sum.DefinitionVersion, &sum.TimeZone, &sum.AmountField)
		for _, amount := range []*string{&l.Amount, &l.InfluencedAmount, &l.SourcedAmount, &l.BothAmount} {
			*amount = cents(*amount)
		}
		lines := []*[]ROILine{&sum.Statuses, &sum.Periods, &sum.Currencies}[part-1]
		*lines = append(*lines, l)
		return err
	})
	return &sum, err
}

// cents shortens an exact decimal to its digits, but keeps two places.
func cents(amount string) string {
	whole, fraction, _ := strings.Cut(amount, ".")
	fraction = strings.TrimRight(fraction, "0")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return whole + "." + fraction
}

// roi are the settings of the ROI tables. Zone and field of tables that are not made change no action.
func (c Config) roi() publish.ROI {
	if !c.Bool("settings.roi.enabled") {
		return publish.ROI{}
	}
	return publish.ROI{Enabled: true, TimeZone: c.Text("settings.time_zone"), WonValueField: c.Text("settings.won_value_field")}
}
