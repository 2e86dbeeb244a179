package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Check reads a file in our own format and tells, in French, everything that keeps it from
// being published: where it is, what is wrong, what to do. The procedure is nil where
// the file could not be read as one.
func Check(data []byte) (*catalogue.Procedure, []forms.Problem) {
	p, err := catalogue.ParseProcedure(data)
	if err != nil {
		return nil, unreadable(data, err)
	}
	return p, p.Check()
}

// words say what to do where a file cannot be read, by the code of the fault's field.
var words = map[string]string{
	"unknown_field":   "Retirez cette clé, ou corrigez son nom\u00a0: le format n’en a pas de pareille",
	"wrong_type":      "Donnez ici une valeur du genre attendu (texte, nombre, vrai ou faux, liste, objet)",
	"unsupported":     "Écrivez 1\u00a0: c’est la seule version du format que nous lisons",
	"too_many":        "Retirez-en\u00a0: il y en a plus que le format ne permet",
	"too_many_fields": "Retirez des questions\u00a0: un formulaire en a au plus 200",
	"too_deep":        "Simplifiez cette condition\u00a0: elle a trop de niveaux ou de comparaisons",
}

// unreadable says why a file is not a procedure.
func unreadable(data []byte, err error) []forms.Problem {
	f := fault.Of(err)
	var out []forms.Problem
	for _, field := range f.Fields {
		if what := words[field.Code]; what != "" {
			out = append(out, forms.Problem{Path: field.Path, Code: field.Code, Message: what})
		}
	}
	if len(out) > 0 {
		return out
	}
	var path, message string
	switch {
	case f.Kind == fault.TooLarge:
		message = "Allégez ce fichier\u00a0: une démarche tient en 512\u00a0Ko, et son formulaire en 256\u00a0Ko"
	case !utf8.Valid(data):
		message = "Enregistrez ce fichier en UTF-8"
	default:
		if place := brokenAt(data); place != "" {
			path, message = place, "Corrigez le JSON\u00a0: il ne peut pas être lu au-delà de cet endroit"
		} else {
			message = "Corrigez ce fichier\u00a0: une clé y est donnée deux fois, ou il a trop de niveaux"
		}
	}
	return []forms.Problem{{Path: path, Code: f.Code, Message: message}}
}

// brokenAt gives the line and the column where JSON ends to be JSON; "" where it is.
func brokenAt(data []byte) string {
	dec := json.NewDecoder(bytes.NewReader(data))
	var whole json.RawMessage
	err := dec.Decode(&whole)
	end := len(data)
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		end = int(wrong.Offset)
	} else if err == nil {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return ""
		}
		end = int(dec.InputOffset())
	}
	before := data[:min(max(end, 0), len(data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return "ligne " + strconv.Itoa(line) + ", colonne " + strconv.Itoa(max(column, 1))
}

// Ours tells whether a file says that it is in our own format.
func Ours(f File) bool {
	var head struct {
		Format json.RawMessage `json:"format"`
		Form   json.RawMessage `json:"form"`
	}
	return Guess(f) == "" && json.Unmarshal(f.Data, &head) == nil && len(head.Format) > 0
}
