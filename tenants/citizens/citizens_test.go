package citizens_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

func wantFault(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s %s", kind, code)
	}
	if f := fault.Of(err); f.Kind != kind || f.Code != code {
		t.Fatalf("error %v; want %s %s", err, kind, code)
	}
}

func ensure(t *testing.T, env *pgtest.Env, subject, email string) (c citizens.Citizen) {
	t.Helper()
	env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		c, err = citizens.Ensure(ctx, tx, subject, email)
		return err
	})
	return c
}

func TestEnsureMakesACitizenOnce(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	first := ensure(t, env, "subject", " Jeanne.Durand@example.fr")
	env.Clock.Set(pgtest.Start.Add(time.Hour))
	again := ensure(t, env, "subject", "jeanne@example.org")
	if first.ID != again.ID || first.Email != "jeanne.durand@example.fr" || again.Email != "jeanne@example.org" {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if !again.CreatedAt.Equal(pgtest.Start) || !again.LastSeenAt.Equal(pgtest.Start.Add(time.Hour)) {
		t.Errorf("created %v, seen %v", again.CreatedAt, again.LastSeenAt)
	}
	if a := first.Actor(); a.Kind != tenants.ActorCitizen || a.ID != first.ID || a.Name != "jeanne.durand" {
		t.Errorf("actor %+v", a)
	}
	if other := ensure(t, env, "other", "jeanne@example.org"); other.ID == first.ID {
		t.Error("two accounts are one citizen because of an address")
	}
	for _, bad := range [][2]string{{"", "a@example.fr"}, {"subject", "nobody"}} {
		err := env.DB.Write(t.Context(), env.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
			_, err := citizens.Ensure(t.Context(), tx, bad[0], bad[1])
			return err
		})
		wantFault(t, err, fault.Invalid, "citizen_invalid")
	}
}

func TestProfileIsOnesOwn(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	c, other := ensure(t, env, "subject", "a@example.fr"), ensure(t, env, "other", "b@example.fr")
	env.Write(t, env.Tenant, c.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		changed, err := citizens.UpdateProfile(ctx, tx, citizens.Profile{
			GivenName: " Jeanne ", FamilyName: "Durand", Phone: "06 12  34 56 78", PostalAddress: " 3 rue  du Lac \r\n\n31320 Castanet-Tolosan ",
		})
		if err != nil {
			return err
		}
		if changed.Name() != "Jeanne Durand" || changed.Phone != "06 12 34 56 78" || changed.PostalAddress != "3 rue du Lac\n31320 Castanet-Tolosan" || changed.Email != c.Email {
			t.Errorf("changed %+v", changed)
		}
		mine, err := citizens.ByID(ctx, tx, c.ID)
		if err != nil || mine != changed {
			t.Errorf("read again: %+v, %v", mine, err)
		}
		_, err = citizens.ByID(ctx, tx, other.ID)
		wantFault(t, err, fault.NotFound, "not_found")
		for path, p := range map[string]citizens.Profile{
			"given_name":     {GivenName: strings.Repeat("é", 121)},
			"family_name":    {FamilyName: "a\x00b"},
			"phone":          {Phone: strings.Repeat("1", 41)},
			"postal_address": {PostalAddress: strings.Repeat("é", 401)},
		} {
			_, err := citizens.UpdateProfile(ctx, tx, p)
			f := fault.Of(err)
			if f == nil || f.Code != "profile_invalid" || len(f.Fields) != 1 || f.Fields[0].Path != path {
				t.Errorf("%s: %v", path, err)
			}
		}
		return nil
	})
	for _, a := range []tenants.Actor{tenants.Guest(), {Kind: tenants.ActorAgent, ID: c.ID, Role: tenants.RoleAdmin}, {Kind: tenants.ActorCitizen}} {
		err := env.DB.Write(t.Context(), env.Tenant, a, func(tx *tenants.Tx) error {
			_, err := citizens.UpdateProfile(t.Context(), tx, citizens.Profile{})
			return err
		})
		wantFault(t, err, fault.Forbidden, "citizens_only")
	}
	env.Write(t, env.Tenant, other.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		if mine, err := citizens.ByID(ctx, tx, other.ID); err != nil || mine.GivenName != "" {
			t.Errorf("another's profile changed: %+v, %v", mine, err)
		}
		return nil
	})
	for actor, sees := range map[tenants.ActorKind]bool{tenants.ActorAgent: true, tenants.ActorSystem: true, tenants.ActorGuest: false, tenants.ActorHub: false} {
		err := env.DB.Read(t.Context(), env.Tenant, tenants.Actor{Kind: actor}, func(tx *tenants.Tx) error {
			_, err := citizens.ByID(t.Context(), tx, c.ID)
			return err
		})
		if (err == nil) != sees {
			t.Errorf("%s sees a citizen: %v", actor, err)
		}
	}
}

func TestBySession(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	c := ensure(t, env, "subject", "a@example.fr")
	var token string
	env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		token, err = identity.CreateSession(ctx, tx, identity.Person{CitizenID: c.ID}, identity.Login{Verified: true, Token: "provider", AAL: 1})
		return err
	})
	by := func(tenant tenants.Tenant, token string) (found citizens.Citizen, err error) {
		err = env.DB.Read(t.Context(), tenant, tenants.Guest(), func(tx *tenants.Tx) error {
			found, _, err = citizens.BySession(t.Context(), tx, token)
			return err
		})
		return found, err
	}
	if found, err := by(env.Tenant, token); err != nil || found.ID != c.ID {
		t.Errorf("found %v, %v", found.ID, err)
	}
	_, err := by(env.Other, token)
	wantFault(t, err, fault.Unauthorized, "session_over")
	err = env.DB.Read(t.Context(), env.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		_, err := citizens.OfSession(t.Context(), tx, identity.Session{Person: identity.Person{AgentID: tenants.NewID()}})
		return err
	})
	wantFault(t, err, fault.Unauthorized, "session_over")
	_, err = by(env.Tenant, "x"+token)
	wantFault(t, err, fault.Unauthorized, "session_over")
}
