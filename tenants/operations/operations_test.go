package operations_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gocloud.dev/blob/memblob"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestSQL(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

var (
	operator = tenants.System("parvis tenant")
	claire   = tenants.Actor{Kind: tenants.ActorHub, ID: tenants.NewID(), Name: "Claire Hub", HubRole: tenants.HubManager}
	helene   = tenants.Actor{Kind: tenants.ActorHub, ID: tenants.NewID(), Name: "Hélène Hub", HubRole: tenants.HubManager}
	ada      = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Ada Ministre", Role: tenants.RoleAdmin}
)

// queue is the jobs that pgtest keeps in place of River's: none of them has to move.
type queue struct{ *pgxpool.Pool }

func (queue) Move(context.Context, *pgxpool.Pool, *pgxpool.Pool, string) (int, error) { return 0, nil }

func (q queue) Count(ctx context.Context, _ *pgxpool.Pool, schema string) (n int, err error) {
	err = q.QueryRow(ctx, `select count(*) from test_jobs.job where 't_' || tenant_id = $1`, schema).Scan(&n)
	return n, err
}

func (q queue) Erase(ctx context.Context, _ *pgxpool.Pool, schema string) error {
	_, err := q.Exec(ctx, `delete from test_jobs.job where 't_' || tenant_id = $1`, schema)
	return err
}

type town struct {
	*pgtest.Env
	t       *testing.T
	store   *files.Store
	service *operations.Service
	codes   map[string]string
}

func newTown(t *testing.T, options ...pgtest.Option) *town {
	t.Helper()
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { _ = bucket.Close() })
	w := &town{Env: pgtest.Schema(t, options...), t: t, store: files.New(bucket), codes: map[string]string{}}
	w.service = w.serviceOf(w.Env)
	// One of its own: the roles of the communes that a deployment begins with are shared by
	// all tests, and moving or erasing one changes its role.
	w.Tenant = must[tenants.Tenant](t)(w.Registry.Open(t.Context(), operator, tenants.Opening{HubID: w.Hub.ID, INSEE: escalquens}))
	return w
}

// serviceOf carries operations out as a program does that sees the deployment so.
func (w *town) serviceOf(env *pgtest.Env) *operations.Service {
	return operations.New(operations.Config{
		Platform: env.Pool, Registry: env.Registry, DB: env.DB, Files: w.store, Master: pgtest.Master, Clock: w.Clock.Now, Jobs: queue{env.Pool},
	})
}

const escalquens = "31169"

func letter() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb,
		Applicant: requests.Applicant{GivenName: "Jeanne", FamilyName: "Dupont", Email: "jeanne@example.org", PostalAddress: "3 rue des Lilas\n31320 Castanet-Tolosan"},
		Answers:   forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit"), "message": forms.Text("Le bruit rue des Lilas ne cesse pas.")},
	}
}

// live lets the commune of the deployment live: settings, catalogue, requests, documents.
func (w *town) live(count int) {
	w.t.Helper()
	w.Write(w.t, w.Tenant, operator, func(ctx context.Context, tx *tenants.Tx) error {
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{
			PostalAddress: "Place Jean Jaurès\n31320 Castanet-Tolosan", Email: "mairie@castanet.example", Phone: "05 61 71 70 00",
			Mayor: "Camille Martin", SignatoryName: "Camille Martin", SignatoryTitle: "Maire",
			Court: tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV\n31068 Toulouse Cedex 7"},
			DPO:   tenants.DPO{Name: "Dominique Petit", Email: "dpo@sicoval.example"},
		}, 0); err != nil {
			return err
		}
		if err := catalogue.Install(ctx, tx); err != nil {
			return err
		}
		return catalogue.SetOpen(ctx, tx, "courrier-maire", true)
	})
	for i := range count {
		done := w.submit()
		stored, err := w.store.Put(w.t.Context(), w.Tenant, files.Upload{Name: "plan.pdf", Body: strings.NewReader(fmt.Sprintf("%%PDF-1.4\n%d", i))})
		if err != nil {
			w.t.Fatal(err)
		}
		w.Write(w.t, w.Tenant, operator, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := files.AttachToRequest(ctx, tx, done.Request.ID, "", stored, true)
			return err
		})
	}
}

