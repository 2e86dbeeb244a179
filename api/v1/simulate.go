package v1

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// SimulatedRule is a silence rule of one's own.
type SimulatedRule struct {
	Effect string `json:"effect" enum:"acceptance,rejection,declaration,none" doc:"What the town's silence means"`
	Months int    `json:"months,omitempty" minimum:"0" maximum:"24" doc:"After how many months"`
	Code   string `json:"code,omitempty" enum:",planning,preemption,privacy" doc:"A body of rules that counts otherwise than the CRPA"`
}

// SimulatedNotice is a notice of missing documents.
type SimulatedNotice struct {
	NotifiedOn  string `json:"notified_on" format:"date"`
	LimitOn     string `json:"limit_on,omitempty" format:"date" doc:"The last day given to bring them; in urban planning it is the law's"`
	CompletedOn string `json:"completed_on,omitempty" format:"date" doc:"The day on which all had come; none: not yet"`
	Dispensable bool   `json:"dispensable,omitempty" doc:"Not indispensable to decide (CRPA L.114-5-1)"`
}

// SimulatedSpan is a suspension for suspicion of fraud, or an outage.
type SimulatedSpan struct {
	FromOn  string `json:"from_on" format:"date" doc:"The first day; of a suspension, that of its notification"`
	UntilOn string `json:"until_on" format:"date" doc:"The last day"`
}

// SimulatedRefusal is an express refusal.
type SimulatedRefusal struct {
	NotifiedOn string `json:"notified_on" format:"date"`
	Regular    bool   `json:"regular,omitempty" default:"true" doc:"It names the ways and times of appeal (CJA R.421-5)"`
}

// SimulatedReasons are those of a refusal that silence made.
type SimulatedReasons struct {
	AskedOn string `json:"asked_on" format:"date" doc:"The applicant asked for them, within the time for appeal"`
	GivenOn string `json:"given_on,omitempty" format:"date" doc:"The town communicated them; none: not yet"`
}

// SimulatedPrior is the appeal that has to come before the court's.
type SimulatedPrior struct {
	SeizedOn     string `json:"seized_on" format:"date" doc:"The CADA or the prefect was seized"`
	RegisteredOn string `json:"registered_on,omitempty" format:"date" doc:"The CADA recorded it, or the prefect received it"`
}

// SimulatedContested is the planning decision that a recours gracieux contests.
type SimulatedContested struct {
	On        string `json:"on" format:"date" doc:"The day of its notification or, for others, on which they saw it displayed"`
	Displayed bool   `json:"displayed,omitempty" doc:"It was seen displayed on the site"`
}

