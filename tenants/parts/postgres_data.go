package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// elsewhere is where a data folder goes that Postgres's own user cannot enter.
func elsewhere(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	return filepath.Join("/var/lib/parvis", filepath.Base(abs)+"-"+shortHash(abs))
}

// dataPlace decides where the data lies and as whom the server runs, and makes
// the folders above the data.
func dataPlace(opts PostgresOptions) (string, *syscall.Credential, error) {
	if opts.DataDir == "" {
		return "", nil, errors.New("no data folder was named for Postgres")
	}
	dir, err := filepath.Abs(opts.DataDir)
	if err != nil {
		return "", nil, fmt.Errorf("data folder: %w", err)
	}
	who, err := serverAccount(dir)
	if err != nil {
		return "", nil, err
	}
	if stop := barrier(dir, who); stop != "" {
		other := elsewhere(dir)
		if who, err = serverAccount(other); err != nil {
			return "", nil, err
		}
		if barrier(other, who) != "" {
			return "", nil, fmt.Errorf("the user that Postgres runs as cannot enter %s, and so not the data folder: choose another folder (for example under /srv), or run `chmod o+x %s`", stop, stop)
		}
		opts.Progress.say("Postgres's own user cannot enter %s: the database is kept in %s", stop, other)
		dir = other
	}
	if stop := barrier(filepath.Join(opts.BinDir, "postgres"), who); stop != "" {
		return "", nil, fmt.Errorf("the user that Postgres runs as cannot enter %s, where its programs are: run `chmod o+x %s` or set PARVIS_PG_BIN to another folder", stop, stop)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", nil, fmt.Errorf("make the folder above the data: %w", err)
	}
	return dir, who, nil
}

// initdb makes a data folder beside its place and moves it there when it is whole,
// so that an interrupted one is never taken for data.
func initdb(ctx context.Context, opts PostgresOptions, who *syscall.Credential, password string) error {
	entries, err := os.ReadDir(opts.DataDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data folder: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is neither empty nor a Postgres data folder: choose another, nothing was changed", opts.DataDir)
	}
	secret, err := os.MkdirTemp("", "parvis-initdb-")
	if err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	defer func() { _ = os.RemoveAll(secret) }()
	pwfile := filepath.Join(secret, "password")
	if err := os.WriteFile(pwfile, []byte(password+"\n"), 0o600); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	if err := give(who, secret, pwfile); err != nil {
		return err
	}
	var last error
	// C.UTF-8 exists on every Debian and sorts the same everywhere; the names
	// after it are for systems that lack it.
	for _, locale := range []string{"C.UTF-8", "C.utf8", "en_US.UTF-8", "C"} {
		fresh := opts.DataDir + ".new"
		if err := os.RemoveAll(fresh); err != nil {
			return fmt.Errorf("initdb: %w", err)
		}
		if err := os.Mkdir(fresh, 0o700); err != nil {
			return fmt.Errorf("initdb: %w", err)
		}
		if err := give(who, fresh); err != nil {
			return err
		}
		args := []string{"-D", fresh, "-U", superuser, "--auth=scram-sha-256", "--pwfile=" + pwfile, "--encoding=UTF8", "--locale=" + locale}
		if !opts.Durable {
			args = append(args, "--no-sync")
		}
		cmd := exec.CommandContext(ctx, filepath.Join(opts.BinDir, "initdb"), args...)
		cmd.Dir = "/"
		cmd.Env = []string{"PATH=/usr/bin:/bin"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
		if last = run(cmd); last == nil {
			_ = os.Remove(opts.DataDir) // the empty folder, where there was one
			if err := os.Rename(fresh, opts.DataDir); err != nil {
				return fmt.Errorf("initdb: %w", err)
			}
			return nil
		}
		_ = os.RemoveAll(fresh)
		if !strings.Contains(last.Error(), "locale") {
			break
		}
	}
	return fmt.Errorf("create the database folder: %w", last)
}

// give makes the server's account the owner of these files.
func give(who *syscall.Credential, paths ...string) error {
	if who == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Lchown(path, int(who.Uid), int(who.Gid)); err != nil {
			return fmt.Errorf("give to Postgres's user: %w", err)
		}
	}
	return nil
}

