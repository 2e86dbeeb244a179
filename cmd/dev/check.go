package main

import (
	"context"

	"github.com/parvis-gru/parvis/tenants/parts"
)

// runCheck is what CI runs: from a fresh clone on a bare Debian with Go to a table.
func runCheck(ctx context.Context, repo *repository, args []string) error {
	if len(args) > 0 {
		return errUsage
	}
	err := runSteps(ctx, repo, []step{
		{name: "tools", run: installTools, needed: true},
		{name: "gofmt", run: checkFormat},
		{name: "golangci-lint", run: golangciLint},
		{name: "layers", run: checkLayers},
		{name: "generated files", run: checkGenerated},
		{name: "cmd/kratos", run: buildKratos},
		{name: "go test", run: func(ctx context.Context, repo *repository) error { return goTest(ctx, repo, "./...") }},
		{name: "browser tests", run: func(ctx context.Context, repo *repository) error { return browserTests(ctx, repo, "", "suite") }},
	})
	if err == nil {
		repo.out.say("everything holds")
	}
	return err
}

// installTools has everything ready that the later steps use.
func installTools(ctx context.Context, repo *repository) error {
	if err := installPrograms(ctx, repo); err != nil {
		return err
	}
	if err := installLinter(ctx, repo); err != nil {
		return err
	}
	return installBrowserParts(ctx, repo)
}

// checkGenerated holds what is generated against what it is generated from.
func checkGenerated(_ context.Context, repo *repository) error {
	if err := checkCommunes(repo); err != nil {
		return err
	}
	if err := checkAssets(repo); err != nil {
		return err
	}
	return checkOpenAPI(repo)
}

// buildKratos proves that the nested module of the identity server builds, and
// leaves it where tests and demo find it: a build inside `go test` would eat its time.
func buildKratos(ctx context.Context, repo *repository) error {
	path, err := parts.BuildKratos(ctx, parts.KratosBuild{
		Root: repo.root, Progress: func(line string) { repo.out.say("  %s", line) },
	})
	if err == nil {
		repo.out.say("  %s", path)
	}
	return err
}
