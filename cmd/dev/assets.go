package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
)

const assetsDir = "api/web/assets"

// runAssets builds the pages' assets by their own program, `api/web/assets/build`.
// With -check it says which committed results differ from what the sources give.
func runAssets(ctx context.Context, repo *repository, args []string) error {
	check := slices.Equal(args, []string{"-check"})
	if len(args) > 0 && !check {
		return errUsage
	}
	if !repo.has(assetsDir, "build") {
		return fmt.Errorf("%s/build is missing", assetsDir)
	}
	before, err := digests(repo.path(assetsDir))
	if err != nil {
		return err
	}
	if err := repo.stream(ctx, call{name: "go", args: []string{"run", "./" + assetsDir + "/build"}}); err != nil {
		return err
	}
	after, err := digests(repo.path(assetsDir))
	if err != nil {
		return err
	}
	if changed := differing(before, after); check && len(changed) > 0 {
		return fmt.Errorf("%d built files were not current (%s first): they are now; commit them", len(changed), filepath.Join(assetsDir, changed[0]))
	}
	return nil
}

// digests gives the SHA-256 of each file under a folder.
func digests(dir string) (map[string][sha256.Size]byte, error) {
	sums := map[string][sha256.Size]byte{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		sums[path] = sha256.Sum256(b)
		return err
	})
	return sums, err
}

func differing(before, after map[string][sha256.Size]byte) []string {
	var names []string
	for name, sum := range after {
		if old, ok := before[name]; !ok || old != sum {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}
