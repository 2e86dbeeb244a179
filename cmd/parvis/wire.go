package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"gocloud.dev/blob/fileblob"

	"github.com/parvis-gru/parvis/api"
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/inherit"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/transmission"
	"github.com/parvis-gru/parvis/tenants/workflow/hook"
)

// program is every part of Parvis, put together once: the only composition root.
type program struct {
	config   config
	logger   *slog.Logger
	metrics  *prometheus.Registry
	platform *pgxpool.Pool
	cells    *tenants.Cells
	db       *tenants.DB
	registry *tenants.Registry
	identity *identity.Provider
	sender   *notify.Sender
	files    *files.Store
	ui       *web.UI
	pdf      *documents.Renderer
	deps     web.Deps

	openings      *opening.Desk
	domains       *domains.Book
	operations    *operations.Service
	transmissions *transmission.Service
	models        *inherit.Service
	authority     *domains.Authority // nil: TLS ends in front of us
}

// operate puts the program together from the environment, does something with it, and
// lets it go. It logs to log.
func operate(ctx context.Context, log io.Writer, do func(*program) error) error {
	c, err := environment()
	if err != nil {
		return err
	}
	p, err := wire(ctx, c, newLogger(log))
	if err != nil {
		return err
	}
	defer p.close()
	return do(p)
}

// wire puts the parts together. It opens no port and needs no part to be up yet,
// but the folder of the documents. What a killed program left unpacked is removed first.
func wire(ctx context.Context, c config, logger *slog.Logger) (*program, error) {
	if err := archive.Sweep(""); err != nil {
		logger.Warn("what a killed program left of an archive cannot be removed from the folder of temporary files", "error", err)
	}
	p := &program{config: c, logger: logger, metrics: prometheus.NewRegistry()}
	p.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	if p.platform, p.cells, err = openDatabases(ctx, c); err != nil {
		return nil, err
	}
	p.db, err = tenants.NewDB(tenants.DBConfig{Cells: p.cells, Master: c.MasterKey, Enqueuer: jobs.NewEnqueuer(), Clock: time.Now})
	if err != nil {
		return nil, err
	}
	p.registry = tenants.NewRegistry(tenants.RegistryConfig{
		Platform: p.platform, Cells: p.cells, DB: p.db, BaseDomain: c.BaseDomain, Master: c.MasterKey, Clock: time.Now, Seed: catalogue.Seed(),
	})
	if p.authority, err = c.authority(); err != nil {
		return nil, err
	}
	p.domains = domains.New(domains.Config{
		Platform: p.platform, Registry: p.registry, Master: c.MasterKey, Clock: time.Now,
		Resolver: c.DNSResolver, Addresses: c.PublicAddresses, Authority: p.authority,
	})
	p.identity, err = identity.New(identity.Config{PublicURL: c.KratosPublicURL, AdminURL: c.KratosAdminURL, Now: time.Now, State: c.State})
	if err != nil {
		return nil, err
	}
	if p.files, err = openFiles(c.FilesURL); err != nil {
		return nil, err
	}
	if p.sender, err = p.newSender(); err != nil {
		return nil, err
	}
	p.openings = opening.NewDesk(opening.Config{
		Platform: p.platform, Registry: p.registry, DB: p.db, Identity: p.identity, Master: c.MasterKey, Logger: logger, Clock: time.Now, Mail: p.sender.SendNowHub,
		Open: func(ctx context.Context, by tenants.Actor, o tenants.Opening, mayor string) (tenants.Tenant, error) {
			return p.operations.Open(ctx, by, operations.Opening{Opening: o, Mayor: mayor})
		},
	})
	p.ui, err = web.New(web.Config{Key: c.MasterKey.Platform("web"), Secure: c.PublicURL.Scheme == "https", Log: logger, Now: time.Now, Observe: newObserver(p.metrics)})
	if err != nil {
		return nil, err
	}
	p.operations = operations.New(operations.Config{
		Platform: p.platform, Registry: p.registry, DB: p.db, Files: p.files, Master: c.MasterKey, Clock: time.Now, Jobs: jobs.Queues{}, Welcome: p.welcome,
	})
	p.pdf = c.renderer(logger)
	p.models = inherit.New(inherit.Config{Platform: p.platform, Registry: p.registry, DB: p.db, Clock: time.Now})
	p.transmissions = transmission.New(transmission.Config{DB: p.db, Registry: p.registry, Files: p.files})
	p.deps = web.Deps{
		PDF: p.pdf,
		UI:  p.ui, DB: p.db, Registry: p.registry, Files: p.files, Identity: p.identity, Master: c.MasterKey,
		Logger: logger, Clock: time.Now, Metrics: p.metrics, URL: p.url, HubMail: p.sender.SendNowHub, Domains: p.domains, Operations: p.operations, Openings: p.openings,
		Transmissions: p.transmissions, Models: p.models,
	}
	p.observeCells()
	return p, nil
}

// url gives the address of one of our hosts, as browsers reach it.
func (p *program) url(host string) string {
	u := url.URL{Scheme: p.config.PublicURL.Scheme, Host: host}
	if port := p.config.PublicURL.Port(); port != "" {
		u.Host += ":" + port
	}
	return u.String()
}

// handler is every host's pages and API.
func (p *program) handler(platform http.Handler, demo bool) (http.Handler, error) {
	pages := api.New(api.Config{Deps: p.deps, Platform: platform, Demo: demo, Operator: operatorOf(p.config.Operator)})
	return behindProxies(p.config.TrustedProxies, pages)
}

// fleet works the jobs of every cell.
func (p *program) fleet() *jobs.Fleet {
	return jobs.NewFleet(jobs.Deps{
		DB: p.db, Registry: p.registry, Files: p.files, Sender: p.sender, Logger: p.logger, Metrics: p.metrics, Clock: time.Now, Domains: p.domains,
		Operations: p.operations, Openings: p.openings, Transmissions: p.transmissions, Models: p.models,
		Hooks: hook.New(hook.Config{Clock: time.Now}),
	})
}

// close lets the connections go, and ends what was started.
func (p *program) close() {
	p.pdf.Close()
	p.db.Close()
	p.cells.Close()
	p.platform.Close()
}

// openDatabases opens the platform's database and the first cell's, as their owner.
// They connect when they are first used.
func openDatabases(ctx context.Context, c config) (*pgxpool.Pool, *tenants.Cells, error) {
	settings, err := pgxpool.ParseConfig(c.PlatformURL)
	if err != nil {
		return nil, nil, errors.New("PARVIS_PLATFORM_URL cannot be read")
	}
	settings.ConnConfig.RuntimeParams["application_name"] = "parvis"
	settings.ConnConfig.ConnectTimeout = 3 * time.Second
	settings.MaxConns = 24
	platform, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, nil, errors.New("PARVIS_PLATFORM_URL cannot be used")
	}
	cells, err := tenants.NewCells(platform, c.CellURL, c.MasterKey)
	if err != nil {
		return nil, nil, fmt.Errorf("PARVIS_CELL_URL: %w", err)
	}
	return platform, cells, nil
}

// openFiles opens the folder of the documents, which is made where it is missing.
func openFiles(address string) (*files.Store, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" {
		return nil, errors.New("PARVIS_FILES_URL cannot be read")
	}
	if err := os.MkdirAll(u.Path, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of the documents cannot be made: %w", err)
	}
	bucket, err := fileblob.OpenBucket(u.Path, &fileblob.Options{NoTempDir: true, DirFileMode: 0o700})
	if err != nil {
		return nil, fmt.Errorf("the folder of the documents cannot be opened: %w", err)
	}
	return files.New(bucket), nil
}
