package calendar

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Notice is a request for the papers missing from a file (CRPA L.114-5).
type Notice struct {
	// Notified is the day on which the applicant was notified of the list.
	Notified Date
	// Limit is the last day given to produce them. A rejection rule needs it;
	// an acceptance rule does not, as its period waits for the papers themselves.
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

// Facts is what the last day of a silence depends on.
type Facts struct {
	Rule      Rule
	Territory Territory
	// FirstReceived is the day on which any administration received the request;
	// a rejection runs from it (L.114-3).
	FirstReceived Date
	// CompetentReceived is the day on which the competent one did, if it was
	// transmitted (L.114-2); an acceptance runs from it. None: the same day.
	CompetentReceived Date
	Notices           []Notice
	Suspensions       []Suspension
	// Event is the day for which the request was made (a fair, a stall), if
	// any: a silence that comes too late for it gives a warning.
	Event Date
}

// Deadline is what silence will mean, and when, as the facts now stand.
type Deadline struct {
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
	// Steps tells how the date was reached, in order, with its articles.
	Steps []Step
	// Warnings are French sentences to be shown beside the date.
	Warnings []string
}

// Step is one line of the explanation of a deadline. Days is the number of days
// that it adds to the last day (rejection) or to the start (acceptance).
type Step struct {
	Article string
	Date    Date
	Text    string
	Days    int
}

// Silence computes the deadline of a request (CRPA L.114-2, L.114-3, L.114-5,
// L.231-1, L.231-4; CE 17 Sept. 2010 for the quantième).
//
// An acceptance counts from the day the competent administration holds every
// paper that was asked for. A rejection counts from the first reception, and is
// suspended from each notice until the papers came or the day given passed;
// days covered twice count once. That the day of notification is the first day
// suspended is a convention, and a warning says so.
//
// A notice or a suspension notified after the last day reached until then is the
// fault "notice_too_late" (a conflict): the silent decision exists. Facts that
// contradict each other are the fault "invalid_facts", whose fields
// ("first_received", "competent_received", "notices/0/limit", "suspensions/0/until",
// "rule/months") bear the codes "required", "before_reception",
// "before_notice", "too_long", "out_of_range" or "unknown_effect". The order of
// the notices does not matter; fields bear the caller's indices.
func Silence(f Facts) (Deadline, error) {
	if fields := f.check(); len(fields) > 0 {
		return Deadline{}, fault.New(fault.Invalid, "invalid_facts", fields...)
	}
	if f.CompetentReceived.IsZero() {
		f.CompetentReceived = f.FirstReceived
	}
	if !f.Rule.Effect.Decides() {
		return f.undecided(), nil
	}
	c := newCount(f)
	for _, e := range f.pauses() {
		if last := c.lastDay(); !last.IsZero() && e.notified.After(last) {
			return Deadline{}, fault.New(fault.Conflict, "notice_too_late",
				fault.Field{Path: e.path + "/notified", Code: "notice_too_late"})
		}
		c.add(e)
	}
	return c.deadline(), nil
}

// pause is a notice or a suspension, in the order of notification.
type pause struct {
	path     string
	notified Date
	notice   Notice // of a notice
	until    Date   // of a suspension
	fraud    bool
}

func (f Facts) pauses() []pause {
	list := make([]pause, 0, len(f.Notices)+len(f.Suspensions))
	for i, n := range f.Notices {
		list = append(list, pause{path: path("notices", i), notified: n.Notified, notice: n})
	}
	for i, s := range f.Suspensions {
		list = append(list, pause{path: path("suspensions", i), notified: s.Notified, until: s.Until, fraud: true})
	}
	slices.SortStableFunc(list, func(a, b pause) int { return a.notified.Compare(b.notified) })
	return list
}

// span is a run of suspended days: from its first day to the day, excluded, on
// which the count goes on.
type span struct{ from, to Date }

// count walks through the pauses and keeps the state of the clock.
type count struct {
	facts   Facts
	start   Date // from which the months run
	spans   []span
	waiting bool
	until   Date // latest limit of what is awaited
	steps   []Step
}

func newCount(f Facts) *count {
	c := &count{facts: f, start: f.FirstReceived}
	if f.Rule.Effect == Acceptance {
		c.start = f.CompetentReceived
	}
	c.steps = append(c.steps, receptionSteps(f)...)
	return c
}

// lastDay gives the last day that the pauses so far lead to; none while an
// acceptance waits.
func (c *count) lastDay() Date {
	if c.waiting && c.facts.Rule.Effect == Acceptance {
		return Date{}
	}
	return c.start.AddMonths(c.facts.Rule.Months).AddDays(c.suspendedDays())
}

// suspendedDays counts the days of all spans from the start on, each day once.
func (c *count) suspendedDays() int {
	ordered := slices.SortedFunc(slices.Values(c.spans), func(a, b span) int { return a.from.Compare(b.from) })
	total, counted := 0, c.start
	for _, s := range ordered {
		from := later(s.from, counted)
		if s.to.After(from) {
			total += from.DaysUntil(s.to)
			counted = s.to
		}
	}
	return total
}

// add lets one pause act on the clock, and explains it.
func (c *count) add(p pause) {
	switch {
	case p.fraud:
		c.suspend(p, p.until)
	case p.notice.Dispensable:
		c.steps = append(c.steps, dispensableStep(p.notice))
	case c.facts.Rule.Effect == Acceptance:
		c.restart(p.notice)
	default:
		c.suspend(p, resumes(p.notice))
	}
}

// resumes gives the day on which a rejection's count goes on: that of the papers,
// or at the latest that of the limit (L.114-5 al. 3).
func resumes(n Notice) Date {
	if n.Complete.IsZero() || n.Complete.After(n.Limit) {
		return n.Limit
	}
	return n.Complete
}

func (c *count) suspend(p pause, to Date) {
	before := c.suspendedDays()
	c.spans = append(c.spans, span{from: p.notified, to: to})
	added := c.suspendedDays() - before
	if p.fraud {
		c.steps = append(c.steps, fraudStep(p, added))
		return
	}
	c.await(p.notice)
	c.steps = append(c.steps, suspensionSteps(p.notice, added)...)
}

// restart makes an acceptance count from the day on which the papers came.
func (c *count) restart(n Notice) {
	c.await(n)
	moved := 0
	if n.Complete.After(c.start) {
		moved = c.start.DaysUntil(n.Complete)
		c.start = n.Complete
	}
	c.steps = append(c.steps, restartSteps(n, moved)...)
}

func (c *count) await(n Notice) {
	if n.Complete.IsZero() {
		c.waiting = true
		c.until = later(c.until, n.Limit)
	}
}

func later(a, b Date) Date {
	if b.After(a) {
		return b
	}
	return a
}

// deadline closes the count.
func (c *count) deadline() Deadline {
	f := c.facts
	d := Deadline{
		Effect:         f.Rule.Effect,
		LastDay:        c.lastDay(),
		Suspended:      c.waiting,
		SuspendedUntil: c.until,
		Steps:          c.steps,
	}
	if d.LastDay.IsZero() {
		d.NeverAcquired = true
		d.Steps = append(d.Steps, waitingStep())
	} else {
		d.Start = c.start
		d.AcquiredOn = d.LastDay.AddDays(1)
		d.Steps = append(d.Steps, silenceSteps(f.Rule, d)...)
	}
	d.Warnings = c.warnings(d)
	return d
}

// undecided is the deadline of what silence does not decide.
func (f Facts) undecided() Deadline {
	d := Deadline{Effect: f.Rule.Effect, Steps: receptionSteps(f), Warnings: f.Territory.Uncertain()}
	for _, n := range f.Notices {
		if n.Complete.IsZero() && !n.Dispensable {
			d.Suspended = true
			d.SuspendedUntil = later(d.SuspendedUntil, n.Limit)
		}
	}
	d.Steps = append(d.Steps, undecidedStep(f.Rule.Effect))
	return d
}
