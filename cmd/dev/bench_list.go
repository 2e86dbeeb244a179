package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// listAim is for the 95th percentile of the page with its counts.
const listAim = 20 * time.Millisecond

// listTimes is how often each way of looking is measured, after some that warm up.
const listTimes = 200

const (
	// A large town's years: 15 in 100 are open, of them two in five untouched; services,
	// procedures and channels as they come.
	sqlBenchRequests = `insert into request (id, number, procedure_id, version_id, procedure_slug, title, kind, channel, state, service_id, agent_id,
			given_name, family_name, email, postal_address, email_agreed, answers, tracking_hash, payload_hash, received_at, received_on, first_received_on,
			silence_effect, silence_months, silence_last_day, due_on, waiting, decided_on, closed_on, closed_at, search)
		select gen_random_uuid(), to_char(r.received, 'YY-') || lpad(r.n::text, 6, '0'), p.id, p.version_id, p.slug, p.slug, 'request',
			(array['web', 'web', 'web', 'counter', 'phone', 'post'])[1 + (r.n * 7) % 6],
			case when r.open then (array['received', 'received', 'in_review', 'in_review', 'waiting_documents'])[1 + (r.n * 11) % 5]
				else (array['accepted', 'accepted', 'accepted', 'answered', 'refused', 'implicitly_rejected', 'withdrawn'])[1 + (r.n * 11) % 7] end,
			p.service_id, case when r.n % 3 = 0 then a.ids[1 + (r.n / 3) % cardinality(a.ids)] end,
			g.name, f.name, 'p' || r.n || '@example.org', (r.n % 90) || ' rue des Lilas', true,
			jsonb_build_object('sujet', 'Demande ' || r.n, 'message', repeat('Bonjour, voici ma demande. ', 8)), sha256(r.n::text::bytea), sha256(r.n::text::bytea),
			r.received, r.received::date, r.received::date,
			case when r.n % 3 = 0 then 'rejection' else 'none' end, case when r.n % 3 = 0 then 2 else 0 end,
			case when r.n % 3 = 0 then r.received::date + 60 end, r.received::date + case when r.n % 3 = 0 then 60 else 8 + r.n % 20 end,
			r.open and (r.n * 11) % 5 = 4, case when not r.open then r.received::date + 9 end, case when not r.open then r.received::date + 9 end,
			case when not r.open then r.received + interval '9 days' end,
			translate(lower(g.name || ' ' || f.name || ' ' || p.slug), 'èéï-', 'eei ')
		from (select n, n % 100 < 15 as open,
				case when n % 100 < 15 then now() - (n % 70) * interval '1 day' - (n % 1440) * interval '1 minute'
					else now() - interval '10 days' - (n % 1400) * interval '1 day' end as received
			from generate_series(1, $1::int) n) r
		join (select row_number() over (order by slug) - 1 as i, count(*) over () as many, id, version_id, slug, service_id from procedure where open) p on p.i = (r.n / 7) % p.many
		join (select row_number() over () - 1 as i, name from unnest(array['Jeanne', 'Paul', 'Inès', 'Mehdi', 'Louise', 'Ada', 'Hugo', 'Zoé', 'Noé', 'Lina', 'Karim']) name) g on g.i = r.n % 11
		join (select row_number() over () - 1 as i, name from unnest(array['Dupont', 'Martin', 'Petit', 'Durand', 'Leroy', 'Moreau', 'Simon', 'Laurent', 'Garcia', 'Roux', 'Fournier', 'Girard', 'Bonnet']) name) f on f.i = (r.n / 11) % 13,
		(select array_agg(id) as ids from agent) a`
	sqlBenchAnalyze = `vacuum analyze`
)

// benchList measures the domain's call, and the page as an agent's browser gets it.
func benchList(ctx context.Context, b *bench) error {
	h, err := openHouse(ctx, nil)
	if err != nil {
		return err
	}
	defer h.close()
	town, err := h.openTown(ctx)
	if err != nil {
		return err
	}
	agent, cookie, err := h.hire(ctx, town)
	if err != nil {
		return err
	}
	service, err := h.fillTown(ctx, town, b.rows)
	if err != nil {
		return err
	}
	s, err := h.serve(ctx, b.repo)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	var rows [][]string
	for _, look := range looks(service) {
		call, page, total, err := h.look(ctx, s, town, agent, cookie, look)
		if err != nil {
			return fmt.Errorf("%s: %w", look.name, err)
		}
		rows = append(rows,
			append(append([]string{look.name + total, "domain call"}, call.columns()...), ms(listAim), verdict(call.at(0.95), listAim)),
			append(append([]string{"", "HTML page"}, page.columns()...), ms(listAim), verdict(page.at(0.95), listAim)))
	}
	b.table([]string{fmt.Sprintf("20 of %d requests, ms", b.rows), "", "p50", "p95", "p99", "worst", "aim p95", ""}, rows)
	b.note("each call reads the rows and the five counts in one transaction; each page is one agent's, one after another")
	return nil
}

