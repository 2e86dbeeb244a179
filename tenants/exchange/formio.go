package exchange

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// formio reads form.io, alone or as Open Forms exports it.
type formio struct {
	*builder
	gates []*forms.Condition // of the groups around
}

func fileByFile() error { return fault.New(fault.Invalid, "import_one_file") }

// technical is why the many switches of form.io stay behind.
const technical = "Réglage technique de l’autre plateforme, sans effet ici"

func readFormIO(files []file) (*Report, error) {
	if len(files) != 1 {
		return nil, fileByFile()
	}
	f := &formio{builder: newBuilder(FormIO)}
	if bytes.HasPrefix(files[0].data, []byte("PK")) {
		return f.archive(files[0])
	}
	root, err := readJSON(files[0].data, "")
	if err != nil {
		return nil, err
	}
	if root.kid("components") == nil && root.at("configuration", "components") == nil {
		return nil, noSource()
	}
	f.p.Title = f.line(root.kid("title"), maxLabel)
	if f.p.Title == "" {
		f.p.Title = f.line(root.kid("name"), maxLabel)
	}
	f.form(root)
	f.rest(root)
	return f.finish([]named{{files[0].name, root}})
}

// form reads the components of a form.
func (f *formio) form(n *source) {
	n.carry("")
	at := n
	if inner := n.kid("configuration"); inner != nil {
		inner.carry("")
		at = inner
	}
	list := at.kid("components")
	list.carry("")
	for _, c := range list.children() {
		f.component(c)
	}
	f.rest(at)
}

// rest says of what nobody has looked at that it is technical.
func (f *formio) rest(n *source) {
	for _, k := range n.children() {
		if k.fate == fateNone {
			k.blank().lose(technical)
		}
	}
}

// archive reads an export of Open Forms.
func (f *formio) archive(z file) (*Report, error) {
	files, err := unzipped(z.data)
	if err != nil {
		return nil, err
	}
	by := map[string]*source{}
	var roots []named
	for _, part := range files {
		root, err := readJSON(part.data, "")
		if err != nil {
			return nil, err
		}
		roots = append(roots, named{part.name, root})
		by[part.name] = root
	}
	steps, definitions, about := by["formSteps.json"], by["formDefinitions.json"], by["forms.json"]
	if steps == nil && definitions == nil {
		return nil, noSource()
	}
	if form := about.children(); len(form) > 0 {
		about.carry("")
		f.p.Title = f.line(form[0].kid("name"), maxLabel)
		if text := f.paragraphs(form[0].kid("explanation_template").blank()); text != "" {
			f.p.Intro = strings.Split(text, "\n")
		}
		form[0].carry("")
		for _, k := range form[0].kids {
			if k.fate == fateNone {
				k.blank().lose(elsewhere)
			}
		}
	}
	f.steps(steps, definitions)
	by["formLogic.json"].blank().lose("Les règles de logique d’Open Forms ne sont pas reprises\u00a0: refaites-les en conditions d’affichage")
	by["formVariables.json"].blank().lose("Les variables d’Open Forms ne sont pas reprises")
	by["_meta.json"].change("", identity)
	return f.finish(roots)
}

// steps reads the pages, in their order, and the definitions that they stand on: these are
// the same text twice, or stand there alone.
func (f *formio) steps(steps, definitions *source) {
	steps.carry("")
	definitions.carry("")
	used := map[*source]bool{}
	for _, step := range steps.children() {
		title := step.kid("name")
		definition := f.definition(step, definitions)
		if title.empty() {
			title = definition.kid("name")
		}
		f.page(f.line(title, maxLabel), nil)
		step.carry("")
		switch {
		case step.at("configuration", "components") != nil:
			f.form(step)
			if definition != nil && !used[definition] && same(step.kid("configuration"), definition.kid("configuration")) {
				definition.kid("configuration").change("", "Le même texte que dans formSteps.json, qui est repris")
			}
		case definition != nil && !used[definition]:
			f.form(definition)
		}
		used[definition] = true
		f.rest(step)
	}
	for _, d := range definitions.children() {
		if steps == nil {
			f.page(f.line(d.kid("name"), maxLabel), nil)
			f.form(d)
		}
		d.carry("")
		f.rest(d)
	}
}

