package parts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Progress is told, in one line of English, what takes long. A nil Progress is silent.
type Progress func(line string)

func (p Progress) say(format string, args ...any) {
	if p != nil {
		p(fmt.Sprintf(format, args...))
	}
}

// Apt installs Debian packages, as root. The package lists are fetched when a
// package is not found in those at hand. An ordinary user, or a machine without
// apt-get, gets an error that says what to run.
func Apt(ctx context.Context, progress Progress, packages ...string) error {
	command := "apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root can install them: run `sudo %s`", command)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("no apt-get here: install the packages %s by this system's own means", strings.Join(packages, ", "))
	}
	unlock, err := lockFile(ctx, "/run/parvis-apt.lock")
	if err != nil {
		return err
	}
	defer unlock()
	progress.say("installing %s with apt-get", strings.Join(packages, ", "))
	args := append([]string{"-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"}, packages...)
	if err := aptGet(ctx, args...); err == nil {
		return nil
	}
	progress.say("fetching Debian's package lists")
	if err := aptGet(ctx, "-o", "DPkg::Lock::Timeout=300", "update"); err != nil {
		return err
	}
	return aptGet(ctx, args...)
}

func aptGet(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(cmd.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return run(cmd)
}

// NPM installs npm packages ("name@version") into the folder dir/node_modules.
// No script of a package is run. Where dir already holds exactly these, nothing is
// done and npm is not needed.
func NPM(ctx context.Context, progress Progress, dir string, packages ...string) error {
	unlock, err := lockDir(ctx, dir)
	if err != nil {
		return err
	}
	defer unlock()
	if npmComplete(dir, packages) {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return fmt.Errorf("npm is missing: install Node.js with npm (Debian: apt-get install npm) to fetch %s", strings.Join(packages, ", "))
	}
	progress.say("fetching %s with npm", strings.Join(packages, ", "))
	args := append([]string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", "--loglevel=error"}, packages...)
	cmd := exec.CommandContext(ctx, "npm", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), NPMTrust(cmd.Environ())...)
	return run(cmd)
}

// systemCertificates is where Debian keeps the authorities that the machine trusts.
const systemCertificates = "/etc/ssl/certs/ca-certificates.crt"

// NPMTrust gives what npm's environment needs beside env to trust what the machine
// trusts: Node.js brings a list of its own, and so fails behind a proxy whose authority
// an administrator added to the system.
func NPMTrust(env []string) []string {
	const name = "NODE_EXTRA_CA_CERTS="
	if slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, name) }) {
		return nil
	}
	if _, err := os.Stat(systemCertificates); err != nil {
		return nil
	}
	return []string{name + systemCertificates}
}

// npmComplete tells whether a folder holds these packages at these versions.
func npmComplete(dir string, packages []string) bool {
	for _, p := range packages {
		at := strings.LastIndexByte(p, '@')
		if at <= 0 {
			return false // no version asked for: let npm decide
		}
		text, err := os.ReadFile(filepath.Join(dir, "node_modules", filepath.FromSlash(p[:at]), "package.json"))
		var manifest struct {
			Version string `json:"version"`
		}
		if err != nil || json.Unmarshal(text, &manifest) != nil || manifest.Version != p[at+1:] {
			return false
		}
	}
	return true
}

// run runs a command to its end; its error carries the end of what it printed.
func run(cmd *exec.Cmd) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(out.String())
		if len(text) > 2000 {
			text = text[len(text)-2000:]
		}
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, text)
	}
	return nil
}

// lockDir makes a folder and locks it against other processes.
func lockDir(ctx context.Context, dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	return lockFile(ctx, filepath.Join(dir, ".lock"))
}

// lockFile waits for the exclusive lock of a file. The lock ends with the returned
// function or with this process, however that ends.
func lockFile(ctx context.Context, path string) (func(), error) {
	f, err := flock(ctx, path, syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

// errLocked says that another process holds a lock for longer than we wait.
var errLocked = errors.New("another process holds its lock")

// flock waits, as long as ctx allows, for a shared or exclusive lock of a file.
func flock(ctx context.Context, path string, how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if err := sleep(ctx, pollEvery); err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("%s: %w (%w)", path, errLocked, err)
		}
	}
}
