package forms

import (
	"maps"
	"slices"
	"time"
)

// The facts that a condition or a formula may look at beside the questions. They are ours, never typed
// nor taken from a client; those that a form looks at are kept with its answers, under these names, so that a request
// always reads as it was decided.
const (
	FactToday     = "@today"     // the commune's date, ISO
	FactApplicant = "@applicant" // ApplicantPerson or ApplicantOrganisation
	FactIdentity  = "@identity"  // how well the person is known, 0 to 3 (catalogue.IdentityNone…IdentityState)
	FactResidence = "@residence" // ResidenceCommune, ResidenceFrance or ResidenceAbroad, after the postal address
)

// The values of FactApplicant and of FactResidence.
const (
	ApplicantPerson       = "person"
	ApplicantOrganisation = "organisation"
	ResidenceCommune      = "commune"
	ResidenceFrance       = "france" // elsewhere in France
	ResidenceAbroad       = "abroad"
)

const maxIdentity = 3

// Facts is what the program knows where answers are given. An empty text is not known, and no test on it holds.
type Facts struct {
	Today     time.Time // the civil date counts, in its location: the commune's
	Applicant string
	Identity  int
	Residence string
	Tables    Tables // those that the form draws from (TableNames)
}

// facts are the entries that stand for each, so that conditions on them are checked like those on questions.
var facts = map[string]*entry{
	FactToday:     factEntry(FactToday, Field{Kind: KindDate, Label: "Date du jour"}),
	FactApplicant: factEntry(FactApplicant, Field{Kind: KindChoice, Label: "Nature du demandeur", Choices: []Choice{{Value: ApplicantPerson, Label: "Une personne"}, {Value: ApplicantOrganisation, Label: "Un organisme"}}}),
	FactIdentity:  factEntry(FactIdentity, Field{Kind: KindNumber, Label: "Niveau d’identité", Min: new(float64(0)), Max: new(float64(maxIdentity))}),
	FactResidence: factEntry(FactResidence, Field{Kind: KindChoice, Label: "Lieu de résidence", Choices: []Choice{{Value: ResidenceCommune, Label: "Dans la commune"}, {Value: ResidenceFrance, Label: "Ailleurs en France"}, {Value: ResidenceAbroad, Label: "À l’étranger"}}}),
}

func factEntry(id string, f Field) *entry {
	f.ID = id
	e := newEntry(&f, nil, -1, false)
	return &e
}

// FactFields lists the facts as fields, by name, for who writes conditions on them.
func FactFields() []Field {
	out := make([]Field, 0, len(facts))
	for _, id := range slices.Sorted(maps.Keys(facts)) {
		out = append(out, *facts[id].field)
	}
	return out
}

// fact gives a fact that answers were settled with.
func fact(a Answers, id string) Value {
	if len(id) == 0 || id[0] != '@' {
		return Value{}
	}
	return a[id]
}

// answer gives what is known under a fact's name.
func (f Facts) answer(id string) Value {
	switch id {
	case FactToday:
		if f.Today.IsZero() {
			return Value{}
		}
		return Text(midnight(f.Today).Format(time.DateOnly))
	case FactApplicant:
		return Text(f.Applicant)
	case FactIdentity:
		return Number(float64(min(max(f.Identity, 0), maxIdentity)))
	default:
		return Text(f.Residence)
	}
}

// usedFacts lists the facts that the form's conditions look at.
func (d *Definition) usedFacts() []string {
	used := map[string]bool{}
	use := func(refs ...string) {
		for _, id := range refs {
			if _, ok := facts[id]; ok {
				used[id] = true
			}
		}
	}
	d.conditions(func(c *Condition) {
		use(c.Field)
		if c.As != "" {
			use(c.at())
		}
	})
	d.formulas(func(e *Expr) {
		use(e.Field)
		for _, span := range []*Span{e.Days, e.Years} {
			if span != nil {
				use(orToday(span.From), orToday(span.To))
			}
		}
	})
	return slices.Sorted(maps.Keys(used))
}

