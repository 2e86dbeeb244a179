package citizen

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// transmittedPage shows a file to the outside administration that was mailed its code. The
// code is typed, and goes along with each form: it stands in no address and in no cookie.
type transmittedPage struct {
	web.Frame
	Action, Held string
	Code         web.Input
	Opened       bool
	Number, From string
	Reason       string
	Who          web.SummaryList
	Summary      []part
	Files        []transmittedFile
}

type transmittedFile struct {
	Name, Action string
	Size         int64
}

var transmittedTemplate = web.MustParse[transmittedPage](web.Citizen, files, "transmitted.html")

func (s *Server) transmittedPage(v *visit) error { return s.showTransmitted(v, http.StatusOK, "") }

func (s *Server) showTransmitted(v *visit, status int, message string) error {
	page := s.transmittedFrame(v)
	page.Code = web.Input{Name: "code", Label: "Code du dossier", Hint: "Douze lettres et chiffres, dans le courriel qui vous a amené ici.", Autocomplete: "off", NoSpellcheck: true, MaxLength: 64, Width: "medium"}
	wrong(&page.Errors, &page.Code, message)
	return transmittedTemplate.Render(v.w, v.r, status, page)
}

func (s *Server) transmittedFrame(v *visit) transmittedPage {
	page := transmittedPage{Frame: s.frame(v, "Dossier transmis", ""), Action: "/transmissions/" + v.r.PathValue("id")}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Dossier transmis"}}
	return page
}

// openTransmitted opens the file to whoever types the code.
func (s *Server) openTransmitted(v *visit) error {
	f, code, err := s.sharedFile(v)
	if fault.Is(err, "request_or_code_unknown") || fault.Is(err, "not_found") || fault.Is(err, "form_expired") {
		return s.showTransmitted(v, http.StatusUnprocessableEntity, "Ce code n’ouvre pas ce dossier, ou n’est plus valable. Vérifiez-le, ou demandez-en un autre à la mairie.")
	}
	if err != nil {
		return err
	}
	page := s.transmittedFrame(v)
	page.Opened, page.Held, page.Number, page.From, page.Reason = true, code, f.Number, f.Title, f.Transmission.Reason
	a := f.Applicant
	for _, p := range [][2]string{
		{"Demandeur", a.Name()}, {"Pour", a.OnBehalfOf}, {"Adresse", a.PostalAddress}, {"Courriel", a.Email}, {"Téléphone", a.Phone},
		{"Première réception", f.FirstReceivedOn.French()}, {"Transmise le", web.DateTime(f.Transmission.CreatedAt.In(v.scope.Tenant.Zone()))},
	} {
		if p[1] != "" {
			page.Who = append(page.Who, web.SummaryItem{Key: p[0], Value: p[1]})
		}
	}
	for _, step := range f.Steps {
		page.Summary = append(page.Summary, part{Title: step.Title, List: web.SummaryOf(step, "")})
	}
	for _, d := range f.Documents {
		page.Files = append(page.Files, transmittedFile{Name: d.Name, Size: d.Size, Action: page.Action + "/documents/" + string(d.ID)})
	}
	return transmittedTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (s *Server) sharedFile(v *visit) (f requests.SharedFile, code string, err error) {
	form, expired, err := s.form(v)
	if err == nil {
		err = expired
	}
	if err == nil {
		err = allow(s.tracks, v)
	}
	if err != nil {
		return f, "", err
	}
	id, err := tenants.ParseID(v.r.PathValue("id"))
	if err != nil {
		return f, "", err
	}
	code = trimmed(form, "code")
	err = s.write(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		f, err = requests.OpenFile(ctx, tx.As(tenants.Guest()), id, code)
		return err
	})
	return f, code, err
}

// transmittedDocument gives one document of the file.
func (s *Server) transmittedDocument(v *visit) error {
	f, _, err := s.sharedFile(v)
	if err != nil {
		return err
	}
	for _, d := range f.Documents {
		if string(d.ID) == v.r.PathValue("document") {
			return web.ServeDocument(v.w, v.r, s.Files, v.scope.Tenant, d)
		}
	}
	return fault.New(fault.NotFound, "document_unknown")
}
