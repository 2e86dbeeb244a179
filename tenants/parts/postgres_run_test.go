package parts_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants/parts"
)

func startPostgres(t *testing.T, opts parts.PostgresOptions) *parts.Postgres {
	t.Helper()
	if opts.BinDir == "" {
		bin, err := parts.FindPostgres(t.Context(), parts.Options{Progress: func(line string) { t.Log(line) }})
		if err != nil {
			t.Fatal(err)
		}
		opts.BinDir = bin
	}
	pg, err := parts.StartPostgres(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pg.Stop)
	return pg
}

// ask runs one statement and gives its one text.
func ask(t *testing.T, dsn, sql string) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var got string
	if err := conn.QueryRow(ctx, sql).Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

const (
	sqlMakeTable = `create table note (body text)`
	sqlAddNote   = `insert into note (body) values ('gardé') returning body`
	sqlReadNote  = `select body from note`
	sqlLocale    = `select lower('ÉÇ') || ' ' || current_setting('server_encoding') || ' ' || current_setting('fsync')`
)

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

func TestPostgresKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "new", "pg")
	pg := startPostgres(t, parts.PostgresOptions{DataDir: dir, Durable: true})
	if got := ask(t, pg.SocketDSN("postgres"), sqlLocale); got != "éç UTF8 on" {
		t.Errorf("server is %q", got)
	}
	execute(t, pg.DSN("postgres"), sqlMakeTable)
	ask(t, pg.DSN("postgres"), sqlAddNote)
	info, err := os.Stat(dir + ".password")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("password file: %v %v", info.Mode(), err)
	}
	bad := strings.Replace(pg.DSN("postgres"), "postgres:", "postgres:0", 2)
	if conn, err := pgx.Connect(t.Context(), bad); err == nil {
		_ = conn.Close(t.Context())
		t.Error("a wrong password opens the server")
	}
	pg.Stop()
	pg.Stop()
	at := time.Now()
	again := startPostgres(t, parts.PostgresOptions{DataDir: dir, Durable: true})
	t.Logf("restarted in %s", time.Since(at))
	if got := ask(t, again.DSN("postgres"), sqlReadNote); got != "gardé" {
		t.Errorf("data is %q", got)
	}
}

func TestPostgresEndsWithItsParent(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "pg")
	h := startHelper(t, nil, "hold", dir)
	execute(t, h.dsn, sqlMakeTable)
	ask(t, h.dsn, sqlAddNote)
	h.kill()
	// At once, while the other is still going down.
	pg := startPostgres(t, parts.PostgresOptions{DataDir: dir, Durable: true})
	if parts.Alive(h.pid) {
		t.Error("two servers on one folder")
	}
	if got := ask(t, pg.DSN("postgres"), sqlReadNote); got != "gardé" {
		t.Errorf("data is %q", got)
	}
}

func TestPostgresRecovers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "pg")
	pg := startPostgres(t, parts.PostgresOptions{DataDir: dir, Durable: true})
	execute(t, pg.DSN("postgres"), sqlMakeTable)
	ask(t, pg.DSN("postgres"), sqlAddNote)
	if err := syscall.Kill(pg.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-pg.Done()
	pg.Stop()
	again := startPostgres(t, parts.PostgresOptions{DataDir: dir, Durable: true})
	if got := ask(t, again.DSN("postgres"), sqlReadNote); got != "gardé" {
		t.Errorf("data is %q", got)
	}
	again.Stop()
	// A number in the file that meanwhile belongs to another program: ours.
	stale := strings.Join([]string{strconv.Itoa(os.Getpid()), dir, "1", "5432", "/tmp", "127.0.0.1", "", "ready", ""}, "\n")
	if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	third := startPostgres(t, parts.PostgresOptions{DataDir: dir, Durable: true})
	if got := ask(t, third.DSN("postgres"), sqlReadNote); got != "gardé" {
		t.Errorf("data is %q", got)
	}
}

func TestPostgresRefusesASecondOwner(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "pg")
	pg := startPostgres(t, parts.PostgresOptions{DataDir: dir})
	bin, err := parts.FindPostgres(t.Context(), parts.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	second, err := parts.StartPostgres(ctx, parts.PostgresOptions{BinDir: bin, DataDir: dir})
	if err == nil {
		second.Stop()
		t.Fatal("two servers on one folder")
	}
	if !strings.Contains(err.Error(), "is in use") {
		t.Errorf("error says %q", err)
	}
	if got := ask(t, pg.DSN("postgres"), sqlLocale); got != "éç UTF8 off" {
		t.Errorf("the first server is %q", got)
	}
}

