package extract

import (
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// manyDeleted is the number of records from which it counts that the CRM marks them deleted: below it, it is one
// person's work. That records are absent from a full import counts at any size (Z23).
const manyDeleted = 20

// fewOfList is the number of rows of a user's list that may go whatever their share.
const fewOfList = 1

// lookForGone compares the Ids there were with those there are. A delta makes no record missing, so what is said of absent
// ones concerns full imports alone.
func (i *inspection) lookForGone(s subject, before, after sql.Snapshot) error {
	drop, err := i.bindGone(s, before, after)
	if err != nil {
		return err
	}
	defer drop()
	var known, absent, deleted, present int64
	err = i.rows("inspect_live", func(r *sql.Rows) error { return r.Scan(&known, &absent, &deleted, &present) },
		relation{name: "before", query: s.states("gone_before")}, relation{name: "after", query: s.states("gone_after")})
	if isDirectory(s.object) {
		known, present = before.Rows, after.Rows
	}
	if err != nil || known == 0 {
		return err
	}
	if present == 0 {
		i.find(EmptyObject, s.object, "", "the last publication had %d, this import has none", known)
		return nil
	}
	limit := i.in.GoneMicros
	switch {
	case !s.whole:
	case !s.mirrored && absent > fewOfList && exceeds(absent, known, limit):
		i.find(RecordsGone, s.object, "", "%d of %d are not in the files any more", absent, known)
	case s.mirrored && exceeds(absent, known, limit):
		i.find(RecordsGone, s.object, "", "%d of %d live records are not in the import%s", absent, known, andDeleted(deleted))
	case s.mirrored && deleted >= manyDeleted && exceeds(absent+deleted, known, limit):
		i.find(RecordsGone, s.object, "", "%d of %d live records are gone, %d of them deleted in the CRM", absent+deleted, known, deleted)
	}
	return nil
}

// bindGone makes the records there were and those there are readable, of the directory only such as the other may not have: each of
// its rows is a live record.
func (i *inspection) bindGone(s subject, before, after sql.Snapshot) (drop func(), err error) {
	if isDirectory(s.object) {
		dropBefore, err := i.session.BindLater(i.ctx, "gone_before", after, before)
		if err != nil {
			return nil, err
		}
		dropAfter, err := i.session.BindLater(i.ctx, "gone_after", before, after)
		if err != nil {
			dropBefore()
			return nil, err
		}
		return func() { dropBefore(); dropAfter() }, nil
	}
	for name, snap := range map[string]sql.Snapshot{"gone_before": before, "gone_after": after} {
		if err := i.session.BindAs(i.ctx, name, snap); err != nil {
			return nil, err
		}
	}
	return func() {}, nil
}

func andDeleted(n int64) string {
	if n == 0 {
		return ""
	}
	return ", and " + number(n) + " are deleted in the CRM"
}

// states renders a relation's records as name and state.
func (s subject) states(of string) string {
	name := "CAST(" + schemas.Quote(s.table.Key[0]) + " AS VARCHAR)"
	if len(s.table.Key) > 1 {
		name += " || chr(31) || CAST(" + schemas.Quote(s.table.Key[1]) + " AS VARCHAR)"
	}
	state := "'live'"
	if s.mirrored {
		merged := ""
		if _, ok := s.table.Column("MasterRecordId"); ok {
			merged = "WHEN MasterRecordId IS NOT NULL THEN 'merged' "
		}
		state = "CASE WHEN missing_since IS NOT NULL THEN 'missing' " + merged + "WHEN IsDeleted THEN 'deleted' ELSE 'live' END"
	}
	query := "SELECT " + name + " AS name, " + state + " AS state FROM " + of
	if s.object == "decision" { // those of the control database never go, and must not hide how much of the file is gone
		query += fmt.Sprintf(" WHERE seq < %d", schemas.ControlSeq)
	}
	return query
}
