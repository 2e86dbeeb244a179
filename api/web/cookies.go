package web

import (
	"net/http"
	"strings"
	"time"
)

// Names of the cookies, without the prefix that TLS brings.
const (
	sessionCookie = "parvis"
	formCookie    = "parvis-form"
	flashCookie   = "parvis-flash"
)

// cookieName puts the __Host- prefix before a name where TLS allows it: the
// browser then refuses the cookie on any other host or path (RFC 6265bis, 4.1.3.2).
func (u *UI) cookieName(name string) string {
	if u.config.Secure {
		return "__Host-" + name
	}
	return name
}

func (u *UI) put(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	//nolint:gosec // Secure follows the configuration: the demo is plain http on localhost
	http.SetCookie(w, &http.Cookie{
		Name: u.cookieName(name), Value: value, Path: "/", MaxAge: int(maxAge / time.Second),
		Secure: u.config.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (u *UI) drop(w http.ResponseWriter, name string) { u.put(w, name, "", -time.Second) }

func (u *UI) get(r *http.Request, name string) (string, bool) {
	c, err := r.Cookie(u.cookieName(name))
	if err != nil || c.Value == "" || len(c.Value) > 4096 {
		return "", false
	}
	return c.Value, true
}

// Session gives the session token that the browser holds for this host.
func (u *UI) Session(r *http.Request) (string, bool) { return u.get(r, sessionCookie) }

// SetSession hands a new session to the browser, for this host alone. The form
// cookie changes with it, so that no form drawn before somebody signed in is
// accepted after.
func (u *UI) SetSession(w http.ResponseWriter, _ *http.Request, token string, maxAge time.Duration) {
	u.put(w, sessionCookie, token, maxAge)
	u.put(w, formCookie, newFormID(), formLife)
}

// ClearSession ends the browser's session and its forms.
func (u *UI) ClearSession(w http.ResponseWriter, _ *http.Request) {
	u.drop(w, sessionCookie)
	u.put(w, formCookie, newFormID(), formLife)
}

// Cookie reads another of our host-only cookies ("brouillon").
func (u *UI) Cookie(r *http.Request, name string) (string, bool) { return u.get(r, "parvis-"+name) }

// SetCookie writes another host-only cookie; a maxAge of 0 or less removes it.
func (u *UI) SetCookie(w http.ResponseWriter, _ *http.Request, name, value string, maxAge time.Duration) {
	if maxAge <= 0 {
		u.drop(w, "parvis-"+name)
		return
	}
	u.put(w, "parvis-"+name, value, maxAge)
}

// personal says whether a page may hold what only this browser should see: it
// holds a session, a draft or any other cookie of ours that names somebody.
func personal(r *http.Request) bool {
	for _, c := range r.Cookies() {
		name := strings.TrimPrefix(c.Name, "__Host-")
		if name == sessionCookie || strings.HasPrefix(name, "parvis-") && name != formCookie && name != flashCookie {
			return true
		}
	}
	return false
}
