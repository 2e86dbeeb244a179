package notify_test

import (
	"context"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// TestNobodyIsBuriedInMails holds that a recipient gets two hundred mails an hour
// from a commune at most; the others wait, lose no try, and leave later.
func TestNobodyIsBuriedInMails(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	request := r.request(t)
	r.Write(t, r.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `insert into notification (id, request_id, channel, template, recipient, text, state, created_at, sent_at)
			select gen_random_uuid(), $1, 'email', 'receipt', 'camille@example.org', '', 'sent', $2, $2 from generate_series(1, 200)`, request, tx.Now())
		return err
	})
	id, other := r.mail(t, request, "camille@example.org"), r.mail(t, request, "sacha@example.org")
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); !fault.Is(err, "notification_paced") {
		t.Fatalf("one more in the hour: %v", err)
	}
	r.expect(t, id, "queued", "", 0)
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, other); err != nil {
		t.Errorf("somebody else waits too: %v", err)
	}
	r.Clock.Set(r.Clock.Now().Add(time.Hour))
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	r.expect(t, id, "sent", "", 1)
}
