package catalogue

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// Change is one difference between two definitions of a procedure.
type Change struct {
	Path string // place in the JSON: of the newer one, or of the older one for what is gone
	Code string // stable: ChangeAdded, ChangeRemoved, ChangeMoved, ChangeRequired, ChangeOptional, ChangeOther
	Text string // French, a whole sentence
	// Before and After are what stood and what stands, where a reader can compare them at a glance.
	Before, After string
}

// The codes of changes.
const (
	ChangeAdded    = "added"
	ChangeRemoved  = "removed"
	ChangeMoved    = "moved"
	ChangeRequired = "required" // an answer becomes compulsory
	ChangeOptional = "optional"
	ChangeOther    = "changed"
)

// Changes tells, in French and in the order of a page, what differs between two definitions:
// nothing where they are the same. Questions, steps and letters are known by their identifiers.
func Changes(before, after *Procedure) []Change {
	if before.checksum == after.checksum {
		return nil
	}
	c := comparison{before: before, after: after}
	c.presentation()
	c.law()
	c.papers()
	c.letters()
	c.form()
	c.workflow()
	if len(c.out) == 0 {
		c.add("", ChangeOther, "D’autres réglages de la démarche changent.")
	}
	return c.out
}

type comparison struct {
	before, after *Procedure
	out           []Change
}

func (c *comparison) add(path, code, text string) {
	c.out = append(c.out, Change{Path: path, Code: code, Text: text})
}

// words compares a text that a reader can compare too.
func (c *comparison) words(path, text, before, after string) {
	if before != after {
		c.out = append(c.out, Change{Path: path, Code: ChangeOther, Text: text, Before: before, After: after})
	}
}

// same tells whether two values are written alike.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

func (c *comparison) rest(path, text string, before, after any) {
	if !same(before, after) {
		c.add(path, ChangeOther, text)
	}
}

func (c *comparison) presentation() {
	b, a := c.before, c.after
	c.words("title", "Le titre change.", b.Title, a.Title)
	c.words("summary", "Le résumé change.", b.Summary, a.Summary)
	c.words("intro", "La présentation change.", strings.Join(b.Intro, "\n\n"), strings.Join(a.Intro, "\n\n"))
	c.words("cost", "Le coût change.", b.Cost, a.Cost)
	c.words("service", "Le service proposé change.", b.Service, a.Service)
	c.words("minutes", "Le temps pour remplir change.", strconv.Itoa(b.Minutes)+"\u00a0min", strconv.Itoa(a.Minutes)+"\u00a0min")
	c.words("commitment", "La réponse promise change.", workingDays(b.Commitment), workingDays(a.Commitment))
	c.words("redirect", "L’adresse où la démarche se fait change.", b.Redirect, a.Redirect)
	c.rest("life_event", "La rubrique du portail change.", b.LifeEvent, a.LifeEvent)
	c.rest("keywords", "Les mots qui font trouver la démarche changent.", b.Keywords, a.Keywords)
	c.rest("alternatives", "Ce qui est dit du guichet, du téléphone ou du courrier change.", b.Alternatives, a.Alternatives)
	c.words("identity", "L’identité demandée change.", identityWords[b.Identity], identityWords[a.Identity])
}

var identityWords = map[int]string{
	IdentityNone: "aucune", IdentityContact: "un nom et une adresse", IdentityAccount: "un compte", IdentityState: "FranceConnect", IdentityPresence: "une visite au guichet",
}

func workingDays(n int) string {
	switch n {
	case 0:
		return "aucun engagement"
	case 1:
		return "1\u00a0jour ouvré"
	}
	return strconv.Itoa(n) + "\u00a0jours ouvrés"
}

func (c *comparison) law() {
	b, a := c.before, c.after
	c.rest("kind", "La nature de la démarche change\u00a0: demande, déclaration, signalement ou information.", b.Kind, a.Kind)
	if same(b.Silence, a.Silence) {
		c.rest("silence_warning", "L’avertissement sur l’effet du silence change.", b.SilenceWarning, a.SilenceWarning)
	} else if before, after := b.SilenceText(), a.SilenceText(); before != after {
		c.words("silence", "Ce que vaut le silence change.", before, after)
	} else {
		c.words("silence/source", "Le texte qui fixe l’effet du silence change.", b.Silence.Source, a.Silence.Source)
		if b.Silence.Source == a.Silence.Source {
			c.add("silence", ChangeOther, "La façon de compter le délai change.")
		}
	}
	c.rest("route", "Les voies de recours changent.", []any{b.Route, b.Review}, []any{a.Route, a.Review})
	c.rest("nature", "Les réponses qui font de l’envoi une simple information changent.", b.Nature, a.Nature)
	c.rest("paper_exemption", "La dispense d’accusé de réception sur papier change.", b.PaperExemption, a.PaperExemption)
	c.rest("publicity", "Ce qui est publié des demandes, pour les tiers, change.", b.Publicity, a.Publicity)
	c.rest("event", "Le délai avant l’événement change.", b.Event, a.Event)
	c.words("retention/period", "La durée de conservation change.", b.Retention.Period, a.Retention.Period)
	if b.Retention.Period == a.Retention.Period {
		c.rest("retention", "Les règles de conservation changent.", b.Retention, a.Retention)
	}
	c.rest("notice", "L’information sur les données personnelles change.", b.Notice, a.Notice)
	c.rest("to_verify", "Les points à vérifier changent.", b.ToVerify, a.ToVerify)
}

