package documents_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/parts"
)

//go:embed testdata/read.mjs
var readScript string

// read is what a reader of PDFs of another make (Mozilla's pdf.js) finds in one.
type read struct {
	Title   string   `json:"title"`
	Lang    string   `json:"lang"`
	Marked  bool     `json:"marked"`
	UA      string   `json:"ua"` // pdfuaid:part of the metadata
	Pages   int      `json:"pages"`
	Text    string   `json:"text"`
	Roles   []string `json:"roles"` // of the structure's tree, in order
	Alts    []string `json:"alts"`
	Untaged int      `json:"untagged"` // texts that are neither tagged nor artifacts
	Outside []string `json:"outside"`  // texts beyond the sheet's edges
	Placed  []placed `json:"placed"`
}

// placed is a text, its page, and where its line begins, in millimetres from the left and top.
type placed struct {
	Text string  `json:"text"`
	Page int     `json:"page"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
}

// readPDFs reads PDFs with pdf.js, fetched once by npm.
func readPDFs(t *testing.T, pdfs map[string][]byte) map[string]read {
	t.Helper()
	cache, err := parts.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	node, err := parts.Node(t.Context(), nil, cache)
	if err != nil {
		t.Fatal(err)
	}
	tools := filepath.Join(cache, "pdfjs-4.10.38")
	if err := parts.NPM(t.Context(), func(line string) { t.Log(line) }, tools, "pdfjs-dist@4.10.38"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "read.mjs")
	if err := os.WriteFile(script, []byte(strings.ReplaceAll(readScript, "PDFJS", filepath.Join(tools, "node_modules/pdfjs-dist/legacy/build/pdf.mjs"))), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, body := range pdfs {
		if err := os.WriteFile(filepath.Join(dir, name+".pdf"), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, script, dir)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, words.String())
	}
	found := map[string]read{}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return found
}

// hostile are texts that break what trusts them.
var hostile = map[string]string{
	"markup":     `#let x = 1; #eval("1") #emph[gras] *gras* _it_ $x^2$ <label> @cle = Titre \ // fin /* */ #{ panic() }`,
	"brackets":   `]]]} )) ] #] "\"` + "`" + `raw` + "`",
	"json":       `","subject":"autre","x":"`,
	"quotes":     `« L’été » "droit" 'simple' — œ Œ € ½ …`,
	"long word":  strings.Repeat("anticonstitutionnellement", 20),
	"address":    "https://exemple.fr/" + strings.Repeat("a/", 120) + "?q=" + strings.Repeat("%20", 40),
	"arabic":     "السيدة فاطمة الزهراء، شارع الليلك",
	"hebrew":     "גברת כהן, רחוב הלילך 3",
	"greek":      "Ελένη Παπαδοπούλου Ёлкина Łódź",
	"vietnamese": "Nguyễn Thị Ánh",
	"emoji":      "Merci 😀👨‍👩‍👧 🇫🇷 ❤️ ✅",
	"chinese":    "漢字 日本語 한국어 ไทย हिन्दी",
	"zalgo":      "Z" + strings.Repeat("\u0301\u0316", 60) + "algo",
	"controls":   "a\x00b\x07c\u200bd\u202ee\u2066f\ufeffg\u00adh\ufffei\u2028j\u2029k\tl\r\nm",
	"private":    "\ue000\uf8ff\U000f0000",
	"broken":     "a\xff\xfeb\xed\xa0\x80",
	"spaces":     "  \n\n   \n ",
	"empty":      "",
	"many lines": strings.Repeat("ligne\n", 120),
}

// A template that breaks PDF/UA fails here: the compiler refuses such a document. Every
// kind is set with every hostile text in every place, and with nothing at all.
func TestNoTextBreaksADocument(t *testing.T) {
	t.Parallel()
	r := renderer(t, nil)
	for _, k := range []documents.Kind{documents.Letter, documents.Receipt, documents.Attestation, documents.Facts} {
		bare := documents.Content{Kind: k, Sender: documents.Sender{Office: "Mairie"}, Subject: "Objet", Date: calendar.NewDate(2028, 2, 29)}
		if _, err := r.Render(t.Context(), bare, documents.Look{}); err != nil {
			t.Errorf("%s with nothing: %v", k, err)
		}
		for name, text := range hostile {
			c := content(k)
			c.Sender.Lines = append(c.Sender.Lines, text, text, text)
			c.Recipient = []string{text, text, text, text, text, text, text, text}
			c.Place, c.Reference, c.Number, c.Subject = text, text, text, "Objet "+text
			c.Signatory, c.Footer = []string{text}, []string{text}
			c.Blocks = append(c.Blocks, documents.Block{Heading: text}, documents.Block{Text: text, Items: []string{text, "b"}}, documents.Block{Facts: []documents.Fact{{Label: text, Value: text}}})
			if _, err := r.Render(t.Context(), c, documents.Look{Colour: "#ffff00", Alt: text, Site: "x.example"}); err != nil {
				t.Errorf("%s with %s: %v", k, name, err)
			}
		}
	}
}

