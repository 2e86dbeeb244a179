package tenants

import (
	"context"
	"time"
)

// HubSession is an administrator signed in to a hub.
type HubSession struct {
	Admin    HubAdmin
	AAL      int    // 2: a second factor was given
	Provider []byte // the identity provider's token, sealed by who began the session
	Stale    bool   // unused for a minute or more: TouchHubSession notes that it is used
}

// NewHubSession is what StartHubSession keeps.
type NewHubSession struct {
	AdminID  ID
	Hash     []byte // of the cookie's token
	Provider []byte // the identity provider's token, sealed; nil: none
	AAL      int
	Life     time.Duration // in all
}

// hubTouchEvery is how often the use of a session is noted.
const hubTouchEvery = time.Minute

const (
	sqlNewHubSession = `insert into platform.hub_session (token_hash, admin_id, provider, aal, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $5, $5, $6)`
	sqlHubSession    = `select a.id, a.hub_id, a.subject, a.email, a.given_name, a.family_name, a.role, a.delegate, a.active,
			s.aal, s.provider, coalesce(s.seen_at, s.created_at) as seen_at
		from platform.hub_session s join platform.hub_admin a on a.id = s.admin_id
		where s.token_hash = $1 and a.hub_id = $2 and s.expires_at > $3 and coalesce(s.seen_at, s.created_at) > $4 and a.active`
	sqlTouchHubSession = `update platform.hub_session set seen_at = $2 where token_hash = $1 and coalesce(seen_at, created_at) <= $3`
	sqlRenewHubSession = `update platform.hub_session set provider = $2, aal = $3, seen_at = $4 where token_hash = $1`
	sqlEndHubSession   = `delete from platform.hub_session where token_hash = $1 returning token_hash, provider`
	sqlEndHubSessions  = `delete from platform.hub_session where admin_id = $1 and token_hash <> $2 returning token_hash, provider`
	sqlPurgeHubSession = `delete from platform.hub_session where expires_at <= $1`
)

// StartHubSession keeps an administrator's session by the hash of its token, and
// clears away those that are over.
func (r *Registry) StartHubSession(ctx context.Context, s NewHubSession) error {
	now := r.clock().UTC()
	if _, err := r.pool.Exec(ctx, sqlPurgeHubSession, now); err != nil {
		return classify(err)
	}
	_, err := r.pool.Exec(ctx, sqlNewHubSession, s.Hash, s.AdminID, s.Provider, max(s.AAL, 1), now, now.Add(s.Life))
	return classify(err)
}

// HubSession gives the session that has this token's hash, on this hub alone; none,
// or one that is over or was not used for idle, is fault.NotFound "not_found".
func (r *Registry) HubSession(ctx context.Context, hub int64, tokenHash []byte, idle time.Duration) (HubSession, error) {
	type row struct {
		HubAdmin
		AAL      int `db:"aal"`
		Provider []byte
		SeenAt   time.Time
	}
	now := r.clock().UTC()
	found, err := one[row](ctx, r.pool, sqlHubSession, tokenHash, hub, now, now.Add(-idle))
	return HubSession{
		Admin: found.HubAdmin, AAL: found.AAL, Provider: found.Provider, Stale: !found.SeenAt.Add(hubTouchEvery).After(now),
	}, err
}

// TouchHubSession notes that a session is used, at most once a minute.
func (r *Registry) TouchHubSession(ctx context.Context, tokenHash []byte) error {
	now := r.clock().UTC()
	_, err := r.pool.Exec(ctx, sqlTouchHubSession, tokenHash, now, now.Add(-hubTouchEvery))
	return classify(err)
}

// RenewHubSession keeps another token of the provider, sealed, and the assurance
// reached.
func (r *Registry) RenewHubSession(ctx context.Context, tokenHash, provider []byte, aal int) error {
	_, err := r.pool.Exec(ctx, sqlRenewHubSession, tokenHash, provider, aal, r.clock().UTC())
	return classify(err)
}

// EndedSession is a session that was ended: what its provider's token is sealed for.
type EndedSession struct {
	TokenHash []byte
	Provider  []byte
}

// EndHubSession ends a session; one that is not there is no error and gives none.
func (r *Registry) EndHubSession(ctx context.Context, tokenHash []byte) ([]EndedSession, error) {
	return all[EndedSession](ctx, r.pool, sqlEndHubSession, tokenHash)
}

// EndHubSessions ends the sessions of an administrator but the one kept (nil: all).
func (r *Registry) EndHubSessions(ctx context.Context, admin ID, keep []byte) ([]EndedSession, error) {
	if keep == nil {
		keep = []byte{}
	}
	return all[EndedSession](ctx, r.pool, sqlEndHubSessions, admin, keep)
}
