package requests

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

const sqlAgentByEmail = `select a.id, a.given_name || ' ' || a.family_name as name, a.role,
		array(select s.service_id::text from agent_service s where s.agent_id = a.id) as services
	from agent a where a.email = $1 and a.active`

// do does one action. What cannot be done (an agent who left, somebody whom nothing reaches) stands in the history, and keeps
// nothing else from being done.
func (c *change) do(ctx context.Context, f *flow, step *workflow.Stage, a *workflow.Action) error {
	switch a.Kind {
	case workflow.KindAssign:
		return c.assignTo(ctx, a)
	case workflow.KindEmail:
		return c.mailStep(ctx, a)
	case workflow.KindSMS:
		return c.textStep(ctx, a)
	case workflow.KindOpinion:
		return c.askOpinion(ctx, step, a)
	case workflow.KindWebhook:
		return c.call(ctx, f, step, a)
	}
	return nil
}

func (c *change) failed(ctx context.Context, a *workflow.Action, problem string) error {
	return c.record(ctx, "action_failed", EventData{Label: a.Kind.Label(), Problem: problem})
}

func (c *change) assignTo(ctx context.Context, a *workflow.Action) error {
	agent, err := tenants.One[assignee](ctx, c.tx, sqlAgentByEmail, a.Agent)
	if fault.Is(err, "not_found") || err == nil && !agent.covers(c.r.ServiceID) {
		return c.failed(ctx, a, "agent_invalid")
	}
	if err != nil {
		return err
	}
	c.r.AgentID = agent.ID
	return c.record(ctx, "assigned", EventData{AgentID: agent.ID, Agent: agent.Name})
}

// said fills in a text of the workflow.
func (c *change) said(ctx context.Context, text string) (string, error) {
	out, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		return catalogue.ComposedLetter{Body: catalogue.Say(e, s, text, f)}, nil
	})
	return out.Body, err
}

func (c *change) mailStep(ctx context.Context, a *workflow.Action) error {
	body, err := c.said(ctx, a.Text)
	if err != nil {
		return err
	}
	to := a.To
	switch to {
	case workflow.ToCitizen:
		return c.newsFor(ctx, a, body)
	case workflow.ToService:
		if to, err = c.serviceMail(ctx); err != nil {
			return err
		}
	}
	if to == "" {
		return c.failed(ctx, a, "no_address")
	}
	return c.mailOut(ctx, to, notify.StepNews{Number: c.r.Number, Subject: a.Subject, Body: body, Path: "/agents/demandes/" + c.r.Number})
}

const sqlServiceMail = `select email from service where id = $1`

func (c *change) serviceMail(ctx context.Context) (string, error) {
	to, err := tenants.One[string](ctx, c.tx, sqlServiceMail, c.r.ServiceID.OrNull())
	if fault.Is(err, "not_found") {
		return "", nil
	}
	return to, err
}

// newsFor tells the person: among the messages of the request, by e-mail, or on paper where no mail reaches them.
func (c *change) newsFor(ctx context.Context, a *workflow.Action, body string) error {
	from := c.r.ServiceName
	if from == "" {
		from = c.tx.Tenant().Office()
	}
	if _, err := c.tx.Exec(ctx, sqlInsertMessage, tenants.NewID(), c.r.ID, false, string(c.tx.Actor().ID), from, body, c.tx.Now()); err != nil {
		return err
	}
	if p := c.r.Applicant; p.mail() == "" && p.lines() != "" {
		return c.queueLetter(ctx, Outgoing{Kind: LetterMessage, Subject: a.Subject, Body: body})
	}
	return c.tell(ctx, notify.StepNews{Number: c.r.Number, Subject: a.Subject, Body: body, Path: c.path(), Citizen: true}, nil)
}

func (c *change) mailOut(ctx context.Context, to string, news notify.Data) error {
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	m, err := notify.Render(c.tx.Tenant(), settings, news)
	if err != nil {
		return err
	}
	err = notify.Enqueue(ctx, c.tx, notify.Message{RequestID: c.r.ID, Channel: "email", Template: notify.TemplateOf(news), To: to, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
	if fault.Is(err, "recipient_invalid") {
		return c.record(ctx, "action_failed", EventData{Label: workflow.KindEmail.Label(), Problem: "no_address"})
	}
	return err
}

// textStep sends a text message to who wants them; who does not reads nothing of it.
func (c *change) textStep(ctx context.Context, a *workflow.Action) error {
	if !c.r.Applicant.SMS || c.r.Applicant.Phone == "" {
		return nil
	}
	text, err := c.said(ctx, a.Text)
	if err != nil {
		return err
	}
	return c.tellAt(ctx, "", nil, notify.SMSStep{Number: c.r.Number, Text: text})
}
