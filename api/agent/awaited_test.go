package agent

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
)

// court sets or takes away the court, which a receipt of a letter to the mayor must name.
func (o *office) court(t *testing.T, set bool) {
	t.Helper()
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		s, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		s.Court = tenants.Court{}
		if set {
			s.Court = tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV\n31068 Toulouse"}
		}
		return tenants.PutSettings(ctx, tx, s, version)
	})
}

func TestAnAwaitedReceiptIsSeenAndIssuedWithOneAction(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.court(t, false)
	r, other := o.ask(t, "courrier-maire", letterToMayor), o.ask(t, "courrier-maire", letterToMayor)
	b := o.signed(t, o.admin)
	p := b.Get("/agents").Want(http.StatusOK, "")
	if got := p.Text("main .notice"); !strings.Contains(got, "2 accusés de réception restent à délivrer") {
		t.Errorf("the list says %q", got)
	}
	p = p.Follow("Voir les accusés à délivrer").Want(http.StatusOK, "/agents/accuses")
	if got := p.Texts("table.rows td a"); !slices.Equal(got, []string{r.Number, other.Number}) {
		t.Errorf("awaited %q", got)
	}
	request := p.Follow(r.Number).Want(http.StatusOK, requestPath(r.Number))
	card := request.Text("#accuse")
	for _, want := range []string{"Accusé d’enregistrement délivré", "à délivrer au plus tard le", "Délai de recours non opposable", "L.112-12", "Que faire"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q: %s", want, card)
		}
	}
	if got := request.Attr("#accuse li a", "href"); got != "/agents/reglages#court-name" {
		t.Errorf("what is missing is filled in at %q", got)
	}
	if request.Has(`#accuse button[value="accuser"]`) {
		t.Error("a receipt that lacks a mention can be issued")
	}
	p.Form("main form").Submit().Want(http.StatusOK, "/agents/accuses")
	if len(o.get(t, r.Number).Standing.Awaited) != 1 {
		t.Fatal("issued without a court")
	}
	o.court(t, true)
	receipt := b.Get(requestPath(r.Number)).Form(`form:has(button[value="accuser"])`).Submit().Want(http.StatusOK, requestPath(r.Number)+"/accuse")
	if got := receipt.Texts(".letter > h2"); len(got) < 2 || !strings.HasPrefix(got[1], "Accusé de réception") {
		t.Errorf("the page to print holds %q", got)
	}
	done := b.Get("/agents/accuses").Form("main form").Submit().Want(http.StatusOK, "/agents/accuses")
	if done.Has("table.rows") || len(o.get(t, other.Number).Standing.Awaited) != 0 {
		t.Error("the other one still waits")
	}
	if p := b.Get("/agents"); p.Has("main .notice") {
		t.Errorf("the list still says %q", p.Text("main .notice"))
	}
}

func TestAFreeLetterIsRecordedWithItsReceiptForLater(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.front)
	p := b.Get("/agents/nouvelle/courrier-maire").Want(http.StatusOK, "").Form("form.record").Fill(map[string]string{
		"_canal": "email", "_accuse_plus_tard": "1", "_family_name": "N’Diaye", "_given_name": "Fatou", "_email": "fatou@example.fr",
		"nature": "question", "sujet": "Le marché", "message": "À quelle heure ferme-t-il ?",
	}).Submit().Want(http.StatusOK, "")
	number := p.Texts(".code-box dd")[0]
	if got := p.Texts(".letter > h2"); len(got) == 0 || !strings.HasPrefix(got[0], "Accusé d’enregistrement") {
		t.Errorf("the page to print holds %q", got)
	}
	p = b.Get(requestPath(number))
	if !slices.ContainsFunc(p.Texts(".timeline *"), func(s string) bool { return strings.Contains(s, "Accusé de réception à délivrer") }) {
		t.Errorf("the history is %q", p.Text("#historique"))
	}
	p.Form(`form:has(button[value="accuser"])`).Submit().Want(http.StatusOK, requestPath(number)+"/accuse")
}
