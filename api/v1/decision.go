package v1

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type decisionInput struct {
	Caller
	Number string `path:"number" maxLength:"20"`
	Body   struct {
		Outcome   string `json:"outcome" enum:"accept,partial,refuse,answer,register,close"`
		Granted   string `json:"granted,omitempty" maxLength:"10000" doc:"Of a partial agreement: what is granted, compulsory"`
		Reasons   string `json:"reasons,omitempty" maxLength:"10000" doc:"Compulsory for a refusal, and for what a partial agreement refuses"`
		Subject   string `json:"subject,omitempty" maxLength:"300"`
		Letter    string `json:"letter,omitempty" maxLength:"20000" doc:"The letter's text; made from the procedure's model where it is not given"`
		Delivery  string `json:"delivery,omitempty" enum:"email,counter,post"`
		Signatory string `json:"signatory,omitempty" maxLength:"40" doc:"Who signs it: an id of /signatories; the caller where they may, otherwise the mayor"`
		Version   int64  `json:"version,omitempty" minimum:"1" doc:"The request's version that was read; another one is refused with 409"`
	}
}

// decisionOutput is the request after a decision that was made, or kept for who signs it.
type decisionOutput struct {
	Status int
	Body   RequestDetail
}

// decision says in the description of the operation what becomes of a decision that is
// somebody else's to sign.
func decision(o huma.Operation) huma.Operation {
	o.Description = "A decision that another person has to sign (a delegation of the mayor's, CGCT L.2122-18) is not made: it is kept for them, and the answer is 202 with prepared_decision. " +
		"They sign it in the agents' area, or at /decision/signature; /signatories lists who may. One that is prepared again replaces the one before. An answer, a récépissé and a closure need no signature."
	o.Responses = map[string]*huma.Response{"202": {
		Description: "The decision waits for its signature: nothing has left, and the clock goes on",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/RequestDetail"}}},
	}}
	return o
}

func (s *Server) decide(ctx context.Context, in *decisionInput) (*decisionOutput, error) {
	status := http.StatusCreated
	out, err := s.change(ctx, in.Caller, in.Number, in.Body.Version, func(tx *tenants.Tx, version int64) error {
		d := requests.DecisionInput{
			Outcome: catalogue.Outcome(in.Body.Outcome), Granted: in.Body.Granted, Reasons: in.Body.Reasons, Subject: in.Body.Subject,
			Letter: in.Body.Letter, Delivery: in.Body.Delivery, Signatory: tenants.ID(in.Body.Signatory),
		}
		status = http.StatusCreated
		if d.Outcome.Signed() {
			waits, err := requests.NeedsSignature(ctx, tx, in.Number, d.Signatory)
			if err != nil {
				return err
			}
			if waits {
				status = http.StatusAccepted
				_, err = requests.Prepare(ctx, tx, in.Number, d, version)
				return err
			}
		}
		_, err := requests.Decide(ctx, tx, in.Number, d, version)
		return err
	})
	return &decisionOutput{Status: status, Body: out.Body}, err
}

// sign signs what was prepared; recallInput holds no more than the version, which is what it
// takes.
func (s *Server) sign(ctx context.Context, in *recallInput) (*requestOutput, error) {
	return s.change(ctx, in.Caller, in.Number, in.Body.Version, func(tx *tenants.Tx, version int64) error {
		_, err := requests.Sign(ctx, tx, in.Number, version)
		return err
	})
}

// Signatory is somebody who may sign the decision on a request.
type Signatory struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Title   string `json:"title"`
	Own     bool   `json:"own" doc:"It is the caller"`
	Default bool   `json:"default" doc:"Signs where nobody is named"`
}

type signatoriesOutput struct {
	Body struct {
		Signatories []Signatory `json:"signatories"`
	}
}

func (s *Server) signatories(ctx context.Context, in *numberInput) (*signatoriesOutput, error) {
	out := &signatoriesOutput{}
	out.Body.Signatories = []Signatory{}
	err := s.read(ctx, in.Caller, agentsOnly(func(tx *tenants.Tx) error {
		all, chosen, err := requests.Signatories(ctx, tx, in.Number)
		for _, one := range all {
			out.Body.Signatories = append(out.Body.Signatories, Signatory{ID: string(one.ID), Name: one.Name, Title: one.Title, Own: one.Own, Default: one.ID == chosen})
		}
		return err
	}))
	return out, err
}

// PreparedDecision is a decision that waits for who signs it.
type PreparedDecision struct {
	Outcome    string `json:"outcome"`
	Signatory  string `json:"signatory" doc:"Who signs it"`
	PreparedBy string `json:"prepared_by"`
	PreparedOn string `json:"prepared_on" format:"date"`
	MaySign    bool   `json:"may_sign" doc:"The caller may sign it"`
	Returned   string `json:"returned,omitempty" doc:"It was sent back: why"`
}

func preparedOf(p *requests.Prepared) *PreparedDecision {
	if p == nil {
		return nil
	}
	return &PreparedDecision{
		Outcome: string(p.Outcome), Signatory: p.SignatoryName, PreparedBy: p.PreparedBy, PreparedOn: p.PreparedOn.String(), MaySign: p.MaySign, Returned: p.ReturnedWhy,
	}
}
