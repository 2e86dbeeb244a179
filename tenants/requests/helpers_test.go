package requests_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob/memblob"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// town is a commune that is ready to answer: settings, open procedures, three agents.
type town struct {
	*pgtest.Env
	t                        testing.TB
	front, instructor, admin tenants.Actor
	citizen                  tenants.Actor
	store                    *files.Store
}

var settings = tenants.Settings{
	PostalAddress: "Place Jean Jaurès\n31320 Castanet-Tolosan", Email: "mairie@castanet.example", Phone: "05 61 71 70 00",
	Mayor: "Camille Martin", SignatoryName: "Camille Martin", SignatoryTitle: "Maire",
	Court: tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV\n31068 Toulouse Cedex 7"},
	DPO:   tenants.DPO{Name: "Dominique Petit", Email: "dpo@sicoval.example"},
}

var system = tenants.System("test")

func newTown(t testing.TB, opts ...pgtest.Option) *town {
	t.Helper()
	w := &town{Env: pgtest.Schema(t, opts...), t: t}
	w.furnish(w.Tenant)
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { _ = bucket.Close() })
	w.store = files.New(bucket)
	return w
}

// furnish makes a commune ready.
func (w *town) furnish(commune tenants.Tenant) {
	w.t.Helper()
	w.front = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Fanny Accueil", Role: tenants.RoleFront}
	w.instructor = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Inès Truction", Role: tenants.RoleInstructor}
	w.admin = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Ada Ministre", Role: tenants.RoleAdmin}
	w.citizen = tenants.Actor{Kind: tenants.ActorCitizen, ID: tenants.NewID(), Name: "Jeanne Dupont"}
	w.Write(w.t, commune, system, func(ctx context.Context, tx *tenants.Tx) error {
		_, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if err := tenants.PutSettings(ctx, tx, settings, version); err != nil {
			return err
		}
		if err := catalogue.Install(ctx, tx); err != nil {
			return err
		}
		entries, err := catalogue.List(ctx, tx)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Procedure().Form == nil {
				continue
			}
			if err := catalogue.SetOpen(ctx, tx, e.Slug, true); err != nil {
				return err
			}
		}
		for _, a := range []tenants.Actor{w.front, w.instructor, w.admin} {
			given, family, _ := strings.Cut(a.Name, " ")
			if _, err := tx.Exec(ctx, `insert into agent (id, subject, email, given_name, family_name, title, role, created_at) values ($1, $2, $3, $4, $5, 'Agent', $6, $7)`,
				a.ID, string(a.ID), strings.ToLower(given)+"@castanet.example", given, family, string(a.Role), tx.Now()); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `insert into citizen (id, subject, email, given_name, family_name, created_at, last_seen_at) values ($1, $2, 'jeanne@example.org', 'Jeanne', 'Dupont', $3, $3)`,
			w.citizen.ID, string(w.citizen.ID), tx.Now())
		return err
	})
}

// as runs fn in a transaction of the commune and gives its error.
func (w *town) as(a tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx) error) error {
	ctx := w.t.Context()
	return w.DB.Write(ctx, w.Tenant, a, func(tx *tenants.Tx) error { return fn(ctx, tx) })
}

// must is as without an error.
func (w *town) must(a tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx) error) {
	w.t.Helper()
	if err := w.as(a, fn); err != nil {
		w.t.Fatal(err)
	}
}

// on sets the clock to ten in the morning of a day, in the commune.
func (w *town) on(day string) calendar.Date {
	w.t.Helper()
	d := date(w.t, day)
	w.Clock.Set(d.Start(w.Tenant.Zone()).Add(10 * time.Hour))
	return d
}

func date(t testing.TB, s string) calendar.Date {
	t.Helper()
	if s == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var jeanne = requests.Applicant{GivenName: "Jeanne", FamilyName: "Dupont", Email: "jeanne@example.org", PostalAddress: "3 rue des Lilas\n31320 Castanet-Tolosan"}

// letter is a complaint to the mayor: silence means rejection after two months.
func letter() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb, Applicant: jeanne,
		Answers: forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit"), "message": forms.Text("Le bruit rue des Lilas ne cesse pas.")},
	}
}

// stall is a request for a temporary bar: silence means acceptance after two months.
func stall(day string) requests.Submission {
	return requests.Submission{
		ProcedureSlug: "buvette-temporaire", Channel: requests.ChannelWeb, Applicant: jeanne,
		Answers: forms.Answers{
			"type": forms.Text("autre"), "organisme_nom": forms.Text("Comité des fêtes"), "manifestation": forms.Text("Fête du village"), "lieu": forms.Text("Place de l’église"),
			"enceinte_sportive": forms.Text("non"), "date_debut": forms.Text(day), "heure_debut": forms.Text("10h00"), "date_fin": forms.Text(day), "heure_fin": forms.Text("23h00"), "groupes": forms.Bool(true),
		},
	}
}

