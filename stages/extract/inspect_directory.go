package extract

import (
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Limits of what a directory repeats in the ordinary course of things, in millionths.
const (
	fewRepeats   = 10
	repeatShare  = 100_000 // of rows that say enough to be told apart
	sparseShare  = 400_000 // of all rows: a list of names alone has equals
	repeatRise   = 50_000
	misreadShare = 500_000
	fewMisread   = 5
)

// repeats counts the rows of a directory list that equal another one but for their id.
type repeats struct{ telling, tellingAgain, listed, listedAgain int64 }

// lookForRepeats finds a directory that was loaded once more under other ids.
func (i *inspection) lookForRepeats(s subject, before, after sql.Snapshot) error {
	if some, err := i.equals(s, after, alike[s.object]); err != nil || some.listedAgain < fewRepeats {
		return err // rows that equal another one in all columns are no more than in some
	}
	now, err := i.repeats(s, after)
	if err != nil {
		return err
	}
	if !exceeds(now.tellingAgain, now.telling, repeatShare) && !exceeds(now.listedAgain, now.listed, sparseShare) {
		return nil
	}
	then, err := i.repeats(s, before)
	if err != nil {
		return err
	}
	more := ""
	if then.listed > 0 {
		more = fmt.Sprintf(", before %d of %d", then.listedAgain, then.listed)
	}
	risen := func(n, many, wasN, was, limit int64) bool {
		if was > 0 {
			limit = max(limit, share(wasN, was)+repeatRise)
		}
		return n >= fewRepeats && exceeds(n, many, limit)
	}
	if risen(now.tellingAgain, now.telling, then.tellingAgain, then.telling, repeatShare) ||
		risen(now.listedAgain, now.listed, then.listedAgain, then.listed, sparseShare) {
		i.find(DuplicatedDirectory, s.object, "", "%d of %d say the same as another one under another id%s%s", now.listedAgain, now.listed, more, i.ofSample())
	}
	return nil
}

// alike are columns that tell most rows of a directory list apart: reading them costs half of what reading all does.
var alike = map[string][]string{
	"company": {"name", "website", "city", "phone"},
	"member":  {"first_name", "last_name", "name", "title", "company_name", "city"},
}

func (i *inspection) repeats(s subject, of sql.Snapshot) (repeats, error) {
	var content []string
	for _, c := range s.table.Columns {
		if !strings.HasSuffix(c.Name, "_id") && !strings.HasSuffix(c.Name, "_ids") && c.Name != "url" {
			content = append(content, c.Name)
		}
	}
	return i.equals(s, of, content)
}

// equals counts the rows of a sample that equal another one in some columns.
func (i *inspection) equals(s subject, of sql.Snapshot, columns []string) (n repeats, err error) {
	if err := i.session.BindAs(i.ctx, "repeated", of); err != nil {
		return n, err
	}
	var content, filled []string
	for _, c := range columns {
		content, filled = append(content, schemas.Quote(c)), append(filled, "("+schemas.Quote(c)+" IS NOT NULL)::INTEGER")
	}
	// Equal rows have equal names, so the sample is drawn by name.
	name := "name"
	if s.object == "member" {
		name = "coalesce(name, concat_ws(' ', first_name, last_name))"
	}
	listed := fmt.Sprintf("SELECT row(%s) AS content, %s AS filled FROM repeated", strings.Join(content, ", "), strings.Join(filled, " + "))
	if i.share < schemas.ManyParts {
		listed += fmt.Sprintf(" WHERE part_of(%s) < %d", name, i.share)
	}
	err = i.rows("inspect_repeated", func(r *sql.Rows) error {
		return r.Scan(&n.telling, &n.tellingAgain, &n.listed, &n.listedAgain)
	}, relation{name: "listed", query: listed})
	return n, err
}

// lookAtFiles asks what the files alone tell: directory rows under one id twice, and rows out of step with the header.
func (i *inspection) lookAtFiles() error {
	for name, snap := range map[string]sql.Snapshot{"extract_log": i.in.Log, "previous_extract_log": i.in.BeforeLog, "reject": i.in.Rejects} {
		if snap.Table == "" {
			snap = sql.Empty(strings.TrimPrefix(name, "previous_"))
		}
		if err := i.session.BindAs(i.ctx, name, snap); err != nil {
			return err
		}
	}
	err := i.rows("inspect_superseded", func(r *sql.Rows) error {
		var object string
		var rows, again, rowsBefore, againBefore int64
		err := r.Scan(&object, &rows, &again, &rowsBefore, &againBefore)
		limit := int64(repeatShare)
		if rowsBefore > 0 {
			limit = max(limit, share(againBefore, rowsBefore)+repeatRise)
		}
		if again >= fewRepeats && exceeds(again, rows, limit) {
			i.find(DuplicatedDirectory, object, "", "%d of %d rows have an id that another row has too, before %d of %d", again, rows, againBefore, rowsBefore)
		}
		return err
	})
	if err != nil || i.in.Rejects.Rows < fewMisread {
		return err
	}
	misread, most := map[string]int64{}, map[string]string{}
	err = i.rows("inspect_misread", func(r *sql.Rows) error {
		var object, column string
		var n int64
		err := r.Scan(&object, &column, &n)
		if misread[object] == 0 {
			most[object] = column
		}
		misread[object] += n
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range i.in.Counts {
		if n := misread[c.Object]; n >= fewMisread && exceeds(n, c.RowsIn, misreadShare) {
			i.find(ShiftedColumns, c.Object, most[c.Object], "%d of %d rows hold a value of another kind than its column, most often here", n, c.RowsIn)
		}
	}
	return nil
}
