package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/crmlink/crmlink/sql"
)

// inventory is what lies in a store, whether or not anything names it.
type inventory struct {
	objects   map[string]storedFile // by file name: id and extension
	actions   map[string]storedFile // by id
	records   map[string][]byte     // run id → its run.json
	models    []byte                // model.json, where there is one
	leftovers []storedFile          // temporary files and folders of processes that were killed
}

// storedFile is a file of the store, or a folder with all that is in it.
type storedFile struct {
	path string // below the store, with slashes
	size int64
}

var (
	objectName = regexp.MustCompile(`^[0-9a-f]{64}\.(parquet|bin)$`)
	actionName = regexp.MustCompile(`^[0-9a-f]{64}\.json$`)
	hexID      = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
)

// inventory lists the store. A file of no known name is nobody's business here: it is neither listed nor ever removed.
func (s Store) inventory() (inventory, error) {
	inv := inventory{objects: map[string]storedFile{}, actions: map[string]storedFile{}, records: map[string][]byte{}}
	err := errors.Join(
		s.each(".", func(name string, f storedFile) error {
			var err error
			switch {
			case name == "current.new" || strings.HasPrefix(name, ".tmp-"):
				inv.leftovers = append(inv.leftovers, f)
			case name == modelsFile:
				inv.models, err = os.ReadFile(filepath.Join(s.Dir, name))
			}
			return err
		}),
		s.each("objects", func(name string, f storedFile) error { return s.listObjects(&inv, name) }),
		s.each("actions", func(name string, f storedFile) error {
			switch {
			case actionName.MatchString(name):
				inv.actions[strings.TrimSuffix(name, ".json")] = f
			case strings.HasPrefix(name, ".tmp-"):
				inv.leftovers = append(inv.leftovers, f)
			}
			return nil
		}),
		s.each("runs", func(name string, f storedFile) error { return s.listRun(&inv, name) }),
		s.listPulls(&inv),
	)
	if err != nil {
		return inventory{}, fmt.Errorf("list store: %w", err)
	}
	return inv, nil
}

func (s Store) listObjects(inv *inventory, folder string) error {
	return s.each("objects/"+folder, func(name string, f storedFile) error {
		switch {
		case folder == "tmp":
			inv.leftovers = append(inv.leftovers, f)
		case objectName.MatchString(name) && strings.HasPrefix(name, folder):
			inv.objects[name] = f
		}
		return nil
	})
}

func (s Store) listRun(inv *inventory, id string) error {
	data, err := os.ReadFile(s.runFile(id))
	if errors.Is(err, syscall.ENOTDIR) {
		return nil
	} else if errors.Is(err, fs.ErrNotExist) {
		// Killed before its record was written, or while it was removed: nothing lists this folder.
		if !s.Pinned(id) {
			inv.leftovers = append(inv.leftovers, storedFile{path: "runs/" + id})
		}
		return nil
	} else if err != nil {
		return err
	}
	inv.records[id] = data
	return s.each("runs/"+id, func(name string, f storedFile) error {
		if strings.HasPrefix(name, ".tmp-") || strings.HasPrefix(name, "analytics.duckdb.new") {
			inv.leftovers = append(inv.leftovers, f)
		}
		return nil
	})
}