func TestPostgresNeverTouchesForeignData(t *testing.T) {
	t.Parallel()
	bin, err := parts.FindPostgres(t.Context(), parts.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"PG_VERSION": "9\n", "letter.txt": "Bonjour"} {
		dir := filepath.Join(openDir(t), "pg")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		pg, err := parts.StartPostgres(t.Context(), parts.PostgresOptions{BinDir: bin, DataDir: dir})
		if err == nil {
			pg.Stop()
			t.Fatalf("%s: started", name)
		}
		if !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: error says %q", name, err)
		}
		kept, err := os.ReadFile(path)
		if err != nil || string(kept) != content {
			t.Errorf("%s: now %q (%v)", name, kept, err)
		}
	}
}

func TestPostgresFindsAnotherPlace(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg") // below a folder of mode 0700
	if err := os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o700); err != nil {
		t.Fatal(err)
	}
	var said []string
	want := dir
	if os.Geteuid() == 0 {
		want = parts.Elsewhere(dir)
		t.Cleanup(func() {
			for _, end := range []string{"", ".password", ".log", ".lock"} {
				_ = os.RemoveAll(want + end)
			}
		})
	}
	pg := startPostgres(t, parts.PostgresOptions{DataDir: dir, Progress: func(line string) { said = append(said, line) }})
	if pg.DataDir() != want {
		t.Errorf("data is in %s, want %s", pg.DataDir(), want)
	}
	if os.Geteuid() == 0 && !strings.Contains(strings.Join(said, "\n"), want) {
		t.Errorf("nobody was told of the other place: %q", said)
	}
	pg.Stop()
}

func TestPostgresForAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	h := startHelper(t, ordinary(t, dir), "hold", filepath.Join(dir, "pg"))
	if got := ask(t, h.dsn, sqlLocale); got != "éç UTF8 on" {
		t.Errorf("server is %q", got)
	}
	h.finish()
	if !gone(t, h.pid, 10*time.Second) {
		t.Error("the server outlives its parent")
	}
}

func TestPostgresOfNPM(t *testing.T) {
	t.Parallel()
	bin, err := parts.NPMPostgres(t.Context(), parts.Options{Progress: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	pg := startPostgres(t, parts.PostgresOptions{BinDir: bin, DataDir: filepath.Join(openDir(t), "pg")})
	for range 2 {
		if err := pg.CreateDatabase(t.Context(), parts.KratosDatabase, parts.KratosExtensions()...); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, pg.DSN(parts.KratosDatabase), sqlLocale); got != "éç UTF8 off" {
		t.Errorf("server is %q", got)
	}
	if err := pg.CreateDatabase(t.Context(), `x"; drop`); err == nil {
		t.Error("a database of a hostile name was made")
	}
}

func TestSharedPostgresOutlivesItsStarter(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "shared")
	var group sync.WaitGroup
	helpers := make([]*helper, 4)
	for i := range helpers {
		group.Go(func() { helpers[i] = startHelper(t, nil, "share", dir) })
	}
	group.Wait()
	pid := helpers[0].pid
	for _, h := range helpers {
		if h.pid != pid {
			t.Errorf("servers %d and %d: not shared", pid, h.pid)
		}
	}
	for _, h := range helpers[1:] {
		h.kill()
	}
	time.Sleep(4 * time.Second) // longer than the idleness: one still uses it
	if got := ask(t, helpers[0].dsn, sqlLocale); got != "éç UTF8 off" {
		t.Errorf("server is %q", got)
	}
	helpers[0].kill()
	if !gone(t, pid, 30*time.Second) {
		t.Fatal("the server stays though nobody uses it")
	}
	later := startHelper(t, nil, "share", dir)
	if later.pid == pid {
		t.Error("the server that ended was given again")
	}
	// One that dies is replaced, and the new one is watched too.
	if err := syscall.Kill(later.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !gone(t, later.pid, 10*time.Second) {
		t.Fatal("the server survives kill -9")
	}
	last := startHelper(t, nil, "share", dir)
	later.kill()
	last.kill()
	if !gone(t, last.pid, 30*time.Second) {
		t.Fatal("the second server stays though nobody uses it")
	}
}
