package pipeline

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of org, and what org.login and org.flow take.
const (
	CSV        = "csv"
	Salesforce = "salesforce"

	Production = "production"
	Sandbox    = "sandbox"

	WebFlow               = "web"
	JWTFlow               = "jwt"
	ClientCredentialsFlow = "client-credentials"
)

// ofKind says which entries only one kind of org has; org.kind, org.instance_url and org.columns are for both.
var ofKind = map[string][]string{
	CSV: {"org.path", "org.delimiter", "org.import", "org.allow_empty", "org.files"},
	Salesforce: {"org.login", "org.client_id", "org.flow", "org.port", "org.username", "org.jwt_key_file", "org.secret_file", "org.key_file",
		"org.api_version", "org.overlap", "org.census", "org.quota_run", "org.quota_total"},
}

// signingIn are the entries that say how to get at the org, not what is read there; a username is a personal value.
var signingIn = []string{"org.login", "org.client_id", "org.flow", "org.port", "org.username", "org.jwt_key_file", "org.secret_file", "org.key_file",
	"org.quota_run", "org.quota_total"}

// kindOf is the kind of org that alone has an entry; empty where both have.
func kindOf(path string) string {
	for _, kind := range []string{CSV, Salesforce} {
		if slices.ContainsFunc(ofKind[kind], func(p string) bool { return path == p || strings.HasPrefix(path, p+".") }) {
			return kind
		}
	}
	return ""
}

// has says whether an entry means something for an org of this kind.
func (c Config) has(path string) bool {
	kind := kindOf(path)
	return kind == "" || kind == c.Text("org.kind")
}

var (
	loginHost = kind{Name: "login", Want: "production, sandbox or an address", Check: func(v, _ string) error {
		if _, err := loginAddress(v); err != nil {
			return err
		}
		return nil
	}}
	portNumber = kind{Name: "port", Want: "the number of a port", Check: func(v, _ string) error {
		if n, err := strconv.Atoi(v); err != nil || n < 1 || n >= 1<<16 {
			return fmt.Errorf("write a number such as 1717, and the same one in the app's callback address")
		}
		return nil
	}}
	newFile = kind{Name: "file", Want: "a file; crmlink connect makes it when it is not there", Check: func(v, dir string) error {
		if info, err := os.Stat(within(dir, v)); v == "" || err == nil && info.IsDir() {
			return fmt.Errorf("write the name of a file, such as crmlink.key")
		}
		return nil
	}}
	apiVersion = kind{Name: "version", Want: "a version such as 66.0", Check: func(v, _ string) error {
		if !regexp.MustCompile(`^[1-9][0-9]{1,2}\.0$`).MatchString(v) {
			return fmt.Errorf("write a version such as 66.0, or leave the entry out")
		}
		return nil
	}}
	census = kind{Name: "duration", Want: "a duration from an hour to 30 days", Check: func(v, _ string) error {
		if d, err := time.ParseDuration(v); err != nil || d < time.Hour || d > 30*24*time.Hour {
			return fmt.Errorf("write a duration such as 168h, which is a week")
		}
		return nil
	}}
)

// loginAddress is the address that crmlink signs in at.
func loginAddress(login string) (string, error) {
	switch login {
	case Production:
		return "https://login.salesforce.com", nil
	case Sandbox:
		return "https://test.salesforce.com", nil
	}
	u, err := url.Parse(login)
	if err == nil && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && strings.Trim(u.Path, "/") == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())) {
		return u.Scheme + "://" + u.Host, nil
	}
	return "", fmt.Errorf("write production, sandbox, or the address of your My Domain: https://yourcompany.my.salesforce.com")
}

// checkOrg finds entries that belong to the other kind of org, and what this kind needs.
func (r *configReader) checkOrg() {
	c := r.config
	kind := c.Text("org.kind")
	foreign := func(path string) bool { return kindOf(path) != "" && kindOf(path) != kind }
	// What is wrong with an entry that should not be there is of no interest.
	r.findings = slices.DeleteFunc(r.findings, func(f Finding) bool {
		return foreign(f.Path) && slices.ContainsFunc(r.entries, func(e Finding) bool { return e.Path == f.Path })
	})
	for _, e := range r.entries {
		if foreign(e.Path) {
			e.Want, e.Next = "no such entry where org.kind is "+kind, "remove it, or write kind: "+kindOf(e.Path)
			r.findings = append(r.findings, e)
		}
	}
	want := func(path, want, next string) {
		if c.Text(path) == "" && !r.faulty(path) {
			r.findings = append(r.findings, Finding{Path: path, Want: want, Next: next})
		}
	}
	if kind == CSV {
		want("org.instance_url", webAddress.Want, "write the address of your org, such as https://yourcompany.my.salesforce.com; badges link to it")
		return
	}
	want("org.client_id", "the consumer key of an External Client App", "an administrator makes the app once: docs/salesforce.md; then copy its consumer key")
	switch login := c.Text("org.login"); c.Text("org.flow") {
	case ClientCredentialsFlow:
		if (login == Production || login == Sandbox) && !r.faulty("org.login") {
			r.findings = append(r.findings, Finding{Path: "org.login", Value: login + originOf(c.values["org.login"]), Line: lineOf(c.values["org.login"]),
				Want: "the address of your My Domain", Next: "write https://yourcompany.my.salesforce.com: Salesforce takes client credentials nowhere else"})
		}
	case JWTFlow:
		want("org.username", "the integration user's name in Salesforce", "write it as it stands in Salesforce, such as crmlink@yourcompany.com")
		want("org.jwt_key_file", "the file of the app's private key", "openssl req -x509 -newkey rsa:2048 -nodes -days 730 -keyout app.key -out app.crt -subj /CN=crmlink, then upload app.crt to the app")
	}
}

// originOf marks a value that does not stand in the file.
func originOf(v Value) string {
	if v.Origin == "default" {
		return " (default)"
	}
	return ""
}

// lineOf is the line on which a value stands; 0 for a default.
func lineOf(v Value) int {
	n, err := strconv.Atoi(v.Origin[strings.LastIndexByte(v.Origin, ':')+1:])
	if err != nil {
		return 0
	}
	return n
}
