package api_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/api"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// marker stands in everything that the first commune keeps: no answer given to
// somebody from elsewhere may hold it.
const marker = "Zibeline"

const hall = "salle-association"

var hallAnswers = forms.Answers{
	"eligible": forms.Bool(true), "organisme_nom": forms.Text("Les Amis de la " + marker), "usage": forms.Text("interne"), "personnes": forms.Number(30),
	"date_debut": forms.Text("2027-03-06"), "heure_debut": forms.Text("18:00"), "heure_fin": forms.Text("22:00"), "reglement": forms.Bool(true),
}

// borough is one commune with people at work in it.
type borough struct {
	t      *testing.T
	d      *webtest.Deployment
	tenant tenants.Tenant
	host   string

	agent    staff.Agent
	citizen  citizens.Citizen
	token    string // of the API, the agent's
	sessions struct{ agent, citizen string }
	code     string // of number
	number   string
	draft    string // its code
	ids      map[string]tenants.ID
}

func newBorough(t *testing.T, d *webtest.Deployment, tenant tenants.Tenant) *borough {
	t.Helper()
	w := &borough{t: t, d: d, tenant: tenant, host: d.Registry.Host(tenant.Slug), ids: map[string]tenants.ID{}}
	d.Write(t, tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) (err error) {
		// The same address and the same subject in both communes: two different people.
		w.agent, err = staff.Invite(ctx, tx, staff.NewAgent{Email: "secretariat@agglo.example", GivenName: "Claude", FamilyName: "Petit", Title: "agent", Role: tenants.RoleAdmin, Subject: "subject"})
		if err == nil {
			w.ids["agent"] = w.agent.ID
			w.token, _, err = staff.IssueToken(ctx, tx, w.agent.ID, "test")
		}
		if err == nil {
			w.citizen, err = citizens.Ensure(ctx, tx, "subject of a citizen", "personne@example.fr")
		}
		login := identity.Login{ProviderID: "provider", Email: w.agent.Email, Verified: true, Token: "token at the provider", AAL: 1}
		if err == nil {
			w.sessions.agent, err = identity.CreateSession(ctx, tx, identity.Person{AgentID: w.agent.ID}, login)
		}
		if err == nil {
			w.sessions.citizen, err = identity.CreateSession(ctx, tx, identity.Person{CitizenID: w.citizen.ID}, login)
		}
		return err
	})
	return w
}

// ask submits a request for a hall.
func (w *borough) ask(family string, answers forms.Answers) {
	w.t.Helper()
	w.d.Write(w.t, w.tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		out, err := requests.Submit(ctx, tx, requests.Submission{
			ProcedureSlug: hall, Channel: requests.ChannelWeb, Answers: answers,
			Applicant: requests.Applicant{GivenName: "Aminata", FamilyName: family, Email: "aminata@example.fr", PostalAddress: "2 rue des Lilas\n31320 Castanet-Tolosan"},
		})
		w.number, w.code, w.ids["request"] = out.Request.Number, out.TrackingCode, out.Request.ID
		return err
	})
}

// hoard gives the commune something of everything that has a key.
func (w *borough) hoard() {
	w.t.Helper()
	w.ask(marker, hallAnswers)
	w.ask(marker, hallAnswers) // its number is nobody's in the other commune
	stored, err := w.d.Deps.Files.Put(w.t.Context(), w.tenant, files.Upload{Name: marker + ".pdf", Body: bytes.NewReader([]byte("%PDF-1.7\n" + marker + "\n%%EOF\n"))})
	if err != nil {
		w.t.Fatal(err)
	}
	draft, err := w.d.Deps.Files.Put(w.t.Context(), w.tenant, files.Upload{Name: "brouillon.pdf", Body: bytes.NewReader([]byte("%PDF-1.7\n" + marker + "\n%%EOF\n"))})
	if err != nil {
		w.t.Fatal(err)
	}
	guest := requests.GuestOf(requests.Request{ID: w.ids["request"]})
	w.d.Write(w.t, w.tenant, w.agent.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		service, err := tenants.PutService(ctx, tx, tenants.Service{Name: "Service " + marker})
		if err != nil {
			return err
		}
		w.ids["service"] = service.ID
		if _, err = requests.AddNote(ctx, tx, w.number, "Note "+marker); err != nil {
			return err
		}
		if _, err = requests.Write(ctx, tx.As(guest), w.number, "Message "+marker); err != nil {
			return err
		}
		document, err := requests.AddDocument(ctx, tx.As(guest), w.number, "", stored)
		if err != nil {
			return err
		}
		w.ids["document"] = document.ID
		notice := requests.Notice{Items: []requests.NoticeItem{{Label: "Statuts " + marker, LegalBasis: "Règlement", Indispensable: true}}, LimitOn: tx.Today().AddDays(20), Delivery: requests.DeliveryPost}
		r, err := requests.Get(ctx, tx, w.number)
		if err != nil {
			return err
		}
		now, err := requests.AskDocuments(ctx, tx, w.number, notice, r.Version)
		if err != nil {
			return err
		}
		if now, err = requests.CompleteDocuments(ctx, tx, w.number, now.Version); err != nil {
			return err
		}
		refusal := requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Motif " + marker, Delivery: requests.DeliveryPost}
		if _, err = requests.Decide(ctx, tx, w.number, refusal, now.Version); err != nil {
			return err
		}
		d, token, err := requests.StartDraft(ctx, tx.As(tenants.Guest()), hall, "")
		if err != nil {
			return err
		}
		w.draft, w.ids["draft"] = token, d.ID
		if d, err = requests.SaveDraft(ctx, tx.As(tenants.Guest()), d, hallAnswers, ""); err != nil {
			return err
		}
		_, kept, err := requests.AttachToDraft(ctx, tx.As(tenants.Guest()), d, "", draft)
		if err == nil {
			w.ids["paper of the draft"] = kept.ID
		}
		detail, getErr := requests.Get(ctx, tx, w.number)
		if getErr != nil {
			return getErr
		}
		w.ids["receipt"], w.ids["decision"] = detail.Receipts[0].ID, detail.Decisions[0].ID
		w.ids["notice"], w.ids["item"] = detail.DocumentRequests[0].ID, detail.DocumentRequests[0].Items[0].ID
		w.ids["message"] = detail.Messages[0].ID
		return nil
	})
	if _, err := w.d.Pool.Exec(w.t.Context(), `insert into platform.domain (tenant_id, host, state, created_at) values ($1, $2, 'active', now())`, w.tenant.ID, ownHost); err != nil {
		w.t.Fatal(err)
	}
}

