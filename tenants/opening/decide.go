package opening

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Decider is who says yes or no to a request: a hub's administrator, or the operator.
type Decider struct {
	Actor tenants.Actor
	HubID int64  // 0: the operator
	Name  string // how the platform's events name them; a hub's administrator by their own
}

// Operator is the platform's operator at the command line.
func Operator() Decider {
	return Decider{Actor: tenants.System("exploitant"), Name: "exploitant"}
}

func (w Decider) actor() tenants.Actor {
	if w.Actor.Kind == "" {
		return tenants.System(w.Name)
	}
	return w.Actor
}

const (
	sqlLockByID = `select ` + requestColumns + ` from platform.opening_request where id = $1 for update`
	sqlApprove  = `update platform.opening_request set state = 'approved', decided_at = $2, code_hash = null, code_until = null, told_at = null where id = $1`
	sqlRefuse   = `update platform.opening_request set state = 'refused', decided_at = $2, reason = $3, told_at = null where id = $1`
	sqlOvertake = `update platform.opening_request set state = 'overtaken', decided_at = coalesce(decided_at, $2), code_hash = null where id = $1 and state in ('asked', 'approved')`
	sqlIsOpen   = `select exists (select 1 from platform.tenant where insee = $1)`
	sqlEvent    = `insert into platform.event (id, at, actor_kind, actor_id, actor_name, kind, data) values ($1, $2, $3, $4, $5, $6, jsonb_build_object('insee', $7::text, 'request', $8::text, 'proof', $9::text))`
)

// Waiting lists the requests of the communes of a hub that wait for its word, the newest
// first; Decided those that it has answered, for as long as they are kept.
func (d *Desk) Waiting(ctx context.Context, hub int64) ([]Request, error) {
	return d.requests(ctx, sqlAskedOf, hub, []string{string(Asked)})
}

// Decided lists the requests that a hub has answered, the newest first.
func (d *Desk) Decided(ctx context.Context, hub int64) ([]Request, error) {
	return d.requests(ctx, sqlAskedOf, hub, []string{string(Approved), string(Opened), string(Refused), string(Overtaken)})
}

// ForOperator lists the requests that wait for a hub's or the operator's word, the
// oldest first.
func (d *Desk) ForOperator(ctx context.Context) ([]Request, error) {
	return d.requests(ctx, sqlOperator)
}

// OfHub gives a request that was sent to a hub; any other is fault.NotFound
// "opening_unknown".
func (d *Desk) OfHub(ctx context.Context, hub int64, id tenants.ID) (Request, error) {
	r, err := d.byID(ctx, id)
	if err == nil && (r.Proof != ByHub || r.HubID != hub) {
		err = fault.New(fault.NotFound, "opening_unknown")
	}
	return r, err
}

// mayDecide tells whether somebody may answer a request: a hub those that were sent to
// it, the operator every one that waits for a word.
func (w Decider) mayDecide(r Request) error {
	switch {
	case w.HubID != 0 && (r.Proof != ByHub || r.HubID != w.HubID), r.Proof == ByCode:
		return fault.New(fault.NotFound, "opening_unknown")
	case r.State != Asked:
		return fault.New(fault.Conflict, "opening_decided")
	}
	return nil
}

// Approve says yes, and opens the commune; with a hub's word it is one of the hub's.
// Faults: NotFound "opening_unknown"; Conflict "opening_decided" where it was answered,
// "tenant_exists" where the commune was opened otherwise.
func (d *Desk) Approve(ctx context.Context, who Decider, id tenants.ID) (Request, error) {
	var r Request
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
		if r, err = one(ctx, tx, sqlLockByID, id); err != nil {
			return err
		}
		if err := who.mayDecide(r); err != nil {
			return err
		}
		return d.approve(ctx, tx, r, who)
	})
	if err != nil {
		return r, d.settled(ctx, r, err)
	}
	return d.Complete(ctx, r.ID)
}

