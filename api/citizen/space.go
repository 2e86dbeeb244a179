package citizen

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// mine is a request of the account.
type mine struct {
	Number, Title, Received, Due string
	Status                       web.Status
	Unread                       int
}

// begun is a draft of the account.
type begun struct {
	ID           tenants.ID
	Title, Until string
}

type spacePage struct {
	web.Frame
	Name     string
	Requests []mine
	Drafts   []begun
	Profile  web.SummaryList
}

var spaceTemplate = web.MustParse[spacePage](web.Citizen, files, "space.html")

func (s *Server) space(v *visit) error {
	page := spacePage{}
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		if err := v.citizen(); err != nil {
			return err
		}
		rows, err := requests.Mine(ctx, tx)
		if err != nil {
			return err
		}
		page.Requests = nil
		for _, r := range rows {
			m := mine{Number: r.Number, Title: r.Title, Received: r.ReceivedOn.FrenchShort(), Status: web.RequestStatus(string(r.State)), Unread: r.Unread}
			if r.State.Open() && !r.DueOn.IsZero() {
				m.Due = r.DueOn.FrenchShort()
			}
			page.Requests = append(page.Requests, m)
		}
		drafts, err := requests.DraftsOf(ctx, tx, v.who.Citizen.ID)
		page.Drafts = nil
		for _, d := range drafts {
			page.Drafts = append(page.Drafts, begun{d.ID, d.Title, calendar.On(d.ExpiresAt, tx.Tenant().Zone()).FrenchShort()})
		}
		return err
	})
	if err != nil {
		return err
	}
	c := v.who.Citizen
	page.Frame, page.Name = s.frame(v, "Mon espace", "/mon-espace"), c.Name()
	page.Profile = web.SummaryList{{Key: "Adresse électronique", Value: c.Email}}
	for _, row := range []web.SummaryItem{
		{Key: "Nom", Value: c.GivenName + " " + c.FamilyName}, {Key: "Téléphone", Value: forms.FrenchPhone(c.Phone)}, {Key: "Adresse postale", Value: c.PostalAddress},
	} {
		if row.Value != "" && row.Value != " " {
			page.Profile = append(page.Profile, row)
		}
	}
	return spaceTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// openDraft goes on with a draft of the account in this browser.
func (s *Server) openDraft(v *visit) error {
	if _, err := s.UI.Form(v.w, v.r); err != nil {
		return err
	}
	id, err := tenants.ParseID(v.r.PathValue("draft"))
	if err != nil {
		return err
	}
	var d requests.Draft
	err = s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		if err := v.citizen(); err != nil {
			return err
		}
		d, err = requests.DraftByID(ctx, tx, id)
		return err
	})
	if fault.Is(err, "draft_unknown") {
		s.UI.SetFlash(v.w, v.r, web.Info, "Ce brouillon n’existe plus.")
		web.Redirect(v.w, v.r, "/mon-espace")
		return nil
	}
	if err != nil {
		return err
	}
	s.UI.SetCookie(v.w, v.r, draftCookie(d.ProcedureSlug), ofAccount+string(d.ID), draftCookieLife)
	web.Redirect(v.w, v.r, whereOf(d))
	return nil
}
