package catalogue_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

var (
	system = tenants.System("catalogue")
	admin  = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Camille Exemple", Role: tenants.RoleAdmin}
	front  = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Jo Accueil", Role: tenants.RoleFront}
)

// installed gives a deployment whose first commune has what every commune begins with.
func installed(t *testing.T) *pgtest.Env {
	t.Helper()
	env := pgtest.Schema(t)
	env.Write(t, env.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error { return catalogue.Install(ctx, tx) })
	return env
}

func TestInstallTwiceIsInstallOnce(t *testing.T) {
	t.Parallel()
	env := installed(t)
	read := func() (slugs, services []string) {
		env.Write(t, env.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
			all, err := catalogue.List(ctx, tx)
			if err != nil {
				return err
			}
			for _, e := range all {
				slugs = append(slugs, e.Slug)
				if e.Open || e.Version.Number != 1 || e.Service.Name != e.Procedure().Service || e.Model != e.Slug {
					t.Errorf("%s: open %v, version %d, service %q", e.Slug, e.Open, e.Version.Number, e.Service.Name)
				}
				p, _ := catalogue.Model(e.Slug)
				if e.Procedure().Checksum() != p.Checksum() || e.Version.Checksum != p.Checksum() {
					t.Errorf("%s came back changed from the database", e.Slug)
				}
			}
			list, err := tenants.Services(ctx, tx)
			for _, s := range list {
				services = append(services, s.Name)
			}
			return err
		})
		return slugs, services
	}
	slugs, services := read()
	if len(slugs) != 12 || slugs[0] != "copie-acte-naissance" || !slices.Equal(services, catalogue.ServiceNames()[:6]) {
		t.Errorf("installed %v with %v", slugs, services)
	}
	env.Write(t, env.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
		voirie, err := tenants.ServiceByName(ctx, tx, "Voirie")
		if err != nil {
			return err
		}
		voirie.Name = "Espace public"
		if _, err := tenants.PutService(ctx, tx, voirie); err != nil {
			return err
		}
		return catalogue.Install(ctx, tx)
	})
	env.Write(t, env.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
		all, err := catalogue.List(ctx, tx)
		if err != nil {
			return err
		}
		list, err := tenants.Services(ctx, tx)
		if len(all) != 12 || len(list) != 6 || slices.ContainsFunc(list, func(s tenants.Service) bool { return s.Name == "Voirie" }) {
			t.Errorf("a renamed service came back: %d procedures, %d services", len(all), len(list))
		}
		return err
	})
}

// A commune's catalogue is its own: the neighbour has none of it.
func TestTheNeighbourHasNothing(t *testing.T) {
	t.Parallel()
	env := installed(t)
	env.Write(t, env.Other, system, func(ctx context.Context, tx *tenants.Tx) error {
		all, err := catalogue.List(ctx, tx)
		if len(all) != 0 {
			t.Errorf("%d procedures", len(all))
		}
		return err
	})
}

