package staff_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/staff"
)

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

var system = tenants.System("test")

func wantFault(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s %s", kind, code)
	}
	if f := fault.Of(err); f.Kind != kind || f.Code != code {
		t.Fatalf("error %v; want %s %s", err, kind, code)
	}
}

func newcomer(name string, role tenants.Role) staff.NewAgent {
	return staff.NewAgent{Email: name + "@mairie.example.fr", GivenName: "Agnès", FamilyName: name, Title: "secrétaire de mairie",
		Role: role, Subject: "subject of " + name}
}

func invite(ctx context.Context, t *testing.T, tx *tenants.Tx, name string, role tenants.Role) staff.Agent {
	t.Helper()
	a, err := staff.Invite(ctx, tx, newcomer(name, role))
	if err != nil {
		t.Fatalf("invite %s: %v", name, err)
	}
	return a
}

// as runs fn in a transaction of an agent in a deployment of the test's own.
func as(t *testing.T, env *pgtest.Env, a tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx)) {
	t.Helper()
	env.Write(t, env.Tenant, a, func(ctx context.Context, tx *tenants.Tx) error {
		fn(ctx, tx)
		return nil
	})
}

func TestInvite(t *testing.T) {
	t.Parallel()
	pgtest.Tx(t, system, func(ctx context.Context, tx *tenants.Tx) {
		civil, err := tenants.PutService(ctx, tx, tenants.Service{Name: "État civil"})
		if err != nil {
			t.Fatal(err)
		}
		n := newcomer("Bru", tenants.RoleInstructor)
		n.Email, n.GivenName, n.Services = " BRU@mairie.example.fr ", "  Agnès  Marie ", []tenants.ID{civil.ID, civil.ID}
		a, err := staff.Invite(ctx, tx, n)
		if err != nil {
			t.Fatal(err)
		}
		if a.Email != "bru@mairie.example.fr" || a.Name() != "Agnès Marie Bru" || !a.Active || !a.Digest || !slices.Equal(a.Services, []tenants.ID{civil.ID}) {
			t.Errorf("agent %+v", a)
		}
		actor := a.Actor()
		if actor.Kind != tenants.ActorAgent || actor.ID != a.ID || !actor.Covers(civil.ID) || actor.Covers(tenants.NewID()) || !actor.MayDecide() || actor.MayAdminister() {
			t.Errorf("actor %+v", actor)
		}
		for name, change := range map[string]func(*staff.NewAgent){
			"the same address": func(n *staff.NewAgent) { n.Subject = "another" },
			"the same account": func(n *staff.NewAgent) { n.Email = "other@mairie.example.fr" },
		} {
			again := n
			change(&again)
			_, err := staff.Invite(ctx, tx, again)
			if !fault.Is(err, "agent_exists") {
				t.Errorf("%s: %v; want agent_exists", name, err)
			}
		}
		for path, change := range map[string]func(*staff.NewAgent){
			"email":       func(n *staff.NewAgent) { n.Email = "nobody" },
			"given_name":  func(n *staff.NewAgent) { n.GivenName = "  " },
			"family_name": func(n *staff.NewAgent) { n.FamilyName = strings.Repeat("é", 121) },
			"role":        func(n *staff.NewAgent) { n.Role = "mayor" },
			"services":    func(n *staff.NewAgent) { n.Services = []tenants.ID{tenants.NewID()} },
			"subject":     func(n *staff.NewAgent) { n.Subject = "" },
		} {
			bad := newcomer("Autre", tenants.RoleFront)
			change(&bad)
			_, err := staff.Invite(ctx, tx, bad)
			f := fault.Of(err)
			if f == nil || f.Code != "agent_invalid" || len(f.Fields) != 1 || f.Fields[0].Path != path {
				t.Errorf("%s: %v", path, err)
			}
		}
		found, err := staff.BySubject(ctx, tx, n.Subject)
		if err != nil || found.ID != a.ID {
			t.Errorf("by subject: %v, %v", found.ID, err)
		}
		if found, err = staff.ByEmail(ctx, tx, "BRU@mairie.example.fr "); err != nil || found.ID != a.ID {
			t.Errorf("by e-mail: %v, %v", found.ID, err)
		}
		_, err = staff.OfSession(ctx, tx, identity.Session{Person: identity.Person{CitizenID: tenants.NewID()}})
		wantFault(t, err, fault.Unauthorized, "session_over")
		_, err = staff.BySubject(ctx, tx, "nobody's")
		wantFault(t, err, fault.NotFound, "not_found")
		history, err := tx.History(ctx, string(a.ID))
		if err != nil || len(history) != 1 || history[0].Kind != "agent_invited" {
			t.Errorf("history %v, %v", history, err)
		}
	})
}

