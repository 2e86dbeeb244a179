package agent

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type recordPage struct {
	web.Frame
	Entry    catalogue.Entry
	Action   string
	DraftID  tenants.ID
	Draft    string // token of the draft that holds the files; empty where the form asks for none
	Key      string // makes a repeated sending one request
	Notice   *web.Notice
	Channel  web.Choices
	Received web.Input
	Later    web.Checkbox
	Who      whoFields
	Steps    []forms.StepView
	Facts    web.Facts
}

var recordTemplate = web.MustParse[recordPage](web.Agent, pages, "record.html")

// attempt is one sending of the form: what was typed, and what is wrong with it.
type attempt struct {
	entry   catalogue.Entry
	tables  forms.Tables // that the form draws from
	draft   requests.Draft
	gone    bool // the draft became a request already: the form was sent twice
	token   string
	key     string
	form    url.Values
	answers forms.Answers
	raw     map[string]forms.Raw
	wrong   []forms.FieldError
	refused error
}

// record shows the whole form of a procedure on one page.
func (s *Server) record(v visit) error {
	a := attempt{key: string(tenants.NewID()), answers: forms.Answers{}}
	me, err := s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if err = a.find(ctx, tx, v.r.PathValue("slug")); err != nil || !asksFiles(a.entry.Procedure().Form) {
			return err
		}
		a.draft, a.token, err = requests.StartDraft(ctx, tx, a.entry.Slug, "") // where the files wait
		return err
	})
	if err != nil {
		return err
	}
	return s.showRecord(v, me, a)
}

func openEntry(ctx context.Context, tx *tenants.Tx, slug string) (catalogue.Entry, error) {
	e, err := catalogue.BySlug(ctx, tx, slug)
	if err == nil && (!e.Open || e.Procedure().Form == nil) {
		err = fault.New(fault.Conflict, "procedure_closed")
	}
	return e, err
}

// find finds the procedure, with the tables that its form draws from.
func (a *attempt) find(ctx context.Context, tx *tenants.Tx, slug string) (err error) {
	if a.entry, err = openEntry(ctx, tx, slug); err != nil {
		return err
	}
	a.tables, err = catalogue.TablesFor(ctx, tx, a.entry.Procedure())
	return err
}

func asksFiles(d *forms.Definition) bool {
	for _, step := range d.Steps {
		for _, section := range step.Sections {
			if slices.ContainsFunc(section.Fields, func(f forms.Field) bool { return f.Kind == forms.KindFile }) {
				return true
			}
		}
	}
	return false
}

func (s *Server) now(v visit) time.Time { return s.Clock().In(v.scope.Tenant.Zone()) }

