package webtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"gocloud.dev/blob/fileblob"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/inherit"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/transmission"
)

// Area is a part of a site, as package api has them.
type Area interface {
	Serve(w http.ResponseWriter, r *http.Request, s web.Scope)
}

// Deployment is a deployment of a test's own: the communes of [pgtest.Env] with their
// settings complete and every procedure open, and what an area is made with.
type Deployment struct {
	*pgtest.Env
	Deps  web.Deps
	Mails *Mails          // what Kratos mailed; nil without WithKratos
	SMTP  *parts.SMTPSink // what was mailed at once, by the hub or the platform

	server *httptest.Server

	mu       sync.Mutex
	hubMails []HubMail
}

// HubMail is a mail to a hub's administrator.
type HubMail struct {
	To   string
	Mail notify.Rendered
}

func (d *Deployment) hubMail(_ context.Context, h tenants.Hub, to string, data notify.Data) error {
	mail, err := notify.RenderHub(h, data)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hubMails = append(d.hubMails, HubMail{to, mail})
	return nil
}

// HubMails gives the mails that hubs sent so far.
func (d *Deployment) HubMails() []HubMail {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.hubMails)
}

// Option changes how a deployment is opened.
type Option func(*options)

type options struct {
	kratos, closed, library bool
	cells                   int
	pdf                     bool
	resolver                string
	state                   oidc.Config
}

// WithKratos ties the deployment to the real Kratos that the tests of a program
// share. Without it, the identity provider is away.
func WithKratos() Option { return func(o *options) { o.kratos = true } }

// WithCells gives the deployment so many databases for communes, as [pgtest.WithCells],
// with the workers' own tables: a commune can be moved.
func WithCells(n int) Option { return func(o *options) { o.cells = n } }

// WithResolver names the DNS server, host:port, that communes' own hosts are looked up
// at. Without it, the machine's own is asked.
func WithResolver(addr string) Option { return func(o *options) { o.resolver = addr } }

// WithPDF gives the deployment the real compiler of PDFs. Without it, none are offered.
func WithPDF() Option { return func(o *options) { o.pdf = true } }

// Closed leaves the settings empty and every procedure closed, as on a commune's
// first morning.
func Closed() Option { return func(o *options) { o.closed = true } }

// Library gives the communes every procedure of the library, not only those that a new
// commune begins with.
func Library() Option { return func(o *options) { o.library = true } }

