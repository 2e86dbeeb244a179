package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

// heapGrowth lets the heap, which is small beside its machine, grow to four times what is
// in use before it is swept: at twice, the default, sweeping took a seventh of the time
// of a submission, and all that ran waited for it several times a second.
const heapGrowth = 300

// heapShare is the part of a container's memory up to which the heap may grow so; near it,
// it is swept more often instead. The rest is for what is no heap.
const heapShare = 0.75

// boundMemory says how the heap may grow. What the operator says with GOGC and GOMEMLIMIT
// holds.
func boundMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if limit := memoryLimit("/"); limit > 0 {
			debug.SetMemoryLimit(int64(heapShare * float64(limit)))
		}
	}
}

// memoryLimit reads, below a root, how many bytes the container that we run in may use: the
// least of its control group's and of those around it. 0: as many as there are.
func memoryLimit(root string) int64 {
	least := int64(math.MaxInt64)
	for _, group := range controlGroups(root) {
		for {
			if n := limitIn(filepath.Join(root, "sys/fs/cgroup", group, "memory.max")); n > 0 {
				least = min(least, n)
			}
			if group == "/" {
				break
			}
			group = filepath.Dir(group)
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

// controlGroups names our control group (version 2), and the root, which is a container's
// own where it sees no other.
func controlGroups(root string) []string {
	groups := []string{"/"}
	text, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return groups
	}
	for line := range strings.Lines(string(text)) {
		if own, found := strings.CutPrefix(strings.TrimSpace(line), "0::"); found {
			groups = append(groups, filepath.Join("/", own))
		}
	}
	return groups
}

func limitIn(file string) int64 {
	text, err := os.ReadFile(file) //nolint:gosec // of the kernel's own tree
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0 // "max"
	}
	return n
}
