package catalogue

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// messagePlaceholders are the names that a message of the workflow may use: what is known before anything is decided.
var messagePlaceholders = []string{
	"agent", "commune", "cout", "demandeur", "demarche", "mairie_adresse", "mairie_courriel", "mairie_horaires", "mairie_telephone", "numero", "recu_le",
	"service", "service_courriel", "service_telephone",
}

// MessagePlaceholders gives the names that a message of the workflow may use between {{ and }}; beside them, "reponse."
// and the id of a field of the form.
func MessagePlaceholders() []string { return slices.Clone(messagePlaceholders) }

func (c *checker) workflow() {
	w := c.p.Workflow
	if w == nil {
		return
	}
	if c.p.Form == nil {
		c.add("workflow", "contradiction", "Retirez le circuit\u00a0: la démarche ne se fait pas ici")
		return
	}
	for _, problem := range w.Check(workflow.Frame{Form: c.p.Form, Texts: c.p.messageProblems}) {
		problem.Path = "workflow/" + problem.Path
		c.problems = append(c.problems, problem)
	}
}

// messageProblems says where a message names something that nothing will fill in.
func (p *Procedure) messageProblems(path, text string) []forms.Problem {
	var out []forms.Problem
	for _, name := range placeholdersOf(text) {
		answer := strings.HasPrefix(name, answerPrefix)
		switch {
		case name == "":
			out = append(out, forms.Problem{Path: path, Code: "broken_placeholder", Message: "Fermez l’accolade, ou corrigez le nom entre {{ et }}"})
		case !answer && !slices.Contains(messagePlaceholders, name) || !p.knownPlaceholder(name):
			out = append(out, forms.Problem{Path: path, Code: "unknown_placeholder", Message: "Retirez {{" + name + "}}\u00a0: rien ne peut le remplir ici"})
		}
	}
	return out
}

// Say fills in a text of the workflow.
func Say(e Entry, s tenants.Settings, text string, f LetterFacts) string {
	return fill(text, f.values(e, s, ""))
}

// tableNames lists the tables that the form draws from and that the workflow routes by.
func (p *Procedure) tableNames() []string {
	names := p.Form.TableNames()
	for _, name := range p.Workflow.Tables() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// routingProblems says which tables and columns routing reads and the commune does not have.
func (p *Procedure) routingProblems(tables forms.Tables) []forms.Problem {
	if p.Workflow == nil {
		return nil
	}
	var out []forms.Problem
	for i, r := range p.Workflow.Routing {
		path := "workflow/routing/" + strconv.Itoa(i) + "/table"
		if r.Table == "" {
			continue
		}
		t := tables[r.Table]
		if t == nil {
			out = append(out, forms.Problem{Path: path, Code: "table_missing", Message: "Créez d’abord la table " + guillemets(r.Table) + "\u00a0: la commune ne l’a pas"})
			continue
		}
		for _, column := range []string{r.Column, r.Gives} {
			if !t.HasColumn(column) {
				out = append(out, forms.Problem{Path: path, Code: "table_column", Message: "Ajoutez la colonne " + guillemets(column) + " à la table " + guillemets(r.Table) + ", ou choisissez-en une autre"})
			}
		}
	}
	return out
}

// WorkflowProblems says, in French, which services and agents the workflow names and the commune does not have, and which
// transitions no agent of today could take. Anyone may.
func WorkflowProblems(ctx context.Context, tx *tenants.Tx, p *Procedure) ([]forms.Problem, error) {
	if p.Workflow == nil {
		return nil, nil
	}
	services, err := tenants.Services(ctx, tx)
	if err != nil {
		return nil, err
	}
	agents, err := staff.List(ctx, tx)
	if err != nil {
		return nil, err
	}
	f := workforce{w: p.Workflow, services: services, agents: slices.DeleteFunc(agents, func(a staff.Agent) bool { return !a.Active })}
	f.named()
	f.taken()
	return f.problems, nil
}

// workforce is a commune's staff, held against a workflow.
type workforce struct {
	w        *workflow.Workflow
	services []tenants.Service
	agents   []staff.Agent
	problems []forms.Problem
}

func (f *workforce) add(path, code, message string) {
	f.problems = append(f.problems, forms.Problem{Path: "workflow/" + path, Code: code, Message: message})
}

func (f *workforce) service(name string) tenants.ID {
	for _, s := range f.services {
		if s.Name == name {
			return s.ID
		}
	}
	return ""
}

// named looks for the services and agents that the workflow names.
func (f *workforce) named() {
	wanted := func(path, name string) {
		if name != "" && f.service(name) == "" {
			f.add(path+"/service", "service_missing", "Créez d’abord le service "+guillemets(name)+", ou choisissez-en un autre\u00a0: la commune ne l’a pas")
		}
	}
	for i, r := range f.w.Routing {
		wanted("routing/"+strconv.Itoa(i), r.Service)
	}
	for i, s := range f.w.Steps {
		path := "steps/" + strconv.Itoa(i)
		wanted(path, s.Service)
		for j, a := range s.Actions {
			at := path + "/actions/" + strconv.Itoa(j)
			wanted(at, a.Service)
			if a.Kind == workflow.KindAssign && !slices.ContainsFunc(f.agents, func(x staff.Agent) bool { return x.Email == a.Agent }) {
				f.add(at+"/agent", "agent_missing", "Choisissez un agent en activité\u00a0: "+guillemets(a.Agent)+" n’en est pas un")
			}
		}
	}
}

// taken looks for somebody who could take each transition. Administrators always may; a commune that has none yet is
// not held to it.
func (f *workforce) taken() {
	if slices.ContainsFunc(f.agents, func(a staff.Agent) bool { return a.Role == tenants.RoleAdmin }) || len(f.agents) == 0 {
		return
	}
	for i, t := range f.w.Transitions {
		from := f.w.Step(t.From)
		if t.Auto || from == nil {
			continue
		}
		service := f.service(from.Service)
		if !slices.ContainsFunc(f.agents, func(a staff.Agent) bool { return could(a, t.Who, service) }) {
			f.add("transitions/"+strconv.Itoa(i)+"/who", "nobody", "Ajoutez un agent, ou dites qui d’autre peut faire passer la demande\u00a0: personne ne peut prendre le passage "+guillemets(t.Label))
		}
	}
}

// could tells whether an agent could be one of those, for a request of a service ("": any).
func could(a staff.Agent, who []workflow.Who, service tenants.ID) bool {
	if service != "" && !a.Actor().Covers(service) {
		return false
	}
	return slices.ContainsFunc(who, func(w workflow.Who) bool {
		return w == workflow.WhoFront || a.Role == tenants.RoleInstructor
	})
}
