package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/identity/oidc/oidctest"
	"github.com/parvis-gru/parvis/tenants/parts"
)

const (
	back = "http://castanet.localhost/retour"
	out  = "http://castanet.localhost/sortie"
)

func directory(kind oidc.Kind, issuer string) *oidc.Directory {
	return oidc.New(oidc.Config{
		Issuers: map[oidc.Place]string{{Kind: kind, Environment: oidc.Integration}: issuer}, Now: time.Now, Timeout: 400 * time.Millisecond,
	})
}

func client(kind oidc.Kind) oidc.Client {
	return oidc.Client{Place: oidc.Place{Kind: kind, Environment: oidc.Integration}, ID: "commune", Secret: oidctest.ClientSecret, Redirect: back}
}

// visit goes to the provider and gives what the browser comes back with.
func visit(t *testing.T, address string) url.Values {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	u, err := answer.Location()
	if err != nil {
		t.Fatalf("status %d: %v", answer.StatusCode, err)
	}
	return u.Query()
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("error %v, want %s", err, code)
	}
}

func TestAnHonestAnswerIsBelieved(t *testing.T) {
	t.Parallel()
	issuer := oidctest.New(t)
	d, c := directory(oidc.FranceConnect, issuer.URL), client(oidc.FranceConnect)
	address, ticket, err := d.Begin(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := asked.Query()
	if q.Get("acr_values") != "eidas1" || len(q.Get("state")) < 32 || len(q.Get("nonce")) < 32 || q.Get("scope") != "openid given_name family_name preferred_username email" {
		t.Errorf("asked with %v", q)
	}
	if q.Has("code_challenge") || q.Has("claims") {
		t.Error("a parameter that the provider does not know is sent")
	}
	answer := visit(t, address)
	who, err := d.Finish(t.Context(), c, ticket, answer)
	if err != nil {
		t.Fatal(err)
	}
	if who.Subject != oidctest.Subject || who.GivenName != "Angela Claire" || who.FamilyName != "DUBOIS" || who.Email != "angela@example.fr" || who.Multifactor() {
		t.Errorf("who is %+v", who)
	}
	_, err = d.Finish(t.Context(), c, ticket, answer)
	wantCode(t, err, "oidc_expired") // a code opens once
	other, otherTicket, err := d.Begin(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Finish(t.Context(), c, ticket, visit(t, other))
	wantCode(t, err, "oidc_state")
	_, err = d.Finish(t.Context(), c, oidc.Ticket{}, url.Values{"code": {"x"}})
	wantCode(t, err, "oidc_state")
	_, err = d.Finish(t.Context(), c, otherTicket, url.Values{"state": {otherTicket.State}, "error": {"access_denied"}})
	wantCode(t, err, "oidc_cancelled")
}

// hostile is an answer that must not be believed.
type hostile struct {
	lies func(*oidctest.Issuer) oidctest.Lies
	want string
}

func hostileAnswers(t *testing.T) map[string]hostile { //nolint:funlen // a table
	t.Helper()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	status := func(code int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		})
	}
	loop := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
	slow := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	})
	huge := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwt")
		_, _ = io.WriteString(w, strings.Repeat("a", 1<<20))
	})
	return map[string]hostile{
		"nonce of another visit": {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{ID: map[string]any{"nonce": "another"}} }, "oidc_untrusted"},
		"no nonce":               {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{ID: map[string]any{"nonce": nil}} }, "oidc_untrusted"},
		"another issuer": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{ID: map[string]any{"iss": "https://evil.example"}}
		}, "oidc_untrusted"},
		"another client's": {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{ID: map[string]any{"aud": "ramonville"}} }, "oidc_untrusted"},
		"for two clients": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{ID: map[string]any{"aud": []string{"commune", "ramonville"}}}
		}, "oidc_untrusted"},
		"expired": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{ID: map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}}
		}, "oidc_untrusted"},
		"from the future": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{ID: map[string]any{"iat": time.Now().Add(time.Hour).Unix()}}
		}, "oidc_untrusted"},
		"algorithm none": {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{SignID: oidctest.Unsigned} }, "oidc_untrusted"},
		"HS256 with the public key": {func(i *oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{SignID: func(claims []byte) string { return oidctest.Sign(jose.HS256, i.Public(), claims) }}
		}, "oidc_untrusted"},
		"HS256 with the client's secret": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{SignID: func(claims []byte) string { return oidctest.Sign(jose.HS256, []byte(oidctest.ClientSecret), claims) }}
		}, "oidc_untrusted"},
		"signed by a stranger": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{SignID: func(claims []byte) string { return oidctest.Sign(jose.ES256, stranger, claims) }}
		}, "oidc_untrusted"},
		"no subject":    {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{ID: map[string]any{"sub": nil}} }, "oidc_untrusted"},
		"no level":      {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{ID: map[string]any{"acr": nil}} }, "oidc_level"},
		"a lower level": {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{ID: map[string]any{"acr": "eidas0"}} }, "oidc_level"},
		"userinfo of another": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{Info: map[string]any{"sub": "somebody else"}}
		}, "oidc_untrusted"},
		"userinfo for another": {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Info: map[string]any{"aud": "ramonville"}} }, "oidc_untrusted"},
		"userinfo expired":     {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Info: map[string]any{"exp": 1}} }, "oidc_untrusted"},
		"userinfo in plain":    {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Plain: true} }, "oidc_untrusted"},
		"userinfo unsigned":    {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{SignInfo: oidctest.Unsigned} }, "oidc_untrusted"},
		"userinfo nonsense":    {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Info: map[string]any{"given_name": 7}} }, "oidc_untrusted"},
		"token: 500":           {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Token: status(500, "no")} }, "oidc_away"},
		"token: the client": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{Token: status(401, `{"error":"invalid_client"}`)}
		}, "oidc_client"},
		"token: no ID token": {func(*oidctest.Issuer) oidctest.Lies {
			return oidctest.Lies{Token: status(200, `{"access_token":"a","token_type":"Bearer"}`)}
		}, "oidc_untrusted"},
		"token: not JSON":        {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Token: status(200, "<html>")} }, "oidc_away"},
		"token: round and round": {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Token: loop} }, "oidc_away"},
		"token: never":           {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Token: slow} }, "oidc_away"},
		"token: endless":         {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{Token: huge} }, "oidc_away"},
		"userinfo: 500":          {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{UserInfo: status(500, "no")} }, "oidc_away"},
		"userinfo: never":        {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{UserInfo: slow} }, "oidc_away"},
		"userinfo: endless":      {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{UserInfo: huge} }, "oidc_away"},
		"userinfo: elsewhere":    {func(*oidctest.Issuer) oidctest.Lies { return oidctest.Lies{UserInfo: loop} }, "oidc_away"},
	}
}

func TestHostileAnswersAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range hostileAnswers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := oidctest.New(t)
			d, client := directory(oidc.FranceConnect, issuer.URL), client(oidc.FranceConnect)
			address, ticket, err := d.Begin(t.Context(), client)
			if err != nil {
				t.Fatal(err)
			}
			issuer.Lie(c.lies(issuer))
			_, err = d.Finish(t.Context(), client, ticket, visit(t, address))
			wantCode(t, err, c.want)
			if err != nil && strings.Contains(err.Error(), oidctest.ClientSecret) {
				t.Error("the error holds the secret")
			}
		})
	}
}

func TestProbeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lies        oidctest.Lies
		secret      string
		code, cause string
	}{
		"all is well":        {},
		"a wrong secret":     {secret: "wrong", code: "oidc_client"},
		"another issuer":     {lies: oidctest.Lies{Describe: map[string]any{"issuer": "https://evil.example"}}, code: "oidc_away", cause: "issuer"},
		"keys elsewhere":     {lies: oidctest.Lies{Describe: map[string]any{"jwks_uri": "http://169.254.169.254/keys"}}, code: "oidc_away", cause: "host"},
		"no way out":         {lies: oidctest.Lies{Describe: map[string]any{"end_session_endpoint": ""}}, code: "oidc_away", cause: "host"},
		"shared secrets":     {lies: oidctest.Lies{Describe: map[string]any{"id_token_signing_alg_values_supported": []string{"HS256", "none"}}}, code: "oidc_away", cause: "algorithms"},
		"no secret by post":  {lies: oidctest.Lies{Describe: map[string]any{"token_endpoint_auth_methods_supported": []string{"private_key_jwt"}}}, code: "oidc_away", cause: "secret"},
		"an error":           {lies: oidctest.Lies{Metadata: http.NotFoundHandler()}, code: "oidc_away", cause: "answer"},
		"it leads elsewhere": {lies: oidctest.Lies{Metadata: http.RedirectHandler("http://169.254.169.254/", http.StatusFound)}, code: "oidc_away", cause: "redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := oidctest.New(t)
			issuer.Lie(c.lies)
			client := client(oidc.ProConnect)
			if c.secret != "" {
				client.Secret = c.secret
			}
			err := directory(oidc.ProConnect, issuer.URL).Probe(t.Context(), client)
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantCode(t, err, c.code)
			if f := fault.Of(err); c.cause != "" && (len(f.Fields) != 1 || f.Fields[0].Code != c.cause) {
				t.Errorf("the cause is %v, want %s", f.Fields, c.cause)
			}
		})
	}
	away := directory(oidc.ProConnect, "http://127.0.0.1:1").Probe(t.Context(), client(oidc.ProConnect))
	if f := fault.Of(away); f.Code != "oidc_away" || f.Fields[0].Code != "network" {
		t.Errorf("nobody there: %v", away)
	}
}

