package oracle

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Comparing sequences proves little where nothing happens in them that imports are about.
func TestSequences_HoldEverythingThatImportsAreAbout(t *testing.T) {
	met := map[string]int{}
	for seed := range uint64(10) {
		s, memory, dir := NewSequence(seed, 5), History{}, t.TempDir()
		for step := range 20 {
			at, full := asOf.Add(time.Duration(step)*12*time.Hour), step%3 == 0
			if step > 0 {
				s.Change()
			}
			tables, next, err := []Table(nil), memory, error(ErrUndefined)
			for again := 0; errors.Is(err, ErrUndefined) && again < 60; again++ {
				s.Settle(err)
				if err := s.Write(dir, full); err != nil {
					t.Fatal(err)
				}
				tables, next, err = memory.Import(dir, s.Settings, at, full)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.Done()
			count(met, tables, memory, next, at)
			memory = next
		}
	}
	for _, want := range strings.Fields(happenings) {
		if met[want] < 3 {
			t.Errorf("%s: %d times in 10 sequences", want, met[want])
		}
	}
}

// count notes what happened between two imports.
func count(met map[string]int, tables []Table, before, after History, at time.Time) {
	for place, row := range after.list {
		old, there := before.list[place]
		switch {
		case row.reason != "":
			met[row.reason]++
		case there && old.reason != "":
			met["valid_again"]++
		case row.at.Equal(at) && len(before.mirror) > 0:
			met["saved_later"]++
		}
		if there && old.entity != row.entity {
			met["another_entity"]++
		}
	}
	for _, t := range tables {
		for _, row := range t.Rows {
			if t.Name == "mapping" && strings.Contains(row, "status=deleted") && !strings.Contains(row, "entity_id=-") {
				met["deleted_with_answer"]++
			}
			if t.Name == "mapping" && strings.Contains(row, "status=merged") && !strings.Contains(row, "entity_id=-") {
				met["merged_with_answer"]++
			}
		}
	}
	for object, records := range after.mirror {
		for key, m := range records {
			old, known := before.mirror[object][key]
			switch {
			case m.missing:
				met["missing_"+object]++
			case known && old.missing:
				met["back"]++
			case known && truth(old.row["isdeleted"]) && !truth(m.row["isdeleted"]):
				met["undeleted"]++
			case known && old.row["masterrecordid"] == "" && m.row["masterrecordid"] != "":
				met["merged"]++
			case known && !truth(old.row["isconverted"]) && truth(m.row["isconverted"]):
				met["converted"]++
			}
		}
	}
	for object, columns := range after.inDoubt {
		met["column_went"] += len(columns)
		for column := range before.inDoubt[object] {
			if !columns[column] {
				met["column_settled"]++
			}
		}
	}
}

const happenings = `
closed stage_back owner_changed match_corrected record_deleted seat_off valid_again saved_later another_entity
deleted_with_answer merged_with_answer missing_Account missing_Contact missing_Lead missing_Opportunity missing_User
missing_UserRole missing_OpportunityContactRole back undeleted merged converted column_went column_settled`
