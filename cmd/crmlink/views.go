package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) viewsVerb() *cobra.Command {
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "views [RUN]",
		Short: "Makes analytics.duckdb again, after the store was moved",
		Long: "Makes the analytics.duckdb of a run again. Its views name the store's files by their absolute paths, so other programs\n" +
			"can read it only where the store lay when it was made. crmlink itself needs no new views.",
		Args: takes(0, 1, "RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all && len(args) > 0 {
				return &usageError{problem: "--all means every published run, and a run is given", next: "leave one of the two away"}
			}
			store, err := a.store()
			if err != nil {
				return err
			}
			run := "latest"
			if len(args) > 0 {
				run = args[0]
			}
			ids, err := store.RemakeViews(cmd.Context(), run, all)
			if err != nil {
				return err
			}
			type made struct {
				Run  string `json:"run"`
				File string `json:"file"`
			}
			files := []made{}
			for _, id := range ids {
				files = append(files, made{id, store.Analytics(id)})
			}
			if asJSON {
				return writeJSON(a.out, files)
			}
			for _, f := range files {
				fmt.Fprintln(a.out, f.File)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "of every published run")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the files as JSON")
	return cmd
}

// writeFiles prints the Parquet files of a table, one a line, for programs that read them without DuckDB.
func (a *app) writeFiles(ctx context.Context, p *pipeline.Publication, table string, asJSON bool) error {
	files, err := p.Files(ctx, table)
	switch {
	case err != nil:
		return err
	case asJSON:
		return writeJSON(a.out, files)
	}
	for _, f := range files {
		fmt.Fprintln(a.out, f)
	}
	return nil
}
