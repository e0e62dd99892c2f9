package publish

import (
	"fmt"

	"github.com/crmlink/crmlink/sql"
)

// keep makes a temporary table until the call ends.
func (p *publication) keep(name, query string) {
	if p.err == nil {
		p.kept = append(p.kept, name)
		p.err = p.session.Keep(p.ctx, name, query)
	}
}

// keepFiles keeps what some files of a folder give, in this order and under their names.
func (p *publication) keepFiles(folder string, names ...string) {
	for _, name := range names {
		if p.readFor(p.file(folder + name)); p.err == nil {
			p.kept = append(p.kept, name)
			p.err = p.session.KeepFile(p.ctx, name, folder+name)
		}
	}
}

// replaced lets files read the part keys of rows that may be others than in the earlier call, as replaced_<the table's name>.
func (p *publication) replaced(name string) {
	relation, was, is := "replaced_"+name, p.was.snaps[name], p.snaps[name]
	if p.err != nil || p.changes[relation] {
		return
	}
	p.changes[relation] = true
	if was.ID == is.ID {
		p.err = p.session.BindAs(p.ctx, relation, sql.Empty(name))
		return
	}
	changes, err := p.session.ChangedKeys(p.ctx, was, is)
	p.hold(relation, changes, err)
}

// changed lets files read the rows in which a table differs from the earlier call's, as changed_<its name>.
func (p *publication) changed(name string) {
	relation, was, is := "changed_"+name, p.was.snaps[name], p.snaps[name]
	if p.err != nil || p.changes[relation] {
		return
	}
	p.changes[relation] = true
	if was.ID == is.ID {
		p.replaced(name)
		p.viewOf(relation, "SELECT false AS later, * FROM replaced_"+name)
		return
	}
	reading := ""
	if columns := columnsRead[name].once(false); len(columns) > 0 {
		reading = selecting(columns, name)
	}
	changes, err := p.session.Changed(p.ctx, was, is, reading)
	p.hold(relation, changes, err)
}

// hold lets files read what differs until the call ends.
func (p *publication) hold(relation string, changes sql.Changes, err error) {
	if p.err = err; err == nil {
		p.held = append(p.held, changes)
		p.view(relation, changes.Name)
	}
}

// any says whether a file gives a row.
func (p *publication) any(file string) (found bool) {
	f := p.file(file)
	if p.readFor(f); p.err != nil {
		return false
	}
	rows, err := p.session.Query(p.ctx, "SELECT 1 FROM ("+f.Text+") LIMIT 1", p.values)
	if err != nil {
		p.err = fmt.Errorf("%s: %w", file, err)
		return false
	}
	defer rows.Close()
	found = rows.Next()
	p.err = rows.Err()
	return found
}

func (p *publication) rows(name string) (n int64) {
	if p.err == nil {
		n, p.err = p.session.Count(p.ctx, name)
	}
	return n
}

func (p *publication) dropKept() {
	for _, name := range p.kept {
		p.session.Drop(p.ctx, name) //nolint:errcheck // temporary
	}
	for _, changes := range p.held {
		changes.Drop(p.ctx) //nolint:errcheck // temporary
	}
}

// view lets files read another relation's rows under a name, until it is bound anew.
func (p *publication) view(name, relation string) { p.viewOf(name, "FROM "+relation) }

// viewOf is view of a query's rows.
func (p *publication) viewOf(name, query string) {
	if p.err == nil {
		delete(p.late, name)
		p.err = p.session.View(p.ctx, name, query)
	}
}

// only lets files read of some tables those rows alone whose column holds a value of a temporary table, until they are bound anew.
func (p *publication) only(column, values string, names ...string) {
	for _, name := range names {
		if p.err == nil {
			delete(p.late, name)
			p.err = p.session.BindOnly(p.ctx, name, p.snaps[name], column, values)
		}
	}
}

// bindNow lets files read a table under a name, until it is bound anew.
func (p *publication) bindNow(name string, snap sql.Snapshot) {
	if p.err == nil {
		delete(p.late, name)
		p.err = p.session.BindAs(p.ctx, name, snap)
	}
}

// none lets files read no row of some tables, until they are bound anew.
func (p *publication) none(names ...string) {
	for _, name := range names {
		p.bindNow(name, sql.Empty(p.snaps[name].Table))
	}
}

// rebind lets files read whole tables again.
func (p *publication) rebind(names ...string) {
	for _, name := range names {
		p.bind(name, p.snaps[name].Table, p.snaps[name])
	}
}
