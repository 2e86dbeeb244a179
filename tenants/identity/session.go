package identity

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// How long sessions last, without use and in all.
const (
	AgentIdle   = 2 * time.Hour
	AgentLife   = 12 * time.Hour
	CitizenIdle = 8 * time.Hour
	CitizenLife = 30 * 24 * time.Hour

	touchEvery = time.Minute
)

// Person is whose session it is: one of the two is set.
type Person struct {
	AgentID   tenants.ID
	CitizenID tenants.ID
}

// Life is how long a session of the person lasts at most.
func (p Person) Life() time.Duration {
	if p.AgentID != "" {
		return AgentLife
	}
	return CitizenLife
}

// Session is a person signed in to this commune.
type Session struct {
	Person
	AAL       int
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	Stale     bool // SeenAt is a minute old or more: call Touch in a writing transaction

	hash   []byte
	sealed []byte
}

// MustEnrol tells whether an agent has to set up a second factor before anything
// else, because the commune asks for one.
func (s Session) MustEnrol(settings tenants.Settings) bool {
	return s.AgentID != "" && s.AAL < 2 && settings.RequireAgentTOTP
}

const (
	sqlNewSession = `insert into session (token_hash, agent_id, citizen_id, provider, aal, created_at, seen_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $6, $7)`
	sqlFindSession = `select agent_id, citizen_id, provider, aal, created_at, seen_at, expires_at
		from session where token_hash = $1 and expires_at > $2`
	sqlTouchSession  = `update session set seen_at = $2 where token_hash = $1 and seen_at <= $3`
	sqlRenewSession  = `update session set provider = $2, aal = $3, seen_at = $4 where token_hash = $1`
	sqlEndSession    = `delete from session where token_hash = $1 returning provider`
	sqlEndSessions   = `delete from session where (agent_id = $1 or citizen_id = $2) and token_hash <> $3 returning token_hash, provider`
	sqlSweepSessions = `delete from session where expires_at <= $1
		or (agent_id is not null and seen_at <= $2) or (citizen_id is not null and seen_at <= $3)`
)

const providerKey = "session.provider"

// Complete tells whether a Login may open a session: its second factor was given,
// where there is one, and its address is proved.
func Complete(l Login) error {
	switch {
	case l.NeedsTOTP:
		return fault.New(fault.Unauthorized, "second_factor_needed")
	case !l.Verified:
		return fault.New(fault.Forbidden, "email_unverified")
	}
	return nil
}

// CreateSession opens a session and gives the token for its cookie. It refuses a
// Login whose address is not proved (fault.Forbidden "email_unverified") or whose
// second factor is missing (fault.Unauthorized "second_factor_needed").
func CreateSession(ctx context.Context, tx *tenants.Tx, who Person, l Login) (token string, err error) {
	if (who.AgentID == "") == (who.CitizenID == "") {
		return "", fault.New(fault.Internal, "session_person")
	}
	if err := Complete(l); err != nil {
		return "", err
	}
	token, hash := NewToken()
	sealed, err := tenants.Seal(tx.Key(providerKey), []byte(l.Token), hash)
	if err != nil {
		return "", err
	}
	kind, id := "citizen", who.CitizenID
	if who.AgentID != "" {
		kind, id = "agent", who.AgentID
	}
	if _, err := tx.Exec(ctx, sqlNewSession, hash, who.AgentID.OrNull(), who.CitizenID.OrNull(), sealed, l.AAL, tx.Now(), tx.Now().Add(who.Life())); err != nil {
		return "", err
	}
	return token, tx.Record(ctx, tenants.Event{SubjectKind: kind, SubjectID: string(id), Kind: "signed_in",
		Data: map[string]int{"aal": l.AAL}})
}

