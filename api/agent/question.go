package agent

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
)

// questionKind is a kind of question as the editor offers it.
type questionKind struct {
	Kind        forms.Kind
	Label, Icon string
}

var questionKinds = []questionKind{
	{forms.KindText, "Texte court", "pencil"}, {forms.KindLongText, "Texte long", "text"}, {forms.KindEmail, "Courriel", "mail"}, {forms.KindPhone, "Téléphone", "phone"},
	{forms.KindChoice, "Choix unique", "circle-dot"}, {forms.KindChoices, "Cases à cocher", "square-check"}, {forms.KindNumber, "Nombre", "chart-column"}, {forms.KindDate, "Date", "calendar-days"},
	{forms.KindAddress, "Adresse", "house"}, {forms.KindFile, "Fichier", "paperclip"}, {forms.KindDeclaration, "Engagement", "badge-check"}, {forms.KindComputed, "Calcul", "euro"}, {forms.KindBlock, "Bloc de questions", "folder-open"},
}

func kindOf(kind forms.Kind) questionKind {
	i := slices.IndexFunc(questionKinds, func(k questionKind) bool { return k.Kind == kind })
	if i < 0 {
		return questionKind{Kind: kind, Label: string(kind), Icon: "text"}
	}
	return questionKinds[i]
}

// adjustment is what stands beside the list: a question, a section or a step, to be changed.
type adjustment struct {
	What, ID   string // question, rubrique, etape
	Title      string
	Kind       string
	Inputs     []control // the first part
	Limits     []control
	Why        []control
	Shown      *conditionBox
	Stop       *conditionBox
	StopInputs []control
}

// control is one of the components that people fill in.
type control struct {
	Input *web.Input
	Area  *web.Textarea
	Box   *web.Checkbox
	List  *web.Select
}

func inputOf(i web.Input) control   { return control{Input: &i} }
func areaOf(t web.Textarea) control { return control{Area: &t} }
func boxOf(c web.Checkbox) control  { return control{Box: &c} }
func listOf(l web.Select) control   { return control{List: &l} }

// Wrong tells whether something of these controls was refused: then they are shown.
func (adjustment) Wrong(list []control) bool {
	return slices.ContainsFunc(list, func(c control) bool {
		return c.Input != nil && c.Input.Error != "" || c.Area != nil && c.Area.Error != ""
	})
}

// The names of the inputs of a panel.
const (
	nameLabel    = "libelle"
	nameHelp     = "aide"
	nameRequired = "obligatoire"
	nameChoices  = "reponses"
	nameShown    = "si"
	nameStop     = "arret"
	namePlace    = "rubrique"
	nameBlock    = "bloc"
)

// number is an attribute of a question that is a number, which may be missing.
type number struct {
	name, label, hint string
	kinds             []forms.Kind
	get               func(*forms.Field) *float64
	set               func(*forms.Field, *float64)
}

func whole(n int) *float64 {
	if n == 0 {
		return nil
	}
	return new(float64(n))
}

func integer(n *float64) int {
	if n == nil {
		return 0
	}
	return int(*n)
}

func daysOf(n *int) *float64 {
	if n == nil {
		return nil
	}
	return new(float64(*n))
}

func toDays(n *float64) *int {
	if n == nil {
		return nil
	}
	return new(int(*n))
}

