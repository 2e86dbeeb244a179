package citizen

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// The tracking cookie keeps the numbers and codes that a guest has shown, signed with
// the commune's key: a code that was guessed cannot be tried by it, past the limit of
// the page that asks for one. It lasts half a day, since computers are shared.
const (
	trackCookie = "suivi"
	trackLife   = 12 * time.Hour
	trackMost   = 8 // requests that it holds
)

func (s *Server) trackCookie(v *visit) string {
	value, _ := s.UI.Cookie(v.r, trackCookie)
	return value
}

// sealTrack adds a number and its code to the cookie, the latest first.
func sealTrack(tx *tenants.Tx, cookie, number, code string) string {
	kept := []string{number + "=" + code}
	for _, pair := range openTrack(tx, cookie) {
		if n, _, _ := strings.Cut(pair, "="); n != number && len(kept) < trackMost {
			kept = append(kept, pair)
		}
	}
	body := base64.RawURLEncoding.EncodeToString([]byte(strings.Join(kept, " ")))
	return body + "." + base64.RawURLEncoding.EncodeToString(trackMAC(tx, body))
}

// openTrack gives the pairs of a cookie; of one that we did not sign, none.
func openTrack(tx *tenants.Tx, cookie string) []string {
	body, seal, _ := strings.Cut(cookie, ".")
	mac, err := base64.RawURLEncoding.DecodeString(seal)
	if err != nil || !hmac.Equal(mac, trackMAC(tx, body)) {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}

func trackMAC(tx *tenants.Tx, body string) []byte {
	m := hmac.New(sha256.New, tx.Key("citizen-track"))
	_, _ = m.Write([]byte(body)) // a hash never fails
	return m.Sum(nil)
}

// holder makes the transaction that of who holds the request of the page: its
// signed-in owner, or the guest whose cookie knows its code. Others are led to where a
// code can be given.
func (s *Server) holder(ctx context.Context, tx *tenants.Tx, v *visit) (*tenants.Tx, string, error) {
	number := requests.ReadNumber(v.r.PathValue("number"))
	if number == "" {
		return nil, "", fault.New(fault.NotFound, "request_unknown")
	}
	if v.signedIn() {
		if _, err := requests.TrackingCode(ctx, tx, number); err == nil || !fault.Is(err, "request_unknown") {
			return tx, number, err
		}
	}
	if code := s.codeHeld(tx, v, number); code != "" {
		request, err := requests.GetByTracking(ctx, tx.As(tenants.Guest()), number, code)
		if !fault.Is(err, "request_or_code_unknown") {
			return tx.As(requests.GuestOf(request)), number, err
		}
	}
	return nil, "", fault.New(fault.Unauthorized, codeTrack)
}

// codeHeld gives the code of a request that this browser follows; "" for none.
func (s *Server) codeHeld(tx *tenants.Tx, v *visit, number string) string {
	for _, pair := range openTrack(tx, s.trackCookie(v)) {
		if n, code, _ := strings.Cut(pair, "="); n == number {
			return code
		}
	}
	return ""
}

type trackPage struct {
	web.Frame
	Number, Code web.Input
	Recent       []string // numbers that this browser follows
}

var trackTemplate = web.MustParse[trackPage](web.Citizen, files, "track.html")

func (s *Server) trackPage(v *visit) error {
	return s.showTrack(v, v.r.URL.Query().Get("numero"), http.StatusOK, "", nil)
}

func (s *Server) showTrack(v *visit, number string, status int, message string, expired error) error {
	if len(number) > 32 {
		number = ""
	}
	page := trackPage{
		Number: web.Input{Name: "numero", Label: "Numéro", Hint: "Par exemple 26-000123.", Value: number, Autocomplete: "off", NoSpellcheck: true, MaxLength: 32, Width: "medium"},
		Code: web.Input{
			Name: "code", Label: "Code de suivi", Hint: "Douze lettres et chiffres, par exemple 7KQ2-M9XR-4TB1. Les tirets et les majuscules ne comptent pas.",
			Autocomplete: "off", NoSpellcheck: true, MaxLength: 64, Width: "medium",
		},
	}
	if _, ok := s.UI.Cookie(v.r, trackCookie); ok {
		err := s.read(v, func(_ context.Context, tx *tenants.Tx) error {
			for _, pair := range openTrack(tx, s.trackCookie(v)) {
				n, _, _ := strings.Cut(pair, "=")
				page.Recent = append(page.Recent, n)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	page.Frame = s.frame(v, "Suivre une demande", "/suivi")
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Suivre une demande"}}
	wrong(&page.Errors, &page.Number, message)
	if message != "" {
		page.Code.Error = "Vérifiez aussi ce code."
	}
	if expired != nil {
		page.Errors = expiredNotice(page.Errors)
	}
	return trackTemplate.Render(v.w, v.r, status, page)
}

// track opens a request to whoever knows its number and code.
func (s *Server) track(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	typed := trimmed(form, "numero")
	if expired != nil {
		return s.showTrack(v, typed, http.StatusUnprocessableEntity, "", expired)
	}
	if err := allow(s.tracks, v); err != nil {
		return err
	}
	var r requests.Request
	var cookie string
	err = s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		tx = tx.As(tenants.Guest())
		if r, err = requests.GetByTracking(ctx, tx, typed, trimmed(form, "code")); err != nil {
			return err
		}
		cookie = sealTrack(tx, s.trackCookie(v), r.Number, requests.CanonicalCode(trimmed(form, "code")))
		return nil
	})
	if fault.Is(err, "request_or_code_unknown") {
		return s.showTrack(v, typed, http.StatusUnprocessableEntity, web.Sentence(err), nil)
	}
	if err != nil {
		return err
	}
	s.UI.SetCookie(v.w, v.r, trackCookie, cookie, trackLife)
	web.Redirect(v.w, v.r, "/demandes/"+r.Number)
	return nil
}

// untrack forgets what this browser follows.
func (s *Server) untrack(v *visit) error {
	if _, err := s.UI.Form(v.w, v.r); err != nil {
		return err
	}
	s.UI.SetCookie(v.w, v.r, trackCookie, "", 0)
	s.UI.SetFlash(v.w, v.r, web.Success, "Ce navigateur ne suit plus aucune demande. Gardez le numéro et le code pour y revenir.")
	web.Redirect(v.w, v.r, "/suivi")
	return nil
}
