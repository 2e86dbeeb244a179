package forms

// condition checks one condition of a field or a section that stands at a place: form
// of each part, references to earlier fields only, operators and values that the referenced field can meet.
func (c *examiner) condition(path string, cond *Condition, at scope) {
	leaves := 0
	cond.walk(path, MaxDepth, func(path string, part *Condition, tooDeep bool) {
		if tooDeep {
			c.add(path, "too_deep", "Simplifiez cette condition"+nbsp+": elle a trop de niveaux")
			return
		}
		if !part.wellFormed() {
			c.add(path, "condition", "Donnez à cette condition une question et une comparaison, ou un et, ou, non")
			return
		}
		if part.Field != "" {
			leaves++
			c.leaf(path, part, at)
		}
	})
	if leaves > MaxConditionLeaves {
		c.add(path, "too_large", "Simplifiez cette condition"+nbsp+": elle a trop de comparaisons")
	}
}

// wellFormed tells whether a part is exactly one of: and, or, not, a field with one operator.
func (c *Condition) wellFormed() bool {
	operators := 0
	for _, set := range []bool{
		c.Equals != nil, c.NotEquals != nil, len(c.In) > 0, c.Contains != "", c.Gt != nil, c.Ge != nil, c.Lt != nil, c.Le != nil, c.Filled,
	} {
		if set {
			operators++
		}
	}
	shapes := 0
	for _, set := range []bool{len(c.And) > 0, len(c.Or) > 0, c.Not != nil, c.Field != ""} {
		if set {
			shapes++
		}
	}
	if c.As == "" && c.At != "" || c.As != "" && c.Field == "" {
		return false
	}
	if c.Field != "" {
		return shapes == 1 && operators == 1
	}
	return shapes == 1 && operators == 0
}

func (c *examiner) leaf(path string, leaf *Condition, at scope) {
	e := c.refer(path+"/field", leaf.Field, at)
	if e == nil {
		return
	}
	if leaf.As != "" {
		c.counted(path, leaf, e, at)
		e = &countedEntry
	}
	switch {
	case leaf.Equals != nil:
		c.operand(path+"/equals", e, *leaf.Equals)
	case leaf.NotEquals != nil:
		c.operand(path+"/not_equals", e, *leaf.NotEquals)
	case len(leaf.In) > 0:
		if e.field.Kind == KindDeclaration {
			c.operator(path + "/in")
			return
		}
		for n := range leaf.In {
			c.operand(joinIndex(path+"/in", n), e, leaf.In[n])
		}
	case leaf.Contains != "":
		if e.field.Kind != KindChoices {
			c.operator(path + "/contains")
		} else if _, ok := e.choices[leaf.Contains]; !ok {
			c.unreachable(path + "/contains")
		}
	default:
		for _, order := range []struct {
			key   string
			value *Value
		}{{"gt", leaf.Gt}, {"ge", leaf.Ge}, {"lt", leaf.Lt}, {"le", leaf.Le}} {
			if order.value != nil {
				c.ordered(path+"/"+order.key, e, *order.value)
			}
		}
	}
}

// countedEntry stands for the number that As makes of a date.
var countedEntry = entry{field: &Field{Kind: KindNumber}}

// counted checks what As counts, and from when.
func (c *examiner) counted(path string, leaf *Condition, e *entry, at scope) {
	if leaf.As != AsDays && leaf.As != AsAge {
		c.add(path+"/as", "condition", "Choisissez un nombre de jours (days) ou un âge (age)")
	}
	if e.field.Kind != KindDate {
		c.add(path+"/as", "operator", "Choisissez une question de date")
	}
	if leaf.At == "" {
		return
	}
	if _, ok := parseISO(leaf.At); ok {
		return
	}
	if other := c.refer(path+"/at", leaf.At, at); other != nil && other.field.Kind != KindDate {
		c.add(path+"/at", "reference", "Choisissez une date, ou une question de date posée avant celle-ci")
	}
}

// scope is where a condition or a formula stands: it sees the facts and the entries before a place.
type scope struct {
	x     *index
	place int
	step  int
	outer *scope // around a repeated section
}

// after is where the question itself can be looked at too.
func (s scope) after() scope {
	s.place++
	return s
}

// refer finds what a condition or a formula names, and says what is wrong where it cannot.
func (c *examiner) refer(path, id string, at scope) *entry {
	if e, ok := facts[id]; ok {
		return e
	}
	i, ok := at.x.byID[id]
	switch {
	case !ok && at.outer != nil:
		return c.refer(path, id, *at.outer)
	case !ok:
		c.add(path, "reference", "Choisissez une question qui existe dans ce formulaire")
		return nil
	case i >= at.place:
		c.add(path, "forward", "Choisissez une question posée avant celle-ci")
		return nil
	}
	return &at.x.entries[i]
}

// operand checks the value that a field is compared with for equality.
func (c *examiner) operand(path string, e *entry, v Value) {
	switch e.field.Kind {
	case KindChoice:
		if e.field.Table != nil && v.shape == shapeText && v.text != "" {
			return // a table may have any text
		}
		if _, ok := e.choices[v.text]; v.shape != shapeText || !ok {
			c.unreachable(path)
		}
	case KindText, KindLongText, KindEmail, KindPhone:
		if v.shape != shapeText || v.text == "" {
			c.unreachable(path)
		}
	case KindDate:
		if _, ok := parseISO(v.text); v.shape != shapeText || !ok {
			c.unreachable(path)
		}
	case KindNumber:
		f := e.field
		switch {
		case v.shape != shapeNumber, f.Min != nil && v.num < *f.Min, f.Max != nil && v.num > *f.Max, decimals(v.num) > f.Decimals:
			c.unreachable(path)
		}
	case KindComputed:
		if v.shape != shapeNumber {
			c.unreachable(path)
		}
	case KindDeclaration:
		if b, ok := v.Bool(); !ok || !b {
			c.unreachable(path)
		}
	default:
		c.operator(path)
	}
}

func (c *examiner) ordered(path string, e *entry, v Value) {
	switch e.field.Kind {
	case KindNumber, KindComputed:
		if v.shape != shapeNumber {
			c.unreachable(path)
		}
	case KindDate:
		if _, ok := parseISO(v.text); v.shape != shapeText || !ok {
			c.unreachable(path)
		}
	default:
		c.operator(path)
	}
}

func (c *examiner) operator(path string) {
	c.add(path, "operator", "Choisissez une comparaison qui convient à ce type de question")
}

func (c *examiner) unreachable(path string) {
	c.add(path, "unreachable", "Choisissez une valeur que la réponse peut prendre")
}
