package citizen

import (
	"context"
	"embed"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/door"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/fault"
	store "github.com/parvis-gru/parvis/tenants/files"
)

//go:embed *.html
var files embed.FS

// Server is the citizens' area.
type Server struct {
	web.Deps
	router *web.Router
	door   *door.Kit
	starts *web.Limiter // drafts, by address
	tracks *web.Limiter // tries of a number and a code, by address
	mails  *web.Limiter // resume codes sent, by address
	steps  *web.Limiter // steps sent, by address, in all communes together
	drafts *web.Limiter // steps sent, by draft

	uploads *web.Limiter // megabytes kept, by address, in all communes together
	checks  *web.Limiter // codes of documents verified, by address
	pdfs    *web.Limiter // PDFs made, by address
}

// Rates of what could be abused, a minute and an address.
const (
	startRate, startBurst = 10, 30
	trackRate, trackBurst = 5, 10
	mailRate, mailBurst   = 1, 5

	// A class of thirty fills in a form of ten steps behind one address; one person
	// corrects a step twenty times.
	stepRate, stepBurst   = 240, 1200
	draftRate, draftBurst = 30, 90

	// Files wait in drafts that nobody may ever send.
	uploadRate, uploadBurst = 5, 400

	// A counter verifies some documents in a row; who guesses codes gets nowhere (60 bits).
	checkRate, checkBurst = 10, 30
	pdfRate, pdfBurst     = 20, 60
)

// New makes the area with its routes.
func New(d web.Deps) *Server {
	s := &Server{
		Deps: d, starts: web.NewLimiter(startRate, startBurst), tracks: web.NewLimiter(trackRate, trackBurst), mails: web.NewLimiter(mailRate, mailBurst),
		uploads: web.NewLimiter(uploadRate, uploadBurst), steps: web.NewLimiter(stepRate, stepBurst), drafts: web.NewLimiter(draftRate, draftBurst),
		checks: web.NewLimiter(checkRate, checkBurst), pdfs: web.NewLimiter(pdfRate, pdfBurst),
	}
	s.router, s.door = web.NewRouter(s.fail), s.newDoor()
	s.publicRoutes()
	s.formRoutes()
	s.requestRoutes()
	s.accountRoutes()
	s.handle("/", func(*visit) error { return fault.New(fault.NotFound, "not_found") })
	return s
}

func (s *Server) publicRoutes() {
	s.handle("GET /{$}", s.home)
	s.handle("GET /demarches", s.procedures)
	s.handle("GET /demarches/{slug}", s.procedure)
	s.handle("GET /accessibilite", s.accessibility)
	s.handle("GET /donnees-personnelles", s.privacy)
	s.handle("GET /mentions-legales", s.legal)
	s.handle("GET /conditions-utilisation", s.terms)
	s.handle("GET /verifier", s.verify)
	s.handle("GET "+publishedPath, s.published)
}

func (s *Server) formRoutes() {
	s.handle("POST /demarches/{slug}/commencer", s.start)
	s.handle("GET /demarches/{slug}/formulaire/{step}", s.step)
	s.handle("POST /demarches/{slug}/formulaire/{step}", s.saveStep)
	s.handle("GET /demarches/{slug}/recapitulatif", s.summary)
	s.handle("POST /demarches/{slug}/recapitulatif", s.submit)
	s.handle("POST /demarches/{slug}/code", s.mailCode)
	s.handle("POST /demarches/{slug}/effacer", s.dropDraft)
	s.handle("GET /reprendre", s.resumePage)
	s.handle("POST /reprendre", s.resume)
}

