package parts_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/parts"
)

// TestMain lets the test program run itself as another process, which starts or shares a
// server, says so and waits to be ended: what a killed Parvis leaves behind can only be
// seen from outside.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 {
		switch mode := os.Args[1]; mode {
		case "hold", "share", "kannel", "apt":
			os.Exit(help(mode, os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

// help does one thing, says "ready", a process and an address, and waits.
func help(mode, dir string) int {
	ctx := context.Background()
	var pg *parts.Postgres
	var err error
	switch mode {
	case "hold":
		pg, err = hold(dir)
	case "share":
		pg, err = parts.SharedIn(ctx, dir, 2*time.Second, time.Second)
	case "apt":
		err = parts.Apt(ctx, nil, "kannel")
	case "kannel":
		return helpKannel(dir)
	}
	if err != nil || pg == nil {
		fmt.Println("failed", err)
		return 1
	}
	fmt.Println("ready", pg.PID(), pg.DSN("postgres"))
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test closes it
	pg.Stop()
	return 0
}

func helpKannel(dir string) int {
	k, err := parts.StartKannel(context.Background(), parts.KannelOptions{Dir: dir, Now: noon})
	if err != nil {
		fmt.Println("failed", err)
		return 1
	}
	fmt.Println("ready", 0, k.SendURL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	k.Stop()
	return 0
}

func hold(dir string) (*parts.Postgres, error) {
	ctx := context.Background()
	bin, err := parts.FindPostgres(ctx, parts.Options{CacheDir: dir + ".cache", DataDir: dir})
	if err != nil {
		return nil, err
	}
	return parts.StartPostgres(ctx, parts.PostgresOptions{BinDir: bin, DataDir: dir, Durable: true})
}

// helper is this program, running as another process.
type helper struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	pid   int // of the postmaster
	dsn   string
}

// startHelper runs this program as another process and waits until it is ready.
func startHelper(t *testing.T, who *syscall.Credential, args ...string) *helper {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if who != nil {
		program = copyProgram(t, program)
	}
	h := &helper{cmd: exec.Command(program, args...)} // ended by the test
	h.cmd.Stderr = os.Stderr
	h.cmd.Dir = "/"
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Pdeathsig: 0}
	if who != nil {
		h.cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent"}
	}
	if h.stdin, err = h.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) != 3 || words[0] != "ready" {
		t.Fatalf("the other process says %q (%v)", line, err)
	}
	h.dsn = words[2]
	if h.pid, err = strconv.Atoi(words[1]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.finish)
	return h
}

// finish ends the helper in order.
func (h *helper) finish() {
	_ = h.stdin.Close()
	_ = h.cmd.Wait()
}

// kill ends the helper as kill -9 does.
func (h *helper) kill() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
}

// copyProgram puts this program where every user can run it.
func copyProgram(t *testing.T, program string) string {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(openDir(t), "parts.test")
	if err := os.WriteFile(target, content, 0o755); err != nil { // for every user to run
		t.Fatal(err)
	}
	return target
}

// openDir makes a folder that every user can enter, removed at the test's end.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "parvis-parts-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { // for every user to enter
		t.Fatal(err)
	}
	return dir
}

// ordinary gives an ordinary user when the test runs as root, else nil: oneself.
func ordinary(t *testing.T, dir string) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, errUID := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(nobody.Gid, 10, 32)
	if errUID != nil || errGID != nil {
		t.Fatal("nobody has no number")
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int, within time.Duration) bool {
	t.Helper()
	for range int(within / (50 * time.Millisecond)) {
		if !parts.Alive(pid) {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return !parts.Alive(pid)
}
