package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) watch() int {
	w.t.Helper()
	n := 0
	w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		n, err = requests.Watch(ctx, tx)
		return err
	})
	return n
}

func (w *town) alerts(number string) []string {
	w.t.Helper()
	var out []string
	for _, e := range w.get(number).History {
		if e.Kind == "deadline_alert" {
			out = append(out, requests.ReadEvent(e).Alert)
		}
	}
	return out
}

func TestAlertsAreGivenOnceEachOnTheirDay(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number // last day Monday 2027-02-01
	var want []string
	for _, c := range []struct{ day, alert string }{
		{"2027-01-03", ""}, {"2027-01-04", "j20"}, {"2027-01-05", ""}, {"2027-01-17", ""}, {"2027-01-18", "j10"}, {"2027-01-25", "j5"}, {"2027-02-01", ""}, {"2027-02-02", "late"},
	} {
		w.on(c.day)
		for range 2 {
			w.watch()
		}
		if c.alert != "" {
			want = append(want, c.alert)
		}
		if got := w.alerts(number); !slices.Equal(got, want) {
			t.Fatalf("on %s: %v, want %v", c.day, got, want)
		}
	}
}

func TestAfterAnOutageTheMostPressingAlertIsTold(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	paper := letter()
	paper.Channel = requests.ChannelPost
	posted := w.submit(paper, w.front).Request.Number
	waiting := w.submit(stall("2027-06-20")).Request.Number
	if err := w.decide(posted, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non."}); err != nil {
		t.Fatal(err)
	}
	if err := w.ask(waiting, "2026-12-23"); err != nil {
		t.Fatal(err)
	}
	w.on("2027-01-26")
	if n := w.watch(); n != 3 {
		t.Errorf("%d alerts", n)
	}
	for number, want := range map[string]string{number: "j5", posted: "unnotified", waiting: "limit"} {
		if got := w.alerts(number); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %v, want %s", number, got, want)
		}
	}
	if n := w.watch(); n != 0 {
		t.Errorf("%d alerts again", n)
	}
	if err := w.as(w.admin, func(ctx context.Context, tx *tenants.Tx) error { _, err := requests.Watch(ctx, tx); return err }); !fault.Is(err, "not_allowed") {
		t.Errorf("an agent watches: %v", err)
	}
}

type mail struct {
	Recipient, Template, Subject, Text string
}

func (w *town) outbox(template string) (out []mail) {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		out, err = tenants.All[mail](ctx, tx, `select recipient, template, subject, text from notification where template = $1 order by recipient`, template)
		return err
	})
	return out
}

func TestTheMorningDigestNamesNoCitizenAndComesOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	digest := func() (n int) {
		w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
			n, err = requests.Digest(ctx, tx)
			return err
		})
		return n
	}
	w.on("2026-12-01")
	if n := digest(); n != 0 {
		t.Errorf("%d mails about nothing", n)
	}
	w.on("2026-12-02")
	late := w.submit(certificate()).Request // due on 2026-12-09
	mine := w.submit(certificate()).Request
	lapsing := w.submit(letter()).Request // silent on 2027-02-02
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Assign(ctx, tx, mine.Number, w.instructor.ID, mine.Version)
		return err
	})
	w.on("2026-12-05") // a Saturday
	if n := digest(); n != 0 {
		t.Errorf("%d mails on a Saturday", n)
	}
	w.on("2027-02-03")
	w.lapse()
	if n := digest(); n != 2 { // the front desk decides nothing
		t.Errorf("%d mails", n)
	}
	if n := digest(); n != 0 {
		t.Errorf("%d mails the same day again", n)
	}
	box := w.outbox("digest")
	if len(box) != 2 {
		t.Fatalf("outbox %+v", box)
	}
	for _, m := range box {
		for _, secret := range []string{"Dupont", "Jeanne", "jeanne@"} {
			if strings.Contains(m.Subject+m.Text, secret) {
				t.Errorf("the digest names %q", secret)
			}
		}
		if !strings.Contains(m.Text, late.Number) || !strings.Contains(m.Text, lapsing.Number) {
			t.Errorf("%s reads\n%s", m.Recipient, m.Text)
		}
		if assigned := strings.HasPrefix(m.Recipient, "inès"); strings.Contains(m.Text, mine.Number) != assigned {
			t.Errorf("%s and what is assigned to Inès:\n%s", m.Recipient, m.Text)
		}
	}
}

func TestTheProjectionHoldsNoPerson(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		p, err := requests.ProjectionOf(ctx, tx, r.ID)
		want := tenants.Projection{TenantID: w.Tenant.ID, Number: r.Number, Procedure: "courrier-maire", Channel: "web", State: "received", ReceivedOn: r.ReceivedOn, DueOn: r.DueOn, Version: 1}
		if err == nil && p != want {
			t.Errorf("projection %+v", p)
		}
		return err
	})
}
