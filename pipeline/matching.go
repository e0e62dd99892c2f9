package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/block"
	"github.com/crmlink/crmlink/stages/linkage"
	"github.com/crmlink/crmlink/stages/normalize"
	"github.com/crmlink/crmlink/stages/resolve"
	"github.com/crmlink/crmlink/stages/score"
)

// Model is the model a run used: estimated by the first run, then pinned, so that answers change only with the facts.
type Model struct {
	ID string `json:"id"`
	// Programme is the hash of the comparisons, levels and rules; another programme needs another estimate.
	Programme string            `json:"programme"`
	Company   score.EstimateOut `json:"company"`
	Person    score.EstimateOut `json:"person"`
	Pinned    bool              `json:"pinned"` // taken from the publication before, or adopted
	// Estimated says how the numbers came about; nil where an older crmlink estimated them.
	Estimated *Estimation `json:"estimated,omitempty"`
}

// Origin says where the numbers of both kinds come from: default (as shipped, too few matches to learn from), blended,
// or estimated from this org's data.
func (m Model) Origin() string {
	origin := fmt.Sprintf("companies %s, people %s", m.Company.Parameters.Origin, m.Person.Parameters.Origin)
	if e := m.Estimated; e != nil && e.Decisions > 0 {
		origin += fmt.Sprintf(", with %d decisions", e.Decisions)
	}
	if e := m.Estimated; e != nil && e.Edited {
		origin += ", edited"
	}
	if m.Pinned {
		origin += ", pinned"
	}
	return origin
}

// matching walks the three rounds over the same records.
type matching struct {
	run      *run
	raw      map[string]sql.Snapshot
	rec      normalized
	previous sql.Snapshot // mapping last published
	// knowledge are the administrator's lists, for proposing changes as normalize would read them.
	knowledge map[string]string
	sections  linkage.Model
	model     Model
	company   block.Out
	person    block.Out
	known     []sql.Snapshot              // what each half told the other
	observed  map[string]linkage.Observed // what scored records look like, by round
	// What an estimate is told beside the records; nothing where a run makes it: decisions by kind, and the model until now.
	verdicts map[string]sql.Snapshot
	inUse    *Model
}

// normalized is what both halves of normalize gave.
type normalized struct {
	CRMCompany, CRMPerson, DirCompany, DirMember sql.Snapshot
	Quality                                      []sql.Snapshot
	Survey, SharedMail                           string
}

// normalize makes the normal forms: the directory's once for each version of it, the CRM's knowing the directory's survey.
func (r *run) normalize(ctx context.Context, raw map[string]sql.Snapshot, knowledge map[string]string) (normalized, error) {
	wanted := normalize.DirectoryIn{Companies: raw["raw_company"], Members: raw["raw_member"], Redirects: raw["raw_redirect"], Knowledge: knowledge}
	if in, out, ok := earlierOf[normalize.DirectoryIn, normalize.DirectoryOut](r, "normalize directory"); ok {
		wanted.Earlier = &normalize.EarlierDirectory{In: in, Out: out}
	}
	directory, err := do(ctx, r, "normalize directory", normalize.Directory, wanted)
	if err != nil {
		return normalized{}, err
	}
	asked := normalize.CRMIn{Accounts: raw["raw_account"], Contacts: raw["raw_contact"], Leads: raw["raw_lead"], Survey: directory.Survey, Knowledge: knowledge}
	if in, out, ok := earlierOf[normalize.CRMIn, normalize.CRMOut](r, "normalize CRM"); ok {
		asked.Earlier = &normalize.EarlierCRM{In: in, Out: out}
	}
	crm, err := do(ctx, r, "normalize CRM", normalize.CRM, asked)
	return normalized{crm.CRMCompany, crm.CRMPerson, directory.DirCompany, directory.DirMember,
		[]sql.Snapshot{directory.Quality, crm.Quality}, directory.Survey, crm.SharedMail}, err
}

// round is what one half of the loop was asked and found.
type round struct {
	scoring   score.In
	scored    score.Out
	resolving resolve.In
	answer    resolve.Out
}

// begin blocks both halves of the directory, and takes the numbers of the model that is given, if one is.
func (m *matching) begin(ctx context.Context, given Given) error {
	var err error
	if m.sections, err = readSections(m.run.session, given.Sections); err != nil {
		return err
	}
	m.sections.Company.Keep, m.sections.Person.Keep = given.Candidates, given.Candidates
	m.observed = map[string]linkage.Observed{}
	if given.Model != nil {
		m.model = *given.Model
		m.model.Pinned = true
	}
	if m.model.Programme, err = programme(m.sections); err != nil {
		return err
	}
	if m.company, err = m.block(ctx, "block companies", block.In{Section: m.sections.Company, Directory: m.rec.DirCompany}); err != nil {
		return err
	}
	m.person, err = m.block(ctx, "block people", block.In{Section: m.sections.Person, Directory: m.rec.DirMember})
	return err
}

