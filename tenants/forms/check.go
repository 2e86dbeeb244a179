package forms

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Problem is one reason why a definition cannot be published, for the person who writes the form.
type Problem struct {
	Path    string // place in the JSON: "steps/0/sections/1/fields/2/choices"
	Code    string
	Message string // French; says what to do
}

const (
	maxLabel = 300  // characters of a label, a title, a choice
	maxProse = 2000 // characters of a help, an intro, a declaration
	maxDays  = 73_050
)

// sensitivities are the kinds of data that the law protects further: GDPR art. 9 and 10, and the national
// identification number (loi 78-17 art. 30).
var sensitivities = []string{"", "article9", "article10", "nir"}

// autofill lists the HTML autofill tokens that concern the person who fills the form (WCAG 1.3.5).
var autofill = []string{
	"off", "on", "name", "honorific-prefix", "given-name", "additional-name", "family-name", "nickname", "organization",
	"organization-title", "street-address", "address-line1", "address-line2", "address-line3", "address-level1",
	"address-level2", "postal-code", "country-name", "email", "tel", "tel-national", "bday", "sex", "url", "language",
}

// Check tells, in French, what keeps the definition from being published; nothing where it can be.
func (d *Definition) Check() []Problem {
	c := examiner{d: d, x: d.index(), ids: map[string]bool{}, stepIDs: map[string]bool{}, sectionIDs: map[string]bool{}}
	if len(d.Steps) == 0 {
		c.add("steps", "empty", "Ajoutez au moins une étape")
	}
	entry := 0
	for si := range d.Steps {
		step := &d.Steps[si]
		path := "steps/" + strconv.Itoa(si)
		c.id(path, step.ID, c.stepIDs)
		c.words(path+"/title", step.Title, maxLabel, true)
		c.words(path+"/intro", step.Intro, maxProse, false)
		if len(step.Sections) == 0 {
			c.add(path+"/sections", "empty", "Ajoutez au moins une rubrique à cette étape")
		}
		for ci := range step.Sections {
			section := &step.Sections[ci]
			path := sectionPath(si, ci)
			c.id(path, section.ID, c.sectionIDs)
			c.words(path+"/title", section.Title, maxLabel, false)
			c.words(path+"/help", section.Help, maxProse, false)
			c.condition(path+"/if", section.If, scope{x: c.x, place: entry, step: si})
			if len(section.Fields) == 0 {
				c.add(path+"/fields", "empty", "Ajoutez au moins une question à cette rubrique")
			}
			if section.Repeat != nil {
				c.rows(path, section, si, entry)
				entry++
				continue
			}
			for fi := range section.Fields {
				c.field(fieldPath(si, ci, fi), &section.Fields[fi], scope{x: c.x, place: entry, step: si})
				entry++
			}
			c.stop(path+"/stop", section.Stop, scope{x: c.x, place: entry, step: si})
		}
	}
	return c.problems
}

type examiner struct {
	d                        *Definition
	x                        *index
	ids, stepIDs, sectionIDs map[string]bool
	problems                 []Problem
}

func (c *examiner) add(path, code, message string) {
	c.problems = append(c.problems, Problem{Path: path, Code: code, Message: message})
}

func (c *examiner) id(path, id string, seen map[string]bool) {
	switch {
	case !idPattern.MatchString(id):
		c.add(path+"/id", "id", "Donnez un identifiant d’au plus 50 lettres minuscules sans accent, chiffres ou tirets bas, qui commence par une lettre")
	case seen[id]:
		c.add(path+"/id", "duplicate", "Donnez un identifiant qui ne sert pas déjà")
	}
	seen[id] = true
}

// rows checks a repeated section, which is one entry.
func (c *examiner) rows(path string, section *Section, step, place int) {
	c.repeat(path+"/repeat", section)
	if c.ids[section.ID] {
		c.add(path+"/id", "duplicate", "Donnez un identifiant qui ne sert pas déjà")
	}
	c.ids[section.ID] = true
	around := scope{x: c.x, place: place, step: step}
	for fi := range section.Fields {
		own := joinIndex(path+"/fields", fi)
		c.inGroup(own, &section.Fields[fi])
		c.field(own, &section.Fields[fi], scope{x: c.x.entries[place].group, place: fi, step: step, outer: &around})
	}
}

func (c *examiner) words(path, text string, limit int, obligatory bool) {
	switch {
	case obligatory && strings.TrimSpace(text) == "":
		c.add(path, "empty", "Écrivez ce texte"+nbsp+": il est obligatoire")
	case utf8.RuneCountInString(text) > limit:
		c.add(path, "too_long", "Raccourcissez ce texte à "+count(limit, "caractère"))
	}
}

