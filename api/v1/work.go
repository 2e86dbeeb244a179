package v1

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type numberInput struct {
	Follower
	Number string `path:"number" maxLength:"20" doc:"The request's number" example:"26-000123"`
}

type requestOutput struct {
	Body RequestDetail
}

type listInput struct {
	Caller
	State     string `query:"state" maxLength:"40" doc:"Only requests in this state"`
	Procedure string `query:"procedure" maxLength:"63" pattern:"^[a-z0-9-]*$" doc:"Only requests of this procedure"`
	DueBefore string `query:"due_before" format:"date" doc:"Only requests that are due before this day"`
	Q         string `query:"q" maxLength:"200" doc:"Words of the number, the name or the title"`
	Limit     int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor    string `query:"cursor" maxLength:"400" doc:"next of the page before"`
}

type listOutput struct {
	Body struct {
		Items []RequestRow `json:"items"`
		Next  string       `json:"next,omitempty" doc:"The cursor of the next page"`
		Total int          `json:"total" doc:"How many there are; with more, at least so many"`
		More  bool         `json:"more" doc:"Total is a floor"`
	}
}

type textInput struct {
	Caller
	Number string `path:"number" maxLength:"20"`
	Body   struct {
		Body string `json:"body" minLength:"1" maxLength:"10000"`
	}
}

type messageInput struct {
	Follower
	Number string `path:"number" maxLength:"20"`
	Body   struct {
		Body string `json:"body" minLength:"1" maxLength:"10000"`
	}
}

type writtenOutput struct {
	Body Written
}

// Written is a message or a note that was kept.
type Written struct {
	ID        string    `json:"id"`
	Author    string    `json:"author"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
}

type documentsInput struct {
	Caller
	Number string `path:"number" maxLength:"20"`
	Body   struct {
		Items []struct {
			Label         string `json:"label" minLength:"1" maxLength:"300"`
			LegalBasis    string `json:"legal_basis" minLength:"1" maxLength:"300" doc:"The text that requires it (L.114-5: no other may be asked for)"`
			Indispensable *bool  `json:"indispensable,omitempty" doc:"Without it nothing can be decided (L.114-5-1); true where it is not given"`
		} `json:"items" minItems:"1" maxItems:"30"`
		LimitOn  string `json:"limit_on" format:"date" doc:"The last day to produce them"`
		Text     string `json:"text,omitempty" maxLength:"4000"`
		Delivery string `json:"delivery,omitempty" enum:"email,counter,post" doc:"How the letter leaves; by e-mail where the person gets messages so, otherwise by post"`
		Version  int64  `json:"version,omitempty" minimum:"1" doc:"The request's version that was read; another one is refused with 409"`
	}
}

// arrivalInput is the day on which something that was posted reached the person.
type arrivalInput struct {
	Caller
	Number string `path:"number" maxLength:"20"`
	Body   struct {
		On      string `json:"on" format:"date" doc:"The day on which it reached the person, by the return slip or by what they say: the times of the law run from it"`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The request's version that was read; another one is refused with 409"`
	}
}

type transmissionInput struct {
	Caller
	Number string `path:"number" maxLength:"20"`
	Body   struct {
		To struct {
			Code          string `json:"code,omitempty" pattern:"^[0-9A-Za-z]{5}([0-9]{4})?$" doc:"INSEE code of a commune, or SIREN of an EPCI, with a portal here; without it, an outside administration" example:"243100633"`
			Name          string `json:"name,omitempty" maxLength:"200" doc:"Of an outside administration"`
			PostalAddress string `json:"postal_address,omitempty" maxLength:"500"`
			Email         string `json:"email,omitempty" maxLength:"254"`
			Delivery      string `json:"delivery,omitempty" enum:"email,post" doc:"How it leaves for an outside administration; by e-mail where an address is given"`
		} `json:"to"`
		Procedure string `json:"procedure,omitempty" maxLength:"63" pattern:"^[a-z0-9-]*$" doc:"There; the request's own where it is offered, otherwise the letter to the mayor"`
		Reason    string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why they are competent; the person reads it"`
		Version   int64  `json:"version,omitempty" minimum:"1" doc:"The request's version that was read; another one is refused with 409"`
	}
}

type recallInput struct {
	Caller
	Number string `path:"number" maxLength:"20"`
	Body   struct {
		Version int64 `json:"version,omitempty" minimum:"1" doc:"The request's version that was read; another one is refused with 409"`
	}
}

