package requests

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/codes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// draftLife is how long a draft is kept after it was last touched.
const draftLife = 30 * 24 * time.Hour

// Draft is a form on its way: it survives a lost session, and goes on elsewhere by
// its token. It keeps the version of the procedure that it began with.
type Draft struct {
	ID            tenants.ID
	VersionID     tenants.ID
	CitizenID     tenants.ID // of the account, if any
	ProcedureSlug string
	Title         string
	Procedure     *catalogue.Procedure
	Applicant     Applicant
	Answers       forms.Answers
	Step          string // where the person is
	UpdatedAt     time.Time
	ExpiresAt     time.Time
	Tables        forms.Tables // that its form draws from; nil for none
}

const (
	draftColumns = `d.id, d.version_id, d.citizen_id, p.slug, d.applicant, d.answers, d.step, d.updated_at, d.expires_at
		from draft d join procedure_version v on v.id = d.version_id join procedure p on p.id = v.procedure_id`

	sqlInsertDraft = `insert into draft (id, token_hash, version_id, citizen_id, updated_at, expires_at) values ($1, $2, $3, $4, $5, $6)`
	sqlDraftToken  = `select ` + draftColumns + ` where d.token_hash = $1 and d.expires_at > $2`
	sqlDraftLocked = `select ` + draftColumns + ` where d.token_hash = $1 and d.expires_at > $2 for update of d`
	sqlDraftByID   = `select ` + draftColumns + ` where d.id = $1 and d.expires_at > $2 for update of d`
	sqlDraftOwned  = `select ` + draftColumns + ` where d.id = $1 and d.expires_at > $2 and d.citizen_id = $3`
	sqlDraftsOf    = `select ` + draftColumns + ` where d.citizen_id = $1 and d.expires_at > $2 order by d.updated_at desc limit 50`
	sqlSaveDraft   = `update draft set answers = $2, applicant = $3, step = $4, citizen_id = $5, updated_at = $6, expires_at = $7 where id = $1`
)

type draftRow struct {
	ID        tenants.ID
	VersionID tenants.ID
	CitizenID tenants.ID
	Slug      string
	Applicant Applicant
	Answers   forms.Answers
	Step      string
	UpdatedAt time.Time
	ExpiresAt time.Time
}

func (w draftRow) draft(ctx context.Context, tx *tenants.Tx) (Draft, error) {
	v, err := catalogue.VersionByID(ctx, tx, w.VersionID)
	if err != nil {
		return Draft{}, err
	}
	tables, err := catalogue.TablesFor(ctx, tx, v.Procedure)
	if err != nil {
		return Draft{}, err
	}
	return Draft{
		Tables: tables, ID: w.ID, VersionID: w.VersionID, CitizenID: w.CitizenID, ProcedureSlug: w.Slug, Title: v.Procedure.Title, Procedure: v.Procedure,
		Applicant: w.Applicant, Answers: w.Answers, Step: w.Step, UpdatedAt: w.UpdatedAt, ExpiresAt: w.ExpiresAt,
	}, nil
}

func oneDraft(ctx context.Context, tx *tenants.Tx, sql string, args ...any) (Draft, error) {
	row, err := tenants.One[draftRow](ctx, tx, sql, args...)
	if fault.Is(err, "not_found") {
		return Draft{}, fault.New(fault.NotFound, "draft_unknown")
	}
	if err != nil {
		return Draft{}, err
	}
	return row.draft(ctx, tx)
}

// StartDraft begins a form, at the procedure's version in force. The token is given
// once, and is both the cookie and the code to go on elsewhere. A procedure that is
// not open is fault.Conflict "procedure_closed", a portal that takes no new requests
// "intake_paused".
func StartDraft(ctx context.Context, tx *tenants.Tx, slug string, citizen tenants.ID) (Draft, string, error) {
	if err := outsider(tx); err != nil {
		return Draft{}, "", err
	}
	e, err := catalogue.BySlug(ctx, tx, slug)
	if err != nil {
		return Draft{}, "", err
	}
	if !e.Open || e.Procedure().Form == nil {
		return Draft{}, "", fault.New(fault.Conflict, "procedure_closed")
	}
	if err := paused(tx); err != nil {
		return Draft{}, "", err
	}
	token, hash, err := newToken()
	if err != nil {
		return Draft{}, "", err
	}
	tables, err := catalogue.TablesFor(ctx, tx, e.Procedure())
	if err != nil {
		return Draft{}, "", err
	}
	d := Draft{
		Tables: tables,
		ID:     tenants.NewID(), VersionID: e.Version.ID, CitizenID: citizen, ProcedureSlug: e.Slug, Title: e.Procedure().Title,
		Procedure: e.Procedure(), Answers: forms.Answers{}, UpdatedAt: tx.Now(), ExpiresAt: tx.Now().Add(draftLife),
	}
	_, err = tx.Exec(ctx, sqlInsertDraft, d.ID, hash, d.VersionID, d.CitizenID.OrNull(), d.UpdatedAt, d.ExpiresAt)
	return d, token, err
}

