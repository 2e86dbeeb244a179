package v1

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// Server is the API's area.
type Server struct {
	web.Deps
	mux *http.ServeMux
	api huma.API

	// follow slows down guesses of tracking codes and tokens. Without a token, intake
	// bounds what one network may send, and written how often anybody is written to
	// for it; local is for programs of this very machine.
	follow, intake, written, local *web.Limiter
}

// Requests a minute, and at once, of one network; and to one person. Each request sends
// a mail with words of the sender's, perhaps a text message: a program that sends
// many has an agent's token.
const (
	followRate, followBurst   = 60, 120
	intakeRate, intakeBurst   = 60, 240
	writtenRate, writtenBurst = 1, 20
	localRate, localBurst     = 3000, 10_000
)

// New makes the API with its operations.
func New(d web.Deps) *Server {
	s := &Server{Deps: d, mux: http.NewServeMux(), follow: web.NewLimiter(followRate, followBurst), intake: web.NewLimiter(intakeRate, intakeBurst),
		written: web.NewLimiter(writtenRate, writtenBurst), local: web.NewLimiter(localRate, localBurst)}
	config := huma.DefaultConfig("Parvis", "1.0.0")
	config.Info.Description = "Les démarches d’une commune : le catalogue, le dépôt et le suivi des demandes, et leur traitement par les agents."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/v1/openapi", "", ""
	config.CreateHooks = nil // no $schema in bodies
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"agent":    {Type: "http", Scheme: "bearer", Description: "Le jeton d’API d’un agent (Espace agents, Mon compte)."},
		"tracking": {Type: "apiKey", In: "header", Name: "X-Tracking-Code", Description: "Le code de suivi d’une demande."},
	}
	s.api = humago.New(s.mux, config)
	s.procedures()
	s.schemas()
	s.intakes()
	s.work()
	s.simulations()
	s.mux.HandleFunc("/", s.elsewhere)
	return s
}

// elsewhere answers where no operation is: 404, or 405 where there is one of
// another method.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := s.mux.Handler(probe); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		WriteProblem(w, r, fault.New(fault.NotFound, "not_found"))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	write(w, newProblem(http.StatusMethodNotAllowed, "method_not_allowed", "Cette adresse existe, mais pas avec cette méthode HTTP. L’en-tête Allow dit lesquelles elle accepte."))
}

// OpenAPI gives the description of the API: OpenAPI 3.1 in JSON, indented, as
// openapi.json keeps it.
func OpenAPI() ([]byte, error) {
	text, err := New(web.Deps{}).api.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, text, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

// call is what an operation knows of its HTTP request.
type call struct {
	scope   web.Scope
	address string // the client's network, for limits alone
}

// callKey carries the call through huma to its operations; nothing else reads it.
type callKey struct{}

// Serve answers a request for the API of a commune.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, scope web.Scope) {
	_, pattern := s.mux.Handler(r)
	web.SetRoute(r, pattern)
	if strings.ContainsRune(r.URL.Path, 0) || !utf8.ValidString(r.URL.Path) {
		WriteProblem(w, r, fault.New(fault.NotFound, "not_found")) // nothing is called so; Postgres could not even look
		return
	}
	if pattern == "/" {
		s.mux.ServeHTTP(w, r)
		return
	}
	r, refused := guardBody(w, r)
	if refused != nil {
		write(w, refused)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r.WithContext(context.WithValue(scope.Bound(r.Context()), callKey{}, call{scope: scope, address: web.ClientNetwork(r)})))
}

func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// Caller is who calls: an agent by a token, or nobody in particular.
type Caller struct {
	Authorization string `header:"Authorization" doc:"Bearer, then an agent's token"`
}

// Follower is who calls about one request: an agent, or who holds its code.
type Follower struct {
	Caller
	TrackingCode string `header:"X-Tracking-Code" doc:"The request's tracking code"`
}

// actor finds who calls. A token that opens nothing is fault.Unauthorized
// "token_unknown"; none is a guest.
func (s *Server) actor(ctx context.Context, tx *tenants.Tx, c Caller) (tenants.Actor, error) {
	if c.Authorization == "" {
		return tenants.Guest(), nil
	}
	token, ok := strings.CutPrefix(c.Authorization, "Bearer ")
	if !ok {
		return tenants.Actor{}, fault.New(fault.Unauthorized, "token_unknown")
	}
	actor, err := staff.ActorByToken(ctx, tx, token)
	if err != nil && fault.Of(err).Kind != fault.Unavailable && fault.Of(err).Kind != fault.Internal {
		if allowed, _ := s.follow.Allow("token " + callOf(ctx).address); !allowed {
			return tenants.Actor{}, fault.New(fault.TooMany, "too_many")
		}
		return tenants.Actor{}, fault.New(fault.Unauthorized, "token_unknown")
	}
	return actor, err
}

// write runs fn in a transaction of the commune, as the caller.
func (s *Server) write(ctx context.Context, c Caller, fn func(*tenants.Tx) error) error {
	return s.problem(ctx, s.DB.Write(ctx, callOf(ctx).scope.Tenant, tenants.Guest(), s.as(ctx, c, fn)))
}

// read runs fn in a read-only transaction of the commune, as the caller.
func (s *Server) read(ctx context.Context, c Caller, fn func(*tenants.Tx) error) error {
	return s.problem(ctx, s.DB.Read(ctx, callOf(ctx).scope.Tenant, tenants.Guest(), s.as(ctx, c, fn)))
}

func (s *Server) as(ctx context.Context, c Caller, fn func(*tenants.Tx) error) func(*tenants.Tx) error {
	return func(tx *tenants.Tx) error {
		actor, err := s.actor(ctx, tx, c)
		if err != nil {
			return err
		}
		return fn(tx.As(actor))
	}
}

// following runs fn as the agent, or as the guest whose request it is; without
// either, there is nothing to see.
func (s *Server) following(ctx context.Context, f Follower, number string, fn func(*tenants.Tx) error) func(*tenants.Tx) error {
	return func(tx *tenants.Tx) error {
		if tx.Actor().IsAgent() {
			return fn(tx)
		}
		if allowed, _ := s.follow.Allow("code " + callOf(ctx).address); !allowed {
			return fault.New(fault.TooMany, "too_many")
		}
		r, err := requests.GetByTracking(ctx, tx, number, f.TrackingCode)
		if err != nil {
			return err
		}
		return fn(tx.As(requests.GuestOf(r)))
	}
}

// agentsOnly lets agents pass.
func agentsOnly(fn func(*tenants.Tx) error) func(*tenants.Tx) error {
	return func(tx *tenants.Tx) error {
		if !tx.Actor().IsAgent() {
			return fault.New(fault.Unauthorized, "token_needed")
		}
		return fn(tx)
	}
}

// problem makes what the domain answers a problem, and logs what is a fault of
// ours, once.
func (s *Server) problem(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.Logger.ErrorContext(ctx, "request failed", "request_id", web.RequestID(ctx), "error", err.Error())
	}
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {retryAfter}})
	}
	return p
}
