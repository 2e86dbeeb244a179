package web

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/tenants"
)

// Scope is whose pages a request asks for, found from its host before anything
// else: an explicit argument of every handler.
type Scope struct {
	Site   Site
	Tenant tenants.Tenant // of a commune's pages
	Public                // of that commune
	Hub    tenants.Hub    // of a hub's pages
}

// Bound gives a context in which a page of a commune reaches that commune alone.
func (s Scope) Bound(ctx context.Context) context.Context {
	if s.Tenant.ID == 0 {
		return ctx
	}
	return tenants.Bound(ctx, s.Tenant)
}

// Handler is a page's handler: what it returns is shown as the right plain page.
type Handler func(w http.ResponseWriter, r *http.Request, s Scope) error

// Router leads an area's paths to its handlers.
type Router struct {
	mux  *http.ServeMux
	fail func(w http.ResponseWriter, r *http.Request, s Scope, err error)
}

// NewRouter makes a router; fail answers what a handler returned.
func NewRouter(fail func(w http.ResponseWriter, r *http.Request, s Scope, err error)) *Router {
	return &Router{mux: http.NewServeMux(), fail: fail}
}

// scopeKey carries the scope between Serve and the handler's argument, through
// the standard library's mux; nothing else reads it.
type scopeKey struct{}

// Handle leads a pattern of net/http to a handler.
func (rt *Router) Handle(pattern string, h Handler) {
	rt.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		scope, _ := r.Context().Value(scopeKey{}).(Scope)
		SetRoute(r, pattern)
		if err := h(w, r, scope); err != nil {
			rt.fail(w, r, scope, err)
		}
	})
}

// Serve answers a request in a scope.
func (rt *Router) Serve(w http.ResponseWriter, r *http.Request, s Scope) {
	rt.mux.ServeHTTP(w, r.WithContext(context.WithValue(s.Bound(r.Context()), scopeKey{}, s)))
}
