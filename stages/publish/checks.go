package publish

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/crmlink/crmlink/sql"
)

// Check is one invariant of the publication. One that did not pass stops it (invariant 7). It names no record.
type Check struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Detail string `json:"detail,omitempty"`
}

// A badge for an entity that the directory does not have comes from a person's decision, which wins always: counted,
// but no reason to stop.
const onlyCounted = "badge_entities_in_directory"

func (p *publication) checks() []Check {
	checks := p.countsOfRecords("publish/check_record")
	checks = append(checks, p.countsOfEntities("publish/check_entity")...)
	checks = append(checks, p.countsOfList("publish/check_list")...)
	checks = append(checks, p.countsOfBadges("publish/check_badge")...)
	slices.SortFunc(checks, func(a, b Check) int { return cmp.Compare(slices.Index(inOrder, a.Name), slices.Index(inOrder, b.Name)) })
	return checks
}

// inOrder are the checks in the order in which people read them.
var inOrder = []string{"one_mapping_row_per_record", "one_primary_per_entity", "one_winner_per_entity_and_object",
	"reason_for_each_record_without_entity", "auto_save_cites_records", "auto_save_keeps_every_row", onlyCounted}

// counts are the checks of a file that counts the rows that break each.
func (p *publication) counts(file string) []Check {
	if checks, ok := p.takenChecks(p.file(file)); ok {
		return checks
	}
	return judged(p.count(file))
}

// failing is the number of rows that break a check.
type failing struct {
	check string
	rows  int64
}

func (p *publication) count(file string) (all []failing) {
	p.query(file, func(rows *sql.Rows) error {
		var f failing
		err := rows.Scan(&f.check, &f.rows)
		all = append(all, f)
		return err
	})
	return all
}

func judged(all []failing) (checks []Check) {
	for _, f := range all {
		c := Check{Name: f.check, Passed: f.rows == 0 || f.check == onlyCounted}
		if f.rows > 0 {
			c.Detail = fmt.Sprintf("%d rows", f.rows)
		}
		checks = append(checks, c)
	}
	return checks
}

// Summary is what a person reads when the run is over.
type Summary struct {
	Objects     []ObjectSummary `json:"objects"`
	Seats       int64           `json:"seats"`
	ActiveSeats int64           `json:"active_seats"`
	Badges      int64           `json:"badges"`
	Missing     int64           `json:"missing_in_crm"`
}

// ObjectSummary is a row of sync_stats. Nil is what has no meaning for the object.
type ObjectSummary struct {
	Object           string `json:"object"`
	Records          int64  `json:"records"`
	Matched          int64  `json:"matched"`
	MatchRatePercent *int64 `json:"match_rate_percent"`
	MatchColor       string `json:"match_color"`
	Duplicates       int64  `json:"duplicates"`
	Saved            *int64 `json:"saved"`
	Suggested        *int64 `json:"suggested"`
}

func (p *publication) summary() Summary {
	sum := Summary{
		Seats:   p.tables["seat_map"].Rows,
		Badges:  p.tables["badge"].Rows,
		Missing: p.tables["missing_in_crm"].Rows,
	}
	p.query("publish/summary", func(rows *sql.Rows) error {
		var o ObjectSummary
		err := rows.Scan(&o.Object, &o.Records, &o.Matched, &o.MatchRatePercent, &o.MatchColor, &o.Duplicates,
			&o.Saved, &o.Suggested, &sum.ActiveSeats)
		sum.Objects = append(sum.Objects, o)
		return err
	})
	return sum
}

// query runs a file whose answer is not stored.
func (p *publication) query(file string, each func(*sql.Rows) error) {
	f := p.file(file)
	if p.readFor(f); p.err != nil {
		return
	}
	rows, err := p.session.Query(p.ctx, f.Text, p.values)
	if err != nil {
		p.err = fmt.Errorf("%s: %w", file, err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			p.err = fmt.Errorf("%s: %w", file, err)
			return
		}
	}
	p.err = rows.Err()
}
