package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) initVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Writes a commented configuration to a folder",
		Args:  takes(1, 1, "DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := pipeline.InitConfig(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, map[string]string{"file": file})
			}
			fmt.Fprintf(a.out, "Wrote %s: every entry, its default and what it is for.\n\n%s\n", file, inkFor(a.out).bold("Try next"))
			fmt.Fprintf(a.out, "  edit %s\n  %s config check -c %[1]s\n", shellWord(file), command())
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the file's name as JSON")
	return cmd
}
