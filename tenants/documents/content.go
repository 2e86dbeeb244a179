package documents

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Kind is what a document is.
type Kind string

// The kinds of documents.
const (
	Receipt     Kind = "receipt"     // accusé de réception (CRPA L.112-3, L.112-11)
	Letter      Kind = "letter"      // an answer: acceptance, refusal, reply, closure
	Notice      Kind = "notice"      // missing pieces (L.114-5)
	Complete    Kind = "complete"    // all the pieces have come (R.112-11-4)
	Attestation Kind = "attestation" // of an implicit acceptance (L.232-3)
	Reasons     Kind = "reasons"     // why an implicit refusal (L.232-4)
	Facts       Kind = "facts"       // a list of what is known
	Mail        Kind = "mail"        // any other letter of the town
)

// Content is a document as data, in French. Every text is plain: what looks like markup
// is shown as it stands.
type Content struct {
	Kind      Kind          `json:"kind"`
	Sender    Sender        `json:"sender"`
	Recipient []string      `json:"recipient,omitempty"` // name and address as in the envelope's window, at most seven lines
	Place     string        `json:"place,omitempty"`
	Date      calendar.Date `json:"date"`
	Reference string        `json:"reference,omitempty"` // of the file: "26-000123"
	Number    string        `json:"number,omitempty"`    // of the document itself, where it has one
	Subject   string        `json:"subject"`             // its title too: never empty
	Blocks    []Block       `json:"blocks,omitempty"`
	Signatory []string      `json:"signatory,omitempty"` // name, then quality
	Footer    []string      `json:"footer,omitempty"`    // small lines at the foot of the text
	Code      string        `json:"code,omitempty"`      // of verification; Issue gives it
}

// Sender is the letterhead.
type Sender struct {
	Office string   `json:"office"` // "Mairie de Castanet-Tolosan"
	Lines  []string `json:"lines,omitempty"`
}

// Block is one part of the text: exactly one of its fields is set, but for Items, which
// may follow the Text that announces them.
type Block struct {
	Heading string   `json:"heading,omitempty"`
	Text    string   `json:"text,omitempty"` // a paragraph; its line breaks are kept
	Items   []string `json:"items,omitempty"`
	Facts   []Fact   `json:"facts,omitempty"` // a table of two columns
}

// Fact is one line of a table.
type Fact struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// maxContent is what a content may weigh, in bytes of JSON: some sixty pages.
const maxContent = 256 << 10

// encode gives the bytes that are kept and hashed. A content without a kind, a sender, a
// subject or a day, or too long, is fault.Invalid "document_invalid" or
// "document_too_long".
func (c Content) encode() ([]byte, error) {
	if c.Kind == "" || strings.TrimSpace(c.Sender.Office) == "" || strings.TrimSpace(c.Subject) == "" || c.Date.IsZero() {
		return nil, fault.New(fault.Invalid, "document_invalid")
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "document_invalid", err)
	}
	if len(data) > maxContent {
		return nil, fault.New(fault.Invalid, "document_too_long")
	}
	return data, nil
}

// FromText makes blocks of a letter's plain text: paragraphs are parted by empty lines,
// and lines that begin with "- " are a list.
func FromText(text string) []Block {
	var out []Block
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		var words, items []string
		for line := range strings.SplitSeq(strings.Trim(paragraph, "\n"), "\n") {
			item, listed := strings.CutPrefix(line, "- ")
			switch {
			case listed:
				items = append(items, item)
			case len(items) > 0: // the list is over
				out = appendBlock(out, words, items)
				words, items = []string{line}, nil
			default:
				words = append(words, line)
			}
		}
		out = appendBlock(out, words, items)
	}
	return out
}

func appendBlock(out []Block, words, items []string) []Block {
	text := strings.TrimSpace(strings.Join(words, "\n"))
	if text == "" && len(items) == 0 {
		return out
	}
	return append(out, Block{Text: text, Items: items})
}

// FromLetter makes a content of a letter that was written as plain text (package
// catalogue): its first lines that only repeat place, date and reference stand elsewhere
// on the sheet and are left out of the text.
func FromLetter(c Content, body string) Content {
	parts := strings.Split(strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n")), "\n\n")
	if len(parts) > 0 && c.Place != "" && strings.HasPrefix(parts[0], c.Place+", le ") && !strings.Contains(parts[0], "\n") && utf8.RuneCountInString(parts[0]) < 80 {
		parts = parts[1:]
	}
	if len(parts) > 0 && c.Reference != "" && parts[0] == "Référence\u00a0: "+c.Reference {
		parts = parts[1:]
	}
	c.Blocks = FromText(strings.Join(parts, "\n\n"))
	return c
}

// Text gives the document's words without its letterhead, as a page or a mail shows them:
// paragraphs parted by empty lines, items as lines that begin with "- ".
func (c Content) Text() string {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	for _, b := range c.Blocks {
		add(b.Heading)
		words := b.Text
		for _, item := range b.Items {
			words += "\n- " + item
		}
		add(strings.TrimPrefix(words, "\n"))
		var facts []string
		for _, f := range b.Facts {
			facts = append(facts, "- "+f.Label+"\u00a0: "+f.Value)
		}
		add(strings.Join(facts, "\n"))
	}
	add(c.Dateline())
	add(strings.Join(c.Signatory, "\n"))
	add(strings.Join(c.Footer, "\n"))
	return strings.Join(parts, "\n\n")
}
