package requests

import (
	"context"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Rating is how a person found a procedure.
type Rating string

// The ratings, from the best.
const (
	RatingGood Rating = "good"
	RatingFair Rating = "fair"
	RatingPoor Rating = "poor"
)

const eventRated = "rated"

const (
	sqlCountExperience = `insert into experience (month, procedure_slug, what, detail, label, count) values ($1, $2, $3, $4, $5, $6)
		on conflict (month, procedure_slug, what, detail) do update set label = excluded.label, count = experience.count + excluded.count`
	// The lock keeps a draft that its holder comes back to at this very moment.
	sqlExpiredDrafts = `select ` + draftColumns + ` where d.expires_at <= $1 order by d.expires_at limit $2 for update of d skip locked`
	sqlDeleteDrafts  = `delete from draft where id = any($1::uuid[])`
)

// Rate keeps what the request's holder says of the procedure, once the town has answered
// or silence did. It is counted for the month, and what was said is not kept with the
// request: nobody can tell who said what. Only its holder may, and once: a second tap is
// fault.Conflict "already_rated", one before the end "action_not_possible", a rating
// that is none fault.Invalid "rating_unknown".
func Rate(ctx context.Context, tx *tenants.Tx, number string, r Rating) error {
	if !slices.Contains([]Rating{RatingGood, RatingFair, RatingPoor}, r) {
		return fault.New(fault.Invalid, "rating_unknown")
	}
	c, err := begin(ctx, tx, number, anyVersion)
	switch {
	case err != nil:
		return err
	case c.who != Owner:
		return fault.New(fault.Forbidden, "not_allowed")
	case !c.r.rateable():
		return fault.New(fault.Conflict, "action_not_possible")
	}
	history, err := tx.History(ctx, string(c.r.ID))
	switch {
	case err != nil:
		return err
	case rated(history):
		return fault.New(fault.Conflict, "already_rated")
	}
	if err := tx.Record(ctx, tenants.Event{SubjectKind: subjectRequest, SubjectID: string(c.r.ID), Kind: eventRated, Data: EventData{Version: c.r.Version}}); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlCountExperience, monthOf(tx.Today()), c.r.ProcedureSlug, "rated", string(r), "", 1)
	return err
}

// rateable tells whether the town, or its silence, has answered.
func (r Request) rateable() bool {
	return !r.State.Open() && r.State != StateWithdrawn && r.State != StateTransmitted
}

func rated(history []tenants.RecordedEvent) bool {
	return slices.ContainsFunc(history, func(e tenants.RecordedEvent) bool { return e.Kind == eventRated })
}

func monthOf(d calendar.Date) calendar.Date { return calendar.NewDate(d.Year, d.Month, 1) }

// DropDraft deletes a draft at its holder's wish, and counts where they stopped; its
// files go with the next sweep.
func DropDraft(ctx context.Context, tx *tenants.Tx, d Draft) error {
	if err := outsider(tx); err != nil {
		return err
	}
	if n, err := tx.Exec(ctx, sqlDeleteDraft, d.ID); err != nil || n == 0 {
		return err
	}
	return givenUp{}.add(d, tx).keep(ctx, tx)
}

// purgeAtOnce is how many expired drafts are held in memory.
const purgeAtOnce = 200

// PurgeDrafts deletes the drafts that expired, counts where their holders stopped, and
// gives their number.
func PurgeDrafts(ctx context.Context, tx *tenants.Tx) (int64, error) {
	if err := outsider(tx); err != nil {
		return 0, err
	}
	var purged int64
	for {
		rows, err := tenants.All[draftRow](ctx, tx, sqlExpiredDrafts, tx.Now(), purgeAtOnce)
		if err != nil || len(rows) == 0 {
			return purged, err
		}
		counts, ids := givenUp{}, make([]string, len(rows))
		for i, row := range rows {
			d, err := row.draft(ctx, tx)
			if err != nil {
				return purged, err
			}
			counts.add(d, tx)
			ids[i] = string(d.ID)
		}
		n, err := tx.Exec(ctx, sqlDeleteDrafts, ids)
		if err != nil {
			return purged, err
		}
		purged += n
		if err := counts.keep(ctx, tx); err != nil {
			return purged, err
		}
	}
}

// givenUp counts drafts by the question where their holders stopped.
type givenUp map[place]int

type place struct {
	month           calendar.Date
	slug, id, label string
}

func (g givenUp) add(d Draft, tx *tenants.Tx) givenUp {
	id, label := whereStopped(d, tx.Now().In(tx.Tenant().Zone()))
	g[place{monthOf(calendar.On(d.UpdatedAt, tx.Tenant().Zone())), d.ProcedureSlug, id, label}]++
	return g
}

func (g givenUp) keep(ctx context.Context, tx *tenants.Tx) error {
	for at, n := range g {
		if _, err := tx.Exec(ctx, sqlCountExperience, at.month, at.slug, "given_up", at.id, at.label, n); err != nil {
			return err
		}
	}
	return nil
}

// whereStopped gives the first question that a draft leaves to be answered: who applies,
// one of the form, or the check at the end.
func whereStopped(d Draft, now time.Time) (id, label string) {
	if _, err := CheckApplicant(d.Procedure, ChannelWeb, d.Applicant); err != nil {
		return "_applicant", "Vos coordonnées"
	}
	for _, wrong := range d.Procedure.Form.Validate(d.Answers, now, forms.Options{Tables: d.Tables}) {
		if f, ok := d.Procedure.Form.Field(wrong.Field); ok {
			return f.ID, f.Label
		}
	}
	return "_summary", "Le récapitulatif"
}
