package tenants

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Stamp tells in which state somebody read what a commune shows to everyone: its
// settings, its procedures and its services. The zero Stamp is never unchanged.
type Stamp struct {
	run uint64 // of listening without a gap
	nth uint64 // change of the commune in that run
}

// Stamp gives the state of a commune's public content, to be taken before it is read;
// the first call begins to listen for changes in its cell. It is zero while nobody
// listens there.
func (tx *Tx) Stamp() Stamp {
	return tx.db.pools.cells.watched(tx.tenant.Cell).stamp(tx.tenant.Schema)
}

// Unchanged tells whether a commune's public content is still as it was at a stamp. The
// database tells of a change as it is committed: a moment may pass, of milliseconds.
func (db *DB) Unchanged(t Tenant, s Stamp) bool {
	return s.run != 0 && db.pools.cells.watched(t.Cell).stamp(t.Schema) == s
}

// watched gives the watch of a cell that this process has met, and begins it.
func (c *Cells) watched(name string) *watch {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.open[name]
	if o == nil {
		return &watch{}
	}
	if o.watch == nil {
		o.watch = beginWatch(o.owner.Config().ConnConfig)
	}
	return o.watch
}

// watch listens for what the communes of a cell say of their changes.
type watch struct {
	stop context.CancelFunc
	done chan struct{}

	mu        sync.Mutex
	run       uint64
	listening bool
	changes   map[string]uint64 // by schema, in this run
}

func beginWatch(config *pgx.ConnConfig) *watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for ctx.Err() == nil {
			_ = w.listen(ctx, config.Copy()) // away: nothing is kept longer than it was before there was a watch
			w.gap()
			select {
			case <-ctx.Done():
			case <-time.After(watchAgain):
			}
		}
	}()
	return w
}

// end stops listening.
func (w *watch) end() {
	w.stop()
	<-w.done
}

// How long a watch waits before it connects anew, how often it looks whether its silent
// connection is alive, and how long that may take.
const (
	watchAgain = time.Second
	watchAlive = 10 * time.Second
	watchLimit = 3 * time.Second
)

// sqlListen: what the trigger of a commune's tables calls (migrations/cell).
const sqlListen = `listen parvis_public`

func (w *watch) listen(ctx context.Context, config *pgx.ConnConfig) error {
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { w.changed(n.Payload) }
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { closeConn(conn) }()
	if _, err := conn.Exec(ctx, sqlListen); err != nil {
		return err
	}
	w.begin()
	for {
		wait, cancel := context.WithTimeout(ctx, watchAlive)
		err := conn.PgConn().WaitForNotification(wait)
		cancel()
		if err == nil {
			continue
		}
		if ctx.Err() != nil || !pgconn.Timeout(err) {
			return err
		}
		alive, cancel := context.WithTimeout(ctx, watchLimit)
		err = conn.Ping(alive)
		cancel()
		if err != nil {
			return err
		}
	}
}

func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run, w.listening, w.changes = w.run+1, true, map[string]uint64{}
}

func (w *watch) gap() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listening = false
}

func (w *watch) changed(schema string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.changes) >= maxWatched { // names that are no commune's, then: begin anew
		w.run, w.changes = w.run+1, map[string]uint64{}
	}
	w.changes[schema]++
}

// maxWatched bounds what is remembered: more than a cell can hold.
const maxWatched = 20_000

func (w *watch) stamp(schema string) Stamp {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.listening {
		return Stamp{}
	}
	return Stamp{run: w.run, nth: w.changes[schema]}
}
