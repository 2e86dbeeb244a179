package citizen

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// datesPage says in plain words why the dates of a request are what they are.
type datesPage struct {
	web.Frame
	Number, Procedure, Back string
	Reasons                 web.Timeline
	Told                    []string // what was told holds, whatever the rules have become
	Warnings                []string
}

var datesTemplate = web.MustParse[datesPage](web.Citizen, files, "dates.html")

func (s *Server) dates(v *visit) error {
	var why requests.Why
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		why, err = requests.GetWhy(ctx, tx, number)
		return err
	})
	if err != nil {
		return err
	}
	p := datesPage{Frame: s.frame(v, "Pourquoi ces dates", "/suivi"), Number: why.Number, Procedure: why.Title, Back: here(v), Warnings: why.Warnings}
	p.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: why.Number, URL: p.Back}, {Label: "Pourquoi ces dates"}}
	for _, r := range why.Reasons {
		line := web.Event{When: web.Unsaid(r.Date, r.Text), Title: r.Text, Text: r.Said, Law: r.Article}
		if line.Title == "" {
			line.Title = "La mairie a corrigé cette date\u00a0: cela ne s’est pas produit."
		}
		for _, was := range r.Was {
			noted := "Noté d’abord\u00a0: " + was.On.French()
			if was.Kind == requests.FactSuspension {
				noted += ", jusqu’au " + was.Until.French()
			}
			line.Was = append(line.Was, noted)
		}
		p.Reasons = append(p.Reasons, line)
	}
	for _, d := range why.Drifts {
		p.Told = append(p.Told, "La date qui vous a été annoncée, le "+d.Told.French()+", reste valable. Comptée avec les règles actuelles, ce serait le "+d.Now.French()+"\u00a0: la mairie vous écrira si elle change.")
	}
	return datesTemplate.Render(v.w, v.r, http.StatusOK, p)
}
