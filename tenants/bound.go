package tenants

import (
	"context"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// boundKey leads to the key of the commune that a context is bound to; 0: across communes.
type boundKey struct{}

// Bound gives a context in which a [DB] opens transactions of one commune alone. What
// answers a request on a commune's host works in such a context: a fault of ours that takes
// another commune's Tenant, whole and right, ends there, with fault.Internal "tenant_mixed",
// before a connection is looked for.
func Bound(ctx context.Context, t Tenant) context.Context {
	return context.WithValue(ctx, boundKey{}, t.ID)
}

// Across gives a context in which another commune may be reached on purpose: what it
// publishes, for a request that is to go there.
func Across(ctx context.Context) context.Context { return context.WithValue(ctx, boundKey{}, int64(0)) }

// bounded refuses a commune that is not the one a context is bound to.
func bounded(ctx context.Context, t Tenant) error {
	if bound, ok := ctx.Value(boundKey{}).(int64); ok && bound != 0 && bound != t.ID {
		return fault.New(fault.Internal, "tenant_mixed")
	}
	return nil
}
