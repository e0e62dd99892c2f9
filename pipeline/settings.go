package pipeline

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline/schedule"
)

// setting declares one entry of crmlink.yaml: where it stands, what it takes, its default and what it is for.
// Everything about configuration, `config check`, `config show` and the template of `init`, comes from this list.
type setting struct {
	Path    string // a last element * takes any key
	Kind    kind
	Default string
	Doc     string
}

// kind is what an entry takes.
type kind struct {
	Name  string
	Want  string // completes "want …"
	Check func(value, dir string) error
	List  bool
}

func oneOf(words ...string) kind {
	want := strings.Join(words, ", ")
	return kind{Name: "choice", Want: "one of " + want, Check: func(v, _ string) error {
		for _, w := range words {
			if v == w {
				return nil
			}
		}
		return fmt.Errorf("write one of %s", want)
	}}
}

var (
	anyText  = kind{Name: "text", Want: "text"}
	textList = kind{Name: "list", Want: "a list of texts", List: true}
	boolean  = kind{Name: "yes or no", Want: "true or false", Check: func(v, _ string) error {
		if v != "true" && v != "false" {
			return fmt.Errorf("write true or false")
		}
		return nil
	}}
	proportion = kind{Name: "share", Want: "a number from 0 to 1", Check: func(v, _ string) error {
		if f, err := strconv.ParseFloat(v, 64); err != nil || !(f >= 0 && f <= 1) {
			return fmt.Errorf("write a number from 0 to 1, such as 0.8 for 80 %%")
		}
		return nil
	}}
	wholeNumber = kind{Name: "number", Want: "a whole number from 1 to 100", Check: func(v, _ string) error {
		if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 100 {
			return fmt.Errorf("write a whole number from 1 to 100")
		}
		return nil
	}}
	folder = kind{Name: "folder", Want: "an existing folder", Check: func(v, dir string) error {
		info, err := os.Stat(within(dir, v))
		if err != nil || !info.IsDir() {
			return absentf("make the folder %s, or write the path of the one that holds the files; paths are relative to crmlink.yaml", v)
		}
		return nil
	}}
	newFolder = kind{Name: "folder", Want: "a folder; it is made when it is not there", Check: func(v, _ string) error {
		if v == "" {
			return fmt.Errorf("write the name of a folder, or leave the entry out")
		}
		return nil
	}}
	inputFiles = kind{Name: "files", Want: "a file or pattern that exists", Check: func(v, dir string) error {
		found, err := filepath.Glob(within(dir, v))
		if err != nil || len(found) == 0 {
			return absentf("put the file at %s, or correct the path; paths are relative to crmlink.yaml", v)
		}
		return nil
	}}
	webAddress = kind{Name: "address", Want: "an https address", Check: func(v, _ string) error {
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return fmt.Errorf("write it as https://yourcompany.my.salesforce.com")
		}
		return nil
	}}
	timeZone = kind{Name: "time zone", Want: "a time zone name", Check: func(v, _ string) error {
		if _, err := time.LoadLocation(v); err != nil || v == "" || v == "Local" {
			return fmt.Errorf("write UTC or a name such as Europe/Berlin")
		}
		return nil
	}}
	cronLine = kind{Name: "schedule", Want: "five cron fields, or off", Check: func(v, _ string) error {
		if _, err := schedule.Parse(v); err != nil {
			return fmt.Errorf(`write five fields: minute hour day month weekday, such as "0 4 * * *", or off (%v)`, err)
		}
		return nil
	}}
	span = kind{Name: "duration", Want: "a duration up to a week", Check: func(v, _ string) error {
		if d, err := time.ParseDuration(v); err != nil || d < 0 || d > 7*24*time.Hour {
			return fmt.Errorf("write a duration such as 90s, 10m or 6h")
		}
		return nil
	}}
	upTo20 = kind{Name: "number", Want: "a whole number from 0 to 20", Check: func(v, _ string) error {
		if n, err := strconv.Atoi(v); err != nil || n < 0 || n > 20 {
			return fmt.Errorf("write a whole number from 0 to 20")
		}
		return nil
	}}
	loopback = kind{Name: "address", Want: "an address of this machine's own loopback, or off", Check: func(v, _ string) error {
		host, port, err := net.SplitHostPort(v)
		if n, e := strconv.Atoi(port); v == schedule.Off || err == nil && e == nil && n >= 0 && n < 1<<16 && isLoopback(host) {
			return nil
		}
		return fmt.Errorf("write 127.0.0.1:7437, another port, or off; whoever is to reach it from elsewhere comes through a proxy that asks who they are")
	}}
	hookAddress = kind{Name: "address", Want: "an https address", Check: func(v, _ string) error {
		u, err := url.Parse(v)
		if err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())) {
			return nil
		}
		return fmt.Errorf("write it as https://alerts.example.com/crmlink; http only for this machine itself")
	}}
	keyFile = kind{Name: "file", Want: "a file that exists", Check: func(v, dir string) error {
		if info, err := os.Stat(within(dir, v)); err != nil || info.IsDir() {
			return fmt.Errorf("put the secret into %s, for crmlink's user alone to read, or correct the path", v)
		}
		return nil
	}}
	memoryLimit = kind{Name: "memory", Want: "a share of the machine or a size", Check: func(v, _ string) error {
		if _, err := memorySize(v, 1<<30); err != nil {
			return fmt.Errorf("write a share such as 50%% or a size such as 4GB")
		}
		return nil
	}}
	knowledgeFolder = kind{Name: "folder", Want: "an existing folder with lists", Check: func(v, dir string) error {
		if v == "" {
			return nil
		}
		if err := folder.Check(v, dir); err != nil {
			return err
		}
		_, err := readKnowledge(within(dir, v))
		return err
	}}
	delimiter = oneOf("COMMA", "SEMICOLON", "TAB", "PIPE", "CARET", "BACKQUOTE")
)

