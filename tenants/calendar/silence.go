package calendar

import (
	"cmp"
	"slices"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Silence gives the part of [Compute] that is about silence alone: the last day, what
// moved it, and its effect; and the day by which a text wants an answer. Its faults are Compute's.
func Silence(f Facts) (Deadline, error) {
	if err := f.ready(); err != nil {
		return Deadline{}, err
	}
	return f.silence(f.receptionSteps(make([]Step, 0, 8)))
}

// ready checks the facts and completes them.
func (f *Facts) ready() error {
	if fields := f.check(); len(fields) > 0 {
		return fault.New(fault.Invalid, "invalid_facts", fields...)
	}
	if f.CompetentReceived.IsZero() {
		f.CompetentReceived = f.FirstReceived
	}
	return nil
}

// silence counts, and adds its steps to those that there are.
func (f *Facts) silence(steps []Step) (Deadline, error) {
	if !f.Rule.Effect.Decides() {
		d := f.undecided(steps)
		d.AnswerDue = f.answerDue()
		return d, nil
	}
	c := newCount(f, steps)
	if err := c.walk(); err != nil {
		return Deadline{}, err
	}
	d := c.deadline()
	d.AnswerDue = f.answerDue()
	return d, nil
}

// tooLate refuses a notice or a suspension that changes nothing any more.
func tooLate(path, why string) error {
	field := contradiction(path+"/notified", why)
	field.Code = "notice_too_late"
	return fault.New(fault.Conflict, "notice_too_late", field)
}

// pause is a notice or a suspension, in the order of notification.
type pause struct {
	list     string // "notices" or "suspensions"
	index    int    // the caller's
	notified Date
	notice   Notice // of a notice
	until    Date   // of a suspension
	fraud    bool
}

func (p pause) path() string { return path(p.list, p.index) }

func (f *Facts) pauses() []pause {
	if len(f.Notices)+len(f.Suspensions) == 0 {
		return nil
	}
	list := make([]pause, 0, len(f.Notices)+len(f.Suspensions))
	for i, n := range f.Notices {
		list = append(list, pause{list: "notices", index: i, notified: n.Notified, notice: n})
	}
	for i, s := range f.Suspensions {
		list = append(list, pause{list: "suspensions", index: i, notified: s.Notified, until: s.Until, fraud: true})
	}
	slices.SortStableFunc(list, func(a, b pause) int { return a.notified.Compare(b.notified) })
	return list
}

// span is a run of suspended days: from its first day to the day, excluded, on
// which the count goes on.
type span struct{ from, to Date }

// count walks through the pauses and keeps the state of the clock.
type count struct {
	facts   *Facts
	start   Date // from which the months run
	spans   []span
	waiting bool
	until   Date // latest limit of what is awaited
	tacit   Date // on which papers that did not come in time make a rejection (Planning)
	floor   Date // before which the period cannot end (Preemption)
	steps   []Step
}

func newCount(f *Facts, steps []Step) *count {
	c := &count{facts: f, start: f.FirstReceived, steps: steps}
	if f.Rule.runsFromCompetent() {
		c.start = f.CompetentReceived
	}
	return c
}

// runsFromCompetent tells whether the months run from the reception by the competent
// administration (L.114-3; C. urb. R*423-19: by the town hall).
func (r Rule) runsFromCompetent() bool { return r.Effect == Acceptance || r.Code == Planning }

// restarts tells whether the months run anew from the papers, rather than being suspended.
func (r Rule) restarts() bool {
	return r.Code == Planning || r.Code == General && r.Effect == Acceptance
}

// walk lets the pauses act, one after the other.
func (c *count) walk() error {
	for _, e := range c.facts.pauses() {
		if c.facts.Rule.Code == Planning && !e.fraud {
			if e.notified.After(c.facts.CompetentReceived.AddMonths(planningAsk)) {
				return tooLate(e.path(), "planning_too_late")
			}
		} else if last := c.lastDay(); !last.IsZero() && e.notified.After(last) {
			return tooLate(e.path(), "notice_too_late")
		}
		c.add(e)
	}
	return nil
}

// lastDay gives the last day that the pauses so far lead to; none while an
// acceptance waits.
func (c *count) lastDay() Date {
	if !c.tacit.IsZero() {
		return c.tacit
	}
	if c.waiting && c.facts.Rule.Effect == Acceptance {
		return Date{}
	}
	return later(c.start.AddMonths(c.facts.Rule.Months).AddDays(c.suspendedDays()), c.floor)
}

// suspendedDays counts the days of all spans from the start on, each day once. The spans
// come in the order of their first days, as the pauses do.
func (c *count) suspendedDays() int {
	total, counted := 0, c.start
	for _, s := range c.spans {
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
	rule := c.facts.Rule
	switch {
	case p.fraud:
		before := c.suspendedDays()
		c.spans = append(c.spans, span{from: p.notified, to: p.until})
		c.steps = append(c.steps, fraudStep(p, c.suspendedDays()-before))
	case p.notice.Dispensable:
		c.steps = append(c.steps, dispensableStep(p.notice))
	case rule.Code == Planning:
		c.planning(p.notice)
	case rule.Code == Preemption:
		c.preemption(p.notice)
	case rule.restarts():
		c.restart(p.notice)
	default:
		c.suspend(p.notice)
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

func (c *count) suspend(n Notice) {
	before := c.suspendedDays()
	c.spans = append(c.spans, span{from: n.Notified, to: resumes(n)})
	c.await(n)
	c.suspensionSteps(n, c.suspendedDays()-before)
}

// restart makes the months run from the day on which the papers came.
func (c *count) restart(n Notice) {
	c.await(n)
	c.restartSteps(n, c.moveStart(n.Complete))
}

// moveStart lets the months run from a later day, and gives by how many days.
func (c *count) moveStart(d Date) int {
	if !d.After(c.start) {
		return 0
	}
	moved := c.start.DaysUntil(d)
	c.start = d
	return moved
}

// preemption suspends until the documents came, however long that takes, and leaves at
// least a month after them (C. urb. L.213-2).
func (c *count) preemption(n Notice) {
	c.await(n)
	if n.Complete.IsZero() {
		c.steps = append(c.steps, c.noticeStep(n, preemptionBasis, "le délai est suspendu"))
		return
	}
	before := c.lastDay()
	c.spans = append(c.spans, span{from: n.Notified, to: n.Complete})
	c.floor = later(c.floor, n.Complete.AddMonths(1))
	c.preemptionSteps(n, before.DaysUntil(c.lastDay()))
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
	}
	switch {
	case d.LastDay.IsZero():
		d.NeverAcquired = true
		c.steps = append(c.steps, c.waitingStep())
	case !c.tacit.IsZero():
		d.Effect = Rejection
		d.AcquiredOn = d.LastDay.AddDays(1)
		c.steps = append(c.steps, effectiveStep(planningBasis, d.AcquiredOn, "le rejet tacite est acquis"))
	default:
		d.Start = c.start
		d.AcquiredOn = d.LastDay.AddDays(1)
		c.silenceSteps(d)
	}
	d.Steps = c.steps
	d.Warnings = c.warnings(d)
	return d
}

// undecided is the deadline of what silence does not decide.
func (f *Facts) undecided(steps []Step) Deadline {
	d := Deadline{Effect: f.Rule.Effect, Warnings: f.Territory.Uncertain()}
	for _, p := range f.pauses() {
		n := p.notice
		if p.fraud || n.Dispensable {
			continue
		}
		steps = append(steps, Step{Kind: StepNotice, Article: "CRPA L.114-5", Date: n.Notified, Text: noticeText(n) + "."})
		if n.Complete.IsZero() {
			d.Suspended = true
			d.SuspendedUntil = later(d.SuspendedUntil, n.Limit)
		} else {
			steps = append(steps, Step{Kind: StepPapers, Article: "CRPA L.114-5", Date: n.Complete, Text: tell("Documents reçus le %.", n.Complete)})
		}
	}
	d.Steps = append(steps, undecidedStep(f.Rule)) //nolint:gocritic // the caller's list goes on here
	return d
}

// basis gives the article of the rule, or the general one of its effect.
func (r Rule) basis() string {
	general := "CRPA L.231-1"
	if r.Effect == Rejection {
		general = "CRPA L.231-4"
	}
	return cmp.Or(r.Source, general)
}
