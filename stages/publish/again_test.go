package publish_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/publish"
)

// Whatever changes between two calls, taking over what the first gave leads to the tables, checks and summary that making
// everything leads to (invariant 2).
func TestAgain_Invariant2_EqualsMakingAll(t *testing.T) {
	wanted := []string{"badge", "contact_card", "roi_touch", "roi_opportunity"}
	amended := map[string]int{}
	for at := range 2 * sqltest.Seeds(1) {
		seed, tellsROI, steps := at/2, at%2 == 0, 8
		if !tellsROI { // most is the same there
			steps = 4
		}
		t.Run(fmt.Sprintf("%d, ROI tables %t", seed, tellsROI), func(t *testing.T) {
			w := newWorld(rand.New(rand.NewPCG(seed, 8)), sqltest.Open(t))
			w.settings.ROI.Enabled = tellsROI
			in := w.in(t, publish.In{})
			out := published(t, w.s, in)
			for step := range steps {
				if step%2 == 0 {
					w.change(step)
				} else {
					w.changeFew()
				}
				next := w.in(t, in)
				next.Previous = out.Tables
				if w.r.IntN(4) == 0 { // the run before was not published
					next.Previous = in.Previous
				}
				whole := published(t, w.s, next)
				next.Earlier = &publish.Earlier{In: in, Out: out}
				again := published(t, w.s, next)
				for _, name := range wanted {
					if again.Tables[name].Amended() && again.Tables[name].ID != out.Tables[name].ID {
						amended[name]++
					}
				}
				same(t, w.s, step, whole, again)
				sameChanges(t, w.s, step, in, next, out, again)
				next.Earlier = nil
				in, out = next, again
			}
		})
	}
	if len(amended) != len(wanted) {
		t.Errorf("of %v only these were amended: %v", wanted, amended)
	}
}

// An opportunity of which nothing differs is judged anew where its person has got an older one by a contact role.
func TestAgain_AnOlderOpportunityOfThePerson(t *testing.T) {
	s := sqltest.Open(t)
	w := newWorld(rand.New(rand.NewPCG(3, 1)), s)
	for table, row := range map[string][]string{
		"raw_contact":                  {"c900", "false", "", "f", "g", "e", "", ""},
		"dir_member":                   {"m900", ""},
		"raw_activity":                 {"y900", "s001", "call", "2026-05-10T08:00:00Z", "m900", ""},
		"raw_opportunity_contact_role": {"r900", "false", "o900", "c900"},
	} {
		w.tables[table][row[0]] = row
	}
	w.entity["c900"] = "m900"
	for id, created := range map[string]string{"o900": "2026-05-20", "o901": "2026-05-01"} {
		w.tables["raw_opportunity"][id] = []string{id, "false", "", "u001", "Two", "false", "false", created, "2026-06-30", "5", "5", "EUR"}
	}
	in := w.in(t, publish.In{})
	out := published(t, s, in)
	w.tables["raw_opportunity_contact_role"]["r901"] = []string{"r901", "false", "o901", "c900"}
	w.put("raw_lead", 1) // where no record differs nothing is looked for
	next := w.in(t, in)
	next.Previous = out.Tables
	whole := published(t, s, next)
	next.Earlier = &publish.Earlier{In: in, Out: out}
	again := published(t, s, next)
	same(t, s, 1, whole, again)
	if !again.Tables["roi_opportunity"].Amended() {
		t.Error("roi_opportunity was made whole")
	}
	if judged := sqltest.Dump(t, s, whole.Tables["roi_opportunity"], "opportunity_id,not_sourced"); !strings.Contains(judged, "o900,earlier_opportunity") {
		t.Errorf("nothing is said of the older opportunity:\n%s", judged)
	}
}

func same(t *testing.T, s *sql.Session, step int, want, got publish.Out) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want.Tables)) {
		stored, err := s.Whole(t.Context(), got.Tables[name])
		if err != nil {
			t.Fatal(err)
		}
		if whole, err := s.Whole(t.Context(), want.Tables[name]); err != nil || stored.ID != whole.ID {
			t.Errorf("step %d: table %s differs (error %v):\nwant\n%s\ngot\n%s", step, name, err, sqltest.Dump(t, s, whole, ""), sqltest.Dump(t, s, stored, ""))
		}
	}
	if len(got.Tables) != len(want.Tables) || !reflect.DeepEqual(want.Checks, got.Checks) || !reflect.DeepEqual(want.Summary, got.Summary) || want.Stages != got.Stages {
		t.Errorf("step %d: want %+v %+v, got %+v %+v", step, want.Checks, want.Summary, got.Checks, got.Summary)
	}
}

