package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"time"
)

// nestedModule is a module of the clone's folder cmd that pins programs of others.
type nestedModule struct {
	folder   string // below cmd, and of the built programs in the cache
	name     string // as it stands in errors
	version  string
	takes    string   // how long a build takes, in words
	programs []string // their packages; each is built under the last part of its path
	flags    string   // more flags of the linker
}

// build gives the folder with the built programs. They are kept in the cache folder
// under the checksum of the module's go.mod and go.sum, and built once.
func (m nestedModule) build(ctx context.Context, from, cache string, progress Progress) (string, error) {
	root, err := RepositoryRoot(from)
	if err != nil {
		return "", fmt.Errorf("%s %s cannot be built: %w", m.name, m.version, err)
	}
	source := filepath.Join(root, "cmd", m.folder)
	sum, err := moduleSum(source)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", m.name, err)
	}
	if cache, err = (Options{CacheDir: cache}).cacheDir(); err != nil {
		return "", err
	}
	dir := filepath.Join(cache, m.folder+"-"+m.version+"-"+sum)
	if m.isBuilt(dir) {
		return dir, nil
	}
	unlock, err := lockDir(ctx, dir)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", m.name, err)
	}
	defer unlock()
	if m.isBuilt(dir) {
		return dir, nil // another process built it while we waited
	}
	if err := m.compile(ctx, source, dir, progress); err != nil {
		return "", fmt.Errorf("build %s: %w", m.name, err)
	}
	return dir, nil
}

func (m nestedModule) isBuilt(dir string) bool {
	for _, p := range m.programs {
		if !isProgram(filepath.Join(dir, path.Base(p))) {
			return false
		}
	}
	return true
}

// compile builds each program beside its place and moves it there.
func (m nestedModule) compile(ctx context.Context, source, dir string, progress Progress) error {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("the go command is missing: install Go, or %s %s on PATH", m.name, m.version)
	}
	progress.say("building %s %s from the Go module proxy: %s, once", m.name, m.version, m.takes)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for n := 20; ; n += 20 {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Second):
				progress.say("still building %s (%d s)", m.name, n)
			}
		}
	}()
	for _, p := range m.programs {
		target := filepath.Join(dir, path.Base(p))
		fresh := target + ".new"
		cmd := exec.CommandContext(ctx, goTool, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w "+m.flags, "-o", fresh, p)
		cmd.Dir = source
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOOS=", "GOARCH=")
		if err := run(cmd); err != nil {
			return err
		}
		if err := os.Rename(fresh, target); err != nil {
			return err
		}
	}
	return nil
}

// moduleSum is the checksum of what decides the build.
func moduleSum(dir string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("read %s: %w", filepath.Join("cmd", filepath.Base(dir)), err)
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o100 != 0
}
