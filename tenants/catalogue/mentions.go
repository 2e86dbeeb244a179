package catalogue

import (
	"cmp"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Regime says which of the two bodies of rules on receipts holds.
type Regime string

// The regimes.
const (
	RegimeElectronic Regime = "electronic" // CRPA L.112-11, R.112-11-1: ARE, and AEE where it is not instant
	RegimePaper      Regime = "paper"      // CRPA L.112-3, R.112-5: letter, counter, phone
)

// The exemptions from a receipt.
const (
	ExemptAbusive  = "abusive"       // L.112-11 (electronic), R.112-4 1° (paper)
	ExemptDelivery = "R.112-4 2°"    // paper alone: mere delivery of a document that the law gives
	ExemptNoAsk    = "not_a_request" // paper alone: L.112-3 speaks of requests, not of declarations or information
)

// ExemptionText says in French, to agents, why no receipt is due; "" for none of ours.
func ExemptionText(exemption string) string {
	switch exemption {
	case ExemptAbusive:
		return "Aucun accusé de réception n’est dû\u00a0: l’envoi est abusif par son nombre ou sa répétition (CRPA, articles\u00a0L.112-11 et R.112-4, 1°)."
	case ExemptDelivery:
		return "Aucun accusé de réception n’est obligatoire sur papier\u00a0: la loi prévoit ce document, et l’administration ne fait que vérifier les conditions (CRPA, article\u00a0R.112-4, 2°)."
	case ExemptNoAsk:
		return "Aucun accusé de réception n’est obligatoire sur papier pour ce qui n’est pas une demande (CRPA, article\u00a0L.112-3)."
	}
	return ""
}

// electronic tells whether what comes by a channel is under the electronic regime.
func electronic(channel string) bool {
	return channel == "web" || channel == "api" || channel == "email"
}

// Facts is what the mentions of one receipt depend on. The dates are tenants/calendar's.
type Facts struct {
	Channel       string        // web, api, email; counter, phone, post
	Payment       bool          // an online payment, which gets a receipt too (L.112-11)
	Abusive       bool          // by number or repetition, as an agent has found (L.112-2, L.112-11)
	ReceivedOn    calendar.Date // the commune's civil date
	LastDay       calendar.Date // last day of silence; none where silence decides nothing or waits for pieces
	AppealLastDay calendar.Date // last day to appeal against the silent rejection, if computed
	Incomplete    *Incomplete   // set where pieces are missing
}

// Incomplete is what a receipt says of a file that lacks pieces (CRPA L.114-5,
// R.112-11-4). The last day that it changes is [Facts.LastDay], already counted anew.
type Incomplete struct {
	Pieces []Piece
	Limit  calendar.Date // day given to produce them
}

// Acknowledgement says under which regime something was received, and whether a
// receipt is due (law.md R1).
type Acknowledgement struct {
	Regime    Regime
	Due       bool
	Exemption string // why not: ExemptAbusive, ExemptDelivery, ExemptNoAsk
	Basis     string // the article, in French
}

// Acknowledge tells whether a receipt is due, as the calendar says (law.md R1): what is exempt
// is decided there alone.
func Acknowledge(p *Procedure, f Facts) Acknowledgement {
	law := calendar.Facts{Channel: calendar.ByCounter, Sending: calendar.SentRequest, Delivery: p.PaperExemption == ExemptDelivery, Abusive: f.Abusive}
	a := Acknowledgement{Regime: RegimePaper, Basis: "CRPA, article\u00a0L.112-3"}
	if electronic(f.Channel) {
		law.Channel = calendar.ByPortal
		a = Acknowledgement{Regime: RegimeElectronic, Basis: "CRPA, article\u00a0L.112-11"}
	}
	switch {
	case f.Payment:
		law.Sending = calendar.SentPayment
	case p.Kind == KindDeclaration:
		law.Sending = calendar.SentDeclaration
	case p.Kind == KindInformation:
		law.Sending = calendar.SentInformation
	}
	article, _ := law.ReceiptExemption()
	switch {
	case article == "":
		a.Due = true
	case f.Abusive:
		a.Exemption = ExemptAbusive
	case law.Sending != calendar.SentRequest:
		a.Exemption = ExemptNoAsk
	default:
		a.Exemption = ExemptDelivery
	}
	if rest, numbered := strings.CutPrefix(article, "CRPA R.112-4 "); numbered {
		a.Basis = "CRPA, article\u00a0R.112-4, " + rest
	}
	return a
}

// Contact is how a service is reached, completed by the town hall's own settings.
type Contact struct {
	Name          string
	PostalAddress string
	Email         string
	Phone         string
}

// ContactFor gives how the service in charge is reached. What the service does not
// have of its own is the town hall's.
func ContactFor(e Entry, s tenants.Settings) Contact {
	return Contact{
		Name:          e.Service.Name,
		PostalAddress: cmp.Or(e.Service.PostalAddress, s.PostalAddress),
		Email:         cmp.Or(e.Service.Email, s.Email),
		Phone:         cmp.Or(e.Service.Phone, s.Phone),
	}
}

// Mentions is everything that one receipt must bear (CRPA R.112-5 on paper,
// R.112-11-1 electronically), with what that depends on. A receipt whose
// [Mentions.Complete] is false must not be sent: it would not start the time for
// appeal (L.112-6, L.112-12).
type Mentions struct {
	Acknowledgement
	Kind       Kind
	Title      string // the procedure's; of a document sent later, its name
	ReceivedOn calendar.Date
	Service    Contact
	// Silence is the effect that the receipt announces: Acceptance, Rejection, or
	// None where it announces none.
	Silence calendar.Effect
	Months  int
	Rule    calendar.Rule // the procedure's, whatever it announces
	Source  string        // article of the effect
	Warning string        // « à vérifier », to be shown to agents
	LastDay calendar.Date
	// SubjectToCompleteness: « sous réserve que la demande soit complète », an electronic mention.
	SubjectToCompleteness bool
	// Attestation: an attestation of the silent acceptance can be asked for (L.232-3).
	Attestation bool
	// Appeal is set where silence means rejection.
	Appeal        *Appeal
	AppealLastDay calendar.Date
	Incomplete    *Incomplete
	// Commitment is the service's promise, in working days; 0: none. No text asks for it.
	Commitment int
}

// ReceiptMentions gives the mentions of the receipt in this case. Where none is due
// ([Acknowledgement.Due]) they are still given, for a courtesy.
func ReceiptMentions(e Entry, s tenants.Settings, f Facts) Mentions {
	p := e.Procedure()
	m := Mentions{
		Acknowledgement: Acknowledge(p, f),
		Kind:            p.Kind, Title: p.Title,
		ReceivedOn: f.ReceivedOn, Service: ContactFor(e, s), Silence: calendar.None,
	}
	if !f.Payment {
		m.Commitment = p.Commitment
	}
	if f.Payment || !p.Silence.Effect.Decides() {
		m.Incomplete = f.Incomplete
		return m
	}
	m.Rule = p.Silence
	m.Silence, m.Months, m.Source, m.Warning = p.Silence.Effect, p.Silence.Months, p.Silence.Source, p.SilenceWarning
	m.LastDay, m.Incomplete = f.LastDay, f.Incomplete
	m.SubjectToCompleteness = m.Regime == RegimeElectronic
	if m.Silence == calendar.Acceptance {
		m.Attestation = true
		return m
	}
	m.Appeal = AppealFor(e, s)
	m.AppealLastDay = f.AppealLastDay
	return m
}

// RegistrationMentions gives the mentions of a registration notice (accusé
// d’enregistrement électronique, AEE): the date of reception, and nothing else is
// required (R.112-11-1).
func RegistrationMentions(received calendar.Date) Mentions {
	return Mentions{
		Acknowledgement: Acknowledgement{Regime: RegimeElectronic, Due: true, Basis: "CRPA, article\u00a0L.112-11"},
		ReceivedOn:      received, Silence: calendar.None, Kind: kindRegistration,
	}
}

// What is acknowledged beside requests: a registration notice, and what is sent for a
// request that the town has already.
const (
	kindRegistration Kind = "registration"
	KindDocument     Kind = "document"
	KindMessage      Kind = "message"
)

// SendingMentions gives the mentions of the receipt of what somebody sends electronically
// for a request that the town has already, a document or a message: every "envoi" has one
// (CRPA L.112-11), which tells the day and the service alone (R.112-11-1).
func SendingMentions(e Entry, s tenants.Settings, kind Kind, label string, received calendar.Date) Mentions {
	return Mentions{
		Acknowledgement: Acknowledgement{Regime: RegimeElectronic, Due: true, Basis: "CRPA, article\u00a0L.112-11"},
		Kind:            kind, Title: label, ReceivedOn: received, Service: ContactFor(e, s), Silence: calendar.None,
	}
}

// MissingMention is something that a receipt, a letter or a notice needs and that
// is not set. Where is "service" or "settings"; Label says in French what to fill in.
type MissingMention struct {
	Code  string
	Where string
	Label string
}

const (
	inService  = "service"
	inSettings = "settings"
	inRequest  = "request"
)

// Lacking gives what keeps the receipt from being sent, in the order of R.112-11-1.
func (m Mentions) Lacking() []MissingMention {
	var l lacks
	l.want(!m.ReceivedOn.IsZero(), "received_on", inRequest, "La date de réception")
	if m.Kind == kindRegistration {
		return l
	}
	l.service(m.Service, m.Regime)
	if m.Silence.Decides() {
		awaiting := m.Silence == calendar.Acceptance && m.Incomplete != nil
		l.want(awaiting || !m.LastDay.IsZero(), "last_day", inRequest, "La date à laquelle le silence prend effet")
	}
	if m.Silence == calendar.Rejection {
		l.appeal(m.Appeal)
	}
	if m.Incomplete != nil {
		l.want(len(m.Incomplete.Pieces) > 0 && !m.Incomplete.Limit.IsZero(), "incomplete", inRequest, "La liste des pièces manquantes et le délai pour les envoyer")
	}
	return l
}

// Complete tells whether the receipt bears everything that it must.
func (m Mentions) Complete() bool { return len(m.Lacking()) == 0 }

type lacks []MissingMention

func (l *lacks) want(ok bool, code, where, label string) {
	if !ok {
		*l = append(*l, MissingMention{code, where, label})
	}
}

func (l *lacks) service(c Contact, r Regime) {
	l.want(c.Name != "", "service_name", inService, "Le service chargé de la démarche")
	l.want(c.Phone != "", "service_phone", inService, "Le téléphone du service, ou celui de la mairie")
	if r == RegimePaper {
		l.want(c.PostalAddress != "", "service_postal_address", inService, "L’adresse postale du service, ou celle de la mairie")
		return
	}
	l.want(c.Email != "" || c.PostalAddress != "", "service_address", inService, "L’adresse électronique ou postale du service, ou celle de la mairie")
}

func (l *lacks) appeal(a *Appeal) {
	l.want(a != nil && a.Court.Name != "", "court_name", inSettings, "Le nom du tribunal administratif")
	l.want(a != nil && a.Court.PostalAddress != "", "court_address", inSettings, "L’adresse postale du tribunal administratif")
}

// Missing gives what the commune must still set before the procedure can be opened
// to citizens: the mentions of its electronic receipt (law.md R3) and the contacts
// that GDPR art. 13 requires. Nothing: it can be opened.
func Missing(s tenants.Settings, e Entry) []MissingMention {
	var l lacks
	l.service(ContactFor(e, s), RegimeElectronic)
	if e.Procedure().Silence.Effect == calendar.Rejection {
		l.appeal(AppealFor(e, s))
	}
	l.want(s.Email != "" || s.PostalAddress != "" || s.Phone != "", "controller_contact", inSettings,
		"Une adresse ou un téléphone de la mairie, responsable des données (RGPD, article\u00a013)")
	l.want(s.DPO.Email != "" || s.DPO.Phone != "" || s.DPO.PostalAddress != "", "dpo_contact", inSettings,
		"Les coordonnées du délégué à la protection des données (RGPD, article\u00a013)")
	return l
}

// Advice gives what the commune should set, without which a procedure can be opened
// all the same: what paper receipts and letters need, and what people look for.
func Advice(s tenants.Settings, e Entry) []MissingMention {
	var l lacks
	c := ContactFor(e, s)
	l.want(c.PostalAddress != "", "service_postal_address", inService, "L’adresse postale, sans laquelle aucun accusé de réception d’un courrier ne peut partir (CRPA, article\u00a0R.112-5)")
	l.want(c.Email != "", "service_email", inService, "L’adresse électronique du service, ou celle de la mairie")
	l.want(s.OpeningHours != "", "opening_hours", inSettings, "Les horaires d’ouverture de la mairie, pour qui préfère le guichet")
	l.want(s.Mayor != "", "mayor", inSettings, "Le nom du maire, responsable des données")
	l.want(s.DPO.Name != "", "dpo_name", inSettings, "Le nom du délégué à la protection des données")
	l.want(s.SignatoryName != "" && s.SignatoryTitle != "", "signatory", inSettings, "Le nom et la qualité de qui signe les décisions (CRPA, article\u00a0L.212-1)")
	if e.Procedure().Route != RouteNone {
		l.want(s.Court.Name != "" && s.Court.PostalAddress != "", "court", inSettings, "Le tribunal administratif, pour les lettres de refus (CJA, article\u00a0R.421-5)")
	}
	return l
}
