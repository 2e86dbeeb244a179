package exchange

import (
	"encoding/json"
	"maps"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Limits of what is taken over, those of forms.Check.
const (
	maxLabel = 300
	maxProse = 2000
	maxID    = 50
	maxValue = 100
)

// Reasons that several sources share.
const (
	looks       = "La présentation n’est pas reprise\u00a0: Parvis a la sienne"
	identity    = "Parvis donne ses propres identifiants"
	plainText   = "La mise en forme est retirée\u00a0: les textes sont en texte simple"
	cutText     = "Le texte est raccourci à la longueur permise"
	computedTxt = "Ce texte est calculé à l’affichage, ce que Parvis ne fait pas"
	tooMany     = "Un formulaire a au plus 200 questions"

	shownEverywhere = "Parvis montre chaque réponse dans le récapitulatif et dans le dossier"
	filters         = "Les agents filtrent leurs demandes autrement"
	erased          = "Parvis efface les réponses avec la demande, à la fin de la durée de conservation"

	elsewhere = "Parvis règle cela autrement, ou pour toute la commune"
)

// harmless are the reasons that change nothing of what a question asks.
var harmless = map[string]bool{looks: true, identity: true, elsewhere: true, technical: true, shownEverywhere: true, filters: true, erased: true}

// builder makes a procedure while a source is read.
type builder struct {
	report *Report
	p      *catalogue.Procedure
	steps  []page
	gate   *forms.Condition // of the page that is being read
	ids    map[string]bool
	known  map[string]*asked // by the name that conditions of the source use
	fields int
	rows   bool // the questions that are being read are answered several times
}

// asked is a question of the source that was carried over.
type asked struct {
	id      string
	kind    forms.Kind
	labels  map[string]string // choice's label, or key of the source, → our value
	ordered []string          // labels in their order
}

func newBuilder(from string) *builder {
	return &builder{
		report: &Report{From: from, Carried: []Item{}, Changed: []Item{}, Lost: []Item{}, Complete: []Gap{}},
		p:      &catalogue.Procedure{Format: 1, Intro: []string{}, Bring: []catalogue.Piece{}, Letters: map[catalogue.Outcome]catalogue.Letter{}},
		ids:    map[string]bool{}, known: map[string]*asked{},
	}
}

// page begins a page of the form; pages beyond the limit go on with the last one.
func (b *builder) page(title string, gate *forms.Condition) {
	if b.rows {
		return // a list of answers stands on one page
	}
	b.gate = gate
	if title == "" {
		title = "Votre demande"
	}
	if n := len(b.steps); n > 0 && !b.steps[n-1].asks() { // its texts stand above the next questions
		last := &b.steps[n-1]
		last.Title = title
		for i := range last.Sections {
			last.Sections[i].If = gate
		}
		return
	}
	if len(b.steps) == forms.MaxSteps {
		b.section(title)
		return
	}
	b.steps = append(b.steps, page{forms.Step{ID: b.id(title, "etape"), Title: title}})
}

// page is a step that is being made.
type page struct{ forms.Step }

// asks tells whether a page has a question.
func (p page) asks() bool {
	for i := range p.Sections {
		if len(p.Sections[i].Fields) > 0 {
			return true
		}
	}
	return false
}

func (b *builder) step() *page {
	if len(b.steps) == 0 {
		b.page("", nil)
	}
	return &b.steps[len(b.steps)-1]
}

// section begins a group of questions.
func (b *builder) section(title string) *forms.Section {
	step := b.step()
	if n := len(step.Sections); b.rows {
		return &step.Sections[n-1]
	} else if n > 0 && len(step.Sections[n-1].Fields) == 0 {
		last := &step.Sections[n-1]
		switch {
		case last.Title == "":
			last.Title = title
		case title != "":
			last.Title = shortened(last.Title+" – "+title, maxLabel-1)
		}
		return last
	}
	name := title
	if name == "" {
		name = step.Title
	}
	step.Sections = append(step.Sections, forms.Section{ID: b.id(name, "rubrique"), Title: title, If: b.gate})
	return &step.Sections[len(step.Sections)-1]
}

// heading takes a title over: the next group of questions has it.
func (b *builder) heading(n *source, conditional bool) {
	if b.rows && n != nil {
		n.lose("Un titre au milieu de questions répétées n’est pas repris")
		return
	}
	title := b.line(n, maxLabel)
	if title == "" {
		return
	}
	b.section(title)
	to := b.here()
	if conditional && n.fate == fateCarried {
		n.fate, n.reason = fateChanged, "Le titre paraît avec les questions qui le suivent"
	}
	n.to = to
}

// prose takes a text between questions over: it stands above the questions that follow.
func (b *builder) prose(n *source) {
	text := b.paragraphs(n)
	if text == "" {
		return
	}
	step := b.step()
	var into *string
	if len(step.Sections) == 0 && b.gate == nil {
		into = &step.Intro
	} else {
		into = &b.section("").Help
	}
	if *into != "" {
		text = *into + "\n\n" + text
	}
	if utf8.RuneCountInString(text) > maxProse {
		n.fate, n.reason = fateLost, "Il y a trop de texte à cet endroit"
		return
	}
	*into = text
	n.to = b.here()
}

// Why questions that are answered several times in a source are asked once.
const (
	onceNested = "Ces questions sont déjà dans une liste répétée\u00a0: elles y sont posées une seule fois"
	onceFiles  = "Un document ne peut pas être demandé plusieurs fois dans une liste\u00a0: ces questions sont posées une seule fois"
)

// repeating reads questions that are answered several times, under the heading that was read last: at least so often, and at
// most. Where they are asked once all the same it gives the reason.
func (b *builder) repeating(repeat forms.Repeat, files bool, read func()) (reason string) {
	switch {
	case b.rows:
		reason = onceNested
	case files:
		reason = onceFiles
	}
	if reason != "" {
		read()
		b.section("")
		return reason
	}
	if repeat.Item = shortened(repeat.Item, maxLabel-1); repeat.Item == "" {
		repeat.Item = "Élément"
	}
	b.section("")
	known := maps.Clone(b.known)
	b.rows = true
	read()
	b.rows, b.known = false, known // what stands around sees the whole list alone
	sections := b.step().Sections
	if last := &sections[len(sections)-1]; len(last.Fields) > 0 {
		last.Repeat = &repeat
	}
	b.section("")
	return ""
}

// here is where the next question goes, as a path of our format.
func (b *builder) here() string {
	step := b.step()
	path := "form/steps/" + strconv.Itoa(len(b.steps)-1)
	if n := len(step.Sections); n > 0 {
		path += "/sections/" + strconv.Itoa(n-1)
	}
	return path
}

// add appends a question and gives its place; "" where there is no room left.
func (b *builder) add(f forms.Field, name string, labels map[string]string, ordered []string) string {
	if b.fields == forms.MaxFields {
		return ""
	}
	b.fields++
	if f.ID == "" {
		f.ID = b.id(name, "question")
	}
	step := b.step()
	if len(step.Sections) == 0 {
		b.section("")
	}
	section := &step.Sections[len(step.Sections)-1]
	section.Fields = append(section.Fields, f)
	if name != "" {
		b.known[name] = &asked{f.ID, f.Kind, labels, ordered}
	}
	return b.here() + "/fields/" + strconv.Itoa(len(section.Fields)-1)
}

// id gives a name that nothing has yet.
func (b *builder) id(name, otherwise string) string {
	words := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, fold.Words(name))
	for strings.Contains(words, "__") {
		words = strings.ReplaceAll(words, "__", "_")
	}
	words = strings.Trim(words, "_")
	if words == "" || words[0] < 'a' {
		words = strings.Trim(otherwise+"_"+words, "_")
	}
	words = strings.Trim(words[:min(len(words), maxID-4)], "_")
	id := words
	for i := 2; b.ids[id]; i++ {
		id = words + "_" + strconv.Itoa(i)
	}
	b.ids[id] = true
	return id
}