var numbers = []number{
	{"min", "Au moins", "", []forms.Kind{forms.KindNumber}, func(f *forms.Field) *float64 { return f.Min }, func(f *forms.Field, n *float64) { f.Min = n }},
	{"max", "Au plus", "", []forms.Kind{forms.KindNumber}, func(f *forms.Field) *float64 { return f.Max }, func(f *forms.Field, n *float64) { f.Max = n }},
	{"decimales", "Chiffres après la virgule", "", []forms.Kind{forms.KindNumber, forms.KindComputed}, func(f *forms.Field) *float64 { return whole(f.Decimals) }, func(f *forms.Field, n *float64) { f.Decimals = integer(n) }},
	{"lettres_min", "Caractères, au moins", "", []forms.Kind{forms.KindText, forms.KindLongText}, func(f *forms.Field) *float64 { return whole(f.MinLength) }, func(f *forms.Field, n *float64) { f.MinLength = integer(n) }},
	{"lettres_max", "Caractères, au plus", "", []forms.Kind{forms.KindText, forms.KindLongText}, func(f *forms.Field) *float64 { return whole(f.MaxLength) }, func(f *forms.Field, n *float64) { f.MaxLength = integer(n) }},
	{"jours_min", "Au plus tôt, en jours", "0 est aujourd’hui, 15 dans quinze jours, -7 il y a une semaine.", []forms.Kind{forms.KindDate}, func(f *forms.Field) *float64 { return daysOf(f.MinDays) }, func(f *forms.Field, n *float64) { f.MinDays = toDays(n) }},
	{"jours_max", "Au plus tard, en jours", "", []forms.Kind{forms.KindDate}, func(f *forms.Field) *float64 { return daysOf(f.MaxDays) }, func(f *forms.Field, n *float64) { f.MaxDays = toDays(n) }},
	{"fichiers", "Fichiers, au plus", "", []forms.Kind{forms.KindFile}, func(f *forms.Field) *float64 { return whole(f.MaxFiles) }, func(f *forms.Field, n *float64) { f.MaxFiles = integer(n) }},
}

// words is an attribute that is a text.
type words struct {
	name, label, hint string
	lines             bool // one a line
	long              int  // letters
	kinds             []forms.Kind
	why               bool // stands with the purpose
	get               func(*forms.Field) string
	set               func(*forms.Field, string)
}

var textual = []forms.Kind{forms.KindText, forms.KindLongText}

var texts = []words{
	{nameHelp, "Aide", "Une phrase courte, sans jargon.", false, 300, nil, false, func(f *forms.Field) string { return f.Help }, func(f *forms.Field, s string) { f.Help = s }},
	{nameBlock, "Le bloc à reprendre", "Ses questions se placent ici. La page Blocs les montre.", false, 50, []forms.Kind{forms.KindBlock}, false, func(f *forms.Field) string { return f.Block }, func(f *forms.Field, s string) { f.Block = s }},
	{"declaration", "La phrase que la personne approuve", "", true, 2000, []forms.Kind{forms.KindDeclaration}, false, func(f *forms.Field) string { return f.Declaration }, func(f *forms.Field, s string) { f.Declaration = s }},
	{"unite", "Unité", "Par exemple m², €, personnes.", false, 20, []forms.Kind{forms.KindNumber, forms.KindComputed}, false, func(f *forms.Field) string { return f.Unit }, func(f *forms.Field, s string) { f.Unit = s }},
	{"motif", "Forme attendue", "Une expression régulière, pour qui sait en écrire.", false, 200, textual, false, func(f *forms.Field) string { return f.Pattern }, func(f *forms.Field, s string) { f.Pattern = s }},
	{"message", "Votre phrase quand la réponse ne va pas", "Dites ce qu’il faut faire.", false, 300, nil, false, func(f *forms.Field) string { return f.Message }, func(f *forms.Field, s string) { f.Message = s }},
	{"finalite", "À quoi sert la réponse", "Les habitants le lisent (RGPD, article 5).", false, 300, nil, true, func(f *forms.Field) string { return f.Purpose }, func(f *forms.Field, s string) { f.Purpose = s }},
	{"fondement", "Le texte qui permet de l’exiger", "Obligatoire si la réponse l’est.", false, 300, nil, true, func(f *forms.Field) string { return f.LegalBasis }, func(f *forms.Field, s string) { f.LegalBasis = s }},
	{"destinataires", "Qui la reçoit", "Un par ligne. Vide\u00a0: comme le reste du formulaire.", true, 600, nil, true, func(f *forms.Field) string { return strings.Join(f.Recipients, "\n") }, func(f *forms.Field, s string) { f.Recipients = linesOf(s) }},
	{"conservation", "Combien de temps elle est gardée", "Vide\u00a0: comme le reste du formulaire.", false, 300, nil, true, func(f *forms.Field) string { return f.Retention }, func(f *forms.Field, s string) { f.Retention = s }},
}

