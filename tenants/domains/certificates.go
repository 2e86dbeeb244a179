package domains

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/jackc/pgx/v5"
	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// CertificateProblem is why the last attempt at a certificate failed; empty: it did not.
type CertificateProblem string

// The problems of certificates.
const (
	CertificateForbidden   CertificateProblem = "caa"         // CAA records forbid our authority
	CertificateNoDNS       CertificateProblem = "dns"         // the authority does not find the name
	CertificateUnreachable CertificateProblem = "unreachable" // it finds it, and does not reach us by it
	CertificateLimited     CertificateProblem = "limited"     // it was asked too often
	CertificateRefused     CertificateProblem = "refused"     // it issues none for such a name
	CertificateAway        CertificateProblem = "away"        // it does not answer, or fails
)

// Certificates obtains, renews and serves the certificates of every host of ours.
type Certificates struct {
	book     *Book
	storage  *Storage
	logger   *slog.Logger
	cache    *certmagic.Cache
	magic    *certmagic.Config
	issuer   *certmagic.ACMEIssuer
	failures *prometheus.CounterVec
}

// CertificatesConfig is what Certificates need.
type CertificatesConfig struct {
	Book      *Book
	Authority *Authority
	// HTTPAddr and TLSAddr are where this process listens: ports 80 and 443 of the
	// public addresses must lead there.
	HTTPAddr, TLSAddr string
	Logger            *slog.Logger
	Metrics           prometheus.Registerer
}

// cached is how many certificates a process keeps in memory, some 15 kB each.
const cached = 5000

// NewCertificates makes them ready; the authority is asked for nothing yet. Close ends them.
func NewCertificates(c CertificatesConfig) (*Certificates, error) {
	logger := zapTo(c.Logger)
	s := &Certificates{book: c.Book, storage: NewStorage(c.Book.pool, c.Book.master), logger: c.Logger}
	s.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return s.magic, nil },
		Capacity:         cached, Logger: logger,
	})
	s.magic = certmagic.New(s.cache, certmagic.Config{
		Storage: s.storage, Logger: logger, OnEvent: s.event,
		OnDemand: &certmagic.OnDemandConfig{DecisionFunc: s.decide},
	})
	httpHost, httpPort, err := split(c.HTTPAddr)
	if err != nil {
		return nil, err
	}
	_, tlsPort, err := split(c.TLSAddr)
	if err != nil {
		return nil, err
	}
	s.issuer = certmagic.NewACMEIssuer(s.magic, certmagic.ACMEIssuer{
		CA: c.Authority.Directory, Email: c.Authority.Email, Agreed: true, TrustedRoots: c.Authority.Roots, Logger: logger,
		ListenHost: httpHost, AltHTTPPort: httpPort, AltTLSALPNPort: tlsPort, CertObtainTimeout: 90 * time.Second,
	})
	s.magic.Issuers = []certmagic.Issuer{s.issuer}
	s.failures = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parvis_certificate_failures_total", Help: "Failed attempts to obtain or renew a certificate, by reason."}, []string{"reason"})
	for _, reason := range []CertificateProblem{CertificateForbidden, CertificateNoDNS, CertificateUnreachable, CertificateLimited, CertificateRefused, CertificateAway} {
		s.failures.WithLabelValues(string(reason))
	}
	return s, errors.Join(c.Metrics.Register(s.failures), c.Metrics.Register(gauge{c.Book}))
}

func split(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

// Close ends the upkeep of what is in memory.
func (s *Certificates) Close() { s.cache.Stop() }

// Challenges answers the authority's challenges by plain HTTP (HTTP-01), those of
// other instances too, and leaves the rest to next.
func (s *Certificates) Challenges(next http.Handler) http.Handler {
	return s.issuer.HTTPChallengeHandler(next)
}

// TLS is the configuration of a listener. A name that the registry does not know is
// refused at the handshake, also where a certificate of it is still in memory.
func (s *Certificates) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1", acmez.ACMETLS1Protocol}, GetCertificate: s.certificate,
	}
}

var errUnknownName = errors.New("domains: no site of ours has this name")

func (s *Certificates) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if !slices.Contains(hello.SupportedProtos, acmez.ACMETLS1Protocol) {
		if _, err := s.book.registry.ByHost(hello.Context(), hello.ServerName); hello.ServerName == "" || fault.Is(err, "unknown_host") {
			return nil, errUnknownName
		}
	}
	return s.magic.GetCertificate(hello)
}

