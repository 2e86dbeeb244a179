package inherit

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// Change is one thing that upstream changed and a commune can take over.
type Change struct {
	ID    string // to be given to [Merge.Apply]
	Side  Side   // Upstream or Conflict
	Where string // French: the question, the letter…
	Text  string // French: what upstream changed, whole sentences
	Lead  string // French, of a conflict: who did what
	Own   string // French, of a conflict: what the commune changed
	// What stood at the base, what upstream has and what the commune has, where a reader can compare them.
	Before, Theirs, Ours string
}

// Changes tells in French what upstream changed that the commune has not; who is upstream, as a
// sentence begins: « Le modèle ».
func (m *Merge) Changes(who string) ([]Change, error) {
	upstream, err := between(m.from, m.to)
	if err != nil {
		return nil, err
	}
	var own *words
	var out []Change
	for _, u := range m.units {
		if u.side != Upstream && u.side != Conflict {
			continue
		}
		c := Change{ID: u.id, Side: u.side, Where: m.where(u)}
		if c.Text, c.Before, c.Theirs, err = upstream.of(u); err != nil {
			return nil, err
		}
		if u.side == Conflict {
			if own == nil {
				if own, err = between(m.from, m.own); err != nil {
					return nil, err
				}
			}
			if c.Own, _, c.Ours, err = own.of(u); err != nil {
				return nil, err
			}
			m.lead(&c, u, who)
		}
		out = append(out, c)
	}
	return out, nil
}

// lead says who did what.
func (m *Merge) lead(c *Change, u unit, who string) {
	name := m.noun(u)
	did, ours := " a changé ", name.agree("modifié")
	t, o := m.theirs.parts[u.key], m.ours.parts[u.key]
	switch {
	case t == nil:
		did = " a retiré "
		if c.Own == "" {
			c.Own = "Une condition, un calcul ou un texte de votre version en dépend."
			ours = ""
		}
	case o == nil:
		ours = name.agree("retiré")
	case m.base.parts[u.key] == nil:
		did, ours = " a ajouté ", name.agree("ajouté")+" autrement"
	}
	c.Lead = who + did + name.the
	if ours == "" {
		c.Lead += "\u00a0; votre version en a besoin."
		return
	}
	c.Lead += "\u00a0; vous l’aviez " + ours + "."
}

// noun is what a sentence calls a unit.
type noun struct {
	the      string // with its article
	feminine bool
}

func (n noun) agree(participle string) string {
	if n.feminine {
		return participle + "e"
	}
	return participle
}

// rootNouns name what is said of the procedure itself.
var rootNouns = map[string]noun{
	"title": {"le titre", false}, "summary": {"le résumé", false}, "intro": {"la présentation", true}, "kind": {"la nature de la démarche", true},
	"life_event": {"la rubrique du portail", true}, "service": {"le service proposé", false}, "keywords": {"la liste des mots de recherche", true},
	"cost": {"le coût", false}, "minutes": {"le temps annoncé", false}, "commitment": {"la réponse promise", true}, "silence": {"l’effet du silence", false},
	"silence_warning": {"l’avertissement sur le silence", false}, "route": {"la voie de recours", true}, "event": {"le délai avant l’événement", false},
	"identity": {"l’identité demandée", true}, "retention": {"la durée de conservation", true}, "form": {"le formulaire", false}, "workflow": {"le circuit", false},
}

// noun names a unit.
func (m *Merge) noun(u unit) noun {
	p := m.here(u.key)
	switch p.kind {
	case partField:
		return noun{"la question\u00a0" + numbered(m.number(u.key)), true}
	case partChoice:
		return noun{"une réponse de la question\u00a0" + numbered(m.number(p.parent)), true}
	case partSection:
		return noun{"la rubrique " + guillemets(m.titled(p)), true}
	case partStep:
		return noun{"l’étape " + guillemets(m.titled(p)), true}
	case partPiece:
		return noun{"la pièce " + guillemets(p.id), true}
	case partDoubt:
		return noun{"le point " + guillemets(p.id), false}
	case partFlow:
		return m.flowNoun(p)
	}
	if outcome, ok := strings.CutPrefix(u.name, "letters/"); ok {
		return noun{"la lettre " + guillemets(catalogue.OutcomeNames[catalogue.Outcome(outcome)]), true}
	}
	if n, ok := rootNouns[u.name]; ok {
		return n
	}
	top, _, _ := strings.Cut(u.name, "/")
	switch top {
	case "alternatives":
		return noun{"l’accueil sans écran", false}
	case "notice":
		return noun{"l’information sur les données personnelles", true}
	case "form":
		return rootNouns["form"]
	case "workflow":
		return rootNouns["workflow"]
	}
	return noun{"un réglage de la démarche", false}
}

