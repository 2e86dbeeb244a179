package web

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// invitationPath is the page where an agent has a code mailed and chooses a
// password; who has one already signs in from there.
const invitationPath = "/agents/mot-de-passe"

// MailInvitation tells somebody that they are an agent now, in the transaction that
// makes them one. The mail holds no code, so that it may be read days later.
func MailInvitation(ctx context.Context, tx *tenants.Tx, agent staff.Agent) error {
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return err
	}
	data := notify.AgentInvited{Agent: agent.Name(), Path: invitationPath}
	mail, err := notify.Render(tx.Tenant(), settings, data)
	if err != nil {
		return err
	}
	return notify.Enqueue(ctx, tx, notify.Message{
		Channel: "email", Template: notify.TemplateOf(data), To: agent.Email, Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML,
	})
}
