package web

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// exchange is what the edge knows of one request, for its log line.
type exchange struct {
	id    string
	route string
	body  io.ReadCloser // as it comes in, without our bounds
	large int64         // bytes that a form with files may have; 0: MaxUpload
	until time.Duration // from its beginning, that it may take; 0: uploadTime
}

type exchangeKey struct{}

// RequestID gives the identifier that the log and the answer (X-Request-Id) share;
// empty outside a request.
func RequestID(ctx context.Context) string {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x.id
	}
	return ""
}

// SetRoute says what the log may call this request, where no ServeMux pattern does.
func SetRoute(r *http.Request, route string) {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		x.route = route
	}
}

// Times that a request may take.
const (
	readTime  = 30 * time.Second
	writeTime = 2 * time.Minute
)

// Wrap is the outermost handler: request id, access log, recovery, deadlines,
// security headers, refusal of cross-site posts, and compression.
func (u *UI) Wrap(next http.Handler) http.Handler {
	u.cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.Fail(w, r, Site{}, fault.New(fault.Forbidden, "cross_site"))
	}))
	guarded := u.cross.Handler(next)
	return http.HandlerFunc(func(raw http.ResponseWriter, r *http.Request) {
		start := u.config.Now()
		x := &exchange{id: strings.ToLower(rand.Text()[:20]), body: r.Body}
		limit := readTime
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
			limit = uploadTime
		}
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), exchangeKey{}, x), limit)
		defer cancel()
		r = r.WithContext(ctx)
		deadlines := http.NewResponseController(raw)
		_ = deadlines.SetReadDeadline(start.Add(limit))              // where the server has deadlines
		_ = deadlines.SetWriteDeadline(start.Add(limit + writeTime)) // likewise
		r.Body = http.MaxBytesReader(raw, r.Body, MaxUpload+MaxForm)

		w := &response{ResponseWriter: raw, encoding: negotiate(r)}
		u.headers(w.Header(), x.id)
		defer u.finish(w, r, x, start)
		if strings.ContainsRune(r.URL.Path, 0) || !utf8.ValidString(r.URL.Path) {
			u.Fail(w, r, Site{}, fault.New(fault.NotFound, "not_found")) // nothing is called so
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// finish answers a panic with a plain page, ends compression and logs the request:
// its route, never its path or query.
func (u *UI) finish(w *response, r *http.Request, x *exchange, start time.Time) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			panic(p)
		}
		u.config.Log.LogAttrs(r.Context(), slog.LevelError, "panic",
			slog.String("request_id", x.id), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		if !w.begun() {
			u.plain(w, r, Site{}, http.StatusInternalServerError, faultPage(fault.New(fault.Internal, "internal"), x.id))
		}
	}
	w.close()
	route := x.route
	if route == "" {
		route = r.Pattern
	}
	if route == "" {
		route = "(none)" // the method is the client's own word
	}
	took := u.config.Now().Sub(start)
	u.config.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("request_id", x.id), slog.String("site", logged(r.Host)), slog.String("route", route), slog.Int("status", w.code()),
		slog.Int64("bytes", w.sent), slog.Duration("took", took))
	if u.config.Observe != nil {
		u.config.Observe(route, w.code(), took)
	}
}

// logged cuts a host that somebody made up to what a name can be (RFC 1035, 2.3.4).
func logged(host string) string { return host[:min(len(host), 255)] }

// policy is the content security policy: everything from this host, nothing
// inline, no frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// AllowFrame lets a page show another of its host in a frame, before it is rendered; the other says
// [AllowFramed]. Every other page refuses both.
func AllowFrame(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", policy+"; frame-src 'self'")
}

// AllowFramed lets a page be shown in a frame by another of its host, before it is rendered.
func AllowFramed(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors 'self'", 1))
}

// headers are said of every answer.
func (u *UI) headers(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(), microphone=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Origin-Agent-Cluster", "?1")
	if u.config.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}
