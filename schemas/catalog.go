package schemas

import (
	"sort"
	"sync"
)

// All lists every declared table in the order of the data dictionary: what people read first comes first.
func All() []Table {
	all := []Table{
		Mapping, Candidate, Evidence, Unmatched, DecisionOutcome,
		Badge, ContactCard, InCRM, MissingInCRM,
		AutoSave, NotSaved, SuggestedLead, SeatMap, SeatCandidate, Profile,
		RoiSummary, RoiOpportunity, RoiTouch,
		SyncStats, Change, BlastRadius, DataQuality, FieldGain, Run, ExtractLog, Reject, BlockCost, ModelLevel, ModelDrift,
		CRMCompany, CRMPerson, DirCompany, DirMember, Known, TermFrequency,
		Standing, Redirected, Verdict, Proposal, Reason, PatchCompany, PatchPerson, Differing, Remedy, ResolveNotice, StageOrder, OpportunityRecord, AtOpen, MappingCount, RequiredCount, CheckCount,
		RoiPerson, RoiAmount, StepChange, Walked, FateChange,
		RawCompany, RawMember, RawSeat, RawActivity, RawDecision, RawRedirect,
	}
	for _, o := range Objects {
		all = append(all, o.Table())
	}
	return all
}

// Lookup finds a declared table by name.
func Lookup(name string) (Table, bool) {
	t, ok := byName()[name]
	return t, ok
}

// byName is made once: a run looks tables up some thousand times.
var byName = sync.OnceValue(func() map[string]Table {
	tables := map[string]Table{}
	for _, t := range All() {
		tables[t.Name] = t
	}
	return tables
})

// Names lists the names of all declared tables in alphabetical order.
func Names() []string {
	var names []string
	for _, t := range All() {
		names = append(names, t.Name)
	}
	sort.Strings(names)
	return names
}
