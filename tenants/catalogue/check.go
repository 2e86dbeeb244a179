package catalogue

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/forms"
)

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxSlug = 60

// Check tells, in French, what keeps a procedure from being published; nothing
// where it can be. It holds every piece to its legal basis (CRPA L.114-5), every
// rule to its article, every outcome to its letter, and the form to forms.Check.
func (p *Procedure) Check() []forms.Problem {
	c := checker{p: p}
	c.texts()
	c.silence()
	c.nature()
	c.publicity()
	c.pieces()
	c.privacy()
	c.letters()
	c.form()
	c.workflow()
	return c.problems
}

type checker struct {
	p        *Procedure
	problems []forms.Problem
}

func (c *checker) add(path, code, message string) {
	c.problems = append(c.problems, forms.Problem{Path: path, Code: code, Message: message})
}

func (c *checker) want(ok bool, path, message string) {
	if !ok {
		c.add(path, "required", message)
	}
}

func (c *checker) texts() {
	p := c.p
	if !slugPattern.MatchString(p.Slug) || len(p.Slug) > maxSlug {
		c.add("slug", "invalid", "Donnez un nom d’adresse en minuscules, chiffres et traits d’union")
	}
	c.want(p.Title != "", "title", "Donnez un titre")
	c.want(p.Summary != "", "summary", "Dites en une phrase à quoi sert la démarche")
	c.want(len(p.Intro) > 0, "intro", "Expliquez la démarche en quelques phrases")
	c.want(p.Cost != "", "cost", "Dites ce que coûte la démarche, ou qu’elle est gratuite")
	c.want(p.Service != "", "service", "Nommez le service chargé de la démarche")
	if !slices.Contains([]Kind{KindRequest, KindDeclaration, KindReport, KindInformation}, p.Kind) {
		c.add("kind", "unknown", "Choisissez la nature de la démarche")
	}
	if !knownLifeEvent(p.LifeEvent) {
		c.add("life_event", "unknown", "Choisissez une rubrique du portail")
	}
	c.want(p.Minutes > 0, "minutes", "Indiquez le temps nécessaire, en minutes")
	if p.Commitment < 0 || p.Commitment > 250 {
		c.add("commitment", "out_of_range", "Indiquez un engagement entre 0 et 250\u00a0jours ouvrés")
	}
	if p.Identity < IdentityNone || p.Identity > IdentityPresence {
		c.add("identity", "unknown", "Choisissez le niveau d’identité")
	}
	a := p.Alternatives
	c.want(a.Counter != "" && a.Phone != "" && a.Post != "", "alternatives",
		"Dites comment faire au guichet, par téléphone et par courrier\u00a0: l’écran ne peut pas être la seule voie")
	if p.Redirect != "" {
		u, err := url.Parse(p.Redirect)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			c.add("redirect", "invalid", "Donnez une adresse qui commence par https://")
		}
	}
}

func (c *checker) silence() {
	p := c.p
	if err := p.Silence.Check(); err != nil {
		c.add("silence", "invalid_rule", "Dites ce que vaut le silence, et au bout de combien de mois")
	}
	c.want(p.Silence.Source != "", "silence/source", "Citez le texte qui fixe l’effet du silence")
	decides := p.Silence.Effect.Decides()
	preemption := p.Silence.Code == calendar.Preemption && p.Kind == KindDeclaration // whose silence waives a right (C. urb. L.213-2)
	if p.Kind == KindDeclaration && p.Silence.Effect != calendar.Declaration && !preemption || p.Kind != KindDeclaration && p.Silence.Effect == calendar.Declaration {
		c.add("silence/effect", "contradiction", "Une déclaration, et elle seule, n’a pas d’effet du silence")
	}
	if p.Kind == KindInformation && decides {
		c.add("silence/effect", "contradiction", "Une simple information n’appelle pas de décision")
	}
	switch p.Route {
	case RouteCourt, RouteCADA, RoutePrefect, RoutePlanning:
		if !decides {
			c.add("route", "contradiction", "Les voies de recours accompagnent une décision")
		}
	case RouteNone:
		if decides && !preemption {
			c.add("route", "required", "Indiquez la voie de recours")
		}
	default:
		c.add("route", "unknown", "Choisissez la voie de recours")
	}
	if p.Event != nil && p.Event.MaxDays > 0 {
		c.want(p.Event.Early != "" && p.Event.LegalBasis != "" && p.Event.MaxDays >= p.Event.MinDays, "event", "Dites d’où vient le premier jour du dépôt, et ce qu’il faut faire avant")
	}
	if p.Event != nil && p.Event.MinDays > 0 {
		c.want(p.Event.Late != "" && p.Event.LegalBasis != "", "event", "Dites d’où vient le délai, et ce qu’il faut faire quand il est passé")
	}
}

