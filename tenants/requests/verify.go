package requests

import (
	"context"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
)

// Verified is what anybody learns of a document whose code they have: enough to tell
// whether the sheet in their hand is the one that was issued, and no more.
type Verified struct {
	Code     string
	Kind     documents.Kind
	Number   string // of the document, or of the request
	IssuedOn calendar.Date
	SHA256   []byte // of the content that is kept
	Initials string // of whom it names first
	// Of an attestation: what was accepted, and that it no longer stands.
	Title     string
	Since     calendar.Date
	Withdrawn bool
	RevokedOn calendar.Date
	Why       string
}

// sqlTakenBack finds what takes a decision back (L.242-1).
const sqlTakenBack = `select decided_on from decision where revokes = $1 order by created_at`

// Verify tells what a document's code stands for, to anybody. What is no code of ours is
// fault.NotFound "verification_unknown".
func Verify(ctx context.Context, tx *tenants.Tx, code string) (Verified, error) {
	d, err := documents.ByCode(ctx, tx, code)
	if err != nil {
		return Verified{}, err
	}
	v := Verified{
		Code: d.Code, Kind: d.Kind, Number: d.Content.Number, IssuedOn: d.IssuedOn, SHA256: d.SHA256,
		RevokedOn: d.RevokedOn, Why: d.RevokedWhy, Withdrawn: !d.RevokedOn.IsZero(),
	}
	if v.Number == "" {
		v.Number = d.Content.Reference
	}
	if len(d.Content.Recipient) > 0 {
		v.Initials = initials(d.Content.Recipient[0])
	}
	if d.Kind == documents.Letter || d.Kind == documents.Attestation {
		back, err := tenants.All[calendar.Date](ctx, tx, sqlTakenBack, d.SourceID)
		if err != nil {
			return Verified{}, err
		}
		v.Withdrawn = v.Withdrawn || len(back) > 0
	}
	if d.Kind != documents.Attestation {
		return v, nil
	}
	r, err := one(ctx, tx, sqlRequestByID, d.RequestID)
	if err != nil {
		return Verified{}, err
	}
	v.Title, v.Since = r.Title, r.SilenceLastDay.AddDays(1)
	v.Withdrawn = v.Withdrawn || r.State != StateImplicitAcceptance
	return v, nil
}

// initials gives "A. L." of a name.
func initials(name string) string {
	var out []string
	for word := range strings.FieldsSeq(name) {
		first, _ := utf8.DecodeRuneInString(word)
		out = append(out, string(first)+".")
	}
	return strings.Join(out[:min(len(out), 4)], " ")
}

// Short is the beginning of the content's hash, as it is printed on the document.
func (v Verified) Short() string { return hex.EncodeToString(v.SHA256[:min(4, len(v.SHA256))]) }
