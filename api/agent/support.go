package agent

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/staff"
)

type supportPage struct {
	web.Frame
	Refused string
	Lines   []supportLine
}

type supportLine struct {
	Title, Reason, When, URL string
	Status                   web.Status
	Asked, Granted           bool
	Hours                    int
	History                  web.Timeline
}

var supportTemplate = web.MustParse[supportPage](web.Agent, pages, "support.html")

const (
	supportPath = staff.SupportPage
	enterPath   = supportPath + "/entrer"
	leavePath   = supportPath + "/quitter"
)

func (s *Server) supportRoutes() {
	s.handle("GET "+supportPath, func(v visit) error { return s.showSupport(v, nil) })
	s.handle("POST "+supportPath+"/{id}", s.answerSupport)
	s.handle("GET "+enterPath, s.enterVisit)
	s.handle("POST "+leavePath, s.leaveVisit)
}

// visited makes the frame of an administrator of the hub who is inside: the pages that
// are open to them, and above all of them who is there, why and until when.
func visited(v visit, me web.Visitor, f web.Frame) web.Frame {
	f.User = &web.User{Name: me.Visit.AdminName, SignOut: leavePath}
	until := web.Clock(me.Visit.ExpiresAt.In(v.scope.Tenant.Zone()))
	if me.Visit.SupportID == "" {
		f.Nav = []web.NavItem{
			{Label: "Réglages", URL: settingsPath, Icon: "settings"}, {Label: "Démarches", URL: "/agents/demarches", Icon: "folder-open"}, {Label: "Équipe", URL: teamPath, Icon: "users"},
		}
		f.Banner = &web.Notice{Tone: web.Warning, Text: "Administration déléguée\u00a0: " + me.Visit.AdminName + " s’occupe des réglages de la commune, jusqu’à " + until + ". Les dossiers des habitants restent fermés."}
		return f
	}
	f.Nav = []web.NavItem{
		{Label: "Demandes", URL: home, Icon: "inbox"}, {Label: "Statistiques", URL: "/agents/statistiques", Icon: "chart-column"}, {Label: "Démarches", URL: "/agents/demarches", Icon: "folder-open"},
	}
	f.Banner = &web.Notice{Tone: web.Warning, Text: "Assistance en lecture seule\u00a0: " + me.Visit.AdminName + ", jusqu’à " + until + ". Motif\u00a0: " + me.Visit.Reason + ". Chaque page est notée dans l’historique de la commune."}
	return f
}

// supportStates say where an access stands.
var supportStates = map[staff.SupportState]web.Status{
	staff.SupportAsked: {Tone: web.Warning, Label: "À répondre"}, staff.SupportGranted: {Tone: web.Info, Label: "Ouverte"},
	staff.SupportRefused: {Tone: web.Neutral, Label: "Refusée"}, staff.SupportEnded: {Tone: web.Neutral, Label: "Terminée"},
}

var visitEvents = map[string]string{
	"support_asked": "Assistance demandée", "support_granted": "Assistance acceptée", "support_refused": "Assistance refusée", "support_ended": "Assistance terminée",
	"visit_began": "Entrée dans l’espace agents", "visit_page": "Page consultée",
}

