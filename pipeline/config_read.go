package pipeline

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/crmlink/crmlink/schemas"
)

// configReader takes the entries of a configuration file and notes every fault on the way.
type configReader struct {
	config   *Config
	findings []Finding
	entries  []Finding // all entries that stand in the file: path, line and value
}

func (r *configReader) fault(path string, node *yaml.Node, want, next string) {
	f := found(path, node)
	f.Want, f.Next = want, next
	r.findings = append(r.findings, f)
}

func found(path string, node *yaml.Node) Finding {
	value := node.Value
	if node.Kind == yaml.MappingNode {
		value = "a group of entries"
	} else if node.Kind == yaml.SequenceNode {
		value = "a list"
	}
	return Finding{Path: path, Line: node.Line, Value: value}
}

func (r *configReader) walk(node *yaml.Node, path string) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if s, ok := settingAt(path); ok {
		r.take(s, node, path)
		return
	}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return // a heading with nothing below it
	}
	if s, ok := settingAt(path + ".at"); ok && node.Kind == yaml.ScalarNode {
		r.take(s, node, s.Path) // full: "0 4 * * *" is short for full: {at: "0 4 * * *"}
		return
	}
	if node.Kind == yaml.ScalarNode && node.Value == "" {
		return
	}
	if node.Kind != yaml.MappingNode {
		where, next := path, "indent the entries below "+path+":"
		if path == "" {
			where, next = filepath.Base(r.config.File), "begin with org: and put its entries below; crmlink init DIR writes a file to start from"
		}
		r.fault(where, node, "a group of entries: "+strings.Join(childrenOf(path), ", "), next)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, below := node.Content[i], node.Content[i+1]
		at := strings.TrimPrefix(path+"."+name.Value, ".")
		switch {
		case seen[name.Value]:
			r.fault(at, name, "each entry once", "remove one of the two")
		case !known(at):
			next := "remove it; entries here are " + strings.Join(childrenOf(path), ", ")
			if near := nearest(name.Value, childrenOf(path)); near != "" {
				next = "write " + near
			}
			if at == "" { // a name of no letters
				at = filepath.Base(r.config.File)
			}
			r.fault(at, name, "an entry that crmlink has", next)
		default:
			r.walk(below, at)
		}
		seen[name.Value] = true
	}
}

func (r *configReader) take(s setting, node *yaml.Node, path string) {
	r.entries = append(r.entries, found(path, node))
	v := Value{Path: path, Origin: fmt.Sprintf("%s:%d", filepath.Base(r.config.File), node.Line), Doc: s.Doc}
	if s.Kind.List {
		if node.Kind != yaml.SequenceNode {
			r.fault(path, node, s.Kind.Want, "write ["+"first, second]")
			return
		}
		for _, item := range node.Content {
			if item.Kind == yaml.AliasNode {
				item = item.Alias
			}
			if item.Kind != yaml.ScalarNode {
				r.fault(path, item, s.Kind.Want, "write ["+"first, second]")
				return
			}
			v.List = append(v.List, item.Value)
		}
		v.Value = strings.Join(v.List, ", ")
	} else {
		if node.Kind != yaml.ScalarNode {
			r.fault(path, node, s.Kind.Want, "write one value on the same line")
			return
		}
		if node.Tag != "!!null" {
			v.Value = node.Value
		}
		if s.Kind.Check != nil && (v.Value != "" || s.Default != "") {
			if err := s.Kind.Check(v.Value, r.config.Dir); err != nil {
				r.fault(path, node, s.Kind.Want, err.Error())
				r.findings[len(r.findings)-1].absent = errors.As(err, new(absent))
				return
			}
		}
	}
	r.config.values[path] = v
}

