package exchange

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// wcs reads what Publik exports: a form, with the blocks, the reference table and the workflow
// that were given beside it.
type wcs struct {
	*builder
	blocks  map[string]*source
	tables  map[string]*source
	pending *forms.Condition // of the block around
}

// never is the reason where a condition of the source is always false.
const never = "La condition d’affichage est toujours fausse\u00a0: personne ne le voyait"

// notShown is why a question whose condition stays behind is no longer obligatory.
const notShown = "La question est montrée à tous, et rendue facultative"

// fixed are the attributes of a field that mean nothing here, with the reason.
var fixed = map[string]string{
	"extra_css_class": looks, "display_mode": looks, "image_desktop_size": looks, "image_mobile_size": looks, "initial_zoom": looks, "radio_orientation": looks,
	"size": looks, "cols": looks, "rows": looks, "pre": looks, "use_hint_as_first_option": looks, "label_display": looks, "add_element_label": looks, "remove_element_label": looks,
	"remove_button": looks, "display_disabled_items": looks,
	"display_locations":       shownEverywhere,
	"in_filters":              filters,
	"anonymise":               erased,
	"storage":                 elsewhere,
	"allow_portfolio_picking": elsewhere,
	"automatic_image_resize":  elsewhere,
	"init_with_geoloc":        elsewhere,
}

func readWCS(files []file) (*Report, error) {
	r := &wcs{builder: newBuilder("wcs"), blocks: map[string]*source{}, tables: map[string]*source{}}
	var roots []named
	var form, workflow *source
	for _, f := range files {
		root, err := readXML(f.data)
		if err != nil {
			return nil, err
		}
		roots = append(roots, named{f.name, root})
		switch {
		case root.name == "formdef" && form == nil:
			form = root
		case root.name == "workflow" && workflow == nil:
			workflow = root
		case root.name == "block":
			r.blocks[root.peek("slug")] = root
		case root.name == "datasource":
			r.tables[root.peek("slug")] = root
		case root.name == "formdef" || root.name == "workflow":
			root.lose("Un seul formulaire, et un seul circuit, sont repris à la fois")
		default:
			return nil, noSource()
		}
	}
	switch {
	case form != nil:
		r.form(form)
	case workflow != nil:
		r.p.Title = r.line(workflow.kid("name"), maxLabel)
	case len(r.blocks) > 0:
		r.alone(roots)
	default:
		r.p.Title = r.line(roots[0].root.kid("name"), maxLabel)
	}
	if workflow != nil {
		r.workflow(workflow)
	}
	for _, x := range roots {
		r.leftOver(x.root)
	}
	return r.finish(roots)
}

// alone makes a form of blocks that came without one.
func (r *wcs) alone(roots []named) {
	for _, x := range roots {
		if x.root.name != "block" {
			continue
		}
		title := r.line(x.root.kid("name"), maxLabel)
		if r.p.Title == "" {
			r.p.Title = title
		}
		r.page(title, nil)
		r.inside(x.root)
	}
}

// inside reads the questions of a block.
func (r *wcs) inside(block *source) {
	block.carry("")
	block.value("slug")
	if fields := block.kid("fields"); fields != nil {
		fields.carry("")
		for _, f := range fields.kids {
			r.field(f)
		}
	}
}

// leftOver says why what stands around the questions is not taken over.
func (r *wcs) leftOver(root *source) {
	root.carry("")
	for _, k := range root.kids {
		switch {
		case k.empty():
			k.all(fateCarried, "", "")
		case strings.HasPrefix(k.name, "@"), k.name == "url_name", k.name == "slug", k.name == "internal_identifier", k.name == "max_field_id":
			k.change("slug", identity)
		case k.name == "options":
			k.lose("Les réglages propres à l’autre plateforme ne sont pas repris")
		case k.name == "workflow" && len(k.kids) > 0 && root.name == "formdef":
			k.lose("Le circuit est dans un autre fichier\u00a0: importez-le avec le formulaire")
		case k.name == "digest_template":
			k.lose(computedTxt)
		case root.name == "formdef":
			k.lose(elsewhere)
		case root.name == "block":
			k.lose("Aucune question du formulaire n’appelle ce bloc")
		case root.name == "datasource":
			k.lose("Aucune question du formulaire n’appelle cette liste")
		}
	}
}

