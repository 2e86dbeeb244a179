package door

import (
	"context"
	"embed"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

//go:embed *.html
var files embed.FS

// Resident is somebody who is signed in.
type Resident struct {
	Visitor web.Visitor      // of a commune's pages
	Admin   tenants.HubAdmin // of a hub's

	Email     string // what the account signs in with
	Provider  string // the identity provider's token of the session
	State     string // FranceConnect or ProConnect, where no password opened the session
	Double    bool   // a second factor is set up and was given
	Required  bool   // a second factor is compulsory here
	MustEnrol bool   // it is, and is missing: nothing else is open yet
}

// Opened is a session that began.
type Opened struct {
	Token string        // for the cookie
	Life  time.Duration // of the cookie
	Ended []string      // tokens of the provider's sessions that are over with it
}

// House is the area behind a door. Methods open their own transactions.
type House interface {
	// Frame begins a page; who is nil before anybody has signed in.
	Frame(w http.ResponseWriter, r *http.Request, s web.Scope, who *Resident, title string) web.Frame
	// Resident gives who is signed in; nobody is fault.Unauthorized.
	Resident(r *http.Request, s web.Scope) (Resident, error)
	// Open opens a session to the account of a complete login, and with alone ends
	// the person's others. An account that is nothing here is fault.Unauthorized
	// "credentials".
	Open(ctx context.Context, s web.Scope, login identity.Login, alone bool) (Opened, error)
	// Renew keeps what a change gave for the session of the request; with alone it
	// ends the person's others, and gives the provider's tokens of those.
	Renew(r *http.Request, s web.Scope, login identity.Login, alone bool) (ended []string, err error)
	// Leave ends the session of a token, and gives the provider's.
	Leave(ctx context.Context, s web.Scope, token string) (provider string, err error)
}

// Paths are an area's addresses. The code and the new password stand below SignIn and
// Recovery.
type Paths struct {
	SignIn, SignOut, Recovery string
	Security                  string // password and second factor of who is signed in
	Home                      string // where a session begins
	Out                       string // where it ends; empty: SignIn
}

// Words are what an area says at its door; empty ones are left out.
type Words struct {
	Lede         string
	Other        web.Link // beside the sign-in button
	Aside        string   // under the form, before AsideLink
	AsideLink    web.Link
	RecoveryLede string
	Required     string // why a second factor is asked of everybody
	Out          string // said to who has signed out
	Help         bool   // a line with the town hall's telephone
}

// Config is what an area's door is made with.
type Config struct {
	Name         string // begins the names of its cookies: two doors stand on one host
	Door, Inside web.Layout
	Paths        Paths
	Words        Words
	House        House
	// Unproved leads on somebody whose address is not proved yet; nil says so on the
	// form.
	Unproved func(w http.ResponseWriter, r *http.Request, s web.Scope, login identity.Login) error
	// State is FranceConnect's or ProConnect's way in; nil: none.
	State *State
	// PasswordOpen tells whether a password opens this door at all; nil: it does.
	PasswordOpen func(s web.Scope) bool
	// Left clears what else the area keeps in the browser; nil: nothing.
	Left func(w http.ResponseWriter, r *http.Request)
}

// Kit answers the pages of one door.
type Kit struct {
	web.Deps
	Config
	doors  *doors
	inside *rooms
}

// New makes the door of an area. Door is web.Citizen or web.SignIn; Inside
// web.Citizen, web.Agent or web.Hub.
func New(d web.Deps, c Config) *Kit {
	if c.Paths.Out == "" {
		c.Paths.Out = c.Paths.SignIn
	}
	return &Kit{Deps: d, Config: c, doors: doorPages[c.Door], inside: roomPages[c.Inside]}
}

// doors are the templates of who has not signed in yet, rooms those of who has.
type (
	doors struct {
		signIn   *web.Template[signInPage]
		away     *web.Template[awayPage]
		code     *web.Template[codePage]
		recovery *web.Template[recoveryPage]
		password *web.Template[newPasswordPage]
	}
	rooms struct {
		security *web.Template[securityPage]
		enrol    *web.Template[enrolPage]
		codes    *web.Template[codesPage]
	}
)

var (
	doorPages = map[web.Layout]*doors{web.Citizen: newDoors(web.Citizen), web.SignIn: newDoors(web.SignIn)}
	roomPages = map[web.Layout]*rooms{web.Citizen: newRooms(web.Citizen), web.Agent: newRooms(web.Agent), web.Hub: newRooms(web.Hub)}
)

func newDoors(l web.Layout) *doors {
	return &doors{
		web.MustParse[signInPage](l, files, "signin.html"), web.MustParse[awayPage](l, files, "away.html"), web.MustParse[codePage](l, files, "code.html"),
		web.MustParse[recoveryPage](l, files, "recovery.html"), web.MustParse[newPasswordPage](l, files, "newpassword.html"),
	}
}

func newRooms(l web.Layout) *rooms {
	return &rooms{
		web.MustParse[securityPage](l, files, "security.html"), web.MustParse[enrolPage](l, files, "enrol.html"),
		web.MustParse[codesPage](l, files, "codes.html"),
	}
}

// visit is one request at the door.
type visit struct {
	w http.ResponseWriter
	r *http.Request
	s web.Scope
}

func (v visit) ctx() context.Context { return v.r.Context() }

// address is the client's network address, for the throttle alone.
func (v visit) address() string {
	host, _, err := net.SplitHostPort(v.r.RemoteAddr)
	if err != nil {
		return v.r.RemoteAddr
	}
	return host
}

// Routes puts every page of the door on a router.
func (k *Kit) Routes(rt *web.Router) {
	handle := func(pattern string, page func(visit) error) {
		rt.Handle(pattern, func(w http.ResponseWriter, r *http.Request, s web.Scope) error { return page(visit{w, r, s}) })
	}
	p := k.Paths
	handle("GET "+p.SignIn, k.signInPage)
	handle("POST "+p.SignIn, k.signIn)
	handle("GET "+p.SignIn+codeStep, k.codePage)
	handle("POST "+p.SignIn+codeStep, k.code)
	handle("POST "+p.SignOut, k.signOut)
	handle("GET "+p.Recovery, func(v visit) error { return k.showRecovery(v, "", nil) })
	handle("POST "+p.Recovery, k.recover)
	handle("GET "+p.Recovery+newStep, k.newPasswordPage)
	handle("POST "+p.Recovery+newStep, k.newPassword)
	handle("GET "+p.Security, func(v visit) error { return k.showSecurity(v, "", nil) })
	handle("POST "+p.Security+"/mot-de-passe", k.changePassword)
	handle("POST "+p.Security+doubleStep, k.startFactor)
	handle("GET "+p.Security+doubleStep, k.enrolPage)
	handle("POST "+p.Security+doubleStep+codeStep, k.enrol)
	handle("POST "+p.Security+doubleStep+"/secours", k.newCodes)
	handle("POST "+p.Security+"/simple", k.dropFactor)
	if k.State != nil {
		handle("GET "+k.statePath(), k.beginState)
		handle("GET "+k.statePath()+backStep, k.finishState)
		handle("GET "+p.SignOut+backStep, k.leftState)
		handle("POST "+p.Security+"/"+string(k.State.Kind), k.linkState)
	}
}

// The steps below the addresses of Paths.
const (
	codeStep   = "/code"
	newStep    = "/nouveau"
	doubleStep = "/double"
	backStep   = "/retour"
)

// key seals what waits in a cookie, for this site alone.
func (k *Kit) key(s web.Scope) []byte {
	if s.Tenant.ID != 0 {
		return k.Master.Tenant(s.Tenant, "pending")
	}
	return k.Master.Hub(s.Hub, "pending")
}

// suspend keeps a login, sealed, in a cookie of ten minutes.
func (k *Kit) suspend(v visit, cookie string, login identity.Login) error {
	sealed, err := identity.SuspendWith(k.key(v.s), k.Clock(), login)
	if err == nil {
		k.UI.SetCookie(v.w, v.r, k.Name+cookie, sealed, identity.PendingFor)
	}
	return err
}

// resume opens what suspend kept.
func (k *Kit) resume(v visit, cookie string) (identity.Login, error) {
	sealed, _ := k.UI.Cookie(v.r, k.Name+cookie)
	return identity.ResumeWith(k.key(v.s), k.Clock(), sealed)
}

func (k *Kit) drop(v visit, cookies ...string) {
	for _, c := range cookies {
		k.UI.SetCookie(v.w, v.r, k.Name+c, "", 0)
	}
}

// forget ends sessions at the provider as best it can: ours are over already.
func (k *Kit) forget(ctx context.Context, tokens ...string) {
	for _, token := range tokens {
		if err := k.Identity.SignOut(ctx, token); err != nil {
			k.Logger.WarnContext(ctx, "sign out at the provider", "code", fault.Of(err).Code)
		}
	}
}

// comesBack tells whether a refusal is shown on its form again.
func comesBack(err error) bool {
	f := fault.Of(err)
	if f == nil || f.Code == "sign_in_again" || f.Code == "session_over" || f.Code == "sign_in" || f.Code == "citizen_sign_in" {
		return false
	}
	switch f.Kind {
	case fault.Unauthorized, fault.Invalid, fault.TooMany, fault.Conflict:
		return true
	}
	return f.Code == "form_expired" || f.Code == "email_unverified" || f.Code == "password_closed"
}

// status is what a page answers that comes back; too many tries say when to come
// again.
func (v visit) status(refused error) int {
	switch {
	case refused == nil:
		return http.StatusOK
	case fault.Of(refused).Kind != fault.TooMany:
		return http.StatusUnprocessableEntity
	}
	SayWhen(v.w, refused)
	return http.StatusTooManyRequests
}

// SayWhen tells after too many tries when to come again.
func SayWhen(w http.ResponseWriter, refused error) {
	if wait := identity.RetryAfter(refused); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	}
}

