package identity_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/parts"
)

const courierToken = "courier token of the tests"

// lab is the Kratos that the tests of this package share, and the letter box that
// its courier posts to.
type lab struct {
	bin, dsn string
	pg       *parts.Postgres
	database string
	folder   string
	kratos   *parts.Kratos
	courier  *httptest.Server

	mu    sync.Mutex
	mails map[string][]identity.CourierMessage
}

var (
	theLab  = sync.OnceValues(startLab)
	running atomic.Pointer[lab] // once a test asked for it
)

func TestMain(m *testing.M) {
	code := m.Run()
	if l := running.Load(); l != nil {
		l.clear()
	}
	os.Exit(code)
}

func (l *lab) clear() {
	l.kratos.Stop()
	l.courier.Close()
	_ = os.RemoveAll(l.folder)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, l.pg.DSN("postgres"))
	if err != nil {
		return // the server is gone, and its databases with it
	}
	defer func() { _ = conn.Close(ctx) }()
	_, _ = conn.Exec(ctx, "drop database if exists "+pgx.Identifier{l.database}.Sanitize()+" with (force)")
}

func startLab() (*lab, error) {
	ctx := context.Background()
	progress := func(line string) { fmt.Fprintln(os.Stderr, line) }
	var err error
	l := &lab{mails: map[string][]identity.CourierMessage{}}
	if l.bin, err = parts.BuildKratos(ctx, parts.KratosBuild{Progress: progress}); err != nil {
		return nil, err
	}
	if l.folder, err = os.MkdirTemp("", "parvis-identity-"); err != nil {
		return nil, err
	}
	if l.pg, err = parts.SharedPostgres(ctx, parts.Options{Progress: progress}); err != nil {
		return nil, err
	}
	l.database = "kratos_identity_" + random()
	if err := l.pg.CreateDatabase(ctx, l.database, parts.KratosExtensions()...); err != nil {
		return nil, err
	}
	l.dsn = l.pg.DSN(l.database)
	l.courier = httptest.NewServer(http.HandlerFunc(l.receive))
	if l.kratos, err = l.start(ctx, 0, 0); err != nil {
		return nil, err
	}
	running.Store(l)
	return l, nil
}

func (l *lab) start(ctx context.Context, public, admin int) (*parts.Kratos, error) {
	dir, err := os.MkdirTemp(l.folder, "kratos-")
	if err != nil {
		return nil, err
	}
	return parts.StartKratos(ctx, parts.KratosOptions{
		Bin: l.bin, DSN: l.dsn, DataDir: dir, PublicPort: public, AdminPort: admin,
		CourierURL: l.courier.URL, CourierToken: courierToken, SessionLifespan: identity.CitizenLife,
	})
}

func (l *lab) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, identity.MaxCourierBody+1))
	if err != nil || !identity.CourierAuthorized(r.Header.Get("Authorization"), courierToken) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	m, err := identity.ParseCourier(body)
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mails[m.Recipient] = append(l.mails[m.Recipient], m)
}

// mail waits for the mail number n (from 1) to an address.
func (l *lab) mail(t *testing.T, to string, n int) identity.CourierMessage {
	t.Helper()
	for range 200 {
		l.mu.Lock()
		got := l.mails[to]
		l.mu.Unlock()
		if len(got) >= n {
			return got[n-1]
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("mail %d did not come", n)
	return identity.CourierMessage{}
}

func (l *lab) count(to string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.mails[to])
}

// calls counts what a provider asks Kratos.
type calls struct {
	n    atomic.Int64
	next http.RoundTripper
}

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.next.RoundTrip(r)
}

type fixture struct {
	*lab
	*identity.Provider
	calls *calls
	now   *atomic.Pointer[time.Time]
}

func (f fixture) later(d time.Duration) {
	t := f.now.Load().Add(d)
	f.now.Store(&t)
}

// provider gives a provider of the test's own on the shared Kratos.
func provider(t *testing.T, pace time.Duration) fixture {
	t.Helper()
	l, err := theLab()
	if err != nil {
		t.Fatalf("a real Kratos is needed: %v", err)
	}
	return l.provider(t, l.kratos, pace)
}

func (l *lab) provider(t *testing.T, k *parts.Kratos, pace time.Duration) fixture {
	t.Helper()
	f := fixture{lab: l, calls: &calls{next: http.DefaultTransport}, now: &atomic.Pointer[time.Time]{}}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	f.now.Store(&start)
	p, err := identity.New(identity.Config{
		PublicURL: k.PublicURL(), AdminURL: k.AdminURL(), Pace: pace,
		Client: &http.Client{Transport: f.calls, Timeout: 20 * time.Second},
		Now:    func() time.Time { return *f.now.Load() },
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Provider = p
	return f
}

const password = "une phrase de passe assez longue"

// account makes a proved account and gives its address.
func (f fixture) account(t *testing.T) string {
	t.Helper()
	email := "p" + random() + "@example.fr"
	if _, created, err := f.EnsureIdentity(t.Context(), email, password); err != nil || !created {
		t.Fatalf("EnsureIdentity: created %v, %v", created, err)
	}
	return email
}

func (f fixture) signIn(t *testing.T, email string) identity.Login {
	t.Helper()
	l, err := f.SignIn(t.Context(), identity.Attempt{Email: email, Password: password})
	if err != nil {
		t.Fatalf("SignIn: %v", err)
	}
	return l
}

func wantFault(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s %s", kind, code)
	}
	if f := fault.Of(err); f.Kind != kind || f.Code != code {
		t.Fatalf("error %v; want %s %s", err, kind, code)
	}
}

func random() string {
	var b [6]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
