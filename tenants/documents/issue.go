package documents

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/codes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Draft is a document about to be issued.
type Draft struct {
	Request tenants.ID // what it is about
	Source  tenants.ID // the row that it is made from: a receipt, a decision, a notice
	Content Content
}

// Issued is a document as it was issued.
type Issued struct {
	Code       string // as it is written: "K7QD2F-9XMPA4"
	Kind       Kind
	RequestID  tenants.ID
	SourceID   tenants.ID
	Content    Content
	SHA256     []byte // of the kept content's bytes
	IssuedAt   time.Time
	IssuedOn   calendar.Date
	IssuedBy   string        // who asked for it first; empty: the person themselves
	RevokedOn  calendar.Date // none: it holds
	RevokedWhy string        // in French, for whoever verifies it
}

// A code has 60 bits, written 6+6, so that nobody takes it for a tracking code (4+4+4).
const (
	codeLetters = 12
	codeGroup   = 6
)

const (
	issuedColumns = `code, kind, request_id, source_id, content, sha256, issued_at, issued_on, issued_by, revoked_on, revoked_why`

	sqlIssue = `insert into issued_document (code, kind, request_id, source_id, content, sha256, issued_at, issued_on, issued_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`
	sqlFind   = `select ` + issuedColumns + ` from issued_document where request_id = $1 and source_id = $2 and kind = $3`
	sqlByCode = `select ` + issuedColumns + ` from issued_document where code = $1`
	sqlRevoke = `update issued_document set revoked_on = $4, revoked_why = $5 where request_id = $1 and source_id = $2 and kind = $3 and revoked_on is null`
)

type issuedRow struct {
	Code       string
	Kind       Kind
	RequestID  tenants.ID
	SourceID   tenants.ID
	Content    string
	SHA256     []byte `db:"sha256"`
	IssuedAt   time.Time
	IssuedOn   calendar.Date
	IssuedBy   string
	RevokedOn  calendar.Date
	RevokedWhy string
}

// issued reads a row. Whose content is not what was hashed is fault.Internal
// "document_altered": nothing is shown as authentic that somebody changed.
func (w issuedRow) issued() (Issued, error) {
	d := Issued{
		Code: codes.Grouped(w.Code, codeGroup), Kind: w.Kind, RequestID: w.RequestID, SourceID: w.SourceID, SHA256: w.SHA256,
		IssuedAt: w.IssuedAt, IssuedOn: w.IssuedOn, IssuedBy: w.IssuedBy, RevokedOn: w.RevokedOn, RevokedWhy: w.RevokedWhy,
	}
	sum := sha256.Sum256([]byte(w.Content))
	if !bytes.Equal(sum[:], w.SHA256) {
		return Issued{}, fault.New(fault.Internal, "document_altered")
	}
	if err := json.Unmarshal([]byte(w.Content), &d.Content); err != nil {
		return Issued{}, fault.Wrap(fault.Internal, "document_altered", err)
	}
	return d, nil
}

// Issue keeps a document and gives it a code. A source gives one document of a kind:
// asked for again, it is the one that was issued first, whatever the draft now says. Any
// actor may: what issues it has its own rights.
func Issue(ctx context.Context, tx *tenants.Tx, d Draft) (Issued, error) {
	found, err := Find(ctx, tx, d.Request, d.Source, d.Content.Kind)
	if err == nil || !fault.Is(err, "document_not_issued") {
		return found, err
	}
	secret := make([]byte, 8)
	_, _ = rand.Read(secret) // it never fails
	code := codes.Letters(secret, codeLetters)
	d.Content.Code = codes.Grouped(code, codeGroup)
	content, err := d.Content.encode()
	if err != nil {
		return Issued{}, err
	}
	sum := sha256.Sum256(content)
	by := ""
	if a := tx.Actor(); a.IsAgent() {
		by = a.Name
	}
	if _, err := tx.Exec(ctx, sqlIssue, code, d.Content.Kind, d.Request, d.Source, string(content), sum[:], tx.Now(), tx.Today(), by); err != nil {
		return Issued{}, err
	}
	return Find(ctx, tx, d.Request, d.Source, d.Content.Kind) // ours, or that of who came at the same moment
}

// Find gives the document of a kind that a source gave; none yet is fault.NotFound
// "document_not_issued". Whoever calls it has looked at who may read the request.
func Find(ctx context.Context, tx *tenants.Tx, request, source tenants.ID, kind Kind) (Issued, error) {
	row, err := tenants.One[issuedRow](ctx, tx, sqlFind, request, source, kind)
	if fault.Is(err, "not_found") {
		return Issued{}, fault.New(fault.NotFound, "document_not_issued")
	}
	if err != nil {
		return Issued{}, err
	}
	return row.issued()
}

// ByCode gives the document with this code, as somebody typed it, to anybody: the code is
// proof of holding the document. What it shows is for the caller to choose. None, and
// what is no code, is fault.NotFound "verification_unknown".
func ByCode(ctx context.Context, tx *tenants.Tx, typed string) (Issued, error) {
	code := codes.Read(typed, codeLetters)
	if code == "" {
		return Issued{}, fault.New(fault.NotFound, "verification_unknown")
	}
	row, err := tenants.One[issuedRow](ctx, tx, sqlByCode, code)
	if fault.Is(err, "not_found") {
		return Issued{}, fault.New(fault.NotFound, "verification_unknown")
	}
	if err != nil {
		return Issued{}, err
	}
	return row.issued()
}

// Revoke says of a document that it holds no longer, and since when, to whoever verifies
// it: a decision that was withdrawn. Why is French and names nobody. What was never
// issued, or is revoked, stays as it is.
func Revoke(ctx context.Context, tx *tenants.Tx, of Draft, why string) error {
	_, err := tx.Exec(ctx, sqlRevoke, of.Request, of.Source, of.Content.Kind, tx.Today(), why)
	return err
}
