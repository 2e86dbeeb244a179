package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// response counts what is sent and compresses texts on their way.
type response struct {
	http.ResponseWriter
	encoding string
	status   int
	sent     int64
	packer   packer
	packed   bool // the decision to compress was made
}

type packer interface {
	io.WriteCloser
	Reset(io.Writer)
	Flush() error
}

// The levels are those at which a page of 15 KB takes well under a millisecond.
var packers = map[string]*sync.Pool{
	"br":   {New: func() any { return brotli.NewWriterLevel(io.Discard, 4) }},
	"gzip": {New: func() any { return must(gzip.NewWriterLevel(io.Discard, 5)) }},
}

// minPacked is the size under which compressing does not pay, in bytes.
const minPacked = 600

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) begun() bool { return w.status != 0 }

func (w *response) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// WriteHeader only remembers the status: the headers go out with the first bytes,
// when it is known whether they are compressed.
func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status >= 100 && status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.status = status
}

// Write sends bytes, compressed where that pays.
func (w *response) Write(p []byte) (int, error) {
	w.begin(len(p))
	w.sent += int64(len(p))
	if w.packer != nil {
		return w.packer.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// begin decides on compression by the type and the size of the first bytes.
func (w *response) begin(size int) {
	if w.packed {
		return
	}
	w.packed = true
	if w.status == 0 {
		w.status = http.StatusOK
	}
	h := w.Header()
	if compressible(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" {
		h.Add("Vary", "Accept-Encoding")
		if w.encoding != "" && size >= minPacked {
			h.Set("Content-Encoding", w.encoding)
			h.Del("Content-Length")
			w.packer = packers[w.encoding].Get().(packer) //nolint:errcheck,forcetypeassert // the pool holds nothing else
			w.packer.Reset(w.ResponseWriter)
		}
	}
	w.ResponseWriter.WriteHeader(w.status)
}

// FlushError sends what is held back (http.ResponseController).
func (w *response) FlushError() error {
	w.begin(0)
	if w.packer != nil {
		if err := w.packer.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *response) close() {
	if w.status != 0 && !w.packed { // a status without a body
		w.packed = true
		w.ResponseWriter.WriteHeader(w.status)
	}
	if w.packer != nil {
		_ = w.packer.Close() // the reader may have gone away
		packers[w.encoding].Put(w.packer)
		w.packer = nil
	}
}

func compressible(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	switch kind {
	case "text/html", "text/plain", "text/csv", "text/css", "application/json", "application/problem+json", "image/svg+xml", "application/schema+json":
		return true
	}
	return false
}
