package sql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// Changed finds the rows that differ, were added or removed, in the parts that are not equal, and looks only at the
// columns that count.
func TestChanged_FindsWhatDiffers(t *testing.T) {
	s := openSession(t, 1)
	save := func(from, to int, value string) Snapshot {
		snap, err := s.SaveQuery(t.Context(), fmt.Sprintf("SELECT CAST(i AS VARCHAR) AS old_id, %s AS new_id FROM range(%d, %d) t(i)", value, from, to),
			schemas.RawRedirect, nil)
		if err != nil {
			t.Fatal(err)
		}
		return snap
	}
	const even = "CASE WHEN i % 2 = 0 THEN 'x' END"
	equal := save(100, 200, even)
	before := Together("raw_redirect", save(0, 10, even), equal)
	after := Together("raw_redirect", equal, save(1, 11, "CASE WHEN i = 3 THEN 'new' WHEN i = 4 THEN NULL WHEN i % 2 = 0 THEN 'x' END"))
	for reading, want := range map[string]string{
		"": "false,0,x true,10,x false,3,- true,3,new false,4,x true,4,-",
		"SELECT old_id, new_id = 'new' AS is_new FROM raw_redirect": "false,0,false true,10,false false,3,- true,3,true false,4,false true,4,-",
		"SELECT old_id FROM raw_redirect":                           "false,0 true,10",
	} {
		c, err := s.Changed(t.Context(), before, after, reading)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = s.conn.QueryRowContext(t.Context(), `SELECT string_agg(line, ' ' ORDER BY CASE WHEN old_id IN ('3', '4') THEN old_id ELSE '' END, later)
			FROM (SELECT old_id, later, concat_ws(',', `+columnsText(t, s, c.Name)+`) AS line FROM `+c.Name+")").Scan(&got)
		if err != nil || got != want {
			t.Errorf("reading %q: %v\n got %s\nwant %s", reading, err, got, want)
		}
		keys := map[string]bool{}
		for _, line := range strings.Fields(want) {
			keys[strings.Split(line, ",")[1]] = true
		}
		if c.Rows != int64(len(keys)) {
			t.Errorf("reading %q: %d rows, want %d", reading, c.Rows, len(keys))
		}
		if err := c.Drop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// columnsText is the columns of a table as texts, null as a dash.
func columnsText(t *testing.T, s *Session, table string) string {
	t.Helper()
	names, err := s.columnsOf(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for i, name := range names {
		if i > 0 {
			text += ", "
		}
		text += "coalesce(CAST(" + name + " AS VARCHAR), '-')"
	}
	return text
}

func TestChanged_EqualSnapshotsAreNotRead(t *testing.T) {
	s := openSession(t, 1)
	// A file that does not exist: reading it would fail.
	lost := Snapshot{Table: "raw_redirect", ID: "x", Parts: []Part{{ID: "0000", Rows: 7}}, Rows: 7}
	c, err := s.Changed(t.Context(), lost, lost, "")
	if err != nil || c.Rows != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := s.Changed(t.Context(), lost, Empty("raw_lead"), ""); err == nil {
		t.Error("two tables were compared")
	}
	if _, err := s.Changed(t.Context(), lost, lost, "SELECT new_id FROM raw_redirect"); err == nil {
		t.Error("rows without their key were compared")
	}
}
