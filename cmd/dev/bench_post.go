package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parvis-gru/parvis/tenants"
)

// The aims of submitting a request: half of what Postgres alone does with the same
// statements, and soon enough for who waits.
const (
	postShareAim   = 0.5
	postLatencyAim = 50 * time.Millisecond
)

// benchPost measures submissions through the whole HTTP stack beside pgbench, which
// runs the statements of a real submission on the same server, in turns.
func benchPost(ctx context.Context, b *bench) error {
	h, err := openHouse(ctx, map[string]string{"logging_collector": "on", "log_destination": "jsonlog", "log_filename": "statements.log", "log_parameter_max_length": "-1"})
	if err != nil {
		return err
	}
	defer h.close()
	town, err := h.openTown(ctx)
	if err != nil {
		return err
	}
	s, stop, err := h.serveFor(ctx, b)
	if err != nil {
		return err
	}
	defer stop()
	p := &poster{addr: s.addr, host: s.host(town)}
	script, err := h.record(ctx, town, p)
	if err != nil {
		return err
	}
	peer, err := h.newPgbench(town, script, b.clients)
	if err != nil {
		return err
	}
	if _, err := p.round(ctx, b.clients, warmUp); err != nil { // warm, both
		return err
	}
	if _, err := peer.round(ctx, warmUp); err != nil {
		return err
	}
	stopProfile, err := startProfile(b.profile)
	if err != nil {
		return err
	}
	var ours, theirs []postRound
	for i := range b.rounds {
		if err := h.emptyQueue(ctx); err != nil {
			return err
		}
		// The one that begins is the other one next time.
		for side := range 2 {
			if (side+i)%2 == 0 {
				r, err := h.measuredRound(ctx, s.pid(), func() (postRound, error) { return p.round(ctx, b.clients, b.round) })
				if err != nil {
					return err
				}
				ours = append(ours, r)
				continue
			}
			r, err := h.measuredRound(ctx, 0, func() (postRound, error) { return peer.round(ctx, b.round) })
			if err != nil {
				return err
			}
			theirs = append(theirs, r)
		}
	}
	if err := stopProfile(); err != nil {
		return err
	}
	reportPost(b, ours, theirs, script)
	return nil
}

// warmUp is long enough for every client to connect and prepare, on a busy machine too.
const warmUp = 5 * time.Second

// postRound is what one side did in one round.
type postRound struct {
	timings timings
	took    time.Duration
	cpu     time.Duration // of our program
	server  time.Duration // CPU of Postgres
	log     int64         // bytes that Postgres wrote ahead
}

func (r postRound) perSecond() float64 { return float64(len(r.timings)) / r.took.Seconds() }

func (r postRound) each(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond)/float64(len(r.timings)))
}

func (r postRound) logged() string {
	return fmt.Sprintf("%.1f", float64(r.log)/1024/float64(len(r.timings)))
}

// measuredRound runs a round and counts the CPU that it took.
func (h *house) measuredRound(ctx context.Context, pid int, run func() (postRound, error)) (postRound, error) {
	before, err := h.logPosition(ctx)
	if err != nil {
		return postRound{}, err
	}
	program, server := cpuTime(pid), h.cpuTime()
	r, err := run()
	if err != nil {
		return r, err
	}
	r.cpu, r.server = cpuTime(pid)-program, h.cpuTime()-server
	after, err := h.logPosition(ctx)
	r.log = after - before
	return r, err
}

const sqlLogPosition = `select (pg_current_wal_insert_lsn() - '0/0')::bigint`

// logPosition is how many bytes the server has ever written ahead.
func (h *house) logPosition(ctx context.Context) (at int64, err error) {
	err = h.pool.QueryRow(ctx, sqlLogPosition).Scan(&at)
	return at, err
}

func reportPost(b *bench, ours, theirs []postRound, script []recordedStatement) {
	var rows [][]string
	var all, peer postRound
	for i := range ours {
		share := ours[i].perSecond() / theirs[i].perSecond()
		rows = append(rows, []string{strconv.Itoa(i + 1), fmt.Sprintf("%.0f", ours[i].perSecond()), fmt.Sprintf("%.0f", theirs[i].perSecond()), fmt.Sprintf("%.2f", share), ms(ours[i].timings.at(0.99)), ms(theirs[i].timings.at(0.99))})
		all.add(ours[i])
		peer.add(theirs[i])
	}
	share := all.perSecond() / peer.perSecond()
	met := "met"
	if share < postShareAim {
		met = "MISSED"
	}
	rows = append(rows, []string{"all", fmt.Sprintf("%.0f", all.perSecond()), fmt.Sprintf("%.0f", peer.perSecond()), fmt.Sprintf("%.2f (aim %.2f: %s)", share, postShareAim, met)})
	b.table([]string{"round", "POST a second", "pgbench a second", "share", "p99 of POST, ms", "of pgbench"}, rows)
	b.table([]string{"ms", "p50", "p95", "p99", "worst", "aim p99", ""}, [][]string{
		append(append([]string{"POST /api/v1/requests"}, all.timings.columns()...), ms(postLatencyAim), verdict(all.timings.at(0.99), postLatencyAim)),
		append(append([]string{"pgbench, the same statements"}, peer.timings.columns()...), "", ""),
	})
	b.table([]string{"a submission", "ms of CPU of Postgres", "of our program", "KB of write-ahead log"}, [][]string{
		{"POST /api/v1/requests", all.each(all.server), all.each(all.cpu), all.logged()}, {"pgbench", peer.each(peer.server), "", peer.logged()},
	})
	b.note("%d clients, one commune, fsync on; the workers do not run; %d statements a submission", b.clients, len(script))
}

