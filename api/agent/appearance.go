package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/branding/svg"
	"github.com/parvis-gru/parvis/tenants/fault"
)

type appearancePage struct {
	web.Frame
	Conflict   string
	Version    string
	Shown      string // the colour that the form was drawn with
	Kept       string // the hash of a logo that was sent and is not chosen yet
	Shows      web.Site
	Colour     web.Input
	Picker     web.Input
	Facts      []string
	Logo       web.File
	Remove     *web.Checkbox
	Silhouette web.Choices
	Tagline    web.Input
	Welcome    web.Textarea
	Footer     web.Textarea
	Colours    string // address of the previews' colours
	Views      []miniature
	Before     []miniature
}

// miniature is a first page of the portal, small, as it would look.
type miniature struct {
	Site  web.Site
	Class string
	Label string
}

var appearanceTemplate = web.MustParse[appearancePage](web.Agent, pages, "appearance.html")

const appearancePath = settingsPath + "/apparence"

// silhouetteLabels name the drawings along the footer.
var silhouetteLabels = map[string]string{
	"village": "Village", "ville": "Ville", "littoral": "Littoral", "montagne": "Montagne", "campagne": "Campagne", branding.NoSilhouette: "Aucun dessin",
}

// look is what the page's form says.
type look struct {
	colour, logo string // as typed; the logo's hash
	tagline      string
	brand        tenants.Brand
	remove       bool
	version      string
}

// lookOf is the look that a commune has.
func lookOf(t tenants.Tenant, s tenants.Settings, version int) look {
	return look{colour: t.Colour, logo: s.Brand.Logo.Hash, tagline: s.Tagline, brand: s.Brand, version: strconv.Itoa(version)}
}

// readLook reads the form. Of the colour's two fields the one that was changed counts,
// the text where both were: without script nothing ties them together.
func readLook(form url.Values) look {
	text := func(name string) string {
		return strings.TrimSpace(strings.ReplaceAll(form.Get(name), "\r\n", "\n"))
	}
	l := look{colour: text("couleur"), logo: form.Get("logo_garde"), tagline: text("tagline"), remove: form.Get("sans_logo") != "", version: form.Get("version")}
	l.brand = tenants.Brand{Welcome: text("accueil"), Footer: text("pied"), Silhouette: form.Get("silhouette")}
	if shown := form.Get("couleur_avant"); l.colour == shown && form.Get("couleur_choisie") != "" {
		l.colour = form.Get("couleur_choisie")
	}
	return l
}

func (s *Server) appearance(v visit) error { return s.showAppearance(v, nil, nil) }

// showAppearance draws the page: with what the commune has, or with what was typed.
func (s *Server) showAppearance(v visit, typed *look, refused error) error {
	var settings tenants.Settings
	var version int
	var logo tenants.Logo
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if settings, version, err = tenants.GetSettings(ctx, tx); err != nil {
			return err
		}
		logo = settings.Brand.Logo
		if typed == nil || typed.logo == logo.Hash || typed.logo == "" {
			return nil
		}
		if logo, err = tenants.FindLogo(ctx, tx, typed.logo); fault.Is(err, "not_found") { // it was tried long ago
			typed.logo, logo, err = settings.Brand.Logo.Hash, settings.Brand.Logo, nil
		}
		return err
	}))
	if err != nil {
		return err
	}
	before := web.TenantSite(v.scope.Tenant, settings)
	l := lookOf(v.scope.Tenant, settings, version)
	if typed != nil {
		l = *typed
	}
	l.brand.Logo = logo
	if l.remove {
		l.brand.Logo = tenants.Logo{}
	}
	after := before
	after.Tagline, after.Welcome, after.Footer, after.Silhouette, after.Logo = l.tagline, l.brand.Welcome, l.brand.Footer, l.brand.Silhouette, l.brand.Logo
	if c, err := branding.Parse(l.colour); err == nil {
		after.Colour = c
	} else if refused == nil {
		refused = fault.New(fault.Invalid, "settings_invalid", fault.Field{Path: "couleur", Code: "colour_invalid"})
	}
	page := appearancePage{Frame: s.frame(v, me, "Apparence", settingsPath), Version: l.version, Shows: after, Kept: logo.Hash}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Réglages", URL: settingsPath}, {Label: "Apparence"}}
	if fault.Is(refused, "settings_changed") || fault.Is(refused, "form_expired") {
		page.Conflict = sentence(refused)
		page.Version = strconv.Itoa(version)
	}
	page.fields(l, refused)
	page.previews(before, after)
	return appearanceTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// logoFault gives the sentence of a logo that is refused, with the place in an SVG.
