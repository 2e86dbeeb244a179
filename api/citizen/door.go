package citizen

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/door"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// newDoor makes the citizens' door. An account is never compulsory, and the page
// says so.
func (s *Server) newDoor() *door.Kit {
	return door.New(s.Deps, door.Config{
		Door: web.Citizen, Inside: web.Citizen,
		Paths: door.Paths{SignIn: "/connexion", SignOut: "/deconnexion", Recovery: "/mot-de-passe", Security: "/mon-espace/securite", Home: "/mon-espace", Out: "/"},
		Words: door.Words{
			Lede:  "Un compte garde vos demandes et vos brouillons, et remplit vos coordonnées. Rien ne vous y oblige\u00a0: au guichet, par téléphone ou par courrier, la mairie remplit la démarche avec vous.",
			Other: web.Link{Label: "Créer un compte", URL: "/inscription"},
			Aside: "Vous avez un numéro et un code\u00a0?", AsideLink: web.Link{Label: "Suivez votre demande sans compte", URL: "/suivi"},
			RecoveryLede: "Nous envoyons un code à votre adresse. Avec lui, vous choisissez un nouveau mot de passe.",
			Out:          "Vous êtes déconnecté.", Help: true,
		},
		House:        door.Commune{Deps: s.Deps, Person: citizenOf, Resides: resident, Page: s.doorFrame},
		Unproved:     s.proveFirst,
		State:        &door.State{Kind: oidc.FranceConnect, Person: verifiedCitizen, Link: linkCitizen},
		PasswordOpen: func(scope web.Scope) bool { return !scope.Settings.SignIn.NoAccounts },
		Left:         func(w http.ResponseWriter, r *http.Request) { s.UI.SetCookie(w, r, trackCookie, "", 0) },
	})
}

// citizenOf finds or makes the citizen of an account.
func citizenOf(ctx context.Context, tx *tenants.Tx, login identity.Login) (identity.Person, error) {
	subject := identity.Subject(tx, identity.ProviderKratos, login.ProviderID)
	if err := citizens.Reclaim(ctx, tx, subject, login.Email); err != nil {
		return identity.Person{}, err
	}
	c, err := citizens.Ensure(ctx, tx, subject, login.Email)
	return identity.Person{CitizenID: c.ID}, err
}

// verifiedCitizen finds or makes the citizen whom FranceConnect knows.
func verifiedCitizen(ctx context.Context, tx *tenants.Tx, scope web.Scope, p oidc.Person) (identity.Person, string, error) {
	c, isNew, err := citizens.EnsureVerified(ctx, tx, identity.Subject(tx, identity.ProviderFranceConnect, p.Subject), p.Email, verified(p))
	say := ""
	if isNew && !scope.Settings.SignIn.NoAccounts {
		say = "Bienvenue. Vous aviez déjà un compte ici avec un mot de passe ? Connectez-vous une fois avec lui, puis reliez FranceConnect dans « Mot de passe et sécurité » : vos demandes seront réunies."
	}
	return identity.Person{CitizenID: c.ID}, say, err
}

func verified(p oidc.Person) citizens.Verified {
	return citizens.Verified{GivenName: p.GivenName, FamilyName: p.FamilyName, UsageName: p.UsageName}
}

// linkCitizen ties the signed-in citizen's account to FranceConnect, and brings over
// what FranceConnect's own citizen had asked for before.
func linkCitizen(ctx context.Context, tx *tenants.Tx, p oidc.Person) error {
	before, err := citizens.Link(ctx, tx, identity.Subject(tx, identity.ProviderFranceConnect, p.Subject), verified(p))
	if err != nil || before == "" {
		return err
	}
	if err := requests.Inherit(ctx, tx, before); err != nil {
		return err
	}
	return citizens.Absorb(ctx, tx, before)
}

func resident(v web.Visitor) (email string, err error) {
	if v.Citizen.ID == "" {
		return "", fault.New(fault.Unauthorized, codeSignIn)
	}
	return v.Citizen.Email, nil
}

func (s *Server) doorFrame(w http.ResponseWriter, r *http.Request, scope web.Scope, who *door.Resident, title string) web.Frame {
	v := &visit{w: w, r: r, scope: scope}
	above := web.Breadcrumbs{{Label: "Accueil", URL: "/"}}
	if who != nil {
		v.who = who.Visitor
		above = append(above, web.Link{Label: "Mon espace", URL: "/mon-espace"})
	}
	f := s.frame(v, title, "/mon-espace")
	f.Breadcrumbs = append(above, web.Link{Label: title})
	return f
}

// proveFirst mails a code to somebody who has never proved their address.
func (s *Server) proveFirst(w http.ResponseWriter, r *http.Request, scope web.Scope, login identity.Login) error {
	v := &visit{w: w, r: r, scope: scope}
	flow, err := s.Identity.StartVerification(r.Context(), s.mailTo(v, login.Email))
	if err != nil {
		return err
	}
	s.door.KeepFlow(w, r, confirmCookie, door.MailFlow{Flow: flow, Email: login.Email})
	web.Redirect(w, r, "/inscription/code")
	return nil
}

// mailTo asks the identity provider for a mail to an address.
func (s *Server) mailTo(v *visit, email string) identity.Claim {
	return identity.Claim{Email: email, Address: address(v.r), Transient: identity.Transient{Tenant: v.scope.Tenant.ID}}
}

// refusal is the status of a refused form of the account; too many tries say when to
// come back.
func refusal(v *visit, err error) int {
	if fault.Of(err).Kind != fault.TooMany {
		return http.StatusUnprocessableEntity
	}
	door.SayWhen(v.w, err)
	return http.StatusTooManyRequests
}

// shown tells whether a refusal of the identity provider belongs on the form.
func shown(err error) bool {
	k := fault.Of(err).Kind
	return k == fault.Unauthorized || k == fault.Invalid || k == fault.TooMany || k == fault.Conflict
}
