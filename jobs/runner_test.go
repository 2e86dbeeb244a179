package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestARequestIsAcknowledgedAndProjected(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.start()
	request := r.submit(r.Tenant, letter())
	r.until("the receipt's mail", func() bool { return len(r.sink.Messages()) > 0 })
	mail := r.sink.Messages()[0]
	if !slices.Equal(mail.To, []string{"jeanne@example.org"}) || !strings.Contains(mail.Text, request.Number) || !strings.Contains(mail.Text, "https://"+r.Tenant.Slug+".parvis.example/") {
		t.Errorf("to %v:\n%s", mail.To, mail.Text)
	}
	r.until("the projection", func() bool { return value[int](r, `select count(*) from platform.request_projection`) == 1 })
	got := value[string](r, `select tenant_id || ' ' || number || ' ' || procedure || ' ' || channel || ' ' || state || ' ' || received_on || ' ' || due_on from platform.request_projection`)
	if want := fmt.Sprintf("%d %s courrier-maire web received %s %s", r.Tenant.ID, request.Number, request.ReceivedOn, request.DueOn); got != want {
		t.Errorf("projected %q, want %q", got, want)
	}
	r.until("the jobs to end", func() bool {
		return value[int](r, `select count(*) from river.river_job where kind in ('notify_send', 'request_project') and state = 'completed'`) == 2
	})
	if n := value[int](r, `select count(*) from river.river_job where args::text ~* 'jeanne|dupont|@' or metadata::text ~* 'jeanne|dupont|@'`); n != 0 {
		t.Errorf("%d jobs hold personal data", n)
	}
	if n := len(r.sink.Messages()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

func TestWhileMailIsAwayRequestsAreTakenIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	address := r.sink.Addr()
	r.sink.Stop()
	r.start()
	request := r.submit(r.Tenant, letter())
	r.until("a first attempt", func() bool {
		return value[int](r, `select count(*) from river.river_job where kind = 'notify_send' and state in ('retryable', 'available') and cardinality(errors) > 0`) == 1
	})
	failure := value[string](r, `select errors::text from river.river_job where kind = 'notify_send'`)
	if strings.Contains(failure, "jeanne") || !strings.Contains(failure, "mail_away") {
		t.Errorf("the queue says %s", failure)
	}
	back, err := parts.StartSMTP(parts.SMTPOptions{Addr: address, Now: r.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.sink = back
	r.until("the mail, once the server is back", func() bool { return len(r.sink.Messages()) == 1 })
	if !strings.Contains(r.sink.Messages()[0].Text, request.Number) {
		t.Error("another mail")
	}
	r.until("the job's end", func() bool {
		return value[int](r, `select count(*) from river.river_job where kind = 'notify_send' and state = 'completed'`) == 1
	})
}

func TestATownInAHurryDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	send := func(commune tenants.Tenant, n int, to string) {
		r.Write(t, commune, system, func(ctx context.Context, tx *tenants.Tx) error {
			for range n {
				if err := notify.Enqueue(ctx, tx, notify.Message{Channel: "email", Template: "message", To: to, Subject: "Bonjour", Text: "Bonjour", HTML: "<p>Bonjour</p>"}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	const backlog = 2000
	for range backlog / 100 { // many changes of a campaign, each with its own transaction
		send(r.Tenant, 100, "everybody@example.org")
	}
	send(r.Other, 1, "one@example.org")
	stop := r.start()
	first := func() int {
		return slices.IndexFunc(r.sink.Messages(), func(m parts.Mail) bool { return slices.Contains(m.To, "one@example.org") })
	}
	r.until("the other commune's mail", func() bool { return first() >= 0 })
	stop()
	// Twenty of the first commune's were of the same priority and came before; a
	// worker or two may have overtaken.
	if at := first(); at > 60 {
		t.Errorf("the other commune's first mail left behind %d of a backlog of %d", at, backlog)
	}
	if left := value[int](r, `select count(*) from river.river_job where kind = 'notify_send' and state = 'available'`); left == 0 {
		t.Error("the backlog was done already: nothing was shown")
	}
}

func TestAJobOutlivesItsProgram(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	request := r.submit(r.Tenant, letter())
	// A program took both jobs, and was killed: they run for ever.
	r.exec(`update river.river_job set state = 'running', attempt = 1, attempted_at = now() - interval '6 minutes', attempted_by = '{killed}'`)
	r.start()
	r.until("the mail", func() bool { return len(r.sink.Messages()) == 1 })
	r.until("the projection", func() bool {
		return value[int](r, `select count(*) from platform.request_projection where number = $1`, request.Number) == 1
	})
}

func TestAJobThatRunsIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.submit(r.Tenant, letter())
	// Another program works them since a moment.
	r.exec(`update river.river_job set state = 'running', attempt = 1, attempted_at = now() - interval '30 seconds', attempted_by = '{alive}'`)
	r.start()
	r.quarterAlone()
	time.Sleep(2 * time.Second)
	if n := value[int](r, `select count(*) from river.river_job where state = 'running' and attempted_by = '{alive}'`); n != 2 {
		t.Errorf("%d jobs are left to the program that has them, want 2", n)
	}
	if n := len(r.sink.Messages()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestWhatCannotSucceedEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.enqueue(r.Tenant, requests.ProjectArgs{Tenant: 999_999, Request: tenants.NewID()}, requests.ProjectArgs{Tenant: r.Tenant.ID, Request: tenants.NewID()})
	r.start()
	r.until("both jobs to be cancelled", func() bool {
		return value[int](r, `select count(*) from river.river_job where kind = 'request_project' and state = 'cancelled'`) == 2
	})
}

// What a suspended commune owes goes out: the law does not stop.
func TestASuspendedTenantsJobsGoOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.submit(r.Tenant, letter())
	r.exec(`update platform.tenant set state = 'suspended' where id = $1`, r.Tenant.ID)
	r.start()
	r.until("the receipt", func() bool { return len(r.sink.Messages()) == 1 })
}

// Jobs go with their commune, once, however often it is said; those of its neighbours stay.
func TestJobsMoveWithTheirTenant(t *testing.T) {
	t.Parallel()
	r := &rig{Env: pgtest.Schema(t, pgtest.WithEnqueuer(jobs.NewEnqueuer()), pgtest.WithCells(2)), t: t}
	to, err := r.Registry.Cells().Owner(t.Context(), "cell-2")
	if err != nil {
		t.Fatal(err)
	}
	for _, pool := range []*pgxpool.Pool{r.Pool, to} {
		if err := jobs.Migrate(t.Context(), pool, quiet); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		r.enqueue(r.Tenant, requests.ProjectArgs{Tenant: r.Tenant.ID, Request: tenants.NewID()})
		r.enqueue(r.Other, requests.ProjectArgs{Tenant: r.Other.ID, Request: tenants.NewID()})
		if i == 0 {
			r.exec(`update river.river_job set state = 'running', attempt = 1, attempted_at = now() where metadata->>'tenant' = $1`, r.Tenant.Schema)
		}
	}
	counts := func(pool *pgxpool.Pool, schema string) (n int) {
		if n, err = (jobs.Queues{}).Count(t.Context(), pool, schema); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 2 {
		running, err := jobs.Queues{}.Move(t.Context(), r.Pool, to, r.Tenant.Schema)
		if err != nil || running != 1 {
			t.Fatalf("%d run: %v", running, err)
		}
		if here, there, other := counts(r.Pool, r.Tenant.Schema), counts(to, r.Tenant.Schema), counts(r.Pool, r.Other.Schema); here != 1 || there != 2 || other != 3 {
			t.Errorf("%d jobs stayed, %d went, %d of the neighbour", here, there, other)
		}
	}
}
