package operations

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// Jobs are a commune's queued jobs, which lie in its cell beside its schema.
type Jobs interface {
	// Move takes them from one cell to another, but for those that run, and tells how many
	// do. Run twice it ends the same.
	Move(ctx context.Context, from, to *pgxpool.Pool, schema string) (running int, err error)
	// Count tells how many there are, done ones among them.
	Count(ctx context.Context, cell *pgxpool.Pool, schema string) (int, error)
	// Erase removes them.
	Erase(ctx context.Context, cell *pgxpool.Pool, schema string) error
}

// Config is what a Service works with.
type Config struct {
	Platform *pgxpool.Pool
	Registry *tenants.Registry
	DB       *tenants.DB
	Files    *files.Store
	Master   tenants.MasterKey
	Clock    func() time.Time
	Jobs     Jobs
	// Welcome invites the agents of a commune that came with an archive, in a new
	// deployment where they have no account yet, and gives how many.
	Welcome func(context.Context, tenants.Tenant) (int, error)
	// Watch sees each step, before it is taken and when it is done, and what it counts.
	// An error stops the operation where it stands, as the program's end would: it is
	// resumed later. nil: nobody watches.
	Watch func(Operation, string) error
}

// Service carries operations out.
type Service struct{ config Config }

// New makes a service.
func New(c Config) *Service {
	if c.Watch == nil {
		c.Watch = func(Operation, string) error { return nil }
	}
	return &Service{config: c}
}

// Watched gives the same service with somebody else watching.
func (s *Service) Watched(watch func(Operation, string) error) *Service {
	c := s.config
	c.Watch = watch
	return New(c)
}

func (s *Service) now() time.Time { return s.config.Clock().UTC() }

func (s *Service) source() archive.Source {
	return archive.Source{DB: s.config.DB, Files: s.config.Files, Version: s.config.Registry.SchemaVersion, Codes: requests.Codes}
}

// step is one step of an operation. It may be taken twice.
type step struct {
	name string
	do   func(context.Context, *run) error
}

// way is how a kind of operation goes. undo takes back what was done of one that cannot
// succeed; it may be taken twice too.
type way struct {
	steps []step
	undo  func(context.Context, *run) error
}

var ways map[Kind]way

func init() { //nolint:gochecknoinits // the steps refer to what refers to them
	ways = map[Kind]way{
		Create:  {steps: []step{{"place", register}, {"schema", furnish}, {"settings", prefill}, {"live", goLive}}, undo: abandonOpening},
		Export:  {steps: []step{{"write", write}}},
		Import:  {steps: []step{{"reserve", reserve}, {"rows", rows}, {"documents", documents}, {"codes", codes}, {"settle", settle}, {"projection", project}, {"agents", welcome}, {"live", live}}, undo: abandonImport},
		Move:    {steps: []step{{"place", place}, {"copy", copyAhead}, {"switch", switchOver}, {"jobs", moveJobs}, {"note", noteMove}}, undo: stay},
		Suspend: {steps: []step{{"suspend", suspend}}},
		Resume:  {steps: []step{{"resume", resume}}},
		Delete:  {steps: []step{{"check", checkErasure}, {"count", count}, {"remove", remove}, {"jobs", eraseJobs}, {"schema", eraseSchema}, {"documents", eraseDocuments}, {"certificate", certify}}},
		Cleanup: {steps: []step{{"drop", dropLeft}}},
	}
}

// Steps names the steps that a kind of operation goes through.
func Steps(k Kind) []string {
	var names []string
	for _, st := range ways[k].steps {
		names = append(names, st.name)
	}
	return names
}

// run is an operation that is being carried out.
type run struct {
	*Service
	op      *Operation
	opened  *archive.Opened         // import
	fetched *archive.Opened         // import: out of the store, to be closed
	codes   func(tenants.ID) string // import: as far as they are known

	out        io.Writer // export: where it goes; nil: into the store
	passphrase string
}