// definition finds the definition of a step by its address or its key.
func (f *formio) definition(step, definitions *source) *source {
	for _, d := range definitions.children() {
		for _, key := range []string{"url", "uuid", "slug"} {
			if at := d.peek(key); at != "" && (at == step.peek("form_definition") || key == "slug" && at == step.peek("slug")) {
				return d
			}
		}
	}
	return nil
}

// same tells whether two trees say the same.
func same(a, b *source) bool {
	if a == nil || b == nil || a.name != b.name || a.json != b.json || a.text != b.text || len(a.kids) != len(b.kids) {
		return false
	}
	for i := range a.kids {
		if !same(a.kids[i], b.kids[i]) {
			return false
		}
	}
	return true
}

func (f *formio) component(n *source) {
	if n.json != '{' {
		return
	}
	kind := n.peek("type")
	n.about(shortened(plain(n.peek("label"), " "), 80))
	n.value("type")
	switch kind {
	case "fieldset", "panel", "well", "container", "columns", "editgrid", "datagrid", "table", "tabs":
		f.group(n, kind)
	case "content", "htmlelement", "softRequiredErrors":
		f.content(n)
	case "button":
		n.lose("Parvis a ses propres boutons")
	default:
		f.question(n, kind)
	}
	n.kid("id").change(n.to, identity)
	n.kid("key").change(n.to, identity)
	f.rest(n)
}

// content takes a text between questions over.
func (f *formio) content(n *source) {
	c, free := f.when(n)
	text := n.kid("html")
	if text == nil {
		text = n.kid("content")
	}
	if c != nil || free || len(f.gates) > 0 {
		text.lose("Un texte seul n’a pas de condition d’affichage")
	} else {
		f.prose(text.blank())
	}
	n.kid("label").change("", "Un texte n’a pas d’intitulé")
	n.carry("")
}

// group takes questions over that stand together; their condition becomes each one's.
func (f *formio) group(n *source, kind string) {
	c, free := f.when(n)
	if free {
		n.mark(fateChanged, "", "Le groupe est montré à tous")
	}
	if title := n.kid("title"); kind == "panel" && !title.empty() {
		f.heading(title, c != nil)
	}
	if label := n.kid("label"); kind == "columns" || kind == "container" || n.peek("hideLabel") == "true" {
		label.change("", looks)
	} else {
		f.heading(label.blank(), c != nil)
	}
	f.gates = append(f.gates, c)
	read := func() {
		for _, key := range []string{"components", "columns", "rows"} {
			list := n.kid(key)
			list.carry("")
			for _, k := range list.children() {
				f.inside(k)
			}
		}
	}
	if kind == "editgrid" || kind == "datagrid" {
		f.repeated(n, read)
	} else {
		read()
		f.section("")
	}
	f.gates = f.gates[:len(f.gates)-1]
	n.carry("")
}

// repeated reads a group that is answered several times.
func (f *formio) repeated(n *source, read func()) {
	repeat := forms.Repeat{Max: forms.MaxRows, Item: plain(n.peek("label"), " ")}
	v := n.kid("validate")
	if most, err := strconv.Atoi(v.value("maxLength")); err == nil && most > 0 && most <= forms.MaxRows {
		repeat.Max = most
	}
	if least, err := strconv.Atoi(v.value("minLength")); err == nil && least > 0 && least <= repeat.Max {
		repeat.Min = least
	} else if v.value("required") == "true" {
		repeat.Min = 1
	}
	if v != nil {
		v.carry("")
		v.blank()
	}
	if reason := f.repeating(repeat, holds(n, "file"), read); reason != "" {
		n.mark(fateChanged, "", reason)
		f.report.Questions.Changed++
		return
	}
	f.report.Questions.Carried++
}

// holds tells whether a component of a type stands anywhere below a node.
func holds(n *source, kind string) bool {
	return slices.ContainsFunc(n.kids, func(k *source) bool { return k.peek("type") == kind || holds(k, kind) })
}

