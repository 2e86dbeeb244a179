package agent

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// circuitPanel shows what is chosen of a workflow, as it is or as it was typed.
type circuitPanel struct {
	flow    *workflow.Workflow
	form    *edit.Form
	town    circuitTown
	posted  bool
	v       url.Values
	refused refusals
}

// The ways in which a step waits, as they are posted.
const (
	waitDays     = "jours"
	waitDate     = "date"
	waitOpinions = "avis"
	waitPayment  = "paiement"
)

func (c circuitPanel) of(step *workflow.Stage) *adjustment {
	_, name, _ := strings.Cut(c.v.Get("tache"), "/")
	switch {
	case c.v.Get("regle") != "" && c.flow.Rule(c.v.Get("regle")) != nil:
		return c.rule(c.flow.Rule(c.v.Get("regle")))
	case c.v.Get("passage") != "" && c.flow.Transition(c.v.Get("passage")) != nil:
		return c.way(c.flow.Transition(c.v.Get("passage")))
	case name != "" && step.Action(name) != nil:
		return c.action(step, step.Action(name))
	case step.Name != "":
		return c.step(step)
	}
	return nil
}

// values gives what was posted, or what put writes of the part as it is.
func (c circuitPanel) values(put func(url.Values)) url.Values {
	if c.posted {
		return c.v
	}
	v := url.Values{}
	put(v)
	return v
}

func (c circuitPanel) services(name, label, none, chosen string) control {
	items := []web.Choice{{Label: none}}
	for _, s := range c.town.services {
		items = append(items, web.Choice{Value: s.Name, Label: s.Name})
	}
	if chosen != "" && !slices.ContainsFunc(items, func(i web.Choice) bool { return i.Value == chosen }) {
		items = append(items, web.Choice{Value: chosen, Label: chosen + " (la commune n’a pas ce service)"})
	}
	return listOf(web.Select{Name: name, Label: label, Items: marked(items, chosen), Optional: true})
}

// questions lists the questions of some kinds.
func (c circuitPanel) questions(none string, kinds ...forms.Kind) []web.Choice {
	out := []web.Choice{{Label: none}}
	for _, step := range c.form.Steps {
		for _, section := range step.Sections {
			for _, f := range section.Fields {
				if section.Repeat == nil && (len(kinds) == 0 || slices.Contains(kinds, f.Kind)) {
					out = append(out, web.Choice{Value: f.ID, Label: f.Label})
				}
			}
		}
	}
	return out
}

func (c circuitPanel) days(name, label, hint string, v url.Values) control {
	return inputOf(web.Input{Name: name, Label: label, Hint: hint, Value: v.Get(name), InputMode: "numeric", Width: "short", MaxLength: 4, Optional: true, Error: c.refused[name]})
}

