package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

const whichModel = "MODEL is a run's id, a beginning of one, or latest; proposal, adopted, or a model file."

func (a *app) modelVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Shows, estimates, compares and adopts the model of matching",
		Long: "The model says what is compared, what each outcome weighs and why. The first run estimates it, later runs keep it.\n\n" +
			"  model show    every comparison and level with its m, u and weight\n" +
			"  model train   estimates it anew on the last publication's data; changes nothing\n" +
			"  model diff    what the proposal would change, in the numbers and in the answers\n" +
			"  model adopt   the next run uses it, and later runs keep it",
		Args: unknownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.modelShowVerb(), a.modelTrainVerb(), a.modelDiffVerb(), a.modelAdoptVerb())
	return cmd
}

func (a *app) modelShowVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show [MODEL]",
		Short: "Shows a model: comparisons, levels, m, u and weights",
		Long:  "Shows a model, the latest run's unless told otherwise. --json prints the model file, which can be edited and adopted.\n\n" + whichModel,
		Args:  takes(0, 1, "MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			named, err := store.Model(cmd.Context(), firstOr(args, "latest"))
			if err != nil {
				return err
			}
			file, err := named.File()
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeModelFile(file)
			}
			a.writeModel(named, file)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the model file")
	return cmd
}

func (a *app) writeModelFile(file pipeline.ModelFile) error {
	data, err := file.Encode()
	if err == nil {
		_, err = a.out.Write(data)
	}
	return err
}

func (a *app) modelTrainVerb() *cobra.Command {
	var asJSON, decisions bool
	var out, comparisons string
	var threads int
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Estimates the model anew and proposes it; changes nothing",
		Long: "Estimates the model anew on the data of the last publication, without reading the CRM, and keeps it as the proposal.\n" +
			"Nothing changes until it is adopted: crmlink model diff shows what it would change, crmlink model adopt takes it.",
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if threads < 0 {
				return &usageError{problem: "--threads must be 0 or more", next: "leave it away to use all processors"}
			}
			o := pipeline.TrainOptions{Comparisons: comparisons, WithDecisions: decisions, Threads: threads}
			var err error
			if o.Config, err = a.config(); err != nil {
				return err
			}
			if o.Store, err = a.store(); err != nil {
				return err
			}
			p := newProgress(a.err)
			if !asJSON {
				o.Report = p.report
			}
			named, err := pipeline.Train(cmd.Context(), o)
			p.end()
			if err != nil {
				return err
			}
			file, err := named.File()
			if err != nil {
				return err
			}
			if out != "" {
				data, err := file.Encode()
				if err == nil {
					err = os.WriteFile(out, data, 0o600)
				}
				if err != nil {
					return fmt.Errorf("write the model to %s: %w", filepath.Base(out), err)
				}
			}
			if asJSON {
				return a.writeModelFile(file)
			}
			d, err := pipeline.DiffModels(cmd.Context(), pipeline.ModelDiffOptions{Config: o.Config, Store: o.Store, Numbers: true})
			if err != nil {
				return err
			}
			a.writeTrained(named, d, decisions, out)
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&decisions, "with-decisions", false, "learn from people's decisions, too: is, is_not and none")
	f.StringVar(&comparisons, "comparisons", "", "a model file whose comparisons, levels and rules are estimated instead of those in force; shipped: those that crmlink brings")
	f.StringVar(&out, "out", "", "write the model file here, too")
	f.IntVar(&threads, "threads", 0, "processors to use (default: all); never changes a result")
	f.BoolVar(&asJSON, "json", false, "print the model file")
	return cmd
}

func (a *app) modelDiffVerb() *cobra.Command {
	var asJSON, numbers, all bool
	cmd := &cobra.Command{
		Use:   "diff [MODEL [MODEL]]",
		Short: "Shows what differs between two models, in numbers and in answers",
		Long: "Shows which weights differ between two models, and what would become of the last publication's answers and lists: they are\n" +
			"computed with both models in a scratch folder, and nothing changes. Without a MODEL: the latest run's against the\n" +
			"proposal; with one: the latest run's against that one.\n\n" + whichModel,
		Args: takes(0, 2, "MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := pipeline.ModelDiffOptions{Numbers: numbers}
			switch len(args) {
			case 1:
				o.B = args[0]
			case 2:
				o.A, o.B = args[0], args[1]
			}
			var err error
			if o.Config, err = a.config(); err != nil {
				return err
			}
			if o.Store, err = a.store(); err != nil {
				return err
			}
			p := newProgress(a.err)
			if !asJSON {
				o.Report = p.report
			}
			d, err := pipeline.DiffModels(cmd.Context(), o)
			p.end()
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.out, d)
			}
			a.writeModelDiff(d, all)
			return nil
		},
	}
	cmd.Flags().BoolVar(&numbers, "numbers", false, "compare the numbers only, which takes no time")
	cmd.Flags().BoolVar(&all, "all", false, "show every level, not only those that move most")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print everything as JSON")
	return cmd
}

func (a *app) modelAdoptVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "adopt [MODEL]",
		Short: "Makes a model the one that the next run uses and later runs keep",
		Long: "Makes a model, the proposal unless told otherwise, the one that the next run uses. What is published stays as it is until\n" +
			"then; what changes by it is told with the cause model. To take it back before the next run: crmlink model adopt latest.\n" +
			"To go back afterwards: crmlink model adopt RUN, with a run before it.\n\n" + whichModel,
		Args: takes(0, 1, "MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			adoption, err := pipeline.Adopt(cmd.Context(), pipeline.AdoptOptions{Store: store, Model: firstOr(args, "")})
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, map[string]any{"model": adoption.Model.Model.ID, "name": adoption.Model.Name, "origin": adoption.Model.Model.Origin(),
					"in_use": adoption.InUse.ID, "own_comparisons": adoption.Model.Own(), "same": adoption.Same})
			}
			a.writeAdoption(adoption)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was adopted as JSON")
	return cmd
}

func (a *app) writeAdoption(d pipeline.Adoption) {
	i := inkFor(a.out)
	if d.Same {
		fmt.Fprintf(a.out, "%s  %s is in use already; the next run stays with it\n", i.bold("Model "+d.Model.Model.ID), d.Model.Name)
		return
	}
	place := "in place of " + d.InUse.ID
	if d.InUse.ID == d.Model.Model.ID {
		place = "with the same numbers as until now"
	}
	fmt.Fprintf(a.out, "%s  %s, is used from the next run on, %s\n", i.bold("Model "+d.Model.Model.ID), d.Model.Name, place)
	if d.Model.Own() {
		fmt.Fprintf(a.out, "  %s\n", "Its comparisons, rules or limits are not those that this crmlink brings. They stay, with later versions too, until another model is adopted.")
	}
	if e := d.Model.Model.Estimated; e != nil && e.Edited {
		fmt.Fprintf(a.out, "  %s\n", "Its numbers were edited: the weights are those of its m and u.")
	}
	fmt.Fprintf(a.out, "\n%s\n  %s%s run\n  %s%s model adopt latest   %s\n", i.bold("Try next"), command(), a.flag(), command(), a.flag(), i.dim("takes it back, until then"))
}
