package pipeline

import (
	"github.com/crmlink/crmlink/stages/publish"
)

// roi are the settings of the ROI tables. Zone and field of tables that are not made change no action.
func (c Config) roi() publish.ROI {
	if !c.Bool("settings.roi.enabled") {
		return publish.ROI{}
	}
	return publish.ROI{Enabled: true, TimeZone: c.Text("settings.time_zone"), WonValueField: c.Text("settings.won_value_field")}
}
