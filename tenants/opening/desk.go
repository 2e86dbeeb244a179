package opening

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Config is what a Desk needs.
type Config struct {
	Platform *pgxpool.Pool // the platform's database
	Registry *tenants.Registry
	DB       *tenants.DB
	Identity *identity.Provider
	Master   tenants.MasterKey
	Logger   *slog.Logger
	Clock    func() time.Time
	// Open opens a commune at once, with what is known of it and, where they ask for it,
	// the mayor's name. What it begins is ended by the workers where it is cut short.
	Open func(ctx context.Context, by tenants.Actor, o tenants.Opening, mayor string) (tenants.Tenant, error)
	// Mail sends a mail of the hub at once, or of the platform where the hub has no key.
	Mail func(ctx context.Context, from tenants.Hub, to string, d notify.Data) error
}

// Desk takes in requests for opening communes, and opens them.
type Desk struct {
	pool     *pgxpool.Pool
	registry *tenants.Registry
	db       *tenants.DB
	identity *identity.Provider
	key      []byte
	logger   *slog.Logger
	clock    func() time.Time
	carry    func(ctx context.Context, by tenants.Actor, o tenants.Opening, mayor string) (tenants.Tenant, error)
	mail     func(ctx context.Context, from tenants.Hub, to string, d notify.Data) error
}

// NewDesk makes a desk; it asks the database nothing yet.
func NewDesk(c Config) *Desk {
	return &Desk{
		pool: c.Platform, registry: c.Registry, db: c.DB, identity: c.Identity, key: c.Master.Platform("opening"),
		logger: c.Logger, clock: c.Clock, carry: c.Open, mail: c.Mail,
	}
}

// Platform is who writes where no hub does.
var Platform = tenants.Hub{Name: "Parvis"}

// Place is a commune as whoever wants to open it may know it.
type Place struct {
	communes.Commune
	Tenant *tenants.Tenant // it is open already, or about to be
	Hub    *tenants.Hub    // of its EPCI, where that is one of ours
	Masked string          // of its official address: « m…@c….fr »; empty: none is on record
}

// EPCIName is its EPCI's name, or empty.
func (p Place) EPCIName() string {
	epci, err := communes.EPCIBySIREN(p.EPCI)
	if err != nil {
		return ""
	}
	return epci.Name
}

const sqlHubOf = `select id from platform.hub where siren = $1`

// Look tells how a commune stands. Anybody may. A code that is no commune's is
// fault.NotFound "commune_unknown".
func (d *Desk) Look(ctx context.Context, insee string) (Place, error) {
	c, err := communes.ByINSEE(insee)
	if err != nil {
		return Place{}, err
	}
	p := Place{Commune: c}
	t, err := d.registry.ByINSEE(ctx, c.INSEE)
	switch {
	case err == nil:
		p.Tenant = &t
	case !fault.Is(err, "not_found"):
		return Place{}, err
	}
	var hub int64
	switch err := d.pool.QueryRow(ctx, sqlHubOf, c.EPCI).Scan(&hub); {
	case err == nil:
		h, err := d.registry.HubByID(ctx, hub)
		if err != nil {
			return Place{}, err
		}
		p.Hub = &h
	case !errors.Is(err, pgx.ErrNoRows):
		return Place{}, tenants.Classify(err)
	}
	a, err := address(ctx, d.pool, c.INSEE)
	p.Masked = masked(a.Email)
	return p, err
}

// masked shows of an address the first letter of each part and the end of its domain,
// so that who knows it recognises it and nobody else learns it.
func masked(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	dot := strings.LastIndexByte(domain, '.')
	if !ok || local == "" || dot <= 0 {
		return ""
	}
	return firstLetter(local) + "…@" + firstLetter(domain) + "…" + domain[dot:]
}

func firstLetter(s string) string { return string([]rune(s)[:1]) }

// NewHolder gives a secret for an applicant's browser.
func NewHolder() string { return rand.Text() }

// hash keeps a secret in the form in which it is stored; purpose and parts cannot run
// into each other.
func (d *Desk) hash(purpose string, parts ...string) []byte {
	mac := hmac.New(sha256.New, d.key)
	for _, p := range append([]string{purpose}, parts...) {
		_, _ = mac.Write([]byte(p)) // a hash never fails
		_, _ = mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}
