package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parvis-gru/parvis/api/demo"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/statistics"
)

// demoPassword opens every account of the demonstration, which nobody else reaches.
const demoPassword = "parvis-demo-2026"

// accounts are what the pages of the demonstration tell, with the communes that
// are filled already: a start that was cut short goes on where it stopped.
type accounts struct {
	mu sync.Mutex
	demo.Accounts
	path string
	url  func(host string) string
	host func(slug string) string
}

func (a *accounts) load() error {
	kept, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(kept, &a.Accounts)
}

func (a *accounts) filled(insee string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.Tenants, func(c demo.Commune) bool { return c.INSEE == insee })
}

func (a *accounts) add(c demo.Commune) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Tenants = append(a.Tenants, c)
	return a.save()
}

func (a *accounts) save() error {
	text, err := json.MarshalIndent(a.Accounts, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(a.path, text)
}

// forPages gives the accounts with the addresses of this start: its port may be
// another than the last one's.
func (a *accounts) forPages() demo.Accounts {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := demo.Accounts{Hub: a.Hub, Tenants: slices.Clone(a.Tenants)}
	out.Hub.Host = a.host(out.Hub.Slug)
	out.Hub.URL = a.url(out.Hub.Host)
	for i := range out.Tenants {
		out.Tenants[i].Host = a.host(out.Tenants[i].Slug)
		out.Tenants[i].URL = a.url(out.Tenants[i].Host)
	}
	slices.SortFunc(out.Tenants, func(x, y demo.Commune) int {
		return cmp.Or(cmp.Compare(y.Population, x.Population), cmp.Compare(x.Slug, y.Slug))
	})
	return out
}

// openCommunes opens the hub, the portal of its EPCI's own services and as many of its
// communes as are wanted, the largest first, and gives them.
func (d *demonstration) openCommunes(ctx context.Context, count int) ([]tenants.Tenant, error) {
	epci, err := communes.EPCIBySIREN(sicoval)
	if err != nil {
		return nil, err
	}
	hub, err := d.registry.NewHub(ctx, tenants.Hub{
		Slug: sicovalSlug, SIREN: sicoval, Name: epci.Name, Colour: hubColour,
		Phone: fictionalPhone + "00 00", DPOName: "Déléguée à la protection des données du Sicoval", DPOEmail: "dpo@sicoval.example",
	})
	if err != nil {
		return nil, err
	}
	members := communes.Members(sicoval)
	slices.SortFunc(members, func(a, b communes.Commune) int { return cmp.Compare(b.Population, a.Population) })
	members = members[:min(count, len(members))]
	// The EPCI's own services first: communes transmit to it.
	codes := []string{sicoval}
	for _, c := range members {
		codes = append(codes, c.INSEE)
	}
	list := make([]tenants.Tenant, len(codes))
	opened := 0
	for i, code := range codes {
		t, err := d.registry.ByINSEE(ctx, code)
		if fault.Is(err, "not_found") || err == nil && t.State == tenants.StateOpening {
			t, err = d.operations.Open(ctx, tenants.System("démonstration"), operations.Opening{Opening: tenants.Opening{HubID: hub.ID, INSEE: code}})
			opened++
		}
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", code, err)
		}
		list[i] = t
	}
	if opened > 0 {
		d.say(fmt.Sprintf("%s has its portals: its communes’ and that of its own services, %d new", hub.Name, opened))
	}
	return list, nil
}

// seedWorkers is how many communes are filled at once.
const seedWorkers = 3

// seed gives the hub its people, and the communes settings, agents, and requests
// through the domain's own functions, at their own time.
func (d *demonstration) seed(ctx context.Context, list []tenants.Tenant, state *parts.StateLogin) error {
	d.accounts.path, d.accounts.url, d.accounts.host = filepath.Join(d.data, "accounts.json"), d.url, d.registry.Host
	if err := d.accounts.load(); err != nil {
		return err
	}
	if err := d.seedHub(ctx); err != nil {
		return err
	}
	if err := d.fill(ctx, list); err != nil {
		return err
	}
	var err error
	for _, t := range list {
		switch t.INSEE {
		case helped:
			err = errors.Join(err, d.seedSupport(ctx, t))
		case vouched:
			err = errors.Join(err, d.seedState(ctx, state, t))
		}
	}
	return err
}

