package csvdir

import (
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// compareRecords reads a text as encoding/csv does, to the end or to its second error, for after the first one it is still
// asked whether anything follows.
func compareRecords(t *testing.T, text string, comma rune, wrap func(io.Reader) io.Reader) {
	t.Helper()
	want := csv.NewReader(wrap(strings.NewReader(text)))
	want.Comma, want.FieldsPerRecord = comma, -1
	got := newRecords(wrap(strings.NewReader(text)), comma)
	for errs := 0; errs < 2; {
		wantRecord, wantErr := want.Read()
		record, line, err := got.next()
		var wantFault, fault *csv.ParseError
		switch {
		case errors.As(wantErr, &wantFault):
			if !errors.As(err, &fault) || fault.Err != wantFault.Err || fault.Line != wantFault.Line || fault.StartLine != wantFault.StartLine {
				t.Fatalf("%q: got %v, want %v", text, err, wantErr)
			}
		case wantErr != err:
			t.Fatalf("%q: got %v, want %v", text, err, wantErr)
		case err == nil:
			wantLine, _ := want.FieldPos(0)
			if !slices.Equal(record, wantRecord) || line != wantLine {
				t.Fatalf("%q: got %q of line %d, want %q of line %d", text, record, line, wantRecord, wantLine)
			}
		}
		if err != nil {
			errs++
		}
	}
}

func TestRecords_AreThoseOfEncodingCSV(t *testing.T) {
	broken := errors.New("broken")
	whole := func(in io.Reader) io.Reader { return in }
	ways := []func(io.Reader) io.Reader{whole, iotest.OneByteReader, iotest.DataErrReader,
		func(in io.Reader) io.Reader { return io.MultiReader(in, iotest.ErrReader(broken)) }}
	pieces := []string{"a", "bc", `"`, `"`, `""`, ",", ",", "\n", "\r\n", "\r", " ", "é", `"x,y"`, "\"x\ny\"", "\n\n", ";"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		var text strings.Builder
		for range random.IntN(14) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		for _, way := range ways {
			compareRecords(t, text.String(), ',', way)
		}
	}
	long := strings.Repeat("x", 3*windowBytes)
	for _, text := range []string{long, long + "," + long + "\n1,2\n", `"` + long + `"` + "\r\n\r\n1,2", `"` + long + "\n" + long + `""",2`, `"` + long + "\n" + long} {
		for _, way := range ways {
			compareRecords(t, text, ',', way)
		}
	}
	var rows strings.Builder
	for i := range 5000 {
		rows.WriteString([]string{"plain;12;\n", "\"quoted; \";\"\";x\r\n", "\"in\r\ntwo lines \"\"\";y\n", "\n"}[i%4])
	}
	for _, way := range ways {
		compareRecords(t, rows.String(), ';', way)
	}
}

func FuzzRecords(f *testing.F) {
	f.Add("a,\"b\"\"\r\n\",c\n\"d", byte(0))
	f.Fuzz(func(t *testing.T, text string, delim byte) {
		compareRecords(t, text, delimiters[int(delim)%len(delimiters)].char, func(in io.Reader) io.Reader { return in })
	})
}
