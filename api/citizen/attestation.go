package citizen

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// attestationPage gives the attestation of an acceptance by silence (CRPA L.232-3): to be
// asked for, then to be read, printed, saved and mailed.
type attestationPage struct {
	web.Frame
	Number, Procedure string
	Issued            *issuedPaper // nil: not asked for yet
	CanMail           bool
	PDF               string
}

// issuedPaper is a document as a page shows it.
type issuedPaper struct {
	Number, Code, Proof, On string
	Content                 documents.Content
}

var attestationTemplate = web.MustParse[attestationPage](web.Citizen, files, "attestation.html")

func (s *Server) attestation(v *visit) error {
	var d requests.Detail
	var issued documents.Issued
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		if d, err = requests.Get(ctx, tx, number); err != nil {
			return err
		}
		paper, due := d.Attestation(tx.Today())
		if !due {
			return fault.New(fault.Conflict, "attestation_not_due")
		}
		issued, err = requests.FindPaper(ctx, tx, number, paper)
		if fault.Is(err, "document_not_issued") {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	page := attestationPage{Frame: s.frame(v, "Attestation d’acceptation", "/suivi"), Number: d.Number, Procedure: d.Title, CanMail: d.Applicant.Email != "" && d.Applicant.EmailAgreed}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: d.Number, URL: "/demandes/" + d.Number}, {Label: page.Title}}
	if issued.Code != "" {
		page.Issued = &issuedPaper{Number: issued.Content.Number, Content: issued.Content, Code: issued.Code, Proof: proof(issued.SHA256), On: issued.IssuedOn.French()}
		if s.PDF.Able() {
			page.PDF = "/demandes/" + d.Number + "/attestation/attestation.pdf"
		}
	}
	return attestationTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// attest issues the attestation, and mails it where that is asked for.
func (s *Server) attest(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil { // nothing was typed: the page says the same again
		web.Redirect(v.w, v.r, v.r.URL.Path)
		return nil
	}
	how, done := requests.Attest, "Votre attestation est délivrée."
	if form.Get("envoyer") != "" {
		if err := allow(s.mails, v); err != nil {
			return err
		}
		how, done = requests.MailAttestation, "L’attestation part vers votre adresse électronique."
	}
	err = s.held(v, func(ctx context.Context, tx *tenants.Tx, number string) error {
		_, err := how(ctx, tx, number)
		return err
	})
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, done)
	web.Redirect(v.w, v.r, v.r.URL.Path)
	return nil
}

func (s *Server) attestationPDF(v *visit) error {
	var paper requests.Paper
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		d, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		var due bool
		if paper, due = d.Attestation(tx.Today()); !due {
			return fault.New(fault.Conflict, "attestation_not_due")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.paperPDF(v, paper)
}
