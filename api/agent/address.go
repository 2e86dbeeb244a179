package agent

import (
	"context"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/fault"
)

type addressPage struct {
	web.Frame
	Now, Platform string
	Refused       string
	Own           bool // another name than the platform's is in force
	Hosts         []ownHost
	Host          web.Input
	Action        string
	Many          bool
}

// ownHost is a name of the commune's own: how it stands, and what to ask of whoever
// keeps its DNS.
type ownHost struct {
	Name, URL string
	Status    web.Status
	Notice    web.Notice
	Until     string // when its certificate ends; it renews itself
	Main, May bool   // it is the main address; it may become it
	Settled   bool   // nothing is to be asked of anybody
	Apex      bool
	NoAddress bool // the deployment does not say at which addresses it is reached
	Alias     web.Table
	Machines  web.Table
	Mail      web.Textarea
}

var addressTemplate = web.MustParse[addressPage](web.Agent, pages, "address.html")

const addressPath = settingsPath + "/adresse"

func (s *Server) address(v visit) error { return s.showAddress(v, "", nil) }

func (s *Server) showAddress(v visit, typed string, refused error) error {
	me, err := s.read(v, admins(func(context.Context, *tenants.Tx, web.Visitor) error { return nil }))
	if err != nil {
		return err
	}
	t, err := s.Registry.ByID(v.r.Context(), v.scope.Tenant.ID) // its address may have changed a moment ago
	if err != nil {
		return err
	}
	list, err := s.Domains.List(v.r.Context(), t)
	if err != nil {
		return err
	}
	page := addressPage{
		Frame: s.frame(v, me, "Adresse du site", settingsPath), Now: s.URL(s.Registry.HostOf(t)), Platform: s.URL(s.Registry.Host(t.Slug)), Own: t.MainHost != "",
		Action: addressPath, Many: len(list) >= domains.MaxDomains,
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Réglages", URL: settingsPath}, {Label: "Adresse du site"}}
	for _, d := range list {
		page.Hosts = append(page.Hosts, s.ownHost(t, d))
	}
	message := web.FieldErrors(refused)["host"]
	page.Host = web.Input{Name: "host", Label: "Nom de domaine", Hint: "Un nom sous le domaine de la commune, par exemple «\u00a0demarches.ma-commune.fr\u00a0».", Value: typed, MaxLength: 300, NoSpellcheck: true, InputMode: "url", Error: message}
	switch {
	case message != "":
		page.Errors = web.ErrorSummary{{ID: "host", Message: message}}
	case refused != nil:
		page.Refused = sentence(refused)
	}
	return addressTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func (s *Server) addHost(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	var added domains.Domain
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			added, err = s.Domains.Add(ctx, tx, form.Get("host"))
			return err
		}))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showAddress(v, form.Get("host"), err)
	case err != nil:
		return err
	}
	return s.checkHost(v, added.Host)
}

// checkHost looks at the DNS, outside any transaction, and says what it found.
func (s *Server) checkHost(v visit, host string) error {
	d, err := s.Domains.Check(v.r.Context(), v.scope.Tenant, host)
	if err != nil {
		return err
	}
	tone, sentence := web.Success, "Les enregistrements de "+domains.Unicode(host)+" sont bons."
	if d.Problem != "" {
		tone, sentence = web.Warning, domains.Unicode(host)+" n’est pas encore prêt\u00a0: la page dit ce qui manque."
	}
	s.UI.SetFlash(v.w, v.r, tone, sentence)
	web.Redirect(v.w, v.r, addressPath)
	return nil
}

// changeHost does what a button of a name asks for.
func (s *Server) changeHost(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	host, done := v.r.PathValue("host"), ""
	_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		if _, err := s.Domains.Get(ctx, tx.Tenant(), host); err != nil {
			return err
		}
		switch form.Get("action") {
		case "verifier":
			return nil
		case "retirer":
			done = domains.Unicode(host) + " est retiré."
			return s.Domains.Remove(ctx, tx, host)
		case "principale":
			done = domains.Unicode(host) + " est choisi comme adresse du site."
			return s.Domains.SetMain(ctx, tx, host)
		case "plateforme":
			done = "L’adresse du site est celle de la plateforme."
			return s.Domains.SetMain(ctx, tx, "")
		}
		return fault.New(fault.NotFound, "not_found")
	}))
	switch {
	case err != nil:
		return err
	case done == "":
		return s.checkHost(v, host)
	}
	return s.done(v, done, addressPath)
}

func (s *Server) ownHost(t tenants.Tenant, d domains.Domain) ownHost {
	name := domains.Unicode(d.Host)
	h := ownHost{
		Name: name, URL: addressPath + "/" + url.PathEscape(d.Host), Status: hostStatus(d), Notice: hostNotice(d, s.Domains.Target(t), t), Main: d.Main,
		May: !d.Main, Settled: d.Problem == "" && d.State != domains.Pending, Apex: domains.IsApex(d.Host), NoAddress: len(s.Domains.Addresses()) == 0,
	}
	if d.CertificateUntil != nil {
		h.Until = calendar.On(*d.CertificateUntil, t.Zone()).French()
	}
	columns := []web.Column{{Label: "Type"}, {Label: "Nom"}, {Label: "Valeur"}}
	row := func(kind, name, value string) web.Row {
		return web.Row{Cells: []web.Cell{{Text: kind}, {Text: name, Copy: "le nom"}, {Text: value, Copy: "la valeur"}}}
	}
	h.Alias = web.Table{Caption: "Enregistrement à créer pour " + name, Columns: columns, Rows: []web.Row{row("CNAME", d.Host+".", s.Domains.Target(t)+".")}}
	h.Machines = web.Table{Caption: "Enregistrements à créer pour " + name, Columns: columns}
	for _, a := range s.Domains.Addresses() {
		kind := "A"
		if a.Is6() {
			kind = "AAAA"
		}
		h.Machines.Rows = append(h.Machines.Rows, row(kind, d.Host+".", a.String()))
	}
	h.Machines.Rows = append(h.Machines.Rows, row("TXT", domains.ProofLabel+d.Host+".", s.Domains.Proof(t, d.Host)))
	rows := h.Alias.Rows
	if h.Apex {
		rows = h.Machines.Rows
	}
	h.Mail = web.Textarea{
		Name: "message-" + d.Host, Label: "Message à transmettre", Rows: 14,
		Hint:  "Sélectionnez ce texte, copiez-le, et envoyez-le à la personne ou à l’entreprise qui gère le nom de domaine de la commune.",
		Value: hostMail(t, name, rows, s.Domains.Identities()),
	}
	return h
}
