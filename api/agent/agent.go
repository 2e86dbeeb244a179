package agent

import (
	"embed"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/staff"
)

//go:embed *.html parts/*.html
var templates embed.FS

// pages gives each page's template together with the parts that several pages draw.
var pages = withParts{templates}

// withParts is a folder whose pages each begin with what lies in parts/.
type withParts struct{ embed.FS }

// ReadFile gives a page with the parts before it.
func (w withParts) ReadFile(name string) ([]byte, error) {
	page, err := w.FS.ReadFile(name)
	if err != nil {
		return nil, err
	}
	parts, err := fs.Glob(w.FS, "parts/*.html")
	if err != nil {
		return nil, err
	}
	var all []byte
	for _, p := range parts {
		part, err := w.FS.ReadFile(p)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	return append(all, page...), nil
}

// Server is the agents' area.
type Server struct {
	web.Deps
	router *web.Router
}

// New makes the area with its routes.
func New(d web.Deps) *Server {
	s := &Server{Deps: d}
	s.router = web.NewRouter(s.fail)
	s.newDoor().Routes(s.router)
	s.requestRoutes()
	s.officeRoutes()
	s.workshopRoutes()
	s.supportRoutes()
	s.accountRoutes()
	s.router.Handle("/", func(http.ResponseWriter, *http.Request, web.Scope) error {
		return fault.New(fault.NotFound, "not_found")
	})
	return s
}

func (s *Server) handle(pattern string, page func(visit) error) {
	s.router.Handle(pattern, func(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
		return page(visit{w: w, r: r, scope: scope})
	})
}

// lawRoutes are the pages of what the law lets happen to a request beside its decision.
func (s *Server) lawRoutes() {
	s.handle("GET /agents/demandes/{number}/suspension", s.suspensionPage)
	s.handle("POST /agents/demandes/{number}/suspension", s.suspend)
	s.handle("GET /agents/demandes/{number}/prolongation", s.extensionPage)
	s.handle("POST /agents/demandes/{number}/prolongation", s.extend)
	s.handle("GET /agents/demandes/{number}/regularisation", s.regularisePage)
	s.handle("POST /agents/demandes/{number}/regularisation", s.regularise)
	s.handle("GET /agents/demandes/{number}/recours", s.recoursePage)
	s.handle("POST /agents/demandes/{number}/recours", s.noteRecourse)
}

func (s *Server) requestRoutes() {
	s.lawRoutes()
	s.handle("GET /agents", s.list)
	s.handle("GET /agents/{$}", func(v visit) error { web.Redirect(v.w, v.r, home); return nil })
	s.handle("GET "+awaitedPath, s.awaited)
	s.handle("POST "+awaitedPath, s.issueAwaited)
	s.handle("GET "+sourcesPath, s.sources)
	s.handle("POST "+sourcesPath, s.saveThresholds)
	s.handle("POST "+sourcesPath+"/{id}", s.judgeSource)
	s.handle("GET /agents/nouvelle", s.choose)
	s.handle("GET /agents/nouvelle/{slug}", s.record)
	s.handle("POST /agents/nouvelle/{slug}", s.submit)
	s.handle("GET /agents/demandes/{number}", s.request)
	s.handle("POST /agents/demandes/{number}", s.act)
	s.handle("POST /agents/demandes/{number}/documents", s.addDocument)
	s.handle("GET /agents/demandes/{number}/documents/{id}", s.document)
	s.handle("GET /agents/demandes/{number}/pieces", s.askPage)
	s.handle("POST /agents/demandes/{number}/pieces", s.ask)
	s.handle("GET /agents/demandes/{number}/decision", s.decidePage)
	s.handle("POST /agents/demandes/{number}/decision", s.decide)
	s.handle("GET "+toSignPath, s.toSign)
	s.handle("GET "+opinionsPath, s.opinions)
	s.handle("GET /agents/demandes/{number}/signature", s.signPage)
	s.handle("POST /agents/demandes/{number}/signature", s.sign)
	s.handle("GET /agents/demandes/{number}/retrait", s.revokePage)
	s.handle("POST /agents/demandes/{number}/retrait", s.revoke)
	s.handle("GET /agents/demandes/{number}/transmission", s.transmitPage)
	s.handle("POST /agents/demandes/{number}/transmission", s.transmit)
	s.handle("GET /agents/demandes/{number}/demandeur", s.applicantPage)
	s.handle("POST /agents/demandes/{number}/demandeur", s.correct)
	s.handle("GET /agents/demandes/{number}/nature", s.naturePage)
	s.handle("POST /agents/demandes/{number}/nature", s.reclassify)
	s.handle("GET /agents/demandes/{number}/dates", s.dates)
	s.handle("POST /agents/demandes/{number}/dates", s.changeDates)
	s.handle("GET /agents/demandes/{number}/accuse", s.receipt)
	s.handle("GET /agents/demandes/{number}/accuse/{receipt}/accuse.pdf", s.receiptPDF)
	s.handle("GET /agents/demandes/{number}/lettres/{kind}/{id}", s.letter)
	s.handle("GET /agents/demandes/{number}/lettres/{kind}/{id}/lettre.pdf", s.letterPDF)
	s.handle("GET /agents/demandes/{number}/attestation", s.attestation)
	s.handle("GET /agents/demandes/{number}/attestation/attestation.pdf", s.attestationPDF)
	s.handle("GET /agents/incidents", s.incidents)
	s.handle("POST /agents/incidents", s.changeIncidents)
	s.handle("GET /agents/courriers", s.letters)
	s.handle("POST /agents/courriers", s.actOnLetters)
	s.handle("GET /agents/courriers/impression", s.printLetters)
}

func (s *Server) officeRoutes() {
	s.handle("GET /agents/statistiques", s.statistics)
	s.handle("GET /agents/statistiques.csv", s.statisticsCSV)
	s.handle("GET /agents/simulateur", s.simulator)
	s.handle("GET /agents/simulateur.json", s.simulatorJSON)
	s.handle("GET /agents/demarches", s.procedures)
	s.handle("GET "+importPath, s.importPage)
	s.handle("POST "+importPath, s.importFiles)
	s.tableRoutes()
	s.blockRoutes()
	s.handle("GET "+libraryPath, s.library)
	s.handle("POST "+libraryPath, s.adopt)
	s.handle("GET /agents/demarches/{slug}/export.json", s.exportProcedure)
	s.handle("GET /agents/demarches/{slug}", s.procedure)
	s.handle("POST /agents/demarches/{slug}", s.changeProcedure)
	s.handle("GET /agents/demarches/{slug}/"+workLetters, s.wording)
	s.handle("GET /agents/demarches/{slug}/"+workLetters+"/{outcome}", s.wording)
	s.handle("POST /agents/demarches/{slug}/"+workLetters+"/{outcome}", s.reword)
	s.handle("GET /agents/mise-en-route", s.setup)
	s.handle("POST /agents/mise-en-route", s.finishSetup)
	s.handle("GET /agents/mise-en-route/{step}", s.setupStep)
	s.handle("POST /agents/mise-en-route/{step}", s.saveSetupStep)
	s.handle("GET /agents/reglages", s.settings)
	s.handle("POST /agents/reglages", s.saveSettings)
	s.handle("GET /agents/reglages/archive", s.archive)
	s.handle("POST /agents/reglages/archive", s.askArchive)
	s.handle("GET /agents/reglages/archive/{id}", s.fetchArchive)
	s.handle("GET /agents/reglages/adresse", s.address)
	s.handle("POST /agents/reglages/adresse", s.addHost)
	s.handle("POST /agents/reglages/adresse/{host}", s.changeHost)
	s.handle("GET /agents/reglages/identite", s.identityPage)
	s.handle("POST /agents/reglages/identite", s.saveIdentity)
	s.handle("GET "+holidaysPath, s.holidays)
	s.handle("POST "+holidaysPath, s.saveHolidays)
	s.handle("GET /agents/reglages/apparence", s.appearance)
	s.handle("POST /agents/reglages/apparence", s.changeAppearance)
	s.handle("GET /agents/reglages/apparence/couleurs.css", s.appearanceColours)
	s.handle("GET /agents/reglages/services/{id}", s.service)
	s.handle("POST /agents/reglages/services/{id}", s.saveService)
	s.handle("GET /agents/equipe", s.team)
	s.handle("POST /agents/equipe", s.invite)
	s.handle("GET /agents/equipe/{id}", s.member)
	s.handle("POST /agents/equipe/{id}", s.changeMember)
	s.handle("GET /agents/equipe/{id}/delegations", s.delegations)
	s.handle("POST /agents/equipe/{id}/delegations", s.changeDelegations)
}

func (s *Server) workshopRoutes() {
	s.handle("GET /agents/demarches/{slug}/"+workQuestions, s.questions)
	s.handle("POST /agents/demarches/{slug}/"+workQuestions, s.changeQuestions)
	s.handle("GET /agents/demarches/{slug}/"+workTexts, s.texts)
	s.handle("POST /agents/demarches/{slug}/"+workTexts, s.changeTexts)
	s.handle("GET /agents/demarches/{slug}/"+workFlow, s.circuit)
	s.handle("POST /agents/demarches/{slug}/"+workFlow, s.changeCircuit)
	s.handle("GET /agents/demarches/{slug}/"+workDraft, s.draftPage)
	s.handle("POST /agents/demarches/{slug}/"+workDraft, s.changeDraft)
	s.handle("GET /agents/demarches/{slug}/brouillon.json", s.exportDraft)
	s.handle("POST /agents/demarches/{slug}/brouillon/fichier", s.replaceDraft)
	s.handle("GET /agents/demarches/{slug}/"+workProof, s.proof)
	s.handle("GET /agents/demarches/{slug}/"+workChanges, s.differences)
	s.handle("GET /agents/demarches/{slug}/"+workPreview, s.preview)
	s.handle("GET /agents/demarches/{slug}/"+workPreview+frameOf, s.frameStep)
	s.handle("GET /agents/demarches/{slug}/"+workTry, s.tryOut)
	s.handle("POST /agents/demarches/{slug}/"+workTry+"/{step}", s.tryStep)
	s.handle("GET /agents/demarches/{slug}/"+workUpdate, s.update)
	s.handle("POST /agents/demarches/{slug}/"+workUpdate, s.changeUpdate)
	s.handle("GET /agents/demarches/{slug}/"+workHistory, s.versions)
	s.handle("POST /agents/demarches/{slug}/"+workHistory, s.changeVersions)
}

// Serve answers a request for a page of the agents of a commune.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, scope web.Scope) {
	s.router.Serve(w, r, scope)
}

