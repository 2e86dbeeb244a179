package tenants_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

const (
	addService = `insert into service (id, name) values ($1, $2)`
	services   = `select name from service where name like 'Essai%' order by name`
)

func named(t *testing.T, env *pgtest.Env) (names []string) {
	t.Helper()
	if err := env.DB.Read(t.Context(), env.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
		names, err = tenants.All[string](t.Context(), tx, services)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

// The last batch, the commit and what was recorded go in one round trip, whether or not
// the transaction said anything before.
func TestALastBatchCommits(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	for _, before := range []bool{false, true} {
		err := env.DB.Write(t.Context(), env.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
			if before {
				if err := tx.SendBatch(t.Context(), &pgx.Batch{QueuedQueries: []*pgx.QueuedQuery{{SQL: services}}}).Close(); err != nil {
					return err
				}
			}
			if err := tx.Record(t.Context(), tenants.Event{SubjectKind: "test", SubjectID: "last", Kind: "done"}); err != nil {
				return err
			}
			last := &pgx.Batch{}
			name := "Essai A"
			if before {
				name = "Essai B"
			}
			last.Queue(addService, tenants.NewID(), name)
			if err := tx.End(t.Context(), last); err != nil {
				return err
			}
			defer func() {
				if recover() == nil {
					t.Error("a statement after the end was run")
				}
			}()
			_, err := tx.Exec(t.Context(), services)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if names := named(t, env); len(names) != 2 {
		t.Errorf("committed: %v", names)
	}
	err := env.DB.Read(t.Context(), env.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		history, err := tx.History(t.Context(), "last")
		if len(history) != 2 {
			t.Errorf("%d events, want 2", len(history))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What fails in the last batch undoes it all, and is an error even where the function
// passes over it; what the server asks to try again is tried again.
func TestALastBatchThatFailsUndoesAll(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	for _, passedOver := range []bool{false, true} {
		err := env.DB.Write(t.Context(), env.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
			last := &pgx.Batch{}
			last.Queue(addService, tenants.NewID(), "Essai")
			last.Queue(addService, tenants.NewID(), "Essai")
			err := tx.End(t.Context(), last)
			if passedOver {
				return nil
			}
			return err
		})
		if err == nil {
			t.Error("two services of one name were kept")
		}
	}
	tries := 0
	err := env.DB.Write(t.Context(), env.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
		tries++
		last := &pgx.Batch{}
		last.Queue(addService, tenants.NewID(), "Essai")
		if tries < 3 {
			last.Queue(`do $$ begin raise exception using errcode = '40001'; end $$`)
		}
		return tx.End(t.Context(), last)
	})
	if err != nil || tries != 3 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	if names := named(t, env); len(names) != 1 {
		t.Errorf("kept: %v", names)
	}
	err = env.DB.Write(t.Context(), env.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
		_, _ = tx.Exec(t.Context(), `select 1 / 0`) // the transaction is lost
		return nil
	})
	if !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("a transaction that was lost ended with %v", err)
	}
}

// A connection that died while it lay idle is replaced, with a batch as the first thing
// said too, and nothing is written twice.
func TestADeadConnectionIsFoundOutByTheFirstBatch(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	for _, name := range []string{"Essai A", "Essai B"} {
		_ = named(t, env) // it lies idle now
		cut := `select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = $1 and datname = current_database()`
		if _, err := env.Pool.Exec(t.Context(), `grant "`+env.Tenant.Schema+`" to current_user`); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := env.Pool.QueryRow(t.Context(), cut, env.Tenant.Schema).Scan(&n); err != nil || n == 0 {
			t.Fatalf("%d connections were cut: %v", n, err)
		}
		err := env.DB.Write(t.Context(), env.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
			batch := &pgx.Batch{}
			batch.Queue(addService, tenants.NewID(), name)
			if name == "Essai A" {
				return tx.End(t.Context(), batch)
			}
			return tx.SendBatch(t.Context(), batch).Close()
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if names := named(t, env); len(names) != 2 {
		t.Errorf("kept: %v", names)
	}
}
