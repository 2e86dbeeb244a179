package agent

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestAnAgentTreatsAQuestionAsARequest(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	answers := maps.Clone(letterToMayor)
	answers["nature"] = forms.Text("question")
	r := o.ask(t, "courrier-maire", answers) // received on 23 November 2026
	b := o.signed(t, o.front)
	p := b.Get(requestPath(r.Number)).Follow("C’est une demande").Want(http.StatusOK, naturePath(r.Number))
	if said := p.Text("dl"); !strings.Contains(said, "le silence ne décide rien") || !strings.Contains(said, "à notifier au plus tard le samedi 23 janvier 2027") {
		t.Errorf("before confirming it says %q", said)
	}
	const form = "section.card form"
	bad := p.Form(form).Submit().Want(http.StatusUnprocessableEntity, "")
	if !bad.Has(`.error-summary a[href="#motif"]`) {
		t.Errorf("errors %q", bad.Texts(".error-summary li"))
	}
	p = bad.Form(form).Set("motif", "Vous demandez que le bruit cesse.").Submit().Want(http.StatusOK, requestPath(r.Number))
	if d := o.get(t, r.Number); d.Kind != requests.KindRequest || d.SilenceLastDay.String() != "2027-01-23" {
		t.Errorf("%s, %s", d.Kind, d.SilenceLastDay)
	}
	if !strings.Contains(p.Text("#historique"), "Traitée comme une demande") {
		t.Errorf("the history says %q", p.Text("#historique"))
	}
	if why := b.Get(datesPath(r.Number)).Want(http.StatusOK, "").Text("main"); !strings.Contains(why, "Traité comme une demande depuis le lundi 23 novembre 2026") || !strings.Contains(why, "que le bruit cesse") {
		t.Errorf("the reasons say %q", why)
	}
	pothole := o.ask(t, "signalement-voirie", streetReport)
	if b.Get(naturePath(pothole.Number)).Want(http.StatusConflict, ""); b.Get(requestPath(pothole.Number)).Has(`a[href$="/nature"]`) {
		t.Error("a report can be reclassified")
	}
}
