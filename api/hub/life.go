package hub

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
)

// lifePage is a commune's life as its hub may lead it.
type lifePage struct {
	web.Frame
	Action    string
	Base      string // where its cell is changed
	Suspended bool
	May       bool
	Busy      bool // something is being done: nothing else is asked for
	Table     web.Table
	Erasure   *erasure
	Days      web.Input
	Visa      web.Textarea
}

// erasure is one that waits.
type erasure struct {
	ID      tenants.ID
	AskedBy string
	Confirm bool // it waits for another person's word
	Own     bool // who looks asked for it
	Until   string
}

var lifeTemplate = web.MustParse[lifePage](web.Hub, files, "life.html")

func lifePath(t tenants.Tenant) string { return "/communes/" + t.INSEE + "/vie" }

// lifeShown is how many operations the page lists.
const lifeShown = 30

func (s *Server) life(v visit) error {
	t, err := s.ours(v)
	if err != nil {
		return err
	}
	return s.showLife(v, t, "", "", nil)
}

func (s *Server) showLife(v visit, t tenants.Tenant, days, visa string, refused error) error {
	list, err := s.Operations.OfTenant(v.r.Context(), t.ID, lifeShown)
	if err != nil {
		return err
	}
	wrong := web.FieldErrors(refused)
	if days == "" {
		days = strconv.Itoa(operations.DefaultDelay)
	}
	page := lifePage{
		Frame: s.frame(v, "Vie de la commune", "/"), Action: lifePath(t), Base: movePath(t), Suspended: t.State == tenants.StateSuspended, May: v.admin.Actor().MayManage(),
		Table: web.OperationsTable(list, t.Zone(), func(operations.Operation) string { return "" }),
		Days:  web.Input{Name: "days", Label: "Délai avant l’effacement, en jours", Value: days, InputMode: "numeric", Width: "short", Error: wrong["days"]},
		Visa: web.Textarea{Name: "visa", Label: "Archives publiques", Value: visa, Rows: 2, Error: wrong["visa"],
			Hint: "Indiquez que la commune conserve l’archive exportée, ou le numéro du visa d’élimination."},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Communes", URL: "/"}, {Label: t.Name, URL: "/communes/" + t.INSEE}, {Label: "Vie de la commune"}}
	for _, o := range list {
		if !o.Open() {
			continue
		}
		page.Busy = page.Busy || o.Kind != operations.Export
		if o.Kind == operations.Delete && o.State == operations.Waiting {
			page.Erasure = &erasure{ID: o.ID, AskedBy: o.AskedName, Confirm: o.NeedsConfirmation(), Own: o.AskedID == string(v.admin.ID)}
			if o.NotBefore != nil {
				page.Erasure.Until = o.NotBefore.In(t.Zone()).Format("02/01/2006")
			}
		}
	}
	page.Errors = summary(refused, wrong, "days", "visa")
	return lifeTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// lead does what the page asks for. Managers of the hub alone: the domain says so.
func (s *Server) lead(v visit) error {
	t, err := s.ours(v)
	if err != nil {
		return err
	}
	form, err := s.UI.Form(v.w, v.r)
	said := ""
	if err == nil {
		said, err = s.leading(v, t, form.Get("action"), form.Get("days"), form.Get("visa"))
	}
	if err != nil {
		if f := fault.Of(err); f.Kind == fault.Internal || f.Kind == fault.Unavailable || f.Kind == fault.NotFound {
			return err
		}
		return s.showLife(v, t, form.Get("days"), form.Get("visa"), err)
	}
	s.UI.SetFlash(v.w, v.r, web.Success, said)
	web.Redirect(v.w, v.r, lifePath(t))
	return nil
}

func (s *Server) leading(v visit, t tenants.Tenant, action, days, visa string) (said string, err error) {
	ctx, who := v.r.Context(), v.admin.Actor()
	if !who.MayManage() {
		return "", fault.New(fault.Forbidden, "hub_manager_only")
	}
	switch action {
	case "suspendre":
		_, err = s.Operations.Suspend(ctx, who, t)
		return "Le portail sera suspendu dans quelques secondes.", err
	case "reprendre":
		_, err = s.Operations.Resume(ctx, who, t)
		return "Le portail reprend dans quelques secondes.", err
	case "archiver":
		_, err = s.Operations.Export(ctx, who, t)
		return "L’archive se prépare. La commune pourra la télécharger dans ses réglages.", err
	case "effacer":
		n, bad := strconv.Atoi(strings.TrimSpace(days))
		if bad != nil {
			return "", fault.New(fault.Invalid, "delay_invalid", fault.Field{Path: "days", Code: "delay_invalid"})
		}
		_, err = s.Operations.Delete(ctx, who, t, n)
		return "L’effacement est demandé. Il attend la confirmation d’une autre personne.", err
	}
	o, err := s.Operations.Erasure(ctx, t)
	if err != nil {
		return "", err
	}
	switch action {
	case "confirmer":
		_, err = s.Operations.Confirm(ctx, who, t, o.ID, visa)
		return "L’effacement est confirmé. La commune est suspendue ; jusqu’à la fin du délai, vous pouvez l’annuler.", err
	case "annuler":
		_, err = s.Operations.Cancel(ctx, who, t, o.ID)
		return "L’effacement est annulé.", err
	}
	return "", fault.New(fault.Invalid, "form_unreadable")
}

type erasedPage struct {
	web.Frame
	Table web.Table
	Key   string
}

var erasedTemplate = web.MustParse[erasedPage](web.Hub, files, "erased.html")

const erasedPath = "/effacees"

// erased lists the certificates of the communes that were erased.
func (s *Server) erased(v visit) error {
	list, err := s.Operations.Erasures(v.r.Context(), v.scope.Hub.ID, "")
	if err != nil {
		return err
	}
	page := erasedPage{Frame: s.frame(v, "Communes effacées", "/"), Key: s.Operations.PublicKey(), Table: web.Table{
		Caption: "Certificats d’effacement", Empty: "Aucune commune n’a été effacée.", Columns: []web.Column{{Label: "Commune"}, {Label: "Code Insee"}, {Label: "Effacée le"}},
	}}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Communes", URL: "/"}, {Label: "Communes effacées"}}
	for _, e := range list {
		page.Table.Rows = append(page.Table.Rows, web.Row{Cells: []web.Cell{
			{Text: e.Name, URL: erasedPath + "/" + string(e.ID) + ".json"}, {Text: e.INSEE}, {Text: e.ErasedAt.Format("02/01/2006")},
		}})
	}
	return erasedTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// certificate sends one, as it was signed.
func (s *Server) certificate(v visit) error {
	list, err := s.Operations.Erasures(v.r.Context(), v.scope.Hub.ID, "")
	if err != nil {
		return err
	}
	for _, e := range list {
		if string(e.ID)+".json" == v.r.PathValue("file") {
			web.Attachment(v.w, "certificat-"+e.INSEE+".json", "application/json", int64(len(e.Document)))
			_, _ = v.w.Write([]byte(e.Document)) // the reader having gone away is nobody's fault
			return nil
		}
	}
	return fault.New(fault.NotFound, "not_found")
}