// FindSession gives the session of a cookie's token; unknown, over or too long
// unused is fault.Unauthorized "session_over". It only reads: where the session is
// Stale, call Touch.
func FindSession(ctx context.Context, tx *tenants.Tx, token string) (Session, error) {
	over := fault.New(fault.Unauthorized, "session_over")
	if token == "" {
		return Session{}, over
	}
	type row struct {
		AgentID   tenants.ID
		CitizenID tenants.ID
		Provider  []byte
		AAL       int `db:"aal"`
		CreatedAt time.Time
		SeenAt    time.Time
		ExpiresAt time.Time
	}
	hash := HashToken(token)
	r, err := tenants.One[row](ctx, tx, sqlFindSession, hash, tx.Now())
	if fault.Is(err, "not_found") {
		return Session{}, over
	}
	if err != nil {
		return Session{}, err
	}
	idle := CitizenIdle
	if r.AgentID != "" {
		idle = AgentIdle
	}
	if !r.SeenAt.Add(idle).After(tx.Now()) {
		return Session{}, over
	}
	return Session{
		Person: Person{AgentID: r.AgentID, CitizenID: r.CitizenID},
		AAL:    r.AAL, CreatedAt: r.CreatedAt, SeenAt: r.SeenAt, ExpiresAt: r.ExpiresAt,
		Stale: !r.SeenAt.Add(touchEvery).After(tx.Now()),
		hash:  hash, sealed: r.Provider,
	}, nil
}

// Touch notes that a session is used, at most once a minute.
func Touch(ctx context.Context, tx *tenants.Tx, s Session) error {
	_, err := tx.Exec(ctx, sqlTouchSession, s.hash, tx.Now(), tx.Now().Add(-touchEvery))
	return err
}

// ProviderToken opens Kratos' token of the session, for Confirm and SignOut.
func (s Session) ProviderToken(tx *tenants.Tx) (string, error) {
	text, err := tenants.Unseal(tx.Key(providerKey), s.sealed, s.hash)
	return string(text), err
}

// Renew keeps what a Confirm, CompleteTOTP or ConfirmTOTP of the session's owner
// gave: Kratos' token and the assurance reached.
func Renew(ctx context.Context, tx *tenants.Tx, s Session, l Login) error {
	if l.NeedsTOTP {
		return fault.New(fault.Unauthorized, "second_factor_needed")
	}
	sealed, err := tenants.Seal(tx.Key(providerKey), []byte(l.Token), s.hash)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlRenewSession, s.hash, sealed, l.AAL, tx.Now())
	return err
}

// EndSession ends the session of a cookie's token and gives Kratos' token, which the
// caller ends after the transaction (Provider.SignOut), as best it can. A token that
// opens nothing is no error and gives "".
func EndSession(ctx context.Context, tx *tenants.Tx, token string) (providerToken string, err error) {
	hash := HashToken(token)
	sealed, err := tenants.One[[]byte](ctx, tx, sqlEndSession, hash)
	if fault.Is(err, "not_found") {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, err := tenants.Unseal(tx.Key(providerKey), sealed, hash)
	if err != nil {
		return "", nil //nolint:nilerr // the master key was changed: our session is over, Kratos' ends by itself
	}
	return string(text), nil
}

// EndSessions ends every session of a person in this commune and gives Kratos'
// tokens. With keep, that session stays: the one in which the password was changed.
func EndSessions(ctx context.Context, tx *tenants.Tx, who Person, keep Session) (providerTokens []string, err error) {
	type row struct {
		TokenHash []byte
		Provider  []byte
	}
	kept := keep.hash
	if kept == nil {
		kept = []byte{}
	}
	rows, err := tenants.All[row](ctx, tx, sqlEndSessions, who.AgentID.OrNull(), who.CitizenID.OrNull(), kept)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if text, err := tenants.Unseal(tx.Key(providerKey), r.Provider, r.TokenHash); err == nil {
			providerTokens = append(providerTokens, string(text))
		}
	}
	return providerTokens, nil
}

// SweepSessions removes what is over, and tells how many; for a nightly job.
func SweepSessions(ctx context.Context, tx *tenants.Tx) (int64, error) {
	return tx.Exec(ctx, sqlSweepSessions, tx.Now(), tx.Now().Add(-AgentIdle), tx.Now().Add(-CitizenIdle))
}
