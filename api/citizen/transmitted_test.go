package citizen_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// An outside administration opens the file with the code that it was mailed, for thirty days.
func TestAnOutsideAdministrationOpensTheFileByItsCode(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	_, number := stall(t, b)
	stored, err := d.Deps.Files.Put(t.Context(), d.Tenant, files.Upload{Name: "statuts.pdf", Body: strings.NewReader(string(pdf))})
	if err != nil {
		t.Fatal(err)
	}
	var mail string
	d.Write(t, d.Tenant, agent(t, d), func(ctx context.Context, tx *tenants.Tx) error {
		if _, err := requests.AddDocument(ctx, tx, number, "", stored); err != nil {
			return err
		}
		r, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		if _, err := requests.TransmitOutside(ctx, tx, number, requests.OutsideTransmittal{
			To: requests.Party{Name: "Préfecture", Email: "contact@prefecture.example"}, Delivery: requests.DeliveryEmail, Reason: "Compétence du préfet.",
		}, r.Version); err != nil {
			return err
		}
		mail, err = tenants.One[string](ctx, tx, `select text from notification where template = 'transmission_file'`)
		return err
	})
	path, code := regexp.MustCompile(`/transmissions/[0-9a-f-]{36}`).FindString(mail), regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(mail)
	if path == "" || code == "" || strings.Contains(mail, me["family_name"]) {
		t.Fatalf("the mail says %s", mail)
	}
	out := d.Browser(t)
	p := out.Get(path).Want(http.StatusOK, "")
	if p.Has("dl") {
		t.Error("the file is open without a code")
	}
	p = p.Form("main form").Set("code", "0000-0000-0000").Submit().Want(http.StatusUnprocessableEntity, "")
	p = p.Form("main form").Set("code", strings.ToLower(code)).Submit().Want(http.StatusOK, "")
	if said := p.Text("main"); !strings.Contains(said, "Comité des fêtes") || !strings.Contains(said, "statuts.pdf") {
		t.Errorf("the page says %q", said)
	}
	saved := p.Form(`form[action*="/documents/"]`).Submit()
	if saved.Status != http.StatusOK || string(saved.Body) != string(pdf) {
		t.Errorf("the document is served as %d", saved.Status)
	}
	// The person reads who has it.
	if said := b.Get("/demandes/" + number).Text("main .notice"); !strings.Contains(said, "Préfecture") {
		t.Errorf("the person reads %q", said)
	}
	d.Clock.Advance(31 * 24 * time.Hour)
	out.Get(path).Form("main form").Set("code", code).Submit().Want(http.StatusUnprocessableEntity, "")
}