func TestOpeningNeedsEveryMention(t *testing.T) {
	t.Parallel()
	env := installed(t)
	ctx := t.Context()
	open := func(slug string) error {
		return env.DB.Write(ctx, env.Tenant, admin, func(tx *tenants.Tx) error { return catalogue.SetOpen(ctx, tx, slug, true) })
	}
	err := open("terrasse")
	f := fault.Of(err)
	if !fault.Is(err, "mentions_missing") || f.Kind != fault.Invalid || !slices.ContainsFunc(f.Fields, func(f fault.Field) bool {
		return f.Path == "settings/court_name" && f.Message != ""
	}) {
		t.Fatalf("opened without a court: %v", err)
	}
	put := func(s tenants.Settings) {
		env.Write(t, env.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
			_, version, err := tenants.GetSettings(ctx, tx)
			if err != nil {
				return err
			}
			return tenants.PutSettings(ctx, tx, s, version)
		})
	}
	put(without(complete(), "court"))
	if err := open("terrasse"); !fault.Is(err, "mentions_missing") {
		t.Errorf("M4: opened without a court: %v", err)
	}
	if err := open("cantine"); err != nil {
		t.Errorf("an acceptance needs no court: %v", err)
	}
	env.Write(t, env.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		closed, err := catalogue.OpenAll(ctx, tx)
		if len(closed) != 8 || slices.Contains(closed, "vide-grenier") || !slices.Contains(closed, "documents-administratifs") {
			t.Errorf("closed without a court: %v", closed)
		}
		return err
	})
	put(complete())
	if err := open("terrasse"); err != nil {
		t.Errorf("complete settings: %v", err)
	}
	env.Write(t, env.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		if closed, err := catalogue.OpenAll(ctx, tx); err != nil || len(closed) != 0 {
			t.Errorf("closed %v, %v", closed, err)
		}
		e, err := catalogue.BySlug(ctx, tx, "terrasse")
		if err != nil {
			return err
		}
		if !e.Open {
			t.Error("terrasse is closed")
		}
		history, err := tx.History(ctx, string(e.ID))
		kinds := make([]string, len(history))
		for i, h := range history {
			kinds[i] = h.Kind
		}
		if got := strings.Join(kinds, " "); got != "version_published opened" || history[1].ActorName != "Camille Exemple" {
			t.Errorf("history: %s", got)
		}
		return err
	})
	if err := env.DB.Write(ctx, env.Tenant, admin, func(tx *tenants.Tx) error { return catalogue.SetOpen(ctx, tx, "terrasse", false) }); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestAPublishedVersionNeverChanges(t *testing.T) {
	t.Parallel()
	env := installed(t)
	ctx := t.Context()
	var first, second catalogue.Version
	env.Write(t, env.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, "cantine")
		if err != nil {
			return err
		}
		first = e.Version
		mine, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		same, err := catalogue.Publish(ctx, tx, "cantine", mine)
		if err != nil || same.ID != first.ID {
			t.Errorf("the same text made version %d, %v", same.Number, err)
		}
		mine.Title = "Manger à la cantine"
		if second, err = catalogue.Publish(ctx, tx, "cantine", mine); err != nil {
			return err
		}
		mine.Title = "Changé après coup"
		return nil
	})
	env.Write(t, env.Tenant, front, func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, "cantine")
		if err != nil {
			return err
		}
		if e.Version.ID != second.ID || e.Version.Number != 2 || e.Procedure().Title != "Manger à la cantine" || e.Version.CreatedBy != "Camille Exemple" {
			t.Errorf("current: %d %q", e.Version.Number, e.Procedure().Title)
		}
		old, err := catalogue.VersionByID(ctx, tx, first.ID)
		if err != nil {
			return err
		}
		if old.Number != 1 || old.Procedure.Title != "Inscrire un enfant à la cantine" {
			t.Errorf("old: %d %q", old.Number, old.Procedure.Title)
		}
		versions, err := catalogue.Versions(ctx, tx, "cantine")
		if len(versions) != 2 || versions[0].Number != 2 || versions[1].Procedure.Title != old.Procedure.Title {
			t.Errorf("versions: %+v", versions)
		}
		return err
	})
	for _, sql := range []string{`update procedure_version set number = 9`, `delete from procedure_version`} {
		err := env.DB.Write(ctx, env.Tenant, admin, func(tx *tenants.Tx) error {
			_, err := tx.Exec(ctx, sql)
			return err
		})
		if err == nil {
			t.Errorf("the tenant's role may: %s", sql)
		}
	}
}

