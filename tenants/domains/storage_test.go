package domains_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

// other is the storage as another process has it, on connections of its own.
func other(t *testing.T, env *pgtest.Env) *domains.Storage {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), env.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return domains.NewStorage(pool, pgtest.Master)
}

func TestStorageKeepsItsContract(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	s := domains.NewStorage(env.Pool, pgtest.Master)
	ctx := t.Context()
	for _, key := range []string{"certificates/ca/a.fr/a.fr.crt", "certificates/ca/a.fr/a.fr.key", "certificates/ca-2/b.fr/b.fr.key", "acme/ca/users/x/x.json", "last_clean.json"} {
		if err := s.Store(ctx, key, []byte("first")); err != nil {
			t.Fatal(err)
		}
		if err := s.Store(ctx, key, []byte("value of "+key)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load(ctx, key); err != nil || string(got) != "value of "+key {
			t.Errorf("%s holds %q (%v)", key, got, err)
		}
		if got, err := other(t, env).Load(ctx, "/"+key+"/"); err != nil || string(got) != "value of "+key {
			t.Errorf("another process reads %q of %s (%v)", got, key, err)
		}
	}
	for folder, want := range map[string][2]string{
		"certificates":    {"certificates/ca certificates/ca-2", "certificates/ca certificates/ca/a.fr certificates/ca/a.fr/a.fr.crt certificates/ca/a.fr/a.fr.key certificates/ca-2 certificates/ca-2/b.fr certificates/ca-2/b.fr/b.fr.key"},
		"certificates/ca": {"certificates/ca/a.fr", "certificates/ca/a.fr certificates/ca/a.fr/a.fr.crt certificates/ca/a.fr/a.fr.key"},
		"":                {"acme certificates last_clean.json", ""},
	} {
		for i, recursive := range []bool{false, true} {
			got, err := s.List(ctx, folder, recursive)
			slices.Sort(got)
			wanted := strings.Fields(want[i])
			slices.Sort(wanted)
			if err != nil || want[i] != "" && !slices.Equal(got, wanted) {
				t.Errorf("in %q (recursive %v) lie %q (%v), want %q", folder, recursive, got, err, wanted)
			}
		}
	}
	if info, err := s.Stat(ctx, "last_clean.json"); err != nil || !info.IsTerminal || info.Size != int64(len("value of last_clean.json")) || info.Modified.IsZero() {
		t.Errorf("a value is %+v (%v)", info, err)
	}
	if info, err := s.Stat(ctx, "certificates/ca"); err != nil || info.IsTerminal {
		t.Errorf("a folder is %+v (%v)", info, err)
	}
	if !s.Exists(ctx, "certificates/ca") || !s.Exists(ctx, "last_clean.json") || s.Exists(ctx, "cert") {
		t.Error("what is there is not, or the other way round")
	}
	if err := s.Delete(ctx, "certificates/ca"); err != nil {
		t.Error(err)
	}
	if s.Exists(ctx, "certificates/ca") || !s.Exists(ctx, "certificates/ca-2") {
		t.Error("deleting a folder deleted too little, or too much")
	}
	if err := s.Delete(ctx, "certificates/ca"); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	_, loadErr := s.Load(ctx, "certificates/ca/a.fr/a.fr.key")
	_, statErr := s.Stat(ctx, "nothing")
	_, listErr := s.List(ctx, "nothing", true)
	for name, err := range map[string]error{"Load": loadErr, "Stat": statErr, "List": listErr} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of nothing: %v", name, err)
		}
	}
}

func TestStorageIsSealed(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	s := domains.NewStorage(env.Pool, pgtest.Master)
	ctx := t.Context()
	if err := s.Store(ctx, "a/key", []byte("a private key of great length")); err != nil {
		t.Fatal(err)
	}
	var raw []byte
	if err := env.Pool.QueryRow(ctx, `select value from platform.certificate_blob`).Scan(&raw); err != nil || strings.Contains(string(raw), "private") {
		t.Errorf("the database holds %q (%v)", raw, err)
	}
	if _, err := env.Pool.Exec(ctx, `update platform.certificate_blob set key = 'b/key'`); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(ctx, "b/key"); err == nil {
		t.Errorf("a value that was put under another name opens: %q", got)
	}
}

func TestLocksKeepProcessesApart(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	here, there := domains.NewStorage(env.Pool, pgtest.Master), other(t, env)
	ctx := t.Context()
	var inside atomic.Int32
	done := make(chan error, 2)
	for _, s := range []*domains.Storage{here, there} {
		go func() {
			for range 5 {
				if err := s.Lock(ctx, "issue a.fr"); err != nil {
					done <- err
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				time.Sleep(5 * time.Millisecond)
				inside.Add(-1)
				if err := s.Unlock(ctx, "issue a.fr"); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := here.Lock(ctx, "issue b.fr"); err != nil {
		t.Fatal(err)
	}
	if taken, err := there.TryLock(ctx, "issue b.fr"); taken || err != nil {
		t.Errorf("a lock that is held is taken: %v, %v", taken, err)
	}
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if err := there.Lock(short, "issue b.fr"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting in vain: %v", err)
	}
}

func TestADeadHoldersLockIsTakenOver(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	dead, alive := other(t, env), domains.NewStorage(env.Pool, pgtest.Master)
	ctx := t.Context()
	if err := dead.Lock(ctx, "issue a.fr"); err != nil {
		t.Fatal(err)
	}
	// The lease ran out: its holder was killed half a minute ago.
	if _, err := env.Pool.Exec(ctx, `update platform.certificate_lock set ends_at = clock_timestamp() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	if taken, err := alive.TryLock(ctx, "issue a.fr"); !taken || err != nil {
		t.Fatalf("a dead holder's lock is not taken over: %v, %v", taken, err)
	}
	if err := dead.Unlock(ctx, "issue a.fr"); err != nil {
		t.Error(err)
	}
	if taken, err := other(t, env).TryLock(ctx, "issue a.fr"); taken || err != nil {
		t.Errorf("who lost the lock gave another's back: %v, %v", taken, err)
	}
	if err := alive.Unlock(ctx, "issue a.fr"); err != nil {
		t.Error(err)
	}
}

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}
