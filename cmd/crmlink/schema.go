package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) schemaVerb() *cobra.Command {
	var asJSON, all, files bool
	var run string
	cmd := &cobra.Command{
		Use:   "schema [TABLE]",
		Short: "Explains the published tables and their columns",
		Args:  takes(0, 1, "TABLE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if files {
				if len(args) == 0 {
					return &usageError{problem: "--files: whose files?", next: "crmlink schema --files mapping"}
				}
				p, err := a.published(cmd.Context(), run)
				if err != nil {
					return err
				}
				defer p.Close()
				return a.writeFiles(cmd.Context(), p, args[0], asJSON)
			}
			if len(args) == 1 {
				entry, err := pipeline.Describe(args[0])
				switch {
				case err != nil:
					return err
				case asJSON:
					return writeJSON(a.out, entry)
				}
				a.writeEntry(entry)
				return nil
			}
			var entries []pipeline.Entry
			for _, e := range pipeline.Dictionary() {
				if all || e.Group != "internal" {
					entries = append(entries, e)
				}
			}
			if asJSON {
				return writeJSON(a.out, entries)
			}
			a.writeDictionary(entries)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the dictionary as JSON")
	cmd.Flags().BoolVar(&files, "files", false, "print the table's Parquet files instead, one a line; a table without rows has none")
	cmd.Flags().StringVar(&run, "run", "latest", "whose files: a run's id, the beginning of one, or latest")
	cmd.Flags().BoolVar(&all, "all", false, "list internal tables, too")
	return cmd
}

var groupTitle = map[string]string{
	"answers": "Answers of matching", "lists": "Badges and lists", "reports": "Reports",
	"as read": "As read", "internal": "Internal: may change with any version",
}

func (a *app) writeDictionary(entries []pipeline.Entry) {
	i := inkFor(a.out)
	width := 0
	for _, e := range entries {
		width = max(width, len(e.Table))
	}
	group := ""
	for _, e := range entries {
		if e.Group != group {
			if group != "" {
				fmt.Fprintln(a.out)
			}
			group = e.Group
			fmt.Fprintln(a.out, i.bold(groupTitle[group]))
		}
		fmt.Fprint(a.out, wrapped("  "+padded(e.Table, width)+"  ", e.Doc, 120))
	}
	fmt.Fprintf(a.out, "\n%s\n", i.dim("crmlink schema TABLE explains its columns."))
}

func (a *app) writeEntry(e pipeline.Entry) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "%s  %s, one row per %s\n", i.bold(e.Table), e.Kind, strings.Join(e.Key, ", "))
	fmt.Fprint(a.out, wrapped("", e.Doc, 110), "\n")
	names, types := 0, 0
	for _, c := range e.Columns {
		names, types = max(names, len(c.Name)), max(types, len(typeName(c)))
	}
	for _, c := range e.Columns {
		fmt.Fprint(a.out, wrapped("  "+padded(c.Name, names)+"  "+padded(typeName(c), types)+"  ", c.Doc, 120))
	}
}

// typeName shortens the engine's longest name.
func typeName(c pipeline.ColumnEntry) string {
	t := strings.Replace(c.Type, "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", 1)
	if c.NotNull {
		return t + " not null"
	}
	return t
}
