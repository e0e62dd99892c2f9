package linkage

// Compare gives one pair its levels, adjustments and weight, whether or not a blocking rule would find it. Its
// probability is 0: that is a matter of all candidates of a record.
func (s *Scorer) Compare(records *Records, i int, entity uint32) Candidate {
	w := s.newWorker(records)
	w.compare.from(records.row(i))
	weight := w.pair(entity)
	return Candidate{Entity: entity, Weight: weight, Levels: w.levels, Frequencies: w.bits}
}
