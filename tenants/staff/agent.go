package staff

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// Agent is somebody who works for the commune.
type Agent struct {
	ID         tenants.ID
	Subject    string
	Email      string
	GivenName  string
	FamilyName string
	Title      string // as it stands under a letter: "secrétaire de mairie"
	Role       tenants.Role
	Active     bool
	Digest     bool // wants the morning digest
	CreatedAt  time.Time
	Services   []tenants.ID // none: all (see tenants.Actor.Covers)
}

// Name is the agent's name as citizens and letters read it.
func (a Agent) Name() string { return strings.TrimSpace(a.GivenName + " " + a.FamilyName) }

// Actor is the agent as the one who acts.
func (a Agent) Actor() tenants.Actor {
	return tenants.Actor{Kind: tenants.ActorAgent, ID: a.ID, Name: a.Name(), Role: a.Role, Services: a.Services}
}

// NewAgent is what is needed to invite somebody. Subject is identity.Subject of
// their account.
type NewAgent struct {
	Email      string
	GivenName  string
	FamilyName string
	Title      string
	Role       tenants.Role
	Services   []tenants.ID
	Subject    string
}

// Change is what an administrator may change of an agent.
type Change struct {
	GivenName  string
	FamilyName string
	Title      string
	Role       tenants.Role
	Services   []tenants.ID
	Digest     bool
}