var action = regexp.MustCompile(`<form method="post"`)

// TestRoundTrips goes the whole way with the real provider: there, back, and out.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, kind := range []oidc.Kind{oidc.FranceConnect, oidc.ProConnect} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			p, err := parts.StartStateLogin(ctx, parts.StateLoginOptions{Kind: string(kind), Dir: t.TempDir(), Progress: func(line string) { t.Log(line) }})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Stop)
			c, d := client(kind), oidc.New(oidc.Config{Issuers: map[oidc.Place]string{{Kind: kind, Environment: oidc.Integration}: p.Issuer()}, Now: time.Now})
			must(t, p.PutClient(ctx, parts.StateClient{ID: c.ID, Secret: c.Secret, Redirect: []string{back}, Logout: []string{out}}))
			must(t, p.PutPerson(ctx, parts.StatePerson{ID: "angela", AMR: []string{"pwd", "mfa"}, Claims: map[string]any{ // born abroad: no birthplace
				"given_name": "Angela Claire", "family_name": "DUBOIS", "usual_name": "Dubois", "birthdate": "1962-08-24", "birthcountry": "99205", "email": "angela@example.fr",
				"siret": "21310113700013", "uid": "1",
			}}))
			must(t, d.Probe(ctx, c))
			address, ticket, err := d.Begin(ctx, c)
			must(t, err)
			answer := signIn(t, address)
			who, err := d.Finish(ctx, c, ticket, answer)
			must(t, err)
			if who.GivenName != "Angela Claire" || !strings.EqualFold(who.FamilyName, "Dubois") || who.Email != "angela@example.fr" || len(who.Subject) < 32 {
				t.Errorf("who is %+v", who)
			}
			if kind == oidc.ProConnect && (who.SIRET != "21310113700013" || !who.Multifactor()) {
				t.Errorf("the agent is %+v", who)
			}
			_, err = d.Finish(ctx, c, ticket, answer)
			wantCode(t, err, "oidc_expired")
			leave, state, err := d.Logout(ctx, c, who.IDToken, out)
			must(t, err)
			if _, page := fetch(t, http.DefaultClient, leave); !strings.Contains(page, "/session/end/confirm") || len(state) < 32 { //nolint:forbidigo // a test's own browser
				t.Errorf("the way out shows %q", page)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fetch(t *testing.T, browser *http.Client, address string) (*url.URL, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	must(t, err)
	answer, err := browser.Do(r)
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.Request.URL, string(body)
}

// signIn types a name at the provider, and gives what the browser comes back with.
func signIn(t *testing.T, address string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	var home url.Values
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), back) {
			home = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	at, page := fetch(t, browser, address)
	if !action.MatchString(page) {
		t.Fatalf("the provider shows %s", page)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at.String(), strings.NewReader("who=angela"))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := browser.Do(r)
	must(t, err)
	_ = answer.Body.Close()
	if home == nil {
		t.Fatalf("not back home but at %s", answer.Request.URL)
	}
	return home
}
