package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/parvis-gru/parvis/api/web/assets"
)

const assetsDir = "api/web/assets"

// runAssets builds what the browser loads beside the pages. With -check it writes
// nothing, and names what is committed otherwise than the sources give it.
func runAssets(_ context.Context, repo *repository, args []string) error {
	switch {
	case len(args) == 0:
		return assets.Build(repo.path(assetsDir))
	case slices.Equal(args, []string{"-check"}):
		return checkAssets(repo)
	}
	return errUsage
}

func checkAssets(repo *repository) error {
	want, err := assets.Results(repo.path(assetsDir))
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(repo.path(assetsDir, "dist"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			return fmt.Errorf("%s/dist/%s comes from no source: run `go run ./cmd/dev assets`", assetsDir, e.Name())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		have, err := os.ReadFile(filepath.Join(repo.path(assetsDir), "dist", name))
		if err != nil || !bytes.Equal(have, want[name]) {
			return fmt.Errorf("%s/dist/%s differs from its source: run `go run ./cmd/dev assets`", assetsDir, name)
		}
	}
	return nil
}
