package v1

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// Applicant is who asks.
type Applicant struct {
	GivenName      string `json:"given_name,omitempty" maxLength:"200"`
	FamilyName     string `json:"family_name,omitempty" maxLength:"200"`
	Email          string `json:"email,omitempty" maxLength:"254"`
	Phone          string `json:"phone,omitempty" maxLength:"40"`
	PostalAddress  string `json:"postal_address,omitempty" maxLength:"500"`
	SMS            bool   `json:"sms,omitempty" doc:"Wants text messages on phone"`
	OnBehalfOf     string `json:"on_behalf_of,omitempty" maxLength:"200"`
	Organisation   string `json:"organisation,omitempty" maxLength:"200"`
	OrganisationID string `json:"organisation_id,omitempty" maxLength:"40" doc:"SIREN, SIRET or RNA"`
	EmailAgreed    bool   `json:"email_agreed,omitempty" doc:"Agrees to get receipts and messages by e-mail (counter, phone and post)"`
	DecisionEmail  bool   `json:"decision_by_email,omitempty" default:"false" doc:"Expressly agrees to receive the decision itself by e-mail; otherwise it is notified on paper"`
}

// NewRequest is what is sent to ask for something.
type NewRequest struct {
	Procedure  string          `json:"procedure" minLength:"1" maxLength:"63" pattern:"^[a-z0-9-]+$" doc:"The procedure's slug"`
	Channel    string          `json:"channel,omitempty" enum:"web,api,counter,phone,post,email" default:"api" doc:"Where it came from; counter, phone, post and email are agents'"`
	ReceivedOn string          `json:"received_on,omitempty" format:"date" doc:"The day a letter, a call or a visit was received; agents alone"`
	Applicant  Applicant       `json:"applicant"`
	Answers    json.RawMessage `json:"answers" doc:"The answers, as the procedure's form wants them"`
}

// Filed is a request that was received.
type Filed struct {
	Number       string     `json:"number" example:"26-000123"`
	TrackingCode string     `json:"tracking_code" doc:"With the number, it opens the request to who asked"`
	State        string     `json:"state"`
	ReceivedAt   time.Time  `json:"received_at"`
	ReceivedOn   string     `json:"received_on" format:"date" doc:"The civil date in the commune, which legal dates count from"`
	Silence      SilenceDay `json:"silence"`
	Warnings     []string   `json:"warnings,omitempty" doc:"In French"`
}

type newRequestInput struct {
	Caller
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" pattern:"^[ -~]*$" doc:"A repeated submission with the same key is one request"`
	Body           NewRequest
}

type filedOutput struct {
	Location string `header:"Location"`
	Body     Filed
}

// intakes registers the receiving of requests.
func (s *Server) intakes() {
	huma.Register(s.api, huma.Operation{
		OperationID: "create-request", Method: http.MethodPost, Path: "/api/v1/requests", Summary: "Ask for something",
		Tags: []string{"requests"}, DefaultStatus: http.StatusCreated, MaxBodyBytes: maxBody,
		Security: []map[string][]string{{}, {"agent": {}}},
		Errors:   []int{http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, s.submit)
}

func (s *Server) submit(ctx context.Context, in *newRequestInput) (*filedOutput, error) {
	if in.Authorization == "" && !s.mayFile(callOf(ctx).address, in.Body.Applicant) {
		return nil, s.problem(ctx, fault.New(fault.TooMany, "too_many"))
	}
	submission := requests.Submission{
		ProcedureSlug: in.Body.Procedure, Channel: in.Body.Channel, IdempotencyKey: in.IdempotencyKey, Body: in.Body.Answers, Network: callOf(ctx).address,
		Applicant: requests.Applicant{
			GivenName: in.Body.Applicant.GivenName, FamilyName: in.Body.Applicant.FamilyName, Email: in.Body.Applicant.Email,
			Phone: in.Body.Applicant.Phone, PostalAddress: in.Body.Applicant.PostalAddress, SMS: in.Body.Applicant.SMS,
			OnBehalfOf: in.Body.Applicant.OnBehalfOf, Organisation: in.Body.Applicant.Organisation,
			OrganisationID: in.Body.Applicant.OrganisationID, EmailAgreed: in.Body.Applicant.EmailAgreed, DecisionEmail: in.Body.Applicant.DecisionEmail,
		},
	}
	if in.Body.ReceivedOn != "" {
		day, err := calendar.ParseDate(in.Body.ReceivedOn)
		if err != nil {
			return nil, s.problem(ctx, fault.New(fault.Invalid, "received_on_invalid", fault.Field{Path: "received_on", Code: "received_on_invalid"}))
		}
		submission.ReceivedOn = day
	}
	var done requests.Submitted
	err := s.write(ctx, in.Caller, func(tx *tenants.Tx) error {
		var err error
		done, err = requests.SubmitLast(ctx, tx, submission)
		return err
	})
	if err != nil {
		return nil, err
	}
	r := done.Request
	return &filedOutput{
		Location: "/api/v1/requests/" + r.Number,
		Body: Filed{
			Number: r.Number, TrackingCode: done.TrackingCode, State: string(r.State), ReceivedAt: r.ReceivedAt.UTC(), ReceivedOn: r.ReceivedOn.String(),
			Silence: silenceDay(r.Silence.Effect, r.SilenceLastDay), Warnings: done.Warnings,
		},
	}, nil
}

// mayFile tells whether somebody without a token may file one more request: as many as
// a network is let, and as anybody should be written to because of strangers.
func (s *Server) mayFile(network string, a Applicant) bool {
	if ip, err := netip.ParseAddr(network); err == nil && ip.IsLoopback() {
		allowed, _ := s.local.Allow(network)
		return allowed
	}
	if allowed, _ := s.intake.Allow(network); !allowed {
		return false
	}
	for _, to := range []string{a.Email, a.Phone} {
		if to == "" {
			continue
		}
		if allowed, _ := s.written.Allow(strings.ToLower(strings.Join(strings.Fields(to), ""))); !allowed {
			return false
		}
	}
	return true
}