func (c *checker) pieces() {
	for i, piece := range c.p.Bring {
		path := "bring/" + strconv.Itoa(i)
		c.want(piece.Label != "", path+"/label", "Nommez la pièce")
		c.want(piece.LegalBasis != "", path+"/legal_basis", "Citez le texte qui exige cette pièce\u00a0: sans texte, elle ne peut pas être demandée")
		if piece.Field != "" && !c.isField(piece.Field, forms.KindFile) {
			c.add(path+"/field", "unknown", "La pièce doit correspondre à un fichier du formulaire")
		}
	}
	if e := c.p.Event; e != nil && !c.isField(e.Field, forms.KindDate) {
		c.add("event/field", "unknown", "La date de l’événement doit être une date du formulaire")
	}
	if d := c.p.Contested; d != nil && (!c.isField(d.Notified, forms.KindDate) || d.Displayed != "" && !c.isField(d.Displayed, forms.KindDate)) {
		c.add("contested", "unknown", "Le jour de la décision contestée doit être une date du formulaire")
	}
}

func (c *checker) isField(id string, kind forms.Kind) bool {
	if c.p.Form == nil {
		return false
	}
	f, ok := c.p.Form.Field(id)
	return ok && f.Kind == kind
}

func (c *checker) privacy() {
	n, r := c.p.Notice, c.p.Retention
	c.want(n.Purpose != "" && n.BasisText != "" && n.Retention != "" && n.Consequence != "" && len(n.Recipients) > 0, "notice",
		"Complétez l’information sur les données\u00a0: finalité, base, destinataires, durée, caractère obligatoire")
	if n.Basis != "6.1.c" && n.Basis != "6.1.e" {
		c.add("notice/basis", "unknown", "La base est l’obligation légale (6.1.c) ou la mission d’intérêt public (6.1.e)")
	}
	c.want(r.Period != "" && r.Months > 0, "retention", "Proposez une durée de conservation")
	if !slices.Contains([]string{"elimination", "conservation", "tri"}, r.Disposal) {
		c.add("retention/disposal", "unknown", "Proposez un sort final")
	}
}

func (c *checker) letters() {
	p := c.p
	for _, o := range p.requiredLetters() {
		if _, ok := p.Letters[o]; !ok {
			c.add("letters/"+string(o), "required", "Écrivez la lettre de cette issue")
		}
	}
	for o, l := range p.Letters {
		path := "letters/" + string(o)
		if !slices.Contains(outcomes, o) {
			c.add(path, "unknown", "Cette issue n’existe pas")
			continue
		}
		c.want(l.Subject != "" && len(l.Body) > 0, path, "Complétez la lettre")
		c.placeholders(path, l)
		for _, name := range mustHold(o, p.Route) {
			if !strings.Contains(strings.Join(l.Body, "\n"), "{{"+name+"}}") {
				c.add(path, "missing_placeholder", "La lettre doit contenir {{"+name+"}}")
			}
		}
	}
	slices.SortFunc(c.problems, func(a, b forms.Problem) int { return strings.Compare(a.Path, b.Path) })
}

var outcomes = []Outcome{
	OutcomeAccept, OutcomePartial, OutcomeRefuse, OutcomeAnswer, OutcomeRegister, OutcomeClose,
	OutcomeImplicitAcceptance, OutcomeImplicitRejection, OutcomeDocuments, OutcomeWithdrawal, OutcomeRepeal, OutcomeHearing,
}

// placeholders says where a letter names something that nothing will fill in.
func (c *checker) placeholders(path string, l Letter) {
	for i, text := range append([]string{l.Subject}, l.Body...) {
		place, where := path+"/subject", "Objet"
		if i > 0 {
			place, where = path+"/body/"+strconv.Itoa(i-1), "Paragraphe\u00a0"+strconv.Itoa(i)
		}
		for _, name := range placeholdersOf(text) {
			switch {
			case name == "":
				c.add(place, "broken_placeholder", where+"\u00a0: une accolade n’est pas fermée, ou le nom entre {{ et }} ne se lit pas")
			case !c.p.knownPlaceholder(name):
				c.add(place, "unknown_placeholder", where+"\u00a0: {{"+name+"}} n’existe pas")
			}
		}
	}
}