// pothole is a report: no identity is asked for.
func pothole() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "signalement-voirie", Channel: requests.ChannelWeb,
		Answers: forms.Answers{"categorie": forms.Text("chaussee"), "danger": forms.Text("non"), "lieu": forms.Text("12 avenue de Toulouse")},
	}
}

// certificate is a copy of a birth certificate: silence means nothing.
func certificate() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "copie-acte-naissance", Channel: requests.ChannelWeb, Applicant: jeanne,
		Answers: forms.Answers{
			"type_acte": forms.Text("extrait_sans_filiation"), "exemplaires": forms.Number(1), "nom_naissance": forms.Text("Dupont"), "prenoms": forms.Text("Jeanne"),
			"date_naissance": forms.Text("1980-05-06"), "remise": forms.Text("courrier"),
		},
	}
}

// sale is a declaration, at the counter: its papers are handed in.
func sale(day string) requests.Submission {
	return requests.Submission{
		ProcedureSlug: "vide-grenier", Channel: requests.ChannelCounter, Applicant: requests.Applicant{GivenName: "Paul", FamilyName: "Durand"},
		Answers: forms.Answers{
			"type": forms.Text("particulier"), "nom_vente": forms.Text("Vide-grenier du lac"), "lieu": forms.Text("Parking du lac"), "domaine": forms.Text("commune"),
			"date_debut": forms.Text(day), "date_fin": forms.Text(day), "marchandises": forms.List("personnels"), "duree": forms.Bool(true), "registre": forms.Bool(true),
		},
	}
}

// submit takes a request in as a guest, or as the actor who is given.
func (w *town) submit(s requests.Submission, actor ...tenants.Actor) requests.Submitted {
	w.t.Helper()
	a := tenants.Guest()
	if len(actor) > 0 {
		a = actor[0]
	}
	var out requests.Submitted
	w.must(a, func(ctx context.Context, tx *tenants.Tx) (err error) {
		out, err = requests.Submit(ctx, tx, s)
		return err
	})
	return out
}

// get reads a request as the administrator sees it.
func (w *town) get(number string) requests.Detail {
	w.t.Helper()
	return w.see(w.admin, number)
}

func (w *town) see(a tenants.Actor, number string) requests.Detail {
	w.t.Helper()
	var d requests.Detail
	w.must(a, func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, err = requests.Get(ctx, tx, number)
		return err
	})
	return d
}

// ask asks for one paper, until a day.
func (w *town) ask(number, limit string) error {
	return w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.AskDocuments(ctx, tx, number, requests.Notice{
			Items:   []requests.NoticeItem{{Label: "Attestation d’assurance", LegalBasis: "CRPA, article L.114-5", Indispensable: true}},
			LimitOn: date(w.t, limit),
		}, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) version(ctx context.Context, tx *tenants.Tx, number string) int64 {
	w.t.Helper()
	d, err := requests.Get(ctx, tx, number)
	if err != nil {
		w.t.Fatal(err)
	}
	return d.Version
}

// decide answers a request as the instructor.
func (w *town) decide(number string, in requests.DecisionInput) error {
	return w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, number, in, w.version(ctx, tx, number))
		return err
	})
}

// upload keeps a small PDF and adds it to a request, for an item.
func (w *town) upload(a tenants.Actor, number string, item tenants.ID) error {
	w.t.Helper()
	stored, err := w.store.Put(w.t.Context(), w.Tenant, files.Upload{Name: "assurance.pdf", Body: strings.NewReader("%PDF-1.7\n%%EOF\n")})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.AddDocument(ctx, tx, number, item, stored)
		return err
	})
}

// lapse runs the job of the silence, as a worker does.
func (w *town) lapse() []string {
	w.t.Helper()
	var due []string
	w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		due, err = requests.LapseDue(ctx, tx)
		return err
	})
	for _, number := range due {
		w.must(system, func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, number) })
	}
	return due
}

// mails gives what is to be sent, by template.
func (w *town) mails(number string) map[string]int {
	w.t.Helper()
	count := map[string]int{}
	for _, n := range w.get(number).Notifications {
		count[n.Template]++
	}
	return count
}

func kinds(d requests.Detail) []string {
	out := make([]string, len(d.History))
	for i, e := range d.History {
		out[i] = e.Kind
	}
	return out
}
