package transmission_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob/memblob"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/transmission"
)

const sicoval = "243100633"

var (
	system = tenants.System("test")
	jeanne = requests.Applicant{GivenName: "Jeanne", FamilyName: "Dupont", Email: "jeanne@example.org", PostalAddress: "3 rue des Lilas\n31320 Castanet-Tolosan", DecisionEmail: true}
)

// country is a deployment with two communes and the EPCI's own services, all ready.
type country struct {
	*pgtest.Env
	t       *testing.T
	epci    tenants.Tenant
	agents  map[int64]tenants.Actor
	store   *files.Store
	service *transmission.Service
}

func newCountry(t *testing.T) *country {
	t.Helper()
	c := &country{Env: pgtest.Schema(t, pgtest.WithSeed(func(ctx context.Context, tx *tenants.Tx) error { return catalogue.Install(ctx, tx) })), t: t, agents: map[int64]tenants.Actor{}}
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { _ = bucket.Close() })
	c.store = files.New(bucket)
	c.service = transmission.New(transmission.Config{DB: c.DB, Registry: c.Registry, Files: c.store})
	var err error
	if c.epci, err = c.Registry.Open(t.Context(), system, tenants.Opening{HubID: c.Hub.ID, INSEE: sicoval}); err != nil {
		t.Fatal(err)
	}
	for _, tenant := range []tenants.Tenant{c.Tenant, c.Other, c.epci} {
		c.furnish(tenant)
	}
	return c
}

