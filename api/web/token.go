package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// formLife is how long a form may stay open before it is sent.
const formLife = 7 * 24 * time.Hour

// tokenSize is the length of the signature in a token, in bytes.
const tokenSize = 20

func newFormID() string { return rand.Text() }

// mintToken gives a token for the browser's form cookie, and that cookie where
// there is none yet. The signature is masked with fresh random bytes each time, so
// that compressing the page tells nothing of it.
func (u *UI) mintToken(w http.ResponseWriter, r *http.Request) string {
	id, ok := u.pendingForm(w)
	if !ok {
		id, ok = u.get(r, formCookie)
	}
	if !ok {
		id = newFormID()
		u.put(w, formCookie, id, formLife)
	}
	signature := u.sign("form", r.Host, id)[:tokenSize]
	token := make([]byte, 2*tokenSize)
	_, _ = rand.Read(token[:tokenSize]) // never fails (crypto/rand)
	subtle.XORBytes(token[tokenSize:], token[:tokenSize], signature)
	return base64.RawURLEncoding.EncodeToString(token)
}

// pendingForm finds a form cookie that this very answer sets.
func (u *UI) pendingForm(w http.ResponseWriter) (string, bool) {
	prefix := u.cookieName(formCookie) + "="
	set := w.Header().Values("Set-Cookie")
	for i := len(set) - 1; i >= 0; i-- {
		if rest, ok := strings.CutPrefix(set[i], prefix); ok {
			id, _, _ := strings.Cut(rest, ";")
			return id, id != ""
		}
	}
	return "", false
}

// tokenValid says whether a token was minted for this host and browser.
func (u *UI) tokenValid(r *http.Request, token string) bool {
	id, ok := u.get(r, formCookie)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if !ok || err != nil || len(raw) != 2*tokenSize {
		return false
	}
	got := make([]byte, tokenSize)
	subtle.XORBytes(got, raw[:tokenSize], raw[tokenSize:])
	return hmac.Equal(got, u.sign("form", r.Host, id)[:tokenSize])
}

// sign is an HMAC over parts that cannot run into each other.
func (u *UI) sign(purpose string, parts ...string) []byte {
	m := hmac.New(sha256.New, u.config.Key)
	for _, p := range append([]string{purpose}, parts...) {
		_, _ = m.Write([]byte(p)) // a hash never fails
		_, _ = m.Write([]byte{0})
	}
	return m.Sum(nil)
}
