package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

const (
	sqlTestAgent = `insert into agent (id, subject, email, given_name, family_name, role, created_at)
		values ($1::uuid, 'subject of ' || $1::uuid::text, $1::uuid::text || '@mairie.example.fr', 'Agnès', 'Bru', 'front', $2)`
	sqlTestCitizen  = `insert into citizen (id, subject, email, created_at, last_seen_at) values ($1::uuid, 'subject of ' || $1::uuid::text, 'a@example.fr', $2, $2)`
	sqlTestSessions = `select count(*) from session`
	sqlTestStored   = `select encode(token_hash, 'escape') || encode(provider, 'escape') from session`
)

func newAgent(ctx context.Context, t *testing.T, tx *tenants.Tx) identity.Person {
	t.Helper()
	id := tenants.NewID()
	if _, err := tx.Exec(ctx, sqlTestAgent, id, tx.Now()); err != nil {
		t.Fatal(err)
	}
	return identity.Person{AgentID: id}
}

func newCitizen(ctx context.Context, t *testing.T, tx *tenants.Tx) identity.Person {
	t.Helper()
	id := tenants.NewID()
	if _, err := tx.Exec(ctx, sqlTestCitizen, id, tx.Now()); err != nil {
		t.Fatal(err)
	}
	return identity.Person{CitizenID: id}
}

var proved = identity.Login{ProviderID: "someone", Email: "a@example.fr", Verified: true, Token: "ory_st_secret", AAL: 1}

func TestSessionOpensItsOwnCommuneAlone(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	var who identity.Person
	var token string
	env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		who = newAgent(ctx, t, tx)
		token, err = identity.CreateSession(ctx, tx, who, proved)
		return err
	})
	err := env.DB.Read(t.Context(), env.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		s, err := identity.FindSession(t.Context(), tx, token)
		if err != nil {
			return err
		}
		if s.Person != who || s.AAL != 1 || s.Stale {
			t.Errorf("session %+v", s)
		}
		if provider, err := s.ProviderToken(tx); err != nil || provider != proved.Token {
			t.Errorf("provider's token: %v", err)
		}
		for _, bad := range []string{"", token + "x", token[1:], strings.ToUpper(token)} {
			_, err := identity.FindSession(t.Context(), tx, bad)
			wantFault(t, err, fault.Unauthorized, "session_over")
		}
		stored, err := tenants.One[string](t.Context(), tx, sqlTestStored)
		if err != nil {
			return err
		}
		if contains(stored, token) || contains(stored, proved.Token) {
			t.Error("a token is stored in clear")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = env.DB.Read(t.Context(), env.Other, tenants.Guest(), func(tx *tenants.Tx) error {
		_, err := identity.FindSession(t.Context(), tx, token)
		return err
	})
	wantFault(t, err, fault.Unauthorized, "session_over")
}

func TestSessionEndsByItself(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	for _, c := range []struct {
		name       string
		person     func(context.Context, *testing.T, *tenants.Tx) identity.Person
		idle, life time.Duration
	}{
		{"agent", newAgent, 2 * time.Hour, 12 * time.Hour},
		{"citizen", newCitizen, 8 * time.Hour, 30 * 24 * time.Hour},
	} {
		env.Clock.Set(pgtest.Start)
		var unused, used string
		env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
			who := c.person(ctx, t, tx)
			if unused, err = identity.CreateSession(ctx, tx, who, proved); err != nil {
				return err
			}
			used, err = identity.CreateSession(ctx, tx, who, proved)
			return err
		})
		lives := func(token string) (alive bool) {
			env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
				s, err := identity.FindSession(ctx, tx, token)
				if fault.Is(err, "session_over") {
					return nil
				}
				if alive = err == nil; alive && s.Stale {
					return identity.Touch(ctx, tx, s)
				}
				return err
			})
			return alive
		}
		env.Clock.Set(pgtest.Start.Add(c.idle - time.Minute))
		if !lives(used) {
			t.Errorf("%s: over before it was idle for %v", c.name, c.idle)
		}
		env.Clock.Set(pgtest.Start.Add(c.idle))
		if lives(unused) {
			t.Errorf("%s: alive after %v unused", c.name, c.idle)
		}
		for at := c.idle; at < c.life; at += c.idle / 2 {
			env.Clock.Set(pgtest.Start.Add(at))
			if !lives(used) {
				t.Fatalf("%s: in use, and over after %v", c.name, at)
			}
		}
		env.Clock.Set(pgtest.Start.Add(c.life))
		if lives(used) {
			t.Errorf("%s: alive after %v", c.name, c.life)
		}
		env.Write(t, env.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
			n, err := identity.SweepSessions(ctx, tx)
			if n != 2 {
				t.Errorf("%s: %d sessions swept; want 2", c.name, n)
			}
			return err
		})
	}
}

func TestTouchIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	var token string
	env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		token, err = identity.CreateSession(ctx, tx, newCitizen(ctx, t, tx), proved)
		return err
	})
	for _, c := range []struct {
		after time.Duration
		stale bool
		seen  time.Duration
	}{{59 * time.Second, false, 0}, {60 * time.Second, true, 60 * time.Second}, {100 * time.Second, false, 60 * time.Second}, {121 * time.Second, true, 121 * time.Second}} {
		env.Clock.Set(pgtest.Start.Add(c.after))
		env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
			s, err := identity.FindSession(ctx, tx, token)
			if err != nil {
				return err
			}
			if s.Stale != c.stale {
				t.Errorf("after %v: stale %v", c.after, s.Stale)
			}
			if err := identity.Touch(ctx, tx, s); err != nil {
				return err
			}
			s, err = identity.FindSession(ctx, tx, token)
			if seen := s.SeenAt.Sub(pgtest.Start); seen != c.seen {
				t.Errorf("after %v: seen at %v; want %v", c.after, seen, c.seen)
			}
			return err
		})
	}
}

func TestSessionNeedsProofAndSecondFactor(t *testing.T) {
	t.Parallel()
	pgtest.Tx(t, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) {
		who := newAgent(ctx, t, tx)
		unproved, half := proved, proved
		unproved.Verified = false
		half.HasTOTP, half.NeedsTOTP = true, true
		_, err := identity.CreateSession(ctx, tx, who, unproved)
		wantFault(t, err, fault.Forbidden, "email_unverified")
		_, err = identity.CreateSession(ctx, tx, who, half)
		wantFault(t, err, fault.Unauthorized, "second_factor_needed")
		_, err = identity.CreateSession(ctx, tx, identity.Person{}, proved)
		wantFault(t, err, fault.Internal, "session_person")

		token, err := identity.CreateSession(ctx, tx, who, proved)
		if err != nil {
			t.Fatal(err)
		}
		s, err := identity.FindSession(ctx, tx, token)
		if err != nil {
			t.Fatal(err)
		}
		demand := tenants.Settings{RequireAgentTOTP: true}
		if s.MustEnrol(tenants.Settings{}) || !s.MustEnrol(demand) {
			t.Error("an agent without a second factor must enrol exactly where the commune demands one")
		}
		wantFault(t, identity.Renew(ctx, tx, s, half), fault.Unauthorized, "second_factor_needed")
		full := proved
		full.AAL, full.Token = 2, "ory_st_other"
		if err := identity.Renew(ctx, tx, s, full); err != nil {
			t.Fatal(err)
		}
		s, err = identity.FindSession(ctx, tx, token)
		if err != nil {
			t.Fatal(err)
		}
		if provider, err := s.ProviderToken(tx); err != nil || provider != full.Token || s.AAL != 2 || s.MustEnrol(demand) {
			t.Errorf("after the second factor: AAL %d, %v", s.AAL, err)
		}
		history, err := tx.History(ctx, string(who.AgentID))
		if err != nil || len(history) != 1 || history[0].Kind != "signed_in" {
			t.Errorf("history %v, %v", history, err)
		}
	})
}

