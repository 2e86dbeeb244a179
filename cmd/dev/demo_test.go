package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// launchScript starts a shell script in the demo's place, in a repository of its own.
func launchScript(t *testing.T, ctx context.Context, script string) (*demo, *bytes.Buffer, error) { //nolint:revive // the test first, as everywhere
	t.Helper()
	var shown bytes.Buffer
	repo := &repository{root: t.TempDir(), out: newConsole(&shown)}
	d := &demo{dir: t.TempDir(), patience: 5 * time.Second, goodbye: time.Second}
	return d, &shown, d.launch(ctx, repo, "/bin/sh", "-c", script)
}

func TestDemoIsReadyAndStops(t *testing.T) {
	t.Parallel()
	d, _, err := launchScript(t, t.Context(), `trap 'echo bye; exit 0' TERM; echo starting; echo ready: http://localhost; while :; do sleep 0.05; done`)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := os.Stat(d.dir); !os.IsNotExist(err) {
		t.Errorf("the demo's data is still there: %v", err)
	}
}

func TestDemoThatEndsEarly(t *testing.T) {
	t.Parallel()
	_, _, err := launchScript(t, t.Context(), `echo "no Postgres here, already sorry" >&2; exit 3`)
	if err == nil || !strings.Contains(err.Error(), "before it was ready") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}

func TestDemoThatIsNeverReady(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	d, _, err := launchScript(t, ctx, `echo "not ready yet"; exec sleep 600`)
	if err == nil {
		t.Fatal("a line that only holds the word counts as ready")
	}
	select {
	case <-d.done:
	default:
		t.Error("it still runs")
	}
}

func TestDemoThatWillNotStopIsKilledWithItsParts(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "pid")
	d, _, err := launchScript(t, t.Context(), `sleep 600 & echo $! > `+pidFile+`; trap '' TERM; echo ready; while :; do wait; done`)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.stop(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if running(pid) {
		t.Error("the part outlived the demo")
	}
}

// running tells whether a process exists and is no zombie.
func running(pid int) bool {
	for range 50 {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil || bytes.Contains(stat, []byte(") Z ")) || syscall.Kill(pid, 0) != nil {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}
