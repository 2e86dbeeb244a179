package citizen

import (
	"context"
	"html/template"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// paperPage is something that the town issued, to be read, printed and kept.
type paperPage struct {
	web.Frame
	Number  string
	Heading string
	Issued  string
	Body    template.HTML //nolint:forbidigo // a stored receipt, cleaned by web.Letter
	Text    string        // or a letter's plain text
	Proof   string        // the hash of what was issued
	PDF     string        // where it can be had as one; empty where none is made
}

var paperTemplate = web.MustParse[paperPage](web.Citizen, files, "paper.html")

func (s *Server) showPaper(v *visit, page paperPage) error {
	number := requests.ReadNumber(v.r.PathValue("number"))
	if !s.PDF.Able() {
		page.PDF = ""
	}
	page.Frame, page.Number = s.frame(v, page.Heading, "/suivi"), number
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: number, URL: "/demandes/" + number}, {Label: page.Heading}}
	return paperTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// receipt shows a receipt as it was issued and sent.
func (s *Server) receipt(v *visit) error {
	id, err := tenants.ParseID(v.r.PathValue("receipt"))
	if err != nil {
		return err
	}
	var page paperPage
	err = s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		r, err := requests.ReceiptOf(ctx, tx, number, id)
		if err != nil {
			return err
		}
		page = paperPage{
			Heading: paperHeading(r), Body: web.Letter(notify.Absolute(r.HTML, ""), v.r.Host), Issued: web.DateTime(r.IssuedAt.In(tx.Tenant().Zone())), Proof: proof(r.SHA256),
			PDF: v.r.URL.Path + "/accuse.pdf",
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.showPaper(v, page)
}

// paperHeading names a receipt.
func paperHeading(r requests.Receipt) string {
	if r.About() == requests.AboutRegistration {
		return "Accusé d’enregistrement"
	}
	return "Accusé de réception"
}

// decision shows the letter of an answer.
func (s *Server) decision(v *visit) error {
	return s.letter(v, "decision_unknown", func(d requests.Detail) (page paperPage, ok bool) {
		for _, x := range d.Decisions {
			if string(x.ID) == v.r.PathValue("decision") {
				return paperPage{Heading: x.Subject, Text: x.Letter, Issued: x.DecidedOn.French()}, x.Letter != ""
			}
		}
		return page, false
	})
}

// letter shows a letter of a request's; one that find does not find is fault.NotFound of
// that code.
func (s *Server) letter(v *visit, unknown string, find func(requests.Detail) (paperPage, bool)) error {
	var page paperPage
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		d, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		var found bool
		if page, found = find(d); !found {
			return fault.New(fault.NotFound, unknown)
		}
		page.PDF = v.r.URL.Path + "/lettre.pdf"
		return nil
	})
	if err != nil {
		return err
	}
	return s.showPaper(v, page)
}
