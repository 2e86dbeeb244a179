package tenants

import (
	"cmp"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/communes"
)

// TenantState is where a tenant stands in its life.
type TenantState string

// The states of a tenant. Only a live one is served.
const (
	StateOpening   TenantState = "opening"
	StateLive      TenantState = "live"
	StateSuspended TenantState = "suspended"
)

// TenantKind is what a tenant is.
type TenantKind string

// The kinds. An EPCI that opens the portal of its own services is a tenant like a commune;
// the hub, with which it looks after its communes, is another thing.
const (
	KindCommune TenantKind = "commune"
	KindEPCI    TenantKind = "epci"
)

// Tenant is a commune, or an EPCI with services of its own, as the platform knows it: who
// it is and where its data lies. It is a value, copied freely.
type Tenant struct {
	ID     int64
	HubID  int64
	Slug   string
	Kind   TenantKind
	INSEE  string // code of the commune; of an EPCI its SIREN
	Seat   string // INSEE code of the commune whose calendar and clock hold: its own, or that of the EPCI's seat
	SIREN  string
	Name   string
	Colour string
	Temple bool // keeps Good Friday (C. trav. L.3134-13)
	// LocalHolidays are the public holidays that the commune gave, where the law leaves them
	// unsettled (calendar.Territory.WithLocalHolidays); [Territory] counts them.
	LocalHolidays string
	Cell          string
	Schema        string
	State         TenantState
	Epoch         int  // of the placement: one more with every move
	Moving        bool // its writes are held back for a moment
	// TrialEndsOn is the last day of the trial that runs; zero: the commune has
	// subscribed, or was opened otherwise (tenants/subscription).
	TrialEndsOn calendar.Date
	MainHost    string // the commune's own domain, where that is its address now; empty: <slug>.<base domain>
	CreatedAt   time.Time
}

// Whole tells whether the key and the schema are one tenant's. Values that a fault of
// ours put together from two end here, before any data: connections are kept by key,
// and sign in by schema, under which a tenant's files lie too.
func (t Tenant) Whole() bool { return t.ID > 0 && t.Schema == "t_"+strconv.FormatInt(t.ID, 10) }

// Territory gives the public holidays and the zone that hold in the commune.
func (t Tenant) Territory() calendar.Territory {
	territory, err := calendar.TerritoryOf(cmp.Or(t.Seat, t.INSEE))
	if err != nil { // the registry only holds communes of the official list
		panic(err)
	}
	territory = territory.WithTemple(t.Temple)
	if t.LocalHolidays == "" {
		return territory
	}
	own, err := territory.WithLocalHolidays(t.LocalHolidays)
	if err != nil { // the law settled them since the commune gave its own
		return territory
	}
	return own
}

// Title names the administration in a sentence: « la commune de Labège », with its article
// left to the caller; an EPCI is its own name.
func (t Tenant) Title() string {
	if t.Kind == KindEPCI {
		return t.Name
	}
	return "Commune " + communes.Of(t.Name)
}

// Office names where people go and write: « Mairie de Labège ».
func (t Tenant) Office() string {
	if t.Kind == KindEPCI {
		return t.Name
	}
	return "Mairie " + communes.Of(t.Name)
}

// Zone is the commune's time zone; every legal date is a civil date in it.
func (t Tenant) Zone() *time.Location { return t.Territory().Zone() }

// Hub is a body that looks after tenants: an EPCI or a syndicat.
type Hub struct {
	ID     int64
	Slug   string
	SIREN  string
	Name   string
	Colour string
	// Phone of the desk that it shares with its communes, and its pooled data
	// protection officer: what a commune says of itself until it says better.
	Phone    string
	DPOName  string
	DPOEmail string
	// RequireTOTP asks its administrators for a second factor.
	RequireTOTP bool
}

// SiteKind says whose pages a host shows.
type SiteKind int

// The kinds of site.
const (
	SitePlatform SiteKind = iota
	SiteHub
	SiteTenant
)

// Site is what a host name leads to.
type Site struct {
	Kind   SiteKind
	Tenant Tenant
	Hub    Hub
	Own    bool // a commune's own domain, not <slug>.<base domain>
}