func (c *country) furnish(tenant tenants.Tenant) {
	c.t.Helper()
	agent := tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Ada Ministre", Role: tenants.RoleAdmin}
	c.agents[tenant.ID] = agent
	c.Write(c.t, tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
		_, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{
			PostalAddress: "1 place de " + tenant.Slug, Email: "contact@" + tenant.Slug + ".example", Phone: "05 61 00 00 01",
			Mayor: "Camille Martin", SignatoryName: "Camille Martin", SignatoryTitle: "Maire",
			Court: tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV\n31068 Toulouse Cedex 7"},
			DPO:   tenants.DPO{Name: "Dominique Petit", Email: "dpo@sicoval.example"},
		}, version); err != nil {
			return err
		}
		if err := catalogue.Install(ctx, tx); err != nil {
			return err
		}
		if _, err := catalogue.OpenAll(ctx, tx); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into agent (id, subject, email, given_name, family_name, title, role, created_at) values ($1, $2, 'ada@example.org', 'Ada', 'Ministre', 'Agent', 'admin', $3)`,
			agent.ID, string(agent.ID), tx.Now())
		return err
	})
}

// on sets the clock to ten in the morning of a day.
func (c *country) on(day string) {
	c.t.Helper()
	c.Clock.Set(date(c.t, day).Start(c.Tenant.Zone()).Add(10 * time.Hour))
}

func date(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// complaint is a letter to the mayor: silence means rejection after two months.
func complaint() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb, Applicant: jeanne,
		Answers: forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit"), "message": forms.Text("Le bruit rue des Lilas ne cesse pas.")},
	}
}

// stall is a request for a temporary bar: silence means acceptance after two months.
func stall() requests.Submission {
	const day = "2027-06-20"
	return requests.Submission{
		ProcedureSlug: "buvette-temporaire", Channel: requests.ChannelWeb, Applicant: jeanne,
		Answers: forms.Answers{
			"type": forms.Text("autre"), "organisme_nom": forms.Text("Comité des fêtes"), "manifestation": forms.Text("Fête du village"), "lieu": forms.Text("Place de l’église"),
			"enceinte_sportive": forms.Text("non"), "date_debut": forms.Text(day), "heure_debut": forms.Text("10h00"), "date_fin": forms.Text(day), "heure_fin": forms.Text("23h00"), "groupes": forms.Bool(true),
		},
	}
}

// submit takes a request in, with a document.
func (c *country) submit(s requests.Submission) string {
	c.t.Helper()
	var out requests.Submitted
	c.Write(c.t, c.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		out, err = requests.Submit(ctx, tx, s)
		return err
	})
	stored, err := c.store.Put(c.t.Context(), c.Tenant, files.Upload{Name: "photo du bruit.pdf", Body: strings.NewReader("%PDF-1.7\nbruit\n%%EOF\n")})
	if err != nil {
		c.t.Fatal(err)
	}
	c.Write(c.t, c.Tenant, requests.GuestOf(out.Request), func(ctx context.Context, tx *tenants.Tx) error {
		if _, err := requests.Write(ctx, tx, out.Request.Number, "Entre nous : merci."); err != nil {
			return err
		}
		_, err := requests.AddDocument(ctx, tx, out.Request.Number, "", stored)
		return err
	})
	c.Write(c.t, c.Tenant, c.agents[c.Tenant.ID], func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.AddNote(ctx, tx, out.Request.Number, "Note interne.")
		return err
	})
	return out.Request.Number
}

// send transmits a request from a tenant, and gives the key of the transmission.
func (c *country) send(from tenants.Tenant, number string, to tenants.Tenant, slug string) (tenants.ID, error) {
	c.t.Helper()
	ctx := c.t.Context()
	d := c.get(from, number)
	in, err := c.service.Address(ctx, from, to.INSEE, d.ProcedureSlug, requests.Transmittal{ProcedureSlug: slug, Reason: "La collecte relève de l’intercommunalité."})
	if err != nil {
		return "", err
	}
	err = c.DB.Write(ctx, from, c.agents[from.ID], func(tx *tenants.Tx) error {
		_, err := requests.Transmit(ctx, tx, number, in, d.Version)
		return err
	})
	if err != nil {
		return "", err
	}
	all := c.get(from, number).Transmissions
	return all[len(all)-1].ID, nil
}

func (c *country) mustSend(from tenants.Tenant, number string, to tenants.Tenant) tenants.ID {
	c.t.Helper()
	id, err := c.send(from, number, to, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

func (c *country) deliver(from tenants.Tenant, id tenants.ID) {
	c.t.Helper()
	if err := c.service.Deliver(c.t.Context(), from, id); err != nil {
		c.t.Fatal(err)
	}
}

func (c *country) get(tenant tenants.Tenant, number string) requests.Detail {
	c.t.Helper()
	var d requests.Detail
	c.Write(c.t, tenant, c.agents[tenant.ID], func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, err = requests.Get(ctx, tx, number)
		return err
	})
	return d
}

// there gives what a tenant has received, oldest first.
func (c *country) there(tenant tenants.Tenant) []requests.Detail {
	c.t.Helper()
	var numbers []string
	c.Write(c.t, tenant, system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		numbers, err = tenants.All[string](ctx, tx, `select number from request order by number`)
		return err
	})
	out := make([]requests.Detail, len(numbers))
	for i, n := range numbers {
		out[i] = c.get(tenant, n)
	}
	return out
}

func (c *country) read(tenant tenants.Tenant, d files.Document) string {
	c.t.Helper()
	r, err := c.store.Open(c.t.Context(), tenant, d)
	if err != nil {
		c.t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil || r.Close() != nil {
		c.t.Fatal(err)
	}
	return string(body)
}

// E1 of law.md: received by the commune on 1 December, by the EPCI on the 10th.
func TestATransmittedRequestKeepsBothDates(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name, lastDay string
		what          requests.Submission
	}{{"rejection runs from the first reception", "2027-02-01", complaint()}, {"acceptance from the competent one's", "2027-02-10", stall()}} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			c := newCountry(t)
			c.on("2026-12-01")
			number := c.submit(v.what)
			c.on("2026-12-10")
			c.deliver(c.Tenant, c.mustSend(c.Tenant, number, c.epci))
			got := c.there(c.epci)
			if len(got) != 1 {
				t.Fatalf("%d requests arrived", len(got))
			}
			d := got[0]
			if d.FirstReceivedOn.String() != "2026-12-01" || d.ReceivedOn.String() != "2026-12-10" || d.SilenceLastDay.String() != v.lastDay {
				t.Errorf("received first %s, there %s, last day %s", d.FirstReceivedOn, d.ReceivedOn, d.SilenceLastDay)
			}
			due := calendar.ReceiptDue(d.ReceivedOn, c.epci.Territory())
			if due.String() != "2026-12-24" || len(d.Receipts) != 1 || d.Receipts[0].IssuedOn.After(due) || !d.Receipts[0].Complete {
				t.Errorf("receipt due by %s: %+v", due, d.Receipts)
			}
			if text := d.Receipts[0].Text; !strings.Contains(text, "1er décembre 2026 par Commune de Castanet-Tolosan") || !strings.Contains(text, date(t, v.lastDay).French()) {
				t.Errorf("the receipt says %s", text)
			}
			c.compare(number, d, v.what)
		})
	}
}

// compare looks at what went, and what did not.
func (c *country) compare(number string, d requests.Detail, s requests.Submission) {
	t := c.t
	t.Helper()
	here := c.get(c.Tenant, number)
	if here.State != requests.StateTransmitted || here.ClosedOn.IsZero() || !here.DecidedOn.IsZero() {
		t.Errorf("here it is %s, closed on %s", here.State, here.ClosedOn)
	}
	out := here.Transmissions[0]
	if out.State != requests.TransmissionArrived || out.Number != d.Number || out.ReceivedOn != d.ReceivedOn || out.Party.Name != "Communauté d’agglomération du Sicoval" || out.LastDay != d.SilenceLastDay {
		t.Errorf("kept here: %+v", out)
	}
	in := d.Transmissions[0]
	if in.Way != requests.WayIn || in.Number != number || in.Party.Name != "Commune de Castanet-Tolosan" || in.Summary != nil {
		t.Errorf("kept there: %+v", in)
	}
	if len(d.Messages)+len(d.Notes) > 0 || d.CitizenID != "" || d.Applicant.DecisionEmail {
		t.Errorf("messages, notes, an account or a consent went along: %+v", d)
	}
	if d.Applicant.Email != jeanne.Email || d.Title != c.epci.Kind.Say(here.Title) || len(d.Answers) != len(s.Answers) {
		t.Errorf("there: %+v", d.Request)
	}
	if len(d.Documents) != 1 || d.Documents[0].ID == here.Documents[0].ID || c.read(c.epci, d.Documents[0]) != c.read(c.Tenant, here.Documents[0]) {
		t.Errorf("documents: %+v", d.Documents)
	}
	templates := func(of requests.Detail) (names []string) {
		for _, n := range of.Notifications {
			names = append(names, n.Template)
		}
		return names
	}
	if !slices.Contains(templates(here), "transmitted") || !slices.Contains(templates(d), "receipt") {
		t.Errorf("told: %v here, %v there", templates(here), templates(d))
	}
	for _, kind := range []string{"transmission_asked", "transmitted"} {
		if !slices.ContainsFunc(here.History, func(e tenants.RecordedEvent) bool { return e.Kind == kind }) {
			t.Errorf("%s is not in the history", kind)
		}
	}
}

// Killed after each step, and started again, twice at once too: exactly one arrives.
func TestOneArrivesWheneverTheProgramEnds(t *testing.T) {
	t.Parallel()
	killed := errors.New("killed")
	for _, step := range transmission.Steps() {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			c := newCountry(t)
			number := c.submit(complaint())
			id := c.mustSend(c.Tenant, number, c.Other)
			err := c.service.Watched(func(at string) error {
				if at == step {
					return killed
				}
				return nil
			}).Deliver(t.Context(), c.Tenant, id)
			if !errors.Is(err, killed) {
				t.Fatalf("killed after %s: %v", step, err)
			}
			if err := c.service.Deliver(t.Context(), c.Tenant, id); err != nil && !fault.Is(err, "transmission_claimed") {
				t.Fatal(err)
			}
			c.Clock.Advance(5 * time.Minute) // the claim of the dead worker is over
			done := make(chan error, 2)
			for range 2 {
				go func() { done <- c.service.Deliver(t.Context(), c.Tenant, id) }()
			}
			for range 2 {
				if err := <-done; err != nil && !fault.Is(err, "transmission_claimed") {
					t.Error(err)
				}
			}
			c.deliver(c.Tenant, id)
			if got := c.there(c.Other); len(got) != 1 || len(got[0].Documents) != 1 || c.read(c.Other, got[0].Documents[0]) == "" {
				t.Fatalf("arrived: %+v", got)
			}
			if here := c.get(c.Tenant, number); here.State != requests.StateTransmitted || here.Transmissions[0].Number == "" {
				t.Errorf("here: %s, %+v", here.State, here.Transmissions)
			}
			mails := 0
			for _, n := range c.get(c.Tenant, number).Notifications {
				if n.Template == "transmitted" {
					mails++
				}
			}
			if mails != 1 {
				t.Errorf("the person was told %d times", mails)
			}
		})
	}
}

// What cannot go is refused before anything is done, and says why.
func TestWhatCannotBeTransmittedIsRefused(t *testing.T) {
	t.Parallel()
	c := newCountry(t)
	ctx := t.Context()
	c.on("2026-12-01")
	number := c.submit(complaint())
	want := func(code string, err error) {
		t.Helper()
		if !fault.Is(err, code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	_, err := c.send(c.Tenant, number, c.Tenant, "")
	want("transmission_self", err)
	_, err = c.send(c.Tenant, number, tenants.Tenant{INSEE: "99999"}, "")
	want("recipient_unknown", err)
	_, err = c.send(c.Tenant, number, c.Other, "demarche-inventee")
	want("recipient_procedure", err)
	if err := c.Registry.Suspend(ctx, c.Other); err != nil {
		t.Fatal(err)
	}
	_, err = c.send(c.Tenant, number, c.Other, "")
	want("recipient_suspended", err)
	if err := c.Registry.Resume(ctx, c.Other); err != nil {
		t.Fatal(err)
	}
	transmit := func(a tenants.Actor, in requests.Transmittal) error {
		d := c.get(c.Tenant, number)
		return c.DB.Write(ctx, c.Tenant, a, func(tx *tenants.Tx) error {
			_, err := requests.Transmit(ctx, tx, number, in, d.Version)
			return err
		})
	}
	to := requests.Party{Code: c.Other.INSEE, Name: "Commune de Ramonville"}
	admin := c.agents[c.Tenant.ID]
	want("transmission_reason", transmit(admin, requests.Transmittal{To: to, Reason: " "}))
	want("not_allowed", transmit(tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Role: tenants.RoleFront}, requests.Transmittal{To: to, Reason: "Eux."}))
	want("request_unknown", transmit(tenants.Guest(), requests.Transmittal{To: to, Reason: "Eux."}))
	// Twice at once: one leaves.
	version := c.get(c.Tenant, number).Version
	done := make(chan error, 2)
	for range 2 {
		go func() {
			done <- c.DB.Write(ctx, c.Tenant, admin, func(tx *tenants.Tx) error {
				_, err := requests.Transmit(ctx, tx, number, requests.Transmittal{To: to, ProcedureSlug: "courrier-maire", Reason: "Eux."}, version)
				return err
			})
		}()
	}
	if a, b := <-done, <-done; (a == nil) == (b == nil) {
		t.Errorf("twice at once: %v, %v", a, b)
	}
	want("transmission_going", transmit(admin, requests.Transmittal{To: to, Reason: "Encore."}))
	if err := c.DB.Write(ctx, c.Tenant, admin, func(tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Non."}, c.get(c.Tenant, number).Version)
		return err
	}); !fault.Is(err, "action_not_possible") {
		t.Errorf("decided on its way: %v", err)
	}
	// Its silence has decided.
	late := c.submit(complaint())
	c.on("2027-02-02")
	_, err = c.send(c.Tenant, late, c.Other, "")
	want("silence_acquired", err)
	if got := c.there(c.Other); len(got) != 0 {
		t.Errorf("%d arrived", len(got))
	}
}

// A recipient that is suspended after the request left: it waits, says so, and can be called back.
func TestItWaitsAndCanBeCalledBack(t *testing.T) {
	t.Parallel()
	c := newCountry(t)
	ctx := t.Context()
	c.on("2026-12-01")
	number := c.submit(complaint())
	id := c.mustSend(c.Tenant, number, c.Other)
	if err := c.Registry.Suspend(ctx, c.Other); err != nil {
		t.Fatal(err)
	}
	if err := c.service.Deliver(ctx, c.Tenant, id); !fault.Is(err, "transmission_waits") {
		t.Fatalf("got %v", err)
	}
	d := c.get(c.Tenant, number)
	if d.State != requests.StateTransmitting || d.Transmissions[0].Problem != "tenant_suspended" || d.SilenceLastDay.String() != "2027-02-01" {
		t.Errorf("%s, %+v", d.State, d.Transmissions)
	}
	c.Write(t, c.Tenant, c.agents[c.Tenant.ID], func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Recall(ctx, tx, number, d.Version)
		return err
	})
	if d = c.get(c.Tenant, number); d.State != requests.StateReview || d.Transmissions[0].State != requests.TransmissionRecalled {
		t.Errorf("%s, %+v", d.State, d.Transmissions)
	}
	if err := c.Registry.Resume(ctx, c.Other); err != nil {
		t.Fatal(err)
	}
	c.deliver(c.Tenant, id) // nothing is left to do
	if got := c.there(c.Other); len(got) != 0 {
		t.Errorf("%d arrived", len(got))
	}
	// Sent again, it waits past its silence, which decides here.
	id = c.mustSend(c.Tenant, number, c.Other)
	c.on("2027-02-02")
	c.deliver(c.Tenant, id)
	c.Write(t, c.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, number) })
	if d = c.get(c.Tenant, number); d.State != requests.StateImplicitRejection || d.Transmissions[1].State != requests.TransmissionFailed || len(c.there(c.Other)) != 0 {
		t.Errorf("%s, %+v", d.State, d.Transmissions)
	}
}

// The wrong recipient sends it back: the first reception stays the first, and whoever had
// it before counts as having received it then.
func TestItComesBackWithItsDates(t *testing.T) {
	t.Parallel()
	c := newCountry(t)
	c.on("2026-12-01")
	number := c.submit(stall())
	c.on("2026-12-10")
	c.deliver(c.Tenant, c.mustSend(c.Tenant, number, c.epci))
	there := c.there(c.epci)[0]
	c.on("2026-12-14")
	c.deliver(c.epci, c.mustSend(c.epci, there.Number, c.Tenant))
	all := c.there(c.Tenant)
	back := all[len(all)-1]
	in := back.Transmissions[0]
	if len(all) != 2 || back.FirstReceivedOn.String() != "2026-12-01" || back.ReceivedOn.String() != "2026-12-01" || back.SilenceLastDay.String() != "2027-02-01" || len(in.Stops) != 2 {
		t.Errorf("%d requests; back: %s %s %s, %+v", len(all), back.FirstReceivedOn, back.ReceivedOn, back.SilenceLastDay, in)
	}
	// And on to another, which never had it.
	c.on("2026-12-20")
	c.deliver(c.Tenant, c.mustSend(c.Tenant, back.Number, c.Other))
	on := c.there(c.Other)[0]
	if on.FirstReceivedOn.String() != "2026-12-01" || on.ReceivedOn.String() != "2026-12-20" || len(on.Transmissions[0].Stops) != 3 || len(on.Documents) != 1 {
		t.Errorf("on: %+v", on.Transmissions)
	}
}

// A form that the recipient does not have: the answers arrive in words. A document that is
// damaged lets nothing leave.
func TestAnswersInWordsAndDamagedDocuments(t *testing.T) {
	t.Parallel()
	c := newCountry(t)
	c.on("2026-12-01")
	number := c.submit(stall())
	id, err := c.send(c.Tenant, number, c.Other, "courrier-maire")
	if err != nil {
		t.Fatal(err)
	}
	c.deliver(c.Tenant, id)
	d := c.there(c.Other)[0]
	if len(d.Answers) != 0 || d.Transmissions[0].Procedure == "" || !strings.Contains(d.Transmissions[0].Summary[0].Rows[0].Label+words(d), "Comité des fêtes") {
		t.Errorf("%+v", d.Transmissions)
	}
	other := c.submit(complaint())
	if err := c.store.Discard(t.Context(), files.Stored{BlobKey: c.get(c.Tenant, other).Documents[0].BlobKey}); err != nil {
		t.Fatal(err)
	}
	id = c.mustSend(c.Tenant, other, c.Other)
	c.deliver(c.Tenant, id)
	if d := c.get(c.Tenant, other); d.State != requests.StateReview || d.Transmissions[0].Problem != "document_damaged" || len(c.there(c.Other)) != 1 {
		t.Errorf("%s %+v", d.State, d.Transmissions)
	}
}

func words(d requests.Detail) string {
	var b strings.Builder
	for _, t := range d.Transmissions {
		for _, s := range t.Summary {
			for _, r := range s.Rows {
				b.WriteString(r.Value + " ")
			}
		}
	}
	return b.String()
}

// The walls: neither side's role reads the other's, before or after; the parcel's key opens nothing.
func TestNeitherSideReadsTheOther(t *testing.T) {
	t.Parallel()
	c := newCountry(t)
	number := c.submit(complaint())
	c.deliver(c.Tenant, c.mustSend(c.Tenant, number, c.Other))
	for _, v := range [][2]tenants.Tenant{{c.Tenant, c.Other}, {c.Other, c.Tenant}} {
		err := c.DB.Read(t.Context(), v[0], system, func(tx *tenants.Tx) error {
			_, err := tenants.All[string](t.Context(), tx, `select number from `+v[1].Schema+`.request`)
			return err
		})
		if err == nil {
			t.Errorf("%s reads %s", v[0].Slug, v[1].Slug)
		}
	}
	here, there := c.get(c.Tenant, number), c.there(c.Other)[0]
	if here.ID == there.ID || here.Transmissions[0].ID == there.Transmissions[0].ID || here.Documents[0].BlobKey == there.Documents[0].BlobKey {
		t.Error("a key is the same on both sides")
	}
	var code string
	c.Write(t, c.Tenant, c.agents[c.Tenant.ID], func(ctx context.Context, tx *tenants.Tx) (err error) {
		code, err = requests.TrackingCode(ctx, tx, number)
		return err
	})
	err := c.DB.Read(t.Context(), c.Other, tenants.Guest(), func(tx *tenants.Tx) error {
		_, err := requests.GetByTracking(t.Context(), tx, there.Number, code)
		return err
	})
	if !fault.Is(err, "request_or_code_unknown") {
		t.Errorf("the source's code opens it there: %v", err)
	}
}

func TestRecipientsBeginWithTheEPCI(t *testing.T) {
	t.Parallel()
	c := newCountry(t)
	near, err := c.service.Recipients(t.Context(), c.Tenant, "")
	if err != nil || len(near) != 2 || !near[0].EPCI || near[0].Code != sicoval || near[1].Code != c.Other.INSEE {
		t.Fatalf("%+v, %v", near, err)
	}
	found, err := c.service.Recipients(t.Context(), c.Tenant, "ramonv")
	if err != nil || len(found) != 1 || found[0].Name != "Commune de Ramonville-Saint-Agne" {
		t.Errorf("%+v, %v", found, err)
	}
	if c.epci.Slug != "services-sicoval" {
		t.Errorf("the EPCI is at %s", c.epci.Slug)
	}
}
