package tenants

import (
	"context"
	"encoding/json"
	"errors"
	"net/mail"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// HubRole is what an administrator of a hub may do.
type HubRole string

// The roles, each including the ones after it.
const (
	HubManager HubRole = "responsable"  // manages the administrators, opens and suspends communes
	HubKeeper  HubRole = "gestionnaire" // keeps the shared settings and the catalogue
	HubReader  HubRole = "observateur"  // reads the lists and the counts
)

// HubAdmin is an administrator of a hub. Subject is pairwise: made with the hub's
// own key, it leads to no account of the same person in a commune.
type HubAdmin struct {
	ID         ID
	HubID      int64
	Subject    string
	Email      string
	GivenName  string
	FamilyName string
	Role       HubRole
	Delegate   bool // may look after a commune's settings, services, catalogue and agents
	Active     bool
}

// Name is the administrator's name, as communes and histories read it.
func (a HubAdmin) Name() string { return a.GivenName + " " + a.FamilyName }

// Actor is the administrator as an actor.
func (a HubAdmin) Actor() Actor {
	return Actor{Kind: ActorHub, ID: a.ID, Name: a.Name(), HubRole: a.Role}
}

// MayManage tells whether the actor may manage a hub's administrators, and open and
// suspend its communes; jobs of ours may.
func (a Actor) MayManage() bool {
	return a.Kind == ActorSystem || a.Kind == ActorHub && a.HubRole == HubManager
}

// MayKeep tells whether the actor may change what a hub provides to its communes.
func (a Actor) MayKeep() bool {
	return a.MayManage() || a.Kind == ActorHub && a.HubRole == HubKeeper
}

// HubAdminChange is what a responsable may change of an administrator.
type HubAdminChange struct {
	Role     HubRole
	Delegate bool
	Active   bool
}

const (
	sqlAddHubAdmin = `insert into platform.hub_admin (id, hub_id, subject, email, given_name, family_name, role, delegate, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (hub_id, subject) do update set email = excluded.email
		returning id, hub_id, subject, email, given_name, family_name, role, delegate, active`
	sqlInviteHubAdmin = `insert into platform.hub_admin (id, hub_id, subject, email, given_name, family_name, role, delegate, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		returning id, hub_id, subject, email, given_name, family_name, role, delegate, active`
	sqlHubAdmin = `select id, hub_id, subject, email, given_name, family_name, role, delegate, active from platform.hub_admin
		where hub_id = $1 and ($2::text is null or subject = $2) and ($3::uuid is null or id = $3) and ($4::boolean is null or active = $4)`
	sqlHubAdmins = `select id, hub_id, subject, email, given_name, family_name, role, delegate, active from platform.hub_admin
		where hub_id = $1 order by active desc, family_name, given_name, id`
	sqlLockHubAdmins  = `select id, role, active from platform.hub_admin where hub_id = $1 order by id for update`
	sqlChangeHubAdmin = `update platform.hub_admin set role = $3, delegate = $4, active = $5 where hub_id = $1 and id = $2`
	sqlDropHubAdmin   = `delete from platform.hub_session where admin_id = $1`
)

// AddHubAdmin makes somebody an administrator of a hub (a responsable unless said
// otherwise), for the command line and jobs of ours; a second call changes their
// e-mail address.
func (r *Registry) AddHubAdmin(ctx context.Context, a HubAdmin) (HubAdmin, error) {
	if a.Role == "" {
		a.Role = HubManager
	}
	return one[HubAdmin](ctx, r.pool, sqlAddHubAdmin, NewID(), a.HubID, a.Subject, a.Email, a.GivenName, a.FamilyName, a.Role, a.Delegate, r.clock().UTC())
}

// InviteHubAdmin makes somebody an administrator of a hub. Responsables only.
// fault.Invalid "hub_admin_invalid" with its fields; fault.Conflict
// "hub_admin_exists" where the account is one already.
func (r *Registry) InviteHubAdmin(ctx context.Context, by Actor, a HubAdmin) (HubAdmin, error) {
	if !by.MayManage() {
		return HubAdmin{}, fault.New(fault.Forbidden, "hub_manager_only")
	}
	if fields := a.check(); len(fields) > 0 {
		return HubAdmin{}, fault.New(fault.Invalid, "hub_admin_invalid", fields...)
	}
	made, err := one[HubAdmin](ctx, r.pool, sqlInviteHubAdmin, NewID(), a.HubID, a.Subject, a.Email, a.GivenName, a.FamilyName, a.Role, a.Delegate, r.clock().UTC())
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return HubAdmin{}, fault.New(fault.Conflict, "hub_admin_exists")
	}
	if err != nil {
		return HubAdmin{}, err
	}
	return made, r.record(ctx, by, 0, "hub_admin_invited", map[string]string{"admin": string(made.ID), "role": string(made.Role)})
}

