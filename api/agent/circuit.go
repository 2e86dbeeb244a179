package agent

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
	"github.com/parvis-gru/parvis/tenants/proof"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

const workFlow = "circuit"

// circuitPage is where a town says how requests are treated: a picture of the steps, and the same as a list to be changed.
type circuitPage struct {
	web.Frame
	Name, URL, Edit, Saved string
	Tabs                   web.Tabs
	CanUndo, CanRedo       bool
	Picture                *circuitPicture
	Said                   []string // the picture in words
	Problems               []proof.Finding
	Steps                  []stepItem
	Step                   stepItem
	Actions, Ways, Rules   []circuitItem
	Kinds                  []web.Choice
	StepLabel, WayLabel    web.Input
	WayTo                  web.Select
	Panel                  *adjustment
	Key                    string // with which other programs check our calls
	Theirs                 []change
	Lost                   bool
	Refused                string
}

type circuitItem struct {
	ID, Label, URL, About string
	Current, First, Last  bool
}

var circuitTemplate = web.MustParse[circuitPage](web.Agent, pages, "circuit.html")

func (s *Server) circuit(v visit) error { return s.showCircuit(v, v.r.URL.Query(), nil) }

// town is what a workflow may name of the commune.
type circuitTown struct {
	services []tenants.Service
	problems []proof.Finding
	key      string
}

// showCircuit shows what is asked for: etape, tache, passage, regle. After a refusal it is what was posted.
func (s *Server) showCircuit(v visit, asked url.Values, refused error) error {
	page := circuitPage{Refused: sentence(refused)}
	var town circuitTown
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) (err error) {
		if w.draft == nil {
			return nil
		}
		if town, err = readTown(ctx, tx, w); err != nil {
			return err
		}
		read, err := strconv.Atoi(asked.Get("edition"))
		if err != nil || read == w.draft.Edit || !fault.Is(refused, "procedure_draft_changed") {
			return nil //nolint:nilerr // nobody else saved
		}
		list, kept, err := drafts.Since(ctx, tx, *w.draft, read)
		page.Theirs, page.Lost = changesOf(list), !kept
		return err
	})
	if err != nil {
		return err
	}
	if w.draft == nil {
		return s.done(v, "Commencez un brouillon pour écrire le circuit.", w.url+"/"+workDraft)
	}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Circuit", workFlow)
	page.Name, page.URL, page.Edit = w.shown().Title, w.url+"/"+workFlow, strconv.Itoa(w.draft.Edit)
	page.Saved = at(w.draft.SavedAt, v.scope.Tenant.Zone()) + ", par " + w.draft.SavedBy
	page.CanUndo, page.CanRedo = w.draft.CanUndo, w.draft.CanRedo
	page.StepLabel = web.Input{Name: "nouvelle_etape", Label: "Titre de l’étape", Value: asked.Get("nouvelle_etape"), MaxLength: workflow.MaxTitle, Error: refusalsOf(refused)["nouvelle_etape"]}
	page.Problems, page.Key = town.problems, town.key
	if err := page.lay(w, town, asked, refused); err != nil {
		return err
	}
	return circuitTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func readTown(ctx context.Context, tx *tenants.Tx, w workshop) (town circuitTown, err error) {
	if town.services, err = tenants.Services(ctx, tx); err != nil || w.shown().Workflow == nil {
		return town, err
	}
	if town.key, err = requests.WebhookKey(tx, w.slug); err != nil {
		return town, err
	}
	report, err := drafts.Prove(ctx, tx, *w.draft)
	for _, f := range report.Findings {
		if strings.HasPrefix(f.Path, "workflow") {
			town.problems = append(town.problems, f)
		}
	}
	return town, err
}

