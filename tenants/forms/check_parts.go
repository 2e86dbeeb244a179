package forms

import "regexp"

// repeat checks a repeated section, whose id names the list of its answers.
func (c *examiner) repeat(path string, section *Section) {
	r := section.Repeat
	if r.Max < 1 || r.Max > MaxRows {
		c.add(path+"/max", "range", "Choisissez de 1 à "+frenchNumber(MaxRows, ""))
	}
	if r.Min < 0 || r.Min > r.Max {
		c.add(path+"/min", "range", "Choisissez un minimum qui ne dépasse pas le maximum")
	}
	c.words(path+"/item", r.Item, maxLabel, true)
	if section.Stop != nil {
		c.add(path+"/stop", "misplaced", "Placez cet arrêt hors de la rubrique répétée")
	}
	parts := 0
	for i := range section.Fields {
		switch section.Fields[i].ID {
		case "id", "name", "size":
			parts++
		}
	}
	if parts == 3 {
		c.add(path, "id", "Donnez d’autres identifiants que id, name et size ensemble"+nbsp+": ils sont ceux d’un document")
	}
}

// inGroup refuses in a repeated section what only stands outside of one.
func (c *examiner) inGroup(path string, f *Field) {
	if f.Kind == KindFile {
		c.add(path+"/kind", "repeated_file", "Demandez les documents hors de la rubrique répétée")
	}
	if f.Stop != nil {
		c.add(path+"/stop", "misplaced", "Placez cet arrêt hors de la rubrique répétée")
	}
	if f.Prefill != "" {
		c.add(path+"/prefill", "misplaced", "Une rubrique répétée ne reprend rien du compte")
	}
}

// formula checks a computed value.
func (c *examiner) formula(path string, f *Field, at scope) {
	if f.Compute == nil {
		c.add(path+"/compute", "empty", "Écrivez la formule de cette valeur")
		return
	}
	if f.Optional {
		c.add(path+"/optional", "misplaced", "Retirez ce réglage"+nbsp+": une valeur calculée n’est pas demandée")
	}
	if f.Decimals < 0 || f.Decimals > maxDecimals {
		c.add(path+"/decimals", "range", "Choisissez de 0 à 4 chiffres après la virgule")
	}
	c.part(path+"/compute", f.Compute, at, MaxDepth)
}

func (c *examiner) part(path string, e *Expr, at scope, depth int) {
	if e == nil {
		c.add(path, "formula", "Complétez cette formule")
		return
	}
	if depth <= 0 {
		c.add(path, "too_deep", "Simplifiez cette formule"+nbsp+": elle a trop de niveaux")
		return
	}
	if !e.wellFormed() {
		c.add(path, "formula", "Donnez à cette partie une seule opération complète")
		return
	}
	switch {
	case e.Field != "":
		if other := c.refer(path+"/field", e.Field, at); other != nil && other.field.Kind != KindNumber && other.field.Kind != KindComputed {
			c.add(path+"/field", "operator", "Choisissez une question dont la réponse est un nombre")
		}
	case e.If != nil:
		c.condition(path+"/if", e.If, at)
		c.part(path+"/then", e.Then, at, depth-1)
		c.part(path+"/else", e.Else, at, depth-1)
	case e.Count != "":
		c.group(path+"/count", e.Count, at)
	case e.Sum != "":
		if sub := c.group(path+"/sum", e.Sum, at); sub != nil {
			c.part(path+"/of", e.Of, scope{x: sub, place: len(sub.entries), outer: &at}, depth-1)
		}
	case e.Lookup != nil:
		c.drawn(path+"/lookup", e.Lookup.Table, e.Lookup.Column, e.Lookup.Where, at)
		if len(e.Lookup.Where) == 0 {
			c.add(path+"/lookup/where", "empty", "Dites quelle ligne de la table est cherchée")
		}
	}
	for _, one := range []struct {
		key string
		sub *Expr
	}{{"round", e.Round}, {"floor", e.Floor}, {"ceil", e.Ceil}} {
		if one.sub != nil {
			c.part(path+"/"+one.key, one.sub, at, depth-1)
		}
	}
	for _, list := range e.lists() {
		for i := range list.terms {
			c.part(joinIndex(path+"/"+list.key, i), &list.terms[i], at, depth-1)
		}
	}
	c.spans(path, e, at)
}

