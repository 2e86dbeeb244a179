package requests_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// experience is what the commune has counted.
func (w *town) experience() (counted []string) {
	w.t.Helper()
	rows, err := w.Pool.Query(w.t.Context(), `select month::text, procedure_slug, what, detail, label, count from `+w.Tenant.Schema+`.experience order by 1, 2, 3, 4`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var month, slug, what, detail, label string
		var count int
		if err := rows.Scan(&month, &slug, &what, &detail, &label, &count); err != nil {
			w.t.Fatal(err)
		}
		counted = append(counted, fmt.Sprintf("%s %s %s %s (%s) %d", month, slug, what, detail, label, count))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return counted
}

func TestARatingIsCountedOnceAndWithoutItsRequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	rate := func(a tenants.Actor, with requests.Rating) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error { return requests.Rate(ctx, tx, r.Number, with) })
	}
	holder := requests.GuestOf(r)
	if err := rate(holder, requests.RatingGood); !fault.Is(err, "action_not_possible") {
		t.Errorf("before the answer: %v", err)
	}
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "C’est fait."}, 1)
		return err
	})
	for _, refused := range []struct {
		who  tenants.Actor
		with requests.Rating
		want string
	}{{holder, "wonderful", "rating_unknown"}, {w.admin, requests.RatingGood, "not_allowed"}, {tenants.Guest(), requests.RatingGood, "request_unknown"}} {
		if err := rate(refused.who, refused.with); !fault.Is(err, refused.want) {
			t.Errorf("%s by %s: %v, want %s", refused.with, refused.who.Kind, err, refused.want)
		}
	}
	w.on("2027-01-04")
	if err := rate(holder, requests.RatingPoor); err != nil {
		t.Fatal(err)
	}
	if err := rate(holder, requests.RatingGood); !fault.Is(err, "already_rated") {
		t.Errorf("twice: %v", err)
	}
	if got, want := w.experience(), []string{"2027-01-01 courrier-maire rated poor () 1"}; !slices.Equal(got, want) {
		t.Errorf("counted %q, want %q", got, want)
	}
}

func TestFormsGivenUpAreCountedByTheQuestionWhereTheyStopped(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	fill := func(answers forms.Answers) (token string) {
		_, token = w.start("courrier-maire", tenants.Guest())
		w.must(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
			d, err := requests.LockDraft(ctx, tx, token)
			if err == nil && answers != nil {
				d, err = requests.SaveDraftApplicant(ctx, tx, d, jeanne)
			}
			if err == nil {
				_, err = requests.SaveDraft(ctx, tx, d, answers, "")
			}
			return err
		})
		return token
	}
	fill(nil)
	fill(forms.Answers{})
	dropped := fill(forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit")})
	fill(letter().Answers)
	fill(letter().Answers)
	w.must(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.LockDraft(ctx, tx, dropped)
		if err == nil {
			err = requests.DropDraft(ctx, tx, d)
		}
		return err
	})
	w.on("2027-01-05")
	fill(nil) // is not given up yet
	for _, want := range []int64{4, 0} {
		w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
			n, err := requests.PurgeDrafts(ctx, tx)
			if n != want {
				t.Errorf("%d purged, want %d", n, want)
			}
			return err
		})
	}
	label := func(id string) string {
		p, _ := catalogue.Model("courrier-maire")
		f, _ := p.Form.Field(id)
		return f.Label
	}
	want := []string{
		"2026-12-01 courrier-maire given_up _applicant (Vos coordonnées) 1",
		"2026-12-01 courrier-maire given_up _summary (Le récapitulatif) 2",
		"2026-12-01 courrier-maire given_up message (" + label("message") + ") 1",
		"2026-12-01 courrier-maire given_up nature (" + label("nature") + ") 1",
	}
	if got := w.experience(); !slices.Equal(got, want) {
		t.Errorf("counted %q, want %q", got, want)
	}
}
