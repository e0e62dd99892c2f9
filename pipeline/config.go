package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/crmlink/crmlink/schemas"
)

// Config is crmlink.yaml with defaults filled in. One file is one org is one store.
type Config struct {
	File   string // path of the file
	Dir    string // its folder: all paths are relative to it
	values map[string]Value
}

// Value is the effective value of one entry and where it came from.
type Value struct {
	Path   string   `json:"path"`
	Value  string   `json:"value"`
	List   []string `json:"list,omitempty"`
	Origin string   `json:"origin"` // default, or file:line
	Doc    string   `json:"doc"`
}

// Finding is one fault of a configuration.
type Finding struct {
	Path  string `json:"path"`
	Line  int    `json:"line,omitempty"`
	Value string `json:"value"`
	Want  string `json:"want"`
	Next  string `json:"next"`
}

func (f Finding) String() string {
	at := ""
	if f.Line > 0 {
		at = fmt.Sprintf(" (line %d)", f.Line)
	}
	return fmt.Sprintf("%s%s: got %s, want %s. Try: %s", f.Path, at, strconv.Quote(f.Value), f.Want, f.Next)
}

// ConfigError carries every finding of a configuration at once.
type ConfigError struct {
	File     string
	Findings []Finding
}

func (e *ConfigError) Error() string {
	lines := []string{fmt.Sprintf("%s: %d faults", e.File, len(e.Findings))}
	if len(e.Findings) == 1 {
		lines[0] = e.File + ": 1 fault"
	}
	for _, f := range e.Findings {
		lines = append(lines, "  "+f.String())
	}
	return strings.Join(lines, "\n")
}

// Try is the next step.
func (e *ConfigError) Try() string { return "correct the file, then run crmlink config check" }

// Input marks the fault as the user's input.
func (e *ConfigError) Input() bool { return true }

// LoadConfig reads a configuration file. Faults come together as one *ConfigError; the Config then holds what could
// be read, for `config show`.
func LoadConfig(file string) (Config, error) {
	c := Config{File: file, Dir: filepath.Dir(file), values: map[string]Value{}}
	for _, s := range settings {
		if !strings.Contains(s.Path, "*") {
			c.values[s.Path] = Value{Path: s.Path, Value: s.Default, Origin: "default", Doc: s.Doc}
		}
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return c, &InputError{Problem: fmt.Sprintf("there is no %s", file), Next: "crmlink init DIR writes one; or name yours with -c FILE"}
	} else if err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return c, &ConfigError{file, []Finding{{Path: filepath.Base(file), Value: strings.TrimPrefix(err.Error(), "yaml: "),
			Want: "a YAML file", Next: "check the indentation and the quotes at that line"}}}
	}
	reader := configReader{config: &c}
	if len(document.Content) > 0 {
		reader.walk(document.Content[0], "")
	}
	reader.checkTogether()
	if len(reader.findings) > 0 {
		return c, &ConfigError{file, reader.findings}
	}
	return c, nil
}

// InputError is a fault of the user's input with a next step.
type InputError struct{ Problem, Next string }

func (e *InputError) Error() string { return e.Problem }

// Try is the next step.
func (e *InputError) Try() string { return e.Next }

// Input marks the fault as the user's input.
func (e *InputError) Input() bool { return true }

type configReader struct {
	config   *Config
	findings []Finding
}

func (r *configReader) fault(path string, node *yaml.Node, want, next string) {
	value := node.Value
	if node.Kind == yaml.MappingNode {
		value = "a group of entries"
	} else if node.Kind == yaml.SequenceNode {
		value = "a list"
	}
	r.findings = append(r.findings, Finding{Path: path, Line: node.Line, Value: value, Want: want, Next: next})
}

func (r *configReader) walk(node *yaml.Node, path string) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if s, ok := settingAt(path); ok {
		r.take(s, node, path)
		return
	}
	if node.Kind == yaml.ScalarNode && (node.Tag == "!!null" || node.Value == "") {
		return // a heading with nothing below it
	}
	if node.Kind != yaml.MappingNode {
		r.fault(path, node, "a group of entries: "+strings.Join(childrenOf(path), ", "), "indent the entries below "+path+":")
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
			r.fault(at, name, "an entry that crmlink has", next)
		default:
			r.walk(below, at)
		}
		seen[name.Value] = true
	}
}

func (r *configReader) take(s setting, node *yaml.Node, path string) {
	v := Value{Path: path, Origin: fmt.Sprintf("%s:%d", filepath.Base(r.config.File), node.Line), Doc: s.Doc}
	if s.Kind.List {
		if node.Kind != yaml.SequenceNode {
			r.fault(path, node, s.Kind.Want, "write ["+"first, second]")
			return
		}
		for _, item := range node.Content {
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
		if !ok || v.Origin != "default" || v.Value == "" || s.Kind.Check == nil || r.faulty(s.Path) {
			continue
		}
		if err := s.Kind.Check(v.Value, r.config.Dir); err != nil {
			r.findings = append(r.findings, Finding{Path: s.Path, Value: v.Value + " (default)", Want: s.Kind.Want, Next: err.Error()})
		}
	}
	if r.config.Text("org.instance_url") == "" && !r.faulty("org.instance_url") {
		r.findings = append(r.findings, Finding{Path: "org.instance_url", Want: webAddress.Want,
			Next: "write the address of your org, such as https://yourcompany.my.salesforce.com; badges link to it"})
	}
	r.checkColumns()
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

// Text is the effective value of an entry.
func (c Config) Text(path string) string { return c.values[path].Value }

// List is the effective value of an entry that takes a list.
func (c Config) List(path string) []string { return c.values[path].List }

// Bool is the effective value of an entry that takes true or false.
func (c Config) Bool(path string) bool { return c.values[path].Value == "true" }

// Int is the effective value of an entry that takes a whole number.
func (c Config) Int(path string) int {
	n, err := strconv.Atoi(c.values[path].Value)
	if err != nil {
		return 0
	}
	return n
}

// Micros is a share in millionths.
func (c Config) Micros(path string) int64 {
	f, err := strconv.ParseFloat(c.values[path].Value, 64)
	if err != nil {
		return 0
	}
	return int64(f*1e6 + 0.5)
}

// Path is an entry that names a file or folder, made relative to the working folder.
func (c Config) Path(path string) string {
	if v := c.Text(path); v != "" {
		return within(c.Dir, v)
	}
	return ""
}

// Group is what stands below an entry that takes any key: Group("org.files") is object → pattern.
func (c Config) Group(path string) map[string]string {
	group := map[string]string{}
	for p, v := range c.values {
		if key, ok := strings.CutPrefix(p, path+"."); ok && !strings.Contains(key, ".") {
			group[key] = v.Value
		}
	}
	return group
}

// Effective lists all values in the order of the file's template.
func (c Config) Effective() []Value {
	var all []Value
	for _, s := range settings {
		if !strings.Contains(s.Path, "*") {
			all = append(all, c.values[s.Path])
			continue
		}
		var keys []string
		for p := range c.values {
			if found, ok := settingAt(p); ok && found.Path == s.Path {
				keys = append(keys, p)
			}
		}
		sort.Strings(keys)
		for _, k := range keys {
			all = append(all, c.values[k])
		}
	}
	return all
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
