package documents

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Compiler is the npm package, at the version that the templates are tested with.
const Compiler = "@myriaddreamin/typst-ts-node-compiler@0.7.0"

// Config says where the compiler is, and what it may take. The zero one makes no PDF.
type Config struct {
	Node string // the program of Node.js, 20 or later
	Dir  string // a folder whose node_modules holds Compiler
	Log  *slog.Logger

	// Bounds; zero: the defaults below.
	MaxRSS     int64         // bytes of the process, past which it is replaced after a document
	MaxGrowth  int64         // bytes that it may take beyond those of its start, even within a document; the kernel gives no more
	MaxServed  int           // documents, likewise
	MaxWaiting int           // documents that wait for their turn; more are refused
	Limit      time.Duration // for one document; past it the process is ended
}

// The bounds by default.
const (
	defaultRSS     = 320 << 20
	defaultGrowth  = 256 << 20 // measured: the largest batch and the longest letter take some 30 MB
	defaultServed  = 2000
	defaultWaiting = 64
	defaultLimit   = 5 * time.Second
	longestWait    = 15 * time.Second // for one's turn
)

func (c Config) startLimit() time.Duration { return max(20*time.Second, c.Limit) }

// Renderer makes PDFs, one after the other, in one process. It is safe for concurrent
// use; a nil Renderer makes none.
type Renderer struct {
	c       Config
	able    bool          // everything was there when it was made
	turn    chan struct{} // holds one while a document is made
	waiting atomic.Int64

	process  *process // guarded by turn
	mu       sync.Mutex
	next     *process // a successor that is ready
	renewing bool
	closed   bool
}

// NewRenderer makes a renderer; its process starts with the first document.
func NewRenderer(c Config) *Renderer {
	if c.MaxRSS == 0 {
		c.MaxRSS = defaultRSS
	}
	if c.MaxGrowth == 0 {
		c.MaxGrowth = defaultGrowth
	}
	if c.MaxServed == 0 {
		c.MaxServed = defaultServed
	}
	if c.MaxWaiting == 0 {
		c.MaxWaiting = defaultWaiting
	}
	if c.Limit == 0 {
		c.Limit = defaultLimit
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r := &Renderer{c: c, turn: make(chan struct{}, 1)}
	r.able = r.Missing() == ""
	return r
}

// Able tells whether PDFs can be had at all: pages offer them only then.
func (r *Renderer) Able() bool { return r != nil && r.able }

// Missing says, in English, what is not there that PDFs need; "" where nothing is.
func (r *Renderer) Missing() string {
	switch {
	case r == nil || r.c.Dir == "":
		return "the folder of the Typst compiler is not set"
	case r.c.Node == "":
		return "Node.js 20 or later is not there"
	}
	if _, err := exec.LookPath(r.c.Node); err != nil {
		return "Node.js is not at " + r.c.Node
	}
	if _, err := os.Stat(filepath.Join(r.c.Dir, "node_modules", "@myriaddreamin", "typst-ts-node-compiler", "package.json")); err != nil {
		return "the Typst compiler is not in " + r.c.Dir
	}
	return ""
}

// Check makes a document, and so tells whether everything that PDFs need is there.
func (r *Renderer) Check(ctx context.Context) error {
	if missing := r.Missing(); missing != "" {
		return errors.New(missing)
	}
	_, err := r.Render(ctx, Content{Kind: Facts, Sender: Sender{Office: "Parvis"}, Subject: "Essai", Date: calendar.NewDate(2026, time.January, 1)}, Look{})
	if cause := errors.Unwrap(err); cause != nil {
		return cause
	}
	return err
}

// Render makes the PDF (PDF/UA-1) of a content. It is called outside any transaction.
// Without a compiler it is fault.Unavailable "pdf_unavailable"; with too many before us,
// or where it takes too long, fault.Unavailable "pdf_busy"; a content that cannot be set
// is fault.Internal "document_template".
func (r *Renderer) Render(ctx context.Context, c Content, l Look) ([]byte, error) {
	if !r.Able() {
		return nil, fault.New(fault.Unavailable, "pdf_unavailable")
	}
	kept, err := c.encode()
	if err != nil {
		return nil, err
	}
	question, data := job{Template: c.Kind.template(), At: c.Date.Start(time.UTC).Unix()}, c.view(l, kept)
	if len(l.Logo) > 0 {
		question.Logo, question.LogoName = l.Logo, logoName
		data.Logo = logoName
	}
	question.Data = data
	return r.inTurn(ctx, question, r.c.Limit)
}

// inTurn asks the process once those before us are served.
func (r *Renderer) inTurn(ctx context.Context, question job, limit time.Duration) ([]byte, error) {
	if r.waiting.Add(1) > int64(r.c.MaxWaiting) {
		r.waiting.Add(-1)
		return nil, fault.New(fault.Unavailable, "pdf_busy")
	}
	defer r.waiting.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, "pdf_busy", ctx.Err())
	}
	defer func() { <-r.turn }()
	return r.render(question, limit)
}

// render has the turn. A process that dies under a document is replaced, once.
func (r *Renderer) render(question job, limit time.Duration) ([]byte, error) {
	var pdf []byte
	var err error
	for range 2 {
		var p *process
		if p, err = r.current(); err != nil {
			return nil, fault.Wrap(fault.Unavailable, "pdf_unavailable", err)
		}
		pdf, err = p.ask(question, limit)
		p.served++
		if refused, ok := errors.AsType[errTemplate](err); ok {
			return nil, fault.Wrap(fault.Internal, "document_template", refused)
		}
		if err == nil {
			if p.rss > r.c.MaxRSS*4/5 || p.served >= r.c.MaxServed*4/5 {
				r.renew()
			}
			return pdf, nil
		}
		r.c.Log.Warn("the PDF renderer has ended under a document", "served", p.served, "rss_mb", p.rss>>20)
		p.kill()
		p.end()
		r.process = nil
	}
	return nil, fault.Wrap(fault.Unavailable, "pdf_busy", err)
}

// current gives a living process within its bounds; whoever calls it has the turn.
func (r *Renderer) current() (*process, error) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, errGone
	}
	next := r.next
	r.next = nil
	r.mu.Unlock()
	if next != nil {
		r.retire()
		r.process = next
	}
	if p := r.process; p != nil && (!p.alive() || p.rss > r.c.MaxRSS || p.served >= r.c.MaxServed) {
		r.retire()
	}
	if r.process == nil {
		p, err := startProcess(r.c)
		if err != nil {
			return nil, err
		}
		r.process = p
	}
	return r.process, nil
}

func (r *Renderer) retire() {
	if old := r.process; old != nil {
		r.process = nil
		go old.end()
	}
}

// renew starts a successor beside the process that grows too large, so that nobody waits
// for it.
func (r *Renderer) renew() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.renewing || r.next != nil || r.closed {
		return
	}
	r.renewing = true
	go func() {
		p, err := startProcess(r.c)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.renewing = false
		switch {
		case err != nil:
			r.c.Log.Warn("no successor of the PDF renderer", "error", fmt.Sprint(err))
		case r.closed:
			go p.end()
		default:
			r.next = p
		}
	}()
}

// Memory gives the bytes that the process last said it holds; 0 before the first document.
func (r *Renderer) Memory() int64 {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if r.process == nil {
		return 0
	}
	return r.process.rss
}

// Close ends the process, after the document that it is making. No more can be made.
func (r *Renderer) Close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.closed = true
	next := r.next
	r.next = nil
	r.mu.Unlock()
	if next != nil {
		next.end()
	}
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if r.process != nil {
		r.process.end()
		r.process = nil
	}
}