func (s *Server) showRecord(v visit, me web.Visitor, a attempt) error {
	p, today := a.entry.Procedure(), v.scope.Tenant.Territory().Today(s.Clock())
	page := recordPage{
		Frame: s.frame(v, me, p.Title, newPath), Entry: a.entry, Action: newPath + "/" + a.entry.Slug, DraftID: a.draft.ID, Draft: a.token, Key: a.key,
		Channel: web.Choices{Name: "_canal", Legend: "Comment la demande est-elle arrivée\u00a0?", Inline: true},
		Received: web.Input{Name: "_recue", Label: "Reçue le", Hint: "Pour un courrier\u00a0: le jour de son arrivée.", Type: "date", Width: "medium",
			Value: today.String(), Max: today.String(), Min: today.AddMonths(-12).String()},
		Later: web.Checkbox{Name: "_accuse_plus_tard", Label: "Accusé de réception plus tard, une fois le bon service trouvé", Checked: a.form.Get("_accuse_plus_tard") != "",
			Hint: "Pour un courriel ou un courrier libre\u00a0: l’enregistrement part aussitôt, et l’accusé complet dans les dix jours ouvrés (CRPA R.112-11-2)."},
		Facts: web.Facts{{Icon: "hourglass", Text: p.SilenceText()}, {Icon: "euro", Text: p.Cost}},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Nouvelle demande", URL: newPath}, {Label: p.Title}}
	channel := a.form.Get("_canal")
	if channel == "" {
		channel = requests.ChannelCounter
	}
	for _, c := range recorded {
		page.Channel.Items = append(page.Channel.Items, web.Choice{Value: c, Label: channelLabels[c], Checked: c == channel})
	}
	if a.form.Has("_recue") {
		page.Received.Value = a.form.Get("_recue")
	}
	errors := fieldErrors(a.refused)
	page.Received.Error = errors["received_on"]
	page.Channel.Error = errors["channel"]
	page.Who = askWho(readApplicant(a.form), p.Identity == catalogue.IdentityNone, false, errors)
	page.Errors = page.Who.wrong()
	if page.Received.Error != "" {
		page.Received.Error = sentences["received_on_invalid"]
		page.Errors = append(page.Errors, web.ErrorLink{ID: "_recue", Message: page.Received.Error})
	}
	for _, step := range p.Form.Steps {
		view, err := p.Form.View(step.ID, forms.ViewInput{Answers: a.answers, Raw: a.raw[step.ID], Errors: a.wrong, Today: s.now(v), Tables: a.tables})
		if fault.Is(err, "form_step_unknown") {
			continue // nothing of it concerns these answers
		}
		if err != nil {
			return err
		}
		page.Steps = append(page.Steps, view)
		page.Errors = append(page.Errors, web.StepErrors(view)...)
	}
	if a.refused != nil && len(page.Errors) == 0 {
		page.Notice = &web.Notice{Tone: web.Danger, Text: sentence(a.refused)}
	}
	code := web.StatusOf(a.refused)
	if a.refused == nil && len(a.wrong) > 0 {
		code = http.StatusUnprocessableEntity
	}
	return recordTemplate.Render(v.w, v.r, code, page)
}

// recorded are the channels by which an agent takes a request in.
var recorded = []string{requests.ChannelCounter, requests.ChannelPhone, requests.ChannelPost, requests.ChannelEmail}

// submit takes the request in, or shows the page again with all that was typed. The
// files are kept first, in the draft, so that an answer to be corrected loses none.
func (s *Server) submit(v visit) error {
	a, stored, err := s.receive(v)
	if err != nil {
		s.discard(v, stored)
		return err
	}
	me, err := s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		if err := a.load(ctx, tx, v.r.PathValue("slug")); err != nil || a.refused != nil && len(stored) == 0 {
			return err
		}
		return a.keepFiles(ctx, tx, stored)
	})
	if err != nil {
		s.discard(v, stored)
		if a.entry.Slug == "" || !web.ComesBack(err) {
			return err
		}
		a.refused = err
	}
	if err := a.read(s.now(v), v.scope.Tenant); a.refused == nil {
		a.refused = err
	}
	if changed, _, ok := a.entry.Procedure().Form.EditRows(a.answers, a.form.Get(forms.RowAction)); !a.gone && (ok || v.r.URL.Query().Has("calcul")) {
		a.answers, a.raw, a.wrong, a.refused = changed, nil, nil, nil // shown again, nothing judged
		return s.showRecord(v, me, a)
	}
	if !a.gone && (len(a.wrong) > 0 || a.refused != nil || a.form.Get("_remove") != "") {
		return s.showRecord(v, me, a)
	}
	var out requests.Submitted
	me, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		out, err = requests.SubmitLast(ctx, tx, a.submission())
		return err
	})
	if web.ComesBack(err) {
		a.refused = err
		return s.showRecord(v, me, a)
	}
	if err != nil {
		return err
	}
	return s.done(v, "La demande est enregistrée. Donnez le numéro et le code de suivi à la personne.", requestPath(out.Request.Number)+"/accuse")
}

// storedFile is a file of the form, kept outside the transaction.
type storedFile struct {
	field string
	files.Stored
}

// receive reads the form and keeps its files. A form that cannot be trusted is
// shown again by the caller.
func (s *Server) receive(v visit) (attempt, []storedFile, error) {
	if _, err := s.read(v, func(context.Context, *tenants.Tx, web.Visitor) error { return nil }); err != nil {
		return attempt{}, nil, err // files of agents alone
	}
	var stored []storedFile
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) error {
		one, err := s.Files.Put(v.r.Context(), v.scope.Tenant, files.Upload{Name: p.Filename, Body: p.Reader, Field: p.Name})
		if err == nil {
			stored = append(stored, storedFile{p.Name, one})
		}
		return err
	})
	if form == nil || err != nil && !web.ComesBack(err) {
		return attempt{}, stored, err
	}
	return attempt{form: form, token: form.Get("_brouillon"), key: form.Get("_cle"), refused: err}, stored, nil
}

