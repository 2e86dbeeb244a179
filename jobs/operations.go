package jobs

import (
	"context"
	"time"
)

// operationsEvery is how soon an operation that was asked for begins.
const operationsEvery = 5 * time.Second

// operate carries out what is due to be done to whole communes, and resumes what an ended
// program left, until the context ends. The table of operations is its own queue, and a
// lock that ends with the program says who is at work: a job of River would wait for hours
// to be taken over. What fails says so in its own account, and is tried again from there.
func (f *Fleet) operate(ctx context.Context) {
	if f.deps.Operations == nil {
		return
	}
	f.repeat(ctx, "an operation did not succeed", f.deps.Operations.Tick)
}

// spread brings communes what their hubs propose, until the context ends: its table is its own
// queue too.
func (f *Fleet) spread(ctx context.Context) {
	if f.deps.Models == nil {
		return
	}
	f.repeat(ctx, "a hub's model did not come to a commune", func(ctx context.Context) error {
		_, err := f.deps.Models.Tick(ctx)
		return err
	})
}

// repeat ticks until the context ends.
func (f *Fleet) repeat(ctx context.Context, failure string, tick func(context.Context) error) {
	ticker := time.NewTicker(operationsEvery)
	defer ticker.Stop()
	for {
		if err := tick(ctx); err != nil && ctx.Err() == nil {
			f.deps.Logger.WarnContext(ctx, failure, "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
