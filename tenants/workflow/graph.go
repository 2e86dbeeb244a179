package workflow

import "strconv"

// outlet is a transition that can be taken, and where it stands in the list.
type outlet struct {
	at int
	t  *Transition
}

// outlets gives the transitions of a step that can ever be taken: behind one that is taken by itself, at once and whatever
// is answered, there is nothing.
func (w *Workflow) outlets(step *Stage) (open, dead []outlet) {
	ended, atOnce := false, false
	for pass := range 2 { // those that are taken by themselves first
		for i := range w.Transitions {
			t := &w.Transitions[i]
			if t.From != step.Name || w.Step(t.To) == nil || t.Auto != (pass == 0) {
				continue
			}
			o := outlet{i, t}
			if t.Auto && ended || !t.Auto && atOnce {
				dead = append(dead, o)
				continue
			}
			open = append(open, o)
			if t.Auto && t.If == nil {
				ended, atOnce = true, step.Wait == nil
			}
		}
	}
	return open, dead
}

// never says which transitions are never taken.
func (c *checker) never() {
	for i := range c.w.Steps {
		_, dead := c.w.outlets(&c.w.Steps[i])
		for _, o := range dead {
			c.add("transitions/"+strconv.Itoa(o.at), "never", "Retirez ce passage, ou donnez une condition au passage automatique de l’étape «\u00a0"+c.w.Steps[i].Title+"\u00a0»\u00a0: personne ne peut le prendre, car l’autre l’est toujours avant")
		}
	}
}

// reach says which steps cannot be entered, and which do not lead to a decision.
func (c *checker) reach() {
	w := c.w
	entered := map[string]bool{}
	for next := []string{w.Steps[0].Name}; len(next) > 0; {
		name := next[0]
		next = next[1:]
		if entered[name] {
			continue
		}
		entered[name] = true
		open, _ := w.outlets(w.Step(name))
		for _, o := range open {
			next = append(next, o.t.To)
		}
	}
	ends := w.ending()
	for i := range w.Steps {
		s, path := &w.Steps[i], "steps/"+strconv.Itoa(i)
		open, _ := w.outlets(s)
		always := s.Decides
		for _, o := range open {
			always = always || o.t.If == nil
		}
		switch {
		case !entered[s.Name]:
			c.add(path, "unreachable", "Ajoutez un passage vers l’étape «\u00a0"+s.Title+"\u00a0», ou retirez-la\u00a0: aucune demande n’y arrive")
		case len(open) == 0 && !s.Decides:
			c.add(path, "dead_end", "Ajoutez un passage depuis l’étape «\u00a0"+s.Title+"\u00a0», ou permettez d’y décider\u00a0: la demande y resterait")
		case !always:
			c.add(path, "dead_end", "Ajoutez à l’étape «\u00a0"+s.Title+"\u00a0» un passage sans condition\u00a0: avec certaines réponses, la demande y resterait")
		case !ends[s.Name]:
			c.add(path, "no_decision", "Ajoutez un chemin de l’étape «\u00a0"+s.Title+"\u00a0» vers une étape où l’on décide\u00a0: la demande tournerait sans réponse")
		}
	}
}

// ending gives the steps from which one that decides can be reached.
func (w *Workflow) ending() map[string]bool {
	ends := map[string]bool{}
	for i := range w.Steps {
		if w.Steps[i].Decides {
			ends[w.Steps[i].Name] = true
		}
	}
	for grew := true; grew; {
		grew = false
		for i := range w.Steps {
			if s := &w.Steps[i]; !ends[s.Name] {
				open, _ := w.outlets(s)
				for _, o := range open {
					if ends[o.t.To] {
						ends[s.Name], grew = true, true
					}
				}
			}
		}
	}
	return ends
}

// turning refuses a circle in which nobody does anything: its transitions are taken by themselves, and no step of it waits
// for people.
func (c *checker) turning() {
	const begun, done = 1, 2
	state := map[string]int{}
	var visit func(s *Stage) bool
	visit = func(s *Stage) bool {
		state[s.Name] = begun
		open, _ := c.w.outlets(s)
		for _, o := range open {
			if !o.t.Auto || s.Wait.ForPeople() && s.Wait.Days == 0 {
				continue
			}
			if state[o.t.To] == begun {
				c.add("transitions/"+strconv.Itoa(o.at), "turns", "Retirez ce passage, ou rendez-le manuel\u00a0: le circuit tournerait tout seul, sans jamais s’arrêter")
				return false
			}
			if state[o.t.To] == 0 && !visit(c.w.Step(o.t.To)) {
				return false
			}
		}
		state[s.Name] = done
		return true
	}
	for i := range c.w.Steps {
		if s := &c.w.Steps[i]; state[s.Name] == 0 && !visit(s) {
			return
		}
	}
}