func (a HubAdmin) check() (fields []fault.Field) {
	if strings.TrimSpace(a.GivenName) == "" {
		fields = append(fields, fault.Field{Path: "given_name", Code: "required"})
	}
	if strings.TrimSpace(a.FamilyName) == "" {
		fields = append(fields, fault.Field{Path: "family_name", Code: "required"})
	}
	if parsed, err := mail.ParseAddress(a.Email); err != nil || parsed.Address != a.Email {
		fields = append(fields, fault.Field{Path: "email", Code: "email_invalid"})
	}
	return append(fields, a.Role.check()...)
}

func (h HubRole) check() []fault.Field {
	if h != HubManager && h != HubKeeper && h != HubReader {
		return []fault.Field{{Path: "role", Code: "choice_invalid"}}
	}
	return nil
}

// HubAdmins lists a hub's administrators, the active ones first.
func (r *Registry) HubAdmins(ctx context.Context, hub int64) ([]HubAdmin, error) {
	return all[HubAdmin](ctx, r.pool, sqlHubAdmins, hub)
}

// HubAdminBySubject gives an active administrator of a hub; none is
// fault.NotFound "not_found".
func (r *Registry) HubAdminBySubject(ctx context.Context, hub int64, subject string) (HubAdmin, error) {
	return one[HubAdmin](ctx, r.pool, sqlHubAdmin, hub, subject, nil, true)
}

// HubAdminByID gives an administrator of a hub, active or not; none is
// fault.NotFound "not_found".
func (r *Registry) HubAdminByID(ctx context.Context, hub int64, id ID) (HubAdmin, error) {
	return one[HubAdmin](ctx, r.pool, sqlHubAdmin, hub, nil, id, nil)
}

// ChangeHubAdmin changes what an administrator may do. Responsables only. The sessions
// of one who is no longer active end. fault.Conflict "last_hub_manager" where no
// responsable would be left.
func (r *Registry) ChangeHubAdmin(ctx context.Context, by Actor, hub int64, id ID, c HubAdminChange) error {
	if !by.MayManage() {
		return fault.New(fault.Forbidden, "hub_manager_only")
	}
	if fields := c.Role.check(); len(fields) > 0 {
		return fault.New(fault.Invalid, "hub_admin_invalid", fields...)
	}
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		type row struct {
			ID     ID
			Role   HubRole
			Active bool
		}
		list, err := all[row](ctx, tx, sqlLockHubAdmins, hub)
		if err != nil {
			return err
		}
		known, managers := false, 0
		for _, a := range list {
			if a.ID == id {
				known, a.Role, a.Active = true, c.Role, c.Active
			}
			if a.Active && a.Role == HubManager {
				managers++
			}
		}
		switch {
		case !known:
			return fault.New(fault.NotFound, "not_found")
		case managers == 0:
			return fault.New(fault.Conflict, "last_hub_manager")
		}
		if _, err := tx.Exec(ctx, sqlChangeHubAdmin, hub, id, c.Role, c.Delegate, c.Active); err != nil || c.Active {
			return err
		}
		_, err = tx.Exec(ctx, sqlDropHubAdmin, id)
		return err
	})
	if err != nil {
		return classify(err)
	}
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return r.record(ctx, by, 0, "hub_admin_changed", map[string]any{"admin": string(id), "change": json.RawMessage(data)})
}
