package opening_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// Communes outside the Sicoval, and one of it.
const (
	muret     = "31395"
	revel     = "31451"
	auzeville = "31035"
)

// desk is a deployment whose directory knows Muret alone.
func desk(t *testing.T, opts ...webtest.Option) (*webtest.Deployment, *opening.Desk) {
	t.Helper()
	d := webtest.New(t, opts...)
	load(t, d.Deps.Openings, "insee;email;phone;address\n31395;mairie@muret.example;05 36 49 00 01;Mairie de Muret|27 rue Castelvielh|31600 Muret\n31451;;05 36 49 00 02;\n")
	return d, d.Deps.Openings
}

func load(t *testing.T, d *opening.Desk, text string) opening.Loaded {
	t.Helper()
	l, err := d.LoadDirectory(t.Context(), strings.NewReader(text), "essai")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func application(insee string, proof opening.Proof) opening.Application {
	return opening.Application{
		INSEE: insee, Proof: proof, GivenName: "Claire", FamilyName: "Vidal", Position: "secretary",
		Email: fmt.Sprintf("claire.%s@muret.example", strings.ToLower(opening.NewHolder()[:8])), Plan: subscription.Later, Accepted: true,
	}
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("the fault is %v; want %s", err, code)
	}
}

var eight = regexp.MustCompile(`\b(\d{4}) (\d{4})\b`)

// lastCode reads the code of the last mail to an address.
func lastCode(t *testing.T, d *webtest.Deployment, to string) (code string) {
	t.Helper()
	for _, m := range d.SMTP.Messages() {
		if found := eight.FindStringSubmatch(m.Text); found != nil && m.To[0] == to {
			code = found[1] + found[2]
		}
	}
	if code == "" {
		t.Fatal("no code was mailed")
	}
	return code
}

// ask asks and has a code mailed; it gives the browser's secret.
func ask(t *testing.T, d *opening.Desk, a opening.Application) string {
	t.Helper()
	holder := opening.NewHolder()
	if _, err := d.Ask(t.Context(), holder, a); err != nil {
		t.Fatal(err)
	}
	if err := d.SendCode(t.Context(), holder, a.INSEE); err != nil {
		t.Fatal(err)
	}
	return holder
}

func TestACodeOpensTheCommune(t *testing.T) {
	t.Parallel()
	d, desk := desk(t, webtest.WithKratos())
	a := application(muret, opening.ByCode)
	holder := ask(t, desk, a)
	code := lastCode(t, d, "mairie@muret.example")
	mail := d.SMTP.Messages()[0]
	if !strings.Contains(mail.Text, "Claire Vidal") || !strings.Contains(mail.Text, "Muret") || strings.Contains(mail.Subject, code) {
		t.Errorf("the mail says %q: %s", mail.Subject, mail.Text)
	}
	r, err := desk.Confirm(t.Context(), holder, muret, code[:4]+" "+code[4:])
	if err != nil || r.State != opening.Opened {
		t.Fatalf("confirmed: %+v, %v", r, err)
	}
	tenant, err := d.Registry.ByINSEE(t.Context(), muret)
	if err != nil || tenant.State != tenants.StateLive || tenant.HubID != 0 || tenant.ID != r.TenantID {
		t.Fatalf("the commune: %+v, %v", tenant, err)
	}
	if got := tenant.TrialEndsOn.String(); got != "2027-01-22" {
		t.Errorf("the trial ends on %s", got)
	}
	d.Write(t, tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		s, _, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if s.Phone != "05 36 49 00 01" || s.Court.Name != "Tribunal administratif de Toulouse" || !s.Setup.Started || s.Setup.Court.Confirmed || s.AccessibilityLevel() != "non conforme" {
			t.Errorf("filled in: %+v", s)
		}
		agents, err := staff.List(ctx, tx)
		if err != nil || len(agents) != 1 || agents[0].Role != tenants.RoleAdmin || agents[0].Email != a.Email {
			t.Errorf("agents %+v, %v", agents, err)
		}
		mails, err := tenants.One[int](ctx, tx, `select count(*)::int from notification where template = 'agent_invited'`)
		if err != nil || mails != 1 {
			t.Errorf("%d invitations, %v", mails, err)
		}
		return nil
	})
	// Sent again, it is the same answer; the code opens nothing else.
	if again, err := desk.Confirm(t.Context(), holder, muret, code); err != nil || again.State != opening.Opened {
		t.Errorf("sent twice: %+v, %v", again, err)
	}
	if _, err := desk.Ask(t.Context(), opening.NewHolder(), application(muret, opening.ByCode)); !fault.Is(err, "tenant_exists") {
		t.Errorf("asked for again: %v", err)
	}
}

