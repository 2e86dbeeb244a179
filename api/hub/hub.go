package hub

import (
	"embed"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/door"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
)

//go:embed *.html
var files embed.FS

// Server is the hub's area.
type Server struct {
	web.Deps
	router *web.Router
	door   *door.Kit
}

// New makes the area with its routes.
func New(d web.Deps) *Server {
	s := &Server{Deps: d}
	s.router = web.NewRouter(func(w http.ResponseWriter, r *http.Request, scope web.Scope, err error) {
		switch {
		case fault.Is(err, "sign_in"), fault.Is(err, "sign_in_again"):
			web.Redirect(w, r, signInAddress(r))
		case fault.Is(err, "enrol"):
			web.Redirect(w, r, accountPath)
		default:
			d.UI.Fail(w, r, scope.Site, err)
		}
	})
	s.door = s.newDoor()
	s.door.Routes(s.router)
	s.router.Handle("GET /{$}", s.administrators(s.communes))
	s.router.Handle("GET /communes.csv", s.administrators(s.communesCSV))
	s.router.Handle("GET /demandes", s.administrators(s.requests))
	s.router.Handle("GET /demandes.csv", s.administrators(s.requestsCSV))
	s.router.Handle("GET "+modelsPath, s.administrators(s.models))
	s.router.Handle("POST "+modelsPath, s.administrators(s.addModel))
	s.router.Handle("GET "+modelsPath+"/{slug}", s.administrators(s.model))
	s.router.Handle("POST "+modelsPath+"/{slug}", s.administrators(s.changeModel))
	s.router.Handle("GET /administrateurs", s.administrators(s.admins))
	s.router.Handle("POST /administrateurs", s.administrators(s.inviteAdmin))
	s.router.Handle("GET /administrateurs/{id}", s.administrators(s.adminPage))
	s.router.Handle("POST /administrateurs/{id}", s.administrators(s.changeAdmin))
	s.router.Handle("GET /reglages", s.administrators(s.shared))
	s.router.Handle("POST /reglages", s.administrators(s.saveShared))
	s.router.Handle("GET /ouvertures", s.administrators(s.asks))
	s.router.Handle("GET /ouvertures/{id}", s.administrators(s.ask))
	s.router.Handle("POST /ouvertures/{id}", s.administrators(s.decide))
	s.router.Handle("GET /communes/nouvelle", s.administrators(s.newCommune))
	s.router.Handle("GET "+receivePath, s.administrators(s.receiving))
	s.router.Handle("POST "+receivePath, s.administrators(s.receive))
	s.router.Handle("POST /communes", s.administrators(s.open))
	s.router.Handle("GET /communes/{insee}", s.administrators(s.commune))
	s.router.Handle("POST /communes/{insee}/assistance", s.administrators(s.askSupport))
	s.router.Handle("POST /communes/{insee}/entrer", s.administrators(s.enter))
	s.router.Handle("GET /communes/{insee}/vie", s.administrators(s.life))
	s.router.Handle("POST /communes/{insee}/vie", s.administrators(s.lead))
	s.router.Handle("GET /communes/{insee}/base", s.administrators(s.cell))
	s.router.Handle("POST /communes/{insee}/base", s.administrators(s.move))
	s.router.Handle("GET "+erasedPath, s.administrators(s.erased))
	s.router.Handle("GET "+erasedPath+"/{file}", s.administrators(s.certificate))
	s.router.Handle("POST /communes/{insee}/agent", s.administrators(s.invite))
	s.router.Handle("/", func(http.ResponseWriter, *http.Request, web.Scope) error {
		return fault.New(fault.NotFound, "not_found")
	})
	return s
}

// Serve answers a request for a page of a hub.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, scope web.Scope) {
	s.router.Serve(w, r, scope)
}

// visit is a request of an administrator who is signed in.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	scope web.Scope
	admin tenants.HubAdmin
	entry string // a way into a commune that was just made
}

// administrators lets administrators of this hub in, and leads others to sign in.
func (s *Server) administrators(page func(visit) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
		who, err := s.Resident(r, scope)
		if err != nil {
			return err
		}
		if who.MustEnrol {
			return fault.New(fault.Forbidden, "enrol")
		}
		return page(visit{w: w, r: r, scope: scope, admin: who.Admin})
	}
}

// frame begins a page of an administrator.
func (s *Server) frame(v visit, title, current string) web.Frame {
	f := s.UI.Frame(v.w, v.r, v.scope.Site, title)
	f.Area = "Intercommunalité"
	f.Current = current
	f.Nav = []web.NavItem{
		{Label: "Communes", URL: "/", Icon: "building-2"},
		{Label: "Demandes", URL: requestsPath, Icon: "inbox"},
		{Label: "Démarches", URL: modelsPath, Icon: "file-text"},
	}
	if v.admin.Actor().MayManage() {
		f.Nav = append(f.Nav, web.NavItem{Label: "Ouvrir une commune", URL: "/communes/nouvelle", Icon: "plus"}, web.NavItem{Label: "Demandes d’ouverture", URL: opening.OpeningsPath, Icon: "landmark"})
	}
	f.Nav = append(f.Nav, web.NavItem{Label: "Administrateurs", URL: adminsPath, Icon: "users"}, web.NavItem{Label: "Réglages partagés", URL: sharedPath, Icon: "settings"})
	f.User = &web.User{Name: v.admin.Name(), URL: accountPath, SignOut: "/deconnexion"}
	return f
}
