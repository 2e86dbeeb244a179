package requests

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// What follows a refusal, each at most once: agents note it as they learn of it.
const (
	FactGracious         FactKind = "gracious"          // a recours gracieux against it was received (L.411-2)
	FactGraciousRejected FactKind = "gracious_rejected" // its rejection reached the person
	FactPriorSeized      FactKind = "prior_seized"      // the CADA (R.343-1) or the prefect was seized of it
	FactPriorRegistered  FactKind = "prior_registered"  // the CADA registered that, or the prefect received it
)

// Recourse is a step of an appeal against a refusal.
type Recourse struct {
	Kind FactKind
	On   calendar.Date
	// Said is what names it, if anything does: the number of the request that the recours
	// gracieux is, the CADA's reference. Who may see the request reads it.
	Said string
}

const (
	// recoursePending are the recours gracieux that nobody has answered, of what is refused still.
	recoursePending = ` from request_fact f join request r on r.id = f.request_id where f.kind = 'gracious' and f.on_day is not null
		and not exists (select 1 from request_fact c where c.corrects = f.id and c.request_id = f.request_id)
		and not exists (select 1 from request_fact a where a.request_id = f.request_id and a.kind = 'gracious_rejected' and a.on_day is not null
			and not exists (select 1 from request_fact c where c.corrects = a.id and c.request_id = a.request_id))
		and r.state in ('refused', 'partly_accepted', 'implicitly_rejected') and (f.on_day + interval '2 months')::date >= $1`
	// Whose silence rejects them in a few days: until then somebody can answer (L.411-7). A month
	// more counts as the calendar does, to the last day of a shorter one.
	sqlRecourseDue = `select r.number, r.title, r.service_id, r.agent_id, (f.on_day + interval '2 months')::date as due_on,
		false as late, true as due, false as fresh, false as lapsed, false as posted` + recoursePending + `
		and (f.on_day + interval '2 months')::date <= $2 order by f.on_day limit 200`
	sqlRecoursePending = `select exists (select 1` + recoursePending + `)`
)

// recourses are the steps by the way of appeal of the refusal, and where the law's facts hold them.
var recourses = map[FactKind]struct {
	path  string // among calendar.Facts
	prior bool   // before an authority that comes before the court
}{
	FactGracious: {"gracious", false}, FactGraciousRejected: {"gracious_answered", false},
	FactPriorSeized: {"prior/seized", true}, FactPriorRegistered: {"prior/registered", true},
}

// Recourses gives the steps of an appeal that can be noted now, in their order.
func (d Detail) Recourses() []FactKind {
	if !slices.Contains(d.Actions, ActionContest) {
		return nil
	}
	return slices.DeleteFunc([]FactKind{FactGracious, FactGraciousRejected, FactPriorSeized, FactPriorRegistered}, func(k FactKind) bool {
		before := map[FactKind]FactKind{FactGraciousRejected: FactGracious, FactPriorRegistered: FactPriorSeized}[k]
		return fits(d.Procedure, k) != nil || !dayOf(d.Facts, k, "").IsZero() || before != "" && dayOf(d.Facts, before, "").IsZero()
	})
}

// fits refuses a step of an appeal that the way of appeal against this refusal does not know.
func fits(p *catalogue.Procedure, kind FactKind) error {
	step, known := recourses[kind]
	prior := p.Route == catalogue.RouteCADA || p.Route == catalogue.RoutePrefect
	switch {
	case !known || p.Route == catalogue.RouteNone:
		return fault.New(fault.Conflict, "recourse_unknown")
	case step.prior && !prior:
		return calendar.Contradiction(step.path, "no_prior")
	case !step.prior && prior:
		return calendar.Contradiction(step.path, "prior_first")
	case !step.prior && p.Review:
		return calendar.Contradiction(step.path, "second_review")
	}
	return nil
}

// NoteRecourse notes a step of an appeal against a refusal: a recours gracieux received, its
// rejection, the CADA or the prefect seized. The time for going to court follows, and the
// dates' page explains it. Agents of the service may. Where nothing was refused it is
// fault.Conflict "action_not_possible"; what is noted already "recourse_noted", for then a
// correction is due ([CorrectFact]); a step that this refusal's way of appeal does not know, or
// that contradicts another fact, fault.Invalid "invalid_facts" with the sentence; without a day,
// or on one to come, "fact_day_required", "fact_in_future".
func NoteRecourse(ctx context.Context, tx *tenants.Tx, number string, in Recourse, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.r.silenceActed(tx.Today()) && c.r.Silence.Effect == calendar.Rejection && c.who&agents != 0 {
		if err := c.lapseNow(ctx); err != nil {
			return Request{}, err
		}
	}
	if err := c.act(ActionContest); err != nil {
		return Request{}, err
	}
	if err := c.checkRecourse(ctx, &in); err != nil {
		return Request{}, err
	}
	facts, _, err := c.facts(ctx)
	if err != nil {
		return Request{}, err
	}
	fact := Fact{Kind: in.Kind, On: in.On, Reason: in.Said}
	switch old, found := latest(facts, fact.Key()); {
	case !found:
		_, err = c.keep(ctx, fact)
	case old.Withdrawn():
		_, err = c.supersede(ctx, old, fact)
	default:
		err = fault.New(fault.Conflict, "recourse_noted")
	}
	if err != nil {
		return Request{}, err
	}
	if err := c.agreesWholly(ctx); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "recourse_noted", EventData{Fact: in.Kind, On: in.On}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

func (c *change) checkRecourse(ctx context.Context, in *Recourse) error {
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	if err := fits(e.Procedure(), in.Kind); err != nil {
		return err
	}
	in.Said = clean(in.Said, false)
	wrong := func(path, code string) error {
		return fault.New(fault.Invalid, code, fault.Field{Path: path, Code: code})
	}
	switch {
	case in.On.IsZero():
		return wrong("on", "fact_day_required")
	case in.On.After(c.tx.Today()):
		return wrong("on", "fact_in_future")
	case utf8.RuneCountInString(in.Said) > maxLabel:
		return wrong("said", "body_too_long")
	}
	return nil
}

// agreesWholly refuses facts that contradict each other, what followed a refusal among them:
// the page that explains the dates leaves such a fact out, who writes one is told.
func (c *change) agreesWholly(ctx context.Context) error {
	d, err := Get(ctx, c.tx, c.r.Number)
	if err != nil {
		return err
	}
	_, err = calendar.Compute(d.law(c.tx))
	return err
}
