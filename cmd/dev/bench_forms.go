package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/proof"
)

// The aims of forms.
const (
	formPageAim = 15 * time.Millisecond
	validateAim = 200 * time.Microsecond
	proofAim    = 2 * time.Second
)

const (
	formQuestions  = 100
	formConditions = 40
	formTimes      = 200
	validateTimes  = 10_000
	proofTimes     = 10
)

// benchForms measures a large form: its page, its validation, its proof.
func benchForms(ctx context.Context, b *bench) error {
	var rows [][]string
	for _, part := range []func(context.Context, *bench) ([][]string, error){benchFormPage, benchValidate, benchProof, benchUpdate} {
		more, err := part(ctx, b)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	b.table([]string{fmt.Sprintf("a form of %d questions and %d conditions", formQuestions, formConditions), "measured", "p50", "p95", "worst", "aim", ""}, rows)
	b.note("pages are one client's, one after another, as the network gives them; the others are processor time of this process")
	return nil
}

// largeForm is a procedure whose form has as many questions and conditions. Where they are tied, each
// condition reads three earlier answers and the questions that it shows are read by the next ones.
func largeForm(tied bool) (*catalogue.Procedure, error) {
	model, ok := catalogue.Model("courrier-maire")
	if !ok {
		return nil, fault.New(fault.NotFound, "procedure_unknown")
	}
	type object = map[string]any
	var fields []object
	for i := range formQuestions {
		f := object{"id": "q" + strconv.Itoa(i), "kind": "text", "label": "Question numéro " + strconv.Itoa(i), "purpose": "Mesurer", "legal_basis": "CRPA, article L.112-8"}
		switch {
		case i%2 == 0:
			f["kind"], f["choices"] = "choice", []object{{"value": "a", "label": "La première"}, {"value": "b", "label": "La deuxième"}, {"value": "c", "label": "La troisième"}}
		case i%10 == 9:
			f["kind"], f["min"], f["max"] = "number", 0, 500
		}
		if i >= formQuestions-2*formConditions && i%2 == 1 {
			read := []int{i - 1}
			if tied {
				read = []int{i - 1, i - 3, i - 7}
			}
			var all []object
			for _, n := range read {
				all = append(all, object{"field": "q" + strconv.Itoa(n-n%2), "equals": "a"})
			}
			f["if"] = object{"or": all}
		}
		fields = append(fields, f)
	}
	text, err := json.Marshal(object{
		"version": 1, "recipients": []string{"La mairie"}, "retention": "1 an",
		"steps": []object{{"id": "tout", "title": "Toutes les questions", "sections": []object{{"id": "tout", "fields": fields}}}},
	})
	if err != nil {
		return nil, err
	}
	p, err := model.Copy()
	if err != nil {
		return nil, err
	}
	if p.Form, err = forms.Parse(text); err != nil {
		return nil, err
	}
	p.Slug, p.Title, p.Nature, p.Bring = "grand-formulaire", "Grand formulaire", nil, nil
	p.Letters = maps.Clone(p.Letters)
	for outcome, l := range p.Letters {
		p.Letters[outcome] = catalogue.Letter{Subject: "Votre demande", Body: withoutAnswers(l.Body)}
	}
	return p.Copy()
}

// withoutAnswers leaves out the paragraphs that name a question of the model's own form.
func withoutAnswers(body []string) []string {
	return slices.DeleteFunc(slices.Clone(body), func(s string) bool { return strings.Contains(s, "{{reponse.") })
}

// benchFormPage measures the page as an agent's browser gets it: the try-out, which is the citizens' step
// drawn by the same code, and the counter's page.
func benchFormPage(ctx context.Context, b *bench) ([][]string, error) {
	h, err := openHouse(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer h.close()
	town, err := h.openTown(ctx)
	if err != nil {
		return nil, err
	}
	agent, cookie, err := h.hire(ctx, town)
	if err != nil {
		return nil, err
	}
	p, err := largeForm(false)
	if err != nil {
		return nil, err
	}
	var slug string
	if err := h.db.Write(ctx, town, agent, func(tx *tenants.Tx) error {
		if slug, err = drafts.Import(ctx, tx, p); err != nil {
			return err
		}
		if _, err := drafts.Publish(ctx, tx, slug, 1, calendar.Date{}); err != nil {
			return err
		}
		return catalogue.SetOpen(ctx, tx, slug, true)
	}); err != nil {
		return nil, err
	}
	s, err := h.serve(ctx, b.repo)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.stop() }()
	var rows [][]string
	for _, page := range []struct{ name, path string }{
		{"page of all questions, at the counter", "/agents/nouvelle/" + slug}, {"page of all questions, tried out as citizens see it", "/agents/demarches/" + slug + "/essayer"},
	} {
		var took timings
		client := plainClient()
		for i := range formTimes + 10 {
			if i == 10 {
				took = nil
			}
			if err := took.measure(func() error { return get(ctx, client, "http://"+s.addr+page.path, s.host(town), cookie) }); err != nil {
				return nil, err
			}
		}
		rows = append(rows, []string{page.name, "response", ms(took.at(0.5)) + " ms", ms(took.at(0.95)) + " ms", ms(took.at(1)) + " ms", ms(formPageAim) + " ms", verdict(took.at(0.95), formPageAim)})
	}
	return rows, nil
}

// benchValidate measures the validation of answers to every question.
func benchValidate(context.Context, *bench) ([][]string, error) {
	p, err := largeForm(false)
	if err != nil {
		return nil, err
	}
	answers := forms.Answers{}
	for _, section := range p.Form.Steps[0].Sections {
		for _, f := range section.Fields {
			switch f.Kind {
			case forms.KindChoice:
				answers[f.ID] = forms.Text("a")
			case forms.KindNumber:
				answers[f.ID] = forms.Number(12)
			default:
				answers[f.ID] = forms.Text("Une réponse")
			}
		}
	}
	now := time.Now()
	if wrong := p.Form.Validate(answers, now, forms.Options{}); len(wrong) > 0 {
		return nil, forms.Faults(wrong)
	}
	before := processorTime()
	for range validateTimes {
		p.Form.Validate(answers, now, forms.Options{})
	}
	used := (processorTime() - before) / validateTimes
	return [][]string{{fmt.Sprintf("validating %d answers (%d times)", len(answers), validateTimes), "processor", us(used), "", "", us(validateAim), verdict(used, validateAim)}}, nil
}

// benchProof measures the proof where conditions stand apart, and where they are tied together.
func benchProof(context.Context, *bench) ([][]string, error) {
	var rows [][]string
	for _, tied := range []bool{false, true} {
		p, err := largeForm(tied)
		if err != nil {
			return nil, err
		}
		var took timings
		var r proof.Report
		for range proofTimes {
			before := processorTime()
			r = proof.Prove(proof.Input{Procedure: p, Today: time.Now()})
			took = append(took, processorTime()-before)
		}
		blocking, _ := r.Count()
		name := "proof, conditions apart"
		if tied {
			name = "proof, conditions tied together"
		}
		rows = append(rows, []string{
			fmt.Sprintf("%s (%d paths tried, %d blocking)", name, len(r.Paths), blocking), "processor", ms(took.at(0.5)) + " ms", ms(took.at(0.95)) + " ms", ms(took.at(1)) + " ms",
			ms(proofAim) + " ms", verdict(took.at(0.95), proofAim),
		})
	}
	return rows, nil
}
