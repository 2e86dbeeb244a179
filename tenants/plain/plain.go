package plain

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText is how many bytes of a text are read.
const MaxText = 100_000

// Kind is what a text is, which says how long its sentences may be.
type Kind int

// The kinds.
const (
	Title  Kind = iota // a heading, a label: one line
	Prose              // help, an introduction, a message
	Letter             // a paragraph of a letter, which quotes the law
)

// Issue is one thing to mend.
type Issue struct {
	Code   string // stable; one of the Code constants
	Text   string // French; says what to do
	Blocks bool   // somebody cannot read it; otherwise it is only hard to read
}

// The codes.
const (
	CodeHTML        = "html"
	CodeHeading     = "heading_order"
	CodeImage       = "image_alt"
	CodeLink        = "link_words"
	CodeAddress     = "link_address"
	CodeTable       = "table_header"
	CodeBareAddress = "bare_address"
	CodeSentence    = "long_sentence"
	CodeTitle       = "long_title"
	CodeShouting    = "shouting"
	CodePunctuation = "punctuation"
	CodeJargon      = "jargon"
)

// The longest sentences, in words: clear language asks for 15 to 20, beyond these readers get lost.
var maxWords = map[Kind]int{Title: 20, Prose: 35, Letter: 45}

const nbsp = "\u00a0"

// Check tells what is wrong with a text, each rule once, in the order of the codes; nothing
// where it reads well.
func Check(text string, kind Kind) []Issue {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	c := &reader{text: strings.ToValidUTF8(text, ""), kind: kind}
	c.marks()
	c.headings()
	c.links()
	c.tables()
	c.sentences()
	c.shouting()
	c.words()
	return c.issues
}

type reader struct {
	text   string
	kind   Kind
	issues []Issue
}

func (c *reader) add(code, text string, blocks bool) {
	if !slices.ContainsFunc(c.issues, func(i Issue) bool { return i.Code == code }) {
		c.issues = append(c.issues, Issue{code, text, blocks})
	}
}

var (
	markPattern    = regexp.MustCompile(`</?[A-Za-z][^<>]{0,200}>|<!--|<script`)
	headingPattern = regexp.MustCompile(`(?m)^(#{1,6})[ \t]+(.*)$`)
	linkPattern    = regexp.MustCompile(`(!?)\[([^\[\]\n]{0,300})\]\(([^()\s]{0,500})\)`)
	addressPattern = regexp.MustCompile(`https?://[^\s)»]+`)
	fieldPattern   = regexp.MustCompile(`\{\{[^{}]*\}\}`)
	loudPattern    = regexp.MustCompile(`[!?]{2,}`)
)

func (c *reader) marks() {
	if markPattern.MatchString(c.text) {
		c.add(CodeHTML, "Retirez le code HTML"+nbsp+": écrivez du texte simple.", true)
	}
}

// headings go down one level at a time (RGAA 9.1).
func (c *reader) headings() {
	level := 0
	for _, m := range headingPattern.FindAllStringSubmatch(c.text, -1) {
		at := len(m[1])
		switch {
		case strings.TrimSpace(m[2]) == "":
			c.add(CodeHeading, "Écrivez le titre qui manque après «"+nbsp+m[1]+nbsp+"».", true)
		case level > 0 && at > level+1:
			c.add(CodeHeading, "Ne sautez pas de niveau de titre"+nbsp+": «"+nbsp+strings.TrimSpace(m[2])+nbsp+"» vient après un titre de niveau "+strconv.Itoa(level)+".", true)
		}
		level = at
	}
}

// vague are words that say nothing of where a link leads (RGAA 6.1).
var vague = []string{"ici", "cliquez ici", "cliquer ici", "clic", "lien", "ce lien", "suivez ce lien", "en savoir plus", "plus d’infos", "plus d'infos", "lire la suite", "voir", "suite", "page", "site", "télécharger"}