// What a citizen wrote comes out as they wrote it, inside a document that a screen
// reader can read.
func TestADocumentIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	r := renderer(t, nil)
	pdfs := map[string][]byte{}
	for _, k := range []documents.Kind{documents.Letter, documents.Receipt, documents.Attestation, documents.Facts} {
		c := content(k)
		for _, name := range []string{"markup", "brackets", "json", "quotes", "greek"} {
			c.Blocks = append(c.Blocks, documents.Block{Text: hostile[name]})
		}
		c.Blocks = append(c.Blocks, documents.Block{Text: hostile["long word"]}, documents.Block{Facts: []documents.Fact{{Label: hostile["long word"], Value: hostile["address"]}}})
		pdf, err := r.Render(t.Context(), c, documents.Look{Colour: "#1b6e3c", Logo: logo(t), Alt: "Blason de la commune de Castanet-Tolosan", Site: "castanet-tolosan.parvis.example"})
		if err != nil {
			t.Fatal(err)
		}
		pdfs[string(k)] = pdf
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u200b", "")), "") }
	for name, got := range readPDFs(t, pdfs) {
		if !got.Marked || got.UA != "1" || !strings.HasPrefix(got.Lang, "fr") || got.Title != "Votre demande de buvette est acceptée – 26-000123" {
			t.Errorf("%s: marked %v, UA %q, language %q, title %q", name, got.Marked, got.UA, got.Lang, got.Title)
		}
		for _, role := range []string{"H1", "H2", "P", "L", "LI", "Table", "TH", "TD", "Figure"} {
			if !slices.Contains(got.Roles, role) {
				t.Errorf("%s: no %s among %q", name, role, got.Roles)
			}
		}
		if i := slices.IndexFunc(got.Roles, func(r string) bool { return strings.HasPrefix(r, "H") }); i < 0 || got.Roles[i] != "H1" {
			t.Errorf("%s: the first heading is none of the first level: %q", name, got.Roles)
		}
		if !slices.Equal(got.Alts, []string{"Blason de la commune de Castanet-Tolosan"}) {
			t.Errorf("%s: alternatives %q", name, got.Alts)
		}
		if len(got.Outside) > 0 {
			t.Errorf("%s: beyond the sheet: %q", name, got.Outside)
		}
		text := squeeze(got.Text)
		for _, want := range []string{hostile["markup"], hostile["brackets"], hostile["json"], hostile["quotes"], hostile["greek"], hostile["long word"], "K7QD2F-9XMPA4", "castanet-tolosan.parvis.example/verifier"} {
			if !strings.Contains(text, squeeze(want)) {
				t.Errorf("%s: no %q in\n%s", name, want, got.Text)
			}
		}
	}
}

// A process that dies under a document, or is told to make too long a one, costs nobody
// theirs; many at once wait for their turn; and a closed renderer makes none.
func TestTheRendererLivesOn(t *testing.T) {
	t.Parallel()
	r := renderer(t, func(c *documents.Config) { c.MaxServed = 5 })
	for range 12 { // replaced twice and more
		if _, err := r.Render(t.Context(), content(documents.Receipt), documents.Look{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		r.Kill()
		if _, err := r.Render(t.Context(), content(documents.Letter), documents.Look{}); err != nil {
			t.Errorf("after its process died: %v", err)
		}
	}
	failed := make(chan error, 20)
	for range 20 {
		go func() {
			_, err := r.Render(context.WithoutCancel(t.Context()), content(documents.Letter), documents.Look{})
			failed <- err
		}()
	}
	r.Kill()
	for range 20 {
		if err := <-failed; err != nil {
			t.Errorf("among twenty: %v", err)
		}
	}
	r.Close()
	if _, err := r.Render(t.Context(), content(documents.Letter), documents.Look{}); err == nil {
		t.Error("a closed renderer made a document")
	}
	var none *documents.Renderer
	if none.Able() || documents.NewRenderer(documents.Config{Node: "node", Dir: t.TempDir()}).Able() {
		t.Error("able without a compiler")
	}
	if _, err := none.Render(t.Context(), content(documents.Letter), documents.Look{}); err == nil {
		t.Error("no renderer made a document")
	}
}

// logo is a picture of a town's arms.
func logo(t *testing.T) []byte {
	t.Helper()
	c, err := branding.Parse("#1b6e3c")
	if err != nil {
		t.Fatal(err)
	}
	f, err := branding.Placeholder("31113", c, branding.LogoLarge)
	if err != nil {
		t.Fatal(err)
	}
	return f.Body
}
