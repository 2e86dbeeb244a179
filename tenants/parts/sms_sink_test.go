package parts_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/parts"
)

func TestSMSSinkSpeaksAsKannelDoes(t *testing.T) {
	t.Parallel()
	reports := make(chan url.Values, 10)
	back := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reports <- r.URL.Query() }))
	t.Cleanup(back.Close)
	sink, err := parts.StartSMSSink(parts.SMSSinkOptions{User: "parvis", Password: "secret", Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Stop)
	for _, c := range []struct {
		to, password, report string
		status               int
	}{
		{"+33600000001", "secret", "1", http.StatusAccepted},
		{"+33600999999", "secret", "2", http.StatusAccepted},
		{"+33600888888", "secret", "16", http.StatusAccepted},
		{"+33600000001", "wrong", "", http.StatusForbidden},
		{"", "secret", "", http.StatusBadRequest},
		{"bad", "secret", "", http.StatusBadRequest},
	} {
		form := url.Values{
			"username": {"parvis"}, "password": {c.password}, "from": {"Parvis"}, "to": {c.to},
			"text": {strings.Repeat("Reçu, n’oubliez pas. ", 8)}, "dlr-mask": {"19"}, "dlr-url": {back.URL + "/?message=m1&status=%d"},
		}
		res, err := http.PostForm(sink.SendURL(), form)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("to %q: status %d, want %d", c.to, res.StatusCode, c.status)
		}
		if c.report == "" {
			continue
		}
		if got := wait(t, reports); got.Get("status") != c.report || got.Get("message") != "m1" {
			t.Errorf("to %q: reported %v", c.to, got)
		}
	}
	got := sink.Messages()
	if len(got) != 1 || got[0].To != "33600000001" || got[0].Parts != 3 || got[0].At != noon() {
		t.Errorf("kept %+v", got)
	}
}