const (
	sqlHasCertificate = `select exists (select 1 from platform.certificate_blob where host = $1)`
	sqlTried          = `select tried_at, failures from platform.certificate_try where host = $1`
	sqlSucceeded      = `update platform.certificate_try set failures = 0, problem = '' where host = $1`
	sqlFailedTry      = `insert into platform.certificate_try (host, tried_at, failures, problem) values ($1, clock_timestamp(), 1, $2)
		on conflict (host) do update set tried_at = excluded.tried_at, failures = platform.certificate_try.failures + 1, problem = excluded.problem`
)

// decide lets a handshake load or obtain a certificate. A commune's own name is obtained
// by [Certificates.Round] alone, once the DNS was seen to be right.
func (s *Certificates) decide(ctx context.Context, name string) error {
	site, err := s.book.registry.ByHost(ctx, name)
	if err != nil || !site.Own {
		return err
	}
	there, err := oneOf[bool](ctx, s.book.pool, sqlHasCertificate, name)
	if err == nil && !there {
		return errUnknownName
	}
	return err
}

// pauses are how long nothing is tried after so many failures on end; authorities
// allow five failures an hour and name.
var pauses = []time.Duration{2 * time.Minute, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour}

func pause(failures int) time.Duration { return pauses[min(failures, len(pauses)-1)] }

// errPaused keeps handshakes from trying again too soon.
var errPaused = errors.New("domains: a certificate was refused a moment ago")

type keeper struct{} // marks the context of Round, which has its own pauses

// event hears what certmagic does, and keeps it.
func (s *Certificates) event(ctx context.Context, event string, data map[string]any) error {
	host, _ := data["identifier"].(string)
	switch event {
	case "cert_obtaining":
		return s.mayTry(ctx, host)
	case "cert_obtained":
		_, err := s.book.pool.Exec(ctx, sqlSucceeded, host)
		return err
	case "cert_failed":
		err, _ := data["error"].(error)
		if ctx.Err() != nil { // whoever waited for it went away
			return nil
		}
		problem := problemOf(err)
		s.failures.WithLabelValues(string(problem)).Inc()
		_, err = s.book.pool.Exec(ctx, sqlFailedTry, host, problem)
		return err
	}
	return nil
}

