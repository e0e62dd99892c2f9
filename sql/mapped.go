package sql

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"syscall"
)

// WriteObject is PutObject for what is written piece by piece.
func (s *Session) WriteObject(write func(io.Writer) error) (string, error) {
	w, err := s.NewObject()
	if err != nil {
		return "", err
	}
	defer w.Discard()
	if err := write(w); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return w.Save()
}

// ObjectWriter is an object that is being written while other things are done. It is hashed on the way, and not read again.
type ObjectWriter struct {
	session *Session
	file    *os.File
	hash    hash.Hash
	size    int64
	to      *bufio.Writer
}

// NewObject starts an object. Discard must be called.
func (s *Session) NewObject() (*ObjectWriter, error) {
	temp, err := s.tempFile()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		os.Remove(temp) //nolint:errcheck // gc sweeps what stays
		return nil, fmt.Errorf("write object: %w", err)
	}
	h := sha256.New()
	return &ObjectWriter{session: s, file: f, hash: h, to: bufio.NewWriterSize(io.MultiWriter(f, h), 1<<20)}, nil
}

// Write adds bytes.
func (w *ObjectWriter) Write(data []byte) (int, error) {
	n, err := w.to.Write(data)
	w.size += int64(n)
	return n, err
}

// Save stores what was written, as PutObject does. Nothing can be written after it.
func (w *ObjectWriter) Save() (string, error) {
	if err := w.to.Flush(); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return w.session.adoptAs(w.file, hex.EncodeToString(w.hash.Sum(nil)), w.size, ".bin")
}

// Discard removes what was not saved.
func (w *ObjectWriter) Discard() {
	w.file.Close()           //nolint:errcheck // it is removed, or was saved
	os.Remove(w.file.Name()) //nolint:errcheck // gone where it was saved
}

// MapObject gives the bytes of what PutObject or WriteObject stored without holding them in memory: the system may take
// pages back. They must not be written to, and not be used after close. What this session has not written it hashes once,
// for Go code follows what stands in a mapped file wherever it leads.
func (s *Session) MapObject(id string) (data []byte, close func() error, err error) {
	f, err := os.Open(s.place(id, ".bin"))
	if err != nil {
		return nil, nil, fmt.Errorf("read object: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("read object: %w", err)
	}
	if info.Size() == 0 {
		return nil, func() error { return nil }, s.checkObject(id, nil)
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("read object: map it: %w", err)
	}
	s.resident.add(data)
	if err := s.checkObject(id, data); err != nil {
		return nil, nil, errors.Join(err, s.resident.unmap(data))
	}
	return data, func() error { return s.resident.unmap(data) }, nil
}

// checkObject holds an object's bytes against its name, once.
func (s *Session) checkObject(id string, data []byte) error {
	if s.whole[id] {
		return nil
	}
	if err := isObject(id, data); err != nil {
		return err
	}
	s.whole[id] = true
	return nil
}

// isObject holds bytes against the name of the object that they should be.
func isObject(id string, data []byte) error {
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != id {
		return &DamagedError{id}
	}
	return nil
}

// Damaged says whether an error is that an object is damaged. What is only built upon is done without then.
func Damaged(err error) bool {
	var damaged *DamagedError
	return errors.As(err, &damaged)
}

// DamagedError says that an object has not the content that it is named after.
type DamagedError struct{ ID string }

func (e *DamagedError) Error() string {
	return "the object " + e.ID[:12] + "… of the store is damaged: its content is not what it is named after"
}

// Try is the next step.
func (e *DamagedError) Try() string { return "crmlink verify --repair" }