func TestEndingSessions(t *testing.T) {
	t.Parallel()
	pgtest.Tx(t, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) {
		who, other := newCitizen(ctx, t, tx), newCitizen(ctx, t, tx)
		open := func(p identity.Person, provider string) string {
			l := proved
			l.Token = provider
			token, err := identity.CreateSession(ctx, tx, p, l)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		kept, first, second, others := open(who, "kept"), open(who, "first"), open(who, "second"), open(other, "other")
		if provider, err := identity.EndSession(ctx, tx, first); err != nil || provider != "first" {
			t.Fatal(provider, err)
		}
		if provider, err := identity.EndSession(ctx, tx, first); err != nil || provider != "" {
			t.Fatal(provider, err)
		}
		s, err := identity.FindSession(ctx, tx, kept)
		if err != nil {
			t.Fatal(err)
		}
		if ended, err := identity.EndSessions(ctx, tx, who, s); err != nil || len(ended) != 1 || ended[0] != "second" {
			t.Fatal(ended, err)
		}
		for token, alive := range map[string]bool{kept: true, first: false, second: false, others: true} {
			if _, err := identity.FindSession(ctx, tx, token); (err == nil) != alive {
				t.Errorf("a session that should be alive=%v: %v", alive, err)
			}
		}
		if ended, err := identity.EndSessions(ctx, tx, who, identity.Session{}); err != nil || len(ended) != 1 {
			t.Fatal(ended, err)
		}
		if n, err := tenants.One[int](ctx, tx, sqlTestSessions); err != nil || n != 1 {
			t.Errorf("%d sessions left, %v; want the other citizen's", n, err)
		}
	})
}

func TestSubjectsArePairwise(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	subject := func(tenant tenants.Tenant, id string) (s string) {
		err := env.DB.Read(t.Context(), tenant, tenants.Guest(), func(tx *tenants.Tx) error {
			s = identity.Subject(tx, identity.ProviderKratos, id)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	here, there := subject(env.Tenant, "one"), subject(env.Other, "one")
	if here == there || here == subject(env.Tenant, "two") {
		t.Error("subjects are the same where they must differ")
	}
	if here != subject(env.Tenant, "one") || len(here) != 64 {
		t.Error("a subject is not stable")
	}
	hub := identity.SubjectFor(env.Registry.HubKey(env.Hub, "subject"), identity.ProviderKratos, "one")
	if hub == here || hub == there {
		t.Error("a hub's subject is a commune's")
	}
	if identity.SubjectFor([]byte("k"), "ab", "c") == identity.SubjectFor([]byte("k"), "a", "bc") {
		t.Error("provider and identifier run together")
	}
}

func TestPendingLoginOpensHereAndSoonAlone(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	resume := func(tenant tenants.Tenant, sealed string) (l identity.Login, err error) {
		err = env.DB.Read(t.Context(), tenant, tenants.Guest(), func(tx *tenants.Tx) error {
			l, err = identity.Resume(tx, sealed)
			return err
		})
		return l, err
	}
	var sealed string
	env.Write(t, env.Tenant, tenants.Guest(), func(_ context.Context, tx *tenants.Tx) (err error) {
		sealed, err = identity.Suspend(tx, proved)
		return err
	})
	if contains(sealed, proved.Token) || contains(sealed, "@") {
		t.Error("the login stands in clear")
	}
	if l, err := resume(env.Tenant, sealed); err != nil || l != proved {
		t.Errorf("login %+v, %v", l, err)
	}
	_, err := resume(env.Other, sealed)
	wantFault(t, err, fault.Unauthorized, "sign_in_again")
	for _, bad := range []string{"", "x", sealed[:len(sealed)-2], "A" + sealed} {
		_, err := resume(env.Tenant, bad)
		wantFault(t, err, fault.Unauthorized, "sign_in_again")
	}
	env.Clock.Set(pgtest.Start.Add(identity.PendingFor + time.Second))
	_, err = resume(env.Tenant, sealed)
	wantFault(t, err, fault.Unauthorized, "sign_in_again")
}
