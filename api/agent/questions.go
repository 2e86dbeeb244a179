package agent

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
)

// questionsPage is where a town writes a form: its steps, the questions of one of them, and
// the one that is chosen, to be changed beside.
type questionsPage struct {
	web.Frame
	Name, URL, Edit  string
	Saved, Preview   string
	Tabs             web.Tabs
	Steps            []stepItem
	Step             stepItem
	Sections         []sectionItem
	Kinds            []questionKind
	Label            web.Input // of a question to be added
	StepLabel        web.Input
	Panel            *adjustment
	CanUndo, CanRedo bool
	Theirs           []change // what somebody else saved since this page was read
	Lost             bool
	Refused          string
	Uses             []string // what keeps a question from being removed
}

type stepItem struct {
	ID, Title, URL string
	Number         int
	Current        bool
	First, Last    bool
}

type sectionItem struct {
	ID, Title, URL, Note string
	Current              bool
	Only                 bool
	Questions            []questionItem
}

type questionItem struct {
	ID, Label, URL, Icon, About, If string
	Current, First, Last            bool
}

var questionsTemplate = web.MustParse[questionsPage](web.Agent, pages, "questions.html")

const workQuestions = "questions"

func (s *Server) questions(v visit) error { return s.showQuestions(v, v.r.URL.Query(), nil) }

// showQuestions shows what is asked for: etape, rubrique, question. After a refusal it is what
// was posted, which stands in the panel as it was typed.
func (s *Server) showQuestions(v visit, asked url.Values, refused error) error {
	page := questionsPage{Refused: sentence(refused), Kinds: questionKinds}
	var has sources
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) (err error) {
		if has, err = sourcesOf(ctx, tx); err != nil {
			return err
		}
		page.Theirs, page.Lost, err = savedSince(ctx, tx, w, asked, refused)
		return err
	})
	if err != nil {
		return err
	}
	if w.draft == nil {
		return s.done(v, "Commencez un brouillon pour écrire le formulaire.", w.url+"/"+workDraft)
	}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Questions", workQuestions)
	page.Name, page.URL, page.Edit = w.shown().Title, w.url+"/"+workQuestions, strconv.Itoa(w.draft.Edit)
	page.Saved = at(w.draft.SavedAt, v.scope.Tenant.Zone()) + ", par " + w.draft.SavedBy
	page.CanUndo, page.CanRedo = w.draft.CanUndo, w.draft.CanRedo
	f, err := edit.Open(w.shown().Form)
	if err != nil {
		return err
	}
	page.Label = web.Input{Name: "nouvelle", Label: "La question à ajouter", Hint: "Écrivez-la, puis choisissez comment on y répond.", Value: asked.Get("nouvelle"), MaxLength: 200}
	page.StepLabel = web.Input{Name: "nouvelle_etape", Label: "Titre de l’étape", Value: asked.Get("nouvelle_etape"), MaxLength: 100}
	if fault.Is(refused, "question_used") {
		for _, use := range fault.Of(refused).Fields {
			page.Uses = append(page.Uses, use.Message)
		}
	}
	page.lay(f, has, asked, refused)
	return questionsTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func sourcesOf(ctx context.Context, tx *tenants.Tx) (has sources, err error) {
	blocks, err := catalogue.Blocks(ctx, tx)
	if err != nil {
		return has, err
	}
	for _, b := range blocks {
		has.blocks = append(has.blocks, web.Choice{Value: b.Name, Label: b.Title})
	}
	tables, err := catalogue.Tables(ctx, tx)
	for _, t := range tables {
		has.tables = append(has.tables, web.Choice{Value: t.Name, Label: t.Title})
	}
	return has, err
}

