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

func (w *town) noticeSources() int {
	w.t.Helper()
	n := 0
	w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		n, err = requests.NoticeSources(ctx, tx)
		return err
	})
	return n
}

func (w *town) register() (list []requests.Source) {
	w.t.Helper()
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
		list, err = requests.Sources(ctx, tx)
		return err
	})
	return list
}

func (w *town) judge(a tenants.Actor, do func(ctx context.Context, tx *tenants.Tx) error) error {
	return w.as(a, do)
}

// B4 of law.md: the 400th identical sending of a day is exempt, the source is told, and an
// agent may then block it.
func TestTheSameOverAndOverIsExemptThenBlocked(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.set(func(s *tenants.Settings) { s.Abuse = tenants.Abuse{Sender: 10, Identical: 6, Network: 30} })
	w.on("2026-12-01")
	send := func(text string) requests.Submission {
		s := letter()
		s.Applicant.Email, s.Network = "Jeanne@Example.org", "192.0.2.7"
		s.Answers = forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit"), "message": forms.Text(text)}
		return s
	}
	for range 5 {
		w.submit(send("Le bruit ne cesse pas, encore."))
	}
	if n := w.noticeSources(); n != 0 || len(w.register()) != 0 {
		t.Fatalf("%d noticed below the threshold", n)
	}
	w.submit(send("Le bruit ne cesse pas, encore."))
	if n := w.noticeSources(); n != 1 {
		t.Fatalf("%d noticed", n)
	}
	x := w.register()[0]
	if x.Kind != requests.SourceEmail || x.Label != "jeanne@example.org" || x.Count != 6 || x.Identical != 6 || x.WarnedAt.IsZero() || x.Blocked(w.Clock.Now()) {
		t.Errorf("noticed %+v", x)
	}
	if box := w.outbox("source_warning"); len(box) != 1 || box[0].Recipient != "jeanne@example.org" || !strings.Contains(box[0].Text, "6 envois") {
		t.Errorf("warned by %+v", box)
	}
	if n := w.noticeSources(); n != 0 || len(w.outbox("source_warning")) != 1 {
		t.Errorf("noticed twice, or warned twice")
	}
	// One more of the same is taken in without a receipt; what says something else has its own.
	d := w.get(w.submit(send("Le bruit ne cesse pas, encore.")).Request.Number)
	if len(d.Receipts) != 0 || len(d.Notifications) != 0 || !strings.Contains(d.Standing.Exempt, "abusif") || !slices.Contains(kinds(d), "receipt_exempt") {
		t.Errorf("exempt: %v, %+v", abouts(d), d.Standing)
	}
	if d := w.get(w.submit(send("Un arbre est tombé sur la route.")).Request.Number); len(d.Receipts) != 1 {
		t.Errorf("something else: %v", abouts(d))
	}
	block := func(a tenants.Actor, days int, reason string) error {
		return w.judge(a, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.BlockSource(ctx, tx, x.ID, days, reason)
		})
	}
	for name, c := range map[string]struct {
		actor  tenants.Actor
		days   int
		reason string
		code   string
	}{
		"no reason": {w.admin, 3, " ", "block_reason_required"}, "for ever": {w.admin, 31, "Trop.", "block_invalid"}, "for nothing": {w.admin, 0, "Trop.", "block_invalid"},
		"the front desk": {w.front, 3, "Trop.", "not_allowed"}, "a citizen": {w.citizen, 3, "Trop.", "not_allowed"},
	} {
		if err := block(c.actor, c.days, c.reason); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := block(w.admin, 3, "400 envois identiques"); err != nil {
		t.Fatal(err)
	}
	try := func(a tenants.Actor, s requests.Submission) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error { _, err := requests.Submit(ctx, tx, s); return err })
	}
	err := try(tenants.Guest(), send("Autre chose encore, très différent."))
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Forbidden || f.Code != "sender_blocked" || len(f.Fields) != 2 || !strings.Contains(f.Fields[0].Message, "4 décembre 2026") || !strings.Contains(f.Fields[1].Message, "400 envois identiques") {
		t.Fatalf("blocked: %+v", err)
	}
	byKey := send("Par le logiciel, avec une clé.")
	byKey.Channel, byKey.IdempotencyKey = requests.ChannelAPI, "k1"
	if err := try(tenants.Guest(), byKey); !fault.Is(err, "sender_blocked") {
		t.Errorf("with a key: %v", err)
	}
	// Somebody else of the same network goes on, and the agent records what comes to the counter.
	other := send("Une autre personne, du même réseau.")
	other.Applicant.Email = "paul@example.org"
	if err := try(tenants.Guest(), other); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	atDesk := send("Je viens au guichet, faute de mieux.")
	atDesk.Channel = requests.ChannelEmail
	if err := try(w.front, atDesk); err != nil {
		t.Errorf("recorded by an agent: %v", err)
	}
	w.on("2026-12-04")
	if err := try(tenants.Guest(), send("Le dernier jour du blocage.")); !fault.Is(err, "sender_blocked") {
		t.Errorf("on its last day: %v", err)
	}
	w.on("2026-12-05")
	if err := try(tenants.Guest(), send("Le lendemain du blocage.")); err != nil {
		t.Errorf("after its last day: %v", err)
	}
}

