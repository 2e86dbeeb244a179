package v1

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Problem is an RFC 9457 problem.
type Problem struct {
	Type   string          `json:"type" doc:"A stable identifier of the kind of problem" example:"urn:parvis:problem:answers_invalid"`
	Title  string          `json:"title" doc:"What the status means"`
	Status int             `json:"status" doc:"The HTTP status"`
	Detail string          `json:"detail,omitempty" doc:"What to do, in French"`
	Code   string          `json:"code" doc:"A stable code of the problem" example:"answers_invalid"`
	Errors []ProblemDetail `json:"errors,omitempty" doc:"What to correct, one entry a place"`
}

// ProblemDetail is one thing to correct.
type ProblemDetail struct {
	Location string `json:"location" doc:"Where, as in body.answers.date or query.limit" example:"body.answers.date"`
	Code     string `json:"code,omitempty" doc:"A stable code"`
	Message  string `json:"message" doc:"What to do, in French"`
}

// Error gives the problem's code.
func (p *Problem) Error() string { return p.Code }

// GetStatus gives the HTTP status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives RFC 9457's media type, for huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var statuses = map[fault.Kind]int{
	fault.Internal: http.StatusInternalServerError, fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound,
	fault.Unauthorized: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden, fault.Conflict: http.StatusConflict,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
}

// problemOf makes a fault a problem.
func problemOf(err error) *Problem {
	f := fault.Of(err)
	p := &Problem{Type: "urn:parvis:problem:" + f.Code, Status: statuses[f.Kind], Code: f.Code, Detail: web.Sentence(err)}
	p.Title = http.StatusText(p.Status)
	sentences := web.FieldErrors(err)
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemDetail{
			Location: "body." + strings.ReplaceAll(field.Path, "/", "."), Code: field.Code, Message: sentences[field.Path],
		})
	}
	return p
}

// retryAfter is what 429 and 503 say, in seconds.
const retryAfter = "5"

// WriteProblem answers with a fault as a problem, outside huma's operations.
func WriteProblem(w http.ResponseWriter, _ *http.Request, err error) {
	p := problemOf(err)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller went away: nothing to do
}

// known are the places that huma names and that hold nothing that was typed: an
// index, or a word of our own schema.
var known = regexp.MustCompile(`^(body|query|path|header)([.\[][a-z0-9_\]]{1,40}){0,6}$`)

// sentences are what huma's validation finds, in French; %s stands for nothing
// that was sent.
var sentences = []struct{ begins, code, sentence string }{
	{"expected required property", "required", "Ajoutez cette valeur : elle est obligatoire."},
	{"required", "required", "Ajoutez cette valeur : elle est obligatoire."},
	{"unexpected property", "unknown_field", "Retirez ce qui n’est pas prévu par le schéma (voir /api/v1/openapi.json)."},
	{"unknown query parameter", "unknown_field", "Retirez ce paramètre : il n’existe pas (voir /api/v1/openapi.json)."},
	{"expected string", "type", "Donnez un texte."},
	{"expected boolean", "type", "Donnez vrai ou faux (true, false)."},
	{"expected integer", "type", "Donnez un nombre entier."},
	{"expected number", "type", "Donnez un nombre."},
	{"expected object", "type", "Donnez un objet."},
	{"expected array", "type", "Donnez une liste."},
	{"expected length <=", "too_long", "Raccourcissez ce texte."},
	{"expected length >=", "too_short", "Complétez ce texte."},
	{"expected value to be one of", "choice", "Choisissez une des valeurs prévues par le schéma."},
	{"expected string to be RFC 3339", "date", "Donnez une date, par exemple 2026-12-31."},
	{"expected array length", "length", "La liste est trop courte ou trop longue."},
	{"expected number", "range", "Ce nombre sort des limites du schéma."},
	{"invalid", "invalid", "Cette valeur ne peut pas être lue."},
}

// newError makes what huma itself finds wrong a problem. Values, names of unknown
// fields and parser messages are left out.
func newError(status int, _ string, errs ...error) huma.StatusError {
	p := &Problem{Title: http.StatusText(status), Status: status, Code: "request_invalid", Detail: "La requête ne peut pas être lue. Vérifiez qu’elle suit le schéma de /api/v1/openapi.json."}
	switch status {
	case http.StatusBadRequest:
		p.Code, p.Detail = "json_invalid", "Le corps de la requête n’est pas du JSON bien formé."
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Detail = "body_too_large", "Le corps de la requête est trop grand. Envoyez au plus 256 Ko."
	case http.StatusUnsupportedMediaType:
		p.Code, p.Detail = "media_type", "Envoyez du JSON, avec l’en-tête Content-Type: application/json."
	case http.StatusNotAcceptable:
		p.Code, p.Detail = "not_acceptable", "La réponse est en JSON : acceptez application/json."
	case http.StatusUnprocessableEntity:
		p.Detail = "Corrigez ce qui suit, puis envoyez de nouveau la requête."
	}
	p.Type = "urn:parvis:problem:" + p.Code
	for _, err := range errs {
		if p.Status == http.StatusBadRequest {
			break
		}
		if d, ok := err.(huma.ErrorDetailer); ok { //nolint:errorlint // huma gives these, never wrapped
			p.Errors = append(p.Errors, detailOf(d.ErrorDetail()))
		}
	}
	return p
}

func detailOf(d *huma.ErrorDetail) ProblemDetail {
	out := ProblemDetail{Location: d.Location, Code: "invalid", Message: "Cette valeur n’est pas acceptée."}
	for _, s := range sentences {
		if strings.HasPrefix(d.Message, s.begins) {
			out.Code, out.Message = s.code, s.sentence
			break
		}
	}
	if out.Code == "unknown_field" || !known.MatchString(out.Location) {
		out.Location = parent(out.Location)
	}
	return out
}

// parent gives the part of a place that stands before what was typed.
func parent(location string) string {
	for {
		cut := strings.LastIndexAny(location, ".[")
		if cut < 0 {
			return "body"
		}
		location = location[:cut]
		if known.MatchString(location) {
			return location
		}
	}
}