// socketPlace gives the folder of the Unix socket: short, since a socket's path may have
// 107 letters at most, and always the same for one data folder. It is the server's
// alone: one that somebody else made there is refused.
func socketPlace(dataDir string, who *syscall.Credential) (string, error) {
	owner := os.Geteuid()
	if who != nil {
		owner = int(who.Uid)
	}
	dir := filepath.Join("/tmp", "parvis-pg-"+strconv.Itoa(owner)+"-"+shortHash(dataDir))
	if err := os.Mkdir(dir, 0o700); err == nil {
		return dir, give(who, dir)
	} else if !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("socket folder: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("socket folder: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("the folder %s is not ours: remove it", dir)
	}
	switch int(st.Uid) {
	case owner:
		return dir, nil
	case os.Geteuid():
		return dir, give(who, dir)
	default:
		return "", fmt.Errorf("the folder %s belongs to another user: remove it", dir)
	}
}

// postmaster gives the process that serves a data folder now, 0 where there is none. A
// number left in the file by a server that was killed, and meanwhile given to another
// program, does not count.
func postmaster(dataDir string) int {
	pid := notedPID(dataDir)
	if !alive(pid) {
		return 0
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil || cwd != dataDir {
		if real, errReal := filepath.EvalSymlinks(dataDir); errReal != nil || cwd != real {
			return 0
		}
	}
	return pid
}

// notedPID gives the number in a data folder's postmaster.pid, 0 where there is none.
func notedPID(dataDir string) int {
	text, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0
	}
	return pid
}

// endOrphan stops the server that a killed Parvis left on this folder, in order. A
// left postmaster.pid whose number another program now has is removed.
func endOrphan(ctx context.Context, dataDir string, progress Progress) error {
	pid := postmaster(dataDir)
	if pid == 0 {
		if !alive(notedPID(dataDir)) {
			return nil // Postgres itself sees that it is stale
		}
		stale := filepath.Join(dataDir, "postmaster.pid")
		if err := os.Remove(stale); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what a killed server left: %w", err)
		}
		return nil
	}
	progress.say("stopping the Postgres that an earlier run left behind")
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		_ = syscall.Kill(pid, signal)
		for range int(postgresStopLimit / pollEvery) {
			if !alive(pid) {
				return nil
			}
			if err := sleep(ctx, pollEvery); err != nil {
				return fmt.Errorf("wait for an earlier Postgres to end: %w", err)
			}
		}
	}
	return fmt.Errorf("a Postgres (process %d) still runs on %s and does not end: stop it", pid, dataDir)
}

// namePattern is what a database may be called here.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

const sqlDatabaseExists = `select exists (select 1 from pg_catalog.pg_database where datname = $1)`

// CreateDatabase makes a database with these extensions where they are missing. Name
// and extensions are plain lower-case words.
func (pg *Postgres) CreateDatabase(ctx context.Context, name string, extensions ...string) error {
	for _, word := range append([]string{name}, extensions...) {
		if !namePattern.MatchString(word) {
			return errors.New("create database: a name is not a plain lower-case word")
		}
	}
	if err := pg.ensureDatabase(ctx, name); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	conn, err := pgx.Connect(ctx, pg.DSN(name))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, ext := range extensions {
		// An identifier cannot be a parameter; it was checked above.
		if _, err := conn.Exec(ctx, "create extension if not exists "+pgx.Identifier{ext}.Sanitize()); err != nil {
			return fmt.Errorf("create extension %s: %w", ext, err)
		}
	}
	return nil
}

func (pg *Postgres) ensureDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, pg.DSN(superuser))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var exists bool
	if err := conn.QueryRow(ctx, sqlDatabaseExists, name).Scan(&exists); err != nil || exists {
		return err
	}
	for range 50 {
		// An identifier cannot be a parameter; it was checked by the caller.
		_, err = conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
		if sqlState(err) != "55006" { // template1 is being copied by somebody else
			break
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	if code := sqlState(err); code == "42P04" || code == "23505" {
		return nil // somebody else made it meanwhile
	}
	return err
}

// sqlState gives the SQLSTATE of a server's error, empty for any other.
func sqlState(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}
