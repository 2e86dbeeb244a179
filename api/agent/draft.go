package agent

import (
	"context"
	"io"
	"net/url"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/exchange"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// draftPage is the state of a procedure's draft, and what can be done with it.
type draftPage struct {
	web.Frame
	Name, URL, Edit string
	Tabs            web.Tabs
	None            bool // there is no draft: it can be begun
	Only            bool // never published
	Pairs           []pair
	CanUndo         bool
	CanRedo         bool
	Blocking        int
	Warning         int
	Planned         string   // another version takes effect on that day
	Moved           []change // what changed in the version in force since the draft was begun
	Theirs          []change // what somebody else saved since this page was read
	Lost            bool     // somebody did, too long ago to say what
	On              web.Input
	File            web.File
	Refused         string
}

var draftTemplate = web.MustParse[draftPage](web.Agent, pages, "draft.html")

func (s *Server) draftPage(v visit) error { return s.showDraft(v, nil, nil) }

func (s *Server) showDraft(v visit, typed url.Values, refused error) error {
	page := draftPage{Refused: sentence(refused)}
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) error {
		if w.draft == nil {
			return nil
		}
		r, err := drafts.Prove(ctx, tx, *w.draft)
		if err != nil {
			return err
		}
		page.Blocking, page.Warning = r.Count()
		if page.Theirs, page.Lost, err = savedSince(ctx, tx, w, typed, refused); err != nil {
			return err
		}
		if w.entry == nil || w.draft.BaseID == "" || w.draft.BaseID == w.entry.Version.ID {
			return nil
		}
		base, err := catalogue.VersionByID(ctx, tx, w.draft.BaseID)
		if err == nil {
			page.Moved = changesOf(catalogue.Changes(base.Procedure, w.entry.Procedure()))
		}
		return err
	})
	if err != nil {
		return err
	}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Brouillon", workDraft)
	page.fill(v, w, typed, refused)
	return draftTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func (p *draftPage) fill(v visit, w workshop, typed url.Values, refused error) {
	p.Name, p.URL, p.None, p.Only = w.shown().Title, w.url, w.draft == nil, w.entry == nil
	zone := v.scope.Tenant.Zone()
	if w.entry != nil && !w.entry.Next.From.IsZero() {
		p.Planned = calendar.On(w.entry.Next.From, zone).French()
	}
	p.On = web.Input{Name: "le", Label: "En vigueur à partir du", Hint: "Laissez vide pour publier tout de suite.", Type: "date", Width: "medium", Optional: true, Value: typed.Get("le")}
	p.File = web.File{Name: "fichier", Label: "Fichier de la démarche", Hint: "Un export de Parvis (.json). L’adresse de la démarche ne change pas.", Accept: ".json"}
	if fault.Is(refused, "publication_past") {
		p.On.Error, p.Refused = p.Refused, ""
		p.Errors = web.ErrorSummary{{ID: p.On.Name, Message: p.On.Error}}
	}
	if w.draft == nil {
		return
	}
	d := w.draft
	p.Edit, p.CanUndo, p.CanRedo = strconv.Itoa(d.Edit), d.CanUndo, d.CanRedo
	from := "Un fichier"
	if d.Base > 0 {
		from = "La version\u00a0" + strconv.Itoa(d.Base)
	}
	p.Pairs = []pair{
		{Key: "Point de départ", Value: from}, {Key: "Commencé", Value: at(d.CreatedAt, zone) + ", par " + d.CreatedBy},
		{Key: "Enregistré", Value: at(d.SavedAt, zone) + ", par " + d.SavedBy},
	}
}

