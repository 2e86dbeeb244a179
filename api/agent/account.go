package agent

import (
	"context"
	"net/http"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/staff"
)

type accountPage struct {
	web.Frame
	Pairs     []pair
	TOTP      bool
	Required  bool // the commune asks for the second factor
	Digest    web.Checkbox
	Tokens    []tokenLine
	TokenName web.Input
	Token     string // shown once
}

type tokenLine struct {
	ID, Name, Since string
	Revoked         bool
}

var accountTemplate = web.MustParse[accountPage](web.Agent, pages, "account.html")

const accountPath = "/agents/compte"

func (s *Server) accountRoutes() {
	s.handle("GET /agents/compte", func(v visit) error { return s.showAccount(v, nil, "", nil) })
	s.handle("POST /agents/compte", s.changeAccount)
}

func (s *Server) showAccount(v visit, typed url.Values, token string, refused error) error {
	var tokens []staff.APIToken
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, me web.Visitor) (err error) {
		tokens, err = staff.Tokens(ctx, tx, me.Agent.ID)
		return err
	})
	if err != nil {
		return err
	}
	a, answer := me.Agent, http.StatusOK
	page := accountPage{
		Frame: s.frame(v, me, "Mon compte", accountPath), TOTP: me.Session.AAL > 1, Required: v.scope.Settings.RequireAgentTOTP, Token: token,
		Pairs:     []pair{{Key: "Nom", Value: a.Name()}, {Key: "Courriel", Value: a.Email}, {Key: "Rôle", Value: roleLabels[a.Role]}},
		Digest:    web.Checkbox{Name: "digest", Label: "Recevoir le récapitulatif du matin", Hint: "Un courriel par jour ouvré, avec ce qui arrive à échéance.", Checked: a.Digest},
		TokenName: web.Input{Name: "name", Label: "Nom de la clé", Hint: "Par exemple «\u00a0Logiciel de la voirie\u00a0».", Value: typed.Get("name"), MaxLength: 100},
	}
	if a.Title != "" {
		page.Pairs = append(page.Pairs, pair{Key: "Fonction", Value: a.Title})
	}
	for _, t := range tokens {
		page.Tokens = append(page.Tokens, tokenLine{string(t.ID), t.Name, web.DateTime(t.CreatedAt.In(v.scope.Tenant.Zone())), t.RevokedAt != nil})
	}
	if refused != nil {
		page.TokenName.Error = sentence(refused)
		page.Errors = web.ErrorSummary{{ID: page.TokenName.Name, Message: page.TokenName.Error}}
		answer = web.StatusOf(refused)
	}
	return accountTemplate.Render(v.w, v.r, answer, page)
}

// changeAccount switches the digest, and makes and revokes API tokens.
func (s *Server) changeAccount(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done, token := "", ""
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, me web.Visitor) (err error) {
			switch form.Get("action") {
			case "recapitulatif":
				done = "Votre choix est enregistré."
				return staff.SetDigest(ctx, tx, form.Get("digest") != "")
			case "cle":
				token, _, err = staff.IssueToken(ctx, tx, me.Agent.ID, form.Get("name"))
				return err
			case "revoquer":
				done = "La clé n’ouvre plus rien."
				id, err := tenants.ParseID(form.Get("id"))
				if err != nil {
					return err
				}
				return staff.RevokeToken(ctx, tx, id)
			}
			return fault.New(fault.Invalid, "form_unreadable")
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showAccount(v, form, "", err)
	case err != nil:
		return err
	case token != "": // shown on this very page, once: it is kept nowhere
		return s.showAccount(v, nil, token, nil)
	}
	return s.done(v, done, accountPath)
}
