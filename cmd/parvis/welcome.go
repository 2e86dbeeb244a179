package main

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// welcome invites the agents of a commune that came with an archive: here they have no
// account yet, or another one. Each is invited once, however often it is called.
func (p *program) welcome(ctx context.Context, t tenants.Tenant) (int, error) {
	actor := tenants.System("reprise d’une archive")
	var list []staff.Agent
	err := p.db.Read(ctx, t, actor, func(tx *tenants.Tx) (err error) {
		list, err = staff.Homeless(ctx, tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	for i, agent := range list {
		id, _, err := p.identity.EnsureIdentity(ctx, agent.Email, "")
		if err != nil {
			return i, err
		}
		err = p.db.Write(ctx, t, actor, func(tx *tenants.Tx) error {
			if err := staff.House(ctx, tx, agent.ID, identity.Subject(tx, identity.ProviderKratos, id)); err != nil {
				return err
			}
			return staff.MailInvitation(ctx, tx, agent)
		})
		if err != nil {
			return i, err
		}
	}
	return len(list), nil
}
