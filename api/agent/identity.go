package agent

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
)

type identityPage struct {
	web.Frame
	Conflict                  string
	Version                   string
	Guests, Accounts          web.Checkbox
	Password, TOTP            web.Checkbox
	FranceConnect, ProConnect clientCard
	SIRETs                    web.Textarea
	Own                       string // the commune's SIREN
	AgentIdle, AgentLife      web.Select
	CitizenIdle, CitizenLife  web.Select
	Tests                     []web.Choice
	Asking                    []string // procedures that ask for FranceConnect
}

// clientCard is the commune's client at FranceConnect or ProConnect.
type clientCard struct {
	Kind, Name, Site string
	Open             web.Checkbox
	Environment      web.Select
	ID, Secret       web.Input
	Callback, Logout string // to declare there
	Scopes           string
	Missing          []string
	Status           web.Status
}

var identityTemplate = web.MustParse[identityPage](web.Agent, pages, "identity.html")

const identityPath = settingsPath + "/identite"

func (s *Server) identityPage(v visit) error { return s.showIdentity(v, nil, nil) }

func (s *Server) showIdentity(v visit, typed url.Values, refused error) error {
	var settings tenants.Settings
	var version int
	var provided tenants.Shared
	var entries []catalogue.Entry
	var keys identity.Keys
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		keys = tx.Key
		if settings, version, err = tenants.GetSettings(ctx, tx); err != nil {
			return err
		}
		if provided, err = tenants.Provided(ctx, tx); err != nil {
			return err
		}
		entries, err = catalogue.List(ctx, tx)
		return err
	}))
	if err != nil {
		return err
	}
	saved := settings.SignIn
	if typed != nil {
		settings, _ = readIdentity(keys, typed, settings)
	}
	errors := web.FieldErrors(refused)
	ways := settings.SignIn
	page := identityPage{
		Frame: s.frame(v, me, "Identité et connexion", settingsPath), Version: strconv.Itoa(version), Own: v.scope.Tenant.SIREN,
		Guests:   web.Checkbox{Name: "guests", Label: "Sans compte, avec une adresse électronique", Hint: "La façon la plus simple. Fermée, seules les démarches anonymes restent possibles sans s’identifier.", Checked: !ways.NoGuests, Error: errors["sign_in/no_guests"]},
		Accounts: web.Checkbox{Name: "accounts", Label: "Avec un compte et un mot de passe", Checked: !ways.NoAccounts},
		Password: web.Checkbox{Name: "password", Label: "Avec un mot de passe", Hint: "Elle ne se ferme que depuis une session ouverte par ProConnect\u00a0: ainsi, une porte s’ouvre toujours.", Checked: !ways.NoPassword, Error: errors["sign_in/no_password"]},
		TOTP:     web.Checkbox{Name: "require_agent_totp", Label: "Demander un second facteur à tous les agents", Hint: "Chacun le met en place à sa prochaine page. Par ProConnect, il est exigé de son fournisseur d’identité.", Checked: settings.RequireAgentTOTP},
		SIRETs: web.Textarea{Name: "sirets", Label: "SIRET des employeurs admis", Hint: "Un par ligne\u00a0: ceux de la commune (SIREN " + v.scope.Tenant.SIREN + ") ou de son intercommunalité. Les agents d’ailleurs n’entrent pas.",
			Value: strings.Join(ways.SIRETs, "\n"), Rows: 3, MaxLength: 1000, Error: errors["sign_in/sirets"]},
		FranceConnect: s.clientCard(v, oidc.FranceConnect, ways.FranceConnect, saved.FranceConnect, errors),
		ProConnect:    s.clientCard(v, oidc.ProConnect, ways.ProConnect, saved.ProConnect, errors),
		AgentIdle:     lengthSelect("agent_idle", "Agents\u00a0: déconnexion sans activité", ways.Agents().Idle, 15, 30, 60, 120, 240),
		AgentLife:     lengthSelect("agent_life", "Agents\u00a0: au plus", ways.Agents().Life, 240, 480, 720, 1440),
		CitizenIdle:   lengthSelect("citizen_idle", "Habitants\u00a0: déconnexion sans activité", ways.Citizens().Idle, 15, 30, 60, 480, 1440),
		CitizenLife:   lengthSelect("citizen_life", "Habitants\u00a0: au plus", ways.Citizens().Life, 60, 1440, 10080, 43200),
	}
	if provided.Over(tenants.Settings{}).RequireAgentTOTP {
		page.TOTP.Hint = "Demandé par " + provided.Hub + " à toutes ses communes."
	}
	page.Tests = []web.Choice{{Value: page.FranceConnect.Kind, Label: page.FranceConnect.Name}, {Value: page.ProConnect.Kind, Label: page.ProConnect.Name}}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Réglages", URL: settingsPath}, {Label: "Identité et connexion"}}
	for _, e := range entries {
		if e.Identity != nil && *e.Identity == catalogue.IdentityState {
			page.Asking = append(page.Asking, e.Procedure().Title)
		}
	}
	if fault.Is(refused, "settings_changed") || fault.Is(refused, "form_expired") {
		page.Conflict = sentence(refused)
	}
	page.wrong(errors)
	return identityTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// wrong lists what is to be corrected, in the order of the page.
