package citizen

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type applicantPage struct {
	web.Frame
	FormParts
	GivenName, FamilyName, Email, Phone web.Input
	PostalAddress                       web.Textarea
	OnBehalfOf                          web.Input
	Anonymous                           bool
	SignedIn                            bool
	Optional                            bool
	Verified                            string // the name that FranceConnect vouches for
	State                               bool   // FranceConnect is open
}

var applicantTemplate = web.MustParse[applicantPage](web.Citizen, files, "applicant.html")

// step shows a step of a form: « Vous » first, then the definition's own.
func (s *Server) step(v *visit) error {
	slug, step := v.r.PathValue("slug"), v.r.PathValue("step")
	var d requests.Draft
	var e catalogue.Entry
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		if d, err = s.draft(ctx, tx, v, slug, requests.DraftByToken); err != nil {
			return err
		}
		if known, ok := verifiedName(ctx, tx, v); ok {
			v.verified, v.pivot = known.Name(), known
		}
		e, err = entryOf(ctx, tx, d)
		return err
	})
	if err != nil {
		return s.lost(v, err)
	}
	if v.mustIdentify(e) {
		return s.showIdentify(v, d, e)
	}
	if step == applicantStep {
		if d.Applicant == (requests.Applicant{}) && v.signedIn() { // signed in since
			d.Applicant = ofCitizen(v.who.Citizen)
		}
		return s.showApplicant(v, d, e, d.Applicant, nil, nil)
	}
	return s.showStep(v, d, e, stepState{step: step})
}

// showApplicant shows the common step, with what was typed and what is wrong with it.
func (s *Server) showApplicant(v *visit, d requests.Draft, e catalogue.Entry, a requests.Applicant, problems map[string]string, expired error) error {
	frame, parts := s.parts(v, d, e, applicantStep)
	page := applicantPage{Frame: frame, FormParts: parts, SignedIn: v.signedIn(), Anonymous: d.Procedure.Identity == catalogue.IdentityNone}
	page.Verified, page.State = v.verified, v.scope.Settings.SignIn.FranceConnect.Ready()
	page.GivenName = web.Input{Name: "given_name", Value: a.GivenName, Autocomplete: "given-name", MaxLength: 100}
	page.FamilyName = web.Input{Name: "family_name", Value: a.FamilyName, Autocomplete: "family-name", MaxLength: 100}
	page.Email = web.Input{Name: "email", Value: a.Email, Type: "email", Autocomplete: "email", MaxLength: 254, NoSpellcheck: true}
	page.Phone = web.Input{Name: "phone", Value: forms.FrenchPhone(a.Phone), Type: "tel", Autocomplete: "tel", MaxLength: 40, Width: "medium"}
	page.PostalAddress = web.Textarea{Name: "postal_address", Value: a.PostalAddress, MaxLength: 400, Rows: 3}
	page.OnBehalfOf = web.Input{
		Name: "on_behalf_of", Label: "Pour le compte de", Hint: "Seulement si vous aidez un proche ou représentez quelqu’un\u00a0: son prénom et son nom.",
		Value: a.OnBehalfOf, MaxLength: 200, Optional: true,
	}
	for _, f := range d.Procedure.ApplicantFields(requests.ChannelWeb) {
		page.Optional = page.Optional || f.Optional
		if f.Name == page.PostalAddress.Name {
			page.PostalAddress.Label, page.PostalAddress.Hint, page.PostalAddress.Optional = f.Label, f.Purpose+".", f.Optional
			continue
		}
		for _, in := range []*web.Input{&page.GivenName, &page.FamilyName, &page.Email, &page.Phone} {
			if in.Name == f.Name {
				in.Label, in.Optional = f.Label, f.Optional
				if f.Name == "email" || f.Name == "phone" {
					in.Hint = f.Purpose + "."
				}
			}
		}
	}
	for _, in := range []*web.Input{&page.GivenName, &page.FamilyName, &page.Email, &page.Phone} {
		wrong(&page.Errors, in, problems[in.Name])
	}
	if m := problems["postal_address"]; m != "" {
		page.PostalAddress.Error = m
		page.Errors = append(page.Errors, web.ErrorLink{ID: "postal_address", Message: m})
	}
	wrong(&page.Errors, &page.OnBehalfOf, problems["on_behalf_of"])
	status := http.StatusOK
	if expired != nil {
		page.Errors = expiredNotice(page.Errors)
	}
	if len(page.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return applicantTemplate.Render(v.w, v.r, status, page)
}

// saveApplicant keeps who applies, as typed, and goes on where it can be used.
func (s *Server) saveApplicant(v *visit) error {
	slug := v.r.PathValue("slug")
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	typed := applicantOf(form)
	v.resume = form.Get("_draft")
	var d requests.Draft
	var e catalogue.Entry
	var problems map[string]string
	err = s.write(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		if d, err = s.draft(ctx, tx, v, slug, requests.LockDraft); err != nil {
			return err
		}
		if e, err = entryOf(ctx, tx, d); err != nil || expired != nil {
			return err
		}
		typed.SMS = d.Applicant.SMS && mobile(typed.Phone)
		typed.DecisionEmail = d.Applicant.DecisionEmail && typed.Email == d.Applicant.Email
		kept, invalid := requests.CheckApplicant(d.Procedure, requests.ChannelWeb, typed)
		problems = applicantProblems(d.Procedure, typed, invalid)
		if otherName(ctx, tx, v, e, typed) {
			problems["family_name"] = applicantSentences["family_name unverified"]
		}
		if len(problems) > 0 {
			kept = typed
		}
		if d, err = requests.SaveDraftApplicant(ctx, tx, d, kept); err != nil || len(problems) > 0 {
			return err
		}
		_, next := around(d, applicantStep)
		d, err = requests.SaveDraft(ctx, tx, d, d.Answers, next)
		return err
	})
	if err != nil {
		return s.lost(v, err)
	}
	s.remember(v, slug)
	if len(problems) > 0 || expired != nil {
		return s.showApplicant(v, d, e, typed, problems, expired)
	}
	web.Redirect(v.w, v.r, path(slug, d.Step))
	return nil
}

