package forms

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// maxErrors bounds the list of things to correct in an API's body: a hostile body is not worth more.
const maxErrors = 50

// FromJSON reads the answers object of an API's body. Texts are normalised as FromForm does; what is
// empty is dropped; an unknown field or a wrong type is refused with its place, which names a key of
// the body only where the key looks like a field's. Errors are Invalid or TooLarge faults, with paths
// under "answers". It does not judge the answers: Validate does.
func (d *Definition) FromJSON(data []byte) (Answers, error) {
	if err := scanJSON(data, MaxJSON); err != nil {
		return nil, err
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(data, &body); err != nil || body == nil {
		return nil, fault.New(fault.Invalid, "answers_invalid", fault.Field{Path: "answers", Code: CodeWrongType, Message: "Envoyez un objet JSON"})
	}
	x := d.index()
	answers := make(Answers, len(body))
	var wrong []FieldError
	for _, id := range slices.Sorted(maps.Keys(body)) {
		if len(wrong) >= maxErrors {
			break
		}
		i, ok := x.byID[id]
		if !ok && slices.Contains(x.facts, id) || ok && x.entries[i].field.Kind == KindComputed {
			continue // ours, as the API gave it: never taken back
		}
		if !ok {
			wrong = append(wrong, unknownAnswer(id))
			continue
		}
		if x.entries[i].group != nil {
			v, problems := readRows(&x.entries[i], body[id])
			wrong = append(wrong, problems...)
			if !v.Empty() {
				answers[id] = v
			}
			continue
		}
		f := x.entries[i].field
		v, problem := readJSON(f, body[id])
		if problem != nil {
			problem.Field = f.ID
			wrong = append(wrong, *problem)
			continue
		}
		if !v.Empty() {
			answers[id] = v
		}
	}
	if err := Faults(wrong); err != nil {
		return nil, err
	}
	return answers, nil
}

// readRows reads the rows of a repeated section, each an object.
func readRows(e *entry, data json.RawMessage) (Value, []FieldError) {
	var list []json.RawMessage
	if !startsWith(data, "[") || json.Unmarshal(data, &list) != nil {
		return Value{}, []FieldError{*wrongType(e.field.ID, "Envoyez un tableau JSON d’objets")}
	}
	var rows []Answers
	var wrong []FieldError
	for n, item := range list {
		path := joinIndex(e.field.ID, n)
		var body map[string]json.RawMessage
		if !startsWith(item, "{") || json.Unmarshal(item, &body) != nil {
			wrong = append(wrong, *wrongType(path, "Envoyez un objet JSON"))
			continue
		}
		if n > MaxRows || len(wrong) >= maxErrors {
			break // one too many is enough for Validate to refuse
		}
		row := Answers{}
		for _, id := range slices.Sorted(maps.Keys(body)) {
			i, ok := e.group.byID[id]
			if !ok {
				problem := unknownAnswer(id)
				problem.Path = join(path, problem.Path)
				wrong = append(wrong, problem)
				continue
			}
			f := e.group.entries[i].field
			if f.Kind == KindComputed {
				continue
			}
			v, problem := readJSON(f, body[id])
			if problem != nil {
				problem.Path, problem.Field = join(path, problem.Path), rowScope(e.field.ID, n)+f.ID
				wrong = append(wrong, *problem)
			} else if !v.Empty() {
				row[id] = v
			}
		}
		rows = append(rows, row)
	}
	return Rows(rows...), wrong
}

func unknownAnswer(id string) FieldError {
	return FieldError{Path: safeKey(id), Code: CodeUnknownField, Message: "Retirez ce champ" + nbsp + ": la démarche ne le demande pas"}
}

func wrongType(path, message string) *FieldError {
	return &FieldError{Path: path, Code: CodeWrongType, Message: message}
}

func readJSON(f *Field, data json.RawMessage) (Value, *FieldError) {
	var err error
	switch f.Kind {
	case KindNumber:
		var n float64
		if startsWith(data, "-0123456789") {
			err = json.Unmarshal(data, &n)
		} else {
			err = errValue()
		}
		if err != nil {
			return Value{}, wrongType(f.ID, "Envoyez un nombre JSON")
		}
		return Number(n), nil
	case KindDeclaration:
		var b bool
		if !startsWith(data, "tf") || json.Unmarshal(data, &b) != nil {
			return Value{}, wrongType(f.ID, "Envoyez un booléen JSON")
		}
		return Bool(b), nil
	case KindChoices:
		var list []*string
		if !startsWith(data, "[") || json.Unmarshal(data, &list) != nil || slices.Contains(list, nil) {
			return Value{}, wrongType(f.ID, "Envoyez un tableau JSON de textes")
		}
		if len(list) > MaxChoices {
			return Value{}, wrongType(f.ID, "Envoyez moins de réponses")
		}
		var chosen []string
		for _, s := range list {
			if c := cleanLine(*s); c != "" && !slices.Contains(chosen, c) {
				chosen = append(chosen, c)
			}
		}
		return List(sortChoices(f, chosen)...), nil
	case KindAddress:
		return readAddress(f, data)
	case KindFile:
		return readFiles(f, data)
	default:
		var s string
		if !startsWith(data, `"`) || json.Unmarshal(data, &s) != nil {
			return Value{}, wrongType(f.ID, "Envoyez un texte JSON")
		}
		return Text(cleanString(f.Kind, s)), nil
	}
}

// readObject reads an object into its strict type; exact names, no null.
func readObject(f *Field, path string, data json.RawMessage, allowed []string, into any) *FieldError {
	var keys map[string]json.RawMessage
	if !startsWith(data, "{") || json.Unmarshal(data, &keys) != nil {
		return wrongType(path, "Envoyez un objet JSON")
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(allowed, key) {
			e := unknownAnswer(key)
			e.Path = join(path, e.Path)
			return &e
		}
		if startsWith(keys[key], "n") || json.Unmarshal(data, into) != nil {
			return wrongType(path, "Envoyez les parties de «"+nbsp+f.Label+nbsp+"» dans le type attendu")
		}
	}
	return nil
}

func readAddress(f *Field, data json.RawMessage) (Value, *FieldError) {
	allowed := []string{PartStreet, PartComplement, PartPostalCode, PartTown}
	if f.Abroad {
		allowed = append(allowed, PartCountry)
	}
	var a Address
	if e := readObject(f, f.ID, data, allowed, &a); e != nil {
		return Value{}, e
	}
	return AddressOf(Address{
		Street: cleanLine(a.Street), Complement: cleanLine(a.Complement), PostalCode: cleanPostalCode(a.PostalCode),
		Town: cleanLine(a.Town), Country: cleanCountry(a.Country),
	}), nil
}

func readFiles(f *Field, data json.RawMessage) (Value, *FieldError) {
	var list []json.RawMessage
	if !startsWith(data, "[") || json.Unmarshal(data, &list) != nil {
		return Value{}, wrongType(f.ID, "Envoyez un tableau JSON de documents")
	}
	refs := make([]FileRef, 0, min(len(list), MaxFilesPerField+1))
	for i, item := range list {
		if i > MaxFilesPerField {
			break // one too many is enough for Validate to refuse
		}
		var ref FileRef
		if e := readObject(f, joinIndex(f.ID, i), item, []string{"id", "name", "size"}, &ref); e != nil {
			return Value{}, e
		}
		ref.ID, ref.Name = cleanLine(ref.ID), cleanLine(ref.Name)
		refs = append(refs, ref)
	}
	return Files(refs...), nil
}

// startsWith tells whether a JSON value begins with one of these characters, which tells its type.
func startsWith(data json.RawMessage, first string) bool {
	data = bytes.TrimSpace(data)
	return len(data) > 0 && strings.IndexByte(first, data[0]) >= 0
}