// fill fills those that are not filled yet.
func (d *demonstration) fill(ctx context.Context, list []tenants.Tenant) error {
	if err := d.seedAddresses(ctx); err != nil {
		return err
	}
	var missing []tenants.Tenant
	for _, t := range list {
		if !d.accounts.filled(t.INSEE) {
			missing = append(missing, t)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	d.say(fmt.Sprintf("filling %d portals with agents and requests", len(missing)))
	var (
		group errgroup.Group
		mu    sync.Mutex
		total int
	)
	group.SetLimit(seedWorkers)
	for i, t := range missing {
		if t.Kind == tenants.KindEPCI { // what communes transmit goes there, so it is ready first
			n, err := d.seedCommune(ctx, t)
			if err != nil {
				return fmt.Errorf("fill %s: %w", t.Name, err)
			}
			total += n
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			n, err := d.seedCommune(ctx, t)
			if err != nil {
				return fmt.Errorf("fill %s: %w", t.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			total += n
			if (i+1)%9 == 0 {
				d.say(fmt.Sprintf("%d requests so far", total))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	d.say(fmt.Sprintf("%d requests are in", total))
	return nil
}

// seedCommune fills one commune. It may run again after it was cut short: agents
// are found, and each request has a key of its own.
func (d *demonstration) seedCommune(ctx context.Context, t tenants.Tenant) (int, error) {
	c, err := communes.ByINSEE(t.Seat) // an EPCI's people live in its seat
	if err != nil {
		return 0, err
	}
	if t.Kind == tenants.KindEPCI {
		c.Population = epciSize
	}
	r := rand.New(rand.NewPCG(2026, uint64(t.ID))) //nolint:gosec // a demonstration that is the same each time
	if err := d.dress(ctx, t, c); err != nil {
		return 0, err
	}
	if err := d.seedSettings(ctx, t, c, r); err != nil {
		return 0, err
	}
	agents, err := d.seedAgents(ctx, t, c, r)
	if err != nil {
		return 0, err
	}
	s := &seeder{demonstration: d, tenant: t, commune: c, random: r, now: time.Now()}
	for _, a := range agents {
		s.agents = append(s.agents, a.actor)
	}
	n, err := s.requests(ctx, requestsOf(c))
	if err == nil && t.INSEE == told {
		err = s.law(ctx, agents)
	}
	if err != nil {
		return 0, err
	}
	if err := d.db.Write(ctx, t, tenants.System("statistiques"), func(tx *tenants.Tx) error { return statistics.Refresh(ctx, tx) }); err != nil {
		return 0, err
	}
	if err := d.project(ctx, t, s.made); err != nil {
		return 0, err
	}
	entry := demo.Commune{Slug: t.Slug, INSEE: t.INSEE, Name: t.Name, Population: c.Population}
	if t.Kind == tenants.KindEPCI {
		entry.Population = 0 // it is listed after the communes
	}
	for _, a := range agents {
		entry.Agents = append(entry.Agents, a.Agent)
	}
	return n, d.accounts.add(entry)
}

// requestsOf shares some 300 requests among the communes by their size, at least
// three each.
func requestsOf(c communes.Commune) int { return 3 + c.Population/400 }

// epciSize is as many inhabitants as give an EPCI's own services some requests and three agents.
const epciSize = 2000

func (d *demonstration) seedSettings(ctx context.Context, t tenants.Tenant, c communes.Commune, r *rand.Rand) error {
	mayor := newPerson(r, c)
	town := fmt.Sprintf("%s\n1 place de la Mairie\n%s %s", t.Office(), c.PostalCodes[0], c.Name)
	mailbox, title := "mairie", "maire"
	if t.Kind == tenants.KindEPCI {
		town = fmt.Sprintf("%s\n12 allée du Canal\n%s %s", t.Office(), c.PostalCodes[0], c.Name)
		mailbox, title = "contact", "président"
	}
	phone := fmt.Sprintf(fictionalPhone+"%02d %02d", t.ID%100, 10+t.ID%90)
	return d.db.Write(ctx, t, tenants.System("démonstration"), func(tx *tenants.Tx) error {
		own, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		own.PostalAddress, own.Phone, own.Email = town, phone, mailbox+"@"+t.Slug+".example"
		own.OpeningHours = "Lundi au vendredi : 9 h – 12 h et 14 h – 17 h\nSamedi : 9 h – 12 h"
		own.Mayor, own.SignatoryName, own.SignatoryTitle = mayor.name(), mayor.name(), title
		own.Court = tenants.Court{
			Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond-IV, BP 7007, 31068 Toulouse Cedex 7",
			Telerecours: "https://citoyens.telerecours.fr",
		}
		own.DPO = tenants.DPO{Name: "Déléguée à la protection des données du Sicoval", Email: "dpo@sicoval.example", Phone: fictionalPhone + "00 01"}
		own.DigestHour = 7
		if err := tenants.PutSettings(ctx, tx, own, version); err != nil {
			return err
		}
		services, err := tenants.Services(ctx, tx)
		if err != nil {
			return err
		}
		for _, s := range services {
			s.PostalAddress, s.Phone, s.Email = town, phone, communes.Slug(s.Name)+"@"+t.Slug+".example"
			if _, err := tenants.PutService(ctx, tx, s); err != nil {
				return err
			}
		}
		if t.Kind == tenants.KindEPCI {
			for _, p := range demoProceduresOf(t) {
				err = errors.Join(err, catalogue.SetOpen(ctx, tx, p.slug, true))
			}
			return err
		}
		closed, err := catalogue.OpenAll(ctx, tx)
		if err == nil && len(closed) > 0 {
			err = fmt.Errorf("procedures that lack a mention: %v", closed)
		}
		return err
	})
}

// demoAgent is an account with the actor that it is.
type demoAgent struct {
	demo.Agent
	actor tenants.Actor
}

// agentMailbox is the address of an agent of the demonstration.
func agentMailbox(t tenants.Tenant, mailbox string) string {
	return mailbox + "@" + t.Slug + ".example"
}

// seedAgents invites the commune's agents: an administrator everywhere, an
// instructor and somebody at the front desk where the town has 1,000 inhabitants.
func (d *demonstration) seedAgents(ctx context.Context, t tenants.Tenant, c communes.Commune, r *rand.Rand) ([]demoAgent, error) {
	secretary := "secrétaire de mairie"
	if t.Kind == tenants.KindEPCI {
		secretary = "responsable de l’accueil des usagers"
	}
	wanted := []struct {
		mailbox, title string
		role           tenants.Role
	}{{"secretariat", secretary, tenants.RoleAdmin}, {"instruction", "agent instructeur", tenants.RoleInstructor}, {"accueil", "agent d’accueil", tenants.RoleFront}}
	if c.Population < 1000 {
		wanted = wanted[:1]
	}
	var agents []demoAgent
	for _, w := range wanted {
		p := newPerson(r, c)
		email := agentMailbox(t, w.mailbox)
		id, _, err := d.identity.EnsureIdentity(ctx, email, demoPassword)
		if err != nil {
			return nil, err
		}
		a := demoAgent{Agent: demo.Agent{Name: p.name(), Role: string(w.role), Email: email, Password: demoPassword}}
		err = d.db.Write(ctx, t, tenants.System("démonstration"), func(tx *tenants.Tx) error {
			agent, err := staff.ByEmail(ctx, tx, email)
			if fault.Of(err) != nil && fault.Of(err).Kind == fault.NotFound {
				agent, err = staff.Invite(ctx, tx, staff.NewAgent{
					Email: email, GivenName: p.given, FamilyName: p.family, Title: w.title, Role: w.role,
					Subject: identity.Subject(tx, identity.ProviderKratos, id),
				})
			}
			if err != nil {
				return err
			}
			a.actor = agent.Actor()
			a.APIToken, _, err = staff.IssueToken(ctx, tx, agent.ID, "Démonstration")
			return err
		})
		if err != nil {
			return nil, err
		}
		agents = append(agents, a)
	}
	return agents, nil
}

// seeder fills one commune with requests.
type seeder struct {
	*demonstration
	tenant  tenants.Tenant
	commune communes.Commune
	random  *rand.Rand
	now     time.Time
	agents  []tenants.Actor
	made    []tenants.ID // the requests, in their order
}

// seedDays is how far back the requests reach.
const seedDays = 360

// settled is the age in days by which a town has answered nearly everything.
const settled = 45

// requests makes n requests over the last months, oldest first, each at its own
// time, and what was done with it since.
func (s *seeder) requests(ctx context.Context, n int) (int, error) {
	times := make([]time.Time, n)
	for i := range times {
		day := s.now.AddDate(0, 0, -1-int(seedDays*math.Pow(s.random.Float64(), 3)))
		times[i] = time.Date(day.Year(), day.Month(), day.Day(), 8+s.random.IntN(10), s.random.IntN(60), s.random.IntN(60), 0, s.tenant.Zone())
	}
	slices.SortFunc(times, time.Time.Compare)
	for i, at := range times {
		if ctx.Err() != nil {
			return i, ctx.Err()
		}
		if err := s.request(ctx, i, at); err != nil {
			return i, err
		}
	}
	return n, s.lapse(ctx)
}

// at runs fn at a moment of the past, as somebody.
func (s *seeder) at(ctx context.Context, when time.Time, actor tenants.Actor, fn func(*tenants.Tx) error) error {
	return s.db.At(func() time.Time { return when }).Write(ctx, s.tenant, actor, fn)
}

func (s *seeder) choose() weighted {
	all := demoProceduresOf(s.tenant)
	total := 0
	for _, w := range all {
		total += w.weight
	}
	n := s.random.IntN(total)
	for _, w := range all {
		if n -= w.weight; n < 0 {
			return w
		}
	}
	return all[0]
}

// request submits one, and lets the town work on it.
func (s *seeder) request(ctx context.Context, i int, when time.Time) error {
	// Each has its own luck: a start that goes on after another was cut short makes
	// the same requests, whatever was done with those that are there.
	s.random = rand.New(rand.NewPCG(uint64(s.tenant.ID), uint64(i))) //nolint:gosec // as in seedCommune
	procedure, who := s.choose(), newPerson(s.random, s.commune)
	answers, err := json.Marshal(procedure.fill(s.random, s.commune, who, when))
	if err != nil {
		return err
	}
	channel, actor := requests.ChannelWeb, tenants.Guest()
	if s.random.IntN(10) < 3 {
		channel, actor = pick(s.random, []string{requests.ChannelCounter, requests.ChannelPhone}), s.agents[len(s.agents)-1]
	}
	luck := s.random.IntN(100)
	var done requests.Submitted
	err = s.at(ctx, when, actor, func(tx *tenants.Tx) error {
		entry, err := catalogue.BySlug(ctx, tx, procedure.slug)
		if err != nil {
			return err
		}
		given, err := entry.Procedure().Form.FromJSON(answers)
		if err != nil {
			return err
		}
		done, err = requests.Submit(ctx, tx, requests.Submission{
			ProcedureSlug: procedure.slug, Channel: channel, Answers: given, IdempotencyKey: fmt.Sprintf("demo-%s-%d", s.tenant.INSEE, i),
			Applicant: requests.Applicant{
				GivenName: who.given, FamilyName: who.family, Email: who.email, Phone: who.phone, PostalAddress: who.postal(),
				SMS: luck%5 == 0, EmailAgreed: true, DecisionEmail: luck%5 < 3, // rather more than half do
			},
		})
		return err
	})
	if done.Existing || fault.Is(err, "idempotency_mismatch") {
		return nil // filled by a start that was cut short, today or on another day
	}
	if err != nil {
		return fmt.Errorf("%s: %w", procedure.slug, err)
	}
	s.made = append(s.made, done.Request.ID)
	if err := s.treat(ctx, done.Request, when, luck); err != nil {
		return fmt.Errorf("%s %s: %w", procedure.slug, done.Request.Number, err)
	}
	return nil
}

// treat does with a request what a town would have done by now.
func (s *seeder) treat(ctx context.Context, req requests.Request, when time.Time, luck int) error {
	agent := s.agents[0]
	if len(s.agents) > 1 && luck%3 > 0 {
		agent = s.agents[1]
	}
	old := s.now.Sub(when) > settled*24*time.Hour
	switch {
	case old && luck >= 84 && luck%8 > 0:
		luck -= 84 // silence is rare
	case !old && luck < 52 && luck%2 > 0:
		luck += 40 // and so are answers within some days
	}
	// steps are what is done, each some days after the last, while that is past.
	var steps []func(*tenants.Tx, int64) error
	take := func(tx *tenants.Tx, version int64) error {
		_, err := requests.Take(ctx, tx, req.Number, version)
		return err
	}
	switch {
	case luck < 52:
		steps = append(steps, take, s.decide(ctx, req, luck))
	case luck < 66:
		steps = append(steps, take, s.note(ctx, req), s.write(ctx, req))
	case luck < 76:
		steps = append(steps, take, s.ask(ctx, req))
	case luck < 84:
		steps = append(steps, take, s.write(ctx, req), s.decide(ctx, req, luck))
	}
	if old && luck >= 52 && luck < 76 {
		steps = append(steps, s.decide(ctx, req, luck))
	}
	for i, step := range steps {
		most := 6
		if i == 0 || req.ProcedureSlug == "copie-acte-naissance" {
			most = 2
		}
		when = s.later(when, most)
		if when.After(s.now) {
			return nil
		}
		err := s.at(ctx, when, agent, func(tx *tenants.Tx) error {
			detail, err := requests.Get(ctx, tx, req.Number)
			if err != nil || !detail.State.Open() {
				return err
			}
			return step(tx, detail.Version)
		})
		// The law may forbid a step by now (too late to ask, the silence has decided):
		// then the town did not take it.
		if fault.Of(err) != nil && fault.Of(err).Kind == fault.Conflict {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return s.arrives(ctx, req, agent, when)
}

// later is one day on or more, up to most, in office hours.
func (s *seeder) later(t time.Time, most int) time.Time {
	day := t.AddDate(0, 0, 1+s.random.IntN(most))
	return time.Date(day.Year(), day.Month(), day.Day(), 9+s.random.IntN(8), s.random.IntN(60), 0, 0, t.Location())
}

func (s *seeder) decide(ctx context.Context, req requests.Request, luck int) func(*tenants.Tx, int64) error {
	return func(tx *tenants.Tx, version int64) error {
		detail, err := requests.Get(ctx, tx, req.Number)
		if err != nil || len(detail.Outcomes) == 0 {
			return err
		}
		outcome, reasons := detail.Outcomes[0], ""
		if luck%9 == 0 && slices.Contains(detail.Outcomes, catalogue.OutcomeRefuse) {
			outcome, reasons = catalogue.OutcomeRefuse, "Le lieu demandé est déjà retenu à cette date pour un service public."
		}
		if outcome == catalogue.OutcomeAnswer {
			reasons = "Nos services sont intervenus sur place. Le problème signalé est réglé."
		}
		_, err = requests.Decide(ctx, tx, req.Number, requests.DecisionInput{Outcome: outcome, Reasons: reasons}, version)
		return err
	}
}

// arrives notes the day on which a posted decision reached the person, some days after
// it left; of a few nobody has noted it yet.
func (s *seeder) arrives(ctx context.Context, req requests.Request, agent tenants.Actor, left time.Time) error {
	when := s.later(left, 4)
	if when.After(s.now) || s.random.IntN(6) == 0 {
		return nil
	}
	return s.at(ctx, when, agent, func(tx *tenants.Tx) error {
		detail, err := requests.Get(ctx, tx, req.Number)
		if err != nil {
			return err
		}
		for _, d := range detail.Decisions {
			if d.Delivery == requests.DeliveryPost && d.NotifiedOn.IsZero() {
				_, err := requests.ConfirmNotified(ctx, tx, req.Number, d.ID, tx.Today(), detail.Version)
				return err
			}
		}
		return nil
	})
}

func (s *seeder) note(ctx context.Context, req requests.Request) func(*tenants.Tx, int64) error {
	text := pick(s.random, []string{"Vu avec l’élu délégué : pas d’objection.", "À regarder sur place lundi.", "Rappeler la personne en fin de semaine.", "Même demande l’an dernier, accordée."})
	return func(tx *tenants.Tx, _ int64) error { _, err := requests.AddNote(ctx, tx, req.Number, text); return err }
}

func (s *seeder) write(ctx context.Context, req requests.Request) func(*tenants.Tx, int64) error {
	text := pick(s.random, []string{
		"Bonjour, nous avons bien regardé votre demande. Nous revenons vers vous avant la fin de la semaine.",
		"Bonjour, pouvez-vous nous préciser à quel moment nous pouvons vous joindre au téléphone ?",
		"Bonjour, le service est passé sur place. Nous vous tenons au courant de la suite.",
	})
	return func(tx *tenants.Tx, _ int64) error { _, err := requests.Write(ctx, tx, req.Number, text); return err }
}

// ask asks for the first paper of the procedure's list.
func (s *seeder) ask(ctx context.Context, req requests.Request) func(*tenants.Tx, int64) error {
	return func(tx *tenants.Tx, version int64) error {
		detail, err := requests.Get(ctx, tx, req.Number)
		if err != nil || len(detail.Procedure.Bring) == 0 {
			return err
		}
		piece := detail.Procedure.Bring[0]
		_, err = requests.AskDocuments(ctx, tx, req.Number, requests.Notice{
			Items:   []requests.NoticeItem{{Label: piece.Label, LegalBasis: piece.LegalBasis, Indispensable: piece.Indispensable}},
			LimitOn: tx.Today().AddDays(21), Text: "Votre dossier est presque complet.",
		}, version)
		return err
	}
}

// lapse lets the silences that ended before today take effect, as the nightly job
// would have.
func (s *seeder) lapse(ctx context.Context) error {
	var due []string
	err := s.db.Read(ctx, s.tenant, tenants.System("silence"), func(tx *tenants.Tx) (err error) {
		due, err = requests.LapseDue(ctx, tx)
		return err
	})
	for _, number := range due {
		err = errors.Join(err, s.db.Write(ctx, s.tenant, tenants.System("silence"), func(tx *tenants.Tx) error { return requests.Lapse(ctx, tx, number) }))
	}
	return err
}
