package domains

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
)

// Storage is certmagic's storage in the platform's database, shared by every instance:
// sealed values, and locks that are leases. It is safe for concurrent use.
type Storage struct {
	pool *pgxpool.Pool
	key  []byte

	mu   sync.Mutex
	held map[string]lease
}

var (
	_ certmagic.Storage   = (*Storage)(nil)
	_ certmagic.TryLocker = (*Storage)(nil)
)

// lease is a lock that this process holds.
type lease struct {
	holder tenants.ID
	stop   context.CancelFunc
	done   chan struct{}
}

// NewStorage makes a storage; it asks the database nothing yet.
func NewStorage(pool *pgxpool.Pool, master tenants.MasterKey) *Storage {
	return &Storage{pool: pool, key: master.Platform("certificates"), held: map[string]lease{}}
}

const (
	sqlStore = `insert into platform.certificate_blob (key, value, size, modified_at, host, not_before, not_after) values ($1, $2, $3, clock_timestamp(), $4, $5, $6)
		on conflict (key) do update set value = excluded.value, size = excluded.size, modified_at = excluded.modified_at,
			host = excluded.host, not_before = excluded.not_before, not_after = excluded.not_after`
	sqlLoad = `select value from platform.certificate_blob where key = $1`
	// All below a folder: its name and a slash, up to the character after the slash.
	sqlBelow  = `select key from platform.certificate_blob where $1::text = '' or key >= $1 || '/' and key < $1 || '0' order by key`
	sqlDelete = `delete from platform.certificate_blob where key = $1 or key >= $1 || '/' and key < $1 || '0'`
	sqlExists = `select exists (select 1 from platform.certificate_blob where key = $1 or key >= $1 || '/' and key < $1 || '0')`
	sqlStat   = `select size, modified_at from platform.certificate_blob where key = $1`
	sqlLock   = `insert into platform.certificate_lock (name, holder, ends_at) values ($1, $2, clock_timestamp() + interval '30 seconds')
		on conflict (name) do update set holder = excluded.holder, ends_at = excluded.ends_at where platform.certificate_lock.ends_at < clock_timestamp()`
	sqlProlong = `update platform.certificate_lock set ends_at = clock_timestamp() + interval '30 seconds' where name = $1 and holder = $2`
	sqlUnlock  = `delete from platform.certificate_lock where name = $1 and holder = $2`
)

// prolongEvery is a third of a lease; lockPoll how often a lock that is held is asked for.
const (
	prolongEvery = 10 * time.Second
	lockPoll     = 250 * time.Millisecond
	unlockLimit  = 10 * time.Second
)

// clean gives a key as it is kept: no slash at either end.
func clean(key string) string { return strings.Trim(path.Clean("/"+key), "/") }

// Store keeps a value, sealed.
func (s *Storage) Store(ctx context.Context, key string, value []byte) error {
	key = clean(key)
	sealed, err := tenants.Seal(s.key, value, []byte(key))
	if err != nil {
		return err
	}
	var host *string
	var from, until *time.Time
	if leaf := leafOf(key, value); leaf != nil && len(leaf.DNSNames) > 0 {
		host, from, until = &leaf.DNSNames[0], &leaf.NotBefore, &leaf.NotAfter
	}
	_, err = s.pool.Exec(ctx, sqlStore, key, sealed, len(value), host, from, until)
	return tenants.Classify(err)
}