func (r *wcs) form(root *source) {
	root.carry("")
	r.p.Title = r.line(root.kid("name"), maxLabel)
	if text := r.paragraphs(root.kid("description")); text != "" {
		r.p.Intro = append(r.p.Intro, strings.Split(text, "\n")...)
		root.kid("description").to = "intro"
	}
	if category := root.kid("category"); category != nil && category.text != "" {
		r.p.Keywords = append(r.p.Keywords, plain(category.text, " "))
		category.change("keywords", "La rubrique devient un mot de recherche\u00a0: choisissez une rubrique du portail")
	}
	if fields := root.kid("fields"); fields != nil {
		fields.carry("form")
		for _, f := range fields.kids {
			r.field(f)
		}
	}
}

// when reads the condition of a field. Where the source never shows it, never is true; where
// the condition stays behind, free is: everybody sees the question.
func (r *wcs) when(n *source) (c *forms.Condition, hidden, free bool) {
	cond := n.kid("condition")
	if cond.empty() {
		return nil, false, false
	}
	c, hidden, reason := r.django(cond.peek("value"))
	if reason != "" {
		cond.lose(reason)
		return nil, false, true
	}
	cond.all(fateCarried, "", "")
	return c, hidden, false
}

func (r *wcs) field(f *source) {
	if f.name != "field" {
		return
	}
	kind := f.peek("type")
	f.about(shortened(plain(f.peek("label"), " "), 80))
	f.value("type")
	for name, reason := range fixed {
		if k := f.kid(name); k.empty() {
			k.all(fateCarried, "", "")
		} else {
			k.lose(reason)
		}
	}
	switch kind {
	case "page", "title", "subtitle", "comment":
		r.around(f, kind)
	default:
		r.question(f, kind)
	}
	for _, k := range f.kids {
		if k.fate == fateNone && (k.empty() || strings.HasPrefix(k.name, "@") || k.text == "False") {
			k.all(fateCarried, "", "")
		}
	}
}

// around reads what stands between questions.
func (r *wcs) around(f *source, kind string) {
	c, hidden, _ := r.when(f)
	f.kid("id").change("", identity)
	f.kid("varname").change("", identity)
	label := f.kid("label")
	if hidden {
		f.lose(never)
		return
	}
	f.carry("")
	switch {
	case kind == "page":
		r.page(r.line(label, maxLabel), c)
		if label != nil {
			label.to = "form/steps/" + strconv.Itoa(len(r.steps)-1)
		}
		f.kid("post_conditions").lose("Parvis ne vérifie pas encore plusieurs réponses ensemble à la fin d’une étape")
	case kind != "comment":
		r.heading(label, c != nil)
	case c != nil || f.kid("condition") != nil:
		label.lose("Un texte seul n’a pas de condition d’affichage")
	default:
		r.prose(label)
	}
}

// kindsOfWCS maps the kinds of Publik that have an equal.
var kindsOfWCS = map[string]forms.Kind{
	"string": forms.KindText, "text": forms.KindLongText, "email": forms.KindEmail, "bool": forms.KindDeclaration, "date": forms.KindDate,
	"item": forms.KindChoice, "items": forms.KindChoices, "file": forms.KindFile, "numeric": forms.KindNumber,
	"map": forms.KindText, "time-range": forms.KindText, "ranked-items": forms.KindChoices,
}

// otherwise says what a kind that has no equal becomes.
var otherwise = map[string]string{
	"map":          "Un point sur la carte devient un lieu écrit",
	"time-range":   "Un créneau devient un texte",
	"ranked-items": "Le classement devient un choix multiple",
}