// DraftByToken gives the draft of a token, as a cookie holds it or as somebody
// typed it. None, or one that expired, is fault.NotFound "draft_unknown".
func DraftByToken(ctx context.Context, tx *tenants.Tx, token string) (Draft, error) {
	return oneDraft(ctx, tx, sqlDraftToken, tokenHash(codes.Read(token, tokenLetters)), tx.Now())
}

// LockDraft is [DraftByToken] for a transaction that will save: two devices then
// save one after the other, each on what the other wrote.
func LockDraft(ctx context.Context, tx *tenants.Tx, token string) (Draft, error) {
	return oneDraft(ctx, tx, sqlDraftLocked, tokenHash(codes.Read(token, tokenLetters)), tx.Now())
}

// DraftByID gives a draft to the signed-in citizen whose it is.
func DraftByID(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Draft, error) {
	if tx.Actor().Kind != tenants.ActorCitizen {
		return Draft{}, fault.New(fault.NotFound, "draft_unknown")
	}
	return oneDraft(ctx, tx, sqlDraftOwned, id, tx.Now(), tx.Actor().ID.OrNull())
}

func draftByID(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Draft, error) {
	return oneDraft(ctx, tx, sqlDraftByID, id, tx.Now())
}

// DraftsOf gives the drafts of the signed-in citizen, the latest first.
func DraftsOf(ctx context.Context, tx *tenants.Tx, citizen tenants.ID) ([]Draft, error) {
	if a := tx.Actor(); a.Kind != tenants.ActorCitizen || a.ID != citizen || citizen == "" {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	rows, err := tenants.All[draftRow](ctx, tx, sqlDraftsOf, citizen, tx.Now())
	if err != nil {
		return nil, err
	}
	drafts := make([]Draft, len(rows))
	for i, row := range rows {
		if drafts[i], err = row.draft(ctx, tx); err != nil {
			return nil, err
		}
	}
	return drafts, nil
}

// SaveDraft keeps the answers and where the person is. Who holds the draft has
// shown its token. It then lives thirty days more.
func SaveDraft(ctx context.Context, tx *tenants.Tx, d Draft, answers forms.Answers, step string) (Draft, error) {
	if err := outsider(tx); err != nil {
		return d, err
	}
	d.Answers, d.Step = answers, step
	return d.save(ctx, tx)
}

// SaveDraftApplicant keeps who applies, as it was typed: it is checked when the
// draft is submitted, or by [CheckApplicant].
func SaveDraftApplicant(ctx context.Context, tx *tenants.Tx, d Draft, a Applicant) (Draft, error) {
	if err := outsider(tx); err != nil {
		return d, err
	}
	d.Applicant = a
	return d.save(ctx, tx)
}

// ClaimDraft puts a draft into an account, once its holder has signed in.
func ClaimDraft(ctx context.Context, tx *tenants.Tx, d Draft, citizen tenants.ID) (Draft, error) {
	if err := outsider(tx); err != nil {
		return d, err
	}
	if d.CitizenID != "" && d.CitizenID != citizen {
		return Draft{}, fault.New(fault.NotFound, "draft_unknown")
	}
	d.CitizenID = citizen
	return d.save(ctx, tx)
}

func (d Draft) save(ctx context.Context, tx *tenants.Tx) (Draft, error) {
	d.UpdatedAt, d.ExpiresAt = tx.Now(), tx.Now().Add(draftLife)
	answers, err := json.Marshal(d.Answers)
	if err != nil {
		return Draft{}, err
	}
	applicant, err := json.Marshal(d.Applicant)
	if err != nil {
		return Draft{}, err
	}
	n, err := tx.Exec(ctx, sqlSaveDraft, d.ID, answers, applicant, d.Step, d.CitizenID.OrNull(), d.UpdatedAt, d.ExpiresAt)
	if err == nil && n == 0 {
		return Draft{}, fault.New(fault.NotFound, "draft_unknown")
	}
	return d, err
}

// MailDraftCode sends the code by which the draft goes on elsewhere.
func MailDraftCode(ctx context.Context, tx *tenants.Tx, d Draft, token, email string) error {
	if err := outsider(tx); err != nil {
		return err
	}
	email = clean(email, false)
	if !validEmail(email) {
		return fault.New(fault.Invalid, "applicant_invalid", fault.Field{Path: "applicant/email", Code: "invalid"})
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return err
	}
	m, err := notify.Render(tx.Tenant(), settings, notify.ResumeCode{
		Title: d.Title, Code: token, ExpiresOn: calendar.On(d.ExpiresAt, tx.Tenant().Zone()), Path: "/reprendre",
	})
	if err != nil {
		return err
	}
	return notify.Enqueue(ctx, tx, notify.Message{Channel: "email", Template: "resume_code", To: email, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
}

// PhotoField tells whether a form's file field takes the photo of a street report,
// whose metadata must go ([files.Upload.Photo]).
func PhotoField(p *catalogue.Procedure, field string) bool {
	f, ok := p.Form.Field(field)
	return ok && p.Kind == catalogue.KindReport && f.Kind == forms.KindFile && len(f.Accept) > 0 &&
		!slices.ContainsFunc(f.Accept, func(t string) bool { return !strings.HasPrefix(t, "image/") })
}

// AttachToDraft gives a stored file its place under a field of the form, and writes
// it into the answers. A field that takes no file, or not this type, is
// fault.Invalid "file_type_refused"; one file too many is fault.TooLarge "too_many_files".
func AttachToDraft(ctx context.Context, tx *tenants.Tx, d Draft, field string, s files.Stored) (Draft, files.Document, error) {
	if err := outsider(tx); err != nil {
		return d, files.Document{}, err
	}
	f, ok := d.Procedure.Form.Field(field)
	if !ok || f.Kind != forms.KindFile || len(f.Accept) > 0 && !slices.Contains(f.Accept, s.MediaType) {
		return d, files.Document{}, fault.New(fault.Invalid, "file_type_refused", fault.Field{Path: "answers/" + field, Code: "file_type_refused"})
	}
	refs, _ := d.Answers[field].Files()
	if len(refs) >= min(max(f.MaxFiles, 1), forms.MaxFilesPerField) {
		return d, files.Document{}, fault.New(fault.TooLarge, "too_many_files", fault.Field{Path: "answers/" + field, Code: "too_many_files"})
	}
	doc, err := files.AttachToDraft(ctx, tx, d.ID, field, s)
	if err != nil {
		return d, doc, err
	}
	d.Answers = withFiles(d.Answers, field, append(refs, forms.FileRef{ID: string(doc.ID), Name: doc.Name, Size: doc.Size}))
	d, err = d.save(ctx, tx)
	return d, doc, err
}

// DetachFromDraft takes a file out of a draft.
func DetachFromDraft(ctx context.Context, tx *tenants.Tx, d Draft, document tenants.ID) (Draft, error) {
	if err := outsider(tx); err != nil {
		return d, err
	}
	doc, err := files.Get(ctx, tx, document)
	if err != nil {
		return d, err
	}
	if doc.DraftID != d.ID {
		return d, fault.New(fault.NotFound, "document_unknown")
	}
	refs, _ := d.Answers[doc.Field].Files()
	refs = slices.DeleteFunc(refs, func(r forms.FileRef) bool { return r.ID == string(document) })
	d.Answers = withFiles(d.Answers, doc.Field, refs)
	if err := files.Remove(ctx, tx, document); err != nil {
		return d, err
	}
	return d.save(ctx, tx)
}

// checkFiles refuses answers that point to files that are not the draft's, under
// the very field.
func (in *intake) checkFiles(ctx context.Context) ([]fault.Field, error) {
	var known []files.Document
	if in.draft != nil {
		var err error
		if known, err = files.ForDraft(ctx, in.tx, in.draft.ID); err != nil {
			return nil, err
		}
	}
	var unknown []fault.Field
	for field, value := range in.s.Answers {
		refs, _ := value.Files()
		for _, ref := range refs {
			if !slices.ContainsFunc(known, func(d files.Document) bool { return string(d.ID) == ref.ID && d.Field == field }) {
				unknown = append(unknown, fault.Field{Path: "answers/" + field, Code: "file_unknown"})
			}
		}
	}
	return unknown, nil
}

// fileIDs gives the files that the answers still point to: one under a question that
// is hidden now is not taken over.
func (in *intake) fileIDs() []string {
	var ids []string
	for _, value := range in.r.Answers {
		refs, _ := value.Files()
		for _, ref := range refs {
			ids = append(ids, ref.ID)
		}
	}
	return ids
}

// withFiles gives the answers with other files under a field.
func withFiles(a forms.Answers, field string, refs []forms.FileRef) forms.Answers {
	out := maps.Clone(a)
	if out == nil {
		out = forms.Answers{}
	}
	if len(refs) == 0 {
		delete(out, field)
		return out
	}
	out[field] = forms.Files(refs...)
	return out
}
