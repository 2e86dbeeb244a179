package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// carry does what the workers do with the transmissions that were asked for.
func (o *office) carry(t *testing.T) {
	t.Helper()
	for _, j := range o.Jobs(t) {
		var a requests.TransmitArgs
		if j.Kind != a.Kind() {
			continue
		}
		if err := json.Unmarshal(j.Args, &a); err != nil {
			t.Fatal(err)
		}
		if err := o.Deps.Transmissions.Deliver(t.Context(), o.Tenant, a.Transmission); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnAgentTransmitsToANeighbour(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "signalement-voirie", streetReport)
	b := o.signed(t, o.instructor)
	p := b.Get(requestPath(r.Number)).Follow("Transmettre ailleurs").Want(http.StatusOK, requestPath(r.Number)+"/transmission")
	if found := b.Get(requestPath(r.Number) + "/transmission?q=ramonville").Texts("section li"); len(found) == 0 {
		t.Error("a commune is not found by its name")
	}
	p = p.Follow("Commune de Ramonville-Saint-Agne").Want(http.StatusOK, "")
	if chosen := p.Form("form.card").Value("demarche"); chosen != "signalement-voirie" {
		t.Errorf("the procedure proposed is %q", chosen)
	}
	refused := p.Form("form.card").Submit().Want(http.StatusUnprocessableEntity, "")
	if !refused.Has(`.error-summary a[href="#motif"]`) {
		t.Error("a transmission without a reason is not said to lack one")
	}
	p = refused.Form("form.card").Set("motif", "La rue est à Ramonville.").Submit().Want(http.StatusOK, requestPath(r.Number))
	if said := p.Text("#transmissions"); !strings.Contains(said, "En route vers Commune de Ramonville") {
		t.Errorf("the page says %q", said)
	}
	p = p.Form(`form:has(button[value="rappeler"])`).Press("Annuler la transmission").Want(http.StatusOK, requestPath(r.Number))
	if d := o.get(t, r.Number); d.State != requests.StateReview {
		t.Fatalf("called back it is %s", d.State)
	}
	p.Follow("Transmettre ailleurs").Follow("Commune de Ramonville-Saint-Agne").Form("form.card").Set("motif", "La rue est à Ramonville.").Submit().Want(http.StatusOK, requestPath(r.Number))
	o.carry(t)
	d := o.get(t, r.Number)
	p = b.Get(requestPath(r.Number)).Want(http.StatusOK, "")
	if said := p.Text("#transmissions"); d.State != requests.StateTransmitted || !strings.Contains(said, "Elle y porte le numéro "+d.Transmissions[1].Number) {
		t.Errorf("%s; the page says %q", d.State, said)
	}
	if p := b.Get(requestPath(r.Number) + "/transmission"); p.Status != http.StatusConflict {
		t.Errorf("a transmitted request can be transmitted again: %d", p.Status)
	}
}

func TestAnAgentTransmitsOutside(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "signalement-voirie", streetReport)
	b := o.signed(t, o.instructor)
	p := b.Get(requestPath(r.Number)+"/transmission").Follow("L’envoyer à une administration extérieure").Want(http.StatusOK, "")
	f := p.Form("form.card").Set("nom", "Département de la Haute-Garonne").Set("remise", "post").Set("motif", "C’est une route départementale.")
	refused := f.Submit().Want(http.StatusUnprocessableEntity, "")
	if !refused.Has(`.error-summary a[href="#remise"]`) {
		t.Errorf("the errors are %q", refused.Texts(".error-summary li"))
	}
	p = refused.Form("form.card").Set("adresse", "1 boulevard de la Marquette\n31090 Toulouse").Submit().Want(http.StatusOK, requestPath(r.Number))
	d := o.get(t, r.Number)
	if d.State != requests.StateTransmitted || d.Transmissions[0].Way != requests.WayOutside {
		t.Fatalf("%s %+v", d.State, d.Transmissions)
	}
	var letters []requests.Letter
	o.Write(t, o.Tenant, o.admin.Actor(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		letters, err = requests.Letters(ctx, tx, requests.LettersToPost)
		return err
	})
	if len(letters) == 0 || !strings.HasPrefix(letters[0].Recipient, "Département de la Haute-Garonne\n1 boulevard") || !strings.Contains(letters[0].Body, "12 avenue") && letters[0].Body == "" {
		t.Errorf("to be posted: %+v", letters)
	}
	day := `form:has(input[value="transmission-recue"])`
	name := p.Attr(day+` input[type="date"]`, "name")
	p.Form(day).Set(name, "2026-11-01").Submit().Want(http.StatusUnprocessableEntity, "")
	p = b.Get(requestPath(r.Number)).Form(day).Set(name, "2026-11-23").Submit().Want(http.StatusOK, "")
	if got := o.get(t, r.Number).Transmissions[0].ReceivedOn.String(); got != "2026-11-23" || !strings.Contains(p.Text("#transmissions"), "Reçue là-bas le lundi 23 novembre 2026") && !strings.Contains(p.Text("#transmissions"), "23 novembre 2026") {
		t.Errorf("received there on %s", got)
	}
	// The day is a fact: it stands among the reasons of the dates, and so does what it corrected.
	o.Clock.Advance(24 * time.Hour)
	b = o.signed(t, o.instructor) // the session of the day before is over
	b.Get(requestPath(r.Number)).Form(day).Set(name, "2026-11-24").Submit().Want(http.StatusOK, "")
	why := b.Get(requestPath(r.Number)+"/dates").Want(http.StatusOK, "").Text("main")
	for _, want := range []string{"Demande transmise : l’administration compétente l’a reçue le mardi 24 novembre 2026", "Département de la Haute-Garonne", "L.114-2", "Réception par l’administration extérieure : lundi 23 novembre 2026"} {
		if !strings.Contains(why, want) {
			t.Errorf("the reasons lack %q: %s", want, why)
		}
	}
	var kept []requests.Fact
	for _, f := range o.get(t, r.Number).Facts {
		if f.Kind == requests.FactTransmission {
			kept = append(kept, f)
		}
	}
	if len(kept) != 2 || kept[0].CorrectedBy != kept[1].ID || kept[1].On.String() != "2026-11-24" || kept[1].ActorName == "" {
		t.Errorf("kept %+v", kept)
	}
	// Whom the town has sent something to once is offered the next time.
	next := o.ask(t, "signalement-voirie", streetReport)
	pick := b.Get(requestPath(next.Number) + "/transmission").Form(`form:has(select[name="connue"])`)
	filled := pick.Set("connue", string(d.Transmissions[0].ID)).Submit().Want(http.StatusOK, "").Form("form.card")
	if filled.Value("nom") != "Département de la Haute-Garonne" || filled.Value("adresse") != "1 boulevard de la Marquette\n31090 Toulouse" || filled.Value("remise") != "post" || filled.Value("motif") != "" {
		t.Errorf("offered %q at %q by %q", filled.Value("nom"), filled.Value("adresse"), filled.Value("remise"))
	}
	filled.Set("motif", "C’est une route départementale.").Submit().Want(http.StatusOK, requestPath(next.Number))
	third := o.ask(t, "signalement-voirie", streetReport)
	if known := b.Get(requestPath(third.Number) + "/transmission").Texts(`select[name="connue"] option`); len(known) != 1 {
		t.Errorf("offered %q", known)
	}
}