func (c *examiner) field(path string, f *Field, at scope) {
	c.id(path, f.ID, c.ids)
	if f.Kind == KindBlock {
		c.add(path+"/kind", "block_unexpanded", "Remplacez ce bloc par ses questions")
		return
	}
	if !knownKind(f.Kind) {
		c.add(path+"/kind", "kind", "Choisissez un type de question")
		return
	}
	c.words(path+"/label", f.Label, maxLabel, true)
	c.words(path+"/help", f.Help, maxProse, false)
	c.words(path+"/message", f.Message, maxLabel, false)
	if f.Autocomplete != "" && !slices.Contains(autofill, f.Autocomplete) {
		c.add(path+"/autocomplete", "autocomplete", "Choisissez un remplissage automatique connu, par exemple given-name")
	}
	c.condition(path+"/if", f.If, at)
	c.stop(path+"/stop", f.Stop, at.after())
	c.misplaced(path, f)
	if kinds, ok := prefills[f.Prefill]; f.Prefill != "" && (!ok || !slices.Contains(kinds, f.Kind)) {
		c.add(path+"/prefill", "prefill", "Choisissez ce qui du compte convient à ce type de question")
	}
	c.privacy(path, f)
	if f.Block != "" && !TableName(f.Block) {
		c.add(path+"/block", "block", "Choisissez un bloc de la commune ou de la bibliothèque")
	}
	switch f.Kind {
	case KindComputed:
		c.formula(path, f, at)
	case KindChoice, KindChoices:
		if f.Table != nil {
			c.tableChoice(path+"/table", f, at)
			return
		}
		c.choices(path+"/choices", f)
	case KindNumber:
		c.number(path, f)
	case KindDate:
		c.date(path, f, at)
	case KindFile:
		c.file(path, f)
	case KindDeclaration:
		c.words(path+"/declaration", f.Declaration, maxProse, true)
	case KindText, KindLongText:
		c.text(path, f)
	}
}

func knownKind(k Kind) bool {
	switch k {
	case KindText, KindLongText, KindEmail, KindPhone, KindNumber, KindDate, KindChoice, KindChoices, KindAddress, KindFile, KindDeclaration, KindComputed:
		return true
	}
	return false
}

// misplaced refuses an attribute that the kind does not know: its author believes in a rule that
// nothing would apply.
func (c *examiner) misplaced(path string, f *Field) {
	texts, chosen := []Kind{KindText, KindLongText}, []Kind{KindChoice, KindChoices}
	for _, attribute := range []struct {
		key   string
		set   bool
		kinds []Kind
	}{
		{"choices", len(f.Choices) > 0, chosen},
		{"table", f.Table != nil, []Kind{KindChoice}},
		{"compute", f.Compute != nil, []Kind{KindComputed}},
		{"money", f.Money, []Kind{KindComputed}},
		{"min", f.Min != nil, []Kind{KindNumber}},
		{"max", f.Max != nil, []Kind{KindNumber}},
		{"decimals", f.Decimals != 0, []Kind{KindNumber, KindComputed}},
		{"unit", f.Unit != "", []Kind{KindNumber, KindComputed}},
		{"min_length", f.MinLength != 0, texts},
		{"max_length", f.MaxLength != 0, texts},
		{"pattern", f.Pattern != "", texts},
		{"min_days", f.MinDays != nil, []Kind{KindDate}},
		{"max_days", f.MaxDays != nil, []Kind{KindDate}},
		{"before", f.Before != "", []Kind{KindDate}},
		{"after", f.After != "", []Kind{KindDate}},
		{"accept", len(f.Accept) > 0, []Kind{KindFile}},
		{"max_files", f.MaxFiles != 0, []Kind{KindFile}},
		{"in_commune", f.InCommune, []Kind{KindAddress}},
		{"abroad", f.Abroad, []Kind{KindAddress}},
		{"declaration", f.Declaration != "", []Kind{KindDeclaration}},
	} {
		if attribute.set && !slices.Contains(attribute.kinds, f.Kind) {
			c.add(path+"/"+attribute.key, "misplaced", "Retirez ce réglage"+nbsp+": ce type de question ne le connaît pas")
		}
	}
	if f.InCommune && f.Abroad {
		c.add(path+"/abroad", "misplaced", "Choisissez"+nbsp+": l’adresse est dans la commune, ou peut être à l’étranger")
	}
}

// privacy holds GDPR art. 5.1 and CRPA L.113-12 (law.md §5): each question has a purpose, and one
// that must be answered has the text that requires it.
func (c *examiner) privacy(path string, f *Field) {
	c.words(path+"/purpose", f.Purpose, maxProse, false)
	c.words(path+"/legal_basis", f.LegalBasis, maxProse, false)
	if strings.TrimSpace(f.Purpose) == "" {
		c.add(path+"/purpose", "purpose", "Dites à quoi sert cette réponse (RGPD, article 5)")
	}
	basis := strings.TrimSpace(f.LegalBasis) != ""
	if !f.Optional && !basis && f.Kind != KindComputed {
		c.add(path+"/legal_basis", "legal_basis", "Citez le texte qui exige cette réponse, ou rendez-la facultative")
	}
	if f.Optional && !basis && f.Sensitivity != "" {
		c.add(path+"/legal_basis", "legal_basis", "Citez le texte qui permet de demander cette donnée sensible")
	}
	if len(f.Recipients) == 0 && len(c.d.Recipients) == 0 {
		c.add(path+"/recipients", "recipients", "Dites qui reçoit cette réponse")
	}
	if strings.TrimSpace(f.Retention) == "" && strings.TrimSpace(c.d.Retention) == "" {
		c.add(path+"/retention", "retention", "Dites combien de temps cette réponse est gardée")
	}
	if !slices.Contains(sensitivities, f.Sensitivity) {
		c.add(path+"/sensitivity", "sensitivity", "Choisissez"+nbsp+": article9, article10, nir ou rien")
	}
}

