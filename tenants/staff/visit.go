package staff

import (
	"context"
	"encoding/json"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// Visit is an administrator of the hub inside the commune's pages.
type Visit struct {
	ID        tenants.ID
	AdminID   tenants.ID
	AdminName string
	SupportID tenants.ID // empty: looks after settings, where that is delegated
	ExpiresAt time.Time
	SeenAt    time.Time
	Reason    string // of the support access
}

// Actor is the visitor as an actor: a reader for support, the hub's delegate
// otherwise. Neither is an agent.
func (v Visit) Actor() tenants.Actor {
	if v.SupportID != "" {
		return tenants.Actor{Kind: tenants.ActorSupport, ID: v.AdminID, Name: v.AdminName}
	}
	return tenants.Actor{Kind: tenants.ActorHub, ID: v.AdminID, Name: v.AdminName, Delegate: true}
}

const (
	// A delegate comes back for more; who does nothing for as long is out.
	visitLife = 2 * time.Hour
	visitIdle = 30 * time.Minute
	entryLife = time.Minute
)

const (
	sqlNewVisit = `insert into hub_visit (id, admin_id, admin_name, support_id, entry_hash, entered_by, seen_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlEnter    = `update hub_visit set entry_hash = null, session_hash = $2, seen_at = $3 where entry_hash = $1 and entered_by > $3 returning id`
	sqlVisit    = `select v.id, v.admin_id, v.admin_name, v.support_id, v.expires_at, v.seen_at, coalesce(s.reason, '') as reason
		from hub_visit v left join support_access s on s.id = v.support_id
		where v.session_hash = $1 and v.expires_at > $2 and v.seen_at > $3 and (v.support_id is null or s.state = 'granted' and s.expires_at > $2)`
	sqlSeeVisit   = `update hub_visit set seen_at = $2 where id = $1`
	sqlLeaveVisit = `delete from hub_visit where session_hash = $1`
)

// InviteVisit makes a way into the commune's pages for the administrator of the hub who
// acts, which opens once, within a minute: to read, where a support access of theirs
// runs (its key); with no key to look after settings, where that is delegated to them.
// Otherwise fault.Forbidden.
func InviteVisit(ctx context.Context, tx *tenants.Tx, support tenants.ID) (entry string, err error) {
	actor := tx.Actor()
	until := tx.Now().Add(visitLife)
	switch {
	case actor.Kind != tenants.ActorHub:
		return "", fault.New(fault.Forbidden, "hub_keeper_only")
	case support != "":
		s, err := tenants.One[Support](ctx, tx, sqlSupport, support)
		if err != nil {
			return "", err
		}
		if s.AdminID != actor.ID || !s.Running(tx.Now()) {
			return "", fault.New(fault.Forbidden, "support_closed")
		}
		until = *s.ExpiresAt
	case !actor.Delegate:
		return "", fault.New(fault.Forbidden, "not_delegated")
	}
	entry, hash := identity.NewToken()
	_, err = tx.Exec(ctx, sqlNewVisit, tenants.NewID(), actor.ID, actor.Name, support.OrNull(), hash, tx.Now().Add(entryLife), tx.Now(), until)
	return entry, err
}

// EnterVisit opens the way in, once, and gives the token for the cookie. What opens
// nothing is fault.Forbidden "support_closed".
func EnterVisit(ctx context.Context, tx *tenants.Tx, entry string) (token string, err error) {
	token, hash := identity.NewToken()
	id, err := tenants.One[tenants.ID](ctx, tx, sqlEnter, identity.HashToken(entry), hash, tx.Now())
	if fault.Is(err, "not_found") {
		return "", fault.New(fault.Forbidden, "support_closed")
	}
	if err != nil {
		return "", err
	}
	v, err := VisitOf(ctx, tx, token)
	if err != nil {
		return "", err
	}
	return token, tx.As(v.Actor()).Record(ctx, tenants.Event{SubjectKind: "support", SubjectID: subject(v, id), Kind: "visit_began"})
}

func subject(v Visit, id tenants.ID) string {
	if v.SupportID != "" {
		return string(v.SupportID)
	}
	return string(id)
}

// VisitOf gives the visit of a cookie's token; one that is over is fault.Unauthorized
// "session_over".
func VisitOf(ctx context.Context, tx *tenants.Tx, token string) (Visit, error) {
	v, err := tenants.One[Visit](ctx, tx, sqlVisit, identity.HashToken(token), tx.Now(), tx.Now().Add(-visitIdle))
	if fault.Is(err, "not_found") {
		err = fault.New(fault.Unauthorized, "session_over")
	}
	return v, err
}

// Look keeps in the commune's history that a visitor opened a page (a pattern of ours,
// and the request's number where it is one), before they see it.
func (v Visit) Look(ctx context.Context, tx *tenants.Tx, page, number string) error {
	if _, err := tx.Exec(ctx, sqlSeeVisit, v.ID, tx.Now()); err != nil {
		return err
	}
	return tx.As(v.Actor()).Record(ctx, tenants.Event{SubjectKind: "support", SubjectID: subject(v, v.ID), Kind: "visit_page", Data: Looked{Page: page, Number: number}})
}

// Looked is what the history keeps of a page that was opened.
type Looked struct {
	Page   string `json:"page"`
	Number string `json:"number,omitempty"` // of the request
}

// Read reads it from an event; one of another kind leaves it empty.
func (l *Looked) Read(data json.RawMessage) error { return json.Unmarshal(data, l) }

// LeaveVisit ends the visit of a token; one that is over is no error.
func LeaveVisit(ctx context.Context, tx *tenants.Tx, token string) error {
	_, err := tx.Exec(ctx, sqlLeaveVisit, identity.HashToken(token))
	return err
}
