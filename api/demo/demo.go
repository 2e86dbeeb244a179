package demo

import (
	"embed"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
)

//go:embed *.html
var files embed.FS

// Agent is a demonstration account.
type Agent struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	Email    string `json:"email"`
	Password string `json:"password"`
	APIToken string `json:"api_token,omitempty"`
}

// roles say what the accounts are for.
var roles = map[string]string{
	"admin": "administration", "instructor": "instruction", "front": "accueil",
	"hub": "responsable", "hub_delegate": "s’occupe des communes", "hub_reader": "consulte les listes",
}

// Does says in words what the account is for.
func (a Agent) Does() string { return roles[a.Role] }

// Commune is where a commune is, and who works there.
type Commune struct {
	Host   string  `json:"host"`
	URL    string  `json:"url"`
	Slug   string  `json:"slug"`
	INSEE  string  `json:"insee"`
	Name   string  `json:"name"`
	Agents []Agent `json:"agents"`

	Population int `json:"population"`
}

// Hub is where the hub is, and who administers it: Admin answers for it.
type Hub struct {
	Host   string  `json:"host"`
	URL    string  `json:"url"`
	Slug   string  `json:"slug"`
	Name   string  `json:"name"`
	Admin  Agent   `json:"admin"`
	Others []Agent `json:"others,omitempty"`
}

// Accounts are every address and account of the demonstration.
type Accounts struct {
	Tenants []Commune `json:"tenants"`
	Hub     Hub       `json:"hub"`
}

// Config is what a Server needs.
type Config struct {
	UI       *web.UI
	Inbox    *Inbox
	Accounts func() Accounts
	Site     web.Site // the platform's
}

// Server answers on the platform's host.
type Server struct {
	Config
	router *web.Router
}

type homePage struct {
	web.Frame
	Accounts Accounts
}

type messagesPage struct {
	web.Frame
	Messages []Message
	Total    int
}

type messagePage struct {
	web.Frame
	Message Message
}

var (
	homeTemplate     = web.MustParse[homePage](web.Citizen, files, "home.html")
	messagesTemplate = web.MustParse[messagesPage](web.Citizen, files, "messages.html")
	messageTemplate  = web.MustParse[messagePage](web.Citizen, files, "message.html")
)

// shown is how many messages the page lists.
const shown = 60

// New makes the platform's pages of the demonstration.
func New(c Config) *Server {
	s := &Server{Config: c}
	s.router = web.NewRouter(func(w http.ResponseWriter, r *http.Request, scope web.Scope, err error) {
		c.UI.Fail(w, r, scope.Site, err)
	})
	s.router.Handle("GET /{$}", s.home)
	s.router.Handle("GET /demo/messages", s.messages)
	s.router.Handle("GET /demo/messages/{id}", s.message)
	s.router.Handle("GET /demo/messages/{id}/html", s.html)
	s.router.Handle("GET /demo/messages.json", func(w http.ResponseWriter, _ *http.Request, _ web.Scope) error {
		return writeJSON(w, s.Inbox.Messages())
	})
	s.router.Handle("GET /demo/accounts.json", func(w http.ResponseWriter, _ *http.Request, _ web.Scope) error {
		return writeJSON(w, s.Accounts())
	})
	s.router.Handle("/", func(http.ResponseWriter, *http.Request, web.Scope) error {
		return fault.New(fault.NotFound, "not_found")
	})
	return s
}

// ServeHTTP answers a request for the platform's host.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.router.Serve(w, r, web.Scope{Site: s.Site})
}

func (s *Server) frame(w http.ResponseWriter, r *http.Request, scope web.Scope, title, current string) web.Frame {
	f := s.UI.Frame(w, r, scope.Site, title)
	f.Current = current
	f.Nav = []web.NavItem{{Label: "Adresses et comptes", URL: "/"}, {Label: "Messages envoyés", URL: "/demo/messages"}, {Label: "Ouvrir un portail", URL: "/ouvrir"}}
	return f
}

func (s *Server) home(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
	return homeTemplate.Render(w, r, http.StatusOK, homePage{Frame: s.frame(w, r, scope, "Adresses et comptes", "/"), Accounts: s.Accounts()})
}

func (s *Server) messages(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
	all := s.Inbox.Messages()
	page := messagesPage{Frame: s.frame(w, r, scope, "Messages envoyés", "/demo/messages"), Messages: all[:min(shown, len(all))], Total: len(all)}
	page.Wide = true
	return messagesTemplate.Render(w, r, http.StatusOK, page)
}

func (s *Server) find(r *http.Request) (Message, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err == nil {
		for _, m := range s.Inbox.Messages() {
			if m.ID == id {
				return m, nil
			}
		}
	}
	return Message{}, fault.New(fault.NotFound, "not_found")
}

func (s *Server) message(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
	m, err := s.find(r)
	if err != nil {
		return err
	}
	page := messagePage{Frame: s.frame(w, r, scope, "Message", "/demo/messages"), Message: m}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Messages envoyés", URL: "/demo/messages"}, {Label: "Message " + strconv.Itoa(m.ID)}}
	return messageTemplate.Render(w, r, http.StatusOK, page)
}

// html shows a mail as a mail program would, cut off from everything else.
func (s *Server) html(w http.ResponseWriter, r *http.Request, _ web.Scope) error {
	m, err := s.find(r)
	if err != nil || m.HTML == "" {
		return fault.New(fault.NotFound, "not_found")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "sandbox allow-popups allow-top-navigation-by-user-activation; default-src 'none'; style-src 'unsafe-inline'")
	_, err = io.Copy(w, strings.NewReader(m.HTML))
	return err
}

func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(v)
}
