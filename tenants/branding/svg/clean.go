package svg

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of a picture. The work that a picture asks for is bounded again when it
// is drawn.
const (
	MaxBytes    = 256 << 10 // of the file
	maxElements = 6000
	maxDepth    = 40
	maxExpanded = 30_000  // elements once every reference is followed
	maxWritten  = 2 << 20 // bytes of attributes, likewise
)

// The reasons to refuse a picture; each has its sentence in api/web.
const (
	Unreadable = "svg_unreadable"  // not well-formed XML in UTF-8
	NotSVG     = "svg_not_svg"     // another kind of XML
	TooLarge   = "svg_too_large"   // more than MaxBytes
	TooComplex = "svg_too_complex" // too many elements, too deep, too much to draw
	Script     = "svg_script"      // script, or a handler of events
	Foreign    = "svg_foreign"     // content of another language
	External   = "svg_external"    // a reference to something outside the file
	Entity     = "svg_entity"      // a document type with declarations of its own
	Text       = "svg_text"        // words set in a font
	Bitmap     = "svg_image"       // an embedded photo
	Effect     = "svg_effect"      // what a small drawing has no need of: filter, mask, animation…
	Stylesheet = "svg_style"       // a style sheet beyond simple rules
	NoSize     = "svg_size"        // neither viewBox nor width and height
)

// Error says why a picture is refused, and where.
type Error struct {
	Code string // one of the reasons above
	Line int    // from 1; 0 where it concerns the whole file
	Name string // the element, or the attribute; never more than 40 letters of ASCII
}

// Error gives the reason and the place.
func (e *Error) Error() string { return fmt.Sprintf("%s: line %d: %s", e.Code, e.Line, e.Name) }

func refuse(code string, line int, name string) *Error {
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == ':' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, name)
	return &Error{Code: code, Line: line, Name: name[:min(len(name), 40)]}
}

// Picture is a drawing of which everything is known to be harmless.
type Picture struct {
	root *node
	ids  map[string]*node
	box  rect // the viewBox
}

// node is an element. Before it is settled its attributes are those of the file.
type node struct {
	name     string
	attrs    map[string]string
	children []*node
	line     int
}

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"
	xhtmlSpace = "http://www.w3.org/1999/xhtml"
)

// elements are those that a picture is made of.
var elements = map[string]bool{
	"svg": true, "g": true, "defs": true, "use": true, "path": true, "rect": true, "circle": true, "ellipse": true, "line": true,
	"polyline": true, "polygon": true, "linearGradient": true, "radialGradient": true, "stop": true, "clipPath": true,
}

// refusedElements are known, and why they are not taken.
var refusedElements = map[string]string{
	"script": Script, "handler": Script, "listener": Script,
	"foreignobject": Foreign, "iframe": Foreign, "embed": Foreign, "object": Foreign, "audio": Foreign, "video": Foreign, "canvas": Foreign, "html": Foreign, "body": Foreign,
	"text": Text, "tspan": Text, "textpath": Text, "font": Text, "font-face": Text,
	"image": Bitmap, "feimage": Bitmap,
}

// leftovers are dropped with all they hold: nobody sees them.
var leftovers = map[string]bool{"metadata": true, "title": true, "desc": true, "namedview": true, "style": true}

// Clean reads a picture and keeps what may be kept of it. Every error is an *[Error].
func Clean(source []byte) (*Picture, error) {
	if len(source) > MaxBytes {
		return nil, refuse(TooLarge, 0, "")
	}
	source = bytes.TrimPrefix(source, []byte("\xef\xbb\xbf"))
	r := reader{decoder: xml.NewDecoder(bytes.NewReader(source))}
	if err := r.read(); err != nil {
		return nil, err
	}
	p := &Picture{root: r.root}
	if err := p.settle(r.rules); err != nil {
		return nil, err
	}
	return p, nil
}

// reader builds the tree of a file.
type reader struct {
	decoder *xml.Decoder
	root    *node
	stack   []*node
	rules   []rule
	count   int
	dropped int // depth inside a leftover; 0 outside
	style   *strings.Builder
	styleAt int
}

func (r *reader) line() int {
	line, _ := r.decoder.InputPos()
	return line
}