func (m *matching) block(ctx context.Context, name string, in block.In) (block.Out, error) {
	if before, out, ok := earlierOf[block.In, block.Out](m.run, name); ok {
		in.Earlier = &block.Earlier{In: before, Out: out}
	}
	return do(ctx, m.run, name, block.Run, in)
}

// programme is the hash of a model without its size of the list kept, which changes no answer.
func programme(m linkage.Model) (string, error) {
	m.Company.Keep, m.Person.Keep = 0, 0
	return contentID(m)
}

func contentID(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode model: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])[:16], nil
}

// companies matches accounts: in the first round by themselves, in the last one hearing their matched contacts.
// first is the first round for the last one, else nil.
func (m *matching) companies(ctx context.Context, name string, known sql.Snapshot, first *round) (round, error) {
	if !m.model.Pinned && m.model.Company.Parameters.Kind == "" {
		var err error
		m.model.Company, err = do(ctx, m.run, "estimate companies", score.Estimate, score.EstimateIn{
			Section: m.sections.Company, CRM: m.rec.CRMCompany, Known: known, Index: m.company.Index, Verdicts: m.verdicts[linkage.Company], InUse: m.start(linkage.Company)})
		if err != nil {
			return round{}, err
		}
	}
	return m.match(ctx, name, m.sections.Company, m.company.Index, m.model.Company, m.rec.CRMCompany, known, resolve.In{
		Kind: resolve.Company, CRM: m.rec.CRMCompany, Account: m.raw["raw_account"], Directory: m.rec.DirCompany,
		Other: m.rec.CRMPerson}, first)
}

// people matches contacts and leads, knowing the company their account is.
func (m *matching) people(ctx context.Context, accounts round) (round, error) {
	known, err := m.estimatePeople(ctx, accounts)
	if err != nil {
		return round{}, err
	}
	return m.match(ctx, "people", m.sections.Person, m.person.Index, m.model.Person, m.rec.CRMPerson, known, resolve.In{
		Kind: resolve.Person, CRM: m.rec.CRMPerson, Contact: m.raw["raw_contact"], Lead: m.raw["raw_lead"],
		Directory: m.rec.DirMember, Other: m.rec.DirCompany}, nil)
}

// start are the numbers that an estimate starts from beside the shipped ones, nil for none.
func (m *matching) start(kind string) *linkage.Parameters {
	switch {
	case m.inUse == nil:
		return nil
	case kind == linkage.Company:
		return &m.inUse.Company.Parameters
	}
	return &m.inUse.Person.Parameters
}

// estimatePeople is what comes before people are scored: what their accounts are, and the numbers unless they are given.
func (m *matching) estimatePeople(ctx context.Context, accounts round) (sql.Snapshot, error) {
	asked := resolve.KnownIn{Mapping: accounts.answer.Mapping, CRMPerson: m.rec.CRMPerson, Companies: m.rec.DirCompany}
	if before, out, ok := earlierOf[resolve.KnownIn, sql.Snapshot](m.run, "known accounts"); ok {
		asked.Earlier = &resolve.EarlierKnown{In: before, Out: out}
	}
	known, err := do(ctx, m.run, "known accounts", resolve.KnownAccounts, asked)
	if err != nil {
		return sql.Snapshot{}, err
	}
	m.known = append(m.known, known)
	if !m.model.Pinned {
		m.model.Person, err = do(ctx, m.run, "estimate people", score.Estimate, score.EstimateIn{
			Section: m.sections.Person, CRM: m.rec.CRMPerson, Known: known, Index: m.person.Index, Verdicts: m.verdicts[linkage.Person], InUse: m.start(linkage.Person)})
	}
	return known, err
}

// companiesAgain is the last round: matched contacts are evidence for their account, and so is the account above it.
func (m *matching) companiesAgain(ctx context.Context, accounts, people round) (round, error) {
	asked := resolve.KnownIn{Mapping: sql.Together(schemas.Mapping.Name, accounts.answer.Mapping, people.answer.Mapping),
		CRMPerson: m.rec.CRMPerson, CRMCompany: m.rec.CRMCompany, Companies: m.rec.DirCompany, Members: m.rec.DirMember}
	if before, out, ok := earlierOf[resolve.KnownIn, sql.Snapshot](m.run, "known contacts"); ok {
		asked.Earlier = &resolve.EarlierKnown{In: before, Out: out}
	}
	known, err := do(ctx, m.run, "known contacts", resolve.KnownPeople, asked)
	if err != nil {
		return round{}, err
	}
	m.known = append(m.known, known)
	return m.companies(ctx, "companies again", known, &accounts)
}

