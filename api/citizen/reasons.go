package citizen

import (
	"context"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// whyBox lets a person ask why the silence refused (CRPA L.232-4), and says how far that is.
type whyBox struct {
	Says string
	Ask  bool
}

func whyOf(d requests.Detail, today calendar.Date) *whyBox {
	if d.AsksReasons(today) {
		return &whyBox{Ask: true, Says: "Vous pouvez nous demander pourquoi notre silence vaut refus. Nous avons un mois pour répondre, et le délai pour contester repart à notre réponse (CRPA, article\u00a0L.232-4)."}
	}
	if len(d.Reasons) == 0 {
		return nil
	}
	q := d.Reasons[len(d.Reasons)-1]
	switch {
	case q.AnsweredOn.IsZero() && q.Late(today):
		return &whyBox{Says: "Vous avez demandé les motifs le " + q.AskedOn.French() + ". Nous devions répondre au plus tard le " + q.DueOn.French() + ". Vous pouvez le dire au tribunal\u00a0: un refus sans motifs est irrégulier."}
	case q.AnsweredOn.IsZero():
		return &whyBox{Says: "Vous avez demandé les motifs le " + q.AskedOn.French() + ". Nous répondons au plus tard le " + q.DueOn.French() + "."}
	default:
		return &whyBox{Says: "Nous vous avons communiqué nos motifs le " + q.AnsweredOn.French() + "\u00a0: la lettre est dans «\u00a0À garder\u00a0»."}
	}
}

// askReasons asks the town hall why its silence refused.
func (s *Server) askReasons(v *visit) error {
	_, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil {
		return s.showRequest(v, requestState{expired: expired})
	}
	var asked requests.ReasonsRequest
	err = s.held(v, func(ctx context.Context, tx *tenants.Tx, number string) (err error) {
		asked, err = requests.AskReasons(ctx, tx, number)
		return err
	})
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Votre demande de motifs est enregistrée. Nous répondons au plus tard le "+asked.DueOn.French()+".")
	web.Redirect(v.w, v.r, here(v))
	return nil
}

// reasons shows the letter of the reasons.
func (s *Server) reasons(v *visit) error {
	return s.letter(v, "document_unknown", func(d requests.Detail) (page paperPage, ok bool) {
		for _, q := range d.Reasons {
			if string(q.ID) == v.r.PathValue("reasons") {
				return paperPage{Heading: q.Subject, Text: q.Letter, Issued: q.AnsweredOn.French()}, q.Letter != ""
			}
		}
		return page, false
	})
}

func (s *Server) reasonsPDF(v *visit) error {
	return s.paperPDF(v, requests.Paper{Kind: documents.Reasons, ID: tenants.ID(v.r.PathValue("reasons"))})
}
