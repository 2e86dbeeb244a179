package documents

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Sheet is a document as it leaves by post.
type Sheet struct {
	Issued Issued
	// Envelope is the lines of the address as they are known today: what was issued names
	// whom it was issued to, and is not issued anew for a house number that was corrected.
	Envelope []string
}

// Batch is many documents for one run of the printer.
type Batch struct {
	Title  string // of the file
	Sheets []Sheet
	// Duplex begins each document on a sheet of its own where both sides are printed.
	Duplex bool
	On     calendar.Date // of the file; not of the documents
}

// MaxBatch is how many documents one file holds at most.
const MaxBatch = 100

// batchView is a batch as typst/batch.typ reads it.
type batchView struct {
	view
	Duplex  bool   `json:"duplex"`
	Letters []view `json:"letters"`
}

// extraEach is what each document of a batch may add to the time for one.
const extraEach = 150 * time.Millisecond

// RenderBatch makes one PDF (PDF/UA-1) of many documents, each on pages of its own that are
// counted for themselves, with its address where an envelope's window shows it. It is
// called outside any transaction; its faults are those of [Renderer.Render], and an empty
// batch, or one of more than [MaxBatch], is fault.Invalid "document_invalid".
func (r *Renderer) RenderBatch(ctx context.Context, b Batch, l Look) ([]byte, error) {
	if !r.Able() {
		return nil, fault.New(fault.Unavailable, "pdf_unavailable")
	}
	if len(b.Sheets) == 0 || len(b.Sheets) > MaxBatch {
		return nil, fault.New(fault.Invalid, "document_invalid")
	}
	data := batchView{Duplex: b.Duplex, Letters: make([]view, 0, len(b.Sheets))}
	for _, s := range b.Sheets {
		kept, err := s.Issued.Content.encode()
		if err != nil {
			return nil, err
		}
		c := s.Issued.Content
		c.Recipient = s.Envelope
		data.Letters = append(data.Letters, c.view(l, kept))
	}
	data.view = data.Letters[0]
	data.Title, data.Year, data.Month, data.Day = printable(b.Title, maxWord), b.On.Year, int(b.On.Month), b.On.Day
	question := job{Template: "batch.typ", At: b.On.Start(time.UTC).Unix()}
	if len(l.Logo) > 0 {
		question.Logo, question.LogoName = l.Logo, logoName
		for i := range data.Letters {
			data.Letters[i].Logo = logoName
		}
	}
	question.Data = data
	return r.inTurn(ctx, question, r.c.Limit+time.Duration(len(b.Sheets))*extraEach)
}
