package staff

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// SupportState is where a support access stands.
type SupportState string

// The states: a granted one opens the pages until it ends, by somebody or by itself.
const (
	SupportAsked   SupportState = "asked"
	SupportGranted SupportState = "granted"
	SupportRefused SupportState = "refused"
	SupportEnded   SupportState = "ended"
)

// Support is help that a named administrator of the hub asked to give in the agents'
// pages, for reading alone.
type Support struct {
	ID         tenants.ID
	AdminID    tenants.ID
	AdminName  string
	AdminEmail string
	HubName    string
	Reason     string
	Hours      int
	State      SupportState
	AskedAt    time.Time
	AnsweredAt *time.Time
	AnsweredBy string
	ExpiresAt  *time.Time
	EndedAt    *time.Time
}

// Running tells whether it opens the pages at a moment.
func (s Support) Running(now time.Time) bool {
	return s.State == SupportGranted && s.ExpiresAt != nil && now.Before(*s.ExpiresAt)
}

// SupportAsk is what the hub says when it asks. Hours is 1 to 8.
type SupportAsk struct {
	AdminEmail string
	HubName    string
	Reason     string
	Hours      int
}

// Bounds of a support access.
const (
	MaxSupportHours  = 8
	maxSupportReason = 500
	unansweredDays   = 7 // after which it is over

	// SupportPage is where a commune's administrators answer.
	SupportPage = "/agents/assistance"
)

const (
	supportColumns = `id, admin_id, admin_name, admin_email, hub_name, reason, hours, state, asked_at, answered_at, answered_by, expires_at, ended_at`
	sqlNewSupport  = `insert into support_access (id, admin_id, admin_name, admin_email, hub_name, reason, hours, state, asked_at)
		values ($1, $2, $3, $4, $5, $6, $7, 'asked', $8) on conflict do nothing`
	sqlSupports      = `select ` + supportColumns + ` from support_access order by asked_at desc, id desc limit 50`
	sqlSupport       = `select ` + supportColumns + ` from support_access where id = $1`
	sqlLockSupport   = `select ` + supportColumns + ` from support_access where id = $1 for update`
	sqlAnswerSupport = `update support_access set state = $2, answered_at = $3, answered_by = $4, expires_at = $5 where id = $1`
	sqlEndSupport    = `update support_access set state = 'ended', ended_at = $2 where id = $1`
	sqlEndVisits     = `delete from hub_visit where support_id = $1`
	sqlOverdue       = `select ` + supportColumns + ` from support_access where state = 'granted' and expires_at <= $1 or state = 'asked' and asked_at <= $2 order by id for update`
	sqlSweepVisits   = `delete from hub_visit where expires_at <= $1`
	sqlAdmins        = `select ` + agentColumns + ` from agent a where a.active and a.role = 'admin' order by a.id`
)

// AskSupport asks the commune for support access, in the name of the administrator of
// the hub who acts and nobody else's. It opens nothing. Those who keep or manage what
// the hub shares may. fault.Invalid "support_invalid" with its fields; fault.Conflict
// "support_running" where the same person asked or was let in already, "no_admin" where
// the commune has nobody to consent.
func AskSupport(ctx context.Context, tx *tenants.Tx, ask SupportAsk) (Support, error) {
	actor := tx.Actor()
	if actor.Kind != tenants.ActorHub || !actor.MayKeep() {
		return Support{}, fault.New(fault.Forbidden, "hub_keeper_only")
	}
	s := Support{
		ID: tenants.NewID(), AdminID: actor.ID, AdminName: actor.Name, AdminEmail: ask.AdminEmail, HubName: ask.HubName, Reason: strings.TrimSpace(ask.Reason), Hours: ask.Hours,
		State: SupportAsked, AskedAt: tx.Now(),
	}
	var fields []fault.Field
	if s.Reason == "" || utf8.RuneCountInString(s.Reason) > maxSupportReason {
		fields = append(fields, fault.Field{Path: "reason", Code: "support_reason"})
	}
	if s.Hours < 1 || s.Hours > MaxSupportHours {
		fields = append(fields, fault.Field{Path: "hours", Code: "support_hours"})
	}
	if len(fields) > 0 {
		return Support{}, fault.New(fault.Invalid, "support_invalid", fields...)
	}
	admins, err := commune(ctx, tx)
	if err != nil {
		return Support{}, err
	}
	if len(admins) == 0 {
		return Support{}, fault.New(fault.Conflict, "no_admin")
	}
	made, err := tx.Exec(ctx, sqlNewSupport, s.ID, s.AdminID, s.AdminName, s.AdminEmail, s.HubName, s.Reason, s.Hours, s.AskedAt)
	if err != nil {
		return Support{}, err
	}
	if made == 0 {
		return Support{}, fault.New(fault.Conflict, "support_running")
	}
	return s, s.tell(ctx, tx, "asked")
}