// look is a way of looking at the list.
type look struct {
	name   string
	filter requests.Filter
	query  url.Values
}

func looks(service tenants.ID) []look {
	return []look{
		{"to do", requests.Filter{View: requests.ViewTodo}, url.Values{}},
		{"service and state", requests.Filter{View: requests.ViewOpen, Service: service, State: requests.StateReview},
			url.Values{"vue": {"open"}, "service": {string(service)}, "etat": {"in_review"}}},
		{"closed, service and state", requests.Filter{View: requests.ViewClosed, Service: service, State: requests.StateAccepted},
			url.Values{"vue": {"closed"}, "service": {string(service)}, "etat": {"accepted"}}},
		{"all, by a name", requests.Filter{View: requests.ViewAll, Q: "zoé garcia"}, url.Values{"vue": {"all"}, "q": {"zoé garcia"}}},
	}
}

func (h *house) look(ctx context.Context, s *server, town tenants.Tenant, agent tenants.Actor, cookie string, l look) (call, page timings, total string, err error) {
	l.filter.Limit = 20
	client := plainClient()
	address := "http://" + s.addr + "/agents?" + l.query.Encode()
	for i := range listTimes + 10 {
		if i == 10 {
			call, page = nil, nil
		}
		if err := call.measure(func() error {
			return h.db.Read(ctx, town, agent, func(tx *tenants.Tx) error {
				list, err := requests.List(ctx, tx, l.filter)
				if err != nil {
					return err
				}
				total = fmt.Sprintf(" (%d", list.Total)
				if list.More {
					total += "+"
				}
				total += ")"
				_, err = requests.ListCounts(ctx, tx)
				return err
			})
		}); err != nil {
			return nil, nil, "", err
		}
		if err := page.measure(func() error { return get(ctx, client, address, s.host(town), cookie) }); err != nil {
			return nil, nil, "", err
		}
	}
	return call, page, total, nil
}

// hire gives the commune a dozen agents and signs one of them in.
func (h *house) hire(ctx context.Context, town tenants.Tenant) (tenants.Actor, string, error) {
	var actor tenants.Actor
	var cookie string
	err := h.db.Write(ctx, town, tenants.System("bench"), func(tx *tenants.Tx) error {
		for i := range 12 {
			a, err := staff.Invite(ctx, tx.As(tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Bench", Role: tenants.RoleAdmin}), staff.NewAgent{
				Email: fmt.Sprintf("agent%d@commune.example", i), GivenName: "Agent", FamilyName: fmt.Sprintf("Numéro %d", i), Title: "Agent", Role: tenants.RoleAdmin, Subject: fmt.Sprintf("agent-%d", i),
			})
			if err != nil {
				return err
			}
			if i == 0 {
				actor = a.Actor()
				cookie, err = identity.CreateSession(ctx, tx, identity.Person{AgentID: a.ID}, identity.Login{Verified: true, AAL: 1})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return actor, cookie, err
}

// fillTown writes the requests, and gives the service that has most of them.
func (h *house) fillTown(ctx context.Context, town tenants.Tenant, rows int) (tenants.ID, error) {
	var service tenants.ID
	err := h.db.Write(ctx, town, tenants.System("bench"), func(tx *tenants.Tx) error {
		if _, err := tx.Exec(ctx, `set local statement_timeout = 0`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlBenchRequests, rows); err != nil {
			return err
		}
		var err error
		service, err = tenants.One[tenants.ID](ctx, tx, `select service_id::text from request where service_id is not null group by service_id order by count(*) desc limit 1`)
		return err
	})
	if err != nil {
		return "", err
	}
	super, err := h.superuser(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = super.Close(ctx) }()
	_, err = super.Exec(ctx, sqlBenchAnalyze)
	return service, err
}