// fewTold is the share of records, one in so many, up to which those of whom the other half told something are scored and answered
// for alone, on top of what was found for all. It changes no result.
const fewTold = 8

func (m *matching) match(ctx context.Context, name string, section linkage.Section, index string, estimate score.EstimateOut,
	crm, known sql.Snapshot, in resolve.In, first *round) (round, error) {
	asked := score.In{Section: section, CRM: crm, Known: known, Index: index, Directory: in.Directory,
		Parameters: estimate.Parameters, Frequencies: estimate.Frequencies, Observe: first == nil}
	if before, out, ok := earlierOf[score.In, score.Out](m.run, "score "+name); ok {
		asked.Earlier = &score.Earlier{In: before, Out: out}
	}
	// The first round of this run is nearer than the last round of another that had another directory, or none.
	near := first != nil && !m.run.whole && known.Rows*fewTold <= crm.Rows
	if near && (asked.Earlier == nil || asked.Earlier.In.Index != index) {
		asked.Earlier = &score.Earlier{In: first.scoring, Out: first.scored}
	}
	scored, err := do(ctx, m.run, "score "+name, score.Run, asked)
	if err != nil {
		return round{}, err
	}
	m.observed[name] = scored.Observed
	in.Candidates, in.Previous = scored.Candidates, m.previous
	in.Decisions, in.Redirects = m.raw["raw_decision"], m.raw["raw_redirect"]
	in.ThresholdMicros, in.SureMicros, in.Known = section.ThresholdMicros(), section.SureMicros(), known
	if before, out, ok := earlierOf[resolve.In, resolve.Out](m.run, "resolve "+name); ok {
		in.Earlier = &resolve.Earlier{In: before, Out: out}
	}
	if near && (in.Earlier == nil || in.Earlier.In.Directory.ID != in.Directory.ID) {
		in.Earlier = &resolve.Earlier{In: first.resolving, Out: first.answer}
	}
	answer, err := do(ctx, m.run, "resolve "+name, resolve.Run, in)
	return round{asked, scored, in, answer}, err
}

// finish names the model and gives the tables of matching that are published beside the answers.
func (m *matching) finish(ctx context.Context, companies, people round) ([]sql.Snapshot, []score.Drifted, error) {
	if err := m.name(); err != nil {
		return nil, nil, err
	}
	levels, err := do(ctx, m.run, "model", readableModel, modelIn{m.sections, m.model.Company.Parameters, m.model.Person.Parameters})
	if err != nil {
		return nil, nil, err
	}
	drift, err := do(ctx, m.run, "model drift", score.Drift, score.DriftIn{Sections: []linkage.Section{m.sections.Company, m.sections.Person},
		Parameters: []linkage.Parameters{m.model.Company.Parameters, m.model.Person.Parameters},
		Observed:   []linkage.Observed{m.observed["companies"], m.observed["people"]}})
	if err != nil {
		return nil, nil, err
	}
	return []sql.Snapshot{
		levels.Levels, drift.Drift,
		sql.Together(schemas.Candidate.Name, companies.scored.Candidates, people.scored.Candidates),
		sql.Together(schemas.BlockCost.Name, m.company.Cost, m.person.Cost),
		sql.Together(schemas.TermFrequency.Name, m.model.Company.Frequencies, m.model.Person.Frequencies),
		sql.Together(schemas.Known.Name, m.known...),
	}, drift.Drifted, nil
}

// name gives a model that was just estimated its id, and says how it came about.
func (m *matching) name() error {
	if m.model.Pinned {
		return nil
	}
	var err error
	m.model.ID, err = m.model.contentID()
	m.model.Estimated = &Estimation{Run: m.run.record.ID, AsOf: m.run.record.AsOf, Program: m.run.record.Program}
	for _, p := range []linkage.Parameters{m.model.Company.Parameters, m.model.Person.Parameters} {
		if p.Labelled != nil {
			m.model.Estimated.Decisions += p.Labelled.Sum()
		}
	}
	return err
}

type modelIn struct {
	Sections        linkage.Model
	Company, Person linkage.Parameters
}

type modelOut struct{ Levels sql.Snapshot }

func readableModel(ctx context.Context, s *sql.Session, in modelIn) (modelOut, error) {
	levels, err := score.Levels(ctx, s, []linkage.Section{in.Sections.Company, in.Sections.Person}, []linkage.Parameters{in.Company, in.Person})
	return modelOut{levels}, err
}
