package agent

import (
	"context"
	"net/url"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/transmission"
)

// transmitPage sends a request to the administration that is competent for it: first
// whom, then how.
type transmitPage struct {
	web.Frame
	Number, URL, Action, Version string
	Conflict                     *conflict
	Near, Found                  []recipientLine
	Words                        web.Input
	To, Name                     string // chosen; To « dehors » is outside
	Outside                      bool
	Closed                       string      // why nothing can be sent there now
	Known                        *web.Select // outside administrations that were written to before
	OutsideName                  web.Input
	OutsideAddress               web.Textarea
	OutsideEmail                 web.Input
	Delivery                     web.Choices
	Procedure                    web.Select
	Reason                       web.Textarea
	Documents                    []string
	Silence                      string
}

type recipientLine struct {
	Name, URL, Note string
}

var transmitTemplate = web.MustParse[transmitPage](web.Agent, pages, "transmit.html")

// outside is the recipient that is none of ours.
const outside = "dehors"

func (s *Server) transmitPage(v visit) error { return s.showTransmit(v, nil, nil) }

func (s *Server) showTransmit(v visit, typed url.Values, refused error) error {
	query := v.r.URL.Query()
	to := query.Get("vers")
	if typed != nil {
		to = typed.Get("vers")
	}
	var known []requests.Known
	o, me, err := s.opened(v, typed, refused, func(ctx context.Context, tx *tenants.Tx) (err error) {
		if typed == nil {
			known, err = requests.KnownOutside(ctx, tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	d := o.detail
	if refused == nil {
		if err := possible(d, requests.ActionTransmit); err != nil {
			return err
		}
	}
	at := requestPath(d.Number)
	page := transmitPage{
		Frame: s.frame(v, me, "Transmettre à une autre administration", home), Number: d.Number, URL: at, Action: at + "/transmission", Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()), To: to, Outside: to == outside,
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: at}, {Label: "Transmettre"}}
	if err := s.recipients(v, &page, query.Get("q")); err != nil {
		return err
	}
	page.offerKnown(known)
	if typed == nil {
		typed = fromKnown(known, query.Get("connue"))
	}
	page.fields(d, typed)
	if to != "" && !page.Outside {
		if err := s.offer(v, &page, d, typed); err != nil {
			return err
		}
	}
	page.wrong(refused)
	return transmitTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// recipients lists whom it can go to, while nobody is chosen.
func (s *Server) recipients(v visit, page *transmitPage, words string) error {
	page.Words = web.Input{Name: "q", Label: "Une autre commune ou intercommunalité, par son nom", Optional: true, Value: words, MaxLength: 100}
	if page.To != "" {
		return nil
	}
	near, err := s.Transmissions.Recipients(v.r.Context(), v.scope.Tenant, "")
	if err != nil {
		return err
	}
	page.Near = recipientLines(near, page.Action)
	if words == "" {
		return nil
	}
	found, err := s.Transmissions.Recipients(v.r.Context(), v.scope.Tenant, words)
	page.Found = recipientLines(found, page.Action)
	return err
}

func recipientLines(list []transmission.Recipient, action string) []recipientLine {
	out := make([]recipientLine, len(list))
	for i, r := range list {
		out[i] = recipientLine{Name: r.Name, URL: action + "?vers=" + url.QueryEscape(r.Code)}
		switch {
		case r.Suspended:
			out[i].Note = "portail suspendu"
		case r.EPCI:
			out[i].Note = "services de l’intercommunalité"
		}
	}
	return out
}

// offerKnown lets an agent pick an outside administration that was written to before.
func (p *transmitPage) offerKnown(known []requests.Known) {
	if p.To != "" || len(known) == 0 {
		return
	}
	p.Known = &web.Select{Name: "connue", Label: "Une administration déjà utilisée par la commune", Hint: "Ses coordonnées sont reprises ; vous les vérifiez avant l’envoi."}
	for _, k := range known {
		p.Known.Items = append(p.Known.Items, web.Choice{Value: string(k.ID), Label: k.Party.Name})
	}
}

// fromKnown fills the form in for an administration that was picked; it is empty for none.
func fromKnown(known []requests.Known, id string) url.Values {
	for _, k := range known {
		if string(k.ID) == id {
			return url.Values{"nom": {k.Party.Name}, "adresse": {k.Party.PostalAddress}, "courriel": {k.Party.Email}, "remise": {k.Delivery}}
		}
	}
	return nil
}

func (p *transmitPage) fields(d requests.Detail, typed url.Values) {
	p.Reason = web.Textarea{Name: "motif", Label: "Pourquoi elle est compétente", Hint: "La personne le lit. Par exemple\u00a0: la collecte des encombrants relève de l’intercommunalité.", Rows: 3, MaxLength: 1000, Value: typed.Get("motif")}
	for _, f := range d.Documents {
		p.Documents = append(p.Documents, f.Name)
	}
	switch {
	case !p.Outside && d.Silence.Effect.Decides():
		p.Silence = "Si le silence vaut refus, son délai continue de courir depuis la première réception, le " + d.FirstReceivedOn.French() + ". S’il vaut acceptation, il court à partir du jour où l’autre administration reçoit la demande (CRPA L.114-3)."
	case p.Outside:
		p.Silence = "La demande est close ici dès l’envoi. Notez ensuite, sur sa page, le jour où l’administration l’a reçue, si elle vous le dit."
	}
	if !p.Outside {
		return
	}
	p.OutsideName = web.Input{Name: "nom", Label: "Administration", Hint: "Par exemple\u00a0: préfecture de la Haute-Garonne.", Value: typed.Get("nom"), MaxLength: 200}
	p.OutsideAddress = web.Textarea{Name: "adresse", Label: "Adresse postale", Rows: 3, MaxLength: 500, Optional: true, Value: typed.Get("adresse")}
	p.OutsideEmail = web.Input{Name: "courriel", Label: "Adresse électronique", Type: "email", Optional: true, Value: typed.Get("courriel"), MaxLength: 254}
	chosen := typed.Get("remise")
	if chosen == "" {
		chosen = requests.DeliveryEmail
	}
	p.Delivery = web.Choices{Name: "remise", Legend: "Comment le dossier part", Items: []web.Choice{
		{Value: requests.DeliveryEmail, Label: "Par courriel", Hint: "Elle reçoit une adresse et un code, qui ouvrent le dossier et ses documents pendant 30 jours. Rien de personnel ne voyage dans le courriel.", Checked: chosen == requests.DeliveryEmail},
		{Value: requests.DeliveryPost, Label: "Par courrier", Hint: "Une lettre avec les réponses de la personne attend dans «\u00a0Courriers\u00a0». Imprimez aussi les documents, et joignez-les.", Checked: chosen == requests.DeliveryPost},
	}}
}

// offer asks the recipient what it takes.
func (s *Server) offer(v visit, page *transmitPage, d requests.Detail, typed url.Values) error {
	o, err := s.Transmissions.Offer(v.r.Context(), v.scope.Tenant, page.To, d.ProcedureSlug)
	if err != nil {
		return err
	}
	page.Name = o.Party.Name
	switch {
	case o.Suspended:
		page.Closed = "Le portail de cette administration est suspendu\u00a0: elle ne reçoit rien pour le moment. Choisissez l’envoi par courriel ou par courrier, ou attendez."
	case len(o.Procedures) == 0:
		page.Closed = "Cette administration n’a encore ouvert aucune démarche. Choisissez l’envoi par courriel ou par courrier."
	}
	chosen := o.Same
	if typed.Has("demarche") {
		chosen = typed.Get("demarche")
	}
	page.Procedure = web.Select{Name: "demarche", Label: "Démarche là-bas", Hint: "Si elle diffère de celle d’ici, les réponses de la personne arrivent comme un texte à lire."}
	for _, e := range o.Procedures {
		page.Procedure.Items = append(page.Procedure.Items, web.Choice{Value: e.Slug, Label: e.Procedure().Title, Checked: e.Slug == chosen})
	}
	return nil
}

func (p *transmitPage) wrong(refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), "motif"
	switch {
	case fault.Is(refused, "outside_name"):
		p.OutsideName.Error, id = text, "nom"
	case fault.Is(refused, "outside_address"):
		p.Delivery.Error, id = text, "remise"
	case fault.Is(refused, "recipient_procedure"):
		p.Procedure.Error, id = text, "demarche"
	default:
		p.Reason.Error = text
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

func (s *Server) transmit(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		err = s.send(v, form)
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showTransmit(v, form, err)
	case err != nil:
		return err
	}
	if form.Get("vers") == outside {
		return s.done(v, "La demande est transmise, et la personne en est prévenue.", requestPath(v.number()))
	}
	return s.done(v, "La demande part. Elle arrive d’ordinaire en quelques secondes\u00a0; la personne en sera prévenue.", requestPath(v.number()))
}

// send transmits: what the recipient takes is asked of it first, apart from our own
// transaction.
func (s *Server) send(v visit, form url.Values) error {
	if form.Get("vers") == outside {
		_, err := s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			_, err := requests.TransmitOutside(ctx, tx, v.number(), requests.OutsideTransmittal{
				To:       requests.Party{Name: form.Get("nom"), PostalAddress: form.Get("adresse"), Email: form.Get("courriel")},
				Delivery: form.Get("remise"), Reason: form.Get("motif"),
			}, version(form))
			return err
		})
		return err
	}
	in, err := s.Transmissions.Address(v.r.Context(), v.scope.Tenant, form.Get("vers"), "", requests.Transmittal{ProcedureSlug: form.Get("demarche"), Reason: form.Get("motif")})
	if err != nil {
		return err
	}
	_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		_, err := requests.Transmit(ctx, tx, v.number(), in, version(form))
		return err
	})
	return err
}