func logoFault(err error) string {
	said := sentence(err)
	if refused, ok := errors.AsType[*svg.Error](err); ok && refused.Line > 0 {
		said += fmt.Sprintf(" (Ligne %d", refused.Line)
		if refused.Name != "" {
			said += "\u00a0: «\u00a0" + refused.Name + "\u00a0»"
		}
		said += ".)"
	}
	return said
}

func (p *appearancePage) fields(l look, refused error) {
	said := web.FieldErrors(refused)
	if f := fault.Of(refused); f != nil && (strings.HasPrefix(f.Code, "logo_") || strings.HasPrefix(f.Code, "svg_")) {
		said["logo"] = logoFault(refused)
	} else if f != nil && f.Code == "colour_invalid" {
		said["couleur"] = sentence(refused)
	}
	for _, pair := range [][2]string{{"couleur", "couleur"}, {"logo", "logo"}, {"silhouette", "brand/silhouette"}, {"tagline", "tagline"}, {"accueil", "brand/welcome"}, {"pied", "brand/footer"}} {
		if message := said[pair[1]]; message != "" {
			p.Errors = append(p.Errors, web.ErrorLink{ID: pair[0], Message: message})
		}
	}
	if refused != nil && len(p.Errors) == 0 && p.Conflict == "" {
		p.Errors = web.ErrorSummary{{Message: sentence(refused)}}
	}
	colour := p.Shows.Colour.String()
	p.Shown = l.colour
	p.Colour = web.Input{Name: "couleur", Label: "Couleur de la commune", Hint: "Un dièse et six chiffres ou lettres, par exemple #1f6b5c.", Value: l.colour, Width: "short", MaxLength: 7, NoSpellcheck: true, Error: said["couleur"]}
	p.Picker = web.Input{Name: "couleur_choisie", Label: "Ou choisissez-la à l’œil", Type: "color", Value: colour}
	p.Facts = colourFacts(p.Shows.Colour)
	p.Logo = web.File{Name: "logo", Label: "Blason ou logo", Hint: "SVG de préférence, sinon PNG, JPEG ou WebP, 2\u00a0Mo au plus.", Accept: ".svg,.png,.jpg,.jpeg,.webp,image/svg+xml,image/png,image/jpeg,image/webp", Optional: true, Error: said["logo"]}
	if p.Kept != "" {
		p.Remove = &web.Checkbox{Name: "sans_logo", Label: "Retirer ce logo", Hint: "Le blason dessiné à partir du code de la commune le remplace.", Checked: l.remove}
	}
	p.Silhouette = web.Choices{Name: "silhouette", Legend: "Dessin au bas des pages", Inline: true, Error: said["brand/silhouette"]}
	chosen := l.brand.Silhouette
	if chosen == "" {
		chosen = branding.Silhouettes[0]
	}
	for _, name := range append(append([]string{}, branding.Silhouettes...), branding.NoSilhouette) {
		p.Silhouette.Items = append(p.Silhouette.Items, web.Choice{Value: name, Label: silhouetteLabels[name], Checked: name == chosen})
	}
	p.Tagline = web.Input{Name: "tagline", Label: "Ligne sous le nom de la commune", Hint: "Vide\u00a0: «\u00a0Vos démarches en ligne\u00a0».", Value: l.tagline, MaxLength: 80, Optional: true, Error: said["tagline"]}
	p.Welcome = web.Textarea{Name: "accueil", Label: "Mot d’accueil", Hint: "Sur la première page, au-dessus des démarches.", Value: l.brand.Welcome, Rows: 3, MaxLength: 600, Optional: true, Error: said["brand/welcome"]}
	p.Footer = web.Textarea{Name: "pied", Label: "Texte au bas des pages", Hint: "Quelques lignes.", Value: l.brand.Footer, Rows: 3, MaxLength: 600, Optional: true, Error: said["brand/footer"]}
}

