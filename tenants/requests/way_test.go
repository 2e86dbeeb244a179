package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestARefusalOfDocumentsGoesToTheCADA(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2027-01-10") // law.md §4, row 33: refused on 2027-02-10, the CADA until 2027-04-10
	r := w.submit(requests.Submission{
		ProcedureSlug: "documents-administratifs", Channel: requests.ChannelWeb, Applicant: jeanne,
		Answers: forms.Answers{"description": forms.Text("Le budget primitif de la commune pour 2026"), "mode": forms.Text("courriel")},
	}).Request
	if r.SilenceLastDay.String() != "2027-02-10" {
		t.Fatalf("last day %s", r.SilenceLastDay)
	}
	w.on("2027-02-11")
	w.lapse()
	if d := w.get(r.Number); d.State != requests.StateImplicitRejection || d.Decisions[0].AppealLastDay.String() != "2027-04-10" {
		t.Errorf("%s %+v", d.State, d.Decisions)
	}
}

func TestTheSilenceDoesNotWaitForTheTownsSettings(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter(), w.citizen).Request
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		s, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		s.Court = tenants.Court{}
		return tenants.PutSettings(ctx, tx, s, version)
	})
	w.on("2027-02-02")
	w.lapse()
	if d := w.get(r.Number); d.State != requests.StateImplicitRejection {
		t.Fatalf("%s", d.State)
	}
	box := w.outbox("letter_implicit")
	if len(box) != 1 || !strings.Contains(box[0].Text, "1er février 2027") || !strings.Contains(box[0].Text, "/demandes/"+r.Number) {
		t.Errorf("the letter: %+v", box)
	}
}

func TestAReceiptIsReadAgainByItsOwner(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	got := w.submit(letter(), w.citizen)
	for _, a := range []tenants.Actor{w.citizen, requests.GuestOf(got.Request), w.front} {
		w.must(a, func(ctx context.Context, tx *tenants.Tx) error {
			rc, err := requests.ReceiptOf(ctx, tx, got.Request.Number, got.ReceiptID)
			if err == nil && !strings.Contains(rc.Text, got.TrackingCode) {
				t.Errorf("%s reads %q", a.Kind, rc.Text)
			}
			return err
		})
	}
	other := w.submit(letter())
	err := w.as(w.citizen, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.ReceiptOf(ctx, tx, got.Request.Number, other.ReceiptID)
		return err
	})
	if !fault.Is(err, "receipt_unknown") {
		t.Errorf("another request’s receipt: %v", err)
	}
}

func TestADraftIsTakenIntoAnAccountOrDropped(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	_, token := w.start("courrier-maire", tenants.Guest())
	stranger := tenants.Actor{Kind: tenants.ActorCitizen, ID: tenants.NewID()}
	claim := func(a tenants.Actor) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			d, err := requests.LockDraft(ctx, tx, token)
			if err == nil {
				_, err = requests.ClaimDraft(ctx, tx, d, a.ID)
			}
			return err
		})
	}
	if err := claim(w.citizen); err != nil {
		t.Fatal(err)
	}
	if err := claim(stranger); !fault.Is(err, "draft_unknown") {
		t.Errorf("claimed by another: %v", err)
	}
	w.must(w.citizen, func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.LockDraft(ctx, tx, token)
		if err != nil {
			return err
		}
		if d.CitizenID != w.citizen.ID {
			t.Errorf("it is %s’s", d.CitizenID)
		}
		return requests.DropDraft(ctx, tx, d)
	})
	if _, err := w.draft(token); !fault.Is(err, "draft_unknown") {
		t.Errorf("dropped: %v", err)
	}
}

func TestAnInstructorOfSeveralServices(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first, second, third := w.submit(letter()).Request, w.submit(stall("2027-06-20")).Request, w.submit(pothole()).Request
	several := w.instructor
	several.Services = []tenants.ID{first.ServiceID, second.ServiceID}
	if first.ServiceID == third.ServiceID || second.ServiceID == third.ServiceID {
		t.Fatal("the services are not different: the test says nothing")
	}
	got := numbers(w.list(several, requests.Filter{}))
	slices.Sort(got)
	if !slices.Equal(got, []string{first.Number, second.Number}) {
		t.Errorf("sees %v", got)
	}
	if p := w.list(several, requests.Filter{Service: third.ServiceID}); p.Total != 0 {
		t.Errorf("asks for a service of others: %v", numbers(p))
	}
	several.Services = several.Services[:1]
	if p := w.list(several, requests.Filter{Service: third.ServiceID}); p.Total != 0 {
		t.Errorf("asks for a service of others: %v", numbers(p))
	}
}
