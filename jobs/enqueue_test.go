package jobs_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// What differs from one job to the next by nature is left out.
const jobRows = `select array_agg(to_jsonb(j) - array['id', 'created_at', case when state = 'available' then 'scheduled_at' end] || jsonb_build_object('at_once', j.scheduled_at = j.created_at) order by id)
	from river.river_job j`

func TestJobsAreWrittenAsRiverWritesThem(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	job := requests.ProjectArgs{Tenant: r.Tenant.ID, Request: tenants.NewID()}
	at := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	r.Write(t, r.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
		if err := tx.Enqueue(ctx, job); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job, tenants.At(at))
	})
	ours := value[[]json.RawMessage](r, jobRows)
	r.exec(`delete from river.river_job`)
	client, err := river.NewClient(riverpgxv5.New(r.Pool), &river.Config{Schema: "river", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := json.Marshal(map[string]string{"tenant": r.Tenant.Schema})
	if err != nil {
		t.Fatal(err)
	}
	err = pgx.BeginFunc(t.Context(), r.Pool, func(tx pgx.Tx) error {
		_, err := client.InsertManyTx(t.Context(), tx, []river.InsertManyParams{
			{Args: job, InsertOpts: &river.InsertOpts{Metadata: metadata}},
			{Args: job, InsertOpts: &river.InsertOpts{Metadata: metadata, ScheduledAt: at}},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	theirs := value[[]json.RawMessage](r, jobRows)
	if len(ours) != 2 || len(theirs) != 2 {
		t.Fatalf("%d and %d jobs", len(ours), len(theirs))
	}
	for i := range ours {
		if string(ours[i]) != string(theirs[i]) {
			t.Errorf("we write\n%s\nRiver writes\n%s", ours[i], theirs[i])
		}
	}
}

func TestThePriorityFallsAsTheBacklogGrows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 6 {
		jobs := make([]tenants.Job, 21)
		for i := range jobs {
			jobs[i] = requests.ProjectArgs{Tenant: r.Tenant.ID, Request: tenants.NewID()}
		}
		r.enqueue(r.Tenant, jobs...)
	}
	r.enqueue(r.Other, requests.ProjectArgs{Tenant: r.Other.ID})
	got := value[[]int](r, `select array_agg(jobs order by priority) from (
		select priority, count(*)::int as jobs from river.river_job where metadata->>'tenant' = $1 group by priority) counted`, r.Tenant.Schema)
	want := []int{20, 30, 50, 26}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("jobs by priority: %v, want %v", got, want)
		}
	}
	if n := value[int](r, `select priority from river.river_job where metadata->>'tenant' = $1`, r.Other.Schema); n != 1 {
		t.Errorf("another commune's job has priority %d", n)
	}
}
