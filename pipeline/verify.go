package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
)

// Verification is what Verify looked at and what it found. It names files, tables, runs and steps, never a value.
type Verification struct {
	Runs     int      `json:"runs"`
	Actions  int      `json:"actions"`
	Objects  int      `json:"objects"`
	Bytes    int64    `json:"bytes"`
	Damage   []Damage `json:"damage"`
	Moved    []string `json:"moved,omitempty"`     // runs whose analytics.duckdb names another folder than the store's
	SetAside []string `json:"set_aside,omitempty"` // files that a repair moved to the quarantine
}

// Damage is a file that is missing or not what it should be.
type Damage struct {
	File    string   `json:"file"` // below the store
	Problem string   `json:"problem"`
	Tables  []string `json:"tables,omitempty"`
	Runs    []string `json:"runs,omitempty"`    // runs whose record names it
	Steps   []string `json:"steps,omitempty"`   // steps whose stored result names it
	Current bool     `json:"current,omitempty"` // it belongs to the published run
	Remade  bool     `json:"remade,omitempty"`  // a repair made it again
}

// DamageError says that the store is not whole.
type DamageError struct{ Problem, Next string }

func (e *DamageError) Error() string { return e.Problem }

// Try is the next step.
func (e *DamageError) Try() string {
	if e.Next != "" {
		return e.Next
	}
	return "crmlink verify names what is damaged, and what to do"
}

// VerifyOptions say how to verify.
type VerifyOptions struct {
	Run    string // only what this run needs; empty: the whole store
	Repair bool   // set damaged files aside and make again what can be made
	Report func(Event)
}

// Verify reads the store as it lies on the disk: every object must have the content it is named after, everything that
// a record or an action names must be there, and the databases of published runs must open. It takes no lock, because
// what a run writes meanwhile appears whole or not at all; only a repair takes it.
func (s Store) Verify(ctx context.Context, o VerifyOptions) (Verification, error) {
	if o.Repair {
		release, err := s.lock()
		if err != nil {
			return Verification{}, err
		}
		defer release()
	}
	v := verifier{store: s, options: o, records: map[string]Record{}, named: map[string][]naming{}, damage: map[string]*Damage{}}
	err := v.check(ctx)
	if err == nil && o.Repair {
		err = v.repair(ctx)
	}
	if err != nil {
		return Verification{}, fmt.Errorf("verify: %w", err)
	}
	v.found.Damage = []Damage{}
	for _, file := range slices.Sorted(maps.Keys(v.damage)) {
		v.found.Damage = append(v.found.Damage, *v.damage[file])
	}
	return v.found, nil
}

// verifier is a verification on its way.
type verifier struct {
	store     Store
	options   VerifyOptions
	inventory inventory
	current   string
	records   map[string]Record   // those in question that can be read
	named     map[string][]naming // file name of an object → who names it
	damage    map[string]*Damage  // by file
	found     Verification
}

// naming is a run's record or an action that names an object, and as which table.
type naming struct {
	run, action, step, table string
	passing                  bool // it only makes the next run cheaper
}

func (v *verifier) check(ctx context.Context) error {
	var err error
	if v.inventory, err = v.store.inventory(); err != nil {
		return err
	}
	if err := v.readLink(); err != nil {
		return err
	}
	scope, err := v.scope()
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(scope.records)) {
		v.readRecord(id, scope.records[id])
	}
	for _, id := range slices.Sorted(maps.Keys(scope.actions)) {
		v.readAction(id)
	}
	v.readModels()
	if err := v.checkObjects(ctx, scope.objects); err != nil {
		return err
	}
	if err := v.checkControl(ctx); err != nil {
		return err
	}
	return v.checkDatabases(ctx)
}

// readLink looks where current points to.
func (v *verifier) readLink() error {
	id, err := v.store.Current()
	if err != nil {
		v.damaged("current", "it is no link to a run")
		return nil
	}
	v.current = id
	if _, ok := v.inventory.records[id]; id != "" && !ok {
		v.damaged("current", "it points to run "+id+", which has no record")
	}
	return nil
}