func (c *reader) links() {
	to := map[string]string{}
	for _, m := range linkPattern.FindAllStringSubmatch(c.text, -1) {
		words, address := strings.TrimSpace(m[2]), m[3]
		if !safeAddress(address) {
			c.add(CodeAddress, "Donnez au lien une adresse qui commence par https://, ou mailto: ou tel:.", true)
		}
		if m[1] == "!" {
			c.image(words)
			continue
		}
		low := strings.ToLower(words)
		if words == "" || slices.Contains(vague, low) {
			c.add(CodeLink, "Dites dans le lien où il mène"+nbsp+": «"+nbsp+words+nbsp+"» ne le dit pas à qui l’entend lire seul.", true)
		} else if other, known := to[low]; known && other != address {
			c.add(CodeLink, "Deux liens disent «"+nbsp+words+nbsp+"» et mènent ailleurs"+nbsp+": nommez-les autrement.", true)
		}
		to[low] = address
	}
	plain := linkPattern.ReplaceAllString(c.text, "")
	if c.kind != Letter && addressPattern.MatchString(plain) {
		c.add(CodeBareAddress, "Remplacez l’adresse écrite en entier par des mots qui disent où elle mène.", false)
	}
	if low := strings.ToLower(plain); strings.Contains(low, "cliquez ici") || strings.Contains(low, "cliquer ici") {
		c.add(CodeLink, "Remplacez «"+nbsp+"cliquez ici"+nbsp+"» par ce que la personne va trouver.", false)
	}
}

// image wants words in place of an image (RGAA 1.1).
func (c *reader) image(words string) {
	low := strings.ToLower(words)
	file := strings.HasSuffix(low, ".jpg") || strings.HasSuffix(low, ".jpeg") || strings.HasSuffix(low, ".png") || strings.HasSuffix(low, ".gif") || strings.HasSuffix(low, ".webp")
	if words == "" || file || low == "image" || low == "photo" || low == "logo" {
		c.add(CodeImage, "Décrivez l’image en quelques mots entre les crochets, pour qui ne la voit pas.", true)
	}
}

func safeAddress(a string) bool {
	low := strings.ToLower(a)
	for _, begin := range []string{"https://", "http://", "mailto:", "tel:"} {
		if strings.HasPrefix(low, begin) && len(low) > len(begin) {
			return true
		}
	}
	return strings.HasPrefix(low, "/") && !strings.HasPrefix(low, "//") || strings.HasPrefix(low, "#")
}

// tables have a line of headings and as many cells everywhere (RGAA 5.6).
func (c *reader) tables() {
	var table []string
	for _, line := range append(strings.Split(c.text, "\n"), "") {
		line = strings.TrimSpace(line)
		if len(line) > 2 && line[0] == '|' && line[len(line)-1] == '|' {
			table = append(table, line)
			continue
		}
		if len(table) > 1 {
			c.table(table)
		}
		table = nil
	}
}

func (c *reader) table(rows []string) {
	cells := func(row string) []string { return strings.Split(strings.Trim(row, "|"), "|") }
	head := cells(rows[0])
	rule := strings.Trim(rows[1], "|-: ") == ""
	empty := slices.ContainsFunc(head, func(s string) bool { return strings.TrimSpace(s) == "" })
	uneven := slices.ContainsFunc(rows, func(r string) bool { return len(cells(r)) != len(head) })
	if !rule || empty || uneven {
		c.add(CodeTable, "Donnez au tableau une première ligne de titres, un par colonne, et autant de cases à chaque ligne.", true)
	}
}