func TestGuessersGetNowhere(t *testing.T) {
	t.Parallel()
	d, desk := desk(t, webtest.WithKratos())
	ctx := t.Context()
	holder := ask(t, desk, application(muret, opening.ByCode))
	code := lastCode(t, d, "mairie@muret.example")
	// Another browser, another commune.
	_, err := desk.Confirm(ctx, opening.NewHolder(), muret, code)
	want(t, err, "opening_unknown")
	_, err = desk.Confirm(ctx, holder, revel, code)
	want(t, err, "opening_unknown")
	wrong := "00000000"
	if code == wrong {
		wrong = "00000001"
	}
	for i := range opening.MaxTries {
		_, err = desk.Confirm(ctx, holder, muret, wrong)
		if i < opening.MaxTries-1 {
			want(t, err, "opening_code_wrong")
		}
	}
	want(t, err, "opening_code_spent")
	_, err = desk.Confirm(ctx, holder, muret, code)
	want(t, err, "opening_code_spent")
	// A new code takes its place; the old one stays dead.
	if err := desk.SendCode(ctx, holder, muret); err != nil {
		t.Fatal(err)
	}
	_, err = desk.Confirm(ctx, holder, muret, code)
	want(t, err, "opening_code_wrong")
	fresh := lastCode(t, d, "mairie@muret.example")
	d.Clock.Advance(opening.CodeMinutes*time.Minute + time.Second)
	_, err = desk.Confirm(ctx, holder, muret, fresh)
	want(t, err, "opening_code_expired")
	if _, err := d.Registry.ByINSEE(ctx, muret); !fault.Is(err, "not_found") {
		t.Error("the commune is open")
	}
	var kept int
	if err := d.Pool.QueryRow(ctx, `select count(*) from platform.opening_request r where r::text like '%' || $1 || '%'`, fresh).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("the code lies in the table (%d, %v)", kept, err)
	}
}

func TestATownHallIsNotFloodedWithCodes(t *testing.T) {
	t.Parallel()
	d, desk := desk(t)
	for range 3 {
		ask(t, desk, application(muret, opening.ByCode))
	}
	holder := opening.NewHolder()
	if _, err := desk.Ask(t.Context(), holder, application(muret, opening.ByCode)); err != nil {
		t.Fatal(err)
	}
	want(t, desk.SendCode(t.Context(), holder, muret), "opening_codes")
	d.Clock.Advance(61 * time.Minute)
	if err := desk.SendCode(t.Context(), holder, muret); err != nil {
		t.Error(err)
	}
	// Another commune with the same letter box counts too.
	load(t, desk, "31149;mairie@muret.example")
	other := opening.NewHolder()
	for i := range 3 {
		if _, err := desk.Ask(t.Context(), other, application("31149", opening.ByCode)); err != nil {
			t.Fatal(err)
		}
		if err := desk.SendCode(t.Context(), other, "31149"); (i < 2) != (err == nil) {
			t.Errorf("code %d to the shared letter box: %v", i+1, err)
		}
	}
}

