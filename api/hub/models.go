package hub

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/exchange"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/inherit"
)

// modelsPage lists what the hub proposes to its communes, and takes in what it will propose.
type modelsPage struct {
	web.Frame
	Action  string
	May     bool
	Table   web.Table
	File    web.File
	Commune web.Select
	Offered []offered // what the chosen commune offers to everyone
	Chosen  string    // its INSEE code
	Reasons []string  // what the proof objects to
}

// offered is a procedure that a commune offers.
type offered struct{ Slug, Title string }

var modelsTemplate = web.MustParse[modelsPage](web.Hub, files, "models.html")

const (
	modelsPath = "/demarches"
	modelTime  = 2 * time.Minute // a slow connection sends a file
)

func (s *Server) models(v visit) error { return s.showModels(v, nil) }

func (s *Server) showModels(v visit, refused error) error {
	ctx := v.r.Context()
	list, err := s.Models.Models(ctx, v.scope.Hub.ID)
	if err != nil {
		return err
	}
	communes, err := s.Registry.TenantsOf(ctx, v.scope.Hub.ID)
	if err != nil {
		return err
	}
	page := modelsPage{
		Frame: s.frame(v, "Démarches partagées", modelsPath), Action: modelsPath, May: v.admin.Actor().MayKeep(), Reasons: web.FieldMessages(refused),
		File:    web.File{Name: "fichier", Label: "Fichier de la démarche", Hint: "Un export de Parvis (.json). Son nom d’adresse dit quel modèle il remplace.", Accept: ".json"},
		Commune: web.Select{Name: "commune", Label: "Commune", Items: []web.Choice{{Label: "Choisir"}}},
	}
	page.Table = web.Table{
		Caption: "Démarches que vous proposez aux communes", Empty: "Vous ne proposez encore aucune démarche : les communes suivent la bibliothèque.",
		Columns: []web.Column{{Label: "Démarche"}, {Label: "Version", Numeric: true}, {Label: "Proposée à", Numeric: true}, {Label: "À jour", Numeric: true}, {Label: "Changements en attente", Numeric: true}, {Label: "Autres choix", Numeric: true}, {Label: "En cours", Numeric: true}},
	}
	for _, m := range list {
		page.Table.Rows = append(page.Table.Rows, web.Row{Cells: []web.Cell{
			{Text: m.Title, URL: modelsPath + "/" + m.Slug}, {Text: web.Number(m.Number)}, {Text: web.Number(m.Proposed)}, {Text: web.Number(m.Current)},
			{Text: web.Number(m.Waiting)}, {Text: web.Number(m.Conflicts)}, {Text: web.Number(m.Working)},
		}})
	}
	page.Chosen = v.r.URL.Query().Get("commune")
	for _, t := range communes {
		page.Commune.Items = append(page.Commune.Items, web.Choice{Value: t.INSEE, Label: t.Name, Checked: t.INSEE == page.Chosen})
		if t.INSEE == page.Chosen {
			if page.Offered, err = s.offers(ctx, t); err != nil {
				return err
			}
		}
	}
	page.Errors = summary(refused, nil)
	return modelsTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// offers lists what a commune offers to everyone, as anybody reads it.
func (s *Server) offers(ctx context.Context, t tenants.Tenant) (out []offered, err error) {
	err = s.DB.Read(ctx, t, tenants.Guest(), func(tx *tenants.Tx) error {
		entries, err := catalogue.List(ctx, tx)
		for _, e := range entries {
			if e.Open {
				out = append(out, offered{e.Slug, e.Procedure().Title})
			}
		}
		return err
	})
	return out, err
}

// addModel makes a file, or what a commune published, the hub's version.
func (s *Server) addModel(v visit) error {
	if !v.admin.Actor().MayKeep() { // before a byte is read
		return fault.New(fault.Forbidden, "hub_keeper_only")
	}
	var end func()
	v.r, end = s.UI.Larger(v.w, v.r, exchange.MaxSource+web.MaxForm, modelTime)
	defer end()
	var text []byte
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) (err error) {
		text, err = io.ReadAll(io.LimitReader(p, exchange.MaxSource+1))
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return fault.Wrap(fault.TooLarge, "import_too_large", err)
		}
		return err
	})
	var m inherit.HubModel
	if err == nil {
		if form.Get("demarche") != "" {
			m, err = s.fromCommune(v, form.Get("commune"), form.Get("demarche"))
		} else {
			m, err = s.fromFile(v, text)
		}
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showModels(v, err)
	case err != nil:
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "«\u00a0"+m.Title+"\u00a0» est votre version\u00a0"+web.Number(m.Number)+". Les communes n’en savent rien tant que vous ne la leur proposez pas.")
	web.Redirect(v.w, v.r, modelsPath+"/"+m.Slug)
	return nil
}

func (s *Server) fromFile(v visit, text []byte) (inherit.HubModel, error) {
	if len(text) == 0 {
		return inherit.HubModel{}, fault.New(fault.Invalid, "import_missing")
	}
	p, _ := exchange.Check(text)
	if p == nil {
		return inherit.HubModel{}, fault.New(fault.Invalid, "procedure_unreadable")
	}
	return s.Models.Put(v.r.Context(), v.admin.Actor(), v.scope.Hub, p)
}

func (s *Server) fromCommune(v visit, insee, slug string) (inherit.HubModel, error) {
	t, err := s.Registry.ByINSEE(v.r.Context(), insee)
	if err == nil && t.HubID != v.scope.Hub.ID {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return inherit.HubModel{}, err
	}
	return s.Models.PutFrom(v.r.Context(), v.admin.Actor(), t, slug)
}