// lay fills in the columns.
func (p *questionsPage) lay(f *edit.Form, has sources, asked url.Values, refused error) {
	at := placeAsked(f, asked)
	for si, step := range f.Steps {
		item := stepItem{ID: step.ID, Title: step.Title, URL: p.to("etape", step.ID), Number: si + 1, Current: si == at.Step, First: si == 0, Last: si == len(f.Steps)-1}
		p.Steps = append(p.Steps, item)
		if item.Current {
			p.Step = item
		}
	}
	if len(f.Steps) == 0 {
		return
	}
	p.sections(f, at.Step, asked)
	p.Preview = strings.TrimSuffix(p.URL, workQuestions) + workPreview + "?" + url.Values{"etape": {p.Step.ID}}.Encode()
	errs := refusalsOf(refused)
	q, _ := f.Find(asked.Get("question"))
	section, _ := f.Section(asked.Get("rubrique"))
	posted := refused != nil && asked.Get("action") == "enregistrer"
	switch {
	case q != nil:
		v := asked
		if !posted {
			_, place := f.Find(q.ID)
			v = questionValues(f, q, f.Steps[place.Step].Sections[place.Section].ID)
		}
		p.Panel = questionPanel(f, q, v, has, errs)
	case section != nil:
		p.Panel = sectionPanel(f, section, asked, posted, errs)
	default:
		p.Panel = stepPanel(&f.Steps[at.Step], asked, posted)
	}
	for _, name := range inOrder(refused) {
		p.Errors = append(p.Errors, web.ErrorLink{ID: name, Message: errs[name]})
	}
	if len(p.Errors) > 0 {
		p.Refused = ""
	}
}

func inOrder(refused error) []string {
	var out []string
	if e := fault.Of(refused); e != nil && e.Code == "question_invalid" {
		for _, field := range e.Fields {
			out = append(out, field.Path)
		}
	}
	return out
}

// placeAsked gives the step to show: that of the question or section asked for, or the first.
func placeAsked(f *edit.Form, asked url.Values) edit.Place {
	if q, at := f.Find(asked.Get("question")); q != nil {
		return at
	}
	if section, at := f.Section(asked.Get("rubrique")); section != nil {
		return at
	}
	_, n := f.Step(asked.Get("etape"))
	return edit.Place{Step: n}
}

func (p *questionsPage) to(what, id string) string {
	return p.URL + "?" + url.Values{what: {id}}.Encode() + "#reglage"
}

func (p *questionsPage) sections(f *edit.Form, step int, asked url.Values) {
	sections := f.Steps[step].Sections
	for ci, section := range sections {
		item := sectionItem{ID: section.ID, Title: sectionName(section, ci), URL: p.to("rubrique", section.ID), Current: section.ID == asked.Get("rubrique") && asked.Get("question") == "", Only: len(sections) == 1, Note: shownIf(f, section.If)}
		if section.Repeat != nil {
			item.Note = "Répétée\u00a0: " + section.Repeat.Item + ", " + strconv.Itoa(section.Repeat.Max) + " au plus. " + item.Note
		}
		for fi := range section.Fields {
			q := &section.Fields[fi]
			item.Questions = append(item.Questions, questionItem{
				ID: q.ID, Label: q.Label, URL: p.to("question", q.ID), Icon: kindOf(q.Kind).Icon, About: about(q), If: shownIf(f, q.If), Current: q.ID == asked.Get("question"),
				First: step == 0 && ci == 0 && fi == 0, Last: step == len(f.Steps)-1 && ci == len(sections)-1 && fi == len(section.Fields)-1,
			})
		}
		p.Sections = append(p.Sections, item)
	}
}

func sectionName(s forms.Section, n int) string {
	if s.Title != "" {
		return s.Title
	}
	return "Rubrique " + strconv.Itoa(n+1)
}

// about says in a line how a question is answered.
func about(q *forms.Field) string {
	out := kindOf(q.Kind).Label
	switch {
	case q.Kind == forms.KindComputed, q.Kind == forms.KindBlock:
	case q.Optional:
		out += " · facultative"
	default:
		out += " · obligatoire"
	}
	if q.Unit != "" {
		out += " · en " + q.Unit
	}
	if q.Table != nil {
		out += " · table " + q.Table.Table
	}
	if q.Stop != nil {
		out += " · peut arrêter la démarche"
	}
	return out
}

