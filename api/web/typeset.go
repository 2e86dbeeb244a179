package web

import (
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
)

var (
	// notText is what a template holds beside the words that people read: actions,
	// tags, comments, and the whole of scripts and style sheets.
	notText = regexp.MustCompile(`(?s)\{\{.*?\}\}|<(?:script|style|pre)\b.*?</(?:script|style|pre)>|<!--.*?-->|<[^>]*>`)
	before  = regexp.MustCompile(` ([:;?!»])(\s|$)`)
	after   = regexp.MustCompile(`« `)
)

// typeset puts the no-break spaces of French where a template has plain ones: before
// : ; ? ! » and after «, so that no line begins with a mark. It touches text alone:
// attributes, actions and what people wrote stay as they are.
func typeset(source string) string {
	var out strings.Builder
	at := 0
	for _, other := range notText.FindAllStringIndex(source, -1) {
		out.WriteString(typesetText(source[at:other[0]]))
		out.WriteString(source[other[0]:other[1]])
		at = other[1]
	}
	out.WriteString(typesetText(source[at:]))
	return out.String()
}

// typesetText is typeset for a run of text. A mark may stand right before a tag or an
// action, and two may follow each other (« Lu » ?).
func typesetText(text string) string {
	for {
		set := before.ReplaceAllString(text, nbsp+"$1$2")
		if set == text {
			break
		}
		text = set
	}
	for _, mark := range []string{".", ",", ")"} {
		text = strings.ReplaceAll(text, " »"+mark, nbsp+"»"+mark)
	}
	return after.ReplaceAllString(text, "«"+nbsp)
}

// parseShared parses the layouts and components, typeset, in the words of a kind of tenant.
func parseShared(files fs.FS, pattern string, kind tenants.TenantKind) *template.Template {
	names, err := fs.Glob(files, pattern)
	if err != nil || len(names) == 0 {
		panic("web: no shared templates")
	}
	t := template.New("shared").Funcs(funcs).Funcs(template.FuncMap{"say": kind.Say})
	for _, name := range names {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err) // they are embedded
		}
		template.Must(t.New(path.Base(name)).Parse(typeset(kind.Say(string(source)))))
	}
	return t
}