func dayCount(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (c circuitPanel) step(s *workflow.Stage) *adjustment {
	v := c.values(func(v url.Values) {
		v.Set(nameLabel, s.Title)
		v.Set("service", s.Service)
		v.Set("delai", dayCount(s.Days))
		if s.Decides {
			v.Set("decide", "1")
		}
		if w := s.Wait; w != nil {
			v.Set("attente", waitOf(w))
			v.Set("attente_date", w.Date)
			v.Set("attente_jours", dayCount(w.Days))
		}
	})
	waits := marked([]web.Choice{{Label: "Rien"}, {Value: waitDays, Label: "Un nombre de jours"}, {Value: waitDate, Label: "La date d’une réponse"}, {Value: waitOpinions, Label: "Les avis qu’elle demande"}, {Value: waitPayment, Label: "Un paiement, noté par un agent"}}, v.Get("attente"))
	return &adjustment{What: "etape", ID: s.Name, Title: s.Title, Inputs: []control{
		inputOf(web.Input{Name: nameLabel, Label: "Titre de l’étape", Value: v.Get(nameLabel), MaxLength: workflow.MaxTitle, Error: c.refused[nameLabel]}),
		c.services("service", "Service à qui la demande passe", "(elle reste où elle est)", v.Get("service")),
		c.days("delai", "À faire en, jours ouvrés", "", v),
		boxOf(web.Checkbox{Name: "decide", Label: "On peut décider à cette étape", Checked: v.Get("decide") != ""}),
	}, Limits: []control{
		listOf(web.Select{Name: "attente", Label: "Avant de continuer seule, elle attend", Items: waits}),
		listOf(web.Select{Name: "attente_date", Label: "La date donnée à", Items: marked(c.questions("(aucune)", forms.KindDate), v.Get("attente_date")), Optional: true}),
		c.days("attente_jours", "Jours", "Après l’entrée dans l’étape, ou après la date. Pour les avis\u00a0: au plus.", v),
	}}
}

func waitOf(w *workflow.Wait) string {
	switch {
	case w.Payment:
		return waitPayment
	case w.Opinions:
		return waitOpinions
	case w.Date != "":
		return waitDate
	}
	return waitDays
}

func (c circuitPanel) action(s *workflow.Stage, a *workflow.Action) *adjustment {
	v := c.values(func(v url.Values) {
		v.Set("agent", a.Agent)
		v.Set("service", a.Service)
		v.Set("delai", dayCount(a.Days))
		v.Set("objet", a.Subject)
		v.Set("texte", a.Text)
		v.Set("url", a.URL)
		v.Set("adresse", a.To)
		if a.To == workflow.ToCitizen || a.To == workflow.ToService {
			v.Set("a", a.To)
			v.Set("adresse", "")
		}
		putCondition(v, nameShown, c.form, a.If)
	})
	p := &adjustment{What: "tache", ID: s.Name + "/" + a.Name, Title: a.Kind.Label(), Kind: "À l’étape «\u00a0" + s.Title + "\u00a0»"}
	address := inputOf(web.Input{Name: "adresse", Label: "Ou une adresse électronique", Value: v.Get("adresse"), MaxLength: 254, Optional: true})
	text := areaOf(web.Textarea{Name: "texte", Label: "Texte", Hint: "Entre {{ et }}\u00a0: " + strings.Join(catalogue.MessagePlaceholders(), ", ") + ", ou reponse. et le nom d’une question.", Value: v.Get("texte"), Rows: 5, MaxLength: workflow.MaxText})
	switch a.Kind {
	case workflow.KindAssign:
		p.Inputs = []control{inputOf(web.Input{Name: "agent", Label: "Adresse électronique de l’agent", Value: v.Get("agent"), MaxLength: 254})}
	case workflow.KindEmail:
		to := marked([]web.Choice{{Value: workflow.ToCitizen, Label: "À la personne"}, {Value: workflow.ToService, Label: "Au service qui a la demande"}, {Label: "À une adresse"}}, v.Get("a"))
		subject := inputOf(web.Input{Name: "objet", Label: "Objet", Value: v.Get("objet"), MaxLength: workflow.MaxSubject})
		p.Inputs = []control{listOf(web.Select{Name: "a", Label: "Envoyer", Items: to}), address, subject, text}
	case workflow.KindSMS:
		p.Inputs = []control{text}
	case workflow.KindOpinion:
		p.Inputs = []control{c.services("service", "Service à qui l’avis est demandé", "(personne d’ici)", v.Get("service")), address, text, c.days("delai", "À donner en, jours ouvrés", "", v)}
	case workflow.KindWebhook:
		p.Inputs = []control{inputOf(web.Input{Name: "url", Label: "Adresse du logiciel", Hint: "Elle commence par https://", Value: v.Get("url"), MaxLength: 500})}
	}
	p.Shown = c.conditionBox(v, a.If, "Seulement si")
	return p
}

func (c circuitPanel) conditionBox(v url.Values, cond *forms.Condition, legend string) *conditionBox {
	if _, short := edit.Rules(cond); !short {
		return &conditionBox{Legend: legend, Long: true}
	}
	box := conditionLines(v, nameShown, legend, "Sans condition\u00a0: toujours.", c.questions("(aucune)")[1:])
	return &box
}

func (c circuitPanel) way(t *workflow.Transition) *adjustment {
	v := c.values(func(v url.Values) {
		v.Set(nameLabel, t.Label)
		v.Set("vers", t.To)
		if t.Auto {
			v.Set("auto", "1")
		}
		for _, who := range t.Who {
			v.Set("qui-"+string(who), "1")
		}
		putCondition(v, nameShown, c.form, t.If)
	})
	p := &adjustment{What: "passage", ID: t.Name, Title: c.flow.Called(t), Inputs: []control{
		inputOf(web.Input{Name: nameLabel, Label: "Nom du passage", Value: v.Get(nameLabel), MaxLength: workflow.MaxTitle, Optional: true}),
		listOf(web.Select{Name: "vers", Label: "Vers l’étape", Items: stepChoices(c.flow, v.Get("vers"))}),
	}}
	for _, who := range workflow.Everyone() {
		p.Inputs = append(p.Inputs, boxOf(web.Checkbox{Name: "qui-" + string(who), Label: "Peut être pris par " + who.Label(), Checked: v.Get("qui-"+string(who)) != ""}))
	}
	p.Inputs = append(p.Inputs, boxOf(web.Checkbox{Name: "auto", Label: "Automatique\u00a0: la demande passe seule, dès que l’étape n’attend plus rien", Checked: v.Get("auto") != ""}))
	p.Shown = c.conditionBox(v, t.If, "Seulement si")
	return p
}

func (c circuitPanel) rule(r *workflow.Routing) *adjustment {
	v := c.values(func(v url.Values) {
		v.Set("service", r.Service)
		v.Set("table", r.Table)
		v.Set("question", r.Field)
		v.Set("colonne", r.Column)
		v.Set("donne", r.Gives)
		putCondition(v, nameShown, c.form, r.If)
	})
	text := func(name, label, hint string) control {
		return inputOf(web.Input{Name: name, Label: label, Hint: hint, Value: v.Get(name), MaxLength: workflow.MaxTitle, Optional: true})
	}
	return &adjustment{What: "regle", ID: r.Name, Title: "Règle d’orientation", Inputs: []control{
		c.services("service", "La demande va au service", "(d’après une table)", v.Get("service")),
	}, Limits: []control{
		text("table", "Table de la commune", "Par exemple rues\u00a0: la rue ou le quartier y donne le service."),
		listOf(web.Select{Name: "question", Label: "La réponse à", Items: marked(c.questions("(aucune)", forms.KindAddress, forms.KindText, forms.KindChoice), v.Get("question")), Optional: true}),
		text("colonne", "est cherchée dans la colonne", ""), text("donne", "et le service est dans la colonne", ""),
	}, Shown: c.conditionBox(v, r.If, "Seulement si")}
}
