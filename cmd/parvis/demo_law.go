package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/transmission"
)

// told is the commune in which each rule of the law has its example, by its INSEE code.
const told = helped

// tale is a request that shows a rule of the law, with what was done to it day by day.
type tale struct {
	key, procedure string
	given, family  string
	channel        string // empty: the web
	paper          bool   // the person has no e-mail address
	later          bool   // the receipt waits for an agent to sort the letter
	ago            int    // days since it was received
	steps          []step
}

// step is what somebody did, some days ago.
type step struct {
	ago int
	by  teller
	do  func(context.Context, *tenants.Tx, requests.Detail) error
}

// teller is who takes a step.
type teller int

const (
	byAgent teller = iota
	bySigner
	byOwner
	bySilence
)

// tales are told in their order, beside the requests that chance makes.
func (s *seeder) tales() []tale {
	return []tale{
		// Silence accepted, and the person has the attestation (L.231-1, L.232-3).
		{key: "acceptance", procedure: "cantine", given: "Mathilde", family: "Cazaux", ago: 72, steps: []step{{6, bySilence, lapse}, {4, byOwner, attest}}},
		// Silence refused; one person asked why yesterday, another has the answer (L.232-4).
		{key: "reasons-asked", procedure: "subvention-association", given: "Rachid", family: "Benali", ago: 74, steps: []step{{9, bySilence, lapse}, {1, byOwner, askReasons}}},
		{key: "reasons-given", procedure: "terrasse", given: "Sylvie", family: "Lagarde", ago: 82, steps: []step{{18, bySilence, lapse}, {15, byOwner, askReasons}, {5, byAgent, giveReasons}}},
		// The file is incomplete: one waits, the clock of the other runs again (L.114-5).
		{key: "incomplete", procedure: "permission-voirie", given: "Noé", family: "Garcia", ago: 9, steps: []step{{8, byAgent, take}, {6, byAgent, askPieces(16)}}},
		{key: "resumed", procedure: "subvention-association", given: "Fatou", family: "N’Diaye", ago: 34, steps: []step{{33, byAgent, take}, {30, byAgent, askPieces(20)}, {19, byAgent, finish}}},
		// What was granted may be taken back, once the person was heard (L.121-1, L.242-1).
		{key: "hearing", procedure: "terrasse", given: "Olivier", family: "Pujol", ago: 48, paper: true, channel: requests.ChannelCounter, steps: []step{{44, bySigner, accept}, {2, byAgent, hear}}},
		// Prepared by who may not sign, and waiting for who may (CGCT L.2122-19).
		{key: "to-sign", procedure: "terrasse", given: "Amélie", family: "Sarrazin", ago: 52, steps: []step{{50, byAgent, take}, {1, byAgent, prepare}}},
		// It was another administration's (L.114-2).
		{key: "transmitted", procedure: "permission-voirie", given: "Jeanne", family: "Molinier", ago: 13, steps: []step{{11, byAgent, s.transmit("La voirie de la zone d’activités du Rivel est d’intérêt communautaire\u00a0: c’est le Sicoval qui en donne la permission.")}}},
		{key: "transmitted-too", procedure: "documents-administratifs", given: "Hugo", family: "Ferrer", ago: 6, steps: []step{{5, byAgent, s.transmit("Le service de l’eau dépend du Sicoval, qui détient ces rapports.")}}},
		{key: "outside", procedure: "courrier-maire", given: "Pascale", family: "Dedieu", ago: 8, steps: []step{{7, byAgent, transmitOutside}}},
		// On paper: what is to be printed, and the receipt with the right day after a wrong one.
		{key: "posted", procedure: "salle-association", given: "Yves", family: "Espinasse", paper: true, channel: requests.ChannelCounter, ago: 12, steps: []step{{1, byAgent, refuse}}},
		{key: "corrected", procedure: "courrier-maire", given: "Thuy", family: "Nguyên", paper: true, channel: requests.ChannelPost, ago: 10, steps: []step{{8, byAgent, correctReception}}},
		// The receipt of a free letter is still to leave (R.112-11-2).
		{key: "awaited", procedure: "courrier-maire", given: "Zoé", family: "Rey", channel: requests.ChannelEmail, later: true, ago: 9},
		{key: "awaited-too", procedure: "courrier-maire", given: "Louis", family: "Castan", channel: requests.ChannelPost, paper: true, later: true, ago: 2},
	}
}