func TestAdministratorsAlone(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	var front, admin staff.Agent
	as(t, env, system, func(ctx context.Context, tx *tenants.Tx) {
		front = invite(ctx, t, tx, "Accueil", tenants.RoleFront)
		admin = invite(ctx, t, tx, "Secrétaire", tenants.RoleAdmin)
	})
	for _, who := range []tenants.Actor{front.Actor(), tenants.Guest(), {Kind: tenants.ActorCitizen, ID: tenants.NewID()}, {Kind: tenants.ActorHub, ID: tenants.NewID()}} {
		as(t, env, who, func(ctx context.Context, tx *tenants.Tx) {
			_, err := staff.Invite(ctx, tx, newcomer("Ami", tenants.RoleAdmin))
			wantFault(t, err, fault.Forbidden, "admin_only")
			_, err = staff.Update(ctx, tx, front.ID, staff.Change{GivenName: "A", FamilyName: "B", Role: tenants.RoleAdmin})
			wantFault(t, err, fault.Forbidden, "admin_only")
			_, err = staff.Deactivate(ctx, tx, admin.ID)
			wantFault(t, err, fault.Forbidden, "admin_only")
			wantFault(t, staff.Reactivate(ctx, tx, admin.ID), fault.Forbidden, "admin_only")
			_, _, err = staff.IssueToken(ctx, tx, admin.ID, "programme")
			wantFault(t, err, fault.Forbidden, "admin_only")
			_, err = staff.ByEmail(ctx, tx, admin.Email)
			wantFault(t, err, fault.Forbidden, "admin_only")
			_, err = staff.Tokens(ctx, tx, admin.ID)
			wantFault(t, err, fault.Forbidden, "admin_only")
			_, err = staff.List(ctx, tx)
			if who.IsAgent() != (err == nil) {
				t.Errorf("%s lists agents: %v", who.Kind, err)
			}
			if !who.IsAgent() {
				_, err = staff.ByID(ctx, tx, admin.ID)
				wantFault(t, err, fault.Forbidden, "agents_only")
			}
		})
	}
	as(t, env, admin.Actor(), func(ctx context.Context, tx *tenants.Tx) {
		changed, err := staff.Update(ctx, tx, front.ID, staff.Change{GivenName: "Ana", FamilyName: "Sol", Title: "adjointe", Role: tenants.RoleInstructor})
		if err != nil || changed.Name() != "Ana Sol" || changed.Role != tenants.RoleInstructor || changed.Digest {
			t.Errorf("changed %+v, %v", changed, err)
		}
		agents, err := staff.List(ctx, tx)
		if err != nil || len(agents) != 2 {
			t.Errorf("%d agents, %v", len(agents), err)
		}
		_, err = staff.Update(ctx, tx, tenants.NewID(), staff.Change{GivenName: "A", FamilyName: "B", Role: tenants.RoleAdmin})
		wantFault(t, err, fault.NotFound, "not_found")
	})
}

