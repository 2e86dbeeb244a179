package web

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// Deps is what the areas of package api are made with.
type Deps struct {
	UI       *UI
	DB       *tenants.DB
	Registry *tenants.Registry
	Files    *files.Store
	Identity *identity.Provider
	Domains  *domains.Book
	Master   tenants.MasterKey
	Logger   *slog.Logger
	Clock    func() time.Time
	Metrics  prometheus.Registerer
	// Forget drops what is kept of a tenant's settings; to call after a change.
	Forget func(tenant int64)
	// URL gives the address of a host of ours: scheme and port with it.
	URL func(host string) string
}
