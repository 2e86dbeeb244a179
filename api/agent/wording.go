package agent

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// wordingPage is the model of one letter of a procedure, with what it will look like.
type wordingPage struct {
	web.Frame
	Name, URL      string
	Letter         string // what it tells
	Tabs           web.Tabs
	Letters        []letterItem
	Draft          bool // of a draft: nothing leaves in these words before it is published
	Subject        web.Input
	Body           web.Textarea
	Preview        catalogue.ComposedLetter
	Missing        string // why there is no preview
	Common, Fields []wordingField
}

// letterItem leads to one letter.
type letterItem struct {
	Label, URL string
	Current    bool
	Lacks      bool // nobody has written it yet
}

const workLetters = "lettres"

// wordingField is something that a letter may name.
type wordingField struct{ Name, Label string }

var wordingTemplate = web.MustParse[wordingPage](web.Agent, pages, "wording.html")

// wordingLabels name letters by what they tell.
var wordingLabels = map[catalogue.Outcome]string{
	catalogue.OutcomeAccept: "Accord", catalogue.OutcomePartial: "Accord partiel", catalogue.OutcomeRefuse: "Refus", catalogue.OutcomeAnswer: "Réponse", catalogue.OutcomeRegister: "Récépissé",
	catalogue.OutcomeClose: "Classement", catalogue.OutcomeImplicitAcceptance: "Accord par silence", catalogue.OutcomeImplicitRejection: "Refus par silence",
	catalogue.OutcomeDocuments: "Pièces manquantes", catalogue.OutcomeHearing: "Invitation avant retrait", catalogue.OutcomeWithdrawal: "Retrait", catalogue.OutcomeRepeal: "Abrogation",
}

// commonFields say what stands behind the names that every letter may use.
var commonFields = []wordingField{
	{"demandeur", "nom de la personne"}, {"demandeur_adresse", "son adresse postale"}, {"numero", "numéro de la demande"}, {"demarche", "titre de la démarche"},
	{"recu_le", "jour de réception"}, {"decide_le", "jour de la décision"}, {"dernier_jour", "dernier jour avant l’effet du silence"}, {"acquis_le", "le lendemain"},
	{"limite", "dernier jour pour répondre ou envoyer les pièces"}, {"motifs", "ce que l’agent écrit"}, {"accorde", "ce qu’un accord partiel accorde"}, {"pieces", "pièces demandées"}, {"effet", "effet de la demande de pièces sur le délai"},
	{"voies_recours", "voies et délais de recours"}, {"tribunal", "tribunal compétent"}, {"service", "service chargé de la demande"}, {"service_telephone", "son téléphone"},
	{"service_courriel", "son courriel"}, {"agent", "agent qui suit le dossier"}, {"signataire", "qui signe"}, {"signataire_qualite", "sa qualité"}, {"commune", "nom de la commune"},
	{"maire", "nom du maire"}, {"mairie_adresse", "adresse de la mairie"}, {"mairie_telephone", "téléphone de la mairie"}, {"mairie_courriel", "courriel de la mairie"},
	{"mairie_horaires", "horaires de la mairie"}, {"cout", "coût de la démarche"}, {"decision_du", "date de la décision retirée"}, {"acte", "« le retrait » ou « l’abrogation »"},
	{"portee", "ce que l’acte fait de l’accord"}, {"fondement", "le texte qui le permet"}, {"contradictoire", "rappel de l’invitation à répondre"},
}

func wordingPath(slug string, o catalogue.Outcome) string {
	return proceduresPath + "/" + slug + "/" + workLetters + "/" + string(o)
}

func (s *Server) wording(v visit) error { return s.showWording(v, nil, nil) }

// paragraphsOf parts a text at its blank lines.
func paragraphsOf(text string) []string {
	var out []string
	for _, p := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.Trim(p, "\n"); strings.TrimSpace(p) != "" {
			out = append(out, p)
		}
	}
	return out
}

func typedWording(form url.Values) catalogue.Letter {
	return catalogue.Letter{Subject: form.Get("objet"), Body: paragraphsOf(form.Get("texte"))}
}

