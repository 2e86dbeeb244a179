package api

import (
	"net"
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/agent"
	"github.com/parvis-gru/parvis/api/citizen"
	"github.com/parvis-gru/parvis/api/hub"
	"github.com/parvis-gru/parvis/api/open"
	"github.com/parvis-gru/parvis/api/v1"
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// area is a part of a site.
type area interface {
	Serve(w http.ResponseWriter, r *http.Request, s web.Scope)
}

// Server leads requests to areas.
type Server struct {
	deps     web.Deps
	platform http.Handler
	demo     bool

	citizen, agent, hub, v1, open area

	shelf *web.Shelf
}

// Config is what a Server needs.
type Config struct {
	web.Deps
	// Platform answers on the platform's own host for the home page and what stands below
	// /demo; nil: nobody does. The other pages there are package open's.
	Platform http.Handler
	// Operator is who runs the platform, for its legal pages.
	Operator open.Operator
	// Demo lets pages say that they are a demonstration's.
	Demo bool
}

// New makes the handler of every host: pages, assets and API.
func New(c Config) http.Handler {
	s := &Server{deps: c.Deps, platform: c.Platform, demo: c.Demo, shelf: web.NewShelf(c.DB, c.Clock)}
	s.citizen = citizen.New(s.deps)
	s.agent = agent.New(s.deps)
	s.hub = hub.New(s.deps)
	s.v1 = v1.New(s.deps)
	s.open = open.New(open.Config{Deps: s.deps, Operator: c.Operator, Demo: c.Demo})
	mux := http.NewServeMux()
	for _, pattern := range web.AssetPaths {
		mux.Handle(pattern, web.Assets())
	}
	mux.HandleFunc("/", s.serve)
	return c.UI.Wrap(mux)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	site, err := s.deps.Registry.ByHost(r.Context(), r.Host)
	if err != nil {
		s.nobody(w, r, err)
		return
	}
	switch site.Kind {
	case tenants.SiteTenant:
		s.serveTenant(w, r, site)
	case tenants.SiteHub:
		scope := web.Scope{Hub: site.Hub, Site: web.Site{
			Name: site.Hub.Name, Slug: site.Hub.Slug, Code: site.Hub.Slug, Colour: colour(site.Hub.Colour), Demo: s.demo,
		}}
		if !s.deps.UI.ServeSite(w, r, scope.Site) {
			s.hub.Serve(w, r, scope)
		}
	default:
		s.servePlatform(w, r)
	}
}

func (s *Server) servePlatform(w http.ResponseWriter, r *http.Request) {
	scope := web.Scope{Site: open.Site(s.demo)}
	switch {
	case s.deps.UI.ServeSite(w, r, scope.Site):
	case s.platform != nil && (r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/demo/")):
		s.platform.ServeHTTP(w, r)
	default:
		s.open.Serve(w, r, scope)
	}
}

// nobody answers where no site is: a plain page, and what that page needs to be drawn.
func (s *Server) nobody(w http.ResponseWriter, r *http.Request, err error) {
	style := strings.HasPrefix(r.URL.Path, "/theme-") || strings.HasPrefix(r.URL.Path, "/favicon.") || strings.HasPrefix(r.URL.Path, "/marque/")
	if !style || !s.deps.UI.ServeSite(w, r, web.Site{}) {
		s.fail(w, r, web.Scope{}, err)
	}
}

func (s *Server) serveTenant(w http.ResponseWriter, r *http.Request, site tenants.Site) {
	t := site.Tenant
	if site.Own && w.Header().Get("Strict-Transport-Security") != "" {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000") // the names below it are not ours to speak for
	}
	scope := s.tenantScope(t, web.Public{})
	if strings.HasPrefix(r.URL.Path, "/theme-") && s.deps.UI.ServeSite(w, r, scope.Site) { // needs no database
		return
	}
	public, err := s.shelf.Of(r.Context(), t)
	if err != nil {
		s.fail(w, r, scope, err)
		return
	}
	if scope = s.tenantScope(t, public); s.deps.ServeSite(w, r, scope) || s.atHome(w, r, t) {
		return
	}
	agents := r.URL.Path == "/agents" || strings.HasPrefix(r.URL.Path, "/agents/")
	switch {
	case t.State == tenants.StateSuspended && !agents:
		s.fail(w, r, scope, fault.New(fault.Unavailable, "tenant_suspended"))
	case strings.HasPrefix(r.URL.Path, "/api/"):
		s.v1.Serve(w, r, scope)
	case agents:
		if r.Method == http.MethodPost {
			defer s.shelf.Forget(t.ID) // whoever changed something sees it at once
		}
		s.agent.Serve(w, r, scope)
	default:
		s.citizen.Serve(w, r, scope)
	}
}

func (s *Server) tenantScope(t tenants.Tenant, p web.Public) web.Scope {
	scope := web.Scope{Tenant: t, Public: p, Site: web.TenantSite(t, p.Settings)}
	scope.Site.Demo = s.demo
	return scope
}

// homeAge is how long a browser may keep that a commune's address is another one: a
// domain that is lost must not stay an address for long.
const homeAge = "max-age=300"

// atHome leads whoever reads a page to the commune's main address, and says whether it
// did. Programs, and what is sent, are answered where they are.
func (s *Server) atHome(w http.ResponseWriter, r *http.Request, t tenants.Tenant) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if t.MainHost == "" || strings.EqualFold(strings.TrimSuffix(host, "."), t.MainHost) || strings.HasPrefix(r.URL.Path, "/api/") ||
		r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	web.SetRoute(r, "GET (main host)")
	w.Header().Set("Cache-Control", homeAge)
	http.Redirect(w, r, s.deps.URL(t.MainHost)+r.URL.RequestURI(), http.StatusPermanentRedirect) //nolint:gosec // the host is one that the commune has proved to be its own
	return true
}

// fail answers as the area would: the API's clients get a problem, people a page.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, scope web.Scope, err error) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		v1.WriteProblem(w, r, err)
		return
	}
	s.deps.UI.Fail(w, r, scope.Site, err)
}

// colour reads a colour that the registry checked when it was set.
func colour(text string) branding.Colour {
	c, err := branding.Parse(text)
	if err != nil {
		c = branding.Suggest(text)
	}
	return c
}
