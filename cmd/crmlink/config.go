package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) configVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Checks and shows the configuration",
		Args:  unknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.configCheckVerb(), a.configShowVerb())
	return cmd
}

func (a *app) configCheckVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Names every fault of the configuration at once",
		Args:  takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			c, err := a.config()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, map[string]any{"file": c.File, "faults": []pipeline.Finding{}})
			}
			fmt.Fprintf(a.out, "%s: no faults\n", c.File)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return cmd
}

func (a *app) configShowVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Prints the effective values and where each comes from",
		Args:  takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			c, err := a.config()
			// A faulty file is shown as far as it can be read; a missing one is not.
			var faults *pipeline.ConfigError
			if err != nil && !errors.As(err, &faults) {
				return err
			}
			if asJSON {
				if err := writeJSON(a.out, c.Effective()); err != nil {
					return err
				}
			} else {
				a.writeConfig(c)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the values as JSON")
	return cmd
}

func (a *app) writeConfig(c pipeline.Config) {
	i := inkFor(a.out)
	t := newTable(i, "entry", "<60 value", "from")
	for _, v := range c.Effective() {
		value, origin := cell{text: v.Value}, cell{text: v.Origin}
		if v.Value == "" {
			value = cell{text: "–", paint: i.dim}
		}
		if v.Origin == "default" {
			origin.paint = i.dim
		}
		t.add(v.Path, value, origin)
	}
	t.write(a.out)
}