// colourFacts say what is made of a colour, so that nobody wonders.
func colourFacts(c branding.Colour) []string {
	theme := branding.New(c)
	ink := "blanc"
	if theme.Light.BaseContrast.Luminance() < .5 {
		ink = "foncé"
	}
	ratio := strings.ReplaceAll(strconv.FormatFloat(branding.Contrast(theme.Light.Base, theme.Light.BaseContrast), 'f', 1, 64), ".", ",")
	return []string{
		"Sur les boutons, le texte sera " + ink + "\u00a0: contraste de " + ratio + "\u00a0pour\u00a01, il en faut 4,5.",
		"Les liens et les traits prennent une nuance plus soutenue, lisible sur fond clair comme sur fond sombre.",
	}
}

// previews are the portal as it would be, then as it is.
func (p *appearancePage) previews(before, after web.Site) {
	p.Colours = appearancePath + "/couleurs.css?" + url.Values{"apres": {after.Colour.String()}, "avant": {before.Colour.String()}}.Encode()
	p.Views = []miniature{
		{after, "apres clair", "Aperçu sur ordinateur, en clair"},
		{after, "apres clair phone", "Aperçu sur téléphone, en clair"},
		{after, "apres sombre phone", "Aperçu sur téléphone, en sombre"},
	}
	p.Before = []miniature{{before, "avant clair", "Aujourd’hui, en clair"}, {before, "avant sombre", "Aujourd’hui, en sombre"}}
}

// appearanceColours are the colours of the previews: a style sheet, since no page may
// hold styles. They say nothing of the commune.
func (s *Server) appearanceColours(v visit) error {
	var css strings.Builder
	for _, class := range []string{"avant", "apres"} {
		c, err := branding.Parse(v.r.URL.Query().Get(class))
		if err != nil {
			return err
		}
		css.WriteString(branding.New(c).Scoped("."+class+".clair", "."+class+".sombre"))
	}
	v.w.Header().Set("Content-Type", "text/css; charset=utf-8")
	v.w.Header().Set("Cache-Control", "private, max-age=3600")
	_, err := io.WriteString(v.w, css.String())
	return err
}

// changeAppearance shows what was typed, or keeps it.
func (s *Server) changeAppearance(v visit) error {
	var sent []byte
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) (err error) {
		if p.Name == "logo" {
			sent, err = io.ReadAll(io.LimitReader(p, branding.MaxLogo+1))
		}
		return err
	})
	if form == nil || err != nil && !web.ComesBack(err) {
		return err
	}
	typed := readLook(form)
	if err == nil && len(sent) > 0 {
		err = s.tryLogo(v, sent, &typed)
	}
	switch {
	case err != nil && !web.ComesBack(err):
		return err
	case err != nil:
		return s.showAppearance(v, &typed, err)
	case form.Get("action") == "proposees":
		typed.colour = branding.Suggest(v.scope.Tenant.INSEE).String()
		return s.showAppearance(v, &typed, nil)
	case form.Get("action") == "previsualiser":
		return s.showAppearance(v, &typed, nil)
	}
	if err := s.keepAppearance(v, typed); web.ComesBack(err) {
		return s.showAppearance(v, &typed, err)
	} else if err != nil {
		return err
	}
	return s.done(v, "La nouvelle apparence est en place.", appearancePath)
}

// tryLogo keeps a logo that was sent, so that it can be seen before it is chosen.
func (s *Server) tryLogo(v visit, sent []byte, typed *look) error {
	if _, err := s.read(v, admins(func(context.Context, *tenants.Tx, web.Visitor) error { return nil })); err != nil {
		return err // drawing costs something: nobody else asks for it
	}
	logo, err := branding.ReadLogo(sent)
	if err != nil {
		return err
	}
	_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		_, err := tenants.KeepLogo(ctx, tx, logo)
		return err
	}))
	typed.logo, typed.remove = logo.Hash, false
	return err
}

func (s *Server) keepAppearance(v visit, l look) error {
	if _, err := branding.Parse(l.colour); err != nil {
		return err
	}
	_, err := s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		own, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if l.version != strconv.Itoa(version) {
			return fault.New(fault.Conflict, "settings_changed")
		}
		logo := own.Brand.Logo
		switch {
		case l.remove || l.logo == "":
			logo = tenants.Logo{}
		case l.logo != logo.Hash:
			if logo, err = tenants.FindLogo(ctx, tx, l.logo); err != nil {
				return fault.New(fault.Invalid, "logo_unreadable")
			}
		}
		own.Tagline, own.Brand = l.tagline, l.brand
		own.Brand.Logo = logo
		if err := tenants.PutSettings(ctx, tx, own, version); err != nil {
			return err
		}
		return s.Registry.SetColour(ctx, tx, l.colour)
	}))
	return err
}
