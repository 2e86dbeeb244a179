package main

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/api/demo"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// hubPeople administer the demonstration's hub: who answers for it, who is at the
// communes' side, and who reads the figures.
var hubPeople = []struct {
	tenants.HubAdmin
	role string // as the table of accounts says it
}{
	{tenants.HubAdmin{Email: "hub@sicoval.example", GivenName: "Hélène", FamilyName: "Garrigues", Role: tenants.HubManager}, "hub"},
	{tenants.HubAdmin{Email: "accompagnement@sicoval.example", GivenName: "Mehdi", FamilyName: "Fabre", Role: tenants.HubKeeper, Delegate: true}, "hub_delegate"},
	{tenants.HubAdmin{Email: "observatoire@sicoval.example", GivenName: "Lucie", FamilyName: "Tournier", Role: tenants.HubReader}, "hub_reader"},
}

// seedHub gives the hub its administrators; who is one already stays.
func (d *demonstration) seedHub(ctx context.Context) error {
	if len(d.accounts.Hub.Others) > 0 {
		return nil
	}
	hub, err := d.registry.HubBySlug(ctx, sicovalSlug)
	if err != nil {
		return err
	}
	accounts := make([]demo.Agent, len(hubPeople))
	for i, p := range hubPeople {
		id, _, err := d.identity.EnsureIdentity(ctx, p.Email, demoPassword)
		if err != nil {
			return err
		}
		p.HubID, p.Subject = hub.ID, identity.SubjectFor(d.registry.HubKey(hub, "subject"), identity.ProviderKratos, id)
		if _, err := d.registry.AddHubAdmin(ctx, p.HubAdmin); err != nil {
			return err
		}
		accounts[i] = demo.Agent{Name: p.Name(), Role: p.role, Email: p.Email, Password: demoPassword}
	}
	d.accounts.Hub = demo.Hub{Slug: hub.Slug, Name: hub.Name, Admin: accounts[0], Others: accounts[1:]}
	return d.accounts.save()
}

// project tells the hub of a commune's requests at once, so that its counts are there when
// the demonstration is ready; from then on the workers do.
func (d *demonstration) project(ctx context.Context, t tenants.Tenant, made []tenants.ID) error {
	list := make([]tenants.Projection, len(made))
	var health tenants.Health
	var today calendar.Date
	err := d.db.Read(ctx, t, tenants.System("projection"), func(tx *tenants.Tx) (err error) {
		for i, id := range made {
			if list[i], err = requests.ProjectionOf(ctx, tx, id); err != nil {
				return err
			}
		}
		today = tx.Today()
		health, err = tenants.HealthOf(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := d.registry.Project(ctx, p); err != nil {
			return err
		}
	}
	return d.registry.RefreshHealth(ctx, t, health, today)
}

// helped is the commune in which the hub's help can be looked at, by its INSEE code.
const helped = "31113"

// seedSupport lets the hub's delegate have helped a commune some weeks ago, and ask to
// be let in again now: the answer is left to who looks at the demonstration.
func (d *demonstration) seedSupport(ctx context.Context, t tenants.Tenant) error {
	hub, err := d.registry.HubBySlug(ctx, sicovalSlug)
	if err != nil {
		return err
	}
	admins, err := d.registry.HubAdmins(ctx, hub.ID)
	if err != nil {
		return err
	}
	for _, a := range admins {
		if !a.Delegate || !a.Active {
			continue
		}
		var before []staff.Support
		err := d.db.Read(ctx, t, a.Actor(), func(tx *tenants.Tx) (err error) {
			before, err = staff.Supports(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
		if len(before) == 0 {
			if err := d.pastSupport(ctx, t, hub, a); err != nil {
				return err
			}
		}
		if len(before) > 0 && (before[0].State == staff.SupportAsked || before[0].State == staff.SupportGranted) {
			return nil
		}
		return d.db.Write(ctx, t, a.Actor(), func(tx *tenants.Tx) error {
			_, err := staff.AskSupport(ctx, tx, staff.SupportAsk{AdminEmail: a.Email, HubName: hub.Name, Hours: 4, Reason: "Vous nous avez signalé que la liste des demandes de voirie semble incomplète\u00a0: je regarde les filtres avec vous."})
			return err
		})
	}
	return nil
}

// pastSupport is an access that was asked for, granted, used and ended.
func (d *demonstration) pastSupport(ctx context.Context, t tenants.Tenant, hub tenants.Hub, a tenants.HubAdmin) error {
	day := time.Now().In(t.Zone()).AddDate(0, 0, -24)
	when := time.Date(day.Year(), day.Month(), day.Day(), 9, 40, 0, 0, t.Zone())
	var support tenants.ID
	var visit staff.Visit
	var commune tenants.Actor
	steps := []struct {
		after time.Duration
		actor func() tenants.Actor
		do    func(*tenants.Tx) error
	}{
		{0, a.Actor, func(tx *tenants.Tx) error {
			asked, err := staff.AskSupport(ctx, tx, staff.SupportAsk{AdminEmail: a.Email, HubName: hub.Name, Hours: 2, Reason: "Préparer avec vous l’ouverture de la réservation des salles."})
			support = asked.ID
			return err
		}},
		{25 * time.Minute, func() tenants.Actor { return commune }, func(tx *tenants.Tx) error { return staff.AnswerSupport(ctx, tx, support, true) }},
		{30 * time.Minute, a.Actor, func(tx *tenants.Tx) error {
			entry, err := staff.InviteVisit(ctx, tx, support)
			if err != nil {
				return err
			}
			token, err := staff.EnterVisit(ctx, tx, entry)
			if err != nil {
				return err
			}
			if visit, err = staff.VisitOf(ctx, tx, token); err != nil {
				return err
			}
			return visit.Look(ctx, tx, "GET /agents", "")
		}},
		{32 * time.Minute, a.Actor, func(tx *tenants.Tx) error { return visit.Look(ctx, tx, "GET /agents/statistiques", "") }},
		{70 * time.Minute, func() tenants.Actor { return commune }, func(tx *tenants.Tx) error { return staff.EndSupport(ctx, tx, support) }},
	}
	err := d.db.Read(ctx, t, tenants.System("démonstration"), func(tx *tenants.Tx) error {
		agent, err := staff.ByEmail(ctx, tx, agentMailbox(t, "secretariat"))
		commune = agent.Actor()
		return err
	})
	for _, step := range steps {
		if err != nil {
			return err
		}
		err = d.db.At(func() time.Time { return when.Add(step.after) }).Write(ctx, t, step.actor(), step.do)
	}
	return err
}
