package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// released is a site whose database is as a release left it (testdata): with one
// commune, Castanet-Tolosan, and since the fourth release with its intercommunal body.
func released(t *testing.T, release int) *site {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	s := &site{t: t}
	data := filepath.Join(dir, "postgres")
	bin, err := parts.FindPostgres(ctx, parts.Options{Bin: os.Getenv("PARVIS_PG_BIN"), DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	s.pgOptions = parts.PostgresOptions{BinDir: bin, DataDir: data, Port: port(t)}
	s.postgres()
	if err := s.pg.CreateOwner(ctx, databaseName, "database-s3cret", databaseName); err != nil {
		t.Fatal(err)
	}
	url := s.pg.RoleDSN(databaseName, "database-s3cret", databaseName)
	s.values = map[string]string{
		"PARVIS_PLATFORM_URL": url, "PARVIS_CELL_URL": url, "PARVIS_MASTER_KEY": strings.Repeat("5e", 32), "PARVIS_BASE_DOMAIN": base,
		"PARVIS_PUBLIC_URL": "http://" + base, "PARVIS_KRATOS_PUBLIC_URL": "http://127.0.0.1:1", "PARVIS_KRATOS_ADMIN_URL": "http://127.0.0.1:1",
		"PARVIS_COURIER_TOKEN": strings.Repeat("c0", 32), "PARVIS_SMTP_URL": "smtp://127.0.0.1:1", "PARVIS_MAIL_FROM": "ne-pas-repondre@parvis.test",
		"PARVIS_FILES_URL": "file://" + filepath.Join(dir, "files"),
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, role := range []string{"t_1", "t_2"} {
		password := tenants.RolePassword(s.program().config.MasterKey, role, 1)
		if _, err := conn.Exec(ctx, `create role `+role+` login password '`+password+`'; alter role `+role+` set search_path = `+role); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Open(filepath.Join("testdata", fmt.Sprintf("release-%d.sql.gz", release)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	script, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.PgConn().Exec(ctx, string(script)).ReadAll(); err != nil {
		t.Fatalf("the release's database: %v", err)
	}
	return s
}

// The data of every released version goes on living: migrated, and one version behind,
// as it is while a release is rolled out.
func TestReleasedDataLivesOn(t *testing.T) {
	t.Parallel()
	for before, filed := range []int{41, 41, 41, 61, 62} {
		release := before + 1
		t.Run(fmt.Sprintf("release %d", release), func(t *testing.T) {
			t.Parallel()
			goesOn(t, release, filed)
		})
	}
}

// goesOn migrates a release whose commune has so many requests.
func goesOn(t *testing.T, release, filed int) {
	t.Helper()
	s := released(t, release)
	ctx, p := t.Context(), s.program()
	if err := migrations.Apply(ctx, p.platform, "platform", migrations.Platform); err != nil {
		t.Fatal(err)
	}
	commune, err := p.registry.BySlug(ctx, "castanet-tolosan")
	if err != nil {
		t.Fatal(err)
	}
	owner, err := p.cells.Owner(ctx, commune.Cell)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrations.Apply(ctx, owner, "cell", migrations.Cell); err != nil {
		t.Fatal(err)
	}
	if err := jobs.Migrate(ctx, owner, p.logger); err != nil {
		t.Fatal(err)
	}
	newest := migrations.Tenant.Version()
	if _, err := migrations.Tenants(ctx, owner, migrations.Tenant[:newest-1], migrations.Run{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	before := s.livesOn(p, commune, filed)
	// The last release may have been at the newest version already; some have an EPCI's portal beside the commune.
	var behind int
	if err := owner.QueryRow(ctx, `select count(*) from cell.tenant_version where version < $1`, newest).Scan(&behind); err != nil {
		t.Fatal(err)
	}
	if done, err := p.migrate(ctx, "castanet-tolosan"); err != nil || done.Migrated != behind || done.Failed != 0 {
		t.Fatalf("migrated %+v of %d to version %d, %v", done, behind, newest, err)
	}
	s.livesOn(p, commune, before)
}

// livesOn reads the requests of before, files another and decides one; it gives how
// many there are then.
func (s *site) livesOn(p *program, commune tenants.Tenant, want int) int {
	s.t.Helper()
	ctx := s.t.Context()
	p.db.Flush(commune)
	var agent staff.Agent
	err := p.db.Read(ctx, commune, tenants.System("test"), func(tx *tenants.Tx) (err error) {
		agent, err = staff.ByEmail(ctx, tx, "secretariat@castanet-tolosan.example")
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	err = p.db.Write(ctx, commune, agent.Actor(), func(tx *tenants.Tx) error {
		list, err := requests.List(ctx, tx, requests.Filter{View: requests.ViewAll, Limit: 100})
		if err != nil {
			return err
		}
		if len(list.Items) != want {
			s.t.Errorf("%d requests; want %d", len(list.Items), want)
		}
		for _, item := range list.Items {
			if _, err := requests.Get(ctx, tx, item.Number); err != nil {
				return fmt.Errorf("%s: %w", item.Number, err)
			}
		}
		submitted, err := requests.Submit(ctx, tx.As(tenants.Guest()), requests.Submission{
			ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb,
			Applicant: requests.Applicant{GivenName: "Jeanne", FamilyName: "Dupont", Email: "jeanne@example.org", PostalAddress: "3 rue des Lilas\n31320 Castanet-Tolosan"},
			Body:      []byte(`{"nature":"reclamation","sujet":"Bruit","message":"Le bruit rue des Lilas ne cesse pas."}`),
		})
		if err != nil {
			return err
		}
		r := submitted.Request
		_, err = requests.Decide(ctx, tx, r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Une tournée est prévue."}, r.Version)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return want + 1
}