func TestLastAdministratorStays(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	var first, second staff.Agent
	as(t, env, system, func(ctx context.Context, tx *tenants.Tx) {
		first = invite(ctx, t, tx, "Première", tenants.RoleAdmin)
		_, err := staff.Deactivate(ctx, tx, first.ID)
		wantFault(t, err, fault.Conflict, "last_admin")
		_, err = staff.Update(ctx, tx, first.ID, staff.Change{GivenName: "A", FamilyName: "B", Role: tenants.RoleFront})
		wantFault(t, err, fault.Conflict, "last_admin")
		second = invite(ctx, t, tx, "Seconde", tenants.RoleAdmin)
	})
	// Each removes the other at once: one of them stays.
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, pair := range [][2]staff.Agent{{first, second}, {second, first}} {
		wg.Go(func() {
			errs[i] = env.DB.Write(t.Context(), env.Tenant, pair[0].Actor(), func(tx *tenants.Tx) error {
				_, err := staff.Deactivate(t.Context(), tx, pair[1].ID)
				return err
			})
		})
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("errors %v and %v; want exactly one", errs[0], errs[1])
	}
	for _, err := range errs {
		if err != nil {
			wantFault(t, err, fault.Conflict, "last_admin")
		}
	}
}

func TestDeactivatedAgentIsOutAtOnce(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	var agent staff.Agent
	var cookie, token string
	as(t, env, system, func(ctx context.Context, tx *tenants.Tx) {
		invite(ctx, t, tx, "Secrétaire", tenants.RoleAdmin)
		agent = invite(ctx, t, tx, "Accueil", tenants.RoleFront)
		var err error
		if token, _, err = staff.IssueToken(ctx, tx, agent.ID, "logiciel métier"); err != nil {
			t.Fatal(err)
		}
		cookie, err = identity.CreateSession(ctx, tx, identity.Person{AgentID: agent.ID}, identity.Login{Verified: true, Token: "provider", AAL: 1})
		if err != nil {
			t.Fatal(err)
		}
		found, s, err := staff.BySession(ctx, tx, cookie)
		if err != nil || found.ID != agent.ID || s.AgentID != agent.ID {
			t.Fatalf("by session: %v, %v", found.ID, err)
		}
	})
	as(t, env, system, func(ctx context.Context, tx *tenants.Tx) {
		ended, err := staff.Deactivate(ctx, tx, agent.ID)
		if err != nil || !slices.Equal(ended, []string{"provider"}) {
			t.Fatalf("ended %v, %v", ended, err)
		}
		_, _, err = staff.BySession(ctx, tx, cookie)
		wantFault(t, err, fault.Unauthorized, "session_over")
		_, err = staff.ActorByToken(ctx, tx, token)
		wantFault(t, err, fault.Unauthorized, "token_unknown")
		_, err = staff.BySubject(ctx, tx, agent.Subject)
		wantFault(t, err, fault.NotFound, "not_found")
		_, _, err = staff.IssueToken(ctx, tx, agent.ID, "encore")
		wantFault(t, err, fault.Conflict, "agent_inactive")
		if ended, err := staff.Deactivate(ctx, tx, agent.ID); err != nil || len(ended) != 0 {
			t.Errorf("twice: %v, %v", ended, err)
		}
		if err := staff.Reactivate(ctx, tx, agent.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := staff.ActorByToken(ctx, tx, token); err != nil {
			t.Errorf("after coming back: %v", err)
		}
		_, _, err = staff.BySession(ctx, tx, cookie)
		wantFault(t, err, fault.Unauthorized, "session_over") // ended sessions stay so
		var kinds []string
		history, err := tx.History(ctx, string(agent.ID))
		for _, e := range history {
			kinds = append(kinds, e.Kind)
		}
		want := []string{"agent_invited", "token_issued", "signed_in", "agent_deactivated", "agent_reactivated"}
		if err != nil || !slices.Equal(kinds, want) {
			t.Errorf("history %v, %v; want %v", kinds, err, want)
		}
	})
}

func TestTokensOpenTheirOwnCommuneAlone(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	var agent staff.Agent
	var token string
	as(t, env, system, func(ctx context.Context, tx *tenants.Tx) { agent = invite(ctx, t, tx, "Accueil", tenants.RoleFront) })
	as(t, env, agent.Actor(), func(ctx context.Context, tx *tenants.Tx) { // one's own
		var issued staff.APIToken
		var err error
		if token, issued, err = staff.IssueToken(ctx, tx, agent.ID, "  logiciel   métier "); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(token, "pvs_") || len(token) < 40 || issued.Name != "logiciel métier" {
			t.Errorf("token of %d letters, %+v", len(token), issued)
		}
		_, _, err = staff.IssueToken(ctx, tx, agent.ID, " ")
		wantFault(t, err, fault.Invalid, "token_invalid")
		stored, err := tenants.One[string](ctx, tx, `select encode(token_hash, 'escape') from api_token`)
		if err != nil || strings.Contains(stored, token) {
			t.Errorf("the token is stored in clear, or %v", err)
		}
	})
	actorOn := func(tenant tenants.Tenant, token string) (a tenants.Actor, err error) {
		err = env.DB.Read(t.Context(), tenant, tenants.Guest(), func(tx *tenants.Tx) error {
			a, err = staff.ActorByToken(t.Context(), tx, token)
			return err
		})
		return a, err
	}
	if a, err := actorOn(env.Tenant, token); err != nil || a.ID != agent.ID || a.Role != tenants.RoleFront || a.Name != agent.Name() {
		t.Errorf("actor %+v, %v", a, err)
	}
	_, err := actorOn(env.Other, token)
	wantFault(t, err, fault.Unauthorized, "token_unknown")
	for _, bad := range []string{"", "pvs_", token[4:], token + "x", strings.Repeat("pvs_", 100)} {
		_, err := actorOn(env.Tenant, bad)
		wantFault(t, err, fault.Unauthorized, "token_unknown")
	}
	as(t, env, agent.Actor(), func(ctx context.Context, tx *tenants.Tx) {
		tokens, err := staff.Tokens(ctx, tx, agent.ID)
		if err != nil || len(tokens) != 1 || tokens[0].RevokedAt != nil {
			t.Fatalf("tokens %v, %v", tokens, err)
		}
		for range 2 {
			if err := staff.RevokeToken(ctx, tx, tokens[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		if tokens, err = staff.Tokens(ctx, tx, agent.ID); err != nil || tokens[0].RevokedAt == nil {
			t.Errorf("after revoking: %v, %v", tokens, err)
		}
		wantFault(t, staff.RevokeToken(ctx, tx, tenants.NewID()), fault.NotFound, "not_found")
	})
	_, err = actorOn(env.Tenant, token)
	wantFault(t, err, fault.Unauthorized, "token_unknown")
}

func TestDigestIsOnesOwnChoice(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	var agent, other staff.Agent
	as(t, env, system, func(ctx context.Context, tx *tenants.Tx) {
		agent, other = invite(ctx, t, tx, "Accueil", tenants.RoleFront), invite(ctx, t, tx, "Autre", tenants.RoleFront)
		wantFault(t, staff.SetDigest(ctx, tx, false), fault.Forbidden, "agents_only")
	})
	as(t, env, agent.Actor(), func(ctx context.Context, tx *tenants.Tx) {
		if err := staff.SetDigest(ctx, tx, false); err != nil {
			t.Fatal(err)
		}
		mine, err := staff.ByID(ctx, tx, agent.ID)
		if err != nil || mine.Digest {
			t.Errorf("digest still on, %v", err)
		}
		if theirs, err := staff.ByID(ctx, tx, other.ID); err != nil || !theirs.Digest {
			t.Errorf("another's digest is off, %v", err)
		}
	})
}
