package agent

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/requests"
)

var pdf = []byte("%PDF-1.7\n%âãÏÓ\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n")

func TestACounterRequestIsRecordedOnOnePage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.front)
	if got := b.Get("/agents/nouvelle?q=trou").Want(http.StatusOK, "").Texts(".rows-list a"); !slices.Contains(got, "Signaler un problème dans la rue") {
		t.Errorf("« trou » finds %q", got)
	}
	p := b.Get("/agents/nouvelle").Follow("Écrire au maire").Want(http.StatusOK, "/agents/nouvelle/courrier-maire")
	f := p.Form("form.record").Fill(map[string]string{
		"_canal": "post", "_recue": "2026-11-20", "_family_name": "N’Diaye", "_given_name": "Fatou", "_postal_address": "3 rue du Lac\n31320 Castanet-Tolosan",
		"_on_behalf_of": "Awa N’Diaye", "nature": "question", "sujet": "Le marché",
	})
	wrong := f.Submit().Want(http.StatusUnprocessableEntity, "")
	if !wrong.Has(`.error-summary a[href$="message"]`) {
		t.Errorf("the errors are %q", wrong.Texts(".error-summary li"))
	}
	f = wrong.Form("form.record")
	if f.Value("_family_name") != "N’Diaye" || f.Value("_canal") != "post" || f.Value("_recue") != "2026-11-20" || f.Value("_on_behalf_of") != "Awa N’Diaye" {
		t.Fatal("what was typed is lost")
	}
	f.Set("message", "À quelle heure ferme-t-il ?")
	receipt := f.Submit().Want(http.StatusOK, "")
	number, code := receipt.Texts(".code-box dd")[0], receipt.Texts(".code-box dd")[1]
	if !strings.HasSuffix(receipt.Path, number+"/accuse") || len(code) < 8 {
		t.Fatalf("the number is %q, the code %q, at %s", number, code, receipt.Path)
	}
	d := o.get(t, number)
	if d.Channel != requests.ChannelPost || d.ReceivedOn.String() != "2026-11-20" || d.Applicant.OnBehalfOf != "Awa N’Diaye" || d.Applicant.EmailAgreed {
		t.Errorf("recorded as %+v", d.Request)
	}
	if !receipt.Has(".letter") {
		t.Error("there is no receipt to print")
	}
	if again := f.Submit().Want(http.StatusOK, ""); again.Path != receipt.Path {
		t.Errorf("sent twice, the second is at %s", again.Path)
	}
}

func TestFilesOfACounterRequestSurviveAnErrorAndARepetition(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.signed(t, o.front).Get("/agents/nouvelle/signalement-voirie").Want(http.StatusOK, "")
	p = p.Form("form.record").Fill(map[string]string{"_canal": "phone", "categorie": "eclairage", "danger": "oui"}).Submit().Want(http.StatusUnprocessableEntity, "")
	f := p.Form("form.record").Set("lieu", "Place du marché")
	done := f.Submit().Want(http.StatusOK, "")
	if d := o.get(t, done.Texts(".code-box dd")[0]); d.Channel != requests.ChannelPhone || d.ApplicantName() != "" {
		t.Errorf("recorded as %+v", d.Request)
	}
	if again := f.Submit().Want(http.StatusOK, ""); again.Path != done.Path {
		t.Errorf("sent twice, the second is at %s", again.Path)
	}

	p = o.signed(t, o.front).Get("/agents/nouvelle/salle-association").Want(http.StatusOK, "")
	f = p.Form("form.record").Fill(map[string]string{"_canal": "counter", "_family_name": "Diallo", "_given_name": "Samba", "organisme_nom": "Les Amis du jazz"}).File("assurance", "assurance.pdf", pdf)
	p = f.Submit().Want(http.StatusUnprocessableEntity, "")
	if got := p.Text("ul.files li"); !strings.Contains(got, "assurance.pdf") {
		t.Fatalf("the file is lost: %q", got)
	}
	f = p.Form("form.record").Fill(map[string]string{
		"eligible": "1", "usage": "interne", "personnes": "30", "date_debut-day": "6", "date_debut-month": "3", "date_debut-year": "2027", "heure_debut": "18:00", "heure_fin": "22:00", "reglement": "1",
	})
	done = f.Submit().Want(http.StatusOK, "")
	if d := o.get(t, done.Texts(".code-box dd")[0]); len(d.Documents) != 1 || d.Documents[0].Name != "assurance.pdf" {
		t.Errorf("the request holds %+v", d.Documents)
	}
}
