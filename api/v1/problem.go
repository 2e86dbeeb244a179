package v1

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
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
	Article  string `json:"article,omitempty" doc:"The text that forbids it, where one does"`
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
	general := web.FieldErrors(err)
	for _, field := range f.Fields {
		message, own := advice[field.Path+" "+field.Code]
		if !own {
			message = general[field.Path]
		}
		p.Errors = append(p.Errors, ProblemDetail{Location: location(field), Code: field.Code, Message: message, Article: field.Article})
	}
	return p
}

// advice says what to do about one field where its code alone says too little.
var advice = map[string]string{
	"applicant/given_name required":     "Donnez le prénom de la personne, ou l’organisme pour lequel elle agit.",
	"applicant/family_name required":    "Donnez le nom de la personne, ou l’organisme pour lequel elle agit.",
	"applicant/email required":          "Donnez une adresse électronique ou une adresse postale, pour que la mairie puisse répondre.",
	"applicant/email invalid":           "Donnez une adresse électronique complète, par exemple nom@exemple.fr.",
	"applicant/phone required":          "Donnez le numéro de mobile où envoyer les SMS, ou retirez « sms ».",
	"applicant/phone invalid":           "Donnez un numéro de téléphone complet, par exemple 06 12 34 56 78 ou +33612345678.",
	"applicant/phone not_textable":      "Donnez un numéro de mobile de France ou d’Europe, ou retirez « sms ».",
	"applicant/organisation_id invalid": "Donnez un numéro SIREN (9 chiffres), SIRET (14 chiffres) ou RNA (W et 9 chiffres).",
	"channel invalid":                   "Choisissez un des canaux prévus par le schéma.",
	"received_on invalid":               "Donnez un jour qui n’est pas dans l’avenir ni trop ancien ; seul un agent peut choisir un autre jour qu’aujourd’hui.",
	"idempotency_key too_long":          "Envoyez une clé d’au plus 255 caractères.",
	"cursor invalid":                    "Donnez « next » de la page précédente, avec les mêmes filtres, ou rien.",
	"filter invalid":                    "Un des filtres n’est pas valable : voir les valeurs prévues par le schéma.",
	"outcome invalid":                   "Choisissez une des décisions que cette démarche prévoit (voir sa fiche et l’état de la demande).",
	"delivery invalid":                  "Choisissez email, counter ou post ; email demande une adresse électronique et l’accord de la personne.",
	"limit_on invalid":                  "Donnez un jour après aujourd’hui, dans un délai raisonnable.",
	"letter too_long":                   "Raccourcissez la lettre.",
	"text too_long":                     "Raccourcissez ce texte.",
	"body required":                     "Écrivez le message.",
	"body too_long":                     "Raccourcissez le message.",
	"items required":                    "Donnez au moins une pièce, avec le texte qui l’exige.",
}

// location says where in the HTTP request a field of the domain stands. The name of
// an unknown answer was typed by somebody: it is left out.
func location(f fault.Field) string {
	path := strings.ReplaceAll(f.Path, "/", ".")
	switch {
	case f.Code == forms.CodeUnknownField:
		return parent("body." + path)
	case path == "cursor":
		return "query.cursor"
	case path == "filter":
		return "query"
	case path == "idempotency_key":
		return "header.Idempotency-Key"
	case strings.HasPrefix(path, "settings."), strings.HasPrefix(path, "service."):
		return path // of the commune, not of what was sent
	default:
		return "body." + path
	}
}

// retryAfter is what 429 and 503 say, in seconds.
const retryAfter = "5"

// WriteProblem answers with a fault as a problem, outside huma's operations.
func WriteProblem(w http.ResponseWriter, _ *http.Request, err error) {
	write(w, problemOf(err))
}

func write(w http.ResponseWriter, p *Problem) {
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
var known = regexp.MustCompile(`^(body|query|path|header)([.\[][A-Za-z0-9_\]-]{1,40}){0,6}$`)

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
	{"expected string to match pattern", "pattern", "Cette valeur n’a pas la forme prévue par le schéma."},
	{"expected array length", "length", "La liste est trop courte ou trop longue."},
	{"expected number", "range", "Ce nombre sort des limites du schéma."},
	{"invalid", "invalid", "Cette valeur ne peut pas être lue."},
}

// newProblem makes a problem that no fault of the domain stands behind.
func newProblem(status int, code, detail string) *Problem {
	return &Problem{Type: "urn:parvis:problem:" + code, Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// refusal is the problem of what is refused before the domain sees it.
func refusal(status int) *Problem {
	switch status {
	case http.StatusBadRequest:
		return newProblem(status, "json_invalid", "Le corps de la requête n’est pas du JSON bien formé.")
	case http.StatusRequestEntityTooLarge:
		return newProblem(status, "body_too_large", "Le corps de la requête est trop grand. Envoyez au plus 256 Ko.")
	case http.StatusUnsupportedMediaType:
		return newProblem(status, "media_type", "Envoyez du JSON, avec l’en-tête Content-Type: application/json.")
	case http.StatusNotAcceptable:
		return newProblem(status, "not_acceptable", "La réponse est en JSON : acceptez application/json.")
	case http.StatusUnprocessableEntity:
		return newProblem(status, "request_invalid", "Corrigez ce qui suit, puis envoyez de nouveau la requête.")
	default:
		return newProblem(status, "request_invalid", "La requête ne peut pas être lue. Vérifiez qu’elle suit le schéma de /api/v1/openapi.json.")
	}
}

// newError makes what huma itself finds wrong a problem. Values, names of unknown
// fields and parser messages are left out.
func newError(status int, _ string, errs ...error) huma.StatusError {
	p := refusal(status)
	if status == http.StatusBadRequest {
		return p // what the parser says quotes what was sent
	}
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok { //nolint:errorlint // huma gives these, never wrapped
			p.Errors = append(p.Errors, detailOf(d.ErrorDetail()))
		}
	}
	return p
}

// huma keeps this for the whole process.
func init() { huma.NewError = newError }

func detailOf(d *huma.ErrorDetail) ProblemDetail {
	out := ProblemDetail{Location: d.Location, Code: "invalid", Message: "Cette valeur n’est pas acceptée."}
	for _, s := range sentences {
		if strings.HasPrefix(d.Message, s.begins) {
			out.Code, out.Message = s.code, s.sentence
			break
		}
	}
	if name, missing := strings.CutPrefix(d.Message, "expected required property "); missing {
		name, _, _ = strings.Cut(name, " ") // of our schema
		out.Location += "." + name
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