// line takes a text over as one line of plain text.
func (b *builder) line(n *source, limit int) string {
	return b.text(n, limit, " ")
}

// paragraphs takes a text over as plain text in lines.
func (b *builder) paragraphs(n *source) string {
	return b.text(n, maxProse, "\n")
}

func (b *builder) text(n *source, limit int, between string) string {
	if n == nil {
		return ""
	}
	text := plain(n.text, between)
	switch {
	case strings.Contains(text, "{{") || strings.Contains(text, "{%") || strings.Contains(text, "[form"):
		n.lose(computedTxt)
		return ""
	case utf8.RuneCountInString(text) > limit:
		n.change("", cutText)
		return strings.TrimSuffix(shortened(text, limit-1), "…")
	case strings.ContainsAny(n.text, "<>&") && text != n.text:
		n.change("", plainText)
	default:
		n.carry("")
	}
	return text
}

// plain turns HTML into plain text; script and style go with what is in them.
func plain(s, between string) string {
	if !strings.ContainsAny(s, "<&") {
		return tidy(s, between)
	}
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return tidy(out.String(), between)
		case html.TextToken:
			if hidden == 0 {
				out.Write(z.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch t.Data {
			case "script", "style":
				if t.Type == html.StartTagToken {
					hidden++
				} else if t.Type == html.EndTagToken && hidden > 0 {
					hidden--
				}
			case "p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "tr", "table":
				out.WriteByte('\n')
			}
		}
	}
}

