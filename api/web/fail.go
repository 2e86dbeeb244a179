package web

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"

	"github.com/parvis-gru/parvis/tenants/fault"
)

//go:embed pages/*.html
var pageFiles embed.FS

// plainPage is a page of the web layer's own: an error, or no network.
type plainPage struct {
	Frame
	Heading, Text string
	Items         []string
	Reference     string // the request's id, to be quoted to the town hall
	Again         bool   // trying again helps
}

var plainTemplate = MustParse[plainPage](bare, pageFiles, "pages/plain.html")

// offline is what the service worker shows without a network.
var offline = plainPage{
	Heading: "Vous êtes hors connexion",
	Text:    "Cette page a besoin d’internet. Ce que vous avez déjà enregistré n’est pas perdu : reprenez votre démarche dès que le réseau revient.",
	Again:   true,
}

// plain sends one of them.
func (u *UI) plain(w http.ResponseWriter, r *http.Request, site Site, status int, page plainPage) {
	page.Again = page.Again && (r.Method == http.MethodGet || r.Method == http.MethodHead)
	page.Frame = Frame{Site: site, Title: page.Heading, Path: r.URL.Path}
	body, err := plainTemplate.draw(page, false)
	if err != nil {
		u.config.Log.LogAttrs(r.Context(), slog.LevelError, "plain page", slog.Any("error", err))
		http.Error(w, page.Heading, status)
		return
	}
	send(w, r, status, body)
}

// statuses are what each kind of fault answers.
var statuses = map[fault.Kind]int{
	fault.Internal: http.StatusInternalServerError, fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound,
	fault.Unauthorized: http.StatusForbidden, fault.Forbidden: http.StatusForbidden, fault.Conflict: http.StatusConflict,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
}

// StatusOf is what a page answers that comes back with an error; without one, 200.
func StatusOf(refused error) int {
	if refused == nil {
		return http.StatusOK
	}
	return statuses[fault.Of(refused).Kind]
}

// ComesBack tells whether an error is shown on the page of its form, with what was
// typed, rather than on a plain page.
func ComesBack(err error) bool {
	f := fault.Of(err)
	if f == nil {
		return false
	}
	switch f.Kind {
	case fault.Invalid, fault.Conflict, fault.TooLarge, fault.TooMany:
		return true
	}
	return f.Code == "form_expired"
}

// Seconds after which trying again makes sense.
const (
	retryUnavailable = 30
	retryTooMany     = 60
)

// Fail answers with the plain page that says what an error means and what to do,
// and logs it if it is ours. The site may be zero: for an unknown host, the page
// bears nobody's name.
func (u *UI) Fail(w http.ResponseWriter, r *http.Request, site Site, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		w.WriteHeader(statusGone) // the reader left: nobody sees this
		return
	}
	f := fault.Of(err)
	if f.Kind == fault.Internal && errors.Is(err, context.DeadlineExceeded) {
		f = fault.Wrap(fault.Unavailable, "too_slow", err)
	}
	status := statuses[f.Kind]
	h := w.Header()
	switch f.Kind {
	case fault.Unavailable:
		h.Set("Retry-After", strconv.Itoa(retryUnavailable))
	case fault.TooMany:
		h.Set("Retry-After", strconv.Itoa(retryTooMany))
	}
	h.Set("Cache-Control", "no-store")
	id := RequestID(r.Context())
	if status >= http.StatusInternalServerError {
		u.config.Log.LogAttrs(r.Context(), slog.LevelError, "fault",
			slog.String("request_id", id), slog.String("site", logged(r.Host)), slog.String("kind", f.Kind.String()), slog.String("code", f.Code), slog.String("error", err.Error()))
	}
	page := faultPage(f, id)
	if f.Code == codeSuspended {
		page.Heading, page.Items, page.Again = "Portail suspendu", append(site.Lines(), site.Hours()...), false
	}
	u.plain(w, r, site, status, page)
}

// codeSuspended is the fault of a commune whose portal takes nothing in: its page says
// where the town hall is.
const codeSuspended = "tenant_suspended"

// statusGone is nginx's "client closed request", for the log.
const statusGone = 499

// faultPage words a fault.
func faultPage(f *fault.Error, id string) plainPage {
	page := plainPage{Heading: headings[f.Kind], Text: Sentence(f)}
	for _, field := range f.Fields {
		page.Items = append(page.Items, fieldSentence(field))
	}
	switch f.Kind {
	case fault.Internal:
		page.Reference, page.Again = id, true
	case fault.Unavailable, fault.TooMany, fault.Conflict:
		page.Again = true
	}
	return page
}

// FieldMessages gives what an error says of each of its fields, once each; nothing where it says nothing.
func FieldMessages(err error) []string {
	f := fault.Of(err)
	if err == nil || f == nil {
		return nil
	}
	var out []string
	for _, field := range f.Fields {
		if field.Message != "" && !slices.Contains(out, field.Message) {
			out = append(out, field.Message)
		}
	}
	return out
}
