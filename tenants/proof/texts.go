package proof

import (
	"strconv"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/plain"
)

// texts judges everything that people read.
func (r *prover) texts() {
	p := r.p
	r.text("title", p.Title, plain.Title)
	r.text("summary", p.Summary, plain.Prose)
	r.text("cost", p.Cost, plain.Prose)
	for i, s := range p.Intro {
		r.text("intro/"+strconv.Itoa(i), s, plain.Prose)
	}
	for i, b := range p.Bring {
		path := "bring/" + strconv.Itoa(i)
		r.text(path+"/label", b.Label, plain.Prose)
		r.text(path+"/detail", b.Detail, plain.Prose)
	}
	for _, s := range []string{p.Alternatives.Counter, p.Alternatives.Phone, p.Alternatives.Post} {
		r.text("alternatives", s, plain.Prose)
	}
	for _, s := range []string{p.Notice.Purpose, p.Notice.Consequence, p.Notice.Retention} {
		r.text("notice", s, plain.Prose)
	}
	if e := p.Event; e != nil {
		r.text("event/late", e.Late, plain.Prose)
		r.text("event/early", e.Early, plain.Prose)
	}
	for _, o := range catalogue.OutcomeOrder() {
		l, ok := p.Letters[o]
		if !ok {
			continue
		}
		path := "letters/" + string(o)
		r.text(path+"/subject", l.Subject, plain.Prose)
		for i, s := range l.Body {
			r.text(path+"/body/"+strconv.Itoa(i), s, plain.Letter)
		}
	}
	r.formTexts()
}

func (r *prover) formTexts() {
	if r.p.Form == nil {
		return
	}
	for si := range r.p.Form.Steps {
		step := &r.p.Form.Steps[si]
		path := "form/steps/" + strconv.Itoa(si)
		r.text(path+"/title", step.Title, plain.Title)
		r.text(path+"/intro", step.Intro, plain.Prose)
		for ci := range step.Sections {
			section := &step.Sections[ci]
			path := path + "/sections/" + strconv.Itoa(ci)
			r.text(path+"/title", section.Title, plain.Title)
			r.text(path+"/help", section.Help, plain.Prose)
			if section.Stop != nil {
				r.text(path+"/stop", section.Stop.Message, plain.Prose)
			}
			for fi := range section.Fields {
				f := &section.Fields[fi]
				path := path + "/fields/" + strconv.Itoa(fi)
				r.text(path+"/label", f.Label, plain.Prose)
				for _, s := range []string{f.Help, f.Declaration, f.Message} {
					r.text(path, s, plain.Prose)
				}
				if f.Stop != nil {
					r.text(path+"/stop", f.Stop.Message, plain.Prose)
				}
				for i, c := range f.Choices {
					r.text(path+"/choices/"+strconv.Itoa(i), c.Label, plain.Prose)
					r.text(path+"/choices/"+strconv.Itoa(i), c.Help, plain.Prose)
				}
			}
		}
	}
}

func (r *prover) text(path, text string, kind plain.Kind) {
	if text == "" {
		return
	}
	for _, i := range plain.Check(text, kind) {
		r.add(path, i.Code, i.Text, i.Blocks)
	}
}
