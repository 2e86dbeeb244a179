package catalogue

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

const (
	formatVersion = 1
	maxDefinition = 512 << 10 // bytes of a procedure, form included
	maxCarrying   = 4 << 20   // bytes of a file that carries tables too
)

// Kind says what is sent to the commune, which decides its legal effects.
type Kind string

// The kinds of procedure, as table request holds them.
const (
	KindRequest     Kind = "request"     // demande: an answer is due
	KindDeclaration Kind = "declaration" // déclaration: recorded, not decided
	KindReport      Kind = "report"      // signalement
	KindInformation Kind = "information" // a simple question or document
)

// Route is the way of appeal against a refusal.
type Route string

// The routes.
const (
	RouteNone  Route = ""      // nothing is decided, or the letter names another authority
	RouteCourt Route = "court" // tribunal administratif (CJA R.421-1)
	RouteCADA  Route = "cada"  // CADA first (CRPA L.342-1, R.343-1), then the court
	// RoutePrefect: the prefect first (attestation d'accueil: CESEDA R.313-12 ff.), then the court.
	RoutePrefect Route = "prefect"
	// RoutePlanning: the court; a recours gracieux within a month extends nothing (C. urb. L.600-12-2).
	RoutePlanning Route = "planning"
)

// Outcome is how a request ends, or a step of it that has a letter.
type Outcome string

// The outcomes. The first six are decided by an agent; the implicit ones by
// silence; documents is the notice of missing pieces (CRPA L.114-5).
const (
	OutcomeAccept             Outcome = "accept"
	OutcomePartial            Outcome = "partial" // a part is granted, the rest refused
	OutcomeRefuse             Outcome = "refuse"
	OutcomeAnswer             Outcome = "answer"
	OutcomeRegister           Outcome = "register"
	OutcomeClose              Outcome = "close"
	OutcomeImplicitAcceptance Outcome = "implicit_acceptance"
	OutcomeImplicitRejection  Outcome = "implicit_rejection"
	OutcomeDocuments          Outcome = "documents"
	// OutcomeWithdrawal takes a decision that granted back as if it had never been (retrait),
	// OutcomeRepeal ends it from now on (abrogation): CRPA L.240-1, L.242-1 ff. OutcomeHearing
	// is the letter that invites to observe before either (L.121-1, L.122-1).
	OutcomeWithdrawal Outcome = "withdrawal"
	OutcomeRepeal     Outcome = "repeal"
	OutcomeHearing    Outcome = "hearing"
)

// Doubts gives the points of law that are not settled: those of the version, and those
// that the library has come to know since.
func (e Entry) Doubts() []Doubt {
	out := slices.Clone(e.Procedure().ToVerify)
	if m, ok := Model(e.Model); ok {
		for _, d := range m.ToVerify {
			if !slices.ContainsFunc(out, func(known Doubt) bool { return known.Subject == d.Subject }) {
				out = append(out, d)
			}
		}
	}
	return out
}

// Binds tells whether an outcome carries a time limit once it is notified: a decision
// that can be contested. An answer and a récépissé do not.
func (o Outcome) Binds() bool {
	switch o {
	case OutcomeAccept, OutcomePartial, OutcomeRefuse, OutcomeClose, OutcomeWithdrawal, OutcomeRepeal, OutcomeHearing:
		return true
	}
	return false
}

// Signed tells whether an outcome is a decision, which bears the name and the quality of who
// signs it (CRPA L.212-1).
func (o Outcome) Signed() bool { return o == OutcomeAccept || o.Refuses() }

// Refuses tells whether an outcome denies, in whole or in part, or takes back what was asked for: the ways and
// times of appeal and the reasons are then compulsory (CRPA L.211-2; CJA R.421-5).
func (o Outcome) Refuses() bool {
	return o == OutcomeRefuse || o == OutcomePartial || o == OutcomeWithdrawal || o == OutcomeRepeal
}

