package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// repository is the working tree that the command runs in.
type repository struct {
	root  string // absolute path of the folder of go.mod
	cache string // root/.cache: tools and npm parts, ignored by git
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
			return &repository{root: dir, cache: filepath.Join(dir, ".cache")}, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, errors.New("this is not a folder of the project: run it inside the clone")
		}
		dir = parent
	}
}

const modulePath = "github.com/parvis-gru/parvis"

// path gives the absolute path of a file of the project.
func (r *repository) path(elem ...string) string {
	return filepath.Join(append([]string{r.root}, elem...)...)
}

// output runs a program in the repository's root and gives what it prints; its
// error output goes into the error.
func (r *repository) output(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the developer's own tools, with arguments of ours
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}
