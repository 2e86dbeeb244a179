package parts

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// sharedIdle is how long the shared server stays when nobody uses it, and
// sharedLook how often its watcher looks.
const (
	sharedIdle = 3 * time.Minute
	sharedLook = 5 * time.Second
)

//go:embed postgres_watch.sh
var watchScript string

// sharedRecord is what the starter of the shared server leaves for its other users.
type sharedRecord struct {
	PID       int    `json:"pid"`
	Port      int    `json:"port"`
	SocketDir string `json:"socket_dir"`
	DataDir   string `json:"data_dir"`
}

var shared struct {
	sync.Mutex
	pg  *Postgres
	dir string
}

// SharedPostgres gives the one test server that every test program of this user
// on this machine shares, and starts it where none runs: `go test ./...` runs many
// programs at once, and each further run finds it warm. It is not durable, starts
// from nothing, and holds databases that tests name uniquely.
//
// It outlives its starter. Each program that uses it holds a lock, which the kernel
// lets go however that program ends; a watcher stops the server and removes its data
// after three minutes without any. [Postgres.Stop] is not needed: the lock is held for
// the life of the program, and later calls give the same server.
func SharedPostgres(ctx context.Context, opts Options) (*Postgres, error) {
	cache, err := opts.cacheDir()
	if err != nil {
		return nil, err
	}
	return sharedIn(ctx, opts, filepath.Join(cache, "test-postgres-"+strconv.Itoa(os.Geteuid())), sharedIdle, sharedLook)
}

// sharedIn is SharedPostgres on a folder, with its idleness.
func sharedIn(ctx context.Context, opts Options, dir string, idle, look time.Duration) (*Postgres, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.pg != nil && shared.dir == dir && shared.pg.Ping(ctx) == nil {
		return shared.pg, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("shared Postgres: %w", err)
	}
	unlock, err := lockFile(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("shared Postgres: %w", err)
	}
	defer unlock()
	users, err := flock(ctx, filepath.Join(dir, "users"), syscall.LOCK_SH)
	if err != nil {
		return nil, fmt.Errorf("shared Postgres: %w", err)
	}
	pg, err := joinShared(ctx, dir)
	if err != nil {
		pg, err = startShared(ctx, opts, dir)
	}
	if err == nil {
		err = watchShared(dir, pg, idle, look)
	}
	if err != nil {
		_ = users.Close()
		return nil, fmt.Errorf("shared Postgres: %w", err)
	}
	pg.proc = nil // not ours to end
	pg.release = func() { _ = users.Close() }
	shared.pg, shared.dir = pg, dir
	return pg, nil
}

// joinShared gives the server that runs already.
func joinShared(ctx context.Context, dir string) (*Postgres, error) {
	text, err := os.ReadFile(filepath.Join(dir, "server.json"))
	if err != nil {
		return nil, err
	}
	var r sharedRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	password, err := os.ReadFile(r.DataDir + ".password")
	if err != nil {
		return nil, err
	}
	if postmaster(r.DataDir) != r.PID {
		return nil, errors.New("it has ended")
	}
	pg := &Postgres{dataDir: r.DataDir, socketDir: r.SocketDir, port: r.Port, pid: r.PID, password: trimmed(password)}
	if err := pg.Ping(ctx); err != nil {
		return nil, err
	}
	return pg, nil
}

// startShared starts the server from nothing, apart from this process.
func startShared(ctx context.Context, opts Options, dir string) (*Postgres, error) {
	bin, err := FindPostgres(ctx, Options{Bin: opts.Bin, CacheDir: opts.CacheDir, Progress: opts.Progress})
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := endOrphan(ctx, data, opts.Progress); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(data); err != nil {
		return nil, err
	}
	pg, err := StartPostgres(ctx, PostgresOptions{BinDir: bin, DataDir: data, Progress: opts.Progress, detached: true})
	if err != nil {
		return nil, err
	}
	if pg.dataDir != data {
		pg.Stop()
		return nil, fmt.Errorf("the user that Postgres runs as cannot enter %s", dir)
	}
	pg.release() // the lock of the data folder: this server is guarded by the folder's own
	text, err := json.Marshal(sharedRecord{PID: pg.pid, Port: pg.port, SocketDir: pg.socketDir, DataDir: pg.dataDir})
	if err == nil {
		err = writeFileAtomic(filepath.Join(dir, "server.json"), text)
	}
	if err != nil {
		pg.proc.end()
		return nil, err
	}
	return pg, nil
}

// watchShared starts the watcher; where one watches already, the new one ends at once.
func watchShared(dir string, pg *Postgres, idle, look time.Duration) error {
	for _, program := range []string{"flock", "sh"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing (Debian: apt-get install util-linux): %w", program, err)
		}
	}
	cmd := exec.Command("sh", "-c", watchScript, "parvis-test-postgres", dir, strconv.Itoa(pg.pid), // our own script; it outlives us
		strconv.Itoa(int(idle.Seconds())), strconv.Itoa(int(look.Seconds())), pg.socketDir)
	cmd.Dir = "/"
	_, err := startProcess(cmd, processOptions{name: "the watcher", logPath: filepath.Join(dir, "watcher.log"), detached: true})
	return err
}
