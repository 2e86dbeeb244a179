package forms

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// maxNesting bounds arrays and objects inside each other: a definition needs 6 levels down to a
// field's condition, 2 for each level of the condition or of a formula and a condition in it, and what holds the definition 2 more.
const maxNesting = 10 + 4*(MaxDepth+1)

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)

// Strict refuses what encoding/json lets through when it reads a value of this shape, which may hold a
// definition: more than limit bytes, invalid UTF-8, repeated keys, deep nesting, text after the value, and
// keys that no part of the shape has, compared exactly. Errors are Invalid or TooLarge faults.
func Strict(data []byte, limit int, shape reflect.Type) error {
	if err := scanJSON(data, limit); err != nil {
		return err
	}
	return knownKeys(data, shape)
}

// scanJSON refuses what encoding/json lets through: invalid UTF-8, repeated keys, deep nesting,
// text after the value.
func scanJSON(data []byte, limit int) error {
	if len(data) > limit {
		return fault.New(fault.TooLarge, "json_too_large")
	}
	if !utf8.Valid(data) {
		return fault.New(fault.Invalid, "json_malformed")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var open []map[string]bool // one per level; nil for an array
	key := false               // the next string token is a key
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 {
			return nil
		}
		if err != nil {
			return fault.New(fault.Invalid, "json_malformed")
		}
		switch t := tok.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
			if len(open) > maxNesting {
				return fault.New(fault.Invalid, "json_too_deep")
			}
			key = len(open) > 0 && open[len(open)-1] != nil
		case string:
			if key {
				seen := open[len(open)-1]
				if seen[t] {
					return fault.New(fault.Invalid, "json_duplicate_key")
				}
				seen[t] = true
				key = false
				continue
			}
			key = len(open) > 0 && open[len(open)-1] != nil
		default:
			key = len(open) > 0 && open[len(open)-1] != nil
		}
		if len(open) == 0 {
			if err := atEnd(dec); err != nil {
				return err
			}
			return nil
		}
	}
}

func atEnd(dec *json.Decoder) error {
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "json_malformed")
	}
	return nil
}

// knownKeys refuses, with its place, a key that no part of a definition has. Names are compared
// exactly, where encoding/json would ignore their case.
func knownKeys(data []byte, shape reflect.Type) error {
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		return fault.New(fault.Invalid, "json_malformed")
	}
	if path := unknownKey(shape, tree, ""); path != "" {
		return fault.New(fault.Invalid, "form_unreadable", fault.Field{Path: path, Code: "unknown_field"})
	}
	return nil
}

func unknownKey(t reflect.Type, tree any, path string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := tree.(type) {
	case map[string]any:
		if t.Kind() == reflect.Map {
			for _, key := range slices.Sorted(maps.Keys(v)) {
				if found := unknownKey(t.Elem(), v[key], join(path, safeKey(key))); found != "" {
					return found
				}
			}
			return ""
		}
		if t.Kind() != reflect.Struct || t == reflect.TypeFor[Value]() {
			return ""
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			field, ok := fieldByKey(t, key)
			if !ok {
				return join(path, safeKey(key))
			}
			if found := unknownKey(field, v[key], join(path, key)); found != "" {
				return found
			}
		}
	case []any:
		if t.Kind() != reflect.Slice {
			return ""
		}
		for i, sub := range v {
			if found := unknownKey(t.Elem(), sub, join(path, strconv.Itoa(i))); found != "" {
				return found
			}
		}
	}
	return ""
}

func fieldByKey(t reflect.Type, key string) (reflect.Type, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name == key {
			return f.Type, true
		}
	}
	return nil, false
}

// safeKey names a key of the input only where it looks like one of ours: an error never
// carries free text back.
func safeKey(key string) string {
	if idPattern.MatchString(key) {
		return key
	}
	return "*"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "/" + key
}

func decodeFault(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fault.New(fault.Invalid, "form_unreadable",
			fault.Field{Path: strings.ReplaceAll(wrong.Field, ".", "/"), Code: "wrong_type"})
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	return fault.New(fault.Invalid, "form_unreadable")
}

func sectionPath(step, section int) string {
	return "steps/" + strconv.Itoa(step) + "/sections/" + strconv.Itoa(section)
}

func fieldPath(step, section, field int) string {
	return sectionPath(step, section) + "/fields/" + strconv.Itoa(field)
}
