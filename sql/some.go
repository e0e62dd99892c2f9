package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// KeepSome keeps the rows that some records have in two versions of a table, those whose part keys stand in the one column of a
// relation, as two temporary tables of some columns. Of files that both versions have each row is read once.
func (s *Session) KeepSome(ctx context.Context, was, is string, before, after Snapshot, columns []string, keys string) error {
	table, ok := schemas.Lookup(after.Table)
	if !ok || before.Table != after.Table {
		return fmt.Errorf("keep rows of %s and %s: two snapshots of one declared table are wanted", before.Table, after.Table)
	}
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = schemas.Quote(c)
	}
	some := someRows{session: s, key: schemas.Quote(table.PartKey()), columns: strings.Join(quoted, ", "), keys: keys}
	err := some.keepAll(ctx, was, is, before, after)
	s.conn.ExecContext(context.WithoutCancel(ctx), dropping("VIEW", some.views...)) //nolint:errcheck // temporary
	if err != nil {
		return fmt.Errorf("keep rows of %s: %w", table.Name, err)
	}
	return nil
}

type someRows struct {
	session            *Session
	key, columns, keys string
	views              []string
}

// keepAll keeps the rows of each of the tables that two versions were put together of.
func (r *someRows) keepAll(ctx context.Context, was, is string, before, after Snapshot) error {
	old, new := before.apart(), after.apart()
	if len(old) != len(new) || len(old) < 2 {
		return r.keep(ctx, was, is, before, after)
	}
	for i := range old {
		wasPart, isPart := fmt.Sprintf("%s_%d", was, i), fmt.Sprintf("%s_%d", is, i)
		defer r.session.Drop(ctx, wasPart) //nolint:errcheck // temporary
		defer r.session.Drop(ctx, isPart)  //nolint:errcheck // temporary
		if err := r.keep(ctx, wasPart, isPart, old[i], new[i]); err != nil {
			return err
		}
		for all, part := range map[string]string{was: wasPart, is: isPart} {
			add := r.session.AddRows
			if i == 0 {
				add = r.session.Keep
			}
			if err := add(ctx, all, "FROM "+part); err != nil {
				return err
			}
		}
	}
	return nil
}

// apart are the tables that a snapshot was put together of, as far as its parts tell: one begins where their numbers begin anew, and rows that
// were added stand behind the files that they are added to.
func (s Snapshot) apart() (all []Snapshot) {
	begin := 0
	for i := 1; i <= len(s.Parts); i++ {
		if i == len(s.Parts) || s.Parts[i].Of != 0 && (s.Parts[i-1].Of != s.Parts[i].Of || s.Parts[i].Number <= s.Parts[i-1].Number) {
			all = append(all, newSnapshot(s.Table, s.Parts[begin:i]))
			begin = i
		}
	}
	return all
}

func (r *someRows) keep(ctx context.Context, was, is string, before, after Snapshot) error {
	shares, err := r.session.shares(ctx, before, after)
	if err != nil {
		return err
	}
	switch {
	case before.ID == after.ID:
		if err := r.table(ctx, was, before); err != nil {
			return err
		}
		return r.session.Keep(ctx, is, "FROM "+was)
	case !shares:
		if err := r.table(ctx, was, before); err != nil {
			return err
		}
		return r.table(ctx, is, after)
	}
	base, later := divided(before)
	if err := r.table(ctx, was, base); err != nil {
		return err
	}
	left := "FROM " + was
	if without := after.Parts[0].Without; without != "" {
		left += " WHERE " + r.key + " NOT IN (FROM " + r.session.keysIn(without) + ")"
	}
	if err := r.session.Keep(ctx, is, left); err != nil {
		return err
	}
	_, added := divided(after)
	for name, snap := range map[string]Snapshot{was: later, is: added} {
		if len(snap.Parts) == 0 {
			continue
		}
		query, err := r.query(ctx, snap)
		if err != nil {
			return err
		}
		if err := r.session.AddRows(ctx, name, query); err != nil {
			return err
		}
	}
	return nil
}

func (r *someRows) table(ctx context.Context, name string, snap Snapshot) error {
	query, err := r.query(ctx, snap)
	if err != nil {
		return err
	}
	return r.session.Keep(ctx, name, query)
}

func (r *someRows) query(ctx context.Context, snap Snapshot) (string, error) {
	view := r.session.tempName("some")
	r.views = append(r.views, view)
	if err := r.session.BindFor(ctx, view, snap, r.keys); err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT %s FROM %s SEMI JOIN (FROM %s) k(k) ON k.k = %s", r.columns, view, r.keys, r.key), nil
}

// shares says whether a version of a table that was amended holds no row of its base but such as an earlier version has of the
// same files.
func (s *Session) shares(ctx context.Context, before, after Snapshot) (bool, error) {
	was, _ := divided(before)
	is, _ := divided(after)
	if len(is.Parts) == 0 || after.Parts[0].Of == 0 {
		return false, nil
	}
	struck, without := is.Parts[0].Without, ""
	for _, p := range is.Parts {
		at := slices.IndexFunc(was.Parts, func(w Part) bool { return w.ID == p.ID && w.Number == p.Number })
		if at < 0 || p.Without != struck || was.Parts[at].Without != was.Parts[0].Without {
			return false, nil
		}
		without = was.Parts[at].Without
	}
	if without == "" || without == struck {
		return true, s.intact(Together(after.Table, before, after))
	}
	if struck == "" {
		return false, nil
	}
	if err := s.intact(Together(after.Table, before, after)); err != nil {
		return false, err
	}
	more, err := s.Count(ctx, fmt.Sprintf("(FROM %s EXCEPT FROM %s)", s.keysIn(without), s.keysIn(struck)))
	return more == 0, err
}
