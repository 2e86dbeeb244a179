package catalogue

import (
	"regexp"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// placeholder is {{name}} or, for an answer, {{reponse.field}}.
var placeholder = regexp.MustCompile(`\{\{([a-z0-9_.]+)\}\}`)

const answerPrefix = "reponse."

// placeholders are the names that every letter may use, beside its form's answers.
var placeholders = []string{
	"accorde", "acquis_le", "acte", "agent", "commune", "contradictoire", "cout", "decide_le", "decision_du", "demandeur", "demandeur_adresse", "demarche", "dernier_jour",
	"effet", "fondement", "limite", "maire", "mairie_adresse", "mairie_courriel", "mairie_horaires", "mairie_telephone", "motifs", "numero",
	"pieces", "portee", "recu_le", "service", "service_courriel", "service_telephone", "signataire", "signataire_qualite", "tribunal", "voies_recours",
}

// Placeholders gives the names that a letter may use between {{ and }}; beside them,
// "reponse." and the id of a field of the form.
func Placeholders() []string { return slices.Clone(placeholders) }

func placeholdersIn(l Letter) []string {
	var names []string
	for _, text := range append([]string{l.Subject}, l.Body...) {
		names = append(names, placeholdersOf(text)...)
	}
	return names
}

// placeholdersOf gives the names of a text; "" for a brace that nothing will fill.
func placeholdersOf(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	if rest := placeholder.ReplaceAllString(text, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		names = append(names, "")
	}
	return names
}

func (p *Procedure) knownPlaceholder(name string) bool {
	if id, ok := strings.CutPrefix(name, answerPrefix); ok {
		if p.Form == nil {
			return false
		}
		f, known := p.Form.Field(id)
		return known && f.Kind != forms.KindFile
	}
	return slices.Contains(placeholders, name)
}

// LetterFacts is what a letter is filled in with.
type LetterFacts struct {
	Commune        string // its name in French
	Applicant      string // civil name, as the letter greets it; may be empty
	Number         string // the request's
	ReceivedOn     calendar.Date
	DecidedOn      calendar.Date
	LastDay        calendar.Date // last day of silence, for the implicit outcomes
	AppealLastDay  calendar.Date // if known
	LimitOn        calendar.Date // day given to produce pieces
	Agent          string        // prénom, nom and title of who instructs (CRPA L.111-2); empty for anonymity
	Signatory      string        // empty: the settings' one
	SignatoryTitle string
	Reasons        string // what the agent wrote: reasons, conditions, the answer itself
	Granted        string // of a partial agreement
	Pieces         []Piece
	Delegation     string             // "Pour le maire et par délégation", with its order; empty for the mayor
	Address        string             // the applicant's, lines; may be empty
	Residence      calendar.Residence // where the applicant lives, seen from the court (CJA R.421-7)
	Revoked        Revoked            // of a withdrawal, a repeal and the hearing before
	Posted         bool               // it goes by post, and comes on a day that nobody knows yet
	Answers        map[string]string  // forms.Definition.Placeholders of the answers
}

// ComposedLetter is a letter ready to be shown, sent or printed, as plain text.
type ComposedLetter struct {
	Subject string
	Body    string
}

// Compose writes the letter of an outcome: place and date, reference, greeting, the
// model's paragraphs, who handles the file (CRPA L.111-2) and who signs (L.212-1).
// A paragraph that consists of one placeholder with nothing in it is left out, and so is a
// line of a list ("- …") whose placeholder is empty.
//
// An outcome without a letter is fault.NotFound "letter_unknown"; a refusal, an
// answer or a closure without reasons is fault.Invalid "reasons_required" (L.211-2), a partial
// agreement that does not say what is granted "granted_required";
// a notice of missing pieces without pieces is "pieces_required"; a letter that must name the
// court where none is set (CJA R.421-5), and an acceptance or a refusal that nobody signs
// (CRPA L.212-1), are fault.Invalid "mentions_missing".
func Compose(e Entry, s tenants.Settings, o Outcome, f LetterFacts) (ComposedLetter, error) {
	l, ok := e.letter(o)
	if !ok {
		return ComposedLetter{}, fault.New(fault.NotFound, "letter_unknown")
	}
	if err := f.enough(e, s, o, l); err != nil {
		return ComposedLetter{}, err
	}
	values := f.values(e, s, o)
	var body []string
	for _, paragraph := range l.Body {
		if text := fill(paragraph, values); text != "" {
			body = append(body, text)
		}
	}
	return ComposedLetter{Subject: fill(l.Subject, values), Body: f.page(e, s, body, true)}, nil
}

// page puts the paragraphs of a letter between its head and its foot.
func (f LetterFacts) page(e Entry, s tenants.Settings, body []string, signed bool) string {
	opening := "Bonjour,"
	if f.Applicant != "" {
		opening = "Bonjour " + f.Applicant + ","
	}
	parts := []string{
		f.Commune + ", le " + f.DecidedOn.FrenchShort(),
		"Référence\u00a0: " + f.Number,
		opening,
	}
	parts = append(parts, body...)
	parts = append(parts, "Bien cordialement,")
	if signed {
		parts = append(parts, f.signature(s))
	}
	parts = append(parts, f.handledBy(e, s))
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n\n")
}

func (f LetterFacts) enough(e Entry, s tenants.Settings, o Outcome, l Letter) error {
	if strings.TrimSpace(f.Reasons) == "" && (o.Refuses() || o == OutcomeAnswer || o == OutcomeClose || o == OutcomeHearing) {
		return fault.New(fault.Invalid, "reasons_required", fault.Field{Path: "reasons", Code: "required"})
	}
	if o == OutcomePartial && strings.TrimSpace(f.Granted) == "" {
		return fault.New(fault.Invalid, "granted_required", fault.Field{Path: "granted", Code: "required"})
	}
	if o == OutcomeDocuments && (len(f.Pieces) == 0 || f.LimitOn.IsZero()) {
		return fault.New(fault.Invalid, "pieces_required", fault.Field{Path: "items", Code: "required"})
	}
	var lack lacks
	if o.Signed() {
		name, title := f.signatory(s)
		lack.want(name != "" && title != "", "signatory", inSettings, "Le prénom, le nom et la qualité de qui signe les décisions (CRPA, article\u00a0L.212-1)")
	}
	if slices.Contains(placeholdersIn(l), "voies_recours") && e.Procedure().Route != RouteNone {
		lack.appeal(f.appeal(e, s))
	}
	return missingFault(lack)
}

func (f LetterFacts) values(e Entry, s tenants.Settings, o Outcome) map[string]string {
	c := ContactFor(e, s)
	implicit := o == OutcomeImplicitRejection
	silence := calendar.Date{}
	if implicit {
		silence = f.LastDay
	}
	v := map[string]string{
		"commune": f.Commune, "demandeur": f.Applicant, "numero": f.Number, "demarche": e.Procedure().Title,
		"recu_le": f.ReceivedOn.FrenchShort(), "decide_le": f.DecidedOn.FrenchShort(),
		"dernier_jour": f.LastDay.FrenchShort(), "acquis_le": f.LastDay.AddDays(1).FrenchShort(), "limite": f.LimitOn.FrenchShort(),
		"service": c.Name, "service_telephone": c.Phone, "service_courriel": c.Email,
		"agent": f.Agent, "motifs": strings.TrimSpace(f.Reasons), "accorde": strings.TrimSpace(f.Granted),
		"voies_recours": strings.Join(f.appeal(e, s).Paragraphs(!implicit, silence, f.AppealLastDay), "\n\n"),
	}
	v["signataire"], v["signataire_qualite"] = f.signatory(s)
	f.more(v, e.Procedure(), s, o)
	v["effet"] = f.noticeEffect(e.Procedure())
	lines := noticeLines(f.Pieces)
	for i := range lines {
		lines[i] = "- " + lines[i]
	}
	v["pieces"] = strings.Join(lines, "\n")
	for id, answer := range f.Answers {
		v[answerPrefix+id] = answer
	}
	return v
}

func (f LetterFacts) signatory(s tenants.Settings) (name, title string) {
	if f.Signatory != "" {
		return f.Signatory, f.SignatoryTitle
	}
	return Signatory(s)
}

// Signatory gives who signs the commune's decisions, and in what quality (CRPA
// L.212-1): whom the settings name, or else the mayor, who signs what is not
// delegated (CGCT L.2122-18). Both are empty where the settings name neither.
func Signatory(s tenants.Settings) (name, title string) {
	if s.SignatoryName == "" && s.Mayor != "" {
		return s.Mayor, "Maire"
	}
	return s.SignatoryName, s.SignatoryTitle
}

func (f LetterFacts) signature(s tenants.Settings) string {
	name, title := f.signatory(s)
	return strings.Trim(strings.Join([]string{f.Delegation, name, title}, "\n"), "\n")
}

func (f LetterFacts) handledBy(e Entry, s tenants.Settings) string {
	c := ContactFor(e, s)
	if c.Name == "" {
		return ""
	}
	by := "Dossier suivi par le service " + c.Name
	if f.Agent != "" {
		by = "Dossier suivi par " + f.Agent + ", service " + c.Name
	}
	if reach := joined(c.Phone, c.Email, oneLine(c.PostalAddress)); reach != "" {
		by += "\u00a0: " + reach
	}
	return by + "."
}

// fill puts values into a paragraph. What a person wrote is put in as it is, and
// never looked at for placeholders again.
func fill(paragraph string, values map[string]string) string {
	if m := placeholder.FindString(paragraph); m == paragraph {
		return strings.TrimSpace(values[strings.Trim(m, "{}")])
	}
	var kept []string
	for line := range strings.SplitSeq(paragraph, "\n") {
		empty := false
		filled := placeholder.ReplaceAllStringFunc(line, func(m string) string {
			v := values[strings.Trim(m, "{}")]
			empty = empty || v == ""
			return v
		})
		if !empty || !strings.HasPrefix(line, "- ") {
			kept = append(kept, filled)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

func missingFault(missing []MissingMention) error {
	if len(missing) == 0 {
		return nil
	}
	fields := make([]fault.Field, len(missing))
	for i, m := range missing {
		fields[i] = fault.Field{Path: m.Where + "/" + m.Code, Code: m.Code, Message: m.Label}
	}
	return fault.New(fault.Invalid, "mentions_missing", fields...)
}
