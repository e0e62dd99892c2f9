package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) disconnectVerb() *cobra.Command {
	var force, asJSON bool
	var by string
	cmd := &cobra.Command{
		Use:   "disconnect",
		Short: "Revokes the connection to Salesforce and removes its tokens",
		Long: "Revokes the tokens at Salesforce and removes them from the store. What was published stays and can be read; the next\n" +
			"run refuses until crmlink connect.",
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := a.config()
			if err != nil {
				return err
			}
			if _, err := os.Stat(config.Path("store")); err != nil {
				return &pipeline.InputError{Problem: "the store is not connected to Salesforce", Next: "crmlink connect connects it"}
			}
			done, err := pipeline.Disconnect(cmd.Context(), config, person(by), time.Now(), force)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, done)
			}
			fmt.Fprintf(a.out, "Disconnected from org %s, user %s. What was published stays.\n", done.Org, done.User)
			if done.Unrevoked != "" {
				fmt.Fprintf(a.out, "Salesforce was not told: revoke it there, too (Setup, OAuth Usage): %s\n", line(done.Unrevoked))
			}
			fmt.Fprintf(a.out, "\n%s\n  %s%s connect\n", inkFor(a.out).bold("Before the next run"), command(), a.flag())
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "remove the tokens also where Salesforce cannot be told")
	cmd.Flags().StringVar(&by, "by", "", "who disconnects (default $CRMLINK_USER, else who is logged in)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was done as JSON")
	return cmd
}