// work registers what is done with requests.
func (s *Server) work() {
	agent := []map[string][]string{{"agent": {}}}
	either := []map[string][]string{{"agent": {}}, {"tracking": {}}}
	failures := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	operation := func(id, method, path, summary string, security []map[string][]string) huma.Operation {
		o := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"requests"}, Security: security, Errors: failures, MaxBodyBytes: maxBody}
		if method == http.MethodPost {
			o.DefaultStatus = http.StatusCreated
		}
		return o
	}
	huma.Register(s.api, operation("get-request", http.MethodGet, "/api/v1/requests/{number}", "One request", either), s.get)
	huma.Register(s.api, operation("get-deadline", http.MethodGet, "/api/v1/requests/{number}/deadline", "Why the dates of a request are what they are", either), s.deadline)
	huma.Register(s.api, operation("list-requests", http.MethodGet, "/api/v1/requests", "The requests, the soonest due first", agent), s.list)
	huma.Register(s.api, operation("write-message", http.MethodPost, "/api/v1/requests/{number}/messages", "Write to the citizen, or to the town", either), s.message)
	huma.Register(s.api, operation("add-note", http.MethodPost, "/api/v1/requests/{number}/notes", "Note something among agents", agent), s.note)
	huma.Register(s.api, operation("ask-documents", http.MethodPost, "/api/v1/requests/{number}/document-requests", "Ask for missing documents (L.114-5)", agent), s.askDocuments)
	huma.Register(s.api, operation("transmit", http.MethodPost, "/api/v1/requests/{number}/transmission", "Transmit to the administration that is competent (L.114-2)", agent), s.transmit)
	huma.Register(s.api, operation("recall-transmission", http.MethodPost, "/api/v1/requests/{number}/transmission/recall", "Call back a transmission that has not arrived", agent), s.recall)
	huma.Register(s.api, decision(operation("decide", http.MethodPost, "/api/v1/requests/{number}/decision", "Decide, with a letter; or prepare the decision for who signs it", agent)), s.decide)
	huma.Register(s.api, operation("sign-decision", http.MethodPost, "/api/v1/requests/{number}/decision/signature", "Sign the decision that was prepared, as it is: it leaves", agent), s.sign)
	huma.Register(s.api, operation("list-signatories", http.MethodGet, "/api/v1/requests/{number}/signatories", "Who may sign the decision", agent), s.signatories)
	huma.Register(s.api, operation("notify-decision", http.MethodPost, "/api/v1/requests/{number}/decision/notification", "Note the day on which the posted decision came: the appeal runs from it", agent), s.decisionCame)
	huma.Register(s.api, operation("notify-documents", http.MethodPost, "/api/v1/requests/{number}/document-requests/notification", "Note the day on which the posted notice of missing documents came", agent), s.noticeCame)
}

func (s *Server) get(ctx context.Context, in *numberInput) (*requestOutput, error) {
	out := &requestOutput{}
	err := s.read(ctx, in.Caller, s.following(ctx, in.Follower, in.Number, func(tx *tenants.Tx) error {
		d, err := requests.Get(ctx, tx, in.Number)
		out.Body = detailOfRequest(d, tx.Actor().IsAgent())
		return err
	}))
	return out, err
}

func (s *Server) list(ctx context.Context, in *listInput) (*listOutput, error) {
	filter := requests.Filter{
		View: requests.ViewAll, State: requests.State(in.State), Procedure: in.Procedure, Q: in.Q, Limit: in.Limit, Cursor: in.Cursor,
	}
	if in.DueBefore != "" {
		day, err := calendar.ParseDate(in.DueBefore)
		if err != nil {
			return nil, s.problem(ctx, fault.New(fault.Invalid, "filter_invalid", fault.Field{Path: "filter", Code: "invalid"}))
		}
		filter.DueBefore = day
	}
	out := &listOutput{}
	err := s.read(ctx, in.Caller, agentsOnly(func(tx *tenants.Tx) error {
		page, err := requests.List(ctx, tx, filter)
		if err != nil {
			return err
		}
		out.Body.Items, out.Body.Next, out.Body.Total, out.Body.More = rowsOf(page.Items), page.Next, page.Total, page.More
		return nil
	}))
	return out, err
}

func (s *Server) message(ctx context.Context, in *messageInput) (*writtenOutput, error) {
	out := &writtenOutput{}
	err := s.write(ctx, in.Caller, s.following(ctx, in.Follower, in.Number, func(tx *tenants.Tx) error {
		m, err := requests.Write(ctx, tx, in.Number, in.Body.Body)
		out.Body = Written{ID: string(m.ID), Author: m.AuthorName, Body: m.Body, CreatedAt: m.CreatedAt.UTC()}
		return err
	}))
	return out, err
}

func (s *Server) note(ctx context.Context, in *textInput) (*writtenOutput, error) {
	out := &writtenOutput{}
	err := s.write(ctx, in.Caller, agentsOnly(func(tx *tenants.Tx) error {
		n, err := requests.AddNote(ctx, tx, in.Number, in.Body.Body)
		out.Body = Written{ID: string(n.ID), Author: n.AuthorName, Body: n.Body, CreatedAt: n.CreatedAt.UTC()}
		return err
	}))
	return out, err
}

