package sql

import (
	"bytes"
	"os"
	"testing"
)

func TestSpoolGivesBackWhatWasWritten(t *testing.T) {
	s := openSession(t, 2)
	empty, err := s.Spool()
	if err != nil {
		t.Fatal(err)
	}
	if data, err := empty.Bytes(); err != nil || len(data) != 0 {
		t.Errorf("%d bytes of an empty spool: %v", len(data), err)
	}
	if err := empty.Close(); err != nil {
		t.Error(err)
	}
	p, err := s.Spool()
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("some bytes "), 100_000)
	for _, part := range [][]byte{want[:7], want[7:]} {
		if _, err := p.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if data, err := p.Bytes(); err != nil || !bytes.Equal(data, want) {
			t.Fatalf("%d bytes, want %d: %v", len(data), len(want), err)
		}
	}
	if left, err := os.ReadDir(s.options.Spill); err != nil || len(left) > 0 {
		t.Errorf("%d files have a name: %v", len(left), err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// Pages of mapped files are given back where the process has more than it may, and read again.
func TestResidentGivesPagesBack(t *testing.T) {
	s := openSession(t, 2)
	p, err := s.Spool()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close() //nolint:errcheck // a test
	piece := bytes.Repeat([]byte{7}, 1<<20)
	for range 64 {
		if _, err := p.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	data, err := p.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data[:len(piece)], piece) || bytes.Count(data, []byte{7}) != len(data) {
		t.Fatal("other bytes")
	}
	_, before, err := residentBytes()
	if err != nil {
		t.Skip("the system does not say what is resident")
	}
	s.resident.most = 1
	s.resident.keep()
	if _, after, err := residentBytes(); err != nil || before-after < 32<<20 {
		t.Errorf("%d bytes of files before, %d after: %v", before, after, err)
	}
	if bytes.Count(data, []byte{7}) != len(data) {
		t.Error("other bytes after")
	}
}