func (r *wcs) question(f *source, kind string) {
	if strings.HasPrefix(kind, "block") {
		r.block(f, strings.TrimPrefix(kind, "block:"))
		return
	}
	ours, known := kindsOfWCS[kind]
	if !known {
		r.report.Questions.Lost++
		reason := "Parvis n’a pas de question de ce type (" + shortened(kind, 30) + ")"
		if kind == "computed" {
			reason, r.report.Questions.Lost = "Les valeurs calculées par une formule de l’autre plateforme ne sont pas reprises", r.report.Questions.Lost-1
		}
		f.lose(reason)
		return
	}
	c, hidden, free := r.when(f)
	if hidden {
		r.report.Questions.Lost++
		f.lose(never)
		return
	}
	q := forms.Field{Kind: ours, If: both(r.pending, c)}
	label := f.kid("label")
	if ours == forms.KindDeclaration {
		q.Declaration = r.line(label, maxProse)
		q.Label = shortened(q.Declaration, maxLabel-1)
	} else {
		q.Label = r.line(label, maxLabel)
	}
	if q.Label == "" {
		q.Label = "Question sans intitulé"
	}
	q.Help = r.paragraphs(f.kid("hint"))
	required := f.value("required")
	q.Optional = free || required != "required" && required != "True"
	labels, ordered := r.details(&q, f)
	name := f.peek("varname")
	if name == "" {
		name = strconv.Itoa(len(r.known)) + " " + q.Label
	}
	q.ID = r.id(strings.TrimLeft(name, "0123456789 "), "question")
	to := r.add(q, name, labels, ordered)
	if to == "" {
		r.report.Questions.Lost++
		f.lose(tooMany)
		return
	}
	f.kid("id").change(to, identity)
	f.kid("varname").change(to, identity)
	r.count(f, to, otherwise[kind], free)
}

// count says of a question, as a whole, what became of it.
func (b *builder) count(n *source, to, reason string, free bool) {
	if free && reason == "" {
		reason = notShown
	}
	if reason != "" {
		n.mark(fateChanged, to, reason)
	}
	changed := n.fate == fateChanged
	n.carry(to)
	for _, k := range n.kids {
		changed = changed || k.fate != fateCarried && k.fate != fateNone && !harmless[k.reason]
	}
	if changed {
		b.report.Questions.Changed++
	} else {
		b.report.Questions.Carried++
	}
}

// both joins two conditions that must hold.
func both(a, c *forms.Condition) *forms.Condition {
	switch {
	case a == nil:
		return c
	case c == nil:
		return a
	}
	return &forms.Condition{And: []forms.Condition{*a, *c}}
}

// details reads what only some kinds have.
func (r *wcs) details(q *forms.Field, f *source) (labels map[string]string, ordered []string) {
	switch q.Kind {
	case forms.KindChoice, forms.KindChoices:
		labels, ordered = r.choices(q, f)
	case forms.KindDate:
		r.days(q, f)
	case forms.KindText, forms.KindLongText:
		if n, err := strconv.Atoi(f.peek("maxlength")); err == nil && n > 0 && n <= forms.MaxTextLength {
			q.MaxLength = n
			f.value("maxlength")
		}
	}
	r.validation(q, f.kid("validation"))
	prefill := f.kid("prefill")
	switch {
	case prefill.empty() || prefill.peek("type") == "none":
		prefill.all(fateCarried, "", "")
	case prefill.peek("type") == "user" && !r.rows && prefillsOfWCS[prefill.peek("value")].kind == q.Kind:
		q.Prefill = prefillsOfWCS[prefill.peek("value")].from
		prefill.all(fateCarried, "", "")
	case prefill.peek("type") == "user":
		prefill.lose("Parvis demande déjà les coordonnées du demandeur à la première étape\u00a0: retirez cette question si elle les répète")
	default:
		prefill.lose("Le remplissage d’avance n’est pas repris")
	}
	for _, name := range []string{"min_choices", "max_choices"} {
		if k := f.kid(name); k != nil && (k.text == "0" || k.text == "") {
			k.all(fateCarried, "", "")
		} else {
			k.lose("Le nombre de réponses à cocher n’est pas limité")
		}
	}
	return labels, ordered
}

