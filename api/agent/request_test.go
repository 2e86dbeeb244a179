package agent

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestARequestShowsAllOfItAndTakesWhatAgentsDo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	b := o.signed(t, o.instructor)
	p := b.Get(requestPath(r.Number)).Want(http.StatusOK, "")
	if got := p.Texts(".why li"); len(got) == 0 || !strings.Contains(strings.Join(got, " "), "L.231-4") {
		t.Errorf("« pourquoi cette date » says %q", got)
	}
	for _, want := range []string{"Les Amis du jazz", "Aminata Lefèvre", "aminata@example.fr"} {
		if !strings.Contains(string(p.Body), want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	p = p.Form(`form[action="`+requestPath(r.Number)+`"]:has(button[value="prendre"])`).Press("Prendre en charge").Want(http.StatusOK, requestPath(r.Number))
	if d := o.get(t, r.Number); d.AgentID != o.instructor.ID || d.State != requests.StateReview {
		t.Fatalf("taken by %q, %s", d.AgentName, d.State)
	}
	p = p.Form(`form:has(textarea[name="message"])`).Set("message", "Bonjour,\n\nquelle salle voulez-vous ?").Submit().Want(http.StatusOK, "")
	if got := p.Text(".message-out"); !strings.Contains(got, "quelle salle") {
		t.Errorf("the conversation shows %q", got)
	}
	p = p.Form(`form:has(textarea[name="note"])`).Set("note", "Vue avec le gardien.").Submit().Want(http.StatusOK, "")
	if got := p.Text("#notes .note"); !strings.Contains(got, "Vue avec le gardien.") {
		t.Errorf("the notes show %q", got)
	}
	p = p.Form(`form:has(textarea[name="note"])`).Set("note", "  ").Submit().Want(http.StatusUnprocessableEntity, "")
	if !p.Has(`.error-summary a[href="#note"]`) {
		t.Error("an empty note is not said to be one")
	}
	p = b.Get(requestPath(r.Number))
	p = p.Form(`form:has(select[name="agent"])`).Set("agent", string(o.admin.ID)).Submit().Want(http.StatusOK, "")
	history := p.Texts("#historique strong")
	for _, want := range []string{"Demande reçue", "Accusé de réception délivré", "Prise en charge", "Message envoyé à la personne", "Note interne ajoutée", "Confiée à Karima Petit"} {
		if !slices.Contains(history, want) {
			t.Errorf("the history %q does not say %q", history, want)
		}
	}
	doc := p.Form(`form[action$="/documents"]`).File("fichier", "../convention signée.pdf", []byte("%PDF-1.7\n%âãÏÓ\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n")).Submit().Want(http.StatusOK, "")
	link := doc.Attr("#documents .files a", "href")
	if got := b.Get(link).Want(http.StatusOK, "").Header; !strings.HasPrefix(got.Get("Content-Disposition"), "attachment") || got.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the document is served as %v", got)
	}
	doc.Form(`form[action$="/documents"]`).File("fichier", "rien.pdf", nil).Submit().Want(http.StatusUnprocessableEntity, "")
	p = b.Get(requestPath(r.Number))
	p.Form(`form:has(textarea[name="motif"])`).Set("motif", "Trop cher").Submit().Want(http.StatusOK, "")
	if d := o.get(t, r.Number); d.State != requests.StateWithdrawn {
		t.Errorf("the request is %s", d.State)
	}
}

func TestTheSecondWhoSavesIsShownWhatChangedAndLosesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	first, second := o.signed(t, o.instructor), o.signed(t, o.admin)
	slow := second.Get(requestPath(r.Number)+"/decision?issue=refuse").Want(http.StatusOK, "")
	first.Get(requestPath(r.Number)).Form(`form:has(select[name="agent"])`).Set("agent", string(o.instructor.ID)).Submit().Want(http.StatusOK, "")

	const reasons = "La salle est déjà prise ce soir-là."
	p := slow.Form("form.card").Set("motifs", reasons).Submit().Want(http.StatusConflict, "")
	if got := p.Text(".notice .timeline"); !strings.Contains(got, "Confiée à Maëlle Petit") || !strings.Contains(got, "Maëlle Petit") {
		t.Errorf("what changed is told as %q", got)
	}
	if d := o.get(t, r.Number); d.State != requests.StateReceived {
		t.Fatalf("the request is %s: the stale decision went through", d.State)
	}
	f := p.Form("form.card")
	if f.Value("motifs") != reasons {
		t.Errorf("the reasons became %q", f.Value("motifs"))
	}
	f.Submit().Want(http.StatusOK, requestPath(r.Number))
	if d := o.get(t, r.Number); d.State != requests.StateRefused || !strings.Contains(d.Decisions[0].Letter, reasons) {
		t.Errorf("the request is %s, its letter %q", d.State, d.Decisions[0].Letter)
	}
}

func TestMessagesOfThePersonAreReadOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	o.write(t, r, "Combien de chaises ?")
	b := o.signed(t, o.front)
	if got := b.Get("/agents").Text("table.rows .unread"); got != "1 message" {
		t.Errorf("the list says %q", got)
	}
	b.Get(requestPath(r.Number)).One(".message strong")
	if b.Get("/agents").Has("table.rows .unread") {
		t.Error("a message that was read is still new")
	}
}

func TestCoordinatesAreCorrected(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	p := o.signed(t, o.front).Get(requestPath(r.Number)+"/demandeur").Want(http.StatusOK, "")
	p = p.Form("form.card").Set("_email", "pas une adresse").Set("_given_name", "Amina").Submit().Want(http.StatusUnprocessableEntity, "")
	f := p.Form("form.card")
	if f.Value("_given_name") != "Amina" || f.Value("_email") != "pas une adresse" {
		t.Error("what was typed is lost")
	}
	f.Set("_email", "amina@example.fr").Submit().Want(http.StatusOK, requestPath(r.Number))
	if a := o.get(t, r.Number).Applicant; a.Email != "amina@example.fr" || a.GivenName != "Amina" || !a.EmailAgreed {
		t.Errorf("the applicant is now %+v", a)
	}
}

func TestAMailThatBouncedIsSeen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `update notification set state = 'bounced', detail = '550' where request_id = $1`, r.ID)
		return err
	})
	p := o.signed(t, o.front).Get("/agents?demande="+r.Number).Want(http.StatusOK, "")
	if got := p.Texts(".panel .notice.danger"); len(got) != 1 || !strings.Contains(got[0], "n’est pas arrivé") {
		t.Errorf("the panel says %q", got)
	}
	p = p.Follow("Ouvrir le dossier").Want(http.StatusOK, requestPath(r.Number))
	if got := p.Texts("#envois .status.danger"); len(got) == 0 || got[0] != "Refusé" {
		t.Errorf("the list of what was sent says %q", got)
	}
}

func TestARequestIsTakenFromThePanelAndTheListStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "signalement-voirie", streetReport)
	p := o.signed(t, o.instructor).Get("/agents?q=Lef%C3%A8vre&demande=" + r.Number)
	p = p.Form(`.panel form:has(button[value="prendre"])`).Press("Prendre").Want(http.StatusOK, "/agents")
	if p.Query.Get("demande") != r.Number || p.Query.Get("q") != "Lefèvre" {
		t.Errorf("the list comes back as %v", p.Query)
	}
	if !p.Has(".notice.success") {
		t.Error("nothing says that it is done")
	}
}
