package csvdir

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"
)

// textReader passes bytes on and stops at the first that is no UTF-8 text, knowing its line. It runs in front of
// the CSV reader, whose buffers it cannot see: a fault found here is the one to report.
type textReader struct {
	in    io.Reader
	lines int // newlines so far
	// part is a character whose bytes were cut by the end of a read.
	part  [utf8.UTFMax]byte
	held  int
	fault *FileError
}

// newText drops a byte order mark and checks what follows.
func newText(in io.Reader) *textReader {
	b := bufio.NewReaderSize(in, 64<<10)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = b.Discard(3)
	}
	return &textReader{in: b}
}

func (t *textReader) Read(p []byte) (int, error) {
	if t.fault != nil {
		return 0, t.fault
	}
	n, err := t.in.Read(p)
	good := t.check(p[:n])
	if err == io.EOF && t.held > 0 {
		t.notText()
	}
	if t.fault != nil {
		// What comes before the fault is still given, so that a header is read whatever follows it.
		return good, t.fault
	}
	return n, err
}

// check looks at the next bytes and says how many of them come before a fault.
func (t *textReader) check(b []byte) (good int) {
	all := len(b)
	for t.held > 0 && len(b) > 0 && !utf8.FullRune(t.part[:t.held]) {
		t.part[t.held] = b[0]
		t.held++
		b = b[1:]
	}
	if t.held > 0 {
		if !utf8.FullRune(t.part[:t.held]) {
			return all
		}
		if r, size := utf8.DecodeRune(t.part[:t.held]); r == utf8.RuneError && size <= 1 || size < t.held {
			t.notText()
			return 0
		}
		t.held = 0
	}
	front := all - len(b)
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		last := b[len(b)-back:]
		if !utf8.RuneStart(last[0]) {
			continue
		}
		if !utf8.FullRune(last) {
			t.held = copy(t.part[:], last)
			b = b[:len(b)-back]
		}
		break
	}
	nul := bytes.IndexByte(b, 0)
	if nul < 0 && utf8.Valid(b) {
		t.lines += bytes.Count(b, []byte{'\n'})
		return all
	}
	bad := 0
	for bad < len(b) && bad != nul {
		r, size := utf8.DecodeRune(b[bad:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		bad += size
	}
	t.lines += bytes.Count(b[:bad], []byte{'\n'})
	if bad == nul {
		t.fault = &FileError{Line: t.lines + 1, Problem: "a NUL byte: this is no text file, or UTF-16",
			Next: "save the file as UTF-8 text without NUL bytes"}
	} else {
		t.notText()
	}
	return front + bad
}

func (t *textReader) notText() {
	t.fault = &FileError{Line: t.lines + 1, Problem: "not UTF-8", Next: "export or save the file as UTF-8"}
}
