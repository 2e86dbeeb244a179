package hub

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
)

// receivePage takes in a commune that comes with its archive, and shows how far those are
// that came.
type receivePage struct {
	web.Frame
	Action     string
	May        bool
	Busy       bool // one is on its way
	Archive    web.File
	Passphrase web.Input
	Table      web.Table
}

var receiveTemplate = web.MustParse[receivePage](web.Hub, files, "receive.html")

const receivePath = "/communes/reprise"

// receiveTime is how long a slow connection may take to send an archive.
const receiveTime = 2 * time.Hour

// archiveShown is how many operations are looked through for those that took a commune in.
const archiveShown = 200

func (s *Server) receiving(v visit) error { return s.showReceiving(v, nil) }

func (s *Server) showReceiving(v visit, refused error) error {
	list, err := s.Operations.OfHub(v.r.Context(), v.scope.Hub.ID, archiveShown)
	if err != nil {
		return err
	}
	var came []operations.Operation
	page := receivePage{
		Frame: s.frame(v, "Reprendre une commune", "/communes/nouvelle"), Action: receivePath, May: v.admin.Actor().MayManage(),
		Archive:    web.File{Name: "archive", Label: "L’archive de la commune", Hint: "Le fichier qui se termine par .tar.zst, de 4\u00a0Go au plus. Au-delà, l’exploitant de la plateforme la reprend.", Accept: ".zst"},
		Passphrase: web.Input{Name: "passphrase", Label: "Phrase secrète des codes de suivi", Hint: "Si l’archive en a une. Sans elle, les codes que les habitants ont reçus restent valables, mais la mairie ne peut pas les redonner.", Type: "password", Autocomplete: "off", Optional: true, MaxLength: 200},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Ouvrir une commune", URL: "/communes/nouvelle"}, {Label: "Reprendre une commune"}}
	for _, o := range list {
		if o.Kind == operations.Import {
			came, page.Busy = append(came, o), page.Busy || o.Open()
		}
	}
	page.Table = web.OperationsTable(came, calendar.Territory{}.Zone(), func(o operations.Operation) string {
		if o.State == operations.Done {
			return "/communes/" + o.INSEE
		}
		return ""
	})
	page.Table.Caption, page.Table.Empty, page.Table.Columns[0].Label = "Communes reprises", "Aucune commune n’a encore été reprise.", "Commune"
	for i, o := range came {
		page.Table.Rows[i].Cells[0].Text = o.Name
	}
	if refused != nil {
		field := &page.Archive.Error
		id := page.Archive.Name
		if fault.Is(refused, "passphrase") {
			field, id = &page.Passphrase.Error, page.Passphrase.Name
		}
		*field = web.Sentence(refused)
		page.Errors = web.ErrorSummary{{ID: id, Message: *field}}
	}
	return receiveTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// receive takes an archive in while it arrives. Managers of the hub alone: the domain says
// so before it reads a byte.
func (s *Server) receive(v visit) error {
	var end func()
	v.r, end = s.UI.Larger(v.w, v.r, operations.MaxReceived, receiveTime)
	defer end()
	var came *operations.Operation
	in := operations.Incoming{HubID: v.scope.Hub.ID}
	_, err := s.UI.Upload(v.w, v.r, func(p web.Part) error {
		if p.Name != "archive" || came != nil {
			return nil
		}
		in.Passphrase = strings.TrimSpace(p.Before.Get("passphrase"))
		o, err := s.Operations.Receive(v.r.Context(), v.admin.Actor(), p, in)
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return fault.Wrap(fault.TooLarge, "archive_too_large", err)
		}
		came = &o
		return err
	})
	if err == nil && came == nil {
		err = fault.New(fault.Invalid, "archive_missing")
	}
	if err != nil {
		if f := fault.Of(err); f.Kind == fault.Internal || f.Kind == fault.Forbidden && f.Code != "form_expired" || f.Kind == fault.Unavailable {
			return err
		}
		return s.showReceiving(v, err)
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "L’archive de "+came.Name+" est entière. La reprise commence\u00a0: la commune paraît en ligne dès qu’elle est complète, et ses agents reçoivent une invitation.")
	web.Redirect(v.w, v.r, receivePath)
	return nil
}
