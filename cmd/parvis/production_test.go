package main

import (
	"context"
	"errors"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
)

const town = "castanet-tolosan." + base

// applicant is somebody whose traces are looked for in the logs.
const applicant = `"applicant":{"given_name":"Zébulon","family_name":"Marquepage","email":"zebulon@exemple.fr","phone":"06 39 98 12 34","sms":true,
	"postal_address":"7 rue du Lavoir\n31320 Castanet-Tolosan"}`

const aReport = `{"procedure":"signalement-voirie","channel":"api",` + applicant + `,"answers":{"categorie":"eclairage","danger":"non","lieu":"Sous le vieux tilleul"}}`

// ready fills the commune in as its agents would, and opens its procedures.
func (s *site) ready() {
	s.t.Helper()
	p := s.program()
	ctx := context.Background()
	t, err := p.registry.BySlug(ctx, "castanet-tolosan")
	if err != nil {
		s.t.Fatal(err)
	}
	err = p.db.Write(ctx, t, tenants.System("test"), func(tx *tenants.Tx) error {
		own, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		own.PostalAddress, own.Phone, own.Email = "1 place de la Liberté\n31320 Castanet-Tolosan", "05 61 00 00 00", "mairie@castanet.example"
		own.Court = tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond-IV, 31068 Toulouse Cedex 7"}
		own.DPO = tenants.DPO{Name: "Déléguée du Sicoval", Email: "dpo@sicoval.example"}
		if err := tenants.PutSettings(ctx, tx, own, version); err != nil {
			return err
		}
		if closed, err := catalogue.OpenAll(ctx, tx); err != nil || len(closed) > 0 {
			s.t.Errorf("closed: %q", closed)
			return err
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

type filed struct {
	Number       string
	TrackingCode string `json:"tracking_code"`
}

// The whole of production, from an empty database to a mail, with real parts.
func TestProduction(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if out, err := parvis(t, s.environment, "config", "check"); err == nil || !strings.Contains(out, "Run: parvis migrate") || strings.Contains(out, "s3cret") {
		t.Errorf("before migrate, config check says %v: %s", err, out)
	}
	must(t, s.environment, "migrate")
	must(t, s.environment, "migrate") // twice is once
	if out := must(t, s.environment, "migrate", "--status"); !strings.Contains(out, "0 of them behind") {
		t.Errorf("status: %s", out)
	}
	must(t, s.environment, "tenant", "hub", "--slug", "sicoval", sicoval)
	if out := must(t, s.environment, "tenant", "create", "--hub", "sicoval", "--insee", "31113"); !strings.Contains(out, "http://"+town) {
		t.Errorf("open: %s", out)
	}
	for _, wrong := range [][]string{{"tenant", "create", "--insee", "31113"}, {"tenant", "create", "--insee", "99999"}, {"tenant", "create", "--hub", "nobody", "--insee", "31446"}, {"tenant", "hub", "--slug", "x", "1"}, {"token", "issue", "--tenant", "nobody", "--agent", "a@b.example", "x"}} {
		if out, err := parvis(t, s.environment, wrong...); err == nil || !strings.HasPrefix(out, "parvis: ") || strings.Count(out, "\n") != 1 {
			t.Errorf("parvis %q: %v: %s", wrong, err, out)
		}
	}
	s.cells()
	must(t, s.environment, "tenant", "admin", "--tenant", "castanet-tolosan", "nour@castanet.example", "Nour", "Alami")
	hub := must(t, s.environment, "tenant", "admin", "--hub", "sicoval", "helene@sicoval.example", "Hélène", "Garrigues")
	if !regexp.MustCompile(`shown once: [a-z0-9]{20,}\n`).MatchString(hub) {
		t.Errorf("the hub's administrator: %s", hub)
	}
	token := strings.TrimSpace(must(t, s.environment, "token", "issue", "--tenant", "castanet-tolosan", "--agent", "nour@castanet.example", "Logiciel métier"))
	if out := must(t, s.environment, "token", "list", "--tenant", "castanet-tolosan", "--agent", "nour@castanet.example"); !strings.Contains(out, "Logiciel métier") || strings.Contains(out, token) {
		t.Errorf("tokens: %s", out)
	}
	s.ready()

	s.run("serve")
	eventually(t, "readiness", func() bool {
		a, err := tryAsk("GET", s.operator, "x", "/readyz", "")
		return err == nil && a.status == 200
	})
	working := append(strings.Split(strings.Join(s.environment, "\x00"), "\x00"), "PARVIS_METRICS_ADDR=127.0.0.1:0")
	s.logs = append(s.logs, start(t, working, "work"))
	if out := must(t, s.environment, "config", "check"); strings.Contains(out, "AWAY") {
		t.Errorf("config check: %s", out)
	}

	s.nothingOfTheDemo()
	s.mail("nour@castanet.example", "") // the invitation
	f := s.story(token)
	s.courier()
	s.measured()
	s.postgresAway(f)
	s.life(f)
	s.silentLogs(f, token)
}

func (s *site) nothingOfTheDemo() {
	s.t.Helper()
	for _, host := range []string{base, town, "sicoval." + base, "localhost", "unknown." + base} {
		for _, path := range []string{"/demo/messages", "/demo/messages.json", "/demo/accounts.json", "/demo/messages/1/html", "/metrics", "/readyz", "/kratos/courier", "/kannel/report"} {
			if a := ask(s.t, "GET", s.pages, host, path, ""); a.status != 404 && a.status != 303 || strings.Contains(a.body, "password") {
				s.t.Errorf("%s%s answers %d", host, path, a.status)
			}
		}
	}
	if a := ask(s.t, "GET", s.pages, "unknown."+base, "/", ""); a.status != 404 || strings.Contains(a.body, "Castanet") {
		s.t.Errorf("an unknown host: %d", a.status)
	}
	if a := ask(s.t, "GET", s.pages, town, "/", ""); a.status != 200 || !strings.Contains(a.body, "Castanet-Tolosan") {
		s.t.Errorf("the portal: %d", a.status)
	}
}

// story files a request, and sees the mail, the text message and its report.
func (s *site) story(token string) filed {
	s.t.Helper()
	f := decode[filed](s.t, ask(s.t, "POST", s.pages, town, "/api/v1/requests", aReport, "Idempotency-Key", "one"), 201)
	receipt := s.mail("zebulon@exemple.fr", "")
	if !strings.Contains(receipt.Text, f.Number) || !strings.Contains(receipt.Text, f.TrackingCode) || !strings.Contains(receipt.Text, "http://"+town+"/") {
		s.t.Errorf("the receipt says %s", receipt.Text)
	}
	eventually(s.t, "a text message", func() bool { return len(s.texts.Messages()) == 1 })
	ask(s.t, "POST", s.pages, town, "/api/v1/requests/"+f.Number+"/messages", `{"body":"Bonjour, c’est Zébulon Marquepage."}`, "X-Tracking-Code", f.TrackingCode)
	decode[struct{}](s.t, ask(s.t, "GET", s.pages, town, "/api/v1/requests?q=Marquepage", "", "Authorization", "Bearer "+token), 200)
	decode[struct{}](s.t, ask(s.t, "POST", s.pages, town, "/api/v1/requests/"+f.Number+"/decision", `{"outcome":"answer","reasons":"L’ampoule est changée."}`, "Authorization", "Bearer "+token), 201)
	ask(s.t, "GET", s.pages, town, "/demandes/"+f.Number+"?code="+f.TrackingCode, "")
	ask(s.t, "GET", s.pages, town, "/demarches?q=Marquepage", "")
	eventually(s.t, "the delivery report", func() bool {
		return strings.Contains(ask(s.t, "GET", s.operator, "x", "/metrics", "").body, `result="delivered"`) || s.delivered()
	})
	return f
}

// delivered tells whether Kannel's report reached the notification.
func (s *site) delivered() bool {
	p := s.program()
	ctx := context.Background()
	t, err := p.registry.BySlug(ctx, "castanet-tolosan")
	if err != nil {
		return false
	}
	var n int64
	err = p.db.Read(ctx, t, tenants.System("test"), func(tx *tenants.Tx) (err error) {
		n, err = tenants.One[int64](ctx, tx, `select count(*) from notification where channel = 'sms' and state = 'delivered'`)
		return err
	})
	return err == nil && n > 0
}

// courier holds the door that Kratos' mails come through.
func (s *site) courier() {
	s.t.Helper()
	for _, wrong := range []string{"", "Bearer x", s.courierToken + "x"} {
		if a := ask(s.t, "POST", s.operator, "x", "/kratos/courier", `{}`, "Authorization", wrong); a.status != 401 {
			s.t.Errorf("the courier with %q: %d", wrong, a.status)
		}
	}
	if a := ask(s.t, "GET", s.operator, "x", "/kannel/report?m=forged&status=1", ""); a.status != 404 {
		s.t.Errorf("a forged delivery report: %d", a.status)
	}
	p := s.program()
	ctx := context.Background()
	t, err := p.registry.BySlug(ctx, "castanet-tolosan")
	if err != nil {
		s.t.Fatal(err)
	}
	flow, err := p.identity.RequestRecovery(ctx, identity.Claim{Email: "nour@castanet.example", Address: "192.0.2.1", Transient: identity.Transient{Tenant: t.ID}})
	if err != nil {
		s.t.Fatal(err)
	}
	mail := s.mail("nour@castanet.example", "ode")
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(mail.Text)
	if !strings.Contains(mail.Text+mail.HTML, "Castanet-Tolosan") || code == "" {
		s.t.Fatalf("the code's mail says %s", mail.Text)
	}
	login, err := p.identity.CompleteRecovery(ctx, "nour@castanet.example", flow, code, "une phrase de passe assez longue")
	if err != nil {
		s.t.Fatal(err)
	}
	err = p.db.Write(ctx, t, tenants.Guest(), func(tx *tenants.Tx) error {
		_, err := staff.BySubject(ctx, tx, identity.Subject(tx, identity.ProviderKratos, login.ProviderID))
		return err
	})
	if err != nil {
		s.t.Errorf("the invited administrator cannot sign in: %v", err)
	}
}

func (s *site) measured() {
	s.t.Helper()
	text := ask(s.t, "GET", s.operator, "x", "/metrics", "").body
	for _, want := range []string{
		`parvis_http_request_seconds_count{route="POST /api/v1/requests",status="201"}`, `parvis_http_request_seconds_bucket{route="GET /{$}",status="200",le="0.1"}`,
		`parvis_jobs{cell="cell-2",state="available"}`, `parvis_jobs_oldest_seconds{cell="cell-1"}`, `parvis_cell_tenants{cell="cell-1"} 1`, "parvis_tenant_connections ", "go_goroutines",
	} {
		if !strings.Contains(text, want) {
			s.t.Errorf("the metrics lack %s", want)
		}
	}
	for _, never := range []string{"26-0", "Marquepage", "unknown.", "zebulon"} {
		if strings.Contains(text, never) {
			s.t.Errorf("the metrics hold %q", never)
		}
	}
}

// postgresAway stops Postgres: nothing is accepted and lost, and all comes back by
// itself.
func (s *site) postgresAway(f filed) {
	s.t.Helper()
	s.pg.Stop()
	for _, path := range []string{"/api/v1/procedures", "/agents", "/demarches", "/"} {
		a := ask(s.t, "GET", s.pages, town, path, "")
		// What everyone sees is shown for some seconds more from what the program kept.
		for until := time.Now().Add(8 * time.Second); a.status == 200 && !strings.HasPrefix(path, "/a") && time.Now().Before(until); {
			time.Sleep(100 * time.Millisecond)
			a = ask(s.t, "GET", s.pages, town, path, "")
		}
		if a.status != 503 || a.header.Get("Retry-After") == "" {
			s.t.Errorf("Postgres away, %s answers %d, Retry-After %q", path, a.status, a.header.Get("Retry-After"))
		}
	}
	second := strings.Replace(aReport, "tilleul", "platane", 1)
	began := time.Now()
	a := ask(s.t, "POST", s.pages, town, "/api/v1/requests", second, "Idempotency-Key", "two")
	if a.status != 503 || a.header.Get("Content-Type") != "application/problem+json" || a.header.Get("Retry-After") == "" || time.Since(began) > 10*time.Second {
		s.t.Errorf("Postgres away, a request answers %d %s after %s", a.status, a.body, time.Since(began))
	}
	if a := ask(s.t, "GET", s.operator, "x", "/readyz", ""); a.status != 503 || !strings.Contains(a.body, "postgres: away") {
		s.t.Errorf("readyz: %d %s", a.status, a.body)
	}
	if a := ask(s.t, "GET", s.operator, "x", "/livez", ""); a.status != 200 {
		s.t.Errorf("livez: %d", a.status)
	}
	if a := ask(s.t, "GET", s.operator, "x", "/metrics", ""); a.status != 200 {
		s.t.Errorf("metrics: %d", a.status)
	}
	s.postgres()
	eventually(s.t, "readiness again", func() bool { return ask(s.t, "GET", s.operator, "x", "/readyz", "").status == 200 })
	var again filed
	eventually(s.t, "requests again", func() bool {
		a := ask(s.t, "POST", s.pages, town, "/api/v1/requests", second, "Idempotency-Key", "two")
		if a.status == 201 {
			again = decode[filed](s.t, a, 201)
		}
		return a.status == 201
	})
	if f.Number[3:] != "000001" || again.Number[3:] != "000002" {
		s.t.Errorf("the numbers are %s and %s: something was half done", f.Number, again.Number)
	}
	eventually(s.t, "the mail of the second request", func() bool {
		n := 0
		for _, m := range s.mails.Messages() {
			if strings.Contains(m.Text, again.TrackingCode) {
				n++
			}
		}
		return n == 1
	})
}

// silentLogs holds that nothing personal or secret was logged in the whole story.
func (s *site) silentLogs(f filed, token string) {
	s.t.Helper()
	for _, p := range s.logs {
		text := p.out.String()
		if !strings.Contains(text, `"msg"`) {
			s.t.Errorf("%v logs nothing", p.cmd.Args)
		}
		for _, never := range []string{
			"Zébulon", "Zebulon", "zebulon", "Marquepage", "639981234", "98 12 34", "Lavoir", "tilleul", f.TrackingCode, url.QueryEscape(f.TrackingCode), strings.ReplaceAll(f.TrackingCode, "-", ""),
			token, "nour@", "Alami", "s3cret", s.courierToken, s.values["PARVIS_MASTER_KEY"], "phrase de passe", visitor,
		} {
			if i := strings.Index(text, never); i >= 0 && never != "" {
				s.t.Errorf("%v logs %q: %s", p.cmd.Args[1:], never, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	taken, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	out, err := parvis(t, nil, "demo", "--addr", taken.Addr().String(), "--data", t.TempDir())
	if err == nil || !strings.Contains(out, "Is another program there?") || strings.Count(out, "\n") != 1 {
		t.Errorf("a taken port: %v: %s", err, out)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"help"}, {"--help"}, {"tenant"}, {"cell"}, {"token"}, {"catalogue"}, {"tenant", "move", "--help"}} {
		if out, err := parvis(t, nil, args...); err == nil || !strings.Contains(out, "parvis ") && !strings.Contains(out, "Usage") && len(args) < 2 {
			t.Errorf("parvis %q: %v: %s", args, err, out)
		}
	}
	// What is no command line is told in one line: why, and how it is written.
	environment := nowhere(t, t.TempDir())
	for line, want := range map[string]string{
		"nothing": `there is no command "nothing"`, "tenant frobnicate": `there is no command "parvis tenant frobnicate": parvis tenant shows`, "tenant create": "It is: parvis tenant create --insee CODE",
		"tenant create --insee 31113 --siren 243100633": "parvis tenant create --siren NUMBER", "tenant move x": "It is: parvis tenant move --to CELL SLUG", "tenant resume": "It is: parvis tenant resume SLUG",
		"tenant export": "parvis tenant export [--passphrase-file FILE] SLUG > x.tar.zst", "tenant delete x --dayz 3": "flag provided but not defined: -dayz. It is: parvis tenant delete",
		"tenant delete x --days many": `invalid value "many"`, "tenant import a b": "It is: parvis tenant import", "cell drain": "It is: parvis cell drain [--stop] NAME", "cell frobnicate": "there is no command", "cell limit": "NAME",
		"token issue --agnet x": "It is: parvis token issue  --tenant SLUG --agent EMAIL NAME", "config": "parvis config check", "serve x": "It is: parvis serve", "work --fast": "It is: parvis work",
		"migrate now": "It is: parvis migrate [--status]", "demo --communes 37": "1 to 36 communes", "demo --port 80": "not defined: -port", "catalogue import": "It is: parvis catalogue import --from", "catalogue chekc": "there is no command",
	} {
		out, err := parvis(t, environment, strings.Fields(line)...)
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != 2 || !strings.HasPrefix(out, "parvis: ") || strings.Count(out, "\n") != 1 || !strings.Contains(out, want) {
			t.Errorf("parvis %s: %v: %s", line, err, out)
		}
	}
	for _, args := range [][]string{{"serve"}, {"work"}, {"migrate"}, {"tenant", "list"}, {"config", "check"}} {
		if out, err := parvis(t, nil, args...); err == nil || !strings.Contains(out, "the configuration is not complete") || !strings.Contains(out, "PARVIS_MASTER_KEY") {
			t.Errorf("parvis %q in an empty environment: %v: %s", args, err, out)
		}
	}
	for _, data := range []string{"/dev/null/data", "/proc/data"} {
		if out, err := parvis(t, nil, "demo", "--addr", "127.0.0.1:0", "--data", data); err == nil || !strings.Contains(out, "Name another with --data DIR") {
			t.Errorf("data in %s: %v: %s", data, err, out)
		}
	}
}
