package agent

import (
	"context"
	"html/template"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type receiptPage struct {
	web.Frame
	Number, Code, Title, URL string
	Follow                   string // where the person follows it
	Applicant                string
	Receipts                 []receiptText
	Mailed                   bool
	Notices                  []web.Notice
	None                     string // why there is no receipt
}

type receiptText struct {
	Subject string
	Body    template.HTML //nolint:forbidigo // as it was issued, made by web.Letter
	Issued  string
	PDF     string
}

var receiptTemplate = web.MustParse[receiptPage](web.Agent, pages, "receipt.html")

// receipt gives the number, the tracking code and the receipt, to be printed or read
// out to the person.
func (s *Server) receipt(v visit) error {
	var d requests.Detail
	var code string
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if d, err = requests.Get(ctx, tx, v.number()); err != nil {
			return err
		}
		code, err = requests.TrackingCode(ctx, tx, v.number())
		return err
	})
	if err != nil {
		return err
	}
	site := s.URL(s.Registry.HostOf(v.scope.Tenant))
	page := receiptPage{
		Frame: s.frame(v, me, "Demande "+d.Number, home), Number: d.Number, Code: code, Title: d.Title, URL: requestPath(d.Number), Follow: site + "/suivi",
		Applicant: d.ApplicantName(), Mailed: d.Applicant.Email != "" && d.Applicant.EmailAgreed && len(d.Receipts) > 0,
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Accusé de réception"}}
	for _, w := range d.Procedure.Warnings(d.Answers, d.ReceivedOn, d.SilenceLastDay) {
		page.Notices = append(page.Notices, web.Notice{Tone: web.Warning, Text: w})
	}
	if d.Standing.Exempt != "" {
		page.Notices = append(page.Notices, web.Notice{Tone: web.Info, Text: d.Standing.Exempt})
	}
	page.Notices = append(page.Notices, receiptNotices(d)...)
	page.None = "Aucun accusé de réception n’a été délivré."
	if d.Standing.Exempt != "" {
		page.None = d.Standing.Exempt
	}
	for _, r := range d.Receipts {
		text := receiptText{Subject: r.Subject, Body: web.Letter(r.HTML, v.r.Host), Issued: web.DateTime(r.IssuedAt.In(v.scope.Tenant.Zone()))}
		if s.PDF.Able() {
			text.PDF = page.URL + "/accuse/" + string(r.ID) + "/accuse.pdf"
		}
		page.Receipts = append(page.Receipts, text)
	}
	return receiptTemplate.Render(v.w, v.r, http.StatusOK, page)
}