// inside reads a component, or what holds components: a column, a cell.
func (f *formio) inside(n *source) {
	switch {
	case n.json == '[':
		n.carry("")
		for _, k := range n.kids {
			f.inside(k)
		}
	case n.kid("type") == nil && n.kid("components") != nil:
		n.carry("")
		list := n.kid("components")
		list.carry("")
		for _, k := range list.kids {
			f.component(k)
		}
		f.rest(n)
	case n.kid("type") != nil:
		f.component(n)
	}
}

// kindsOfFormIO maps the kinds of form.io and of Open Forms.
var kindsOfFormIO = map[string]forms.Kind{
	"textfield": forms.KindText, "textarea": forms.KindLongText, "email": forms.KindEmail, "phoneNumber": forms.KindPhone, "number": forms.KindNumber, "currency": forms.KindNumber,
	"date": forms.KindDate, "datetime": forms.KindDate, "day": forms.KindDate, "time": forms.KindText, "select": forms.KindChoice, "radio": forms.KindChoice,
	"selectboxes": forms.KindChoices, "checkbox": forms.KindDeclaration, "file": forms.KindFile, "postcode": forms.KindText, "iban": forms.KindText, "url": forms.KindText,
	"address": forms.KindAddress, "addressNL": forms.KindAddress, "map": forms.KindText, "licenseplate": forms.KindText, "bsn": forms.KindText, "cosign": forms.KindEmail,
}

var otherwiseFormIO = map[string]string{
	"datetime": "L’heure n’est pas demandée", "time": "Une heure devient un texte", "map": "Un point sur la carte devient un lieu écrit",
	"iban": "La clé de l’IBAN n’est pas contrôlée", "bsn": "Le numéro est signalé comme donnée sensible, sa clé n’est pas contrôlée",
	"cosign": "La cosignature devient une adresse électronique", "addressNL": "L’adresse est demandée comme en France",
}

