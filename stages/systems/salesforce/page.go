package salesforce

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// A page goes to disk as it comes, packed, while it is unpacked beside that to count its records. Whatever its size, no
// more of it is in memory than these buffers.
const pageBuffer = 256 << 10

// received is what a page turned out to be.
type received struct {
	rows    int64
	bytes   int64 // as stored
	sum     string
	columns []string
}

// errDisk marks a failure of our own disk, which no other try mends.
type errDisk struct{ err error }

func (e *errDisk) Error() string { return e.err.Error() }
func (e *errDisk) Unwrap() error { return e.err }

// receive stores a page durably under a name that nothing knows yet; keep gives it its own. packed says that the bytes
// are gzip already, else they are packed here.
func receive(dir, name string, in io.Reader, packed bool) (got received, err error) {
	file, err := os.OpenFile(filepath.Join(dir, tempName(name)), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return got, &errDisk{err}
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	sum := sha256.New()
	disk := bufio.NewWriterSize(&diskWriter{file}, pageBuffer)
	stored := &tally{out: io.MultiWriter(disk, sum)}
	records := &recordCounter{}
	if packed {
		err = unpack(io.TeeReader(in, stored), records)
	} else {
		err = pack(in, stored, records)
	}
	if err == nil {
		err = records.end()
	}
	if err != nil {
		return got, err
	}
	if got.columns, err = records.columns(); err != nil {
		return got, fmt.Errorf("the page's header: %w", err)
	}
	for _, step := range []func() error{disk.Flush, file.Sync, file.Close} {
		if err := step(); err != nil {
			return got, &errDisk{err}
		}
	}
	got.rows, got.bytes, got.sum = records.rows(), stored.bytes, hex.EncodeToString(sum.Sum(nil))
	return got, nil
}

var unpackers = sync.Pool{New: func() any { return new(gzip.Reader) }}

func unpack(in io.Reader, out io.Writer) error {
	z := unpackers.Get().(*gzip.Reader)
	defer unpackers.Put(z)
	buffered := bufio.NewReaderSize(in, pageBuffer)
	if err := z.Reset(buffered); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if _, err := io.CopyBuffer(out, z, make([]byte, pageBuffer)); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	_, err := io.Copy(io.Discard, buffered)
	return err
}

var packers = sync.Pool{New: func() any { z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); return z }}

func pack(in io.Reader, out io.Writer, plain io.Writer) error {
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(out)
	if _, err := io.CopyBuffer(io.MultiWriter(plain, z), in, make([]byte, pageBuffer)); err != nil {
		return err
	}
	return z.Close()
}

// keep gives a received page its name, durably.
func keep(dir, name string) error {
	if err := os.Rename(filepath.Join(dir, tempName(name)), filepath.Join(dir, name)); err != nil {
		return &errDisk{err}
	}
	return syncDir(dir)
}

func tempName(name string) string { return "." + name + ".part" }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return &errDisk{err}
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return &errDisk{err}
	}
	return nil
}

// lacksFile says whether a page that was kept is not there any more as it was.
func lacksFile(dir, name string, bytes int64) (bool, error) {
	info, err := os.Stat(filepath.Join(dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, &errDisk{err}
	}
	return info.Size() != bytes, nil
}

// diskWriter marks write errors as the disk's.
type diskWriter struct{ file *os.File }

func (d *diskWriter) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	if err != nil {
		err = &errDisk{err}
	}
	return n, err
}

// tally counts the bytes that pass.
type tally struct {
	out   io.Writer
	bytes int64
}

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.out.Write(p)
	t.bytes += int64(n)
	return n, err
}
