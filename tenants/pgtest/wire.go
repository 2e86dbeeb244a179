package pgtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Wire leads to a deployment's server, and is cut as it is when a program dies: what it
// had asked for stands, what it was about to ask for is never heard, and nobody listens
// to an answer.
type Wire struct {
	URL string // of the deployment's database, through the wire

	server   string
	listener net.Listener

	mu    sync.Mutex
	when  func() bool // asked before each thing that is asked: is it cut here?
	conns []net.Conn
	cut   bool
}

// NewWire makes a wire to the database of a URL. It ends with the test.
func NewWire(t testing.TB, url string) *Wire {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{server: fmt.Sprintf("%s:%d", config.Host, config.Port)}
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Cut)
	_, port, _ := strings.Cut(w.listener.Addr().String(), ":")
	w.URL = fmt.Sprintf("postgres://%s:%s@127.0.0.1:%s/%s?sslmode=disable", config.User, config.Password, port, config.Database)
	go w.listen()
	return w
}

// CutAt lets the wire be cut at the nth thing that is asked of the server from now on,
// counted over all connections.
func (w *Wire) CutAt(n int) {
	w.CutWhen(func() bool { n--; return n == 0 })
}

// CutWhen lets the wire be cut before the first thing that is asked of the server of which
// this holds. It is asked of one thing after the other, and each waits for its answer.
func (w *Wire) CutWhen(holds func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.when = holds
}

// Cut ends every connection, and takes no new one.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	_ = w.listener.Close()
	for _, c := range w.conns {
		_ = c.Close()
	}
}

// IsCut tells whether the wire was cut.
func (w *Wire) IsCut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

func (w *Wire) listen() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", w.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, client, server)
		gone := w.cut
		w.mu.Unlock()
		if gone {
			w.Cut()
			return
		}
		go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
		go func() { w.forward(server, client); _ = server.Close() }()
	}
}

// forward hands on what the client asks, message by message: first the one that begins
// the connection, then those that bear a letter.
func (w *Wire) forward(server io.Writer, client io.Reader) {
	for head := 4; ; head = 5 {
		begin := make([]byte, head)
		if _, err := io.ReadFull(client, begin); err != nil {
			return
		}
		size := binary.BigEndian.Uint32(begin[head-4:]) - 4
		if head == 5 && (begin[0] == 'Q' || begin[0] == 'S') && w.ends() {
			w.Cut()
			return
		}
		if _, err := server.Write(begin); err != nil {
			return
		}
		if _, err := io.CopyN(server, client, int64(size)); err != nil {
			return
		}
	}
}

// ends tells whether the wire is cut before what is asked now.
func (w *Wire) ends() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut || w.when != nil && w.when()
}