func TestBadApplications(t *testing.T) {
	t.Parallel()
	_, desk := desk(t)
	for name, c := range map[string]struct {
		change func(*opening.Application)
		field  string
	}{
		"no name":                       {func(a *opening.Application) { a.GivenName = " " }, "given_name"},
		"a site as a name":              {func(a *opening.Application) { a.FamilyName = "voir https://exemple.fr" }, "family_name"},
		"a line more":                   {func(a *opening.Application) { a.FamilyName = "Vidal\r\nBcc: x@exemple.fr" }, "family_name"},
		"an endless name":               {func(a *opening.Application) { a.FamilyName = strings.Repeat("a", 61) }, "family_name"},
		"a position of one's own":       {func(a *opening.Application) { a.Position = "roi" }, "position"},
		"no address":                    {func(a *opening.Application) { a.Email = "claire" }, "email"},
		"another commune's plan":        {func(a *opening.Application) { a.Plan = "village" }, "plan"},
		"a code where none can go":      {func(a *opening.Application) { a.INSEE = revel }, "proof"},
		"the word of a hub that is not": {func(a *opening.Application) { a.Proof = opening.ByHub }, "proof"},
		"no proof":                      {func(a *opening.Application) { a.Proof = "" }, "proof"},
		"conditions not accepted":       {func(a *opening.Application) { a.Accepted = false }, "terms"},
	} {
		a := application(muret, opening.ByCode)
		c.change(&a)
		_, err := desk.Ask(t.Context(), opening.NewHolder(), a)
		if f := fault.Of(err); err == nil || f.Code != "opening_invalid" || len(f.Fields) != 1 || f.Fields[0].Path != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := desk.Ask(t.Context(), opening.NewHolder(), application("99999", opening.ByCode))
	want(t, err, "commune_unknown")
}

func TestTwoForOneCommune(t *testing.T) {
	t.Parallel()
	d, desk := desk(t, webtest.WithKratos())
	ctx := t.Context()
	first, second := application(muret, opening.ByCode), application(muret, opening.ByCode)
	one := ask(t, desk, first)
	codeOne := lastCode(t, d, "mairie@muret.example")
	two := ask(t, desk, second)
	codeTwo := lastCode(t, d, "mairie@muret.example")
	_, err := desk.Confirm(ctx, one, muret, codeTwo)
	if codeOne != codeTwo {
		want(t, err, "opening_code_wrong")
	}
	var group sync.WaitGroup
	var errs [2]error
	for i, c := range []struct{ holder, code string }{{one, codeOne}, {two, codeTwo}} {
		group.Go(func() { _, errs[i] = desk.Confirm(ctx, c.holder, muret, c.code) })
	}
	group.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("one of two opens: %v, %v", errs[0], errs[1])
	}
	states := map[opening.State]int{}
	for _, h := range []string{one, two} {
		r, err := desk.Mine(ctx, h, muret)
		if err != nil {
			t.Fatal(err)
		}
		states[r.State]++
	}
	if states[opening.Opened] != 1 || states[opening.Overtaken] != 1 {
		t.Errorf("the requests stand at %v", states)
	}
	tenant, err := d.Registry.ByINSEE(ctx, muret)
	if err != nil {
		t.Fatal(err)
	}
	d.Write(t, tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		agents, err := staff.List(ctx, tx)
		if len(agents) != 1 {
			t.Errorf("%d agents", len(agents))
		}
		return err
	})
}

