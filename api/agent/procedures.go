package agent

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/inherit"
)

type proceduresPage struct {
	web.Frame
	Open, Closed int
	May          bool
	Rows         []procedureRow
}

type procedureRow struct {
	Title, URL, Service, Missing string
	Draft                        string // where its draft is; "" without one
	Update                       string // how much changed in its model; "" for nothing
	Status                       web.Status
}

type procedurePage struct {
	web.Frame
	Name, Summary, URL string
	Status             web.Status
	Open, May          bool
	Pairs              []pair
	Missing, Advice    []mention
	Gaps               []reason // what the definition itself lacks
	Doubts             []catalogue.Doubt
	Next               string // the day on which a planned version takes effect
	Warning            string // what is not sure of the silence
	Pieces             []string
	Letters            []web.Link // their models, for whoever may word them
	Service            web.Select
	Level              *web.Choices // nil: it can be filed anonymously, and stays so
	Public             string
	Refused            string
}

// mention is something to be filled in, and where.
type mention struct {
	Label, URL string
}

var (
	proceduresTemplate = web.MustParse[proceduresPage](web.Agent, pages, "procedures.html")
	procedureTemplate  = web.MustParse[procedurePage](web.Agent, pages, "procedure.html")
)

const proceduresPath = "/agents/demarches"

func openStatus(open bool) web.Status {
	if open {
		return web.Status{Tone: web.Success, Label: "Ouverte"}
	}
	return web.Status{Tone: web.Neutral, Label: "Fermée"}
}

func (s *Server) procedures(v visit) error {
	var entries []catalogue.Entry
	var drafted []drafts.Listed
	var settings tenants.Settings
	var updates map[string]int
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if settings, _, err = tenants.GetSettings(ctx, tx); err != nil {
			return err
		}
		if entries, err = catalogue.List(ctx, tx); err != nil || !tx.Actor().MayConfigure() {
			return err
		}
		if drafted, err = drafts.List(ctx, tx); err != nil {
			return err
		}
		updates, err = inherit.Waiting(ctx, tx, entries)
		return err
	})
	if err != nil {
		return err
	}
	page := proceduresPage{Frame: s.frame(v, me, "Démarches", proceduresPath), May: me.Actor.MayConfigure()}
	for _, e := range entries {
		row := procedureRow{Title: e.Procedure().Title, URL: proceduresPath + "/" + e.Slug, Service: e.Service.Name, Status: openStatus(e.Open)}
		if n := len(catalogue.Missing(settings, e)); n > 0 {
			row.Missing = web.Plural(n, "mention manque", "mentions manquent")
		}
		if !e.Open && len(e.Incomplete()) > 0 {
			row.Missing = "À compléter"
		}
		if e.Open {
			page.Open++
		} else {
			page.Closed++
		}
		if slices.ContainsFunc(drafted, func(d drafts.Listed) bool { return d.Slug == e.Slug }) {
			row.Draft = row.URL + "/" + workDraft
		}
		if n := updates[e.Slug]; n > 0 {
			row.Update = web.Plural(n, "changement", "changements") + " du modèle"
		}
		page.Rows = append(page.Rows, row)
	}
	for _, d := range drafted {
		if d.Only {
			page.Rows = append(page.Rows, procedureRow{
				Title: d.Title, URL: proceduresPath + "/" + d.Slug + "/" + workDraft, Status: web.Status{Tone: web.Info, Label: "Brouillon"}, Missing: "À publier",
			})
		}
	}
	return proceduresTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (s *Server) procedure(v visit) error { return s.showProcedure(v, nil, nil) }

