package requests

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// AgreeDecision keeps that the person wants the decision by e-mail, or wants it on paper
// after all. They may say so themselves as long as a decision can still come, and go back
// on it as often as they like; agents say it for them by [CorrectApplicant]. Without an
// e-mail address it is fault.Invalid "address_needed"; after the decision
// fault.Conflict "action_not_possible".
func AgreeDecision(ctx context.Context, tx *tenants.Tx, number string, agreed bool) error {
	c, err := begin(ctx, tx, number, anyVersion)
	switch {
	case err != nil:
		return err
	case c.who != Owner:
		return fault.New(fault.Forbidden, "not_allowed")
	case !c.r.MayStillBeDecided():
		return fault.New(fault.Conflict, "action_not_possible")
	case c.r.Applicant.DecisionEmail == agreed:
		return nil
	case agreed && c.r.Applicant.Email == "":
		return fault.New(fault.Invalid, "address_needed", fault.Field{Path: "applicant/email", Code: "required"})
	}
	if err := c.agreeDecision(ctx, agreed); err != nil {
		return err
	}
	_, err = c.save(ctx)
	return err
}

// MayStillBeDecided tells whether an express decision can still come: after a silent
// rejection too.
func (r Request) MayStillBeDecided() bool {
	return r.State.Open() || r.State == StateImplicitRejection
}

// agreeDecision writes the person's wish and its moment into the request and its history.
func (c *change) agreeDecision(ctx context.Context, agreed bool) error {
	c.r.Applicant.DecisionEmail = agreed
	c.r.DecisionEmailAt = time.Time{}
	if agreed {
		c.r.DecisionEmailAt = c.tx.Now()
	}
	return c.record(ctx, "decision_email", EventData{Agreed: agreed})
}