// sameChanges holds what differs between two publications, told from the rows that do, against the same files over all rows.
func sameChanges(t *testing.T, s *sql.Session, step int, in, next publish.In, out, again publish.Out) {
	t.Helper()
	got, err := publish.Changes(t.Context(), s, publish.ChangesIn{Before: in.Raw, After: next.Raw,
		Way: []publish.Exchange{{Tables: out.Tables}, {Cause: schemas.CauseCRM, Tables: again.Tables}}})
	if err != nil {
		t.Fatal(err)
	}
	for prefix, tables := range map[string][2]map[string]sql.Snapshot{"previous_": {in.Raw, out.Tables}, "": {next.Raw, again.Tables}} {
		for _, of := range tables {
			for name, snap := range of {
				if err := s.BindAs(t.Context(), prefix+name, snap); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	values := map[string]any{"position": int64(1), "cause": schemas.CauseCRM}
	for _, file := range []string{"publish/step_change", "publish/walked", "publish/fate_change"} {
		if err := s.Step(t.Context(), file, values); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []sql.Snapshot{got.Change, got.BlastRadius} {
		want, err := s.Save(t.Context(), "publish/"+table.Table, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want.ID != table.ID {
			t.Errorf("step %d: %s differs:\nwant\n%s\ngot\n%s", step, table.Table, sqltest.Dump(t, s, want, ""), sqltest.Dump(t, s, table, ""))
		}
	}
}

// Where the same files are read again, all tables but that of the run are taken over, the day after all but those that tell of days.
func TestAgain_TheSameFilesAreTakenOver(t *testing.T) {
	s := sqltest.Open(t)
	w := newWorld(rand.New(rand.NewPCG(1, 1)), s)
	in := w.in(t, publish.In{})
	out := published(t, s, in)
	in.Previous = out.Tables
	out = published(t, s, in)
	files := func(next publish.In) (made []string) {
		next.Earlier = &publish.Earlier{In: in, Out: out}
		return publish.Made(t, s, next)
	}
	next := in
	next.About.RunID, next.AsOf = "run-2", in.AsOf.Add(time.Minute)
	if made := files(next); !slices.Equal(made, []string{"publish/run"}) {
		t.Errorf("of the same files, again: %v", made)
	}
	next.AsOf = in.AsOf.Add(24 * time.Hour)
	want := []string{"publish/suggested_lead", "publish/run", "publish/roi/touch_v1", "publish/roi/opportunity_v1"}
	for _, file := range files(next) {
		if !slices.Contains(want, file) && !strings.HasPrefix(file, "publish/roi/") {
			t.Errorf("of the same files, a day later: %s", file)
		}
	}
}

func published(t *testing.T, s *sql.Session, in publish.In) publish.Out {
	t.Helper()
	out, err := publish.Run(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// world is a small org whose rows a test changes: cells by table and key. Its mapping follows from one entity per record.
type world struct {
	r        *rand.Rand
	s        *sql.Session
	tables   map[string]map[string][]string
	entity   map[string]string // by record
	settings publish.Settings
	asOf     time.Time
}

var worldColumns = map[string]string{
	"raw_account":                  "Id,IsDeleted,Name,OwnerId,Website,BillingCountry,ShippingCity,LastModifiedDate",
	"raw_contact":                  "Id,IsDeleted,AccountId,FirstName,LastName,Email,Phone,MailingCity",
	"raw_lead":                     "Id,IsDeleted,OwnerId,FirstName,LastName,Email,Phone,Company,City,LastActivityDate,IsUnreadByOwner,ConvertedOpportunityId",
	"raw_opportunity":              "Id,IsDeleted,AccountId,OwnerId,StageName,IsClosed,IsWon,CreatedDate,CloseDate,Amount,WonValue,CurrencyIsoCode",
	"raw_opportunity_contact_role": "Id,IsDeleted,OpportunityId,ContactId",
	"raw_user":                     "Id,Name,Email,IsActive",
	"raw_seat":                     "seat_id,email,crm_user_id,sync",
	"raw_activity":                 "activity_id,seat_id,kind,occurred_at,member_id,company_id",
	"raw_redirect":                 "old_id,new_id",
	"dir_company":                  "entity_id",
	"dir_member":                   "entity_id,company_ids",
	"data_quality":                 "object,field,check,records,of",
	"mapping":                      "object,crm_id,entity_kind,entity_id,status,weight,primary,lost_to,reason,decision_seq,tier",
	"unmatched":                    "object,crm_id,reason,change_fields",
}

var sizes = map[string]int{"raw_account": 60, "raw_contact": 90, "raw_lead": 160, "raw_opportunity": 90, "raw_opportunity_contact_role": 90,
	"raw_user": 6, "raw_seat": 6, "raw_activity": 160, "raw_redirect": 6, "dir_company": 60, "dir_member": 160}

func newWorld(r *rand.Rand, s *sql.Session) *world {
	w := &world{r: r, s: s, tables: map[string]map[string][]string{}, entity: map[string]string{}, settings: defaults, asOf: asOf}
	w.settings.ROI = publish.ROI{Enabled: true, WonValueField: "Amount"}
	for table := range worldColumns {
		w.tables[table] = map[string][]string{}
	}
	for _, table := range slices.Sorted(maps.Keys(sizes)) {
		for i := range sizes[table] {
			w.put(table, i)
		}
	}
	w.tables["data_quality"]["1"] = []string{"Lead", "Email", "email_unusable", "3", "9"}
	return w
}

func (w *world) id(table string) string {
	return fmt.Sprintf("%s%03d", letters[table], w.r.IntN(sizes[table]))
}

var letters = map[string]string{"raw_account": "a", "raw_contact": "c", "raw_lead": "l", "raw_opportunity": "o", "raw_opportunity_contact_role": "r",
	"raw_user": "u", "raw_seat": "s", "raw_activity": "y", "raw_redirect": "m", "dir_company": "k", "dir_member": "m"}

// maybe is a text in most cases.
func (w *world) maybe(text string) string {
	if w.r.IntN(4) == 0 {
		return ""
	}
	return text
}

func (w *world) yes(share int) string { return fmt.Sprint(w.r.IntN(share) == 0) }

func (w *world) day() string { return fmt.Sprintf("2026-%02d-%02d", 3+w.r.IntN(5), 1+w.r.IntN(28)) }

func (w *world) put(table string, i int) {
	id := fmt.Sprintf("%s%03d", letters[table], i)
	row := []string{id}
	switch table {
	case "raw_account":
		row = append(row, w.yes(9), w.maybe("n"), w.id("raw_user"), w.maybe("w"), w.maybe("x"), w.maybe("y"), w.maybe(w.day()))
		w.entity[id] = w.maybe(w.id("dir_company"))
	case "raw_contact":
		row = append(row, w.yes(9), w.maybe(w.id("raw_account")), w.maybe("f"), w.maybe("g"), w.maybe("e"+w.day()), w.maybe("1"), w.maybe("z"))
		w.entity[id] = w.maybe(w.id("dir_member"))
	case "raw_lead":
		converted := ""
		if w.r.IntN(8) == 0 {
			converted = w.id("raw_opportunity")
		}
		row = append(row, w.yes(9), w.id("raw_user"), w.maybe("f"), w.maybe("g"), w.maybe("e"+w.day()), w.maybe("1"), w.maybe("h"), w.maybe("i"), w.maybe(w.day()), w.yes(2), converted)
		w.entity[id] = w.maybe(w.id("dir_member"))
	case "raw_opportunity":
		amount := fmt.Sprint(w.r.IntN(900))
		row = append(row, w.yes(12), w.maybe(w.id("raw_account")), w.id("raw_user"), []string{"One", "Two", "Three"}[w.r.IntN(3)], w.yes(3), w.yes(2), w.day(), w.day(), amount, amount, w.maybe("EUR"))
	case "raw_opportunity_contact_role":
		row = append(row, w.yes(9), w.id("raw_opportunity"), w.id("raw_contact"))
	case "raw_user":
		row = append(row, "n", "e"+id, "true")
	case "raw_seat":
		row = append(row, "", w.id("raw_user"), w.maybe("true"))
	case "raw_activity":
		row = append(row, w.id("raw_seat"), []string{"save", "unsave", "call", "message"}[w.r.IntN(4)], w.day()+"T08:00:00Z", w.maybe(w.id("dir_member")), w.maybe(w.id("dir_company")))
	case "raw_redirect":
		row = append(row, w.id("dir_member"))
	case "dir_member":
		row = append(row, w.maybe(w.id("dir_company")+"|"+w.id("dir_company")))
	}
	w.tables[table][id] = row
}

// answer makes mapping and unmatched: the first record with an entity wins it, and contacts come before leads.
func (w *world) answer() {
	taken, winner := map[string]string{}, map[string]string{}
	w.tables["mapping"], w.tables["unmatched"] = map[string][]string{}, map[string][]string{}
	for _, object := range []string{"Account", "Contact", "Lead"} {
		table, kind := "raw_"+strings.ToLower(object), "member"
		if object == "Account" {
			kind = "company"
		}
		for _, id := range slices.Sorted(maps.Keys(w.tables[table])) {
			row, entity := w.tables[table][id], w.entity[id]
			m := []string{object, id, kind, entity, "matched", fmt.Sprint(len(id) + len(row[2])), "false", "", "", "", "sure"}
			switch {
			case row[1] == "true":
				m[4], m[3], m[8], m[10] = "deleted", "", "deleted", ""
			case entity == "":
				m[4], m[8], m[10] = "unmatched", "below_threshold", ""
			case winner[object+entity] != "":
				m[4], m[7] = "duplicate", winner[object+entity]
			default:
				winner[object+entity] = id
				if taken[entity] == "" {
					taken[entity], m[6] = id, "true"
				}
			}
			w.tables["mapping"][id] = m
			if m[3] == "" {
				m[2] = ""
				w.tables["unmatched"][id] = []string{object, id, m[8], []string{"", "Email", "Email|City", "LastName"}[len(strings.Join(row, ""))%4]}
			}
		}
	}
}

// changeFew changes a few rows of the CRM's records, and minutes pass.
func (w *world) changeFew() {
	for range 1 + w.r.IntN(3) {
		tables := []string{"raw_account", "raw_contact", "raw_lead", "raw_opportunity", "raw_opportunity_contact_role"}
		table := tables[w.r.IntN(len(tables))]
		w.put(table, w.r.IntN(sizes[table]))
	}
	w.asOf = w.asOf.Add(time.Minute)
}

// change changes a few rows or many, of some tables or none, the settings or the time.
func (w *world) change(step int) {
	some := [][]string{{}, {"raw_lead"}, {"raw_contact", "raw_lead", "raw_account"}, {"raw_opportunity", "raw_opportunity_contact_role"},
		{"raw_account", "raw_contact", "raw_lead", "raw_opportunity", "raw_user", "raw_seat", "raw_activity", "raw_redirect"},
		{"dir_member", "dir_company"}, {"raw_activity", "raw_seat"}}[(step+w.r.IntN(3))%7]
	for range []int{1, 3, 8}[w.r.IntN(3)] {
		if len(some) == 0 {
			break
		}
		table := some[w.r.IntN(len(some))]
		i := w.r.IntN(sizes[table])
		if id := fmt.Sprintf("%s%03d", letters[table], i); w.r.IntN(5) == 0 && table != "raw_user" {
			delete(w.tables[table], id)
			delete(w.entity, id)
		} else {
			w.put(table, i)
		}
	}
	switch w.r.IntN(8) {
	case 0:
		w.settings.AutoSync = []string{"all", "none", "per_seat"}[w.r.IntN(3)]
	case 1:
		w.settings.SavedListPolicy = []string{"keep", "flag"}[w.r.IntN(2)]
	case 2:
		w.settings.PipelineStage, w.settings.Stages = []string{"", "One"}[w.r.IntN(2)], []string{"One", "Two", "Three"}
	case 3:
		if w.tables["data_quality"]["2"] = []string{"Lead", "Company", "missing", "1", "2"}; w.r.IntN(2) == 0 {
			delete(w.tables["data_quality"], "2")
		}
	}
	w.asOf = w.asOf.Add([]time.Duration{0, time.Minute, 24 * time.Hour}[w.r.IntN(3)])
}

// in loads the world, large tables as what the earlier ones become where they can be amended.
func (w *world) in(t *testing.T, before publish.In) publish.In {
	t.Helper()
	w.answer()
	load := func(table string, was sql.Snapshot) sql.Snapshot {
		var b strings.Builder
		b.WriteString(worldColumns[table] + "\n")
		for _, key := range slices.Sorted(maps.Keys(w.tables[table])) {
			b.WriteString(strings.Join(w.tables[table][key], ",") + "\n")
		}
		snap := sqltest.Load(t, w.s, table, b.String())
		if declared, _ := schemas.Lookup(table); declared.Large && was.Table != "" && w.r.IntN(5) > 0 {
			snap = amended(t, w.s, declared, was, snap)
		}
		return snap
	}
	in := publish.In{Raw: map[string]sql.Snapshot{}, Settings: w.settings, AsOf: w.asOf, Mapping: load("mapping", before.Mapping), Unmatched: load("unmatched", before.Unmatched),
		Companies: load("dir_company", before.Companies), Members: load("dir_member", before.Members),
		Quality: []sql.Snapshot{load("data_quality", sql.Snapshot{})}, About: publish.About{RunID: "run-1"}}
	for table := range sizes {
		if strings.HasPrefix(table, "raw_") {
			in.Raw[table] = load(table, before.Raw[table])
		}
	}
	return in
}

func amended(t *testing.T, s *sql.Session, table schemas.Table, before, after sql.Snapshot) sql.Snapshot {
	t.Helper()
	changes, err := s.Changed(t.Context(), before, after, "")
	if err != nil {
		t.Fatal(err)
	}
	defer changes.Drop(t.Context()) //nolint:errcheck // temporary
	w, err := s.Writer(t.Context(), table)
	if err == nil {
		err = w.Take(t.Context(), "SELECT * EXCLUDE (later) FROM "+changes.Name+" WHERE later")
	}
	if err != nil {
		t.Fatal(err)
	}
	snap, err := w.Amend(t.Context(), before, "SELECT "+schemas.Quote(table.PartKey())+" FROM "+changes.Name)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}
