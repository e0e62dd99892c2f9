package salesforce

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
)

// somePage is a page as Bulk results are: every value in quotes, some text, some numbers.
func somePage(rows int) []byte {
	text := appendRow(nil, []string{"Id", "Name", "Email", "Street", "Amount", "Stamp"})
	for i := range rows {
		text = appendRow(text, []string{fmt.Sprintf("0015g0000%06dAAA", i), fmt.Sprintf("Name %x", i*7919), fmt.Sprintf("person%d@example.com", i), fmt.Sprintf("%d High Street\nFloor \"%d\"", i%97, i%7),
			fmt.Sprint(i * 31 % 100000), "2026-01-02T17:38:59.000Z"})
	}
	return text
}

func packed(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(text) //nolint:errcheck // memory
	z.Close()     //nolint:errcheck // memory
	return b.Bytes()
}

// Packed pages are stored as they come, others are packed; either way the rows are counted and nothing else is left.
func TestReceive(t *testing.T) {
	text := somePage(1000)
	for name, in := range map[string][]byte{"packed": packed(text), "plain": text} {
		dir := t.TempDir()
		got, err := receive(dir, "Account-1.csv.gz", iotest.HalfReader(bytes.NewReader(in)), name == "packed")
		if err != nil || got.rows != 1000 || len(got.columns) != 6 {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		if err := keep(dir, "Account-1.csv.gz"); err != nil {
			t.Fatal(err)
		}
		if unzipped(t, filepath.Join(dir, "Account-1.csv.gz")) != string(text) {
			t.Errorf("%s: other text", name)
		}
		stored, err := os.ReadFile(filepath.Join(dir, "Account-1.csv.gz"))
		if err != nil || int64(len(stored)) != got.bytes || name == "packed" && !bytes.Equal(stored, in) {
			t.Errorf("%s: %d bytes stored, %d counted, %v", name, len(stored), got.bytes, err)
		}
	}
}

// Pages that end early, or are no gzip, are refused and leave nothing.
func TestReceive_Broken(t *testing.T) {
	text := somePage(1000)
	z := packed(text)
	for name, in := range map[string]io.Reader{
		"cut off":         bytes.NewReader(z[:len(z)/2]),
		"without its sum": bytes.NewReader(z[:len(z)-6]),
		"damaged":         bytes.NewReader(append(append(bytes.Clone(z[:len(z)/2]), 0xff, 0xff), z[len(z)/2+2:]...)),
		"no gzip":         bytes.NewReader([]byte("<html>maintenance</html>")),
		"lost":            io.MultiReader(bytes.NewReader(z[:100]), iotest.ErrReader(io.ErrUnexpectedEOF)),
		"empty":           bytes.NewReader(nil),
	} {
		dir := t.TempDir()
		if _, err := receive(dir, "Account-1.csv.gz", in, true); err == nil {
			t.Errorf("%s: no error", name)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: %s is left", name, left[0].Name())
		}
	}
}

// A full or missing disk is nobody's network: it is not tried again.
func TestReceive_Disk(t *testing.T) {
	_, err := receive(filepath.Join(t.TempDir(), "absent"), "Account-1.csv.gz", bytes.NewReader(nil), false)
	var disk *errDisk
	if !errors.As(err, &disk) || isTransport(err) || (&Client{budget: &budget{}}).worthAnother(err) {
		t.Errorf("%v", err)
	}
}

func BenchmarkReceive(b *testing.B) {
	text := somePage(200_000)
	for _, c := range []struct {
		name   string
		in     []byte
		packed bool
	}{{"packed", packed(text), true}, {"plain", text, false}} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := receive(dir, "Account-1.csv.gz", bytes.NewReader(c.in), c.packed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