func (w *town) submit() requests.Submitted {
	w.t.Helper()
	t, err := w.Registry.ByINSEE(w.t.Context(), w.Tenant.INSEE)
	if err != nil {
		w.t.Fatal(err)
	}
	var done requests.Submitted
	w.Write(w.t, t, operator, func(ctx context.Context, tx *tenants.Tx) (err error) {
		done, err = requests.Submit(ctx, tx, letter())
		return err
	})
	w.codes[done.Request.Number] = done.TrackingCode
	return done
}

// whole checks that the commune is there with all its requests, and takes a new one.
func (w *town) whole(t *testing.T) {
	t.Helper()
	tenant, err := w.Registry.ByINSEE(t.Context(), w.Tenant.INSEE)
	if err != nil || tenant.State != tenants.StateLive || tenant.Moving {
		t.Fatalf("the commune is %+v: %v", tenant, err)
	}
	w.Write(t, tenant, operator, func(ctx context.Context, tx *tenants.Tx) error {
		for number, code := range w.codes {
			r, err := requests.GetByTracking(ctx, tx, number, code)
			if err != nil {
				return fmt.Errorf("%s: %w", number, err)
			}
			documents, err := files.ForRequest(ctx, tx, r.ID)
			if err != nil {
				return err
			}
			for _, d := range documents {
				body, err := w.store.Open(ctx, tenant, d)
				if err != nil {
					return err
				}
				_ = body.Close()
			}
		}
		return nil
	})
	before := len(w.codes)
	if done := w.submit(); done.Request.Number != fmt.Sprintf("26-%06d", before+1) {
		t.Errorf("after %d requests comes %s", before, done.Request.Number)
	}
}

