package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
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

	absent bool // what the entry names is not there
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
	data, err := os.ReadFile(file)
	if err == nil {
		return parseConfig(file, data)
	}
	c, _ := parseConfig(file, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return c, &InputError{Problem: fmt.Sprintf("there is no %s", file), Next: "crmlink init DIR writes one; or name yours with -c FILE"}
	}
	return c, fmt.Errorf("read configuration: %w", err)
}

// parseConfig is LoadConfig for what stands in the file.
func parseConfig(file string, data []byte) (Config, error) {
	c := Config{File: file, Dir: filepath.Dir(file), values: map[string]Value{}}
	for _, s := range settings {
		if !strings.Contains(s.Path, "*") {
			c.values[s.Path] = Value{Path: s.Path, Value: s.Default, Origin: "default", Doc: s.Doc}
		}
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

// Effective lists all values in the order of the file's template, but for those that an org of this kind has no use for.
func (c Config) Effective() []Value {
	var all []Value
	named := map[string][]string{} // paths of entries whose names are the user's, by the setting's
	for p := range c.values {
		if s, ok := settingAt(p); ok && strings.Contains(s.Path, "*") {
			named[s.Path] = append(named[s.Path], p)
		}
	}
	for _, s := range settings {
		if !c.has(s.Path) {
			continue
		}
		if !strings.Contains(s.Path, "*") {
			all = append(all, c.values[s.Path])
			continue
		}
		keys := named[s.Path]
		sort.Strings(keys)
		for _, k := range keys {
			all = append(all, c.values[k])
		}
	}
	return all
}
