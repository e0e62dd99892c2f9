package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ownLists = "directory: {companies: {path: directory/companies.csv}, members: {path: directory/members.csv}}\n"

// An org of one kind has no use for entries of the other; each of them is named. What its kind needs is named, too.
func TestConfig_A12_EntriesOfTheOtherKind(t *testing.T) {
	dir := emptyOrg(t)
	file := filepath.Join(dir, ConfigFile)
	for text, want := range map[string][]string{
		"org: {kind: salesforce, client_id: 3MVG9}":                                         nil,
		"org: {kind: salesforce, client_id: 3MVG9, login: http://127.0.0.1:8080}":           nil,
		"org: {kind: salesforce, client_id: 3MVG9, login: https://acme.my.salesforce.com/}": nil,
		"org: {kind: salesforce, client_id: x, columns: {Account: {Website: Site__c}}}":     nil,
		"org: {kind: salesforce}": {"org.client_id"},
		"org: {kind: salesforce, client_id: x, path: nowhere, import: sometimes}": {"org.path", "org.import"},
		"org: {kind: salesforce, client_id: x, files: {Account: a.csv}}":          {"org.files.Account"},
		"org: {kind: salesforce, client_id: x, flow: jwt}":                        {"org.username", "org.jwt_key_file"},
		"org: {kind: salesforce, client_id: x, flow: client-credentials}":         {"org.login"},
		"org: {kind: salesforce, client_id: x, login: http://acme.com}":           {"org.login"},
		"org: {kind: salesforce, client_id: x, login: \"https://acme.com/a?b\"}":  {"org.login"},
		"org: {kind: salesforce, client_id: x, port: 0, api_version: 66}":         {"org.port", "org.api_version"},
		"org: {kind: salesforce, client_id: x, census: 1s, overlap: 10d}":         {"org.census", "org.overlap"},
		"org: {instance_url: https://a.b, login: sandbox, quota_run: 0.1}":        {"org.login", "org.quota_run"},
		"org: {path: crm}": {"org.instance_url"},
	} {
		c, err := parseConfig(file, []byte(text+"\n"+ownLists))
		var bad *ConfigError
		if errors.As(err, &bad) != (want != nil) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if want == nil {
			for _, v := range c.Effective() {
				if kindOf(v.Path) == CSV {
					t.Errorf("%s: %s is in effect", text, v.Path)
				}
			}
			continue
		}
		var got []string
		for _, f := range bad.Findings {
			got = append(got, f.Path)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v\nwant findings at %v", text, err, want)
		}
	}
}

func TestTemplate_CsvIsTheDefault(t *testing.T) {
	text := Template()
	if !strings.Contains(text, "\n  kind: csv\n") || !strings.Contains(text, "\n  # login: production ") {
		t.Error("the template does not begin with csv and show salesforce as a comment")
	}
	file := filepath.Join(emptyOrg(t), ConfigFile)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if c, err := LoadConfig(file); err != nil || c.Text("org.kind") != CSV {
		t.Errorf("kind %q, %v", c.Text("org.kind"), err)
	}
}