// expired heads a page that comes back because its form was too old.
const expired = "Par sécurité, cette page avait expiré. Rien n’est perdu\u00a0: vérifiez vos réponses, puis envoyez de nouveau."

// wrong says on a page what was refused: at the field, and in the summary.
func wrong(f *web.Frame, in *web.Input, refused error, message string) {
	switch {
	case refused == nil:
	case fault.Is(refused, "form_expired"):
		f.Errors = web.ErrorSummary{{Message: expired}}
	default:
		in.Error = message
		f.Errors = web.ErrorSummary{{ID: in.Name, Message: message}}
	}
}

// PasswordSentence says why a new password is refused; "" where it is not the
// password.
func PasswordSentence(err error) string {
	if s, ok := web.FieldErrors(err)["password"]; ok {
		return s
	}
	if fault.Is(err, "password") {
		return web.Sentence(err)
	}
	return ""
}

// PasswordInput asks for a new password.
func PasswordInput(label string) web.Input {
	return web.Input{
		Name: "password", Label: label, Type: "password", Autocomplete: "new-password",
		Hint: "Au moins 12 caractères. Une phrase facile à retenir convient très bien.",
	}
}

func codeInput(hint string) web.Input {
	return web.Input{Name: "code", Label: "Code à six chiffres", Hint: hint, Autocomplete: "one-time-code", MaxLength: 32, Width: "medium", NoSpellcheck: true}
}

// withReturn adds to an address where somebody wanted to go.
func withReturn(path, then string) string {
	if then == "" {
		return path
	}
	return path + "?retour=" + url.QueryEscape(then)
}

func trimmed(form url.Values, name string) string { return strings.TrimSpace(form.Get(name)) }
