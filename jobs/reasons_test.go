package jobs_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// Who agreed to decisions by e-mail is mailed why the silence refused (CRPA L.232-4), with
// the days that the law counts from.
func TestTheReasonsOfASilentRefusalAreMailed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.local(r.Tenant, "2026-12-01 10:00")
	complaint := letter()
	complaint.Applicant.EmailAgreed, complaint.Applicant.DecisionEmail = true, true
	request := r.submit(r.Tenant, complaint)
	r.local(r.Tenant, "2027-02-02 10:00")
	r.Write(t, r.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, request.Number) })
	r.local(r.Tenant, "2027-03-01 10:00")
	r.Write(t, r.Tenant, requests.GuestOf(request), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.AskReasons(ctx, tx, request.Number)
		return err
	})
	r.local(r.Tenant, "2027-03-15 10:00")
	admin := tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Ada Ministre", Role: tenants.RoleAdmin}
	r.Write(t, r.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.Get(ctx, tx, request.Number)
		if err != nil {
			return err
		}
		q, err := requests.GiveReasons(ctx, tx, request.Number, requests.ReasonsInput{Reasons: "Le bruit a été mesuré sous les seuils (CSP R.1336-7)."}, d.Version)
		// Two clear months end on Sunday 16 May, Whit Monday follows.
		if last := calendar.NewDate(2027, 5, 18); err == nil && (q.Delivery != requests.DeliveryEmail || q.AppealLastDay != last) {
			t.Errorf("by %q, appeal until %s", q.Delivery, q.AppealLastDay)
		}
		return err
	})
	r.start()
	var mail parts.Mail
	r.until("the mail of the reasons", func() bool {
		all := r.sink.Messages()
		i := slices.IndexFunc(all, func(m parts.Mail) bool { return strings.Contains(m.Subject, "motifs") })
		if i >= 0 {
			mail = all[i]
		}
		return i >= 0
	})
	if !slices.Equal(mail.To, []string{"jeanne@example.org"}) || strings.Contains(mail.Subject, "Bruit") {
		t.Errorf("to %q, subject %q", mail.To, mail.Subject)
	}
	for _, want := range []string{
		request.Number, "Le 1er mars 2027, vous avez demandé", "reçue le 1er décembre 2026", "vaut refus depuis le 1er février 2027", "L.232-4",
		"Le bruit a été mesuré sous les seuils (CSP R.1336-7).", "18 mai 2027", "Tribunal administratif de Toulouse", "68 rue Raymond IV", "Camille Martin",
		"https://" + r.Tenant.Slug + ".parvis.example/suivi?numero=" + request.Number,
	} {
		for part, text := range map[string]string{"text": mail.Text, "page": mail.HTML} {
			if !strings.Contains(text, want) {
				t.Errorf("the mail’s %s lacks %q:\n%s", part, want, text)
			}
		}
	}
}
