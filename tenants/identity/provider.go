package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	ory "github.com/ory/client-go"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
)

// ProviderKratos names Kratos where a subject is made of a provider's identifier.
const ProviderKratos = "kratos"

// Config says where Kratos answers and how a Provider behaves.
type Config struct {
	PublicURL string // Kratos' public API, e.g. http://127.0.0.1:4433
	AdminURL  string // Kratos' admin API, e.g. http://127.0.0.1:4434
	SchemaID  string // identity schema for identities we create; empty: "default"

	Client *http.Client     // nil: one with a ten-second timeout
	Pace   time.Duration    // the beat on which refusals leave; zero: 400 ms
	Now    func() time.Time // the throttle's clock; required

	// State is how FranceConnect and ProConnect are spoken to; the zero value takes their
	// official addresses, and this clock.
	State oidc.Config
}

// Provider speaks to one Kratos. It is safe for concurrent use.
type Provider struct {
	front    ory.FrontendAPI
	admin    ory.IdentityAPI
	schema   string
	pace     time.Duration
	throttle *Throttle
	now      func() time.Time
	rechecks rechecks
	state    *oidc.Directory

	decoyMu    sync.Mutex
	decoyReady bool
}

// New makes a Provider. It does not speak to Kratos yet: Kratos may start later.
func New(c Config) (*Provider, error) {
	if c.Now == nil {
		return nil, errors.New("identity: a clock is required")
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if c.Pace <= 0 {
		c.Pace = 400 * time.Millisecond
	}
	if c.SchemaID == "" {
		c.SchemaID = "default"
	}
	if c.State.Now == nil {
		c.State.Now = c.Now
	}
	public, err := client(c.PublicURL, c.Client)
	if err != nil {
		return nil, fmt.Errorf("identity: Kratos' public address: %w", err)
	}
	admin, err := client(c.AdminURL, c.Client)
	if err != nil {
		return nil, fmt.Errorf("identity: Kratos' admin address: %w", err)
	}
	return &Provider{
		front:    public.FrontendAPI,
		admin:    admin.IdentityAPI,
		schema:   c.SchemaID,
		pace:     c.Pace,
		throttle: NewThrottle(c.Now),
		now:      c.Now,
		state:    oidc.New(c.State),
	}, nil
}

func client(base string, h *http.Client) (*ory.APIClient, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errors.New("it must begin with http:// or https://")
	}
	cfg := ory.NewConfiguration()
	cfg.Servers = ory.ServerConfigurations{{URL: u.String()}}
	cfg.HTTPClient = h
	cfg.UserAgent = "parvis"
	return ory.NewAPIClient(cfg), nil
}

// Ready asks Kratos whether it can serve; fault.Unavailable "identity_away" when not.
func (p *Provider) Ready(ctx context.Context) error {
	_, resp, err := p.front.CreateNativeLoginFlow(ctx).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return err
	}
	return r.unless(http.StatusOK)
}

// reply is what we keep of an answer of Kratos: its status, the identifier of its
// error, and those of its messages to the user. Nothing in it is personal.
type reply struct {
	status   int
	errorID  string
	messages []int64
}

func (r reply) ok() bool { return r.status >= 200 && r.status < 300 }

func (r reply) says(ids ...int64) bool {
	return slices.ContainsFunc(ids, func(id int64) bool { return slices.Contains(r.messages, id) })
}

// unless turns any other status into an internal fault: an answer that this
// package does not know how to read.
func (r reply) unless(status ...int) error {
	if slices.Contains(status, r.status) {
		return nil
	}
	return fault.Wrap(fault.Internal, "identity_answer",
		fmt.Errorf("kratos answered %d %s %v", r.status, r.errorID, r.messages))
}

// outcome reads what became of a call. Refusals (4xx) are in the reply; the error
// says that Kratos is away or that its answer could not be read.
func outcome(resp *http.Response, err error) (reply, error) {
	if err == nil {
		return reply{status: resp.StatusCode}, nil
	}
	generic, known := errors.AsType[*ory.GenericOpenAPIError](err)
	if !known || resp == nil {
		return reply{}, away(err)
	}
	switch {
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return reply{}, away(fmt.Errorf("kratos answered %d", resp.StatusCode))
	case resp.StatusCode < 300:
		return reply{}, fault.Wrap(fault.Internal, "identity_answer", errors.New("kratos' answer could not be read"))
	}
	return parseReply(resp.StatusCode, generic.Body()), nil
}

type uiMessage struct {
	ID int64 `json:"id"`
}

func parseReply(status int, body []byte) reply {
	var a struct {
		Error struct {
			ID string `json:"id"`
		} `json:"error"`
		UI struct {
			Messages []uiMessage `json:"messages"`
			Nodes    []struct {
				Messages []uiMessage `json:"messages"`
			} `json:"nodes"`
		} `json:"ui"`
	}
	r := reply{status: status}
	if json.Unmarshal(body, &a) != nil {
		return r
	}
	r.errorID = a.Error.ID
	for _, m := range a.UI.Messages {
		r.messages = append(r.messages, m.ID)
	}
	for _, n := range a.UI.Nodes {
		for _, m := range n.Messages {
			r.messages = append(r.messages, m.ID)
		}
	}
	return r
}

// away is the one fault for a provider that cannot be reached. A *url.Error is
// opened, because its text would carry the address asked, and with it an e-mail.
func away(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fault.Wrap(fault.Unavailable, "identity_away", err)
}

// beat lets refusals leave on the next tick since it was started, whatever the
// work took.
type beat struct{ t *time.Ticker }

func (p *Provider) beat(times int) beat {
	return beat{time.NewTicker(p.pace * time.Duration(times))}
}

// wait waits for the next tick. A tick that passed during the work does not count.
func (b beat) wait(ctx context.Context) {
	select {
	case <-b.t.C:
	default:
	}
	select {
	case <-b.t.C:
	case <-ctx.Done():
	}
}

func (b beat) stop() { b.t.Stop() }