// lay fills in the page.
func (p *circuitPage) lay(w workshop, town circuitTown, asked url.Values, refused error) error {
	for _, name := range inOrder(refused) {
		p.Errors = append(p.Errors, web.ErrorLink{ID: name, Message: refusalsOf(refused)[name]})
	}
	if len(p.Errors) > 0 {
		p.Refused = ""
	}
	flow := w.shown().Workflow
	if flow == nil {
		return nil
	}
	f, err := edit.Open(w.whole.Form)
	if err != nil {
		return err
	}
	p.Picture, p.Said = draw(flow, wrongSteps(flow, town.problems)), saidFlow(flow)
	step := chosenStep(flow, asked)
	for i, s := range flow.Steps {
		item := stepItem{ID: s.Name, Title: s.Title, URL: p.to("etape", s.Name), Number: i + 1, Current: s.Name == step.Name, First: i == 0, Last: i == len(flow.Steps)-1}
		p.Steps = append(p.Steps, item)
		if item.Current {
			p.Step = item
		}
	}
	for i, a := range step.Actions {
		id := step.Name + "/" + a.Name
		p.Actions = append(p.Actions, circuitItem{ID: id, Label: a.Kind.Label(), URL: p.to("tache", id), About: aboutAction(a), Current: asked.Get("tache") == id, First: i == 0, Last: i == len(step.Actions)-1})
	}
	ways := flow.From(step.Name)
	for i, t := range ways {
		p.Ways = append(p.Ways, circuitItem{ID: t.Name, Label: flow.Called(t), URL: p.to("passage", t.Name), About: aboutWay(flow, t), Current: asked.Get("passage") == t.Name, First: i == 0, Last: i == len(ways)-1})
	}
	for i, r := range flow.Routing {
		p.Rules = append(p.Rules, circuitItem{ID: r.Name, Label: "Règle\u00a0" + strconv.Itoa(i+1), URL: p.to("regle", r.Name), About: aboutRule(f, r), Current: asked.Get("regle") == r.Name, First: i == 0, Last: i == len(flow.Routing)-1})
	}
	for _, k := range workflow.Kinds() {
		p.Kinds = append(p.Kinds, web.Choice{Value: string(k), Label: k.Label()})
	}
	p.WayLabel = web.Input{Name: "nouveau_passage", Label: "Nom du passage", Hint: "Ce que dira le bouton, par exemple Demander un avis.", Value: asked.Get("nouveau_passage"), MaxLength: workflow.MaxTitle, Error: refusalsOf(refused)["nouveau_passage"]}
	p.WayTo = web.Select{Name: "nouveau_vers", Label: "Vers l’étape", Items: stepChoices(flow, asked.Get("nouveau_vers"))}
	c := circuitPanel{flow: flow, form: f, town: town, posted: refused != nil && asked.Get("action") == "enregistrer", v: asked, refused: refusalsOf(refused)}
	p.Panel = c.of(step)
	return nil
}

func (p *circuitPage) to(what, id string) string {
	return p.URL + "?" + url.Values{what: {id}}.Encode() + "#reglage"
}

// chosenStep gives the step to show: that of the action or transition that is asked for, or the first.
func chosenStep(w *workflow.Workflow, asked url.Values) *workflow.Stage {
	name := asked.Get("etape")
	if step, _, ok := strings.Cut(asked.Get("tache"), "/"); ok {
		name = step
	}
	if t := w.Transition(asked.Get("passage")); t != nil {
		name = t.From
	}
	if s := w.Step(name); s != nil {
		return s
	}
	if s := w.Start(); s != nil {
		return s
	}
	return &workflow.Stage{}
}

// wrongSteps are the steps that the proof objects to.
func wrongSteps(w *workflow.Workflow, problems []proof.Finding) map[string]bool {
	out := map[string]bool{}
	for i, s := range w.Steps {
		path := "workflow/steps/" + strconv.Itoa(i)
		out[s.Name] = slices.ContainsFunc(problems, func(f proof.Finding) bool { return f.Path == path || strings.HasPrefix(f.Path, path+"/") })
	}
	return out
}

func stepChoices(w *workflow.Workflow, chosen string) []web.Choice {
	var out []web.Choice
	for _, s := range w.Steps {
		out = append(out, web.Choice{Value: s.Name, Label: s.Title})
	}
	return marked(out, chosen)
}