// errWatched wraps the watcher's error.
type errWatched struct{ error }

// at tells the watcher, and everybody who looks, how far the step is.
func (r *run) at(ctx context.Context, what string, done, total int) error {
	if r.op.Done, r.op.Total = done, total; total > 0 {
		if _, err := r.config.Platform.Exec(ctx, sqlProgress, r.op.ID, r.op.Step, done, total, r.now()); err != nil {
			return away(err)
		}
	}
	if err := r.config.Watch(*r.op, what); err != nil {
		return errWatched{err}
	}
	return ctx.Err()
}

// maxAttempts is how often a step is tried that fails for reasons that may pass.
const maxAttempts = 20

// begin writes an operation that this program alone can carry out, and does: it is locked
// before anybody else can see it.
func (s *Service) begin(ctx context.Context, a tenants.Actor, o Operation, prepare func(*run)) (Operation, error) {
	o.ID = tenants.NewID()
	unlock, err := s.lock(ctx, o.ID)
	if err != nil {
		return o, err
	}
	defer unlock()
	if o, err = s.start(ctx, a, o); err != nil {
		return o, err
	}
	return s.locked(ctx, o.ID, prepare)
}

// Run carries an operation out, from where it stands to its end, and gives it as it then
// is. One that another program carries out is fault.Conflict "operation_running"; one that
// is over is given as it is. An error that may pass leaves it running, to be resumed; any
// other undoes it and lets it fail.
func (s *Service) Run(ctx context.Context, id tenants.ID) (Operation, error) {
	unlock, err := s.lock(ctx, id)
	if err != nil {
		return Operation{}, err
	}
	defer unlock()
	return s.locked(ctx, id, nil)
}

// locked carries out an operation whose lock is held. One that still waits is left alone.
func (s *Service) locked(ctx context.Context, id tenants.ID, prepare func(*run)) (Operation, error) {
	op, err := s.Get(ctx, id)
	if err != nil || !op.Open() || op.State == Waiting && (op.NeedsConfirmation() || op.NotBefore == nil || op.NotBefore.After(s.now())) {
		return op, err
	}
	r := &run{Service: s, op: &op}
	if prepare != nil {
		prepare(r)
	}
	defer func() {
		if r.fetched != nil {
			_ = r.fetched.Close() //nolint:errcheck // a folder of temporary files
		}
	}()
	op.State = Running
	w := ways[op.Kind]
	for i, st := range w.steps {
		if st.name != op.Step {
			continue
		}
		if err := r.take(ctx, st); err != nil {
			return op, r.failed(ctx, w, err)
		}
		op.Done, op.Total, op.Error, op.Attempts = 0, 0, "", 0
		if i+1 == len(w.steps) {
			break
		}
		op.Step = w.steps[i+1].name
		if err := s.save(ctx, &op); err != nil {
			return op, err
		}
	}
	return op, r.end(ctx, Done)
}

func (r *run) take(ctx context.Context, st step) error {
	if err := r.at(ctx, st.name, 0, 0); err != nil {
		return err
	}
	if err := st.do(ctx, r); err != nil {
		return err
	}
	return r.at(ctx, st.name+" done", 0, 0)
}

func (r *run) end(ctx context.Context, state State) error {
	if err := r.forgetArchive(ctx); err != nil {
		return err // taken up again: it is over once nothing is left of it
	}
	ended := r.now()
	r.op.State, r.op.EndedAt = state, &ended
	return r.save(ctx, r.op)
}

