package transmission

import (
	"context"
	"errors"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// Config is what a Service works with.
type Config struct {
	DB       *tenants.DB
	Registry *tenants.Registry
	Files    *files.Store
	// Watch sees the name of each step once it is done. An error stops the delivery there, as
	// the program's end would. nil: nobody watches.
	Watch func(step string) error
}

// Service finds recipients and brings requests to them.
type Service struct{ config Config }

// New makes a service.
func New(c Config) *Service {
	if c.Watch == nil {
		c.Watch = func(string) error { return nil }
	}
	return &Service{config: c}
}

// Watched gives the same service with somebody watching.
func (s *Service) Watched(watch func(step string) error) *Service {
	c := s.config
	c.Watch = watch
	return New(c)
}

// carrier is who reads and writes, in both histories.
var carrier = tenants.System("transmission")

// The steps, as [Config.Watch] sees them.
const (
	StepRead    = "read"
	StepCopied  = "copied"
	StepClaimed = "claimed"
	StepWritten = "written"
	StepClosed  = "closed"
)

// Steps gives them in their order.
func Steps() []string { return []string{StepRead, StepCopied, StepClaimed, StepWritten, StepClosed} }

// writing is how long the step may last from which a request cannot be called back.
const writing = 40 * time.Second

// Deliver brings a request to its recipient. nil says that nothing is left to do: it has
// arrived, cannot arrive (its history says why) or was called back. Every error is worth
// another try; fault.Unavailable "transmission_waits" says that the recipient takes nothing
// for now.
func (s *Service) Deliver(ctx context.Context, source tenants.Tenant, id tenants.ID) error {
	var parcel requests.Parcel
	err := s.config.DB.Read(ctx, source, carrier, func(tx *tenants.Tx) (err error) {
		parcel, err = requests.Outbound(ctx, tx, id)
		return err
	})
	if fault.Is(err, "transmission_over") || fault.Is(err, "transmission_unknown") {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.watch(StepRead); err != nil {
		return err
	}
	d := &delivery{Service: s, source: source, parcel: parcel}
	if err := d.carry(ctx); err != nil {
		return err
	}
	return s.watch(StepClosed)
}

// stopped wraps the error of who watches: nothing more is done, as if the program had ended.
type stopped struct{ error }

// Unwrap gives the watcher's own.
func (s stopped) Unwrap() error { return s.error }

func (s *Service) watch(step string) error {
	if err := s.config.Watch(step); err != nil {
		return stopped{err}
	}
	return nil
}

// delivery is one try at bringing one request.
type delivery struct {
	*Service
	source, target tenants.Tenant
	parcel         requests.Parcel
}

func (d *delivery) carry(ctx context.Context) error {
	var err error
	d.target, err = d.config.Registry.ByINSEE(ctx, d.parcel.To.Code)
	switch {
	case fault.Is(err, "not_found"):
		return d.fail(ctx, "recipient_unknown")
	case err != nil:
		return err
	case d.target.ID == d.source.ID:
		return d.fail(ctx, "transmission_self")
	}
	if d.parcel.Doubt {
		if over, err := d.doubt(ctx); over || err != nil {
			return err
		}
	}
	stored, err := d.copyDocuments(ctx)
	if err != nil {
		return err
	}
	arrival, err := d.hand(ctx, stored)
	if err != nil {
		return d.after(ctx, err, stored)
	}
	if err := d.watch(StepWritten); err != nil {
		return err
	}
	return d.write(ctx, d.source, func(tx *tenants.Tx) error { return requests.Arrived(ctx, tx, d.parcel, arrival) })
}

// doubt asks the target whether an earlier try brought the request: then that is told here,
// and all is over. Otherwise it certainly did not.
func (d *delivery) doubt(ctx context.Context) (over bool, err error) {
	var arrival requests.Arrival
	if err := d.write(ctx, d.target, func(tx *tenants.Tx) (err error) {
		arrival, over, err = requests.Found(ctx, tx, d.parcel)
		return err
	}); err != nil {
		return false, err
	}
	return over, d.write(ctx, d.source, func(tx *tenants.Tx) error {
		if over {
			return requests.Arrived(ctx, tx, d.parcel, arrival)
		}
		return requests.HoldTransmission(ctx, tx, d.parcel.Transmission, "", true)
	})
}

// copyDocuments keeps the documents' bytes at the target, under new keys at each try: what
// an interrupted one left belongs to nobody, and is swept away.
func (d *delivery) copyDocuments(ctx context.Context) ([]files.Stored, error) {
	var stored []files.Stored
	for _, doc := range d.parcel.Documents {
		one, err := d.config.Files.Copy(ctx, d.source, doc, d.target)
		if err != nil {
			return nil, d.after(ctx, err, stored)
		}
		stored = append(stored, one)
	}
	return stored, d.watch(StepCopied)
}

// errDoubt marks an error after which nobody knows whether the request has arrived.
var errDoubt = errors.New("transmission: it may have arrived")

// hand claims the transmission and writes the request at the target.
func (d *delivery) hand(ctx context.Context, stored []files.Stored) (arrival requests.Arrival, err error) {
	ctx, cancel := context.WithTimeout(ctx, writing)
	defer cancel()
	if err := d.write(ctx, d.source, func(tx *tenants.Tx) error { return requests.ClaimTransmission(ctx, tx, d.parcel.Transmission) }); err != nil {
		return arrival, err
	}
	if err := d.watch(StepClaimed); err != nil {
		return arrival, err
	}
	reached := false
	err = d.write(ctx, d.target, func(tx *tenants.Tx) (err error) {
		arrival, err = requests.Receive(ctx, tx, d.parcel, stored)
		reached = err == nil
		return err
	})
	if err != nil && reached { // it failed at the commit: nobody knows
		err = errors.Join(errDoubt, err)
	}
	return arrival, err
}

// after decides what becomes of a transmission whose step failed.
func (d *delivery) after(ctx context.Context, err error, stored []files.Stored) error {
	if _, ended := errors.AsType[stopped](err); ended {
		return err
	}
	if errors.Is(err, errDoubt) {
		hold := d.write(ctx, d.source, func(tx *tenants.Tx) error {
			return requests.HoldTransmission(ctx, tx, d.parcel.Transmission, "", false)
		})
		return errors.Join(err, hold)
	}
	for _, one := range stored {
		err = errors.Join(err, d.config.Files.Discard(ctx, one))
	}
	f := fault.Of(err)
	switch {
	case f.Code == "transmission_over", f.Code == "silence_acquired":
		return nil // the night writes what silence decided
	case f.Code == "transmission_claimed", ctx.Err() != nil:
		return err
	case f.Kind == fault.Unavailable, f.Kind == fault.Internal:
		hold := d.write(ctx, d.source, func(tx *tenants.Tx) error {
			return requests.HoldTransmission(ctx, tx, d.parcel.Transmission, f.Code, true)
		})
		if hold == nil && f.Code == "tenant_suspended" {
			return fault.Wrap(fault.Unavailable, "transmission_waits", err)
		}
		return errors.Join(err, hold)
	default:
		return d.fail(ctx, f.Code)
	}
}

func (d *delivery) fail(ctx context.Context, problem string) error {
	return d.write(ctx, d.source, func(tx *tenants.Tx) error {
		return requests.FailTransmission(ctx, tx, d.parcel.Transmission, problem)
	})
}

func (d *delivery) write(ctx context.Context, t tenants.Tenant, fn func(*tenants.Tx) error) error {
	return d.config.DB.Write(ctx, t, carrier, fn)
}
