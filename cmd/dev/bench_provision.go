package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
)

// provisionAim is scale.md's, for the script alone.
const provisionAim = 100 * time.Millisecond

// benchProvision opens communes one after another on a durable server: through the
// registry, catalogue included, and the script of schema and role alone.
func benchProvision(ctx context.Context, b *bench) error {
	h, err := openHouse(ctx, nil)
	if err != nil {
		return err
	}
	defer h.close()
	var opened, scripts timings
	list := communes.All()
	if len(list) < b.opened {
		return fmt.Errorf("there are %d communes", len(list))
	}
	for i := range b.opened {
		insee := list[i*len(list)/b.opened].INSEE
		if err := opened.measure(func() error {
			_, err := h.registry.Open(ctx, tenants.System("bench"), tenants.Opening{INSEE: insee})
			return err
		}); err != nil {
			return err
		}
	}
	for i := range b.opened {
		if err := scripts.measure(func() error {
			return tenants.Provision(ctx, h.pool, fmt.Sprintf("t_%d", 1_000_000+i), randomHex(16))
		}); err != nil {
			return err
		}
	}
	b.table([]string{"ms", "p50", "p95", "p99", "worst", "aim p95", ""}, [][]string{
		append(append([]string{fmt.Sprintf("provisioning script, %d times", b.opened)}, scripts.columns()...), ms(provisionAim), verdict(scripts.at(0.95), provisionAim)),
		append(append([]string{fmt.Sprintf("whole opening with catalogue, %d communes", b.opened)}, opened.columns()...), "", ""),
	})
	return errors.Join(ctx.Err())
}
