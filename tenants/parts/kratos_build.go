package parts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// KratosVersion is the release of Ory Kratos that cmd/kratos pins.
const KratosVersion = "v1.3.1"

// kratosLine is what a kratos found on PATH must be of: the same major and minor.
const kratosLine = "v1.3."

// KratosBuild says where Ory Kratos is looked for and built.
type KratosBuild struct {
	// CacheDir keeps the built program; empty means [CacheDir].
	CacheDir string
	// Root is Parvis's clone, whose cmd/kratos is built; empty means the clone
	// around the working folder.
	Root string
	// Progress is told what takes long: a first build takes some two minutes.
	Progress Progress
}

// BuildKratos gives the path of an Ory Kratos: the one on PATH where it is of the
// pinned release line, else the one built from the nested module cmd/kratos, kept in the
// cache folder under the checksum of its go.mod and go.sum.
func BuildKratos(ctx context.Context, opts KratosBuild) (string, error) {
	if path, err := exec.LookPath("kratos"); err == nil && strings.HasPrefix(kratosVersion(ctx, path), kratosLine) {
		return path, nil
	}
	root, err := RepositoryRoot(opts.Root)
	if err != nil {
		return "", fmt.Errorf("no Ory Kratos %s on PATH, and none can be built: %w", KratosVersion, err)
	}
	source := filepath.Join(root, "cmd", "kratos")
	sum, err := moduleSum(source)
	if err != nil {
		return "", fmt.Errorf("build Ory Kratos: %w", err)
	}
	cache, err := Options{CacheDir: opts.CacheDir}.cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "kratos-"+KratosVersion+"-"+sum)
	target := filepath.Join(dir, "kratos")
	if isProgram(target) {
		return target, nil
	}
	unlock, err := lockDir(ctx, dir)
	if err != nil {
		return "", fmt.Errorf("build Ory Kratos: %w", err)
	}
	defer unlock()
	if isProgram(target) {
		return target, nil // another process built it while we waited
	}
	if err := compileKratos(ctx, source, target, opts.Progress); err != nil {
		return "", fmt.Errorf("build Ory Kratos: %w", err)
	}
	return target, nil
}

// compileKratos builds the program beside its place and moves it there.
func compileKratos(ctx context.Context, source, target string, progress Progress) error {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return errors.New("the go command is missing: install Go, or Ory Kratos " + KratosVersion + " on PATH")
	}
	progress.say("building Ory Kratos %s from the Go module proxy: about two minutes, once", KratosVersion)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for n := 20; ; n += 20 {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Second):
				progress.say("still building Ory Kratos (%d s)", n)
			}
		}
	}()
	fresh := target + ".new"
	cmd := exec.CommandContext(ctx, goTool, "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X github.com/ory/kratos/driver/config.Version="+KratosVersion,
		"-o", fresh, "github.com/ory/kratos")
	cmd.Dir = source
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOOS=", "GOARCH=")
	if err := run(cmd); err != nil {
		return err
	}
	return os.Rename(fresh, target)
}

// moduleSum is the checksum of what decides the build.
func moduleSum(dir string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("read cmd/kratos: %w", err)
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o100 != 0
}

// kratosVersion asks a program for its version, such as "v1.3.1".
func kratosVersion(ctx context.Context, path string) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(out) {
		if _, v, found := strings.Cut(string(line), "Version:"); found {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
