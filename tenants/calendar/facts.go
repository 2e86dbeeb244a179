package calendar

// Sending is what was sent to the administration (envoi, CRPA L.112-11). The zero
// Sending is a request.
type Sending string

// What is sent.
const (
	SentRequest     Sending = "request"     // demande, réclamation, recours gracieux (L.110-1)
	SentDeclaration Sending = "declaration" // déclaration
	SentDocument    Sending = "document"    // a document, for a request or not
	SentInformation Sending = "information" // a question, a piece of information
	SentPayment     Sending = "payment"     // a payment in a téléservice
)

// Channel is how it came. The zero Channel is "not known": no receipt is then dated.
type Channel string

// The channels that the law tells apart. What is said by telephone or brought to the
// counter is under the paper regime.
const (
	ByPortal  Channel = "portal"
	ByEmail   Channel = "email"
	ByPost    Channel = "post"
	ByCounter Channel = "counter"
)

// Regime says which of the two bodies of rules on receipts holds.
type Regime string

// The regimes.
const (
	RegimeElectronic Regime = "electronic" // CRPA L.112-11, R.112-11-1: ARE, and AEE where it is not instant
	RegimePaper      Regime = "paper"      // CRPA L.112-3, R.112-5: letter, counter, telephone
)

// Regime gives the regime of a channel; none for an unknown one.
func (c Channel) Regime() Regime {
	switch c {
	case ByPortal, ByEmail:
		return RegimeElectronic
	case ByPost, ByCounter:
		return RegimePaper
	default:
		return ""
	}
}

// Route is the way of appeal against a refusal.
type Route string

// The routes.
const (
	RouteNone     Route = ""         // nothing is decided, or another authority is named
	RouteCourt    Route = "court"    // tribunal administratif (CJA R.421-1)
	RouteCADA     Route = "cada"     // CADA first (CRPA L.342-1, R.343-1), then the court
	RoutePrefect  Route = "prefect"  // the prefect first (attestation d'accueil), then the court
	RoutePlanning Route = "planning" // the court; a recours gracieux extends nothing (C. urb. L.600-12-2)
)

// Contested is the decision that a recours gracieux contests: the day on which it was notified
// or, for who did not get it, on which the board was seen on the site. None: not known.
type Contested struct {
	On        Date
	Displayed bool
}

// Receipt says what became of the receipt (AR, ARE), on which the time for appeal
// hangs (CRPA L.112-6, L.112-12).
type Receipt string

// The states of a receipt. The zero one supposes that it is regular, as dates that
// are foretold do.
const (
	ReceiptSupposed   Receipt = ""
	ReceiptComplete   Receipt = "complete"   // sent, with every mention
	ReceiptIncomplete Receipt = "incomplete" // sent, and a mention lacks
	ReceiptMissing    Receipt = "missing"    // not sent
)

// Facts is what the legal dates of a request depend on. What is zero did not happen,
// or is not known.
type Facts struct {
	Rule      Rule
	Territory Territory
	Sending   Sending
	Channel   Channel
	// Delivery marks the mere delivery of a document or a service that the law gives
	// whoever fulfils conditions, and Abusive what an agent has found abusive: no
	// receipt is then due on paper (R.112-4), nor for the latter electronically (L.112-11).
	Delivery, Abusive bool
	// FirstReceived is the day on which any administration received the request;
	// a rejection runs from it (L.114-3).
	FirstReceived Date
	// CompetentReceived is the day on which the competent one did, if it was
	// transmitted (L.114-2); an acceptance and the receipt run from it. None: the same day.
	CompetentReceived Date
	Notices           []Notice
	Suspensions       []Suspension
	// Event is the day for which the request was made (a fair, a stall), if
	// any: a silence that comes too late for it gives a warning, and a declaration has to
	// come so many days before it ([Rule.Filing]).
	Event Date
	// Incidents are outages of the service: an applicant's own time that ended in one
	// goes on until the first working day after it.
	Incidents []Incident

	Route Route
	// Review says that what is asked is itself to think again of a decision (recours
	// gracieux): a second one interrupts nothing. In urban planning the time for going to
	// court runs from that decision, which is Contested.
	Review    bool
	Contested Contested
	Residence Residence
	Receipt   Receipt
	Refusal   Refusal
	Reasons   Reasons
	Prior     Prior
	// Gracious is the day on which a recours gracieux against the refusal was received, and
	// GraciousAnswered that on which its rejection was notified; none, it is not answered.
	Gracious, GraciousAnswered Date
	// Extended is the day on which the person was told that a complex answer takes two
	// months more (GDPR art. 12.3).
	Extended Date
}

// Notice is a request for the papers missing from a file (CRPA L.114-5).
type Notice struct {
	// Notified is the day on which the applicant was notified of the list.
	Notified Date
	// Limit is the last day given to produce them. A rejection rule needs it;
	// an acceptance rule does not, as its period waits for the papers themselves. In urban
	// planning the law gives three months (C. urb. R*423-39), and no other day can be set.
	Limit Date
	// Complete is the day on which all were received; none, not yet.
	Complete Date
	// Dispensable marks papers that the grant of a right does not need: asking
	// for them moves no date (L.114-5-1).
	Dispensable bool
}

// Suspension is a suspension on suspicion of fraud to a public aid (CRPA
// L.115-3): notified with its end, at most three months later; it is renewed on
// new elements by another one.
type Suspension struct {
	Notified Date
	Until    Date
}

// Incident is an outage, from its first day to its last, both included.
type Incident struct {
	From, Until Date
	Cause       string // French, to be quoted ("panne de la messagerie"); may be empty
}

// Refusal is an express refusal: the day it was notified, and whether the
// notification named the ways and times of appeal (CJA R.421-5).
type Refusal struct {
	Notified Date
	Regular  bool
}

// Reasons are those of a silent rejection: asked for by the applicant within the time
// for appeal, and given by the town (CRPA L.232-4).
type Reasons struct {
	Asked, Given Date
}

// Prior is the compulsory appeal to an authority (RAPO): the CADA, the prefect. Seized
// is the day it was; Registered that on which the CADA recorded it, or the prefect received it.
type Prior struct {
	Seized, Registered Date
}
