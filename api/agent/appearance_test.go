package agent

import (
	"context"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
)

const appearanceForm = `form[data-preview]`

func blason(t *testing.T, name string) []byte {
	t.Helper()
	source, err := os.ReadFile("../../cmd/parvis/blasons/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// lookNow is what the commune looks like, as the platform and its settings have it.
func (o *office) lookNow(t *testing.T) (colour string, s tenants.Settings) {
	t.Helper()
	tenant, err := o.Registry.ByID(t.Context(), o.Tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) (err error) {
		s, _, err = tenants.GetSettings(ctx, tx)
		return err
	})
	return tenant.Colour, s
}

func TestAppearanceIsTriedThenKept(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	was, _ := o.lookNow(t)
	p := b.Get("/agents/reglages").Follow("Couleur, blason").Want(http.StatusOK, appearancePath)
	tried := p.Form(appearanceForm).Set("couleur", "#FFCC00").Set("silhouette", "montagne").Set("tagline", "Entre canal et coteaux").Set("accueil", "Bienvenue.\n\nTrois mots.").
		Set("pied", "Ville fleurie").File("logo", "blason.svg", blason(t, "tour.svg")).Press("Prévisualiser").Want(http.StatusOK, appearancePath)
	if colour, s := o.lookNow(t); colour != was || s.Brand != (tenants.Brand{}) || s.Tagline != "" {
		t.Fatalf("trying changed something: %s %+v", colour, s.Brand)
	}
	logo := tried.Attr(".apres img", "src")
	if !strings.HasPrefix(logo, "/marque/blason-") || tried.Has(".avant img") {
		t.Fatalf("the preview shows %q", logo)
	}
	if got := tried.Text(".apres .mini-main"); !strings.Contains(got, "Bienvenue.") || !strings.Contains(got, "Trois mots.") {
		t.Errorf("the preview greets %q", got)
	}
	if got := b.Get(tried.Attr("#apercu link", "href")).Want(http.StatusOK, ""); !strings.Contains(string(got.Body), ".apres.clair{") || !strings.Contains(string(got.Body), "#ffcc00") {
		t.Errorf("the preview's colours are %s", got.Body)
	}
	picture := b.Get(logo).Want(http.StatusOK, "")
	if picture.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(picture.Header.Get("Content-Security-Policy"), "default-src 'none'") ||
		strings.Contains(string(picture.Body), "style") {
		t.Errorf("the logo is served as %v", picture.Header)
	}
	kept := tried.Form(appearanceForm).Press("Enregistrer").Want(http.StatusOK, appearancePath)
	if colour, s := o.lookNow(t); colour != "#ffcc00" || s.Brand.Logo.Hash == "" || !s.Brand.Logo.Light || s.Brand.Silhouette != "montagne" || s.Tagline != "Entre canal et coteaux" || s.Brand.Footer != "Ville fleurie" {
		t.Errorf("kept: %s %+v", colour, s)
	}
	if got := kept.Attr("header.bar img", "src"); !strings.HasPrefix(got, "/marque/icone-180-") {
		t.Errorf("the bar shows %q", got)
	} else if b.Get(got).Want(http.StatusOK, "").Header.Get("Content-Type") != "image/png" {
		t.Error("the bar's picture is no PNG")
	}
	if got := b.Get(strings.Replace(kept.Attr("header.bar img", "src"), "icone-180-", "icone-180-old", 1)).Want(http.StatusOK, ""); got.Header.Get("Content-Type") != "image/png" {
		t.Error("an old address does not lead to the present picture")
	}
	other := o.BrowserOf(t, o.Other.Slug)
	if got := other.Get(logo); got.Status == http.StatusOK && strings.Contains(string(got.Body), "B3262B") {
		t.Error("another commune serves this one's logo")
	}
	again := kept.Form(appearanceForm).Press("Remettre").Want(http.StatusOK, appearancePath)
	if got := again.Form(appearanceForm).Value("couleur"); got == "#ffcc00" || !strings.HasPrefix(got, "#") {
		t.Errorf("the proposed colour is %q", got)
	}
	gone := again.Form(appearanceForm).Set("sans_logo", "1").Press("Enregistrer").Want(http.StatusOK, appearancePath)
	if _, s := o.lookNow(t); s.Brand.Logo != (tenants.Logo{}) || gone.Has(".apres img") {
		t.Errorf("the logo stays: %+v", s.Brand)
	}
}

func TestAppearanceRefusesAndLosesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	was, before := o.lookNow(t)
	p := b.Get(appearancePath).Want(http.StatusOK, "")
	for name, c := range map[string]struct {
		colour, file string
		body         []byte
		says         string
	}{
		"no colour":        {"vert", "", nil, "#1f6b5c"},
		"a script":         {"#123456", "x.svg", []byte("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">\n<path d=\"M0 0h9\" onload=\"alert(1)\"/></svg>"), "(Ligne 2 : « onload ».)"},
		"too heavy":        {"#123456", "x.png", make([]byte, 2<<20+1), "2 Mo"},
		"another format":   {"#123456", "x.pdf", []byte("%PDF-1.7"), "SVG, un PNG"},
		"a handler's link": {"#123456", "x.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><a href="javascript:alert(1)"/></svg>`), "programme"},
	} {
		for _, button := range []string{"Enregistrer", "Prévisualiser"} {
			f := p.Form(appearanceForm).Set("couleur", c.colour).Set("pied", "Mes mots")
			if c.file != "" {
				f.File("logo", c.file, c.body)
			}
			back := f.Press(button).Want(http.StatusUnprocessableEntity, "")
			if got := back.Text(".error-summary"); !strings.Contains(got, c.says) {
				t.Errorf("%s: %q", name, got)
			}
			if back.Form(appearanceForm).Value("pied") != "Mes mots" || back.Form(appearanceForm).Value("couleur") != c.colour {
				t.Errorf("%s: what was typed is lost", name)
			}
		}
	}
	long := p.Form(appearanceForm).Set("accueil", strings.Repeat("é", 601)).Press("Enregistrer").Want(http.StatusUnprocessableEntity, "")
	if !long.Has(`.error-summary a[href="#accueil"]`) {
		t.Errorf("too long: %q", long.Texts(".error-summary li"))
	}
	if colour, after := o.lookNow(t); colour != was || !reflect.DeepEqual(after, before) {
		t.Errorf("something changed: %s %+v", colour, after)
	}
}

func TestAppearanceOfTwoAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	p := b.Get(appearancePath).Want(http.StatusOK, "")
	p.Form(appearanceForm).Set("couleur", "#0b5c8a").Press("Enregistrer").Want(http.StatusOK, appearancePath)
	back := p.Form(appearanceForm).Set("couleur", "#aa0000").Press("Enregistrer").Want(http.StatusConflict, "")
	if colour, _ := o.lookNow(t); colour != "#0b5c8a" {
		t.Errorf("the later one won without knowing: %s", colour)
	}
	back.Form(appearanceForm).Press("Enregistrer").Want(http.StatusOK, appearancePath)
	if colour, _ := o.lookNow(t); colour != "#aa0000" {
		t.Errorf("after reading it again: %s", colour)
	}
	// Without script the picker counts where it alone was changed.
	b.Get(appearancePath).Form(appearanceForm).Set("couleur_choisie", "#00aa00").Press("Enregistrer").Want(http.StatusOK, appearancePath)
	if colour, _ := o.lookNow(t); colour != "#00aa00" {
		t.Errorf("the picker: %s", colour)
	}
}

func TestAppearanceIsTheAdministrators(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	form := o.signed(t, o.admin).Get(appearancePath).Want(http.StatusOK, "")
	if form.Form(appearanceForm).Value("couleur_choisie") == "" {
		t.Error("the picker shows no colour")
	}
	for _, a := range []int{0, 1} {
		agent := o.front
		if a == 1 {
			agent = o.instructor
		}
		b := o.signed(t, agent)
		b.Get(appearancePath).Want(http.StatusForbidden, "")
	}
	o.Browser(t).Get(appearancePath).Want(http.StatusOK, "/agents/connexion")
}