func (s *Server) showSupport(v visit, refused error) error {
	page := supportPage{Refused: sentence(refused)}
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, me web.Visitor) error {
		if !me.Actor.MayAdminister() {
			return fault.New(fault.Forbidden, "admin_only")
		}
		list, err := staff.Supports(ctx, tx)
		if err != nil {
			return err
		}
		zone := v.scope.Tenant.Zone()
		page.Lines = make([]supportLine, 0, len(list))
		for _, x := range list {
			line := supportLine{
				Title: x.AdminName + ", " + x.HubName, Reason: x.Reason, Hours: x.Hours, URL: supportPath + "/" + string(x.ID), Status: supportStates[x.State],
				Asked: x.State == staff.SupportAsked, Granted: x.Running(tx.Now()), When: "Demandée le " + web.DateTime(x.AskedAt.In(zone)),
			}
			if x.ExpiresAt != nil {
				line.When += ", acceptée par " + x.AnsweredBy + " jusqu’au " + web.DateTime(x.ExpiresAt.In(zone))
			}
			if line.History, err = historyOf(ctx, tx, x, zone); err != nil {
				return err
			}
			page.Lines = append(page.Lines, line)
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Frame = s.frame(v, me, "Assistance", supportPath)
	return supportTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// visitedPages are the pages that a visitor of the hub most often opens, as people call them.
var visitedPages = map[string]string{
	"/agents": "la liste des demandes", "/agents/demandes/{number}": "la demande {number}", "/agents/statistiques": "les statistiques",
	"/agents/demarches": "les démarches", "/agents/reglages": "les réglages", "/agents/equipe": "l’équipe",
}

// visitedPage names a page that was opened; one without a name goes by its address.
func visitedPage(at staff.Looked) string {
	_, page, _ := strings.Cut(at.Page, " ")
	if name := visitedPages[page]; name != "" {
		page = name
	}
	return strings.ReplaceAll(page, "{number}", at.Number)
}

// historyOf tells what was done with a support access: who looked at which page.
func historyOf(ctx context.Context, tx *tenants.Tx, x staff.Support, zone *time.Location) (web.Timeline, error) {
	events, err := tx.History(ctx, string(x.ID))
	if err != nil {
		return nil, err
	}
	history := make(web.Timeline, 0, len(events))
	for _, e := range events {
		var at staff.Looked
		if err := at.Read(e.Data); err != nil {
			return nil, err
		}
		title := visitEvents[e.Kind]
		if at.Page != "" {
			title += "\u00a0: " + visitedPage(at)
		}
		history = append(history, web.Event{When: web.DateTime(e.At.In(zone)), Title: title, Who: e.ActorName})
	}
	return history, nil
}

// answerSupport lets the hub in, refuses, or ends what was let in.
func (s *Server) answerSupport(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done := "L’assistance est terminée."
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			id, err := tenants.ParseID(v.r.PathValue("id"))
			if err != nil {
				return err
			}
			switch form.Get("action") {
			case "accepter":
				done = "L’assistance est ouverte. Vous pouvez y mettre fin à tout moment."
				return staff.AnswerSupport(ctx, tx, id, true)
			case "refuser":
				done = "L’assistance est refusée. Rien n’a été ouvert."
				return staff.AnswerSupport(ctx, tx, id, false)
			case "terminer":
				return staff.EndSupport(ctx, tx, id)
			}
			return fault.New(fault.Invalid, "form_unreadable")
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showSupport(v, err)
	case err != nil:
		return err
	}
	return s.done(v, done, supportPath)
}

// enterVisit lets an administrator of the hub in by the way that opens once.
func (s *Server) enterVisit(v visit) error {
	var token string
	var in staff.Visit
	err := s.DB.Write(v.r.Context(), v.scope.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
		if token, err = staff.EnterVisit(v.r.Context(), tx, v.r.URL.Query().Get("jeton")); err != nil {
			return err
		}
		in, err = staff.VisitOf(v.r.Context(), tx, token)
		return err
	})
	if err != nil {
		return err
	}
	s.UI.ClearSession(v.w, v.r) // one or the other
	s.UI.SetCookie(v.w, v.r, web.VisitCookie, token, in.ExpiresAt.Sub(s.Clock()))
	to := home
	if in.SupportID == "" {
		to = settingsPath
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

func (s *Server) leaveVisit(v visit) error {
	if _, err := s.UI.Form(v.w, v.r); err != nil {
		return err
	}
	if token, ok := s.UI.Cookie(v.r, web.VisitCookie); ok {
		err := s.DB.Write(v.r.Context(), v.scope.Tenant, tenants.Guest(), func(tx *tenants.Tx) error { return staff.LeaveVisit(v.r.Context(), tx, token) })
		if err != nil {
			return err
		}
	}
	s.UI.SetCookie(v.w, v.r, web.VisitCookie, "", 0)
	web.Redirect(v.w, v.r, signInPath)
	return nil
}

// notOfTheHub refuses that a hub's delegate makes an agent, who reads files, of
// somebody of the hub.
func (s *Server) notOfTheHub(ctx context.Context, hub int64, email string) error {
	admins, err := s.Registry.HubAdmins(ctx, hub)
	if err != nil {
		return err
	}
	for _, a := range admins {
		if strings.EqualFold(a.Email, email) {
			return fault.New(fault.Invalid, "hub_agent", fault.Field{Path: "email", Code: "hub_agent"})
		}
	}
	return nil
}
