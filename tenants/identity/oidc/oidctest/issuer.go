// Package oidctest is a provider of identity that lies when it is told to: what a
// hostile or broken FranceConnect could answer, over the wire. The honest one is
// parts.StartStateLogin. Nothing here is linked into the program.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Lies are what an answer differs in from an honest one; the zero value is honest.
type Lies struct {
	ID       map[string]any // claims of the ID token; nil takes one out
	Info     map[string]any // claims of the user information
	SignID   func(claims []byte) string
	SignInfo func(claims []byte) string
	Plain    bool         // user information as plain JSON
	Token    http.Handler // answers in the token endpoint's place
	UserInfo http.Handler
	Metadata http.Handler
	Describe map[string]any // changes of the metadata
}

// Issuer is a provider whose every answer a test decides.
type Issuer struct {
	URL string

	key   *ecdsa.PrivateKey
	mu    sync.Mutex
	lies  Lies
	codes map[string]url.Values // what each code was asked with
	used  map[string]bool
}

// ClientSecret is what every client has to show.
const ClientSecret = "the secret of a client in the tests" //nolint:gosec // of a server of the tests alone

// Subject is who signs in, always.
const Subject = "f0e1d2c3b4a5"

// New starts an issuer, which ends with the test.
func New(t testing.TB) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{key: key, codes: map[string]url.Values{}, used: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.metadata)
	mux.HandleFunc("GET /jwks", i.keys)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /userinfo", i.userInfo)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// Lie says what is answered from now on.
func (i *Issuer) Lie(l Lies) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lies = l
}

func (i *Issuer) now() Lies {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.lies
}

func (i *Issuer) metadata(w http.ResponseWriter, r *http.Request) {
	l := i.now()
	if l.Metadata != nil {
		l.Metadata.ServeHTTP(w, r)
		return
	}
	m := map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "userinfo_endpoint": i.URL + "/userinfo",
		"jwks_uri": i.URL + "/jwks", "end_session_endpoint": i.URL + "/session/end", "id_token_signing_alg_values_supported": []string{"ES256", "HS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post"},
	}
	maps.Copy(m, l.Describe)
	answer(w, http.StatusOK, m)
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
}

// Public is the key that tokens are checked with, as text: what a forger tries to sign
// with by HS256.
func (i *Issuer) Public() []byte {
	text, err := jose.JSONWebKey{Key: i.key.Public()}.MarshalJSON()
	if err != nil {
		panic(err)
	}
	return text
}

func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "redirect_uri", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	i.mu.Lock()
	i.codes[code] = q
	i.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {i.URL}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther) //nolint:gosec // of the tests alone: it follows whoever asks
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	l := i.now()
	if l.Token != nil {
		l.Token.ServeHTTP(w, r)
		return
	}
	if r.PostFormValue("client_secret") != ClientSecret {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	code := r.PostFormValue("code")
	i.mu.Lock()
	asked, known := i.codes[code]
	known = known && !i.used[code]
	i.used[code] = true
	i.mu.Unlock()
	if !known {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	now := time.Now() //nolint:forbidigo // a provider has a clock of its own
	claims := map[string]any{
		"iss": i.URL, "aud": asked.Get("client_id"), "sub": Subject, "nonce": asked.Get("nonce"), "acr": "eidas1", "amr": []string{"pwd"},
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	i.mu.Lock()
	i.codes["access "+code] = asked
	i.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"access_token": "access " + code, "token_type": "Bearer", "expires_in": 60, "id_token": i.sign(claims, l.ID, l.SignID)})
}

func (i *Issuer) userInfo(w http.ResponseWriter, r *http.Request) {
	l := i.now()
	if l.UserInfo != nil {
		l.UserInfo.ServeHTTP(w, r)
		return
	}
	i.mu.Lock()
	asked := i.codes[r.Header.Get("Authorization")[len("Bearer "):]]
	i.mu.Unlock()
	claims := map[string]any{
		"iss": i.URL, "aud": asked.Get("client_id"), "sub": Subject, "given_name": "Angela Claire", "family_name": "DUBOIS", "email": "angela@example.fr",
		"usual_name": "DUBOIS", "siret": "21310113700013",
	}
	if l.Plain {
		maps.Copy(claims, l.Info)
		answer(w, http.StatusOK, claims)
		return
	}
	w.Header().Set("Content-Type", "application/jwt")
	_, _ = w.Write([]byte(i.sign(claims, l.Info, l.SignInfo)))
}

// sign makes a token of what is claimed and what is lied.
func (i *Issuer) sign(claims, lies map[string]any, other func([]byte) string) string {
	for name, v := range lies {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	if other != nil {
		return other(text)
	}
	return Sign(jose.ES256, i.key, text)
}

// Sign makes a compact JWT.
func Sign(algorithm jose.SignatureAlgorithm, key any, claims []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		panic(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// Unsigned makes a JWT of algorithm none.
func Unsigned(claims []byte) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","kid":"k"}`)) + "." + encode(claims) + "."
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