func (s *Server) showProcedure(v visit, typed url.Values, refused error) error {
	var e catalogue.Entry
	var settings tenants.Settings
	var services []tenants.Service
	var missing []forms.Problem // tables
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if e, err = catalogue.BySlug(ctx, tx, v.r.PathValue("slug")); err != nil {
			return err
		}
		if settings, _, err = tenants.GetSettings(ctx, tx); err != nil {
			return err
		}
		if services, err = tenants.Services(ctx, tx); err != nil {
			return err
		}
		missing, err = catalogue.TableProblems(ctx, tx, e.Procedure())
		return err
	})
	if fault.Is(err, "procedure_unknown") { // it may have a draft alone
		if w, _, other := s.workshop(v, nil); other == nil && w.draft != nil {
			web.Redirect(v.w, v.r, w.url+"/"+workDraft)
			return nil
		}
	}
	if err != nil {
		return err
	}
	p := e.Procedure()
	page := procedurePage{
		Frame: s.frame(v, me, p.Title, proceduresPath), Name: p.Title, Summary: p.Summary, URL: proceduresPath + "/" + e.Slug, Status: openStatus(e.Open),
		Open: e.Open, May: me.Actor.MayConfigure(), Doubts: e.Doubts(), Warning: p.SilenceWarning, Pieces: catalogue.PieceLines(p.Bring), Refused: sentence(refused),
		Missing: mentions(catalogue.Missing(settings, e), e.Service), Advice: mentions(catalogue.Advice(settings, e), e.Service),
		Service: web.Select{Name: "service", Label: "Service chargé de la démarche"},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: p.Title}}
	if !e.Open {
		for _, gap := range append(e.Incomplete(), missing...) {
			page.Gaps = counted(page.Gaps, gap.Message, "")
		}
	}
	if e.Open {
		page.Public = "/demarches/" + e.Slug
	}
	if !e.Next.From.IsZero() {
		page.Next = calendar.On(e.Next.From, v.scope.Tenant.Zone()).French()
	}
	chosen := string(e.Service.ID)
	if typed.Has("service") {
		chosen = typed.Get("service")
	}
	for _, x := range services {
		page.Service.Items = append(page.Service.Items, web.Choice{Value: string(x.ID), Label: x.Name, Checked: string(x.ID) == chosen})
	}
	if me.Actor.MayAdminister() {
		for _, o := range p.Wordings() {
			page.Letters = append(page.Letters, web.Link{Label: wordingLabels[o], URL: wordingPath(e.Slug, o)})
		}
	}
	page.Level = levelChoices(e, settings.SignIn)
	page.Pairs = []pair{{Key: "Silence", Value: p.SilenceText()}}
	if p.Silence.Source != "" {
		page.Pairs = append(page.Pairs, pair{Key: "Texte", Value: p.Silence.Source})
	}
	page.Pairs = append(page.Pairs, pair{Key: "Coût", Value: p.Cost}, pair{Key: "Service", Value: e.Service.Name}, pair{Key: "Version", Value: web.Number(e.Version.Number)})
	return procedureTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// levelChoices offer the levels of identity (law: 1 e-mail, 2 account, 3 FranceConnect,
// P presence).
func levelChoices(e catalogue.Entry, ways tenants.SignIn) *web.Choices {
	if e.Procedure().Identity == catalogue.IdentityNone {
		return nil
	}
	state := "Le guichet, le téléphone et le courrier restent proposés à côté."
	if !ways.FranceConnect.Ready() {
		state = "À ouvrir d’abord dans Réglages, «\u00a0Identité et connexion\u00a0»."
	}
	out := &web.Choices{Name: "identity", Legend: "Pour la faire en ligne, il faut"}
	for _, c := range []struct {
		value, label, hint string
		level              int
	}{
		{"", "Ce que propose le modèle", "", -1},
		{"1", "Un nom et une adresse", "Une adresse électronique et une adresse postale suffisent (CRPA R.112-9-1).", catalogue.IdentityContact},
		{"2", "Un compte", "Ou FranceConnect, s’il est ouvert.", catalogue.IdentityAccount},
		{"3", "FranceConnect", state, catalogue.IdentityState},
		{"4", "Venir au guichet", "La demande se dépose en ligne, et la personne vient avec une pièce d’identité.", catalogue.IdentityPresence},
	} {
		chosen := e.Identity == nil && c.level < 0 || e.Identity != nil && *e.Identity == c.level
		out.Items = append(out.Items, web.Choice{Value: c.value, Label: c.label, Hint: c.hint, Checked: chosen})
	}
	return out
}

// levelOf reads a level; "" leaves it to the definition.
func levelOf(text string) *int {
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		n = -1 // no level: the catalogue refuses it
	}
	return &n
}

// mentions say where each thing is filled in.
func mentions(list []catalogue.MissingMention, service tenants.Service) []mention {
	out := make([]mention, 0, len(list))
	for _, m := range list {
		where := servicesPath + "/" + string(service.ID)
		if field := settingFields[m.Code]; field != "" {
			where = settingsPath + "#" + field
		}
		out = append(out, mention{m.Label, where})
	}
	return out
}

func (s *Server) changeProcedure(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	slug, done := v.r.PathValue("slug"), ""
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			switch form.Get("action") {
			case "ouvrir":
				done = "La démarche est ouverte aux habitants."
				return catalogue.SetOpen(ctx, tx, slug, true)
			case "fermer":
				done = "La démarche est fermée. Les demandes en cours continuent."
				return catalogue.SetOpen(ctx, tx, slug, false)
			case "identite":
				done = "Le niveau d’identité est enregistré. Il vaut aussi pour les brouillons en cours."
				return catalogue.SetIdentity(ctx, tx, slug, levelOf(form.Get("identity")))
			case "service":
				done = "Le service est enregistré. Les nouvelles demandes lui arriveront."
				return catalogue.SetService(ctx, tx, slug, tenants.ID(form.Get("service")))
			}
			return fault.New(fault.Invalid, "form_unreadable")
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showProcedure(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, proceduresPath+"/"+slug)
}