// showWording draws a model: that of the draft while there is one; typed is nil before anything was.
func (s *Server) showWording(v visit, typed url.Values, refused error) error {
	var settings tenants.Settings
	var today calendar.Date
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, _ workshop) (err error) {
		today = tx.Today()
		settings, _, err = tenants.GetSettings(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	e := w.lettered()
	p := e.Procedure()
	all := p.Wordings()
	outcome := catalogue.Outcome(v.r.PathValue("outcome"))
	if outcome == "" && len(all) > 0 {
		outcome = all[0]
	}
	if !slices.Contains(all, outcome) {
		return fault.New(fault.NotFound, "letter_unknown")
	}
	letter, _ := e.Wording(outcome)
	if typed != nil {
		letter = typedWording(typed)
	}
	page := wordingPage{URL: wordingPath(w.slug, outcome), Draft: w.draft != nil, Common: commonFields}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Courriers", workLetters)
	page.Name, page.Letter = p.Title, wordingLabels[outcome]
	page.Title = "Lettre\u00a0: " + page.Letter
	for _, o := range all {
		_, written := e.Wording(o)
		page.Letters = append(page.Letters, letterItem{Label: wordingLabels[o], URL: wordingPath(w.slug, o), Current: o == outcome, Lacks: !written})
	}
	page.Subject = web.Input{Name: "objet", Label: "Objet", Value: letter.Subject, MaxLength: 300}
	page.Body = web.Textarea{Name: "texte", Label: "Texte", Hint: "Une ligne vide sépare deux paragraphes. L’en-tête, les formules, la signature et le suivi du dossier s’ajoutent d’eux-mêmes.", Rows: 16,
		Value: strings.Join(letter.Body, "\n\n"), MaxLength: 4 * maxText}
	for _, f := range p.Fields() {
		page.Fields = append(page.Fields, wordingField{"reponse." + f.ID, f.Label})
	}
	page.wrong(outcome, refused)
	page.sample(e, settings, outcome, letter, sampleOf{v.scope.Tenant.Name, today})
	return wordingTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// lettered is the procedure whose letters are shown, with what is shown of it.
func (w workshop) lettered() catalogue.Entry {
	e := catalogue.Entry{Slug: w.slug, Service: tenants.Service{Name: w.shown().Service}}
	if w.entry != nil {
		e = *w.entry
	}
	e.Version.Procedure = w.shown()
	return e
}

// sampleOf is what a preview is dated and placed with.
type sampleOf struct {
	commune string
	today   calendar.Date
}

// sample writes what the letter will look like, where it can be read.
func (p *wordingPage) sample(e catalogue.Entry, settings tenants.Settings, o catalogue.Outcome, l catalogue.Letter, of sampleOf) {
	own, err := e.Procedure().Reword(o, l)
	if err == nil {
		p.Preview, err = catalogue.Sample(e.With(catalogue.Version{ID: e.Version.ID, Procedure: own}), settings, o, of.commune, of.today)
	}
	if err != nil {
		p.Missing = sentence(err)
	}
}

// wrong says what is to be corrected, and where.
func (p *wordingPage) wrong(o catalogue.Outcome, refused error) {
	if refused == nil {
		return
	}
	text := sentence(refused)
	var said []string
	for _, f := range fault.Of(refused).Fields {
		if strings.HasPrefix(f.Path, "letters/"+string(o)) && f.Message != "" {
			said = append(said, f.Message)
		}
	}
	if len(said) > 0 {
		text = strings.Join(said, ". ") + "."
	}
	p.Body.Error = text
	p.Errors = web.ErrorSummary{{ID: p.Body.Name, Message: text}}
}

// reword keeps other words for one letter in the draft or, where there is none, publishes the
// procedure with them once the proof has passed: a new version, which the requests of before
// are answered with too, where its words fit them.
func (s *Server) reword(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil && form.Has("apercu") {
		return s.showWording(v, form, nil)
	}
	slug, outcome := v.r.PathValue("slug"), catalogue.Outcome(v.r.PathValue("outcome"))
	done := "La lettre est enregistrée. Les prochaines décisions l’utiliseront."
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			d, err := drafts.Get(ctx, tx, slug)
			kept := err == nil
			if kept {
				done = "La lettre est dans le brouillon."
			} else if fault.Is(err, "procedure_draft_unknown") {
				d, err = drafts.Begin(ctx, tx, slug, 0)
			}
			if err != nil {
				return err
			}
			own, err := d.Procedure.Reword(outcome, typedWording(form))
			if err != nil {
				return err
			}
			if d, err = drafts.Save(ctx, tx, slug, d.Edit, own); err != nil || kept {
				return err
			}
			_, err = drafts.Publish(ctx, tx, slug, d.Edit, calendar.Date{})
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showWording(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, wordingPath(slug, outcome))
}