// failed decides what becomes of an operation whose step failed.
func (r *run) failed(ctx context.Context, w way, err error) error {
	if watched, ok := errors.AsType[errWatched](err); ok {
		return watched.error
	}
	if ctx.Err() != nil {
		return err // the program ends
	}
	f := fault.Of(err)
	r.op.Error = f.Code
	r.op.Attempts++
	passing := f.Kind == fault.Unavailable || f.Kind == fault.Internal
	if passing && r.op.Attempts < maxAttempts {
		return errors.Join(err, r.save(ctx, r.op))
	}
	if w.undo != nil {
		if undone := w.undo(ctx, r); undone != nil {
			return errors.Join(err, undone, r.save(ctx, r.op)) // it stays running: undone later
		}
	}
	return errors.Join(err, r.end(ctx, Failed))
}

// lock lets one program carry an operation out.
func (s *Service) lock(ctx context.Context, id tenants.ID) (unlock func(), err error) {
	conn, err := s.config.Platform.Acquire(ctx)
	if err != nil {
		return nil, away(err)
	}
	release := func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.Exec(end, `rollback`); err != nil {
			_ = conn.Conn().Close(end) //nolint:errcheck // the lock ends with the connection
		}
		conn.Release()
	}
	if _, err := conn.Exec(ctx, sqlMayHold, id); err != nil {
		release()
		return nil, away(err)
	}
	if held, err := hold(ctx, conn, id); err != nil || !held {
		release()
		if err == nil {
			err = fault.New(fault.Conflict, "operation_running")
		}
		return nil, away(err)
	}
	return release, nil
}

// hold begins the transaction that holds an operation, and tells whether it does.
func hold(ctx context.Context, conn *pgxpool.Conn, id tenants.ID) (bool, error) {
	for _, sql := range []string{`begin`, sqlLetIdle} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return false, err
		}
	}
	tag, err := conn.Exec(ctx, sqlHold, id)
	return tag.RowsAffected() > 0, err
}

// Tick carries out what is due: what was asked for, what waited for its time, and what a
// program left when it ended. It goes on with the others where one fails.
func (s *Service) Tick(ctx context.Context) error {
	rows, err := s.config.Platform.Query(ctx, sqlDue, s.now())
	if err != nil {
		return away(err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowTo[tenants.ID])
	if err != nil {
		return away(err)
	}
	errs := []error{s.dropStale(ctx), s.dropIncoming(ctx), s.dropHolds(ctx)}
	for _, id := range due {
		if _, err := s.Run(ctx, id); err != nil && !fault.Is(err, "operation_running") {
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// dropHolds forgets the rows of operations that are over.
func (s *Service) dropHolds(ctx context.Context) error {
	_, err := s.config.Platform.Exec(ctx, sqlNoHolds)
	return away(err)
}

// tenant finds the commune of an operation.
func (r *run) tenant(ctx context.Context) (tenants.Tenant, error) {
	return r.config.Registry.ByID(ctx, r.op.TenantID)
}

// actor is who asked, and who was allowed to when they did.
func (o Operation) actor() tenants.Actor {
	a := tenants.Actor{Kind: tenants.ActorKind(o.AskedKind), ID: tenants.ID(o.AskedID), Name: o.AskedName}
	if a.Kind == tenants.ActorHub {
		a.HubRole = tenants.HubManager
	}
	return a
}

// lookEvery is how often somebody looks at what another program does.
const lookEvery = 200 * time.Millisecond

// Follow carries an operation out or, where another program does, waits for its end and
// tells the watcher how far it is. One that failed is an error with its code.
func (s *Service) Follow(ctx context.Context, id tenants.ID) (Operation, error) {
	o, err := s.Run(ctx, id)
	for fault.Is(err, "operation_running") {
		select {
		case <-ctx.Done():
			return o, ctx.Err()
		case <-time.After(lookEvery):
		}
		if o, err = s.Get(ctx, id); err != nil {
			return o, err
		}
		if err := s.config.Watch(o, o.Step); err != nil {
			return o, err
		}
		if o.Open() {
			o, err = s.Run(ctx, id)
		}
	}
	if err == nil && o.State == Failed {
		err = fault.New(fault.Conflict, o.Error)
	}
	return o, err
}
