package agent

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/inherit"
)

// updatePage shows what changed in what a procedure comes from, and takes it over, change by change.
type updatePage struct {
	web.Frame
	Name, URL, Who, Hub string // Hub: where it comes from, if it is no model of the library
	Tabs                web.Tabs
	Upstream, Edit      string
	Draft               bool
	Alone, Conflicts    []updateRow
	Refused             string
}

// updateRow is a change that waits.
type updateRow struct {
	Box                    web.Checkbox
	Where, Text, Lead, Own string
	Before, Theirs, Ours   string
	Compared               bool // there are texts to be compared
	Long                   bool // to be opened
	Told                   change
	Number                 string
}

var updateTemplate = web.MustParse[updatePage](web.Agent, pages, "update.html")

const workUpdate = "modele"

func (s *Server) update(v visit) error { return s.showUpdate(v, nil, nil) }

func (s *Server) showUpdate(v visit, typed url.Values, refused error) error {
	var standing inherit.Standing
	var list []inherit.Change
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) (err error) {
		if w.entry == nil {
			return fault.New(fault.NotFound, "procedure_unknown")
		}
		if standing, err = inherit.For(ctx, tx, w.slug); err != nil || standing.Upstream == nil {
			return err
		}
		list, err = standing.Merge.Changes(standing.Who)
		return err
	})
	if err != nil {
		return err
	}
	page := updatePage{Name: w.shown().Title, URL: w.url, Who: standing.Who, Draft: w.draft != nil, Refused: sentence(refused)}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Modèle", workUpdate)
	if standing.Upstream != nil {
		read := standing.Read()
		page.Upstream, page.Edit = read.Upstream, strconv.Itoa(read.Edit)
	}
	for i, c := range list {
		name := "changement-" + strconv.Itoa(i+1)
		row := updateRow{
			Where: c.Where, Text: c.Text, Lead: c.Lead, Own: c.Own, Before: c.Before, Theirs: c.Theirs, Ours: c.Ours,
			Compared: c.Before+c.Theirs+c.Ours != "", Long: len(c.Before)+len(c.Theirs)+len(c.Ours) > 300, Number: strconv.Itoa(i + 1),
		}
		row.Told = change{Text: c.Text, Before: c.Before, After: c.Theirs, Long: row.Long}
		row.Box = web.Checkbox{Name: name, Value: c.ID, Label: c.Text, Checked: c.Side == inherit.Upstream}
		if c.Side == inherit.Conflict {
			row.Box.Label = "Prendre cette version à la place de la mienne"
		}
		if typed != nil {
			row.Box.Checked = slices.Contains(tickedChanges(typed), c.ID)
		}
		if c.Side == inherit.Conflict {
			page.Conflicts = append(page.Conflicts, row)
		} else {
			page.Alone = append(page.Alone, row)
		}
	}
	return updateTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// tickedChanges lists the changes that a form takes over.
func tickedChanges(form url.Values) []string {
	var out []string
	for name, values := range form {
		if strings.HasPrefix(name, "changement-") {
			out = append(out, values...)
		}
	}
	return out
}

// changeUpdate takes changes over into the draft, or keeps the commune's version.
func (s *Server) changeUpdate(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	slug := v.r.PathValue("slug")
	to, done := proceduresPath+"/"+slug, ""
	if err == nil {
		edit, _ := strconv.Atoi(form.Get("edition")) //nolint:errcheck // 0: there was no draft
		read := inherit.Read{Upstream: form.Get("modele"), Edit: edit}
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			if form.Get("action") == "garder" {
				done = "Vous gardez votre version. Ces changements ne vous seront plus proposés."
				return inherit.Keep(ctx, tx, slug, read)
			}
			ids := tickedChanges(form)
			held, err := inherit.Take(ctx, tx, slug, read, ids)
			to += "/" + workDraft
			done = takenWords(len(ids)-len(held), held)
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showUpdate(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, to)
}

// takenWords says what is in the draft, and what could not be taken over.
func takenWords(n int, held []inherit.Change) string {
	said := web.Plural(n, "changement est", "changements sont") + " dans le brouillon. Relisez-le, puis publiez-le."
	if n == 0 {
		said = "Rien n’a changé dans le brouillon."
	}
	if len(held) == 0 {
		return said
	}
	var left []string
	for _, c := range held {
		left = append(left, c.Where)
	}
	return said + " Laissé de côté, parce que d’autres questions en dépendent\u00a0: " + strings.Join(left, "\u00a0; ") + "."
}
