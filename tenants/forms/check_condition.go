package forms

// condition checks one condition of a field or a section that stands at a place among the entries: form
// of each part, references to earlier fields only, operators and values that the referenced field can meet.
func (c *examiner) condition(path string, cond *Condition, place int) {
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
			c.leaf(path, part, place)
		}
	})
	if leaves > MaxConditionLeaves {
		c.add(path, "too_large", "Simplifiez cette condition"+nbsp+": elle a trop de comparaisons")
	}
}

// wellFormed tells whether a part is exactly one of: and, or, not, a field with one operator.
func (c *Condition) wellFormed() bool {
	operators := 0
	for _, set := range []bool{c.Equals != nil, len(c.In) > 0, c.Contains != "", c.Gt != nil, c.Lt != nil, c.Filled} {
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
	if c.Field != "" {
		return shapes == 1 && operators == 1
	}
	return shapes == 1 && operators == 0
}

func (c *examiner) leaf(path string, leaf *Condition, place int) {
	i, ok := c.x.byID[leaf.Field]
	switch {
	case !ok:
		c.add(path+"/field", "reference", "Choisissez une question qui existe dans ce formulaire")
		return
	case i >= place:
		c.add(path+"/field", "forward", "Choisissez une question posée avant celle-ci")
		return
	}
	e := &c.x.entries[i]
	switch {
	case leaf.Equals != nil:
		c.operand(path+"/equals", e, *leaf.Equals)
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
	case leaf.Gt != nil:
		c.ordered(path+"/gt", e, *leaf.Gt)
	case leaf.Lt != nil:
		c.ordered(path+"/lt", e, *leaf.Lt)
	}
}

// operand checks the value that a field is compared with for equality.
func (c *examiner) operand(path string, e *entry, v Value) {
	switch e.field.Kind {
	case KindChoice:
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
	case KindNumber:
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
