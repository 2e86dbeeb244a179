package citizen

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	store "github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type stepPage struct {
	web.Frame
	FormParts
	Step     forms.StepView
	Stopped  *web.Notice // the form ends here for this person
	Revealed bool        // an answer made more questions appear
}

var stepTemplate = web.MustParse[stepPage](web.Citizen, files, "step.html")

// stepState is a step that was sent: what was typed and what is wrong with it.
type stepState struct {
	step     string
	raw      forms.Raw
	problems []forms.FieldError
	revealed bool
	expired  error
}

func (s *Server) showStep(v *visit, d requests.Draft, e catalogue.Entry, at stepState) error {
	view, err := d.Procedure.Form.View(at.step, forms.ViewInput{Answers: d.Answers, Raw: at.raw, Errors: at.problems, Today: s.today(v), Account: account(v, d), Tables: d.Tables})
	if err != nil {
		return err
	}
	page := stepPage{Step: view, Revealed: at.revealed && len(at.problems) == 0}
	page.Frame, page.FormParts = s.parts(v, d, e, at.step)
	page.Errors = web.StepErrors(view)
	if view.Stopped != nil {
		page.Stopped = stoppedNotice(*view.Stopped)
	}
	if at.expired != nil {
		page.Errors = expiredNotice(page.Errors)
	}
	status := http.StatusOK
	if len(page.Errors) > 0 || len(at.problems) > 0 || at.revealed {
		status = http.StatusUnprocessableEntity
	}
	return stepTemplate.Render(v.w, v.r, status, page)
}

// account is what a form may take over: of the account and of who FranceConnect says the person is, while they
// apply for themselves.
func account(v *visit, d requests.Draft) forms.Account {
	if !v.signedIn() || d.Applicant.OnBehalfOf != "" {
		return nil
	}
	c := v.who.Citizen
	out := forms.Account{
		forms.PrefillGivenName: c.GivenName, forms.PrefillFamilyName: c.FamilyName, forms.PrefillEmail: c.Email,
		forms.PrefillPhone: c.Phone, forms.PrefillAddress: c.PostalAddress,
	}
	if known := v.pivot; known.GivenName != "" {
		out[forms.PrefillGivenName], out[forms.PrefillFamilyName], out[forms.PrefillUsageName] = known.GivenName, known.FamilyName, known.UsageName
	}
	return out
}

// stoppedNotice says that the form ends here, and where to go instead.
func stoppedNotice(s forms.StopView) *web.Notice {
	n := &web.Notice{Tone: web.Warning, Title: "Cette démarche s’arrête ici", Text: s.Message}
	if s.Href != "" {
		n.Link = web.Link{Label: s.Label, URL: s.Href}
	}
	return n
}

// today is the commune's civil day, as the checks of a form take it.
func (s *Server) today(v *visit) time.Time { return s.Clock().In(v.scope.Tenant.Zone()) }

// received is a file of a step that is in the store, or why it is not.
type received struct {
	field   string
	stored  store.Stored
	problem error
	kept    bool // a row holds it now
}

// saveStep keeps a step's answers and files whatever they are worth, then goes on, or
// shows the step again with what is to be corrected.
func (s *Server) saveStep(v *visit) error {
	slug, step := v.r.PathValue("slug"), v.r.PathValue("step")
	if err := s.allowStep(v, slug); err != nil {
		return err
	}
	if step == applicantStep {
		return s.saveApplicant(v)
	}
	var d requests.Draft
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, err = s.draft(ctx, tx, v, slug, requests.DraftByToken)
		return err
	})
	if err != nil && !fault.Is(err, "draft_unknown") { // the form may carry its code
		return err
	}
	sent := stepSent{server: s, visit: v, step: step}
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) error { return sent.take(d, p) })
	defer sent.discard()
	switch {
	case fault.Is(err, "form_expired"):
		sent.expired = err
	case err != nil:
		return err
	}
	v.resume = form.Get("_draft")
	return sent.save(form)
}

// stepSent is a step on its way into the draft.
type stepSent struct {
	server  *Server
	visit   *visit
	step    string
	files   []received
	expired error
	row     string // where the page goes on: an answer of a repeated section was added or removed
}

// live tells whether a script asks what a step comes to, and keeps nothing.
func live(r *http.Request) bool { return r.URL.Query().Has("calcul") }

// take stores a file while it comes in. What is wrong with it is told beside its
// question; the rest of the step goes on.
func (in *stepSent) take(d requests.Draft, p web.Part) error {
	if d.Procedure == nil || live(in.visit.r) {
		return nil // no draft yet, and so no question
	}
	f := received{field: p.Name}
	if field, ok := d.Procedure.Form.Field(p.Name); !ok || field.Kind != forms.KindFile || len(in.files) >= store.MaxPerDraft {
		return nil // no question of this form: read past it
	}
	f.stored, f.problem = in.server.keep(in.visit, store.Upload{
		Name: p.Filename, Body: p, Field: p.Name, Photo: requests.PhotoField(d.Procedure, p.Name),
	})
	if f.problem != nil && !slices.Contains([]fault.Kind{fault.Invalid, fault.TooLarge, fault.TooMany}, fault.Of(f.problem).Kind) {
		return f.problem
	}
	in.files = append(in.files, f)
	return nil
}

