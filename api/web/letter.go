package web

import (
	"html/template"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// letterTags are what a page keeps of a stored mail; all else gives its words alone.
var letterTags = map[atom.Atom]bool{
	atom.P: true, atom.Br: true, atom.H2: true, atom.Ul: true, atom.Ol: true, atom.Li: true,
	atom.Dl: true, atom.Dt: true, atom.Dd: true, atom.Strong: true, atom.Em: true, atom.A: true,
}

// Letter gives the body of a stored mail (a receipt, say) as a part of a page: its
// words, headings and lists up to its button, without its style and its outer frame. A
// link to this very host becomes relative; another keeps its words alone, unless it is
// a mail or a telephone link.
func Letter(source, host string) template.HTML {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return paragraphs(source)
	}
	from := root
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(strings.Fields(attribute(n, "class")), "card") {
			from = n
			break
		}
	}
	var b strings.Builder
	for c := range from.ChildNodes() {
		if holdsButton(c) { // what follows speaks of it
			break
		}
		writeLetter(&b, c, host)
	}
	return template.HTML(b.String()) //nolint:gosec // only letterTags without attributes but a checked href; words escaped
}

// holdsButton tells whether the mail's button, which leads to where the page
// is, stands here.
func holdsButton(n *html.Node) bool {
	if slices.Contains(strings.Fields(attribute(n, "class")), "button") {
		return true
	}
	for c := range n.ChildNodes() {
		if holdsButton(c) {
			return true
		}
	}
	return false
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func writeLetter(b *strings.Builder, n *html.Node, host string) {
	switch n.Type {
	case html.TextNode:
		b.WriteString(html.EscapeString(n.Data))
		return
	case html.ElementNode:
	default:
		return
	}
	switch n.DataAtom {
	case atom.Style, atom.Script, atom.Head, atom.Title, atom.H1:
		return
	}
	open, end := "", ""
	if letterTags[n.DataAtom] {
		open, end = "<"+n.Data+">", "</"+n.Data+">"
		if n.DataAtom == atom.Br {
			end = ""
		}
		if n.DataAtom == atom.A {
			if target := letterLink(attribute(n, "href"), host); target == "" {
				open, end = "", ""
			} else {
				open = `<a href="` + html.EscapeString(target) + `">`
			}
		}
	}
	b.WriteString(open)
	for c := range n.ChildNodes() {
		writeLetter(b, c, host)
	}
	b.WriteString(end)
}

// letterLink gives where a link of a mail may lead from a page.
func letterLink(href, host string) string {
	u, err := url.Parse(href)
	switch {
	case err != nil:
		return ""
	case u.Scheme == "mailto" || u.Scheme == "tel":
		return href
	case u.Scheme == "" && LocalPath(href):
		return href
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host == host && LocalPath(u.RequestURI()):
		return u.RequestURI()
	}
	return ""
}
