package sql

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
)

// ObjectPath is where the object with an id lies below the objects folder.
func ObjectPath(objects, id, extension string) string {
	return filepath.Join(objects, id[:2], id+extension)
}

// writeParquet writes a query to an object and returns its id. The object appears under its name only when whole. Files are unpacked
// more often than they are written: Snappy's are a fifth larger than zstd's, take a fraction of the time, and every reader knows them.
func (s *Session) writeParquet(ctx context.Context, query string) (string, error) {
	temp, err := s.tempFile()
	if err != nil {
		return "", err
	}
	defer os.Remove(temp)
	copying := fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, COMPRESSION snappy)", query, literal(temp))
	if _, err := s.conn.ExecContext(ctx, copying); err != nil {
		return "", fmt.Errorf("write parquet: %w", err)
	}
	return s.adopt(temp, ".parquet")
}

// tempFile reserves a name below the objects folder, on the same disk as its final place.
func (s *Session) tempFile() (string, error) {
	dir := filepath.Join(s.options.Objects, "tmp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	f, err := os.CreateTemp(dir, "object-*")
	if err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return f.Name(), f.Close()
}

// adopt hashes a finished temporary file, makes it durable and moves it to the place its content gives it.
func (s *Session) adopt(temp, extension string) (string, error) {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return s.adoptAs(f, hex.EncodeToString(h.Sum(nil)), size, extension)
}

// adoptAs is adopt for an open file whose hash is known.
func (s *Session) adoptAs(f *os.File, id string, size int64, extension string) (string, error) {
	place := ObjectPath(s.options.Objects, id, extension)
	// One of other bytes was cut off by a crash of the machine, or spoilt by a bad disk, and is replaced.
	if whole, err := sameBytes(f, place, size); err != nil {
		return "", err
	} else if whole {
		s.whole[id] = true
		return id, nil
	}
	if err := f.Sync(); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	if err := os.Rename(f.Name(), place); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	s.whole[id] = true
	return id, nil
}

// PutObject stores bytes that are not a table and returns their id.
func (s *Session) PutObject(data []byte) (string, error) {
	temp, err := s.tempFile()
	if err != nil {
		return "", err
	}
	defer os.Remove(temp)
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return s.adopt(temp, ".bin")
}

// Object reads what PutObject stored.
func (s *Session) Object(id string) ([]byte, error) {
	data, err := os.ReadFile(s.place(id, ".bin"))
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	return data, s.checkObject(id, data)
}

// sameBytes says whether a file lies at a place and holds what another one does. Reading both costs little beside having
// made one of them.
func sameBytes(f *os.File, place string, size int64) (bool, error) {
	old, err := os.Open(place)
	if err != nil {
		return false, nil // not there, or not to be read: it is written anew
	}
	defer old.Close()
	if info, err := old.Stat(); err != nil || info.Size() != size {
		return false, nil
	}
	one, two := make([]byte, 256<<10), make([]byte, 256<<10)
	for at := int64(0); at < size; at += int64(len(one)) {
		n := min(int64(len(one)), size-at)
		if _, err := f.ReadAt(one[:n], at); err != nil {
			return false, fmt.Errorf("write object: %w", err)
		}
		if _, err := old.ReadAt(two[:n], at); err != nil || !bytes.Equal(one[:n], two[:n]) {
			return false, nil
		}
	}
	return true, nil
}

// intact hashes, in a checked session, the files of a snapshot that this session has neither written nor hashed yet: the engine takes a page that
// a bad disk has changed for what was written. It is a small part of what unpacking them costs.
func (s *Session) intact(snap Snapshot) error {
	if !s.options.Checked {
		return nil
	}
	var unknown []string
	for _, id := range snap.Objects() {
		if !s.whole[id] {
			unknown = append(unknown, id)
		}
	}
	if err := sideBySide(len(unknown), max(1, s.options.Threads), func(i int) error { return s.hashed(unknown[i]) }); err != nil {
		return fmt.Errorf("table %s: %w", snap.Table, err)
	}
	for _, id := range unknown {
		s.whole[id] = true
	}
	return nil
}

// sideBySide does n things, some at once, and gives all their errors in order.
func sideBySide(n, atOnce int, do func(i int) error) error {
	faults := make([]error, n)
	var workers sync.WaitGroup
	var next atomic.Int64
	for range min(n, atOnce) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				faults[i] = do(int(i))
			}
		})
	}
	workers.Wait()
	return errors.Join(faults...)
}

// hashed holds a stored file against its name.
func (s *Session) hashed(id string) error {
	f, err := os.Open(s.place(id, ".parquet"))
	if err != nil {
		return fmt.Errorf("read object: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("read object: %w", err)
	}
	if hex.EncodeToString(h.Sum(nil)) != id {
		return &DamagedError{id}
	}
	return nil
}

// Missing lists the objects of a snapshot that are in none of the session's folders.
func (s *Session) Missing(snap Snapshot) []string {
	return slices.DeleteFunc(snap.Objects(), func(id string) bool { return exists(s.place(id, ".parquet")) })
}

// HasObject says whether what PutObject stored under an id is there.
func (s *Session) HasObject(id string) bool { return exists(s.place(id, ".bin")) }

// place is where an object is read: in the folder that is written to, or the first other one that has it.
func (s *Session) place(id, extension string) string {
	own := ObjectPath(s.options.Objects, id, extension)
	if len(s.options.Sources) == 0 || exists(own) {
		return own
	}
	for _, dir := range s.options.Sources {
		if path := ObjectPath(dir, id, extension); exists(path) {
			return path
		}
	}
	return own
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Bring makes sure that the objects of a snapshot lie in the folder that is written to, by a link where the disk is
// the same and else by a copy.
func (s *Session) Bring(snap Snapshot) error {
	for _, id := range snap.Objects() {
		if err := s.bring(id, ".parquet"); err != nil {
			return fmt.Errorf("bring table %s: %w", snap.Table, err)
		}
	}
	return nil
}

// BringObject is Bring for what PutObject stored.
func (s *Session) BringObject(id string) error {
	if err := s.bring(id, ".bin"); err != nil {
		return fmt.Errorf("bring object: %w", err)
	}
	return nil
}

func (s *Session) bring(id, extension string) error {
	from, to := s.place(id, extension), ObjectPath(s.options.Objects, id, extension)
	if from == to {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	temp, err := s.tempFile()
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(temp, data, 0o600)
	}
	if err == nil {
		_, err = s.adopt(temp, extension)
	}
	return err
}
