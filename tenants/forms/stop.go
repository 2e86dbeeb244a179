package forms

import (
	"net/url"
	"strings"
)

// Stop ends the form early for who it is not meant for: its sentence says why, its link where to go. While
// its condition holds nothing can be sent; what was answered is kept.
type Stop struct {
	If        *Condition `json:"if"`
	Message   string     `json:"message"`             // what the person reads
	Label     string     `json:"label,omitempty"`     // of the link
	URL       string     `json:"url,omitempty"`       // an address that begins with https://
	Procedure string     `json:"procedure,omitempty"` // or the slug of another procedure of the commune
}

// Href gives where the stop leads, "" where it leads nowhere.
func (s *Stop) Href() string {
	if s.Procedure != "" {
		return "/demarches/" + s.Procedure
	}
	return s.URL
}

// StopView is where the form may end after a question.
type StopView struct {
	ID      string // of its element
	Message string
	Label   string // of the link; empty where there is none
	Href    string
	ShowIf  string // the condition as JSON, where answers of this page decide it; else empty
	Visible bool   // it ends here now
}

// stopped tells whether the form ends after an entry, and makes that the only thing said.
func (c *checker) stopped(i int) bool {
	get := c.seen()
	for _, s := range c.x.stopsAfter(i) {
		if (s.section || c.visible[i]) && s.shown.holds(get, MaxDepth) && s.If.holds(get, MaxDepth) {
			id := c.x.entries[i].field.ID
			c.errs = []FieldError{{Path: id, Field: id, Code: CodeStopped, Message: s.Message}}
			return true
		}
	}
	return false
}

// placedStop is a stop of a question, or of a section after its last question.
type placedStop struct {
	*Stop

	section bool
	shown   *Condition // the section's
}

func (x *index) stopsAfter(i int) []placedStop {
	e := &x.entries[i]
	var out []placedStop
	if e.field.Stop != nil {
		out = append(out, placedStop{Stop: e.field.Stop})
	}
	if e.closesSection && e.section.Stop != nil {
		out = append(out, placedStop{Stop: e.section.Stop, section: true, shown: e.section.If})
	}
	return out
}

// stops adds to a question's view where the form may end after it.
func (r *viewer) stops(v *StepView, fv *FieldView, i int) {
	if !r.x.stops {
		return
	}
	for n, s := range r.x.stopsAfter(i) {
		showIf, visible, never := r.condition(s.If)
		visible = visible && (s.section || r.check.visible[i]) && s.shown.holds(r.get, MaxDepth)
		if never {
			continue
		}
		sv := StopView{ID: joinIndex("f-"+fv.ID+"-stop", n), Message: s.Message, Label: s.Label, Href: s.Href(), ShowIf: showIf, Visible: visible}
		sv.ID = strings.ReplaceAll(sv.ID, "/", "-")
		fv.Stops = append(fv.Stops, sv)
		if v.Stopped == nil && visible {
			v.Stopped = &sv
		}
	}
}

// stop checks where a form ends early.
func (c *examiner) stop(path string, s *Stop, at scope) {
	if s == nil {
		return
	}
	if s.If == nil {
		c.add(path+"/if", "condition", "Dites pour quelle réponse la démarche s’arrête ici")
	}
	c.condition(path+"/if", s.If, at)
	c.words(path+"/message", s.Message, maxProse, true)
	c.words(path+"/label", s.Label, maxLabel, s.Href() != "")
	u, err := url.Parse(s.URL)
	switch {
	case s.URL != "" && s.Procedure != "":
		c.add(path+"/procedure", "misplaced", "Choisissez une adresse ou une démarche, pas les deux")
	case s.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil):
		c.add(path+"/url", "url", "Donnez une adresse qui commence par https://")
	case s.Procedure != "" && !slugPattern(s.Procedure):
		c.add(path+"/procedure", "reference", "Choisissez une démarche de la commune")
	case s.Href() == "" && s.Label != "":
		c.add(path+"/label", "misplaced", "Donnez l’adresse ou la démarche de ce lien")
	}
}

// slugPattern tells whether a text can be the slug of a procedure.
func slugPattern(s string) bool {
	return s != "" && len(s) <= 60 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-'
}

// stops refuses in the schema what ends early, where JSON Schema can say it.
func (b *schemaBuilder) stops() []any {
	var rules []any
	if !b.x.stops {
		return nil
	}
	for i := range b.x.entries {
		for _, s := range b.x.stopsAfter(i) {
			cond, ok := b.condition(s.If, i+1, MaxDepth)
			shown, okShown := b.condition(s.shown, b.x.opens(i), MaxDepth)
			parts := []any{cond, shown}
			if state := b.visible(i); !s.section && !state.always {
				okShown = okShown && state.ref != nil
				parts = append(parts, state.ref)
			}
			if !ok || !okShown {
				continue
			}
			rules = append(rules, node{"not": node{"allOf": parts}, "description": s.Message})
		}
	}
	return rules
}
