package jobs

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Fleet works the jobs of every cell, a runner each.
type Fleet struct {
	deps    Deps
	metrics *metrics
	runners map[string]*Runner
}

// NewFleet makes a fleet; it works nothing until Run.
func NewFleet(d Deps) *Fleet {
	return &Fleet{deps: d, metrics: newMetrics(d.Metrics), runners: map[string]*Runner{}}
}

// cellLook is how often a fleet looks for new cells, and for those that were away.
const cellLook = 10 * time.Second

// Run works until the context ends, then waits for the jobs that run, for as long as
// grace. A cell that is added is found; one that is away is tried again, for as long as
// it takes, and the others go on.
func (f *Fleet) Run(ctx context.Context, grace time.Duration) error {
	operating := make(chan struct{})
	go func() {
		defer close(operating)
		var both sync.WaitGroup
		both.Go(func() { f.operate(ctx) })
		both.Go(func() { f.spread(ctx) })
		both.Wait()
	}()
	ticker := time.NewTicker(cellLook)
	defer ticker.Stop()
	for f.muster(ctx); ctx.Err() == nil; f.muster(ctx) {
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	var errs []error
	select {
	case <-operating:
	case <-stop.Done():
	}
	for _, r := range f.runners {
		errs = append(errs, r.Stop(stop))
	}
	return errors.Join(errs...)
}

// muster starts a runner for each cell that has none.
func (f *Fleet) muster(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	cells, err := f.deps.Registry.Cells().List(ctx)
	if err != nil {
		f.deps.Logger.WarnContext(ctx, "the cells cannot be listed yet", "error", err.Error())
		return
	}
	for _, c := range cells {
		if f.runners[c.Name] != nil {
			continue
		}
		if err := f.start(ctx, c.Name); err != nil {
			f.deps.Logger.WarnContext(ctx, "the workers of a cell cannot start yet", "cell", c.Name, "error", err.Error())
		}
	}
}

func (f *Fleet) start(ctx context.Context, cell string) error {
	pool, err := f.deps.Registry.Cells().Owner(ctx, cell)
	if err != nil {
		return err
	}
	r, err := newRunner(cell, pool, f.deps, f.metrics)
	if err != nil {
		return err
	}
	if err := r.Start(ctx); err != nil {
		return err
	}
	f.runners[cell] = r
	return nil
}

// sparesArgs keeps up a cell's spare schemas.
type sparesArgs struct{}

func (sparesArgs) Kind() string { return "platform_spares" }

// sparesEvery is how often the spares are counted: a morning on which fifty communes
// subscribe is served from spares within minutes.
const sparesEvery = 2 * time.Minute

// keepSpares makes what is missing.
func (r *Runner) keepSpares(ctx context.Context) error {
	made, err := r.deps.Registry.KeepSpares(ctx, r.cell)
	if made > 0 {
		r.deps.Logger.InfoContext(ctx, "spare schemas made", "cell", r.cell, "count", made)
	}
	return err
}
