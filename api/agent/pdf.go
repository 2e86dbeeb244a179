package agent

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (s *Server) receiptPDF(v visit) error {
	return s.paperPDF(v, requests.Paper{Kind: documents.Receipt, ID: tenants.ID(v.r.PathValue("receipt"))})
}

// letterPapers are the documents that the letters of a request are.
var letterPapers = map[string]documents.Kind{letterAsked: documents.Notice, letterComplete: documents.Complete, letterDecision: documents.Letter, letterReasons: documents.Reasons}

func (s *Server) letterPDF(v visit) error {
	kind, known := letterPapers[v.r.PathValue("kind")]
	if !known {
		return fault.New(fault.NotFound, "document_unknown")
	}
	return s.paperPDF(v, requests.Paper{Kind: kind, ID: tenants.ID(v.r.PathValue("id"))})
}

// paperPDF gives a paper as a PDF; the first time that anybody asks, it gets its code.
func (s *Server) paperPDF(v visit, p requests.Paper) error {
	id, err := tenants.ParseID(string(p.ID))
	if err != nil {
		return err
	}
	p.ID = id
	var issued documents.Issued
	var look documents.Look
	get := func(how func(context.Context, *tenants.Tx, string, requests.Paper) (documents.Issued, error)) func(context.Context, *tenants.Tx, web.Visitor) error {
		return func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			if issued, err = how(ctx, tx, v.number(), p); err != nil {
				return err
			}
			look, err = s.PDFLook(ctx, tx)
			return err
		}
	}
	_, err = s.read(v, get(requests.FindPaper))
	if fault.Is(err, "document_not_issued") {
		_, err = s.write(v, get(requests.IssuePaper))
	}
	if err != nil {
		return err
	}
	return s.SendPDF(v.w, v.r, issued, look)
}

// attestation shows the attestation of an acceptance by silence, to be printed; it is
// issued by the button on the request's page.
func (s *Server) attestation(v visit) error {
	var issued documents.Issued
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		issued, err = attested(ctx, tx, v.number())
		return err
	})
	if err != nil {
		return err
	}
	c := issued.Content
	page := letterPage{URL: requestPath(v.number()), Subject: c.Subject + " n°\u00a0" + c.Number, Document: &c, Body: "Code de vérification\u00a0: " + issued.Code, Address: c.Recipient, Then: "Remettez cette attestation à la personne, ou postez-la."}
	if s.PDF.Able() {
		page.PDF = page.URL + "/attestation/attestation.pdf"
	}
	page.Frame = s.frame(v, me, page.Subject, home)
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: v.number(), URL: page.URL}, {Label: "Attestation"}}
	return letterTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func attested(ctx context.Context, tx *tenants.Tx, number string) (documents.Issued, error) {
	d, err := requests.Get(ctx, tx, number)
	if err != nil {
		return documents.Issued{}, err
	}
	paper, due := d.Attestation(tx.Today())
	if !due {
		return documents.Issued{}, fault.New(fault.Conflict, "attestation_not_due")
	}
	return requests.FindPaper(ctx, tx, number, paper)
}

func (s *Server) attestationPDF(v visit) error {
	var issued documents.Issued
	var look documents.Look
	_, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if issued, err = attested(ctx, tx, v.number()); err != nil {
			return err
		}
		look, err = s.PDFLook(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.SendPDF(v.w, v.r, issued, look)
}