func (p *identityPage) wrong(errors map[string]string) {
	add := func(name, message string) {
		if message != "" {
			p.Errors = append(p.Errors, web.ErrorLink{ID: name, Message: message})
		}
	}
	add("guests", p.Guests.Error)
	for _, c := range []*clientCard{&p.FranceConnect, &p.ProConnect} {
		if c == &p.ProConnect {
			add("password", p.Password.Error)
		}
		add(c.Environment.Name, c.Environment.Error)
		add(c.ID.Name, c.ID.Error)
		add(c.Secret.Name, c.Secret.Error)
	}
	add("sirets", p.SIRETs.Error)
	for _, l := range []*web.Select{&p.AgentIdle, &p.AgentLife, &p.CitizenIdle, &p.CitizenLife} {
		l.Error = errors["sign_in/"+l.Name]
		add(l.Name, l.Error)
	}
}

// clientCard asks for a client, and says what to declare at the provider and what is
// missing. The secret is never shown again.
func (s *Server) clientCard(v visit, kind oidc.Kind, c, saved tenants.StateClient, errors map[string]string) clientCard {
	name, site, callback, logout := "FranceConnect", "partenaires.franceconnect.gouv.fr", "/connexion/franceconnect/retour", "/deconnexion/retour"
	if kind == oidc.ProConnect {
		name, site, callback, logout = "ProConnect", "partenaires.proconnect.gouv.fr", signInPath+"/proconnect/retour", "/agents/deconnexion/retour"
	}
	host := v.r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	at, field := string(kind)+"-", func(path string) string { return errors["sign_in/"+string(kind)+"/"+path] }
	card := clientCard{
		Kind: string(kind), Name: name, Site: site, Callback: s.URL(host) + callback, Logout: s.URL(host) + logout, Scopes: strings.Join(oidc.Scopes(kind), " "),
		Open: web.Checkbox{Name: at + "open", Label: "Proposer " + name, Checked: c.Open},
		Environment: web.Select{Name: at + "environment", Label: "Environnement", Error: field("environment"), Items: []web.Choice{
			{Value: string(oidc.Production), Label: "Production", Checked: c.Environment != string(oidc.Integration)},
			{Value: string(oidc.Integration), Label: "Intégration (identités d’essai)", Checked: c.Environment == string(oidc.Integration)},
		}},
		ID: web.Input{Name: at + "id", Label: "Identifiant de la commune (client ID)", Value: c.ID, MaxLength: 200, NoSpellcheck: true, Optional: true, Autocomplete: "off", Error: field("id")},
		Secret: web.Input{Name: at + "secret", Label: "Secret (client secret)", Type: "password", Hint: "Gardé chiffré, et jamais réaffiché.", MaxLength: 400,
			Optional: true, Autocomplete: "off", NoSpellcheck: true, Error: field("secret")},
		Status: web.Status{Tone: web.Neutral, Label: "Fermé"},
	}
	if len(saved.Sealed) > 0 {
		card.Secret.Hint = "Un secret est enregistré, chiffré\u00a0: laissez vide pour le garder."
	}
	for _, m := range []struct {
		missing bool
		what    string
	}{
		{saved.ID == "", "l’identifiant donné par " + name}, {len(saved.Sealed) == 0, "le secret donné par " + name}, {!saved.Open, "cocher «\u00a0Proposer " + name + "\u00a0»"},
	} {
		if m.missing {
			card.Missing = append(card.Missing, m.what)
		}
	}
	if saved.Ready() {
		card.Status = web.Status{Tone: web.Success, Label: "Ouvert"}
	}
	return card
}

// lengthSelect offers usual lengths, in minutes, and the one in force.
func lengthSelect(name, label string, now time.Duration, offered ...int) web.Select {
	current := int(now / time.Minute)
	if !slices.Contains(offered, current) {
		offered = append(offered, current)
		slices.Sort(offered)
	}
	out := web.Select{Name: name, Label: label}
	for _, m := range offered {
		out.Items = append(out.Items, web.Choice{Value: strconv.Itoa(m), Label: lengthLabel(m), Checked: m == current})
	}
	return out
}

func lengthLabel(minutes int) string {
	switch {
	case minutes%1440 == 0 && minutes > 1440:
		return web.Plural(minutes/1440, "jour", "jours")
	case minutes%60 == 0:
		return web.Plural(minutes/60, "heure", "heures")
	}
	return web.Plural(minutes, "minute", "minutes")
}

