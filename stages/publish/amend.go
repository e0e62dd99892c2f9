package publish

import (
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// fieldGain adds to the earlier counts what the records that differ add.
func (p *publication) fieldGain() {
	f := p.file("publish/field_gain")
	if p.takeOver(f) {
		return
	}
	if p.gave(schemas.FieldGain).Table == "" || !p.differ() {
		p.save(f.Name)
		return
	}
	p.read("earlier_" + f.Out)
	query := p.summed(f, schemas.FieldGain, "earlier_field_gain", " HAVING sum(records) > 0")
	p.saveQuery(schemas.FieldGain, query)
}

// mappingCount is a step as any other, but that it is added up where few records differ.
func (p *publication) mappingCount() {
	p.stepSummed("publish/mapping_count", schemas.MappingCount, "", func() string {
		if p.gave(schemas.SyncStats).Table == "" || !p.differ() {
			return ""
		}
		p.read("earlier_sync_stats")
		return "earlier_sync_stats"
	})
}

// requiredCount is likewise told from the earlier data quality, unless a count of normalize stood there that has gone.
func (p *publication) requiredCount() {
	p.stepSummed("publish/required_count", schemas.RequiredCount, ` HAVING sum("of") > 0`, func() string {
		if p.gave(schemas.DataQuality).Table == "" || !p.differ() || p.uncovered() {
			return ""
		}
		p.keepFiles("publish/recounts/", "earlier_required")
		return "earlier_required"
	})
}

// stepSummed is a step that is added up over an earlier relation, where there is one.
func (p *publication) stepSummed(file string, table schemas.Table, having string, earlier func() string) {
	p.step(file)
	if p.err != nil || p.dry != nil {
		return
	}
	whole := p.late[table.Name]
	p.late[table.Name] = func() {
		was := earlier()
		if was == "" {
			whole()
			return
		}
		if query := p.summed(p.file(file), table, was, having); p.err == nil {
			p.err = p.session.StepQuery(p.ctx, query, table)
		}
	}
}

// uncovered says whether normalize counted something that it counts no longer.
func (p *publication) uncovered() bool {
	p.bind("was_data_quality", schemas.DataQuality.Name, p.was.counted)
	p.bind("is_data_quality", schemas.DataQuality.Name, p.counted)
	return p.any("publish/recounts/uncovered")
}

// gave is a table that the earlier call gave, to be read as earlier_<its name>.
func (p *publication) gave(table schemas.Table) sql.Snapshot {
	if p.was == nil || p.dry != nil {
		return sql.Snapshot{}
	}
	snap := p.was.dry.Tables[table.Name]
	if snap.Table != "" {
		p.bind("earlier_"+table.Name, table.Name, snap)
	}
	return snap
}

// saveOver stores the rows of a table that were made anew, and the earlier call's of all others, whose key is not among those kept.
func (p *publication) saveOver(table schemas.Table, kept, key string) {
	p.read("earlier_" + table.Name)
	p.saveQuery(table, fmt.Sprintf("FROM %[1]s UNION ALL FROM earlier_%[1]s ANTI JOIN %[2]s USING (%[3]s)", table.Name, kept, key))
}

func (p *publication) saveQuery(table schemas.Table, query string) {
	if p.err != nil {
		return
	}
	snap, err := p.session.SaveQuery(p.ctx, query, table, nil)
	if p.err = err; err == nil {
		p.publish(table.Name, snap)
	}
}

// anew runs a file over the relations that are in its inputs' places.
func (p *publication) anew(file string) {
	f := p.file(file)
	delete(p.late, f.Out)
	if p.readFor(f); p.err == nil {
		p.err = p.session.Step(p.ctx, file, p.values)
	}
}

// amend stores what a table becomes where a file makes the rows of some part keys anew, those that a relation holds.
func (p *publication) amend(f sql.File, table schemas.Table, replaced string) {
	p.anew(f.Name)
	p.amendBy(table, "FROM "+table.Name, replaced)
}

// amendOf is amend with the rows of these part keys alone, which were made anew with others.
func (p *publication) amendOf(table schemas.Table, replaced string) {
	p.amendBy(table, fmt.Sprintf("FROM %s SEMI JOIN %s USING (%s)", table.Name, replaced, table.PartKey()), replaced)
}

func (p *publication) amendBy(table schemas.Table, rows, replaced string) {
	if p.err != nil {
		return
	}
	w, err := p.session.Writer(p.ctx, table)
	if p.err = err; err != nil {
		return
	}
	if p.err = w.Take(p.ctx, rows); p.err != nil {
		w.Discard(p.ctx) //nolint:errcheck // the first error counts
		return
	}
	snap, err := w.Amend(p.ctx, p.was.dry.Tables[table.Name], "FROM "+replaced)
	if p.err = err; err == nil {
		p.publish(table.Name, snap)
	}
}

// badge makes the badges anew of entities whose primary record differs, or that came to a list or left it.
func (p *publication) badge() {
	f := p.file("publish/badge")
	if p.takeOver(f) {
		return
	}
	if p.gave(schemas.Badge).Table == "" || p.values["instance_url"] != p.was.values["instance_url"] || p.values["keep"] != p.was.values["keep"] || !p.differ() {
		p.save(f.Name)
		return
	}
	p.changed(schemas.AutoSave.Name)
	p.keepFiles("publish/badges/", "badge_entity", "was_badge", "badge_mapping")
	if p.err == nil { // amending asks for these rows, and so does comparing the two tables
		p.err = p.session.Remember(p.ctx, p.was.dry.Tables[schemas.Badge.Name], "badge_entity", "was_badge")
	}
	p.view("mapping", "badge_mapping")
	p.amend(f, schemas.Badge, "badge_entity")
	p.rebind("mapping")
}

// contactCard makes the cards of records that differ anew.
func (p *publication) contactCard() {
	f := p.file("publish/contact_card")
	if p.takeOver(f) {
		return
	}
	if p.gave(schemas.ContactCard).Table == "" || !p.differ() {
		p.save(f.Name)
		return
	}
	for _, name := range f.In {
		p.view(name, "is_"+name)
	}
	p.keepFiles("publish/badges/", "was_carded")
	p.amend(f, schemas.ContactCard, "was_carded")
	p.rebind(f.In...)
}

// missing looks at the entities alone that got a badge or lost it, or of which it is news that they work where something is being sold, where
// nothing else has changed.
func (p *publication) missing() {
	f := p.file("publish/missing_in_crm")
	if p.takeOver(f) {
		return
	}
	if p.gave(schemas.MissingInCRM).Table == "" || !p.sameBut(f, schemas.Badge.Name, schemas.AtOpen.Name) || !p.differ() {
		p.save(f.Name)
		return
	}
	p.mark(!p.same(f, schemas.AtOpen.Name))
	p.keepFiles("publish/badges/", "marked_badge", "marked_open", "marked_activity")
	p.view("raw_activity", "marked_activity")
	p.view("badge", "marked_badge")
	p.view(schemas.AtOpen.Name, "marked_open") // no other file reads it after this one
	p.anew(f.Name)
	p.saveOver(schemas.MissingInCRM, "marked_entity", "entity_id")
	p.rebind("raw_activity", "badge", "dir_company", "dir_member")
}

// mark lets files read of the directory those entities alone whose badge differs and, where it may be another, of whom it is news that
// something is being sold where they work.
func (p *publication) mark(news bool) {
	if !p.marked {
		p.changed(schemas.Badge.Name)
		if news {
			p.keepFiles("publish/badges/", "other_open")
		} else {
			p.keep("other_open", "SELECT NULL::VARCHAR AS entity_id WHERE false")
		}
		p.keepFiles("publish/badges/", "marked_entity")
		p.only("entity_id", "marked_entity", "dir_company", "dir_member")
		p.keepFiles("publish/badges/", "marked_company", "marked_member")
		p.marked = true
	}
	p.view("dir_company", "marked_company")
	p.view("dir_member", "marked_member")
}
