package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// From the decision to the day of its arrival, in the page where paper is worked through.
func TestPaperIsPrintedPostedAndItsArrivalNoted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.instructor)
	if p := b.Get("/agents/courriers").Want(http.StatusOK, ""); !strings.Contains(p.Text("main"), "Aucun courrier à poster") {
		t.Errorf("an empty queue says %q", p.Text("main"))
	}
	var numbers []string
	for range 2 {
		r := o.ask(t, "salle-association", room)
		numbers = append(numbers, r.Number)
		f := b.Get(requestPath(r.Number) + "/decision?issue=refuse").Form("form.card")
		f = f.Set("motifs", "La salle est prise.").Press("Recomposer").Form("form.card")
		f.Set("remise", "post").Press("Refuser et notifier").Want(http.StatusOK, requestPath(r.Number))
	}
	p := b.Get(home).Follow("Courriers").Want(http.StatusOK, "/agents/courriers")
	if said := p.Text("ul.post"); !strings.Contains(said, "2 rue des Lilas") || !strings.Contains(said, numbers[1]) || !strings.Contains(said, "pas encore imprimé") {
		t.Errorf("the queue says %q", said)
	}
	sheets := p.Form("form.stack").Press("Imprimer les courriers cochés").Want(http.StatusOK, "/agents/courriers/impression")
	if n := len(sheets.Texts(".sheet .recipient")); n != 2 || !strings.Contains(sheets.Text(".sheet"), "La salle est prise.") {
		t.Errorf("%d sheets", n)
	}
	p = b.Get("/agents/courriers")
	if !strings.Contains(p.Text("ul.post"), "imprimé le 23 novembre 2026, pas encore posté") {
		t.Error("what was printed is not said to be")
	}
	p.Form("form.stack").Set("jour", "2026-11-24").Press("Marquer comme postés").Want(http.StatusUnprocessableEntity, "")
	p = p.Form("form.stack").Set("jour", "2026-11-23").Press("Marquer comme postés").Want(http.StatusOK, "/agents/courriers")
	p = p.Follow("Arrivée à noter").Want(http.StatusOK, "")
	f := p.Form("form.stack").Set("jour", "2026-11-23")
	back := f.Press("Noter l’arrivée").Want(http.StatusUnprocessableEntity, "")
	if !back.Has(".error-summary a") {
		t.Error("nothing ticked is not said")
	}
	var ticks []string
	for _, l := range o.posted(t) {
		ticks = append(ticks, tickPrefix+string(l.ID))
	}
	f = p.Form("form.stack").Set("jour", "2026-11-23")
	for _, name := range ticks {
		f = f.Set(name, "1")
	}
	f.Press("Noter l’arrivée").Want(http.StatusOK, "/agents/courriers")
	for _, number := range numbers {
		if d := o.get(t, number).Decisions[0]; d.NotifiedOn.String() != "2026-11-23" || d.AppealLastDay.IsZero() {
			t.Errorf("%s notified on %s", number, d.NotifiedOn)
		}
	}
}

// The whole queue is one file to print, whose codes anybody verifies; what could not be made
// is not noted as printed.
func TestTheQueueIsPrintedAsOneFile(t *testing.T) {
	t.Parallel()
	o := newOffice(t, webtest.WithPDF())
	b := o.signed(t, o.instructor)
	for range 2 {
		r := o.ask(t, "salle-association", room)
		f := b.Get(requestPath(r.Number) + "/decision?issue=refuse").Form("form.card")
		f = f.Set("motifs", "La salle est prise.").Press("Recomposer").Form("form.card")
		f.Set("remise", "post").Press("Refuser et notifier").Want(http.StatusOK, requestPath(r.Number))
	}
	queue := b.Get("/agents/courriers").Want(http.StatusOK, "").Form("form.stack")
	pdf := queue.Press("Imprimer les courriers cochés en un PDF")
	if pdf.Status != http.StatusOK || !strings.HasPrefix(string(pdf.Body), "%PDF-") || !strings.Contains(pdf.Header.Get("Content-Disposition"), "courriers-2026-11-23.pdf") {
		t.Fatalf("the file: %d %v", pdf.Status, pdf.Header)
	}
	p := b.Get("/agents/courriers")
	if n := strings.Count(p.Text("ul.post"), "imprimé le 23 novembre 2026"); n != 2 {
		t.Errorf("%d letters are noted as printed: %q", n, p.Text("ul.post"))
	}
	sheets := p.Form("form.stack").Press("Imprimer depuis le navigateur").Want(http.StatusOK, "/agents/courriers/impression")
	foot := strings.Fields(sheets.Text(".sheet .hint"))
	code := strings.TrimSuffix(foot[len(foot)-1], ".")
	o.Write(t, o.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		if v, err := requests.Verify(ctx, tx, code); err != nil || v.Kind != documents.Letter {
			t.Errorf("the code %q stands for %+v (%v)", code, v, err)
		}
		return nil
	})
	o.Deps.PDF.Close()
	r := o.ask(t, "salle-association", room)
	f := b.Get(requestPath(r.Number) + "/decision?issue=refuse").Form("form.card")
	f.Set("motifs", "La salle est prise.").Press("Recomposer").Form("form.card").Set("remise", "post").Press("Refuser et notifier").Want(http.StatusOK, "")
	b.Get("/agents/courriers").Form("form.stack").Press("Imprimer les courriers cochés en un PDF").Want(http.StatusServiceUnavailable, "")
	if said := b.Get("/agents/courriers").Text("ul.post"); !strings.Contains(said, "pas encore imprimé") {
		t.Errorf("what could not be made is noted as printed: %q", said)
	}
}

func (o *office) posted(t *testing.T) []requests.Letter {
	t.Helper()
	var list []requests.Letter
	o.Write(t, o.Tenant, o.admin.Actor(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		list, err = requests.Letters(ctx, tx, requests.LettersAwaited)
		return err
	})
	return list
}
