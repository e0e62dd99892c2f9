package pipeline

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzConfig: whatever crmlink.yaml holds, it is either refused with every fault's place and next step, or has effective
// values that say the same when they are written down as a file again.
func FuzzConfig(f *testing.F) {
	dir := emptyOrg(f)
	file := filepath.Join(dir, ConfigFile)
	f.Add([]byte(Template()))
	f.Add([]byte("org: {kind: salesforce, client_id: 3MVG9, flow: jwt, username: a@b.c, jwt_key_file: app.key, login: sandbox, census: 24h}"))
	f.Add([]byte("org: {kind: salesforce, path: crm, files: {Account: a.csv}, flow: client-credentials}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(file, data)
		var bad *ConfigError
		switch {
		case errors.As(err, &bad):
			checkFindings(t, bad)
			return
		case err != nil:
			t.Fatalf("error %v", err)
		}
		needed := map[string][]string{CSV: {"org.path", "org.instance_url"}, Salesforce: {"org.client_id", "org.login"}}[c.Text("org.kind")]
		for _, path := range append(needed, "org.kind", "store", "directory.companies.path", "directory.members.path", "limits.memory") {
			if c.Text(path) == "" {
				t.Errorf("%s is empty", path)
			}
		}
		if memory, err := memorySize(c.Text("limits.memory"), 16<<30); err != nil || memory <= 0 {
			t.Errorf("limits.memory %q is %d bytes, %v", c.Text("limits.memory"), memory, err)
		}
		again, err := parseConfig(file, written(t, c))
		if err != nil {
			t.Fatalf("its own values are refused: %v\n%s", err, written(t, c))
		}
		if one, two := values(c.Effective()), values(again.Effective()); !maps.EqualFunc(one, two, slices.Equal) {
			t.Errorf("its own values became others:\n%q\n%q", one, two)
		}
	})
}

// checkFindings looks for what each fault must have: its entry and what is wanted, and the line unless nothing stands there.
func checkFindings(t *testing.T, e *ConfigError) {
	if len(e.Findings) == 0 || e.Try() == "" {
		t.Errorf("no finding or no next step: %v", e)
	}
	for _, f := range e.Findings {
		absent := f.Value == "" || strings.HasSuffix(f.Value, "(default)") || f.Path == ConfigFile || f.Path == "settings.match_rate"
		if f.Path == "" || f.Want == "" || f.Next == "" || f.Line == 0 && !absent && !strings.Contains(f.Path, "columns") && !strings.Contains(f.Path, "files") {
			t.Errorf("finding %+v", f)
		}
	}
}

// written is the effective configuration as a file.
func written(t *testing.T, c Config) []byte {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, v := range c.Effective() {
		node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v.Value, Style: yaml.DoubleQuotedStyle}
		if s, _ := settingAt(v.Path); s.Kind.List {
			node = &yaml.Node{Kind: yaml.SequenceNode}
			for _, item := range v.List {
				node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: item, Style: yaml.DoubleQuotedStyle})
			}
		} else if v.Value == "" && v.Origin == "default" {
			continue
		}
		put(root, strings.Split(v.Path, "."), node)
	}
	data, err := yaml.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func put(group *yaml.Node, path []string, value *yaml.Node) {
	if len(path) == 1 {
		group.Content = append(group.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: path[0], Style: yaml.DoubleQuotedStyle}, value)
		return
	}
	for i := 0; i < len(group.Content); i += 2 {
		if group.Content[i].Value == path[0] {
			put(group.Content[i+1], path[1:], value)
			return
		}
	}
	below := &yaml.Node{Kind: yaml.MappingNode}
	put(group, path[:1], below)
	put(below, path[1:], value)
}
