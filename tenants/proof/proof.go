package proof

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Input is what is judged, and what the commune brings to it.
type Input struct {
	Procedure   *catalogue.Procedure
	Entry       catalogue.Entry   // the procedure in the commune's catalogue; zero: it is not there yet
	Open        bool              // citizens can use it: what its receipt lacks blocks
	Settings    *tenants.Settings // nil: no commune is meant, and no mention is looked for
	Town        string
	PostalCodes []string
	Tables      forms.Tables    // of the town; nil: choices from tables are not tried
	Lacks       []forms.Problem // what the form draws from and the commune does not have (catalogue.TableProblems)
	Today       time.Time       // the commune's date
}

// Finding is one thing that the proof has to say.
type Finding struct {
	Path   string // place in the JSON of the procedure
	Place  string // the same in French: « Étape « Vous », question « Votre nom » »
	Code   string // stable
	Text   string // French; says what to do
	Blocks bool   // the procedure is not published while it stands
}

// Report is what the proof found.
type Report struct {
	Findings []Finding // those that block first, in the order of the form
	Paths    []Path    // with examples, each tried
	Total    float64   // distinct paths there are, of which Paths are the first; a bound where not Exact
	Exact    bool
}

// Blocked tells whether something keeps the procedure from being published.
func (r Report) Blocked() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Blocks })
}

// Count gives how many findings block and how many warn.
func (r Report) Count() (blocking, warning int) {
	for _, f := range r.Findings {
		if f.Blocks {
			blocking++
		} else {
			warning++
		}
	}
	return blocking, warning
}

// The codes of the proof's own findings; the others are those of catalogue.Check,
// catalogue.Missing and tenants/plain.
const (
	CodeUnreachable = "unreachable" // no answer leads to the question
	CodeUncertain   = "uncertain"   // none was found that does
	CodeAlways      = "always"      // a condition that always holds
	CodeNever       = "never"       // a test or a stop that never does
	CodeNoEnd       = "no_end"      // a path that cannot be sent, and does not say where to go
	CodeAllStop     = "all_stop"    // every path stops
	CodeForbidden   = "forbidden"   // it may not be asked for
	CodeOneChoice   = "one_choice"  // a choice without a choice
	CodeNoWayOut    = "stop_no_way" // a stop without a link
	CodeUntried     = "untried"     // no example came to mind
	CodeMention     = "mention"     // the commune has to set it
	CodeDoubt       = "to_verify"   // a jurist has to
	maxFindings     = 300
)

// Prove judges a procedure. Its work is bounded for any definition.
func Prove(in Input) Report {
	r := &prover{in: in, p: in.Procedure}
	r.law()
	r.mentions()
	r.forbidden()
	r.texts()
	if r.p.Form != nil && len(r.p.Form.Check()) == 0 {
		r.paths()
	}
	slices.SortStableFunc(r.out.Findings, func(a, b Finding) int {
		if a.Blocks == b.Blocks {
			return 0
		}
		if a.Blocks {
			return -1
		}
		return 1
	})
	return r.out
}

type prover struct {
	in  Input
	p   *catalogue.Procedure
	out Report
}

func (r *prover) add(path, code, text string, blocks bool) {
	if len(r.out.Findings) < maxFindings {
		r.out.Findings = append(r.out.Findings, Finding{Path: path, Place: Place(r.p, path), Code: code, Text: text, Blocks: blocks})
	}
}

// law takes over what the catalogue checks: regime, legal bases, letters, the form's own rules.
func (r *prover) law() {
	for _, p := range append(r.p.Check(), r.in.Lacks...) {
		r.add(p.Path, p.Code, sentence(p.Message), true)
	}
	for _, d := range r.p.ToVerify {
		r.add("to_verify", CodeDoubt, d.Subject+"\u00a0: "+d.Text, false)
	}
}

