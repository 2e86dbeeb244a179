package opening

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

// lease is how long an opening belongs to whoever began it: longer than one takes.
const lease = time.Minute

const (
	sqlClaim = `update platform.opening_request set worked_at = $2 where id = $1 and state = 'approved' and (worked_at is null or worked_at <= $3) returning ` + requestColumns
	sqlLeave = `update platform.opening_request set worked_at = null where id = $1 and state = 'approved'`
	sqlBound = `update platform.opening_request set tenant_id = $2 where id = $1 and state = 'approved'`
	sqlDone  = `update platform.opening_request set state = 'opened', worked_at = null where id = $1 and state = 'approved'`
	sqlStuck = `select id from platform.opening_request where state = 'approved' and (worked_at is null or worked_at <= $1) order by created_at limit 100`
	sqlMute  = `select id from platform.opening_request where told_at is null and (state = 'refused' or state = 'asked' and proof = 'hub') order by created_at limit 100`
	sqlPurge = `delete from platform.opening_request where state = 'asked' and proof = 'code' and created_at < $1
		or state = 'asked' and proof <> 'code' and created_at < $3 or state in ('opened', 'refused', 'overtaken') and decided_at < $2`
	sqlPurgeCodes = `delete from platform.opening_code where sent_at < $1`
)

// How long requests are kept: those that nobody proved, those that were answered, and
// those that nobody answered.
const (
	keepUnproved = 7 * 24 * time.Hour
	keepAnswered = 30 * 24 * time.Hour
	keepWaiting  = 90 * 24 * time.Hour
)

// Complete opens the commune of an approved request and invites its first administrator.
// It may be called again at any time, by any process: each step finds whether it was
// done. Where another is at it, or it was done, the request is given as it stands. Where
// a step fails for now (the identity provider is away) the request stays approved, and
// the fault says what failed.
func (d *Desk) Complete(ctx context.Context, id tenants.ID) (Request, error) {
	now := d.clock().UTC()
	r, err := d.request(ctx, sqlClaim, id, now, now.Add(-lease))
	if fault.Is(err, "opening_unknown") {
		return d.byID(ctx, id)
	}
	if err != nil {
		return Request{}, err
	}
	if err := d.open(ctx, r); err != nil {
		if fault.Is(err, "tenant_exists") {
			return r, d.settled(ctx, r, err)
		}
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, leaveErr := d.pool.Exec(undo, sqlLeave, r.ID)
		return r, errors.Join(err, leaveErr)
	}
	return d.byID(ctx, id)
}

// open does what is left to do of an opening.
func (d *Desk) open(ctx context.Context, r Request) error {
	provider, _, err := d.identity.EnsureIdentity(ctx, r.Email, "") // first: nothing is made where it is away
	if err != nil {
		return err
	}
	t, err := d.tenant(ctx, r)
	if err != nil {
		return err
	}
	today := calendar.On(d.clock(), t.Zone())
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlBound, r.ID, t.ID); err != nil {
			return err
		}
		return subscription.Start(ctx, tx, t.ID, r.Plan, today)
	})
	if err != nil {
		return tenants.Classify(err)
	}
	if err := d.db.Write(ctx, t, actor, func(tx *tenants.Tx) error { return inviteFirst(ctx, tx, r, provider) }); err != nil {
		return err
	}
	_, err = d.pool.Exec(ctx, sqlDone, r.ID)
	return tenants.Classify(err)
}

// actor is who opens communes, in their histories.
var actor = tenants.System("ouverture en ligne")

// tenant opens the commune, or finds the one that this request opened before it was cut
// short: live since it was approved, and with nobody in it.
func (d *Desk) tenant(ctx context.Context, r Request) (tenants.Tenant, error) {
	var mayor string
	if r.Position == "mayor" {
		mayor = r.Name()
	}
	by := actor
	by.ID = r.ID // another request for the same commune is another's
	t, err := d.carry(ctx, by, tenants.Opening{HubID: r.HubID, INSEE: r.INSEE}, mayor)
	if fault.Is(err, "operation_pending") { // another's, whose end is not far
		return t, fault.Wrap(fault.Unavailable, "operation_pending", err)
	}
	if !fault.Is(err, "tenant_exists") {
		return t, err
	}
	taken := err
	if t, err = d.registry.ByINSEE(ctx, r.INSEE); err != nil {
		return t, err
	}
	if t.ID == r.TenantID {
		return t, nil
	}
	if t.State != tenants.StateLive || t.HubID != r.HubID || t.CreatedAt.Before(r.DecidedAt) {
		return t, taken
	}
	err = d.db.Read(ctx, t, actor, func(tx *tenants.Tx) error {
		agents, err := staff.List(ctx, tx)
		if err == nil && len(agents) > 0 {
			err = taken
		}
		return err
	})
	return t, err
}

// inviteFirst makes the applicant the commune's first administrator, and mails them, in
// one transaction; where somebody is there already it does nothing.
func inviteFirst(ctx context.Context, tx *tenants.Tx, r Request, provider string) error {
	agents, err := staff.List(ctx, tx)
	if err != nil || len(agents) > 0 {
		return err
	}
	agent, err := staff.Invite(ctx, tx, staff.NewAgent{
		Email: r.Email, GivenName: r.GivenName, FamilyName: r.FamilyName, Role: tenants.RoleAdmin,
		Subject: identity.Subject(tx, identity.ProviderKratos, provider),
	})
	if err != nil {
		return err
	}
	return staff.MailInvitation(ctx, tx, agent)
}

// Resume goes on with every opening that was cut short, sends the mails that could not
// be sent, and forgets what is over. For a job; several at once do no harm.
func (d *Desk) Resume(ctx context.Context) error {
	now := d.clock().UTC()
	errs := []error{
		d.each(ctx, func(id tenants.ID) error { _, err := d.Complete(ctx, id); return err }, sqlStuck, now.Add(-lease)),
		d.each(ctx, func(id tenants.ID) error { return d.tell(ctx, id) }, sqlMute),
	}
	_, err := d.pool.Exec(ctx, sqlPurge, now.Add(-keepUnproved), now.Add(-keepAnswered), now.Add(-keepWaiting))
	_, codesErr := d.pool.Exec(ctx, sqlPurgeCodes, now.Add(-48*time.Hour))
	return errors.Join(append(errs, tenants.Classify(err), tenants.Classify(codesErr))...)
}

// each does something for each key that a statement gives; one that fails leaves the
// others done. A commune that was opened otherwise is no failure: its request says so.
func (d *Desk) each(ctx context.Context, do func(tenants.ID) error, sql string, args ...any) error {
	rows, err := d.pool.Query(ctx, sql, args...)
	if err != nil {
		return tenants.Classify(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[tenants.ID])
	if err != nil {
		return tenants.Classify(err)
	}
	var errs []error
	for _, id := range ids {
		if err := do(id); err != nil && !fault.Is(err, "tenant_exists") {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
