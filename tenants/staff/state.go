package staff

import (
	"context"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
)

const (
	sqlAgentOfState = `select ` + agentColumns + ` from agent a join agent_identity i on i.agent_id = a.id where i.subject = $1`
	sqlLinkAgent    = `insert into agent_identity (subject, agent_id, siret, linked_at) values ($1, $2, $3, $4) on conflict do nothing`
	sqlStateLink    = `select siret, linked_at from agent_identity where agent_id = $1`
	sqlUnlinkAgent  = `delete from agent_identity where agent_id = $1`
)

// StateLink is an agent's tie to ProConnect.
type StateLink struct {
	SIRET    string `db:"siret"`
	LinkedAt time.Time
}

type linked struct {
	SIRET string `json:"siret"`
}

// ByState gives the agent whom ProConnect vouches for. Who may enter at all is
// identity.MayEnter's to say, before this.
//
// An agent is found by the pairwise subject. At the first time they are found by the
// address to which an administrator of this commune invited them, provided that nobody
// from ProConnect holds that agent yet; the history keeps it. An address alone, without
// that invitation, opens nothing: fault.Forbidden "proconnect_unknown". An agent who was
// deactivated, and one whom another identity holds, get the same.
func ByState(ctx context.Context, tx *tenants.Tx, p oidc.Person) (Agent, error) {
	unknown := fault.New(fault.Forbidden, "proconnect_unknown")
	subject := identity.Subject(tx, identity.ProviderProConnect, p.Subject)
	r, err := tenants.One[row](ctx, tx, sqlAgentOfState, subject)
	if err == nil && !r.Active {
		return Agent{}, unknown
	}
	if err == nil || !fault.Is(err, "not_found") {
		return r.agent(), err
	}
	if p.Email == "" {
		return Agent{}, unknown
	}
	r, err = tenants.One[row](ctx, tx, sqlAgentByEmail, strings.ToLower(p.Email))
	switch {
	case fault.Is(err, "not_found"), err == nil && !r.Active:
		return Agent{}, unknown
	case err != nil:
		return Agent{}, err
	}
	made, err := tx.Exec(ctx, sqlLinkAgent, subject, r.ID, p.SIRET, tx.Now())
	if err != nil {
		return Agent{}, err
	}
	if made == 0 { // held by another identity
		return Agent{}, unknown
	}
	a := r.agent()
	return a, tx.As(a.Actor()).Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(a.ID), Kind: "proconnect_linked", Data: linked{p.SIRET}})
}

// StateLinkOf gives an agent's tie to ProConnect, to administrators and to the agent;
// none is fault.NotFound "not_found".
func StateLinkOf(ctx context.Context, tx *tenants.Tx, id tenants.ID) (StateLink, error) {
	if a := tx.Actor(); !a.MayAdminister() && a.ID != id {
		return StateLink{}, fault.New(fault.Forbidden, "admin_only")
	}
	return tenants.One[StateLink](ctx, tx, sqlStateLink, id.OrNull())
}

// UnlinkState unties an agent from ProConnect: the next person of that address who
// comes from there is tied anew. Administrators only.
func UnlinkState(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	if !tx.Actor().MayAdminister() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	gone, err := tx.Exec(ctx, sqlUnlinkAgent, id.OrNull())
	if err != nil || gone == 0 {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(id), Kind: "proconnect_unlinked"})
}
