package agent

import (
	"net/http"
	"strings"
	"testing"
)

func TestAnAgentInvitesToRegularise(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	b := o.signed(t, o.front)
	p := b.Get(requestPath(r.Number)).Follow("Inviter à régulariser").Want(http.StatusOK, regularisePath(r.Number))
	const form = `form:has(textarea[name="formalite"])`
	bad := p.Form(form).Set("formalite", "Faites signer la demande par le président.").Set("limite", "2026-12-20").Submit().Want(http.StatusUnprocessableEntity, "")
	if !bad.Has(`.error-summary a[href="#texte"]`) {
		t.Errorf("without a text: %q", bad.Texts(".error-summary li"))
	}
	p = bad.Form(form).Set("texte", "Loi du 1er juillet 1901, article 5").Submit().Want(http.StatusOK, requestPath(r.Number))
	if said := p.Text("#historique"); !strings.Contains(said, "invitée à régulariser") || !strings.Contains(said, "CRPA L.114-6") {
		t.Errorf("the history says %q", said)
	}
	if d := o.get(t, r.Number); d.SilenceLastDay != r.SilenceLastDay {
		t.Errorf("the last day moved to %s", d.SilenceLastDay)
	}
}