func (r *postRound) add(o postRound) {
	r.timings = append(r.timings, o.timings...)
	r.took += o.took
	r.cpu += o.cpu
	r.server += o.server
	r.log += o.log
}

// emptyQueue forgets the jobs that nobody works here, so that neither side counts
// the other's backlog.
func (h *house) emptyQueue(ctx context.Context) error {
	_, err := h.pool.Exec(ctx, `truncate river.river_job`)
	return err
}

// poster submits requests on connections that it keeps, with as little work of its
// own as pgbench has.
type poster struct {
	addr, host string
	sent       atomic.Int64
}

// letterBody is a complaint to the mayor, as the API takes it.
var letterBody, _ = json.Marshal(map[string]any{ //nolint:errcheck // plain values
	"procedure": "courrier-maire", "channel": "web",
	"applicant": map[string]any{"given_name": "Jeanne", "family_name": "Dupont", "email": "jeanne000000000000@example.org", "postal_address": "3 rue des Lilas\n31320 Castanet-Tolosan"},
	"answers": map[string]any{
		"nature": "reclamation", "sujet": "Bruit le soir",
		"message": "Bonjour, la salle voisine reste ouverte après 23 heures plusieurs soirs par semaine. Pouvez-vous rappeler le règlement aux occupants ?",
	},
})

// post submits one request of somebody who never did before: each has a network, an
// address and a key of their own, for the API bounds how much one may send.
func (p *poster) post(conn net.Conn, in *bufio.Reader) error {
	n := p.sent.Add(1)
	body := bytes.Replace(letterBody, []byte("jeanne000000000000@"), fmt.Appendf(nil, "jeanne%012d@", n), 1)
	head := fmt.Sprintf("POST /api/v1/requests HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-Forwarded-For: 10.%d.%d.%d\r\nIdempotency-Key: %d-%d\r\n\r\n",
		p.host, len(body), n>>16&255, n>>8&255, n&255, n, rand.Uint64()) //nolint:gosec // a key, not a secret
	if _, err := conn.Write(append([]byte(head), body...)); err != nil {
		return err
	}
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusCreated {
		return fmt.Errorf("POST answers %d: %s", answer.StatusCode, tail(string(text)))
	}
	return nil
}

func (p *poster) round(ctx context.Context, clients int, length time.Duration) (postRound, error) {
	var (
		group errgroup.Group
		mu    sync.Mutex
		r     postRound
	)
	began := time.Now()
	for range clients {
		group.Go(func() error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.addr)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close() }()
			in := bufio.NewReader(conn)
			var own timings
			for time.Since(began) < length && ctx.Err() == nil {
				if err := own.measure(func() error { return p.post(conn, in) }); err != nil {
					return err
				}
			}
			mu.Lock()
			defer mu.Unlock()
			r.timings = append(r.timings, own...)
			return nil
		})
	}
	err := group.Wait()
	r.took = time.Since(began)
	if err == nil && len(r.timings) == 0 {
		err = errors.New("nothing was submitted")
	}
	return r, err
}

// record submits some times and gives the statements of the last submission, as the
// server saw them.
func (h *house) record(ctx context.Context, town tenants.Tenant, p *poster) ([]recordedStatement, error) {
	super, err := h.superuser(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = super.Close(ctx) }()
	if _, err := p.round(ctx, 1, 200*time.Millisecond); err != nil { // statements are prepared, caches are filled
		return nil, err
	}
	logged := func(value string) error {
		if _, err := super.Exec(ctx, `alter system set log_statement = '`+value+`'`); err != nil {
			return err
		}
		_, err := super.Exec(ctx, `select pg_reload_conf()`)
		time.Sleep(500 * time.Millisecond)
		return err
	}
	if err := logged("all"); err != nil {
		return nil, err
	}
	for range 4 {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.addr)
		if err != nil {
			return nil, err
		}
		err = errors.Join(p.post(conn, bufio.NewReader(conn)), conn.Close())
		if err != nil {
			return nil, err
		}
	}
	if err := logged("none"); err != nil {
		return nil, err
	}
	return readStatements(h.postgres.DataDir()+"/log/statements.json", town.Schema)
}
