package agent

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

func TestMain(m *testing.M) { webtest.Main(m) }

func TestEveryTemplateHasItsPage(t *testing.T) {
	t.Parallel()
	forgotten, err := web.Unregistered(pages)
	if err != nil || len(forgotten) > 0 {
		t.Fatalf("no page draws %q (%v)", forgotten, err)
	}
}

// office is a town hall at work.
type office struct {
	*webtest.Deployment
	admin, instructor, front staff.Agent
}

func newOffice(t *testing.T, opts ...webtest.Option) *office {
	t.Helper()
	d := webtest.New(t, opts...)
	o := &office{Deployment: d}
	d.Serve(t, New(d.Deps))
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) (err error) {
		for _, x := range []struct {
			agent *staff.Agent
			given string
			role  tenants.Role
		}{{&o.admin, "Karima", tenants.RoleAdmin}, {&o.instructor, "Maëlle", tenants.RoleInstructor}, {&o.front, "Sacha", tenants.RoleFront}} {
			if *x.agent, err = staff.Invite(ctx, tx, staff.NewAgent{
				Email: string(x.role) + "@castanet.example", GivenName: x.given, FamilyName: "Petit", Title: "agent", Role: x.role, Subject: "subject-" + string(x.role),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return o
}

// signed opens a browser in which an agent is signed in.
func (o *office) signed(t *testing.T, a staff.Agent) *webtest.Browser {
	t.Helper()
	b := o.Browser(t)
	b.SetCookies(cookie(o.session(t, o.Tenant, a, 1)))
	return b
}

func (o *office) session(t *testing.T, tenant tenants.Tenant, a staff.Agent, aal int) string {
	t.Helper()
	var token string
	o.Write(t, tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		token, err = identity.CreateSession(ctx, tx, identity.Person{AgentID: a.ID}, identity.Login{
			ProviderID: "provider-" + string(a.ID), Email: a.Email, Verified: true, Token: "token at the provider", AAL: aal, HasTOTP: aal > 1,
		})
		return err
	})
	return token
}

// ask submits a request by the web, as a citizen does, and gives it.
func (o *office) ask(t *testing.T, slug string, answers forms.Answers) requests.Request {
	t.Helper()
	var out requests.Submitted
	o.Write(t, o.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		out, err = requests.Submit(ctx, tx, requests.Submission{
			ProcedureSlug: slug, Channel: requests.ChannelWeb, Answers: answers,
			Applicant: requests.Applicant{GivenName: "Aminata", FamilyName: "Lefèvre", Email: "aminata@example.fr", PostalAddress: "2 rue des Lilas\n31320 Castanet-Tolosan"},
		})
		return err
	})
	return out.Request
}

// get reads a request as an administrator sees it.
func (o *office) get(t *testing.T, number string) requests.Detail {
	t.Helper()
	var d requests.Detail
	o.Write(t, o.Tenant, o.admin.Actor(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, err = requests.Get(ctx, tx, number)
		return err
	})
	return d
}

const day = 24 * time.Hour

func cookie(token string) []*http.Cookie {
	return []*http.Cookie{{Name: "parvis", Value: token, Path: "/"}}
}

// A street report, whose silence means rejection; a canteen, whose silence means
// acceptance; a letter to the mayor.
var (
	streetReport = forms.Answers{"categorie": forms.Text("chaussee"), "danger": forms.Text("non"), "lieu": forms.Text("Devant le 12 rue des Lilas"), "description": forms.Text("Un trou de 20 cm.")}
	canteen      = forms.Answers{
		"enfant_nom": forms.Text("Lefèvre"), "enfant_prenom": forms.Text("Noé"), "enfant_naissance": forms.Text("2019-05-12"), "ecole": forms.Text("Les Lilas"),
		"niveau": forms.Text("cp"), "date_debut": forms.Text("2027-03-01"), "rythme": forms.Text("occasionnel"), "lien": forms.Text("parent"),
		"urgence_telephone": forms.Text("+33612345678"), "autorite": forms.Bool(true),
	}
	room = forms.Answers{
		"eligible": forms.Bool(true), "organisme_nom": forms.Text("Les Amis du jazz"), "usage": forms.Text("interne"), "personnes": forms.Number(30),
		"date_debut": forms.Text("2027-03-06"), "heure_debut": forms.Text("18:00"), "heure_fin": forms.Text("22:00"), "reglement": forms.Bool(true),
	}
)

var letterToMayor = forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Le marché"), "message": forms.Text("À quelle heure ferme le marché ?")}

// write sends a message as the person who asked.
func (o *office) write(t *testing.T, r requests.Request, body string) {
	t.Helper()
	o.Write(t, o.Tenant, requests.GuestOf(r), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Write(ctx, tx, r.Number, body)
		return err
	})
}
