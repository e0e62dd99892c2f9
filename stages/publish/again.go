package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Earlier is what an earlier call of Run was given and gave. It changes no result, only what the result costs: a table is taken
// over where all that its file reads is the same.
type Earlier struct {
	In  In
	Out Out
}

const previousAutoSave = "previous_auto_save"

// before walks the earlier call without making anything, to know what each of its tables followed from.
func (p *publication) before(in In, e Earlier) {
	was := newPublication(p.ctx, p.session, e.In)
	was.dry, was.follow = &e.Out, map[string]string{}
	// The list that the earlier call gave is its own list's next one: rows stay what they are, and new ones have their time.
	if in.Previous[schemas.AutoSave.Name].Or(schemas.AutoSave.Name).ID == e.Out.Tables[schemas.AutoSave.Name].ID {
		p.takeAs(was, "publish/auto_save", previousAutoSave, "$as_of")
		p.takeAs(was, "publish/check_list", previousAutoSave)
	}
	p.takeTimeAs(was, in, e.In)
	was.all(e.In)
	if was.err == nil {
		p.was = was
	}
}

// takeAs says that a file gives the same with what two calls have under some names, although these are not the same.
func (p *publication) takeAs(was *publication, file string, names ...string) {
	for _, name := range names {
		p.alike[file+" "+name], was.alike[file+" "+name] = "alike", "alike"
	}
}

// takeTimeAs looks whether two runs' times are the same to the ROI tables: one day, and no activity between them.
func (p *publication) takeTimeAs(was *publication, in, earlier In) {
	activities := in.Raw["raw_activity"].Or("raw_activity")
	if !in.Settings.ROI.Enabled || !earlier.Settings.ROI.Enabled || zoneFollows(in) != zoneFollows(earlier) ||
		activities.ID != earlier.Raw["raw_activity"].Or("raw_activity").ID {
		return
	}
	for _, name := range []string{"raw_activity", "raw_organization"} {
		p.bind(name, name, in.Raw[name])
	}
	p.zoneLate(in)
	p.values["earlier"] = earlier.AsOf.UTC()
	if !p.any("publish/roi/other_time") {
		for _, file := range []string{"publish/roi/amount_v1", "publish/roi/touch_v1", "publish/roi/opportunity_v1"} {
			p.takeAs(was, file, "$as_of")
		}
	}
}

// follows is a hash of all that a file's result follows from.
func (p *publication) follows(f sql.File) string {
	h := sha256.New()
	fmt.Fprintln(h, f.Name)
	names := slices.Clone(f.In)
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		names = append(names, "$"+name)
	}
	for _, name := range names {
		is, ok := p.isTo(f, name)
		if value, isValue := strings.CutPrefix(name, "$"); !ok && isValue {
			is = fmt.Sprint(p.values[value])
		}
		fmt.Fprintf(h, "%s %q\n", name, is)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// isTo is what a relation holds, as far as a file can tell.
func (p *publication) isTo(f sql.File, name string) (is string, ok bool) {
	if is, ok = p.alike[f.Name+" "+name]; !ok {
		is, ok = p.is[name]
	}
	return is, ok
}

// same says whether a relation is to a file what it was in the earlier call.
func (p *publication) same(f sql.File, name string) bool {
	was, _ := p.was.isTo(f, name)
	is, _ := p.isTo(f, name)
	return was == is
}

// holds says whether a file's result is what it was in the earlier call.
func (p *publication) holds(f sql.File) bool {
	if p.err != nil || p.was == nil {
		return false
	}
	follow, ok := p.was.follow[f.Name]
	return ok && follow == p.follows(f)
}

// taken is the earlier call's table where it holds; walking that call, it is its table in any case.
func (p *publication) taken(f sql.File) (sql.Snapshot, bool) {
	if p.dry != nil {
		p.follow[f.Name] = p.follows(f)
		return p.dry.Tables[f.Out], true
	}
	if !p.holds(f) {
		return sql.Snapshot{}, false
	}
	snap, ok := p.was.dry.Tables[f.Out]
	return snap, ok
}

// takeOver publishes the earlier call's table where it holds.
func (p *publication) takeOver(f sql.File) bool {
	snap, ok := p.taken(f)
	if ok {
		p.publish(f.Out, snap)
	}
	return ok
}

// takenChecks are the earlier call's checks by a file, where they hold and all passed.
func (p *publication) takenChecks(f sql.File) (checks []Check, ok bool) {
	if p.dry != nil {
		p.follow[f.Name] = p.follows(f)
		return nil, true
	}
	if !p.holds(f) {
		return nil, false
	}
	return p.earlierChecks(f)
}

// earlierChecks are the earlier call's checks by a file; ok says that all passed.
func (p *publication) earlierChecks(f sql.File) (checks []Check, ok bool) {
	for _, c := range p.was.dry.Checks {
		if strings.Contains(f.Text, "'"+c.Name+"'") {
			if !c.Passed {
				return nil, false
			}
			checks = append(checks, c)
		}
	}
	return checks, len(checks) > 0
}
