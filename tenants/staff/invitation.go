package staff

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// invitationPath is the page where an agent has a code mailed and chooses a
// password; who has one already signs in from there.
const invitationPath = "/agents/mot-de-passe"

// MailInvitation tells somebody that they are an agent now, in the transaction that
// makes them one. The mail holds no code, so that it may be read days later.
func MailInvitation(ctx context.Context, tx *tenants.Tx, agent Agent) error {
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return err
	}
	return mailTo(ctx, tx, settings, agent, notify.AgentInvited{Agent: agent.Name(), Path: invitationPath})
}

// MailAdmins writes to each active administrator what data gives for them. For our own
// jobs.
func MailAdmins(ctx context.Context, tx *tenants.Tx, data func(Agent) notify.Data) error {
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return err
	}
	agents, err := List(ctx, tx)
	if err != nil {
		return err
	}
	for _, a := range agents {
		if a.Active && a.Role == tenants.RoleAdmin {
			if err := mailTo(ctx, tx, settings, a, data(a)); err != nil {
				return err
			}
		}
	}
	return nil
}

func mailTo(ctx context.Context, tx *tenants.Tx, settings tenants.Settings, agent Agent, data notify.Data) error {
	mail, err := notify.Render(tx.Tenant(), settings, data)
	if err != nil {
		return err
	}
	return notify.Enqueue(ctx, tx, notify.Message{
		Channel: "email", Template: notify.TemplateOf(data), To: agent.Email, Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML,
	})
}
