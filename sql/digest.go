package sql

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
)

// digest stands for a row: the first half of the SHA-256 of its values. Two rows with one digest are taken for equal.
type digest [sha256.Size / 2]byte

// How a value begins in what a digest is made of, so that other values never give the same bytes.
const (
	nullValue byte = iota
	textValue
	listValue
	fixedValue
	falseValue
	trueValue
)

// digestsOf makes the digest of each row of a batch. A column of the table that the batch lacks is null; others do not count.
func digestsOf(table schemas.Table, batch arrow.RecordBatch) []digest {
	columns := make([]arrow.Array, len(table.Columns))
	for c, column := range table.Columns {
		if i := batch.Schema().FieldIndices(column.Name); len(i) > 0 {
			columns[c] = batch.Column(i[0])
		}
	}
	digests := make([]digest, batch.NumRows())
	var row []byte
	for i := range digests {
		row = row[:0]
		for _, column := range columns {
			row = appendValue(row, column, i)
		}
		sum := sha256.Sum256(row)
		copy(digests[i][:], sum[:])
	}
	return digests
}

func appendValue(to []byte, column arrow.Array, i int) []byte {
	if column == nil || column.IsNull(i) {
		return append(to, nullValue)
	}
	switch column := column.(type) {
	case *array.String:
		return appendText(append(to, textValue), column.Value(i))
	case *array.List:
		from, end := column.ValueOffsets(i)
		to = binary.AppendUvarint(append(to, listValue), uint64(end-from))
		for k := from; k < end; k++ {
			to = appendValue(to, column.ListValues(), int(k))
		}
		return to
	case *array.Boolean:
		if column.Value(i) {
			return append(to, trueValue)
		}
		return append(to, falseValue)
	default:
		width := column.DataType().(arrow.FixedWidthDataType).Bytes()
		data := column.Data()
		at := (data.Offset() + i) * width
		return append(append(to, fixedValue), data.Buffers()[1].Bytes()[at:at+width]...)
	}
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// digestsMark begins an object of digests; what they are made of getting another form gets another number. The table and
// its columns stand behind it.
const digestsMark = "crmlink row digests 1\n"

func digestsHead(table schemas.Table) []byte {
	head := appendText([]byte(digestsMark), table.Name)
	for _, c := range table.Columns {
		head = appendText(head, c.Name)
	}
	return head
}

// writeDigests writes the rows of each part, in the order of their keys: how many they are, then key and digest of each.
func (h *Held) writeDigests(to io.Writer, parts [][]heldRow) error {
	piece := digestsHead(h.table)
	for _, rows := range parts {
		piece = binary.AppendUvarint(piece, uint64(len(rows)))
		for _, row := range rows {
			piece = append(appendText(piece, row.key), h.digests[row.batch][row.i][:]...)
			if len(piece) > 1<<16 {
				if _, err := to.Write(piece); err != nil {
					return err
				}
				piece = piece[:0]
			}
		}
	}
	_, err := to.Write(piece)
	return err
}

var errNoDigests = errors.New("is no list of digests")

// tellApart holds the rows of each part against the digests of an earlier version. It gives the rows that the earlier version
// has not, and the keys that are gone; fit is false where the digests are of other columns.
func (h *Held) tellApart(parts [][]heldRow, earlier []byte) (other []heldRow, gone []string, fit bool, err error) {
	in, fit := bytes.CutPrefix(earlier, digestsHead(h.table))
	if !fit {
		return nil, nil, false, nil
	}
	number := func() int {
		n, size := binary.Uvarint(in)
		if size <= 0 || n > uint64(len(in)) {
			err = errNoDigests
			return 0
		}
		in = in[size:]
		return int(n)
	}
	for _, rows := range parts {
		for n := number(); n > 0; n-- {
			size := number()
			if err != nil || size+len(digest{}) > len(in) {
				return nil, nil, true, errNoDigests
			}
			key, sum := in[:size], in[size:size+len(digest{})]
			in = in[size+len(digest{}):]
			for len(rows) > 0 && rows[0].key < string(key) {
				other, rows = append(other, rows[0]), rows[1:]
			}
			if len(rows) == 0 || rows[0].key != string(key) {
				gone = append(gone, strings.Clone(string(key)))
				continue
			}
			if row := rows[0]; !bytes.Equal(h.digests[row.batch][row.i][:], sum) {
				other = append(other, row)
			}
			rows = rows[1:]
		}
		other = append(other, rows...)
	}
	if err != nil || len(in) > 0 {
		return nil, nil, true, errNoDigests
	}
	return other, gone, true, nil
}
