package oracle

import (
	"errors"
	"strings"
	"testing"
)

// Every answer that the ROI tables can give must occur in the worlds that they are compared on.
func TestWorldsROI_HoldEveryAnswer(t *testing.T) {
	met := map[string]int{}
	for seed := range uint64(30) {
		world := RandomROI(seed, 3, asOf)
		dir := t.TempDir()
		if _, err := world.Write(dir); err != nil {
			t.Fatal(err)
		}
		tables, err := Expect(dir, world.Settings, asOf)
		if errors.Is(err, ErrUndefined) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			for _, row := range table.Rows {
				for cell := range strings.FieldsSeq(row) {
					met[table.Name+" "+cell]++
				}
			}
		}
	}
	for _, want := range strings.Split(strings.TrimSpace(roiAnswers), "\n") {
		if met[want] < 3 {
			t.Errorf("%s: %d times", want, met[want])
		}
	}
}

const roiAnswers = `
roi_touch path=person
roi_touch path=account
roi_touch path=converted_lead
roi_touch via_object=Account
roi_touch reason=kind_not_counted
roi_touch reason=no_time
roi_touch reason=after_close
roi_touch reason=no_close_date
roi_touch reason=outside_window
roi_touch days_before_close=89
roi_touch days_before_close=90
roi_touch days_before_close=0
roi_touch days_before_close=-1
roi_touch days_before_created=180
roi_touch days_before_created=181
roi_opportunity influenced=true
roi_opportunity influence_path=person
roi_opportunity influence_path=account
roi_opportunity influence_path=converted_lead
roi_opportunity sourced=true
roi_opportunity not_sourced=no_touch
roi_opportunity not_sourced=no_created_date
roi_opportunity not_sourced=touch_after_creation
roi_opportunity not_sourced=touch_too_early
roi_opportunity not_sourced=earlier_opportunity
roi_opportunity status=won
roi_opportunity status=lost
roi_opportunity period=none
roi_opportunity time_zone=Europe/Berlin
roi_opportunity time_zone=Africa/Cairo
roi_opportunity rate_source=DatedConversionRate
roi_opportunity rate_source=CurrencyType
roi_opportunity rate_source=corporate
roi_opportunity rate_source=one_currency
roi_opportunity no_corporate_amount=no_amount
roi_opportunity no_corporate_amount=amount_too_large
roi_opportunity no_corporate_amount=unknown_currency
roi_opportunity no_corporate_amount=no_rate
roi_opportunity no_corporate_amount=several_currencies_without_rates
roi_summary influenced_and_sourced=1
`