func (r *wcs) choices(q *forms.Field, f *source) (map[string]string, []string) {
	var list, keys []string
	items, table := f.kid("items"), f.kid("data_source")
	if !table.empty() {
		list, keys = r.table(table)
	}
	if len(list) == 0 {
		for _, i := range items.children() {
			list = append(list, i.text)
		}
	}
	choices, values := options(list, keys)
	if len(choices) == 0 {
		q.Kind = forms.KindText
		table.lose("La liste vient d’ailleurs (" + shortened(table.peek("type"), 60) + ")\u00a0: la réponse devient un texte libre")
		items.all(fateCarried, "", "")
		return nil, nil
	}
	q.Choices = choices
	if table.empty() || table.fate == fateNone {
		table.lose("La liste vient d’ailleurs (" + shortened(table.peek("type"), 60) + ")\u00a0: seules les réponses écrites dans le formulaire sont reprises")
	}
	for _, i := range items.children() {
		if label := plain(i.text, " "); values[label] == "" && label != "" && len(keys) == 0 {
			i.lose("La réponse est en double, trop longue ou en trop")
		}
	}
	if len(keys) > 0 {
		items.change("", "La liste de référence remplace ces réponses")
	}
	items.all(fateCarried, "", "")
	ordered := make([]string, 0, len(list))
	for _, label := range list {
		ordered = append(ordered, plain(label, " "))
	}
	return values, ordered
}

// children gives the children of a node that may be absent.
func (n *source) children() []*source {
	if n == nil {
		return nil
	}
	return n.kids
}

// table reads a list that stands in the field, or in a file that was given beside the form.
func (r *wcs) table(at *source) (list, keys []string) {
	from := at
	if file := r.tables[at.peek("type")]; file != nil {
		from = file.kid("data_source")
		file.value("name")
		file.value("slug")
	}
	if from.peek("type") != "jsonvalue" {
		return nil, nil
	}
	var rows []struct {
		ID   any    `json:"id"`
		Text string `json:"text"`
	}
	if json.Unmarshal([]byte(from.peek("value")), &rows) != nil || len(rows) > forms.MaxChoices {
		return nil, nil
	}
	for _, row := range rows {
		key := ""
		switch id := row.ID.(type) {
		case string:
			key = id
		case float64:
			key = strconv.FormatFloat(id, 'f', -1, 64)
		}
		list, keys = append(list, row.Text), append(keys, key)
	}
	from.all(fateCarried, "", "")
	at.all(fateCarried, "", "")
	return list, keys
}

func (r *wcs) days(q *forms.Field, f *source) {
	today := 1
	if f.value("date_can_be_today") == "True" {
		today = 0
	}
	if f.value("minimum_is_future") == "True" {
		q.MinDays = &today
	}
	if f.value("date_in_the_past") == "True" {
		before := -today
		q.MaxDays = &before
	}
}

// checks are the validations of Publik that one of our patterns or kinds says.
var checks = map[string]string{"digits": "[0-9]+", "zipcode-fr": "[0-9]{5}", "siren-fr": "[0-9]{3} ?[0-9]{3} ?[0-9]{3}", "siret-fr": "[0-9]{3} ?[0-9]{3} ?[0-9]{3} ?[0-9]{5}", "time": "[0-9]{1,2}[:hH][0-9]{2}"}

