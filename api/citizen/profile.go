package citizen

import (
	"context"
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

type profilePage struct {
	web.Frame
	GivenName, FamilyName, Phone web.Input
	PostalAddress                web.Textarea
}

var profileTemplate = web.MustParse[profilePage](web.Citizen, files, "profile.html")

func (s *Server) profilePage(v *visit) error {
	if err := s.read(v, func(context.Context, *tenants.Tx) error { return v.citizen() }); err != nil {
		return err
	}
	c := v.who.Citizen
	return s.showProfile(v, citizens.Profile{GivenName: c.GivenName, FamilyName: c.FamilyName, Phone: forms.FrenchPhone(c.Phone), PostalAddress: c.PostalAddress}, nil, nil)
}

func (s *Server) showProfile(v *visit, p citizens.Profile, refused, expired error) error {
	page := profilePage{
		Frame:         s.frame(v, "Mes coordonnées", "/mon-espace"),
		GivenName:     web.Input{Name: "given_name", Label: "Prénom", Value: p.GivenName, Autocomplete: "given-name", MaxLength: 120, Optional: true},
		FamilyName:    web.Input{Name: "family_name", Label: "Nom", Value: p.FamilyName, Autocomplete: "family-name", MaxLength: 120, Optional: true},
		Phone:         web.Input{Name: "phone", Label: "Téléphone", Type: "tel", Value: p.Phone, Autocomplete: "tel", MaxLength: 40, Width: "medium", Optional: true},
		PostalAddress: web.Textarea{Name: "postal_address", Label: "Adresse postale", Value: p.PostalAddress, MaxLength: 400, Rows: 3, Optional: true},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Mon espace", URL: "/mon-espace"}, {Label: "Mes coordonnées"}}
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
		problems := web.FieldErrors(refused)
		for _, in := range []*web.Input{&page.GivenName, &page.FamilyName, &page.Phone} {
			wrong(&page.Errors, in, problems[in.Name])
		}
		if m := problems["postal_address"]; m != "" {
			page.PostalAddress.Error = m
			page.Errors = append(page.Errors, web.ErrorLink{ID: "postal_address", Message: m})
		}
	}
	if expired != nil {
		status = http.StatusUnprocessableEntity
		page.Errors = expiredNotice(page.Errors)
	}
	return profileTemplate.Render(v.w, v.r, status, page)
}

// saveProfile keeps what fills forms in.
func (s *Server) saveProfile(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	p := citizens.Profile{
		GivenName: trimmed(form, "given_name"), FamilyName: trimmed(form, "family_name"), Phone: trimmed(form, "phone"),
		PostalAddress: strings.ReplaceAll(trimmed(form, "postal_address"), "\r\n", "\n"),
	}
	err = s.write(v, func(ctx context.Context, tx *tenants.Tx) error {
		if err := v.citizen(); err != nil || expired != nil {
			return err
		}
		_, err := citizens.UpdateProfile(ctx, tx, p)
		return err
	})
	if expired != nil && err == nil || fault.Is(err, "profile_invalid") {
		return s.showProfile(v, p, err, expired)
	}
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Vos coordonnées sont enregistrées.")
	web.Redirect(v.w, v.r, "/mon-espace")
	return nil
}
