package agent

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

const toSignPath = "/agents/a-signer"

func signPath(number string) string { return requestPath(number) + "/signature" }

// toSignPage is what waits for a signature.
type toSignPage struct {
	web.Frame
	Rows []toSignLine
}

type toSignLine struct {
	Request web.Link
	Title   string // what is decided
	Who, By string
	Clock   string // what the silence does meanwhile
	Urgent  bool
	Status  web.Status
}

// signPage is a prepared decision, as it would leave.
type signPage struct {
	web.Frame
	URL, Version    string
	Conflict        *conflict
	Title, By       string
	Due, Delivery   string
	Notices         []web.Notice
	Reasons         string
	Subject, Body   string
	May             bool // the reader signs it, or sends it back
	Why             web.Textarea
	Rewrite         string // where it is taken up again
	ReturnedBecause string
}

var (
	toSignTemplate = web.MustParse[toSignPage](web.Agent, pages, "tosign.html")
	signTemplate   = web.MustParse[signPage](web.Agent, pages, "sign.html")
)

func (s *Server) toSign(v visit) error {
	var list []requests.ToSign
	var today calendar.Date
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		today = tx.Today()
		list, err = requests.ListToSign(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	page := toSignPage{Frame: s.frame(v, me, "Décisions à signer", home)}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: "À signer"}}
	for _, x := range list {
		page.Rows = append(page.Rows, toSignRow(x, today, v.scope.Tenant))
	}
	return toSignTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func toSignRow(x requests.ToSign, today calendar.Date, t tenants.Tenant) toSignLine {
	line := toSignLine{
		Request: web.Link{Label: x.Number, URL: signPath(x.Number)}, Title: outcomeLabels[x.Outcome].do + "\u00a0: " + x.Title, Who: x.Applicant,
		By: preparedWords(x.Prepared, t.Zone()), Status: web.Status{Tone: web.Info, Label: "Attend " + x.SignatoryName},
	}
	switch {
	case x.Returned():
		line.Status = web.Status{Tone: web.Warning, Label: "Renvoyée par " + x.ReturnedBy}
	case x.MaySign:
		line.Status = web.Status{Tone: web.Success, Label: "À vous de signer"}
	}
	line.Clock, line.Urgent = signBefore(x.SilenceLastDay, x.SilenceEffect, today, t.Territory())
	return line
}

func preparedWords(p requests.Prepared, zone *time.Location) string {
	return "Préparée par " + p.PreparedBy + " le " + web.DateTime(p.PreparedAt.In(zone))
}

// signBefore says until when a signature comes in time, and whether that presses: the
// silence goes on while a decision waits (law.md R8).
func signBefore(last calendar.Date, effect calendar.Effect, today calendar.Date, t calendar.Territory) (string, bool) {
	if last.IsZero() {
		return "", false
	}
	becomes := "un refus"
	if effect == calendar.Acceptance {
		becomes = "une acceptation"
	}
	switch {
	case today.After(last):
		return "Trop tard\u00a0: le silence a décidé le " + last.FrenchShort() + ". Une signature viendrait après lui.", true
	case t.AddWorkingDays(today, 5).After(last):
		return "À signer, et à notifier, au plus tard le " + last.French() + "\u00a0: une signature après ce jour viendrait après le silence, qui vaudra " + becomes + ".", true
	}
	return "Le délai court toujours\u00a0: sans réponse notifiée au plus tard le " + last.French() + ", le silence vaudra " + becomes + ".", false
}

func (s *Server) signPage(v visit) error { return s.showSign(v, nil, nil) }