func (c *examiner) choices(path string, f *Field) {
	if len(f.Choices) == 0 {
		c.add(path, "empty", "Ajoutez au moins une réponse possible")
	}
	values, labels := map[string]bool{}, map[string]bool{}
	for i, choice := range f.Choices {
		path := joinIndex(path, i)
		switch {
		case choice.Value == "" || choice.Value != cleanLine(choice.Value) || len(choice.Value) > 100:
			c.add(path+"/value", "value", "Donnez à cette réponse une valeur d’au plus 100 caractères, sans espace autour")
		case values[choice.Value]:
			c.add(path+"/value", "duplicate", "Donnez à chaque réponse sa propre valeur")
		}
		values[choice.Value] = true
		c.words(path+"/label", choice.Label, maxLabel, true)
		c.words(path+"/help", choice.Help, maxProse, false)
		if choice.Label != "" && labels[choice.Label] {
			c.add(path+"/label", "duplicate", "Donnez à chaque réponse son propre intitulé")
		}
		labels[choice.Label] = true
	}
}

func (c *examiner) number(path string, f *Field) {
	if f.Decimals < 0 || f.Decimals > maxDecimals {
		c.add(path+"/decimals", "range", "Choisissez de 0 à 4 chiffres après la virgule")
	}
	for _, bound := range []struct {
		key   string
		value *float64
	}{{"min", f.Min}, {"max", f.Max}} {
		if bound.value == nil {
			continue
		}
		if math.Abs(*bound.value) > maxNumber {
			c.add(path+"/"+bound.key, "range", "Choisissez une limite plus petite")
		} else if decimals(*bound.value) > maxDecimals {
			c.add(path+"/"+bound.key, "range", "Choisissez une limite avec moins de décimales")
		}
	}
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		c.add(path+"/max", "range", "Choisissez un maximum au moins égal au minimum")
	}
}

func (c *examiner) text(path string, f *Field) {
	if f.MaxLength < 0 || f.MaxLength > MaxTextLength {
		c.add(path+"/max_length", "range", "Choisissez une longueur d’au plus "+count(MaxTextLength, "caractère"))
	}
	if f.MinLength < 0 || f.MinLength > f.maxLength() {
		c.add(path+"/min_length", "range", "Choisissez une longueur minimale au plus égale à la longueur maximale")
	}
	if f.Pattern == "" {
		return
	}
	if _, ok := compilePattern(f.Pattern); !ok {
		c.add(path+"/pattern", "pattern", "Corrigez ou simplifiez cette expression régulière (syntaxe RE2, au plus 200 caractères)")
	}
	if f.Message == "" && f.Help == "" {
		c.add(path+"/message", "pattern", "Dites à l’usager, dans l’aide ou le message, quelle forme la réponse doit avoir")
	}
}

func (c *examiner) date(path string, f *Field, at scope) {
	for _, days := range []struct {
		key   string
		value *int
	}{{"min_days", f.MinDays}, {"max_days", f.MaxDays}} {
		if days.value != nil && (*days.value > maxDays || *days.value < -maxDays) {
			c.add(path+"/"+days.key, "range", "Choisissez un nombre de jours plus petit")
		}
	}
	if f.MinDays != nil && f.MaxDays != nil && *f.MinDays > *f.MaxDays {
		c.add(path+"/max_days", "range", "Choisissez une dernière date qui ne précède pas la première")
	}
	for _, other := range []struct{ key, id string }{{"before", f.Before}, {"after", f.After}} {
		if other.id != "" && at.x.earlierDate(other.id, at.place) < 0 {
			c.add(path+"/"+other.key, "reference", "Choisissez une question de date posée avant celle-ci")
		}
	}
}

func (c *examiner) file(path string, f *Field) {
	for i, mime := range f.Accept {
		if _, ok := mimeNames[mime]; !ok {
			c.add(joinIndex(path+"/accept", i), "mime", "Choisissez un format de document connu, par exemple application/pdf")
		}
	}
	if f.MaxFiles < 0 || f.MaxFiles > MaxFilesPerField {
		c.add(path+"/max_files", "range", "Choisissez de 1 à "+count(MaxFilesPerField, "document"))
	}
}
