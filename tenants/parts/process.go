package parts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// maxLogBytes is the size past which a part's log is begun anew at its start.
const maxLogBytes = 8 << 20

// pollEvery is how often a starting part is asked whether it is ready.
const pollEvery = 25 * time.Millisecond

// process is a running part. It ends with the process that started it.
type process struct {
	name    string
	cmd     *exec.Cmd
	logPath string
	done    chan struct{} // closed once the program has ended and was waited for
	err     error         // how it ended; read after done is closed
	stop    syscall.Signal
	grace   time.Duration
	once    sync.Once
}

// processOptions say how a part is started.
type processOptions struct {
	name     string         // as it stands in errors
	logPath  string         // its output is appended here
	stop     syscall.Signal // the signal of an orderly end
	grace    time.Duration  // time for an orderly end, then it is killed
	detached bool           // outlives the process that starts it
}

// startProcess starts cmd in a process group of its own, so that a Ctrl-C at the
// terminal reaches Parvis alone, which then stops its parts in order.
func startProcess(cmd *exec.Cmd, opts processOptions) (*process, error) {
	logFile, err := openLog(opts.logPath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = logFile.Close() }()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	if opts.detached {
		cmd.SysProcAttr.Setsid = true
	} else {
		cmd.SysProcAttr.Setpgid = true
		cmd.SysProcAttr.Pdeathsig = opts.stop
	}
	p := &process{
		name: opts.name, cmd: cmd, logPath: opts.logPath,
		done: make(chan struct{}), stop: opts.stop, grace: opts.grace,
	}
	started := make(chan error, 1)
	go func() {
		// The parent-death signal follows the thread that forked, not the
		// process: this thread stays as long as the part lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.name, err)
	}
	return p, nil
}

// openLog opens a part's log for appending, emptied when it has grown too long.
func openLog(path string) (*os.File, error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLogBytes {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(filepath.Clean(path), flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return f, nil
}

// logSize tells where the log now ends, so that tail shows this start alone.
func logSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxLogBytes {
		return 0
	}
	return info.Size()
}

// tail gives the last 2,000 bytes of a log written since offset.
func tail(path string, offset int64) string {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return ""
	}
	text = bytes.TrimSpace(text)
	if len(text) > 2000 {
		text = text[len(text)-2000:]
	}
	return string(text)
}

// errEnded says that a part ended before it was ready.
var errEnded = errors.New("ended before it was ready")

// waitReady asks probe until it answers, the part ends or ctx does.
func (p *process) waitReady(ctx context.Context, offset int64, probe func(context.Context) error) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	var last error
	for {
		select {
		case <-p.done:
			return fmt.Errorf("%s %w (%w); its log %s ends with:\n%s", p.name, errEnded, how(p.err), p.logPath, tail(p.logPath, offset))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w (%w)", p.name, ctx.Err(), how(last))
		case <-ticker.C:
		}
		if last = probe(ctx); last == nil {
			return nil
		}
	}
}

// errInOrder says that a part ended without an error of its own.
var errInOrder = errors.New("in order")

// how gives the reason of an end, also where there was none.
func how(err error) error {
	if err == nil {
		return errInOrder
	}
	return err
}

// end stops the part in order and waits for it; past its grace it is killed.
func (p *process) end() {
	p.once.Do(func() {
		_ = p.cmd.Process.Signal(p.stop)
		select {
		case <-p.done:
			return
		case <-time.After(p.grace):
		}
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	<-p.done
}

// alive tells whether a process of this id exists (a zombie does not count).
func alive(pid int) bool {
	if pid <= 1 {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, found := bytes.Cut(stat, []byte(") "))
	return found && len(after) > 0 && after[0] != 'Z' && after[0] != 'X'
}

// sleep waits for d, or less when ctx ends first: then it gives ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
