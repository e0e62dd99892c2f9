package pipeline

import (
	"context"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// ObjectStats is one row of sync_stats: what the administrator sees of an object (D12 to D16, Z22).
type ObjectStats struct {
	Object      string `json:"object"`
	Records     int64  `json:"records"`
	Matched     int64  `json:"matched"`
	Sure        int64  `json:"sure"`               // of matched
	RatePercent *int64 `json:"match_rate_percent"` // whole percent, half up; nil without records
	Color       string `json:"match_color,omitempty"`
	Duplicates  int64  `json:"duplicates"`
	Decided     int64  `json:"decided"`
	Unmatched   int64  `json:"unmatched"`
	Saved       *int64 `json:"saved"`     // nil where the object is never saved
	Suggested   *int64 `json:"suggested"` // nil where the object is never suggested

	PersonAccounts int64 `json:"person_accounts"`
	Converted      int64 `json:"converted"`
	Merged         int64 `json:"merged"`
	Deleted        int64 `json:"deleted"`
}

// Stats are the run's statistics: accounts, contacts, leads.
func (p *Publication) Stats(ctx context.Context) ([]ObjectStats, error) {
	session, err := p.engine(ctx)
	if err != nil {
		return nil, err
	}
	return readStats(ctx, session, p.snapshot("sync_stats"))
}

// readFigures puts what the run counted into its record.
func (r *run) readFigures(ctx context.Context) (err error) {
	if r.record.Stats, err = readStats(ctx, r.session, r.record.Tables[schemas.SyncStats.Name]); err != nil {
		return err
	}
	if r.record.ROI, err = readROI(ctx, r.session, r.record.Tables); err != nil {
		return err
	}
	r.record.Gains, err = readFieldGains(ctx, r.session, r.record.Tables)
	return err
}

// readStats reads a sync_stats table, published or not.
func readStats(ctx context.Context, s *sql.Session, snap sql.Snapshot) ([]ObjectStats, error) {
	if err := s.BindAs(ctx, "sync_stats", snap); err != nil {
		return nil, err
	}
	var all []ObjectStats
	err := readFile(ctx, s, "stats", nil, func(r *sql.Rows) error {
		var o ObjectStats
		err := r.Scan(&o.Object, &o.Records, &o.Matched, &o.Sure, &o.RatePercent, &o.Color, &o.Duplicates, &o.Decided, &o.Unmatched,
			&o.Saved, &o.Suggested, &o.PersonAccounts, &o.Converted, &o.Merged, &o.Deleted)
		all = append(all, o)
		return err
	})
	return all, err
}
