package forms

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// KindBlock stands for the questions of a block, in a form that is being written and in a block. Expand puts the questions in
// its place, so that what is published depends on no block; Check refuses one that is left.
const KindBlock Kind = "block"

// The limits of blocks.
const (
	MaxBlockFields = 50 // questions of one block, blocks among them counted as one
	maxBlockDepth  = 5  // blocks in each other

	maxExpanded = 4 * MaxFields // questions that are looked at while blocks are put in their place
)

// Block is a group of questions that several forms ask: who a child is, an address. Its conditions and formulas look at its own
// questions alone, and at facts.
type Block struct {
	Version int     `json:"version"` // FormatVersion
	Title   string  `json:"title"`
	Fields  []Field `json:"fields"`
}

// FindBlock gives the block of a name, or nil.
type FindBlock func(name string) *Block

// ParseBlock reads a block strictly, as Parse reads a form.
func ParseBlock(data []byte) (*Block, error) {
	if err := Strict(data, MaxJSON, reflect.TypeFor[Block]()); err != nil {
		return nil, err
	}
	var b Block
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, decodeFault(err)
	}
	if b.Version != FormatVersion {
		return nil, fault.New(fault.Invalid, "form_version", fault.Field{Path: "version", Code: "unsupported"})
	}
	if len(b.Fields) > MaxBlockFields {
		return nil, fault.New(fault.TooLarge, "form_too_large", fault.Field{Path: "fields", Code: "too_many_fields"})
	}
	if _, err := Build(b.form(b.Fields)); err != nil {
		return nil, err // its conditions and formulas are bounded as a form's
	}
	return &b, nil
}

// form is a form of these questions alone.
func (b *Block) form(fields []Field) Definition {
	return Definition{Version: FormatVersion, Steps: []Step{{ID: "bloc", Title: "Bloc", Sections: []Section{{ID: "bloc", Fields: fields}}}}}
}

// Check tells, in French, what keeps the block of that name from being put into forms: what would keep its questions from being
// published, a block in it that is not there, and one that holds itself in the end.
func (b *Block) Check(name string, find FindBlock) []Problem {
	e := expander{find: func(other string) *Block {
		if other == name {
			return b
		}
		return find(other)
	}, open: []string{name}}
	fields := e.fields("fields", b.Fields)
	around := b.form(fields)
	around.Recipients, around.Retention = []string{b.Title}, b.Title // the form says them that it is put into
	d, err := Build(around)
	if err != nil {
		return append(e.problems, Problem{Path: "fields", Code: "too_large", Message: "Retirez des questions" + nbsp + ": ce bloc est trop grand"})
	}
	if len(e.whole()) > 0 {
		return e.problems // what is missing would be told again
	}
	var out []Problem
	for _, p := range d.Check() {
		if rest, ok := strings.CutPrefix(p.Path, "steps/0/sections/0/"); ok {
			p.Path = rest
			out = append(out, p)
		}
	}
	if len(b.Fields) == 0 {
		out = append(out, Problem{Path: "fields", Code: "empty", Message: "Ajoutez au moins une question"})
	}
	return out
}

// Blocks lists the blocks that the questions stand for or come from, each once.
func (d *Definition) Blocks() []string {
	var out []string
	for f := range d.fields() {
		if f.Block != "" && !slices.Contains(out, f.Block) {
			out = append(out, f.Block)
		}
	}
	return out
}

// Expand gives the form with the questions of its blocks in their place, each named after its place ("adresse" gives
// "adresse_ville") and marked with the block that it comes from; a form without blocks is given back. Problems say where a block
// is not there, or holds itself; the form is nil then.
func (d *Definition) Expand(find FindBlock) (*Definition, []Problem) {
	waiting := false
	for f := range d.fields() {
		waiting = waiting || f.Kind == KindBlock
	}
	if !waiting {
		return d, nil
	}
	out, e := *d, expander{find: find}
	out.Steps = slices.Clone(d.Steps)
	for si := range out.Steps {
		out.Steps[si].Sections = slices.Clone(out.Steps[si].Sections)
		for ci := range out.Steps[si].Sections {
			section := &out.Steps[si].Sections[ci]
			section.Fields = e.fields(sectionPath(si, ci)+"/fields", section.Fields)
		}
	}
	if problems := e.whole(); len(problems) > 0 {
		return nil, problems
	}
	built, err := Build(out)
	if err != nil {
		return nil, []Problem{{Path: "steps", Code: "too_large", Message: "Retirez des questions" + nbsp + ": avec ses blocs, ce formulaire est trop grand"}}
	}
	return built, nil
}

