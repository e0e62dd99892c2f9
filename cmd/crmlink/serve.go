package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/serve"
)

func (a *app) serveVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Starts runs when they are due, sees them to their end, and says how things stand",
		Long: "Starts a full and an incremental run when the schedule of crmlink.yaml says so, each in a process of its own. A run that\n" +
			"was missed is made up for once, one that hangs is stopped, one that failed for a reason that passes is tried again.\n" +
			"What does not pass is told to notify.webhook and notify.command. It answers /healthz, /readyz and /metrics on this\n" +
			"machine's loopback, and ends on Ctrl-C or SIGTERM: a run that is on its way is taken up by the next start.",
		Example: "  crmlink serve -c /etc/crmlink/crmlink.yaml",
		Args:    takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := a.config()
			err = pipeline.LostInputs(config, err)
			log := slog.New(slog.NewTextHandler(a.err, nil))
			var lost *pipeline.UnreachableError
			if errors.As(err, &lost) {
				log.Warn(lost.Error(), "try", lost.Try()) // it may come again before the next run is due
			} else if err != nil {
				return err
			}
			program, err := os.Executable()
			if err != nil {
				return fmt.Errorf("serve: %w", err)
			}
			server, err := serve.New(serve.Options{Config: config, Version: ownVersions().Crmlink, Log: log, Child: serve.Child(program, a.file, a.err)})
			if err != nil {
				return err
			}
			return server.Run(cmd.Context())
		},
	}
}
