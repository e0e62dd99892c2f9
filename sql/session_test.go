package sql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

var sampleTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func openSession(t *testing.T, threads int) *Session {
	t.Helper()
	dir := t.TempDir() + "/env=prod" // a name that must not become a column
	s, err := Open(t.Context(), Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

const manyKnown = `SELECT 'Contact' AS object, CAST(range AS VARCHAR) AS crm_id,
	['a', CAST(range AS VARCHAR)] AS known_ids, NULL::VARCHAR[] AS known_groups, NULL::VARCHAR[] AS known_keys,
	NULL::VARCHAR[] AS known_parents, NULL::VARCHAR[] AS known_parent_groups FROM range(%d) ORDER BY hash(range + %d)`

func TestSave_SameRowsSameBytes_Invariant9(t *testing.T) {
	ids := map[string]bool{}
	for seed, threads := range []int{1, 4, 4} {
		s := openSession(t, threads)
		snap, err := s.SaveQuery(t.Context(), fmt.Sprintf(manyKnown, 200_000, seed), schemas.Known, nil)
		if err != nil {
			t.Fatal(err)
		}
		if snap.Rows != 200_000 {
			t.Fatalf("rows = %d", snap.Rows)
		}
		ids[snap.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d different ids for the same rows in other order and with other thread counts", len(ids))
	}
}

func TestSave_RefusesWhatIsNotDeclared(t *testing.T) {
	s := openSession(t, 0)
	for name, c := range map[string]struct{ query, want string }{
		"type":    {"SELECT 'a' AS old_id, 1 AS new_id", "column 2 is new_id INTEGER, want new_id VARCHAR"},
		"name":    {"SELECT 'a' AS old, 'b' AS new_id", "column 1 is old VARCHAR, want old_id VARCHAR"},
		"missing": {"SELECT 'a' AS old_id", "column 2 is missing, want new_id VARCHAR"},
		"extra":   {"SELECT 'a' AS old_id, 'b' AS new_id, 1 AS more", "column 3, more, is not declared"},
		"twice":   {"SELECT 'a' AS old_id, 'b' AS new_id UNION ALL SELECT 'a', 'c'", "its key (old_id) is not unique"},
		"null":    {"SELECT NULL::VARCHAR AS old_id, 'b' AS new_id", "must hold a value is null"},
	} {
		_, err := s.SaveQuery(t.Context(), c.query, schemas.RawRedirect, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func TestWriter_LandsArrowBatchesOfEveryType(t *testing.T) {
	s := openSession(t, 0)
	table := schemas.RawSeat
	object, _ := schemas.ObjectNamed(schemas.Opportunity)
	for _, table := range []schemas.Table{table, object.Table(), schemas.Candidate, schemas.CRMPerson} {
		w, err := s.Writer(t.Context(), table)
		if err != nil {
			t.Fatal(err)
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, table.Arrow())
		for i := range 3 {
			for f := range table.Columns {
				appendSample(b.Field(f), i)
			}
		}
		batch := b.NewRecordBatch()
		if err := w.Write(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		batch.Release()
		b.Release()
		snap, err := w.Save(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if snap.Rows != 3 {
			t.Errorf("%s: %d rows, want 3", table.Name, snap.Rows)
		}
		if err := s.Bind(t.Context(), snap); err != nil {
			t.Fatal(err)
		}
		read := int64(0)
		err = s.Each(t.Context(), "SELECT * FROM "+table.Name+" WHERE $x = 'x'", map[string]any{"x": "x"}, func(r arrow.RecordBatch) error {
			read += r.NumRows()
			return nil
		})
		if err != nil || read != 3 {
			t.Errorf("%s: read %d rows back, error %v", table.Name, read, err)
		}
	}
}

func appendSample(b array.Builder, i int) {
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(fmt.Sprint("v", i))
	case *array.BooleanBuilder:
		b.Append(i%2 == 0)
	case *array.Int64Builder:
		b.Append(int64(i))
	case *array.Int32Builder:
		b.Append(int32(i))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC).UnixMicro()))
	case *array.ListBuilder:
		b.Append(true)
		appendSample(b.ValueBuilder(), i)
	case *array.Date32Builder:
		b.Append(arrow.Date32(20_000 + i))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(int64(i)))
	default:
		panic(fmt.Sprintf("no sample for %T", b))
	}
}

func TestPartsOfLargeTables(t *testing.T) {
	s := openSession(t, 0)
	snap, err := s.SaveQuery(t.Context(), `SELECT CAST(range AS VARCHAR) AS activity_id, NULL::VARCHAR AS seat_id, 'save' AS kind,
		NULL::VARCHAR AS member_id, NULL::VARCHAR AS company_id, NULL::TIMESTAMPTZ AS occurred_at, NULL::VARCHAR AS subject,
		NULL::VARCHAR AS body, true AS copy_to_crm FROM range(60000)`, schemas.RawActivity, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(snap.Parts) != schemas.ManyParts || snap.Rows != 60_000 {
		t.Errorf("%d parts, %d rows", len(snap.Parts), snap.Rows)
	}
	if missing := s.Missing(snap); len(missing) > 0 {
		t.Errorf("objects not in the store: %v", missing)
	}
	total := int64(0)
	for _, piece := range snap.Split() {
		if err := s.Bind(context.Background(), piece); err != nil {
			t.Fatal(err)
		}
		var n int64
		rows, err := s.Query(t.Context(), "SELECT count(*) FROM raw_activity", nil)
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		total += n
	}
	if total != 60_000 {
		t.Errorf("pieces hold %d rows, want 60000", total)
	}
}

// An object that a crash of the machine cut off is written anew when its content is computed again.
func TestPutObject_ReplacesACutOne(t *testing.T) {
	s, err := Open(t.Context(), Options{Objects: t.TempDir(), Spill: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id, err := s.PutObject([]byte("whole"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(ObjectPath(s.options.Objects, id, ".bin"), 2); err != nil {
		t.Fatal(err)
	}
	if again, err := s.PutObject([]byte("whole")); err != nil || again != id {
		t.Fatal(again, err)
	}
	if data, err := s.Object(id); err != nil || string(data) != "whole" {
		t.Errorf("%q, %v", data, err)
	}
}

// What a bad disk has changed is not read by a session that did not write it, and is replaced when it is made again.
func TestChangedObjectsAreNotRead(t *testing.T) {
	s := openSession(t, 2)
	text, err := s.PutObject([]byte("whole"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.SaveQuery(t.Context(), fmt.Sprintf(manyKnown, 60_000, 1), schemas.Known, nil)
	if err != nil {
		t.Fatal(err)
	}
	part := table.Parts[len(table.Parts)/2].ID
	for _, path := range []string{ObjectPath(s.options.Objects, text, ".bin"), ObjectPath(s.options.Objects, part, ".parquet")} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other, err := Open(t.Context(), Options{Objects: s.options.Objects, Spill: t.TempDir(), Threads: 2, Checked: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, _, mapped := other.MapObject(text)
	_, read := other.Object(text)
	for what, err := range map[string]error{"mapping": mapped, "reading": read, "binding": other.Bind(t.Context(), table),
		"copying": other.WriteDatabase(t.Context(), t.TempDir()+"/a.duckdb", []Snapshot{table}, nil)} {
		var damaged *DamagedError
		if !errors.As(err, &damaged) || damaged.Try() == "" {
			if what != "copying" || !schemas.Known.Internal { // a view over it is no copy
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if again, err := other.PutObject([]byte("whole")); err != nil || again != text {
		t.Fatal(again, err)
	}
	if again, err := other.SaveQuery(t.Context(), fmt.Sprintf(manyKnown, 60_000, 2), schemas.Known, nil); err != nil || again.ID != table.ID {
		t.Fatal(again.ID, err)
	}
	if data, err := other.Object(text); err != nil || string(data) != "whole" {
		t.Errorf("%q, %v", data, err)
	}
	third, err := Open(t.Context(), Options{Objects: s.options.Objects, Spill: t.TempDir(), Threads: 2, Checked: true})
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if err := third.Bind(t.Context(), table); err != nil {
		t.Error(err)
	}
}

// A mapped object is what was written, and stays in place when others are written.
func TestMapObject(t *testing.T) {
	s := openSession(t, 1)
	want := strings.Repeat("a page or two. ", 1000)
	id, err := s.WriteObject(func(w io.Writer) error { _, err := io.WriteString(w, want); return err })
	if err != nil {
		t.Fatal(err)
	}
	if put, err := s.PutObject([]byte(want)); err != nil || put != id {
		t.Errorf("PutObject names it %s, WriteObject %s: %v", put, id, err)
	}
	data, unmap, err := s.MapObject(id)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != want {
		t.Errorf("%d bytes mapped, want the %d written", len(data), len(want))
	}
	if err := unmap(); err != nil {
		t.Error(err)
	}
	if _, err := s.WriteObject(func(io.Writer) error { return errors.New("no such thing") }); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("error %v", err)
	}
	if _, _, err := s.MapObject(strings.Repeat("0", 64)); err == nil {
		t.Error("an object that is not there is mapped")
	}
}

// What the engine cannot spill ends in an error that is told apart: the user can give it more memory.
func TestOutOfMemoryIsToldApart(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: 1, Memory: "30MiB"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.Query(t.Context(), "SELECT len(list(range)) FROM range(20000000)", nil)
	if err == nil {
		rows.Close()
		t.Fatal("a list of 160 MB fits in 30 MiB")
	}
	if !IsOutOfMemory(err) || IsDiskFull(err) {
		t.Errorf("not told apart: %v", err)
	}
}
