package notify

import (
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Rendered is a message ready to be stored. HTML and Subject are empty for a text
// message. Links stand in Text and HTML as [Absolute] describes.
type Rendered struct{ Subject, Text, HTML string }

// Data is what a message says: one of the structs of this package.
type Data interface{ template() string }

// TemplateOf gives the name under which a message's kind is stored ("receipt",
// "letter_decision", "sms_received"…).
func TemplateOf(d Data) string { return d.template() }

// Paragraph is a titled part of a legal text; the title may be empty. Items, where
// there are any, are a list after the text.
type Paragraph struct {
	Title string
	Text  []string
	Items []string
}

// Receipt is an accusé de réception, on paper (CRPA R.112-5) or electronic (ARE,
// R.112-11-1): the e-mail, and the text to print. That of a declaration is no
// récépissé: the town hall gives one once it has checked the declaration.
type Receipt struct {
	Electronic   bool
	Number       string // printed as it is, never parsed: it may be a placeholder of letters, figures and -_.~
	TrackingCode string
	Title        string // the procedure's
	Applicant    string
	OnBehalfOf   string
	ReceivedOn   calendar.Date // civil date in the commune
	ReceivedAt   time.Time     // in the commune's zone; its hour is printed where it falls on ReceivedOn
	Declaration  bool
	Document     bool        // of a document sent for a request that we have already
	Message      bool        // of a message about it
	Mentions     []Paragraph // every mention that the law wants, in order; all are printed
	Warnings     []string
	Path         string // follow-up page
}

// Registration is an accusé d'enregistrement électronique (AEE, CRPA L.112-11 and
// R.112-11-1): it proves the date of reception and says nothing else.
type Registration struct {
	Number, TrackingCode, Title, Applicant string
	ReceivedOn                             calendar.Date
	ReceivedAt                             time.Time
	Path                                   string
}

// CitizenMessage tells a citizen that an agent wrote, with what they wrote. The
// agent's name, quality and service stand in it (CRPA L.111-2).
type CitizenMessage struct {
	Number, Title, Applicant, Author, AuthorTitle, Service, Body, Path string
}

// Kinds of letters.
const (
	LetterDocuments = "documents" // pieces are missing (CRPA L.114-5)
	LetterDecision  = "decision"
	LetterImplicit  = "implicit" // silence took effect
	LetterComplete  = "complete" // all the pieces have come (CRPA R.112-11-4)

	LetterAttestation = "attestation" // of a silent acceptance (CRPA L.232-3)
	LetterReasons     = "reasons"     // of a silent refusal (CRPA L.232-4)
	LetterHearing     = "hearing"     // invites to observe before a decision is taken back (CRPA L.122-1)
	LetterNewDate     = "new_date"    // the last day is another one than was told
	LetterSuspended   = "suspended"   // on a suspicion of fraud to an aid (CRPA L.115-3)
	LetterRegularise  = "regularise"  // a flaw of form is to be put right (CRPA L.114-6)
	LetterResumed     = "resumed"     // a suspension has ended before its day
)

// Letter is a whole letter, composed by the catalogue: paragraphs of Body are
// separated by blank lines. Subject is the letter's own « Objet ».
type Letter struct {
	Kind, Number, Title, Applicant, Subject, Body, Path string
}

// DecisionPosted tells that an answer leaves on paper. It says nothing of what was
// decided: it is no notification, and no time runs from it. Binds says that the letter can be
// contested.
type DecisionPosted struct {
	Number, Title, Applicant string
	DecidedOn                calendar.Date
	Binds                    bool
	Path                     string
}

// SourceWarning warns who sent a significant number of the same, before anything is blocked
// (CRPA L.112-11).
type SourceWarning struct {
	Count int
	Day   calendar.Date
}

// Transmitted tells that a request is with the administration that is competent for it
// (CRPA L.114-2): who that is, and what its silence means. There is the request's number
// with it; Receipt says that a receipt comes from there. An outside administration gives
// neither.
type Transmitted struct {
	Number, Title, Applicant    string
	To, Address, Email, Phone   string
	There, Reason, Rule, Path   string
	FirstReceivedOn, ReceivedOn calendar.Date // ReceivedOn: by them; zero where it is not known
	Receipt                     bool
}

// TransmissionFile tells an outside administration that a request is for it, and where the
// file can be read. Its text is erased from its row once it is sent. It names nobody.
type TransmissionFile struct {
	Number, Title, To, Reason, Code, Path string
	FirstReceivedOn, Until                calendar.Date
}

// Closed confirms that a request was withdrawn as its author wished.
type Closed struct{ Number, Title, Applicant, Path string }

// AgentDigest is an agent's morning list. It names no citizen. The counts may be
// larger than the lists.
type AgentDigest struct {
	Agent                           string
	Day                             calendar.Date
	Late, Due, Fresh, Unnotified    []DigestLine
	Lapsed                          []DigestLine // decided by silence since the last digest
	LateCount, DueCount, FreshCount int
	Receipts                        []DigestLine // whose receipt is still to leave; DueOn is its last day
	ReceiptCount                    int
	Path                            string
}

// DigestLine is a request in a digest; DueOn may be zero.
type DigestLine struct {
	Number, Title string
	DueOn         calendar.Date
	Path          string
}

// AgentInvited tells a person that an access was opened for them, as an agent or as
// a hub's administrator. It holds no code: Path is the page that mails one.
type AgentInvited struct{ Agent, Path string }

// DomainWarning tells an administrator of a commune what has become of one of its own
// host names. Kind is the one that tenants/domains gives.
type DomainWarning struct {
	Kind   string // lost_dns, given_up or expiring
	Agent  string
	Host   string
	EndsOn calendar.Date // of the certificate, where it is expiring
	Path   string
}

// OpeningCode carries to a town hall's official address the code that proves that
// somebody speaks for it, and says who asks. It is sent at once and stored nowhere.
type OpeningCode struct {
	Commune, Applicant, Position, Email, Code string
	Minutes                                   int
}

// OpeningAsked tells an administrator of a hub that a commune asks to be opened.
type OpeningAsked struct{ Commune, Path string }

// OpeningRefused tells an applicant that their commune is not opened, and why.
type OpeningRefused struct{ Applicant, Commune, By, Reason, Path string }

// TrialEnding tells an administrator that the commune's trial ends, or has ended.
type TrialEnding struct {
	Agent            string
	EndsOn, ClosesOn calendar.Date
	Over             bool
	Path             string
}

// ResumeCode lets a person go on with a draft on another device. Its text is
// erased from its row once it is sent.
type ResumeCode struct {
	Title, Code string
	ExpiresOn   calendar.Date
	Path        string
}

// SMSReceived says by SMS that a request has come.
type SMSReceived struct{ Number, TrackingCode string }

// SMSDocuments says by SMS that pieces are missing.
type SMSDocuments struct {
	Number  string
	LimitOn calendar.Date
}

// SMSDecision says by SMS that a request was answered.
type SMSDecision struct{ Number string }

// SMSDecisionPosted says by SMS that a request was answered, on paper.
type SMSDecisionPosted struct{ Number string }

// SMSLapsed says by SMS that the time for answering is over: silence decided.
type SMSLapsed struct{ Number string }

// SMSTransmitted says by SMS that a request is with another administration.
type SMSTransmitted struct{ Number string }

// SMSMessage says by SMS that an agent wrote.
type SMSMessage struct{ Number string }

// SupportNotice tells a step of a support access: "asked", "granted", "refused" or
// "ended". Path is where the commune answers; empty for the hub's administrator.
type SupportNotice struct {
	Agent, Step, Admin, Hub, Commune, Reason, Until, By, Path string
	Hours                                                     int
}

// CourierMail is a mail of the identity provider, sent at once and stored nowhere
// of ours. Purpose is the one that identity.ParseCourier gives.
type CourierMail struct {
	Purpose string // registration, verification, recovery, invitation, already_registered
	Code    string // six figures; not shown to somebody who has an account already
	Path    string // page where it is typed, or ""
	Minutes int    // how long it holds; 0 says nothing
}

func (SupportNotice) template() string     { return "support" }
func (Receipt) template() string           { return "receipt" }
func (Registration) template() string      { return "registration" }
func (CitizenMessage) template() string    { return "message" }
func (l Letter) template() string          { return "letter_" + l.Kind }
func (DecisionPosted) template() string    { return "decision_posted" }
func (SourceWarning) template() string     { return "source_warning" }
func (Transmitted) template() string       { return "transmitted" }
func (TransmissionFile) template() string  { return "transmission_file" }
func (Closed) template() string            { return "closed" }
func (AgentDigest) template() string       { return "digest" }
func (AgentInvited) template() string      { return "agent_invited" }
func (DomainWarning) template() string     { return "domain_warning" }
func (OpeningCode) template() string       { return "opening_code" }
func (OpeningAsked) template() string      { return "opening_asked" }
func (OpeningRefused) template() string    { return "opening_refused" }
func (TrialEnding) template() string       { return "trial_ending" }
func (ResumeCode) template() string        { return "resume_code" }
func (SMSReceived) template() string       { return "sms_received" }
func (SMSDocuments) template() string      { return "sms_documents" }
func (SMSDecision) template() string       { return "sms_decision" }
func (SMSDecisionPosted) template() string { return "sms_decision_posted" }
func (SMSLapsed) template() string         { return "sms_lapsed" }
func (SMSTransmitted) template() string    { return "sms_transmitted" }
func (SMSMessage) template() string        { return "sms_message" }

func (c CourierMail) template() string {
	switch c.Purpose {
	case "registration", "verification":
		return "verification_code"
	case "recovery":
		return "recovery_code"
	case "invitation":
		return "invitation"
	case "already_registered":
		return "account_exists"
	default:
		return "courier_" + c.Purpose // no such template: Render refuses it
	}
}

// StepNews is what a town has its workflow write when a request comes to a step: to the citizen, to a service or to an address.
// Subject is the town's own, and holds nothing of a person.
type StepNews struct {
	Number, Subject, Body, Path string
	Citizen                     bool
}

// OpinionAsked asks a service, or somebody outside, for an opinion on a request.
type OpinionAsked struct {
	Number, Title, Service, Body string
	DueOn                        calendar.Date
	Outside                      bool // they answer by e-mail: the pages are the agents'
	Path                         string
}

// SMSStep is a text message of a town's workflow.
type SMSStep struct{ Number, Text string }

func (StepNews) template() string     { return "step_news" }
func (OpinionAsked) template() string { return "opinion_asked" }
func (SMSStep) template() string      { return "sms_step" }
