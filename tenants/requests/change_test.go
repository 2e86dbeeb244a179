package requests_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestTwoWhoSaveAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r := w.submit(letter()).Request
	actors := []tenants.Actor{w.instructor, w.admin}
	errs := make([]error, len(actors))
	var group sync.WaitGroup
	for i, a := range actors {
		group.Go(func() {
			errs[i] = w.DB.Write(t.Context(), w.Tenant, a, func(tx *tenants.Tx) error {
				_, err := requests.Take(t.Context(), tx, r.Number, r.Version)
				return err
			})
		})
	}
	group.Wait()
	lost := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if lost < 0 || errs[1-lost] != nil || !fault.Is(errs[lost], "request_changed") {
		t.Fatalf("errors %v", errs)
	}
	winner := actors[1-lost]
	d := w.get(r.Number)
	if d.AgentID != winner.ID || d.State != requests.StateReview || d.Version != r.Version+1 {
		t.Errorf("taken by %s, %s, version %d", d.AgentName, d.State, d.Version)
	}
	// The second is shown who did what.
	w.must(actors[lost], func(ctx context.Context, tx *tenants.Tx) error {
		changes, err := requests.Changes(ctx, tx, r.Number, r.Version)
		if err == nil && (len(changes) != 1 || changes[0].Kind != "taken" || changes[0].ActorName != winner.Name) {
			t.Errorf("changes %+v", changes)
		}
		return err
	})
	// What the citizen adds changes the version too: nobody decides without having seen it.
	w.must(requests.GuestOf(r), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Write(ctx, tx, r.Number, "Le bruit a cessé.")
		return err
	})
	err := w.as(winner, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Nous passons."}, d.Version)
		return err
	})
	if f := fault.Of(err); f == nil || f.Kind != fault.Conflict || f.Code != "request_changed" {
		t.Errorf("decided without having read: %v", err)
	}
}

func TestWhatIsNotOnesOwnDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	mine := w.submit(letter(), w.citizen).Request
	other := w.submit(letter()).Request
	var services []tenants.Service
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		services, err = tenants.Services(ctx, tx)
		return err
	})
	elsewhere := w.instructor
	for _, s := range services {
		if s.ID != mine.ServiceID {
			elsewhere.Services = []tenants.ID{s.ID}
		}
	}
	for name, a := range map[string]tenants.Actor{
		"another citizen": {Kind: tenants.ActorCitizen, ID: tenants.NewID()}, "a citizen without a key": {Kind: tenants.ActorCitizen}, "a guest": tenants.Guest(),
		"the guest of another request": requests.GuestOf(other), "the hub": {Kind: tenants.ActorHub, ID: tenants.NewID()}, "an instructor of another service": elsewhere,
		"an agent without a role": {Kind: tenants.ActorAgent, ID: tenants.NewID()},
	} {
		for what, try := range map[string]func(ctx context.Context, tx *tenants.Tx) error{
			"read": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.Get(ctx, tx, mine.Number)
				return err
			},
			"code": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.TrackingCode(ctx, tx, mine.Number)
				return err
			},
			"changes": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.Changes(ctx, tx, mine.Number, 0)
				return err
			},
			"write": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.Write(ctx, tx, mine.Number, "a")
				return err
			},
			"note": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.AddNote(ctx, tx, mine.Number, "a")
				return err
			},
			"read it": func(ctx context.Context, tx *tenants.Tx) error { return requests.MarkRead(ctx, tx, mine.Number) },
			"withdraw": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.Withdraw(ctx, tx, mine.Number, "", 1)
				return err
			},
			"take": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.Take(ctx, tx, mine.Number, 1)
				return err
			},
			"receipt": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.ReceiptOf(ctx, tx, mine.Number, tenants.NewID())
				return err
			},
			"decide": func(ctx context.Context, tx *tenants.Tx) error {
				_, err := requests.Decide(ctx, tx, mine.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "a"}, 1)
				return err
			},
		} {
			if err := w.as(a, try); !fault.Is(err, "request_unknown") {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
	if err := w.upload(requests.GuestOf(other), mine.Number, ""); !fault.Is(err, "request_unknown") {
		t.Errorf("a file: %v", err)
	}
}

func TestNumberAndCodeOpenNothingInAnotherCommune(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	guest := w.submit(letter())
	err := w.DB.Write(t.Context(), w.Other, tenants.Guest(), func(tx *tenants.Tx) error {
		_, err := requests.GetByTracking(t.Context(), tx, guest.Request.Number, guest.TrackingCode)
		return err
	})
	if !fault.Is(err, "request_or_code_unknown") {
		t.Errorf("another commune: %v", err)
	}
}

func TestRolesDoWhatTheyMay(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r := w.submit(letter(), w.citizen).Request
	decide := func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non."}, r.Version)
		return err
	}
	note := func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.AddNote(ctx, tx, r.Number, "Voir avec la police municipale.")
		return err
	}
	for name, c := range map[string]struct {
		a  tenants.Actor
		do func(context.Context, *tenants.Tx) error
	}{
		"the front desk decides": {w.front, decide},
		"the citizen decides":    {w.citizen, decide},
		"the citizen notes":      {w.citizen, note},
		"the citizen takes": {w.citizen, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.Take(ctx, tx, r.Number, r.Version)
			return err
		}},
		"the citizen lists": {w.citizen, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.List(ctx, tx, requests.Filter{})
			return err
		}},
		"an agent's own requests": {w.admin, func(ctx context.Context, tx *tenants.Tx) error { _, err := requests.Mine(ctx, tx); return err }},
	} {
		if err := w.as(c.a, c.do); !fault.Is(err, "not_allowed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.must(w.front, note)
	if d := w.see(w.citizen, r.Number); len(d.Notes) != 0 || slices.Contains(kinds(d), "note_added") {
		t.Errorf("the citizen sees the notes: %v", kinds(d))
	}
	if d := w.get(r.Number); len(d.Notes) != 1 || d.Notes[0].AuthorName != w.front.Name {
		t.Errorf("notes %+v", d.Notes)
	}
}

func TestAssignAndTransfer(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r := w.submit(letter()).Request
	var elsewhere tenants.Service
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		services, err := tenants.Services(ctx, tx)
		for _, s := range services {
			if s.ID != r.ServiceID {
				elsewhere = s
			}
		}
		return err
	})
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
		r, err = requests.Assign(ctx, tx, r.Number, w.instructor.ID, r.Version)
		return err
	})
	if r.AgentID != w.instructor.ID || r.AgentName != w.instructor.Name || r.State != requests.StateReceived {
		t.Errorf("assigned: %+v", r)
	}
	err := w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Assign(ctx, tx, r.Number, tenants.NewID(), r.Version)
		return err
	})
	if !fault.Is(err, "agent_invalid") {
		t.Errorf("assigned to nobody's key: %v", err)
	}
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
		r, err = requests.SetService(ctx, tx, r.Number, elsewhere.ID, r.Version)
		return err
	})
	if r.ServiceID != elsewhere.ID || r.AgentID != "" || r.ServiceName != elsewhere.Name {
		t.Errorf("transferred: %+v", r)
	}
	if d := w.get(r.Number); d.Service.ID != elsewhere.ID {
		t.Errorf("the detail says %s", d.Service.Name)
	}
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
		corrected := r.Applicant
		corrected.FamilyName = "Dupond"
		r, err = requests.CorrectApplicant(ctx, tx, r.Number, corrected, r.Version)
		return err
	})
	d := w.get(r.Number)
	last := d.History[len(d.History)-1]
	if d.Applicant.FamilyName != "Dupond" || last.Kind != "applicant_corrected" || strings.Contains(string(last.Data), "Dupon") {
		t.Errorf("corrected: %s, %s %s", d.Applicant.FamilyName, last.Kind, last.Data)
	}
}

