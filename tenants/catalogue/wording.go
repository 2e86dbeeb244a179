package catalogue

import (
	"maps"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Wordings gives the outcomes whose letter a commune may word: those that the procedure
// has a letter for or needs one for, and, where it grants, those by which that is taken back.
func (p *Procedure) Wordings() []Outcome {
	_, grants := p.Letters[OutcomeAccept]
	needed := p.requiredLetters()
	return slices.DeleteFunc(slices.Clone(outcomes), func(o Outcome) bool {
		_, own := p.Letters[o]
		own = own || slices.Contains(needed, o)
		_, common := commonLetters[o]
		return !own && (!common || !grants) || o == OutcomePartial && !slices.Contains(p.Outcomes(), o)
	})
}

// Wording gives the letter of an outcome as it now stands, the procedure's own or the
// common one, and whether there is one.
func (e Entry) Wording(o Outcome) (Letter, bool) { return e.letter(o) }

// Reword gives a copy of a procedure with other words for one letter; empty paragraphs are
// left out. An outcome without a letter is fault.NotFound "letter_unknown"; what [Procedure.Check]
// objects to in the letter is fault.Invalid "letter_invalid", with a field for each that says
// where ("letters/refuse/body/2").
func (p *Procedure) Reword(o Outcome, l Letter) (*Procedure, error) {
	if !slices.Contains(p.Wordings(), o) {
		return nil, fault.New(fault.NotFound, "letter_unknown")
	}
	own, err := p.Copy()
	if err != nil {
		return nil, err
	}
	own.Letters = maps.Clone(own.Letters)
	if own.Letters == nil { // of a file that had none
		own.Letters = map[Outcome]Letter{}
	}
	own.Letters[o] = Letter{Subject: strings.TrimSpace(l.Subject), Body: slices.DeleteFunc(slices.Clone(l.Body), func(s string) bool { return strings.TrimSpace(s) == "" })}
	if own, err = own.sealed(); err != nil {
		return nil, err
	}
	var fields []fault.Field
	for _, problem := range own.Check() {
		if path := "letters/" + string(o); problem.Path == path || strings.HasPrefix(problem.Path, path+"/") {
			fields = append(fields, fault.Field{Path: problem.Path, Code: problem.Code, Message: problem.Message})
		}
	}
	if len(fields) > 0 {
		return nil, fault.New(fault.Invalid, "letter_invalid", fields...)
	}
	return own, nil
}

// Sample writes the letter of an outcome for a request that does not exist, for whoever
// words it: marks stand for what each request brings. What the settings lack is fault.Invalid
// "mentions_missing".
func Sample(e Entry, s tenants.Settings, o Outcome, commune string, today calendar.Date) (ComposedLetter, error) {
	p := e.Procedure()
	f := LetterFacts{
		Commune: commune, Applicant: "[nom de la personne]", Number: "[numéro]", ReceivedOn: today.AddMonths(-1), DecidedOn: today, LastDay: today.AddMonths(1),
		LimitOn: today.AddDays(15), Agent: "[prénom et nom de l’agent], [fonction]", Reasons: "[motifs à compléter]", Granted: "[ce qui est accordé]", Address: "[adresse]",
		Pieces:  []Piece{{Label: "[pièce demandée]", LegalBasis: "[texte qui l’exige]", Indispensable: true}},
		Revoked: Revoked{Act: o, On: today.AddMonths(-1), Basis: "[texte qui le permet]", HeardOn: today.AddDays(-20)},
		Answers: map[string]string{},
	}
	if o == OutcomeHearing {
		f.Revoked.Act = OutcomeWithdrawal
	}
	for _, field := range p.Fields() {
		f.Answers[field.ID] = "[" + field.Label + "]"
	}
	return Compose(e, s, o, f)
}

// Fields gives the fields of the form that a letter may name, between {{reponse. and }}.
func (p *Procedure) Fields() []*forms.Field {
	if p.Form == nil {
		return nil
	}
	var out []*forms.Field
	for _, x := range p.Form.Privacy() {
		if f, ok := p.Form.Field(x.FieldID); ok && f.Kind != forms.KindFile {
			out = append(out, f)
		}
	}
	return out
}
