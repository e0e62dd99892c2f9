package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/serve"
)

func (a *app) statusVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Says how the last sync went, what is running, and when the next one is due",
		Long: "Says how the last sync went, what is running and at which step, when the next run of each entry of the schedule is\n" +
			"due, and what went wrong last. It reads small files only and works with and without crmlink serve.",
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			brief()
			config, err := a.config()
			if err = pipeline.LostInputs(config, err); err != nil && exitCode(err) != exitUnreachable {
				return err
			}
			if _, err := a.storeOf(config); err != nil {
				return err
			}
			now := time.Now()
			standing, err := serve.Stand(cmd.Context(), config, now)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, standing)
			}
			a.writeStanding(standing, now)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func (a *app) writeStanding(st serve.Standing, now time.Time) {
	i := inkFor(a.out)
	title := func(text string) string { return i.bold(padded(text, 12)) }
	if p := st.Published; p == nil {
		fmt.Fprintf(a.out, "%s  nothing is published yet\n", title("Last sync"))
	} else {
		fmt.Fprintf(a.out, "%s  %s  %s  as of %s, %s\n", title("Last sync"), p.Run, i.green("published"), clock(p.AsOf), p.Import)
		if p.Finished != nil {
			fmt.Fprintf(a.out, "%s  it took %s and ended %s ago\n", padded("", 12), lasted(p.Finished.Sub(p.Started)), lasted(now.Sub(*p.Finished)))
		}
	}
	if l := st.Latest; l != nil {
		fmt.Fprintf(a.out, "%s  %s  %s  %s\n", title("Last run"), l.Run, paintStatus(i, l.Status), line(l.Problem))
	}
	if c := st.Connection; c != nil {
		fmt.Fprintf(a.out, "%s  org %s, user %s, since %s  %s\n", title("Connection"), c.Org, c.User, clock(c.Since), i.dim(c.Instance+", "+c.Flow))
	} else if st.Unconnected {
		fmt.Fprintf(a.out, "%s  none: crmlink connect\n", title("Connection"))
	}
	switch r := st.Running; {
	case r != nil && r.Step != "":
		fmt.Fprintf(a.out, "%s  %s  %s for %s, %s since its start\n", title("Running"), r.Run, r.Step, lasted(now.Sub(r.Since)), lasted(now.Sub(r.Started)))
		if r.Detail != "" {
			fmt.Fprintf(a.out, "%s  %s\n", padded("", 12), i.dim(line(r.Detail)))
		}
	case r != nil:
		fmt.Fprintf(a.out, "%s  %s  %s since its start\n", title("Running"), r.Run, lasted(now.Sub(r.Started)))
	case st.Holder > 0:
		fmt.Fprintf(a.out, "%s  no run; process %d holds the store\n", title("Running"), st.Holder)
	default:
		fmt.Fprintf(a.out, "%s  nothing\n", title("Running"))
	}
	for _, u := range st.Schedule {
		fmt.Fprintf(a.out, "%s  %s\n", title("Next "+map[string]string{"full": "full", "incremental": "incr."}[u.Entry]), nextText(u, now))
		if u.State != "" {
			fmt.Fprintf(a.out, "%s  %s\n", padded("", 12), i.dim(lastText(u)))
		}
	}
	if st.Process == 0 {
		fmt.Fprintf(a.out, "%s  crmlink serve is not running: nothing of this starts by itself\n", title("Server"))
	} else {
		fmt.Fprintf(a.out, "%s  process %d, http://%s\n", title("Server"), st.Process, st.Address)
	}
	if f := st.LastFailure; f != nil {
		over := ""
		if f.Over {
			over = "; a run was published since"
		}
		fmt.Fprintf(a.out, "%s  %s  %s %s%s\n", title("Last failure"), clock(f.At), f.Status, strings.TrimSpace(f.Entry+" "+f.Run), over)
		fmt.Fprintf(a.out, "%s  %s\n", padded("", 12), line(f.Problem))
		if f.Try != "" {
			fmt.Fprintf(a.out, "%s  Try: %s\n", padded("", 12), line(f.Try))
		}
	}
}

func nextText(u serve.Upcoming, now time.Time) string {
	if u.Next == nil {
		return "off"
	}
	text := clock(*u.Next)
	if wait := u.Next.Sub(now); wait > 0 {
		text += ", in " + lasted(wait)
	} else {
		text += ", waits for its turn"
	}
	return fmt.Sprintf("%s  (%s %s)", text, u.At, u.Zone)
}

func lastText(u serve.Upcoming) string {
	text := "due " + clock(*u.LastDue) + ": " + u.State
	if u.State == "again" {
		text = "due " + clock(*u.LastDue) + fmt.Sprintf(": attempt %d failed", u.Attempt)
	}
	if u.Run != "" {
		text += " " + u.Run
	}
	if u.Problem != "" {
		text += ": " + line(u.Problem)
	}
	return text
}
