package requests

import (
	"context"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// letterPapers are the letters that bring a paper of the request, which has the same code
// whichever way somebody comes by it. Any other letter is a document of its own.
var letterPapers = map[string]documents.Kind{
	LetterDecision: documents.Letter, LetterDocuments: documents.Notice, LetterComplete: documents.Complete,
	LetterReceipt: documents.Receipt, LetterReasons: documents.Reasons,
}

// paper names the document that a letter is.
func (l Letter) paper() Paper {
	if kind, ok := letterPapers[l.Kind]; ok && l.About != "" {
		return Paper{Kind: kind, ID: l.About}
	}
	return Paper{Kind: documents.Mail, ID: l.ID}
}

// sheet is a letter with the document that it is.
func (l Letter) sheet(d documents.Issued) documents.Sheet {
	return documents.Sheet{Issued: d, Envelope: strings.Split(l.Recipient, "\n")}
}

// IssueLetters gives letters a code each by which anybody verifies them, once, and gives
// them as sheets to be printed, in the order in which they were made. Site is the address of
// the commune's pages ("https://…"), for the links in them. Agents who see them may; the
// faults are those of [LettersByID].
func IssueLetters(ctx context.Context, tx *tenants.Tx, ids []tenants.ID, site string) ([]documents.Sheet, error) {
	letters, err := actOnLetters(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return nil, err
	}
	sheets := make([]documents.Sheet, len(letters))
	for i, l := range letters {
		d, err := l.issue(ctx, tx, settings, site)
		if err != nil {
			return nil, err
		}
		sheets[i] = l.sheet(d)
	}
	return sheets, nil
}

func (l Letter) issue(ctx context.Context, tx *tenants.Tx, s tenants.Settings, site string) (documents.Issued, error) {
	p := l.paper()
	d, err := documents.Find(ctx, tx, l.RequestID, p.ID, p.Kind)
	if err == nil || !fault.Is(err, "document_not_issued") {
		return d, err
	}
	if p.Kind != documents.Mail {
		return IssuePaper(ctx, tx, l.Number, p)
	}
	content := documents.FromLetter(documents.Content{
		Kind: documents.Mail, Sender: documents.SenderOf(tx.Tenant(), s), Recipient: strings.Split(l.Recipient, "\n"), Place: tx.Tenant().Name,
		Date: calendar.On(l.CreatedAt, tx.Tenant().Zone()), Reference: l.Number, Subject: l.Subject,
	}, notify.Absolute(l.Body, site))
	return documents.Issue(ctx, tx, documents.Draft{Request: l.RequestID, Source: p.ID, Content: content})
}

// IssuedLetters gives the documents that letters are, by letter, of those that have a code
// already. Who may read the letters may.
func IssuedLetters(ctx context.Context, tx *tenants.Tx, letters []Letter) (map[tenants.ID]documents.Issued, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	found := map[tenants.ID]documents.Issued{}
	for _, l := range letters {
		p := l.paper()
		d, err := documents.Find(ctx, tx, l.RequestID, p.ID, p.Kind)
		switch {
		case err == nil:
			found[l.ID] = d
		case !fault.Is(err, "document_not_issued"):
			return nil, err
		}
	}
	return found, nil
}