func (s *Server) requestRoutes() {
	s.handle("GET /suivi", s.trackPage)
	s.handle("POST /suivi", s.track)
	s.handle("POST /suivi/fermer", s.untrack)
	s.handle("GET /transmissions/{id}", s.transmittedPage)
	s.handle("POST /transmissions/{id}", s.openTransmitted)
	s.handle("POST /transmissions/{id}/documents/{document}", s.transmittedDocument)
	s.handle("GET /demandes/{number}", s.request)
	s.handle("GET /demandes/{number}/confirmation", s.confirmation)
	s.handle("GET /demandes/{number}/dates", s.dates)
	s.handle("POST /demandes/{number}/messages", s.sendMessage)
	s.handle("POST /demandes/{number}/documents", s.addDocument)
	s.handle("GET /demandes/{number}/documents/{document}", s.document)
	s.handle("GET /demandes/{number}/accuse/{receipt}", s.receipt)
	s.handle("GET /demandes/{number}/reponse/{decision}", s.decision)
	s.handle("POST /demandes/{number}/decision", s.agreeDecision)
	s.handle("GET /demandes/{number}/accuse/{receipt}/accuse.pdf", s.receiptPDF)
	s.handle("GET /demandes/{number}/reponse/{decision}/lettre.pdf", s.decisionPDF)
	s.handle("GET /demandes/{number}/pieces/{notice}/lettre.pdf", s.noticePDF)
	s.handle("GET /demandes/{number}/attestation", s.attestation)
	s.handle("POST /demandes/{number}/attestation", s.attest)
	s.handle("GET /demandes/{number}/attestation/attestation.pdf", s.attestationPDF)
	s.handle("POST /demandes/{number}/motifs", s.askReasons)
	s.handle("GET /demandes/{number}/motifs/{reasons}", s.reasons)
	s.handle("GET /demandes/{number}/motifs/{reasons}/lettre.pdf", s.reasonsPDF)
	s.handle("POST /demandes/{number}/avis", s.rate)
	s.handle("GET /demandes/{number}/retirer", s.withdrawPage)
	s.handle("POST /demandes/{number}/retirer", s.withdraw)
	s.handle("POST /demandes/{number}/rattacher", s.claim)
}

func (s *Server) accountRoutes() {
	s.door.Routes(s.router)
	s.handle("GET /inscription", s.registerPage)
	s.handle("POST /inscription", s.register)
	s.handle("GET /inscription/code", s.confirmPage)
	s.handle("POST /inscription/code", s.confirm)
	s.handle("GET /mon-espace", s.space)
	s.handle("GET /mon-espace/profil", s.profilePage)
	s.handle("POST /mon-espace/profil", s.saveProfile)
	s.handle("POST /mon-espace/brouillons/{draft}", s.openDraft)
}

// Serve answers a request for a citizens' page.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, scope web.Scope) {
	s.router.Serve(w, r, scope)
}

// visit is one request for a page, with who asks for it once the page's
// transaction has found them.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	scope web.Scope
	who   web.Visitor
	agent bool // signed in to the agents' area: a guest here

	verified string            // the name that FranceConnect vouches for
	pivot    citizens.Verified // that name in its parts

	// resume is the code that a form carries of its own draft, for a browser that
	// lost its cookies while the page was open.
	resume string
}

func (s *Server) handle(pattern string, page func(*visit) error) {
	s.router.Handle(pattern, func(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
		return page(&visit{w: w, r: r, scope: scope})
	})
}

// fail leads to the page where the visitor can prove who they are, or says plainly
// what an error means.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, scope web.Scope, err error) {
	switch {
	case fault.Is(err, codeSignIn) || fault.Is(err, "sign_in_again") || fault.Is(err, "session_over"):
		back := "/mon-espace"
		if r.Method == http.MethodGet {
			back = r.URL.Path
		}
		web.Redirect(w, r, "/connexion?retour="+url.QueryEscape(back))
	case fault.Is(err, codeTrack):
		web.Redirect(w, r, "/suivi?numero="+url.QueryEscape(r.PathValue("number")))
	default:
		s.UI.Fail(w, r, scope.Site, err)
	}
}

// The faults that lead to a door: the account's, and the tracking code's.
const (
	codeSignIn = "citizen_sign_in"
	codeTrack  = "citizen_track"
)

// read opens the page's one reading transaction, as the visitor.
func (s *Server) read(v *visit, fn func(ctx context.Context, tx *tenants.Tx) error) error {
	return s.Read(v.r, v.scope, func(ctx context.Context, tx *tenants.Tx, who web.Visitor) error { return fn(ctx, v.as(tx, who)) })
}

// meet finds who asks, for a page that shows nothing beside what everyone sees: where
// nobody is signed in it opens no transaction.
func (s *Server) meet(v *visit) error {
	if s.Stranger(v.r) {
		v.who = web.Visitor{Actor: tenants.Guest()}
		return nil
	}
	return s.read(v, func(context.Context, *tenants.Tx) error { return nil })
}

