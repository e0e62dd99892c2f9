package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ConfigFile is the name that every verb looks for in the current folder.
const ConfigFile = "crmlink.yaml"

// InitConfig writes a commented configuration to a folder, which is made where it is not there. It never overwrites.
func InitConfig(dir string) (file string, err error) {
	file = filepath.Join(dir, ConfigFile)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("init: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", &InputError{Problem: fmt.Sprintf("there is a %s already", file), Next: "edit it, or name another folder"}
	} else if err != nil {
		return "", fmt.Errorf("init: %w", err)
	}
	defer f.Close()
	if _, err := f.WriteString(Template()); err != nil {
		return "", fmt.Errorf("init: %w", err)
	}
	return file, f.Close()
}

// commented entries stand in the template as examples: they need something that a new user may not have.
var commented = append([]string{"org.files", "org.columns", "directory.companies.columns", "directory.members.columns",
	"seats", "activities", "decisions", "redirects", "settings.stages", "notify"}, ofKind[Salesforce]...)

// headings stand before some entries.
var headings = map[string]string{
	"org.login": "With kind: salesforce, in place of path, delimiter, import, allow_empty and files (docs/salesforce.md):",
}

// examples are what the template shows where there is no default.
var examples = map[string]string{
	"org.instance_url":              `"https://yourcompany.my.salesforce.com"`,
	"org.files.*":                   `{Account: "acc*.csv"}`,
	"org.columns.*.*":               `{Account: {Website: URL}}`,
	"directory.companies.columns.*": `{headcount: headcount_range}`,
	"directory.members.columns.*":   `{url: profile_url}`,
	"seats.path":                    "seats.csv",
	"seats.columns.*":               `{seat_id: id}`,
	"activities.path":               "activities.parquet",
	"activities.columns.*":          `{occurred_at: time}`,
	"decisions.path":                "decisions.csv",
	"decisions.columns.*":           `{by: author}`,
	"redirects.path":                "redirects.csv",
	"redirects.columns.*":           `{old_id: before}`,
	"org.client_id":                 "3MVG9…",
	"org.username":                  "crmlink@yourcompany.com",
	"org.jwt_key_file":              "app.key",
	"org.secret_file":               "app.secret",
	"org.key_file":                  "crmlink.key",
	"org.api_version":               `"66.0"`,
	"settings.pipeline_stage":       `""`,
	"settings.time_zone":            `""`,
	"settings.knowledge":            `""`,
	"schedule.full.zone":            `""`,
	"schedule.incremental.zone":     `""`,
	"notify.webhook":                "https://alerts.example.com/crmlink",
	"notify.secret_file":            "webhook.key",
	"notify.command":                "[/usr/local/bin/alert, crmlink]",
	"settings.stages":               "[Prospecting, Qualification, Proposal]",
}

// Template is crmlink.yaml with every entry, its default and what it is for. It is made from the same list as the
// check of the file, so the two cannot drift apart.
func Template() string {
	var b strings.Builder
	b.WriteString("# What crmlink reads, where it keeps its results, and how lists are made.\n")
	b.WriteString("# Paths are relative to this file. Entries that begin with # show what is possible; remove the # to use them.\n")
	b.WriteString("# `crmlink config check` names every fault; `crmlink config show` prints what is in effect, and why.\n")
	var open []string // groups that are open
	for _, s := range settings {
		path := strings.Split(strings.TrimSuffix(strings.TrimSuffix(s.Path, ".*"), ".*"), ".")
		groups, name := path[:len(path)-1], path[len(path)-1]
		mark := ""
		if slices.ContainsFunc(commented, func(c string) bool { return s.Path == c || strings.HasPrefix(s.Path, c+".") }) {
			mark = "# "
		}
		for depth := range groups {
			if depth < len(open) && slices.Equal(open[:depth+1], groups[:depth+1]) {
				continue
			}
			if depth == 0 {
				b.WriteString("\n")
			}
			groupMark := ""
			if slices.Contains(commented, strings.Join(groups[:depth+1], ".")) {
				groupMark = "# "
			}
			fmt.Fprintf(&b, "%s%s%s:\n", strings.Repeat("  ", depth), groupMark, groups[depth])
		}
		if len(groups) == 0 {
			b.WriteString("\n")
		}
		open = groups
		if text, ok := headings[s.Path]; ok {
			fmt.Fprintf(&b, "%s# %s\n", strings.Repeat("  ", len(groups)), text)
		}
		line := templateLine(s, len(groups), mark, name)
		b.WriteString(line)
	}
	return b.String()
}

func templateLine(s setting, depth int, mark, name string) string {
	value := s.Default
	if e, ok := examples[s.Path]; ok {
		value = e
	} else if strings.ContainsAny(value, "*:#%") {
		value = `"` + value + `"`
	}
	indent := strings.Repeat("  ", depth)
	entry := fmt.Sprintf("%s%s%s: %s", indent, mark, name, value)
	if len(mark) > 0 && depth > 0 && slices.Contains(commented, strings.Split(s.Path, ".")[0]) {
		entry = fmt.Sprintf("# %s%s: %s", indent, name, value) // the whole group is commented out
	}
	doc := s.Doc
	if strings.HasPrefix(s.Kind.Want, "one of ") && s.Kind.Name == "choice" && strings.Contains(s.Kind.Want, ",") {
		doc += " " + strings.ToUpper(s.Kind.Want[:1]) + s.Kind.Want[1:] + "."
	}
	if len(entry) < 44 && 46+len(doc) <= 124 {
		return fmt.Sprintf("%-44s# %s\n", entry, doc)
	}
	return fmt.Sprintf("%s# %s\n%s\n", indent, doc, entry)
}
