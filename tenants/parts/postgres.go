package parts

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the name of the server's first role.
const superuser = "postgres"

// How long a Postgres may take: to recover after a crash, and to end in order.
const (
	postgresStartLimit = 90 * time.Second
	postgresStopLimit  = 30 * time.Second
)

// PostgresOptions say how a Postgres is started.
type PostgresOptions struct {
	// BinDir is the folder of its programs, from [FindPostgres].
	BinDir string
	// DataDir is its data folder, made where it is missing. Beside it stand
	// DataDir.password (mode 0600), DataDir.log and DataDir.lock.
	DataDir string
	// Port of 127.0.0.1; 0 takes a free one.
	Port int
	// Durable keeps every committed transaction through a power cut (fsync). Without
	// it the server is for tests: twice as fast, and lost with the machine.
	Durable bool
	// MaxConnections; 0 means 300.
	MaxConnections int
	// Settings are further server settings ("work_mem": "16MB"), and win over ours.
	Settings map[string]string
	// Progress is told what takes long.
	Progress Progress

	detached bool // outlives this process: SharedPostgres
}

// Postgres is a running server.
type Postgres struct {
	dataDir   string
	socketDir string
	port      int
	password  string
	pid       int
	release   func()
	proc      *process // nil for a server that another process started
}

// StartPostgres starts a server on a data folder, after initdb where that is empty
// (UTF-8, locale C.UTF-8). It listens on 127.0.0.1 and on a Unix socket that this user
// alone can reach, both with passwords (scram-sha-256), and ends with this process.
//
// Run by root, the server runs as the data's owner, postgres or nobody, and owns the
// data folder; one that such a user could not enter is replaced by a folder of
// /var/lib/parvis, always the same, which Progress is told and [Postgres.DataDir] gives.
//
// A server left behind on the folder by a killed Parvis is stopped in order
// first; a folder that a living Parvis uses is an error.
func StartPostgres(ctx context.Context, opts PostgresOptions) (*Postgres, error) {
	ctx, cancel := context.WithTimeout(ctx, postgresStartLimit)
	defer cancel()
	dir, who, err := dataPlace(opts)
	if err != nil {
		return nil, err
	}
	opts.DataDir = dir
	wait, stopWaiting := context.WithTimeout(ctx, 10*time.Second)
	unlock, err := lockFile(wait, dir+".lock")
	stopWaiting()
	if err != nil {
		return nil, fmt.Errorf("the data folder %s is in use: stop the other Parvis that runs on it, or choose another folder: %w", dir, err)
	}
	pg, err := startLocked(ctx, opts, who)
	if err != nil {
		unlock()
		return nil, err
	}
	pg.release = unlock
	return pg, nil
}

// startLocked starts the server once the folder's lock is ours.
func startLocked(ctx context.Context, opts PostgresOptions, who *syscall.Credential) (*Postgres, error) {
	major, err := binMajor(ctx, opts.BinDir)
	if err != nil {
		return nil, fmt.Errorf("no Postgres in %s: %w", opts.BinDir, err)
	}
	want, err := dataMajor(opts.DataDir)
	if err != nil {
		return nil, err
	}
	if err := fits(major, want, opts.DataDir); err != nil {
		return nil, err
	}
	if err := endOrphan(ctx, opts.DataDir, opts.Progress); err != nil {
		return nil, err
	}
	password, err := keptSecret(opts.DataDir+".password", 24)
	if err != nil {
		return nil, err
	}
	if want == 0 {
		opts.Progress.say("creating the database folder %s", opts.DataDir)
		if err := initdb(ctx, opts, who, password); err != nil {
			return nil, err
		}
	}
	socketDir, err := socketPlace(opts.DataDir, who)
	if err != nil {
		return nil, err
	}
	pg := &Postgres{dataDir: opts.DataDir, socketDir: socketDir, password: password}
	for attempt := 0; ; attempt++ {
		err = pg.launch(ctx, opts, who, major)
		if err == nil {
			return pg, nil
		}
		// Another program may take a free port before Postgres does; the last
		// processes of a killed server may take a moment to go.
		if !errors.Is(err, errEnded) || attempt == 20 || !passing(err.Error(), opts.Port == 0) || sleep(ctx, 250*time.Millisecond) != nil {
			return nil, err
		}
	}
}

// passing tells whether a server that ended at once may well start at the next try.
func passing(log string, otherPort bool) bool {
	return strings.Contains(log, "still in use") || strings.Contains(log, "pre-existing shared memory") ||
		otherPort && strings.Contains(log, "could not bind")
}

