package pipeline

import (
	"cmp"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
)

// The kinds of import (Z23): a full one holds every live record, a delta only what changed. The third reads nothing but
// people's decisions.
const (
	FullImport      = "full"
	DeltaImport     = "delta"
	DecisionsImport = "decisions"
)

// importKind says what this run's input is taken for: full on the first run, by --full and where org.import says so.
func importKind(o Options, previous string) string {
	if o.Decisions {
		return DecisionsImport
	}
	if previous == "" || o.Full || o.Config.Text("org.import") == "full" {
		return FullImport
	}
	return DeltaImport
}

// extractIn is what the extraction takes over from the publication before: the mirror, its log, and what it left open.
func (r *run) extractIn(c Config, last Record, parquet map[string]extract.Parquet) extract.In {
	in := extract.In{Previous: map[string]sql.Snapshot{}, AsOf: r.record.AsOf, Full: r.record.Import == FullImport, Parquet: parquet, Memory: r.memory(),
		Unsettled: append(slices.Clone(last.Unsettled), remapped(last.Config, c.Effective())...)}
	in.Earlier = r.listedEarlier(last)
	if last.ReadLog.Table != "" {
		in.Previous[schemas.ExtractLog.Name] = last.ReadLog
	}
	var tables []string
	for _, o := range schemas.Objects {
		tables = append(tables, o.Table().Name)
	}
	for _, name := range tables {
		if snap, ok := last.Tables[name]; ok {
			in.Previous[name] = snap
		}
	}
	return in
}

// listedEarlier are the large lists of the last publication, as far as what became of their files is remembered with digests of
// their rows. Digests are of cells: another program may make other values of the same.
func (r *run) listedEarlier(last Record) map[string]sql.Digested {
	earlier := map[string]sql.Digested{}
	if last.Extract == nil {
		return earlier
	}
	for _, id := range last.Extract.Readings {
		_, known, ok := madeBefore[extract.ReadingIn, extract.Reading](r, id)
		if name := known.Table.Table; ok && known.Digests != "" && known.Table.ID == last.Tables[name].ID {
			earlier[name] = sql.Digested{Table: known.Table, Digests: known.Digests, Repeated: known.Count.Superseded > 0}
		}
	}
	return earlier
}

// remapped are the columns that the configuration reads from another place than the run before did: what the mirror has
// in them is no longer what is meant.
func remapped(before, now []Value) []extract.Column {
	places := func(values []Value) map[extract.Column]string {
		found := map[extract.Column]string{}
		for _, v := range values {
			path := strings.Split(v.Path, ".")
			switch {
			case v.Path == "settings.won_value_field":
				found[extract.Column{Object: schemas.Opportunity, Column: schemas.WonValue}] = v.Value
			case len(path) == 4 && path[0] == "org" && path[1] == "columns":
				if object, ok := schemas.ObjectNamed(path[2]); ok {
					if field, ok := object.Field(path[3]); ok {
						found[extract.Column{Object: path[2], Column: field.Name}] = v.Value
					}
				}
			}
		}
		return found
	}
	if len(before) == 0 {
		return nil
	}
	was, is := places(before), places(now)
	var changed []extract.Column
	for _, o := range schemas.Objects {
		for _, f := range o.Fields {
			c := extract.Column{Object: o.Name, Column: f.Name}
			if !strings.EqualFold(cmp.Or(was[c], f.Name), cmp.Or(is[c], f.Name)) {
				changed = append(changed, c)
			}
		}
	}
	return changed
}

// noteImport notes what the extraction found about columns: names, never values.
func (r *run) noteImport(o Options, last Record, raw extract.Out) {
	r.record.Unsettled, r.record.ReadLog = raw.Unsettled, raw.Log
	if o.Decisions {
		r.record.ReadLog = last.ReadLog
		return
	}
	mirrored := func(object string) bool {
		_, ok := schemas.ObjectNamed(object)
		return ok
	}
	for i := 0; i < len(raw.Drift); {
		first, names := raw.Drift[i], []string{}
		for ; i < len(raw.Drift) && raw.Drift[i].Object == first.Object && raw.Drift[i].Kind == first.Kind; i++ {
			names = append(names, raw.Drift[i].Name())
		}
		columns := "column " + strings.Join(names, ", ")
		if len(names) > 1 {
			columns = "columns " + strings.Join(names, ", ")
		}
		switch {
		case first.Kind == extract.New:
			r.notice("%s: new %s, not imported", first.Object, columns)
		case first.Kind == extract.Went && mirrored(first.Object):
			r.notice("%s: no %s this time; known records keep their values, new ones have none", first.Object, columns)
		case first.Kind == extract.Went:
			r.notice("%s: no %s this time; it is empty now", first.Object, columns)
		case r.record.Pull != nil && r.record.Import != FullImport && !r.record.Pull.isWhole(first.Object) && mirrored(first.Object):
			r.notice("%s: %s came; records that did not change get theirs with the next run, which pulls the object whole", first.Object, columns)
		default:
			r.notice("%s: %s came", first.Object, columns)
		}
	}
	if r.record.Import == FullImport {
		return
	}
	for _, changed := range remapped(last.Config, o.Config.Effective()) {
		if r.record.Pull.isWhole(changed.Object) {
			continue
		}
		r.notice("%s: %s is read from another column now; records that this import does not hold keep the old value until a full one",
			changed.Object, changed.Column)
	}
}
