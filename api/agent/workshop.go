package agent

import (
	"context"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// workshop is what the pages where a procedure is prepared begin with: the version in force
// and the draft, one of which may be missing.
type workshop struct {
	slug, url string
	entry     *catalogue.Entry
	draft     *drafts.Draft
	whole     *catalogue.Procedure // what is shown, with the questions of its blocks in their place
	tables    forms.Tables         // that the form draws from
}

// The pages of the workshop, as their addresses end.
const (
	workDraft   = "brouillon"
	workProof   = "verifier"
	workChanges = "differences"
	workHistory = "versions"
	workTry     = "essayer"
)

// workshop reads it for an administrator, then what a page wants besides.
func (s *Server) workshop(v visit, also func(ctx context.Context, tx *tenants.Tx, w workshop) error) (workshop, web.Visitor, error) {
	w := workshop{slug: v.r.PathValue("slug")}
	w.url = proceduresPath + "/" + w.slug
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		d, err := drafts.Get(ctx, tx, w.slug) // which asks whether they may
		switch {
		case err == nil:
			w.draft = &d
		case !fault.Is(err, "procedure_draft_unknown"):
			return err
		}
		e, err := catalogue.BySlug(ctx, tx, w.slug)
		switch {
		case err == nil:
			w.entry = &e
		case w.draft == nil || !fault.Is(err, "procedure_unknown"):
			return err
		}
		if w.whole, _, err = catalogue.Expanded(ctx, tx, w.shown()); err != nil { // the proof tells what is missing
			return err
		}
		if w.tables, err = catalogue.TablesFor(ctx, tx, w.whole); err != nil || also == nil {
			return err
		}
		return also(ctx, tx, w)
	})
	return w, me, err
}

// shown is what the pages are about: the draft while there is one.
func (w workshop) shown() *catalogue.Procedure {
	if w.draft != nil {
		return w.draft.Procedure
	}
	return w.entry.Procedure()
}

// name says which of the two is shown.
func (w workshop) name() string {
	if w.draft != nil {
		return "le brouillon"
	}
	return "la version\u00a0" + strconv.Itoa(w.entry.Version.Number) + ", en vigueur"
}

// frame begins a page of the workshop, with the way to the others.
func (s *Server) workFrame(v visit, me web.Visitor, w workshop, title, at string) (web.Frame, web.Tabs) {
	f := s.frame(v, me, title, proceduresPath)
	f.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: w.shown().Title, URL: w.url}, {Label: title}}
	tabs := web.Tabs{Label: "Préparer la démarche"}
	for _, t := range []struct{ end, label string }{
		{workDraft, "Brouillon"}, {workQuestions, "Questions"}, {workFlow, "Circuit"}, {workTexts, "Textes"}, {workLetters, "Courriers"}, {workProof, "Vérifier"}, {workChanges, "Différences"}, {workPreview, "Aperçu"}, {workTry, "Essayer"}, {workHistory, "Versions"}, {workUpdate, "Modèle"},
	} {
		if (t.end == workQuestions || t.end == workTexts || t.end == workFlow) && w.draft == nil || (t.end == workTry || t.end == workPreview) && w.shown().Form == nil || t.end == workHistory && w.entry == nil || t.end == workUpdate && (w.entry == nil || w.entry.Model == "") {
			continue
		}
		tabs.Items = append(tabs.Items, web.Tab{Label: t.label, URL: w.url + "/" + t.end, Count: -1, Current: t.end == at})
	}
	return f, tabs
}

func at(t time.Time, zone *time.Location) string { return web.DateTime(t.In(zone)) }

// change is a difference as a page shows it.
type change struct {
	Text, Before, After string
	Long                bool // texts to be opened
}

func changesOf(list []catalogue.Change) []change {
	out := make([]change, len(list))
	for i, c := range list {
		out[i] = change{Text: c.Text, Before: c.Before, After: c.After, Long: len(c.Before)+len(c.After) > 300}
	}
	return out
}
