package documents_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// long is a document of the largest size that is taken: some sixty pages.
func long() documents.Content {
	c := content(documents.Letter)
	for range 60 {
		c.Blocks = append(c.Blocks, documents.Block{Heading: "Un titre", Text: strings.Repeat("Une phrase qui tient sur une ligne. ", 90), Items: []string{"a", "b"}})
	}
	return c
}

// However many documents are made, and however long, the process that makes them holds no
// more than it may: it is replaced.
func TestTheRenderersMemoryStaysBounded(t *testing.T) {
	t.Parallel()
	const most = 128 << 20
	r := renderer(t, func(c *documents.Config) { c.MaxRSS = most; c.Limit = 30 * time.Second })
	var last, peak int64
	for i := range 60 {
		c := content(documents.Letter)
		if i%6 == 5 {
			c = long()
		}
		if _, err := r.Render(t.Context(), c, documents.Look{Colour: "#1b6e3c"}); err != nil {
			t.Fatalf("document %d: %v", i, err)
		}
		now, ever := r.Held(t)
		last, peak = now, max(peak, ever)
	}
	t.Logf("it holds %d MB, and held %d MB at most", last>>20, peak>>20)
	if peak > most*3/2 { // one document may pass what replaces the process, once
		t.Errorf("it held %d MB", peak>>20)
	}
}

// A document that takes more memory than any may is ended, by the kernel and not by the
// machine's lack, and answered with an error; the next one is made.
func TestADocumentThatEatsTheMemoryIsEnded(t *testing.T) {
	t.Parallel()
	r := renderer(t, func(c *documents.Config) { c.MaxGrowth = 24 << 20; c.Limit = 30 * time.Second })
	for range 2 {
		if _, err := r.Render(t.Context(), content(documents.Receipt), documents.Look{}); err != nil {
			t.Fatalf("an ordinary document: %v", err)
		}
		if pdf, err := r.Render(context.WithoutCancel(t.Context()), long(), documents.Look{}); !fault.Is(err, "pdf_busy") {
			t.Fatalf("a hostile one: %d bytes, %v", len(pdf), err)
		}
		if _, most := r.Held(t); most > 400<<20 {
			t.Errorf("it held %d MB", most>>20)
		}
	}
	if _, err := r.Render(t.Context(), content(documents.Letter), documents.Look{}); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// One that would take for ever is ended in its time.
func TestADocumentThatTakesTooLongIsEnded(t *testing.T) {
	t.Parallel()
	r := renderer(t, func(c *documents.Config) { c.Limit = 100 * time.Millisecond })
	for range 3 { // the first one also waits for what the compiler reads once
		_, _ = r.Render(t.Context(), content(documents.Receipt), documents.Look{})
	}
	if _, err := r.Render(t.Context(), long(), documents.Look{}); !fault.Is(err, "pdf_busy") {
		t.Errorf("a document that takes long: %v", err)
	}
}