// New opens a deployment, which ends with the test.
func New(t testing.TB, opts ...Option) *Deployment {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	env := pgtest.Schema(t, pgtest.WithCells(o.cells))
	d := &Deployment{Env: env}
	logger := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	ui, err := web.New(web.Config{Key: []byte("a key for the tests of pages: 32 bytes"), Log: logger, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := fileblob.OpenBucket(t.TempDir(), &fileblob.Options{NoTempDir: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	d.Deps = web.Deps{
		UI: ui, DB: env.DB, Registry: env.Registry, Files: files.New(bucket), Master: pgtest.Master, Logger: logger,
		Clock: env.Clock.Now, Metrics: prometheus.NewRegistry(),
		URL: func(host string) string { return "http://" + host }, HubMail: d.hubMail,
		Domains: domains.New(domains.Config{Platform: env.Pool, Registry: env.Registry, Master: pgtest.Master, Clock: env.Clock.Now, Resolver: o.resolver}),
	}
	d.Deps.Operations = operations.New(operations.Config{
		Platform: env.Pool, Registry: env.Registry, DB: env.DB, Files: d.Deps.Files, Master: pgtest.Master, Clock: env.Clock.Now, Jobs: jobs.Queues{},
	})
	d.Deps.Models = inherit.New(inherit.Config{Platform: env.Pool, Registry: env.Registry, DB: env.DB, Clock: env.Clock.Now})
	for i := range o.cells {
		cell, err := env.Registry.Cells().Owner(t.Context(), fmt.Sprintf("cell-%d", i+1))
		must(t, err)
		must(t, jobs.Migrate(t.Context(), cell, logger))
	}
	if o.pdf {
		node, dir, err := parts.Typst(t.Context(), nil, "")
		must(t, err)
		d.Deps.PDF = documents.NewRenderer(documents.Config{Node: node, Dir: dir, Log: logger})
		t.Cleanup(d.Deps.PDF.Close)
	}
	d.Deps.Transmissions = transmission.New(transmission.Config{DB: env.DB, Registry: env.Registry, Files: d.Deps.Files})
	d.Deps.Identity = away(t, o.state)
	if o.kratos {
		// Time passes for it as it does on the test's clock.
		d.Deps.Identity, d.Mails = kratos(t, o.state, func() time.Time { return time.Now().Add(env.Clock.Now().Sub(pgtest.Start)) })
	}
	d.Deps.Openings = d.openings(t)
	for _, tenant := range []tenants.Tenant{env.Tenant, env.Other} {
		var wanted []*catalogue.Procedure // none: the starter
		if o.library {
			wanted = catalogue.Models()
		}
		d.fill(t, tenant, !o.closed, wanted...)
	}
	return d
}

// openings is the desk where communes are opened, with a real mail server.
func (d *Deployment) openings(t testing.TB) *opening.Desk {
	t.Helper()
	var err error
	if d.SMTP, err = parts.StartSMTP(parts.SMTPOptions{Now: d.Clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.SMTP.Stop() })
	host, port, err := net.SplitHostPort(d.SMTP.Addr())
	must(t, err)
	number, err := strconv.Atoi(port)
	must(t, err)
	mailer, err := notify.NewMailer(notify.MailerConfig{Host: host, Port: number, TLS: notify.TLSNone, From: "ne-pas-repondre@parvis.example", Clock: d.Clock.Now})
	must(t, err)
	t.Cleanup(mailer.Close)
	sender, err := notify.New(notify.Config{
		Mailer: mailer, Metrics: d.Deps.Metrics,
		BaseURL: func(tenant tenants.Tenant) string { return d.Deps.URL(d.Registry.HostOf(tenant)) },
		HubURL:  func(h tenants.Hub) string { return d.Deps.URL(d.Registry.Host(h.Slug)) },
	})
	must(t, err)
	return opening.NewDesk(opening.Config{
		Platform: d.Pool, Registry: d.Registry, DB: d.DB, Identity: d.Deps.Identity, Master: pgtest.Master,
		Logger: d.Deps.Logger, Clock: d.Clock.Now, Mail: sender.SendNowHub,
		Open: func(ctx context.Context, by tenants.Actor, o tenants.Opening, mayor string) (tenants.Tenant, error) {
			return d.Deps.Operations.Open(ctx, by, operations.Opening{Opening: o, Mayor: mayor})
		},
	})
}

// away is an identity provider that does not answer.
func away(t testing.TB, state oidc.Config) *identity.Provider {
	t.Helper()
	p, err := identity.New(identity.Config{PublicURL: "http://127.0.0.1:1", AdminURL: "http://127.0.0.1:1", Pace: time.Millisecond, Now: time.Now, State: state})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Settings are those that the communes of a deployment have: complete.
func Settings() tenants.Settings {
	return tenants.Settings{
		PostalAddress: "Hôtel de ville\n1 place de la Liberté\n31320 Castanet-Tolosan", Email: "mairie@castanet.example", Phone: "05 61 00 00 00",
		OpeningHours: "Lundi au vendredi : 8 h 30 – 12 h, 14 h – 17 h\nSamedi : 9 h – 12 h", Mayor: "Camille Durand",
		SignatoryName: "Camille Durand", SignatoryTitle: "maire",
		Court:      tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV, 31068 Toulouse Cedex 7", Telerecours: "https://citoyens.telerecours.fr"},
		DPO:        tenants.DPO{Name: "Délégué mutualisé du Sicoval", Email: "dpo@sicoval.example", Phone: "05 62 00 00 00", PostalAddress: "65 rue du Chêne Vert, 31670 Labège"},
		DigestHour: 7,
	}
}

// fill installs the catalogue and, where wanted, sets the commune up and opens it.
func (d *Deployment) fill(t testing.TB, tenant tenants.Tenant, open bool, wanted ...*catalogue.Procedure) {
	t.Helper()
	d.Write(t, tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		if err := catalogue.Install(ctx, tx, wanted...); err != nil || !open {
			return err
		}
		_, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if err := tenants.PutSettings(ctx, tx, Settings(), version); err != nil {
			return err
		}
		entries, err := catalogue.List(ctx, tx)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := catalogue.SetOpen(ctx, tx, e.Slug, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// Serve opens the deployment's hosts, each answered by the area, until the test ends.
func (d *Deployment) Serve(t testing.TB, area Area) {
	t.Helper()
	mux := http.NewServeMux()
	for _, pattern := range web.AssetPaths {
		mux.Handle(pattern, web.Assets())
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		scope, err := d.Scope(r.Context(), r.Host)
		if err != nil {
			d.Deps.UI.Fail(w, r, web.Site{}, err)
			return
		}
		if !d.Deps.ServeSite(w, r, scope) {
			area.Serve(w, r, scope)
		}
	})
	d.ServeAll(t, d.Deps.UI.Wrap(mux))
}

// ServeAll opens the deployment's hosts, all answered by one handler.
func (d *Deployment) ServeAll(t testing.TB, handler http.Handler) {
	t.Helper()
	d.server = httptest.NewServer(handler)
	t.Cleanup(d.server.Close)
}

// URL is where the server listens; the host must be sent as a header or resolve.
func (d *Deployment) URL() string { return d.server.URL }

// Scope is whose pages a host shows, as package api finds it.
func (d *Deployment) Scope(ctx context.Context, host string) (web.Scope, error) {
	site, err := d.Registry.ByHost(ctx, host)
	if err != nil {
		return web.Scope{}, err
	}
	switch site.Kind {
	case tenants.SiteHub:
		return web.Scope{Hub: site.Hub, Site: web.Site{Name: site.Hub.Name, Slug: site.Hub.Slug, Code: site.Hub.Slug, Colour: colour(site.Hub.Colour)}}, nil
	case tenants.SiteTenant:
		public, err := web.NewShelf(d.DB, d.Deps.Clock).Of(ctx, site.Tenant)
		return web.Scope{Tenant: site.Tenant, Public: public, Site: web.TenantSite(site.Tenant, public.Settings)}, err
	default:
		return web.Scope{Site: web.Site{Name: "Parvis", Code: "parvis", Slug: "parvis", Colour: branding.Suggest("parvis")}}, nil
	}
}

func colour(text string) branding.Colour {
	c, err := branding.Parse(text)
	if err != nil {
		return branding.Suggest(text)
	}
	return c
}

// Browser opens a browser of its own (cookies and all) on the first commune.
func (d *Deployment) Browser(t testing.TB) *Browser {
	t.Helper()
	return newBrowser(t, d, d.Registry.Host(d.Tenant.Slug))
}

// BrowserOf opens a browser on a commune or a hub, by its slug.
func (d *Deployment) BrowserOf(t testing.TB, slug string) *Browser {
	t.Helper()
	return newBrowser(t, d, d.Registry.Host(slug))
}

// Platform opens a browser on the platform's own host.
func (d *Deployment) Platform(t testing.TB) *Browser {
	t.Helper()
	return newBrowser(t, d, d.Registry.BaseDomain())
}

// testWriter hands the program's log of faults to the test.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Log(string(p))
	}
	return len(p), nil
}

var _ io.Writer = testWriter{}

func random() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