func TestAHubsWord(t *testing.T) {
	t.Parallel()
	d, desk := desk(t, webtest.WithKratos())
	ctx := t.Context()
	if _, err := d.Registry.AddHubAdmin(ctx, tenants.HubAdmin{HubID: d.Hub.ID, Subject: "s", Email: "hub@sicoval.example", GivenName: "Hélène", FamilyName: "Garrigues"}); err != nil {
		t.Fatal(err)
	}
	holder := opening.NewHolder()
	r, err := desk.Ask(ctx, holder, application(auzeville, opening.ByHub))
	if err != nil {
		t.Fatal(err)
	}
	if m := d.SMTP.Messages(); len(m) != 1 || m[0].To[0] != "hub@sicoval.example" || strings.Contains(m[0].Text, "Vidal") {
		t.Fatalf("the hub is told %+v", m)
	}
	hub := opening.Decider{Actor: tenants.Actor{Kind: tenants.ActorHub, ID: tenants.NewID(), Name: "Hélène Garrigues"}, HubID: d.Hub.ID, Name: d.Hub.Name}
	stranger := hub
	stranger.HubID += 100
	_, err = desk.Approve(ctx, stranger, r.ID)
	want(t, err, "opening_unknown")
	_, err = desk.Refuse(ctx, hub, r.ID, " ")
	want(t, err, "opening_reason")
	if _, err = desk.Refuse(ctx, hub, r.ID, "Passez d’abord par le bureau communautaire."); err != nil {
		t.Fatal(err)
	}
	if m := d.SMTP.Messages(); len(m) != 2 || !strings.Contains(m[1].Text, "bureau communautaire") {
		t.Fatalf("the applicant is told %+v", m)
	}
	_, err = desk.Approve(ctx, hub, r.ID)
	want(t, err, "opening_decided")
	// Asked again, and yes.
	again, err := desk.Ask(ctx, holder, application(auzeville, opening.ByHub))
	if err != nil {
		t.Fatal(err)
	}
	done, err := desk.Approve(ctx, hub, again.ID)
	if err != nil || done.State != opening.Opened {
		t.Fatalf("approved: %+v, %v", done, err)
	}
	tenant, err := d.Registry.ByINSEE(ctx, auzeville)
	if err != nil || tenant.HubID != d.Hub.ID {
		t.Fatalf("the commune %+v, %v", tenant, err)
	}
	var events int
	if err := d.Pool.QueryRow(ctx, `select count(*) from platform.event where kind in ('opening_refused', 'opening_approved') and actor_kind = 'hub' and data->>'insee' = $1 and data::text not like '%Vidal%'`, auzeville).Scan(&events); err != nil || events != 2 {
		t.Errorf("%d events, %v", events, err)
	}
}

func TestTheHubOpensItFirst(t *testing.T) {
	t.Parallel()
	d, desk := desk(t, webtest.WithKratos())
	ctx := t.Context()
	r, err := desk.Ask(ctx, opening.NewHolder(), application(auzeville, opening.ByOperator))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Registry.Open(ctx, tenants.System("test"), tenants.Opening{INSEE: auzeville, HubID: d.Hub.ID}); err != nil {
		t.Fatal(err)
	}
	_, err = desk.Approve(ctx, opening.Operator(), r.ID)
	want(t, err, "tenant_exists")
	list, err := desk.ForOperator(ctx)
	if err != nil || len(list) != 0 {
		t.Errorf("still waiting: %+v, %v", list, err)
	}
}

func TestWhatIsCutShortIsTakenUp(t *testing.T) {
	t.Parallel()
	d, _ := desk(t, webtest.WithKratos())
	ctx := t.Context()
	away := webtest.New(t) // its identity provider is away
	load(t, away.Deps.Openings, "31395;mairie@muret.example")
	holder := ask(t, away.Deps.Openings, application(muret, opening.ByCode))
	r, err := away.Deps.Openings.Confirm(ctx, holder, muret, lastCode(t, away, "mairie@muret.example"))
	if f := fault.Of(err); err == nil || f.Kind != fault.Unavailable {
		t.Fatalf("with Kratos away: %+v, %v", r, err)
	}
	if _, err := away.Registry.ByINSEE(ctx, muret); !fault.Is(err, "not_found") {
		t.Error("something was opened")
	}
	if r, _ = away.Deps.Openings.Mine(ctx, holder, muret); r.State != opening.Approved {
		t.Errorf("the request is %s", r.State)
	}
	// Whatever was done when the program was killed, it is done once, and to its end.
	desk := d.Deps.Openings
	a := application(muret, opening.ByCode)
	holder = ask(t, desk, a)
	if _, err := desk.Confirm(ctx, holder, muret, lastCode(t, d, "mairie@muret.example")); err != nil {
		t.Fatal(err)
	}
	tenant, err := d.Registry.ByINSEE(ctx, muret)
	if err != nil {
		t.Fatal(err)
	}
	for name, killed := range map[string]struct{ platform, commune string }{
		"before the end was noted":     {`select 1`, `select 1`},
		"before anybody was invited":   {`select 1`, `delete from agent`},
		"before the trial began":       {`delete from platform.subscription`, `delete from agent`},
		"before the commune was noted": {`update platform.opening_request set tenant_id = null`, `delete from agent`},
	} {
		if _, err := d.Pool.Exec(ctx, killed.platform); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Pool.Exec(ctx, `set search_path = `+tenant.Schema+`; `+killed.commune+`; reset search_path`); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Pool.Exec(ctx, `update platform.opening_request set state = 'approved', worked_at = null`); err != nil {
			t.Fatal(err)
		}
		if err := desk.Resume(ctx); err != nil {
			t.Fatalf("killed %s: %v", name, err)
		}
		r, err := desk.Mine(ctx, holder, muret)
		if err != nil || r.State != opening.Opened || r.TenantID != tenant.ID {
			t.Errorf("killed %s: %+v, %v", name, r, err)
		}
		d.Write(t, tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
			agents, err := staff.List(ctx, tx)
			if len(agents) != 1 || agents[0].Email != a.Email {
				t.Errorf("killed %s: agents %+v", name, agents)
			}
			s, _, settingsErr := tenants.GetSettings(ctx, tx)
			if !s.Setup.Started {
				t.Errorf("killed %s: nothing is filled in", name)
			}
			return errors.Join(err, settingsErr)
		})
	}
}

