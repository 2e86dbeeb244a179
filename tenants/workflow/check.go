package workflow

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// Limits of a workflow.
const (
	MaxSteps       = 30
	MaxTransitions = 100
	MaxActions     = 10 // of a step
	MaxRoutings    = 100
	MaxTitle       = 100  // characters of a title or a label
	MaxSubject     = 60   // of a mail
	MaxText        = 4000 // characters of a message
	MaxSMS         = 120
	MaxDays        = 365
)

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)

// Frame is what a workflow stands in.
type Frame struct {
	Form  *forms.Definition
	Texts func(path, text string) []forms.Problem // what is wrong with the placeholders of a text
}

// Check tells, in French, what keeps the workflow from being published; nothing where it can be. Whether the commune has
// the services, agents and tables that it names is known where it is published.
func (w *Workflow) Check(f Frame) []forms.Problem {
	if w == nil {
		return nil
	}
	c := checker{w: w, f: f}
	if len(w.Steps) == 0 {
		c.add("steps", "empty", "Ajoutez une première étape au circuit")
		return c.problems
	}
	if len(w.Steps) > MaxSteps || len(w.Transitions) > MaxTransitions || len(w.Routing) > MaxRoutings {
		c.add("steps", "too_large", "Simplifiez le circuit\u00a0: il a trop d’étapes, de passages ou de règles")
		return c.problems
	}
	seen := map[string]bool{}
	for i := range w.Steps {
		c.step("steps/"+strconv.Itoa(i), &w.Steps[i], seen)
	}
	seen = map[string]bool{}
	for i := range w.Transitions {
		c.transition("transitions/"+strconv.Itoa(i), &w.Transitions[i], seen)
	}
	seen = map[string]bool{}
	for i := range w.Routing {
		c.routing("routing/"+strconv.Itoa(i), &w.Routing[i], seen)
	}
	c.never()
	c.reach()
	c.turning()
	return c.problems
}

type checker struct {
	w        *Workflow
	f        Frame
	problems []forms.Problem
}

func (c *checker) add(path, code, message string) {
	c.problems = append(c.problems, forms.Problem{Path: path, Code: code, Message: message})
}

func (c *checker) name(path, name string, seen map[string]bool) {
	if !namePattern.MatchString(name) || seen[name] {
		c.add(path+"/name", "name", "Donnez un nom à lui, en lettres minuscules sans accent, chiffres ou tirets bas")
	}
	seen[name] = true
}

func (c *checker) words(path, text string, limit int, wanted bool) {
	switch {
	case wanted && strings.TrimSpace(text) == "":
		c.add(path, "empty", "Écrivez ce texte\u00a0: il est obligatoire")
	case utf8.RuneCountInString(text) > limit:
		c.add(path, "too_long", "Raccourcissez ce texte à "+strconv.Itoa(limit)+"\u00a0caractères")
	}
}

func (c *checker) days(path string, n, least int) {
	if n < least || n > MaxDays {
		c.add(path, "out_of_range", "Donnez un nombre de jours entre "+strconv.Itoa(least)+" et "+strconv.Itoa(MaxDays))
	}
}

func (c *checker) condition(path string, cond *forms.Condition) {
	switch {
	case cond == nil:
	case c.f.Form == nil:
		c.add(path, "reference", "Retirez cette condition\u00a0: la démarche n’a pas de question")
	default:
		c.problems = append(c.problems, c.f.Form.ConditionProblems(path, cond)...)
	}
}

// field finds a question of some kinds.
func (c *checker) field(path, id string, kinds ...forms.Kind) {
	if c.f.Form != nil {
		if f, ok := c.f.Form.Field(id); ok && slices.Contains(kinds, f.Kind) {
			return
		}
	}
	c.add(path, "reference", "Choisissez une question de ce formulaire qui convient")
}

func (c *checker) step(path string, s *Stage, seen map[string]bool) {
	c.name(path, s.Name, seen)
	c.words(path+"/title", s.Title, MaxTitle, true)
	c.words(path+"/service", s.Service, MaxTitle, false)
	c.days(path+"/days", s.Days, 0)
	if len(s.Actions) > MaxActions {
		c.add(path+"/actions", "too_large", "Retirez des actions de cette étape\u00a0: "+strconv.Itoa(MaxActions)+" au plus")
		return
	}
	names := map[string]bool{}
	for i := range s.Actions {
		c.action(path+"/actions/"+strconv.Itoa(i), &s.Actions[i], names)
	}
	c.wait(path+"/wait", s)
}