const (
	agentColumns = `a.id, a.subject, a.email, a.given_name, a.family_name, a.title, a.role, a.active, a.digest, a.created_at,
		array(select s.service_id::text from agent_service s where s.agent_id = a.id order by s.service_id) as services`
	sqlNewAgent = `insert into agent (id, subject, email, given_name, family_name, title, role, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlAgentByID      = `select ` + agentColumns + ` from agent a where a.id = $1`
	sqlAgentBySubject = `select ` + agentColumns + ` from agent a where a.subject = $1 and a.active`
	sqlAgentByEmail   = `select ` + agentColumns + ` from agent a where a.email = $1`
	sqlAgents         = `select ` + agentColumns + ` from agent a order by a.active desc, a.family_name, a.given_name, a.id`
	sqlChangeAgent    = `update agent set given_name = $2, family_name = $3, title = $4, role = $5, digest = $6 where id = $1`
	sqlSetActive      = `update agent set active = $2 where id = $1`
	sqlSetDigest      = `update agent set digest = $2 where id = $1`
	sqlDropServices   = `delete from agent_service where agent_id = $1`
	sqlAddServices    = `insert into agent_service (agent_id, service_id) select $1, unnest($2::uuid[])`
	// The order makes two administrators who remove each other wait, not deadlock.
	sqlLockAdmins = `select id from agent where active and role = 'admin' order by id for update`
)

// row is an agent as its columns stand: the services come as text.
type row struct {
	ID         tenants.ID
	Subject    string
	Email      string
	GivenName  string
	FamilyName string
	Title      string
	Role       tenants.Role
	Active     bool
	Digest     bool
	CreatedAt  time.Time
	Services   []string
}

func (r row) agent() Agent {
	a := Agent{ID: r.ID, Subject: r.Subject, Email: r.Email, GivenName: r.GivenName, FamilyName: r.FamilyName,
		Title: r.Title, Role: r.Role, Active: r.Active, Digest: r.Digest, CreatedAt: r.CreatedAt}
	for _, s := range r.Services {
		a.Services = append(a.Services, tenants.ID(s))
	}
	return a
}

// Invite makes somebody an agent. Administrators only. fault.Invalid
// "agent_invalid" with its fields; fault.Conflict "agent_exists" where the address or
// the account is an agent already, active or not.
func Invite(ctx context.Context, tx *tenants.Tx, n NewAgent) (Agent, error) {
	if !tx.Actor().MayConfigure() {
		return Agent{}, fault.New(fault.Forbidden, "admin_only")
	}
	n.Email = strings.ToLower(strings.TrimSpace(n.Email))
	c := Change{GivenName: n.GivenName, FamilyName: n.FamilyName, Title: n.Title, Role: n.Role, Services: n.Services}
	fields := c.check()
	if identity.CheckEmail(n.Email) != nil {
		fields = append(fields, fault.Field{Path: "email", Code: "email"})
	}
	if n.Subject == "" {
		fields = append(fields, fault.Field{Path: "subject", Code: "required"})
	}
	if len(fields) > 0 {
		return Agent{}, fault.New(fault.Invalid, "agent_invalid", fields...)
	}
	id := tenants.NewID()
	err := tx.Savepoint(ctx, func(tx *tenants.Tx) error {
		if _, err := tx.Exec(ctx, sqlNewAgent, id, n.Subject, n.Email, c.GivenName, c.FamilyName, c.Title, c.Role, tx.Now()); err != nil {
			return err
		}
		return putServices(ctx, tx, id, c.Services)
	})
	if err != nil {
		return Agent{}, known(err)
	}
	err = tx.Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(id), Kind: "agent_invited", Data: auditOf(c)})
	if err != nil {
		return Agent{}, err
	}
	return byID(ctx, tx, id)
}

// known turns what the tables refuse into faults.
func known(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && pg.Code == "23505":
		return fault.New(fault.Conflict, "agent_exists")
	case ok && pg.Code == "23503":
		return fault.New(fault.Invalid, "agent_invalid", fault.Field{Path: "services", Code: "unknown"})
	default:
		return err
	}
}

type audit struct {
	Role     tenants.Role `json:"role"`
	Services []tenants.ID `json:"services,omitempty"`
}

func auditOf(c Change) audit { return audit{Role: c.Role, Services: c.Services} }

// check cleans what was given and says what has to be corrected.
func (c *Change) check() []fault.Field {
	var fields []fault.Field
	for _, v := range []struct {
		path     string
		text     *string
		required bool
	}{{"given_name", &c.GivenName, true}, {"family_name", &c.FamilyName, true}, {"title", &c.Title, false}} {
		*v.text = strings.Join(strings.Fields(*v.text), " ")
		switch {
		case v.required && *v.text == "":
			fields = append(fields, fault.Field{Path: v.path, Code: "required"})
		case utf8.RuneCountInString(*v.text) > 120 || !utf8.ValidString(*v.text) || strings.ContainsRune(*v.text, 0):
			fields = append(fields, fault.Field{Path: v.path, Code: "too_long"})
		}
	}
	if !slices.Contains([]tenants.Role{tenants.RoleFront, tenants.RoleInstructor, tenants.RoleAdmin}, c.Role) {
		fields = append(fields, fault.Field{Path: "role", Code: "unknown"})
	}
	services := make([]tenants.ID, 0, len(c.Services))
	for _, s := range c.Services {
		id, err := tenants.ParseID(string(s))
		if err != nil {
			fields = append(fields, fault.Field{Path: "services", Code: "unknown"})
			continue
		}
		services = append(services, id)
	}
	slices.Sort(services)
	c.Services = slices.Compact(services)
	return fields
}

func putServices(ctx context.Context, tx *tenants.Tx, agent tenants.ID, services []tenants.ID) error {
	if _, err := tx.Exec(ctx, sqlDropServices, agent); err != nil {
		return err
	}
	if len(services) == 0 {
		return nil
	}
	texts := make([]string, len(services))
	for i, s := range services {
		texts[i] = string(s)
	}
	_, err := tx.Exec(ctx, sqlAddServices, agent, texts)
	return err
}

// ByID gives an agent, active or not, to agents and to jobs of ours; none is
// fault.NotFound "not_found".
func ByID(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Agent, error) {
	if err := insiders(tx); err != nil {
		return Agent{}, err
	}
	return byID(ctx, tx, id)
}

func byID(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Agent, error) {
	r, err := tenants.One[row](ctx, tx, sqlAgentByID, id.OrNull())
	return r.agent(), err
}

// BySubject gives the active agent of an account, for signing in; none is
// fault.NotFound "not_found".
func BySubject(ctx context.Context, tx *tenants.Tx, subject string) (Agent, error) {
	r, err := tenants.One[row](ctx, tx, sqlAgentBySubject, subject)
	return r.agent(), err
}

// ByEmail gives an agent, active or not, to administrators and to jobs of ours;
// none is fault.NotFound "not_found".
func ByEmail(ctx context.Context, tx *tenants.Tx, email string) (Agent, error) {
	if !tx.Actor().MayAdminister() {
		return Agent{}, fault.New(fault.Forbidden, "admin_only")
	}
	r, err := tenants.One[row](ctx, tx, sqlAgentByEmail, strings.ToLower(strings.TrimSpace(email)))
	return r.agent(), err
}

// OfSession gives the agent whose session was found, whoever the transaction's actor
// is; a citizen's session or a deactivated agent's is fault.Unauthorized "session_over".
func OfSession(ctx context.Context, tx *tenants.Tx, s identity.Session) (Agent, error) {
	over := fault.New(fault.Unauthorized, "session_over")
	if s.AgentID == "" {
		return Agent{}, over
	}
	a, err := byID(ctx, tx, s.AgentID)
	if fault.Is(err, "not_found") || err == nil && !a.Active {
		return Agent{}, over
	}
	return a, err
}

// BySession gives the agent of a cookie's token and the session, or fault.Unauthorized
// "session_over".
func BySession(ctx context.Context, tx *tenants.Tx, token string) (Agent, identity.Session, error) {
	s, err := identity.FindSession(ctx, tx, token)
	if err != nil {
		return Agent{}, identity.Session{}, err
	}
	a, err := OfSession(ctx, tx, s)
	if err != nil {
		return Agent{}, identity.Session{}, err
	}
	return a, s, nil
}

// List gives every agent to agents and to jobs of ours: the active ones first, by
// name.
func List(ctx context.Context, tx *tenants.Tx) ([]Agent, error) {
	if err := insiders(tx); err != nil {
		return nil, err
	}
	rows, err := tenants.All[row](ctx, tx, sqlAgents)
	if err != nil {
		return nil, err
	}
	agents := make([]Agent, len(rows))
	for i, r := range rows {
		agents[i] = r.agent()
	}
	return agents, nil
}

func insiders(tx *tenants.Tx) error {
	a := tx.Actor()
	if a.MayRead() || a.MayConfigure() {
		return nil
	}
	return fault.New(fault.Forbidden, "agents_only")
}
