package publish

import (
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
	query := p.summed(f, schemas.FieldGain, "FROM earlier_field_gain", " HAVING sum(records) > 0")
	p.saveQuery(schemas.FieldGain, query)
}

// mappingCount is a step as any other, but that it is added up where few records differ.
func (p *publication) mappingCount() {
	p.stepSummed("publish/mapping_count", schemas.MappingCount, schemas.SyncStats, "FROM earlier_sync_stats", "")
}

// requiredCount is likewise told from the earlier data quality, unless a count of normalize stood there that has gone.
func (p *publication) requiredCount() {
	p.stepSummed("publish/required_count", schemas.RequiredCount, schemas.DataQuality,
		`SELECT * FROM earlier_data_quality WHERE "check" = 'missing'`, ` HAVING sum("of") > 0`)
}

func (p *publication) stepSummed(file string, table, from schemas.Table, earlier, having string) {
	p.step(file)
	if p.err != nil || p.dry != nil {
		return
	}
	whole := p.late[table.Name]
	p.late[table.Name] = func() {
		if p.gave(from).Table == "" || !p.differ() || from.Name == schemas.DataQuality.Name && p.uncovered() {
			whole()
			return
		}
		p.read("earlier_" + from.Name)
		if query := p.summed(p.file(file), table, earlier, having); p.err == nil {
			p.err = p.session.StepQuery(p.ctx, query, table)
		}
	}
}

// uncovered says whether normalize counted something that it counts no longer.
func (p *publication) uncovered() bool {
	p.bind("earlier_counted", schemas.DataQuality.Name, p.was.counted)
	p.bind("counted", schemas.DataQuality.Name, p.counted)
	p.read("earlier_counted", "counted")
	return p.any(`FROM earlier_counted ANTI JOIN counted USING (object, field, "check")`)
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

func (p *publication) saveQuery(table schemas.Table, query string) {
	if p.err != nil {
		return
	}
	snap, err := p.session.SaveQuery(p.ctx, query, table, nil)
	if p.err = err; err == nil {
		p.publish(table.Name, snap)
	}
}

// anew runs a file over what is bound.
func (p *publication) anew(file string) {
	if p.err == nil {
		p.err = p.session.Step(p.ctx, file, p.values)
	}
}

// amend stores what a table becomes where a file makes the rows of some part keys anew, those that replaced gives.
func (p *publication) amend(f sql.File, table schemas.Table, replaced string) {
	p.anew(f.Name)
	p.amendBy(table, "SELECT * FROM "+table.Name, replaced)
}

// amendBy is amend with a query's rows.
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
	snap, err := w.Amend(p.ctx, p.was.dry.Tables[table.Name], replaced)
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
	lists := ""
	if p.deals.relisted {
		lists = " UNION FROM other_saved"
	} else if p.was.is["auto_save"] != p.is["auto_save"] {
		if lists = p.changed("auto_save"); lists != "" {
			lists = " UNION SELECT entity_id FROM " + lists
		}
	}
	p.keep("badge_entity", `SELECT entity_id FROM was_mapping WHERE "primary" AND entity_id IS NOT NULL
		UNION SELECT entity_id FROM is_mapping WHERE "primary" AND entity_id IS NOT NULL`+lists)
	// The badge of another record says what its row in mapping says.
	p.read("earlier_badge", "auto_save")
	p.keep("was_badge", "SELECT * FROM earlier_badge SEMI JOIN badge_entity USING (entity_id)")
	if p.err == nil { // amending asks for these rows, and so does comparing the two tables
		p.err = p.session.Remember(p.ctx, p.was.dry.Tables[schemas.Badge.Name], "badge_entity", "was_badge")
	}
	p.keep("badge_mapping", `SELECT object, crm_id, entity_kind, entity_id, "primary" FROM is_mapping
		UNION ALL SELECT object, crm_id, entity_kind, entity_id, true FROM was_badge ANTI JOIN `+differingRecord+" USING (crm_id)")
	p.view("mapping", "FROM badge_mapping")
	p.amend(f, schemas.Badge, "FROM badge_entity")
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
		p.view(name, "FROM is_"+name)
	}
	p.amend(f, schemas.ContactCard, `SELECT entity_id FROM was_mapping WHERE "primary" AND object <> 'Account' AND entity_id IS NOT NULL`)
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
	changed := p.changed("badge")
	p.read("redirected", "raw_activity", schemas.AtOpen.Name, "earlier_missing_in_crm", "badge")
	news := ""
	if !p.same(f, schemas.AtOpen.Name) { // who had a badge and has it still is missing in neither case
		p.keep("was_at_open", "SELECT entity_id FROM earlier_missing_in_crm WHERE open_opportunity")
		news = ` UNION SELECT entity_id FROM was_at_open ANTI JOIN at_open USING (entity_id)
			UNION SELECT o.entity_id FROM (FROM at_open ANTI JOIN was_at_open USING (entity_id)) o ANTI JOIN (SELECT entity_id FROM badge WHERE entity_kind = 'member') b USING (entity_id)`
	}
	p.keep("marked_entity", "SELECT DISTINCT entity_id FROM "+changed+news)
	p.keep("marked_badge", "SELECT entity_kind, entity_id FROM badge SEMI JOIN marked_entity USING (entity_id)")
	p.keep("marked_open", "SELECT * FROM at_open SEMI JOIN marked_entity USING (entity_id)")
	p.keep("marked_id", "SELECT entity_id FROM marked_entity UNION SELECT old_id FROM redirected SEMI JOIN marked_entity ON new_id = entity_id")
	p.keep("marked_activity", "SELECT activity_id, seat_id, kind, occurred_at, member_id, company_id FROM raw_activity WHERE member_id IN (FROM marked_id) OR company_id IN (FROM marked_id)")
	p.view("raw_activity", "FROM marked_activity")
	p.view("badge", "FROM marked_badge")
	p.view(schemas.AtOpen.Name, "FROM marked_open") // no other file reads it after this one
	p.only("entity_id", "marked_entity", "dir_company", "dir_member")
	p.keep("marked_company", "SELECT entity_id FROM dir_company")
	p.keep("marked_member", "SELECT entity_id, company_ids FROM dir_member")
	p.view("dir_company", "FROM marked_company")
	p.view("dir_member", "FROM marked_member")
	p.marked = true
	p.anew(f.Name)
	p.saveQuery(schemas.MissingInCRM, "FROM missing_in_crm UNION ALL FROM earlier_missing_in_crm ANTI JOIN marked_entity USING (entity_id)")
	p.rebind("raw_activity", "badge", "dir_company", "dir_member")
}

// changed gives a temporary table of the rows in which a table differs.
func (p *publication) changed(name string) string {
	if p.err != nil || p.changes[name] != "" {
		return p.changes[name]
	}
	changes, err := p.session.Changed(p.ctx, p.was.dry.Tables[name].Or(name), p.tables[name].Or(name), "")
	p.err = err
	p.kept = append(p.kept, changes.Name)
	p.changes[name] = changes.Name
	return changes.Name
}

// view lets files read a query's rows under a name, until it is bound anew.
func (p *publication) view(name, query string) {
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

// rebind lets files read whole tables again.
func (p *publication) rebind(names ...string) {
	for _, name := range names {
		p.bind(name, p.snaps[name].Table, p.snaps[name])
	}
}