// launch starts the postmaster and waits until it answers.
func (pg *Postgres) launch(ctx context.Context, opts PostgresOptions, who *syscall.Credential, major int) error {
	pg.port = opts.Port
	if pg.port == 0 {
		port, err := freePort()
		if err != nil {
			return err
		}
		pg.port = port
	}
	args := make([]string, 0, 64)
	args = append(args, "-D", opts.DataDir)
	for name, value := range settings(opts, pg, major) {
		args = append(args, "-c", name+"="+value)
	}
	cmd := exec.Command(filepath.Join(opts.BinDir, "postgres"), args...) // it outlives the context of its start
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_MESSAGES=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	logPath := opts.DataDir + ".log"
	offset := logSize(logPath)
	proc, err := startProcess(cmd, processOptions{
		name: "Postgres", logPath: logPath, stop: syscall.SIGINT, grace: postgresStopLimit, detached: opts.detached,
	})
	if err != nil {
		return err
	}
	pg.proc, pg.pid = proc, cmd.Process.Pid
	if err := proc.waitReady(ctx, offset, pg.Ping); err != nil {
		proc.end()
		return err
	}
	return nil
}

// settings gives the server's settings: the same everywhere but for durability.
func settings(opts PostgresOptions, pg *Postgres, major int) map[string]string {
	connections := opts.MaxConnections
	if connections == 0 {
		connections = 300
	}
	s := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(pg.port),
		"unix_socket_directories": pg.socketDir,
		"unix_socket_permissions": "0700",
		"max_connections":         strconv.Itoa(connections),
		"password_encryption":     "scram-sha-256",
		"timezone":                "UTC",
		"jit":                     "off",
		"log_timezone":            "UTC",
		// A failed statement and the values of a broken key would put what
		// people typed into the log.
		"log_error_verbosity":              "terse",
		"log_min_error_statement":          "panic",
		"log_parameter_max_length":         "0",
		"shared_buffers":                   "128MB",
		"max_locks_per_transaction":        "256",
		"max_wal_size":                     "1GB",
		"autovacuum_naptime":               "30s",
		"log_checkpoints":                  "off",
		"log_autovacuum_min_duration":      "-1",
		"client_connection_check_interval": "5s",
	}
	if os.Geteuid() == 0 {
		s["unix_socket_permissions"] = "0777" // root passes anyway; the folder is the server's own, 0700
	}
	if opts.Durable {
		s["recovery_init_sync_method"] = "syncfs" // seconds saved after a crash with many tenants
		s["shared_buffers"] = "256MB"
	} else {
		s["fsync"] = "off"
		s["synchronous_commit"] = "off"
		s["full_page_writes"] = "off"
		s["checkpoint_timeout"] = "30min"
		s["wal_level"] = "minimal"
		s["max_wal_senders"] = "0"
	}
	if major >= 18 {
		s["io_method"] = "sync" // io_uring and workers gain nothing at this size
	}
	for name, value := range opts.Settings {
		s[name] = value
	}
	return s
}

// DSN gives the superuser's connection string for a database, over TCP to 127.0.0.1.
func (pg *Postgres) DSN(db string) string {
	return pg.RoleDSN(superuser, pg.password, db)
}

// RoleDSN gives a role's connection string for a database, over TCP to 127.0.0.1.
func (pg *Postgres) RoleDSN(role, password, db string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password),
		Host: "127.0.0.1:" + strconv.Itoa(pg.port), Path: "/" + db, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// SocketDSN gives the superuser's connection string over the Unix socket, which is
// quicker than TCP and reachable for this user (and root) alone.
func (pg *Postgres) SocketDSN(db string) string {
	q := url.Values{"host": {pg.socketDir}, "port": {strconv.Itoa(pg.port)}}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, pg.password), Path: "/" + db, RawQuery: q.Encode()}
	return u.String()
}

// Port gives the TCP port on 127.0.0.1.
func (pg *Postgres) Port() int { return pg.port }

// DataDir gives the data folder in use, which may not be the one asked for.
func (pg *Postgres) DataDir() string { return pg.dataDir }

// Ping connects once, as the superuser.
func (pg *Postgres) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, pg.DSN(superuser))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// Done is closed when the server has ended, however; nil (never) for a shared server.
func (pg *Postgres) Done() <-chan struct{} {
	if pg.proc == nil {
		return nil
	}
	return pg.proc.done
}

// Stop ends the server in order: open transactions are rolled back, what is
// committed is on disk. A shared server is only let go. It can be called twice.
func (pg *Postgres) Stop() {
	if pg.proc != nil {
		pg.proc.end()
		_ = os.Remove(pg.socketDir) // empty now; made anew at the next start
	}
	if pg.release != nil {
		pg.release()
		pg.release = nil
	}
}
