package open

import (
	"net/http"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

type communePage struct {
	web.Frame
	Name, Where, Postal string
	Stepper             web.Stepper
	Portal              string // it is open already: here
	Hub                 string // that looks after it
	Facts               web.Facts
	GivenName           web.Input
	FamilyName          web.Input
	Position            web.Select
	Email               web.Input
	Proof               web.Choices
	Plan                web.Choices
	Terms               web.Checkbox
	Action              string
}

var communeTemplate = web.MustParse[communePage](web.Citizen, files, "commune.html")

// steps are the stages of an opening, as the pages show them.
func steps(current int, insee string) web.Stepper {
	return web.Stepper{Current: current, Steps: []web.Step{
		{Label: "La commune", URL: opening.OpenPath}, {Label: "Vous et la mairie", URL: placePath(insee)}, {Label: "La confirmation"}, {Label: "Le portail"},
	}}
}

func (s *Server) commune(v visit) error {
	if s.holder(v) == "" { // before the form is sent: sent twice, it is one request
		s.UI.SetCookie(v.w, v.r, holderCookie, opening.NewHolder(), holderLife)
	}
	return s.showCommune(v, nil, nil)
}

func (s *Server) showCommune(v visit, typed url.Values, refused error) error {
	place, err := s.Openings.Look(v.r.Context(), v.insee())
	if err != nil {
		return err
	}
	page := communePage{
		Frame: s.frame(v, place.Name, ""), Name: place.Name, Where: opening.DepartmentName(place.Department) + " (" + place.Department + ")",
		Stepper: steps(1, place.INSEE), Action: placePath(place.INSEE),
		Facts: web.Facts{{Icon: "map-pin", Text: opening.DepartmentName(place.Department)}, {Icon: "users", Text: web.Plural(place.Population, "habitant", "habitants")}},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Ouvrir un portail", URL: opening.OpenPath}, {Label: place.Name}}
	if name := place.EPCIName(); name != "" {
		page.Facts = append(page.Facts, web.Fact{Icon: "building-2", Text: name})
	}
	if place.Tenant != nil {
		page.Portal = s.URL(s.Registry.HostOf(*place.Tenant))
		code := http.StatusOK
		if refused != nil {
			code = http.StatusConflict
		}
		return communeTemplate.Render(v.w, v.r, code, page)
	}
	if place.Hub != nil {
		page.Hub = place.Hub.Name
	}
	page.fields(place, typed)
	if refused != nil {
		page.refuse(refused)
	}
	return communeTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// fields draws the form with what was typed.
func (p *communePage) fields(place opening.Place, typed url.Values) {
	p.GivenName = web.Input{Name: "given_name", Label: "Votre prénom", Autocomplete: "given-name", Value: typed.Get("given_name"), MaxLength: 60}
	p.FamilyName = web.Input{Name: "family_name", Label: "Votre nom", Autocomplete: "family-name", Value: typed.Get("family_name"), MaxLength: 60}
	p.Email = web.Input{
		Name: "email", Label: "Votre adresse électronique professionnelle", Type: "email", Autocomplete: "email", NoSpellcheck: true, MaxLength: 254, Value: typed.Get("email"),
		Hint: "Vous y recevrez votre invitation\u00a0: vous serez la première personne à administrer le portail.",
	}
	p.Position = web.Select{Name: "position", Label: "Votre fonction à la mairie", Items: []web.Choice{{Label: "Choisissez"}}}
	for _, o := range opening.Positions {
		p.Position.Items = append(p.Position.Items, web.Choice{Value: o.Key, Label: o.Label, Checked: typed.Get("position") == o.Key})
	}
	p.Proof = web.Choices{Name: "proof", Legend: "Comment confirmer que vous parlez pour la mairie\u00a0?", Items: proofs(place)}
	chosen := typed.Get("proof")
	for i := range p.Proof.Items {
		p.Proof.Items[i].Checked = p.Proof.Items[i].Value == chosen || chosen == "" && i == 0
	}
	plan := subscription.PlanFor(place.Population)
	p.Plan = web.Choices{
		Name: "plan", Legend: "Après l’essai de 60 jours", Hint: "Essai de 60 jours, sans engagement, sans carte bancaire. Vous pourrez changer d’avis.",
		Items: []web.Choice{
			{Value: subscription.Later, Label: "Nous déciderons pendant l’essai"},
			{Value: plan.Key, Label: "Formule «\u00a0" + plan.Name + "\u00a0»", Hint: web.Number(plan.Yearly) + "\u00a0€ hors taxes par an, tout compris, d’après le nombre d’habitants. Vous ne payez rien avant d’avoir confirmé."},
		},
	}
	for i := range p.Plan.Items {
		p.Plan.Items[i].Checked = p.Plan.Items[i].Value == typed.Get("plan") || typed.Get("plan") == "" && i == 0
	}
	p.Terms = web.Checkbox{
		Name: "terms", Label: "J’accepte les conditions au nom de la commune, qui reste responsable des données de ses habitants", Checked: typed.Get("terms") != "",
		Hint: "Elles tiennent en une page, avec les clauses de l’article 28 du RGPD.",
	}
}

// proofs are the ways that are open to this commune.
func proofs(place opening.Place) (items []web.Choice) {
	if place.Masked != "" {
		items = append(items, web.Choice{
			Value: string(opening.ByCode), Label: "Un code envoyé à l’adresse officielle de la mairie",
			Hint: "Adresse connue\u00a0: " + place.Masked + " (annuaire de l’administration). Vous aurez 15 minutes pour saisir le code.",
		})
	}
	if place.Hub != nil {
		items = append(items, web.Choice{
			Value: string(opening.ByHub), Label: "L’accord de l’intercommunalité\u00a0: " + place.Hub.Name,
			Hint: "Elle reçoit votre demande et répond. Votre portail profite alors de ce qu’elle met en commun.",
		})
	}
	return append(items, web.Choice{
		Value: string(opening.ByOperator), Label: "Une vérification par notre équipe",
		Hint: "Si rien d’autre ne convient. Nous rappelons la mairie au numéro de l’annuaire\u00a0: comptez deux jours ouvrés.",
	})
}

// refuse puts each error beside its field.
func (p *communePage) refuse(err error) {
	errors := web.FieldErrors(err)
	for _, f := range []struct {
		name string
		at   *string
	}{
		{"given_name", &p.GivenName.Error}, {"family_name", &p.FamilyName.Error}, {"position", &p.Position.Error},
		{"email", &p.Email.Error}, {"proof", &p.Proof.Error}, {"plan", &p.Plan.Error}, {"terms", &p.Terms.Error},
	} {
		if message := errors[f.name]; message != "" {
			*f.at = message
			p.Errors = append(p.Errors, web.ErrorLink{ID: f.name, Message: message})
		}
	}
	if len(p.Errors) == 0 {
		p.Errors = web.ErrorSummary{{ID: "given_name", Message: web.Sentence(err)}}
	}
}

func (s *Server) ask(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		err = slow(s.asks, v.r)
	}
	if err == nil && s.holder(v) == "" {
		err = fault.New(fault.Forbidden, "form_expired")
	}
	if err == nil {
		err = s.take(v, form)
	}
	switch {
	case err == nil:
		web.Redirect(v.w, v.r, placePath(v.insee())+"/suite")
		return nil
	case form != nil && comesBack(err):
		return s.showCommune(v, form, err)
	}
	return err
}

// take takes the request in and sends its code. Where the code cannot go now, the
// request stands, and the next page says so and lets it be sent again.
func (s *Server) take(v visit, form url.Values) error {
	ctx := v.r.Context()
	r, err := s.Openings.Ask(ctx, s.holder(v), opening.Application{
		INSEE: v.insee(), Proof: opening.Proof(form.Get("proof")), GivenName: form.Get("given_name"), FamilyName: form.Get("family_name"),
		Position: form.Get("position"), Email: form.Get("email"), Plan: form.Get("plan"), Accepted: form.Get("terms") != "",
	})
	if err != nil || r.State != opening.Asked || r.Proof != opening.ByCode || !r.CodeUntil.IsZero() {
		return err
	}
	switch err := s.Openings.SendCode(ctx, s.holder(v), r.INSEE); {
	case err == nil:
		return nil
	case fault.Of(err).Kind == fault.Internal:
		return err
	default:
		s.UI.SetFlash(v.w, v.r, web.Warning, web.Sentence(err))
		return nil
	}
}
