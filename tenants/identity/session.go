package identity

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
)

// How long sessions last, without use and in all, where a commune does not say
// (tenants.SignIn), and a hub's always.
const (
	AgentIdle   = 2 * time.Hour
	AgentLife   = 12 * time.Hour
	CitizenIdle = 8 * time.Hour
	CitizenLife = 30 * 24 * time.Hour

	touchEvery = time.Minute
)

// Way is how a session was opened.
type Way string

// The ways.
const (
	WayPassword      Way = "password"
	WayFranceConnect Way = Way(oidc.FranceConnect)
	WayProConnect    Way = Way(oidc.ProConnect)
)

// The levels of identity that a session reaches (catalogue has those that a procedure
// asks for): an account's address is proved; FranceConnect vouches for the name.
const (
	LevelAccount = 2
	LevelState   = 3
)

// Person is whose session it is: one of the two is set.
type Person struct {
	AgentID   tenants.ID
	CitizenID tenants.ID
}

// Session is a person signed in to this commune.
type Session struct {
	Person
	Way       Way
	Level     int // LevelAccount or LevelState
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
	return s.lacksFactor(settings) && s.Way == WayPassword
}

// MustReturn tells whether an agent has to come in anew, because the commune asks for a
// second factor since, and ProConnect saw none.
func (s Session) MustReturn(settings tenants.Settings) bool {
	return s.lacksFactor(settings) && s.Way == WayProConnect
}

func (s Session) lacksFactor(settings tenants.Settings) bool {
	return s.AgentID != "" && s.AAL < 2 && settings.RequireAgentTOTP
}

const (
	sqlNewSession = `insert into session (token_hash, agent_id, citizen_id, provider, way, level, aal, created_at, seen_at, expires_at, idle)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)`
	sqlFindSession = `select agent_id, citizen_id, provider, way, level, aal, created_at, seen_at, expires_at, coalesce(idle, 0) as idle
		from session where token_hash = $1 and expires_at > $2`
	sqlTouchSession  = `update session set seen_at = $2 where token_hash = $1 and seen_at <= $3`
	sqlRenewSession  = `update session set provider = $2, aal = $3, seen_at = $4 where token_hash = $1`
	sqlEndSession    = `delete from session where token_hash = $1 returning way, provider`
	sqlEndSessions   = `delete from session where (agent_id = $1 or citizen_id = $2) and token_hash <> $3 returning token_hash, way, provider`
	sqlSweepSessions = `delete from session where expires_at <= $1
		or seen_at + make_interval(secs => coalesce(idle, case when agent_id is null then $3::integer else $2::integer end)) <= $1`
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
	return openSession(ctx, tx, who, opening{way: WayPassword, level: LevelAccount, aal: l.AAL, secret: l.Token})
}

// opening is what a session begins with.
type opening struct {
	way    Way
	level  int
	aal    int
	secret string // Kratos' token, or the ID token: what signing out needs
}

func openSession(ctx context.Context, tx *tenants.Tx, who Person, o opening) (string, error) {
	token, hash := NewToken()
	sealed, err := tenants.Seal(tx.Key(providerKey), []byte(o.secret), hash)
	if err != nil {
		return "", err
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return "", err
	}
	kind, id, lasts := "citizen", who.CitizenID, settings.SignIn.Citizens()
	if who.AgentID != "" {
		kind, id, lasts = "agent", who.AgentID, settings.SignIn.Agents()
	}
	if _, err := tx.Exec(ctx, sqlNewSession, hash, who.AgentID.OrNull(), who.CitizenID.OrNull(), sealed, o.way, o.level, o.aal,
		tx.Now(), tx.Now().Add(lasts.Life), int(lasts.Idle/time.Second)); err != nil {
		return "", err
	}
	return token, tx.Record(ctx, tenants.Event{SubjectKind: kind, SubjectID: string(id), Kind: "signed_in", Data: signedIn{o.way, o.aal}})
}