func (s *Server) askDocuments(ctx context.Context, in *documentsInput) (*requestOutput, error) {
	limit, err := calendar.ParseDate(in.Body.LimitOn)
	if err != nil {
		return nil, s.problem(ctx, fault.New(fault.Invalid, "limit_invalid", fault.Field{Path: "limit_on", Code: "limit_invalid"}))
	}
	notice := requests.Notice{LimitOn: limit, Text: in.Body.Text, Delivery: in.Body.Delivery}
	for _, item := range in.Body.Items {
		notice.Items = append(notice.Items, requests.NoticeItem{
			Label: item.Label, LegalBasis: item.LegalBasis, Indispensable: item.Indispensable == nil || *item.Indispensable,
		})
	}
	return s.change(ctx, in.Caller, in.Number, in.Body.Version, func(tx *tenants.Tx, version int64) error {
		_, err := requests.AskDocuments(ctx, tx, in.Number, notice, version)
		return err
	})
}

// decisionCame dates the arrival of the decision that still awaits it.
func (s *Server) decisionCame(ctx context.Context, in *arrivalInput) (*requestOutput, error) {
	return s.arrived(ctx, in, func(tx *tenants.Tx, d requests.Detail, on calendar.Date, version int64) error {
		for _, x := range slices.Backward(d.Decisions) {
			if !x.Implicit && x.NotifiedOn.IsZero() {
				_, err := requests.ConfirmNotified(ctx, tx, in.Number, x.ID, on, version)
				return err
			}
		}
		return fault.New(fault.NotFound, "decision_unknown")
	})
}

// noticeCame dates the arrival of the notice of missing documents that still awaits it.
func (s *Server) noticeCame(ctx context.Context, in *arrivalInput) (*requestOutput, error) {
	return s.arrived(ctx, in, func(tx *tenants.Tx, d requests.Detail, on calendar.Date, version int64) error {
		for _, n := range slices.Backward(d.DocumentRequests) {
			if n.AwaitsArrival(d.Applicant) {
				_, err := requests.ConfirmNotice(ctx, tx, in.Number, n.ID, on, version)
				return err
			}
		}
		return fault.New(fault.NotFound, "document_unknown")
	})
}

func (s *Server) arrived(ctx context.Context, in *arrivalInput, note func(*tenants.Tx, requests.Detail, calendar.Date, int64) error) (*requestOutput, error) {
	on, err := calendar.ParseDate(in.Body.On)
	if err != nil || on.IsZero() {
		return nil, s.problem(ctx, fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "on", Code: "notified_on_invalid"}))
	}
	return s.change(ctx, in.Caller, in.Number, in.Body.Version, func(tx *tenants.Tx, version int64) error {
		d, err := requests.Get(ctx, tx, in.Number)
		if err != nil {
			return err
		}
		return note(tx, d, on, version)
	})
}

func (s *Server) transmit(ctx context.Context, in *transmissionInput) (*requestOutput, error) {
	to := in.Body.To
	if to.Code == "" {
		out := requests.OutsideTransmittal{To: requests.Party{Name: to.Name, PostalAddress: to.PostalAddress, Email: to.Email}, Delivery: to.Delivery, Reason: in.Body.Reason}
		if out.Delivery == "" {
			out.Delivery = requests.DeliveryPost
			if to.Email != "" {
				out.Delivery = requests.DeliveryEmail
			}
		}
		return s.change(ctx, in.Caller, in.Number, in.Body.Version, func(tx *tenants.Tx, version int64) error {
			_, err := requests.TransmitOutside(ctx, tx, in.Number, out, version)
			return err
		})
	}
	var from tenants.Tenant
	own, version := "", in.Body.Version
	err := s.read(ctx, in.Caller, agentsOnly(func(tx *tenants.Tx) error {
		d, err := requests.Get(ctx, tx, in.Number)
		from, own = tx.Tenant(), d.ProcedureSlug
		if version == 0 {
			version = d.Version
		}
		return err
	}))
	if err != nil {
		return nil, err
	}
	// Asked of the recipient apart from our own transaction: no connection knows both.
	t, err := s.Transmissions.Address(ctx, from, to.Code, own, requests.Transmittal{ProcedureSlug: in.Body.Procedure, Reason: in.Body.Reason})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.change(ctx, in.Caller, in.Number, version, func(tx *tenants.Tx, version int64) error {
		_, err := requests.Transmit(ctx, tx, in.Number, t, version)
		return err
	})
}

func (s *Server) recall(ctx context.Context, in *recallInput) (*requestOutput, error) {
	return s.change(ctx, in.Caller, in.Number, in.Body.Version, func(tx *tenants.Tx, version int64) error {
		_, err := requests.Recall(ctx, tx, in.Number, version)
		return err
	})
}

// change does something with a request at the version that the caller read, or,
// where none is given, at the present one, and gives the request after it.
func (s *Server) change(ctx context.Context, c Caller, number string, version int64, do func(tx *tenants.Tx, version int64) error) (*requestOutput, error) {
	out := &requestOutput{}
	err := s.write(ctx, c, agentsOnly(func(tx *tenants.Tx) error {
		if version == 0 {
			d, err := requests.Get(ctx, tx, number)
			if err != nil {
				return err
			}
			version = d.Version
		}
		if err := do(tx, version); err != nil {
			return err
		}
		d, err := requests.Get(ctx, tx, number)
		out.Body = detailOfRequest(d, true)
		return err
	}))
	return out, err
}
