package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) knowledgeVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "knowledge [LIST]",
		Short: "Prints the lists that names, companies and addresses are read with",
		Long: `Without LIST: which lists there are, their versions, and whether settings.knowledge replaces or extends them.
With LIST: crmlink's own list, to start a list of your own from.`,
		Example: `  crmlink knowledge nicknames.tsv > knowledge/nicknames.tsv     # and settings: {knowledge: knowledge}`,
		Args:    takes(0, 1, "LIST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				text, err := pipeline.KnowledgeList(args[0])
				if err == nil {
					_, err = a.out.Write(text)
				}
				return err
			}
			folder := ""
			if _, err := os.Stat(a.file); err == nil { // without a configuration the lists are crmlink's own
				config, err := pipeline.LoadConfig(a.file)
				if err != nil {
					return err
				}
				folder = config.Path("settings.knowledge")
			}
			lists, err := pipeline.Knowledge(folder)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, lists)
			}
			for _, l := range lists {
				fmt.Fprintf(a.out, "%-20s version %-3s %6d entries  %-22s %s\n", l.Name, l.Version, l.Entries, l.Origin, l.Doc)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}