// signedIn is what the history keeps of a sign-in.
type signedIn struct {
	Way Way `json:"way"`
	AAL int `json:"aal"`
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
		Way       Way
		Level     int
		AAL       int `db:"aal"`
		CreatedAt time.Time
		SeenAt    time.Time
		ExpiresAt time.Time
		Idle      int // seconds; 0: opened before a commune could say
	}
	hash := HashToken(token)
	r, err := tenants.One[row](ctx, tx, sqlFindSession, hash, tx.Now())
	if fault.Is(err, "not_found") {
		return Session{}, over
	}
	if err != nil {
		return Session{}, err
	}
	idle := time.Duration(r.Idle) * time.Second
	switch {
	case idle > 0:
	case r.AgentID != "":
		idle = AgentIdle
	default:
		idle = CitizenIdle
	}
	if !r.SeenAt.Add(idle).After(tx.Now()) {
		return Session{}, over
	}
	return Session{
		Person: Person{AgentID: r.AgentID, CitizenID: r.CitizenID},
		Way:    r.Way, Level: r.Level, AAL: r.AAL, CreatedAt: r.CreatedAt, SeenAt: r.SeenAt, ExpiresAt: r.ExpiresAt,
		Stale: !r.SeenAt.Add(touchEvery).After(tx.Now()),
		hash:  hash, sealed: r.Provider,
	}, nil
}

// Touch notes that a session is used, at most once a minute.
func Touch(ctx context.Context, tx *tenants.Tx, s Session) error {
	_, err := tx.Exec(ctx, sqlTouchSession, s.hash, tx.Now(), tx.Now().Add(-touchEvery))
	return err
}

// ProviderToken opens Kratos' token of the session, for Confirm and SignOut; "" of a
// session that no password opened.
func (s Session) ProviderToken(tx *tenants.Tx) (string, error) {
	if s.Way != WayPassword {
		return "", nil
	}
	return s.secret(tx)
}

// IDToken opens what the State's provider wants to see when somebody signs out there;
// "" of a session that a password opened.
func (s Session) IDToken(tx *tenants.Tx) (string, error) {
	if s.Way == WayPassword {
		return "", nil
	}
	return s.secret(tx)
}

func (s Session) secret(tx *tenants.Tx) (string, error) {
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

// ended is a session that was taken out.
type ended struct {
	TokenHash []byte
	Way       Way
	Provider  []byte
}

// token gives Kratos' token, if it was one that a password opened.
func (e ended) token(tx *tenants.Tx) string {
	if e.Way != WayPassword {
		return ""
	}
	text, err := tenants.Unseal(tx.Key(providerKey), e.Provider, e.TokenHash)
	if err != nil {
		return "" // the master key was changed: our session is over, Kratos' ends by itself
	}
	return string(text)
}

// EndSession ends the session of a cookie's token and gives Kratos' token, which the
// caller ends after the transaction (Provider.SignOut), as best it can. A token that
// opens nothing, or a session that no password opened, is no error and gives "".
func EndSession(ctx context.Context, tx *tenants.Tx, token string) (providerToken string, err error) {
	type row struct {
		Way      Way
		Provider []byte
	}
	hash := HashToken(token)
	r, err := tenants.One[row](ctx, tx, sqlEndSession, hash)
	if fault.Is(err, "not_found") {
		return "", nil
	}
	return ended{hash, r.Way, r.Provider}.token(tx), err
}

// EndSessions ends every session of a person in this commune and gives Kratos'
// tokens. With keep, that session stays: the one in which the password was changed.
func EndSessions(ctx context.Context, tx *tenants.Tx, who Person, keep Session) (providerTokens []string, err error) {
	kept := keep.hash
	if kept == nil {
		kept = []byte{}
	}
	rows, err := tenants.All[ended](ctx, tx, sqlEndSessions, who.AgentID.OrNull(), who.CitizenID.OrNull(), kept)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if token := r.token(tx); token != "" {
			providerTokens = append(providerTokens, token)
		}
	}
	return providerTokens, nil
}

// SweepSessions removes what is over, and tells how many; for a nightly job.
func SweepSessions(ctx context.Context, tx *tenants.Tx) (int64, error) {
	return tx.Exec(ctx, sqlSweepSessions, tx.Now(), int(AgentIdle/time.Second), int(CitizenIdle/time.Second))
}
