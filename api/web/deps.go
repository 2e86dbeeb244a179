package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/inherit"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/transmission"
)

// Deps is what the areas of package api are made with.
type Deps struct {
	UI       *UI
	DB       *tenants.DB
	Registry *tenants.Registry
	Files    *files.Store
	Identity *identity.Provider
	Domains  *domains.Book
	Openings *opening.Desk
	PDF      *documents.Renderer // nil, or without a compiler: none are offered
	// Operations are what is done to whole communes.
	Operations *operations.Service
	// Models are what hubs propose to their communes.
	Models *inherit.Service
	// Transmissions finds who can be transmitted to.
	Transmissions *transmission.Service
	Master        tenants.MasterKey
	Logger        *slog.Logger
	Clock         func() time.Time
	Metrics       prometheus.Registerer
	// Forget drops what is kept of a tenant's settings; to call after a change.
	Forget func(tenant int64)
	// HubMail sends a mail to a hub's administrator at once: a hub has no commune's
	// outbox.
	HubMail func(ctx context.Context, h tenants.Hub, to string, d notify.Data) error
	// URL gives the address of a host of ours: scheme and port with it.
	URL func(host string) string
}
