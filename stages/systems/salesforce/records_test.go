package salesforce

import (
	"encoding/csv"
	"strings"
	"testing"
)

// Every text of up to eight of the bytes that matter is counted as encoding/csv, which csvdir reads with, takes it.
func TestRecordCounter_LikeEncodingCSV(t *testing.T) {
	const alphabet = "\"\n\ra,"
	longest := 8
	if testing.Short() {
		longest = 6
	}
	read := 0
	var try func(text []byte)
	try = func(text []byte) {
		in := csv.NewReader(strings.NewReader(string(text)))
		in.FieldsPerRecord = -1
		all, err := in.ReadAll()
		if err == nil {
			read++
			c := &recordCounter{}
			c.Write(text) //nolint:errcheck // too short to be refused
			if err := c.end(); err != nil || c.records != int64(len(all)) {
				t.Fatalf("%q: %d records (%v), encoding/csv has %d", text, c.records, err, len(all))
			}
		}
		if len(text) == longest {
			return
		}
		for i := range len(alphabet) {
			try(append(text, alphabet[i]))
		}
	}
	try(make([]byte, 0, longest))
	if read < 1000 {
		t.Errorf("%d texts were read", read)
	}
}

// A page that was cut off inside a cell is no page.
func TestRecordCounter_CutOff(t *testing.T) {
	c := &recordCounter{}
	c.Write([]byte("\"Id\",\"Name\"\n\"1\",\"half a na")) //nolint:errcheck // not refused
	if c.end() == nil {
		t.Error("half a cell passes")
	}
}
