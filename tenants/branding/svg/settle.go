package svg

import (
	"bytes"
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// check tells whether the value of an attribute is one; it says no to what is
// harmless but not understood, which is then left out.
type check func(value string) bool

func oneOf(values ...string) check {
	return func(v string) bool { return slices.Contains(values, v) }
}

// attributes are those that are kept, and what their values may be.
var attributes = map[string]check{
	"fill": isPaint, "stroke": isPaint, "stop-color": isColour, "color": isColour,
	"opacity": isShare, "fill-opacity": isShare, "stroke-opacity": isShare, "stop-opacity": isShare, "offset": isShare,
	"fill-rule": oneOf("nonzero", "evenodd"), "clip-rule": oneOf("nonzero", "evenodd"),
	"stroke-width": isLength, "stroke-miterlimit": isLength,
	"stroke-linecap": oneOf("butt", "round", "square"), "stroke-linejoin": oneOf("miter", "round", "bevel"),
	"transform": isTransform, "gradientTransform": isTransform, "clip-path": isReference,
	"x": isLength, "y": isLength, "width": isLength, "height": isLength, "rx": isLength, "ry": isLength, "cx": isLength, "cy": isLength, "r": isLength,
	"x1": isLength, "y1": isLength, "x2": isLength, "y2": isLength, "fx": isLength, "fy": isLength,
	"d": isPath, "points": isPoints, "viewBox": isBox,
	"gradientUnits": oneOf("userSpaceOnUse", "objectBoundingBox"), "clipPathUnits": oneOf("userSpaceOnUse"),
	"spreadMethod": oneOf("pad", "reflect", "repeat"),
}

// effects are attributes without which the picture would look different.
var effects = map[string]bool{"filter": true, "mask": true, "marker": true, "marker-start": true, "marker-mid": true, "marker-end": true, "stroke-dasharray": true, "mix-blend-mode": true}

// inherited styles stand on any element; the other attributes are geometry.
var styles = map[string]bool{
	"fill": true, "stroke": true, "stop-color": true, "color": true, "opacity": true, "fill-opacity": true, "stroke-opacity": true, "stop-opacity": true,
	"fill-rule": true, "clip-rule": true, "stroke-width": true, "stroke-miterlimit": true, "stroke-linecap": true, "stroke-linejoin": true, "clip-path": true,
}

// settle turns the tree of the file into the picture: styles become attributes,
// values are checked, references are followed and counted.
func (p *Picture) settle(rules []rule) error {
	sortRules(rules)
	p.ids = map[string]*node{}
	if err := p.clean(p.root, rules); err != nil {
		return err
	}
	if err := p.frame(); err != nil {
		return err
	}
	var used map[string]bool
	for before := -1; before != p.root.count(); { // what is dropped may have been the last to refer to something
		before = p.root.count()
		used = map[string]bool{}
		p.references(p.root, used)
		p.prune(p.root, used)
	}
	if err := p.measure(); err != nil {
		return err
	}
	p.rename(used)
	return nil
}

// count is how many elements and attributes stand in a tree.
func (n *node) count() int {
	total := 1 + len(n.attrs)
	for _, c := range n.children {
		total += c.count()
	}
	return total
}

func (p *Picture) clean(n *node, rules []rule) error {
	declared, err := declarations(n, rules)
	if err != nil {
		return err
	}
	kept := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		value := declared[name]
		if err := local(value, n.line, name); err != nil {
			return err
		}
		if effects[name] && value != "none" && value != "normal" && value != "" {
			return refuse(Effect, n.line, name)
		}
		if name == "clipPathUnits" && value == "objectBoundingBox" {
			return refuse(Effect, n.line, name)
		}
		if ok := attributes[name]; ok != nil && ok(value) {
			kept[name] = value
		}
	}
	if href := n.attrs["href"]; href != "" && (n.name == "use" || strings.HasSuffix(n.name, "Gradient")) {
		kept["href"] = href
	}
	if id := n.attrs["id"]; id != "" && p.ids[id] == nil {
		p.ids[id] = n
		kept["id"] = id
	}
	hidden := declared["display"] == "none" || declared["visibility"] == "hidden"
	n.attrs = kept
	if hidden {
		n.children, n.name = nil, "g"
		return nil
	}
	for _, c := range n.children {
		if err := p.clean(c, rules); err != nil {
			return err
		}
	}
	return nil
}

// local refuses a value that reaches outside the file.
func local(value string, line int, name string) error {
	squeezed := strings.ToLower(strings.Join(strings.Fields(value), ""))
	for rest := squeezed; ; {
		_, after, found := strings.Cut(rest, "url(")
		if !found {
			break
		}
		if target := strings.TrimLeft(after, `"'`); !strings.HasPrefix(target, "#") {
			return refuse(External, line, name)
		}
		rest = after
	}
	if name == "href" && value != "" && !strings.HasPrefix(value, "#") {
		return refuse(External, line, name)
	}
	return nil
}

