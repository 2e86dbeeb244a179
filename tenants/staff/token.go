package staff

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// TokenPrefix begins every API token, so that one that leaks is recognised.
const TokenPrefix = "pvs_"

// APIToken is a token of an agent, without its text.
type APIToken struct {
	ID        tenants.ID
	AgentID   tenants.ID
	Name      string // what it is for
	CreatedAt time.Time
	RevokedAt *time.Time
}

const (
	sqlNewToken    = `insert into api_token (id, token_hash, agent_id, name, created_at) values ($1, $2, $3, $4, $5)`
	sqlTokens      = `select id, agent_id, name, created_at, revoked_at from api_token where agent_id = $1 order by created_at desc, id desc`
	sqlToken       = `select id, agent_id, name, created_at, revoked_at from api_token where id = $1`
	sqlRevokeToken = `update api_token set revoked_at = $2 where id = $1 and revoked_at is null`
	sqlTokenByHash = `select t.agent_id, t.token_hash from api_token t join agent a on a.id = t.agent_id
		where t.token_hash = $1 and t.revoked_at is null and a.active`
)

// IssueToken makes an API token with the rights of an agent and gives its text, which
// cannot be had again. An administrator for anyone, an agent for oneself; the agent
// must be active. A missing or long name is fault.Invalid "token_invalid".
func IssueToken(ctx context.Context, tx *tenants.Tx, agentID tenants.ID, name string) (token string, t APIToken, err error) {
	if err := ownOrAdmin(tx, agentID); err != nil {
		return "", APIToken{}, err
	}
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || utf8.RuneCountInString(name) > 80 || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return "", APIToken{}, fault.New(fault.Invalid, "token_invalid", fault.Field{Path: "name", Code: "required"})
	}
	agent, err := byID(ctx, tx, agentID)
	if err != nil {
		return "", APIToken{}, err
	}
	if !agent.Active {
		return "", APIToken{}, fault.New(fault.Conflict, "agent_inactive")
	}
	secret, _ := identity.NewToken()
	token = TokenPrefix + secret
	t = APIToken{ID: tenants.NewID(), AgentID: agentID, Name: name, CreatedAt: tx.Now()}
	if _, err := tx.Exec(ctx, sqlNewToken, t.ID, identity.HashToken(token), agentID, name, tx.Now()); err != nil {
		return "", APIToken{}, err
	}
	return token, t, tx.Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(agentID), Kind: "token_issued",
		Data: map[string]tenants.ID{"token": t.ID}})
}

// Tokens gives an agent's tokens, the newest first, to administrators and to
// oneself.
func Tokens(ctx context.Context, tx *tenants.Tx, agentID tenants.ID) ([]APIToken, error) {
	if err := ownOrAdmin(tx, agentID); err != nil {
		return nil, err
	}
	return tenants.All[APIToken](ctx, tx, sqlTokens, agentID)
}

// RevokeToken ends a token at once: an administrator anyone's, an agent one's own.
// One that is revoked already is no error.
func RevokeToken(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	t, err := tenants.One[APIToken](ctx, tx, sqlToken, id.OrNull())
	if err != nil {
		return err
	}
	if err := ownOrAdmin(tx, t.AgentID); err != nil {
		return err
	}
	touched, err := tx.Exec(ctx, sqlRevokeToken, id, tx.Now())
	if err != nil || touched == 0 {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(t.AgentID), Kind: "token_revoked",
		Data: map[string]tenants.ID{"token": id}})
}

// ActorByToken gives the agent who acts by an API token of this commune; unknown,
// revoked or another commune's is fault.Unauthorized "token_unknown".
func ActorByToken(ctx context.Context, tx *tenants.Tx, token string) (tenants.Actor, error) {
	unknown := fault.New(fault.Unauthorized, "token_unknown")
	if !strings.HasPrefix(token, TokenPrefix) || len(token) > 128 {
		return tenants.Actor{}, unknown
	}
	type found struct {
		AgentID   tenants.ID
		TokenHash []byte
	}
	hash := identity.HashToken(token)
	f, err := tenants.One[found](ctx, tx, sqlTokenByHash, hash)
	if fault.Is(err, "not_found") {
		return tenants.Actor{}, unknown
	}
	if err != nil {
		return tenants.Actor{}, err
	}
	if subtle.ConstantTimeCompare(f.TokenHash, hash) != 1 {
		return tenants.Actor{}, unknown
	}
	agent, err := byID(ctx, tx, f.AgentID)
	if err != nil {
		return tenants.Actor{}, err
	}
	return agent.Actor(), nil
}

func ownOrAdmin(tx *tenants.Tx, agentID tenants.ID) error {
	a := tx.Actor()
	if a.MayAdminister() || a.IsAgent() && agentID != "" && a.ID == agentID {
		return nil
	}
	return fault.New(fault.Forbidden, "admin_only")
}