// each visits what lies in a folder of the store, in alphabetical order; a folder that is not there, or none, is empty.
func (s Store) each(folder string, visit func(name string, f storedFile) error) error {
	entries, err := os.ReadDir(filepath.Join(s.Dir, folder))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	} else if err != nil {
		return err
	}
	for _, e := range entries {
		f := storedFile{path: filepath.ToSlash(filepath.Join(folder, e.Name()))}
		if info, err := e.Info(); err == nil {
			f.size = info.Size()
		} else if errors.Is(err, fs.ErrNotExist) {
			continue // a temporary file of a run that is on
		} else {
			return err
		}
		if err := visit(e.Name(), f); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf is the number of bytes and of files below a path.
func (s Store) sizeOf(path string) (bytes, files int64, err error) {
	err = filepath.WalkDir(filepath.Join(s.Dir, path), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes, files = bytes+info.Size(), files+1
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return bytes, files, err
}

// needs finds all that texts name, and what the actions among it name in turn. Each word that could be an id counts,
// wherever it stands, so that a new field of a record cannot be forgotten here.
func (s Store) needs(inv inventory, texts ...[]byte) (map[string]bool, error) {
	named := map[string]bool{}
	return named, s.addNeeds(inv, named, func(text []byte) []byte { return text }, texts)
}

// addResults adds what texts need but for what only makes the next run cheaper: of actions that are named already all counts.
func (s Store) addResults(inv inventory, named map[string]bool, texts [][]byte) error {
	return s.addNeeds(inv, named, func(text []byte) []byte { return passingID.ReplaceAll(text, nil) }, texts)
}

func (s Store) addNeeds(inv inventory, named map[string]bool, counts func(text []byte) []byte, texts [][]byte) error {
	for len(texts) > 0 {
		text := texts[0]
		texts = texts[1:]
		for _, id := range hexID.FindAllString(string(counts(text)), -1) {
			if named[id] {
				continue
			}
			named[id] = true
			if _, ok := inv.actions[id]; ok {
				data, err := os.ReadFile(s.action(id))
				if err != nil {
					return fmt.Errorf("read action: %w", err)
				}
				texts = append(texts, data)
			}
		}
	}
	return nil
}

// isLatest says whether the next run may build upon a run: the current one, and whatever began after it. Without a current one
// each may.
func isLatest(run, current string) bool { return run >= current }

// reference is one place at which a record or an action names an object.
type reference struct {
	object  string // file name
	table   string // empty for an object that is no table
	passing bool   // it only makes the next run cheaper
}

// references finds the objects that a record or an action names, by the form in which tables and indexes are written.
func references(text []byte) ([]reference, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	var found []reference
	eachReference(v, func(r reference) { found = append(found, r) })
	slices.SortFunc(found, func(a, b reference) int {
		return strings.Compare(fmt.Sprint(a.object, a.table, a.passing), fmt.Sprint(b.object, b.table, b.passing))
	})
	return slices.Compact(found), nil
}

// objectKeys are the names under which records and actions hold the id of an object that is no table.
var objectKeys = append([]string{"index", "sections", "survey", "shared_mail"}, passingKeys...)

// passingKeys are those of objects that only make the next run cheaper. No result follows from them, so that runs before the
// latest need none.
var passingKeys = []string{"crm_state", "directory_state", "row_digests", "totals", "grounds", "roll", "roll_since"}

// passingID is where a text names such an object.
var passingID = regexp.MustCompile(`"(` + strings.Join(passingKeys, "|") + `)"\s*:\s*"[0-9a-f]{64}"`)

func eachReference(v any, visit func(reference)) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			eachReference(x, visit)
		}
	case map[string]any:
		table, isTable := v["table"].(string)
		parts, _ := v["parts"].([]any)
		if isTable {
			for _, p := range parts {
				part, _ := p.(map[string]any)
				for _, key := range []string{"id", "without"} {
					if id, ok := part[key].(string); ok && hexID.MatchString(id) {
						visit(reference{object: id + ".parquet", table: table})
					}
				}
			}
		}
		for key, x := range v {
			if id, ok := x.(string); ok && slices.Contains(objectKeys, key) && hexID.MatchString(id) {
				visit(reference{object: id + ".bin", passing: slices.Contains(passingKeys, key)})
			}
			eachReference(x, visit)
		}
	}
}

// objectFile is where an object of a file name lies, below the store.
func objectFile(name string) string {
	id, extension, _ := strings.Cut(name, ".")
	return filepath.ToSlash(sql.ObjectPath("objects", id, "."+extension))
}