func (c *comparison) papers() {
	before, after := map[string]Piece{}, map[string]bool{}
	for _, p := range c.before.Bring {
		before[p.Label] = p
	}
	for i, p := range c.after.Bring {
		path := "bring/" + strconv.Itoa(i)
		after[p.Label] = true
		old, known := before[p.Label]
		switch {
		case !known:
			c.add(path, ChangeAdded, "La pièce "+guillemets(p.Label)+" est ajoutée.")
		case p.Indispensable && !old.Indispensable:
			c.add(path, ChangeRequired, "La pièce "+guillemets(p.Label)+" devient indispensable.")
		case !p.Indispensable && old.Indispensable:
			c.add(path, ChangeOptional, "La pièce "+guillemets(p.Label)+" n’est plus indispensable.")
		default:
			c.rest(path, "Ce qui est dit de la pièce "+guillemets(p.Label)+" change.", old, p)
		}
	}
	for i, p := range c.before.Bring {
		if !after[p.Label] {
			c.add("bring/"+strconv.Itoa(i), ChangeRemoved, "La pièce "+guillemets(p.Label)+" n’est plus demandée.")
		}
	}
}

// OutcomeNames name letters by what they tell.
var OutcomeNames = map[Outcome]string{
	OutcomeAccept: "Accord", OutcomeRefuse: "Refus", OutcomeAnswer: "Réponse", OutcomeRegister: "Récépissé",
	OutcomeClose: "Classement", OutcomeImplicitAcceptance: "Accord par silence", OutcomeImplicitRejection: "Refus par silence",
	OutcomeDocuments: "Pièces manquantes", OutcomeHearing: "Invitation avant retrait", OutcomeWithdrawal: "Retrait", OutcomeRepeal: "Abrogation",
}

func (c *comparison) letters() {
	all := maps.Clone(c.before.Letters)
	if all == nil {
		all = map[Outcome]Letter{}
	}
	maps.Copy(all, c.after.Letters)
	for _, o := range slices.Sorted(maps.Keys(all)) {
		old, was := c.before.Letters[o]
		now, is := c.after.Letters[o]
		path, name := "letters/"+string(o), guillemets(OutcomeNames[o])
		switch {
		case !was:
			c.add(path, ChangeAdded, "La lettre "+name+" est ajoutée.")
		case !is:
			c.add(path, ChangeRemoved, "La lettre "+name+" est retirée.")
		default:
			c.words(path, "La lettre "+name+" change.", old.text(), now.text())
		}
	}
}

func (l Letter) text() string { return l.Subject + "\n\n" + strings.Join(l.Body, "\n\n") }

func (c *comparison) form() {
	b, a := c.before.Form, c.after.Form
	switch {
	case b == nil && a == nil:
		return
	case b == nil:
		c.add("form", ChangeAdded, "La démarche se fait désormais ici, par un formulaire.")
		return
	case a == nil:
		c.add("form", ChangeRemoved, "Le formulaire est retiré\u00a0: la démarche se fait ailleurs.")
		return
	}
	f := formComparison{comparison: c, before: placesOf(b), after: placesOf(a)}
	f.steps(b, a)
	f.sections()
	f.questions()
	c.rest("form/recipients", "Qui reçoit les réponses change.", b.Recipients, a.Recipients)
	c.rest("form/retention", "La durée de conservation des réponses change.", b.Retention, a.Retention)
}

// formPlaces are the parts of a form by their identifiers, in their order.
type formPlaces struct {
	sections  []placed[*forms.Section]
	questions []placed[*forms.Field]
}

type placed[T any] struct {
	part     T
	id, path string
	within   string // the step's title
	step     string // its identifier
	section  string // of a question
}

func placesOf(d *forms.Definition) formPlaces {
	var out formPlaces
	for si := range d.Steps {
		step := &d.Steps[si]
		for ci := range step.Sections {
			section := &step.Sections[ci]
			path := "form/steps/" + strconv.Itoa(si) + "/sections/" + strconv.Itoa(ci)
			out.sections = append(out.sections, placed[*forms.Section]{part: section, id: section.ID, path: path, within: step.Title, step: step.ID})
			for fi := range section.Fields {
				out.questions = append(out.questions, placed[*forms.Field]{
					part: &section.Fields[fi], id: section.Fields[fi].ID, path: path + "/fields/" + strconv.Itoa(fi), within: step.Title, step: step.ID, section: section.ID,
				})
			}
		}
	}
	return out
}

func find[T any](list []placed[T], id string) (placed[T], bool) {
	i := slices.IndexFunc(list, func(p placed[T]) bool { return p.id == id })
	if i < 0 {
		return placed[T]{}, false
	}
	return list[i], true
}

func guillemets(s string) string { return "«\u00a0" + s + "\u00a0»" }
