package requests

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Take makes the request the acting agent's own, and begins its instruction.
// Instructors of its service and administrators may.
func Take(ctx context.Context, tx *tenants.Tx, number string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.act(ActionTake); err != nil {
		return Request{}, err
	}
	c.r.AgentID = tx.Actor().ID
	if err := c.record(ctx, "taken", EventData{AgentID: tx.Actor().ID, Agent: tx.Actor().Name}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

type assignee struct {
	ID       tenants.ID
	Name     string
	Role     tenants.Role
	Services []string
}

const sqlAssignee = `select a.id, a.given_name || ' ' || a.family_name as name, a.role,
		array(select s.service_id::text from agent_service s where s.agent_id = a.id) as services
	from agent a where a.id = $1 and a.active`

// Assign gives the request to an agent, or to nobody. Agents of its service may. An
// agent who is not active or does not see the service is fault.Invalid "agent_invalid".
func Assign(ctx context.Context, tx *tenants.Tx, number string, agent tenants.ID, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.act(ActionAssign); err != nil {
		return Request{}, err
	}
	var name string
	if agent != "" {
		a, err := tenants.One[assignee](ctx, tx, sqlAssignee, agent)
		if fault.Is(err, "not_found") || err == nil && !a.covers(c.r.ServiceID) {
			return Request{}, fault.New(fault.Invalid, "agent_invalid", fault.Field{Path: "agent", Code: "invalid"})
		}
		if err != nil {
			return Request{}, err
		}
		name = a.Name
	}
	c.r.AgentID = agent
	if err := c.record(ctx, "assigned", EventData{AgentID: agent, Agent: name}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

func (a assignee) covers(service tenants.ID) bool {
	return a.Role != tenants.RoleInstructor || len(a.Services) == 0 || slices.Contains(a.Services, string(service))
}

// SetService hands the request to another service; it then belongs to nobody there
// yet. Agents of the service that had it may, and may not see it any more after.
func SetService(ctx context.Context, tx *tenants.Tx, number string, service tenants.ID, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.act(ActionTransfer); err != nil {
		return Request{}, err
	}
	s, err := serviceByID(ctx, tx, service)
	if err != nil {
		return Request{}, err
	}
	if s.ID != c.r.ServiceID {
		c.r.ServiceID, c.r.AgentID = s.ID, ""
	}
	if err := c.record(ctx, "service_changed", EventData{ServiceID: s.ID, Service: s.Name}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// CorrectApplicant changes who applies and how to reach them: a misspelt name, a
// new address. Agents of the service may.
func CorrectApplicant(ctx context.Context, tx *tenants.Tx, number string, a Applicant, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.act(ActionCorrect); err != nil {
		return Request{}, err
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return Request{}, err
	}
	if a, err = CheckApplicant(e.Procedure(), c.r.Channel, a); err != nil {
		return Request{}, err
	}
	changed := c.r.Applicant.differs(a)
	if len(changed) == 0 {
		return c.r, nil
	}
	if a.DecisionEmail != c.r.Applicant.DecisionEmail || a.DecisionEmail && a.Email != c.r.Applicant.Email {
		if err := c.agreeDecision(ctx, a.DecisionEmail); err != nil {
			return Request{}, err
		}
	}
	c.r.Applicant = a
	c.r.Regular = a.regular(c.r.Channel)
	if err := c.record(ctx, "applicant_corrected", EventData{Fields: changed}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// differs names the fields that changed, never their content.
func (a Applicant) differs(b Applicant) []string {
	var names []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"given_name", a.GivenName == b.GivenName}, {"family_name", a.FamilyName == b.FamilyName}, {"email", a.Email == b.Email},
		{"phone", a.Phone == b.Phone}, {"postal_address", a.PostalAddress == b.PostalAddress}, {"sms", a.SMS == b.SMS},
		{"on_behalf_of", a.OnBehalfOf == b.OnBehalfOf}, {"organisation", a.Organisation == b.Organisation},
		{"organisation_id", a.OrganisationID == b.OrganisationID}, {"email_agreed", a.EmailAgreed == b.EmailAgreed},
		{"decision_email", a.DecisionEmail == b.DecisionEmail},
	} {
		if !f.same {
			names = append(names, f.name)
		}
	}
	return names
}

// Withdraw ends a request at the person's wish: theirs, or an agent's on their
// behalf. A reason, if any, is kept as a message from them.
func Withdraw(ctx context.Context, tx *tenants.Tx, number, reason string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.beforeSilence(); err != nil {
		return Request{}, err
	}
	if err := c.act(ActionWithdraw); err != nil {
		return Request{}, err
	}
	if reason = clean(reason, true); reason != "" {
		if _, err := c.addMessage(ctx, true, reason); err != nil {
			return Request{}, err
		}
	}
	c.close(tx.Today())
	c.r.DecidedOn = calendar.Date{}
	if err := c.record(ctx, "withdrawn", EventData{}); err != nil {
		return Request{}, err
	}
	if err := c.mailWithdrawn(ctx); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}
