package main

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

// versions says what this program is made of.
type versions struct {
	Crmlink  string `json:"crmlink"`
	Commit   string `json:"commit,omitempty"`
	DuckDB   string `json:"duckdb"`
	Arrow    string `json:"arrow"`
	Store    int    `json:"store_format"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versionVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Prints the versions of the program and of what it is made of",
		Args:  takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, err := versionsOf(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, v)
			}
			name := v.Crmlink
			if v.Commit != "" {
				name += " (" + v.Commit + ")"
			}
			for _, row := range [][2]string{{"crmlink", name}, {"duckdb", v.DuckDB}, {"arrow", v.Arrow},
				{"store", fmt.Sprintf("format %d", v.Store)}, {"go", v.Go + " " + v.Platform}} {
				fmt.Fprintf(a.out, "%-8s %s\n", row[0], row[1])
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the versions as JSON")
	return cmd
}

// versionsOf asks the engine itself, because it is linked in and no module's version names it.
func versionsOf(ctx context.Context) (versions, error) {
	v := ownVersions()
	db, err := stdsql.Open("duckdb", "")
	if err != nil {
		return v, fmt.Errorf("version: %w", err)
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, "SELECT version()").Scan(&v.DuckDB); err != nil {
		return v, fmt.Errorf("version: %w", err)
	}
	return v, nil
}

// ownVersions are those that are known without asking the engine.
func ownVersions() versions {
	v := versions{Crmlink: version, Arrow: "v" + arrow.PkgVersion, Store: pipeline.StoreFormat, Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v.Crmlink == "" {
			v.Crmlink = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value[:min(len(s.Value), 12)]
			} else if s.Key == "vcs.modified" && s.Value == "true" {
				v.Commit += ", changed"
			}
		}
	}
	if v.Crmlink == "" || v.Crmlink == "(devel)" {
		v.Crmlink = "dev"
	}
	v.Commit = strings.TrimPrefix(v.Commit, ", ")
	return v
}