type expander struct {
	find     FindBlock
	open     []string // the blocks that are being expanded, the outermost first
	count    int
	problems []Problem
}

func (e *expander) add(path, code, message string) []Field {
	e.problems = append(e.problems, Problem{Path: path, Code: code, Message: message})
	return nil
}

func (e *expander) fields(path string, fields []Field) []Field {
	out := make([]Field, 0, len(fields))
	for i := range fields {
		if e.count++; e.count > maxExpanded {
			break // told at the end
		}
		if fields[i].Kind != KindBlock {
			out = append(out, fields[i])
			continue
		}
		out = append(out, e.block(joinIndex(path, i), &fields[i])...)
	}
	return out
}

// whole tells what is wrong, where the questions were too many beside all else.
func (e *expander) whole() []Problem {
	if e.count > maxExpanded {
		e.add("steps", "too_large", "Retirez des questions"+nbsp+": avec ses blocs, ce formulaire est trop grand")
	}
	return e.problems
}

// block gives the questions that stand for a place.
func (e *expander) block(path string, at *Field) []Field {
	chain := strings.Join(append(slices.Clone(e.open), at.Block), " → ")
	switch {
	case slices.Contains(e.open, at.Block):
		return e.add(path+"/block", "block_cycle", "Retirez ce bloc"+nbsp+": il se contiendrait lui-même ("+chain+")")
	case len(e.open) >= maxBlockDepth:
		return e.add(path+"/block", "too_deep", "Simplifiez"+nbsp+": trop de blocs sont les uns dans les autres ("+chain+")")
	}
	b := e.find(at.Block)
	if b == nil {
		return e.add(path+"/block", "block_missing", "Choisissez un bloc de la commune ou de la bibliothèque"+nbsp+": «"+nbsp+at.Block+nbsp+"» n’existe pas")
	}
	e.open = append(e.open, at.Block)
	inner := e.fields(path+"/block", b.Fields)
	e.open = e.open[:len(e.open)-1]
	own := map[string]bool{}
	for i := range inner {
		own[inner[i].ID] = true
	}
	name := func(id string) string {
		if own[id] {
			return at.ID + "_" + id
		}
		return id
	}
	out := make([]Field, 0, len(inner))
	for i := range inner {
		f, err := inner[i].renamed(name)
		if err != nil {
			return e.add(path+"/block", "block_missing", "Corrigez ce bloc"+nbsp+": il ne peut pas être lu")
		}
		f.Block = at.Block
		switch {
		case at.If != nil && f.If != nil:
			f.If = &Condition{And: []Condition{*at.If, *f.If}}
		case at.If != nil:
			f.If = at.If
		}
		out = append(out, f)
	}
	return out
}

// renamed gives a question of its own, with other names for itself and for what it looks at.
func (f *Field) renamed(name func(id string) string) (Field, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return Field{}, err
	}
	var out Field
	if err := json.Unmarshal(text, &out); err != nil {
		return Field{}, err
	}
	out.ID, out.Before, out.After, out.If = name(f.ID), name(f.Before), name(f.After), f.If.renamed(name)
	if out.Stop != nil {
		out.Stop.If = f.Stop.If.renamed(name)
	}
	match := func(where []Match) {
		for i := range where {
			where[i].Field = name(where[i].Field)
		}
	}
	if out.Table != nil {
		match(out.Table.Where)
	}
	out.Compute.walk("", MaxDepth, func(_ string, part *Expr, _ bool) {
		part.Field, part.If = name(part.Field), part.If.renamed(name)
		for _, span := range []*Span{part.Days, part.Years} {
			if span != nil {
				span.From, span.To = name(span.From), name(span.To)
			}
		}
		if part.Lookup != nil {
			match(part.Lookup.Where)
		}
	})
	return out, nil
}