func tidy(s, between string) string {
	var lines []string
	for line := range strings.Lines(html.UnescapeString(s)) {
		line = strings.Map(func(r rune) rune {
			if r < ' ' || r == utf8.RuneError || r == '<' || r == '>' {
				return ' '
			}
			return r
		}, line)
		if line = strings.Join(strings.Fields(strings.ReplaceAll(line, "\u00a0", " ")), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, between)
}

// options makes the choices of a question out of labels; what is no value of ours gets one.
func options(labels []string, keys []string) (choices []forms.Choice, values map[string]string) {
	values, used := map[string]string{}, map[string]bool{}
	for i, label := range labels {
		label = plain(label, " ")
		if label == "" || used["l"+label] || len(choices) == forms.MaxChoices || utf8.RuneCountInString(label) > maxLabel {
			continue
		}
		value := label
		if len(keys) > i && keys[i] != "" {
			value = plain(keys[i], " ")
		}
		if len(value) > maxValue || value == "" || used["v"+value] {
			value = "choix_" + strconv.Itoa(i+1)
		}
		used["l"+label], used["v"+value] = true, true
		values[label] = value
		if len(keys) > i && keys[i] != "" {
			values[keys[i]] = value
		}
		choices = append(choices, forms.Choice{Value: value, Label: label})
	}
	return choices, values
}

// pattern takes a regular expression over; "" where it is not one of ours. Anchors go: ours
// hold for the whole answer.
func pattern(text string) string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "^"), "$")
	if text == "" || len(text) > 200 {
		return ""
	}
	if _, err := syntax.Parse(text, syntax.Perl); err != nil {
		return ""
	}
	return text
}

// finish closes the form and hands out the procedure with its report.
func (b *builder) finish(roots []named) (*Report, error) {
	for i := range b.steps {
		b.closed(&b.steps[i])
	}
	if n := len(b.steps); n > 0 && len(b.steps[n-1].Sections) == 0 {
		if intro := b.steps[n-1].Intro; intro != "" {
			b.p.Intro = append(b.p.Intro, intro)
		}
		b.steps = b.steps[:n-1]
	}
	if b.fields > 0 {
		b.p.Form = &forms.Definition{Version: forms.FormatVersion}
		for _, step := range b.steps {
			b.p.Form.Steps = append(b.p.Form.Steps, step.Step)
		}
	}
	if b.p.Slug = slug(b.p.Title); b.p.Slug == "" {
		b.p.Slug = "demarche-importee"
	}
	text, err := json.Marshal(b.p)
	if err != nil {
		return nil, err
	}
	if b.report.Procedure, err = catalogue.ParseProcedure(text); err != nil {
		return nil, err
	}
	b.report.Title = b.p.Title
	b.report.Complete = gaps(b.report.Procedure.Check())
	for _, root := range roots {
		b.report.tell(root.file, root.root)
	}
	return b.report, nil
}

// closed puts texts that no question follows into the introduction of their step.
func (b *builder) closed(step *page) {
	kept := step.Sections[:0]
	for _, s := range step.Sections {
		if len(s.Fields) > 0 {
			kept = append(kept, s)
			continue
		}
		for _, text := range []string{s.Title, s.Help} {
			switch {
			case text == "":
			case utf8.RuneCountInString(step.Intro+text) < maxProse-2:
				step.Intro = strings.TrimSpace(step.Intro + "\n\n" + text)
			default:
				b.p.Intro = append(b.p.Intro, text)
			}
		}
	}
	step.Sections = kept
}

// slug gives a name for addresses.
func slug(title string) string {
	words := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return ' '
	}, fold.Words(title))
	s := strings.Join(strings.Fields(words), "-")
	return strings.Trim(s[:min(len(s), 50)], "-")
}