// law tells the tales, once, and what goes with them: a delegation, an incident, a source
// that sent too much.
func (s *seeder) law(ctx context.Context, agents []demoAgent) error {
	if err := s.delegate(ctx, agents); err != nil {
		return err
	}
	for _, t := range s.tales() {
		if err := s.tell(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t.key, err)
		}
	}
	if err := s.incident(ctx); err != nil {
		return err
	}
	return s.abuse(ctx)
}

// day is a moment so many days ago, in office hours.
func (s *seeder) day(ago int, minutes time.Duration) time.Time {
	d := s.now.In(s.tenant.Zone()).AddDate(0, 0, -ago)
	return time.Date(d.Year(), d.Month(), d.Day(), 9, 0, 0, 0, s.tenant.Zone()).Add(minutes * time.Minute)
}

func (s *seeder) tell(ctx context.Context, t tale) error {
	who := newPerson(s.random, s.commune)
	who.given, who.family = t.given, t.family
	who.email = communes.Slug(t.given) + "." + communes.Slug(t.family) + "@exemple.fr"
	if t.paper {
		who.email = ""
	}
	req, fresh, err := s.send(ctx, t, who, s.day(t.ago, 40))
	if err != nil || !fresh {
		return err
	}
	for i, step := range t.steps {
		actor := s.agents[min(1, len(s.agents)-1)]
		switch step.by {
		case byOwner:
			actor = requests.GuestOf(req)
		case bySilence:
			actor = tenants.System("silence")
		case bySigner:
			actor = s.agents[0]
		case byAgent:
		}
		if err := s.at(ctx, s.day(step.ago, time.Duration(90+10*i)), actor, func(tx *tenants.Tx) error {
			if step.by == bySilence { // which sees no request, and looks at none
				return step.do(ctx, tx, requests.Detail{Request: req})
			}
			detail, err := requests.Get(ctx, tx, req.Number)
			if err != nil {
				return err
			}
			return step.do(ctx, tx, detail)
		}); err != nil {
			return err
		}
	}
	return s.deliver(ctx, req)
}

// send submits a tale's request; fresh tells whether it was not there yet.
func (s *seeder) send(ctx context.Context, t tale, who person, when time.Time) (req requests.Request, fresh bool, err error) {
	all := demoProcedures()
	procedure := all[slices.IndexFunc(all, func(w weighted) bool { return w.slug == t.procedure })]
	given := procedure.fill(s.random, s.commune, who, when)
	if t.procedure == "courrier-maire" { // a question has no silence, and nothing of the law to show
		given["nature"] = "reclamation"
	}
	answers, err := json.Marshal(given)
	if err != nil {
		return req, false, err
	}
	in := requests.Submission{
		ProcedureSlug: t.procedure, Channel: requests.ChannelWeb, IdempotencyKey: "demo-law-" + t.key, ReceiptLater: t.later, Body: answers,
		Applicant: requests.Applicant{
			GivenName: who.given, FamilyName: who.family, Email: who.email, Phone: who.phone, PostalAddress: who.postal(), EmailAgreed: !t.paper, DecisionEmail: !t.paper,
		},
	}
	actor := tenants.Guest()
	if t.channel != "" {
		in.Channel, actor = t.channel, s.agents[len(s.agents)-1]
	}
	var done requests.Submitted
	err = s.at(ctx, when, actor, func(tx *tenants.Tx) (err error) {
		done, err = requests.Submit(ctx, tx, in)
		return err
	})
	if err == nil && !done.Existing {
		s.made = append(s.made, done.Request.ID)
	}
	return done.Request, err == nil && !done.Existing, err
}

func lapse(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	return requests.Lapse(ctx, tx, d.Number)
}

func attest(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.Attest(ctx, tx, d.Number)
	return err
}

func askReasons(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.AskReasons(ctx, tx, d.Number)
	return err
}

func giveReasons(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.GiveReasons(ctx, tx, d.Number, requests.ReasonsInput{
		Reasons: "Le trottoir fait 2,10 m devant votre commerce. La terrasse demandée ne laisserait que 60 cm aux piétons, quand 1,40 m doit rester libre pour qu’un fauteuil roulant passe (arrêté du 15 janvier 2007, article 1er, 3°).",
	}, d.Version)
	return err
}

