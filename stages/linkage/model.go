package linkage

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/crmlink/crmlink/schemas"
)

// The two kinds of things that are matched. They are the kind of model_level and block_cost.
const (
	Company = "company"
	Person  = "person"
)

// Model is the whole programme of matching. It is data: it survives JSON, and a run hashes it.
type Model struct {
	Version int     `json:"version"`
	Company Section `json:"company"`
	Person  Section `json:"person"`
}

// Section is the model of one kind.
type Section struct {
	Kind string `json:"kind"`
	// Match is the expected share of CRM records whose entity is in the directory.
	Match float64 `json:"match"`
	// Threshold is the probability from which a candidate is a match; Keep the number of candidates stored per record.
	Threshold float64 `json:"threshold"`
	// Sure is the probability from which a match is of the sure tier; older models have none, and then it is 0.8. Below the threshold it has
	// no effect.
	Sure float64 `json:"sure,omitempty"`
	Keep int     `json:"keep"`
	// FrequencyFloor and FrequencyCeiling bound a frequency adjustment, in millibits.
	FrequencyFloor   int `json:"frequency_floor"`
	FrequencyCeiling int `json:"frequency_ceiling"`
	// Orders lists the values of ordered columns, for the operator steps.
	Orders      map[string][]string `json:"orders,omitempty"`
	LookAlikes  []LookAlike         `json:"look_alikes"`
	Rules       []Rule              `json:"rules"`
	Comparisons []Comparison        `json:"comparisons"`
}

// LookAlike is a kind of entity that is not the record's but shares some comparisons with it: a namesake in the same
// town, a company of the same group.
type LookAlike struct {
	Name string `json:"name"`
	// Shares are the comparisons in which a look-alike agrees as a match would; in all others it is chance, but for
	// those of Own, where it has probabilities of its own: by comparison, one per level in the order of their codes. They
	// are estimated as m is. A company of the same group often has the domain, and seldom quite the same name.
	Shares []string             `json:"shares"`
	Own    map[string][]float64 `json:"own,omitempty"`
	// Ratio is how often a record is a look-alike of an entity per record that is a match.
	Ratio float64 `json:"ratio"`
}

// Rule is one blocking rule: records under a common key become candidates.
type Rule struct {
	Name string `json:"name"`
	// Keys are the parts of the key: `column`, `crm_column=directory_column`, `column:n` for its first n bytes, or
	// `column~` for the value and each form of it with one byte left out. A list gives one key per value.
	Keys []string `json:"keys"`
	// Max is the number of directory entries a key may have. Above it Narrow is added to the key; above it still, the
	// key is dropped.
	Max    int    `json:"max"`
	Narrow string `json:"narrow,omitempty"`
}

// Comparison is one independent piece of evidence. Fields whose evidence is correlated belong into one comparison.
type Comparison struct {
	Name string `json:"name"`
	// Show are the columns whose values explain the level, for people.
	Show []string `json:"show"`
	// Cap bounds the size of a level's weight, in millibits; 0 is no bound.
	Cap int `json:"cap,omitempty"`
	// Fixed comparisons keep the model's m and u.
	Fixed  bool    `json:"fixed,omitempty"`
	Groups []Group `json:"groups"`
}

// Group is a pattern of fields that both sides have, and the levels that can occur then, best first.
type Group struct {
	Present string  `json:"present"`
	Levels  []Level `json:"levels"`
}

// Level is one outcome. The last level of a group has no When.
type Level struct {
	Label string `json:"label"`
	When  string `json:"when,omitempty"`
	// M and U are the probability of the level among pairs that are and are not the same, given the group.
	M float64 `json:"m,omitempty"`
	U float64 `json:"u,omitempty"`
	// Neutral levels weigh nothing, because another comparison already holds the evidence.
	Neutral bool `json:"neutral,omitempty"`
	// Fixed levels keep the weight of the shipped m and u: those are given another comparison's agreement, which random
	// pairs do not show.
	Fixed bool `json:"fixed,omitempty"`
	// Free levels may weigh more or less than their neighbours; all others weigh no less than the next.
	Free bool `json:"free,omitempty"`
	// Frequency says by which value's frequency the level is adjusted.
	Frequency string `json:"frequency,omitempty"`
}

//go:embed default_model.json
var defaultModel []byte

// Default is the model that crmlink ships.
func Default() (Model, error) { return Parse(defaultModel) }

