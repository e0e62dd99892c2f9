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
	for i, c := range p.count(f.Name) {
		if when == "was" {
			all = append(all, failing{c.check, counts[c.check] - c.rows})
		} else {
			all[i].rows += c.rows
		}
	}
	return all
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
	p.keepFiles("publish/recounts/", "answered")
	p.view(schemas.Mapping.Name, "answered")
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
	few := p.deals.listed && p.passedBefore(f) && p.fewDeals()
	listed := "saved_record"
	if few {
		listed = "listed_record"
		p.keepFiles("publish/recounts/", "listed")
		p.view(schemas.AutoSave.Name, "listed")
		p.view(previousAutoSave, "deal_saved")
	}
	p.keepFiles("publish/recounts/", listed)
	none := p.rows(listed) == 0
	for _, name := range objects {
		if none {
			p.none(name)
		} else {
			p.only("Id", listed, name)
		}
		if few {
			p.keepFiles("publish/recounts/", "listed_"+name)
			p.view(name, "listed_"+name)
		}
	}
	all := p.count(file)
	p.rebind(objects...)
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
	p.mark(false)
	var all []failing
	for _, when := range []string{"was", "is"} {
		p.viewOf(schemas.Badge.Name, fmt.Sprintf("SELECT entity_kind, entity_id FROM changed_badge WHERE later = %t", when == "is"))
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
