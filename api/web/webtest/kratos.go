package webtest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238, as authenticators do it
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// Mails is the letter box that Kratos' courier posts to.
type Mails struct {
	mu    sync.Mutex
	boxes map[string][]identity.CourierMessage
}

// courierToken is what the courier proves itself with.
const courierToken = "courier token of the tests" //nolint:gosec // of a server of the tests alone

// Wait gives the mail number n (from 1) that an address got, when it has come.
func (m *Mails) Wait(t testing.TB, to string, n int) identity.CourierMessage {
	t.Helper()
	for range 200 {
		m.mu.Lock()
		got := m.boxes[to]
		m.mu.Unlock()
		if len(got) >= n {
			return got[n-1]
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("mail %d did not come", n)
	return identity.CourierMessage{}
}

func (m *Mails) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, identity.MaxCourierBody+1))
	if err != nil || !identity.CourierAuthorized(r.Header.Get("Authorization"), courierToken) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	message, err := identity.ParseCourier(body)
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.boxes[message.Recipient] = append(m.boxes[message.Recipient], message)
}

// lab is the Kratos of a test program.
type lab struct {
	kratos  *parts.Kratos
	courier *httptest.Server
	mails   *Mails
}

var theLab = struct {
	sync.Mutex
	*lab
}{}

func kratos(t testing.TB, state oidc.Config, now func() time.Time) (*identity.Provider, *Mails) {
	t.Helper()
	theLab.Lock()
	defer theLab.Unlock()
	if theLab.lab == nil {
		l, err := startLab()
		if err != nil {
			t.Fatalf("a real Kratos is needed: %v", err)
		}
		theLab.lab = l
	}
	p, err := identity.New(identity.Config{
		PublicURL: theLab.kratos.PublicURL(), AdminURL: theLab.kratos.AdminURL(), Pace: time.Millisecond, Now: now, State: state,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, theLab.mails
}

func startLab() (*lab, error) {
	ctx := context.Background() // outlives the test that starts it
	progress := func(line string) { fmt.Fprintln(os.Stderr, line) }
	bin, err := parts.BuildKratos(ctx, parts.KratosBuild{Progress: progress})
	if err != nil {
		return nil, err
	}
	pg, err := parts.SharedPostgres(ctx, parts.Options{Bin: os.Getenv("PARVIS_PG_BIN"), Progress: progress}) //nolint:forbidigo // a test's parts, as pgtest finds them
	if err != nil {
		return nil, err
	}
	name := "kratos_web_" + random()
	if err := pg.CreateDatabase(ctx, name, parts.KratosExtensions()...); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "parvis-kratos-")
	if err != nil {
		return nil, err
	}
	l := &lab{mails: &Mails{boxes: map[string][]identity.CourierMessage{}}}
	l.courier = httptest.NewServer(http.HandlerFunc(l.mails.receive))
	l.kratos, err = parts.StartKratos(ctx, parts.KratosOptions{
		Bin: bin, DSN: pg.DSN(name), DataDir: dir, CourierURL: l.courier.URL, CourierToken: courierToken, SessionLifespan: identity.CitizenLife,
	})
	return l, err
}

// Main runs a program's tests and then stops the Kratos that they shared: call it
// from TestMain where a test uses WithKratos.
func Main(m *testing.M) {
	code := m.Run()
	theLab.Lock()
	if theLab.lab != nil {
		theLab.kratos.Stop()
		theLab.courier.Close()
	}
	theLab.Unlock()
	stopState()
	os.Exit(code)
}

// Password is the one of every account that Account makes.
const Password = "une phrase de passe assez longue"

// Account makes a proved account at Kratos and gives its address.
func (d *Deployment) Account(t testing.TB) string {
	t.Helper()
	email := "p" + random() + "@example.fr"
	if _, _, err := d.Deps.Identity.EnsureIdentity(t.Context(), email, Password); err != nil {
		t.Fatal(err)
	}
	return email
}

// TOTP is what an authenticator shows at a moment (RFC 6238).
func TOTP(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(secret, "="))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30) // a hash takes everything
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}