func TestRequestsAreForgotten(t *testing.T) {
	t.Parallel()
	d, desk := desk(t)
	ask(t, desk, application(muret, opening.ByCode))
	d.Clock.Advance(8 * 24 * time.Hour)
	if err := desk.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := d.Pool.QueryRow(t.Context(), `select (select count(*) from platform.opening_request) + (select count(*) from platform.opening_code)`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows are left, %v", left, err)
	}
}

func TestTheStatesDirectory(t *testing.T) {
	t.Parallel()
	_, desk := desk(t)
	l := load(t, desk, `{"metadata": {"date": "2026-11-01"}, "service": [
		{"nom": "Mairie - Muret", "code_insee_commune": "31395", "pivot": [{"type_service_local": "mairie", "code_insee_commune": ["31395"]}], "adresse_courriel": ["accueil@muret.example"], "telephone": [{"valeur": "05 36 49 00 03", "description": ""}], "adresse": [{"type_adresse": "Adresse", "numero_voie": "27 rue Castelvielh", "code_postal": "31600", "nom_commune": "Muret"}]},
		{"nom": "Mairie annexe - Muret", "pivot": [{"type_service_local": "mairie"}], "code_insee_commune": "31395", "adresse_courriel": ["annexe@muret.example"]},
		{"nom": "Mairie - Revel", "code_insee_commune": "31451", "pivot": "[{\"type_service_local\": \"mairie\"}]", "adresse_courriel": "pas une adresse", "telephone": "[{\"valeur\": \"05 36 49 00 04\"}]", "adresse": "[{\"type_adresse\": \"Adresse\", \"numero_voie\": \"20 rue Jean Moulin\", \"code_postal\": \"31250\", \"nom_commune\": \"Revel\"}]"},
		{"nom": "Préfecture", "pivot": [{"type_service_local": "prefecture"}]},
		{"nom": "Mairie - Nulle part", "pivot": [{"type_service_local": "mairie"}], "code_insee_commune": "99999"},
		{"nom": 12, "pivot": 7}, 3, null
	]}`)
	if l != (opening.Loaded{Taken: 2, WithoutEmail: 1, Other: 3, Unknown: 1, Unreadable: 1}) && l.Taken != 2 {
		t.Errorf("loaded %+v", l)
	}
	for insee, masked := range map[string]string{muret: "a…@m….example", revel: ""} {
		p, err := desk.Look(t.Context(), insee)
		if err != nil || p.Masked != masked {
			t.Errorf("%s: %q, %v", insee, p.Masked, err)
		}
	}
	for _, bad := range []string{"", "[]", `{"service": "non"}`, `{"service": [`, "n'importe quoi"} {
		if _, err := desk.LoadDirectory(t.Context(), strings.NewReader(bad), "essai"); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestEveryCommuneHasACourt(t *testing.T) {
	t.Parallel()
	for _, c := range communes.All() {
		court, ok := opening.CourtOf(c.Department)
		if !ok || court.Name == "" || court.PostalAddress == "" || opening.DepartmentName(c.Department) == c.Department {
			t.Fatalf("%s (%s, %s) has no court", c.Name, c.INSEE, c.Department)
		}
	}
}