func take(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.Take(ctx, tx, d.Number, d.Version)
	return err
}

// askPieces asks for the papers of the procedure's list, to be sent within some days.
func askPieces(days int) func(context.Context, *tenants.Tx, requests.Detail) error {
	return func(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
		n := requests.Notice{LimitOn: tx.Today().AddDays(days), Text: "Votre dossier est presque complet\u00a0: il ne manque que ceci."}
		for _, p := range d.Procedure.Bring[:min(2, len(d.Procedure.Bring))] {
			n.Items = append(n.Items, requests.NoticeItem{Label: p.Label, LegalBasis: p.LegalBasis, Indispensable: true})
		}
		_, err := requests.AskDocuments(ctx, tx, d.Number, n, d.Version)
		return err
	}
}

func finish(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.CompleteDocuments(ctx, tx, d.Number, d.Version)
	return err
}

func accept(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.Decide(ctx, tx, d.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAccept, Reasons: "Laisser 1,40 m de passage libre sur le trottoir."}, d.Version)
	return err
}

func refuse(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.Decide(ctx, tx, d.Number, requests.DecisionInput{
		Outcome: catalogue.OutcomeRefuse, Reasons: "La salle est retenue ce jour-là pour un bureau de vote.",
	}, d.Version)
	return err
}

// prepare keeps a refusal for who has the mayor's delegation.
func prepare(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	signers, _, err := requests.Signatories(ctx, tx, d.Number)
	if err != nil {
		return err
	}
	in := requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le trottoir mesure 1,60 m à cet endroit\u00a0: il ne resterait pas 1,40 m de passage libre (règlement de voirie, article\u00a012)."}
	if len(signers) > 1 {
		in.Signatory = signers[1].ID
	}
	_, err = requests.Prepare(ctx, tx, d.Number, in, d.Version)
	return err
}

func hear(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.Hear(ctx, tx, d.Number, requests.RevocationInput{
		Act: catalogue.OutcomeWithdrawal, Ground: requests.GroundIllegal, LimitOn: tx.Today().AddDays(16),
		Reasons: "L’emplacement accordé empiète sur l’accès des pompiers, que l’arrêté du 3 mars interdit d’occuper.",
	}, d.Version)
	return err
}

func correctReception(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	for _, f := range d.Correctable() {
		if f.Kind == requests.FactReception {
			_, err := requests.CorrectFact(ctx, tx, d.Number, requests.Correction{Key: f.Key(), On: d.ReceivedOn.AddDays(-3), Reason: "Le tampon du courrier dit trois jours plus tôt."}, d.Version)
			return err
		}
	}
	return nil
}

func transmitOutside(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
	_, err := requests.TransmitOutside(ctx, tx, d.Number, requests.OutsideTransmittal{
		To:       requests.Party{Name: "Conseil départemental de la Haute-Garonne, direction des routes", PostalAddress: "1 boulevard de la Marquette\n31090 Toulouse Cedex 9"},
		Delivery: requests.DeliveryPost, Reason: "La route dont vous parlez est départementale\u00a0: c’est le département qui l’entretient.",
	}, d.Version)
	return err
}

// transmit sends a request to the demonstration's EPCI.
func (s *seeder) transmit(reason string) func(context.Context, *tenants.Tx, requests.Detail) error {
	return func(ctx context.Context, tx *tenants.Tx, d requests.Detail) error {
		epci, err := s.registry.ByINSEE(ctx, sicoval)
		if err != nil {
			return err
		}
		_, err = requests.Transmit(ctx, tx, d.Number, requests.Transmittal{
			To: requests.Party{Code: epci.INSEE, Name: epci.Title()}, ProcedureSlug: d.ProcedureSlug, Reason: reason,
		}, d.Version)
		return err
	}
}

// deliver brings a request to where it was transmitted, an hour after it was.
func (s *seeder) deliver(ctx context.Context, req requests.Request) error {
	var going []requests.Transmission
	err := s.db.Read(ctx, s.tenant, s.agents[0], func(tx *tenants.Tx) error {
		d, err := requests.Get(ctx, tx, req.Number)
		going = slices.DeleteFunc(d.Transmissions, func(t requests.Transmission) bool { return !t.Going() })
		return err
	})
	for _, t := range going {
		if err != nil {
			return err
		}
		db := s.db.At(func() time.Time { return t.CreatedAt.Add(time.Hour) })
		err = transmission.New(transmission.Config{DB: db, Registry: s.registry, Files: s.files}).Deliver(ctx, s.tenant, t.ID)
	}
	return err
}