// saidFlow says what the picture shows.
func saidFlow(w *workflow.Workflow) []string {
	var out []string
	for i, s := range w.Steps {
		text := s.Title
		if i == 0 {
			text += " (début)"
		}
		if s.Decides {
			text += ", où l’on décide"
		}
		var to []string
		for _, t := range w.From(s.Name) {
			if next := w.Step(t.To); next != nil {
				way := "vers «\u00a0" + next.Title + "\u00a0»"
				if t.Auto {
					way += " automatiquement"
				}
				to = append(to, way)
			}
		}
		if len(to) > 0 {
			text += "\u00a0: " + strings.Join(to, ", ")
		}
		out = append(out, text+".")
	}
	return out
}

func aboutAction(a workflow.Action) string {
	switch a.Kind {
	case workflow.KindAssign:
		return a.Agent
	case workflow.KindEmail:
		return map[string]string{workflow.ToCitizen: "À la personne", workflow.ToService: "Au service"}[a.To] + "\u00a0: " + a.Subject
	case workflow.KindOpinion:
		return a.Service + a.To
	case workflow.KindWebhook:
		return a.URL
	case workflow.KindSMS:
	}
	return a.Text
}

func aboutWay(w *workflow.Workflow, t *workflow.Transition) string {
	out := "par " + whoWords(t.Who)
	if t.Auto {
		out = "automatique"
	}
	if to := w.Step(t.To); to != nil {
		out = "Vers «\u00a0" + to.Title + "\u00a0», " + out
	}
	if t.If != nil {
		out += ", sous condition"
	}
	return out
}

func aboutRule(f *edit.Form, r workflow.Routing) string {
	if r.Table != "" {
		name := r.Field
		if q, _ := f.Find(r.Field); q != nil {
			name = q.Label
		}
		return "D’après «\u00a0" + name + "\u00a0», par la table " + r.Table
	}
	return "Au service " + r.Service + strings.Replace(shownIf(f, r.If), "Affichée si", " si", 1)
}

// changeCircuit does what a button of the page says: each is a revision of the draft, which can be undone.
func (s *Server) changeCircuit(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	slug := v.r.PathValue("slug")
	var change formChange
	if err == nil {
		read, _ := strconv.Atoi(form.Get("edition")) //nolint:errcheck // 0 is no edit: refused
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			change, err = changeFlow(ctx, tx, slug, read, form)
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showCircuit(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, change.done, proceduresPath+"/"+slug+"/"+workFlow+"?"+change.show.Encode()+"#etapes")
}

func changeFlow(ctx context.Context, tx *tenants.Tx, slug string, read int, form url.Values) (formChange, error) {
	out := formChange{show: url.Values{}}
	gesture, id, _ := strings.Cut(form.Get("action"), ":")
	switch gesture {
	case "annuler":
		_, err := drafts.Undo(ctx, tx, slug, read)
		out.done = "La dernière modification est annulée."
		return out, err
	case "retablir":
		_, err := drafts.Redo(ctx, tx, slug, read)
		out.done = "La modification est rétablie."
		return out, err
	}
	d, err := drafts.Get(ctx, tx, slug)
	if err != nil {
		return out, err
	}
	p, err := d.Procedure.Copy()
	if err != nil {
		return out, err
	}
	if p.Workflow == nil {
		p.Workflow = &workflow.Workflow{}
	}
	whole, _, err := catalogue.Expanded(ctx, tx, p)
	if err != nil {
		return out, err
	}
	f, err := edit.Open(whole.Form)
	if err != nil {
		return out, err
	}
	c := flowChange{formChange: &out, flow: p.Workflow, form: f, v: form}
	if err := c.apply(gesture, id); err != nil {
		return out, err
	}
	if len(p.Workflow.Steps) == 0 {
		p.Workflow = nil
	}
	_, err = drafts.Save(ctx, tx, slug, read, p)
	return out, err
}
