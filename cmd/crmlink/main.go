// Command crmlink syncs a CRM with a directory of companies and people. Each verb is a file of its own; what the verbs
// do stands in package pipeline. Here is what people type and see.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGXFSZ) // a limit on the size of files is an error like a full disk
	// The first Ctrl-C asks to stop; from then on the second ends the process as usual.
	context.AfterFunc(ctx, stop)
	code := execute(ctx, os.Args[1:], console{out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, c console) int {
	root := newRoot(&c)
	root.SetArgs(args)
	root.SetOut(c.out)
	root.SetErr(c.err)
	ran, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	return fail(c.err, ran, args, err)
}

// app is what all verbs share: the configuration file's name and where to write.
type app struct {
	console
	file string
}

func newRoot(c *console) *cobra.Command {
	a := &app{console: *c}
	root := &cobra.Command{
		Use:   "crmlink",
		Short: "Syncs a CRM with a directory of companies and people",
		Long: "crmlink decides which company or person of a directory each Account, Contact and Lead of your CRM is, and publishes\n" +
			"the answers: badges, lists for sales people, statistics, and tables for analysts.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownVerb,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVarP(&a.file, "config", "c", pipeline.ConfigFile, "configuration file")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "help [VERB]", Short: "Explains a verb", RunE: func(cmd *cobra.Command, args []string) error {
		found, rest, err := cmd.Root().Find(args)
		if err != nil || len(rest) > 0 {
			return &usageError{problem: "there is no such verb", next: "crmlink --help"}
		}
		return found.Help()
	}})
	root.AddGroup(&cobra.Group{ID: "sync", Title: "Sync:"}, &cobra.Group{ID: "read", Title: "Read what a run published:"},
		&cobra.Group{ID: "people", Title: "Say what is right:"},
		&cobra.Group{ID: "keep", Title: "Look after the store:"}, &cobra.Group{ID: "set", Title: "Set up:"})
	cobra.EnableCommandSorting = false // in the order of the day, not of the alphabet
	for _, group := range []struct {
		id    string
		verbs []*cobra.Command
	}{
		{"sync", []*cobra.Command{a.runVerb(), a.serveVerb(), a.statusVerb(), a.showVerb(), a.runsVerb(), a.diffVerb(), a.replayVerb()}},
		{"read", []*cobra.Command{a.explainVerb(), a.listVerb(), a.sqlVerb(), a.schemaVerb(), a.modelVerb(), a.evalVerb()}},
		{"people", []*cobra.Command{a.reviewVerb(), a.decideVerb(), a.decisionsVerb()}},
		{"keep", []*cobra.Command{a.verifyVerb(), a.gcVerb(), a.pinVerb(), a.unpinVerb(), a.viewsVerb()}},
		{"set", []*cobra.Command{a.initVerb(), a.configVerb(), a.connectVerb(), a.disconnectVerb(), a.knowledgeVerb(), a.demoVerb(), a.versionVerb()}},
	} {
		for _, verb := range group.verbs {
			verb.GroupID = group.id
			root.AddCommand(verb)
		}
	}
	root.SetHelpCommandGroupID("set")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{problem: err.Error(), next: cmd.CommandPath() + " --help"}
	})
	return root
}

// brief is for verbs that answer and end. They hold some ten megabytes, and the collector, which begins at four, would take a
// quarter of their time.
func brief() { debug.SetGCPercent(400) }

// config reads the configuration file.
func (a *app) config() (pipeline.Config, error) { return pipeline.LoadConfig(a.file) }

// store opens the store of the configuration for reading. Reading makes nothing: without a store nothing is published.
func (a *app) store() (pipeline.Store, error) {
	config, err := a.config()
	if err != nil {
		return pipeline.Store{}, err
	}
	return a.storeOf(config)
}

func (a *app) storeOf(config pipeline.Config) (pipeline.Store, error) {
	if _, err := os.Stat(config.Path("store")); os.IsNotExist(err) {
		return pipeline.Store{}, &pipeline.InputError{Problem: "nothing is published yet: there is no store " + config.Path("store"), Next: "crmlink run"}
	}
	return pipeline.OpenStore(config.Path("store"))
}

// published opens a run for reading.
func (a *app) published(ctx context.Context, run string) (*pipeline.Publication, error) {
	store, err := a.store()
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, run)
}
