package parts_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/parvis-gru/parvis/tenants/parts"
)

// smsRig is a Kannel with the two addresses that it calls.
type smsRig struct {
	*parts.Kannel
	url      string
	receipts chan url.Values
	inbound  chan url.Values
}

// noon is the clock of the sinks in these tests.
func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func startKannel(t *testing.T) *smsRig {
	t.Helper()
	rig := &smsRig{receipts: make(chan url.Values, 20), inbound: make(chan url.Values, 20)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /receipt", func(_ http.ResponseWriter, r *http.Request) { rig.receipts <- r.URL.Query() })
	mux.HandleFunc("GET /inbound", func(_ http.ResponseWriter, r *http.Request) { rig.inbound <- r.URL.Query() })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	rig.url = server.URL
	k, err := parts.StartKannel(t.Context(), parts.KannelOptions{
		Dir: t.TempDir(), InboundURL: server.URL + "/inbound", Now: noon, Progress: func(line string) { t.Log(line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Stop)
	rig.Kannel = k
	return rig
}

// send asks the gateway to send a text, with a receipt for delivery and failure.
func (k *smsRig) send(t *testing.T, to, text, coding, password string) (int, string) {
	t.Helper()
	q := url.Values{
		"username": {k.User}, "password": {password}, "from": {"Parvis"}, "to": {to}, "text": {text},
		"charset": {"UTF-8"}, "dlr-mask": {"19"},
		"dlr-url": {k.url + "/receipt?message=m1&status=%d&answer=%A&at=%T"},
	}
	if coding != "" {
		q.Set("coding", coding)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, k.SendURL()+"?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(body))
}

// wait gives what comes first, within ten seconds.
func wait(t *testing.T, from chan url.Values) url.Values {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came from the gateway")
		return nil
	}
}

func TestKannelSendsAndReports(t *testing.T) {
	t.Parallel()
	k := startKannel(t)
	cases := []struct {
		name, coding, text string
		parts              int
	}{
		{"short, default alphabet", "0", "Votre demande est arrivée à la mairie. 2 € {ok}", 1},
		{"letters outside the default alphabet", "2", "Votre reçu : n’oubliez pas.", 1},
		{"long", "0", "Mairie de Labège. " + strings.Repeat("Venez la retirer à l'accueil, du lundi au vendredi. ", 5) + "Fin", 2},
		{"long and outside", "2", strings.Repeat("Reçu, n’oubliez pas. ", 8) + "Fin", 3},
	}
	for i, c := range cases {
		status, answer := k.send(t, "+33600000001", c.text, c.coding, k.Password)
		if status != http.StatusAccepted || answer != "0: Accepted for delivery" {
			t.Fatalf("%s: status %d, %q", c.name, status, answer)
		}
		for got := ""; got != "1"; {
			report := wait(t, k.receipts)
			got = report.Get("status")
			if report.Get("message") != "m1" {
				t.Fatalf("%s: the report is not of this message", c.name)
			}
		}
		sent := keptMessages(t, k, i+1)[i]
		want := parts.SMS{From: "Parvis", To: "33600000001", Text: c.text, Parts: c.parts, At: noon()}
		if sent != want {
			t.Errorf("%s: got %+v, want %+v", c.name, sent, want)
		}
	}
}

// keptMessages waits until the message centre has n messages.
func keptMessages(t *testing.T, k *smsRig, n int) []parts.SMS {
	t.Helper()
	for range 200 {
		if got := k.SMSC.Messages(); len(got) >= n {
			return got
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("the message centre has fewer than %d messages", n)
	return nil
}

func TestKannelReportsFailures(t *testing.T) {
	t.Parallel()
	k := startKannel(t)
	for to, want := range map[string]string{"+33600999999": "2", "+33600888888": "16"} {
		if status, answer := k.send(t, to, "Bonjour", "0", k.Password); status != http.StatusAccepted {
			t.Fatalf("send: status %d, %q", status, answer)
		}
		if got := wait(t, k.receipts).Get("status"); got != want {
			t.Errorf("%s: reported %s, want %s", to, got, want)
		}
	}
	if got := k.SMSC.Messages(); len(got) != 0 {
		t.Errorf("%d messages are kept that did not arrive", len(got))
	}
	if status, _ := k.send(t, "+33600000001", "Bonjour", "0", "wrong"); status != http.StatusForbidden {
		t.Errorf("wrong password: status %d", status)
	}
}

func TestKannelReceives(t *testing.T) {
	t.Parallel()
	k := startKannel(t)
	for _, c := range []struct{ text, coding, charset string }{
		{"STOP à tous", "0", "UTF-8"},
		{"Reçu, n’insistez pas", "2", "UTF-16BE"},
	} {
		if err := k.SMSC.Receive("+33600000002", "36111", c.text); err != nil {
			t.Fatal(err)
		}
		got := wait(t, k.inbound)
		text := got.Get("text")
		if got.Get("coding") != c.coding || got.Get("charset") != c.charset {
			t.Fatalf("coding %s, charset %s", got.Get("coding"), got.Get("charset"))
		}
		if c.coding == "2" {
			text = utf16BE(text)
		}
		if text != c.text || got.Get("from") != "+33600000002" || !strings.HasSuffix(got.Get("to"), "36111") {
			t.Errorf("came as %q from %s to %s", text, got.Get("from"), got.Get("to"))
		}
	}
}

func utf16BE(raw string) string {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units))
}
