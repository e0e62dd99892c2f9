package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) demoVerb() *cobra.Command {
	c := demo.Default()
	var asJSON bool
	var served served
	cmd := &cobra.Command{
		Use:   "demo --out DIR [--serve]",
		Short: "Makes a synthetic CRM, a directory, and the truth about them",
		Long: "Makes a synthetic CRM org and a directory that should be matched, with configuration, seats, activities and a truth file.\n" +
			"The same seed and sizes give the same bytes. Millions of records are fine: rows are streamed.\n" +
			"With --serve the org is not a folder but a simulated Salesforce on this machine's loopback, to sign in at and pull from.",
		Example: "  crmlink demo --out demo && cd demo && crmlink run && crmlink eval --truth truth.csv\n" +
			"  crmlink demo --out demo --serve --live 1m",
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := served.check(cmd.Flags()); err != nil {
				return err
			}
			if c.Out == "" && !served.on {
				return &usageError{problem: "--out DIR is missing", next: "crmlink demo --out demo"}
			}
			sized := c
			if served.on && c.Out == "" {
				sized.Out = os.TempDir()
			}
			if err := sized.Validate(); err != nil {
				return &usageError{problem: err.Error(), next: cmd.CommandPath() + " --help"}
			}
			if served.on {
				return a.serveDemo(cmd.Context(), c, served)
			}
			s, err := demo.Generate(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, demoAnswer(c, s))
			}
			a.writeDemo(c, s)
			config := filepath.Join(c.Out, pipeline.ConfigFile)
			fmt.Fprintf(a.out, "\n%s\n  %s run -c %s\n  %[2]s eval -c %[3]s --truth %[4]s\n", inkFor(a.out).bold("Try next"), command(), shellWord(config),
				shellWord(filepath.Join(c.Out, "truth.csv")))
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&c.Accounts, "accounts", c.Accounts, "how many Accounts")
	f.IntVar(&c.Contacts, "contacts", c.Contacts, "how many Contacts")
	f.IntVar(&c.Leads, "leads", c.Leads, "how many Leads")
	f.IntVar(&c.Companies, "companies", 0, "how many companies the directory has (default: three for each account)")
	f.IntVar(&c.Members, "members", 0, "how many members the directory has (default: three for two contacts or leads)")
	f.IntVar(&c.Countries, "countries", 0, "in how many countries companies are; the fewer, the more people share their names (default: 41)")
	f.Uint64Var(&c.Seed, "seed", c.Seed, "another seed makes another org")
	f.IntVar(&c.PageRows, "page-rows", 0, "rows per CSV page (default: three pages per object)")
	f.StringVar(&c.Out, "out", "", "folder to write to; files of the same names are replaced")
	f.BoolVar(&served.on, "serve", false, "be a Salesforce org that holds these records, until Ctrl-C")
	f.StringVar(&served.listen, "listen", "127.0.0.1:8765", "with --serve: address and port on the loopback")
	f.DurationVar(&served.live, "live", 0, "with --serve: let users change a hundredth of the org so often, for instance every 1m")
	f.BoolVar(&asJSON, "json", false, "print what was written as JSON")
	return cmd
}

type demoFile struct {
	Path string `json:"path"`
	Rows int    `json:"rows"`
}

type demoCase struct {
	Object string `json:"object"`
	Case   string `json:"case"`
	Count  int    `json:"count"`
}

func demoAnswer(c demo.Config, s demo.Summary) any {
	files, cases := []demoFile{}, []demoCase{}
	for _, f := range s.Files {
		files = append(files, demoFile{f.Path, f.Rows})
	}
	for _, x := range s.Cases {
		cases = append(cases, demoCase{x.Object, x.Label, x.Count})
	}
	return struct {
		Out   string     `json:"out"`
		Files []demoFile `json:"files"`
		Cases []demoCase `json:"cases"`
	}{c.Out, files, cases}
}

func (a *app) writeDemo(c demo.Config, s demo.Summary) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "%s  %s\n\n", i.bold("Wrote "+c.Out), count(len(s.Files), "file", "files"))
	t := newTable(i, "file", ">rows")
	for _, f := range s.Files {
		rows := number(f.Rows)
		if f.Rows == 0 {
			rows = ""
		}
		t.add(f.Path, rows)
	}
	t.write(a.out)
}
