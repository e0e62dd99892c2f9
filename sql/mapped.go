package sql

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"syscall"
)

// WriteObject is PutObject for what is written piece by piece.
func (s *Session) WriteObject(write func(io.Writer) error) (string, error) {
	temp, err := s.tempFile()
	if err != nil {
		return "", err
	}
	defer os.Remove(temp)
	f, err := os.OpenFile(temp, os.O_WRONLY, 0)
	if err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	buffer := bufio.NewWriterSize(f, 1<<20)
	if err = write(buffer); err == nil {
		err = buffer.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return s.adopt(temp, ".bin")
}

// MapObject gives the bytes of what PutObject or WriteObject stored without reading them: pages come as they are
// looked at, and the system may take them back. They must not be written to, and not be used after close.
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
		return nil, func() error { return nil }, nil
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("read object: map it: %w", err)
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}