// requiredLetters gives the letters that a procedure of this kind and rule needs.
func (p *Procedure) requiredLetters() []Outcome {
	if p.Redirect != "" {
		return nil
	}
	need := []Outcome{OutcomeClose}
	if p.Form != nil {
		need = append(need, OutcomeDocuments)
	}
	switch p.Kind {
	case KindDeclaration:
		if p.Silence.Effect == calendar.Declaration {
			need = append(need, OutcomeRegister)
		} else { // the commune waives its right, or uses it
			need = append(need, OutcomeAccept, OutcomeRefuse)
		}
	case KindReport, KindInformation:
		need = append(need, OutcomeAnswer)
	case KindRequest:
		if _, answers := p.Letters[OutcomeAnswer]; !answers {
			need = append(need, OutcomeAccept, OutcomeRefuse)
		}
	}
	switch p.Silence.Effect {
	case calendar.Acceptance:
		need = append(need, OutcomeImplicitAcceptance)
	case calendar.Rejection:
		need = append(need, OutcomeImplicitRejection)
	case calendar.Declaration, calendar.None:
	}
	return need
}

// mustHold gives what a letter of an outcome cannot leave out: the reasons of a
// refusal (CRPA L.211-2, L.211-5) and its routes of appeal (CJA R.421-5), the
// dates of a silent decision (L.232-3), the pieces, the time given and what it does to
// the time for answering (L.114-5).
func mustHold(o Outcome, r Route) []string {
	var names []string
	switch o {
	case OutcomePartial, OutcomeRefuse, OutcomeWithdrawal, OutcomeRepeal:
		names = []string{"motifs"}
		if o == OutcomePartial {
			names = append(names, "accorde")
		}
		if r != RouteNone {
			names = append(names, "voies_recours")
		}
	case OutcomeAnswer, OutcomeClose:
		names = []string{"motifs"}
	case OutcomeImplicitAcceptance:
		names = []string{"recu_le", "acquis_le", "service"}
	case OutcomeImplicitRejection:
		names = []string{"dernier_jour", "voies_recours"}
	case OutcomeDocuments:
		names = []string{"pieces", "limite", "effet"}
	case OutcomeHearing:
		names = []string{"motifs", "limite"}
	case OutcomeRegister:
		names = []string{"recu_le", "numero"}
	case OutcomeAccept:
	}
	return names
}

func (c *checker) form() {
	switch {
	case c.p.Form == nil && c.p.Redirect == "":
		c.add("form", "required", "Ajoutez un formulaire, ou l’adresse où la démarche se fait")
	case c.p.Form != nil && c.p.Redirect != "":
		c.add("form", "contradiction", "La démarche se fait ici, ou ailleurs, mais pas aux deux endroits")
	case c.p.Form != nil:
		for _, problem := range c.p.Form.Check() {
			problem.Path = "form/" + problem.Path
			c.problems = append(c.problems, problem)
		}
		c.tables()
	}
}

// tables judges the tables that a file carries. Whether the commune has those that it does not is known where
// it is published ([TableProblems]).
func (c *checker) tables() {
	carried := forms.Tables{}
	for i, t := range c.p.Tables {
		path := "tables/" + strconv.Itoa(i)
		if !forms.TableName(t.Name) || carried[t.Name] != nil {
			c.add(path+"/name", "invalid", "Donnez à cette table un nom à elle, en minuscules, chiffres et traits d’union")
		}
		for _, wrong := range t.problems() {
			c.add(path+"/rows", "invalid", "Ligne\u00a0"+strconv.Itoa(wrong.Line)+"\u00a0: "+wrong.Message)
		}
		carried[t.Name] = &forms.Table{Columns: t.Columns, Rows: t.Rows}
	}
	for _, problem := range c.p.Form.TableProblems(carried) {
		if problem.Code == "table_column" {
			problem.Path = "form/" + problem.Path
			c.problems = append(c.problems, problem)
		}
	}
}

// OutcomeOrder gives every outcome that may have a letter, in the order of a page.
func OutcomeOrder() []Outcome { return slices.Clone(outcomes) }