// scope is the part of the store in question: all of it, or what one run needs.
func (v *verifier) scope() (inventory, error) {
	if v.options.Run == "" {
		return v.inventory, nil
	}
	record, err := v.store.Find(v.options.Run)
	if err != nil {
		return inventory{}, err
	}
	text := v.inventory.records[record.ID]
	needed, err := v.store.needs(v.inventory, text)
	if err != nil {
		return inventory{}, err
	}
	part := inventory{records: map[string][]byte{record.ID: text}, actions: maps.Clone(v.inventory.actions), objects: maps.Clone(v.inventory.objects)}
	maps.DeleteFunc(part.actions, func(id string, _ storedFile) bool { return !needed[id] })
	maps.DeleteFunc(part.objects, func(name string, _ storedFile) bool { return !needed[name[:64]] })
	return part, nil
}

func (v *verifier) readRecord(id string, text []byte) {
	v.found.Runs++
	var r Record
	found, err := references(text)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil || r.ID != id {
		v.damaged("runs/"+id+"/run.json", "it cannot be read as the record of this run").Runs = []string{id}
		return
	}
	v.records[id] = r
	for _, f := range found {
		v.named[f.object] = append(v.named[f.object], naming{run: id, table: f.table, passing: f.passing})
	}
}

func (v *verifier) readAction(id string) {
	v.found.Actions++
	file := v.inventory.actions[id].path
	text, err := os.ReadFile(v.store.action(id))
	if os.IsNotExist(err) {
		return // removed meanwhile, together with what it names
	}
	var a action
	var found []reference
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err == nil {
		found, err = references(text)
	}
	if err != nil || a.Stage == "" {
		v.damaged(file, "it cannot be read as the result of a step")
		return
	}
	for _, f := range found {
		v.named[f.object] = append(v.named[f.object], naming{action: id, step: a.Stage, table: f.table, passing: f.passing})
	}
}

// readModels looks at what is proposed and adopted; one run does not need it.
func (v *verifier) readModels() {
	if v.options.Run != "" || len(v.inventory.models) == 0 {
		return
	}
	found, err := references(v.inventory.models)
	if err == nil {
		_, err = v.store.models()
	}
	if err != nil {
		v.damaged(modelsFile, "it cannot be read")
		return
	}
	for _, f := range found {
		v.named[f.object] = append(v.named[f.object], naming{step: modelsFile, table: f.table})
	}
}

// damaged notes a damaged file and who it belongs to.
func (v *verifier) damaged(file, problem string) *Damage {
	d := &Damage{File: file, Problem: problem}
	v.damage[file] = d
	return d
}

func (v *verifier) damagedObject(name, problem string) {
	d := v.damaged(objectFile(name), problem)
	for _, n := range v.named[name] {
		d.Tables = withName(d.Tables, n.table)
		d.Runs = withName(d.Runs, n.run)
		d.Steps = withName(d.Steps, n.step)
	}
	d.Current = slices.Contains(d.Runs, v.current)
}

// withName adds a name to a sorted list that has each once.
func withName(list []string, name string) []string {
	if at, found := slices.BinarySearch(list, name); name != "" && !found {
		return slices.Insert(list, at, name)
	}
	return list
}

// Next is what to do about what was found; empty when all is well.
func (v Verification) Next() string {
	var open, lost, current, records []string
	for _, d := range v.Damage {
		switch {
		case d.Remade:
		case strings.HasSuffix(d.File, "/run.json") || d.File == "current" || d.File == control.FileName:
			records = append(records, d.File)
		case d.Current:
			current = append(current, d.File)
		case len(d.Runs) > 0:
			lost = append(lost, d.File)
		default:
			open = append(open, d.File)
		}
	}
	repaired := len(v.SetAside) > 0 || slices.ContainsFunc(v.Damage, func(d Damage) bool { return d.Remade })
	switch {
	case len(v.Damage) == 0 && len(v.Moved) > 0:
		return "crmlink views --all"
	case len(v.Damage) == 0:
		return ""
	case len(records) > 0:
		return "put " + records[0] + " back from a backup of the store"
	case !repaired && len(open)+len(lost)+len(current) > 0:
		return "put the files back from a backup of the store (an object's name is its content, so any copy does), or crmlink verify --repair"
	case len(current) > 0:
		return "put the files back from a backup of the store, or crmlink run, which says whether it can do without them"
	case len(lost) > 0:
		return "put the files back from a backup of the store; only older runs lack them, crmlink gc removes those in time"
	}
	return "crmlink run computes again what is missing"
}

func (v *verifier) tell(e Event) {
	if v.options.Report != nil {
		e.At, e.Step = time.Now(), "verify"
		v.options.Report(e)
	}
}