// approve notes that a request is proved, unless the commune is open or being opened.
func (d *Desk) approve(ctx context.Context, tx pgx.Tx, r Request, who Decider) error {
	var open bool
	if err := tx.QueryRow(ctx, sqlIsOpen, r.INSEE).Scan(&open); err != nil {
		return err
	}
	if open {
		return fault.New(fault.Conflict, "tenant_exists")
	}
	_, err := tx.Exec(ctx, sqlApprove, r.ID, d.clock().UTC())
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return fault.New(fault.Conflict, "tenant_exists") // somebody else's is being opened
	}
	if err != nil {
		return err
	}
	return d.note(ctx, tx, who.actor(), "opening_approved", r)
}

// note writes an event of the platform, without personal data of the applicant.
func (d *Desk) note(ctx context.Context, tx pgx.Tx, a tenants.Actor, kind string, r Request) error {
	_, err := tx.Exec(ctx, sqlEvent, tenants.NewID(), d.clock().UTC(), a.Kind, string(a.ID), a.Name, kind, r.INSEE, string(r.ID), string(r.Proof))
	return err
}

// settled marks a request as overtaken where the commune was opened otherwise, and
// passes the error on.
func (d *Desk) settled(ctx context.Context, r Request, err error) error {
	if fault.Is(err, "tenant_exists") {
		if _, markErr := d.pool.Exec(ctx, sqlOvertake, r.ID, d.clock().UTC()); markErr != nil {
			return tenants.Classify(markErr)
		}
	}
	return tenants.Classify(err)
}

// maxReason is the length of a reason, in letters.
const maxReason = 1000

// Refuse says no, with a reason that the applicant reads. Faults: as Approve, and
// Invalid "opening_reason" with the field reason.
func (d *Desk) Refuse(ctx context.Context, who Decider, id tenants.ID, reason string) (Request, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > maxReason {
		return Request{}, fault.New(fault.Invalid, "opening_reason", fault.Field{Path: "reason", Code: "opening_reason"})
	}
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		r, err := one(ctx, tx, sqlLockByID, id)
		if err != nil {
			return err
		}
		if err := who.mayDecide(r); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlRefuse, r.ID, d.clock().UTC(), reason); err != nil {
			return err
		}
		return d.note(ctx, tx, who.actor(), "opening_refused", r)
	})
	if err != nil {
		return Request{}, tenants.Classify(err)
	}
	d.announce(ctx, id)
	return d.byID(ctx, id)
}

const (
	sqlTold      = `update platform.opening_request set told_at = $2 where id = $1`
	sqlHubAdmins = `select email from platform.hub_admin where hub_id = $1 and active order by created_at limit 20`
)

// OpeningsPath is the hub's page of requests, and OpenPath the public one.
const (
	OpeningsPath = "/ouvertures"
	OpenPath     = "/ouvrir"
)

// tell sends the mail that a request's state calls for: to the hub that a commune asks,
// to the applicant that it is refused. What is opened tells itself, by the invitation.
func (d *Desk) tell(ctx context.Context, id tenants.ID) error {
	r, err := d.byID(ctx, id)
	if err != nil || !r.ToldAt.IsZero() {
		return err
	}
	hub := Platform
	if r.HubID != 0 {
		if hub, err = d.registry.HubByID(ctx, r.HubID); err != nil {
			return err
		}
	}
	switch {
	case r.State == Asked && r.HubID != 0:
		err = d.tellHub(ctx, hub, r)
	case r.State == Refused:
		err = d.mail(ctx, Platform, r.Email, notify.OpeningRefused{Applicant: r.Name(), Commune: r.Commune().Name, By: hub.Name, Reason: r.Reason, Path: OpenPath})
	}
	if err != nil && !fault.Is(err, "mail_refused") && !fault.Is(err, "recipient_invalid") {
		return err
	}
	_, err = d.pool.Exec(ctx, sqlTold, r.ID, d.clock().UTC())
	return tenants.Classify(err)
}

func (d *Desk) tellHub(ctx context.Context, hub tenants.Hub, r Request) error {
	rows, err := d.pool.Query(ctx, sqlHubAdmins, hub.ID)
	if err != nil {
		return err
	}
	admins, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var errs []error
	for _, to := range admins {
		if err := d.mail(ctx, hub, to, notify.OpeningAsked{Commune: r.Commune().Name, Path: OpeningsPath + "/" + string(r.ID)}); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) < len(admins) { // one of them knows: nobody is mailed twice
		return nil
	}
	return errors.Join(errs...)
}
