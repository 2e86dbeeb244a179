package calendar

import (
	"errors"
	"strconv"

	"github.com/parvis-gru/parvis/tenants/fault"
)

const (
	// maxSuspensionMonths bounds a suspension on suspicion of fraud (CRPA L.115-3).
	maxSuspensionMonths = 3
	// firstYear is that of the CRPA: it came into force on 1 January 2016.
	firstYear, lastYear = 2016, 2199
	// farYears is how far from the reception a fact can lie: a typing error lies farther.
	farYears = 10
)

func path(list string, i int) string { return list + "/" + strconv.Itoa(i) }

// Contradiction gives the fault "invalid_facts" of one fact, with the sentence and the
// article of its code, for who checks facts beside [Compute].
func Contradiction(path, code string) error {
	return fault.New(fault.Invalid, "invalid_facts", contradiction(path, code))
}

func contradiction(path, code string) fault.Field {
	r := refusals[code]
	return fault.Field{Path: path, Code: code, Message: r.sentence(path), Article: r.article}
}

// checker lists what the facts lack, or where they contradict each other.
type checker struct {
	f      Facts
	fields []fault.Field
}

func (c *checker) report(path, code string) {
	c.fields = append(c.fields, contradiction(path, code))
}

// check lists the faults of the facts.
func (f *Facts) check() []fault.Field {
	c := &checker{f: *f}
	if rule, ok := errors.AsType[*fault.Error](f.Rule.Check()); ok {
		for _, field := range rule.Fields {
			c.report("rule/"+field.Path, field.Code)
		}
	}
	c.words()
	c.reception()
	for i, n := range f.Notices {
		c.notice(path("notices", i), n)
	}
	for i, s := range f.Suspensions {
		c.suspension(path("suspensions", i), s)
	}
	for i, o := range f.Incidents {
		c.incident(path("incidents", i), o)
	}
	c.afterwards()
	return c.fields
}

func (c *checker) words() {
	f := c.f
	switch f.Sending {
	case "", SentRequest, SentDeclaration, SentDocument, SentInformation, SentPayment:
	default:
		c.report("kind", "unknown_sending")
	}
	if f.Channel != "" && f.Channel.Regime() == "" {
		c.report("channel", "unknown_channel")
	}
	switch f.Route {
	case RouteNone, RouteCourt, RouteCADA, RoutePrefect, RoutePlanning:
	default:
		c.report("route", "unknown_route")
	}
	switch f.Receipt {
	case ReceiptSupposed, ReceiptComplete, ReceiptIncomplete, ReceiptMissing:
	default:
		c.report("receipt", "unknown_receipt")
	}
	if _, ok := f.Residence.months(); !ok {
		c.report("residence", "unknown_residence")
	}
	if f.Sending == SentDeclaration && f.Rule.Effect.Decides() && f.Rule.Code == General {
		c.report("rule/effect", "declaration_decides")
	}
}

func (c *checker) reception() {
	f := c.f
	if f.FirstReceived.IsZero() {
		c.report("first_received", "required")
		return
	}
	if f.FirstReceived.Year < firstYear || f.FirstReceived.Year > lastYear {
		c.report("first_received", "too_far")
	}
	if f.CompetentReceived.Before(f.FirstReceived) && !f.CompetentReceived.IsZero() {
		c.report("competent_received", "before_reception")
	}
	c.near("competent_received", f.CompetentReceived)
	if gap := f.FirstReceived.DaysUntil(f.Event); gap > farYears*366 || gap < -farYears*366 {
		c.report("event", "too_far")
	}
}

// near refuses a day that lies years away from the reception.
func (c *checker) near(path string, d Date) {
	if !d.IsZero() && d.Year > c.f.FirstReceived.Year+farYears {
		c.report(path, "too_far")
	}
}

// inOrder refuses a day before the reception, or years after.
func (c *checker) inOrder(path string, d Date) {
	if !d.IsZero() && d.Before(c.f.FirstReceived) {
		c.report(path, "before_reception")
	}
	c.near(path, d)
}

func (c *checker) notice(path string, n Notice) {
	if n.Notified.IsZero() {
		c.report(path+"/notified", "required")
		return
	}
	c.inOrder(path+"/notified", n.Notified)
	switch {
	case n.Limit.IsZero():
		if c.f.Rule.Effect == Rejection && c.f.Rule.Code == General && !n.Dispensable {
			c.report(path+"/limit", "limit_required")
		}
	case n.Limit.Before(n.Notified):
		c.report(path+"/limit", "before_notice")
	case c.f.Rule.Code == Planning && !n.Dispensable && n.Limit != planningLimit(n):
		c.report(path+"/limit", "limit_is_the_laws")
	}
	c.near(path+"/limit", n.Limit)
	if !n.Complete.IsZero() && n.Complete.Before(n.Notified) {
		code := "before_notice"
		if n.Complete.Before(c.f.FirstReceived) {
			code = "before_reception"
		}
		c.report(path+"/complete", code)
	}
	c.near(path+"/complete", n.Complete)
}

func (c *checker) suspension(path string, s Suspension) {
	if s.Notified.IsZero() {
		c.report(path+"/notified", "required")
		return
	}
	c.inOrder(path+"/notified", s.Notified)
	switch {
	case s.Until.IsZero():
		c.report(path+"/until", "required")
	case s.Until.Before(s.Notified):
		c.report(path+"/until", "ends_before")
	case s.Until.After(s.Notified.AddMonths(maxSuspensionMonths)):
		c.report(path+"/until", "too_long")
	}
}

func (c *checker) incident(path string, o Incident) {
	switch {
	case o.From.IsZero():
		c.report(path+"/from", "required")
	case o.Until.IsZero():
		c.report(path+"/until", "required")
	case o.Until.Before(o.From):
		c.report(path+"/until", "ends_before")
	case o.From.DaysUntil(o.Until) > maxDays:
		c.report(path+"/until", "too_far")
	}
}

// afterwards checks what follows a refusal.
func (c *checker) afterwards() {
	f := c.f
	if f.FirstReceived.IsZero() {
		return
	}
	c.inOrder("refusal/notified", f.Refusal.Notified)
	c.inOrder("gracious", f.Gracious)
	switch {
	case f.GraciousAnswered.IsZero():
	case f.Gracious.IsZero():
		c.report("gracious", "required")
	case f.GraciousAnswered.Before(f.Gracious):
		c.report("gracious_answered", "before_gracious")
	default:
		c.near("gracious_answered", f.GraciousAnswered)
	}
	c.inOrder("reasons/asked", f.Reasons.Asked)
	c.inOrder("prior/seized", f.Prior.Seized)
	c.inOrder("extended", f.Extended)
	switch {
	case f.Reasons.Given.IsZero():
	case f.Reasons.Asked.IsZero():
		c.report("reasons/asked", "required")
	case f.Reasons.Given.Before(f.Reasons.Asked):
		c.report("reasons/given", "before_asked")
	default:
		c.near("reasons/given", f.Reasons.Given)
	}
	switch {
	case f.Prior.Registered.IsZero():
	case f.Prior.Seized.IsZero():
		c.report("prior/seized", "required")
	case f.Prior.Registered.Before(f.Prior.Seized):
		c.report("prior/registered", "before_seized")
	default:
		c.near("prior/registered", f.Prior.Registered)
	}
	if !f.Extended.IsZero() {
		switch {
		case f.Rule.Code != Privacy:
			c.report("extended", "extension_unknown")
		case f.Extended.After(GDPRDue(f.FirstReceived, f.Territory, false)):
			c.report("extended", "extension_too_late")
		}
	}
}
