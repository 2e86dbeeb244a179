package agent

import (
	"context"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
)

type accountPage struct {
	web.Frame
	Pairs     []pair
	Old       web.Input
	New       web.Input
	Code      *web.Input
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
	s.handle("POST /agents/compte/mot-de-passe", s.changePassword)
	s.handle("GET /agents/compte/double-authentification", func(v visit) error { return s.showTOTP(v, nil) })
	s.handle("POST /agents/compte/double-authentification", s.startTOTP)
	s.handle("POST /agents/compte/double-authentification/activer", s.confirmTOTP)
	s.handle("POST /agents/compte/double-authentification/secours", s.newCodes)
	s.handle("POST /agents/compte/double-authentification/retirer", s.disableTOTP)
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
	a := me.Agent
	page := accountPage{
		Frame: s.frame(v, me, "Mon compte", accountPath), TOTP: me.Session.AAL > 1, Required: v.scope.Settings.RequireAgentTOTP, Token: token,
		Pairs:     []pair{{Key: "Nom", Value: a.Name()}, {Key: "Courriel", Value: a.Email}, {Key: "Rôle", Value: roleLabels[a.Role]}},
		Old:       web.Input{Name: "current", Label: "Mot de passe actuel", Type: "password", Autocomplete: "current-password"},
		New:       newPasswordInput(),
		Digest:    web.Checkbox{Name: "digest", Label: "Recevoir le récapitulatif du matin", Hint: "Un courriel par jour ouvré, avec ce qui arrive à échéance.", Checked: a.Digest},
		TokenName: web.Input{Name: "name", Label: "Nom de la clé", Hint: "Par exemple «\u00a0Logiciel de la voirie\u00a0».", Value: typed.Get("name"), MaxLength: 100},
	}
	if a.Title != "" {
		page.Pairs = append(page.Pairs, pair{Key: "Fonction", Value: a.Title})
	}
	if page.TOTP {
		page.Code = &web.Input{Name: "code", Label: "Code à six chiffres", Hint: "S’il vous est demandé.", Autocomplete: "one-time-code", Width: "medium", Optional: true}
	}
	for _, t := range tokens {
		page.Tokens = append(page.Tokens, tokenLine{string(t.ID), t.Name, web.DateTime(t.CreatedAt.In(v.scope.Tenant.Zone())), t.RevokedAt != nil})
	}
	page.wrong(refused)
	return accountTemplate.Render(v.w, v.r, doorStatus(refused), page)
}

func (p *accountPage) wrong(refused error) {
	if refused == nil {
		return
	}
	field := &p.Old
	switch {
	case fault.Is(refused, "password"):
		field = &p.New
	case fault.Is(refused, "token_invalid"):
		field = &p.TokenName
	case p.Code != nil && (fault.Is(refused, "second_factor") || fault.Is(refused, "second_factor_needed")):
		field = p.Code
	}
	field.Error = passwordSentence(refused)
	p.Errors = web.ErrorSummary{{ID: field.Name, Message: field.Error}}
}

// passwordSentence says of a wrong password that it is the present one.
func passwordSentence(err error) string {
	if fault.Is(err, "credentials") {
		return "Ce n’est pas votre mot de passe actuel."
	}
	return sentence(err)
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
	case form != nil && comesBack(err):
		return s.showAccount(v, form, "", err)
	case err != nil:
		return err
	case token != "": // shown on this very page, once: it is kept nowhere
		return s.showAccount(v, nil, token, nil)
	}
	return s.done(v, done, accountPath)
}

// confirmed asks Kratos for the password of the agent again, as it wants before a
// change, and for the second factor where its session is over.
func (s *Server) confirmed(v visit, form url.Values) (me web.Visitor, login identity.Login, err error) {
	var token string
	err = s.Read(v.r, v.scope, func(_ context.Context, tx *tenants.Tx, visitor web.Visitor) (err error) {
		if me = visitor; me.Agent.ID == "" {
			return fault.New(fault.Unauthorized, "sign_in")
		}
		token, err = me.Session.ProviderToken(tx)
		return err
	})
	if err != nil {
		return me, login, err
	}
	ctx := v.r.Context()
	login, err = s.Identity.Confirm(ctx, token, identity.Attempt{Email: me.Agent.Email, Password: form.Get("current"), Address: v.address()})
	if err == nil && login.NeedsTOTP {
		if form.Get("code") == "" {
			return me, login, fault.New(fault.Unauthorized, "second_factor_needed")
		}
		login, err = s.Identity.CompleteTOTP(ctx, login, form.Get("code"), v.address())
	}
	return me, login, err
}

// renew keeps what Kratos gave for the session.
func (s *Server) renew(v visit, me web.Visitor, login identity.Login) error {
	return s.Write(v.r, v.scope, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		return identity.Renew(ctx, tx, me.Session, login)
	})
}

func (s *Server) changePassword(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	var me web.Visitor
	var login identity.Login
	if err == nil {
		if me, login, err = s.confirmed(v, form); err == nil {
			err = identity.CheckPassword(me.Agent.Email, form.Get("password"))
		}
	}
	if err == nil {
		err = s.Identity.SetPassword(v.r.Context(), login, form.Get("password"))
	}
	var over []string
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, me web.Visitor) (err error) {
			if err := identity.Renew(ctx, tx, me.Session, login); err != nil {
				return err
			}
			over, err = identity.EndSessions(ctx, tx, me.Session.Person, me.Session)
			return err
		})
	}
	switch {
	case form != nil && comesBack(err):
		return s.showAccount(v, form, "", err)
	case err != nil:
		return err
	}
	s.forgetAtProvider(v.r.Context(), over...)
	return s.done(v, "Votre mot de passe est changé. Vos autres sessions sont fermées.", accountPath)
}
