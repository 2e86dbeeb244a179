package agent

import (
	"context"
	"net/http"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// differencesPage tells in words what differs between two versions, or a version and the draft.
type differencesPage struct {
	web.Frame
	Name, URL     string
	Tabs          web.Tabs
	First, Second web.Select
	Nothing       bool // there is only one to look at
	Changes       []change
}

var differencesTemplate = web.MustParse[differencesPage](web.Agent, pages, "differences.html")

func (s *Server) differences(v visit) error {
	var versions []catalogue.Version
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) (err error) {
		versions, err = catalogue.Versions(ctx, tx, w.slug)
		return err
	})
	if err != nil {
		return err
	}
	page := differencesPage{Name: w.shown().Title, URL: w.url}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Différences", workChanges)
	texts := map[string]*catalogue.Procedure{}
	var items []web.Choice
	if w.draft != nil {
		texts[workDraft] = w.whole
		items = append(items, web.Choice{Value: workDraft, Label: "Le brouillon"})
	}
	for _, x := range versions {
		key := strconv.Itoa(x.Number)
		texts[key] = x.Procedure
		label := "Version\u00a0" + key
		if w.entry != nil && x.ID == w.entry.Version.ID {
			label += ", en vigueur"
		}
		items = append(items, web.Choice{Value: key, Label: label})
	}
	if page.Nothing = len(items) < 2; page.Nothing {
		return differencesTemplate.Render(v.w, v.r, http.StatusOK, page)
	}
	from, to := compared(w, items, v.r.URL.Query().Get("de"), v.r.URL.Query().Get("a"))
	if texts[from] == nil || texts[to] == nil {
		return fault.New(fault.NotFound, "version_unknown")
	}
	page.First, page.Second = chosen("de", "Avant", items, from), chosen("a", "Après", items, to)
	page.Changes = changesOf(catalogue.Changes(texts[from], texts[to]))
	return differencesTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// compared gives what is asked for; by default the draft beside the version in force, or that
// one beside the one before it.
func compared(w workshop, items []web.Choice, from, to string) (first, second string) {
	if to == "" {
		to = items[0].Value
	}
	if from == "" {
		from = items[1].Value
		if w.entry != nil && w.draft != nil {
			from = strconv.Itoa(w.entry.Version.Number)
		}
	}
	return from, to
}

func chosen(name, label string, items []web.Choice, value string) web.Select {
	out := web.Select{Name: name, Label: label}
	for _, c := range items {
		c.Checked = c.Value == value
		out.Items = append(out.Items, c)
	}
	return out
}