func (s *Server) showSign(v visit, typed url.Values, refused error) error {
	o, me, err := s.opened(v, typed, refused)
	if err != nil {
		return err
	}
	d := o.detail
	if d.Prepared == nil && refused == nil {
		return fault.New(fault.Conflict, "nothing_to_sign")
	}
	page := signPage{
		Frame: s.frame(v, me, "Décision à signer", home), URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "À signer"}}
	if p := d.Prepared; p != nil {
		page.fill(*p, d, o.today, v.scope.Tenant)
	}
	page.Why = web.Textarea{Name: "motif", Label: "Ce qu’il faut revoir", Rows: 3, Value: typed.Get("motif"), MaxLength: maxText}
	if refused != nil && page.Conflict == nil {
		page.Why.Error = sentence(refused)
		page.Errors = web.ErrorSummary{{ID: page.Why.Name, Message: page.Why.Error}}
	}
	return signTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func (p *signPage) fill(x requests.Prepared, d requests.Detail, today calendar.Date, t tenants.Tenant) {
	p.Title, p.By = outcomeLabels[x.Outcome].do+"\u00a0: "+d.Title, preparedWords(x, t.Zone())+", pour la signature de "+x.SignatoryName+"."
	p.Reasons, p.Subject, p.Body, p.May = x.Reasons, x.Subject, x.Letter, x.MaySign
	p.Delivery = "Une fois signée, elle part " + deliveryLabels[x.Delivery] + ". Rien n’est encore parti."
	if clock, urgent := signBefore(d.SilenceLastDay, d.Silence.Effect, today, t.Territory()); urgent {
		p.Notices = append(p.Notices, web.Notice{Tone: web.Warning, Text: clock})
	} else {
		p.Due = clock
	}
	if x.Returned() {
		p.ReturnedBecause = x.ReturnedBy + " l’a renvoyée\u00a0: " + x.ReturnedWhy
	}
	for _, o := range d.Outcomes {
		if o == x.Outcome {
			p.Rewrite = p.URL + "/decision?issue=" + string(o) + "&reprendre=1"
		}
	}
}

// sign signs a prepared decision, or sends it back.
func (s *Server) sign(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done := "La décision est signée\u00a0: elle part maintenant."
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			if form.Get("action") == "renvoyer" {
				done = "La décision est renvoyée à qui l’a préparée."
				_, err = requests.SendBack(ctx, tx, v.number(), form.Get("motif"), version(form))
				return err
			}
			_, err = requests.Sign(ctx, tx, v.number(), version(form))
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showSign(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, requestPath(v.number()))
}

// preparedNotice says on a request's page that a decision waits, or was sent back.
func preparedNotice(d requests.Detail, today calendar.Date, t calendar.Territory) []web.Notice {
	p := d.Prepared
	if p == nil {
		return nil
	}
	n := web.Notice{Tone: web.Info, Text: "Une décision préparée par " + p.PreparedBy + " attend la signature de " + p.SignatoryName + ".", Link: web.Link{Label: "Ouvrir la décision à signer", URL: signPath(d.Number)}}
	if p.Returned() {
		n.Tone, n.Text = web.Warning, p.ReturnedBy+" a renvoyé la décision préparée par "+p.PreparedBy+"\u00a0: "+p.ReturnedWhy
	}
	if clock, urgent := signBefore(d.SilenceLastDay, d.Silence.Effect, today, t); urgent {
		n.Tone, n.Text = web.Warning, n.Text+" "+clock
	}
	return []web.Notice{n}
}

// resumed gives what was prepared as it was typed, to be taken up again.
func resumed(p *requests.Prepared) url.Values {
	if p == nil {
		return nil
	}
	return url.Values{
		"issue": {string(p.Outcome)}, "accorde": {p.Granted}, "motifs": {p.Reasons}, "objet": {p.Subject}, "lettre": {p.Letter}, "remise": {p.Delivery},
		"signataire": {string(p.Signatory)},
	}
}

// waitsFor names who signs, where the decision would wait for them.
func (s signers) waitsFor() string {
	if !s.waits {
		return ""
	}
	for _, x := range s.all {
		if x.ID == s.chosen {
			return strings.Trim(x.Name+", "+x.Title, ", ")
		}
	}
	return ""
}