// leafOf reads the certificate of a host that is stored; nil for anything else.
func leafOf(key string, value []byte) *x509.Certificate {
	if !strings.HasPrefix(key, "certificates/") || !strings.HasSuffix(key, ".crt") {
		return nil
	}
	block, _ := pem.Decode(value)
	if block == nil {
		return nil
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return leaf
}

// Load gives a value; none is fs.ErrNotExist.
func (s *Storage) Load(ctx context.Context, key string) ([]byte, error) {
	key = clean(key)
	sealed, err := oneOf[[]byte](ctx, s.pool, sqlLoad, key)
	if err != nil {
		return nil, err
	}
	return tenants.Unseal(s.key, sealed, []byte(key))
}

// oneOf reads one row's one value, or row; none is fs.ErrNotExist.
func oneOf[T any](ctx context.Context, pool *pgxpool.Pool, sql string, args ...any) (T, error) {
	rows, err := pool.Query(ctx, sql, args...)
	var v T
	if err == nil {
		v, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return v, fs.ErrNotExist
	}
	return v, tenants.Classify(err)
}

// Delete drops a value, or all below a folder; none is no error.
func (s *Storage) Delete(ctx context.Context, key string) error {
	_, err := s.pool.Exec(ctx, sqlDelete, clean(key))
	return tenants.Classify(err)
}

// Exists tells whether there is a value or a folder.
func (s *Storage) Exists(ctx context.Context, key string) bool {
	found, err := oneOf[bool](ctx, s.pool, sqlExists, clean(key))
	return err == nil && found
}

// List gives what lies in a folder, with its folders; recursive goes into these. An
// empty folder is fs.ErrNotExist.
func (s *Storage) List(ctx context.Context, folder string, recursive bool) ([]string, error) {
	folder = clean(folder)
	rows, err := s.pool.Query(ctx, sqlBelow, folder)
	if err != nil {
		return nil, tenants.Classify(err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, tenants.Classify(err)
	}
	if len(keys) == 0 {
		return nil, fs.ErrNotExist
	}
	var out []string
	seen := map[string]bool{}
	for _, key := range keys {
		parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(key, folder), "/"), "/")
		for n := range parts {
			if n > 0 && !recursive {
				break
			}
			name := path.Join(folder, path.Join(parts[:n+1]...))
			if !seen[name] {
				seen[name] = true
				out = append(out, name)
			}
		}
	}
	return out, nil
}

// Stat describes a value or a folder; neither is fs.ErrNotExist.
func (s *Storage) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	key = clean(key)
	rows, err := s.pool.Query(ctx, sqlStat, key)
	if err != nil {
		return certmagic.KeyInfo{}, tenants.Classify(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (certmagic.KeyInfo, error) {
		info := certmagic.KeyInfo{Key: key, IsTerminal: true}
		err := row.Scan(&info.Size, &info.Modified)
		return info, err
	})
	switch {
	case err != nil:
		return certmagic.KeyInfo{}, tenants.Classify(err)
	case len(list) == 1:
		return list[0], nil
	case s.Exists(ctx, key):
		return certmagic.KeyInfo{Key: key}, nil
	}
	return certmagic.KeyInfo{}, fs.ErrNotExist
}

// TryLock takes a lock where nobody holds it, or its holder is dead.
func (s *Storage) TryLock(ctx context.Context, name string) (bool, error) {
	l := lease{holder: tenants.NewID(), done: make(chan struct{})}
	taken, err := s.pool.Exec(ctx, sqlLock, name, l.holder)
	if err != nil || taken.RowsAffected() == 0 {
		return false, tenants.Classify(err)
	}
	prolonging, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	s.mu.Lock()
	s.held[name] = l
	s.mu.Unlock()
	go s.prolong(prolonging, name, l)
	return true, nil
}

// prolong keeps a lease while this process lives and holds it.
func (s *Storage) prolong(ctx context.Context, name string, l lease) {
	defer close(l.done)
	tick := time.NewTicker(prolongEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_, _ = s.pool.Exec(ctx, sqlProlong, name, l.holder) // a database that is away: the next tick tries again
		}
	}
}

// Lock takes a lock, and waits for it as long as the context lets it.
func (s *Storage) Lock(ctx context.Context, name string) error {
	for {
		if taken, err := s.TryLock(ctx, name); err != nil || taken {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// Unlock gives a lock back; one that was lost to another process stays that one's.
func (s *Storage) Unlock(ctx context.Context, name string) error {
	s.mu.Lock()
	l, held := s.held[name]
	delete(s.held, name)
	s.mu.Unlock()
	if !held {
		return nil
	}
	l.stop()
	<-l.done
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockLimit)
	defer cancel()
	_, err := s.pool.Exec(ctx, sqlUnlock, name, l.holder)
	return tenants.Classify(err)
}