// Simulation is what happened, or would.
type Simulation struct {
	Procedure   string         `json:"procedure,omitempty" maxLength:"63" pattern:"^[a-z0-9-]*$" doc:"A procedure's slug; or else a rule"`
	Rule        *SimulatedRule `json:"rule,omitempty" doc:"Instead of a procedure"`
	Route       string         `json:"route,omitempty" enum:"court,cada,prefect,planning,none" doc:"With a rule: the way of appeal; the court's where it is not given"`
	Territory   string         `json:"territory,omitempty" maxLength:"40" doc:"metropole, alsace-moselle, guadeloupe, martinique, guyane, reunion, mayotte, saint-pierre-et-miquelon, saint-barthelemy, saint-martin, wallis-et-futuna, polynesie-francaise, nouvelle-caledonie; the commune's own where it is not given"`
	Temple      bool           `json:"temple,omitempty" doc:"In Alsace-Moselle: the commune has a protestant temple or a mixed church, and so Good Friday"`
	Kind        string         `json:"kind,omitempty" enum:"demande,declaration,document,information,paiement" doc:"What was sent; the procedure's own kind where it is not given"`
	Channel     string         `json:"channel,omitempty" enum:"portal,email,post,counter" default:"portal"`
	Abusive     bool           `json:"abusive,omitempty" doc:"Found abusive: no receipt is due"`
	ReceivedAt  time.Time      `json:"received_at" doc:"The instant of the first reception; the day is the territory's"`
	CompetentAt *time.Time     `json:"competent_received_at,omitempty" doc:"The instant of the reception by the competent administration, if it was transmitted"`

	Notices     []SimulatedNotice   `json:"notices,omitempty" maxItems:"20"`
	Suspensions []SimulatedSpan     `json:"suspensions,omitempty" maxItems:"10" doc:"For suspicion of fraud (CRPA L.115-3)"`
	Incidents   []SimulatedSpan     `json:"incidents,omitempty" maxItems:"10" doc:"Outages of the service"`
	EventOn     string              `json:"event_on,omitempty" format:"date" doc:"The day that the request is for"`
	Residence   string              `json:"residence,omitempty" enum:"near,overseas,abroad" doc:"Where the applicant lives, seen from the court (CJA R.421-7)"`
	Receipt     string              `json:"receipt,omitempty" enum:"complete,incomplete,missing" doc:"What became of the receipt; supposed complete"`
	Refusal     *SimulatedRefusal   `json:"refusal,omitempty" doc:"An express refusal"`
	Reasons     *SimulatedReasons   `json:"reasons,omitempty" doc:"Those of a silent refusal (CRPA L.232-4)"`
	Prior       *SimulatedPrior     `json:"prior_appeal,omitempty" doc:"The compulsory prior appeal (CRPA L.412-1): to the CADA or the prefect"`
	Contested   *SimulatedContested `json:"contested,omitempty" doc:"Of a recours gracieux in urban planning (C. urb. L.600-12-2): what it contests"`
	Review      bool                `json:"review,omitempty" doc:"With a rule: what is asked is itself a recours gracieux"`
	GraciousOn  string              `json:"gracious_appeal_on,omitempty" format:"date" doc:"A recours gracieux was received"`
	ExtendedOn  string              `json:"extended_on,omitempty" format:"date" doc:"The person was told of two months more (GDPR art. 12.3)"`
}

type simulateInput struct {
	Caller
	Body Simulation
}

type simulateOutput struct {
	Body web.LegalDates
}

