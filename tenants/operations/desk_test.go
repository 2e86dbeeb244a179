package operations_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// Killed while the commune itself is opened, the workers end that, and then invite.
func TestATownHallsOpeningThatIsCutShortIsTakenUp(t *testing.T) {
	t.Parallel()
	d := webtest.New(t, webtest.WithKratos())
	ctx := t.Context()
	looks := 0
	dying := opening.NewDesk(opening.Config{
		Platform: d.Pool, Registry: d.Registry, DB: d.DB, Identity: d.Deps.Identity, Master: pgtest.Master, Logger: d.Deps.Logger, Clock: d.Clock.Now, Mail: d.Deps.HubMail,
		Open: func(ctx context.Context, by tenants.Actor, o tenants.Opening, mayor string) (tenants.Tenant, error) {
			left := looks
			return d.Deps.Operations.Watched(func(operations.Operation, string) error {
				if left--; left == 0 {
					return errors.New("the program was killed")
				}
				return nil
			}).Open(ctx, by, operations.Opening{Opening: o, Mayor: mayor})
		},
	})
	for _, c := range communes.Members("243100633") {
		if _, err := d.Registry.ByINSEE(ctx, c.INSEE); err == nil {
			continue
		}
		looks++
		r, err := dying.Ask(ctx, opening.NewHolder(), opening.Application{
			INSEE: c.INSEE, Proof: opening.ByHub, GivenName: "Claire", FamilyName: "Vidal", Position: "secretary",
			Email: fmt.Sprintf("claire.%d@muret.example", looks), Plan: subscription.Later, Accepted: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = dying.Approve(ctx, opening.Decider{HubID: d.Hub.ID, Name: d.Hub.Name}, r.ID); err == nil {
			break
		}
		d.Clock.Advance(2 * time.Minute)
		if err := errors.Join(d.Deps.Operations.Tick(ctx), d.Deps.Openings.Resume(ctx)); err != nil {
			t.Fatalf("look %d: %v", looks, err)
		}
		tenant, err := d.Registry.ByINSEE(ctx, c.INSEE)
		if err != nil || tenant.State != tenants.StateLive {
			t.Fatalf("look %d: %+v, %v", looks, tenant, err)
		}
		d.Write(t, tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
			agents, err := staff.List(ctx, tx)
			if len(agents) != 1 {
				t.Errorf("look %d: agents %+v", looks, agents)
			}
			return err
		})
	}
	if looks != 9 { // two at each of the four steps, and none
		t.Errorf("%d looks", looks)
	}
}
