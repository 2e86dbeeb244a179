package tenants

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Opening asks for a new tenant.
type Opening struct {
	HubID  int64  // 0: none
	INSEE  string // of the commune; of an EPCI that opens the portal of its own services, its SIREN
	Colour string // "#rrggbb"; empty: one chosen by the commune's code
	Temple bool   // keeps Good Friday (Alsace-Moselle alone)
	// LocalHolidays are those that a commune which comes from elsewhere had given.
	LocalHolidays string
	Slug          string // empty: made of the commune's name
}

// administration is what a tenant is made for.
type administration struct {
	kind       TenantKind
	code       string // INSEE of a commune, SIREN of an EPCI
	siren      string
	name       string
	slug       string // before it is made the only one
	seat       string // INSEE of an EPCI's seat: of its largest commune, which nothing binds it to
	department string
	population int
}

// administrationOf finds what a code is of: one that is no commune's is fault.NotFound
// "commune_unknown", nine figures that are no EPCI's SIREN "epci_unknown".
func administrationOf(code string) (administration, error) {
	if len(code) != sirenLength {
		c, err := communes.ByINSEE(code)
		return administration{kind: KindCommune, code: c.INSEE, siren: c.SIREN, name: c.Name, slug: communes.Slug(c.Name), department: c.Department, population: c.Population}, err
	}
	e, err := communes.EPCIBySIREN(code)
	if err != nil {
		return administration{}, err
	}
	p := administration{kind: KindEPCI, code: e.SIREN, siren: e.SIREN, name: e.LongName(), slug: "services-" + communes.Slug(e.ShortName())}
	largest := -1
	for _, c := range communes.Members(e.SIREN) {
		p.population += c.Population
		if c.Population > largest {
			largest, p.seat, p.department = c.Population, c.INSEE, c.Department
		}
	}
	return p, nil
}

const sirenLength = 9

// NameOf gives the name of the commune of an INSEE code, or of the EPCI of a SIREN, that a
// tenant can be opened for; errors are those of [Registry.Open].
func NameOf(code string) (string, error) {
	a, err := administrationOf(code)
	return a.name, err
}

const (
	sqlReserve      = `select nextval(pg_get_serial_sequence('platform.tenant', 'id'))`
	sqlInsertTenant = `insert into platform.tenant (id, hub_id, slug, insee, siren, name, colour, temple, cell, schema_name, state, epoch, created_at, population, kind, seat, local_holidays)
		overriding system value values ($1, nullif($2::bigint, 0), $3, $4, $5, $6, $7, $8, $9, 't_' || $1::bigint::text, 'opening', 1, $10, $11, $12, nullif($13, ''), $14)`
	// One opening at a time chooses a cell, so that its limits hold. A table's lock: an
	// advisory one could be taken, and kept, by any role of the database.
	sqlPlacing   = `lock table platform.cell in share row exclusive mode`
	sqlSlugTaken = `select exists (select 1 from platform.tenant where slug = $1) or exists (select 1 from platform.hub where slug = $1)`
	sqlAbandon   = `delete from platform.tenant where id = $1 and state = 'opening'`
	// Live, and told once in the platform's history, by one statement: one wait for the disk.
	sqlGoLive = `with live as (update platform.tenant set state = 'live' where id = $6 and state = 'opening' returning id)
		insert into platform.event (id, at, actor_kind, actor_id, actor_name, tenant_id, kind, data) 
		select $1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, id, $7::text, $8::jsonb from live`
	sqlSchemaVersion = `insert into cell.tenant_version (schema_name, version, checksum) values ($1, $2, $3)`
	sqlSchemaIsThere = `select exists (select 1 from cell.tenant_version where schema_name = $1)`
	sqlForgetSchema  = `delete from cell.tenant_version where schema_name = $1`
)

// Open makes a commune, or an EPCI with services of its own, a tenant: its schema and role by one script in one
// transaction, then its catalogue and settings, then it is live. A
// hub's responsables and the platform's own jobs may.
//
// A code that is no commune's is fault.NotFound "commune_unknown", a SIREN that is no
// EPCI's "epci_unknown"; a commune that
// is a tenant already is fault.Conflict "tenant_exists"; a colour that is none is
// fault.Invalid "colour_invalid". Where a step fails nothing is left behind; an
// opening that a crash cut short is taken up again by the next call.
func (r *Registry) Open(ctx context.Context, a Actor, o Opening) (Tenant, error) {
	if !a.MayManage() {
		return Tenant{}, fault.New(fault.Forbidden, "hub_manager_only")
	}
	t, err := r.Register(ctx, o)
	if err != nil {
		return Tenant{}, err
	}
	if err := r.Furnish(ctx, t); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		return Tenant{}, errors.Join(err, r.Abandon(undo, t))
	}
	return r.GoLive(ctx, a, t, "tenant_opened", map[string]string{"insee": t.INSEE})
}

// Register writes the row of a tenant that is opening, in the cell that has most room,
// or takes up the one that an opening left that was cut short, with nothing in it. Its
// faults are those of [Registry.Open]; a slug that is somebody's is fault.Conflict
// "slug_taken".
func (r *Registry) Register(ctx context.Context, o Opening) (Tenant, error) {
	commune, err := administrationOf(o.INSEE)
	if err != nil {
		return Tenant{}, err
	}
	if o.Colour == "" {
		o.Colour = branding.Suggest(commune.code).String()
	}
	colour, err := branding.Parse(o.Colour)
	if err != nil {
		return Tenant{}, err
	}
	return r.register(ctx, o, commune, colour.String())
}

