package door

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// Commune is the [House] of an area of a commune: its sessions lie in the commune's
// own schema.
type Commune struct {
	web.Deps
	// Person finds, or makes, whose account it is.
	Person func(ctx context.Context, tx *tenants.Tx, login identity.Login) (identity.Person, error)
	// Page begins a page of somebody who is signed in (nil: nobody yet).
	Page func(w http.ResponseWriter, r *http.Request, s web.Scope, who *Resident, title string) web.Frame
	// Resides tells whether a visitor is at home here, and with which address. Others
	// are fault.Unauthorized with the area's own code.
	Resides func(v web.Visitor) (email string, err error)
}

// Frame begins a page.
func (c Commune) Frame(w http.ResponseWriter, r *http.Request, s web.Scope, who *Resident, title string) web.Frame {
	return c.Page(w, r, s, who, title)
}

// Resident gives who is signed in.
func (c Commune) Resident(r *http.Request, s web.Scope) (who Resident, err error) {
	err = c.Read(r, s, func(_ context.Context, tx *tenants.Tx, v web.Visitor) (err error) {
		who = Resident{Visitor: v}
		if who.Email, err = c.Resides(v); err != nil {
			return err
		}
		who.Double, who.MustEnrol = v.Session.AAL > 1, v.Session.MustEnrol(s.Settings)
		who.Required = v.Session.AgentID != "" && s.Settings.RequireAgentTOTP
		who.State = stateNames[v.Session.Way]
		who.Provider, err = v.Session.ProviderToken(tx)
		return err
	})
	return who, err
}

// Open opens a session.
func (c Commune) Open(ctx context.Context, s web.Scope, login identity.Login, alone bool) (o Opened, err error) {
	err = c.DB.Write(ctx, s.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		who, err := c.Person(ctx, tx, login)
		if fault.Is(err, "not_found") {
			return fault.New(fault.Unauthorized, "credentials")
		}
		if err != nil {
			return err
		}
		o.Life = identity.LifeOf(who, s.Settings.SignIn)
		if alone {
			if o.Ended, err = identity.EndSessions(ctx, tx, who, identity.Session{}); err != nil {
				return err
			}
		}
		o.Token, err = identity.CreateSession(ctx, tx, who, login)
		return err
	})
	return o, err
}

// Renew keeps what a change gave.
func (c Commune) Renew(r *http.Request, s web.Scope, login identity.Login, alone bool) (ended []string, err error) {
	err = c.Write(r, s, func(ctx context.Context, tx *tenants.Tx, v web.Visitor) (err error) {
		if _, err := c.Resides(v); err != nil {
			return err
		}
		if err := identity.Renew(ctx, tx, v.Session, login); err != nil || !alone {
			return err
		}
		ended, err = identity.EndSessions(ctx, tx, v.Session.Person, v.Session)
		return err
	})
	return ended, err
}

// Leave ends a session.
func (c Commune) Leave(ctx context.Context, s web.Scope, token string) (provider string, err error) {
	err = c.DB.Write(ctx, s.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
		provider, err = identity.EndSession(ctx, tx, token)
		return err
	})
	return provider, err
}

// sizeOf reads the size of a drawing that comes back.
func sizeOf(form url.Values) int {
	size, _ := strconv.Atoi(form.Get("size")) // of the picture alone
	return size
}
