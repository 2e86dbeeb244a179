package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// demoPatience is how long a demo may take to its ready line: the first one
	// builds Kratos.
	demoPatience = 8 * time.Minute
	// demoGoodbye is how long it may take to stop its parts.
	demoGoodbye = 30 * time.Second
)

// demo is a running `parvis demo` with data of its own.
type demo struct {
	url  string // of the platform's host: http://localhost:PORT
	dir  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the program has ended
	err  error         // how it ended; read after done
}

// startDemo builds the program and starts its demo on a free port with an empty
// data folder, and waits for the line that begins with "ready".
func startDemo(ctx context.Context, repo *repository) (*demo, error) {
	if !repo.has("cmd", "parvis", "main.go") {
		return nil, errors.New("cmd/parvis is missing: there is no demo to look at")
	}
	dir, err := os.MkdirTemp("", "parvis-demo-")
	if err != nil {
		return nil, err
	}
	d := &demo{dir: dir, done: make(chan struct{})}
	if err := d.start(ctx, repo); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return d, nil
}

func (d *demo) start(ctx context.Context, repo *repository) error {
	if err := os.Chmod(d.dir, 0o755); err != nil { // where we are root, Postgres runs as somebody else
		return err
	}
	program := filepath.Join(d.dir, "parvis")
	if _, err := repo.output(ctx, call{name: "go", args: []string{"build", "-o", program, "./cmd/parvis"}}); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	d.url = fmt.Sprintf("http://localhost:%d", port)
	// Not bound to ctx: stop asks it to end, in its own order.
	d.cmd = repo.command(context.WithoutCancel(ctx), call{name: program, args: []string{"demo", "--addr", fmt.Sprintf("127.0.0.1:%d", port), "--data", filepath.Join(d.dir, "data")}})
	out, w := io.Pipe()
	d.cmd.Stdout, d.cmd.Stderr = w, w
	ready := make(chan struct{})
	go relay(out, repo.out, ready)
	if err := d.cmd.Start(); err != nil {
		return err
	}
	go func() {
		d.err = d.cmd.Wait()
		_ = w.Close()
		close(d.done)
	}()
	patience := time.NewTimer(demoPatience)
	defer patience.Stop()
	select {
	case <-ready:
		return nil
	case <-d.done:
		return fmt.Errorf("the demo ended before it was ready: %w", d.err)
	case <-patience.C:
		err = fmt.Errorf("the demo was not ready after %s", demoPatience)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return errors.Join(err, d.end())
}

// relay shows the demo's lines and closes ready at the first that begins so.
func relay(from io.Reader, to io.Writer, ready chan<- struct{}) {
	told := false
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		_, _ = fmt.Fprintf(to, "  demo: %s\n", lines.Text())
		if !told && strings.HasPrefix(lines.Text(), "ready") {
			told = true
			close(ready)
		}
	}
	_, _ = io.Copy(io.Discard, from) // a line past the limit must not block the demo
}

// stop ends the demo and takes its data away.
func (d *demo) stop() error {
	return errors.Join(d.end(), os.RemoveAll(d.dir))
}

// end asks the program to stop, and kills it and its parts where it does not.
func (d *demo) end() error {
	pid := d.cmd.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGTERM)
	select {
	case <-d.done:
		return nil
	case <-time.After(demoGoodbye):
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	<-d.done
	return fmt.Errorf("the demo did not stop within %s and was killed", demoGoodbye)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no TCP address")
	}
	return addr.Port, nil
}
