package citizen_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

const letter = "courrier-maire"

// asks makes a step of its questions the first of the letter to the mayor.
func asks(t *testing.T, d *webtest.Deployment, step string) {
	t.Helper()
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, letter)
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		var own forms.Step
		if err := json.Unmarshal([]byte(step), &own); err != nil {
			return err
		}
		form := *p.Form
		form.Steps = append([]forms.Step{own}, form.Steps...)
		if p.Form, err = forms.Build(form); err != nil {
			return err
		}
		_, err = catalogue.Publish(ctx, tx, letter, p)
		return err
	})
}

const asked = `"purpose":"Instruire","legal_basis":"CGCT"`

func TestAFormThatStopsSendsNothingAndKeepsTheDraft(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	asks(t, d, `{"id":"qui","title":"Qui","sections":[{"id":"q","fields":[
		{"id":"habite","kind":"choice","label":"Habitez-vous la commune ?","choices":[{"value":"o","label":"Oui"},{"value":"n","label":"Non"}],`+asked+`,
		 "stop":{"if":{"field":"habite","equals":"n"},"message":"Écrivez à votre propre mairie.","label":"Signaler plutôt","procedure":"signalement-voirie"}},
		{"id":"ancien","kind":"number","label":"Depuis combien d’années ?","if":{"field":"@residence","equals":"commune"},`+asked+`}]}]}`)
	b := d.Browser(t)
	step := begin(t, b, letter).Form(stepForm).Fill(me).Submit().Want(200, "/demarches/"+letter+"/formulaire/qui")
	if !step.Has(`input[name="ancien"]`) {
		t.Error("who lives here is not asked since when")
	}
	if !step.Has(`#f-habite-stop-0[hidden][data-show-if]`) {
		t.Error("the page does not hold what a script shows at once")
	}
	stopped := step.Form(stepForm).Set("habite", "n").Submit().Want(422, "")
	if said := stopped.Text(`[role="alert"]`); !strings.Contains(said, "Écrivez à votre propre mairie.") || !stopped.Has(`[role="alert"] a[href="/demarches/signalement-voirie"]`) {
		t.Errorf("the page says %q", said)
	}
	if stopped.Has(".error-summary") {
		t.Error("who is not concerned is told of errors")
	}
	summary := b.Get("/demarches/"+letter+"/recapitulatif").Want(200, "")
	if summary.Has(sendForm) || !strings.Contains(summary.Text("main"), "Écrivez à votre propre mairie.") {
		t.Error("the form can be sent all the same")
	}
	again := b.Get("/demarches/"+letter+"/formulaire/qui").Want(200, "")
	if got := again.Form(stepForm).Value("habite"); got != "n" {
		t.Errorf("the draft lost the answer: %q", got)
	}
	again.Form(stepForm).Set("habite", "o").Set("ancien", "3").Submit().Want(200, "/demarches/"+letter+"/formulaire/message")
}

func TestChildrenAreAddedAndTheFeeIsWorkedOutWithoutScript(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	asks(t, d, `{"id":"foyer","title":"Foyer","sections":[
		{"id":"enfants","title":"Vos enfants","repeat":{"min":1,"max":3,"item":"Enfant"},"fields":[
			{"id":"prenom","kind":"text","label":"Prénom",`+asked+`},
			{"id":"jours","kind":"number","label":"Jours","min":1,"max":5,`+asked+`}]},
		{"id":"cout","fields":[{"id":"prix","kind":"computed","label":"À payer","money":true,`+asked+`,
			"compute":{"mul":[{"sum":"enfants","of":{"field":"jours"}},{"value":2.45}]}}]}]}`)
	b := d.Browser(t)
	step := begin(t, b, letter).Form(stepForm).Fill(me).Submit().Want(200, "/demarches/"+letter+"/formulaire/foyer")
	if said := step.Text("output"); said != "Pas encore connu" && said != "0,00 €" {
		t.Errorf("before an answer the fee is %q", said)
	}
	more := step.Form(stepForm).Set("enfants.0.prenom", "Léa").Set("enfants.0.jours", "2").Press("Ajouter : Enfant").Want(200, "")
	if more.Form(stepForm).Value("enfants.0.prenom") != "Léa" || !more.Has(`input[name="enfants.1.prenom"]`) {
		t.Fatal("the second child cannot be told, or the first is lost")
	}
	if said := more.Text("output"); said != "4,90 €" {
		t.Errorf("after the first child the fee is %q", said)
	}
	wrong := more.Form(stepForm).Set("enfants.1.prenom", "Tom").Set("enfants.1.jours", "9").Submit().Want(422, "")
	if !wrong.Has(`.error-summary a[href="#f-enfants.1.jours"]`) || !strings.Contains(wrong.Text(".error-summary"), "(Enfant 2)") {
		t.Errorf("the error is told as %q", wrong.Text(".error-summary"))
	}
	wrong.Form(stepForm).Set("enfants.1.jours", "3").Submit().Want(200, "/demarches/"+letter+"/formulaire/message")
	fewer := b.Get("/demarches/"+letter+"/formulaire/foyer").Form(stepForm).Press("Retirer : Enfant 1").Want(200, "")
	if got := fewer.Form(stepForm).Value("enfants.0.prenom"); got != "Tom" || fewer.Has(`input[name="enfants.1.prenom"]`) {
		t.Errorf("after removing the first child the first is %q", got)
	}
	summary := b.Get("/demarches/"+letter+"/recapitulatif").Want(200, "")
	if said := strings.Join(summary.Texts(".summary-list"), " "); !strings.Contains(said, "Enfant 1") || !strings.Contains(said, "Tom") || !strings.Contains(said, "7,35 €") {
		t.Errorf("the summary says %q", said)
	}
}
