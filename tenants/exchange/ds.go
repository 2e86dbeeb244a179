package exchange

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// ds reads the schema of a procedure of démarches-simplifiées.
type ds struct{ *builder }

func readDS(files []file) (*Report, error) {
	if len(files) != 1 {
		return nil, fileByFile()
	}
	root, err := readJSON(files[0].data, "")
	if err != nil {
		return nil, err
	}
	d := ds{newBuilder(DS)}
	demarche := root
	for _, name := range []string{"data", "demarche", "demarcheDescriptor"} {
		if inner := demarche.kid(name); inner != nil && inner.json == '{' {
			demarche.carry("")
			demarche = inner
		}
	}
	revision := demarche
	for _, name := range []string{"revision", "publishedRevision", "activeRevision"} {
		if inner := demarche.kid(name); inner != nil && inner.json == '{' {
			revision = inner
			break
		}
	}
	fields := revision.kid("champDescriptors")
	if fields == nil {
		return nil, noSource()
	}
	demarche.carry("")
	revision.carry("")
	fields.carry("form")
	d.p.Title = d.line(demarche.kid("title"), maxLabel)
	if text := d.paragraphs(demarche.kid("description")); text != "" {
		d.p.Intro = strings.Split(text, "\n")
		demarche.kid("description").to = "intro"
	}
	for _, f := range fields.kids {
		d.field(f)
	}
	revision.kid("annotationDescriptors").blank().lose("Les annotations privées ne sont pas reprises\u00a0: les agents notent dans le dossier de chaque demande")
	law := "Ajoutez ce texte aux bases légales des questions"
	demarche.kid("cadreJuridiqueURL").blank().lose(law)
	demarche.kid("cadreJuridiqueUrl").blank().lose(law)
	for _, n := range []*source{root, demarche, revision} {
		for _, k := range n.kids {
			switch {
			case k.fate != fateNone || k == demarche || k == revision:
			case k.name == "id" || k.name == "number":
				k.change("slug", identity)
			default:
				k.blank().lose(elsewhere)
			}
		}
	}
	return d.finish([]named{{files[0].name, root}})
}

// blank marks what says nothing as carried over: there is nothing to lose.
func (n *source) blank() *source {
	if n != nil && n.empty() {
		n.all(fateCarried, "", "")
	}
	return n
}

// kindsOfDS maps the kinds of démarches-simplifiées, as GraphQL or the older export name them.
var kindsOfDS = map[string]forms.Kind{
	"text": forms.KindText, "textarea": forms.KindLongText, "email": forms.KindEmail, "phone": forms.KindPhone, "number": forms.KindNumber, "integernumber": forms.KindNumber,
	"decimalnumber": forms.KindNumber, "date": forms.KindDate, "datetime": forms.KindDate, "dropdownlist": forms.KindChoice, "multipledropdownlist": forms.KindChoices,
	"linkeddropdownlist": forms.KindChoice, "yesno": forms.KindChoice, "civilite": forms.KindChoice, "checkbox": forms.KindDeclaration, "engagement": forms.KindDeclaration,
	"address": forms.KindAddress, "piecejustificative": forms.KindFile, "titreidentite": forms.KindFile, "siret": forms.KindText, "commune": forms.KindText,
	"communes": forms.KindText, "departement": forms.KindText, "departements": forms.KindText, "region": forms.KindText, "regions": forms.KindText, "pays": forms.KindText,
	"epci": forms.KindText, "carte": forms.KindText, "iban": forms.KindText, "rna": forms.KindText, "rnf": forms.KindText, "formatted": forms.KindText,
	"dossierlink": forms.KindText, "annuaireeducation": forms.KindText, "cojo": forms.KindText,
}

const listed = "La liste officielle devient un texte libre"

// otherwiseDS says what a kind that has no equal becomes.
var otherwiseDS = map[string]string{
	"datetime": "L’heure n’est pas demandée", "linkeddropdownlist": "Les deux listes liées deviennent une seule", "commune": listed, "communes": listed, "departement": listed,
	"departements": listed, "region": listed, "regions": listed, "pays": listed, "epci": listed, "annuaireeducation": listed, "carte": "Un tracé sur la carte devient un lieu écrit",
	"dossierlink": "Le lien vers un autre dossier devient son numéro", "iban": "La clé de l’IBAN n’est pas contrôlée", "rna": "Le répertoire n’est pas consulté",
	"rnf": "Le répertoire n’est pas consulté", "siret": "L’entreprise n’est pas cherchée dans le répertoire", "titreidentite": "Le filigrane n’est pas ajouté\u00a0: ne demandez un titre d’identité que si un texte l’exige",
}

