package citizen_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
)

// pdf is the smallest file that is one.
var pdf = []byte("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")

const sale = "vide-grenier"

// seller goes to the step of a sale that asks for an identity paper.
func seller(t *testing.T, b *webtest.Browser) *webtest.Page {
	t.Helper()
	return begin(t, b, sale).Form(stepForm).Fill(me).Submit().Want(200, "/demarches/"+sale+"/formulaire/organisateur")
}

func TestAFileIsKeptListedAndRemoved(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	next := seller(t, b).Form(stepForm).Set("type", "particulier").File("identite", "Carte d’identité.pdf", pdf).Submit().Want(200, "/demarches/"+sale+"/formulaire/vente")
	back := next.Follow("Retour").Want(200, "/demarches/"+sale+"/formulaire/organisateur")
	if files := back.Texts(".files li"); len(files) != 1 || !strings.Contains(files[0], "Carte d’identité.pdf") {
		t.Fatalf("the step lists %q", files)
	}
	gone := back.Form(stepForm).Press("Retirer").Want(200, "/demarches/"+sale+"/formulaire/organisateur")
	if gone.Has(".files li") || gone.Form(stepForm).Value("type") != "particulier" {
		t.Error("the file stays, or the answers went with it")
	}
}

func TestARefusedFileKeepsTheRest(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	step := seller(t, b)
	for name, file := range map[string][]byte{
		"programme.exe": []byte("MZ\x90\x00 not a paper"), "vide.pdf": {}, "grand.pdf": append(bytes.Clone(pdf), make([]byte, 21<<20)...),
	} {
		p := step.Form(stepForm).Set("type", "particulier").File("identite", name, file).Submit().Want(422, "/demarches/"+sale+"/formulaire/organisateur")
		if target := p.Attr(".error-summary a", "href"); !p.Has(target+"[type=file]") || p.Form(stepForm).Value("type") != "particulier" {
			t.Errorf("%s: the page says %q and holds type %q", name, p.Texts(".error-summary li"), p.Form(stepForm).Value("type"))
		}
	}
	if got := step.Reload().Form(stepForm).Value("type"); got != "particulier" {
		t.Errorf("the draft holds type %q", got)
	}
}

func TestAConditionAsksMoreWithoutScript(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	step := seller(t, b)
	for _, name := range step.Form(stepForm).Names() {
		if name == "organisme_nom" {
			t.Fatal("a question that nothing calls for is asked")
		}
	}
	more := step.Form(stepForm).Set("type", "association").File("identite", "ci.pdf", pdf).Submit().Want(422, "/demarches/"+sale+"/formulaire/organisateur")
	if more.Has(".error-summary") || !more.Has(".files li") {
		t.Errorf("a question that was not shown is an error: %q", more.Texts(".error-summary li"))
	}
	more.Form(stepForm).Submit().Want(422, "") // now it must be answered
	more.Form(stepForm).Set("organisme_nom", "Amicale du quartier").Submit().Want(200, "/demarches/"+sale+"/formulaire/vente")
}

func TestTheSummarySaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	seller(t, b)
	p := b.Get("/demarches/"+sale+"/recapitulatif").Want(200, "")
	if p.Has(sendForm) {
		t.Error("an incomplete declaration can be sent")
	}
	if !strings.Contains(p.Text(".notice.warning"), "compléter") {
		t.Error("nothing says what is missing")
	}
	p.Follow("Compléter").Want(200, "/demarches/"+sale+"/formulaire/organisateur")
}

func TestADraftIsErased(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	p := seller(t, b)
	code := p.Text(".resume-code")
	p.Form(`form[action$="/effacer"]`).Submit().Want(200, "/demarches/"+sale)
	b.Get("/reprendre").Form(`form[action="/reprendre"]`).Set("code", code).Submit().Want(422, "")
}

func TestTheResumeCodeIsMailed(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	p := seller(t, d.Browser(t))
	p.Form(`form[action$="/code"]`).Set("courriel", "nobody").Submit()
	before := len(d.Jobs(t))
	sent := p.Form(`form[action$="/code"]`).Set("courriel", "aminata@example.fr").Submit().Want(200, "/demarches/"+sale+"/formulaire/organisateur")
	if !strings.Contains(sent.Text(".notice"), "parti") || len(d.Jobs(t)) != before+1 {
		t.Errorf("the page says %q and %d jobs were asked", sent.Text(".notice"), len(d.Jobs(t))-before)
	}
}
