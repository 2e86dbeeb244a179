package forms

import (
	"bytes"
	"encoding/json"
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
)

// Value is one answer: text, number, boolean, list of choices, address or files. The zero Value is no
// answer. A date is the text "2026-12-06" and a phone number the text "+33561000000". A value is never
// changed once made.
type Value struct {
	shape shape
	text  string
	num   float64
	list  []string
	addr  *Address
	files []FileRef
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
	default:
		return true
	}
}

// Equal tells whether two values are the same answer.
func (v Value) Equal(w Value) bool {
	if v.shape != w.shape || v.text != w.text || v.num != w.num || !slices.Equal(v.list, w.list) || !slices.Equal(v.files, w.files) {
		return false
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
		var refs []FileRef
		err := strictDecode(data, &refs)
		*v = Files(refs...)
		return err
	}
	var list []string
	err := json.Unmarshal(data, &list)
	*v = List(list...)
	return err
}

func strictDecode(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

func errValue() error { return fault.New(fault.Invalid, "value_unreadable") }