// home is the agents' first page.
const home = "/agents"

// fail leads to sign in whoever has to, and otherwise says what went wrong.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, scope web.Scope, err error) {
	switch {
	case fault.Is(err, "sign_in"), fault.Is(err, "sign_in_again"):
		address := signInPath
		if r.Method == http.MethodGet && r.URL.Path != home {
			address += "?retour=" + url.QueryEscape(r.URL.RequestURI())
		}
		web.Redirect(w, r, address)
	case fault.Is(err, "enrol"):
		web.Redirect(w, r, securityPath)
	default:
		s.UI.Fail(w, r, scope.Site, err)
	}
}

// visit is one request for a page.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	scope web.Scope
}

func (v visit) number() string { return v.r.PathValue("number") }

// guard lets agents in who have given what the commune asks of them.
func guard(v visit, me web.Visitor) error {
	if me.Visit != nil {
		return nil // by the hub's own door
	}
	if me.Agent.ID == "" || me.Session.MustReturn(v.scope.Settings) {
		return fault.New(fault.Unauthorized, "sign_in")
	}
	if me.Session.MustEnrol(v.scope.Settings) {
		return fault.New(fault.Forbidden, "enrol")
	}
	return nil
}

// frame begins a page of an agent.
func (s *Server) frame(v visit, me web.Visitor, title, current string) web.Frame {
	f := s.UI.Frame(v.w, v.r, v.scope.Site, title)
	f.Area, f.Current = "Espace agents", current
	if me.Visit != nil {
		return visited(v, me, f)
	}
	f.Nav = []web.NavItem{
		{Label: "Demandes", URL: home, Icon: "inbox"},
		{Label: "Nouvelle demande", URL: "/agents/nouvelle", Icon: "plus"},
		{Label: "Courriers", URL: lettersPath, Icon: "mail"},
		{Label: "Statistiques", URL: "/agents/statistiques", Icon: "chart-column"},
		{Label: "Démarches", URL: "/agents/demarches", Icon: "folder-open"},
	}
	if me.Actor.MayAdminister() {
		if setup := v.scope.Settings.Setup; setup.Started && !setup.Finished {
			f.Nav = append(f.Nav, web.NavItem{Label: "Mise en route", URL: setupPath, Icon: "circle-check"})
		}
		f.Banner = trialBanner(v.scope.Tenant, v.scope.Tenant.Territory().Today(s.Clock()))
		f.Nav = append(f.Nav, web.NavItem{Label: "Assistance", URL: staff.SupportPage, Icon: "key-round"}, web.NavItem{Label: "Équipe", URL: "/agents/equipe", Icon: "users"},
			web.NavItem{Label: "Réglages", URL: "/agents/reglages", Icon: "settings"})
	}
	f.User = &web.User{Name: me.Agent.Name(), URL: "/agents/compte", SignOut: "/agents/deconnexion"}
	return f
}

// done answers a POST that succeeded.
func (s *Server) done(v visit, sentence, path string) error {
	s.UI.SetFlash(v.w, v.r, web.Success, sentence)
	web.Redirect(v.w, v.r, path)
	return nil
}
