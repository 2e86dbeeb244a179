package notify

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// The channels.
const (
	channelEmail = "email"
	channelSMS   = "sms"
)

// Message is what is to be sent. RequestID may be empty (a digest, a code): a
// failure is then told by the row alone.
type Message struct {
	RequestID                                  tenants.ID
	Channel, Template, To, Subject, Text, HTML string
}

// SendArgs asks a worker to send one notification of a tenant.
type SendArgs struct {
	Tenant       int64      `json:"tenant"`
	Notification tenants.ID `json:"notification"`
}

// Kind names the job.
func (SendArgs) Kind() string { return "notify_send" }

const sqlEnqueue = `insert into notification (id, request_id, channel, template, recipient, subject, text, html, state, created_at)
	values ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9)`

// Enqueue writes a message and asks for it to be sent once the transaction has
// committed. Any actor may: what causes it has its own rights. An address or a
// number that cannot be one is fault.Invalid "recipient_invalid", another channel
// than email and sms fault.Invalid "channel_invalid".
func Enqueue(ctx context.Context, tx *tenants.Tx, m Message) error {
	switch m.Channel {
	case channelEmail:
		if err := CheckEmail(m.To); err != nil {
			return err
		}
	case channelSMS:
		to, err := CheckPhone(tx.Tenant(), m.To)
		if err != nil {
			return err
		}
		m.To = to
	default:
		return fault.New(fault.Invalid, "channel_invalid")
	}
	id := tenants.NewID()
	_, err := tx.Exec(ctx, sqlEnqueue, id, m.RequestID.OrNull(), m.Channel, m.Template, m.To, m.Subject, m.Text, m.HTML, tx.Now())
	if err != nil {
		return err
	}
	return tx.Enqueue(ctx, SendArgs{Tenant: tx.Tenant().ID, Notification: id})
}
