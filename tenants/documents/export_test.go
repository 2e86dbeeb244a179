package documents

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Held gives the bytes of memory that the process holds, and the most that it ever held.
func (r *Renderer) Held(t testing.TB) (now, most int64) {
	t.Helper()
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if r.process == nil {
		return 0, 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.process.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		switch name {
		case "VmRSS":
			now = n << 10
		case "VmHWM":
			most = n << 10
		}
	}
	return now, most
}

// Kill ends the process as the machine would that runs out of memory.
func (r *Renderer) Kill() {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if r.process != nil {
		r.process.kill()
	}
}
