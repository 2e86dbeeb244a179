package requests

import (
	"context"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
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
	// ByNumber says that only the number of an attestation was given, which anybody can
	// guess: what is known is then Kind, Number, IssuedOn and Withdrawn.
	ByNumber bool
}

// sqlTakenBack finds what takes a decision back (L.242-1).
const sqlTakenBack = `select decided_on from decision where revokes = $1 order by created_at`

// attestationNumber is the number of an attestation as people copy it: its dashes, spaces
// and capitals do not count.
var attestationNumber = regexp.MustCompile(`^(?:N[°º]?)?ATT([0-9]{2})([0-9]{6,9})$`)

// The same one question whether it is there or not, so that its time tells nothing.
const sqlAttestationNumbered = `select d.issued_on, coalesce(d.revoked_on is not null or r.state <> 'implicitly_accepted' or exists (select 1 from decision b where b.revokes = d.source_id), false) as withdrawn
	from (values ($1::text)) n (number) left join request r on r.number = n.number left join issued_document d on d.request_id = r.id and d.kind = 'attestation'
	order by d.issued_at desc nulls last limit 1`

// numbered tells of an attestation's number that one was issued under it, when, and whether
// it stands: nothing of the request or of the person. ok is false for what is no number.
func numbered(ctx context.Context, tx *tenants.Tx, typed string) (v Verified, ok bool, err error) {
	bare := strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '.' {
			return -1
		}
		return r
	}, typed))
	m := attestationNumber.FindStringSubmatch(bare)
	if m == nil {
		return v, false, nil
	}
	number := m[1] + "-" + m[2]
	v = Verified{Kind: documents.Attestation, Number: attestationPrefix + number, ByNumber: true}
	row, err := tenants.One[struct {
		IssuedOn  calendar.Date
		Withdrawn bool
	}](ctx, tx, sqlAttestationNumbered, number)
	if err == nil && row.IssuedOn.IsZero() {
		err = fault.New(fault.NotFound, "verification_unknown")
	}
	v.IssuedOn, v.Withdrawn = row.IssuedOn, row.Withdrawn
	return v, true, err
}

// Verify tells what a document's code stands for, to anybody; or, less, the number of an
// attestation. What is none of ours is fault.NotFound "verification_unknown".
func Verify(ctx context.Context, tx *tenants.Tx, code string) (Verified, error) {
	if v, ok, err := numbered(ctx, tx, code); ok {
		return v, err
	}
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