func (c *checker) wait(path string, s *Stage) {
	w := s.Wait
	if w == nil {
		return
	}
	modes := 0
	for _, on := range []bool{w.Opinions, w.Payment, w.Date != ""} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1 || modes == 0 && w.Days == 0 || w.Payment && w.Days != 0:
		c.add(path, "wait", "Dites ce que cette étape attend\u00a0: une date, un nombre de jours, les avis ou un paiement, et un seul des quatre")
	case w.Date != "":
		c.field(path+"/date", w.Date, forms.KindDate)
		c.days(path+"/days", w.Days, -MaxDays)
	default:
		c.days(path+"/days", w.Days, 0)
	}
	if w.Opinions && !slices.ContainsFunc(s.Actions, func(a Action) bool { return a.Kind == KindOpinion }) {
		c.add(path, "wait_nothing", "Ajoutez une demande d’avis à l’étape «\u00a0"+s.Title+"\u00a0»\u00a0: elle en attend, et n’en demande pas")
	}
	if !slices.ContainsFunc(c.w.From(s.Name), func(t *Transition) bool { return t.Auto }) {
		c.add(path, "wait_nowhere", "Ajoutez un passage automatique à l’étape «\u00a0"+s.Title+"\u00a0»\u00a0: elle attend, puis ne va nulle part")
	}
}

func (c *checker) action(path string, a *Action, seen map[string]bool) {
	c.name(path, a.Name, seen)
	c.condition(path+"/if", a.If)
	switch a.Kind {
	case KindAssign:
		c.address(path+"/agent", a.Agent)
	case KindEmail:
		if a.To != ToCitizen && a.To != ToService {
			c.address(path+"/to", a.To)
		}
		c.words(path+"/subject", a.Subject, MaxSubject, true)
		if strings.ContainsAny(a.Subject, "{}") { // it shows on locked screens, and in logs of mail servers
			c.add(path+"/subject", "placeholder", "Retirez les accolades de l’objet\u00a0: il se lit sur un téléphone verrouillé, et ne dit rien de la personne")
		}
		c.message(path, a.Text, MaxText)
	case KindSMS:
		c.message(path, a.Text, MaxSMS)
	case KindOpinion:
		if a.Service == "" {
			c.address(path+"/to", a.To)
		} else if a.To != "" {
			c.add(path+"/to", "contradiction", "Demandez l’avis d’un service ou d’une adresse, pas des deux")
		}
		c.days(path+"/days", a.Days, 0)
		c.message(path, a.Text, MaxText)
	case KindWebhook:
		u, err := url.Parse(a.URL)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || len(a.URL) > 500 {
			c.add(path+"/url", "invalid", "Donnez une adresse complète qui commence par https://")
		}
	default:
		c.add(path+"/kind", "unknown", "Choisissez ce que fait cette action")
	}
}

func (c *checker) message(path, text string, limit int) {
	c.words(path+"/text", text, limit, true)
	c.text(path+"/text", text)
}

func (c *checker) text(path, text string) {
	if c.f.Texts != nil {
		c.problems = append(c.problems, c.f.Texts(path, text)...)
	}
}

func (c *checker) address(path, address string) {
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address || len(address) > 254 {
		c.add(path, "invalid", "Donnez une adresse électronique, par exemple urbanisme@mairie.fr")
	}
}

func (c *checker) transition(path string, t *Transition, seen map[string]bool) {
	c.name(path, t.Name, seen)
	c.words(path+"/label", t.Label, MaxTitle, !t.Auto)
	c.condition(path+"/if", t.If)
	for _, end := range []struct{ key, step string }{{"from", t.From}, {"to", t.To}} {
		if c.w.Step(end.step) == nil {
			c.add(path+"/"+end.key, "reference", "Choisissez une étape du circuit")
		}
	}
	switch {
	case t.Auto && len(t.Who) > 0:
		c.add(path+"/who", "contradiction", "Un passage automatique n’est à personne\u00a0: retirez qui peut le faire, ou rendez-le manuel")
	case !t.Auto && len(t.Who) == 0:
		c.add(path+"/who", "nobody", "Dites qui peut faire passer la demande\u00a0: personne ne le peut")
	}
	for _, who := range t.Who {
		if who.Label() == "" {
			c.add(path+"/who", "unknown", "Choisissez qui peut faire passer la demande")
		}
	}
}

func (c *checker) routing(path string, r *Routing, seen map[string]bool) {
	c.name(path, r.Name, seen)
	c.condition(path+"/if", r.If)
	switch {
	case r.Table == "" && (r.Service == "" || r.Field+r.Column+r.Gives != ""):
		c.add(path+"/service", "empty", "Dites à quel service cette règle confie la demande")
	case r.Table != "":
		if r.Service != "" || r.Column == "" || r.Gives == "" {
			c.add(path+"/table", "empty", "Dites quelle colonne de la table est comparée à la réponse, et quelle colonne nomme le service")
		}
		c.field(path+"/field", r.Field, forms.KindAddress, forms.KindText, forms.KindChoice)
	}
}