// kindOf gives the kind of a descriptor in one word.
func kindOf(f *source) string {
	kind := f.peek("__typename")
	if kind == "" {
		kind = f.peek("type")
	}
	if kind == "" {
		kind = f.peek("type_champ")
	}
	kind = strings.TrimSuffix(kind, "ChampDescriptor")
	return strings.ToLower(strings.ReplaceAll(kind, "_", ""))
}

func (d ds) field(f *source) {
	kind := kindOf(f)
	name := plain(first(f.peek("label"), f.peek("libelle")), " ")
	f.about(shortened(name, 80))
	label := f.kid("label")
	if label == nil {
		label = f.kid("libelle")
	}
	for _, key := range []string{"__typename", "type", "type_champ"} {
		f.kid(key).carry("")
	}
	switch kind {
	case "headersection":
		f.carry("")
		if level := f.peek("level"); !d.rows && (level == "1" || level == "") {
			d.page(d.line(label, maxLabel), nil)
		} else {
			d.heading(label, false)
		}
		f.kid("level").carry("")
		d.prose(f.kid("description").blank())
	case "explication":
		f.carry("")
		d.prose(label)
		d.prose(f.kid("description").blank())
		d.prose(f.kid("collapsibleExplanationText").blank())
		f.kid("collapsibleExplanationEnabled").change("", looks)
	case "repetition":
		d.repetition(f, label)
	default:
		d.question(f, label, kind)
	}
	f.kid("id").change(f.to, identity)
	f.kid("stable_id").change(f.to, identity)
	for _, k := range f.kids {
		if k.fate == fateNone {
			k.blank()
		}
	}
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func (d ds) repetition(f, label *source) {
	repeat := forms.Repeat{Max: forms.MaxRows, Item: plain(first(f.peek("label"), f.peek("libelle")), " ")}
	d.heading(label, false)
	d.prose(f.kid("description").blank())
	if f.value("required")+f.value("mandatory") == "true" {
		repeat.Min = 1
	}
	rows := f.kid("champDescriptors")
	rows.carry("")
	files := slices.ContainsFunc(rows.children(), func(k *source) bool { return kindsOfDS[kindOf(k)] == forms.KindFile })
	reason := d.repeating(repeat, files, func() {
		for _, k := range rows.children() {
			d.field(k)
		}
	})
	if reason == "" {
		f.carry("")
		d.report.Questions.Carried++
		return
	}
	f.mark(fateChanged, "", reason)
	d.report.Questions.Changed++
}

func (d ds) question(f, label *source, kind string) {
	ours, known := kindsOfDS[kind]
	if !known {
		d.report.Questions.Lost++
		f.lose("Parvis n’a pas de question de ce type (" + shortened(kind, 30) + ")")
		return
	}
	c, free := d.when(f.kid("condition"))
	q := forms.Field{Kind: ours, If: c, Label: d.line(label, maxLabel)}
	if q.Label == "" {
		q.Label = "Question sans intitulé"
	}
	help := f.kid("description").blank()
	if ours == forms.KindDeclaration {
		q.Declaration = first(d.paragraphs(help), q.Label)
	} else {
		q.Help = d.paragraphs(help)
	}
	required := f.value("required") + f.value("mandatory")
	q.Optional = required != "true" || free
	reason := otherwiseDS[kind]
	var labels []string
	switch kind {
	case "yesno":
		labels = []string{"Oui", "Non"}
	case "civilite":
		labels = []string{"Madame", "Monsieur"}
	case "decimalnumber":
		q.Decimals = 2
	case "siret":
		q.Pattern, q.Message = checks["siret-fr"], "Indiquez un SIRET (14\u00a0chiffres)."
	case "piecejustificative":
		f.kid("fileTemplate").blank().lose("Le document à remplir n’est pas dans l’export\u00a0: ajoutez-le dans l’aide de la question")
	case "dropdownlist", "multipledropdownlist", "linkeddropdownlist":
		labels = d.answers(f)
	}
	var values map[string]string
	q.Choices, values = options(labels, nil)
	if (ours == forms.KindChoice || ours == forms.KindChoices) && len(q.Choices) == 0 {
		q.Kind, reason = forms.KindText, "La liste est vide dans l’export\u00a0: la réponse devient un texte libre"
	}
	if values != nil {
		values["true"], values["false"] = values["Oui"], values["Non"]
	}
	to := d.add(q, q.Label, values, labels)
	if to == "" {
		d.report.Questions.Lost++
		f.lose(tooMany)
		return
	}
	for _, id := range []string{f.peek("stable_id"), stableID(f.peek("id"))} {
		if id != "" {
			d.known["#"+id] = d.known[q.Label]
		}
	}
	d.count(f, to, reason, free)
}

// stableID reads the number in an identifier of GraphQL ("Champ-4483176" in base64).
func stableID(id string) string {
	text, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return ""
	}
	_, number, _ := strings.Cut(string(text), "-")
	return number
}