// write opens the page's one writing transaction, as the visitor.
func (s *Server) write(v *visit, fn func(ctx context.Context, tx *tenants.Tx) error) error {
	return s.Write(v.r, v.scope, func(ctx context.Context, tx *tenants.Tx, who web.Visitor) error { return fn(ctx, v.as(tx, who)) })
}

// as keeps who asks; an agent asks here as anybody.
func (v *visit) as(tx *tenants.Tx, who web.Visitor) *tenants.Tx {
	if who.Actor.IsAgent() {
		v.agent, v.who = true, web.Visitor{Actor: tenants.Guest()}
		return tx.As(tenants.Guest())
	}
	v.who = who
	return tx
}

// signedIn tells whether a citizen with an account asks.
func (v *visit) signedIn() bool { return v.who.Citizen.ID != "" }

// citizen refuses whoever is not signed in, and leads them to the door.
func (v *visit) citizen() error {
	if !v.signedIn() {
		return fault.New(fault.Unauthorized, codeSignIn)
	}
	return nil
}

// frame begins a page. Current is the navigation's entry.
func (s *Server) frame(v *visit, title, current string) web.Frame {
	f := s.UI.Frame(v.w, v.r, v.scope.Site, title)
	f.Current = current
	if v.signedIn() {
		f.User = &web.User{Name: v.who.Citizen.Name(), URL: "/mon-espace", SignOut: "/deconnexion"}
	}
	return f
}

// form reads a posted form. A page that expired is told by expired, with what was
// typed: the page is then shown again and nothing is done.
func (s *Server) form(v *visit) (form url.Values, expired error, err error) { //nolint:revive,staticcheck // two outcomes, not one error
	form, err = s.UI.Form(v.w, v.r)
	if fault.Is(err, "form_expired") {
		return form, err, nil
	}
	return form, nil, err
}

// address is the client's network address, for limits alone.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// allow takes a turn of a limiter, or says to slow down.
func allow(l *web.Limiter, v *visit) error {
	if ok, _ := l.Allow(v.scope.Tenant.Slug + " " + web.ClientNetwork(v.r)); !ok {
		return fault.New(fault.TooMany, "too_many")
	}
	return nil
}

// allowStep lets a step of a draft in, unless its network or the draft itself sends
// them faster than people do.
func (s *Server) allowStep(v *visit, slug string) error {
	ok, _ := s.steps.Allow(web.ClientNetwork(v.r))
	if live(v.r) { // no step was sent
		slug = ""
	}
	if token, known := s.UI.Cookie(v.r, draftCookie(slug)); ok && known {
		ok, _ = s.drafts.Allow(token)
	}
	if !ok {
		return fault.New(fault.TooMany, "steps_too_fast")
	}
	return nil
}

// keep stores a file of this visit, as long as its network has not sent too much.
func (s *Server) keep(v *visit, u store.Upload) (store.Stored, error) {
	kept, err := s.Files.Put(v.r.Context(), v.scope.Tenant, u)
	if err != nil {
		return kept, err
	}
	if ok, _ := s.uploads.AllowN(web.ClientNetwork(v.r), 1+int(kept.Size>>20)); !ok {
		s.forget(v, kept.BlobKey)
		return store.Stored{}, fault.New(fault.TooMany, "too_many")
	}
	return kept, nil
}

// forget removes from the store what no row holds.
func (s *Server) forget(v *visit, keys ...string) {
	for _, key := range keys {
		_ = s.Files.Discard(context.WithoutCancel(v.r.Context()), store.Stored{BlobKey: key}) // the nightly sweep finds what is left
	}
}

// wrong marks an input as to be corrected, and adds it to the summary.
func wrong(errs *web.ErrorSummary, in *web.Input, message string) {
	if message == "" {
		return
	}
	in.Error = message
	*errs = append(*errs, web.ErrorLink{ID: in.Name, Message: message})
}

// expiredNotice heads a page that is shown again because its token was too old.
func expiredNotice(errs web.ErrorSummary) web.ErrorSummary {
	return append(web.ErrorSummary{{Message: "Par sécurité, cette page avait expiré. Rien n’est perdu\u00a0: vérifiez vos réponses, puis envoyez de nouveau."}}, errs...)
}

func trimmed(form url.Values, name string) string { return strings.TrimSpace(form.Get(name)) }
