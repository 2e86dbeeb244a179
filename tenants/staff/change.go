package staff

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// Update changes an agent's name, title, role, services and digest. Administrators
// only. fault.Invalid "agent_invalid"; fault.Conflict "last_admin" where nobody
// would be left to administer.
func Update(ctx context.Context, tx *tenants.Tx, id tenants.ID, c Change) (Agent, error) {
	if !tx.Actor().MayAdminister() {
		return Agent{}, fault.New(fault.Forbidden, "admin_only")
	}
	if fields := c.check(); len(fields) > 0 {
		return Agent{}, fault.New(fault.Invalid, "agent_invalid", fields...)
	}
	before, err := byID(ctx, tx, id)
	if err != nil {
		return Agent{}, err
	}
	if c.Role != tenants.RoleAdmin {
		if err := keepsAdmin(ctx, tx, id); err != nil {
			return Agent{}, err
		}
	}
	err = tx.Savepoint(ctx, func(tx *tenants.Tx) error {
		if _, err := tx.Exec(ctx, sqlChangeAgent, id, c.GivenName, c.FamilyName, c.Title, c.Role, c.Digest); err != nil {
			return err
		}
		return putServices(ctx, tx, id, c.Services)
	})
	if err != nil {
		return Agent{}, known(err)
	}
	err = tx.Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(id), Kind: "agent_changed", Data: struct {
		Before audit `json:"before"`
		After  audit `json:"after"`
	}{audit{Role: before.Role, Services: before.Services}, auditOf(c)}})
	if err != nil {
		return Agent{}, err
	}
	return byID(ctx, tx, id)
}

// SetDigest switches the morning digest of the acting agent on or off.
func SetDigest(ctx context.Context, tx *tenants.Tx, digest bool) error {
	if !tx.Actor().IsAgent() {
		return fault.New(fault.Forbidden, "agents_only")
	}
	_, err := tx.Exec(ctx, sqlSetDigest, tx.Actor().ID, digest)
	return err
}

// Deactivate shuts an agent out at once: sessions end, tokens no longer open
// anything. Administrators only. It gives Kratos' tokens of the sessions that
// ended, to be signed out after the transaction. fault.Conflict "last_admin" for the
// only active administrator. Somebody inactive already is no error.
func Deactivate(ctx context.Context, tx *tenants.Tx, id tenants.ID) (providerTokens []string, err error) {
	if !tx.Actor().MayAdminister() {
		return nil, fault.New(fault.Forbidden, "admin_only")
	}
	agent, err := byID(ctx, tx, id)
	if err != nil || !agent.Active {
		return nil, err
	}
	if err := keepsAdmin(ctx, tx, id); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, sqlSetActive, id, false); err != nil {
		return nil, err
	}
	tokens, err := identity.EndSessions(ctx, tx, identity.Person{AgentID: id}, identity.Session{})
	if err != nil {
		return nil, err
	}
	return tokens, tx.Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(id), Kind: "agent_deactivated"})
}

// Reactivate lets a deactivated agent in again. Administrators only.
func Reactivate(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	if !tx.Actor().MayAdminister() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	agent, err := byID(ctx, tx, id)
	if err != nil || agent.Active {
		return err
	}
	if _, err := tx.Exec(ctx, sqlSetActive, id, true); err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(id), Kind: "agent_reactivated"})
}

// keepsAdmin refuses that the last active administrator goes. It locks them all, so
// that two who go at once cannot both be let.
func keepsAdmin(ctx context.Context, tx *tenants.Tx, leaving tenants.ID) error {
	admins, err := tenants.All[tenants.ID](ctx, tx, sqlLockAdmins)
	if err != nil {
		return err
	}
	if len(admins) == 1 && slices.Contains(admins, leaving) {
		return fault.New(fault.Conflict, "last_admin")
	}
	return nil
}

const (
	sqlHomeless = `select ` + agentColumns + ` from agent a where a.active and a.subject = 'archive:' || a.id order by a.id`
	sqlHouse    = `update agent set subject = $2 where id = $1 and subject = 'archive:' || id`
)

// Homeless gives the active agents who came with an archive and have no account here yet.
// Jobs of ours only.
func Homeless(ctx context.Context, tx *tenants.Tx) ([]Agent, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return nil, fault.New(fault.Forbidden, "system_only")
	}
	rows, err := tenants.All[row](ctx, tx, sqlHomeless)
	agents := make([]Agent, len(rows))
	for i, r := range rows {
		agents[i] = r.agent()
	}
	return agents, err
}

// House gives one of them the account that was made for their address. Jobs of ours only.
func House(ctx context.Context, tx *tenants.Tx, id tenants.ID, subject string) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "system_only")
	}
	_, err := tx.Exec(ctx, sqlHouse, id, subject)
	return err
}