// Parse reads a model and checks all of it.
func Parse(text []byte) (Model, error) {
	var m Model
	if err := json.Unmarshal(text, &m); err != nil {
		return Model{}, fmt.Errorf("reading the model: %w", err)
	}
	for _, s := range []Section{m.Company, m.Person} {
		if _, err := compile(s); err != nil {
			return Model{}, err
		}
	}
	return m, nil
}

// Section is the part of the model for company or person.
func (m Model) Section(kind string) (Section, error) {
	switch kind {
	case Company:
		return m.Company, nil
	case Person:
		return m.Person, nil
	}
	return Section{}, fmt.Errorf("the model has no section %q", kind)
}

// ThresholdMicros and SureMicros are the two thresholds in millionths.
func (s Section) ThresholdMicros() int64 { return int64(s.Threshold*1e6 + 0.5) }

func (s Section) SureMicros() int64 {
	sure := int64(s.Sure*1e6 + 0.5)
	if sure == 0 {
		sure = 800_000
	}
	return max(sure, s.ThresholdMicros())
}

// LeftTable and RightTable are the tables a section compares.
func (s Section) LeftTable() schemas.Table {
	if s.Kind == Company {
		return schemas.CRMCompany
	}
	return schemas.CRMPerson
}

func (s Section) RightTable() schemas.Table {
	if s.Kind == Company {
		return schemas.DirCompany
	}
	return schemas.DirMember
}

// EntityKind is the kind under which term_frequency counts: what the directory calls the section's entities.
func (s Section) EntityKind() string {
	if s.Kind == Company {
		return "company"
	}
	return "member"
}

// LeftColumns are the CRM columns a reader must supply, the columns of table known among them where the
// model uses them; RightColumns those of the directory. Both begin with the id.
func (s Section) LeftColumns() ([]string, error) {
	p, err := compile(s)
	if err != nil {
		return nil, err
	}
	return append([]string{"crm_id"}, p.left.names...), nil
}

// RightColumns are the directory columns a reader must supply, the id first.
func (s Section) RightColumns() ([]string, error) {
	p, err := compile(s)
	if err != nil {
		return nil, err
	}
	names := slices.DeleteFunc(slices.Clone(p.right.names), func(n string) bool { return n == "entity_id" })
	return append([]string{"entity_id"}, names...), nil
}

// check finds what a model file can get wrong beside its expressions.
func (s Section) check() error {
	if s.Kind != Company && s.Kind != Person {
		return fmt.Errorf("model: kind %q, want company or person", s.Kind)
	}
	if s.Match <= 0 || s.Match >= 1 || s.Keep < 1 || s.Threshold <= 0 || s.Threshold >= 1 {
		return fmt.Errorf("model %s: match and threshold must lie between 0 and 1, keep must be at least 1", s.Kind)
	}
	if s.Sure < 0 || s.Sure >= 1 {
		return fmt.Errorf("model %s: sure must lie between 0 and 1", s.Kind)
	}
	rest := 1 - s.Match
	for _, l := range s.LookAlikes {
		rest -= s.Match * l.Ratio
		for _, name := range append(slices.Sorted(maps.Keys(l.Own)), l.Shares...) {
			if !slices.ContainsFunc(s.Comparisons, func(c Comparison) bool { return c.Name == name }) {
				return fmt.Errorf("model %s: look-alike %s shares %q, which is no comparison", s.Kind, l.Name, name)
			}
		}
	}
	if rest <= 0 {
		return fmt.Errorf("model %s: match and look-alikes leave nothing for records without a match", s.Kind)
	}
	for _, c := range s.Comparisons {
		for i, g := range c.Groups {
			var m, u float64
			for j, l := range g.Levels {
				if (l.When == "") != (j == len(g.Levels)-1) {
					return fmt.Errorf("model %s: %s group %d: exactly the last level has no condition", s.Kind, c.Name, i+1)
				}
				if l.Neutral {
					continue
				}
				if l.M <= 0 || l.U <= 0 {
					return fmt.Errorf("model %s: %s: level %q needs m and u above 0", s.Kind, c.Name, l.Label)
				}
				m, u = m+l.M, u+l.U
			}
			if len(g.Levels) < 2 || m < 0.98 || m > 1.02 || u < 0.98 || u > 1.02 {
				return fmt.Errorf("model %s: %s group %d: want two levels or more, and m and u that sum to 1, not %.4f and %.4f", s.Kind, c.Name, i+1, m, u)
			}
		}
	}
	return nil
}
