package requests_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) start(slug string, a tenants.Actor) (d requests.Draft, token string) {
	w.t.Helper()
	w.must(a, func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, token, err = requests.StartDraft(ctx, tx, slug, a.ID)
		return err
	})
	return d, token
}

func (w *town) draft(token string) (d requests.Draft, err error) {
	err = w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, err = requests.DraftByToken(ctx, tx, token)
		return err
	})
	return d, err
}

func (w *town) attach(token, field string, stored files.Stored) (doc files.Document, err error) {
	err = w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.LockDraft(ctx, tx, token)
		if err != nil {
			return err
		}
		_, doc, err = requests.AttachToDraft(ctx, tx, d, field, stored)
		return err
	})
	return doc, err
}

func (w *town) put(name, body string) files.Stored {
	w.t.Helper()
	stored, err := w.store.Put(w.t.Context(), w.Tenant, files.Upload{Name: name, Body: strings.NewReader(body)})
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

const smallPDF = "%PDF-1.7\n%%EOF\n"

func TestADraftGoesOnElsewhereAndBecomesOneRequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	_, token := w.start("courrier-maire", tenants.Guest())
	if len(token) != 23 {
		t.Fatalf("token %q", token)
	}
	answers := letter().Answers
	w.must(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.LockDraft(ctx, tx, token)
		if err != nil {
			return err
		}
		if d, err = requests.SaveDraft(ctx, tx, d, answers, "message"); err != nil {
			return err
		}
		_, err = requests.SaveDraftApplicant(ctx, tx, d, jeanne)
		return err
	})
	kept, err := w.attach(token, "pieces_jointes", w.put("plan.pdf", smallPDF))
	if err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-20")
	typed := strings.ToLower(strings.ReplaceAll(token, "-", " "))
	d, err := w.draft(typed)
	if err != nil || d.Step != "message" || d.Applicant != jeanne || d.ProcedureSlug != "courrier-maire" {
		t.Fatalf("resumed %+v, %v", d, err)
	}
	// The procedure is published anew meanwhile: the draft keeps its version.
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, "courrier-maire")
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		p.Title = "Écrire à la maire"
		_, err = catalogue.Publish(ctx, tx, "courrier-maire", p)
		return err
	})
	s := requests.Submission{DraftID: d.ID, Channel: requests.ChannelWeb}
	got := w.submit(s)
	if got.Request.VersionID != d.VersionID || got.Request.Title != d.Title || got.Request.Applicant.Email != jeanne.Email {
		t.Errorf("submitted %+v", got.Request)
	}
	detail := w.get(got.Request.Number)
	if len(detail.Documents) != 1 || detail.Documents[0].ID != kept.ID || detail.Documents[0].Field != "pieces_jointes" {
		t.Errorf("documents %+v", detail.Documents)
	}
	if detail.Procedure.Title != d.Title {
		t.Errorf("the request reads %q", detail.Procedure.Title)
	}
	if _, err := w.draft(token); !fault.Is(err, "draft_unknown") {
		t.Errorf("the draft is still there: %v", err)
	}
	// Pressed twice, and signed in in between.
	for _, a := range []tenants.Actor{tenants.Guest(), w.citizen} {
		if again := w.submit(s, a); !again.Existing || again.Request.Number != got.Request.Number || again.TrackingCode != got.TrackingCode {
			t.Errorf("again: %+v", again)
		}
	}
}

func TestADraftLivesThirtyDays(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	_, token := w.start("courrier-maire", tenants.Guest())
	_, forgotten := w.start("courrier-maire", tenants.Guest())
	if _, err := w.attach(forgotten, "pieces_jointes", w.put("plan.pdf", smallPDF)); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-30")
	w.must(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.LockDraft(ctx, tx, token)
		if err == nil {
			_, err = requests.SaveDraft(ctx, tx, d, d.Answers, "message")
		}
		return err
	})
	w.on("2027-01-05")
	if _, err := w.draft(token); err != nil {
		t.Errorf("the one that was touched: %v", err)
	}
	if _, err := w.draft(forgotten); !fault.Is(err, "draft_unknown") {
		t.Errorf("the forgotten one: %v", err)
	}
	var purged int64
	w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		purged, err = requests.PurgeDrafts(ctx, tx)
		return err
	})
	if purged != 1 {
		t.Errorf("%d purged", purged)
	}
	// The purged draft's file goes with the sweep: its row now, its bytes once a day old.
	w.Clock.Set(time.Now().Add(48 * time.Hour))
	for _, want := range []int{1, 0} {
		if n, err := w.store.Sweep(t.Context(), w.DB, w.Tenant); err != nil || n != want {
			t.Errorf("swept %d, %v, want %d", n, err, want)
		}
	}
	for _, wrong := range []string{"", token + "A", "AAAAA-AAAAA-AAAAA-AAAAA", strings.Repeat("x", 5000)} {
		if _, err := w.draft(wrong); !fault.Is(err, "draft_unknown") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestFilesOfADraft(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	_, token := w.start("courrier-maire", tenants.Guest())
	_, other := w.start("courrier-maire", tenants.Guest())
	for range 5 {
		if _, err := w.attach(token, "pieces_jointes", w.put("plan.pdf", smallPDF)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.attach(token, "pieces_jointes", w.put("plan.pdf", smallPDF)); fault.Of(err) == nil || fault.Of(err).Kind != fault.TooLarge || !fault.Is(err, "too_many_files") {
		t.Errorf("one too many: %v", err)
	}
	for field, body := range map[string]string{"sujet": smallPDF, "rien": smallPDF, "pieces_jointes": "un texte"} {
		if _, err := w.attach(other, field, w.put("x.txt", body)); !fault.Is(err, "file_type_refused") {
			t.Errorf("%s: %v", field, err)
		}
	}
	d, err := w.draft(token)
	if err != nil {
		t.Fatal(err)
	}
	refs, _ := d.Answers["pieces_jointes"].Files()
	if len(refs) != 5 {
		t.Fatalf("%d files", len(refs))
	}
	detach := func(token string) error {
		return w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
			d, err := requests.LockDraft(ctx, tx, token)
			if err == nil {
				_, err = requests.DetachFromDraft(ctx, tx, d, tenants.ID(refs[0].ID))
			}
			return err
		})
	}
	if err := detach(other); !fault.Is(err, "document_unknown") {
		t.Errorf("through another draft: %v", err)
	}
	if err := detach(token); err != nil {
		t.Fatal(err)
	}
	if d, err = w.draft(token); err != nil {
		t.Fatal(err)
	}
	if refs, _ := d.Answers["pieces_jointes"].Files(); len(refs) != 4 {
		t.Errorf("%d files are left", len(refs))
	}
	// Another draft's files cannot be submitted as one's own.
	err = w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		stolen, err := requests.LockDraft(ctx, tx, other)
		if err != nil {
			return err
		}
		answers := letter().Answers
		answers["pieces_jointes"] = forms.Files(refs...)
		if _, err = requests.SaveDraft(ctx, tx, stolen, answers, ""); err != nil {
			return err
		}
		_, err = requests.Submit(ctx, tx, requests.Submission{DraftID: stolen.ID, Channel: requests.ChannelWeb, Applicant: jeanne})
		return err
	})
	if !fault.Is(err, "answers_invalid") {
		t.Errorf("another draft’s files: %v", err)
	}
}

