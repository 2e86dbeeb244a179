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
	ticker := time.NewTicker(operationsEvery)
	defer ticker.Stop()
	for {
		if err := f.deps.Operations.Tick(ctx); err != nil && ctx.Err() == nil {
			f.deps.Logger.WarnContext(ctx, "an operation did not succeed", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
