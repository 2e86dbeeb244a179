package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/parvis-gru/parvis/tenants"
)

// server is the built program as `parvis serve`, on a house's databases. Its
// workers are another process (`parvis work`), which is not started.
type server struct {
	addr string // 127.0.0.1:port
	cmd  *exec.Cmd
	done chan struct{}
	log  bytes.Buffer // read after done
}

// buildProgram builds the program into the house's folder.
func (h *house) buildProgram(ctx context.Context, repo *repository) (string, error) {
	program := filepath.Join(h.dir, "parvis")
	err := repo.quietly(ctx, call{name: "go", args: []string{"build", "-o", program, "./cmd/parvis"}})
	return program, err
}

// serve starts the program and waits until it answers. Nobody can sign in: Kratos is
// not started.
func (h *house) serve(ctx context.Context, repo *repository) (*server, error) {
	program, err := h.buildProgram(ctx, repo)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	operator, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{addr: fmt.Sprintf("127.0.0.1:%d", port), done: make(chan struct{})}
	s.cmd = repo.command(context.WithoutCancel(ctx), call{name: program, args: []string{"serve"}, env: append(h.environment(),
		"PARVIS_PUBLIC_URL=http://localhost:"+strconv.Itoa(port), "PARVIS_ADDR="+s.addr, fmt.Sprintf("PARVIS_METRICS_ADDR=127.0.0.1:%d", operator),
		"PARVIS_TRUSTED_PROXIES=127.0.0.0/8",
	)})
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	client := plainClient()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err = get(ctx, client, fmt.Sprintf("http://127.0.0.1:%d/livez", operator), "", ""); err == nil {
			return s, nil
		}
		select {
		case <-s.done:
			return nil, fmt.Errorf("parvis serve ended: %s", tail(s.log.String()))
		default:
		}
		if time.Now().After(end) {
			return nil, errors.Join(errors.New("parvis serve does not answer"), s.stop())
		}
	}
}

// environment is what every command of the built program needs on a house's databases.
// Kratos and the mail server are not started.
func (h *house) environment() []string {
	return []string{
		"PARVIS_PLATFORM_URL=" + h.url(), "PARVIS_CELL_URL=" + h.url(), "PARVIS_MASTER_KEY=" + h.master, "PARVIS_BASE_DOMAIN=localhost",
		"PARVIS_PUBLIC_URL=http://localhost", "PARVIS_KRATOS_PUBLIC_URL=http://127.0.0.1:1", "PARVIS_KRATOS_ADMIN_URL=http://127.0.0.1:1", "PARVIS_COURIER_TOKEN=" + randomHex(16),
		"PARVIS_SMTP_URL=smtp://127.0.0.1:1", "PARVIS_MAIL_FROM=ne-pas-repondre@parvis.example", "PARVIS_FILES_URL=file://" + filepath.Join(h.dir, "files"),
	}
}

func (s *server) stop() error {
	_ = syscall.Kill(s.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-s.done:
		return nil
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
		return errors.New("parvis serve was killed: it did not stop")
	}
}

// host is a commune's, with the port.
func (s *server) host(t tenants.Tenant) string {
	return t.Slug + ".localhost" + s.addr[strings.LastIndex(s.addr, ":"):]
}

func plainClient() *http.Client {
	return &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get reads a page to its end; anything but 200 is an error.
func get(ctx context.Context, client *http.Client, address, host, cookie string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	req.Host = host
	if cookie != "" {
		req.Header.Set("Cookie", "parvis="+cookie)
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d", u.Path, answer.StatusCode)
	}
	return err
}

// cpuTimes gives what a process has used so far, and what its ended children had,
// in user and kernel mode, and its parent.
func cpuTimes(pid int) (own, children time.Duration, parent int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 15 {
		return 0, 0, 0
	}
	var ticks [4]int
	for i := range ticks {
		ticks[i], _ = strconv.Atoi(fields[11+i])
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	parent, _ = strconv.Atoi(fields[1])
	return time.Duration(ticks[0]+ticks[1]) * tick, time.Duration(ticks[2]+ticks[3]) * tick, parent
}

// cpuTime is what one process has used so far.
func cpuTime(pid int) time.Duration {
	own, _, _ := cpuTimes(pid)
	return own
}

// cpuTime is what the database server has used so far, with all its backends.
func (h *house) cpuTime() time.Duration {
	text, err := os.ReadFile(filepath.Join(h.postgres.DataDir(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, _ := strconv.Atoi(first)
	own, ended, _ := cpuTimes(postmaster)
	total := own + ended
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range processes {
		pid, _ := strconv.Atoi(filepath.Base(path))
		if own, _, parent := cpuTimes(pid); parent == postmaster {
			total += own
		}
	}
	return total
}

func tail(s string) string { return s[max(0, len(s)-2000):] }
