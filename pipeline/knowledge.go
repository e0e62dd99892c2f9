package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/crmlink/crmlink/stages/normalize"
)

// readKnowledge reads the administrator's own lists: all files of a folder, by name. A fault is the user's input; the
// error names file and line.
func readKnowledge(folder string) (map[string][]byte, error) {
	if folder == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &InputError{Problem: fmt.Sprintf("settings.knowledge: there is no folder %s", folder),
			Next: "make it, or leave the entry out to use crmlink's own lists"}
	} else if err != nil {
		return nil, fmt.Errorf("settings.knowledge: %w", err)
	}
	own := map[string][]byte{}
	for _, e := range entries {
		if e.IsDir() || e.Name()[0] == '.' || !slices.Contains([]string{".tsv", ".txt"}, filepath.Ext(e.Name())) {
			continue // a README beside the lists is no list
		}
		if own[e.Name()], err = os.ReadFile(filepath.Join(folder, e.Name())); err != nil {
			return nil, fmt.Errorf("settings.knowledge: %w", err)
		}
	}
	if err := normalize.CheckKnowledge(own); err != nil {
		return nil, &InputError{Problem: fmt.Sprintf("settings.knowledge, %s: %v", folder, err),
			Next: "crmlink knowledge LIST writes crmlink's own list, to start from"}
	}
	return own, nil
}

// putKnowledge stores the administrator's lists as objects, so that what a run was given can be replayed.
func (r *run) putKnowledge(c Config) (map[string]string, error) {
	own, err := readKnowledge(c.Path("settings.knowledge"))
	if err != nil || len(own) == 0 {
		return nil, err
	}
	objects := map[string]string{}
	for name, text := range own {
		if objects[name], err = r.session.PutObject(text); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// KnowledgeFile is one list as a run would read it.
type KnowledgeFile struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Entries int    `json:"entries"`
	Origin  string `json:"origin"` // crmlink, own, or crmlink and own
	Doc     string `json:"doc"`
}

// Knowledge lists the replaceable lists, with what a folder of own lists makes of them.
func Knowledge(folder string) ([]KnowledgeFile, error) {
	own, err := readKnowledge(folder)
	if err != nil {
		return nil, err
	}
	var all []KnowledgeFile
	for _, l := range normalize.Shipped() {
		f := KnowledgeFile{Name: l.Name, Version: l.Version, Entries: l.Entries, Origin: "crmlink", Doc: l.Doc}
		if text, ok := own[l.Name]; ok {
			replaced := normalize.About(l.Name, text)
			f.Version, f.Entries, f.Origin = replaced.Version, replaced.Entries, "own"
		}
		if text, ok := own[l.Addition]; ok {
			f.Entries += normalize.About(l.Name, text).Entries
			f.Origin += " and " + l.Addition
		}
		all = append(all, f)
	}
	return all, nil
}

// KnowledgeList is the text of one of crmlink's own lists.
func KnowledgeList(name string) ([]byte, error) {
	text, ok := normalize.List(name)
	if !ok {
		return nil, &InputError{Problem: "there is no list " + name, Next: "crmlink knowledge names them"}
	}
	return text, nil
}
