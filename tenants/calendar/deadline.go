package calendar

// Deadline is what silence will mean, and when, as the facts now stand.
type Deadline struct {
	// Effect is the rule's, but for planning papers that never come: a rejection.
	Effect Effect
	// Start is the day from which the months run; none while papers are awaited
	// under an acceptance rule, or where silence decides nothing.
	Start Date
	// LastDay is the last day, until midnight in the commune, on which a decision
	// can still be notified; the silent decision bears this date. None where
	// silence decides nothing, or while an acceptance waits for papers.
	LastDay Date
	// AcquiredOn is the day after: from its first instant the silent decision exists.
	AcquiredOn Date
	// Suspended says that papers are still awaited: LastDay is none (acceptance),
	// or supposes that they never come and moves nearer when they do (rejection).
	Suspended bool
	// SuspendedUntil is the latest day given to produce papers still awaited;
	// none if nothing is awaited or no day was given.
	SuspendedUntil Date
	// NeverAcquired says that an acceptance cannot arise while the file stays
	// incomplete: there is no implied refusal either, an express answer is due.
	NeverAcquired bool
	// AnswerDue is the day by which a text wants an answer although its silence decides
	// nothing ([Compute] explains it: StepAnswerDue).
	AnswerDue Date
	// Steps tells how the dates were reached, in order, with their articles.
	Steps []Step
	// Warnings are French sentences to be shown beside the dates.
	Warnings []string
}

// LegalDay gives the earliest day by which the law wants something done: none where neither
// silence decides nor a text wants an answer, or while an acceptance waits for papers.
func (d Deadline) LegalDay() Date {
	if d.LastDay.IsZero() || !d.AnswerDue.IsZero() && d.AnswerDue.Before(d.LastDay) {
		return d.AnswerDue
	}
	return d.LastDay
}

// Dates is everything that the law draws from the facts. Each date that is given has
// a step that yields it, of the kind named beside it.
type Dates struct {
	Deadline // LastDay: StepLastDay; AcquiredOn: StepEffective
	Regime   Regime
	// ReceivedOn is the first reception (StepReceived); CompetentOn that by the competent
	// administration, where it was transmitted (StepTransmitted).
	ReceivedOn, CompetentOn Date
	// RegistrationDue is the last day for the registration notice (AEE, where the receipt
	// is not instant), ReceiptDue that for the receipt (ARE). On paper ReceiptDue is advice:
	// no text sets a time. None where no receipt is due; Exemption then says by which article.
	RegistrationDue, ReceiptDue Date // StepRegistrationDue, StepReceiptDue
	Exemption                   string
	// FileFrom and FileBy are the first and last days to file a declaration before its
	// event (StepFileFrom, StepFileBy); FiledLate says that it came after, FiledEarly before.
	FileFrom, FileBy      Date
	FiledEarly, FiledLate bool
	// Appeal is the time for going against a refusal: before the court, or first before
	// the authority that the route names (StepAppeal).
	Appeal Appeal
	// GraciousBy is the last day for a recours gracieux (StepGracious), GraciousSilence that on
	// which silence rejects the one that was received, if no answer came before (StepGraciousSilence).
	GraciousBy, GraciousSilence Date
	// ReasonsDue is the day by which the reasons of a silent rejection are given (StepReasonsDue).
	ReasonsDue Date
	// ConfirmedOn is the day on which silence confirms a refusal that was taken to the
	// CADA or the prefect (StepConfirmed).
	ConfirmedOn Date
	// WithdrawalLastDay is the last day on which an illegal silent acceptance can be
	// withdrawn (StepWithdrawal).
	WithdrawalLastDay Date
}

// StepKind says what a step is about; the date that it yields is the field of [Dates]
// that names it.
type StepKind string

// The kinds of step.
const (
	StepReceived         StepKind = "received_on"
	StepTransmitted      StepKind = "competent_received_on"
	StepExempt           StepKind = "no_receipt"
	StepRegistrationDue  StepKind = "registration_notice_due_on"
	StepReceiptDue       StepKind = "receipt_due_on"
	StepFileFrom         StepKind = "file_from"
	StepFileBy           StepKind = "file_by"
	StepNotice           StepKind = "notice"
	StepPapers           StepKind = "papers"      // the papers came, or their time is over
	StepDispensable      StepKind = "dispensable" // papers that move nothing
	StepFraud            StepKind = "fraud"
	StepIncident         StepKind = "incident"
	StepWaiting          StepKind = "waiting"
	StepLastDay          StepKind = "last_day"
	StepEffective        StepKind = "effective_from"
	StepNoEffect         StepKind = "no_effect"
	StepAnswerDue        StepKind = "answer_due_on"
	StepExtended         StepKind = "extended"
	StepRefused          StepKind = "refused"
	StepAppeal           StepKind = "appeal_last_day"
	StepNoAppeal         StepKind = "appeal_not_opposable"
	StepGracious         StepKind = "gracious_appeal_by"
	StepGraciousReceived StepKind = "gracious_appeal"
	StepGraciousRejected StepKind = "gracious_rejected"
	StepPriorRegistered  StepKind = "prior_registered"
	StepGraciousSilence  StepKind = "gracious_silence_on"
	StepReasonsDue       StepKind = "reasons_due_on"
	StepPrior            StepKind = "prior_appeal"
	StepConfirmed        StepKind = "confirmed_on"
	StepWithdrawal       StepKind = "withdrawal_last_day"
)

// Unit is what a step counts in.
type Unit string

// The units.
const (
	UnitDays        Unit = "days"         // calendar days
	UnitWorkingDays Unit = "working_days" // jours ouvrés
	UnitClearDays   Unit = "clear_days"   // jours francs
	UnitMonths      Unit = "months"       // de quantième à quantième
	UnitClearMonths Unit = "clear_months" // mois francs, moved on from weekends and holidays
)

// Step is one line of the explanation: what was counted (From, Amount, Unit), the
// article, the date that it yields and the sentence in French. Days is the number of days
// that it adds to the last day (rejection) or to the start (acceptance).
type Step struct {
	Kind    StepKind
	Article string
	Date    Date // none where the step yields no date
	Text    string
	From    Date // none where nothing is counted
	Amount  int  // negative: counted back
	Unit    Unit
	Days    int
}
