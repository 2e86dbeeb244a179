package web_test

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// The style pages show every component, for the eye and for the tests. To look at
// them: go test ./api/web -run TestServeStyle -style 127.0.0.1:8099
var styleAddr = flag.String("style", "", "address to serve the style pages at until interrupted")

//go:embed testdata/style/*.html
var styleFiles embed.FS

type formStyle struct {
	web.Frame
	Facts     web.Facts
	Stepper   web.Stepper
	Step      forms.StepView
	Questions []web.Disclosure
}

type componentsStyle struct {
	web.Frame
	Search      web.Search
	Tiles       web.Tiles
	Inputs      []web.Input
	Textarea    web.Textarea
	Radios      web.Choices
	Checks      web.Choices
	Checkbox    web.Checkbox
	Select      web.Select
	Date        web.Date
	Address     web.Address
	File        web.File
	Declaration web.Declaration
	Statuses    []web.Status
	Notices     []web.Notice
	Summary     web.SummaryList
	Timeline    web.Timeline
	Tabs        web.Tabs
	Table       web.Table
	Pagination  web.Pagination
}

type listRow struct {
	Number, Subject, Name, Service, Due, Agent string
	Status                                     web.Status
	Current, Late                              bool
}

type listStyle struct {
	web.Frame
	Tabs       web.Tabs
	Selects    []web.Select
	Due        web.Input
	Rows       []listRow
	Pagination web.Pagination
	Panel      web.Status
}

type signInStyle struct {
	web.Frame
	Email, Password web.Input
}

var (
	styleRoot          = mustSub(styleFiles, "testdata/style")
	formTemplate       = web.MustParse[formStyle](web.Citizen, styleRoot, "form.html")
	componentsTemplate = web.MustParse[componentsStyle](web.Citizen, styleRoot, "components.html")
	listTemplate       = web.MustParse[listStyle](web.Agent, styleRoot, "list.html")
	signInTemplate     = web.MustParse[signInStyle](web.SignIn, styleRoot, "signin.html")
)

func mustSub(f fs.FS, dir string) fs.FS {
	sub, err := fs.Sub(f, dir)
	if err != nil {
		panic(err)
	}
	return sub
}

// styleSite is a commune of the Sicoval, with invented figures.
func styleSite(colour string) web.Site {
	c, err := branding.Parse(colour)
	if err != nil {
		panic(err)
	}
	return web.Site{
		Name: "Castanet-Tolosan", Slug: "castanet-tolosan", Code: "31113", Hub: "Sicoval", Colour: c, Phone: "05 00 00 00 00",
		Email: "mairie@castanet.example", Address: "1 place de la Mairie\n31320 Castanet-Tolosan", OpeningHours: "Du lundi au vendredi : 8 h 30 – 17 h 30\nSamedi : 9 h – 12 h",
	}
}

// newUI makes a web layer whose log a test can read.
func newUI(t *testing.T, log *slog.Logger) *web.UI {
	t.Helper()
	ui, err := web.New(web.Config{Key: []byte("0123456789abcdef0123456789abcdef"), Log: log, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return ui
}

// styleHandler serves the style pages: ?couleur=ffcc00 changes the commune's.
func styleHandler(ui *web.UI) http.Handler {
	mux := http.NewServeMux()
	for _, p := range web.AssetPaths {
		mux.Handle(p, web.Assets())
	}
	page := func(pattern string, draw func(http.ResponseWriter, *http.Request, web.Site) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := draw(w, r, siteOf(r)); err != nil {
				ui.Fail(w, r, siteOf(r), err)
			}
		})
	}
	page("GET /{$}", func(w http.ResponseWriter, r *http.Request, s web.Site) error {
		return componentsTemplate.Render(w, r, http.StatusOK, componentsPage(ui, w, r, s))
	})
	page("GET /formulaire", func(w http.ResponseWriter, r *http.Request, s web.Site) error {
		return formTemplate.Render(w, r, http.StatusUnprocessableEntity, formPage(ui, w, r, s))
	})
	page("GET /agents", func(w http.ResponseWriter, r *http.Request, s web.Site) error {
		return listTemplate.Render(w, r, http.StatusOK, listPage(ui, w, r, s))
	})
	page("GET /agents/connexion", func(w http.ResponseWriter, r *http.Request, s web.Site) error {
		p := signInStyle{
			Frame: ui.Frame(w, r, s, "Se connecter"), Email: web.Input{Name: "email", Label: "Adresse électronique", Type: "email", Autocomplete: "username"},
			Password: web.Input{Name: "password", Label: "Mot de passe", Type: "password", Autocomplete: "current-password"},
		}
		p.Area = "Espace agents"
		return signInTemplate.Render(w, r, http.StatusOK, p)
	})
	page("GET /fautes/{kind}", func(_ http.ResponseWriter, r *http.Request, _ web.Site) error {
		for k := fault.Internal; k <= fault.Unavailable; k++ {
			if k.String() == r.PathValue("kind") {
				return fault.New(k, "no_such_code")
			}
		}
		return fault.New(fault.NotFound, "not_found")
	})
	return ui.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ui.ServeSite(w, r, siteOf(r)) {
			mux.ServeHTTP(w, r)
		}
	}))
}

// siteOf takes the colour from a cookie-less place that every address of a page
// shares: the host's first label ("ffcc00.localhost").
func siteOf(r *http.Request) web.Site {
	if len(r.Host) > 6 {
		if _, err := branding.Parse("#" + r.Host[:6]); err == nil {
			return styleSite("#" + r.Host[:6])
		}
	}
	return styleSite("#1f6b5c")
}

func TestServeStyle(t *testing.T) {
	t.Parallel()
	if *styleAddr == "" {
		checkStylePages(t)
		return
	}
	listener, err := net.Listen("tcp", *styleAddr)
	if err != nil {
		t.Fatal(err)
	}
	server := web.NewServer("", styleHandler(newUI(t, slog.New(slog.NewTextHandler(os.Stderr, nil)))))
	go func() { _ = server.Serve(listener) }()
	fmt.Println("style pages at http://" + listener.Addr().String())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	<-stop
	_ = server.Close()
}