// tick is an attribute that holds or not.
type tick struct {
	name, label string
	kinds       []forms.Kind
	get         func(*forms.Field) bool
	set         func(*forms.Field, bool)
}

var ticks = []tick{
	{"commune", "Seulement dans la commune", []forms.Kind{forms.KindAddress}, func(f *forms.Field) bool { return f.InCommune }, func(f *forms.Field, on bool) { f.InCommune = on }},
	{"etranger", "À l’étranger aussi", []forms.Kind{forms.KindAddress}, func(f *forms.Field) bool { return f.Abroad }, func(f *forms.Field, on bool) { f.Abroad = on }},
	{"monnaie", "C’est une somme, en euros", []forms.Kind{forms.KindComputed}, func(f *forms.Field) bool { return f.Money }, func(f *forms.Field, on bool) { f.Money = on }},
}

// fits tells whether a kind has an attribute; where none is named, all have it but a block, whose
// questions have their own.
func fits(kinds []forms.Kind, kind forms.Kind) bool {
	return kinds == nil && kind != forms.KindBlock || slices.Contains(kinds, kind)
}

func linesOf(s string) []string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// questionValues are a question's attributes as its panel posts them.
func questionValues(f *edit.Form, q *forms.Field, section string) url.Values {
	v := url.Values{nameLabel: {q.Label}, namePlace: {section}, "preremplir": {q.Prefill}, "avant": {q.Before}, "apres": {q.After}, "sensible": {q.Sensitivity}}
	if !q.Optional {
		v.Set(nameRequired, "1")
	}
	for _, n := range numbers {
		if at := n.get(q); at != nil {
			v.Set(n.name, strings.Replace(strconv.FormatFloat(*at, 'f', -1, 64), ".", ",", 1))
		}
	}
	for _, t := range texts {
		v.Set(t.name, t.get(q))
	}
	for _, t := range ticks {
		if t.get(q) {
			v.Set(t.name, "1")
		}
	}
	labels := make([]string, len(q.Choices))
	for i, c := range q.Choices {
		labels[i] = c.Label
	}
	v.Set(nameChoices, strings.Join(labels, "\n"))
	if q.Table != nil {
		v.Set("table", q.Table.Table)
		v.Set("colonne", q.Table.Column)
	}
	if q.Compute != nil {
		v.Set("formule", edit.Formula(q.Compute))
	}
	putCondition(v, nameShown, f, q.If)
	putStop(v, f, q.Stop)
	return v
}

func putStop(v url.Values, f *edit.Form, s *forms.Stop) {
	if s == nil {
		return
	}
	putCondition(v, nameStop, f, s.If)
	v.Set("arret_phrase", s.Message)
	v.Set("arret_lien", s.Label)
	v.Set("arret_adresse", s.URL)
	if s.Procedure != "" {
		v.Set("arret_adresse", s.Procedure)
	}
}

