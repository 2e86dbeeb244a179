package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// golangciVersion is the pinned linter; its module must allow the Go version of ours.
const golangciVersion = "v2.15.0"

// runLint checks the style alone.
func runLint(ctx context.Context, repo *repository, args []string) error {
	if len(args) > 0 {
		return errUsage
	}
	return runSteps(ctx, repo, []step{
		{name: "linter", run: installLinter, needed: true},
		{name: "gofmt", run: checkFormat},
		{name: "golangci-lint", run: golangciLint},
		{name: "layers", run: checkLayers},
	})
}

// checkFormat names the files that gofmt would change.
func checkFormat(_ context.Context, repo *repository) error {
	var wrong []string
	err := repo.walk([]string{".go"}, func(path string) error {
		src, err := os.ReadFile(repo.path(path))
		if err != nil {
			return err
		}
		if out, err := format.Source(src); err != nil || !bytes.Equal(src, out) {
			wrong = append(wrong, path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return fmt.Errorf("run `gofmt -w %s`", strings.Join(wrong, " "))
	}
	return nil
}

func (r *repository) linter() string {
	return filepath.Join(r.cache, "bin", "golangci-lint-"+golangciVersion)
}

// installLinter builds the pinned golangci-lint into the cache, once a version.
func installLinter(ctx context.Context, repo *repository) error {
	if _, err := os.Stat(repo.linter()); err == nil {
		return nil
	}
	repo.out.say("  building golangci-lint %s (once, some minutes)", golangciVersion)
	bin := filepath.Dir(repo.linter())
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(bin, "new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := repo.quietly(ctx, call{
		env:  []string{"GOBIN=" + dir},
		name: "go", args: []string{"install", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@" + golangciVersion},
	}); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, "golangci-lint"), repo.linter())
}

func golangciLint(ctx context.Context, repo *repository) error {
	err := repo.stream(ctx, call{
		env:  []string{"GOLANGCI_LINT_CACHE=" + filepath.Join(repo.cache, "golangci-lint")},
		name: repo.linter(), args: []string{"run", "--allow-parallel-runners", "--timeout", "40m", "./..."},
	})
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return errors.New("the findings above must be mended (a nolint needs its reason)")
	}
	return err
}

// checkLayers runs the table of who may know whom (layers_test.go).
func checkLayers(ctx context.Context, repo *repository) error {
	return repo.stream(ctx, call{name: "go", args: []string{"test", "-count=1", "-run", "^TestLayers", "./cmd/dev"}})
}
