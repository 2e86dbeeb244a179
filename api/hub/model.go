package hub

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/inherit"
)

// modelPage is one procedure that the hub proposes: what the library changed in it, and how it stands in
// each commune.
type modelPage struct {
	web.Frame
	Name, Action, Number string
	From                 string // the commune that it was taken from
	May, Working         bool
	Alone, Conflicts     []libraryRow
	All                  web.Checkbox
	Communes             web.Choices
	Reasons              []string
}

// libraryRow is a change of the library's model.
type libraryRow struct {
	Box                       web.Checkbox
	Where, Lead, Theirs, Ours string
}

var modelTemplate = web.MustParse[modelPage](web.Hub, files, "model.html")

func (s *Server) model(v visit) error { return s.showModel(v, nil, nil) }

func (s *Server) showModel(v visit, typed url.Values, refused error) error {
	ctx := v.r.Context()
	m, err := s.Models.Model(ctx, v.scope.Hub.ID, v.r.PathValue("slug"))
	if err != nil {
		return err
	}
	states, err := s.Models.Communes(ctx, v.scope.Hub.ID, m.Slug)
	if err != nil {
		return err
	}
	page := modelPage{
		Frame: s.frame(v, m.Title, modelsPath), Name: m.Title, Action: modelsPath + "/" + m.Slug, Number: strconv.Itoa(m.Number), From: m.Source, May: v.admin.Actor().MayKeep(), Reasons: web.FieldMessages(refused),
		All:      web.Checkbox{Name: "toutes", Label: "Toutes les communes", Checked: typed.Get("toutes") != ""},
		Communes: web.Choices{Name: "commune", Legend: "Communes", Hint: "Relevé au moment de la proposition, puis tous les quarts d’heure."},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches partagées", URL: modelsPath}, {Label: m.Title}}
	for _, c := range states {
		page.Working = page.Working || c.Wanted != ""
		page.Communes.Items = append(page.Communes.Items, web.Choice{Value: c.INSEE, Label: c.Name, Hint: standingWords(c, m.Number), Checked: slices.Contains(typed["commune"], c.INSEE)})
	}
	if err := page.library(m); err != nil {
		return err
	}
	page.Errors = summary(refused, nil)
	return modelTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// library tells what the library changed since the hub's version was last brought to it.
func (p *modelPage) library(m inherit.HubModel) error {
	merge, err := m.Library()
	if err != nil || merge == nil {
		return err
	}
	list, err := merge.Changes("La bibliothèque")
	if err != nil {
		return err
	}
	for i, c := range list {
		row := libraryRow{Where: c.Where, Lead: c.Lead, Theirs: c.Theirs, Ours: c.Ours}
		row.Box = web.Checkbox{Name: "changement-" + strconv.Itoa(i+1), Value: c.ID, Label: c.Text, Hint: c.Where, Checked: c.Side == inherit.Upstream}
		if c.Side == inherit.Conflict {
			row.Box.Label, row.Box.Hint = "Prendre cette version à la place de la vôtre", ""
			p.Conflicts = append(p.Conflicts, row)
		} else {
			p.Alone = append(p.Alone, row)
		}
	}
	return nil
}

// standingWords say how a model stands in a commune.
func standingWords(c inherit.CommuneState, number int) string {
	var said string
	switch {
	case c.Wanted != "" && c.Error != "":
		said = "En cours : la commune ne répond pas, on réessaie"
	case c.Wanted != "":
		said = "En cours"
	case c.Error != "":
		said = "N’a pas abouti. Proposez de nouveau"
	case c.Number == 0:
		return "Pas encore proposée"
	case c.State == "absent":
		said = "Proposée : la commune n’a pas cette démarche"
	case c.State == "current":
		said = "À jour"
	case c.State == "conflicts":
		said = web.Plural(c.Waiting, "changement en attente", "changements en attente") + ", dont " + web.Plural(c.Conflicts, "là où elle a fait un autre choix", "là où elle a fait d’autres choix")
	default:
		said = web.Plural(c.Waiting, "changement en attente", "changements en attente")
	}
	if c.Drafted {
		said += " ; un brouillon est en cours"
	}
	if c.Number > 0 && c.Number < number {
		said += " (version\u00a0" + strconv.Itoa(c.Number) + ")"
	}
	return said
}

// changeModel proposes the model to communes, or takes over what the library changed.
func (s *Server) changeModel(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	said := ""
	if err == nil {
		said, err = s.modelAct(v, form)
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showModel(v, form, err)
	case err != nil:
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, said)
	web.Redirect(v.w, v.r, modelsPath+"/"+v.r.PathValue("slug"))
	return nil
}

func (s *Server) modelAct(v visit, form url.Values) (string, error) {
	ctx, who := v.r.Context(), v.admin.Actor()
	m, err := s.Models.Model(ctx, v.scope.Hub.ID, v.r.PathValue("slug"))
	if err != nil {
		return "", err
	}
	switch form.Get("action") {
	case "proposer", "appliquer":
		insee := form["commune"]
		switch {
		case form.Get("toutes") != "":
			insee = nil
		case len(insee) == 0:
			return "", fault.New(fault.Invalid, "model_communes")
		}
		work := inherit.WorkPropose
		if form.Get("action") == "appliquer" {
			work = inherit.WorkDraft
		}
		n, err := s.Models.Ask(ctx, who, m, work, insee)
		return "C’est parti pour " + web.Plural(n, "commune", "communes") + ". L’état de chacune paraît ici dès que c’est fait.", err
	case "reprendre", "garder":
		if m.Number, err = strconv.Atoi(form.Get("version")); err != nil {
			return "", fault.New(fault.Invalid, "form_unreadable")
		}
		var ids []string
		for name, values := range form {
			if form.Get("action") == "reprendre" && strings.HasPrefix(name, "changement-") {
				ids = append(ids, values...)
			}
		}
		if len(ids) == 0 && form.Get("action") == "reprendre" {
			return "", fault.New(fault.Invalid, "update_none")
		}
		held, err := s.Models.TakeLibrary(ctx, who, v.scope.Hub, m, ids)
		switch {
		case len(ids) == 0:
			return "Vous gardez votre version. Ces changements ne vous seront plus proposés.", err
		case len(held) > 0:
			return "C’est votre nouvelle version, sauf " + web.Plural(len(held), "changement", "changements") + " dont d’autres questions dépendent.", err
		}
		return "C’est votre nouvelle version. Proposez-la aux communes quand vous le voulez.", err
	}
	return "", fault.New(fault.Invalid, "form_unreadable")
}