// register writes the tenant's row in the state opening, or takes up the one that
// an interrupted opening left.
func (r *Registry) register(ctx context.Context, o Opening, c administration, colour string) (Tenant, error) {
	if left, err := r.ByINSEE(ctx, c.code); err == nil {
		if left.State != StateOpening {
			return Tenant{}, fault.New(fault.Conflict, "tenant_exists")
		}
		return left, r.dropSchema(ctx, left)
	} else if !fault.Is(err, "not_found") {
		return Tenant{}, err
	}
	slug, err := r.slugOf(ctx, o, c)
	if err != nil {
		return Tenant{}, err
	}
	var id int64
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlPlacing); err != nil {
			return err
		}
		cell, err := place(ctx, tx)
		if err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlReserve).Scan(&id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlInsertTenant, id, o.HubID, slug, c.code, c.siren, c.name, colour, o.Temple, cell, r.clock().UTC(), c.population,
			string(c.kind), c.seat, o.LocalHolidays)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return Tenant{}, fault.New(fault.Conflict, "tenant_exists")
	}
	if err != nil {
		return Tenant{}, classify(err)
	}
	return r.ByID(ctx, id)
}

// freeSlug gives the commune's name as a host label; a namesake gets its
// department's number behind it.
func (r *Registry) freeSlug(ctx context.Context, c administration) (string, error) {
	for _, s := range []string{c.slug, c.slug + "-" + strings.ToLower(c.department), c.slug + "-" + strings.ToLower(c.code)} {
		taken, err := one[bool](ctx, r.pool, sqlSlugTaken, s)
		if err != nil {
			return "", err
		}
		if !taken && len(s) <= 63 {
			return s, nil
		}
	}
	return "", fault.New(fault.Conflict, "tenant_exists")
}

// Furnish gives a tenant that is opening its schema and role, a spare's where there is
// one, and what every tenant begins with. Run again, after it was cut short, it ends the
// same.
func (r *Registry) Furnish(ctx context.Context, t Tenant) error {
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return err
	}
	there, err := one[bool](ctx, owner, sqlSchemaIsThere, t.Schema)
	if err != nil {
		return err
	}
	taken, password := false, RolePassword(r.master, t.Schema, t.Epoch)
	if !there && t.Kind != KindEPCI { // a spare's catalogue speaks of a town hall
		taken, err = r.takeSpare(ctx, owner, t.Schema, password)
	}
	if err == nil && !taken && !there {
		err = Provision(ctx, owner, t.Schema, password)
	}
	if err != nil {
		return classify(err)
	}
	if r.seed.Fill == nil || taken {
		return nil
	}
	return r.db.Write(ctx, t, System(opener), func(tx *Tx) error { return r.seed.Fill(ctx, tx) })
}

// opener is who fills a new tenant, in its history.
const opener = "ouverture"

const undoTimeout = 10 * time.Second

// Abandon removes a tenant that is opening, with its schema and role.
func (r *Registry) Abandon(ctx context.Context, t Tenant) error {
	r.db.Flush(t)
	if err := r.dropSchema(ctx, t); err != nil {
		return err
	}
	_, err := r.pool.Exec(ctx, sqlAbandon, t.ID)
	return classify(err)
}

// dropSchema removes what an interrupted opening left; it refuses a tenant that
// was ever live.
func (r *Registry) dropSchema(ctx context.Context, t Tenant) error {
	if t.State != StateOpening {
		return fault.New(fault.Internal, "tenant_not_opening")
	}
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return err
	}
	return classify(pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if err := dropRoleAndSchema(ctx, tx, t.Schema); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlForgetSchema, t.Schema)
		return err
	}))
}

// Beginner begins transactions: a pool, or a connection.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Provision makes a tenant's schema, at the newest version, and its LOGIN role: one
// script in one transaction. A role of that name that is there already (it
// belongs to the server, not to the database) gets the password anew. Postgres's
// errors are passed on.
func Provision(ctx context.Context, owner Beginner, schema, password string) error {
	secret, err := verifier(password)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if err := makeSchema(ctx, tx, schema, fmt.Sprintf(roleScript, quote(schema), literal(secret), literal(schema))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlSchemaVersion, schema, migrations.Tenant.Version(), migrations.Tenant.Checksum(migrations.Tenant.Version()))
		return err
	})
}

// makeSchema makes a schema, at the newest version, after the script that makes its
// role, in one round trip.
func makeSchema(ctx context.Context, tx pgx.Tx, name, role string) error {
	var script strings.Builder
	script.WriteString(role)
	fmt.Fprintf(&script, schemaScript, quote(name), literal(name))
	script.WriteString(migrations.Tenant.Script(0, name))
	_, err := tx.Exec(ctx, script.String())
	return err
}

// roleScript: %[1]s the quoted role, %[2]s the password's verifier and %[3]s the
// role's name, as literals.
const roleScript = `
do $role$ begin
  create role %[1]s login nosuperuser nocreatedb nocreaterole noreplication inherit connection limit 64 password %[2]s;
exception when duplicate_object or unique_violation then
  if not exists (select 1 from pg_roles where rolname = %[3]s and rolcanlogin) then raise; end if;
  alter role %[1]s password %[2]s;
end $role$;
`

// schemaScript: %[1]s the quoted role and schema, %[2]s its name as a literal.
const schemaScript = `
alter role %[1]s set search_path = %[1]s;
select cell.admit(%[2]s, true);
create schema %[1]s;
grant usage on schema %[1]s to %[1]s;
set local search_path = %[1]s;
`

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
