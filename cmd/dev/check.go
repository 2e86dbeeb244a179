package main

import (
	"context"
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
		{name: "go vet", run: goVet},
		{name: "go test", run: func(ctx context.Context, repo *repository) error { return goTest(ctx, repo, "./...") }},
		{name: "cmd/kratos builds", run: buildKratos},
		{name: "browser tests", run: func(ctx context.Context, repo *repository) error { return browserTests(ctx, repo, "") }},
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
func checkGenerated(ctx context.Context, repo *repository) error {
	if err := checkCommunes(repo); err != nil {
		return err
	}
	return runAssets(ctx, repo, []string{"-check"})
}

func goVet(ctx context.Context, repo *repository) error {
	return repo.stream(ctx, call{name: "go", args: []string{"vet", "./..."}})
}

// buildKratos proves that the nested module of the identity server still builds;
// the demo builds it in the same way, so that it finds the work done.
func buildKratos(ctx context.Context, repo *repository) error {
	return repo.stream(ctx, call{
		dir: repo.path("cmd", "kratos"), env: []string{"CGO_ENABLED=0"},
		name: "go", args: []string{"build", "-trimpath", "-o", "/dev/null", "github.com/ory/kratos"},
	})
}