// changeDraft does what a button of the page says.
func (s *Server) changeDraft(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	slug, done := v.r.PathValue("slug"), ""
	to := proceduresPath + "/" + slug + "/" + workDraft
	if err == nil {
		edit, _ := strconv.Atoi(form.Get("edition")) //nolint:errcheck // 0 is no edit: refused
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			done, err = act(ctx, tx, slug, edit, form)
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showDraft(v, form, err)
	case err != nil:
		return err
	}
	switch form.Get("action") {
	case "publier":
		to = proceduresPath + "/" + slug + "/" + workHistory
	case "abandonner":
		to = proceduresPath
	}
	return s.done(v, done, to)
}

// act changes the draft, and says so.
func act(ctx context.Context, tx *tenants.Tx, slug string, edit int, form url.Values) (done string, err error) {
	switch form.Get("action") {
	case "commencer":
		number, _ := strconv.Atoi(form.Get("version")) //nolint:errcheck // 0: the version in force
		_, err = drafts.Begin(ctx, tx, slug, number)
		return "Le brouillon est prêt. Les habitants ne le voient pas.", err
	case "annuler":
		_, err = drafts.Undo(ctx, tx, slug, edit)
		return "La dernière modification est annulée.", err
	case "retablir":
		_, err = drafts.Redo(ctx, tx, slug, edit)
		return "La modification est rétablie.", err
	case "abandonner":
		return "Le brouillon est supprimé.", drafts.Discard(ctx, tx, slug, edit)
	case "relu":
		return "Le brouillon part maintenant de la version en vigueur.", drafts.Rebase(ctx, tx, slug)
	case "publier":
		on, err := publicationDay(tx, form.Get("le"))
		if err != nil {
			return "", err
		}
		out, err := drafts.Publish(ctx, tx, slug, edit, on)
		return published(tx, out), err
	}
	return "", fault.New(fault.Invalid, "form_unreadable")
}

// publicationDay reads the day on which a version is to take effect; none: at once.
func publicationDay(tx *tenants.Tx, text string) (calendar.Date, error) {
	if text == "" {
		return calendar.Date{}, nil
	}
	day := dayOf(text)
	if day.IsZero() || day.Before(tx.Today()) {
		return day, fault.New(fault.Invalid, "publication_past")
	}
	return day, nil
}

func published(tx *tenants.Tx, out catalogue.Version) string {
	name := "La version\u00a0" + strconv.Itoa(out.Number)
	if out.From.After(tx.Now()) {
		return name + " est prévue\u00a0: elle sera en vigueur le " + calendar.On(out.From, tx.Tenant().Zone()).French() + "."
	}
	return name + " est en vigueur. Les demandes et les brouillons des habitants gardent la leur."
}

// replaceDraft puts the content of a file in the draft's place, which can be undone.
func (s *Server) replaceDraft(v visit) error {
	if _, _, err := s.workshop(v, nil); err != nil {
		return err // before a byte is read
	}
	var end func()
	v.r, end = s.UI.Larger(v.w, v.r, exchange.MaxSource+web.MaxForm, importTime)
	defer end()
	var text []byte
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) (err error) {
		text, err = io.ReadAll(io.LimitReader(p, exchange.MaxSource+1))
		return err
	})
	slug := v.r.PathValue("slug")
	if err == nil {
		err = s.replaced(v, slug, form, text)
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showDraft(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "Le contenu du fichier est dans le brouillon.", proceduresPath+"/"+slug+"/"+workDraft)
}

func (s *Server) replaced(v visit, slug string, form url.Values, text []byte) error {
	if len(text) == 0 {
		return fault.New(fault.Invalid, "import_missing")
	}
	p, _ := exchange.Check(text)
	if p == nil {
		return fault.New(fault.Invalid, "procedure_unreadable")
	}
	edit, _ := strconv.Atoi(form.Get("edition")) //nolint:errcheck // 0 is no edit: refused
	_, err := s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		own, err := catalogue.Unpack(ctx, tx, p)
		if err != nil {
			return err
		}
		own.Slug = slug
		_, err = drafts.Save(ctx, tx, slug, edit, own)
		return err
	})
	return err
}