func (w *town) tick(t *testing.T) {
	t.Helper()
	if err := w.service.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var errKilled = errors.New("the program was killed")

// killing gives a watcher that kills at the nth look, and tells where.
func killing(n int) (watch func(operations.Operation, string) error, where *string) {
	where = new(string)
	return func(o operations.Operation, what string) error {
		if n--; n == 0 {
			*where = string(o.Kind) + " " + what
			return errKilled
		}
		return nil
	}, where
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// At whatever point the program dies in a move, the commune is whole after the next start,
// in one of the two cells, and nothing is left in the other.
func TestAKilledMoveIsResumed(t *testing.T) {
	t.Parallel()
	var places []string
	w := newTown(t, pgtest.WithCells(2))
	w.live(2)
	for n := 1; ; n++ {
		tenant := must[tenants.Tenant](t)(w.Registry.ByINSEE(t.Context(), w.Tenant.INSEE))
		to := "cell-2"
		if tenant.Cell == to {
			to = "cell-1"
		}
		op := must[operations.Operation](t)(w.service.Move(t.Context(), operator, tenant, to))
		watch, where := killing(n)
		_, err := w.service.Watched(watch).Run(t.Context(), op.ID)
		if err == nil {
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("at look %d: %v", n, err)
		}
		places = append(places, *where)
		w.tick(t)
		op = must[operations.Operation](t)(w.service.Get(t.Context(), op.ID))
		now := must[tenants.Tenant](t)(w.Registry.ByINSEE(t.Context(), w.Tenant.INSEE))
		if op.State != operations.Done || now.Cell != to || now.Epoch != tenant.Epoch+1 {
			t.Fatalf("killed at %s: the operation is %s (%s), the commune in %s at epoch %d", *where, op.State, op.Error, now.Cell, now.Epoch)
		}
		w.whole(t)
	}
	for _, wanted := range []string{"place", "copy", "held", "quiet", "copied", "keyed", "flipped", "jobs"} {
		if !slices.Contains(places, "move "+wanted) {
			t.Errorf("never killed at %s: %v", wanted, places)
		}
	}
	// A day later what was left behind is gone.
	tenant := must[tenants.Tenant](t)(w.Registry.ByINSEE(t.Context(), w.Tenant.INSEE))
	w.Clock.Set(w.Clock.Now().AddDate(0, 0, 2))
	w.tick(t)
	for _, cell := range []string{"cell-1", "cell-2"} {
		owner := must[*pgxpool.Pool](t)(w.Registry.Cells().Owner(t.Context(), cell))
		var there bool
		if err := owner.QueryRow(t.Context(), `select exists (select 1 from pg_namespace where nspname = $1)`, tenant.Schema).Scan(&there); err != nil {
			t.Fatal(err)
		}
		if there != (cell == tenant.Cell) {
			t.Errorf("the schema in %s: %t", cell, there)
		}
	}
	w.whole(t)
}

// What happens to the commune while it is copied comes along: rows that are added, changed
// and deleted.
func TestAMoveCatchesUp(t *testing.T) {
	t.Parallel()
	w := newTown(t, pgtest.WithCells(2))
	w.live(3)
	to := "cell-1"
	if w.Tenant.Cell == to {
		to = "cell-2"
	}
	op := must[operations.Operation](t)(w.service.Move(t.Context(), operator, w.Tenant, to))
	service := w.service.Watched(func(_ operations.Operation, what string) error {
		if what == "copy done" {
			w.submit()
			w.Write(t, w.Tenant, operator, func(ctx context.Context, tx *tenants.Tx) error {
				for _, sql := range []string{`update request set title = 'Autrement' where number = '26-000001'`, `delete from notification where request_id = (select id from request where number = '26-000002')`, `delete from document where request_id = (select id from request where number = '26-000003')`} {
					if n, err := tx.Exec(ctx, sql); err != nil || n != 1 {
						return fmt.Errorf("%s: %d rows: %w", sql, n, err)
					}
				}
				return nil
			})
		}
		return nil
	})
	op = must[operations.Operation](t)(service.Run(t.Context(), op.ID))
	if op.State != operations.Done {
		t.Fatalf("the move is %s: %s", op.State, op.Error)
	}
	w.whole(t)
	w.Write(t, must[tenants.Tenant](t)(w.Registry.ByINSEE(t.Context(), w.Tenant.INSEE)), operator, func(ctx context.Context, tx *tenants.Tx) error {
		n, err := tenants.One[int64](ctx, tx, `select (select count(*) from request where title = 'Autrement') * 100 + (select count(*) from notification) * 10 + (select count(*) from document)`)
		if err == nil && n != 142 { // four mails: five requests by now, less the one deleted
			t.Errorf("counted %d", n)
		}
		return err
	})
}

// What cannot succeed is undone: the commune goes on where it is.
func TestAMoveThatCannotSucceedIsUndone(t *testing.T) {
	t.Parallel()
	w := newTown(t, pgtest.WithCells(2))
	w.live(1)
	if _, err := w.service.Move(t.Context(), operator, w.Tenant, "cell-9"); !fault.Is(err, "cell_unknown") {
		t.Errorf("to a cell that is not there: %v", err)
	}
	to := "cell-1"
	if w.Tenant.Cell == to {
		to = "cell-2"
	}
	if _, err := w.service.Move(t.Context(), operator, w.Tenant, w.Tenant.Cell); !fault.Is(err, "tenant_in_cell") {
		t.Errorf("to its own cell: %v", err)
	}
	reader := claire
	reader.HubRole = tenants.HubKeeper
	for what, who := range map[string]tenants.Actor{"by who keeps a hub's settings": reader, "by an administrator of the commune": {Kind: tenants.ActorAgent, Role: tenants.RoleAdmin}} {
		if _, err := w.service.Move(t.Context(), who, w.Tenant, to); !fault.Is(err, "hub_manager_only") {
			t.Errorf("%s: %v", what, err)
		}
	}
	op := must[operations.Operation](t)(w.service.Move(t.Context(), operator, w.Tenant, to))
	if _, err := w.service.Move(t.Context(), operator, w.Tenant, to); !fault.Is(err, "operation_pending") {
		t.Errorf("twice: %v", err)
	}
	// Somebody drops the new schema meanwhile.
	owner := must[*pgxpool.Pool](t)(w.Registry.Cells().Owner(t.Context(), to))
	service := w.service.Watched(func(_ operations.Operation, what string) error {
		if what == "quiet" {
			_, err := owner.Exec(t.Context(), `drop schema `+w.Tenant.Schema+` cascade; create schema `+w.Tenant.Schema)
			return err
		}
		return nil
	})
	if _, err := service.Run(t.Context(), op.ID); err == nil {
		t.Fatal("it succeeded")
	}
	w.whole(t) // at once, although it will be tried again
}

func TestAKilledImportLeavesNothing(t *testing.T) {
	t.Parallel()
	from := newTown(t)
	from.live(2)
	var packed bytes.Buffer
	must[operations.Operation](t)(from.service.ExportTo(t.Context(), operator, from.Tenant, &packed, ""))

	w := newTown(t)
	if _, err := w.service.Import(t.Context(), operator, bytes.NewReader(packed.Bytes()), operations.Incoming{}); !fault.Is(err, "tenant_exists") {
		t.Fatalf("a commune that is open: %v", err)
	}
	w.erase(t)
	var places []string
	for n, imported := 1, false; !imported; n++ {
		w.codes = maps.Clone(from.codes)
		watch, where := killing(n)
		_, err := w.service.Watched(watch).Import(t.Context(), operator, bytes.NewReader(packed.Bytes()), operations.Incoming{HubID: w.Hub.ID, Slug: fmt.Sprintf("ville-%d", n)})
		switch {
		case err == nil:
			imported = true
		case !errors.Is(err, errKilled):
			t.Fatalf("look %d: %v", n, err)
		default:
			places = append(places, *where)
			_ = w.service.Tick(t.Context()) // the next start; it says what it undid
			left, err := w.Registry.ByINSEE(t.Context(), from.Tenant.INSEE)
			// From the last step that needs the archive on it is finished, before that undone.
			finished := slices.ContainsFunc([]string{"settle", "projection", "agents", "live"}, func(step string) bool { return strings.HasPrefix(*where, "import "+step) })
			switch {
			case !finished && fault.Is(err, "not_found"):
			case finished && err == nil && left.State == tenants.StateLive:
				w.whole(t)
				w.Clock.Advance(time.Second)
				w.erase(t)
			default:
				t.Fatalf("killed at %s, there is %+v: %v", *where, left, err)
			}
		}
	}
	w.whole(t)
	everywhere(t, operations.Import, places)
}

// everywhere checks that each step of an operation was killed before it and when it was done.
func everywhere(t *testing.T, kind operations.Kind, places []string) {
	t.Helper()
	for _, step := range operations.Steps(kind) {
		for _, place := range []string{string(kind) + " " + step, string(kind) + " " + step + " done"} {
			if !slices.Contains(places, place) {
				t.Errorf("never killed at %q: %q", place, places)
			}
		}
	}
}

// An archive that was sent in is there for whoever goes on: each step is killed when it is
// done and not noted, taken again, and killed before the next.
func TestAKilledImportOfAnArchiveThatWasSentInIsResumed(t *testing.T) {
	t.Parallel()
	from := newTown(t)
	from.live(2)
	var packed bytes.Buffer
	must[operations.Operation](t)(from.service.ExportTo(t.Context(), operator, from.Tenant, &packed, "une phrase assez longue"))
	w := newTown(t)
	w.erase(t)
	w.codes = from.codes
	in := operations.Incoming{HubID: w.Hub.ID, Passphrase: "une phrase assez longue"}
	if _, err := w.service.Receive(t.Context(), ada, bytes.NewReader(packed.Bytes()), in); !fault.Is(err, "hub_manager_only") {
		t.Errorf("by a commune: %v", err)
	}
	op := must[operations.Operation](t)(w.service.Receive(t.Context(), claire, bytes.NewReader(packed.Bytes()), in))
	var places []string
	for n := 0; op.Open(); n++ {
		look := 1 // the very first: before its first step
		if n > 0 {
			look = 2 + (n+1)%2
		}
		watch, where := killing(look)
		var err error
		if op, err = w.service.Watched(watch).Run(t.Context(), op.ID); err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("killed at %v: %v", places, err)
		}
		places = append(places, *where)
		op = must[operations.Operation](t)(w.service.Get(t.Context(), op.ID))
	}
	if op.State != operations.Done || op.Data.Codes != 2 || len(op.Data.Sealed) > 0 {
		t.Errorf("killed at %v: %+v", places, op)
	}
	everywhere(t, operations.Import, places)
	w.whole(t)
}

// erase takes the commune away by the long way.
func (w *town) erase(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	tenant := must[tenants.Tenant](t)(w.Registry.ByINSEE(ctx, w.Tenant.INSEE))
	must[operations.Operation](t)(w.service.ExportTo(ctx, operator, tenant, new(bytes.Buffer), ""))
	op := must[operations.Operation](t)(w.service.Delete(ctx, claire, tenant, 0))
	must[operations.Operation](t)(w.service.Confirm(ctx, ada, tenant, op.ID, "l’archive est conservée par la commune"))
	w.tick(t)
}

func TestErasingTakesTwoAnArchiveAndTime(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.live(2)
	ctx := t.Context()
	if _, err := w.service.Delete(ctx, claire, w.Tenant, 30); !fault.Is(err, "export_missing") {
		t.Fatalf("without an archive: %v", err)
	}
	op := must[operations.Operation](t)(w.service.Export(ctx, claire, w.Tenant))
	w.tick(t)
	if _, _, err := w.service.Fetch(ctx, claire, w.Tenant, op.ID); !fault.Is(err, "admin_only") {
		t.Errorf("the hub reads the citizens' files: %v", err)
	}
	body, made, err := w.service.Fetch(ctx, ada, w.Tenant, op.ID)
	if err != nil || made.Data.Export.Requests != 2 {
		t.Fatalf("%+v: %v", made, err)
	}
	_ = body.Close()
	w.Clock.Set(w.Clock.Now().Add(time.Minute))
	w.submit()
	if _, err := w.service.Delete(ctx, claire, w.Tenant, 30); !fault.Is(err, "export_outdated") {
		t.Fatalf("something happened since: %v", err)
	}
	export := func() {
		w.Clock.Set(w.Clock.Now().Add(time.Minute))
		must[operations.Operation](t)(w.service.ExportTo(ctx, operator, must[tenants.Tenant](t)(w.Registry.ByINSEE(ctx, w.Tenant.INSEE)), new(bytes.Buffer), ""))
	}
	export()
	op = must[operations.Operation](t)(w.service.Delete(ctx, claire, w.Tenant, 30))
	if _, err := w.service.Confirm(ctx, claire, w.Tenant, op.ID, "visa n° 12"); !fault.Is(err, "same_person") {
		t.Errorf("one person's two words: %v", err)
	}
	if _, err := w.service.Confirm(ctx, helene, w.Tenant, op.ID, " "); !fault.Is(err, "visa_missing") {
		t.Errorf("without the archives' visa: %v", err)
	}
	if _, err := w.service.Confirm(ctx, helene, w.Other, op.ID, "visa"); !fault.Is(err, "operation_unknown") {
		t.Errorf("through another commune: %v", err)
	}
	must[operations.Operation](t)(w.service.Confirm(ctx, helene, w.Tenant, op.ID, "visa n° 12"))
	suspended := must[tenants.Tenant](t)(w.Registry.ByINSEE(ctx, w.Tenant.INSEE))
	if suspended.State != tenants.StateSuspended {
		t.Fatalf("it is %s", suspended.State)
	}
	// Called off, it is as before.
	must[operations.Operation](t)(w.service.Cancel(ctx, ada, suspended, op.ID))
	w.whole(t)
	export()
	op = must[operations.Operation](t)(w.service.Delete(ctx, claire, w.Tenant, 30))
	must[operations.Operation](t)(w.service.Confirm(ctx, helene, w.Tenant, op.ID, "visa n° 12"))
	w.Clock.Set(w.Clock.Now().AddDate(0, 0, 29))
	w.tick(t)
	if _, err := w.Registry.ByINSEE(ctx, w.Tenant.INSEE); err != nil {
		t.Fatalf("erased too early: %v", err)
	}
	w.Clock.Set(w.Clock.Now().AddDate(0, 0, 2))
	w.tick(t)
	w.gone(t)
}

// gone checks that a certificate is all that is left of the commune.
func (w *town) gone(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	if _, err := w.Registry.ByINSEE(ctx, w.Tenant.INSEE); !fault.Is(err, "not_found") {
		t.Fatalf("it is still there: %v", err)
	}
	list := must[[]operations.Erased](t)(w.service.Erasures(ctx, w.Hub.ID, w.Tenant.INSEE))
	if len(list) != 1 {
		t.Fatalf("%d certificates", len(list))
	}
	c, err := operations.Verify([]byte(list[0].Document), w.service.PublicKey())
	if err != nil || c.AskedBy != claire.Name || c.Tables["request"] < 2 || c.Documents < 2 || len(c.Export) != 64 {
		t.Errorf("the certificate is %+v: %v", c, err)
	}
	if _, err := operations.Verify([]byte(strings.Replace(list[0].Document, claire.Name, "Claire Huc", 1)), ""); !fault.Is(err, "certificate_invalid") {
		t.Errorf("an altered certificate: %v", err)
	}
	var left string
	err = w.Pool.QueryRow(ctx, `select concat_ws(', ',
		(select 'schema' from pg_namespace where nspname = $1), (select 'role' from pg_roles where rolname = $1), (select 'version' from cell.tenant_version where schema_name = $1),
		(select 'projection' from platform.request_projection where tenant_id = $2 limit 1), (select 'events' from platform.event where tenant_id = $2 limit 1),
		(select 'jobs' from test_jobs.job where tenant_id = $2 limit 1), (select 'operations' from platform.operation where tenant_id = $2 and kind <> 'delete' limit 1))`, w.Tenant.Schema, w.Tenant.ID).Scan(&left)
	if err != nil || left != "" {
		t.Errorf("left: %s (%v)", left, err)
	}
	if n, err := w.store.Count(ctx, w.Tenant); err != nil || n != 0 {
		t.Errorf("%d documents left: %v", n, err)
	}
}

func TestAKilledErasureIsFinished(t *testing.T) {
	t.Parallel()
	var places []string
	for n, ended := 1, false; !ended; n++ {
		w := newTown(t)
		w.live(2)
		ctx := t.Context()
		must[operations.Operation](t)(w.service.ExportTo(ctx, operator, w.Tenant, new(bytes.Buffer), ""))
		op := must[operations.Operation](t)(w.service.Delete(ctx, claire, w.Tenant, 0))
		must[operations.Operation](t)(w.service.Confirm(ctx, ada, w.Tenant, op.ID, "l’archive est conservée par la commune"))
		watch, where := killing(n)
		_, err := w.service.Watched(watch).Run(ctx, op.ID)
		switch ended = err == nil; {
		case errors.Is(err, errKilled):
			places = append(places, *where)
			w.tick(t)
		case !ended:
			t.Fatalf("look %d: %v", n, err)
		}
		if w.gone(t); t.Failed() {
			t.Fatalf("killed at %s", *where)
		}
	}
	everywhere(t, operations.Delete, places)
}

func TestSuspendedAndBack(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.live(1)
	ctx := t.Context()
	must[operations.Operation](t)(w.service.Suspend(ctx, claire, w.Tenant))
	w.tick(t)
	suspended := must[tenants.Tenant](t)(w.Registry.ByINSEE(ctx, w.Tenant.INSEE))
	if err := w.DB.Write(ctx, suspended, operator, func(tx *tenants.Tx) error {
		_, err := requests.Submit(ctx, tx, letter())
		return err
	}); !fault.Is(err, "tenant_suspended") {
		t.Errorf("a suspended commune takes a request: %v", err)
	}
	must[operations.Operation](t)(w.service.Resume(ctx, claire, suspended))
	w.tick(t)
	w.whole(t)
}
