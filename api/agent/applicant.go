package agent

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type applicantPage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	Who                  whoFields
}

// whoFields ask who applies, and how to answer them. Their names begin with _, as no
// question of a form does.
type whoFields struct {
	FamilyName, GivenName, Email, Phone web.Input
	Address                             web.Textarea
	OnBehalfOf, Organisation, Number    web.Input
	EmailAgreed, DecisionEmail, SMS     web.Checkbox
	Open                                bool // somebody acts for somebody else
}

var applicantTemplate = web.MustParse[applicantPage](web.Agent, pages, "applicant.html")

// readApplicant reads what was typed of who applies.
func readApplicant(form url.Values) requests.Applicant {
	return requests.Applicant{
		GivenName: form.Get("_given_name"), FamilyName: form.Get("_family_name"), Email: form.Get("_email"), Phone: form.Get("_phone"),
		PostalAddress: form.Get("_postal_address"), OnBehalfOf: form.Get("_on_behalf_of"), Organisation: form.Get("_organisation"),
		OrganisationID: form.Get("_organisation_id"), EmailAgreed: form.Get("_email_agreed") != "", DecisionEmail: form.Get("_decision_email") != "", SMS: form.Get("_sms") != "",
	}
}

// askWho draws the fields; anonymous procedures need none of them.
func askWho(a requests.Applicant, anonymous, electronic bool, errors map[string]string) whoFields {
	w := whoFields{
		FamilyName:    web.Input{Name: "_family_name", Label: "Nom", Value: a.FamilyName, MaxLength: 100, NoSpellcheck: true, Optional: anonymous},
		GivenName:     web.Input{Name: "_given_name", Label: "Prénom", Value: a.GivenName, MaxLength: 100, NoSpellcheck: true, Optional: anonymous},
		Email:         web.Input{Name: "_email", Label: "Adresse électronique", Type: "email", Value: a.Email, MaxLength: 254, NoSpellcheck: true, Optional: true},
		Phone:         web.Input{Name: "_phone", Label: "Téléphone", Type: "tel", Value: phone(a.Phone), MaxLength: 30, Optional: true},
		Address:       web.Textarea{Name: "_postal_address", Label: "Adresse postale", Value: a.PostalAddress, Rows: 2, MaxLength: 500, Optional: true},
		OnBehalfOf:    web.Input{Name: "_on_behalf_of", Label: "Pour le compte de", Hint: "La personne représentée\u00a0: parent, proche, personne protégée.", Value: a.OnBehalfOf, MaxLength: 200, Optional: true},
		Organisation:  web.Input{Name: "_organisation", Label: "Association ou entreprise", Value: a.Organisation, MaxLength: 200, Optional: true},
		Number:        web.Input{Name: "_organisation_id", Label: "Son numéro", Hint: "SIREN, SIRET ou numéro RNA (W…).", Value: a.OrganisationID, Width: "medium", NoSpellcheck: true, Optional: true},
		EmailAgreed:   web.Checkbox{Name: "_email_agreed", Label: "La personne accepte de recevoir l’accusé de réception et les messages par courriel", Hint: "Sinon, ils lui sont remis ou postés (CRPA L.112-14).", Checked: a.EmailAgreed},
		DecisionEmail: web.Checkbox{Name: "_decision_email", Label: "Elle accepte aussi de recevoir la décision par courriel", Hint: "Posez-lui la question\u00a0: sans son accord exprès, la décision part sur papier.", Checked: a.DecisionEmail},
		SMS:           web.Checkbox{Name: "_sms", Label: "Elle veut aussi être prévenue par SMS", Checked: a.SMS},
	}
	if electronic {
		w.EmailAgreed = web.Checkbox{}
	}
	for _, in := range []*web.Input{&w.FamilyName, &w.GivenName, &w.Email, &w.Phone, &w.OnBehalfOf, &w.Organisation, &w.Number} {
		in.Error = errors[strings.TrimPrefix(in.Name, "_")]
	}
	w.Address.Error = errors["postal_address"]
	w.Open = w.OnBehalfOf.Value+w.Organisation.Value+w.Number.Value != "" || w.OnBehalfOf.Error+w.Organisation.Error+w.Number.Error != ""
	return w
}

// wrong lists what is to be corrected, in the order of the page.
func (w whoFields) wrong() web.ErrorSummary {
	var out web.ErrorSummary
	for _, in := range []web.Input{w.FamilyName, w.GivenName, w.Email, w.Phone} {
		if in.Error != "" {
			out = append(out, web.ErrorLink{ID: in.Name, Message: in.Error})
		}
	}
	if w.Address.Error != "" {
		out = append(out, web.ErrorLink{ID: w.Address.Name, Message: w.Address.Error})
	}
	for _, in := range []web.Input{w.OnBehalfOf, w.Organisation, w.Number} {
		if in.Error != "" {
			out = append(out, web.ErrorLink{ID: in.Name, Message: in.Error})
		}
	}
	return out
}

func (s *Server) applicantPage(v visit) error { return s.showApplicant(v, nil, nil) }

func (s *Server) showApplicant(v visit, typed url.Values, refused error) error {
	o, me, err := s.opened(v, typed, refused)
	if err != nil {
		return err
	}
	d := o.detail
	if err := possible(d, requests.ActionCorrect); err != nil && refused == nil {
		return err
	}
	page := applicantPage{
		Frame: s.frame(v, me, "Corriger les coordonnées", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Coordonnées"}}
	a := d.Applicant
	if typed != nil {
		a = readApplicant(typed)
	}
	page.Who = askWho(a, d.Procedure.Identity == 0, isElectronic(d.Channel), fieldErrors(refused))
	page.Errors = page.Who.wrong()
	return applicantTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// isElectronic tells whether who writes so is answered by e-mail anyway (CRPA L.112-8).
func isElectronic(channel string) bool {
	return channel == requests.ChannelWeb || channel == requests.ChannelAPI || channel == requests.ChannelEmail
}

func (s *Server) correct(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			_, err := requests.CorrectApplicant(ctx, tx, v.number(), readApplicant(form), version(form))
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showApplicant(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "Les coordonnées sont corrigées.", requestPath(v.number()))
}
