package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// command is one word after `go run ./cmd/dev`.
type command struct {
	name  string
	usage string
	run   func(ctx context.Context, repo *repository, args []string) error
}

func commands() []command {
	return []command{
		{"check", "everything that CI checks; installs what it needs", runCheck},
		{"lint", "gofmt, golangci-lint and the table of layers", runLint},
		{"test", "go test on all packages, or on those named; flags are passed on", runTest},
		{"browser", "browser tests against a demo of their own, or -url of a running one; name parts to run those alone", runBrowser},
		{"story", "walk the same way and photograph every page at 375 and 1440 px", runStory},
		{"bench", "measure: provision, list, post, demo, pages; all of them without a name", runBench},
		{"assets", "build the pages' styles and scripts (-check: tell whether they are current)", runAssets},
		{"openapi", "write api/v1/openapi.json, the API's description (-check: tell whether it is current)", runOpenAPI},
		{"communes", "make tenants/communes from the pinned npm package (-check: tell whether it is whole)", runCommunes},
	}
}

// errUsage says that the words of the command line were wrong; the usage is printed.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, errUsage):
		printUsage(os.Stderr)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "dev: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		repo, err := findRepository()
		if err != nil {
			return err
		}
		return c.run(ctx, repo, args[1:])
	}
	return errUsage
}

func printUsage(w io.Writer) {
	_, _ = fmt.Fprintln(w, "usage: go run ./cmd/dev COMMAND")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(w, "  %-10s %s\n", c.name, c.usage)
	}
}
