package requests

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// FactKind says what happened.
type FactKind string

// The kinds of fact. On is the day on which it happened; what Until and RefersTo are
// stands beside each.
const (
	FactReception        FactKind = "reception"         // by the commune
	FactFirstReception   FactKind = "first_reception"   // by another administration, which transmitted it (L.114-2)
	FactNotice           FactKind = "notice"            // a notice of missing papers reached the person; Until: the limit; the notice
	FactPapers           FactKind = "papers"            // all that a notice asked for had come; the notice
	FactSuspension       FactKind = "suspension"        // on suspicion of fraud, notified (L.115-3); Until: its end; itself
	FactTransmission     FactKind = "transmission"      // received by the outside administration that it was sent to (L.114-2); the transmission
	FactDecisionNotified FactKind = "decision_notified" // a decision reached the person; the decision
	FactAsRequest        FactKind = "as_request"        // an agent treats it as a request, whatever who wrote said it was
	FactAsInformation    FactKind = "as_information"    // or as a mere question
	FactDateKept         FactKind = "date_kept"         // an agent keeps the day that was told; Until: what the rules give now; a decision, or none
	FactDateAdopted      FactKind = "date_adopted"      // an agent takes the day that the rules give now; Until: what had been told; a decision, or none
)

// Fact is something that happened on a day and that the law counts from, as it was
// written down: it is never changed, and another one corrects it.
type Fact struct {
	ID        tenants.ID // "" where it lies in the request's own columns, without a row
	Kind      FactKind
	On        calendar.Date // none: it did not happen after all
	Until     calendar.Date
	RefersTo  tenants.ID
	Corrects  tenants.ID // the fact that it stands in for
	Reason    string
	ActorKind tenants.ActorKind // empty where nobody is known
	ActorID   tenants.ID
	ActorName string
	At        time.Time // when it was written down
	// CorrectedBy is the fact that stands in for this one: it is then no longer in force.
	CorrectedBy tenants.ID
}

// Key names a fact among those of its request, whoever corrected it since: for forms
// and addresses.
func (f Fact) Key() string { return string(f.Kind) + "." + string(f.RefersTo) }

// InForce tells whether the dates are counted from it.
func (f Fact) InForce() bool { return f.CorrectedBy == "" && !f.On.IsZero() }

// Withdrawn tells whether it says that something did not happen.
func (f Fact) Withdrawn() bool { return f.On.IsZero() }

// factRow is a fact as its row lies.
type factRow struct {
	ID        tenants.ID
	Kind      FactKind
	OnDay     calendar.Date
	UntilOn   calendar.Date
	RefersTo  tenants.ID
	Corrects  tenants.ID
	Reason    string
	ActorKind tenants.ActorKind
	ActorID   string
	ActorName string
	At        time.Time
}

func (w factRow) fact() Fact {
	return Fact{ID: w.ID, Kind: w.Kind, On: w.OnDay, Until: w.UntilOn, RefersTo: w.RefersTo, Corrects: w.Corrects, Reason: w.Reason,
		ActorKind: w.ActorKind, ActorID: tenants.ID(w.ActorID), ActorName: w.ActorName, At: w.At}
}