func TestOnlyAReportsPhotoLosesItsMetadata(t *testing.T) {
	t.Parallel()
	for slug, c := range map[string]struct {
		field string
		want  bool
	}{"signalement-voirie": {"photo", true}, "courrier-maire": {"pieces_jointes", false}, "terrasse": {"plan", false}} {
		for _, p := range catalogue.Models() {
			if p.Slug == slug && requests.PhotoField(p, c.field) != c.want {
				t.Errorf("%s %s: %v", slug, c.field, !c.want)
			}
		}
	}
}

func TestTheSweepKeepsWhatIsInUse(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	_, token := w.start("signalement-voirie", tenants.Guest())
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	doc, err := w.attach(token, "photo", w.put("trou.png", picture.String()))
	if err != nil {
		t.Fatal(err)
	}
	errLost := errors.New("the transaction fails")
	lost := w.put("perdu.pdf", smallPDF)
	if err := w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.LockDraft(ctx, tx, token)
		if err != nil {
			return err
		}
		if _, err := files.AttachToDraft(ctx, tx, d.ID, "photo", lost); err != nil {
			return err
		}
		return errLost
	}); !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	w.Clock.Set(time.Now())
	if n, err := w.store.Sweep(t.Context(), w.DB, w.Tenant); err != nil || n != 0 {
		t.Errorf("swept %d of what came just now, %v", n, err)
	}
	w.Clock.Set(time.Now().Add(25 * time.Hour))
	if n, err := w.store.Sweep(t.Context(), w.DB, w.Tenant); err != nil || n != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
	r, err := w.store.Open(t.Context(), w.Tenant, doc)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r); err != nil || r.Close() != nil || len(body) != picture.Len() {
		t.Errorf("what is in use: %d bytes, %v", len(body), err)
	}
	if _, err := w.store.Open(t.Context(), w.Tenant, files.Document{BlobKey: lost.BlobKey}); !fault.Is(err, "document_unknown") {
		t.Errorf("what was lost: %v", err)
	}
	// A file of another commune cannot be given a row here.
	err = w.DB.Write(t.Context(), w.Other, tenants.Guest(), func(tx *tenants.Tx) error {
		_, err := files.AttachToRequest(t.Context(), tx, tenants.NewID(), "", files.Stored{BlobKey: doc.BlobKey}, true)
		return err
	})
	if !fault.Is(err, "document_unknown") {
		t.Errorf("another commune’s file: %v", err)
	}
}

func TestACodeIsMailedAndDraftsAreListed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	d, token := w.start("courrier-maire", w.citizen)
	w.must(w.citizen, func(ctx context.Context, tx *tenants.Tx) error {
		mine, err := requests.DraftsOf(ctx, tx, w.citizen.ID)
		if err != nil {
			return err
		}
		if len(mine) != 1 || mine[0].ID != d.ID || mine[0].Title == "" {
			t.Errorf("drafts %+v", mine)
		}
		if _, err := requests.DraftByID(ctx, tx, d.ID); err != nil {
			return err
		}
		return requests.MailDraftCode(ctx, tx, d, token, "jeanne@example.org")
	})
	stranger := tenants.Actor{Kind: tenants.ActorCitizen, ID: tenants.NewID()}
	for name, err := range map[string]error{
		"not_allowed": w.as(stranger, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.DraftsOf(ctx, tx, w.citizen.ID)
			return err
		}),
		"draft_unknown": w.as(stranger, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.DraftByID(ctx, tx, d.ID)
			return err
		}),
		"applicant_invalid": w.as(stranger, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.MailDraftCode(ctx, tx, d, token, "a@b.fr\r\nBcc: x@y.fr")
		}),
	} {
		if !fault.Is(err, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
