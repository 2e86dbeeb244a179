package documents_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// A whole post in one file: each letter on pages of its own, counted for itself, with its
// address in the window and its own code.
func TestManyLettersLeaveInOneFile(t *testing.T) {
	t.Parallel()
	r := renderer(t, nil)
	look := documents.Look{Colour: "#1b6e3c", Logo: logo(t), Alt: "Blason de la commune de Castanet-Tolosan", Site: "castanet-tolosan.parvis.example"}
	codes := []string{"K7QD2F-9XMPA4", "AAAAAA-222222", "BBBBBB-333333"}
	batch := documents.Batch{Title: "Courriers à poster (3)", On: calendar.NewDate(2026, 11, 23)}
	for i, code := range codes {
		c := content([]documents.Kind{documents.Letter, documents.Receipt, documents.Mail}[i])
		c.Code = code
		if i == 1 { // two pages
			c.Blocks = append(c.Blocks, documents.Block{Text: strings.Repeat("Une ligne de plus.\n", 50)})
		}
		sheet := documents.Sheet{Issued: documents.Issued{Content: c}, Envelope: []string{"Monsieur Noé Garcia", "12 bis rue Neuve", "31320 Castanet-Tolosan"}}
		batch.Sheets = append(batch.Sheets, sheet)
	}
	if _, err := r.RenderBatch(t.Context(), documents.Batch{Title: "rien", On: batch.On}, look); !fault.Is(err, "document_invalid") {
		t.Errorf("of nothing: %v", err)
	}
	pdfs := map[string][]byte{}
	for _, name := range []string{"simple", "duplex"} {
		batch.Duplex = name == "duplex"
		pdf, err := r.RenderBatch(t.Context(), batch, look)
		if err != nil {
			t.Fatal(err)
		}
		pdfs[name] = pdf
	}
	first := map[string][]int{"simple": {1, 2, 4}, "duplex": {1, 3, 5}}
	for name, got := range readPDFs(t, pdfs) {
		if !got.Marked || got.UA != "1" || got.Title != batch.Title || got.Pages != first[name][2] || len(got.Outside) > 0 {
			t.Errorf("%s: marked %v, UA %q, title %q, %d pages, outside %q", name, got.Marked, got.UA, got.Title, got.Pages, got.Outside)
		}
		for _, want := range append(slices.Clone(codes), "page 1 sur 1", "page 1 sur 2", "page 2 sur 2") {
			if !strings.Contains(got.Text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, got.Text)
			}
		}
		var begins []int
		for _, p := range got.Placed {
			if p.Text == "Monsieur Noé Garcia" {
				begins = append(begins, p.Page)
				if p.X < 109 || p.X > 112 || p.Y < 50 || p.Y > 58 {
					t.Errorf("%s: the address lies at %.0f, %.0f mm", name, p.X, p.Y)
				}
			}
		}
		if !slices.Equal(begins, first[name]) {
			t.Errorf("%s: the letters begin on pages %v", name, begins)
		}
		if strings.Contains(got.Text, "Lefèvre\n3 rue") {
			t.Errorf("%s: the address of when it was issued is in the window", name)
		}
	}
}

// What a town posts in a bad week is made in a few seconds, by a process within its bounds.
func TestAWholeBatchIsMade(t *testing.T) {
	t.Parallel()
	r := renderer(t, nil)
	batch := documents.Batch{Title: "Courriers", On: calendar.NewDate(2026, 11, 23)}
	for range documents.MaxBatch {
		batch.Sheets = append(batch.Sheets, documents.Sheet{Issued: documents.Issued{Content: content(documents.Letter)}, Envelope: []string{"Monsieur Noé Garcia"}})
	}
	for range 2 {
		if _, err := r.RenderBatch(t.Context(), batch, documents.Look{}); err != nil {
			t.Fatal(err)
		}
		if _, most := r.Held(t); most > 256<<20 {
			t.Errorf("the process that made the largest batch held %d MB", most>>20)
		}
	}
}