// ownHost is a host of the first commune's own.
const ownHost = "demarches.castanet.example"

// sum tells all that the commune keeps, as one text, so that a change shows.
func (w *borough) sum() string {
	w.t.Helper()
	rows, err := w.d.Pool.Query(w.t.Context(), `select table_name::text from information_schema.tables where table_schema = $1 order by 1`, w.tenant.Schema)
	if err != nil {
		w.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		w.t.Fatalf("%d tables, %v", len(tables), err)
	}
	var all strings.Builder
	for _, table := range tables {
		var sum string
		name := pgx.Identifier{w.tenant.Schema, table}.Sanitize()
		if err := w.d.Pool.QueryRow(w.t.Context(), `select coalesce(md5(string_agg(r::text, ' ' order by r::text)), '') from `+name+` r`).Scan(&sum); err != nil {
			w.t.Fatal(err)
		}
		all.WriteString(table + " " + sum + "\n")
	}
	return all.String()
}

// version of the request that was made last, as forms carry it.
func (w *borough) version() (text string) {
	w.t.Helper()
	err := w.d.Pool.QueryRow(w.t.Context(), `select version::text from `+pgx.Identifier{w.tenant.Schema, "request"}.Sanitize()+` where number = $1`, w.number).Scan(&text)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// stranger is somebody with what they hold: cookies and headers.
type stranger struct {
	name    string
	w       *borough // on whose host they stand
	cookies map[string]string
	header  map[string]string
	csrf    string
}

// answer is what came back; redirects are not followed.
type answer struct {
	status int
	text   string // body, headers and all
}

// send makes one request on the host of the stranger's commune.
func (s *stranger) send(method, path, contentType, body string) answer {
	s.w.t.Helper()
	r, err := http.NewRequestWithContext(s.w.t.Context(), method, s.w.d.URL()+path, strings.NewReader(body))
	if err != nil {
		s.w.t.Fatal(err)
	}
	r.Host = s.w.host
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for name, value := range s.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, value := range s.header {
		r.Header.Set(name, value)
	}
	got, err := plain.Do(r)
	if err != nil {
		s.w.t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(got.Body); err != nil {
		s.w.t.Fatal(err)
	}
	for _, c := range got.Cookies() {
		if c.Name == "parvis-form" {
			s.cookies[c.Name] = c.Value
		}
	}
	var head bytes.Buffer
	_ = got.Header.Write(&head) // a buffer takes everything
	return answer{got.StatusCode, head.String() + "\n" + text.String()}
}

var plain = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// post sends a form that the host itself has drawn for this browser, filled with what
// a forger likes.
func (s *stranger) post(path string, form url.Values) answer {
	s.w.t.Helper()
	if s.csrf == "" {
		_, rest, found := strings.Cut(s.send(http.MethodGet, "/suivi", "", "").text, `name="_csrf" value="`)
		if s.csrf, _, _ = strings.Cut(rest, `"`); !found {
			s.w.t.Fatal("no form is drawn")
		}
	}
	form.Set("_csrf", s.csrf)
	return s.send(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

// twoBoroughs opens a deployment of whole hosts: the first commune has everything, the
// second one request.
func twoBoroughs(t *testing.T) (rich, poor *borough) {
	t.Helper()
	d := webtest.New(t)
	d.ServeAll(t, api.New(api.Config{Deps: d.Deps}))
	rich, poor = newBorough(t, d, d.Tenant), newBorough(t, d, d.Other)
	rich.hoard()
	hallAnswers := maps.Clone(hallAnswers)
	hallAnswers["organisme_nom"] = forms.Text("Les Amis du jazz")
	poor.ask("Dupont", hallAnswers)
	d.Write(t, d.Other, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		settings, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		settings.PostalAddress, settings.Email = "Place Charles-de-Gaulle\n31520 Ramonville-Saint-Agne", "mairie@ramonville.example"
		return tenants.PutSettings(ctx, tx, settings, version)
	})
	return rich, poor
}
