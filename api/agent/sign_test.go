package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// What an agent prepares waits in « À signer » until who signs has read it: sent back with a
// word, taken up again, signed, and only then does it leave.
func TestADecisionIsPreparedThenSigned(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Write(t, o.Tenant, o.admin.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		if _, err := staff.Update(ctx, tx, o.admin.ID, staff.Change{GivenName: o.admin.GivenName, FamilyName: o.admin.FamilyName, Title: "Adjointe", Role: o.admin.Role}); err != nil {
			return err
		}
		_, err := staff.Delegate(ctx, tx, staff.Delegation{AgentID: o.admin.ID, Reference: "arrêté n° 4", DatedOn: calendar.NewDate(2026, 3, 3)})
		return err
	})
	number := o.ask(t, "salle-association", room).Number
	b, signs := o.signed(t, o.instructor), o.signed(t, o.admin)
	if p := signs.Get(home); strings.Contains(p.Text("main"), "À signer") {
		t.Error("an empty queue is shown")
	}
	p := b.Get(requestPath(number)+"/decision?issue=refuse").Want(http.StatusOK, "")
	if !strings.Contains(p.Text("form.card .notice"), "attendra la signature de "+o.admin.Name()) {
		t.Errorf("before: %q", p.Texts("form.card .notice"))
	}
	f := p.Form("form.card").Set("motifs", "La salle est prise.").Press("Recomposer").Form("form.card").Set("remise", "post")
	p = f.Press("Refuser").Want(http.StatusOK, requestPath(number))
	if said := p.Text("main"); !strings.Contains(said, "attend la signature de "+o.admin.Name()) || strings.Contains(b.Get("/agents/courriers").Text("main"), number) {
		t.Errorf("while it waits: %q", said)
	}
	if p := b.Get(requestPath(number)+"/signature").Want(http.StatusOK, ""); p.Has("main form") {
		t.Error("who prepared it is offered to sign it")
	}
	queue := signs.Get(home).Follow("À signer").Want(http.StatusOK, toSignPath)
	if said := queue.Text("ul.post"); !strings.Contains(said, "À vous de signer") || !strings.Contains(said, "Le délai court toujours") {
		t.Errorf("the queue says %q", said)
	}
	page := queue.Follow("Refuser").Want(http.StatusOK, requestPath(number)+"/signature")
	if !strings.Contains(page.Text("article"), "La salle est prise.") {
		t.Error("the letter is not there to be read")
	}
	page.Form("form.card").Press("Renvoyer").Want(http.StatusUnprocessableEntity, "")
	page.Form("form.card").Set("motif", "Dites pour quel jour.").Press("Renvoyer").Want(http.StatusOK, requestPath(number))
	p = b.Get(requestPath(number)).Follow("Ouvrir la décision à signer").Want(http.StatusOK, "")
	if !strings.Contains(p.Text("main"), "Dites pour quel jour.") {
		t.Error("why it came back is not said")
	}
	f = p.Follow("Reprendre la décision").Want(http.StatusOK, "").Form("form.card")
	if f.Value("motifs") != "La salle est prise." || !strings.Contains(f.Value("lettre"), "La salle est prise.") {
		t.Errorf("taken up again with %q", f.Value("motifs"))
	}
	f.Set("motifs", "La salle est prise le 20 juin.").Press("Recomposer").Form("form.card").Press("Refuser").Want(http.StatusOK, "")
	signs.Get(requestPath(number)+"/signature").Form(`form:has(input[value="signer"])`).Press("Signer").Want(http.StatusOK, requestPath(number))
	d := o.get(t, number)
	if d.State != requests.StateRefused || !strings.Contains(d.Decisions[0].Letter, "le 20 juin") || !strings.Contains(d.Decisions[0].Signatory, o.admin.Name()) {
		t.Errorf("%s: %+v", d.State, d.Decisions)
	}
	if said := b.Get(requestPath(number)).Text("#historique"); !strings.Contains(said, "préparée par "+o.instructor.Name()) {
		t.Errorf("the history says %q", said)
	}
	b.Get(requestPath(number)+"/signature").Want(http.StatusConflict, "")
}
