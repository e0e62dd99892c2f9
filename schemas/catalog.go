package schemas

import "sort"

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
	for _, t := range All() {
		if t.Name == name {
			return t, true
		}
	}
	return Table{}, false
}

// Names lists the names of all declared tables in alphabetical order.
func Names() []string {
	var names []string
	for _, t := range All() {
		names = append(names, t.Name)
	}
	sort.Strings(names)
	return names
}