func (f *formio) question(n *source, kind string) {
	ours, known := kindsOfFormIO[kind]
	if !known {
		f.report.Questions.Lost++
		n.lose("Parvis n’a pas de question de ce type (" + shortened(kind, 30) + ")")
		return
	}
	c, free := f.when(n)
	for _, gate := range f.gates {
		c = both(gate, c)
	}
	q := forms.Field{Kind: ours, If: c, Label: f.line(n.kid("label"), maxLabel)}
	if q.Label == "" {
		q.Label = "Question sans intitulé"
	}
	q.Help = f.paragraphs(n.kid("description").blank())
	if tip := f.paragraphs(n.kid("tooltip").blank()); tip != "" && q.Help == "" {
		q.Help = tip
	} else if tip != "" {
		n.kid("tooltip").fate, n.kid("tooltip").reason = fateLost, "Une question a une seule aide"
	}
	reason := otherwiseFormIO[kind]
	switch ours {
	case forms.KindDeclaration:
		q.Declaration = q.Label
	case forms.KindNumber:
		q.Decimals = min(max(atoi(n.value("decimalLimit")), 0), 4)
		if kind == "currency" {
			q.Unit = "€"
			q.Decimals = max(q.Decimals, 2)
		} else if n.kid("decimalLimit").empty() {
			q.Decimals = 2
		}
	case forms.KindText:
		if kind == "bsn" {
			q.Sensitivity = "nir"
		}
	}
	f.validate(&q, n.kid("validate"))
	q.Optional = q.Optional || free
	values, labels := f.answers(&q, n, &reason)
	f.more(n)
	key := n.peek("key")
	q.ID = f.id(key, "question")
	to := f.add(q, key, values, labels)
	if to == "" {
		f.report.Questions.Lost++
		n.lose(tooMany)
		return
	}
	f.count(n, to, reason, free)
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// validate reads the rules that an answer must keep to.
func (f *formio) validate(q *forms.Field, v *source) {
	v.carry("")
	q.Optional = v.value("required") != "true"
	textual := q.Kind == forms.KindText || q.Kind == forms.KindLongText
	if n := atoi(v.peek("maxLength")); textual && n > 0 && n <= forms.MaxTextLength {
		q.MaxLength = n
		v.value("maxLength")
	}
	if n := atoi(v.peek("minLength")); textual && n > 0 && (q.MaxLength == 0 && n <= forms.DefaultTextLength || n <= q.MaxLength) {
		q.MinLength = n
		v.value("minLength")
	}
	if text := pattern(v.peek("pattern")); text != "" && textual {
		q.Pattern = text
		v.kid("pattern").change("", "Dites à l’usager quelle forme la réponse doit avoir")
	}
	for key, bound := range map[string]**float64{"min": &q.Min, "max": &q.Max} {
		x, err := strconv.ParseFloat(v.peek(key), 64)
		if err == nil && q.Kind == forms.KindNumber && x > -1e12 && x < 1e12 {
			*bound = &x
			v.value(key)
		}
	}
	if message := v.kid("customMessage"); !message.empty() {
		q.Message = f.line(message, maxLabel)
	}
	v.kid("custom").blank().lose("Une règle programmée n’est pas reprise")
	for _, k := range v.children() {
		if k.fate == fateNone {
			k.blank().lose("Cette règle n’a pas d’équivalent")
		}
	}
}

// answers reads the choices of a question, wherever form.io keeps them.
func (f *formio) answers(q *forms.Field, n *source, reason *string) (values map[string]string, ordered []string) {
	if q.Kind != forms.KindChoice && q.Kind != forms.KindChoices {
		return nil, nil
	}
	list := n.kid("values")
	if list.empty() {
		list = n.at("data", "values")
		n.kid("data").carry("")
	}
	list.carry("")
	var keys []string
	for _, o := range list.children() {
		o.carry("")
		label := o.value("label")
		ordered, keys = append(ordered, plain(label, " ")), append(keys, o.value("value"))
		for _, k := range o.kids {
			if k.fate == fateNone {
				k.blank().lose(technical)
			}
		}
	}
	if n.peek("multiple") == "true" {
		q.Kind = forms.KindChoices
		n.value("multiple")
	}
	q.Choices, values = options(ordered, keys)
	if len(q.Choices) < len(ordered) {
		list.mark(fateChanged, "", "Des réponses en double, trop longues ou en trop sont retirées")
	}
	if len(q.Choices) == 0 {
		q.Kind, *reason = forms.KindText, "La liste vient d’ailleurs\u00a0: la réponse devient un texte libre"
	}
	return values, ordered
}

// more says why the settings that would change what is asked stay behind.
func (f *formio) more(n *source) {
	for key, reason := range map[string]string{
		"calculateValue": "Les valeurs calculées ne sont pas reprises", "customDefaultValue": "Les valeurs calculées ne sont pas reprises",
		"defaultValue": "Aucune réponse n’est donnée d’avance", "prefill": "Le remplissage d’avance n’est pas repris", "multiple": "Une question a une seule réponse",
		"logic": "Les règles programmées ne sont pas reprises", "datePicker": "Les bornes de la date ne sont pas reprises", "openForms": "Les bornes et réglages d’Open Forms ne sont pas repris",
		"file": "Les formats acceptés ne sont pas repris\u00a0: Parvis a les siens", "registration": elsewhere, "showInEmail": elsewhere, "isSensitiveData": "Dites vous-même quelle donnée est sensible",
	} {
		n.kid(key).blank().lose(reason)
	}
}

// when reads the condition of a component. free tells that it stays behind.
func (f *formio) when(n *source) (c *forms.Condition, free bool) {
	cond := n.kid("conditional")
	if custom := n.kid("customConditional"); !custom.empty() {
		custom.lose(tooClever)
		free = true
	}
	if n.peek("hidden") == "true" {
		n.kid("hidden").lose("La question était cachée, et montrée par une règle\u00a0: elle est montrée à tous")
		free = true
	}
	if cond.peek("when") == "" {
		cond.blank()
		cond.lose("La condition est incomplète")
		return nil, free
	}
	q := f.known[cond.peek("when")]
	if q == nil {
		cond.lose(notAsked)
		return nil, true
	}
	c, reason := q.equals(cond.peek("eq"))
	if reason != "" {
		cond.lose(reason)
		return nil, true
	}
	if cond.peek("show") == "false" {
		c = &forms.Condition{Not: c}
	}
	cond.all(fateCarried, "", "")
	return c, free
}