// ofCitizen is what the account knows of who applies.
func ofCitizen(c citizens.Citizen) requests.Applicant {
	return requests.Applicant{GivenName: c.GivenName, FamilyName: c.FamilyName, Email: c.Email, Phone: c.Phone, PostalAddress: c.PostalAddress}
}

func applicantOf(form url.Values) requests.Applicant {
	return requests.Applicant{
		GivenName: trimmed(form, "given_name"), FamilyName: trimmed(form, "family_name"), Email: trimmed(form, "email"),
		Phone: trimmed(form, "phone"), PostalAddress: strings.ReplaceAll(trimmed(form, "postal_address"), "\r\n", "\n"), OnBehalfOf: trimmed(form, "on_behalf_of"),
	}
}

// applicantSentences say what to correct in who applies.
var applicantSentences = map[string]string{
	"given_name required":     "Indiquez votre prénom.",
	"family_name required":    "Indiquez votre nom.",
	"family_name unverified":  "Ce nom n’est pas celui que FranceConnect a vérifié. Reprenez-le\u00a0; si vous aidez quelqu’un, nommez-le dans «\u00a0Pour le compte de\u00a0».",
	"email required":          "Indiquez votre adresse électronique.",
	"email invalid":           "Saisissez une adresse électronique complète, par exemple nom@exemple.fr.",
	"phone required":          "Indiquez votre numéro de téléphone.",
	"phone not_textable":      "Les SMS partent seulement vers les mobiles de France et d’Europe. Donnez-en un, ou continuez sans SMS.",
	"phone invalid":           "Saisissez un numéro de téléphone complet, par exemple 06 12 34 56 78.",
	"postal_address required": "Indiquez votre adresse postale.",
}

// applicantProblems gives what to correct, by question: what the procedure wants
// answered, and what cannot be right.
func applicantProblems(p *catalogue.Procedure, a requests.Applicant, invalid error) map[string]string {
	out := map[string]string{}
	add := func(name, code string) {
		if _, known := out[name]; known {
			return
		}
		out[name] = applicantSentences[name+" "+code]
		if out[name] == "" {
			out[name] = "Cette réponse est trop longue. Raccourcissez-la."
		}
	}
	if f := fault.Of(invalid); f != nil {
		for _, field := range f.Fields {
			add(strings.TrimPrefix(field.Path, "applicant/"), field.Code)
		}
	}
	given := map[string]string{"given_name": a.GivenName, "family_name": a.FamilyName, "email": a.Email, "phone": a.Phone, "postal_address": a.PostalAddress}
	for _, f := range p.ApplicantFields(requests.ChannelWeb) {
		if !f.Optional && given[f.Name] == "" {
			add(f.Name, "required")
		}
	}
	return out
}

// mobile tells whether a number can get text messages.
func mobile(number string) bool {
	e164, ok := forms.Phone(number, "")
	return ok && forms.Textable(e164)
}