// sentence ends what was written as a line of a form.
func sentence(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// mentions are what the commune's receipts need (law.md R3).
func (r *prover) mentions() {
	if r.in.Settings == nil || r.p.Redirect != "" {
		return
	}
	for _, m := range catalogue.Missing(*r.in.Settings, r.in.Entry.With(catalogue.Version{Procedure: r.p})) {
		text := "Renseignez dans les réglages"
		if m.Where == "service" {
			text = "Renseignez pour le service"
		}
		r.add("mentions/"+m.Code, CodeMention, text+"\u00a0: "+m.Label+". L’accusé de réception doit le dire (CRPA, article\u00a0R.112-11-1).", r.in.Open)
	}
}

// paths explores the form.
func (r *prover) paths() {
	m := newModel(r.p.Form, r.in.Today, forms.Options{Town: r.in.Town, PostalCodes: r.in.PostalCodes, Tables: r.in.Tables})
	t := &trial{m: m}
	work := 0
	reached := map[int]bool{}
	var cut []bool // by set
	for _, items := range m.sets() {
		e := m.explore(items, &work, reached)
		t.sets = append(t.sets, e)
		cut = append(cut, e.cut)
	}
	t.run()
	r.out.Paths, r.out.Total, r.out.Exact = t.paths, t.total, t.exact
	for n, s := range t.sets {
		r.set(m, s, cut[n], reached)
	}
	r.tried(t)
	for i := range m.items {
		if f := m.items[i].field; !m.items[i].fact && f.Kind == forms.KindChoice && f.Table == nil && len(f.Choices) == 1 && !f.Optional {
			r.add("form/"+m.items[i].path+"/choices", CodeOneChoice, "Ajoutez une deuxième réponse, ou retirez la question\u00a0: il n’y a rien à choisir.", false)
		}
	}
}

// set judges the conditions of one set.
func (r *prover) set(m *model, s explored, cut bool, reached map[int]bool) {
	judged := map[*condition]bool{}
	for _, i := range s.items {
		it := &m.items[i]
		unsure := cut
		for _, c := range it.shown {
			unsure = unsure || c.loose
		}
		if len(it.shown) > 0 && !reached[i] {
			r.unreached(it, unsure)
		}
		for _, c := range it.shown {
			if !judged[c] {
				judged[c] = true
				r.condition(c, cut, reached[i])
			}
		}
		for _, st := range it.stops {
			r.stop(st, cut)
		}
	}
}

func (r *prover) unreached(it *item, unsure bool) {
	if unsure {
		r.add("form/"+it.path, CodeUncertain, "Vérifiez sa condition\u00a0: aucune des réponses essayées ne fait poser cette question.", false)
		return
	}
	r.add("form/"+it.path, CodeUnreachable, "Corrigez sa condition, ou retirez la question\u00a0: aucune réponse ne mène à elle.", true)
}

func (r *prover) condition(c *condition, cut, reached bool) {
	if !reached || cut || c.loose {
		return
	}
	if c.yes && !c.no {
		r.add("form/"+c.path, CodeAlways, "Retirez cette condition\u00a0: elle est toujours vraie.", false)
		return
	}
	for _, l := range c.leaves {
		switch {
		case !l.yes && l.no:
			r.add("form/"+l.path, CodeNever, "Corrigez ou retirez cette comparaison\u00a0: aucune réponse ne la rend vraie.", false)
		case l.yes && !l.no:
			r.add("form/"+l.path, CodeAlways, "Retirez cette comparaison\u00a0: elle est toujours vraie.", false)
		}
	}
}

func (r *prover) stop(s *stop, cut bool) {
	switch {
	case cut || s.loose:
	case !s.yes:
		r.add("form/"+s.path, CodeNever, "Corrigez cet arrêt\u00a0: aucune réponse ne le déclenche.", false)
	case !s.no:
		r.add("form/"+s.path, CodeAllStop, "Corrigez cet arrêt\u00a0: toutes les réponses le déclenchent, et personne ne peut aller plus loin.", true)
	}
	if s.stop.Href() == "" {
		r.add("form/"+strings.TrimSuffix(s.path, "/if"), CodeNoWayOut, "Dites où aller ensuite, par un lien ou le nom d’un service\u00a0: la démarche s’arrête sans suite.", false)
	}
}

// tried tells which paths do not end.
func (r *prover) tried(t *trial) {
	told := map[string]bool{}
	sent := false
	for _, p := range t.paths {
		sent = sent || p.Stop == "" && len(p.Problems) == 0
		for _, problem := range p.Problems {
			if told[problem] {
				continue
			}
			told[problem] = true
			path, unsure := t.m.culprit(r.p.Form, p)
			text := "Ce parcours ne peut pas être terminé (" + describe(p) + "). La démarche répond\u00a0: «\u00a0" + problem + "\u00a0»."
			if unsure {
				r.add(path, CodeUntried, "Essayez vous-même\u00a0: aucun exemple n’a convenu. "+text, false)
				continue
			}
			r.add(path, CodeNoEnd, "Corrigez la question pour qu’une réponse soit possible. "+text, true)
		}
	}
	if !sent && len(told) == 0 {
		r.add("form", CodeAllStop, "Laissez au moins un parcours arriver au bout\u00a0: toutes les réponses arrêtent la démarche.", true)
	}
}

// culprit finds the first question of a path whose answer is refused; unsure where we have no
// example for it: of an expression, a table.
func (m *model) culprit(form *forms.Definition, p Path) (path string, unsure bool) {
	today := m.facts(p.Values).Today
	for _, e := range form.Validate(p.Values, today, m.opts) {
		id := e.Field
		if i := strings.LastIndexByte(id, '.'); i >= 0 {
			id = id[i+1:]
		}
		if i, ok := m.byID[id]; ok {
			f := m.items[i].field
			return "form/" + m.items[i].path, f.Pattern != "" || f.Table != nil || f.InCommune
		}
	}
	return "form", true
}

// describe names a path by the answers that make it.
func describe(p Path) string {
	if len(p.Answers) == 0 {
		return "le seul qu’il y ait"
	}
	var parts []string
	for _, a := range p.Answers[:min(len(p.Answers), 6)] {
		parts = append(parts, "«\u00a0"+a.Question+"\u00a0»\u00a0: "+a.Text)
	}
	return strings.Join(parts, "\u00a0; ")
}

func trimmed(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
