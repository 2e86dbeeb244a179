package parts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed typst/package.json typst/package-lock.json
var typstManifest embed.FS

// Typst gives the path of Node.js and the folder whose node_modules holds the compiler
// that PDFs are made with. What is missing is fetched with npm, once, into the folder
// cache ("" for [CacheDir]), at the versions and checksums of the lock file.
func Typst(ctx context.Context, progress Progress, cache string) (node, dir string, err error) {
	if cache, err = (Options{CacheDir: cache}).cacheDir(); err != nil {
		return "", "", err
	}
	if node, err = Node(ctx, progress, cache); err != nil {
		return "", "", err
	}
	manifest, err := typstManifest.ReadFile("typst/package.json")
	if err != nil {
		return "", "", err
	}
	lock, err := typstManifest.ReadFile("typst/package-lock.json")
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(lock)
	dir = filepath.Join(cache, "typst-"+hex.EncodeToString(sum[:])[:12])
	return node, dir, npmLocked(ctx, progress, dir, manifest, lock)
}

// npmLocked installs what a lock file names into a folder, once. No script of a package
// is run.
func npmLocked(ctx context.Context, progress Progress, dir string, manifest, lock []byte) error {
	unlock, err := lockDir(ctx, dir)
	if err != nil {
		return err
	}
	defer unlock()
	done := filepath.Join(dir, "node_modules", ".parvis-lock.json")
	if have, err := os.ReadFile(filepath.Clean(done)); err == nil && bytes.Equal(have, lock) {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return errors.New("npm is missing: install Node.js with npm (Debian: apt-get install npm) to fetch the Typst compiler, without which there are no PDFs")
	}
	progress.say("fetching the Typst compiler with npm")
	for name, body := range map[string][]byte{"package.json": manifest, "package-lock.json": lock} {
		if err := writeFileAtomic(filepath.Join(dir, name), body); err != nil {
			return fmt.Errorf("install the Typst compiler: %w", err)
		}
	}
	// Not npm ci, which wants every platform's variant in the lock file: those that no
	// machine of ours runs on are left to their exact version.
	cmd := exec.CommandContext(ctx, "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), NPMTrust(cmd.Environ())...)
	if err := run(cmd); err != nil {
		return err
	}
	return writeFileAtomic(done, lock)
}
