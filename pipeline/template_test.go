package pipeline

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// emptyOrg makes the files that the template names.
func emptyOrg(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"crm/Account.csv", "directory/companies.csv", "directory/members.csv", "seats.csv", "activities.parquet",
		"decisions.csv", "redirects.csv", "webhook.key", "app.key", "app.secret"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The template must pass the check as it is, and say nothing but defaults.
func TestTemplate_PassesTheCheck(t *testing.T) {
	dir := emptyOrg(t)
	file, err := InitConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Effective() {
		s, _ := settingAt(v.Path)
		if v.Value != s.Default && v.Path != "org.instance_url" {
			t.Errorf("%s is %q, its default %q", v.Path, v.Value, s.Default)
		}
	}
	if _, err := InitConfig(dir); err == nil || !IsInput(err) {
		t.Errorf("a second init: %v, want a refusal", err)
	}
}

// With every # of an example removed it must still be one that crmlink takes, for each kind of org without what only the
// other has, and hold every setting.
func TestTemplate_ExamplesPassTheCheck(t *testing.T) {
	dir := emptyOrg(t)
	file := filepath.Join(dir, ConfigFile)
	found := map[string]bool{}
	for kind, other := range map[string]string{CSV: Salesforce, Salesforce: CSV} {
		text := regexp.MustCompile(`(?m)^(\s*)# ((?:  )?[a-z_]+: ?[\[{a-z"0-9]|[a-z]+:$)`).ReplaceAllString(Template(), "$1$2")
		text = regexp.MustCompile(`(?m)^# (  [a-z]+: )`).ReplaceAllString(text, "$1")
		text = strings.Replace(text, "kind: csv", "kind: "+kind, 1)
		for _, path := range ofKind[other] {
			text = regexp.MustCompile(`(?m)^  `+strings.TrimPrefix(path, "org.")+`: .*\n`).ReplaceAllString(text, "")
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := LoadConfig(file)
		if err != nil {
			// Example names of own columns need not exist on our side, all else must.
			for _, f := range err.(*ConfigError).Findings {
				t.Errorf("%s: %s", kind, f)
			}
		}
		for _, s := range settings {
			path := strings.TrimSuffix(strings.TrimSuffix(s.Path, ".*"), ".*")
			for _, v := range c.Effective() {
				found[s.Path] = found[s.Path] || strings.HasPrefix(v.Path, path) && v.Origin != "default"
			}
		}
	}
	for _, s := range settings {
		if !found[s.Path] {
			t.Errorf("%s is not in the template", s.Path)
		}
	}
}

func TestTemplate_FitsTheScreen(t *testing.T) {
	for line := range strings.Lines(Template()) {
		if len(line) > 140 || strings.HasSuffix(strings.TrimRight(line, "\n"), " ") {
			t.Errorf("too long or with blanks at the end: %q", line)
		}
	}
}

func TestDictionary_HoldsEveryTableOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Dictionary() {
		if seen[e.Table] || e.Doc == "" || len(e.Columns) == 0 {
			t.Errorf("%+v", e)
		}
		seen[e.Table] = true
		for _, c := range e.Columns {
			if c.Doc == "" || c.Type == "" {
				t.Errorf("%s.%s: no doc text or type", e.Table, c.Name)
			}
		}
	}
	if _, err := Describe("maping"); err == nil || err.(*InputError).Next != "crmlink schema mapping" {
		t.Errorf("a misspelt table: %v", err)
	}
}
