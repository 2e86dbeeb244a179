package workflow

// Spot is where a step stands in the picture: a column for how far it is from the first, and a row in it, both from 0.
type Spot struct {
	Step     *Stage
	Col, Row int
}

// Layout places every step: by its distance from the first, those that cannot be reached in a column at the end; in the
// order of the list within a column.
func (w *Workflow) Layout() []Spot {
	far := map[string]int{}
	if start := w.Start(); start != nil {
		far[start.Name] = 0
		for next := []string{start.Name}; len(next) > 0; next = next[1:] {
			for _, t := range w.From(next[0]) {
				if _, known := far[t.To]; !known && w.Step(t.To) != nil {
					far[t.To] = far[next[0]] + 1
					next = append(next, t.To)
				}
			}
		}
	}
	last := 0
	for _, col := range far {
		last = max(last, col)
	}
	rows := map[int]int{}
	out := make([]Spot, 0, len(w.Steps))
	for i := range w.Steps {
		col, known := far[w.Steps[i].Name]
		if !known {
			col = last + 1
		}
		out = append(out, Spot{&w.Steps[i], col, rows[col]})
		rows[col]++
	}
	return out
}
