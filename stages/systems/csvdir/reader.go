package csvdir

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// Emit takes a batch for the table of that name: a raw table with its columns file and line, reject, or extract_log.
// The batch is valid only during the call.
type Emit = func(table string, rows arrow.RecordBatch) error

// sampleRows is how many rows at the start of a file decide whether it holds another object's records.
const sampleRows = 1000

// stream is one open file: raw bytes are hashed and counted, unpacked, checked to be text, and read as CSV.
type stream struct {
	file   *file
	closer io.Closer
	raw    *counter
	text   *textReader
	csv    *records
}

// counter hashes and counts what passes.
type counter struct {
	in    io.Reader
	sum   hash.Hash
	bytes int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.sum.Write(p[:n])
	c.bytes += int64(n)
	return n, err
}

func (s *sheet) open(f *file) (*stream, error) {
	in, err := f.open()
	if err != nil {
		return nil, f.fault(err, nil)
	}
	st := &stream{file: f, closer: in, raw: &counter{in: in, sum: sha256.New()}}
	plain, err := f.unpack(bufio.NewReaderSize(st.raw, 256<<10))
	if err != nil {
		in.Close()
		return nil, f.fault(err, nil)
	}
	st.text = newText(plain)
	st.csv = newRecords(st.text, s.delim)
	return st, nil
}

// header reads the first row. ok is false for a file of zero bytes that may be empty.
func (s *sheet) header(st *stream) (l layout, ok bool, err error) {
	names, line, err := st.csv.next()
	if err == io.EOF {
		if s.empty {
			return layout{}, false, nil
		}
		return layout{}, false, &FileError{File: st.file.name, Problem: "the file is empty: it has no header row",
			Next: "export it again, or set allow_empty if the object really has no records"}
	}
	if err != nil {
		return layout{}, false, st.file.fault(err, st)
	}
	l, bad := s.layoutOf(names)
	if bad != nil {
		bad.File = st.file.name
		bad.Line = line
		return layout{}, false, bad
	}
	return l, true, nil
}

// read emits the rows of one file that are not known, then its rejects and its line of the log.
func (s *sheet) read(ctx context.Context, f *file, known func(file string, cells []string) bool, kept func(cells []string), emit Emit,
	progress func(rows, bytes int64)) (err error) {
	st, err := s.open(f)
	if err != nil {
		return err
	}
	defer st.closer.Close()
	l, ok, err := s.header(st)
	if err != nil {
		return err
	}
	if ok && len(l.missing) > 0 {
		return s.lacks(f.name, l, 0)
	}
	rows := newRows(s, l, f.name)
	rows.known, rows.kept = known, kept
	defer rows.release()
	for ok {
		record, line, err := st.csv.next()
		if err == io.EOF && st.text.fault == nil {
			break
		}
		if err != nil {
			return f.fault(err, st)
		}
		rows.add(record, line)
		if rows.in == sampleRows {
			if err := rows.otherObject(); err != nil {
				return err
			}
		}
		if rows.full() {
			if err := rows.flush(emit); err != nil {
				return err
			}
		}
		if rows.in%breath == 0 {
			progress(rows.in, st.raw.bytes)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	// What follows the end of packed data still belongs to the file's hash.
	if _, err := io.Copy(io.Discard, st.raw); err != nil {
		return f.fault(err, st)
	}
	if rows.in < sampleRows {
		if err := rows.otherObject(); err != nil {
			return err
		}
	}
	if err := rows.flush(emit); err != nil {
		return err
	}
	progress(rows.in, st.raw.bytes)
	if err := ctx.Err(); err != nil {
		return err
	}
	return emitLog(emit, logged{object: s.object, file: f.name, in: rows.in, rejected: rows.rejected, bytes: st.raw.bytes,
		sha256: hex.EncodeToString(st.raw.sum.Sum(nil)), unknown: l.unknown, absent: l.absent})
}

// fault makes any error of reading a file one that names the file, and leaves out what the file holds.
func (f *file) fault(err error, st *stream) error {
	if st != nil && st.text != nil && st.text.fault != nil {
		found := *st.text.fault
		found.File = f.name
		return &found
	}
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		found := &FileError{File: f.name, Line: syntax.Line, Problem: "a quote inside a cell that is not quoted",
			Next: "put the cell in quotes and double the quotes inside it, or export the file again"}
		if errors.Is(err, csv.ErrQuote) {
			found.Problem = "text after the quote that ends a cell"
			if st.csv.isUnfinished() {
				found.Line = syntax.StartLine
				found.Problem = "unfinished quote: the row that starts here has a cell whose quote is never closed"
				found.Next = "close the quote, or export the file again if it was cut off"
			}
		}
		return found
	}
	return f.unreadable(err)
}

// logged is one row of extract_log; which rows are kept is known only after the merge.
type logged struct {
	object, file        string
	in, rejected, bytes int64
	sha256              string
	unknown, absent     []string
}

func emitLog(emit Emit, g logged) error {
	b := newBatch(schemas.ExtractLog.Arrow())
	defer b.Release()
	for i, c := range schemas.ExtractLog.Columns {
		var v any
		switch c.Name {
		case "object":
			v = g.object
		case "file":
			v = g.file
		case "rows_in":
			v = g.in
		case "rejected":
			v = g.rejected
		case "bytes":
			v = g.bytes
		case "sha256":
			v = g.sha256
		case "unknown_columns":
			v = g.unknown
		case "absent_columns":
			v = g.absent
		default:
			v = int64(0)
		}
		appendValue(b.Field(i), v)
	}
	rows := b.NewRecordBatch()
	defer rows.Release()
	return emit(schemas.ExtractLog.Name, rows)
}
