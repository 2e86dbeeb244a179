package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	say := func(line string) { repo.out.say("  %s", line) }
	if _, _, err := parts.Typst(ctx, say, ""); err != nil {
		return err
	}
	_, err := parts.FindPostgres(ctx, parts.Options{
		Bin:      os.Getenv("PARVIS_PG_BIN"),
		Progress: say,
	})
	return err
}

func apt(ctx context.Context, repo *repository, packages []string) error {
	if os.Geteuid() == 0 {
		return parts.Apt(ctx, func(line string) { repo.out.say("  %s", line) }, packages...)
	}
	install := append([]string{"apt-get", "install", "-y", "--no-install-recommends"}, packages...)
	if err := repo.quietly(ctx, call{name: "sudo", args: []string{"-n", "true"}}); err != nil {
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
