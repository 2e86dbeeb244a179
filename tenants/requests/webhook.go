package requests

import (
	"context"
	"encoding/hex"
	"encoding/json"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// WebhookArgs asks that another program be told of a step.
type WebhookArgs struct {
	Tenant int64      `json:"tenant"`
	Call   tenants.ID `json:"call"`
}

// Kind names the job.
func (WebhookArgs) Kind() string { return "request_webhook" }

// Call is what another program is told: Body is signed with Key by who sends it (tenants/workflow/hook).
type Call struct {
	ID       tenants.ID
	URL      string
	Key      []byte
	Body     []byte
	Attempts int
}

// MaxCalls is how often a program is called that does not answer; the waits between grow to some hours.
const MaxCalls = 12

const (
	sqlQueueCall = `insert into webhook_call (id, request_id, visit, action, step, url, created_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`
	sqlCall      = `select w.id, w.step, w.url, w.state, w.attempts, r.number from webhook_call w join request r on r.id = w.request_id where w.id = $1`
	sqlCalled    = `update webhook_call set state = $2, attempts = attempts + 1, detail = $3, ended_at = $4 where id = $1 and state = 'queued'`
	sqlCallOf    = `select request_id from webhook_call where id = $1`
)

// call asks for another program to be told, once for each time that the step is entered.
func (c *change) call(ctx context.Context, f *flow, step *workflow.Stage, a *workflow.Action) error {
	id := tenants.NewID()
	made, err := c.tx.Exec(ctx, sqlQueueCall, id, c.r.ID, f.Visit, a.Name, step.Name, a.URL, c.tx.Now())
	if err != nil || made == 0 {
		return err
	}
	return c.tx.Enqueue(ctx, WebhookArgs{Tenant: c.tx.Tenant().ID, Call: id})
}

// WebhookKey gives the key with which a procedure's calls are signed, for who sets the other program up. It is derived from the commune's
// secret, and stored nowhere. Administrators only.
func WebhookKey(tx *tenants.Tx, slug string) (string, error) {
	if !tx.Actor().MayConfigure() {
		return "", fault.New(fault.Forbidden, "admin_only")
	}
	return webhookKey(tx, slug), nil
}

func webhookKey(tx *tenants.Tx, slug string) string {
	return hex.EncodeToString(tx.Key("webhook/" + slug))
}

type callRow struct {
	ID                       tenants.ID
	Step, URL, State, Number string
	Attempts                 int
}

// told is the body of a call: nothing of a person is in it.
type told struct {
	Commune   string     `json:"commune"`
	Procedure string     `json:"procedure"`
	Number    string     `json:"number"`
	Step      string     `json:"step"`
	Call      tenants.ID `json:"call"` // the same at each try
}

// OpenCall reads what is to be told; ok is false where it was, or nobody shall be any more. Our own jobs only.
func OpenCall(ctx context.Context, tx *tenants.Tx, id tenants.ID) (out Call, ok bool, err error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return Call{}, false, fault.New(fault.Forbidden, "not_allowed")
	}
	row, err := tenants.One[callRow](ctx, tx, sqlCall, id)
	if fault.Is(err, "not_found") || err == nil && row.State != "queued" {
		return Call{}, false, nil
	}
	if err != nil {
		return Call{}, false, err
	}
	r, err := one(ctx, tx, sqlRequestByNumber, row.Number)
	if err != nil {
		return Call{}, false, err
	}
	body, err := json.Marshal(told{Commune: tx.Tenant().Slug, Procedure: r.ProcedureSlug, Number: r.Number, Step: row.Step, Call: id})
	return Call{ID: id, URL: row.URL, Key: []byte(webhookKey(tx, r.ProcedureSlug)), Body: body, Attempts: row.Attempts}, err == nil, err
}

// EndCall writes down how a try went: detail is "" where the other program took it. One that cannot succeed, or was tried often enough,
// is given up, which the history of the request says; again tells whether to try later. Our own jobs only.
func EndCall(ctx context.Context, tx *tenants.Tx, call Call, detail string, hopeless bool) (again bool, err error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return false, fault.New(fault.Forbidden, "not_allowed")
	}
	state, ended := "queued", orNull(tx.Now())
	switch {
	case detail == "":
		state = "delivered"
	case hopeless || call.Attempts+1 >= MaxCalls:
		state = "failed"
	default:
		ended, again = nil, true
	}
	if _, err := tx.Exec(ctx, sqlCalled, call.ID, state, detail, ended); err != nil || state != "failed" {
		return again, err
	}
	request, err := tenants.One[tenants.ID](ctx, tx, sqlCallOf, call.ID)
	if err != nil {
		return false, err
	}
	return false, tx.Record(ctx, tenants.Event{SubjectKind: subjectRequest, SubjectID: string(request), Kind: "action_failed", Data: EventData{Label: workflow.KindWebhook.Label(), Problem: "webhook"}})
}
