package parts_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants/parts"
)

func TestQuick(t *testing.T) {
	ctx := context.Background()
	bin, err := parts.FindPostgres(ctx, parts.Options{Progress: func(l string) { t.Log(l) }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		dir := filepath.Join(t.TempDir(), "pg")
		for range 2 {
			at := time.Now()
			pg, err := parts.StartPostgres(ctx, parts.PostgresOptions{BinDir: bin, DataDir: dir, Durable: true, Progress: func(l string) { t.Log(l) }})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(pg.DataDir(), time.Since(at))
			c, err := pgx.Connect(ctx, pg.SocketDSN("postgres"))
			if err != nil {
				t.Fatal(err)
			}
			var s string
			if err := c.QueryRow(ctx, "select lower('É')||version()||current_setting('lc_collate')").Scan(&s); err != nil {
				t.Fatal(err)
			}
			t.Log(s)
			_ = c.Close(ctx)
			pg.Stop()
		}
	}
}

func TestShared(t *testing.T) {
	at := time.Now()
	pg, err := parts.SharedPostgres(context.Background(), parts.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(pg.DSN("postgres"), time.Since(at))
}
