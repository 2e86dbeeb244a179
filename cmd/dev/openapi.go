package main

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/parvis-gru/parvis/api/v1"
)

// openapiPath is the golden description of the API: a change to the API shows in
// its diff.
const openapiPath = "api/v1/openapi.json"

// runOpenAPI writes the description of the API, or with -check tells whether the
// one that is kept is current.
func runOpenAPI(_ context.Context, repo *repository, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "-check":
		return checkOpenAPI(repo)
	case len(args) > 0:
		return errUsage
	}
	now, err := v1.OpenAPI()
	if err != nil {
		return err
	}
	return os.WriteFile(repo.path(openapiPath), now, 0o644)
}

func checkOpenAPI(repo *repository) error {
	now, err := v1.OpenAPI()
	if err != nil {
		return err
	}
	kept, err := os.ReadFile(repo.path(openapiPath))
	if err == nil && !bytes.Equal(kept, now) {
		err = errors.New(openapiPath + " is not current: run `go run ./cmd/dev openapi` and read what changed")
	}
	return err
}
