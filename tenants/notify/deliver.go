package notify

import (
	"context"
	"errors"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// courier is who writes the results.
var courier = tenants.System("envoi")

// Events of a request's history.
const (
	eventBounced = "notification_bounced"
	eventFailed  = "notification_failed"
)

// lease is how long a claimed message belongs to its worker: longer than any
// worker lives with it, shorter than anybody would wait after a crash.
const lease = 2 * time.Minute

const (
	// A receipt is kept once, in its own table, and mailed from there: its mail has
	// the same key and no text of its own.
	sqlClaim = `with c as (
			update notification set attempts = attempts + 1, claimed_at = $2
			where id = $1 and state = 'queued' and (claimed_at is null or claimed_at < $3)
			returning id, request_id, channel, recipient, subject, text, html, attempts)
		select c.request_id, c.channel, c.recipient, c.subject, coalesce(r.text, c.text) as text, coalesce(r.html, c.html) as html, c.attempts
		from c left join receipt r on r.id = c.id`
	// How many of a recipient's messages went out since a time, no further than it helps.
	sqlRecent = `select r.channel, (select count(*) from (
			select 1 from notification n where n.recipient = r.recipient and n.channel = r.channel and n.sent_at > $2 limit $3) as recent) as sent
		from notification r where r.id = $1 and r.state = 'queued'`
	sqlState = `select state from notification where id = $1`
	// What opens a draft is not kept once it is sent.
	sqlSent = `update notification set state = 'sent', detail = '', sent_at = $2, claimed_at = null,
			text = case when template in ('resume_code', 'transmission_file') then '' else text end, html = case when template in ('resume_code', 'transmission_file') then '' else html end
		where id = $1 and state = 'queued'`
	sqlRetry = `update notification set detail = $2, claimed_at = null where id = $1 and state = 'queued'`
	sqlEnded = `update notification set state = $2, detail = $3, claimed_at = null,
			text = case when template in ('resume_code', 'transmission_file') then '' else text end, html = case when template in ('resume_code', 'transmission_file') then '' else html end
		where id = $1 and state = 'queued'`
)

// claimed is a message that this worker alone sends now.
type claimed struct {
	RequestID                               tenants.ID
	Channel, Recipient, Subject, Text, HTML string
	Attempts                                int
}

// envelope is a claimed message with what goes along.
type envelope struct {
	claimed
	id   tenants.ID
	logo []byte
	at   time.Time
}

// hourly is how many messages an hour one recipient gets from one commune. Anybody
// can leave anybody's address or number: requests are taken in all the same, and
// their messages wait.
var hourly = map[string]int64{channelEmail: 200, channelSMS: 20}

// paced refuses to send for now what is beyond a recipient's hour.
func paced(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	type row struct {
		Channel string
		Sent    int64
	}
	recent, err := tenants.One[row](ctx, tx, sqlRecent, id, tx.Now().Add(-time.Hour), hourly[channelEmail])
	switch {
	case fault.Is(err, "not_found"):
		return nil // not queued: the claim will tell
	case err != nil:
		return err
	case recent.Sent >= hourly[recent.Channel]:
		return fault.New(fault.Unavailable, "notification_paced")
	}
	return nil
}

// Deliver sends a queued notification of a tenant and writes what came of it. nil
// says that nothing is left to do: it is sent, was sent before, or has ended badly,
// which its row and its request's history tell. Every error is worth another try,
// and none is of the kind NotFound: fault.Unavailable "mail_away" or "sms_away"
// with the server's code, "notification_claimed" while another worker has it,
// "notification_paced" where its recipient got enough for this hour (not a try),
// "notification_unknown" where no row is there.
func (s *Sender) Deliver(ctx context.Context, db *tenants.DB, t tenants.Tenant, id tenants.ID) error {
	var (
		row      claimed
		settings tenants.Settings
		logo     []byte
		now      time.Time
		nothing  bool
	)
	err := db.Write(ctx, t, courier, func(tx *tenants.Tx) (err error) {
		now = tx.Now()
		if err := paced(ctx, tx, id); err != nil {
			return err
		}
		row, err = tenants.One[claimed](ctx, tx, sqlClaim, id, now, now.Add(-lease))
		if fault.Is(err, "not_found") {
			nothing, err = done(ctx, tx, id)
			return err
		}
		if err != nil {
			return err
		}
		if settings, _, err = tenants.GetSettings(ctx, tx); err != nil || row.Channel != channelEmail {
			return err
		}
		logo, err = logoOf(ctx, tx, settings)
		return err
	})
	if err != nil || nothing {
		return err
	}
	sent := s.send(ctx, t, settings, envelope{id: id, claimed: row, logo: logo, at: now})
	return s.settle(ctx, db, t, id, row, sent)
}

// done tells of a message that could not be claimed whether it is finished.
func done(ctx context.Context, tx *tenants.Tx, id tenants.ID) (bool, error) {
	state, err := tenants.One[string](ctx, tx, sqlState, id)
	switch {
	case fault.Is(err, "not_found"):
		return false, fault.New(fault.Unavailable, "notification_unknown")
	case err != nil:
		return false, err
	case state == "queued":
		return false, fault.New(fault.Unavailable, "notification_claimed")
	default:
		return true, nil
	}
}

// send speaks to the server, outside any transaction.
func (s *Sender) send(ctx context.Context, t tenants.Tenant, settings tenants.Settings, row envelope) error {
	if row.Channel == channelEmail {
		site := s.site(t)
		return s.mailer.send(ctx, letter{
			ID: row.id, FromName: t.Name, ReplyTo: settings.Email, To: row.Recipient, Date: row.at.In(t.Zone()), Logo: row.logo,
			Rendered: Rendered{Subject: row.Subject, Text: Absolute(row.Text, site), HTML: Absolute(row.HTML, site)},
		})
	}
	if s.sms == nil {
		return &sendError{detail: "sms off", end: eventFailed}
	}
	to, err := CheckPhone(t, row.Recipient)
	if err != nil {
		return refused("recipient")
	}
	return s.sms.send(ctx, t.ID, row.id, to, Absolute(row.Text, s.site(t)))
}

// settle writes the result. It outlives the worker's context, for a message that
// went out must not go out again because a program was stopped.
func (s *Sender) settle(ctx context.Context, db *tenants.DB, t tenants.Tenant, id tenants.ID, row claimed, sent error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	var failed *sendError
	if sent != nil && !errors.As(sent, &failed) {
		failed = later("internal")
	}
	var result string
	var write func(*tenants.Tx) error
	if failed != nil && failed.end == "" && row.Attempts >= s.max {
		failed = &sendError{detail: failed.detail, end: eventFailed}
	}
	switch {
	case failed == nil:
		result = resultSent
		write = func(tx *tenants.Tx) error {
			_, err := tx.Exec(ctx, sqlSent, id, tx.Now())
			return err
		}
	case failed.end != "":
		result = resultFailed
		if failed.end == eventBounced {
			result = resultBounced
		}
		write = func(tx *tenants.Tx) error { return end(ctx, tx, id, row, result, failed) }
	default:
		result = resultRetried
		write = func(tx *tenants.Tx) error {
			_, err := tx.Exec(ctx, sqlRetry, id, failed.detail)
			return err
		}
	}
	s.count(row.Channel, result)
	if err := insist(ctx, func() error { return db.Write(ctx, t, courier, write) }); err != nil {
		return err // the claim ends by itself
	}
	if result == resultRetried {
		code := "mail_away"
		if row.Channel == channelSMS {
			code = "sms_away"
		}
		return fault.Wrap(fault.Unavailable, code, failed)
	}
	return nil
}

// end writes that a message will not be tried again. The states bear the names of
// the results.
func end(ctx context.Context, tx *tenants.Tx, id tenants.ID, row claimed, state string, failed *sendError) error {
	touched, err := tx.Exec(ctx, sqlEnded, id, state, failed.detail)
	if err != nil || touched == 0 {
		return err
	}
	return recordFailure(ctx, tx, row.RequestID, id, row.Channel, failed.end)
}

// recordFailure puts a failure in the history of the request that it concerns.
func recordFailure(ctx context.Context, tx *tenants.Tx, request, notification tenants.ID, channel, event string) error {
	if request == "" {
		return nil
	}
	return tx.Record(ctx, tenants.Event{
		SubjectKind: "request", SubjectID: string(request), Kind: event,
		Data: map[string]string{"notification_id": string(notification), "channel": channel},
	})
}

// insist tries some times while the database is away.
func insist(ctx context.Context, write func() error) error {
	for wait := 200 * time.Millisecond; ; wait *= 2 {
		err := write()
		if err == nil || wait > 5*time.Second || fault.Of(err).Kind != fault.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}