func (r *wcs) validation(q *forms.Field, v *source) {
	if v.empty() {
		return
	}
	kind, text := v.peek("type"), checks[v.peek("type")]
	switch {
	case (kind == "phone" || kind == "phone-fr") && q.Kind == forms.KindText:
		q.Kind = forms.KindPhone
		v.all(fateCarried, "", "")
		return
	case kind == "nir-fr" || kind == "nrn-be":
		q.Sensitivity = "nir"
		v.change("", "Le numéro est signalé comme donnée sensible, sa clé n’est pas contrôlée")
		return
	case kind == "regex":
		text = pattern(v.peek("value"))
	}
	if text == "" || q.Kind != forms.KindText {
		v.lose("Ce contrôle de la réponse n’a pas d’équivalent (" + shortened(kind, 30) + ")")
		return
	}
	q.Pattern = text
	if message := v.kid("error_message"); !message.empty() {
		q.Message = r.line(message, maxLabel)
	}
	v.change("", "L’expression vaut pour toute la réponse\u00a0: dites à l’usager quelle forme elle doit avoir")
}

// prefillsOfWCS are the parts of an account that Publik and Parvis both offer.
var prefillsOfWCS = map[string]struct {
	from string
	kind forms.Kind
}{
	"email": {forms.PrefillEmail, forms.KindEmail}, "phone": {forms.PrefillPhone, forms.KindPhone}, "mobile": {forms.PrefillPhone, forms.KindPhone},
	"_first_name": {forms.PrefillGivenName, forms.KindText}, "first_name": {forms.PrefillGivenName, forms.KindText},
	"_last_name": {forms.PrefillFamilyName, forms.KindText}, "last_name": {forms.PrefillFamilyName, forms.KindText},
}

// block reads a group of questions that is written once and used in several forms.
func (r *wcs) block(f *source, name string) {
	if name == "block" || name == "" {
		name = f.peek("block_slug")
	}
	file := r.blocks[name]
	if file == nil {
		r.report.Questions.Lost++
		f.lose("Le bloc «\u00a0" + shortened(name, 60) + "\u00a0» est dans un autre fichier\u00a0: importez-le avec le formulaire")
		return
	}
	c, hidden, _ := r.when(f)
	if hidden {
		r.report.Questions.Lost++
		f.lose(never)
		return
	}
	r.heading(f.kid("label"), c != nil)
	if file.fate != fateNone {
		r.report.Questions.Lost++
		f.lose("Le même bloc sert déjà plus haut dans ce formulaire")
		return
	}
	f.value("block_slug")
	f.value("default_items_count")
	repeat := forms.Repeat{Item: plain(f.peek("label"), " ")}
	if must := f.value("required"); must == "True" || must == "required" {
		repeat.Min = 1
	}
	most := f.kid("max_items")
	most.all(fateCarried, "", "")
	if n, err := strconv.Atoi(most.textOr("1")); err != nil || n < 1 || n > forms.MaxRows {
		repeat.Max = forms.MaxRows
		most.change("", "Le nombre de répétitions est calculé, ou trop grand\u00a0: 50 au plus")
	} else {
		repeat.Max = n
	}
	f.kid("prefill").lose("Le remplissage d’avance n’est pas repris")
	f.kid("id").change("", identity)
	f.kid("varname").change("", identity)
	f.carry("")
	around := r.pending
	r.pending = both(around, c)
	file.value("name")
	if repeat.Max == 1 {
		r.inside(file)
		r.section("")
	} else if reason := r.repeating(repeat, holds(file, "file"), func() { r.inside(file) }); reason != "" {
		most.change("", reason)
	}
	r.pending = around
}

// outcomeOf tells which of our letters the entry into a state of Publik sends.
func outcomeOf(state string) catalogue.Outcome {
	state = slug(state)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(state, w) })
	}
	switch {
	case has("rejet", "refus"):
		return catalogue.OutcomeRefuse
	case has("accept"):
		return catalogue.OutcomeAccept
	case has("termine", "traite", "cloture"):
		return catalogue.OutcomeClose
	}
	return ""
}
