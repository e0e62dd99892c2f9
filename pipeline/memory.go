package pipeline

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

var sizePattern = regexp.MustCompile(`(?i)^([0-9]+(?:\.[0-9]+)?)\s*(%|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$`)

// CheckMemory says what is wrong with a size of memory as people write it, such as 50% or 4GB.
func CheckMemory(text string) error {
	_, err := memorySize(text, machineMemory())
	return err
}

// memorySize turns 50% or 4GB into bytes, of a machine with the given memory.
func memorySize(text string, machine int64) (int64, error) {
	match := sizePattern.FindStringSubmatch(strings.TrimSpace(text))
	if match == nil {
		return 0, fmt.Errorf("%q is no memory size", text)
	}
	n, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		return 0, err
	}
	unit := map[string]float64{"%": float64(machine) / 100, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}[strings.ToLower(match[2])]
	if n*unit >= 1<<60 {
		return 0, fmt.Errorf("%q is more than any machine has", text)
	}
	if bytes := n * unit; bytes >= 1<<20 || strings.HasSuffix(text, "%") && n > 0 && n <= 100 {
		return int64(bytes), nil
	}
	return 0, fmt.Errorf("%q is too small", text)
}

// machineMemory is the machine's memory in bytes, or the container's where that is less.
func machineMemory() int64 {
	var bytes int64 = 4 << 30 // where the system does not say
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(string(data), "MemTotal: %d kB", &kib); err == nil {
			bytes = kib << 10
		}
	}
	if data, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		var limit int64
		if _, err := fmt.Sscanf(string(data), "%d", &limit); err == nil && limit < bytes {
			bytes = limit
		}
	}
	return bytes
}

// shareMemory divides what a run may use: the engine has a limit that it keeps by spilling to disk, and Go's heap one that
// it keeps by collecting earlier, as long as what is live fits. The rest is for what neither counts: the program, what the
// engine hands over, and pages of the mapped index, which the system takes back when it needs them. The engine cannot
// spill everything: of little memory it gets half.
func shareMemory(all int64) (engine, heap int64) {
	rest := all/10 + min(128<<20, all*3/10)
	engine = max((all-rest)/2, min(256<<20, all/2))
	return engine, max(all-rest-engine, all/5)
}

// peakMemory is the most memory that the process has had since it was started, in bytes; 0 where the system does not say.
func peakMemory() int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := bytes.Cut(data, []byte("\nVmHWM:"))
	var kib int64
	if _, err := fmt.Sscanf(string(line), "%d kB", &kib); err != nil {
		return 0
	}
	return kib << 10
}

// noteMemory keeps in the record what the run needed, and says so where that is more than it was to use: neither engine
// nor heap can be made arbitrarily small.
func (r *run) noteMemory(peak int64) {
	r.record.PeakMemory = peak
	if r.room > 0 && peak > r.room {
		r.notice("The run needed %d MiB of memory at its peak, more than the %d MiB of %s; nothing is wrong with its results. "+
			"Where memory is short, give it a machine with that much, or run it while nothing else does.", peak>>20, r.room>>20, r.roomFrom)
	}
}
