package documents

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// view is a document as the templates (typst/*.typ) read it.
type view struct {
	Title       string      `json:"title"` // of the file: what a reader's window shows
	Accent      string      `json:"accent"`
	Tint        string      `json:"tint"`
	Logo        string      `json:"logo"` // a name in the compiler's own folder, or ""
	LogoAlt     string      `json:"logo_alt"`
	Office      string      `json:"office"`
	Sender      []string    `json:"sender"`
	Recipient   []string    `json:"recipient"`
	Dateline    string      `json:"dateline"`
	Year        int         `json:"year"`
	Month       int         `json:"month"`
	Day         int         `json:"day"`
	Reference   string      `json:"reference"`
	Number      string      `json:"number"`
	Subject     string      `json:"subject"`
	Blocks      []blockView `json:"blocks"`
	Signatory   []string    `json:"signatory"`
	Footer      []string    `json:"footer"`
	Verify      string      `json:"verify"`
	Code        string      `json:"code"`
	Fingerprint string      `json:"fingerprint"`
}

type blockView struct {
	Heading string   `json:"heading"`
	Text    string   `json:"text"`
	Items   []string `json:"items"`
	Facts   []Fact   `json:"facts"`
}

// mostLines is how many lines of a recipient the envelope's window shows.
const mostLines = 6

func (c Content) view(l Look, kept []byte) view {
	v := view{
		LogoAlt: printable(l.Alt, maxWord), Office: printable(c.Sender.Office, maxWord), Sender: each(window(c.Sender.Lines), maxWord),
		Recipient: each(window(c.Recipient), narrow), Dateline: printable(c.Dateline(), maxWord), Year: c.Date.Year, Month: int(c.Date.Month), Day: c.Date.Day,
		Reference: printable(c.Reference, maxWord), Number: printable(c.Number, maxWord), Subject: printable(c.Subject, maxWord),
		Signatory: each(c.Signatory, narrow), Footer: each(c.Footer, maxWord), Code: c.Code,
		Blocks: make([]blockView, 0, len(c.Blocks)),
	}
	v.Accent, v.Tint = l.paint()
	v.Title = v.Subject
	if v.Reference != "" {
		v.Title += " – " + v.Reference
	}
	v.Title = strings.Join(strings.Fields(strings.ReplaceAll(v.Title, string(softStop), "")), " ")
	if c.Code != "" {
		sum := sha256.Sum256(kept)
		v.Verify, v.Fingerprint = l.Site+"/verifier", hex.EncodeToString(sum[:4])
		if l.Site == "" {
			v.Verify = "site de la commune"
		}
	}
	for _, b := range c.Blocks {
		w := blockView{Heading: printable(b.Heading, maxWord), Text: printable(b.Text, maxWord), Items: each(b.Items, maxWord), Facts: make([]Fact, 0, len(b.Facts))}
		for _, f := range b.Facts {
			w.Facts = append(w.Facts, Fact{Label: printable(f.Label, narrow), Value: printable(f.Value, wide)})
		}
		v.Blocks = append(v.Blocks, w)
	}
	return v
}

// each makes every text printable; never nil, which Typst would read as none.
func each(texts []string, word int) []string {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		if t = strings.TrimSpace(printable(t, word)); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// window fits a recipient into the envelope's window, and a letterhead above it.
func window(lines []string) []string {
	if len(lines) <= mostLines {
		return lines
	}
	out := append([]string{}, lines[:mostLines-1]...)
	return append(out, strings.Join(lines[mostLines-1:], ", "))
}

// Dateline is the place and the day, as a letter begins.
func (c Content) Dateline() string {
	if c.Place == "" {
		return "Le " + c.Date.FrenchShort()
	}
	return c.Place + ", le " + c.Date.FrenchShort()
}

// template gives the name of the file that a kind is set with.
func (k Kind) template() string {
	switch k {
	case Receipt, Attestation, Facts:
		return string(k) + ".typ"
	default:
		return "letter.typ"
	}
}
