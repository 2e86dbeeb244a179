package v1_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/v1"
	"github.com/parvis-gru/parvis/api/web/webtest"
)

// Each request mails a receipt with words of the sender's: nobody's letter box, and no
// telephone, may be filled by it, from however many addresses.
func TestNobodyIsFloodedWithReceipts(t *testing.T) {
	t.Parallel()
	d := webtest.New(t)
	server := v1.New(d.Deps)
	scope, err := d.Scope(t.Context(), d.Registry.Host(d.Tenant.Slug))
	if err != nil {
		t.Fatal(err)
	}
	file := func(remote, email string) int {
		body := report(func(b map[string]any) {
			b["applicant"] = map[string]any{"given_name": "A", "family_name": "B", "email": email, "postal_address": "1 rue X\n31320 Castanet-Tolosan"}
		})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/requests", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		server.Serve(w, r, scope)
		return w.Code
	}
	last := 0
	for n := range 30 {
		if last = file(fmt.Sprintf("198.51.100.%d:4711", n), []string{"victime@example.fr", "Victime@Example.fr"}[n%2]); last != http.StatusCreated {
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("thirty receipts for one person: %d", last)
	}
	if got := file("198.51.100.1:4711", "autre@example.fr"); got != http.StatusCreated {
		t.Errorf("somebody else is refused too: %d", got)
	}
	for n := range 400 { // a subscriber's many addresses are one
		if last = file(fmt.Sprintf("[2001:db8:1:1::%x]:4711", n), fmt.Sprintf("p%d", n)); last != http.StatusUnprocessableEntity {
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("four hundred requests of one network: %d", last)
	}
}
