package publish

import (
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/sql"
)

// ROI are the settings of the ROI tables. Without Enabled there are none (I1).
type ROI struct {
	Enabled bool `json:"enabled"`
	// TimeZone is the zone of days; empty: that of the Organization, else UTC.
	TimeZone string `json:"time_zone,omitempty"`
	// WonValueField is the field of Opportunity that WonValue was read from.
	WonValueField string `json:"won_value_field,omitempty"`
}

// roi makes the ROI tables where the administrator wants them, and gives the checks that they must pass. It reads
// mapping, redirected and the raw tables that Run has bound. What the words mean stands in the files below
// sql/publish/roi; their version stands in their names and in every row.
func (p *publication) roi(in In) []Check {
	settings := in.Settings.ROI
	if !settings.Enabled || p.err != nil {
		return nil
	}
	for _, name := range []string{"raw_dated_conversion_rate", "raw_organization"} {
		p.bind(name, name, in.Raw[name])
	}
	p.zoneLate(in)
	p.values["amount_field"] = settings.WonValueField
	p.step("publish/roi/person_v1")
	p.step("publish/roi/amount_v1")
	p.touches()
	p.roiOpportunities()
	p.save("publish/roi/summary_v1")
	return p.counts("publish/roi/check_v1")
}

// zoneFollows is what the time zone of days follows from.
func zoneFollows(in In) string {
	return in.Settings.ROI.TimeZone + "\n" + in.Raw["raw_organization"].Or("raw_organization").ID
}

// zoneLate has the time zone looked for when the first file needs it.
func (p *publication) zoneLate(in In) {
	if _, ok := p.is["$zone"]; ok {
		return
	}
	p.is["$zone"] = zoneFollows(in)
	p.late["$zone"] = func() {
		p.values["zone"] = p.zone(in.Settings.ROI.TimeZone)
	}
}

// zone is the time zone of days: the one set, else the Organization's, else UTC. The engine must know it.
func (p *publication) zone(set string) (zone string) {
	set = strings.TrimSpace(set)
	p.values["set_zone"] = set
	var known bool
	p.query("publish/roi/zone", func(rows *sql.Rows) error { return rows.Scan(&zone, &known) })
	if p.err == nil && !known {
		from := "it is"
		if set == "" {
			from = "it is empty, and the Organization's is"
		}
		p.err = &InputError{"time_zone", fmt.Sprintf("%s %q, which is no known time zone", from, zone),
			"set settings.time_zone to UTC or a name such as Europe/Berlin"}
	}
	return zone
}
