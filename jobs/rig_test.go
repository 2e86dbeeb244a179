package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"gocloud.dev/blob/fileblob"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// patience is how long a test waits for a job: far longer than any takes, for
// River waits up to 16 seconds before a third attempt.
const patience = 60 * time.Second

var (
	quiet  = slog.New(slog.DiscardHandler)
	system = tenants.System("test")
)

// rig is a deployment with River's tables, workers that a test starts, and the
// mail server that they send to.
type rig struct {
	*pgtest.Env
	t    *testing.T
	sink *parts.SMTPSink
	deps jobs.Deps
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{Env: pgtest.Schema(t, pgtest.WithEnqueuer(jobs.NewEnqueuer())), t: t}
	for range 2 { // it may run at any time
		if err := jobs.Migrate(t.Context(), r.Pool, quiet); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if r.sink, err = parts.StartSMTP(parts.SMTPOptions{Now: r.Clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.sink.Stop() })
	bucket, err := fileblob.OpenBucket(t.TempDir(), &fileblob.Options{NoTempDir: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	r.deps = jobs.Deps{
		DB: r.DB, Registry: r.Registry, Files: files.New(bucket), Sender: r.sender(), Logger: quiet, Metrics: prometheus.NewRegistry(), Clock: r.Clock.Now,
		Openings: opening.NewDesk(opening.Config{
			Platform: r.Pool, Registry: r.Registry, DB: r.DB, Master: pgtest.Master, Logger: quiet, Clock: r.Clock.Now, Mail: r.sender().SendNowHub,
		}),
		Domains: domains.New(domains.Config{Platform: r.Pool, Registry: r.Registry, Master: pgtest.Master, Clock: r.Clock.Now}),
	}
	return r
}

func (r *rig) sender() *notify.Sender {
	r.t.Helper()
	host, port, err := net.SplitHostPort(r.sink.Addr())
	if err != nil {
		r.t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		r.t.Fatal(err)
	}
	mailer, err := notify.NewMailer(notify.MailerConfig{
		Host: host, Port: number, TLS: notify.TLSOpportunistic, From: "ne-pas-repondre@parvis.example", Timeout: 5 * time.Second, Clock: r.Clock.Now,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(mailer.Close)
	sender, err := notify.New(notify.Config{
		Mailer: mailer, Metrics: prometheus.NewRegistry(),
		BaseURL: func(t tenants.Tenant) string { return "https://" + t.Slug + ".parvis.example" },
		HubURL:  func(h tenants.Hub) string { return "https://" + h.Slug + ".parvis.example" },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return sender
}

// start lets the workers work until the test's end, or until stop.
func (r *rig) start() (stop func()) {
	r.t.Helper()
	r.deps.Metrics = prometheus.NewRegistry()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	ended := make(chan error, 1)
	fleet := jobs.NewFleet(r.deps)
	go func() { ended <- fleet.Run(ctx, 20*time.Second) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("stop: %v", err)
		}
	}
	r.t.Cleanup(stop)
	return stop
}

// furnish makes a commune ready to take requests in.
func (r *rig) furnish(commune tenants.Tenant) {
	r.t.Helper()
	r.Write(r.t, commune, system, func(ctx context.Context, tx *tenants.Tx) error {
		_, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{
			PostalAddress: "1 place de la Mairie\n31000 Toulouse", Email: "mairie@commune.example", Phone: "05 61 71 70 00",
			Mayor: "Camille Martin", SignatoryName: "Camille Martin", SignatoryTitle: "Maire", DigestHour: 7,
			Court: tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV\n31068 Toulouse Cedex 7"},
			DPO:   tenants.DPO{Name: "Dominique Petit", Email: "dpo@sicoval.example"},
		}, version); err != nil {
			return err
		}
		if err := catalogue.Install(ctx, tx); err != nil {
			return err
		}
		return errors.Join(catalogue.SetOpen(ctx, tx, "courrier-maire", true), catalogue.SetOpen(ctx, tx, "buvette-temporaire", true))
	})
}

// letter is a complaint to the mayor: silence means rejection after two months.
func letter() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb,
		Applicant: requests.Applicant{GivenName: "Jeanne", FamilyName: "Dupont", Email: "jeanne@example.org", PostalAddress: "3 rue des Lilas\n31320 Castanet-Tolosan"},
		Answers:   forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit"), "message": forms.Text("Le bruit rue des Lilas ne cesse pas.")},
	}
}

// stall is a bar for a day: silence means acceptance after two months.
func stall(day string) requests.Submission {
	s := letter()
	s.ProcedureSlug, s.Answers = "buvette-temporaire", forms.Answers{
		"type": forms.Text("autre"), "organisme_nom": forms.Text("Comité des fêtes"), "manifestation": forms.Text("Fête du village"), "lieu": forms.Text("Place de l’église"),
		"enceinte_sportive": forms.Text("non"), "date_debut": forms.Text(day), "heure_debut": forms.Text("10h00"), "date_fin": forms.Text(day), "heure_fin": forms.Text("23h00"), "groupes": forms.Bool(true),
	}
	return s
}

func (r *rig) submit(commune tenants.Tenant, s requests.Submission) requests.Request {
	r.t.Helper()
	var out requests.Submitted
	r.Write(r.t, commune, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		out, err = requests.Submit(ctx, tx, s)
		return err
	})
	return out.Request
}

// enqueue queues jobs of a commune.
func (r *rig) enqueue(commune tenants.Tenant, list ...tenants.Job) {
	r.t.Helper()
	r.Write(r.t, commune, system, func(ctx context.Context, tx *tenants.Tx) error {
		for _, j := range list {
			if err := tx.Enqueue(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// asRole gives a connection as the commune's own role.
func (r *rig) asRole(commune tenants.Tenant) *pgx.Conn {
	r.t.Helper()
	config, err := pgx.ParseConfig(r.URL)
	if err != nil {
		r.t.Fatal(err)
	}
	config.User, config.Password = commune.Schema, tenants.RolePassword(pgtest.Master, commune.Schema, commune.Epoch)
	conn, err := pgx.ConnectConfig(r.t.Context(), config)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// until waits for what a worker does.
func (r *rig) until(what string, done func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("waited in vain: %s\n%v", what, r.queue())
		}
	}
}

// value reads one value as the database's owner.
func value[T any](r *rig, sql string, args ...any) T {
	r.t.Helper()
	rows, err := r.Pool.Query(r.t.Context(), sql, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// queue lists the jobs, for a test that waited in vain.
func (r *rig) queue() []string {
	return value[[]string](r, `select coalesce(array_agg(kind || ' ' || state || ' ' || attempt || ' ' || args || ' ' || coalesce(array_to_string(errors, ' '), '')), '{}')
		from (select * from river.river_job order by id desc limit 20) as latest`)
}

func (r *rig) state(job int64) string {
	return value[string](r, `select state::text from river.river_job where id = $1`, job)
}

func (r *rig) exec(sql string, args ...any) {
	r.t.Helper()
	if _, err := r.Pool.Exec(r.t.Context(), sql, args...); err != nil {
		r.t.Fatal(err)
	}
}

// quarterJob is the platform's own, as River's timetable queues it.
type quarterJob struct{}

func (quarterJob) Kind() string { return "platform_quarter" }

// quarter lets the platform look at its tenants' clocks once, and waits for all
// that comes of it.
func (r *rig) quarter() {
	r.t.Helper()
	r.quarterAlone()
	r.until("the jobs of the day", func() bool {
		return value[int](r, `select count(*) from river.river_job where state in ('available', 'running', 'retryable', 'pending')`) == 0
	})
}

// quarterAlone waits for the platform's look alone.
func (r *rig) quarterAlone() {
	r.t.Helper()
	client, err := river.NewClient(riverpgxv5.New(r.Pool), &river.Config{Schema: "river", Logger: quiet})
	if err != nil {
		r.t.Fatal(err)
	}
	job, err := client.Insert(r.t.Context(), quarterJob{}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.until("the quarter's job", func() bool { return r.state(job.Job.ID) == "completed" })
}

// local sets the clock to a moment in the commune.
func (r *rig) local(commune tenants.Tenant, moment string) {
	r.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", moment, commune.Zone())
	if err != nil {
		r.t.Fatal(err)
	}
	r.Clock.Set(at)
}
