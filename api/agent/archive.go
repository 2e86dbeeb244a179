package agent

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
)

type archivePage struct {
	web.Frame
	Action  string
	Refused string
	Table   web.Table
	Asked   string // who asked that the commune be erased
	Confirm bool   // that waits for a word of the commune's
	Until   string // when it will be erased
	Visa    web.Textarea
}

var archiveTemplate = web.MustParse[archivePage](web.Agent, pages, "archive.html")

const archivePath = settingsPath + "/archive"

// owners lets the commune's own administrators alone in: an archive holds the citizens'
// files, which nobody of the hub reads.
func owners(page web.Page) web.Page {
	return func(ctx context.Context, tx *tenants.Tx, me web.Visitor) error {
		if !me.Actor.MayAdminister() {
			return fault.New(fault.Forbidden, "admin_only")
		}
		return page(ctx, tx, me)
	}
}

func (s *Server) owner(v visit) (me web.Visitor, t tenants.Tenant, err error) {
	if me, err = s.read(v, owners(func(context.Context, *tenants.Tx, web.Visitor) error { return nil })); err != nil {
		return me, t, err
	}
	t, err = s.Registry.ByID(v.r.Context(), v.scope.Tenant.ID)
	return me, t, err
}

func (s *Server) archive(v visit) error { return s.showArchive(v, "", nil) }

func (s *Server) showArchive(v visit, visa string, refused error) error {
	me, t, err := s.owner(v)
	if err != nil {
		return err
	}
	list, err := s.Operations.OfTenant(v.r.Context(), t.ID, 30)
	if err != nil {
		return err
	}
	page := archivePage{
		Frame: s.frame(v, me, "Archive de la commune", settingsPath), Action: archivePath,
		Table: web.OperationsTable(list, t.Zone(), func(o operations.Operation) string {
			if o.Kind == operations.Export && o.State == operations.Done && o.Data.Bytes > 0 {
				return archivePath + "/" + string(o.ID)
			}
			return ""
		}),
		Visa: web.Textarea{Name: "visa", Label: "Archives publiques", Value: visa, Rows: 2, Error: web.FieldErrors(refused)["visa"],
			Hint: "Indiquez que la commune conserve l’archive exportée, ou le numéro du visa d’élimination."},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Réglages", URL: settingsPath}, {Label: "Archive de la commune"}}
	for _, o := range list {
		if o.Kind == operations.Delete && o.State == operations.Waiting {
			page.Asked, page.Confirm = o.AskedName, o.NeedsConfirmation()
			if o.NotBefore != nil {
				page.Until = o.NotBefore.In(t.Zone()).Format("02/01/2006")
			}
		}
	}
	switch {
	case page.Visa.Error != "":
		page.Errors = web.ErrorSummary{{ID: "visa", Message: page.Visa.Error}}
	case refused != nil:
		page.Refused = sentence(refused)
	}
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
	}
	return archiveTemplate.Render(v.w, v.r, status, page)
}

// askArchive asks for an archive, and confirms or calls off an erasure.
func (s *Server) askArchive(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	said := ""
	if err == nil {
		said, err = s.archiving(v, form.Get("action"), form.Get("visa"))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showArchive(v, form.Get("visa"), err)
	case err != nil:
		return err
	}
	return s.done(v, said, archivePath)
}

func (s *Server) archiving(v visit, action, visa string) (said string, err error) {
	me, t, err := s.owner(v)
	if err != nil {
		return "", err
	}
	ctx := v.r.Context()
	if action == "archiver" {
		_, err = s.Operations.Export(ctx, me.Actor, t)
		return "L’archive se prépare : elle apparaît ici dès qu’elle est prête.", err
	}
	o, err := s.Operations.Erasure(ctx, t)
	if err != nil {
		return "", err
	}
	switch action {
	case "confirmer":
		_, err = s.Operations.Confirm(ctx, me.Actor, t, o.ID, visa)
		return "L’effacement est confirmé. Le portail est suspendu ; jusqu’à la fin du délai, vous pouvez l’annuler.", err
	case "annuler":
		_, err = s.Operations.Cancel(ctx, me.Actor, t, o.ID)
		return "L’effacement est annulé.", err
	}
	return "", fault.New(fault.Invalid, "form_unreadable")
}

// fetchArchive sends an archive.
func (s *Server) fetchArchive(v visit) error {
	me, t, err := s.owner(v)
	if err != nil {
		return err
	}
	id, err := tenants.ParseID(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	body, o, err := s.Operations.Fetch(v.r.Context(), me.Actor, t, id)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	// As long as it takes on the town hall's line.
	_ = http.NewResponseController(v.w).SetWriteDeadline(time.Time{}) //nolint:errcheck // where there is none, none has to go
	web.Attachment(v.w, t.Slug+"-"+o.CreatedAt.In(t.Zone()).Format(time.DateOnly)+".tar.zst", "application/zstd", o.Data.Bytes)
	_, _ = io.Copy(v.w, body) // the reader having gone away is nobody's fault
	return nil
}
