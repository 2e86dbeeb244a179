package forms

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Answers holds what a person answered, by field id. Its JSON is canonical (sorted keys, one form per
// value) and is what a request stores.
type Answers map[string]Value

type shape uint8

const (
	shapeNone shape = iota
	shapeText
	shapeNumber
	shapeBool
	shapeList
	shapeAddress
	shapeFiles
	shapeRows
)

// Value is one answer: text, number, boolean, list of choices, address, files or the rows of a repeated section. The zero Value is no
// answer. A date is the text "2026-12-06" and a phone number the text "+33561000000". A value is never
// changed once made.
type Value struct {
	shape shape
	text  string
	num   float64
	list  []string
	addr  *Address
	files []FileRef
	rows  []Answers
}

// Address is a postal address. Country is empty for France.
type Address struct {
	Street     string `json:"street"` // number and street
	Complement string `json:"complement,omitempty"`
	PostalCode string `json:"postal_code"`
	Town       string `json:"town"`
	Country    string `json:"country,omitempty"`
}

// FileRef points to an uploaded file: the id that tenants/documents gave it, its name as the person
// knows it, and its size in bytes.
type FileRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// Text makes a textual answer: text, e-mail, E.164 phone number, ISO date or the value of a choice.
func Text(s string) Value { return Value{shape: shapeText, text: s} }

// Number makes a numeric answer. A number that JSON cannot hold (NaN, infinite) makes no answer.
func Number(n float64) Value {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return Value{}
	}
	if n == 0 {
		n = 0 // no negative zero
	}
	return Value{shape: shapeNumber, num: n}
}

// Bool makes the answer of a declaration.
func Bool(b bool) Value {
	v := Value{shape: shapeBool}
	if b {
		v.num = 1
	}
	return v
}

// List makes the answer of a choices field.
func List(values ...string) Value { return Value{shape: shapeList, list: slices.Clone(values)} }

// AddressOf makes the answer of an address field.
func AddressOf(a Address) Value { return Value{shape: shapeAddress, addr: &a} }

// Files makes the answer of a file field.
func Files(refs ...FileRef) Value { return Value{shape: shapeFiles, files: slices.Clone(refs)} }

// Rows makes the answer of a repeated section.
func Rows(rows ...Answers) Value { return Value{shape: shapeRows, rows: slices.Clone(rows)} }

// Rows gives a copy of the list of rows, which must not be changed, and whether the value is one.
func (v Value) Rows() ([]Answers, bool) { return slices.Clone(v.rows), v.shape == shapeRows }

// Text gives the text, and whether the value is one.
func (v Value) Text() (string, bool) { return v.text, v.shape == shapeText }

// Number gives the number, and whether the value is one.
func (v Value) Number() (float64, bool) { return v.num, v.shape == shapeNumber }

// Bool gives the boolean, and whether the value is one.
func (v Value) Bool() (value, ok bool) {
	return v.shape == shapeBool && v.num == 1, v.shape == shapeBool
}

// List gives a copy of the chosen values, and whether the value is a list.
func (v Value) List() ([]string, bool) { return slices.Clone(v.list), v.shape == shapeList }

// Address gives the address, and whether the value is one.
func (v Value) Address() (Address, bool) {
	if v.shape != shapeAddress {
		return Address{}, false
	}
	return *v.addr, true
}

// Files gives a copy of the file references, and whether the value is a list of them.
func (v Value) Files() ([]FileRef, bool) { return slices.Clone(v.files), v.shape == shapeFiles }

// Empty tells whether the value answers nothing: no value, empty text or list, a box left unticked, an
// address without any part.
func (v Value) Empty() bool {
	switch v.shape {
	case shapeText:
		return v.text == ""
	case shapeNumber:
		return false
	case shapeBool:
		return v.num != 1
	case shapeList:
		return len(v.list) == 0
	case shapeAddress:
		return *v.addr == Address{}
	case shapeFiles:
		return len(v.files) == 0
	case shapeRows:
		return len(v.rows) == 0
	default:
		return true
	}
}