// delegate lets two agents sign in the mayor's stead, each for some procedures: the others' decisions on
// those wait for them.
func (s *seeder) delegate(ctx context.Context, agents []demoAgent) error {
	given := []staff.Delegation{
		{Reference: "arrêté n°\u00a02026-014", Procedures: []string{"terrasse"}},
		{Reference: "arrêté n°\u00a02026-087", Procedures: []string{"salle-association", "pret-materiel"}},
	}
	when := s.day(150, 0)
	return s.at(ctx, when, agents[0].actor, func(tx *tenants.Tx) error {
		for i, d := range given {
			if i >= len(agents) {
				return nil
			}
			d.AgentID, d.DatedOn = agents[i].actor.ID, calendar.On(when, s.tenant.Zone())
			if before, err := staff.Delegations(ctx, tx, d.AgentID); err != nil || len(before) > 0 {
				return err
			}
			if i > 0 {
				d.EndsOn = d.DatedOn.AddMonths(12)
			}
			if _, err := staff.Delegate(ctx, tx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// incident keeps an afternoon without a telephone, and one that was entered by mistake.
func (s *seeder) incident(ctx context.Context) error {
	return s.at(ctx, s.day(3, 30), s.agents[0], func(tx *tenants.Tx) error {
		before, err := requests.Incidents(ctx, tx)
		if err != nil || len(before) > 0 {
			return err
		}
		if err := requests.RecordIncident(ctx, tx, s.day(4, 300), s.day(4, 510), "Coupure d’internet et du téléphone dans tout le quartier de la mairie."); err != nil {
			return err
		}
		if err := requests.RecordIncident(ctx, tx, s.day(20, 0), s.day(20, 180), "Accueil fermé le matin."); err != nil {
			return err
		}
		kept, err := requests.Incidents(ctx, tx)
		if err != nil {
			return err
		}
		return requests.WithdrawIncident(ctx, tx, kept[len(kept)-1].ID)
	})
}

// A commune may count fewer of the same than is usual; the demonstration stays small so.
const identicalHere = 6

// abuse lets somebody send the same letter again and again yesterday: they were warned by
// themselves, and an agent then suspended what they send (L.112-11).
func (s *seeder) abuse(ctx context.Context) error {
	err := s.at(ctx, s.day(1, 0), tenants.System("démonstration"), func(tx *tenants.Tx) error {
		own, version, err := tenants.GetSettings(ctx, tx)
		if err != nil || own.Abuse.Identical == identicalHere {
			return err
		}
		own.Abuse.Identical = identicalHere
		return tenants.PutSettings(ctx, tx, own, version)
	})
	who := newPerson(s.random, s.commune)
	who.given, who.family, who.email = "Gérard", "Molinier", "gerard.molinier@exemple.fr"
	for i := 0; err == nil && i < identicalHere+1; i++ {
		s.random = rand.New(rand.NewPCG(uint64(s.tenant.ID), 112)) //nolint:gosec // each letter says the same
		_, _, err = s.send(ctx, tale{key: fmt.Sprintf("abuse-%d", i), procedure: "signalement-voirie"}, who, s.day(1, time.Duration(20+3*i)))
	}
	if err != nil {
		return err
	}
	if err := s.at(ctx, s.day(1, 60), tenants.System("sources"), func(tx *tenants.Tx) error {
		_, err := requests.NoticeSources(ctx, tx)
		return err
	}); err != nil {
		return err
	}
	return s.at(ctx, s.day(1, 75), s.agents[0], func(tx *tenants.Tx) error {
		all, err := requests.Sources(ctx, tx)
		for _, x := range all {
			if err == nil && x.BlockedUntil.IsZero() && !x.WarnedAt.IsZero() {
				err = requests.BlockSource(ctx, tx, x.ID, 7, "Le même signalement, envoyé toutes les trois minutes malgré l’avertissement.")
			}
		}
		return err
	})
}
