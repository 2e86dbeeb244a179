package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/parts"
)

func TestAMailIsQueuedWithItsJobAndSentOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{smtp: parts.SMTPOptions{User: "parvis", Password: "secret"}, mailer: func(c *notify.MailerConfig) { c.User, c.Password = "parvis", "secret" }})
	id := r.mail(t, r.request(t), "camille@example.org")
	jobs := r.Jobs(t)
	var args notify.SendArgs
	if len(jobs) != 1 || jobs[0].Kind != "notify_send" || json.Unmarshal(jobs[0].Args, &args) != nil || args != (notify.SendArgs{Tenant: r.Tenant.ID, Notification: id}) {
		t.Fatalf("jobs: %+v", jobs)
	}
	if strings.Contains(string(jobs[0].Args), "@") {
		t.Error("a job holds an address")
	}
	for range 2 { // the second finds it done
		if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
			t.Fatal(err)
		}
	}
	row := r.expect(t, id, "sent", "", 1)
	if row.SentAt == nil || row.Text == "" {
		t.Errorf("sent at %v, %d letters kept", row.SentAt, len(row.Text))
	}
	mails := r.sink.Messages()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	checkMail(t, mails[0], id)
	if got := r.counted(t); !maps.Equal(got, map[string]int{"email sent": 1}) {
		t.Errorf("counted %v", got)
	}
}

func checkMail(t *testing.T, m parts.Mail, id tenants.ID) {
	t.Helper()
	if !m.TLS || m.User != "parvis" || m.From != "ne-pas-repondre@parvis.example" || !slices.Equal(m.To, []string{"camille@example.org"}) {
		t.Errorf("envelope: TLS %v, %q, %q, %q", m.TLS, m.User, m.From, m.To)
	}
	for header, want := range map[string]string{
		"From": `"Castanet-Tolosan" <ne-pas-repondre@parvis.example>`, "To": "<camille@example.org>", "Reply-To": `"Castanet-Tolosan" <mairie@castanet.example>`,
		"Message-Id": "<" + string(id) + "@parvis.example>", "Date": "Mon, 23 Nov 2026 10:00:00 +0100", "Auto-Submitted": "auto-generated", "Content-Language": "fr", "X-Mailer": "", "Bcc": "",
	} {
		if got := m.Headers.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if media := m.Headers.Get("Content-Type"); !strings.HasPrefix(media, "multipart/related") {
		t.Errorf("Content-Type: %q", media)
	}
	if n := len(all(parse(t, m.HTML), `.head img[src="cid:logo@parvis"][alt=""]`)); n != 1 {
		t.Errorf("%d logos in the head", n)
	}
	if m.Subject != "Accusé de réception de votre demande 26-000123" {
		t.Errorf("subject %q", m.Subject)
	}
	link := "https://castanet-tolosan.parvis.example/suivi?numero=26-000123"
	if !strings.Contains(m.Text, link) || strings.Contains(m.Text+m.HTML, ".invalid") {
		t.Errorf("the text does not lead to the commune's site:\n%s", m.Text)
	}
	if buttons := all(parse(t, m.HTML), "a.button"); len(buttons) != 1 || attribute(buttons[0], "href") != link {
		t.Errorf("the page does not lead to %s", link)
	}
}

func TestARefusedMailBouncesAndTheHistorySaysSo(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	request := r.request(t)
	id := r.mail(t, request, "bounce@example.org")
	for range 2 {
		if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
			t.Fatalf("a bounce is no reason to try again: %v", err)
		}
	}
	r.expect(t, id, "bounced", "smtp 550 5.1.1", 1)
	if got := r.events(t, request); !slices.Equal(got, []string{"notification_bounced"}) {
		t.Errorf("history: %v", got)
	}
	// The connection that refused it serves the next one.
	good := r.mail(t, request, "camille@example.org")
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, good); err != nil {
		t.Fatal(err)
	}
	r.expect(t, good, "sent", "", 1)
	if got := r.counted(t); !maps.Equal(got, map[string]int{"email sent": 1, "email bounced": 1}) {
		t.Errorf("counted %v", got)
	}
}

func TestABusyServerIsTriedAgainUntilTheEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{maxAttempts: 3})
	request := r.request(t)
	id := r.mail(t, request, "busy@example.org")
	for attempt := 1; attempt <= 2; attempt++ {
		err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id)
		if !fault.Is(err, "mail_away") || fault.Of(err).Kind != fault.Unavailable || strings.Contains(err.Error(), "busy@") {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
		r.expect(t, id, "queued", "smtp 451 4.3.2", attempt)
	}
	if got := r.events(t, request); len(got) != 0 {
		t.Errorf("history before the end: %v", got)
	}
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Fatalf("the last attempt: %v", err)
	}
	r.expect(t, id, "failed", "smtp 451 4.3.2", 3)
	if got := r.events(t, request); !slices.Equal(got, []string{"notification_failed"}) {
		t.Errorf("history: %v", got)
	}
	if got := r.counted(t); !maps.Equal(got, map[string]int{"email retried": 2, "email failed": 1}) {
		t.Errorf("counted %v", got)
	}
}

func TestAServerThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{mailer: func(c *notify.MailerConfig) { c.TLS = notify.TLSNone }})
	deliver := func(id tenants.ID) error { return r.sender.Deliver(t.Context(), r.DB, r.Tenant, id) }
	if err := deliver(r.mail(t, "", "camille@example.org")); err != nil {
		t.Fatal(err)
	}
	r.sink.Stop() // with it dies the connection that was kept
	id := r.mail(t, "", "camille@example.org")
	if err := deliver(id); !fault.Is(err, "mail_away") {
		t.Fatalf("without a server: %v", err)
	}
	r.expect(t, id, "queued", "smtp away", 1)
	back, err := parts.StartSMTP(parts.SMTPOptions{Addr: r.sink.Addr(), Now: r.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.sink = back
	if err := deliver(id); err != nil {
		t.Fatal(err)
	}
	r.expect(t, id, "sent", "", 2)
	if n := len(back.Messages()); n != 1 {
		t.Errorf("%d mails after it came back", n)
	}
}

func TestAKeptConnectionThatDiedIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{mailer: func(c *notify.MailerConfig) { c.TLS = notify.TLSNone }})
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, r.mail(t, "", "camille@example.org")); err != nil {
		t.Fatal(err)
	}
	r.sink.Stop()
	back, err := parts.StartSMTP(parts.SMTPOptions{Addr: r.sink.Addr(), Now: r.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.sink = back
	id := r.mail(t, "", "camille@example.org")
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Fatal(err)
	}
	r.expect(t, id, "sent", "", 1)
}

func TestManyWorkersSendOneMailOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	ids := []tenants.ID{r.mail(t, "", "a@example.org"), r.mail(t, "", "b@example.org"), r.mail(t, "", "c@example.org")}
	var wait sync.WaitGroup
	for range 4 {
		for _, id := range ids {
			wait.Go(func() {
				err := r.sender.Deliver(context.Background(), r.DB, r.Tenant, id)
				if err != nil && !fault.Is(err, "notification_claimed") {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	to := map[string]int{}
	for _, m := range r.sink.Messages() {
		to[m.To[0]]++
	}
	if !maps.Equal(to, map[string]int{"a@example.org": 1, "b@example.org": 1, "c@example.org": 1}) {
		t.Errorf("sent %v", to)
	}
}

func TestAClaimOutlivesItsWorkerByTwoMinutes(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	id := r.mail(t, "", "camille@example.org")
	if _, err := r.Pool.Exec(t.Context(), fmt.Sprintf(`update %s.notification set claimed_at = $1, attempts = 1`, r.Tenant.Schema), r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); !fault.Is(err, "notification_claimed") {
		t.Fatalf("while another has it: %v", err)
	}
	r.Clock.Set(r.Clock.Now().Add(2*time.Minute + time.Second))
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Fatal(err)
	}
	r.expect(t, id, "sent", "", 2)
}

func TestAMissingRowIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	id := r.mail(t, "", "camille@example.org")
	for name, err := range map[string]error{
		"no such row":     r.sender.Deliver(t.Context(), r.DB, r.Tenant, tenants.NewID()),
		"another commune": r.sender.Deliver(t.Context(), r.DB, r.Other, id),
	} {
		if !fault.Is(err, "notification_unknown") || fault.Of(err).Kind != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(r.sink.Messages()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestTheCodeOfADraftIsNotKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	m, err := notify.Render(r.Tenant, town, every()["resume"])
	if err != nil {
		t.Fatal(err)
	}
	id := r.queue(t, notify.Message{Channel: "email", Template: "resume_code", To: "camille@example.org", Subject: m.Subject, Text: m.Text, HTML: m.HTML})
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Fatal(err)
	}
	if row := r.expect(t, id, "sent", "", 1); row.Text != "" {
		t.Errorf("kept: %q", row.Text)
	}
	if !strings.Contains(r.sink.Messages()[0].Text, "ABCD-EFGH-JKMN") {
		t.Error("the code was not sent")
	}
}

func TestWhatCannotBeQueuedIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	for code, messages := range map[string][]notify.Message{
		"recipient_invalid": {{Channel: "email", To: "x\r\nBcc: y@z.fr"}, {Channel: "email", To: ""}, {Channel: "sms", To: "12"}, {Channel: "sms", To: ""}},
		"channel_invalid":   {{Channel: "post", To: "a@example.org"}},
	} {
		for _, m := range messages {
			err := r.DB.Write(t.Context(), r.Tenant, tenants.System("test"), func(tx *tenants.Tx) error { return notify.Enqueue(t.Context(), tx, m) })
			if !fault.Is(err, code) {
				t.Errorf("%q by %s: %v", m.To, m.Channel, err)
			}
		}
	}
	// A row written without Enqueue is checked when it is sent.
	request := r.request(t)
	id := r.mail(t, request, "camille@example.org")
	if _, err := r.Pool.Exec(t.Context(), fmt.Sprintf(`update %s.notification set recipient = E'x@example.org\r\nBcc: y@example.org'`, r.Tenant.Schema)); err != nil {
		t.Fatal(err)
	}
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Fatal(err)
	}
	r.expect(t, id, "bounced", "recipient", 1)
	if n := len(r.sink.Messages()); n != 0 {
		t.Errorf("%d mails", n)
	}
}
