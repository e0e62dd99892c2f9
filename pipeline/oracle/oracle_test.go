package oracle

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var asOf = time.Date(2026, 6, 15, 4, 0, 0, 0, time.UTC)

// Comparing answers proves little where the worlds lack what the answers are about.
func TestWorlds_HoldEverythingThatListsDependOn(t *testing.T) {
	met := map[string]int{}
	undefined := 0
	for seed := range uint64(200) {
		world := Random(seed, 1)
		dir := t.TempDir()
		if _, err := world.Write(dir); err != nil {
			t.Fatal(err)
		}
		tables, err := Expect(dir, world.Settings, asOf)
		if errors.Is(err, ErrUndefined) {
			undefined++
			t.Logf("seed %d: %v", seed, err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			for _, row := range table.Rows {
				met[table.Name]++
				for cell := range strings.FieldsSeq(row) {
					met[table.Name+" "+cell]++
				}
			}
		}
	}
	if undefined > 4 {
		t.Errorf("%d of 200 worlds have no defined answer", undefined)
	}
	for _, want := range strings.Split(strings.TrimSpace(phenomena), "\n") {
		if met[strings.TrimSpace(want)] < 3 {
			t.Errorf("%s: %d times in 200 worlds", want, met[want])
		}
	}
}

const phenomena = `
mapping status=matched
mapping status=decided
mapping status=duplicate
mapping status=unmatched
mapping status=converted
mapping status=merged
mapping status=deleted
mapping status=person_account
mapping entity_id=nowhere
unmatched reason=decided_none
unmatched reason=vetoed
unmatched reason=bad_data
unmatched reason=merged
unmatched reason=converted
unmatched reason=deleted
unmatched reason=person_account
seat_map method=email
seat_map method=crm_user_id
seat_map reason=unknown_user
seat_map reason=no_email
seat_map reason=no_user_with_email
seat_map reason=several_users_with_email
seat_map crm_sync_active=false
auto_save object=Account
auto_save object=Contact
not_saved reason=deleted
not_saved reason=closed
not_saved reason=stage_not_past
not_saved reason=owner_has_no_seat
not_saved reason=sync_off
not_saved reason=person_account
not_saved reason=unmatched
suggested_lead
badge link_reason=saved
badge link_reason=matched
badge object=Lead
missing_in_crm entity_kind=company
missing_in_crm saved=true
missing_in_crm touched=true
missing_in_crm open_opportunity=true
sync_stats match_color=green
sync_stats match_color=yellow
sync_stats match_color=red
sync_stats match_color=-
profile part=contact
`