// Many different sendings are for an agent to judge: nothing is exempt, nobody is warned.
func TestManySendingsAreForAnAgentToJudge(t *testing.T) { //nolint:funlen // one story
	t.Parallel()
	w := newTown(t)
	w.set(func(s *tenants.Settings) { s.Abuse = tenants.Abuse{Sender: 8, Identical: 6, Network: 8} })
	w.on("2026-12-01")
	send := func(i int) requests.Submission {
		s := letter()
		s.Network = "192.0.2.7"
		s.Answers = forms.Answers{"nature": forms.Text("question"), "sujet": forms.Text("Cantine"), "message": forms.Text("Une inscription pour l’élève " + strings.Repeat("x", i+1))}
		return s
	}
	for i := range 8 {
		w.submit(send(i))
	}
	if n := w.noticeSources(); n != 2 || len(w.outbox("source_warning")) != 0 { // the address, and the network
		t.Fatalf("%d noticed, warned %+v", n, w.outbox("source_warning"))
	}
	var attention requests.Attention
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		attention, err = requests.NeedsAttention(ctx, tx)
		return err
	})
	if attention.Sources != 2 {
		t.Errorf("attention %+v", attention)
	}
	if d := w.get(w.submit(send(9)).Request.Number); len(d.Receipts) != 1 {
		t.Errorf("exempt without anybody's word: %v", abouts(d))
	}
	for _, x := range w.register() {
		if x.Kind == requests.SourceNetwork && (x.Label != "" || strings.Contains(x.ID, "192")) {
			t.Errorf("a network is kept in clear: %+v", x)
		}
		err := w.judge(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.BlockSource(ctx, tx, x.ID, 3, "Trop.")
		})
		if !fault.Is(err, "source_not_warned") {
			t.Errorf("blocked without a warning: %v", err)
		}
		w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error { return requests.WarnSource(ctx, tx, x.ID) })
	}
	if d := w.get(w.submit(send(10)).Request.Number); len(d.Receipts) != 0 {
		t.Errorf("found abusive, and yet acknowledged: %v", abouts(d))
	}
	for _, x := range w.register() {
		if x.Kind != requests.SourceNetwork {
			continue
		}
		w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.BlockSource(ctx, tx, x.ID, 1, "Trop.")
		})
		other := send(11)
		other.Applicant.Email = "paul@example.org"
		err := w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error { _, err := requests.Submit(ctx, tx, other); return err })
		if !fault.Is(err, "sender_blocked") {
			t.Errorf("of a blocked network: %v", err)
		}
		w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error { return requests.UnblockSource(ctx, tx, x.ID) })
		w.submit(other)
		for _, y := range w.register() {
			if y.ID == x.ID && len(y.History) != 4 {
				t.Errorf("the history holds %d events", len(y.History))
			}
		}
	}
	// After a month nothing is left of the networks.
	w.on("2027-01-08")
	w.watch()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		left, err := tenants.One[int64](ctx, tx, `select count(*) from request where source is not null and received_on < '2026-12-05'`)
		if err == nil && left != 0 {
			t.Errorf("%d requests still keep their network", left)
		}
		return err
	})
}

func TestEachTwentiethRequestCountsTheSources(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{"26-000020": true, "26-000021": false, "26-000400": true, "26-1000000": true, "26-000001": false} {
		if requests.CountsSources(number) != want {
			t.Errorf("%s: %v", number, !want)
		}
	}
}
