package exchange

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// What a source may be at most. Real ones are far below: the largest of ours has 54 KB,
// 8 levels and 2,500 nodes.
const (
	MaxSource   = 4 << 20 // bytes of one source, unfolded
	maxLevels   = 60
	maxNodes    = 100_000
	maxNodeName = 200 // bytes of a key or a tag
)

// fate is what became of a node of a source.
type fate uint8

const (
	fateNone fate = iota // nobody has looked at it: lost, in the end
	fateCarried
	fateChanged
	fateLost
)

// source is one part of a file that was read: an element, an attribute, a member, an item.
type source struct {
	name string // tag, "@attribute" or key; "" for an item
	path string // place in the file, as an XPath or a JSON Pointer reads
	text string // its own text, trimmed; of JSON, the literal
	kids []*source
	json byte // 's', 'n', 'b', '0', '{' or '['; 0 for XML

	fate       fate
	what       string // of whom the report speaks: the label of the question around it
	to, reason string
}

func tooLarge() error { return fault.New(fault.TooLarge, "import_too_large") }

func noSource() error { return fault.New(fault.Invalid, "import_unreadable") }

// readXML reads an XML document into a tree. A document type is refused, so that there
// are no entities but XML's own five and nothing outside is ever named.
func readXML(data []byte) (*source, error) {
	if len(data) > MaxSource {
		return nil, tooLarge()
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	var root *source
	var open []*source
	nodes := 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && root != nil && len(open) == 0 {
			numbered(root)
			return root, nil
		}
		if err != nil {
			return nil, noSource()
		}
		switch t := tok.(type) {
		case xml.Directive:
			return nil, noSource()
		case xml.StartElement:
			if nodes += 1 + len(t.Attr); nodes > maxNodes || len(open) > maxLevels {
				return nil, tooLarge()
			}
			n := &source{name: t.Name.Local}
			for _, a := range t.Attr {
				n.kids = append(n.kids, &source{name: "@" + a.Name.Local, text: strings.TrimSpace(a.Value)})
			}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.kids = append(parent.kids, n)
			case root != nil:
				return nil, noSource()
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			last := open[len(open)-1]
			last.text = strings.TrimSpace(last.text)
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(t)
			}
		}
	}
}

// numbered gives every node of an XML tree its place.
func numbered(n *source) {
	if n.path == "" {
		n.path = "/" + n.name
	}
	count, seen := map[string]int{}, map[string]int{}
	for _, kid := range n.kids {
		count[kid.name]++
	}
	for _, kid := range n.kids {
		kid.path = n.path + "/" + kid.name
		if seen[kid.name]++; count[kid.name] > 1 {
			kid.path += "[" + strconv.Itoa(seen[kid.name]) + "]"
		}
		numbered(kid)
	}
}

// readJSON reads a JSON document into a tree. A key that stands twice gives two nodes.
func readJSON(data []byte, path string) (*source, error) {
	if len(data) > MaxSource {
		return nil, tooLarge()
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, noSource()
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	r := jsonReader{dec: dec}
	root, err := r.value("", path, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, noSource()
	}
	return root, nil
}

type jsonReader struct {
	dec   *json.Decoder
	nodes int
}

func (r *jsonReader) value(name, path string, level int) (*source, error) {
	tok, err := r.dec.Token()
	if err != nil {
		return nil, noSource()
	}
	return r.from(tok, name, path, level)
}

func (r *jsonReader) from(tok json.Token, name, path string, level int) (*source, error) {
	if r.nodes++; r.nodes > maxNodes || level > maxLevels || len(name) > maxNodeName {
		return nil, tooLarge()
	}
	n := &source{name: name, path: path}
	switch t := tok.(type) {
	case json.Delim:
		n.json = byte(t)
		if n.json != '{' && n.json != '[' {
			return nil, noSource()
		}
		return n, r.inside(n, level)
	case string:
		n.json, n.text = 's', strings.TrimSpace(t)
	case json.Number:
		n.json, n.text = 'n', t.String()
	case bool:
		n.json, n.text = 'b', strconv.FormatBool(t)
	default:
		n.json = '0'
	}
	return n, nil
}

// inside reads the members of an object or the items of an array, and its end.
func (r *jsonReader) inside(n *source, level int) error {
	for i := 0; r.dec.More(); i++ {
		name := ""
		if n.json == '{' {
			tok, err := r.dec.Token()
			key, ok := tok.(string)
			if err != nil || !ok {
				return noSource()
			}
			name = key
		}
		place := n.path + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if n.json == '[' {
			place = n.path + "/" + strconv.Itoa(i)
		}
		kid, err := r.value(name, place, level+1)
		if err != nil {
			return err
		}
		n.kids = append(n.kids, kid)
	}
	if _, err := r.dec.Token(); err != nil {
		return noSource()
	}
	return nil
}

// kid gives the first child of that name that nobody has looked at; nil where there is none.
func (n *source) kid(name string) *source {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// at goes down by names; nil where the way ends.
func (n *source) at(names ...string) *source {
	for _, name := range names {
		n = n.kid(name)
	}
	return n
}

// value gives the text of a child and marks it as carried over; "" for none.
func (n *source) value(name string) string {
	k := n.kid(name)
	if k == nil {
		return ""
	}
	k.carry("")
	return k.text
}

// peek gives the text of a child without any mark.
func (n *source) peek(name string) string {
	if k := n.kid(name); k != nil {
		return k.text
	}
	return ""
}

// mark says what became of this node alone; the first word holds.
func (n *source) mark(f fate, to, reason string) {
	if n == nil || n.fate != fateNone {
		return
	}
	n.fate, n.to, n.reason = f, to, reason
}

// carry marks this node, with what only qualifies it (its attributes), as carried over.
func (n *source) carry(to string) {
	if n == nil {
		return
	}
	n.mark(fateCarried, to, "")
	for _, k := range n.kids {
		if strings.HasPrefix(k.name, "@") {
			k.mark(fateCarried, to, "")
		}
	}
}

// all marks this node and whatever is below it and not marked yet.
func (n *source) all(f fate, to, reason string) {
	if n == nil {
		return
	}
	n.mark(f, to, reason)
	for _, k := range n.kids {
		k.all(f, to, reason)
	}
}

// lose marks this node and what is below it as lost.
func (n *source) lose(reason string) { n.all(fateLost, "", reason) }

// change marks this node and what is below it as carried over otherwise than it was.
func (n *source) change(to, reason string) { n.all(fateChanged, to, reason) }

// about names what this node and its children belong to.
func (n *source) about(what string) {
	if n == nil || n.what != "" {
		return
	}
	n.what = what
	for _, k := range n.kids {
		k.about(what)
	}
}

// textOr gives the text of a node, or another where it has none.
func (n *source) textOr(otherwise string) string {
	if n == nil || strings.TrimSpace(n.text) == "" {
		return otherwise
	}
	return strings.TrimSpace(n.text)
}

// empty tells whether a node says nothing.
func (n *source) empty() bool {
	if n == nil {
		return true
	}
	if n.json == 's' || n.json == '0' || n.json == 0 {
		if n.text != "" {
			return false
		}
	} else if n.json == 'n' || n.json == 'b' {
		return n.json == 'b' && n.text == "false"
	}
	for _, k := range n.kids {
		if !strings.HasPrefix(k.name, "@") && !k.empty() {
			return false
		}
	}
	return true
}
