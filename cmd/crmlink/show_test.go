package main

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
)

// A run's record says what its tables do, and of a run whose record does not, the tables are read.
func TestShow_RecordAndTablesSayTheSame(t *testing.T) {
	dir, result := syncDemo(t, demo.Config{Accounts: 60, Contacts: 120, Leads: 20}, nil)
	store, record := pipeline.Store{Dir: filepath.Join(dir, "store")}, result.Record
	stats, roi, gains, err := figuresOf(t.Context(), store, record)
	if err != nil {
		t.Fatal(err)
	}
	if len(stats) == 0 || roi == nil || len(roi.Statuses) == 0 || len(gains) == 0 {
		t.Fatalf("%d statistics, ROI %+v, %d gains", len(stats), roi, len(gains))
	}
	record.Stats, record.ROI, record.Gains = nil, nil, nil
	oldStats, oldROI, oldGains, err := figuresOf(t.Context(), store, record)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(stats, oldStats) || !reflect.DeepEqual(roi, oldROI) || !reflect.DeepEqual(gains, oldGains) {
		t.Errorf("by the record %+v %+v %+v, by the tables %+v %+v %+v", stats, roi, gains, oldStats, oldROI, oldGains)
	}
}