// checkTogether finds what no single entry shows: missing files at default places, rates in the wrong order.
func (r *configReader) checkTogether() {
	for _, s := range settings {
		v, ok := r.config.values[s.Path]
		if !ok || v.Origin != "default" || v.Value == "" || s.Kind.Check == nil || r.faulty(s.Path) || !r.config.has(s.Path) {
			continue
		}
		if err := s.Kind.Check(v.Value, r.config.Dir); err != nil {
			r.findings = append(r.findings, Finding{Path: s.Path, Value: v.Value + " (default)", Want: s.Kind.Want, Next: err.Error(),
				absent: errors.As(err, new(absent))})
		}
	}
	r.checkOrg()
	r.checkColumns()
	r.checkSchedule()
	green, yellow := r.config.Micros("settings.match_rate.green"), r.config.Micros("settings.match_rate.yellow")
	if green < yellow {
		r.findings = append(r.findings, Finding{Path: "settings.match_rate", Value: fmt.Sprintf("green %s, yellow %s",
			r.config.Text("settings.match_rate.green"), r.config.Text("settings.match_rate.yellow")),
			Want: "green at or above yellow", Next: "exchange the two"})
	}
}

// checkColumns holds the names on our side of files and columns against what crmlink imports.
func (r *configReader) checkColumns() {
	for _, v := range r.config.Effective() {
		parts := strings.Split(v.Path, ".")
		name := parts[len(parts)-1]
		var valid []string
		switch {
		case strings.HasPrefix(v.Path, "org.files.") || strings.HasPrefix(v.Path, "org.columns."):
			for _, o := range schemas.Objects {
				valid = append(valid, o.Name)
			}
			if o, ok := schemas.ObjectNamed(parts[2]); ok && len(parts) == 4 {
				valid = o.Table().ColumnNames()
			} else {
				name = parts[2]
			}
		case len(parts) >= 3 && parts[0] == "directory" && parts[2] == "columns":
			valid = map[string]schemas.Table{"companies": schemas.RawCompany, "members": schemas.RawMember}[parts[1]].ColumnNames()
		case len(parts) == 3 && parts[1] == "columns":
			valid = map[string]schemas.Table{"seats": schemas.RawSeat, "activities": schemas.RawActivity,
				"decisions": schemas.RawDecision, "redirects": schemas.RawRedirect}[parts[0]].ColumnNames()
		default:
			continue
		}
		if !slices.Contains(valid, name) {
			r.findings = append(r.findings, Finding{Path: v.Path, Value: name, Want: "a name on crmlink's side",
				Next: "write ours: theirs, with ours one of " + strings.Join(valid, ", ")})
		}
	}
}

func (r *configReader) faulty(path string) bool {
	return slices.ContainsFunc(r.findings, func(f Finding) bool { return f.Path == path })
}

// settingAt finds the declaration that a path falls under.
func settingAt(path string) (setting, bool) {
	for _, s := range settings {
		if matches(strings.Split(s.Path, "."), strings.Split(path, ".")) {
			return s, true
		}
	}
	return setting{}, false
}

func matches(pattern, path []string) bool {
	return len(pattern) == len(path) && isPrefix(pattern, path)
}

func isPrefix(pattern, path []string) bool {
	for i, p := range path {
		if i >= len(pattern) || pattern[i] != "*" && pattern[i] != p {
			return false
		}
	}
	return true
}

// known says whether a path is an entry or a group of entries.
func known(path string) bool {
	return slices.ContainsFunc(settings, func(s setting) bool {
		return isPrefix(strings.Split(s.Path, "."), strings.Split(path, "."))
	})
}

func childrenOf(path string) []string {
	var names []string
	depth := 0
	if path != "" {
		depth = len(strings.Split(path, "."))
	}
	for _, s := range settings {
		parts := strings.Split(s.Path, ".")
		if len(parts) > depth && (path == "" || isPrefix(parts, strings.Split(path, "."))) && !slices.Contains(names, parts[depth]) {
			names = append(names, parts[depth])
		}
	}
	return names
}

// nearest is the word that a misspelt one was probably meant to be: the same letters but for two.
func nearest(word string, words []string) string {
	best, distance := "", 3
	for _, w := range words {
		if d := editDistance(strings.ToLower(word), w); d < distance && d < len(w) {
			best, distance = w, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
