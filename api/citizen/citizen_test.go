package citizen_test

import (
	"os"
	"testing"

	"github.com/parvis-gru/parvis/api/citizen"
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// deploy opens a deployment whose hosts answer with the citizens' pages.
func deploy(t *testing.T, opts ...webtest.Option) *webtest.Deployment {
	t.Helper()
	d := webtest.New(t, opts...)
	d.Serve(t, citizen.New(d.Deps))
	return d
}

const (
	chairs = "pret-materiel" // a procedure whose form is quoted below
	report = "signalement-voirie"
)

// me is who applies in the tests.
var me = map[string]string{
	"given_name": "Aminata", "family_name": "Lefèvre", "email": "aminata@example.fr", "phone": "06 12 34 56 78",
	"postal_address": "3 rue des Écoles\n31320 Castanet-Tolosan",
}

// begin starts a procedure and gives its first step.
func begin(t *testing.T, b *webtest.Browser, slug string) *webtest.Page {
	t.Helper()
	return b.Get("/demarches/"+slug).Want(200, "").Form(`form[action$="/commencer"]`).Submit().Want(200, "/demarches/"+slug+"/formulaire/vos-coordonnees")
}

// reportForm is the form of a step.
const stepForm = `form.card[action*="/formulaire/"]`

// fileReport goes through the report of a street to its summary.
func fileReport(t *testing.T, b *webtest.Browser) *webtest.Page {
	t.Helper()
	p := begin(t, b, report).Form(stepForm).Fill(me).Submit().Want(200, "/demarches/"+report+"/formulaire/probleme")
	return p.Form(stepForm).Set("categorie", "chaussee").Set("danger", "non").Set("lieu", "12 rue de la Paix").Submit().
		Want(200, "/demarches/"+report+"/recapitulatif")
}

const sendForm = `form[action$="/recapitulatif"]`

func TestEveryTemplateIsAPage(t *testing.T) {
	t.Parallel()
	left, err := web.Unregistered(os.DirFS("."))
	if err != nil || len(left) > 0 {
		t.Errorf("templates without a page: %q, %v", left, err)
	}
}
