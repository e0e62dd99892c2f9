package sql

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// resident keeps the pages of mapped files from filling the memory that a process may use: the system takes them back only
// when the whole machine is short of them. Where the process has become too large they are given back, and read again from
// the system's own copy when they are needed.
type resident struct {
	most   int64 // bytes of the process; 0 bounds nothing
	mutex  sync.Mutex
	mapped map[*byte][]byte
	stop   chan struct{} // not nil while something is mapped
}

const residentEvery = 50 * time.Millisecond

func (r *resident) add(data []byte) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.mapped == nil {
		r.mapped = map[*byte][]byte{}
	}
	r.mapped[&data[0]] = data
	if r.most > 0 && r.stop == nil {
		r.stop = make(chan struct{})
		go r.watch(r.stop)
	}
}

func (r *resident) unmap(data []byte) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.mapped, &data[0])
	if len(r.mapped) == 0 && r.stop != nil {
		close(r.stop)
		r.stop = nil
	}
	return syscall.Munmap(data)
}

func (r *resident) watch(stop chan struct{}) {
	tick := time.NewTicker(residentEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			r.keep()
		}
	}
}

// keep gives pages back where the process has more than it may. Little would not help, and would have to be read again.
func (r *resident) keep() {
	all, files, err := residentBytes()
	if err != nil || all <= r.most || files < r.most/16 {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, data := range r.mapped {
		syscall.Madvise(data, syscall.MADV_DONTNEED) //nolint:errcheck // then they stay
	}
}

// residentBytes is what the process has in memory, and how much of that are pages of files.
func residentBytes() (all, files int64, err error) {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0, err
	}
	var size int64
	if _, err := fmt.Sscan(string(data), &size, &all, &files); err != nil {
		return 0, 0, err
	}
	page := int64(os.Getpagesize())
	return all * page, files * page, nil
}
