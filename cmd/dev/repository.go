package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const modulePath = "github.com/parvis-gru/parvis"

// repository is the working tree that a command runs in.
type repository struct {
	root  string   // absolute path of the folder of go.mod
	cache string   // root/.cache: linters and npm parts, ignored by git
	out   *console // where everything that is run prints
}

// findRepository goes up from the current folder to the module's go.mod.
func findRepository() (*repository, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+modulePath+"\n") {
			return &repository{root: dir, cache: filepath.Join(dir, ".cache"), out: newConsole(os.Stdout)}, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, errors.New("this is not a folder of the project: run it inside the clone")
		}
		dir = parent
	}
}

// path gives the absolute path of a file of the project.
func (r *repository) path(elem ...string) string {
	return filepath.Join(append([]string{r.root}, elem...)...)
}

// has tells whether a file or folder of the project exists.
func (r *repository) has(elem ...string) bool {
	_, err := os.Stat(r.path(elem...))
	return err == nil
}

// call is a program to run.
type call struct {
	dir  string   // where; empty for the repository's root
	env  []string // beside our own environment
	name string
	args []string
}

func (r *repository) command(ctx context.Context, c call) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.name, c.args...)
	cmd.Dir = c.dir
	if cmd.Dir == "" {
		cmd.Dir = r.root
	}
	cmd.Env = append(os.Environ(), c.env...)
	// A group of its own, so that stopping it stops what it started as well.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// stream runs a program and shows what it prints while it runs.
func (r *repository) stream(ctx context.Context, c call) error {
	cmd := r.command(ctx, c)
	cmd.Stdout, cmd.Stderr = r.out, r.out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(c.name), strings.Join(c.args, " "), err)
	}
	return nil
}

// quietly runs a program; what it prints as errors goes into the error.
func (r *repository) quietly(ctx context.Context, c call) error {
	cmd := r.command(ctx, c)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(c.name), strings.Join(c.args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}

// walk visits the project's own files with one of the endings, by path relative to
// the root. Dot-folders, node_modules and nested modules are not its own.
func (r *repository) walk(endings []string, visit func(path string) error) error {
	return fs.WalkDir(os.DirFS(r.root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || r.has(path, "go.mod")) {
				return fs.SkipDir
			}
			return nil
		}
		for _, e := range endings {
			if strings.HasSuffix(path, e) {
				return visit(path)
			}
		}
		return nil
	})
}
