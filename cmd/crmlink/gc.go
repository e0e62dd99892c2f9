package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) gcVerb() *cobra.Command {
	var asJSON bool
	var o pipeline.CollectOptions
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Removes old runs and what only they needed",
		Long: "Removes old runs and what only they needed: tables, results of steps, and what killed processes left behind. It keeps\n" +
			"the latest publication, the newest published runs, pinned runs (crmlink pin), and whatever began after the latest\n" +
			"publication. What a kept run needs is never removed.",
		Args: takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			removed, err := store.Collect(o)
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.out, removed)
			}
			a.writeCollected(removed)
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Keep, "keep", 30, "how many published runs to keep")
	f.BoolVar(&o.DryRun, "dry-run", false, "remove nothing, only say what would be removed")
	f.BoolVar(&o.Quarantine, "quarantine", false, "remove what crmlink verify --repair has set aside, too")
	f.BoolVar(&asJSON, "json", false, "print what was removed as JSON")
	return cmd
}

func (a *app) writeCollected(r pipeline.Collected) {
	i := inkFor(a.out)
	did := "Removed"
	if r.DryRun {
		did = "Would remove"
	}
	fmt.Fprintf(a.out, "%s  %s, %s\n", i.bold(did), count(r.Files, "file", "files"), bytesOf(r.Bytes))
	for _, l := range []string{count(len(r.Removed), "run", "runs"), count(r.Actions, "action", "actions"), count(r.Objects, "object", "objects"),
		count(r.Leftovers, "leftover", "leftovers") + " of killed processes", count(r.Quarantine, "file", "files") + " of the quarantine"} {
		if l[0] != '0' {
			fmt.Fprintf(a.out, "  %s\n", l)
		}
	}
	for _, id := range r.Removed {
		fmt.Fprintf(a.out, "  %s\n", i.dim("run "+id))
	}
	fmt.Fprintf(a.out, "%s  %s\n", i.bold("Kept"), count(len(r.Kept), "run", "runs"))
}

func (a *app) pinVerb() *cobra.Command {
	return a.pinning("pin", "Keeps a run from being removed by gc", pipeline.Store.Pin, "is pinned: crmlink gc keeps it")
}

func (a *app) unpinVerb() *cobra.Command {
	return a.pinning("unpin", "Takes a run's pin away", pipeline.Store.Unpin, "is not pinned")
}

func (a *app) pinning(verb, short string, change func(pipeline.Store, string) (pipeline.Record, error), done string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   verb + " RUN",
		Short: short,
		Args:  takes(1, 1, "RUN"),
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			record, err := change(store, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, map[string]any{"run": record.ID, "pinned": store.Pinned(record.ID)})
			}
			fmt.Fprintf(a.out, "run %s %s\n", record.ID, done)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the run and whether it is pinned as JSON")
	return cmd
}