func (r *reader) read() error {
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return refuse(Unreadable, r.line(), "")
		}
		if err := r.take(token); err != nil {
			return err
		}
	}
	if r.root == nil {
		return refuse(NotSVG, 0, "")
	}
	return nil
}

func (r *reader) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		return r.end()
	case xml.CharData:
		if r.style != nil {
			r.style.Write(t)
		}
	case xml.Directive:
		if bytes.ContainsAny(t, "[") || bytes.Contains(bytes.ToUpper(t), []byte("ENTITY")) {
			return refuse(Entity, r.line(), "DOCTYPE")
		}
	case xml.ProcInst:
		if strings.EqualFold(t.Target, "xml-stylesheet") {
			return refuse(External, r.line(), "xml-stylesheet")
		}
	}
	return nil
}

func (r *reader) start(t xml.StartElement) error {
	line, name := r.line(), t.Name.Local
	r.count++
	if r.count > maxElements || len(r.stack)+r.dropped >= maxDepth {
		return refuse(TooComplex, line, name)
	}
	if code := refusedElements[strings.ToLower(name)]; code != "" && (r.dropped == 0 || code == Script || code == Foreign) {
		return refuse(code, line, name)
	}
	if t.Name.Space == xhtmlSpace {
		return refuse(Foreign, line, name)
	}
	if err := harmless(t.Attr, line); err != nil {
		return err
	}
	if r.root == nil && (name != "svg" || t.Name.Space != svgSpace && t.Name.Space != "") {
		return refuse(NotSVG, line, name)
	}
	own := t.Name.Space == svgSpace || t.Name.Space == ""
	if r.dropped > 0 || !own || leftovers[name] {
		if r.dropped == 0 && own && name == "style" {
			r.style, r.styleAt = &strings.Builder{}, line
		}
		r.dropped++
		return nil
	}
	n := &node{name: name, line: line, attrs: map[string]string{}}
	if name == "a" { // a link leads nowhere from a picture
		n.name = "g"
	}
	if !elements[n.name] || n.name == "svg" && r.root != nil {
		return refuse(Effect, line, name)
	}
	for _, a := range t.Attr {
		if a.Name.Space == "" || a.Name.Space == xlinkSpace && a.Name.Local == "href" {
			n.attrs[a.Name.Local] = strings.TrimSpace(a.Value)
		}
	}
	if name == "a" {
		delete(n.attrs, "href")
	}
	if len(r.stack) > 0 {
		parent := r.stack[len(r.stack)-1]
		parent.children = append(parent.children, n)
	} else {
		r.root = n
	}
	r.stack = append(r.stack, n)
	return nil
}

func (r *reader) end() error {
	if r.dropped == 0 {
		r.stack = r.stack[:len(r.stack)-1]
		return nil
	}
	r.dropped--
	if r.dropped > 0 || r.style == nil {
		return nil
	}
	rules, err := parseSheet(r.style.String(), r.styleAt)
	r.rules, r.style = append(r.rules, rules...), nil
	return err
}

// harmless refuses what runs or fetches something, on whatever element it stands.
func harmless(attrs []xml.Attr, line int) error {
	for _, a := range attrs {
		name, value := strings.ToLower(a.Name.Local), strings.ToLower(strings.Join(strings.Fields(a.Value), ""))
		value = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, value)
		switch {
		case strings.HasPrefix(name, "on") && a.Name.Space != "xmlns":
			return refuse(Script, line, a.Name.Local)
		case strings.Contains(value, "javascript:") || strings.Contains(value, "vbscript:"):
			return refuse(Script, line, a.Name.Local)
		case name == "base" && a.Name.Space == "http://www.w3.org/XML/1998/namespace":
			return refuse(External, line, "xml:base")
		}
	}
	return nil
}

// Bytes writes the picture: UTF-8, without a declaration, the same each time.
func (p *Picture) Bytes() []byte {
	var b bytes.Buffer
	p.root.write(&b, true)
	return b.Bytes()
}

// Size gives the width and the height that the picture is drawn for.
func (p *Picture) Size() (width, height float64) { return p.box.w, p.box.h }