// Equal tells whether two values are the same answer.
func (v Value) Equal(w Value) bool {
	if v.shape != w.shape || v.text != w.text || v.num != w.num || !slices.Equal(v.list, w.list) || !slices.Equal(v.files, w.files) {
		return false
	}
	if v.shape == shapeRows {
		return slices.EqualFunc(v.rows, w.rows, func(a, b Answers) bool { return maps.EqualFunc(a, b, Value.Equal) })
	}
	return v.shape != shapeAddress || *v.addr == *w.addr
}

// size estimates the bytes of the value as JSON.
func (v Value) size() int {
	n := 24 + len(v.text)
	for _, s := range v.list {
		n += len(s) + 3
	}
	for _, f := range v.files {
		n += len(f.ID) + len(f.Name) + 40
	}
	for _, row := range v.rows {
		n += 3
		for id, cell := range row {
			n += len(id) + cell.size()
		}
	}
	if v.addr != nil {
		n += len(v.addr.Street) + len(v.addr.Complement) + len(v.addr.PostalCode) + len(v.addr.Town) + len(v.addr.Country) + 70
	}
	return n
}

// MarshalJSON writes the value's canonical JSON: string, number, boolean, array of strings, address
// object or array of file references; null for no answer.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.shape {
	case shapeText:
		return json.Marshal(v.text)
	case shapeNumber:
		return json.Marshal(v.num)
	case shapeBool:
		return strconv.AppendBool(nil, v.num == 1), nil
	case shapeList:
		if v.list == nil {
			return []byte("[]"), nil
		}
		return json.Marshal(v.list)
	case shapeAddress:
		return json.Marshal(v.addr)
	case shapeFiles:
		if v.files == nil {
			return []byte("[]"), nil
		}
		return json.Marshal(v.files)
	case shapeRows:
		return json.Marshal(v.rows)
	default:
		return []byte("null"), nil
	}
}

// UnmarshalJSON reads what MarshalJSON wrote: the shape of the JSON decides the shape of the value. It
// is the way back from storage; input from outside goes through Definition.FromJSON.
func (v *Value) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return errValue()
	}
	var err error
	switch data[0] {
	case 'n':
		*v = Value{}
	case '"':
		var s string
		err = json.Unmarshal(data, &s)
		*v = Text(s)
	case 't', 'f':
		*v = Bool(data[0] == 't')
	case '{':
		var a Address
		err = strictDecode(data, &a)
		*v = AddressOf(a)
	case '[':
		err = v.unmarshalArray(data)
	default:
		var n float64
		err = json.Unmarshal(data, &n)
		*v = Number(n)
	}
	if err != nil {
		return errValue()
	}
	return nil
}

func (v *Value) unmarshalArray(data []byte) error {
	if strings.HasPrefix(strings.TrimLeft(string(data[1:]), " \t\r\n"), "{") {
		return v.unmarshalObjects(data)
	}
	var list []string
	err := json.Unmarshal(data, &list)
	*v = List(list...)
	return err
}

// unmarshalObjects reads files where each object has a file's three parts, and else rows, whose own values are
// no rows.
func (v *Value) unmarshalObjects(data []byte) error {
	var objects []map[string]json.RawMessage
	if err := json.Unmarshal(data, &objects); err != nil {
		return err
	}
	files := func(object map[string]json.RawMessage) bool {
		return len(object) == 3 && object["id"] != nil && object["name"] != nil && startsWith(object["size"], "-0123456789")
	}
	if !slices.ContainsFunc(objects, func(o map[string]json.RawMessage) bool { return !files(o) }) {
		var refs []FileRef
		err := strictDecode(data, &refs)
		*v = Files(refs...)
		return err
	}
	rows := make([]Answers, len(objects))
	for i, object := range objects {
		rows[i] = Answers{}
		for id, cell := range object {
			var own Value
			if startsWith(cell, "[") && !startsWith(bytes.TrimSpace(cell)[1:], "\"]") {
				return errValue() // neither choices nor nothing: a row holds no files and no rows
			}
			if err := own.UnmarshalJSON(cell); err != nil {
				return err
			}
			rows[i][id] = own
		}
	}
	*v = Rows(rows...)
	return nil
}

func strictDecode(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

func errValue() error { return fault.New(fault.Invalid, "value_unreadable") }
