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

	patience, goodbye time.Duration
}

// startDemo builds the program and starts its demo on a free port with an empty
// data folder and what else it is told, and waits for the line that begins with "ready".
func startDemo(ctx context.Context, repo *repository, args ...string) (*demo, error) {
	if !repo.has("cmd", "parvis", "main.go") {
		return nil, errors.New("cmd/parvis is missing: there is no demo to look at")
	}
	dir, err := os.MkdirTemp("", "parvis-demo-")
	if err != nil {
		return nil, err
	}
	d, err := buildAndLaunch(ctx, repo, dir, args)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return d, nil
}

func buildAndLaunch(ctx context.Context, repo *repository, dir string, args []string) (*demo, error) {
	// Where we are root, Postgres runs as somebody else, and keeps its data outside a
	// folder that it cannot enter: nobody would take that away.
	data := filepath.Join(dir, "data")
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(data, 0o755), os.Chmod(data, 0o755)); err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "parvis")
	if err := repo.quietly(ctx, call{name: "go", args: []string{"build", "-o", program, "./cmd/parvis"}}); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	d := &demo{url: fmt.Sprintf("http://localhost:%d", port), dir: dir, patience: demoPatience, goodbye: demoGoodbye}
	return d, d.launch(ctx, repo, program, append([]string{"demo", "--addr", fmt.Sprintf("127.0.0.1:%d", port), "--data", data}, args...)...)
}

// launch starts a program and waits until it says that it is ready.
func (d *demo) launch(ctx context.Context, repo *repository, program string, args ...string) error {
	// Not bound to ctx: end asks the program to stop, in its own order.
	d.cmd = repo.command(context.WithoutCancel(ctx), call{name: program, args: args})
	d.cmd.WaitDelay = time.Second // a part that outlives the program must not hold its output open
	d.done = make(chan struct{})
	out, w := io.Pipe()
	d.cmd.Stdout, d.cmd.Stderr = w, w
	ready := make(chan struct{})
	go relay(out, repo.out, ready)
	if err := d.cmd.Start(); err != nil {
		return errors.Join(err, w.Close())
	}
	go func() {
		d.err = d.cmd.Wait()
		_ = w.Close()
		close(d.done)
	}()
	patience := time.NewTimer(d.patience)
	defer patience.Stop()
	var err error
	select {
	case <-ready:
		return nil
	case <-d.done:
		return errors.Join(errors.New("the demo ended before it was ready"), d.err)
	case <-patience.C:
		err = fmt.Errorf("the demo was not ready after %s", d.patience)
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
	case <-time.After(d.goodbye):
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	<-d.done
	return fmt.Errorf("the demo did not stop within %s and was killed", d.goodbye)
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
