package agent

import (
	"context"
	"net/url"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// holidaysPage shows the public holidays that the dates are counted with, and lets the
// commune say which are its own where the law leaves it open.
type holidaysPage struct {
	web.Frame
	Place     string
	Uncertain []string
	Temple    *web.Checkbox
	Own       *web.Textarea
	Years     []web.Table
}

var holidaysTemplate = web.MustParse[holidaysPage](web.Agent, pages, "holidays.html")

const holidaysPath = settingsPath + "/jours-feries"

func (s *Server) holidays(v visit) error { return s.showHolidays(v, nil, nil) }

func (s *Server) showHolidays(v visit, typed url.Values, refused error) error {
	me, err := s.read(v, admins(func(context.Context, *tenants.Tx, web.Visitor) error { return nil }))
	if err != nil {
		return err
	}
	tenant := v.scope.Tenant
	territory := tenant.Territory()
	p := holidaysPage{Frame: s.frame(v, me, "Jours fériés", settingsPath), Place: territory.Name(), Uncertain: territory.Uncertain()}
	p.Breadcrumbs = web.Breadcrumbs{{Label: "Réglages", URL: settingsPath}, {Label: "Jours fériés"}}
	own, temple := tenant.LocalHolidays, tenant.Temple
	if typed != nil {
		own, temple = typed.Get("propres"), typed.Get("temple") != ""
	}
	if territory.TempleCounts() {
		p.Temple = &web.Checkbox{Name: "temple", Label: "La commune a un temple protestant ou une église mixte", Hint: "Le Vendredi saint y est férié (Code du travail, article L.3134-13).", Checked: temple}
	}
	if territory.OwnHolidays() {
		p.Own = &web.Textarea{Name: "propres", Label: "Jours fériés propres au territoire", Rows: 6, MaxLength: 2000, Value: own, Optional: true,
			Hint: "Un par ligne\u00a0: le jour, le mois, puis le nom. Par exemple «\u00a028/05 Abolition de l’esclavage»."}
		if refused != nil {
			p.Own.Error = sentence(refused)
			p.Errors = web.ErrorSummary{{ID: p.Own.Name, Message: p.Own.Error}}
		}
	}
	year := territory.Today(s.Clock()).Year
	for y := year; y <= year+1; y++ {
		table := web.Table{Caption: "Jours fériés comptés en " + strconv.Itoa(y), Columns: []web.Column{{Label: "Jour"}, {Label: "Nom"}}}
		for _, h := range territory.Holidays(y) {
			table.Rows = append(table.Rows, web.Row{Cells: []web.Cell{{Text: h.Date.French()}, {Text: h.Name}}})
		}
		p.Years = append(p.Years, table)
	}
	return holidaysTemplate.Render(v.w, v.r, web.StatusOf(refused), p)
}

// saveHolidays keeps what the commune says of its own days.
func (s *Server) saveHolidays(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			return s.Registry.SetHolidays(ctx, tx, form.Get("temple") != "", form.Get("propres"))
		}))
	}
	switch {
	case form != nil && web.ComesBack(err) && !fault.Is(err, "local_holidays_not_allowed"):
		return s.showHolidays(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "Les jours fériés sont enregistrés. Les dates déjà annoncées ne changent pas toutes seules.", holidaysPath)
}
