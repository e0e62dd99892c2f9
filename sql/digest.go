package sql

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"

	"github.com/crmlink/crmlink/schemas"
)

// digest stands for a row: the first half of the SHA-256 of its cells as they were read, in the order of the table's columns. What
// a row holds follows from them. Two rows with one digest are taken for equal.
type digest [sha256.Size / 2]byte

func (h *Held) digestOf(cells []string) digest {
	h.row = h.row[:0]
	for _, cell := range cells {
		h.row = appendText(h.row, cell)
	}
	sum := sha256.Sum256(h.row)
	return digest(sum[:len(digest{})])
}

// Kept tells the cells of the next row that will be added, each in the order of the table's columns, one that is null empty.
// Without those of all rows there are no digests.
func (h *Held) Kept(cells []string) {
	if h.digested {
		h.told = append(h.told, h.digestOf(cells))
	}
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// digestsMark begins an object of digests; what they are made of getting another form gets another number. The table and
// its columns stand behind it.
const digestsMark = "crmlink row digests 2\n"

func digestsHead(table schemas.Table) []byte {
	head := appendText([]byte(digestsMark), table.Name)
	for _, c := range table.Columns {
		head = appendText(head, c.Name)
	}
	return head
}

// writeDigests writes the rows of each part, in the order of their keys, and those of the earlier version that were known: how
// many they are, then key and digest of each.
func (h *Held) writeDigests(to io.Writer, parts [][]heldRow) error {
	piece, entries := digestsHead(h.table), []byte(nil)
	for number, rows := range parts {
		n := 0
		entries = entries[:0]
		put := func(key string, sum []byte) {
			entries = append(appendText(entries, key), sum...)
			n++
		}
		h.earlier.each(number, func(key, sum []byte, seen bool) {
			for len(rows) > 0 && rows[0].key < string(key) {
				put(rows[0].key, h.digests[rows[0].batch][rows[0].i][:])
				rows = rows[1:]
			}
			if seen {
				put(string(key), sum)
			}
		})
		for _, row := range rows {
			put(row.key, h.digests[row.batch][row.i][:])
		}
		piece = append(binary.AppendUvarint(piece, uint64(n)), entries...)
		if _, err := to.Write(piece); err != nil {
			return err
		}
		piece = piece[:0]
	}
	return nil
}

var errNoDigests = errors.New("is no list of digests")
