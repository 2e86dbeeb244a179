package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// newcomer is who is made an administrator from the command line: the first one,
// whom nobody else can invite.
type newcomer struct{ email, given, family string }

// addTenantAdmin makes somebody an administrator of a commune. A mail tells them,
// and leads to the page where they choose their password.
func (p *program) addTenantAdmin(ctx context.Context, out io.Writer, slug string, n newcomer) error {
	t, err := p.registry.BySlug(ctx, slug)
	if fault.Is(err, "not_found") {
		return fmt.Errorf("no commune has the slug %q: parvis tenant list shows them", slug)
	}
	if err != nil {
		return err
	}
	id, _, err := p.identity.EnsureIdentity(ctx, n.email, "")
	if err != nil {
		return err
	}
	err = p.db.Write(ctx, t, tenants.System("parvis tenant admin"), func(tx *tenants.Tx) error {
		agent, err := staff.Invite(ctx, tx, staff.NewAgent{
			Email: n.email, GivenName: n.given, FamilyName: n.family, Role: tenants.RoleAdmin,
			Subject: identity.Subject(tx, identity.ProviderKratos, id),
		})
		if err != nil {
			return err
		}
		return staff.MailInvitation(ctx, tx, agent)
	})
	if fault.Is(err, "agent_exists") {
		return fmt.Errorf("%s has an agent with this e-mail address already", t.Name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: the administrator is invited by mail (parvis work sends it)\n", t.Name)
	return nil
}

// addHubAdmin makes somebody an administrator of a hub, and shows once the password
// of an account that was made for it.
func (p *program) addHubAdmin(ctx context.Context, out io.Writer, slug string, n newcomer) error {
	h, err := p.registry.HubBySlug(ctx, slug)
	if fault.Is(err, "not_found") {
		return fmt.Errorf("there is no hub %q: open it with parvis tenant hub", slug)
	}
	if err != nil {
		return err
	}
	password := strings.ToLower(rand.Text())
	id, created, err := p.identity.EnsureIdentity(ctx, n.email, password)
	if err != nil {
		return err
	}
	_, err = p.registry.AddHubAdmin(ctx, tenants.HubAdmin{
		HubID: h.ID, Subject: identity.SubjectFor(p.registry.HubKey(h, "subject"), identity.ProviderKratos, id),
		Email: n.email, GivenName: n.given, FamilyName: n.family,
	})
	if err != nil {
		return err
	}
	address := p.url(p.registry.Host(h.Slug))
	if !created {
		fmt.Fprintf(out, "%s: the administrator signs in at %s with the password of their account\n", h.Name, address)
		return nil
	}
	fmt.Fprintf(out, "%s: the administrator signs in at %s with this password, shown once: %s\n", h.Name, address, password)
	return nil
}
