package agent

import (
	"net/http"
	"strings"
	"testing"
)

const textsForm = "form[data-autosave]"

// A secretary writes what surrounds the questions; what cannot be read says where, what is
// missing is told and does not keep the rest from being saved.
func TestATownWritesTheTextsOfAProcedure(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, _ := o.editing(t)
	p := b.Get("/agents/demarches/terrasse/textes").Want(http.StatusOK, "")
	f := p.Form(textsForm).Fill(map[string]string{"titre": "Sortir des tables", "introduction": "Un paragraphe.\r\n\r\nUn autre.", "mots": "chaises\ntables", "minutes": "dix"})
	p = f.Press("Enregistrer")
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "nombre entier") || p.Form(textsForm).Value("titre") != "Sortir des tables" {
		t.Fatalf("minutes that are none: %d %s", p.Status, p.Text(".error-summary"))
	}
	p = p.Form(textsForm).Fill(map[string]string{"minutes": "12", "resume": ""}).Press("Enregistrer").Want(http.StatusOK, "")
	f = p.Form(textsForm)
	if f.Value("titre") != "Sortir des tables" || f.Value("minutes") != "12" || f.Value("introduction") != "Un paragraphe.\n\nUn autre." || f.Value("mots") != "chaises\ntables" {
		t.Errorf("kept: %q, %q, %q, %q", f.Value("titre"), f.Value("minutes"), f.Value("introduction"), f.Value("mots"))
	}
	if said := p.Text(".notice.warning"); !strings.Contains(said, "Dites en une phrase à quoi sert la démarche") {
		t.Errorf("what is missing is said as %q", said)
	}
	said := b.Get("/agents/demarches/terrasse/differences").Text("main")
	if !strings.Contains(said, "Sortir des tables") {
		t.Errorf("the differences are %q", said)
	}
	p = b.Get("/agents/demarches/terrasse/textes").Form(".editor-bar form").Press("Annuler").Want(http.StatusOK, "/agents/demarches/terrasse/textes")
	if p.Form(textsForm).Value("titre") == "Sortir des tables" {
		t.Error("undoing keeps the title")
	}
	o.signed(t, o.instructor).Get("/agents/demarches/terrasse/textes").Want(http.StatusForbidden, "")
}

// Pieces are added in the empty place, removed by emptying their name, and tied to the
// question that they are sent with.
func TestATownListsThePieces(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, _ := o.editing(t)
	count := func() int { return len(b.Get("/agents/demarches/terrasse/textes").Texts("fieldset legend")) }
	before := count()
	last := "piece-" + string(rune('0'+before-1)) + "-"
	p := b.Get("/agents/demarches/terrasse/textes").Form(textsForm).Set(last+"precision", "De l’année").Press("Enregistrer")
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "Nommez la pièce") {
		t.Fatalf("a piece without a name: %d %s", p.Status, p.Text(".error-summary"))
	}
	p = p.Form(textsForm).Set(last+"nom", "Attestation d’assurance").Press("Enregistrer").Want(http.StatusOK, "")
	if got := count(); got != before+1 {
		t.Errorf("%d places; want %d", got, before+1)
	}
	if said := p.Text("section:has(#pieces) .notice"); !strings.Contains(said, "Citez le texte qui exige cette pièce") {
		t.Errorf("a piece that no text requires is told as %q", said)
	}
	p.Form(textsForm).Set("piece-0-nom", "").Press("Enregistrer").Want(http.StatusOK, "")
	if got := count(); got != before {
		t.Errorf("%d places after one was removed; want %d", got, before)
	}
}

// A letter is worded in the draft while there is one, and nothing leaves in its words before
// it is published.
func TestALetterOfADraftWaitsForItsPublication(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, _ := o.editing(t)
	p := b.Get("/agents/demarches/terrasse/lettres").Want(http.StatusOK, "").Follow("Refus").Want(http.StatusOK, "/agents/demarches/terrasse/lettres/refuse")
	f := p.Form("form.card")
	p = f.Set("texte", "La mairie vous remercie.\n\n"+f.Value("texte")).Press("Enregistrer").Want(http.StatusOK, "")
	if !strings.Contains(p.Text("main"), "ceux du brouillon") || !strings.Contains(p.Text(".letter"), "vous remercie") {
		t.Errorf("the page says %q", p.Text("main"))
	}
	if said := b.Get("/agents/demarches/terrasse/differences").Text("main"); !strings.Contains(said, "vous remercie") {
		t.Errorf("the differences are %q", said)
	}
	draft := b.Get("/agents/demarches/terrasse/brouillon")
	draft.Form("form:has(button[value=abandonner])").Press("Supprimer le brouillon").Want(http.StatusOK, "")
	if said := b.Get("/agents/demarches/terrasse/lettres/refuse").Text(".letter"); strings.Contains(said, "vous remercie") {
		t.Error("the words of a dropped draft are in force")
	}
}

// An administrator sees a step as a telephone and a computer show it; only that page may be
// shown in a frame, and only by this host.
func TestTheFormIsSeenBeforeItIsPublished(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.editing(t)
	p = p.Follow("Aperçu").Want(http.StatusOK, "")
	source := p.Attr(".screen-phone iframe", "src")
	if source == "" || source != p.Attr(".screen-desk iframe", "src") {
		t.Fatalf("the telephone shows %q, the computer %q", source, p.Attr(".screen-desk iframe", "src"))
	}
	if policy := p.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src 'self'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the page's policy is %q", policy)
	}
	shown := b.Get(source).Want(http.StatusOK, "")
	if policy := shown.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'self'") || strings.Contains(policy, "frame-src") {
		t.Errorf("the frame's policy is %q", policy)
	}
	shown.Follow("Continuer").Want(http.StatusOK, "")
	o.signed(t, o.instructor).Get(source).Want(http.StatusForbidden, "")
}
