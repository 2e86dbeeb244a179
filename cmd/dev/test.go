package main

import (
	"context"
)

// runTest runs go test, by default on everything: `dev test -race ./tenants/...`.
func runTest(ctx context.Context, repo *repository, args []string) error {
	if len(args) == 0 {
		args = []string{"./..."}
	}
	return goTest(ctx, repo, args...)
}

// goTest runs go test and passes its own lines on, so that whoever reads the log
// sees each package's `ok`. The linter vets already, and nobody debugs these binaries:
// without both, forty packages link in half the time.
func goTest(ctx context.Context, repo *repository, args ...string) error {
	return repo.stream(ctx, call{name: "go", args: append([]string{"test", "-timeout", "30m", "-vet=off", "-ldflags=-w"}, args...)})
}
