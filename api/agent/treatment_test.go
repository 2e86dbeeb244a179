package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// flows gives a procedure a workflow.
func (o *office) flows(t *testing.T, slug, text string) {
	t.Helper()
	var flow workflow.Workflow
	if err := json.Unmarshal([]byte(text), &flow); err != nil {
		t.Fatal(err)
	}
	o.Write(t, o.Tenant, o.admin.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, slug)
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		p.Workflow = &flow
		_, err = catalogue.Publish(ctx, tx, slug, p)
		return err
	})
}

const shortCircuit = `{"steps":[
	{"name":"examen","title":"Examen"},
	{"name":"avis","title":"Avis de la voirie","actions":[{"name":"voirie","kind":"opinion","service":"Voirie","text":"Qu’en dites-vous ?","days":5}],"wait":{"opinions":true}},
	{"name":"paiement","title":"Paiement","wait":{"payment":true}},
	{"name":"decision","title":"Décision","decides":true}],
	"transitions":[
	{"name":"aviser","from":"examen","to":"avis","label":"Demander l’avis","who":["service"]},
	{"name":"valider","from":"examen","to":"decision","label":"Valider","who":["hierarchy"]},
	{"name":"avise","from":"avis","to":"paiement","auto":true},
	{"name":"paye","from":"paiement","to":"decision","auto":true}]}`

func TestARequestIsMovedAlongItsCircuit(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.flows(t, "courrier-maire", shortCircuit)
	r := o.ask(t, "courrier-maire", letterToMayor)
	path := requestPath(r.Number)
	mine, other := o.signed(t, o.instructor), o.signed(t, o.admin)
	p := mine.Get(path).Want(http.StatusOK, "")
	late := other.Get(path)
	if got := p.Text("#circuit [aria-current=step]"); got != "Examen" || p.Has("#circuit button[value=valider]") || !strings.Contains(p.Text("#circuit"), "« Valider » attend la hiérarchie") {
		t.Fatalf("the circuit shows %q", p.Text("#circuit"))
	}
	if strings.Contains(p.Text(".dossier-side"), "Répondre") || !strings.Contains(p.Text("#circuit"), "plus loin dans le circuit") {
		t.Errorf("a decision is offered: %q", p.Text(".dossier-side"))
	}
	p = p.Form("#circuit form").Press("Demander l’avis").Want(http.StatusOK, path)
	if got := p.Text("#circuit [aria-current=step]"); got != "Avis de la voirie" || !strings.Contains(p.Text("#historique"), "Avis demandé : Voirie") {
		t.Fatalf("then %q", p.Text("#circuit"))
	}
	late = late.Form("#circuit form").Press("Demander l’avis")
	if late.Status != http.StatusConflict || !strings.Contains(late.Text("main"), "Étape « Avis de la voirie »") {
		t.Errorf("the second is told %d %q", late.Status, late.Text(".notice"))
	}
	var road staff.Agent
	o.Write(t, o.Tenant, o.admin.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		s, err := tenants.ServiceByName(ctx, tx, "Voirie")
		if err != nil {
			return err
		}
		road, err = staff.Invite(ctx, tx, staff.NewAgent{Email: "remi@castanet.example", GivenName: "Rémi", FamilyName: "Route", Role: tenants.RoleInstructor, Subject: "subject-road", Services: []tenants.ID{s.ID}})
		return err
	})
	asked := o.signed(t, road)
	list := asked.Get("/agents").Follow("Avis demandés")
	p = list.Follow(r.Title).Want(http.StatusOK, "")
	if p.Has("#echanges") || p.Has("#notes") || p.Has("#circuit") || p.Has("form[action*=documents]") {
		t.Errorf("who is asked sees %q", p.Text("main"))
	}
	p = p.Form("#avis form").Press("Donner cet avis")
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text("#avis"), "Dites si l’avis est favorable") {
		t.Fatalf("an opinion that says nothing: %d %q", p.Status, p.Text("#avis"))
	}
	f := p.Form("#avis form")
	for _, name := range f.Names() {
		if strings.HasPrefix(name, "sens-") {
			f.Set(name, string(requests.SenseReserved))
		}
		if strings.HasPrefix(name, "avis-") {
			f.Set(name, "Laisser 1,40 m.")
		}
	}
	if p = f.Press("Donner cet avis").Want(http.StatusOK, ""); !strings.Contains(p.Text("#avis"), "Favorable avec réserves") {
		t.Errorf("given %q", p.Text("#avis"))
	}
	p = mine.Get(path)
	p = p.Form("#circuit form:has([name=paye])").Press("Noter le paiement")
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text("#circuit"), "Donnez le jour où le paiement") {
		t.Fatalf("a payment of no day: %d %q", p.Status, p.Text("#circuit"))
	}
	p = p.Form("#circuit form:has([name=paye])").Set("paye", r.ReceivedOn.String()).Press("Noter le paiement").Want(http.StatusOK, path)
	if got := p.Text("#circuit [aria-current=step]"); got != "Décision" || strings.Contains(p.Text("#circuit"), "plus loin") {
		t.Errorf("in the end %q", p.Text("#circuit"))
	}
}