func (s *Server) discard(v visit, stored []storedFile) {
	for _, one := range stored {
		if err := s.Files.Discard(v.r.Context(), one.Stored); err != nil {
			s.Logger.WarnContext(v.r.Context(), "discard a file", "code", fault.Of(err).Code)
		}
	}
}

// load finds the procedure and the draft that holds the files.
func (a *attempt) load(ctx context.Context, tx *tenants.Tx, slug string) (err error) {
	if err = a.find(ctx, tx, slug); err != nil || a.token == "" {
		return err
	}
	a.draft, err = requests.LockDraft(ctx, tx, a.token)
	if fault.Is(err, "draft_unknown") {
		if a.draft.ID, err = tenants.ParseID(a.form.Get("_dossier")); err == nil {
			a.gone = true
		}
	}
	return err
}

// keepFiles puts the files into the draft, and takes out the one to be removed.
func (a *attempt) keepFiles(ctx context.Context, tx *tenants.Tx, stored []storedFile) (err error) {
	if a.token == "" || a.gone {
		return nil
	}
	for _, one := range stored {
		if a.draft, _, err = requests.AttachToDraft(ctx, tx, a.draft, one.field, one.Stored); err != nil {
			return err
		}
	}
	if id, ok := removed(a.form.Get("_remove")); ok {
		a.draft, err = requests.DetachFromDraft(ctx, tx, a.draft, id)
	}
	return err
}

// removed reads the button of a file: "field:document".
func removed(value string) (tenants.ID, bool) {
	for i := range value {
		if value[i] == ':' {
			id, err := tenants.ParseID(value[i+1:])
			return id, err == nil
		}
	}
	return "", false
}

// read puts the answers of every step together and judges them as a whole.
func (a *attempt) read(now time.Time, t tenants.Tenant) error {
	form := a.entry.Procedure().Form
	a.answers, a.raw, a.wrong = forms.Answers{}, map[string]forms.Raw{}, nil
	for id, value := range a.draft.Answers {
		a.answers[id] = value // the files
	}
	for _, step := range form.Steps {
		from, raw, err := form.FromForm(step.ID, a.form)
		if err != nil {
			return err
		}
		a.raw[step.ID] = raw
		a.answers = form.Merge(a.answers, step.ID, from)
	}
	known := requests.KnownFacts(t, now, readApplicant(a.form), 0)
	known.Tables = a.tables
	a.answers = form.Settle(a.answers, known)
	options := forms.Options{Town: t.Name, Tables: a.tables}
	if c, err := communes.ByINSEE(t.INSEE); err == nil {
		options.PostalCodes = c.PostalCodes
	}
	a.wrong = form.Validate(form.Prune(a.answers), now, options)
	channel := a.form.Get("_canal")
	if !slices.Contains(recorded, channel) {
		return fault.New(fault.Invalid, "channel_invalid", fault.Field{Path: "channel", Code: "required"})
	}
	_, err := requests.CheckApplicant(a.entry.Procedure(), channel, readApplicant(a.form))
	return err
}

func (a *attempt) submission() requests.Submission {
	s := requests.Submission{
		ProcedureSlug: a.entry.Slug, VersionID: a.entry.Version.ID, Channel: a.form.Get("_canal"), Applicant: readApplicant(a.form),
		Answers: a.entry.Procedure().Form.Prune(a.answers), IdempotencyKey: a.key,
		ReceiptLater: a.form.Get("_accuse_plus_tard") != "",
	}
	if a.token != "" {
		s.DraftID = a.draft.ID
	}
	if a.gone { // the request that it became is found by it alone
		return requests.Submission{ProcedureSlug: a.entry.Slug, Channel: s.Channel, DraftID: a.draft.ID}
	}
	if day, err := calendar.ParseDate(a.form.Get("_recue")); err == nil {
		s.ReceivedOn = day
	}
	return s
}
