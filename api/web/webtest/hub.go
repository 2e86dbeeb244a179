package webtest

import (
	"net/http"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// HubAdmin signs an administrator of the hub in, without Kratos, who may do what a says. Its
// Subject tells administrators of one role apart.
func (d *Deployment) HubAdmin(t testing.TB, a tenants.HubAdmin) (*Browser, tenants.HubAdmin) {
	t.Helper()
	if a.Subject == "" {
		a.Subject = string(a.Role)
	}
	a.HubID, a.GivenName, a.FamilyName, a.Email = d.Hub.ID, "Hélène", "Garrigues", a.Subject+"@sicoval.example"
	admin, err := d.Registry.AddHubAdmin(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	token, hash := identity.NewToken()
	if err := d.Registry.StartHubSession(t.Context(), tenants.NewHubSession{AdminID: admin.ID, Hash: hash, Life: identity.AgentLife}); err != nil {
		t.Fatal(err)
	}
	b := d.BrowserOf(t, d.Hub.Slug)
	b.SetCookies([]*http.Cookie{{Name: "parvis", Value: token, Path: "/"}}) //nolint:gosec // G124: what a browser sends back; attributes are the server's
	return b, admin
}