// shownIf says when a question is asked; "" for always.
func shownIf(f *edit.Form, c *forms.Condition) string {
	if c == nil {
		return ""
	}
	groups, ok := edit.Rules(c)
	if !ok {
		return "Affichée sous une condition longue"
	}
	out := "Affichée si "
	for g, group := range groups {
		if g > 0 {
			out += ", ou si "
		}
		for l, line := range group {
			if l > 0 {
				out += " et "
			}
			out += saidLine(f, line)
		}
	}
	return out
}

func saidLine(f *edit.Form, line edit.Rule) string {
	name := line.Field
	if q := asked(f, line.Field); q != nil {
		name = q.Label
	}
	out := "«\u00a0" + name + "\u00a0» "
	for _, t := range tests {
		if t.test == line.Test && t.as == line.As {
			out += t.label
		}
	}
	if line.Test != edit.Answered {
		out += " «\u00a0" + spoken(f, line) + "\u00a0»"
	}
	if line.Not {
		return "ce n’est pas le cas que " + out
	}
	return out
}

// sectionPanel shows a section's words, when it is asked and whether it repeats.
func sectionPanel(f *edit.Form, s *forms.Section, asked url.Values, posted bool, refused refusals) *adjustment {
	v := asked
	if !posted {
		v = url.Values{nameLabel: {s.Title}, nameHelp: {s.Help}}
		if s.Repeat != nil {
			v.Set("fois", s.Repeat.Item)
			v.Set("fois_min", strconv.Itoa(s.Repeat.Min))
			v.Set("fois_max", strconv.Itoa(s.Repeat.Max))
		}
		putCondition(v, nameShown, f, s.If)
	}
	p := &adjustment{What: "rubrique", ID: s.ID, Title: s.Title, Inputs: []control{
		inputOf(web.Input{Name: nameLabel, Label: "Titre de la rubrique", Value: v.Get(nameLabel), MaxLength: 100, Optional: true}),
		inputOf(web.Input{Name: nameHelp, Label: "Aide", Value: v.Get(nameHelp), MaxLength: 500, Optional: true}),
	}, Limits: []control{
		inputOf(web.Input{Name: "fois", Label: "Répéter ces questions pour chaque", Hint: "Par exemple Enfant. Vide\u00a0: elles sont posées une fois.", Value: v.Get("fois"), MaxLength: 50, Optional: true}),
		inputOf(web.Input{Name: "fois_min", Label: "Au moins", Value: v.Get("fois_min"), InputMode: "numeric", Width: "short", MaxLength: 3, Optional: true}),
		inputOf(web.Input{Name: "fois_max", Label: "Au plus", Value: v.Get("fois_max"), InputMode: "numeric", Width: "short", MaxLength: 3, Optional: true, Error: refused["fois_max"]}),
	}}
	if _, short := edit.Rules(s.If); !short {
		p.Shown = &conditionBox{Legend: "Afficher seulement si", Long: true}
		return p
	}
	var before []web.Choice
	if len(s.Fields) > 0 {
		before = earlier(f, s.Fields[0].ID)
	}
	lines := conditionLines(v, nameShown, "Afficher seulement si", "Sans condition, la rubrique est toujours là.", before)
	p.Shown = &lines
	return p
}

func stepPanel(s *forms.Step, asked url.Values, posted bool) *adjustment {
	v := asked
	if !posted {
		v = url.Values{nameLabel: {s.Title}, nameHelp: {s.Intro}}
	}
	return &adjustment{What: "etape", ID: s.ID, Title: s.Title, Inputs: []control{
		inputOf(web.Input{Name: nameLabel, Label: "Titre de l’étape", Value: v.Get(nameLabel), MaxLength: 100}),
		areaOf(web.Textarea{Name: nameHelp, Label: "Introduction", Value: v.Get(nameHelp), Rows: 3, MaxLength: 1000, Optional: true}),
	}}
}
