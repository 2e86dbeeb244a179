package svg

import (
	"regexp"
	"slices"
	"strings"
)

// rule is one selector of a style sheet with its declarations.
type rule struct {
	element, class, id string
	declared           map[string]string
	order              int
}

func (r rule) weight() int {
	w := r.order
	if r.element != "" {
		w += 1 << 20
	}
	if r.class != "" {
		w += 1 << 24
	}
	if r.id != "" {
		w += 1 << 28
	}
	return w
}

func (r rule) fits(n *node) bool {
	return (r.element == "" || r.element == n.name) && (r.id == "" || r.id == n.attrs["id"]) &&
		(r.class == "" || slices.Contains(strings.Fields(n.attrs["class"]), r.class))
}

func sortRules(rules []rule) {
	for i := range rules {
		rules[i].order = i
	}
	slices.SortFunc(rules, func(a, b rule) int { return a.weight() - b.weight() })
}

var (
	comment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	selector = regexp.MustCompile(`^([A-Za-z]+)?(?:\.([A-Za-z_][\w-]*))?(?:#([A-Za-z_][\w.-]*))?$`)
)

const maxRules = 400

// parseSheet reads a style sheet of the kind that drawing programs write: names,
// classes and identifiers, no at-rules.
func parseSheet(sheet string, line int) ([]rule, error) {
	sheet = comment.ReplaceAllString(sheet, " ")
	if strings.Contains(strings.ToLower(sheet), "@import") {
		return nil, refuse(External, line, "style")
	}
	if strings.ContainsAny(sheet, `@\<`) {
		return nil, refuse(Stylesheet, line, "style")
	}
	var rules []rule
	for strings.TrimSpace(sheet) != "" {
		heads, rest, ok := strings.Cut(sheet, "{")
		body, after, closed := strings.Cut(rest, "}")
		if !ok || !closed || strings.Contains(body, "{") {
			return nil, refuse(Stylesheet, line, "style")
		}
		sheet = after
		declared, err := parseDeclarations(body, line)
		if err != nil {
			return nil, err
		}
		for head := range strings.SplitSeq(heads, ",") {
			m := selector.FindStringSubmatch(strings.TrimSpace(head))
			if len(m) < 4 || m[0] == "" || len(rules) >= maxRules {
				return nil, refuse(Stylesheet, line, "style")
			}
			rules = append(rules, rule{element: m[1], class: m[2], id: m[3], declared: declared})
		}
	}
	return rules, nil
}

// parseDeclarations reads "name:value;…".
func parseDeclarations(text string, line int) (map[string]string, error) {
	text = comment.ReplaceAllString(text, " ")
	if strings.ContainsRune(text, '\\') { // an escape could hide anything
		return nil, refuse(Stylesheet, line, "style")
	}
	out := map[string]string{}
	for one := range strings.SplitSeq(text, ";") {
		name, value, ok := strings.Cut(one, ":")
		if !ok {
			continue
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(strings.TrimSuffix(value, "important")), "!"))
		if err := local(value, line, name); err != nil {
			return nil, err
		}
		out[name] = value
	}
	return out, nil
}

// declarations gives what holds on an element: its own attributes, then the sheets'
// rules, then its style attribute, as CSS has it.
func declarations(n *node, rules []rule) (map[string]string, error) {
	out := map[string]string{}
	for name, value := range n.attrs {
		if name != "style" && name != "class" && name != "id" {
			out[name] = value
		}
	}
	put := func(declared map[string]string) {
		for name, value := range declared {
			if styles[name] || effects[name] || name == "transform" || name == "display" || name == "visibility" {
				out[name] = value
			}
		}
	}
	for _, r := range rules {
		if r.fits(n) {
			put(r.declared)
		}
	}
	own, err := parseDeclarations(n.attrs["style"], n.line)
	if err != nil {
		return nil, err
	}
	put(own)
	return out, nil
}