// flowNoun names a part of the workflow.
func (m *Merge) flowNoun(p *part) noun {
	switch {
	case p.list == listStages:
		return noun{"l’étape " + guillemets(cmp.Or(p.text("title"), p.id)) + " du circuit", true}
	case p.list == listWays:
		return noun{"le passage " + guillemets(cmp.Or(p.text("label"), p.id)) + " du circuit", false}
	case p.parent != partRoot:
		return noun{"une action à " + m.flowNoun(m.here(p.parent)).the, true}
	}
	return noun{"une règle qui oriente vers un service", true}
}

// here finds a part where it stands: upstream, or where it no longer is there.
func (m *Merge) here(key string) *part {
	for _, t := range []*tree{m.theirs, m.base, m.ours} {
		if p := t.parts[key]; p != nil {
			return p
		}
	}
	return &part{kind: partRoot}
}

// number gives the number that a question has in its form.
func (m *Merge) number(key string) int {
	for _, t := range []*tree{m.theirs, m.base, m.ours} {
		if n, _ := t.question(key); n > 0 {
			return n
		}
	}
	return 0
}

// titled gives what a step or a section is called; a section without a title by its step's.
func (m *Merge) titled(p *part) string {
	for p.kind != partRoot {
		if title := p.text("title"); title != "" {
			return title
		}
		p = m.here(p.parent)
	}
	return ""
}

// where tells in French what a unit is about.
func (m *Merge) where(u unit) string {
	p := m.here(u.key)
	switch p.kind {
	case partField, partChoice:
		if p.kind == partChoice {
			p = m.here(p.parent)
		}
		step := m.here(m.here(p.parent).parent)
		return "Question\u00a0" + numbered(m.number(p.key)) + ", étape " + guillemets(m.titled(step))
	case partRoot:
		if !strings.HasPrefix(u.name, "letters/") {
			return "Démarche"
		}
	}
	name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(m.noun(u).the, "la "), "le "), "l’")
	first := []rune(name)
	return string(unicode.ToUpper(first[0])) + string(first[1:])
}

func guillemets(s string) string { return "«\u00a0" + s + "\u00a0»" }

// words tells what one state of a procedure changed of another, unit by unit.
type words struct {
	merge *Merge // the older, the newer, the older again
}

func between(from, to *catalogue.Procedure) (*words, error) {
	m, err := Compare(from, to, from)
	return &words{m}, err
}

// of tells a unit in words, with both texts where they can be compared.
func (w *words) of(u unit) (text, before, after string, err error) {
	ids := w.related(u)
	if len(ids) == 0 {
		return "", "", "", nil
	}
	p, _, err := w.merge.apply(ids, false)
	if err != nil {
		return "", "", "", err
	}
	var said []string
	changes := catalogue.Changes(w.merge.from, p)
	for _, c := range changes {
		if !slices.Contains(said, c.Text) {
			said = append(said, c.Text)
		}
	}
	if len(changes) == 1 {
		before, after = changes[0].Before, changes[0].After
	}
	if before == "" && after == "" && u.what == aboutText {
		before, after = plainText(w.merge.base.parts[u.key], u.name), plainText(w.merge.theirs.parts[u.key], u.name)
	}
	return strings.Join(said, " "), before, after, nil
}

// related names the units that tell of the same thing: itself, or what hangs on the part.
func (w *words) related(u unit) []string {
	var out []string
	for _, x := range w.merge.units {
		if x.side != Upstream {
			continue
		}
		if x.id == u.id {
			return []string{x.id}
		}
		if x.key == u.key && (x.what != aboutOrder || u.what == aboutPresence) && u.key != partRoot || u.what == aboutPresence && w.merge.owned(x.key) == u.key {
			out = append(out, x.id)
		}
	}
	return out
}

// owned gives what a part comes and goes with.
func (m *Merge) owned(key string) string {
	for _, t := range []*tree{m.theirs, m.base, m.ours} {
		if p := t.parts[key]; p != nil {
			return p.owner()
		}
	}
	return partRoot
}

// plainText gives what is said under a name where it is a text.
func plainText(p *part, name string) string {
	if p == nil {
		return ""
	}
	values := map[string]any{}
	if json.Unmarshal([]byte(p.attrs[name]), &values) != nil || len(values) != 1 {
		return ""
	}
	for _, v := range values {
		if s, ok := v.(string); ok {
			return s
		}
	}
	return ""
}