// readIdentity puts what was typed over the settings. A secret goes with its client's
// identifier: another identifier wants its own.
func readIdentity(keys identity.Keys, form url.Values, s tenants.Settings) (tenants.Settings, error) {
	w := &s.SignIn
	w.NoGuests, w.NoAccounts, w.NoPassword = form.Get("guests") == "", form.Get("accounts") == "", form.Get("password") == ""
	s.RequireAgentTOTP = form.Get("require_agent_totp") != ""
	w.SIRETs = nil
	for line := range strings.Lines(form.Get("sirets")) {
		if n := strings.Join(strings.Fields(line), ""); n != "" && !slices.Contains(w.SIRETs, n) {
			w.SIRETs = append(w.SIRETs, n)
		}
	}
	for name, at := range map[string]*int{"agent_idle": &w.AgentIdle, "agent_life": &w.AgentLife, "citizen_idle": &w.CitizenIdle, "citizen_life": &w.CitizenLife} {
		if n, err := strconv.Atoi(form.Get(name)); err == nil {
			*at = n
		}
	}
	for kind, c := range map[oidc.Kind]*tenants.StateClient{oidc.FranceConnect: &w.FranceConnect, oidc.ProConnect: &w.ProConnect} {
		at := string(kind) + "-"
		id, secret := strings.TrimSpace(form.Get(at+"id")), strings.TrimSpace(form.Get(at+"secret"))
		if id != c.ID {
			c.Sealed = nil
		}
		c.Open, c.Environment, c.ID = form.Get(at+"open") != "", form.Get(at+"environment"), id
		if secret == "" || id == "" {
			continue
		}
		sealed, err := identity.SealSecret(keys, kind, id, secret)
		if err != nil {
			return s, err
		}
		c.Sealed = sealed
	}
	return s, nil
}

func (s *Server) saveIdentity(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if kind := oidc.Kind(form.Get("tester")); err == nil && kind != "" {
		return s.probe(v, kind)
	}
	hub := ""
	if err == nil && v.scope.Tenant.HubID != 0 {
		var h tenants.Hub
		h, err = s.Registry.HubByID(v.r.Context(), v.scope.Tenant.HubID)
		hub = h.SIREN
	}
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, who web.Visitor) error {
			now, seen, err := settingsSeen(ctx, tx, form)
			if err != nil {
				return err
			}
			if now, err = readIdentity(tx.Key, form, now); err != nil {
				return err
			}
			return identity.PutSignIn(ctx, tx, now, seen, hub, who.Session)
		}))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showIdentity(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "Les réglages de connexion sont enregistrés. Les durées valent pour les prochaines sessions.", identityPath)
}

// probe tries the client that is saved, and says in words what came of it.
func (s *Server) probe(v visit, kind oidc.Kind) error {
	var client oidc.Client
	name := "FranceConnect"
	if kind == oidc.ProConnect {
		name = "ProConnect"
	}
	_, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		settings, _, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		for _, c := range []*tenants.StateClient{&settings.SignIn.FranceConnect, &settings.SignIn.ProConnect} {
			c.Open = true // it is tried before it is opened
		}
		client, err = identity.StateClient(tx.Key, settings.SignIn, kind, "")
		return err
	}))
	if err == nil {
		err = s.Identity.ProbeState(v.r.Context(), client)
	}
	tone, words := web.Success, name+" répond et reconnaît l’identifiant et le secret de la commune. Il reste à vous connecter une fois\u00a0: l’adresse de retour ne se vérifie qu’ainsi."
	if err != nil {
		if tone, words = web.Danger, probeWords(name, err); words == "" {
			return err
		}
	}
	s.UI.SetFlash(v.w, v.r, tone, words)
	web.Redirect(v.w, v.r, identityPath)
	return nil
}

// probeCauses say what keeps a provider from being used.
var probeCauses = map[string]string{
	"name":       "son adresse est introuvable\u00a0: le serveur n’a sans doute pas accès à internet",
	"network":    "la connexion est refusée\u00a0: le serveur n’a sans doute pas accès à internet, ou un pare-feu l’arrête",
	"timeout":    "il ne répond pas à temps",
	"answer":     "sa réponse est une erreur",
	"redirect":   "il renvoie vers une autre adresse, ce qui n’est pas admis",
	"too_long":   "sa réponse est démesurée",
	"unreadable": "sa réponse est illisible",
	"issuer":     "il se présente sous un autre nom que le sien",
	"host":       "il annonce des adresses qui ne sont pas les siennes, ou pas de déconnexion",
	"algorithms": "il n’offre aucune signature admise (ES256 ou RS256)",
	"secret":     "il n’accepte pas de secret dans l’envoi (client_secret_post)",
}

// probeWords says what came of a trial; "" where that is not the trial's.
func probeWords(name string, err error) string {
	f := fault.Of(err)
	switch f.Code {
	case "oidc_unset":
		return "Il manque l’identifiant ou le secret de " + name + ", ou il a été chiffré ailleurs\u00a0: enregistrez-les, puis essayez de nouveau."
	case "oidc_client":
		return name + " répond, mais refuse l’identifiant ou le secret. Recopiez-les depuis votre espace partenaire, et vérifiez l’environnement."
	case "oidc_untrusted":
		return name + " a répondu de façon inattendue\u00a0: ne l’ouvrez pas, et prévenez l’exploitant de la plateforme."
	case "oidc_away":
		if cause := probeCauses[f.Fields[0].Code]; cause != "" {
			return name + " n’est pas utilisable\u00a0: " + cause + "."
		}
	}
	return ""
}
