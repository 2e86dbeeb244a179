package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"

	"github.com/parvis-gru/parvis/tenants/parts"
)

const browserDir = "cmd/dev/browser"

// runBrowser runs the browser tests alone, all or those of the parts named (citizen,
// agent, hub, open, pages, state); with -url against a demo that runs already, with
// --franceconnect.
func runBrowser(ctx context.Context, repo *repository, args []string) error {
	return browserCommand(ctx, repo, "browser", args)
}

// runStory walks the same way, and photographs every page at 375 and 1440 px into
// .cache/story, to be looked at beside the design's pictures.
func runStory(ctx context.Context, repo *repository, args []string) error {
	pictures := filepath.Join(repo.cache, "story")
	if err := os.RemoveAll(pictures); err != nil {
		return err
	}
	if err := browserCommand(ctx, repo, "story", args, "PARVIS_STORY=1", "PARVIS_SHOTS="+pictures); err != nil {
		return err
	}
	repo.out.say("the pictures are in %s", pictures)
	return nil
}

func browserCommand(ctx context.Context, repo *repository, name string, args []string, env ...string) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	url := flags.String("url", "", "address of a running demo's platform host (http://localhost:8080)")
	if flags.Parse(args) != nil {
		return errUsage
	}
	suite := []string{"suite"}
	if flags.NArg() > 0 {
		suite = flags.Args()
	}
	if err := installBrowserParts(ctx, repo); err != nil {
		return err
	}
	for _, part := range suite {
		if !repo.has(browserDir, part+".mjs") {
			return errUsage
		}
		if err := browserTests(ctx, repo, *url, part, env...); err != nil {
			return err
		}
	}
	return nil
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
	if err := repo.quietly(ctx, call{
		dir: dir, env: append(parts.NPMTrust(os.Environ()), "npm_config_cache="+filepath.Join(repo.cache, "npm")),
		name: "npm", args: []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"},
	}); err != nil {
		return err
	}
	return os.WriteFile(done, lock, 0o644)
}

// browserTests runs a file of browser/ with Node's own test runner, against the demo at
// url, or against one of its own where url is empty.
func browserTests(ctx context.Context, repo *repository, url, part string, env ...string) (err error) {
	if url == "" {
		// One of the hub's 36 communes is left for the tests to open.
		d, err := startDemo(ctx, repo, "--communes", "35", "--franceconnect")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		url = d.url
	}
	return runNodeWith(ctx, repo, url, env, "--test-reporter=spec", repo.path(browserDir, part+".mjs"))
}

// runNode runs Node.js with what the scripts in browser/ need to know in their
// environment (harness.mjs says which names).
func runNode(ctx context.Context, repo *repository, url string, args ...string) error {
	return runNodeWith(ctx, repo, url, nil, args...)
}

func runNodeWith(ctx context.Context, repo *repository, url string, env []string, args ...string) error {
	program, err := parts.Node(ctx, func(line string) { repo.out.say("  %s", line) }, repo.cache)
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
	return repo.stream(ctx, call{name: program, args: args, env: append([]string{
		"PARVIS_URL=" + url, "PARVIS_CHROMIUM=" + browser, "PARVIS_SHOTS=" + shots, "PARVIS_BROWSER_PARTS=" + filepath.Join(repo.cache, "browser"),
	}, env...)})
}