const (
	// The commune's incidents since the request came bear on it like its own facts.
	sqlFacts = `select id, kind, on_day, until_on, refers_to, corrects, reason, actor_kind, actor_id, actor_name, at from request_fact where request_id = $1
		union all select i.id, 'incident', i.from_on, i.until_on, i.id, null, i.what, i.actor_kind, i.actor_id, i.actor_name, i.at
			from incident i join request r on r.id = $1 where i.withdrawn_at is null and i.until_on >= r.first_received_on - 31
		order by at, id`
	sqlInsertFact = `insert into request_fact (id, request_id, kind, on_day, until_on, refers_to, corrects, reason, actor_kind, actor_id, actor_name, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
)

// factRows reads the facts that have rows, the oldest first.
func factRows(ctx context.Context, tx *tenants.Tx, request tenants.ID) ([]factRow, error) {
	return tenants.All[factRow](ctx, tx, sqlFacts, request)
}

// factsOf gives all facts of a request, those that were corrected too, in the order in
// which they were written. What has no row is read from the columns that hold it: so
// does everything of before there were rows, and a request's receptions until they are
// corrected. Where there is a row the columns only follow it.
func factsOf(r Request, notices []DocumentRequest, decisions []Decision, rows []factRow) []Fact {
	facts := make([]Fact, 0, len(rows)+2+2*len(notices))
	written := map[string]bool{}
	for _, w := range rows {
		f := w.fact()
		written[f.Key()] = true
		facts = append(facts, f)
	}
	column := func(f Fact) {
		if !f.On.IsZero() && !written[f.Key()] {
			facts = append(facts, f)
		}
	}
	column(Fact{Kind: FactReception, On: r.ReceivedOn, At: r.ReceivedAt})
	if r.FirstReceivedOn != r.ReceivedOn {
		column(Fact{Kind: FactFirstReception, On: r.FirstReceivedOn, At: r.ReceivedAt})
	}
	for _, n := range notices {
		column(Fact{Kind: FactNotice, On: n.NotifiedOn, Until: n.LimitOn, RefersTo: n.ID, ActorName: n.CreatedBy, At: n.CreatedAt})
		column(Fact{Kind: FactPapers, On: n.CompletedOn, RefersTo: n.ID, At: n.CreatedAt})
	}
	for _, d := range decisions {
		if !d.Implicit {
			column(Fact{Kind: FactDecisionNotified, On: d.NotifiedOn, RefersTo: d.ID, At: d.CreatedAt})
		}
	}
	slices.SortStableFunc(facts, func(a, b Fact) int { return a.At.Compare(b.At) })
	return corrected(facts)
}

// corrected marks the facts that others stand in for.
func corrected(facts []Fact) []Fact {
	by := map[tenants.ID]tenants.ID{}
	for _, f := range facts {
		if f.Corrects != "" {
			by[f.Corrects] = f.ID
		}
	}
	for i := range facts {
		facts[i].CorrectedBy = ""
		if facts[i].ID != "" {
			facts[i].CorrectedBy = by[facts[i].ID]
		}
	}
	return facts
}

// without gives the facts as they stood before some were written.
func without(facts []Fact, ids []tenants.ID) []Fact {
	return corrected(slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return f.ID != "" && slices.Contains(ids, f.ID) }))
}

// latest gives the fact of a key that no other stands in for.
func latest(facts []Fact, key string) (Fact, bool) {
	for i := len(facts) - 1; i >= 0; i-- {
		if facts[i].Key() == key && facts[i].CorrectedBy == "" {
			return facts[i], true
		}
	}
	return Fact{}, false
}

// dayOf gives the day of a fact that is in force, or none.
func dayOf(facts []Fact, kind FactKind, of tenants.ID) calendar.Date {
	f, _ := latest(facts, Fact{Kind: kind, RefersTo: of}.Key())
	return f.On
}

// legalFacts gives what the law counts from: the facts in force, and what the procedure
// says. The notices say alone which papers are indispensable; of tells which of them each
// notice of the law is.
func legalFacts(tx *tenants.Tx, p *catalogue.Procedure, r Request, notices []DocumentRequest, facts []Fact) (f calendar.Facts, of []int) {
	rule := ruleOf(p, r)
	received := dayOf(facts, FactReception, "")
	f = calendar.Facts{
		Rule: rule, Territory: tx.Territory(), Event: p.EventDate(r.Answers),
		FirstReceived: cmp.Or(dayOf(facts, FactFirstReception, ""), received), CompetentReceived: received,
	}
	if sent, ok := forwarded(facts); ok {
		f.CompetentReceived = sent.On
	}
	f.Extended = dayOf(facts, FactExtension, "")
	for i, n := range notices {
		told, _ := latest(facts, Fact{Kind: FactNotice, RefersTo: n.ID}.Key())
		if told.Withdrawn() { // it never arrived, or is not written yet
			continue
		}
		limit := told.Until
		if rule.Code == calendar.Planning && n.indispensable() {
			limit = calendar.PlanningLimit(told.On) // the law's, whatever was written down
		}
		f.Notices = append(f.Notices, calendar.Notice{
			Notified: told.On, Limit: limit, Complete: dayOf(facts, FactPapers, n.ID), Dispensable: !n.indispensable(),
		})
		of = append(of, i)
	}
	for _, s := range facts {
		switch {
		case !s.InForce():
		case s.Kind == FactSuspension:
			f.Suspensions = append(f.Suspensions, calendar.Suspension{Notified: s.On, Until: s.Until})
		case s.Kind == FactIncident:
			f.Incidents = append(f.Incidents, calendar.Incident{From: s.On, Until: s.Until, Cause: s.Reason})
		}
	}
	return f, of
}

// withOutside adds the days on which outside administrations received the request that lie
// in their column alone, as those of before there were facts of it do.
func withOutside(facts []Fact, transmissions []Transmission) []Fact {
	for _, t := range transmissions {
		f := Fact{Kind: FactTransmission, On: t.ReceivedOn, RefersTo: t.ID, At: t.CreatedAt, ActorKind: tenants.ActorSystem}
		if _, written := latest(facts, f.Key()); t.Way == WayOutside && !t.ReceivedOn.IsZero() && !written {
			facts = append(facts, f)
		}
	}
	return facts
}

// forwarded gives the fact that an outside administration, which is competent, received the
// request.
func forwarded(facts []Fact) (Fact, bool) {
	i := slices.IndexFunc(facts, func(f Fact) bool { return f.Kind == FactTransmission && f.InForce() })
	if i < 0 {
		return Fact{}, false
	}
	return facts[i], true
}

// ruleOf gives the rule of silence of a request: the procedure's, with its effect and its
// months as they were when it came. In urban planning the effect of a file whose papers are
// awaited is another one for as long (C. urb. R*423-39), and the procedure's holds the rule.
func ruleOf(p *catalogue.Procedure, r Request) calendar.Rule {
	rule := p.Silence
	rule.Months = r.Silence.Months
	if rule.Code != calendar.Planning {
		rule.Effect = r.Silence.Effect
	}
	return rule
}

// keep writes a fact of the request down; one that refers to nothing and can come several
// times refers to itself.
func (c *change) keep(ctx context.Context, f Fact) (Fact, error) {
	f.ID = tenants.NewID()
	if f.Kind == FactSuspension && f.RefersTo == "" {
		f.RefersTo = f.ID
	}
	if f.At.IsZero() {
		a := c.tx.Actor()
		f.ActorKind, f.ActorID, f.ActorName, f.At = a.Kind, a.ID, a.Name, c.tx.Now()
		c.wrote = append(c.wrote, f.ID)
	}
	_, err := c.tx.Exec(ctx, sqlInsertFact, f.ID, c.r.ID, string(f.Kind), f.On, f.Until, f.RefersTo.OrNull(), f.Corrects.OrNull(), f.Reason,
		string(f.ActorKind), string(f.ActorID), f.ActorName, f.At)
	return f, err
}

// supersede writes a fact that stands in for another. One that lay in a column gets its
// row first, so that both can be read for ever.
func (c *change) supersede(ctx context.Context, old, with Fact) (Fact, error) {
	if old.ID == "" && !old.On.IsZero() {
		var err error
		if old, err = c.keep(ctx, old); err != nil {
			return old, err
		}
	}
	with.Kind, with.RefersTo, with.Corrects = old.Kind, old.RefersTo, old.ID
	return c.keep(ctx, with)
}

// facts reads all facts of the request that is being changed, and its notices.
func (c *change) facts(ctx context.Context) ([]Fact, []DocumentRequest, error) {
	notices, err := documentRequests(ctx, c.tx, c.r.ID)
	if err != nil {
		return nil, nil, err
	}
	decisions, err := tenants.All[Decision](ctx, c.tx, sqlDecisions, c.r.ID)
	if err != nil {
		return nil, nil, err
	}
	rows, err := factRows(ctx, c.tx, c.r.ID)
	return factsOf(c.r, notices, decisions, rows), notices, err
}
