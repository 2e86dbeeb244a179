package notify_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

// smsRig is a rig behind a real Kannel that reports to it.
type smsRig struct {
	*rig
	kannel *parts.Kannel

	mu      sync.Mutex
	queries []url.Values
}

func newSMSRig(t *testing.T, configure func(*notify.SMSConfig)) *smsRig {
	t.Helper()
	s := &smsRig{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		s.mu.Lock()
		s.queries = append(s.queries, q.URL.Query())
		s.mu.Unlock()
		report, err := s.sender.ParseReport(q.URL.Query())
		if err == nil {
			err = s.sender.DeliveryReport(context.WithoutCancel(q.Context()), s.DB, s.Tenant, report)
		}
		if err != nil {
			if t.Context().Err() == nil { // else the test is over, and its database gone
				t.Error(err)
			}
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	kannel, err := parts.StartKannel(t.Context(), parts.KannelOptions{Dir: t.TempDir(), Now: func() time.Time { return pgtest.Start }, Progress: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kannel.Stop)
	config := notify.SMSConfig{
		SendURL: kannel.SendURL(), User: kannel.User, Password: kannel.Password, From: "Parvis",
		ReportURL: server.URL + "/sms/rapport", ReportKey: pgtest.Master.Platform("sms dlr"),
	}
	if configure != nil {
		configure(&config)
	}
	sms, err := notify.NewSMS(config)
	if err != nil {
		t.Fatal(err)
	}
	s.kannel, s.rig = kannel, newRig(t, options{sms: sms})
	return s
}

// until waits for a row to reach a state.
func (s *smsRig) until(t *testing.T, id tenants.ID, state string) row {
	t.Helper()
	for range 400 {
		if got := s.rows(t)[id]; got.State == state {
			return got
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("it never was %s: %+v", state, s.rows(t)[id])
	return row{}
}

func TestTextMessagesReachTheirTelephonesAndReport(t *testing.T) {
	t.Parallel()
	s := newSMSRig(t, nil)
	request := s.request(t)
	texts := map[string]string{
		"Mairie de Labège\u00a0: votre reçu n’attend que vous, à l’accueil.":      "Mairie de Labège : votre recu n'attend que vous, à l'accueil.",
		"Mairie de Labège : 2 € {ok}":                                             "Mairie de Labège : 2 € {ok}",
		"بلدية: طلبك وصل":                                                         "بلدية: طلبك وصل",
		strings.Repeat("Venez la retirer à l’accueil, du lundi au vendredi. ", 6): strings.TrimSpace(strings.Repeat("Venez la retirer à l'accueil, du lundi au vendredi. ", 6)) + " ",
	}
	for text, want := range texts {
		id := s.text(t, request, "06 12 34 56 78", text)
		if err := s.sender.Deliver(t.Context(), s.DB, s.Tenant, id); err != nil {
			t.Fatal(err)
		}
		if got := s.until(t, id, "delivered"); got.SentAt == nil || got.Detail != "" || got.Recipient != "+33612345678" {
			t.Errorf("the row says %+v", got)
		}
		arrived := s.kannel.SMSC.Messages()
		last := arrived[len(arrived)-1]
		if last.Text != want || last.From != "Parvis" || last.To != "33612345678" {
			t.Errorf("arrived as %+v, want %q", last, want)
		}
	}
	if got := s.events(t, request); len(got) != 0 {
		t.Errorf("history: %v", got)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queries {
		if said := q.Encode(); strings.Contains(said, "612345678") || strings.Contains(said, string(request)) {
			t.Errorf("a report's address says too much: %s", said)
		}
	}
}

func TestTextMessagesThatDoNotArrive(t *testing.T) {
	t.Parallel()
	s := newSMSRig(t, nil)
	for to, detail := range map[string]string{"+33600999999": "sms undelivered", "+33600888888": "sms refused"} {
		request := s.request(t)
		id := s.text(t, request, to, "Bonjour")
		if err := s.sender.Deliver(t.Context(), s.DB, s.Tenant, id); err != nil {
			t.Fatal(err)
		}
		if got := s.until(t, id, "failed"); got.Detail != detail {
			t.Errorf("%s: %q", to, got.Detail)
		}
		if err := s.sender.Deliver(t.Context(), s.DB, s.Tenant, id); err != nil {
			t.Errorf("tried again: %v", err)
		}
		if got := s.events(t, request); !slices.Equal(got, []string{"notification_failed"}) {
			t.Errorf("history: %v", got)
		}
	}
	if got := s.counted(t); !maps.Equal(got, map[string]int{"sms sent": 2, "sms failed": 2}) {
		t.Errorf("counted %v", got)
	}
}

func TestAGatewayThatDoesNotTakeItIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSMSRig(t, func(c *notify.SMSConfig) { c.Password = "wrong-password" })
	id := s.text(t, "", "+33612345678", "Bonjour")
	deliver := func(sender *notify.Sender) {
		err := sender.Deliver(t.Context(), s.DB, s.Tenant, id)
		if !fault.Is(err, "sms_away") || strings.Contains(err.Error(), "612345678") || strings.Contains(err.Error(), "password") {
			t.Errorf("got %v", err)
		}
	}
	deliver(s.sender)
	s.expect(t, id, "queued", "sms 403", 1)
	s.kannel.Stop()
	deliver(s.sender)
	s.expect(t, id, "queued", "sms away", 2)
}

func TestWithoutAGatewayTextMessagesEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	request := r.request(t)
	id := r.text(t, request, "+33612345678", "Bonjour")
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Fatal(err)
	}
	r.expect(t, id, "failed", "sms off", 1)
	if got := r.events(t, request); !slices.Equal(got, []string{"notification_failed"}) {
		t.Errorf("history: %v", got)
	}
	if _, err := r.sender.ParseReport(url.Values{"m": {"x"}, "status": {"1"}}); !fault.Is(err, "report_unknown") {
		t.Errorf("a report nobody asked for: %v", err)
	}
}

func TestReportsAreSignedAndIdempotent(t *testing.T) {
	t.Parallel()
	// A gateway of our own, to hold the address that it was given.
	asked := make(chan string, 1)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked <- q.URL.Query().Get("dlr-url")
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(gateway.Close)
	sms, err := notify.NewSMS(notify.SMSConfig{SendURL: gateway.URL + "/s", User: "u", Password: "p", From: "Parvis", ReportURL: "https://api.example/sms/rapport", ReportKey: pgtest.Master.Platform("sms dlr")})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, options{sms: sms})
	request := r.request(t)
	id := r.text(t, request, "+33612345678", "Bonjour")
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Fatal(err)
	}
	address, query, _ := strings.Cut(<-asked, "?")
	values, err := url.ParseQuery(strings.ReplaceAll(query, "%d", "1"))
	if err != nil || address != "https://api.example/sms/rapport" {
		t.Fatal(address, err)
	}
	token := values.Get("m")
	for name, q := range map[string]url.Values{
		"no token": {"status": {"1"}}, "a changed token": {"m": {flip(token, 5)}, "status": {"1"}}, "a changed signature": {"m": {flip(token, len(token)-2)}, "status": {"1"}},
		"a short token": {"m": {token[:20]}, "status": {"1"}}, "no status": {"m": {token}}, "a strange status": {"m": {token}, "status": {"01"}},
	} {
		if _, err := r.sender.ParseReport(q); !fault.Is(err, "report_unknown") {
			t.Errorf("%s: %v", name, err)
		}
	}
	report, err := r.sender.ParseReport(values)
	if err != nil || report != (notify.Report{Tenant: r.Tenant.ID, Notification: id, Status: notify.ReportDelivered}) {
		t.Fatalf("%+v, %v", report, err)
	}
	if err := r.sender.DeliveryReport(t.Context(), r.DB, r.Other, report); !fault.Is(err, "report_unknown") {
		t.Errorf("to another commune: %v", err)
	}
	steps := []struct {
		status notify.ReportStatus
		state  string
	}{
		{notify.ReportBuffered, "sent"}, {notify.ReportAccepted, "sent"}, {notify.ReportDelivered, "delivered"}, {notify.ReportDelivered, "delivered"},
		{notify.ReportFailed, "failed"}, {notify.ReportFailed, "failed"}, {notify.ReportDelivered, "failed"},
	}
	for i, step := range steps {
		report.Status = step.status
		if err := r.sender.DeliveryReport(context.Background(), r.DB, r.Tenant, report); err != nil {
			t.Fatal(err)
		}
		if got := r.rows(t)[id].State; got != step.state {
			t.Errorf("step %d: %s, want %s", i, got, step.state)
		}
	}
	if got := r.events(t, request); !slices.Equal(got, []string{"notification_failed"}) {
		t.Errorf("history: %v", got)
	}
	if got := r.counted(t); !maps.Equal(got, map[string]int{"sms sent": 1, "sms delivered": 1, "sms failed": 1}) {
		t.Errorf("counted %v", got)
	}
}

// flip changes one letter of a token.
func flip(token string, at int) string {
	other := "A"
	if token[at] == 'A' {
		other = "B"
	}
	return token[:at] + other + token[at+1:]
}

func FuzzParseReport(f *testing.F) {
	sms, err := notify.NewSMS(notify.SMSConfig{SendURL: "http://localhost/s", From: "Parvis", ReportURL: "http://localhost/r", ReportKey: pgtest.Master.Platform("sms dlr")})
	if err != nil {
		f.Fatal(err)
	}
	sender := bareSender(f, sms)
	f.Add("AAAAAAAAAAcBlvLEpbB9PjkPobLD1OX2", "1")
	f.Add("", "16")
	f.Fuzz(func(t *testing.T, m, status string) {
		if r, err := sender.ParseReport(url.Values{"m": {m}, "status": {status}}); err == nil {
			t.Errorf("%q is taken as %+v", m, r)
		}
	})
}