func TestMessagesGoBothWays(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r := w.submit(letter()).Request
	guest := requests.GuestOf(r)
	write := func(a tenants.Actor, body string) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.Write(ctx, tx, r.Number, body)
			return err
		})
	}
	if err := write(guest, "  Bonjour,\r\n\r\n\r\nc’est urgent.\x00 "); err != nil {
		t.Fatal(err)
	}
	if err := write(w.instructor, "Nous venons demain."); err != nil {
		t.Fatal(err)
	}
	d := w.get(r.Number)
	if len(d.Messages) != 2 || !d.Messages[0].Incoming || d.Messages[0].AuthorName != "Jeanne Dupont" || d.Messages[0].Body != "Bonjour,\n\nc’est urgent." || d.Messages[1].Incoming {
		t.Errorf("messages %+v", d.Messages)
	}
	if w.mails(r.Number)["message"] != 1 {
		t.Errorf("mails %v", w.mails(r.Number))
	}
	unread := func() (n int) {
		w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
			page, err := requests.List(ctx, tx, requests.Filter{Q: r.Number})
			n = page.Items[0].Unread
			return err
		})
		return n
	}
	if n := unread(); n != 1 {
		t.Errorf("%d unread", n)
	}
	w.must(guest, func(ctx context.Context, tx *tenants.Tx) error { return requests.MarkRead(ctx, tx, r.Number) })
	if d := w.get(r.Number); d.Messages[0].ReadAt != nil || d.Messages[1].ReadAt == nil || unread() != 1 {
		t.Error("the person read the town’s side alone")
	}
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error { return requests.MarkRead(ctx, tx, r.Number) })
	if n := unread(); n != 0 {
		t.Errorf("%d unread after reading", n)
	}
	if err := write(guest, " \n\t "); !fault.Is(err, "body_required") {
		t.Errorf("nothing: %v", err)
	}
	if err := write(guest, strings.Repeat("a", 5001)); !fault.Is(err, "body_too_long") {
		t.Errorf("too much: %v", err)
	}
}

func TestWithdrawing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r := w.submit(letter()).Request
	w.must(requests.GuestOf(r), func(ctx context.Context, tx *tenants.Tx) (err error) {
		r, err = requests.Withdraw(ctx, tx, r.Number, "Le bruit a cessé.", r.Version)
		return err
	})
	if r.State != requests.StateWithdrawn || r.ClosedOn.IsZero() || !r.DecidedOn.IsZero() {
		t.Errorf("withdrawn: %+v", r)
	}
	d := w.get(r.Number)
	if len(d.Messages) != 1 || !d.Messages[0].Incoming || w.mails(r.Number)["closed"] != 1 {
		t.Errorf("%+v, %v", d.Messages, w.mails(r.Number))
	}
	w.on("2027-12-01")
	if due := w.lapse(); len(due) != 0 {
		t.Errorf("silence decides what was withdrawn: %v", due)
	}
}

func TestAPersonCannotBuryTheTownInMessages(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	got := w.submit(letter())
	write := func(a tenants.Actor) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.Write(ctx, tx, got.Request.Number, "Avez-vous des nouvelles ?")
			return err
		})
	}
	for range 30 {
		if err := write(requests.GuestOf(got.Request)); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(requests.GuestOf(got.Request)); !fault.Is(err, "too_many") {
		t.Errorf("one more: %v", err)
	}
	if err := write(w.admin); err != nil {
		t.Errorf("the town's own: %v", err)
	}
	w.Clock.Set(w.Clock.Now().Add(25 * time.Hour))
	if err := write(requests.GuestOf(got.Request)); err != nil {
		t.Errorf("the day after: %v", err)
	}
}

func TestAnAccountTakesAGuestsRequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	got := w.submit(letter())
	claim := func(a tenants.Actor, code string) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.Claim(ctx, tx, got.Request.Number, code)
		})
	}
	if err := claim(w.citizen, "0000-0000-0000"); !fault.Is(err, "request_or_code_unknown") {
		t.Errorf("with a wrong code: %v", err)
	}
	for range 2 { // doing it again changes nothing
		if err := claim(w.citizen, got.TrackingCode); err != nil {
			t.Fatal(err)
		}
	}
	w.must(w.citizen, func(ctx context.Context, tx *tenants.Tx) error {
		mine, err := requests.Mine(ctx, tx)
		if err == nil && (len(mine) != 1 || mine[0].Number != got.Request.Number) {
			t.Errorf("mine: %+v", mine)
		}
		return err
	})
	if err := claim(tenants.Actor{Kind: tenants.ActorCitizen, ID: tenants.NewID()}, got.TrackingCode); !fault.Is(err, "request_claimed") {
		t.Errorf("claimed by another: %v", err)
	}
}
