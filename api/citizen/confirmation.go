package citizen

import (
	"context"
	"html/template"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type confirmationPage struct {
	web.Frame
	Heading, Number, Code string
	Procedure, Yours      string
	Next                  []string
	Warnings              []string
	Acknowledged          string        // what the receipt is
	Receipt               template.HTML //nolint:forbidigo // as it was issued, made by web.Letter
	Account               bool          // it is in the person's account
	Mail                  bool          // a receipt leaves by e-mail
}

var confirmationTemplate = web.MustParse[confirmationPage](web.Citizen, files, "confirmation.html")

// confirmation says that the request is in, with all that is needed to follow it.
func (s *Server) confirmation(v *visit) error {
	var d requests.Detail
	var code string
	var today calendar.Date
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		today = tx.Today()
		if d, err = requests.Get(ctx, tx, number); err != nil {
			return err
		}
		code, err = requests.TrackingCode(ctx, tx, number)
		return err
	})
	if err != nil {
		return err
	}
	page := confirmationPage{
		Heading: headings[catalogue.Kind(d.Kind)], Number: d.Number, Code: code, Procedure: d.Title, Yours: nounOf(catalogue.Kind(d.Kind)).yours, Warnings: d.Warnings,
		Account: d.CitizenID != "", Mail: d.Applicant.Email != "",
	}
	page.Frame = s.frame(v, page.Heading, "/suivi")
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: d.Title}}
	if d.ServiceName != "" {
		page.Next = append(page.Next, "Le service « "+d.ServiceName+" » l’étudie. S’il manque quelque chose, il vous l’écrit.")
	}
	page.Next = append(page.Next, stateNotice(d, today).Items...)
	if len(d.Receipts) > 0 {
		page.Acknowledged = paperHeading(d.Receipts[0])
		page.Receipt = web.Letter(notify.Absolute(d.Receipts[0].HTML, ""), v.r.Host)
	}
	return confirmationTemplate.Render(v.w, v.r, http.StatusOK, page)
}

var headings = map[catalogue.Kind]string{
	catalogue.KindRequest: "Votre demande est envoyée", catalogue.KindDeclaration: "Votre déclaration est envoyée",
	catalogue.KindReport: "Votre signalement est envoyé", catalogue.KindInformation: "Votre message est envoyé",
}