// simulations registers the computation of dates.
func (s *Server) simulations() {
	huma.Register(s.api, huma.Operation{
		OperationID: "simulate-deadlines", Method: http.MethodPost, Path: "/api/v1/deadlines/simulate", Summary: "The legal dates of a request, without making one",
		Tags: []string{"deadlines"}, MaxBodyBytes: maxBody, Security: []map[string][]string{{}, {"agent": {}}},
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, s.simulate)
}

func (s *Server) simulate(ctx context.Context, in *simulateInput) (*simulateOutput, error) {
	if in.Authorization == "" {
		if allowed, _ := s.follow.Allow("simulate " + callOf(ctx).address); !allowed {
			return nil, s.problem(ctx, fault.New(fault.TooMany, "too_many"))
		}
	}
	out := &simulateOutput{}
	err := s.read(ctx, in.Caller, func(tx *tenants.Tx) error {
		facts, err := in.Body.facts(tx.Territory())
		if err != nil {
			return err
		}
		d, err := requests.Simulate(ctx, tx, requests.Simulation{Procedure: in.Body.Procedure, Facts: facts})
		if err != nil {
			return inBody(err)
		}
		out.Body = web.LegalDatesOf(d)
		return nil
	})
	return out, err
}

// The API's words, where they are not the domain's.
var (
	sendings   = map[string]calendar.Sending{"demande": calendar.SentRequest, "declaration": calendar.SentDeclaration, "document": calendar.SentDocument, "information": calendar.SentInformation, "paiement": calendar.SentPayment}
	residences = map[string]calendar.Residence{"near": calendar.LivesNear, "overseas": calendar.LivesAcross, "abroad": calendar.LivesAbroad}
	routes     = map[string]calendar.Route{"": calendar.RouteCourt, "court": calendar.RouteCourt, "cada": calendar.RouteCADA, "prefect": calendar.RoutePrefect, "planning": calendar.RoutePlanning, "none": calendar.RouteNone}
)

// facts reads what was sent. Huma has checked its dates.
func (b Simulation) facts(own calendar.Territory) (calendar.Facts, error) {
	territory := own
	if b.Territory != "" && b.Territory != own.Code() {
		var err error
		if territory, err = calendar.TerritoryNamed(b.Territory); err != nil {
			return calendar.Facts{}, err
		}
	}
	if b.Temple {
		territory = territory.WithTemple(true)
	}
	f := calendar.Facts{
		Territory: territory, Sending: sendings[b.Kind], Channel: calendar.Channel(b.Channel), Abusive: b.Abusive,
		FirstReceived: territory.Today(b.ReceivedAt), Event: day(b.EventOn), Residence: residences[b.Residence], Receipt: calendar.Receipt(b.Receipt),
		Gracious: day(b.GraciousOn), Extended: day(b.ExtendedOn),
	}
	if b.CompetentAt != nil {
		f.CompetentReceived = territory.Today(*b.CompetentAt)
	}
	if b.Rule != nil {
		f.Rule = calendar.Rule{Effect: calendar.Effect(b.Rule.Effect), Months: b.Rule.Months, Code: calendar.Code(b.Rule.Code)}
		f.Route, f.Review = routes[b.Route], b.Review
	}
	b.afterwards(&f)
	for _, n := range b.Notices {
		f.Notices = append(f.Notices, calendar.Notice{Notified: day(n.NotifiedOn), Limit: day(n.LimitOn), Complete: day(n.CompletedOn), Dispensable: n.Dispensable})
	}
	for _, s := range b.Suspensions {
		f.Suspensions = append(f.Suspensions, calendar.Suspension{Notified: day(s.FromOn), Until: day(s.UntilOn)})
	}
	for _, o := range b.Incidents {
		f.Incidents = append(f.Incidents, calendar.Incident{From: day(o.FromOn), Until: day(o.UntilOn)})
	}
	return f, nil
}

// afterwards reads what followed a refusal.
func (b Simulation) afterwards(f *calendar.Facts) {
	if b.Refusal != nil {
		f.Refusal = calendar.Refusal{Notified: day(b.Refusal.NotifiedOn), Regular: b.Refusal.Regular}
	}
	if b.Reasons != nil {
		f.Reasons = calendar.Reasons{Asked: day(b.Reasons.AskedOn), Given: day(b.Reasons.GivenOn)}
	}
	if b.Prior != nil {
		f.Prior = calendar.Prior{Seized: day(b.Prior.SeizedOn), Registered: day(b.Prior.RegisteredOn)}
	}
	if b.Contested != nil {
		f.Contested = calendar.Contested{On: day(b.Contested.On), Displayed: b.Contested.Displayed}
	}
}

func day(iso string) calendar.Date {
	d, _ := calendar.ParseDate(iso) // the schema wants a date, or none
	return d
}

// places are the facts by their names in the body, where these differ.
var places = strings.NewReplacer("competent_received", "competent_received_at", "first_received", "received_at", "notified", "notified_on", "limit", "limit_on",
	"complete", "completed_on", "gracious", "gracious_appeal_on", "extended", "extended_on", "event", "event_on", "reasons/asked", "reasons/asked_on", "reasons/given", "reasons/given_on",
	"prior/seized", "prior_appeal/seized_on", "prior/registered", "prior_appeal/registered_on", "contested", "contested/on")

// inBody names the facts of a refusal as the body does.
func inBody(err error) error {
	f := fault.Of(err)
	fields := make([]fault.Field, len(f.Fields))
	for i, field := range f.Fields {
		field.Path = places.Replace(field.Path)
		if list, rest, found := strings.Cut(field.Path, "/"); found && (list == "suspensions" || list == "incidents") {
			field.Path = list + "/" + strings.NewReplacer("notified_on", "from_on", "from", "from_on", "until", "until_on").Replace(rest)
		}
		fields[i] = field
	}
	return &fault.Error{Kind: f.Kind, Code: f.Code, Fields: fields, Err: f.Err}
}
