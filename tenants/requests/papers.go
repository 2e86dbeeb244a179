package requests

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Paper names what can be issued as a document of a request: ID is that of the receipt,
// the decision or the notice.
type Paper struct {
	Kind documents.Kind
	ID   tenants.ID
}

// FindPaper gives a paper that was issued already, to the owner and to whoever may read
// the request; none yet is fault.NotFound "document_not_issued" ([IssuePaper]).
func FindPaper(ctx context.Context, tx *tenants.Tx, number string, p Paper) (documents.Issued, error) {
	r, _, err := visible(ctx, tx, number)
	if err != nil {
		return documents.Issued{}, err
	}
	if p.ID == "" {
		return documents.Issued{}, fault.New(fault.NotFound, "document_not_issued")
	}
	return documents.Find(ctx, tx, r.ID, p.ID, p.Kind)
}

// IssuePaper gives a paper of the request a code by which anybody verifies it, the first
// time that it is asked for; then, and ever after, it is the same. The owner and agents
// may. What the request does not have is fault.NotFound "document_unknown". An
// attestation is issued by [Attest] alone.
func IssuePaper(ctx context.Context, tx *tenants.Tx, number string, p Paper) (documents.Issued, error) {
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return documents.Issued{}, err
	}
	if who == Supporter {
		return documents.Issued{}, fault.New(fault.Forbidden, "support_read_only")
	}
	d := Detail{Request: r}
	if err := d.load(ctx, tx, who); err != nil {
		return documents.Issued{}, err
	}
	if err := d.loadReasons(ctx, tx); err != nil {
		return documents.Issued{}, err
	}
	content, err := d.paper(p)
	if err != nil {
		return documents.Issued{}, err
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return documents.Issued{}, err
	}
	content.Kind, content.Sender, content.Recipient = p.Kind, documents.SenderOf(tx.Tenant(), settings), r.recipient()
	content.Place, content.Reference = tx.Tenant().Name, r.Number
	if len(content.Blocks) == 1 && p.Kind != documents.Receipt { // a letter's text, as it was kept
		content = documents.FromLetter(content, content.Blocks[0].Text)
	}
	return documents.Issue(ctx, tx, documents.Draft{Request: r.ID, Source: p.ID, Content: content})
}

// recipient is the person as an envelope's window shows them.
func (r Request) recipient() []string {
	var lines []string
	for line := range strings.SplitSeq(r.Applicant.lines(), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// paper finds what a paper says, and on which day it was made.
func (d *Detail) paper(p Paper) (documents.Content, error) {
	text := func(subject, body string, on calendar.Date) (documents.Content, error) {
		return documents.Content{Subject: subject, Date: on, Blocks: []documents.Block{{Text: body}}}, nil
	}
	switch p.Kind {
	case documents.Receipt:
		for _, r := range d.Receipts {
			if r.ID == p.ID {
				blocks, err := d.receiptBlocks(r)
				return documents.Content{Subject: r.Subject, Date: r.IssuedOn, Blocks: blocks}, err
			}
		}
	case documents.Letter:
		for _, x := range d.Decisions {
			if x.ID == p.ID && x.Letter != "" {
				return text(x.Subject, x.Letter, x.DecidedOn)
			}
		}
	case documents.Reasons:
		for _, q := range d.Reasons {
			if q.ID == p.ID && q.Letter != "" {
				return text(q.Subject, q.Letter, q.AnsweredOn)
			}
		}
	case documents.Notice, documents.Complete:
		for _, n := range d.DocumentRequests {
			switch {
			case n.ID != p.ID:
			case p.Kind == documents.Complete && n.CompleteLetter != "":
				return text("Votre dossier est complet", n.CompleteLetter, n.CompletedOn)
			case p.Kind == documents.Notice && n.Letter != "":
				return text(n.Subject, n.Letter, n.NotifiedOn)
			}
		}
	}
	return documents.Content{}, fault.New(fault.NotFound, "document_unknown")
}

// receiptBlocks writes a receipt's mentions again as they were kept with it.
func (d *Detail) receiptBlocks(r Receipt) ([]documents.Block, error) {
	var mentions []notify.Paragraph
	if bytes.HasPrefix(bytes.TrimSpace(r.Mentions), []byte("[")) {
		if err := json.Unmarshal(r.Mentions, &mentions); err != nil {
			return nil, err
		}
	} else {
		var m catalogue.Mentions
		if err := json.Unmarshal(r.Mentions, &m); err != nil {
			return nil, err
		}
		mentions = paragraphs(m.Paragraphs())
	}
	facts := []documents.Fact{{Label: "Numéro", Value: d.Number}, {Label: "Démarche", Value: d.Title}}
	if name := d.ApplicantName(); name != "" {
		facts = append(facts, documents.Fact{Label: "Demandeur", Value: name})
	}
	if d.Applicant.OnBehalfOf != "" {
		facts = append(facts, documents.Fact{Label: "Pour le compte de", Value: d.Applicant.OnBehalfOf})
	}
	blocks := []documents.Block{{Facts: facts}}
	for _, m := range mentions {
		blocks = append(blocks, documents.Block{Heading: m.Title})
		for i, text := range m.Text {
			b := documents.Block{Text: text}
			if i == len(m.Text)-1 {
				b.Items = m.Items
			}
			blocks = append(blocks, b)
		}
		if len(m.Text) == 0 && len(m.Items) > 0 {
			blocks = append(blocks, documents.Block{Items: m.Items})
		}
	}
	return blocks, nil
}