// takeQuestion reads what a panel posted into a question. What cannot be read is fault.Invalid
// "question_invalid", a field for each input with its sentence; the question is unchanged then.
func takeQuestion(v url.Values, f *edit.Form, q forms.Field) (forms.Field, error) {
	var wrong []fault.Field
	refuse := func(name, sentence string) {
		wrong = append(wrong, fault.Field{Path: name, Code: "invalid", Message: sentence})
	}
	q.Label = strings.TrimSpace(v.Get(nameLabel))
	if q.Label == "" {
		refuse(nameLabel, "Écrivez la question posée à l’usager.")
	}
	if q.Kind != forms.KindComputed && q.Kind != forms.KindBlock {
		q.Optional = v.Get(nameRequired) == ""
	}
	q.Prefill, q.Before, q.After, q.Sensitivity = v.Get("preremplir"), v.Get("avant"), v.Get("apres"), v.Get("sensible")
	for _, n := range numbers {
		if !fits(n.kinds, q.Kind) {
			continue
		}
		n.set(&q, nil)
		if text := strings.TrimSpace(v.Get(n.name)); text != "" {
			at, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
			if err != nil {
				refuse(n.name, "«\u00a0"+n.label+"\u00a0»\u00a0: écrivez un nombre.")
				continue
			}
			n.set(&q, &at)
		}
	}
	for _, t := range texts {
		if fits(t.kinds, q.Kind) {
			t.set(&q, strings.TrimSpace(v.Get(t.name)))
		}
	}
	for _, t := range ticks {
		if fits(t.kinds, q.Kind) {
			t.set(&q, v.Get(t.name) != "")
		}
	}
	takeChoices(v, &q)
	if q.Kind == forms.KindComputed {
		formula, err := edit.ReadFormula(v.Get("formule"))
		if err != nil {
			wrong = append(wrong, fault.Of(err).Fields...)
		}
		q.Compute = formula
	}
	if _, short := edit.Rules(q.If); short {
		q.If = takeCondition(v, nameShown, f)
	}
	q.Stop = takeStop(v, f, q.Stop)
	if q.Stop != nil && q.Stop.Message == "" {
		refuse("arret_phrase", "Dites pourquoi la démarche s’arrête, et où aller.")
	}
	if len(wrong) > 0 {
		return q, fault.New(fault.Invalid, "question_invalid", wrong...)
	}
	return q, nil
}

// takeChoices keeps what an answer is called inside while its words stay, or while the
// others do and the list is as long: then they were put in other words.
func takeChoices(v url.Values, q *forms.Field) {
	if q.Kind != forms.KindChoice && q.Kind != forms.KindChoices {
		return
	}
	if table := strings.TrimSpace(v.Get("table")); table != "" {
		at := forms.TableChoice{}
		if q.Table != nil {
			at = *q.Table
		}
		at.Table, at.Column = table, strings.TrimSpace(v.Get("colonne"))
		q.Table, q.Choices = &at, nil
		return
	}
	q.Table = nil
	labels := linesOf(v.Get(nameChoices))
	known := map[string]forms.Choice{}
	for _, c := range q.Choices {
		known[c.Label] = c
	}
	var out []forms.Choice
	for i, label := range labels {
		c, same := known[label]
		switch {
		case same:
		case len(labels) == len(q.Choices) && !slices.Contains(labels, q.Choices[i].Label):
			c = q.Choices[i]
		default:
			c = forms.Choice{Value: edit.Name(label, "reponse", func(value string) bool {
				return slices.ContainsFunc(append(slices.Clone(q.Choices), out...), func(c forms.Choice) bool { return c.Value == value })
			})}
		}
		c.Label = label
		out = append(out, c)
	}
	q.Choices = out
}

func takeStop(v url.Values, f *edit.Form, old *forms.Stop) *forms.Stop {
	s := forms.Stop{Message: strings.TrimSpace(v.Get("arret_phrase")), Label: strings.TrimSpace(v.Get("arret_lien"))}
	if s.If = takeCondition(v, nameStop, f); s.If == nil && old != nil {
		if _, short := edit.Rules(old.If); !short {
			s.If = old.If
		}
	}
	if to := strings.TrimSpace(v.Get("arret_adresse")); strings.Contains(to, ":") {
		s.URL = to
	} else {
		s.Procedure = to
	}
	if s.If == nil && s.Message == "" && s.Label == "" && s.Href() == "" {
		return nil
	}
	return &s
}