// Procedure is one démarche, as a version of it holds it. It comes from
// [ParseProcedure] or [Models], is never changed afterwards, and may be shared by any
// number of goroutines. To publish a change, take a [Procedure.Copy].
type Procedure struct {
	Format           int                `json:"format"`
	Slug             string             `json:"slug"`
	Title            string             `json:"title"`
	Summary          string             `json:"summary"`
	Kind             Kind               `json:"kind"`
	LifeEvent        string             `json:"life_event"` // slug of a [LifeEvent]
	Service          string             `json:"service"`    // default service's name
	Keywords         []string           `json:"keywords,omitempty"`
	Intro            []string           `json:"intro"` // paragraphs
	Bring            []Piece            `json:"bring"`
	Cost             string             `json:"cost"`
	Minutes          int                `json:"minutes"`    // to fill the form in
	Commitment       int                `json:"commitment"` // working days in which the town promises to answer; 0: no promise
	Nature           *Nature            `json:"nature,omitempty"`
	Silence          calendar.Rule      `json:"silence"`
	SilenceWarning   string             `json:"silence_warning,omitempty"` // shown beside the rule, where somebody would rely on it
	Route            Route              `json:"route"`
	PublicAid        bool               `json:"public_aid,omitempty"`      // asks for a public aid; see [Procedure.Aid]
	Review           bool               `json:"review,omitempty"`          // itself asks to think again (recours gracieux): a second one interrupts nothing
	Contested        *Contested         `json:"contested,omitempty"`       // where such a request says from when the decision that it contests binds
	PaperExemption   string             `json:"paper_exemption,omitempty"` // "R.112-4 2°": no receipt for the same by letter
	Publicity        *Publicity         `json:"publicity,omitempty"`       // third parties are told of its requests; see [Procedure.Publishes]
	Event            *EventRule         `json:"event,omitempty"`
	Alternatives     Alternatives       `json:"alternatives"`
	Identity         int                `json:"identity"` // IdentityNone to IdentityPresence; see Entry.Level
	Retention        Retention          `json:"retention"`
	Notice           Notice             `json:"notice"`
	ToVerify         []Doubt            `json:"to_verify,omitempty"`
	Letters          map[Outcome]Letter `json:"letters"`
	Redirect         string             `json:"redirect,omitempty"` // https address, where the law puts the procedure elsewhere
	Form             *forms.Definition  `json:"form,omitempty"`
	Workflow         *workflow.Workflow `json:"workflow,omitempty"` // how it is treated; nil: in one go, by the service in charge
	Tables           []PortableTable    `json:"tables,omitempty"`   // of a file: what the form draws from, for a commune that lacks it; never kept with a version
	checksum         string
	text             []byte // canonical JSON, of the library's models alone: they are installed often
	searchTitle      string
	searchKeywords   string
	searchEverything string
}

// The levels of identity that a procedure asks for (law.md §4).
const (
	IdentityNone     = 0 // anonymous is possible
	IdentityContact  = 1 // name, postal and e-mail address (CRPA R.112-9-1)
	IdentityAccount  = 2 // as 1; in a definition an account is advice, as a commune's choice it is asked for
	IdentityState    = 3 // FranceConnect, always with an alternative
	IdentityPresence = 4 // as 1 on the web, and in person at the counter
)

// Piece is a document or a fact to bring, and the text that requires it: only
// pieces that a text requires may be asked for (CRPA L.114-5).
type Piece struct {
	Label         string `json:"label"`
	Detail        string `json:"detail,omitempty"`
	LegalBasis    string `json:"legal_basis"`
	Indispensable bool   `json:"indispensable"`   // not so: instruction goes on without it (L.114-5-1)
	Field         string `json:"field,omitempty"` // the form's file field, if it is sent there
}

// EventRule ties a procedure to the day it is for: a fair, a stall, works.
type EventRule struct {
	Field      string `json:"field"`              // date field of the form
	MinDays    int    `json:"min_days,omitempty"` // wanted before that day
	MaxDays    int    `json:"max_days,omitempty"` // and not sooner than so many before it; 0: as early as one likes
	Clear      bool   `json:"clear,omitempty"`    // jours francs: neither the day of filing nor that day counts
	LegalBasis string `json:"legal_basis,omitempty"`
	Late       string `json:"late,omitempty"`  // sentence shown to whoever files later
	Early      string `json:"early,omitempty"` // and to whoever files sooner
}

// Contested names the date fields of the form that say when the decision that a recours
// gracieux contests was notified and, for who did not get it, when its board was seen.
type Contested struct {
	Notified  string `json:"notified"`
	Displayed string `json:"displayed,omitempty"`
}

// Alternatives says what can be done without a screen (CE 3 June 2022, n° 452798).
type Alternatives struct {
	Counter string `json:"counter"`
	Phone   string `json:"phone"`
	Post    string `json:"post"`
}

// Retention is the proposed durée d’utilité administrative, to be agreed with the
// Archives départementales before anything is destroyed.
type Retention struct {
	Period     string `json:"period"` // French
	Months     int    `json:"months"`
	Disposal   string `json:"disposal"` // elimination, conservation, tri
	LegalBasis string `json:"legal_basis"`
}

// Notice is a procedure's own part of the information of GDPR art. 13; the
// commune's settings give the rest ([NoticeFor]).
type Notice struct {
	Purpose     string   `json:"purpose"`
	Basis       string   `json:"basis"` // 6.1.c, 6.1.e
	BasisText   string   `json:"basis_text"`
	Recipients  []string `json:"recipients"`
	Retention   string   `json:"retention"`
	Consequence string   `json:"consequence"` // what is compulsory, and what happens without
}

