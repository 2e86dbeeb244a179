package web

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// Visitor is who asks for a page: an agent, a citizen who is signed in, or a guest.
type Visitor struct {
	Actor   tenants.Actor
	Agent   staff.Agent      // of an agent
	Citizen citizens.Citizen // of a citizen who is signed in
	Session identity.Session // of both
	Visit   *staff.Visit     // of an administrator of the hub, inside the agents' pages
	Token   string           // the session's, as the cookie holds it
}

// Signed tells whether the visitor has a session.
func (v Visitor) Signed() bool { return v.Token != "" }

// Page is what a page does in its transaction, with who asks for it.
type Page func(ctx context.Context, tx *tenants.Tx, v Visitor) error

// Read opens one read-only transaction of the commune in which the visitor is
// found and the page is made. The transaction's actor is the visitor.
func (d Deps) Read(r *http.Request, s Scope, page Page) error {
	if err := d.recheck(r, s); err != nil {
		return err
	}
	visit, err := d.visit(r, s)
	if err != nil {
		return err
	}
	if visit != nil {
		return d.DB.Read(r.Context(), s.Tenant, visit.Actor(), func(tx *tenants.Tx) error {
			return page(r.Context(), tx, Visitor{Actor: visit.Actor(), Visit: visit})
		})
	}
	var stale identity.Session
	err = d.DB.Read(r.Context(), s.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		v, err := d.visitor(r, tx)
		if err != nil {
			return err
		}
		if v.Session.Stale {
			stale = v.Session
		}
		return page(r.Context(), tx.As(v.Actor), v)
	})
	if err == nil && stale.Stale {
		err = d.DB.Write(r.Context(), s.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
			return identity.Touch(r.Context(), tx, stale)
		})
	}
	return err
}

// Write opens one transaction of the commune, as Read does, that may change
// things. It may run twice, after a deadlock: the page changes nothing else.
func (d Deps) Write(r *http.Request, s Scope, page Page) error {
	if err := d.recheck(r, s); err != nil {
		return err
	}
	visit, err := d.visit(r, s)
	if err != nil {
		return err
	}
	if visit != nil {
		if visit.SupportID != "" {
			return fault.New(fault.Forbidden, "support_read_only")
		}
		return d.DB.Write(r.Context(), s.Tenant, visit.Actor(), func(tx *tenants.Tx) error {
			return page(r.Context(), tx, Visitor{Actor: visit.Actor(), Visit: visit})
		})
	}
	return d.DB.Write(r.Context(), s.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		v, err := d.visitor(r, tx)
		if err != nil {
			return err
		}
		if v.Session.Stale {
			if err := identity.Touch(r.Context(), tx, v.Session); err != nil {
				return err
			}
		}
		return page(r.Context(), tx.As(v.Actor), v)
	})
}

// recheck ends the session of the request's cookie where the identity provider has
// ended its own (identity.RecheckEvery), before the page's transaction: no network
// call is made inside one.
func (d Deps) recheck(r *http.Request, s Scope) error {
	token, ok := d.UI.Session(r)
	if !ok || !d.Identity.RecheckDue(token) {
		return nil
	}
	var provider string
	err := d.DB.Read(r.Context(), s.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		session, err := identity.FindSession(r.Context(), tx, token)
		if err != nil {
			return err
		}
		provider, _ = session.ProviderToken(tx) // sealed with a key of before: there is nothing to ask
		return nil
	})
	if fault.Is(err, "session_over") {
		err = nil
	}
	if err != nil || !d.Identity.SessionOver(r.Context(), token, provider) {
		return err
	}
	return d.DB.Write(r.Context(), s.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		_, err := identity.EndSession(r.Context(), tx, token)
		return err
	})
}

// VisitCookie holds the token of a visit of the hub.
const VisitCookie = "assistance"

// visit finds the visit of the hub that the request belongs to (nil: none), checks with
// the platform that its administrator still may, and keeps in the commune's history
// which page is opened, before it is.
func (d Deps) visit(r *http.Request, s Scope) (*staff.Visit, error) {
	token, ok := d.UI.Cookie(r, VisitCookie)
	if _, signed := d.UI.Session(r); !ok || signed {
		return nil, nil //nolint:nilnil // none is the ordinary case
	}
	var v staff.Visit
	ctx := r.Context()
	err := d.DB.Read(ctx, s.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
		v, err = staff.VisitOf(ctx, tx, token)
		return err
	})
	if fault.Is(err, "session_over") {
		return nil, nil //nolint:nilnil // it is over: a guest
	}
	if err != nil {
		return nil, err
	}
	admin, err := d.Registry.HubAdminByID(ctx, s.Tenant.HubID, v.AdminID)
	if fault.Is(err, "not_found") || err == nil && (!admin.Active || v.SupportID == "" && !admin.Delegate) {
		return nil, nil //nolint:nilnil // may no longer: a guest
	}
	if err != nil {
		return nil, err
	}
	return &v, d.DB.Write(ctx, s.Tenant, v.Actor(), func(tx *tenants.Tx) error { return v.Look(ctx, tx, r.Pattern, r.PathValue("number")) })
}

// visitor finds whose session the request's cookie is; a session that is over
// makes a guest.
func (d Deps) visitor(r *http.Request, tx *tenants.Tx) (Visitor, error) {
	guest := Visitor{Actor: tenants.Guest()}
	token, ok := d.UI.Session(r)
	if !ok {
		return guest, nil
	}
	session, err := identity.FindSession(r.Context(), tx, token)
	if fault.Is(err, "session_over") {
		return guest, nil
	}
	if err != nil {
		return Visitor{}, err
	}
	v := Visitor{Session: session, Token: token}
	if session.AgentID != "" {
		if v.Agent, err = staff.OfSession(r.Context(), tx, session); err == nil {
			v.Actor = v.Agent.Actor()
		}
	} else if v.Citizen, err = citizens.OfSession(r.Context(), tx, session); err == nil {
		v.Actor = v.Citizen.Actor()
	}
	if fault.Is(err, "session_over") {
		return guest, nil
	}
	return v, err
}