// frame finds the viewBox.
func (p *Picture) frame() error {
	if v, ok := p.root.attrs["viewBox"]; ok {
		n := numbersOf(v)
		p.box = rect{n[0], n[1], n[2], n[3]}
	} else {
		w, wok := length(p.root.attrs["width"])
		h, hok := length(p.root.attrs["height"])
		if !wok || !hok || strings.HasSuffix(p.root.attrs["width"]+p.root.attrs["height"], "%") {
			return refuse(NoSize, p.root.line, "svg")
		}
		p.box = rect{0, 0, w, h}
	}
	if p.box.w < 1e-3 || p.box.h < 1e-3 || p.box.w/p.box.h > 20 || p.box.h/p.box.w > 20 {
		return refuse(NoSize, p.root.line, "svg")
	}
	// The picture's own attributes that say where it stands in a page are not kept.
	p.root.attrs["viewBox"] = strings.Join([]string{number(p.box.x), number(p.box.y), number(p.box.w), number(p.box.h)}, " ")
	for _, name := range []string{"x", "y", "id", "clip-path", "transform"} {
		delete(p.root.attrs, name)
	}
	p.root.attrs["width"], p.root.attrs["height"] = number(p.box.w), number(p.box.h)
	return nil
}

// references notes what is referred to, and drops references that lead nowhere.
func (p *Picture) references(n *node, used map[string]bool) {
	for _, name := range []string{"fill", "stroke", "clip-path", "href"} {
		target, ok := targetOf(n.attrs[name], name)
		if !ok {
			continue
		}
		to := p.ids[target]
		fits := to != nil && to != p.root
		switch name {
		case "fill", "stroke":
			fits = fits && strings.HasSuffix(to.name, "Gradient")
		case "clip-path":
			fits = fits && to.name == "clipPath"
		case "href":
			fits = fits && strings.HasSuffix(n.name, "Gradient") == strings.HasSuffix(to.name, "Gradient") && to.name != "clipPath" && to.name != "stop" && to.name != "defs"
		}
		if !fits {
			delete(n.attrs, name)
			continue
		}
		used[target] = true
	}
	for _, c := range n.children {
		p.references(c, used)
	}
}

// prune drops identifiers that nothing refers to, definitions without use, groups
// without content.
func (p *Picture) prune(n *node, used map[string]bool) bool {
	if !used[n.attrs["id"]] {
		delete(n.attrs, "id")
	}
	n.children = slices.DeleteFunc(n.children, func(c *node) bool { return !p.prune(c, used) })
	switch n.name {
	case "g", "defs":
		return len(n.children) > 0 || n.attrs["id"] != ""
	case "linearGradient", "radialGradient", "clipPath":
		return n.attrs["id"] != ""
	case "use":
		return n.attrs["href"] != ""
	}
	return true
}

// measure follows every reference and counts; what refers to itself is refused.
func (p *Picture) measure() error {
	count, size := 0, 0
	var walk func(n *node, depth int) error
	walk = func(n *node, depth int) error {
		count++
		for _, v := range n.attrs {
			size += len(v)
		}
		if count > maxExpanded || size > maxWritten || depth > 2*maxDepth {
			return refuse(TooComplex, n.line, n.name)
		}
		for _, name := range []string{"href", "clip-path", "fill", "stroke"} {
			if target, ok := targetOf(n.attrs[name], name); ok {
				if err := walk(p.ids[target], depth+1); err != nil {
					return err
				}
			}
		}
		for _, c := range n.children {
			if err := walk(c, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(p.root, 0)
}

// rename gives short names of ours to what is referred to.
func (p *Picture) rename(used map[string]bool) {
	names, ids := map[string]string{}, map[string]*node{}
	var name func(n *node)
	name = func(n *node) {
		if id := n.attrs["id"]; used[id] && id != "" {
			names[id] = "i" + strconv.Itoa(len(names)+1)
			n.attrs["id"] = names[id]
			ids[names[id]] = n
		}
		for _, c := range n.children {
			name(c)
		}
	}
	name(p.root)
	var point func(n *node)
	point = func(n *node) {
		for _, attr := range []string{"fill", "stroke", "clip-path", "href"} {
			target, ok := targetOf(n.attrs[attr], attr)
			switch {
			case !ok:
			case names[target] == "":
				delete(n.attrs, attr)
			case attr == "href":
				n.attrs[attr] = "#" + names[target]
			default:
				n.attrs[attr] = "url(#" + names[target] + ")"
			}
		}
		for _, c := range n.children {
			point(c)
		}
	}
	point(p.root)
	p.ids = ids
}

// targetOf gives the identifier that a value refers to.
func targetOf(value, name string) (string, bool) {
	if name == "href" {
		return strings.CutPrefix(value, "#")
	}
	rest, ok := strings.CutPrefix(value, "url(")
	if !ok {
		return "", false
	}
	inside, _, ok := strings.Cut(rest, ")")
	return strings.TrimPrefix(strings.Trim(strings.TrimSpace(inside), `"'`), "#"), ok
}

// write writes an element and what it holds, attributes in order.
func (n *node) write(b *bytes.Buffer, root bool) {
	b.WriteString("<" + n.name)
	if root {
		b.WriteString(` xmlns="` + svgSpace + `"`)
	}
	for _, name := range slices.Sorted(maps.Keys(n.attrs)) {
		b.WriteString(" " + name + `="`)
		_ = xml.EscapeText(b, []byte(n.attrs[name])) // a buffer never fails
		b.WriteByte('"')
	}
	if len(n.children) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	for _, c := range n.children {
		c.write(b, false)
	}
	b.WriteString("</" + n.name + ">")
}
