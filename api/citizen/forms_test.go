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