func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	env := installed(t)
	ctx := t.Context()
	publish := func(a tenants.Actor, slug string, change func(*catalogue.Procedure)) error {
		p, err := model(t, "terrasse").Copy()
		if err != nil {
			t.Fatal(err)
		}
		change(p)
		return env.DB.Write(ctx, env.Tenant, a, func(tx *tenants.Tx) error {
			_, err := catalogue.Publish(ctx, tx, slug, p)
			return err
		})
	}
	keep := func(*catalogue.Procedure) {}
	if err := publish(front, "terrasse", keep); !fault.Is(err, "admin_only") {
		t.Errorf("by the front desk: %v", err)
	}
	if err := publish(admin, "cantine", keep); !fault.Is(err, "procedure_invalid") {
		t.Errorf("under another slug: %v", err)
	}
	if err := publish(admin, "inconnue", func(p *catalogue.Procedure) { p.Slug = "inconnue" }); !fault.Is(err, "procedure_unknown") {
		t.Errorf("an unknown one: %v", err)
	}
	err := publish(admin, "terrasse", func(p *catalogue.Procedure) { p.Silence.Source = "" })
	if f := fault.Of(err); !fault.Is(err, "procedure_invalid") || len(f.Fields) != 1 || f.Fields[0].Path != "silence/source" {
		t.Errorf("a rule without its text: %v", err)
	}
	// What silence means has to be known, in full, before anybody is told of it.
	for field, rule := range map[string]calendar.Rule{
		"silence":        {Source: "CRPA, article\u00a0L.231-4"},
		"silence/effect": {Effect: calendar.Declaration, Source: "CRPA, article\u00a0L.231-4"},
		"silence/months": {Effect: calendar.Rejection, Source: "CRPA, article\u00a0L.231-4"},
		"silence/code":   {Effect: calendar.None, Code: calendar.Planning, Source: "C. urb. R*423-19"},
	} {
		err := publish(admin, "terrasse", func(p *catalogue.Procedure) { p.Silence = rule })
		if f := fault.Of(err); !fault.Is(err, "procedure_invalid") || !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return strings.HasPrefix(x.Path, "silence") && x.Message != "" }) {
			t.Errorf("a procedure whose %s is not known: %v", field, err)
		}
	}
	// An open procedure cannot come to need a court that is not set.
	env.Write(t, env.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		if err := tenants.PutSettings(ctx, tx, without(complete(), "court"), 0); err != nil {
			return err
		}
		return catalogue.SetOpen(ctx, tx, "buvette-temporaire", true)
	})
	p, err := model(t, "buvette-temporaire").Copy()
	if err != nil {
		t.Fatal(err)
	}
	p.Silence = model(t, "terrasse").Silence
	p.Letters[catalogue.OutcomeImplicitRejection] = model(t, "terrasse").Letters[catalogue.OutcomeImplicitRejection]
	err = env.DB.Write(ctx, env.Tenant, admin, func(tx *tenants.Tx) error {
		_, err := catalogue.Publish(ctx, tx, p.Slug, p)
		return err
	})
	if !fault.Is(err, "mentions_missing") {
		t.Errorf("open, and without a court: %v", err)
	}
}

func TestOnlyAdministratorsChangeTheCatalogue(t *testing.T) {
	t.Parallel()
	env := installed(t)
	ctx := t.Context()
	for _, a := range []tenants.Actor{front, tenants.Guest(), {Kind: tenants.ActorCitizen}, {Kind: tenants.ActorHub}, {Kind: tenants.ActorAgent, Role: tenants.RoleInstructor}} {
		for name, change := range map[string]func(*tenants.Tx) error{
			"install": func(tx *tenants.Tx) error { return catalogue.Install(ctx, tx) },
			"open":    func(tx *tenants.Tx) error { return catalogue.SetOpen(ctx, tx, "terrasse", true) },
			"service": func(tx *tenants.Tx) error { return catalogue.SetService(ctx, tx, "terrasse", tenants.NewID()) },
		} {
			if err := env.DB.Write(ctx, env.Tenant, a, change); !fault.Is(err, "admin_only") {
				t.Errorf("%s by %s %s: %v", name, a.Kind, a.Role, err)
			}
		}
	}
}

func TestServiceAndUnknowns(t *testing.T) {
	t.Parallel()
	env := installed(t)
	ctx := t.Context()
	env.Write(t, env.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		police, err := tenants.PutService(ctx, tx, tenants.Service{Name: "Police municipale", Phone: "05 61 22 22 22"})
		if err != nil {
			return err
		}
		if err := catalogue.SetService(ctx, tx, "terrasse", police.ID); err != nil {
			return err
		}
		e, err := catalogue.BySlug(ctx, tx, "terrasse")
		if e.Service != police {
			t.Errorf("service %+v", e.Service)
		}
		return err
	})
	for name, read := range map[string]func(*tenants.Tx) error{
		"procedure_unknown": func(tx *tenants.Tx) error { _, err := catalogue.BySlug(ctx, tx, "rien"); return err },
		"version_unknown":   func(tx *tenants.Tx) error { _, err := catalogue.VersionByID(ctx, tx, tenants.NewID()); return err },
	} {
		err := env.DB.Read(ctx, env.Tenant, tenants.Guest(), read)
		if !fault.Is(err, name) || fault.Of(err).Kind != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*tenants.Tx) error{
		"open":            func(tx *tenants.Tx) error { return catalogue.SetOpen(ctx, tx, "rien", true) },
		"service":         func(tx *tenants.Tx) error { return catalogue.SetService(ctx, tx, "rien", tenants.NewID()) },
		"unknown service": func(tx *tenants.Tx) error { return catalogue.SetService(ctx, tx, "terrasse", tenants.NewID()) },
	} {
		if err := env.DB.Write(ctx, env.Tenant, admin, change); !fault.Is(err, "procedure_unknown") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}
