package open

import (
	"embed"
	"net/http"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
)

//go:embed *.html
var files embed.FS

// Operator is who runs the platform, as its legal pages say it. Empty where the
// configuration does not tell.
type Operator struct {
	Name  string
	Lines []string // address, telephone, e-mail
}

// Config is what a Server needs.
type Config struct {
	web.Deps
	Operator Operator
	Demo     bool
}

// Server is the platform's area.
type Server struct {
	Config
	router *web.Router

	searches, asks, tries *web.Limiter
}

// New makes the area with its routes.
func New(c Config) *Server {
	s := &Server{Config: c, searches: web.NewLimiter(60, 40), asks: web.NewLimiter(0.5, 10), tries: web.NewLimiter(2, 20)}
	s.router = web.NewRouter(func(w http.ResponseWriter, r *http.Request, scope web.Scope, err error) {
		c.UI.Fail(w, r, scope.Site, err)
	})
	s.handle("GET /{$}", func(v visit) error { web.Redirect(v.w, v.r, opening.OpenPath); return nil })
	s.handle("GET /ouvrir", s.landing)
	s.handle("GET /ouvrir/conditions", s.terms)
	s.handle("GET /ouvrir/communes/{insee}", s.commune)
	s.handle("POST /ouvrir/communes/{insee}", s.ask)
	s.handle("GET /ouvrir/communes/{insee}/suite", s.progress)
	s.handle("POST /ouvrir/communes/{insee}/suite", s.goOn)
	s.handle("GET /mentions-legales", s.legal)
	s.handle("GET /donnees-personnelles", s.privacy)
	s.handle("GET /accessibilite", s.accessibility)
	s.handle("/", func(visit) error { return fault.New(fault.NotFound, "not_found") })
	return s
}

// Site is the platform's own.
func Site(demo bool) web.Site {
	tagline := "Le portail de votre commune"
	if demo {
		tagline = "Démonstration"
	}
	return web.Site{Name: opening.Platform.Name, Code: "parvis", Slug: "parvis", Tagline: tagline, Colour: branding.Suggest("parvis"), Demo: demo}
}

// Serve answers a request for a page of the platform.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, scope web.Scope) {
	s.router.Serve(w, r, scope)
}

// visit is one request for a page.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	scope web.Scope
}

func (v visit) insee() string { return v.r.PathValue("insee") }

func (s *Server) handle(pattern string, page func(visit) error) {
	s.router.Handle(pattern, func(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
		return page(visit{w: w, r: r, scope: scope})
	})
}

// frame begins a page.
func (s *Server) frame(v visit, title, current string) web.Frame {
	f := s.UI.Frame(v.w, v.r, v.scope.Site, title)
	f.Current = current
	f.Nav = []web.NavItem{{Label: "Ouvrir un portail", URL: opening.OpenPath, Icon: "landmark"}, {Label: "Conditions", URL: termsPath, Icon: "file-text"}}
	if s.Demo {
		f.Nav = append(f.Nav, web.NavItem{Label: "Adresses et comptes", URL: "/"}, web.NavItem{Label: "Messages envoyés", URL: "/demo/messages"})
	}
	return f
}

// The cookie that finds a request again in the browser where it was made, and how long
// it is kept: a hub's answer may take days.
const (
	holderCookie = "ouverture"
	holderLife   = 30 * 24 * time.Hour
)

// holder gives the secret of this browser; "" where it has none.
func (s *Server) holder(v visit) string {
	secret, _ := s.UI.Cookie(v.r, holderCookie)
	return secret
}

// slow refuses what comes too often from one network.
func slow(l *web.Limiter, r *http.Request) error {
	if ok, _ := l.Allow(web.ClientNetwork(r)); !ok {
		return fault.New(fault.TooMany, "too_many")
	}
	return nil
}

func placePath(insee string) string { return opening.OpenPath + "/communes/" + insee }

// comesBack tells whether an error is shown on the page of its form: here also where a
// part is away, for the form can be sent again.
func comesBack(err error) bool {
	return web.ComesBack(err) || fault.Of(err).Kind == fault.Unavailable
}
