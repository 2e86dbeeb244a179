package requests

import (
	"context"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// SignatoryTown stands for whom the settings name to sign: the mayor, or somebody in their
// stead.
const SignatoryTown tenants.ID = "town"

// Signatory is somebody who may sign the decision on a request.
type Signatory struct {
	ID    tenants.ID // of the delegation, or SignatoryTown
	Name  string
	Title string
	Words string // above the name: "Pour le maire et par délégation…"; empty for the mayor
	Own   bool   // it is the acting agent
}

// sign puts the name under a letter.
func (s Signatory) sign(f *catalogue.LetterFacts) {
	f.Signatory, f.SignatoryTitle, f.Delegation = s.Name, s.Title, s.Words
}

// line is how a decision keeps who signed it.
func (s Signatory) line() string { return strings.Trim(s.Name+", "+s.Title, ", ") }

// signatories gives who may sign, the settings' signatory first.
func (c *change) signatories(ctx context.Context) ([]Signatory, error) {
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return nil, err
	}
	name, title := catalogue.Signatory(settings)
	all := []Signatory{{ID: SignatoryTown, Name: name, Title: title}}
	delegations, err := staff.MaySign(ctx, c.tx, c.r.ServiceID, c.r.ProcedureSlug)
	if err != nil {
		return nil, err
	}
	for _, d := range delegations {
		all = append(all, Signatory{ID: d.ID, Name: d.AgentName, Title: d.AgentTitle, Words: c.tx.Tenant().Kind.Say(d.Words()), Own: d.AgentID == c.tx.Actor().ID})
	}
	return all, nil
}

// signer gives who signs: whom the agent chose, or else the agent, where a delegation lets
// them, or else whom the settings name. Somebody without a delegation for this request, or
// whose delegation is over, is fault.Invalid "signatory_not_entitled".
func (c *change) signer(ctx context.Context, chosen tenants.ID) (Signatory, error) {
	all, err := c.signatories(ctx)
	if err != nil {
		return Signatory{}, err
	}
	for _, s := range all {
		if chosen == s.ID || chosen == "" && s.Own {
			return s, nil
		}
	}
	if chosen != "" {
		return Signatory{}, fault.New(fault.Invalid, "signatory_not_entitled", fault.Field{Path: "signatory", Code: "not_entitled"})
	}
	return all[0], nil
}

// Signatories gives who may sign the decision on a request, and who does if nobody is
// chosen, to agents who see it.
func Signatories(ctx context.Context, tx *tenants.Tx, number string) (all []Signatory, chosen tenants.ID, err error) {
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return nil, "", err
	}
	if who&agents == 0 {
		return nil, "", fault.New(fault.Forbidden, "not_allowed")
	}
	c := &change{tx: tx, before: r, r: r, who: who}
	if all, err = c.signatories(ctx); err != nil {
		return nil, "", err
	}
	s, err := c.signer(ctx, "")
	return all, s.ID, err
}