// discard removes from the store what no row holds.
func (in *stepSent) discard() {
	for _, f := range in.files {
		if f.stored.BlobKey != "" && !f.kept {
			in.server.forget(in.visit, f.stored.BlobKey)
		}
	}
}

func (in *stepSent) save(form url.Values) error {
	s, v := in.server, in.visit
	slug, removing := v.r.PathValue("slug"), form.Get("_remove")
	var d requests.Draft
	var e catalogue.Entry
	var gone store.Document
	at := stepState{step: in.step, expired: in.expired}
	err := s.write(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		at.problems = nil
		if d, err = s.draft(ctx, tx, v, slug, requests.LockDraft); err != nil {
			return err
		}
		if e, err = entryOf(ctx, tx, d); err != nil {
			return err
		}
		var given forms.Answers
		if given, at.raw, err = d.Procedure.Form.FromForm(in.step, form); err != nil {
			return err
		}
		d.Answers = d.Procedure.Form.Merge(d.Answers, in.step, given)
		d = d.Settle(tx, v.level())
		if in.expired != nil || live(v.r) {
			return nil // shown again, not kept
		}
		if changed, at, ok := d.Procedure.Form.EditRows(d.Answers, form.Get(forms.RowAction)); ok {
			d.Answers, in.row = changed, at
			d = d.Settle(tx, v.level())
		}
		if d, err = requests.SaveDraft(ctx, tx, d, d.Answers, in.step); err != nil {
			return err
		}
		if d, err = in.attach(ctx, tx, d, &at); err != nil {
			return err
		}
		if _, document, ok := strings.Cut(removing, ":"); ok {
			gone, d, err = detach(ctx, tx, d, document)
			return err
		}
		if in.row != "" {
			return nil
		}
		return in.judge(ctx, tx, &d, &at)
	})
	if err != nil {
		return s.lost(v, err)
	}
	s.remember(v, slug)
	if gone.BlobKey != "" {
		s.forget(v, gone.BlobKey)
	}
	for i := range in.files {
		in.files[i].kept = in.files[i].problem == nil && in.expired == nil
	}
	switch {
	case in.expired == nil && live(v.r):
		at.raw = nil
		return s.showStep(v, d, e, at)
	case in.expired == nil && in.row != "" && len(at.problems) == 0:
		web.Redirect(v.w, v.r, stepPath(slug, in.step)+"#"+in.row)
		return nil
	case in.expired == nil && removing != "":
		web.Redirect(v.w, v.r, stepPath(slug, in.step))
		return nil
	case in.expired != nil || len(at.problems) > 0 || at.revealed:
		return s.showStep(v, d, e, at)
	}
	web.Redirect(v.w, v.r, path(slug, d.Step))
	return nil
}

// detach takes a file out of the draft, and gives it, for its bytes to go too.
func detach(ctx context.Context, tx *tenants.Tx, d requests.Draft, document string) (store.Document, requests.Draft, error) {
	id, err := tenants.ParseID(document)
	if err != nil {
		return store.Document{}, d, err
	}
	gone, err := store.Get(ctx, tx, id)
	if err == nil {
		d, err = requests.DetachFromDraft(ctx, tx, d, id)
	}
	return gone, d, err
}

// attach gives the stored files their place in the draft.
func (in *stepSent) attach(ctx context.Context, tx *tenants.Tx, d requests.Draft, at *stepState) (requests.Draft, error) {
	for i := range in.files {
		f := &in.files[i]
		problem := f.problem
		if problem == nil {
			var err error
			d, _, err = requests.AttachToDraft(ctx, tx, d, f.field, f.stored)
			if k := fault.Of(err); k != nil && k.Kind != fault.Invalid && k.Kind != fault.TooLarge {
				return d, err
			}
			problem = err
		}
		if problem != nil {
			f.problem = problem
			at.problems = append(at.problems, forms.FieldError{Path: f.field, Field: f.field, Code: fault.Of(problem).Code, Message: web.Sentence(problem)})
		}
	}
	return d, nil
}

// judge checks the step within the whole form, and moves the draft on where nothing
// is wrong.
func (in *stepSent) judge(ctx context.Context, tx *tenants.Tx, d *requests.Draft, at *stepState) (err error) {
	form := d.Procedure.Form
	refused := at.problems
	for _, p := range form.Validate(d.Answers, tx.Now().In(tx.Tenant().Zone()), options(tx.Tenant(), *d, in.step)) {
		if !slices.ContainsFunc(refused, func(r forms.FieldError) bool { return r.Field == p.Field }) {
			at.problems = append(at.problems, p)
		}
	}
	revealed := form.Revealed(in.step, d.Answers, at.raw)
	if at.revealed = len(revealed) > 0; at.revealed {
		// A question that was not on the page cannot have been left out.
		at.problems = slices.DeleteFunc(at.problems, func(p forms.FieldError) bool { return slices.Contains(revealed, p.Field) })
	}
	if len(at.problems) > 0 || at.revealed {
		return nil
	}
	_, next := around(*d, in.step)
	*d, err = requests.SaveDraft(ctx, tx, *d, d.Answers, next)
	return err
}
