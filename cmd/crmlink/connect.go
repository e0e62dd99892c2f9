package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) connectVerb() *cobra.Command {
	var sandbox, check, asJSON bool
	var myDomain, flow, by string
	cmd := &cobra.Command{
		Use:   "connect",
		Short: "Connects the store to Salesforce, or checks that connection",
		Long: "Signs in at Salesforce and keeps the tokens sealed in the store. With the flow web it prints an address to open in a\n" +
			"browser and waits for the answer. Connecting again, also as another user, keeps everything that is in the store.\n" +
			"--check asks Salesforce what a run would need, and names what is missing. docs/salesforce.md says how to make the app.",
		Example: "  crmlink connect\n  crmlink connect --sandbox\n  crmlink connect --my-domain acme.my.salesforce.com --flow client-credentials\n  crmlink connect --check",
		Args:    takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := a.config()
			if err != nil {
				return err
			}
			o := pipeline.ConnectOptions{Config: config, Flow: flow, Who: person(by), At: time.Now()}
			switch {
			case check && (sandbox || myDomain != "" || flow != ""):
				return &usageError{problem: "--check looks at the connection that is there", next: "leave the other flags away"}
			case check:
				return a.checkConnection(cmd.Context(), config, asJSON)
			case sandbox && myDomain != "":
				return &usageError{problem: "--sandbox and --my-domain are two places to sign in at", next: "choose one; a sandbox's My Domain will do"}
			case flow != "" && flow != pipeline.WebFlow && flow != pipeline.JWTFlow && flow != pipeline.ClientCredentialsFlow:
				return &usageError{problem: fmt.Sprintf("--flow: there is no flow %q", flow), next: "--flow web, jwt or client-credentials"}
			case sandbox:
				o.Login = pipeline.Sandbox
			case myDomain != "":
				o.Login = domain(myDomain)
			}
			o.Show = func(address string) error {
				fmt.Fprintf(a.err, "Open this address in a browser, and sign in as the integration user:\n\n  %s\n\nWaiting for Salesforce's answer at http://localhost:%s/callback (Ctrl-C ends it)\n",
					address, config.Text("org.port"))
				return nil
			}
			done, err := pipeline.Connect(cmd.Context(), o)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, done)
			}
			a.writeConnected(config, done)
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&sandbox, "sandbox", false, "sign in at test.salesforce.com, where sandboxes are (in place of org.login)")
	f.StringVar(&myDomain, "my-domain", "", "sign in at the org's My Domain, such as acme.my.salesforce.com (in place of org.login)")
	f.StringVar(&flow, "flow", "", "web, jwt or client-credentials (in place of org.flow)")
	f.BoolVar(&check, "check", false, "check the connection: edition, API, limits, every object and field")
	f.StringVar(&by, "by", "", "who connects (default $CRMLINK_USER, else who is logged in)")
	f.BoolVar(&asJSON, "json", false, "print what was done or found as JSON")
	return cmd
}

// domain makes an address of what people call their My Domain.
func domain(text string) string {
	switch {
	case strings.Contains(text, "://"):
		return text
	case !strings.Contains(text, "."):
		text += ".my.salesforce.com"
	}
	return "https://" + text
}

func (a *app) writeConnected(c pipeline.Config, done pipeline.Connected) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "%s Success! crmlink is now connected to your CRM.\n\n", i.green("✓"))
	a.facts([][2]string{{"org", done.Org + "  " + done.Instance}, {"user", done.User + "  " + done.Username}, {"signed in", done.Login + ", " + done.Flow}})
	if done.Before != "" && done.Before != done.User {
		fmt.Fprintf(a.out, "\nBefore it was user %s. Everything else in the store is as it was.\n", done.Before)
	}
	if done.Unrevoked != "" {
		fmt.Fprintf(a.out, "\n%s The connection before could not be withdrawn at Salesforce: %s\n", i.named("yellow", "!"), line(done.Unrevoked))
	}
	if done.KeyFile != "" {
		fmt.Fprintf(a.out, "\nThe key that seals the tokens was made: %s. Keep a copy where backups of the store are not.\n", done.KeyFile)
	}
	var lines []string
	if login := loginEntry(done.Login); login != loginEntry(c.Text("org.login")) {
		lines = append(lines, "login: "+login)
	}
	if done.Flow != c.Text("org.flow") {
		lines = append(lines, "flow: "+done.Flow)
	}
	if len(lines) > 0 {
		fmt.Fprintf(a.out, "\nSo that %s says the same, write under org:\n  %s\n", c.File, strings.Join(lines, "\n  "))
	}
	fmt.Fprintf(a.out, "\n%s\n  %s%s connect --check\n  %[2]s%[3]s run\n", i.bold("Try next"), command(), a.flag())
}

// loginEntry is how org.login says an address.
func loginEntry(address string) string {
	switch address {
	case "https://login.salesforce.com":
		return pipeline.Production
	case "https://test.salesforce.com":
		return pipeline.Sandbox
	}
	return strings.TrimSuffix(address, "/")
}

func (a *app) facts(facts [][2]string) {
	i := inkFor(a.out)
	for _, f := range facts {
		fmt.Fprintf(a.out, "  %s  %s\n", i.dim(padded(f[0], 15)), line(f[1]))
	}
}