// sentences are short.
func (c *reader) sentences() {
	text := fieldPattern.ReplaceAllString(linkPattern.ReplaceAllString(c.text, "$2"), "mot")
	limit := maxWords[c.kind]
	worst, first := 0, ""
	count := func(sentence string) {
		if n := wordsIn(sentence); n > worst {
			worst, first = n, sentence
		}
	}
	begin := 0
	for i, r := range text {
		if r == '\n' || r == ';' || r == ':' || (r == '.' || r == '!' || r == '?' || r == '…') && ends(text[i+utf8.RuneLen(r):]) {
			count(text[begin:i])
			begin = i + utf8.RuneLen(r)
		}
	}
	count(text[begin:])
	if worst <= limit {
		return
	}
	if c.kind == Title {
		c.add(CodeTitle, "Raccourcissez ce titre à "+strconv.Itoa(limit)+nbsp+"mots"+nbsp+": il en a "+strconv.Itoa(worst)+".", false)
		return
	}
	c.add(CodeSentence, "Coupez la phrase qui commence par «"+nbsp+beginning(first)+nbsp+"»"+nbsp+": elle a "+strconv.Itoa(worst)+nbsp+"mots, "+strconv.Itoa(limit)+" au plus se lisent bien.", false)
}

// ends tells whether what follows a point begins another sentence: not « R. 113-8 » nor « art. 5 ».
func ends(rest string) bool {
	trimmed := strings.TrimLeft(rest, " \u00a0\u202f»)\"")
	if trimmed == "" || trimmed == rest {
		return trimmed == ""
	}
	r, _ := utf8.DecodeRuneInString(trimmed)
	return unicode.IsUpper(r) || r == '«' || r == '-'
}

func wordsIn(s string) int {
	n := 0
	for _, w := range strings.Fields(s) {
		if strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			n++
		}
	}
	return n
}

func beginning(s string) string {
	words := strings.Fields(s)
	return strings.Join(words[:min(5, len(words))], " ") + "…"
}

// shouting is words in capitals: hard to read, and spelt out letter by letter by some screen readers.
func (c *reader) shouting() {
	if loudPattern.MatchString(c.text) {
		c.add(CodePunctuation, "Gardez un seul point d’exclamation ou d’interrogation.", false)
	}
	text := fieldPattern.ReplaceAllString(addressPattern.ReplaceAllString(c.text, ""), " ")
	run := 0
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		n := utf8.RuneCountInString(w)
		switch capital := n >= 2 && strings.ToUpper(w) == w && strings.ToLower(w) != w; {
		case capital && n >= 4:
			run++
		case n > 1:
			run = 0
		}
		if run >= 2 || run == 1 && n > 8 && strings.ToUpper(w) == w {
			c.add(CodeShouting, "Écrivez «"+nbsp+strings.ToLower(w)+nbsp+"» en minuscules"+nbsp+": les capitales se lisent mal.", false)
			return
		}
	}
}

// jargon is what people stumble over, with plainer words.
var jargon = []struct{ words, better string }{
	{"nonobstant", "malgré"}, {"susmentionné", "ce document"}, {"sus-mentionné", "ce document"}, {"susvisé", "ce texte"}, {"ci-annexé", "joint"},
	{"diligenter", "faire"}, {"subséquemment", "ensuite"}, {"obligatoirement joindre", "joindre"}, {"afférent", "lié à"}, {"afférente", "liée à"},
	{"il vous appartient de", "vous devez"}, {"est réputé irrecevable", "ne peut pas être examiné"}, {"par la présente", "par cette lettre"},
	{"en sus de", "en plus de"}, {"à défaut de quoi", "sinon"}, {"veuillez agréer l’expression", "cordialement"}, {"ledit", "le"}, {"ladite", "la"}, {"lesdits", "les"}, {"lesdites", "les"},
	{"le pétitionnaire", "le demandeur"}, {"l’impétrant", "le demandeur"}, {"sous peine de rejet d’office", "sinon la demande est refusée"},
}

func (c *reader) words() {
	low := " " + strings.ToLower(strings.ReplaceAll(c.text, "'", "’")) + " "
	for _, j := range jargon {
		at := strings.Index(low, j.words)
		if at < 0 {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(low[:at])
		after, _ := utf8.DecodeRuneInString(low[at+len(j.words):])
		if !unicode.IsLetter(before) && (!unicode.IsLetter(after) || after == 's' || after == 'e') {
			c.add(CodeJargon, "Remplacez «"+nbsp+j.words+nbsp+"» par «"+nbsp+j.better+nbsp+"».", false)
			return
		}
	}
}