// spans checks the dates that a part counts between.
func (c *examiner) spans(path string, e *Expr, at scope) {
	for _, s := range []struct {
		key  string
		span *Span
	}{{"days", e.Days}, {"years", e.Years}} {
		if s.span == nil {
			continue
		}
		for _, end := range []struct{ key, ref string }{{"from", s.span.From}, {"to", s.span.To}} {
			if _, written := parseISO(end.ref); written || end.ref == "" {
				continue
			}
			if other := c.refer(path+"/"+s.key+"/"+end.key, end.ref, at); other != nil && other.field.Kind != KindDate {
				c.add(path+"/"+s.key+"/"+end.key, "reference", "Choisissez une date, ou une question de date posée avant celle-ci")
			}
		}
	}
}

// wellFormed tells whether exactly one shape is set, and whole.
func (e *Expr) wellFormed() bool {
	shapes := len(e.lists())
	for _, set := range []bool{
		e.Value != nil, e.Field != "", e.Round != nil, e.Floor != nil, e.Ceil != nil, e.If != nil, e.Count != "", e.Sum != "",
		e.Days != nil, e.Years != nil, e.Lookup != nil,
	} {
		if set {
			shapes++
		}
	}
	rounds := e.Round != nil || e.Floor != nil || e.Ceil != nil
	switch {
	case shapes != 1, e.Digits != 0 && !rounds, e.Digits < 0, e.Digits > maxDecimals, (e.Then != nil || e.Else != nil) != (e.If != nil), (e.Of != nil) != (e.Sum != ""):
		return false
	case e.Value != nil:
		_, ok := decimal(*e.Value)
		return ok
	case len(e.Div) > 0:
		return len(e.Div) == 2
	}
	return true
}

// group finds a repeated section that stands before a formula.
func (c *examiner) group(path, id string, at scope) *index {
	i, ok := at.x.byID[id]
	if !ok || at.x.entries[i].group == nil || i >= at.place {
		c.add(path, "reference", "Choisissez une rubrique répétée posée avant cette valeur")
		return nil
	}
	return at.x.entries[i].group
}

var tableName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// TableName tells whether a text can name a table: lower-case letters, digits and hyphens, at most 60.
func TableName(s string) bool { return len(s) <= 60 && tableName.MatchString(s) }

// drawn checks what is drawn from a table. Whether the commune has the table is known where it is published.
func (c *examiner) drawn(path, table, column string, where []Match, at scope) {
	if !TableName(table) {
		c.add(path+"/table", "reference", "Choisissez une table de la commune")
	}
	c.words(path+"/column", column, MaxCell, true)
	if len(where) > MaxMatches {
		c.add(path+"/where", "too_large", "Gardez "+count(MaxMatches, "critère")+" au plus")
	}
	for n, m := range where {
		own := joinIndex(path+"/where", n)
		c.words(own+"/column", m.Column, MaxCell, true)
		if m.Op != "" && m.Op != MatchFrom && m.Op != MatchTo {
			c.add(own+"/op", "operator", "Choisissez l’égalité, ou une borne (from, to)")
		}
		e := c.refer(own+"/field", m.Field, at)
		if e == nil {
			continue
		}
		number := e.field.Kind == KindNumber || e.field.Kind == KindComputed
		text := e.field.Kind == KindChoice || e.field.Kind == KindText
		if !number && (!text || m.Op != "") {
			c.add(own+"/field", "operator", "Choisissez une question dont la réponse se compare à cette colonne")
		}
	}
}

// tableChoice checks a question whose choices come from a table: its filters rest on earlier steps, so that the page
// shows the right list without script.
func (c *examiner) tableChoice(path string, f *Field, at scope) {
	c.drawn(path, f.Table.Table, f.Table.Column, f.Table.Where, at)
	if len(f.Choices) > 0 {
		c.add(path, "misplaced", "Choisissez"+nbsp+": des réponses écrites ici, ou celles d’une table")
	}
	for n, m := range f.Table.Where {
		if i, ok := c.x.byID[m.Field]; m.Op != "" || !ok && facts[m.Field] == nil || ok && c.x.entries[i].step >= at.step {
			c.add(joinIndex(path+"/where", n)+"/field", "same_step", "Choisissez une question d’une étape précédente")
		}
	}
}