// answers reads the choices of a list; titles of groups (« --Titre-- ») are none.
func (d ds) answers(f *source) []string {
	var labels []string
	list := f.kid("options")
	if list == nil {
		list = f.kid("drop_down_options")
	}
	list.carry("")
	for _, o := range list.children() {
		switch text := plain(o.text, " "); {
		case text == "":
			o.blank()
		case strings.HasPrefix(text, "--") && strings.HasSuffix(text, "--"):
			o.lose("Les réponses ne sont pas groupées sous des titres")
		case len(labels) == forms.MaxChoices || strings.Contains("\x00"+strings.Join(labels, "\x00")+"\x00", "\x00"+text+"\x00"):
			o.lose("La réponse est en double ou en trop")
		default:
			o.carry("")
			labels = append(labels, text)
		}
	}
	if other := f.kid("otherOption"); other != nil && other.text == "true" {
		labels = append(labels, "Autre")
		other.change("", "« Autre » devient une réponse, sans texte à écrire\u00a0: ajoutez une question au besoin")
	}
	return labels
}

// when reads a condition of the internal export ("Logic::Eq" and its like).
func (d ds) when(n *source) (c *forms.Condition, free bool) {
	if n.empty() {
		n.blank()
		return nil, false
	}
	c, reason := d.logic(n, 0)
	if reason != "" {
		n.lose(reason)
		return nil, true
	}
	n.all(fateCarried, "", "")
	return c, false
}

func (d ds) logic(n *source, depth int) (*forms.Condition, string) {
	term := strings.TrimPrefix(n.peek("term"), "Logic::")
	if depth > maxDepth {
		return nil, tooClever
	}
	if term == "And" || term == "Or" {
		var parts []forms.Condition
		for _, k := range n.kid("operands").children() {
			c, reason := d.logic(k, depth+1)
			if reason != "" {
				return nil, reason
			}
			parts = append(parts, *c)
		}
		switch {
		case len(parts) == 0 || len(parts) > maxTests:
			return nil, tooClever
		case term == "Or":
			return &forms.Condition{Or: parts}, ""
		}
		return &forms.Condition{And: parts}, ""
	}
	left, right := n.kid("left"), n.kid("right")
	if left.peek("term") != "Logic::ChampValue" || right.peek("term") != "Logic::Constant" {
		return nil, tooClever
	}
	q := d.known["#"+left.peek("stable_id")]
	if q == nil {
		return nil, notAsked
	}
	return q.compare(term, right.peek("value"))
}

// compare is a comparison of an answer with a value, by the name that démarches-simplifiées
// gives it.
func (q *asked) compare(term, value string) (*forms.Condition, string) {
	c, reason := q.equals(value)
	switch {
	case (term == "Eq" || term == "IncludeOperator") && reason == "":
		return c, ""
	case (term == "NotEq" || term == "ExcludeOperator") && reason == "":
		return &forms.Condition{Not: c}, ""
	case reason != "" || q.kind != forms.KindNumber:
		return nil, first(reason, tooClever)
	}
	switch term {
	case "LessThan":
		return &forms.Condition{Field: q.id, Lt: c.Equals}, ""
	case "GreaterThan":
		return &forms.Condition{Field: q.id, Gt: c.Equals}, ""
	case "LessThanEq":
		return &forms.Condition{Field: q.id, Le: c.Equals}, ""
	case "GreaterThanEq":
		return &forms.Condition{Field: q.id, Ge: c.Equals}, ""
	}
	return nil, tooClever
}
