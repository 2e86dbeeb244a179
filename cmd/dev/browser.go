package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
)

const browserDir = "cmd/dev/browser"

// runBrowser runs the browser tests alone; with -url against a demo that runs already.
func runBrowser(ctx context.Context, repo *repository, args []string) error {
	flags := flag.NewFlagSet("browser", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	url := flags.String("url", "", "address of a running demo's platform host (http://localhost:8080)")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return errUsage
	}
	if err := installBrowserParts(ctx, repo); err != nil {
		return err
	}
	return browserTests(ctx, repo, *url)
}

// installBrowserParts brings the npm packages of browser/package-lock.json into the
// cache, once a lock file.
func installBrowserParts(ctx context.Context, repo *repository) error {
	dir := filepath.Join(repo.cache, "browser")
	done := filepath.Join(dir, "node_modules", ".parvis-lock.json")
	lock, err := os.ReadFile(repo.path(browserDir, "package-lock.json"))
	if err != nil {
		return err
	}
	if have, err := os.ReadFile(done); err == nil && bytes.Equal(have, lock) {
		return nil
	}
	repo.out.say("  fetching the browser tests' npm parts")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	manifest, err := os.ReadFile(repo.path(browserDir, "package.json"))
	if err != nil {
		return err
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "package.json"), manifest, 0o644),
		os.WriteFile(filepath.Join(dir, "package-lock.json"), lock, 0o644),
	); err != nil {
		return err
	}
	if _, err := repo.output(ctx, call{
		dir: dir, env: []string{"npm_config_cache=" + filepath.Join(repo.cache, "npm")},
		name: "npm", args: []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"},
	}); err != nil {
		return err
	}
	return os.WriteFile(done, lock, 0o644)
}

// browserTests runs browser/*.test.mjs with Node's own test runner, against the demo
// at url, or against one of its own where url is empty.
func browserTests(ctx context.Context, repo *repository, url string) (err error) {
	if url == "" {
		d, err := startDemo(ctx, repo)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		url = d.url
	}
	tests, err := filepath.Glob(repo.path(browserDir, "*.test.mjs"))
	if err != nil {
		return err
	}
	return runNode(ctx, repo, url, append([]string{"--test", "--test-concurrency=1", "--test-reporter=spec"}, tests...)...)
}

// runNode runs Node.js with what the scripts in browser/ need to know in their
// environment (harness.mjs says which names).
func runNode(ctx context.Context, repo *repository, url string, args ...string) error {
	program, err := node(ctx, repo)
	if err != nil {
		return err
	}
	browser, err := chromium()
	if err != nil {
		return err
	}
	shots := filepath.Join(repo.cache, "shots")
	if err := os.MkdirAll(shots, 0o755); err != nil {
		return err
	}
	return repo.stream(ctx, call{name: program, args: args, env: []string{
		"PARVIS_URL=" + url, "PARVIS_CHROMIUM=" + browser, "PARVIS_SHOTS=" + shots,
		"PARVIS_BROWSER_PARTS=" + filepath.Join(repo.cache, "browser"),
	}})
}