// conditions visits every test of the form.
func (d *Definition) conditions(visit func(leaf *Condition)) {
	leaves := func(_ string, part *Condition, _ bool) {
		if part.Field != "" {
			visit(part)
		}
	}
	stop := func(s *Stop) {
		if s != nil {
			s.If.walk("", MaxDepth, leaves)
		}
	}
	d.sections(func(section *Section) {
		section.If.walk("", MaxDepth, leaves)
		stop(section.Stop)
		for fi := range section.Fields {
			section.Fields[fi].If.walk("", MaxDepth, leaves)
			stop(section.Fields[fi].Stop)
		}
	})
	d.formulas(func(e *Expr) { e.If.walk("", MaxDepth, leaves) })
}

func (d *Definition) sections(visit func(*Section)) {
	for si := range d.Steps {
		for ci := range d.Steps[si].Sections {
			visit(&d.Steps[si].Sections[ci])
		}
	}
}

// formulas visits every part of every formula.
func (d *Definition) formulas(visit func(*Expr)) {
	d.sections(func(section *Section) {
		for fi := range section.Fields {
			section.Fields[fi].Compute.walk("", MaxDepth, func(_ string, part *Expr, _ bool) { visit(part) })
		}
	})
}

// usedTables lists the tables that the form draws from.
func (d *Definition) usedTables() []string {
	used := map[string]bool{}
	d.sections(func(section *Section) {
		for fi := range section.Fields {
			if t := section.Fields[fi].Table; t != nil {
				used[t.Table] = true
			}
		}
	})
	d.formulas(func(e *Expr) {
		if e.Lookup != nil {
			used[e.Lookup.Table] = true
		}
	})
	return slices.Sorted(maps.Keys(used))
}

// Settle gives the answers with what the program itself knows: the facts that the form looks at, and the values that it
// works out. What answers held under those names is dropped. A form that has neither gets its argument back; otherwise the argument is left as it is.
// Call it before Visible, Prune, Validate or View wherever answers may still change.
func (d *Definition) Settle(a Answers, f Facts) Answers {
	x := d.index()
	if len(x.facts) == 0 && !x.computes {
		return a
	}
	out := make(Answers, len(a)+len(x.facts))
	maps.Copy(out, a)
	for _, id := range x.facts {
		if v := f.answer(id); v.Empty() {
			delete(out, id)
		} else {
			out[id] = v
		}
	}
	if x.computes {
		x.settle(out, nil, f.Tables)
	}
	return out
}

// typed gives a copy of a row without what is worked out.
func (x *index) typed(row Answers) Answers {
	out := make(Answers, len(row))
	for id, v := range row {
		if i, ok := x.byID[id]; !ok || x.entries[i].field.Kind != KindComputed {
			out[id] = v
		}
	}
	return out
}

// settle works out, in place, the computed values among answers.
func (x *index) settle(a Answers, outer *reckoner, tables Tables) {
	var outside getter
	if outer != nil {
		outside = outer.get
	}
	x.sightIn(a, outside, func(i int, get getter) {
		e := &x.entries[i]
		r := &reckoner{x: x, get: get, outer: outer, tables: tables}
		switch {
		case e.field.Kind == KindComputed:
			delete(a, e.field.ID)
			if v := r.result(e.field); !v.Empty() {
				a[e.field.ID] = v
			}
		case e.group != nil && e.group.computes:
			rows := slices.Clone(a[e.field.ID].rows)
			for n := range rows {
				if rows[n] = e.group.typed(rows[n]); !emptyRow(rows[n]) {
					e.group.settle(rows[n], r, tables)
				}
			}
			if len(rows) > 0 {
				a[e.field.ID] = Rows(rows...)
			}
		}
	})
}

// factSchema describes a fact among the answers.
func factSchema(id string) node {
	f := facts[id].field
	n := node{"title": f.Label, "readOnly": true, "type": "string"}
	switch f.Kind {
	case KindDate:
		n["format"] = "date"
	case KindNumber:
		n["type"], n["minimum"], n["maximum"] = "integer", 0, maxIdentity
	default:
		n["enum"] = choiceValues(f)
	}
	return n
}
