package jobs

import (
	"context"
	"errors"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/workflow/hook"
)

// advance does what a request's step does by itself.
func (r *Runner) advance(ctx context.Context, t tenants.Tenant, a requests.AdvanceArgs) error {
	return r.deps.DB.Write(ctx, t, tenants.System("circuit"), func(tx *tenants.Tx) error { return requests.Advance(ctx, tx, a) })
}

// errUntaken has a call tried again.
var errUntaken = errors.New("jobs: the other program did not take the call")

// webhook tells another program of a step: outside of any transaction, and no more once it was taken.
func (r *Runner) webhook(ctx context.Context, t tenants.Tenant, a requests.WebhookArgs) error {
	var call requests.Call
	var wanted, again bool
	err := r.deps.DB.Read(ctx, t, tenants.System("circuit"), func(tx *tenants.Tx) (err error) {
		call, wanted, err = requests.OpenCall(ctx, tx, a.Call)
		return err
	})
	if err != nil || !wanted {
		return err
	}
	detail, hopeless := "", false
	if err := r.deps.Hooks.Post(ctx, call.URL, call.Key, call.Body, string(call.ID)); err != nil {
		problem, ok := errors.AsType[*hook.Problem](err)
		if !ok {
			return err
		}
		detail, hopeless = problem.Detail, problem.Hopeless
	}
	err = r.deps.DB.Write(ctx, t, tenants.System("circuit"), func(tx *tenants.Tx) (err error) {
		again, err = requests.EndCall(ctx, tx, call, detail, hopeless)
		return err
	})
	if err == nil && again {
		return errUntaken
	}
	return err
}