func (s *Certificates) mayTry(ctx context.Context, host string) error {
	if ctx.Value(keeper{}) != nil {
		return nil
	}
	var tried time.Time
	var failures int
	err := s.book.pool.QueryRow(ctx, sqlTried, host).Scan(&tried, &failures)
	if err == nil && failures > 0 && s.book.clock().Sub(tried) < pause(failures) {
		return certmagic.ErrNoRetry{Err: errPaused}
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return tenants.Classify(err)
}

// problemOf says in one of our codes why an authority refused (RFC 8555, 6.7).
func problemOf(err error) CertificateProblem {
	problem, ok := errors.AsType[acme.Problem](err)
	if !ok {
		return CertificateAway
	}
	switch strings.TrimPrefix(problem.Type, "urn:ietf:params:acme:error:") {
	case "caa":
		return CertificateForbidden
	case "dns", "dnssec":
		return CertificateNoDNS
	case "connection", "tls", "incorrectResponse", "unauthorized":
		return CertificateUnreachable
	case "rateLimited":
		return CertificateLimited
	case "rejectedIdentifier", "unsupportedIdentifier":
		return CertificateRefused
	}
	return CertificateAway
}

const (
	// Names without a certificate, and certificates in the last third of their life.
	sqlClaim = `with wanted as (
			select d.host, false as there from platform.domain d where d.state in ('verified', 'active') and not exists (select 1 from platform.certificate_blob b where b.host = d.host)
			union all
			select b.host, true from platform.certificate_blob b where b.host is not null group by b.host having max(b.not_after) - (max(b.not_after) - max(b.not_before)) / 3 <= $1)
		insert into platform.certificate_try as t (host, tried_at) select w.host, $1 from wanted w left join platform.certificate_try old on old.host = w.host
			where old.host is null or old.tried_at < $1::timestamptz - make_interval(secs => ($2::float8[])[least(old.failures, array_length($2, 1) - 1) + 1])
			order by old.tried_at nulls first, w.host limit $3
		on conflict (host) do update set tried_at = excluded.tried_at where t.tried_at < excluded.tried_at
		returning t.host, exists (select 1 from platform.certificate_blob b where b.host = t.host) as there`
	sqlActivate = `update platform.domain d set state = 'active' where d.state = 'verified'
			and exists (select 1 from platform.certificate_blob b where b.host = d.host and b.not_after > $1) returning d.tenant_id, d.host`
	// What is left of names that are nobody's any more: their communes are gone.
	sqlSweep = `delete from platform.certificate_blob where split_part(key, '/', 1) = 'certificates'
		and split_part(key, '/', 3) not in ('', $1) and split_part(key, '/', 3) not like '%.' || $1
		and not exists (select 1 from platform.domain d where d.host = split_part(key, '/', 3) and d.state in ('verified', 'active', 'failed'))`
)

const (
	roundEvery = 5 * time.Second
	sweepEvery = 24 * time.Hour
	roundSize  = 20
	atOnce     = 4
	expired    = 14 * 24 * time.Hour
)

// Keep obtains and renews until the context ends: every instance that serves does,
// and shares the work with the others.
func (s *Certificates) Keep(ctx context.Context) {
	tick := time.NewTicker(roundEvery)
	defer tick.Stop()
	for swept := (time.Time{}); ; {
		if err := s.Round(ctx); err != nil && ctx.Err() == nil {
			s.logger.Warn("certificates wait", "error", err.Error())
		}
		if now := s.book.clock(); now.Sub(swept) >= sweepEvery {
			swept = now
			if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
				s.logger.Warn("old certificates stay", "error", err.Error())
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Round obtains what is missing and renews what is due, once. A host that fails is
// counted and tried again later, ever more rarely.
func (s *Certificates) Round(ctx context.Context) error {
	seconds := make([]float64, len(pauses))
	for i, p := range pauses {
		seconds[i] = p.Seconds()
	}
	type claim struct {
		Host  string
		There bool
	}
	rows, err := s.book.pool.Query(ctx, sqlClaim, s.book.clock().UTC(), seconds, roundSize)
	if err != nil {
		return tenants.Classify(err)
	}
	claims, err := pgx.CollectRows(rows, pgx.RowToStructByName[claim])
	if err != nil {
		return tenants.Classify(err)
	}
	group, working := errgroup.WithContext(context.WithValue(ctx, keeper{}, true))
	group.SetLimit(atOnce)
	for _, c := range claims {
		group.Go(func() error {
			if _, err := s.book.registry.ByHost(working, c.Host); err != nil {
				return nil //nolint:nilerr // nobody's host any more, or the database is away: the next round sees
			}
			obtain := s.magic.ObtainCertSync
			if c.There {
				obtain = func(ctx context.Context, host string) error { return s.magic.RenewCertSync(ctx, host, false) }
			}
			if err := obtain(working, c.Host); err != nil && working.Err() == nil {
				s.logger.Warn("no certificate", "host", c.Host, "reason", string(problemOf(err)))
			}
			return nil
		})
	}
	return errors.Join(group.Wait(), s.activate(ctx))
}

// activate lets names be main addresses whose certificate is there.
func (s *Certificates) activate(ctx context.Context) error {
	rows, err := s.book.pool.Query(ctx, sqlActivate, s.book.clock().UTC())
	if err != nil {
		return tenants.Classify(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Due])
	if err != nil {
		return tenants.Classify(err)
	}
	for _, d := range list {
		if _, err := s.book.pool.Exec(ctx, sqlInForce, d.TenantID); err != nil {
			return tenants.Classify(err)
		}
		if t, err := s.book.registry.ByID(ctx, d.TenantID); err == nil {
			s.book.registry.ForgetHosts(t, d.Host)
		}
	}
	return nil
}

// sweep drops what nobody needs any more.
func (s *Certificates) sweep(ctx context.Context) error {
	if _, err := s.book.pool.Exec(ctx, sqlSweep, s.book.registry.BaseDomain()); err != nil {
		return tenants.Classify(err)
	}
	return certmagic.CleanStorage(ctx, s.storage, certmagic.CleanStorageOptions{
		Logger: zapTo(s.logger), Interval: sweepEvery, OCSPStaples: true, ExpiredCerts: true, ExpiredCertGracePeriod: expired,
	})
}