// settings lists every entry of crmlink.yaml in the order in which people read it.
var settings = []setting{
	{"org.kind", oneOf(CSV, Salesforce), CSV, "Where the CRM's records come from: a folder of Bulk API CSV results, or Salesforce itself."},
	{"org.path", folder, "crm", "The folder: Account.csv, Contact-1.csv, Contact-2.csv.gz, export.zip …"},
	{"org.instance_url", webAddress, "", "Address of the org, for links to records. With salesforce it is known from the connection."},
	{"org.delimiter", delimiter, "COMMA", "Column delimiter of the files."},
	{"org.import", oneOf("auto", "full"), "auto", "What the folder holds after the first run: what changed (auto), or every live record (full)."},
	{"org.allow_empty", boolean, "false", "Take a file of zero bytes as zero rows."},
	{"org.files.*", anyText, "", "Files of an object where they are named otherwise: {Account: \"acc*.csv\"}."},
	{"org.columns.*.*", anyText, "", "Columns or fields named otherwise, ours: theirs: {Account: {Website: URL}}."},
	{"org.login", loginHost, Production, "Where crmlink signs in: production, sandbox, or the address of your My Domain."},
	{"org.client_id", anyText, "", "Consumer key of the External Client App. How to make one: docs/salesforce.md."},
	{"org.flow", oneOf(WebFlow, JWTFlow, ClientCredentialsFlow), WebFlow, "How crmlink signs in."},
	{"org.port", portNumber, "1717", "Port of http://localhost:PORT/callback, where the browser comes back to (web)."},
	{"org.username", anyText, "", "The integration user (jwt)."},
	{"org.jwt_key_file", keyFile, "", "File with the app's private key, PEM (jwt)."},
	{"org.secret_file", keyFile, "", "File with the app's consumer secret, where it has one and CRMLINK_CLIENT_SECRET is not set."},
	{"org.key_file", newFile, "", "File with the key that seals the tokens, where CRMLINK_KEY is not set; crmlink connect makes it."},
	{"org.api_version", apiVersion, "", "Version of the Salesforce API. Empty: the newest that crmlink knows."},
	{"org.overlap", span, "10m", "How far each delta reaches back into the one before, for records that were committed late."},
	{"org.census", census, "168h", "How old an object's last whole pull may be before it is pulled whole again."},
	{"org.quota_run", proportion, "0.25", "Share of the org's daily API calls that one run may use."},
	{"org.quota_total", proportion, "0.80", "A run stops calling when all applications together have used more than this share."},
	{"directory.companies.path", inputFiles, "directory/companies.csv", "Companies: CSV, gzipped CSV or Parquet."},
	{"directory.companies.columns.*", anyText, "", "Columns named otherwise, ours: theirs."},
	{"directory.members.path", inputFiles, "directory/members.csv", "Members: CSV, gzipped CSV or Parquet."},
	{"directory.members.columns.*", anyText, "", "Columns named otherwise, ours: theirs."},
	{"seats.path", inputFiles, "", "Seats: the people who use the lists."},
	{"seats.columns.*", anyText, "", "Columns named otherwise, ours: theirs."},
	{"activities.path", inputFiles, "", "What seats did towards members and companies."},
	{"activities.columns.*", anyText, "", "Columns named otherwise, ours: theirs."},
	{"decisions.path", inputFiles, "", "People's word on single records."},
	{"decisions.columns.*", anyText, "", "Columns named otherwise, ours: theirs."},
	{"redirects.path", inputFiles, "", "Directory ids that were replaced: old_id, new_id."},
	{"redirects.columns.*", anyText, "", "Columns named otherwise, ours: theirs."},
	{"store", newFolder, "store", "Where results, snapshots and everything else is kept."},
	{"settings.auto_sync", oneOf("all", "none", "per_seat"), "all", "Whose lists are filled: all seats, none, or as seats.sync says."},
	{"settings.pipeline_stage", anyText, "", "The stage at which an opportunity enters the pipeline; lists hold opportunities strictly past it. Empty: every open one."},
	{"settings.stages", textList, "", "Stages in order; only where the source has no OpportunityStage."},
	{"settings.won_value_field", anyText, "Amount", "Opportunity field that holds the value of a won deal."},
	{"settings.leads", oneOf("assigned", "open_opportunities"), "assigned", "Leads that are suggested: all assigned ones, or only those at accounts with an open opportunity."},
	{"settings.match_rate.green", proportion, "0.80", "Match rate from which an object is green."},
	{"settings.match_rate.yellow", proportion, "0.60", "Match rate from which an object is yellow."},
	{"settings.saved_list_policy", oneOf("keep", "flag"), "keep", "Saved rows whose rule no longer holds: kept; or kept, marked with the reason and no longer counted."},
	{"settings.candidates", wholeNumber, "3", "How many candidates per record are kept."},
	{"settings.knowledge", knowledgeFolder, "", "Folder of own lists (nicknames.tsv, legal_forms.add.tsv …) that replace crmlink's, or add to them."},
	{"settings.time_zone", timeZone, "", "Time zone of days in ROI tables. Empty: the Organization's, else UTC."},
	{"settings.roi.enabled", boolean, "false", "Whether ROI tables are made. They join what your sellers did with your deals: ask for consent first."},
	{"schedule.zone", timeZone, "UTC", "Time zone of both entries. What crmlink serve does with all of this: docs/schedule.md."},
	{"schedule.full.at", cronLine, "0 4 * * *", "When a full run starts: minute hour day month weekday. Or off."},
	{"schedule.full.zone", timeZone, "", "Its time zone, where it has one of its own."},
	{"schedule.full.jitter", span, "0s", "It starts up to this much later than it is due, each day another amount."},
	{"schedule.full.window", span, "6h", "A run that was missed or waits starts up to this long after it was due, else not at all."},
	{"schedule.full.deadline", span, "6h", "A run that lasts longer is stopped; the next one goes on where it was."},
	{"schedule.incremental.at", cronLine, "0 16 * * *", "When an incremental run starts. Or off."},
	{"schedule.incremental.zone", timeZone, "", "Its time zone, where it has one of its own."},
	{"schedule.incremental.jitter", span, "0s", "It starts up to this much later than it is due, each day another amount."},
	{"schedule.incremental.window", span, "6h", "A run that was missed or waits starts up to this long after it was due, else not at all."},
	{"schedule.incremental.deadline", span, "6h", "A run that lasts longer is stopped; the next one goes on where it was."},
	{"schedule.retries", upTo20, "3", "How often a run is tried again when it failed for a reason that passes."},
	{"schedule.backoff", span, "5m", "Wait before the first of these; twice as long before each further one, up to an hour."},
	{"schedule.listen", loopback, "127.0.0.1:7437", "Where crmlink serve answers /healthz, /readyz and /metrics. Or off."},
	{"notify.webhook", hookAddress, "", "Where a failed or stopped run is told of, signed; the secret is in CRMLINK_WEBHOOK_SECRET or a file."},
	{"notify.secret_file", keyFile, "", "File that holds the webhook's secret."},
	{"notify.command", textList, "", "A program and its arguments that are called then, too; it reads the same JSON."},
	{"limits.rejected_share", proportion, "0.01", "A run stops before publishing when a larger share of an object's rows (and at least 20) is rejected."},
	{"limits.gone_share", proportion, "0.10", "A run stops before publishing when a larger share of an object's known live records is gone from a full import."},
	{"limits.match_rate_drop", proportion, "0.10", "A run stops before publishing when an object's match rate falls by more than this: 0.10 is from 80 % to 70 %."},
	{"limits.memory", memoryLimit, "50%", "Memory a run may use: the engine and the program's own data. run --memory takes its place."},
}

// absent is the fault of an entry that is as it should be but for what it names, which is not there.
type absent struct{ error }

func absentf(format string, args ...any) error { return absent{fmt.Errorf(format, args...)} }

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
