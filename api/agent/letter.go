package agent

import (
	"context"
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// letterPage is a letter of a request, to be printed, handed over or posted.
type letterPage struct {
	web.Frame
	URL, Subject, Body string
	Address            []string           // for the window of the envelope
	Then               string             // what the agent does with it
	Document           *documents.Content // above the body, where it is more than words
	PDF                string             // where it can be had as one; empty where none is made
}

var letterTemplate = web.MustParse[letterPage](web.Agent, pages, "letter.html")

// The letters of a request, as their addresses name them.
const (
	letterAsked    = "pieces"
	letterComplete = "complet"
	letterDecision = "decision"
	letterReasons  = "motifs"
)

func letterPath(number, kind string, id tenants.ID) string {
	return requestPath(number) + "/lettres/" + kind + "/" + string(id)
}

// letter shows a letter as it was kept, for whom no e-mail reaches.
func (s *Server) letter(v visit) error {
	var d requests.Detail
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		d, err = requests.Get(ctx, tx, v.number())
		return err
	})
	if err != nil {
		return err
	}
	page := letterPage{URL: requestPath(d.Number)}
	if s.PDF.Able() {
		page.PDF = v.r.URL.Path + "/lettre.pdf"
	}
	page.find(d, v.r.PathValue("kind"), tenants.ID(v.r.PathValue("id")))
	if page.Body == "" {
		return fault.New(fault.NotFound, "document_unknown")
	}
	page.Frame = s.frame(v, me, page.Subject, home)
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Lettre"}}
	page.Address = strings.Split(strings.TrimSpace(d.ApplicantName()+"\n"+d.Applicant.PostalAddress), "\n")
	return letterTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (p *letterPage) find(d requests.Detail, kind string, id tenants.ID) {
	switch kind {
	case letterAsked, letterComplete:
		for _, n := range d.DocumentRequests {
			switch {
			case n.ID != id:
			case kind == letterComplete:
				p.Subject, p.Body, p.Then = "Votre dossier est complet", n.CompleteLetter, "Remettez cette lettre à la personne, ou postez-la\u00a0: elle y lit la nouvelle date."
			default:
				p.Subject, p.Body, p.Then = n.Subject, n.Letter, deliveryAdvice[n.Delivery]
			}
		}
	case letterReasons:
		for _, q := range d.Reasons {
			if q.ID == id {
				p.Subject, p.Body, p.Then = q.Subject, q.Letter, deliveryAdvice[q.Delivery]
			}
		}
	case letterDecision:
		for _, x := range d.Decisions {
			if x.ID == id {
				p.Subject, p.Body, p.Then = x.Subject, x.Letter, deliveryAdvice[x.Delivery]
			}
		}
	}
}

var deliveryAdvice = map[string]string{
	requests.DeliveryEmail:   "Cette lettre est partie par courriel.",
	requests.DeliveryCounter: "Remettez cette lettre à la personne aujourd’hui, de préférence contre sa signature sur un double.",
	requests.DeliveryPost:    "Postez cette lettre. Notez ensuite, dans la demande, le jour où elle est reçue\u00a0: les délais sont comptés de ce jour.",
}
