package web

import (
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// flashLife bounds how late a message can still be shown.
const flashLife = 2 * time.Minute

// maxFlash is the length of a flash message, in bytes.
const maxFlash = 300

// SetFlash leaves a message for the next page that this browser sees, in a signed
// cookie. The text is a constant of the program: it never holds what somebody typed
// or who somebody is.
func (u *UI) SetFlash(w http.ResponseWriter, r *http.Request, tone Tone, text string) {
	body := string(tone) + ":" + text
	if len(body) > maxFlash {
		body = body[:maxFlash]
	}
	value := base64.RawURLEncoding.EncodeToString([]byte(body)) + "." + base64.RawURLEncoding.EncodeToString(u.sign("flash", r.Host, body)[:tokenSize])
	u.put(w, flashCookie, value, flashLife)
}

// takeFlash reads the message and forgets it. A page that the browser only fetches
// in advance does not use it up.
func (u *UI) takeFlash(w http.ResponseWriter, r *http.Request) *Notice {
	value, ok := u.get(r, flashCookie)
	if !ok || strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") {
		return nil
	}
	u.drop(w, flashCookie)
	packed, seal, _ := strings.Cut(value, ".")
	body, err1 := base64.RawURLEncoding.DecodeString(packed)
	signature, err2 := base64.RawURLEncoding.DecodeString(seal)
	if err1 != nil || err2 != nil || !hmac.Equal(signature, u.sign("flash", r.Host, string(body))[:tokenSize]) {
		return nil
	}
	tone, text, _ := strings.Cut(string(body), ":")
	return &Notice{Tone: Tone(tone), Text: text}
}