// Supports lists the support accesses, the newest first, to agents, and to the hub's
// administrators who may keep what is shared.
func Supports(ctx context.Context, tx *tenants.Tx) ([]Support, error) {
	a := tx.Actor()
	if !a.IsAgent() && !a.MayKeep() {
		return nil, fault.New(fault.Forbidden, "agents_only")
	}
	return tenants.All[Support](ctx, tx, sqlSupports)
}

// AnswerSupport lets the hub's administrator in for as long as was asked, from now on,
// or refuses. Administrators of the commune alone: neither a job nor the hub can.
// fault.Conflict "support_answered" where it was answered already.
func AnswerSupport(ctx context.Context, tx *tenants.Tx, id tenants.ID, grant bool) error {
	s, err := ofCommune(ctx, tx, id)
	if err != nil {
		return err
	}
	if s.State != SupportAsked {
		return fault.New(fault.Conflict, "support_answered")
	}
	step := string(SupportRefused)
	var until *time.Time
	if grant {
		step = string(SupportGranted)
		end := tx.Now().Add(time.Duration(s.Hours) * time.Hour)
		until, s.ExpiresAt = &end, &end
	}
	s.AnsweredBy = tx.Actor().Name
	if _, err := tx.Exec(ctx, sqlAnswerSupport, id, step, tx.Now(), s.AnsweredBy, until); err != nil {
		return err
	}
	return s.tell(ctx, tx, step)
}

// EndSupport ends a support access at once, whoever is inside. Administrators of the
// commune alone.
func EndSupport(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	s, err := ofCommune(ctx, tx, id)
	if err != nil {
		return err
	}
	if s.State != SupportGranted {
		return fault.New(fault.Conflict, "support_answered")
	}
	return s.end(ctx, tx)
}

// ExpireSupports ends what ended by itself, and clears visits that are over; for a job.
func ExpireSupports(ctx context.Context, tx *tenants.Tx) error {
	over, err := tenants.All[Support](ctx, tx, sqlOverdue, tx.Now(), tx.Now().AddDate(0, 0, -unansweredDays))
	if err != nil {
		return err
	}
	for _, s := range over {
		if err := s.end(ctx, tx); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, sqlSweepVisits, tx.Now())
	return err
}

func (s Support) end(ctx context.Context, tx *tenants.Tx) error {
	if _, err := tx.Exec(ctx, sqlEndSupport, s.ID, tx.Now()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlEndVisits, s.ID); err != nil {
		return err
	}
	return s.tell(ctx, tx, "ended")
}

// ofCommune gives a support access, locked, to an administrator of the commune.
func ofCommune(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Support, error) {
	if a := tx.Actor(); !a.IsAgent() || !a.MayAdminister() {
		return Support{}, fault.New(fault.Forbidden, "admin_only")
	}
	return tenants.One[Support](ctx, tx, sqlLockSupport, id)
}

func commune(ctx context.Context, tx *tenants.Tx) ([]Agent, error) {
	rows, err := tenants.All[row](ctx, tx, sqlAdmins)
	if err != nil {
		return nil, err
	}
	admins := make([]Agent, len(rows))
	for i, r := range rows {
		admins[i] = r.agent()
	}
	return admins, nil
}

// tell keeps a step in the history and mails it to the commune's administrators and
// to whom it concerns in the hub.
func (s Support) tell(ctx context.Context, tx *tenants.Tx, step string) error {
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return err
	}
	admins, err := commune(ctx, tx)
	if err != nil {
		return err
	}
	until := ""
	if s.ExpiresAt != nil {
		until = strings.TrimPrefix(s.ExpiresAt.In(tx.Tenant().Zone()).Format("15 h 04"), "0")
	}
	mail := func(name, email, path string) error {
		data := notify.SupportNotice{Agent: name, Step: step, Admin: s.AdminName, Hub: s.HubName, Commune: tx.Tenant().Name, Reason: s.Reason, Hours: s.Hours, Until: until, By: s.AnsweredBy, Path: path}
		rendered, err := notify.Render(tx.Tenant(), settings, data)
		if err != nil {
			return err
		}
		return notify.Enqueue(ctx, tx, notify.Message{Channel: "email", Template: notify.TemplateOf(data), To: email, Subject: rendered.Subject, Text: rendered.Text, HTML: rendered.HTML})
	}
	for _, a := range admins {
		if err := mail(a.Name(), a.Email, SupportPage); err != nil {
			return err
		}
	}
	if step != "asked" {
		if err := mail(s.AdminName, s.AdminEmail, ""); err != nil {
			return err
		}
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "support", SubjectID: string(s.ID), Kind: "support_" + step, Data: map[string]any{"admin": string(s.AdminID), "hours": s.Hours}})
}
