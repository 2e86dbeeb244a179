package agent

import (
	"context"
	"net/http"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/proof"
)

// proofPage says what blocks and what warns before a procedure is published.
type proofPage struct {
	web.Frame
	Name, What, URL    string
	Tabs               web.Tabs
	Draft              bool
	Blocking, Warnings []proof.Finding
	Paths              []pathRow
	Listed             int
	Total              string // "" where all are listed
}

// pathRow is a way through the form.
type pathRow struct {
	Title   string
	Answers []pair
	Asked   int
	Stop    string
	Status  web.Status
}

var proofTemplate = web.MustParse[proofPage](web.Agent, pages, "proof.html")

func (s *Server) proof(v visit) error {
	var r proof.Report
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) (err error) {
		r, err = drafts.Prove(ctx, tx, drafts.Draft{Slug: w.slug, Procedure: w.shown()})
		return err
	})
	if err != nil {
		return err
	}
	page := proofPage{Name: w.shown().Title, What: w.name(), URL: w.url, Draft: w.draft != nil, Listed: len(r.Paths)}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Vérifier", workProof)
	for _, f := range r.Findings {
		if f.Blocks {
			page.Blocking = append(page.Blocking, f)
		} else {
			page.Warnings = append(page.Warnings, f)
		}
	}
	if !r.Exact || float64(len(r.Paths)) < r.Total {
		page.Total = "plus de " + strconv.Itoa(len(r.Paths))
		if r.Total < 1e6 && r.Exact {
			page.Total = web.Number(int(r.Total))
		}
	}
	for i, p := range r.Paths {
		row := pathRow{Title: "Parcours\u00a0" + strconv.Itoa(i+1), Asked: p.Asked, Stop: p.Stop, Status: web.Status{Tone: web.Success, Label: "Arrive au bout"}}
		switch {
		case len(p.Problems) > 0:
			row.Status = web.Status{Tone: web.Danger, Label: "N’aboutit pas"}
		case p.Stop != "":
			row.Status = web.Status{Tone: web.Info, Label: "S’arrête, et dit pourquoi"}
		}
		for _, a := range p.Answers {
			row.Answers = append(row.Answers, pair{Key: a.Question, Value: a.Text})
		}
		page.Paths = append(page.Paths, row)
	}
	return proofTemplate.Render(v.w, v.r, http.StatusOK, page)
}
