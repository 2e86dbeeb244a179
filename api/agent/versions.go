package agent

import (
	"context"
	"net/url"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// versionsPage lists what was published of a procedure, and goes back.
type versionsPage struct {
	web.Frame
	Name, URL string
	Tabs      web.Tabs
	Rows      []versionRow
	Planned   bool // one waits for its day
	Refused   string
	Reasons   []string // what the proof objects to
}

type versionRow struct {
	Number    int
	Published string
	Effect    string
	Restores  int
	Status    web.Status
	Older     bool // it can be gone back to
	Planned   bool
	Compare   web.Link // "" where there is nothing to compare it with
	On        web.Input
}

var versionsTemplate = web.MustParse[versionsPage](web.Agent, pages, "versions.html")

func (s *Server) versions(v visit) error { return s.showVersions(v, nil, nil) }

func (s *Server) showVersions(v visit, typed url.Values, refused error) error {
	var all []catalogue.Version
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) (err error) {
		all, err = catalogue.Versions(ctx, tx, w.slug)
		return err
	})
	if err != nil {
		return err
	}
	if w.entry == nil {
		return fault.New(fault.NotFound, "procedure_unknown")
	}
	page := versionsPage{Name: w.shown().Title, URL: w.url, Refused: sentence(refused), Planned: w.entry.Next.VersionID != ""}
	if fault.Is(refused, "proof_blocks") {
		for _, f := range fault.Of(refused).Fields {
			page.Reasons = append(page.Reasons, f.Message)
		}
	}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Versions", workHistory)
	zone := v.scope.Tenant.Zone()
	for _, x := range all {
		row := versionRow{
			Number: x.Number, Published: at(x.CreatedAt, zone) + ", par " + x.CreatedBy, Restores: x.Restores,
			Effect: calendar.On(x.From, zone).French(), Older: true, Status: web.Status{Tone: web.Neutral, Label: "Remplacée"},
			On: web.Input{Name: "le-" + strconv.Itoa(x.Number), Label: "En vigueur à partir du", Hint: "Laissez vide pour revenir tout de suite.", Type: "date", Width: "medium", Optional: true},
		}
		row.Compare = w.compare(x.Number)
		switch {
		case x.ID == w.entry.Version.ID:
			row.Older, row.Status = false, web.Status{Tone: web.Success, Label: "En vigueur"}
		case x.ID == w.entry.Next.VersionID:
			row.Older, row.Planned, row.Status = false, true, web.Status{Tone: web.Info, Label: "Prévue"}
		case x.Withdrawn:
			row.Status = web.Status{Tone: web.Neutral, Label: "Annulée avant son jour"}
		}
		if typed.Get("version") == strconv.Itoa(x.Number) {
			row.On.Value = typed.Get(row.On.Name)
			if fault.Is(refused, "publication_past") {
				row.On.Error, page.Refused = page.Refused, ""
				page.Errors = web.ErrorSummary{{ID: row.On.Name, Message: row.On.Error}}
			}
		}
		page.Rows = append(page.Rows, row)
	}
	return versionsTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// compare leads to what differs between a version and the one in force, or of that one and the
// one before it.
func (w workshop) compare(number int) web.Link {
	from, to, label := number, w.entry.Version.Number, "Comparer avec celle en vigueur"
	switch {
	case from == to && to == 1:
		return web.Link{}
	case from == to:
		from, label = to-1, "Comparer avec la précédente"
	case from > to:
		from, to = to, from
	}
	return web.Link{Label: label, URL: w.url + "/" + workChanges + "?de=" + strconv.Itoa(from) + "&a=" + strconv.Itoa(to)}
}

// changeVersions goes back to a version, or takes back the one that is planned.
func (s *Server) changeVersions(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	slug, done := v.r.PathValue("slug"), ""
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			if form.Get("action") == "annuler" {
				done = "La version prévue est annulée. Celle en vigueur continue."
				return catalogue.Withdraw(ctx, tx, slug)
			}
			number, err := strconv.Atoi(form.Get("version"))
			if err != nil || number < 1 {
				return fault.New(fault.Invalid, "form_unreadable")
			}
			on, err := publicationDay(tx, form.Get("le-"+form.Get("version")))
			if err != nil {
				return err
			}
			out, err := drafts.Restore(ctx, tx, slug, number, on)
			done = published(tx, out)
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showVersions(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, proceduresPath+"/"+slug+"/"+workHistory)
}
