package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// grave is a deployment whose programs are killed: the real one, with SIGKILL, in the
// middle of a step that its database saw begin.
type grave struct {
	*site
	env       *pgtest.Env
	p         *program
	temporary string
	next      int // of the communes that were not opened yet
}

func newGrave(t *testing.T, options ...pgtest.Option) *grave {
	t.Helper()
	env, dir := pgtest.Schema(t, options...), t.TempDir()
	g := &grave{site: &site{t: t}, env: env, temporary: t.TempDir()}
	g.values = map[string]string{
		"PARVIS_PLATFORM_URL": env.URL, "PARVIS_CELL_URL": env.URL, "PARVIS_MASTER_KEY": hex.EncodeToString(pgtest.Master), "PARVIS_BASE_DOMAIN": base,
		"PARVIS_PUBLIC_URL": "http://" + base, "PARVIS_KRATOS_PUBLIC_URL": "http://127.0.0.1:1", "PARVIS_KRATOS_ADMIN_URL": "http://127.0.0.1:1",
		"PARVIS_COURIER_TOKEN": strings.Repeat("c0", 32), "PARVIS_SMTP_URL": "smtp://127.0.0.1:1", "PARVIS_MAIL_FROM": "ne-pas-repondre@parvis.test",
		"PARVIS_FILES_URL": "file://" + filepath.Join(dir, "files"), "PARVIS_METRICS_ADDR": "127.0.0.1:0", "TMPDIR": g.temporary,
	}
	g.p = g.program()
	cells, err := g.p.cells.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range cells {
		owner, err := g.p.cells.Owner(t.Context(), cell.Name)
		if err == nil {
			err = jobs.Migrate(t.Context(), owner, g.p.logger)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// by is the environment, with the database at the end of a wire.
func (g *grave) by(wire *pgtest.Wire) (environment []string) {
	for name, value := range g.values {
		if wire != nil && (name == "PARVIS_PLATFORM_URL" || name == "PARVIS_CELL_URL") {
			value = wire.URL
		}
		environment = append(environment, name+"="+value)
	}
	return environment
}

// An erasure waits until it is taken up: whoever does holds it.
const sqlStepOf = `select step from platform.operation o where insee = $1 and kind = $2
	and (state = 'running' or state = 'waiting' and exists (select 1 from platform.operation_hold h where h.id = o.id))`

// watched runs a program over a wire and counts what it asks in each step of an operation.
// At the nth thing that it asks in one step it is killed; n = 0: it ends by itself, or is
// ended when the operation is over.
func (g *grave) watched(kind operations.Kind, insee, step string, n int, args ...string) (asked map[string]int) {
	g.t.Helper()
	conn, err := pgx.Connect(g.t.Context(), g.env.URL)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	wire, running, killed := pgtest.NewWire(g.t, g.env.URL), make(chan *process, 1), false
	asked = map[string]int{}
	wire.CutWhen(func() bool {
		var now string
		if err := conn.QueryRow(context.Background(), sqlStepOf, insee, kind).Scan(&now); errors.Is(err, pgx.ErrNoRows) {
			return false
		} else if err != nil {
			g.t.Errorf("the operation cannot be seen: %v", err)
			return true
		}
		if asked[now]++; now != step || asked[now] != n {
			return false
		}
		p := <-running
		p.end(syscall.SIGKILL)
		killed = true
		return true
	})
	p := start(g.t, g.by(wire), args...)
	running <- p
	if n > 0 || args[0] != "work" {
		select {
		case <-p.done:
		case <-g.t.Context().Done():
		}
	} else {
		g.settled(kind, insee)
		p.end(syscall.SIGTERM)
	}
	wire.Cut() // from here on nobody counts
	if killed != (n > 0) {
		g.t.Fatalf("%s in %q: killed: %t; it asked %v and said %s", kind, step, killed, asked, p.out)
	}
	return asked
}

// settled waits until the operation on a commune is over, and gives it.
func (g *grave) settled(kind operations.Kind, insee string) (op operations.Operation) {
	g.t.Helper()
	eventually(g.t, fmt.Sprintf("the end of %s %s", kind, insee), func() bool {
		list, err := g.p.operations.OfHub(g.t.Context(), g.env.Hub.ID, 1000)
		if err != nil {
			g.t.Fatal(err)
		}
		at := slices.IndexFunc(list, func(o operations.Operation) bool { return o.INSEE == insee && o.Kind == kind })
		if at < 0 || list[at].Open() {
			return false
		}
		op = list[at]
		return true
	})
	return op
}

// commune gives the INSEE code of one that is not open.
func (g *grave) commune() string {
	g.next++
	return communes.All()[g.next*11].INSEE
}

// live opens a commune that has a request with a document.
func (g *grave) live() tenants.Tenant {
	g.t.Helper()
	ctx, by := g.t.Context(), tenants.System("test")
	op, err := g.p.operations.Create(ctx, by, operations.Opening{Opening: tenants.Opening{HubID: g.env.Hub.ID, INSEE: g.commune()}, Ready: true})
	if err == nil {
		op, err = g.p.operations.Run(ctx, op.ID)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	t, err := g.p.registry.ByID(ctx, op.TenantID)
	if err != nil {
		g.t.Fatal(err)
	}
	stored, err := g.p.files.Put(ctx, t, files.Upload{Name: "plan.pdf", Body: strings.NewReader("%PDF-1.4\n")})
	if err != nil {
		g.t.Fatal(err)
	}
	err = g.p.db.Write(ctx, t, by, func(tx *tenants.Tx) error {
		own, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		own.PostalAddress, own.Phone, own.Email = "1 place de la Mairie\n31320 Ville", "05 61 00 00 00", "mairie@ville.example"
		own.Mayor, own.SignatoryName, own.SignatoryTitle = "Camille Martin", "Camille Martin", "Maire"
		own.Court = tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond-IV, 31068 Toulouse Cedex 7"}
		own.DPO = tenants.DPO{Name: "Déléguée du Sicoval", Email: "dpo@sicoval.example"}
		if err := errors.Join(tenants.PutSettings(ctx, tx, own, version), catalogue.SetOpen(ctx, tx, "courrier-maire", true)); err != nil {
			return err
		}
		done, err := requests.Submit(ctx, tx, requests.Submission{
			ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb,
			Applicant: requests.Applicant{GivenName: "Jeanne", FamilyName: "Dupont", Email: "jeanne@example.org", PostalAddress: "3 rue des Lilas\n31320 Ville"},
			Answers:   forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit"), "message": forms.Text("Le bruit rue des Lilas ne cesse pas.")},
		})
		if err != nil {
			return err
		}
		_, err = files.AttachToRequest(ctx, tx, done.Request.ID, "", stored, true)
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return t
}

const (
	// Of a request as it was filed: itself, and the document whose bytes are in the store.
	sqlWholeRequest = `select count(*) from request r join document d on d.request_id = r.id where r.number = '26-000001'`
	sqlOwnProcs     = `select count(*) from procedure`
	sqlOwnerless    = `select count(*) from pg_namespace n where n.nspname ~ '^t_[0-9]+$' and not exists (select 1 from platform.tenant t where t.schema_name = n.nspname)`
	sqlOpenedTwice  = `select count(*) from platform.event where tenant_id = $1 and kind = 'tenant_opened'`
	sqlNobodysRole  = `select count(*) from pg_roles where rolname = $1`
)

// whole checks that a commune lives with all that it had, and takes a request.
func (g *grave) whole(insee string, had int64) tenants.Tenant {
	g.t.Helper()
	ctx := g.t.Context()
	t, err := g.p.registry.ByINSEE(ctx, insee)
	if err != nil || t.State != tenants.StateLive || t.Moving {
		g.t.Fatalf("the commune is %+v: %v", t, err)
	}
	g.p.db.Flush(t)
	err = g.p.db.Write(ctx, t, tenants.System("test"), func(tx *tenants.Tx) error {
		procedures, err := tenants.One[int64](ctx, tx, sqlOwnProcs)
		if err != nil || procedures != int64(len(catalogue.Starter())) {
			g.t.Errorf("it has %d procedures: %v", procedures, err)
		}
		filed, err := tenants.One[int64](ctx, tx, sqlWholeRequest)
		if err == nil && filed != had {
			g.t.Errorf("it has %d whole requests; it had %d", filed, had)
		}
		return err
	})
	if err != nil {
		g.t.Error(err)
	}
	if n, err := g.p.files.Count(ctx, t); err != nil || int64(n) != had {
		g.t.Errorf("it has %d documents; it had %d: %v", n, had, err)
	}
	return t
}

// nothing checks that nothing is left of a commune.
func (g *grave) nothing(insee, schema string, id int64) {
	g.t.Helper()
	if t, err := g.p.registry.ByINSEE(g.t.Context(), insee); !fault.Is(err, "not_found") {
		g.t.Errorf("the commune is %+v: %v", t, err)
	}
	var role int
	if err := g.env.Pool.QueryRow(g.t.Context(), sqlNobodysRole, schema).Scan(&role); err != nil || role != 0 {
		g.t.Errorf("its role is left: %v", err)
	}
	if n, err := g.p.files.Count(g.t.Context(), tenants.Tenant{ID: id, Schema: schema}); err != nil || n != 0 {
		g.t.Errorf("%d documents are left: %v", n, err)
	}
}

// clean checks that the deployment has no schema that is nobody's, and no citizens' file
// lies outside the store.
func (g *grave) clean() {
	g.t.Helper()
	var strays int
	if err := g.env.Pool.QueryRow(g.t.Context(), sqlOwnerless).Scan(&strays); err != nil || strays != 0 {
		g.t.Errorf("%d schemas are nobody's: %v", strays, err)
	}
	_ = filepath.WalkDir(g.temporary, func(path string, _ fs.DirEntry, err error) error {
		if path != g.temporary {
			g.t.Errorf("left among the temporary files: %s: %v", path, err)
		}
		return err
	})
}

// restart lets the workers go on until the operation is over.
func (g *grave) restart(kind operations.Kind, insee string) operations.Operation {
	g.t.Helper()
	p := start(g.t, g.by(nil), "work")
	op := g.settled(kind, insee)
	p.end(syscall.SIGTERM)
	return op
}

// everyStep takes an operation through once, and then again and again, and kills the
// program in the middle of every step. begin prepares a commune and gives its INSEE
// code and the command line; after is what must hold when the next program has settled it.
func (g *grave) everyStep(kind operations.Kind, begin func() (string, []string), after func(step, insee string, op operations.Operation)) {
	g.t.Helper()
	insee, args := begin()
	asked := g.watched(kind, insee, "", 0, args...)
	steps := operations.Steps(kind)
	if found := slices.Sorted(maps.Keys(asked)); !slices.Equal(found, slices.Sorted(slices.Values(steps))) {
		g.t.Fatalf("%s went through %v; its steps are %v", kind, found, steps)
	}
	for _, step := range steps {
		insee, args := begin()
		g.watched(kind, insee, step, (asked[step]+1)/2, args...)
		after(step, insee, g.restart(kind, insee))
		if g.clean(); g.t.Failed() {
			g.t.Fatalf("%s was killed in %q, at %d of %d", kind, step, (asked[step]+1)/2, asked[step])
		}
	}
}

func TestAnOpeningIsFinishedWhenTheProgramWasKilled(t *testing.T) {
	t.Parallel()
	g := newGrave(t)
	g.everyStep(operations.Create, func() (string, []string) {
		insee := g.commune()
		return insee, []string{"tenant", "create", "--insee", insee, "--hub", "sicoval"}
	}, func(_, insee string, op operations.Operation) {
		if op.State != operations.Done {
			t.Errorf("the operation is %+v", op)
		}
		var told int
		if err := g.env.Pool.QueryRow(t.Context(), sqlOpenedTwice, g.whole(insee, 0).ID).Scan(&told); err != nil || told != 1 {
			t.Errorf("that it is open is told %d times: %v", told, err)
		}
	})
}

func TestAMoveIsFinishedWhenTheProgramWasKilled(t *testing.T) {
	t.Parallel()
	g := newGrave(t, pgtest.WithCells(2))
	insee := g.live().INSEE
	g.everyStep(operations.Move, func() (string, []string) {
		commune, to := g.whole(insee, 1), "cell-2"
		if commune.Cell == to {
			to = tenants.FirstCell
		}
		return insee, []string{"tenant", "move", commune.Slug, "--to", to}
	}, func(_, insee string, op operations.Operation) {
		if now := g.whole(insee, 1); op.State != operations.Done || now.Cell != op.Data.To {
			t.Errorf("the operation is %+v, the commune in %s", op, now.Cell)
		}
	})
}

// packed gives the archive of a commune that is erased then.
func (g *grave) packed(commune tenants.Tenant) (path string) {
	g.t.Helper()
	ctx := g.t.Context()
	path = filepath.Join(g.t.TempDir(), "x.tar.zst")
	file, err := os.Create(path)
	if err != nil {
		g.t.Fatal(err)
	}
	_, err = g.p.operations.ExportTo(ctx, operator(""), commune, file, "")
	if err := errors.Join(err, file.Close()); err != nil {
		g.t.Fatal(err)
	}
	g.erasure(commune)
	if err := g.p.operations.Tick(ctx); err != nil {
		g.t.Fatal(err)
	}
	g.nothing(commune.INSEE, commune.Schema, commune.ID)
	return path
}

// erasure asks that a commune be erased at once, and confirms it.
func (g *grave) erasure(commune tenants.Tenant) {
	g.t.Helper()
	op, err := g.p.operations.Delete(g.t.Context(), operator("Claire Martin"), commune, 0)
	if err == nil {
		_, err = g.p.operations.Confirm(g.t.Context(), operator("Hélène Petit"), commune, op.ID, "la commune conserve l’archive")
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// The archive came by a command line: what was not there whole when it was killed is
// undone, and can be taken in again; the rest is finished.
func TestAnImportIsUndoneOrFinishedWhenTheProgramWasKilled(t *testing.T) {
	t.Parallel()
	g := newGrave(t)
	insee, path := g.live().INSEE, ""
	command := func() []string { return []string{"tenant", "import", path, "--hub", "sicoval"} }
	steps := operations.Steps(operations.Import)
	g.everyStep(operations.Import, func() (string, []string) {
		path = g.packed(g.whole(insee, 1))
		return insee, command()
	}, func(step, insee string, op operations.Operation) {
		if slices.Index(steps, step) > slices.Index(steps, "codes") {
			if op.State != operations.Done {
				t.Errorf("the operation is %+v", op)
			}
		} else {
			if op.State != operations.Failed || op.Error != "import_interrupted" {
				t.Errorf("the operation is %+v", op)
			}
			g.nothing(insee, op.Data.Schema, op.TenantID)
			must(t, g.by(nil), command()...)
		}
		g.whole(insee, 1)
	})
}

func TestAnErasureIsFinishedWhenTheProgramWasKilled(t *testing.T) {
	t.Parallel()
	g := newGrave(t)
	var commune tenants.Tenant
	g.everyStep(operations.Delete, func() (string, []string) {
		commune = g.live()
		if _, err := g.p.operations.ExportTo(t.Context(), operator(""), commune, new(strings.Builder), ""); err != nil {
			t.Fatal(err)
		}
		g.erasure(commune)
		return commune.INSEE, []string{"work"}
	}, func(_, insee string, op operations.Operation) {
		if op.State != operations.Done {
			t.Errorf("the operation is %+v", op)
		}
		g.nothing(insee, commune.Schema, commune.ID)
		if list, err := g.p.operations.Erasures(t.Context(), g.env.Hub.ID, insee); err != nil || len(list) != 1 {
			t.Errorf("%d certificates: %v", len(list), err)
		}
	})
}

// An archive that goes to somebody's standard output ends with who wrote it; nothing of it
// is left, and the next one is whole.
func TestAnExportIsGivenUpWhenTheProgramWasKilled(t *testing.T) {
	t.Parallel()
	g := newGrave(t)
	commune := g.live()
	g.everyStep(operations.Export, func() (string, []string) {
		return commune.INSEE, []string{"tenant", "export", commune.Slug}
	}, func(_, insee string, op operations.Operation) {
		if op.State != operations.Failed || op.Error != "export_interrupted" {
			t.Errorf("the operation is %+v", op)
		}
		if out := must(t, g.by(nil), "tenant", "export", g.whole(insee, 1).Slug); !strings.Contains(out, "1 requests, 1 documents") {
			t.Errorf("the next archive: %s", lastLine(out))
		}
	})
}
