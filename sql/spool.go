package sql

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Spool holds bytes of a stage's own on disk instead of in memory: they are written from front to end, and then mapped. It
// lies in the session's spill folder, already without a name, so that nothing of it is left after a crash.
type Spool struct {
	session *Session
	file    *os.File
	to      *bufio.Writer
	size    int64
	mapped  []byte
}

// Spool starts an empty one. Close must be called.
func (s *Session) Spool() (*Spool, error) {
	f, err := os.CreateTemp(s.options.Spill, "spool-*")
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("spool: %w", err), f.Close())
	}
	return &Spool{session: s, file: f, to: bufio.NewWriterSize(f, 256<<10)}, nil
}

// Write adds bytes.
func (p *Spool) Write(data []byte) (int, error) {
	n, err := p.to.Write(data)
	p.size += int64(n)
	return n, err
}

// Bytes are all that was written, valid until Close; nothing can be written after it.
func (p *Spool) Bytes() ([]byte, error) {
	if p.file == nil {
		return p.mapped, nil
	}
	err := p.to.Flush()
	if err == nil && p.size > 0 {
		if p.mapped, err = syscall.Mmap(int(p.file.Fd()), 0, int(p.size), syscall.PROT_READ, syscall.MAP_SHARED); err == nil {
			p.session.resident.add(p.mapped)
		}
	}
	err = errors.Join(err, p.file.Close())
	p.file, p.to = nil, nil
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return p.mapped, nil
}

// Close frees it.
func (p *Spool) Close() error {
	var err error
	if p.file != nil {
		err = p.file.Close()
		p.file, p.to = nil, nil
	}
	mapped := p.mapped
	if p.mapped = nil; mapped != nil {
		err = errors.Join(err, p.session.resident.unmap(mapped))
	}
	return err
}
