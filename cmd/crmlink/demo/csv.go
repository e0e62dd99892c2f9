package demo

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func decimal(n int) string { return strconv.Itoa(n) }

// reference is the day on which the org was exported. The generator reads no clock: the same seed gives the same bytes.
var reference = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC).Unix()

const day = 86400

func stamp(sec int64) string { return time.Unix(sec, 0).UTC().Format("2006-01-02T15:04:05.000Z") }
func date(sec int64) string  { return time.Unix(sec, 0).UTC().Format("2006-01-02") }

// sheet writes the rows of one object as pages, each with its own header, as the Bulk API gives them out.
type sheet struct {
	dir, name string // name has %d where pages are numbered
	header    string
	perPage   int
	zipPage   int // this page is compressed
	page      int
	rows      int // in this page
	summary   *Summary
	entry     int // of this page in the summary

	file *os.File
	gz   *gzip.Writer
	out  *bufio.Writer
	buf  []byte
}

func (s *sheet) open() error {
	s.page++
	name := s.name
	if strings.Contains(name, "%d") {
		name = fmt.Sprintf(name, s.page)
	}
	if s.page == s.zipPage {
		name += ".gz"
	}
	f, err := os.Create(filepath.Join(s.dir, name))
	if err != nil {
		return err
	}
	rel := name
	if b := filepath.Base(s.dir); b == "crm" || b == "directory" {
		rel = b + "/" + name
	}
	s.entry = len(s.summary.Files)
	s.summary.Files = append(s.summary.Files, File{Path: rel})
	var to io.Writer = f
	s.file, s.gz, s.rows = f, nil, 0
	if strings.HasSuffix(name, ".gz") {
		// No name and no time in its header: the bytes depend on the rows only.
		if s.gz, err = gzip.NewWriterLevel(f, gzip.BestSpeed); err != nil {
			return err
		}
		to = s.gz
	}
	s.out = bufio.NewWriterSize(to, 1<<16)
	_, err = s.out.WriteString(s.header + "\n")
	return err
}

// text adds a field to the row at hand.
func (s *sheet) text(v string) {
	if len(s.buf) > 0 {
		s.buf = append(s.buf, ',')
	} else if v == "" {
		s.buf = append(s.buf, '"', '"') // the first field, so that the buffer is not empty
		return
	}
	if !strings.ContainsAny(v, ",\"\n\r") && !strings.HasPrefix(v, " ") {
		s.buf = append(s.buf, v...)
		return
	}
	s.buf = append(s.buf, '"')
	s.buf = append(s.buf, strings.ReplaceAll(v, `"`, `""`)...)
	s.buf = append(s.buf, '"')
}

func (s *sheet) texts(v ...string) {
	for _, x := range v {
		s.text(x)
	}
}

func (s *sheet) flag(v bool)       { s.text(strconv.FormatBool(v)) }
func (s *sheet) list(v []string)   { s.text(strings.Join(v, "|")) }
func (s *sheet) stamps(v ...int64) { s.some(stamp, v) }
func (s *sheet) dates(v ...int64)  { s.some(date, v) }

func (s *sheet) some(f func(int64) string, v []int64) {
	for _, x := range v {
		if x == 0 {
			s.text("")
		} else {
			s.text(f(x))
		}
	}
}

// end finishes the row.
func (s *sheet) end() error {
	if s.out == nil || s.perPage > 0 && s.rows == s.perPage {
		if err := s.turn(); err != nil {
			return err
		}
	}
	s.rows++
	s.summary.Files[s.entry].Rows++
	s.buf = append(s.buf, '\n')
	_, err := s.out.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

// turn starts the next page.
func (s *sheet) turn() error {
	if err := s.close(); err != nil {
		return err
	}
	return s.open()
}

func (s *sheet) close() error {
	if s.out == nil {
		return nil
	}
	err := s.out.Flush()
	if s.gz != nil {
		if e := s.gz.Close(); err == nil {
			err = e
		}
	}
	if e := s.file.Close(); err == nil {
		err = e
	}
	s.out = nil
	return err
}

// finish closes the sheet; an object without rows is a page with a header, as the API answers.
func (s *sheet) finish() error {
	if s.page == 0 {
		if err := s.open(); err != nil {
			return err
		}
	}
	return s.close()
}