// Doubt is a point of law that is not settled, for the agents who publish.
type Doubt struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// Letter is the wording of an outcome: paragraphs with {{placeholders}}.
type Letter struct {
	Subject string   `json:"subject"`
	Body    []string `json:"body"`
}

// ParseProcedure reads a procedure strictly: no unknown or repeated key, a known format, at
// most 512 KB without the tables that it may carry, 4 MB with them. It does not judge the content: [Procedure.Check] does. What cannot be read is
// the fault "procedure_unreadable", a form that cannot be read is the form's own.
func ParseProcedure(data []byte) (*Procedure, error) {
	limit := maxDefinition
	if bytes.Contains(data, []byte(`"tables"`)) {
		limit = maxCarrying
	}
	if err := forms.Strict(data, limit, reflect.TypeFor[Procedure]()); err != nil {
		f := fault.Of(err)
		switch {
		case f.Kind == fault.TooLarge:
			return nil, fault.New(fault.TooLarge, "procedure_too_large")
		case len(f.Fields) > 0 && strings.HasPrefix(f.Fields[0].Path, "form/"):
			return nil, err
		}
		return nil, fault.New(fault.Invalid, "procedure_unreadable", f.Fields...)
	}
	type plain Procedure
	var p Procedure
	wire := struct {
		*plain
		Form json.RawMessage `json:"form,omitempty"`
	}{plain: (*plain)(&p)}
	if err := json.Unmarshal(data, &wire); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			path := strings.ReplaceAll(strings.TrimPrefix(wrong.Field, "plain."), ".", "/")
			return nil, fault.New(fault.Invalid, "procedure_unreadable", fault.Field{Path: path, Code: "wrong_type"})
		}
		return nil, fault.New(fault.Invalid, "procedure_unreadable")
	}
	if p.Format != formatVersion {
		return nil, fault.New(fault.Invalid, "procedure_format", fault.Field{Path: "format", Code: "unsupported"})
	}
	if len(wire.Form) > 0 {
		form, err := forms.Parse(wire.Form)
		if err != nil {
			f := fault.Of(err)
			for i := range f.Fields {
				f.Fields[i].Path = "form/" + f.Fields[i].Path
			}
			return nil, f
		}
		p.Form = form
	}
	if len(data) > maxDefinition && !p.fits() {
		return nil, fault.New(fault.TooLarge, "procedure_too_large")
	}
	return p.sealed()
}

// fits tells whether the procedure, without the tables that its file carries, is small enough to be kept.
func (p *Procedure) fits() bool {
	own := *p
	own.Tables = nil
	text, err := json.Marshal(&own)
	return err == nil && len(p.Tables) > 0 && len(text) <= maxDefinition
}

// sealed computes once what every reader needs.
func (p *Procedure) sealed() (*Procedure, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fault.New(fault.Invalid, "procedure_unreadable")
	}
	sum := sha256.Sum256(text)
	p.checksum = hex.EncodeToString(sum[:])
	p.searchTitle = fold.Words(p.Title)
	for _, k := range p.Keywords {
		p.searchKeywords += " " + fold.Words(k)
	}
	p.searchEverything = fold.Words(p.Summary)
	for _, s := range p.Intro {
		p.searchEverything += " " + fold.Words(s)
	}
	return p, nil
}

// Copy gives a procedure of one's own, to be changed and published.
func (p *Procedure) Copy() (*Procedure, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fault.New(fault.Invalid, "procedure_unreadable")
	}
	return ParseProcedure(text)
}

// json gives the procedure's canonical JSON.
func (p *Procedure) json() ([]byte, error) {
	if p.text != nil {
		return p.text, nil
	}
	return json.Marshal(p)
}

// Checksum gives the SHA-256 of the procedure's canonical JSON, in hexadecimal.
func (p *Procedure) Checksum() string { return p.checksum }

// Outcomes gives what an agent may decide, in the order of a page: the outcomes
// that have a letter. A request that can be granted and refused can be granted in part, but
// in urban planning, where a permit or an opposition is whole (C. urb. L.424-1 ff.).
func (p *Procedure) Outcomes() []Outcome {
	var out []Outcome
	_, accepts := p.Letters[OutcomeAccept]
	_, refuses := p.Letters[OutcomeRefuse]
	parts := accepts && refuses && p.Kind == KindRequest && p.Silence.Code != calendar.Planning
	for _, o := range [...]Outcome{OutcomeAccept, OutcomePartial, OutcomeRegister, OutcomeAnswer, OutcomeRefuse, OutcomeClose} {
		if _, ok := p.Letters[o]; ok || o == OutcomePartial && parts {
			out = append(out, o)
		}
	}
	return out
}
