package publish

import (
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// earlierCounts are the earlier call's numbers by check.
func (p *publication) earlierCounts() (counts map[string]int64, ok bool) {
	if p.was == nil || p.dry != nil {
		return nil, false
	}
	counts = map[string]int64{}
	for _, c := range p.was.dry.Checks {
		var n int64
		if c.Detail != "" {
			if _, err := fmt.Sscanf(c.Detail, "%d rows", &n); err != nil {
				return nil, false
			}
		}
		counts[c.Name] = n
	}
	return counts, len(counts) > 0
}

// countsOfRecords adds to the earlier counts what the records that differ add.
func (p *publication) countsOfRecords(file string) []Check {
	f := p.file(file)
	if checks, ok := p.takenChecks(f); ok {
		return checks
	}
	counts, ok := p.earlierCounts()
	if !ok || !p.differ() {
		return judged(p.count(file))
	}
	var all []failing
	p.withSome(f, func(when string) { all = p.recount(f, when, counts, all) })
	return judged(all)
}

// recount takes off the earlier counts what a file finds in rows as they were, and then adds what it finds in them as they are.
func (p *publication) recount(f sql.File, when string, counts map[string]int64, all []failing) []failing {
	p.alone(f)
	for i, c := range p.count(f.Name) {
		if when == "was" {
			all = append(all, failing{c.check, counts[c.check] - c.rows})
		} else {
			all[i].rows += c.rows
		}
	}
	return all
}

// alone says that a file's relations are bound already.
func (p *publication) alone(f sql.File) {
	for _, name := range f.In {
		delete(p.late, name)
	}
}

// countsOfEntities looks at the entities alone that a record that differs has: of the others nothing was found.
func (p *publication) countsOfEntities(file string) []Check {
	f := p.file(file)
	if checks, ok := p.takenChecks(f); ok {
		return checks
	}
	if !p.passedBefore(f) || !p.differ() {
		return judged(p.count(file))
	}
	p.read(schemas.Mapping.Name)
	p.keep("answered", `SELECT object, entity_kind, entity_id, status, "primary" FROM mapping
		WHERE entity_id IN (SELECT entity_id FROM is_mapping WHERE entity_id IS NOT NULL)`)
	p.view(schemas.Mapping.Name, "FROM answered")
	all := p.count(file)
	p.rebind(schemas.Mapping.Name)
	return judged(all)
}

// countsOfList reads of the records' tables those alone that are on the list, and where nothing was found of it before only rows of
// opportunities and records of which something differs.
func (p *publication) countsOfList(file string) []Check {
	f := p.file(file)
	if checks, ok := p.takenChecks(f); ok {
		return checks
	}
	p.read(schemas.AutoSave.Name)
	few := p.deals.listed && p.passedBefore(f) && p.fewDeals()
	if few {
		p.keep("listed", "FROM auto_save WHERE opportunity_id IN (FROM other_deal) OR crm_id IN (FROM "+differingRecord+")")
		p.view(schemas.AutoSave.Name, "FROM listed")
		p.view(previousAutoSave, "FROM deal_saved")
		p.keep("listed_record", "SELECT DISTINCT crm_id FROM listed ANTI JOIN deal_saved USING (object, crm_id) ANTI JOIN "+differingRecord+" USING (crm_id)")
	} else {
		p.keep("listed_record", "SELECT DISTINCT crm_id FROM auto_save")
	}
	for name, object := range objects {
		p.only("Id", "listed_record", name)
		if few { // a record that does not differ and was listed is still there
			further := ""
			if p.any("FROM listed_record") {
				p.keep("listed_"+name, "SELECT Id FROM "+name)
				further = " UNION FROM listed_" + name
			}
			p.view(name, fmt.Sprintf("SELECT Id FROM is_%s UNION SELECT crm_id FROM deal_saved ANTI JOIN %s USING (crm_id) WHERE object = '%s'%s",
				name, differingRecord, object, further))
		}
	}
	all := p.count(file)
	p.rebind("raw_account", "raw_contact", "raw_lead")
	if few {
		p.rebind(schemas.AutoSave.Name, previousAutoSave)
	}
	return judged(all)
}

// countsOfBadges adds to the earlier count what badges that differ add.
func (p *publication) countsOfBadges(file string) []Check {
	f := p.file(file)
	if checks, ok := p.takenChecks(f); ok {
		return checks
	}
	counts, ok := p.earlierCounts()
	if !ok || !p.sameBut(f, schemas.Badge.Name) || !p.differ() {
		return judged(p.count(file))
	}
	changed := p.changed(schemas.Badge.Name)
	if !p.marked {
		p.keep("marked_entity", "SELECT DISTINCT entity_id FROM "+changed)
		p.only("entity_id", "marked_entity", "dir_company", "dir_member")
		p.keep("marked_company", "SELECT entity_id FROM dir_company")
		p.keep("marked_member", "SELECT entity_id FROM dir_member")
	}
	p.view("dir_company", "FROM marked_company")
	p.view("dir_member", "FROM marked_member")
	var all []failing
	for _, when := range []string{"was", "is"} {
		p.view(schemas.Badge.Name, fmt.Sprintf("SELECT entity_kind, entity_id FROM %s WHERE later = %t", changed, when == "is"))
		all = p.recount(f, when, counts, all)
	}
	p.rebind(f.In...)
	return judged(all)
}

// passedBefore says whether the earlier call found nothing by a file.
func (p *publication) passedBefore(f sql.File) bool {
	if p.was == nil || p.dry != nil {
		return false
	}
	_, ok := p.earlierChecks(f)
	return ok
}
