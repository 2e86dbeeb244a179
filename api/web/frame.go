package web

import (
	"net/http"
	"strings"
)

// Frame is what a layout needs. Every page struct embeds it first.
type Frame struct {
	Site        Site
	Title       string // the page's heading; the layout adds the site's name
	Description string // for search engines; public pages only
	Current     string // the URL of the navigation item that is current
	Breadcrumbs Breadcrumbs
	User        *User
	Nav         []NavItem
	Flash       *Notice
	Errors      ErrorSummary
	Path        string  // where the page stands, without its query
	Wide        bool    // the whole width, no 44 rem column
	Inert       bool    // citizens’ layout: what is around the page cannot be used, where an agent looks at it in a frame
	Area        string  // what the agents' bar says beside the name
	Banner      *Notice // stands above everything, on every page

	failed  bool // the page answers 422
	request *framed
}

// framed ties a frame to its request, for what is minted only if it is used.
type framed struct {
	ui *UI
	w  http.ResponseWriter
	r  *http.Request
}

// User is who is signed in, as the header shows it.
type User struct {
	Name    string
	URL     string // their account; empty: no link
	SignOut string // path that a POST signs out at
}

// NavItem is one entry of the navigation. A Count of 0 is not shown.
type NavItem struct {
	Label, URL, Icon string
	Count            int
}

// Link is a label that leads somewhere; without a URL it is text.
type Link struct {
	Label, URL string
}

// Frame begins a page: it takes the flash message left by the last one.
func (u *UI) Frame(w http.ResponseWriter, r *http.Request, site Site, title string) Frame {
	return Frame{
		Site: site, Title: title, Path: r.URL.Path, Flash: u.takeFlash(w, r),
		request: &framed{ui: u, w: w, r: r},
	}
}

func (f Frame) frame() Frame { return f }

// CSRF mints the token that Form checks, and its cookie; it is called by the
// "csrf" component alone, so that pages without a form set no cookie.
func (f Frame) CSRF() string {
	if f.request == nil {
		return ""
	}
	return f.request.ui.mintToken(f.request.w, f.request.r)
}

// DocumentTitle is the text of <title>: a page that must be corrected says so
// first, since it is what a screen reader says first.
func (f Frame) DocumentTitle() string {
	parts := make([]string, 0, 2)
	if f.Title != "" {
		parts = append(parts, f.Title)
	}
	if f.Site.Name != "" {
		parts = append(parts, f.Site.Name)
	}
	title := strings.Join(parts, " – ")
	if f.failed {
		return "Erreur : " + title
	}
	return title
}

// Tagline is the line under the site's name.
func (f Frame) Tagline() string {
	if f.Site.Tagline != "" {
		return f.Site.Tagline
	}
	return "Vos démarches en ligne"
}

// citizenNav is what a citizen's page shows unless it says otherwise.
var citizenNav = []NavItem{
	{Label: "Démarches", URL: "/", Icon: "file-text"},
	{Label: "Suivre", URL: "/suivi", Icon: "search"},
	{Label: "Mon espace", URL: "/mon-espace", Icon: "user"},
}

// Navigation is the page's own entries, or the citizens'.
func (f Frame) Navigation() []NavItem {
	if f.Nav != nil {
		return f.Nav
	}
	return citizenNav
}

// Standing says whether help can be had by telephone or at a counter.
func (f Frame) Standing() bool {
	return f.Site.Phone != "" || f.Site.Email != "" || f.Site.Address != "" || f.Site.OpeningHours != ""
}
