package parts

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// KratosVersion is the release of Ory Kratos that cmd/kratos pins.
const KratosVersion = "v1.3.1"

// kratosLine is what a kratos found on PATH must be of: the same major and minor.
const kratosLine = "v1.3."

// KratosBuild says where Ory Kratos is looked for and built.
type KratosBuild struct {
	// CacheDir keeps the built program; empty means [CacheDir].
	CacheDir string
	// Root is Parvis's clone, whose cmd/kratos is built; empty means the clone
	// around the working folder.
	Root string
	// Progress is told what takes long: a first build takes some two minutes.
	Progress Progress
}

// BuildKratos gives the path of an Ory Kratos: the one on PATH where it is of the
// pinned release line, else the one built from the nested module cmd/kratos, kept in the
// cache folder under the checksum of its go.mod and go.sum.
func BuildKratos(ctx context.Context, opts KratosBuild) (string, error) {
	if path, err := exec.LookPath("kratos"); err == nil && strings.HasPrefix(kratosVersion(ctx, path), kratosLine) {
		return path, nil
	}
	dir, err := nestedModule{
		folder: "kratos", name: "Ory Kratos", version: KratosVersion, takes: "about two minutes",
		programs: []string{"github.com/ory/kratos"}, flags: "-X github.com/ory/kratos/driver/config.Version=" + KratosVersion,
	}.build(ctx, opts.Root, opts.CacheDir, opts.Progress)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "kratos"), nil
}

// kratosVersion asks a program for its version, such as "v1.3.1".
func kratosVersion(ctx context.Context, path string) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(out) {
		if _, v, found := strings.Cut(string(line), "Version:"); found {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
