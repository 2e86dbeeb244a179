package agent

import (
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/statistics"
)

func TestStatisticsHaveTheirTableAndTheirSpreadsheet(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 3 {
		o.ask(t, "signalement-voirie", streetReport)
	}
	b := o.signed(t, o.front)
	if p := b.Get("/agents/statistiques").Want(http.StatusOK, ""); !p.Has(".notice") || p.Has("svg[role=img]") {
		t.Error("before the first count the page does not say so")
	}
	o.Write(t, o.Tenant, tenants.System("night"), statistics.Refresh)
	p := b.Get("/agents/statistiques").Want(http.StatusOK, "")
	if !p.Has("svg[role=img] title") || !p.Has("svg[role=img] desc") {
		t.Error("the chart has no words")
	}
	cells := p.Texts("table td")
	for _, want := range []string{"Novembre 2026", "Signaler un problème dans la rue", "Internet", "3"} {
		if !slices.Contains(cells, want) {
			t.Errorf("no table says %q: %q", want, cells)
		}
	}
	o.Write(t, o.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		d, _, err := requests.StartDraft(ctx, tx, "signalement-voirie", "")
		if err == nil {
			err = requests.DropDraft(ctx, tx, d)
		}
		return err
	})
	if cells := b.Get("/agents/statistiques").Texts("table td"); !slices.Contains(cells, "25 %") || !slices.ContainsFunc(cells, func(c string) bool { return strings.HasSuffix(c, "(1)") }) {
		t.Errorf("of four forms one was given up, and the page says %q", cells)
	}
	f := p.Form("form.filters").Set("du", "2026-12").Set("au", "2026-01")
	f.Submit().Want(http.StatusUnprocessableEntity, "")
	sheet := p.Follow("Tableur")
	if got := sheet.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("the spreadsheet is served as %q", got)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(sheet.Body), "\ufeff")))
	r.Comma = ';'
	if rows, err := r.ReadAll(); err != nil || len(rows) != 2 {
		t.Errorf("the spreadsheet holds %q (%v)", rows, err)
	}
}

func TestSettingsSaveAndTellConflicts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	p := b.Get("/agents/reglages").Want(http.StatusOK, "")
	stale := p.Form("form.record").Set("website", "https://castanet.example")
	p.Form("form.record").Set("phone", "05 61 11 22 33").Submit().Want(http.StatusOK, "/agents/reglages")
	back := stale.Submit().Want(http.StatusConflict, "")
	f := back.Form("form.record")
	if f.Value("website") != "https://castanet.example" {
		t.Error("what was typed is lost")
	}
	if got := back.Text(`[role="alert"]`); !strings.Contains(got, "« Téléphone »") {
		t.Errorf("the conflict says %q", got)
	}
	f.Set("phone", "05 61 11 22 33").Submit().Want(http.StatusOK, "/agents/reglages")
	bad := b.Get("/agents/reglages").Form("form.record").Set("dpo-email", "rien").Submit().Want(http.StatusUnprocessableEntity, "")
	if !bad.Has(`.error-summary a[href="#dpo-email"]`) {
		t.Errorf("the errors are %q", bad.Texts(".error-summary li"))
	}
	var s tenants.Settings
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) (err error) {
		s, _, err = tenants.GetSettings(ctx, tx)
		return err
	})
	if s.Phone != "05 61 11 22 33" || s.Website != "https://castanet.example" {
		t.Errorf("the settings are %q, %q", s.Phone, s.Website)
	}
	added := b.Get("/agents/reglages").Follow("Ajouter un service").Form("form.card").Set("name", "").Submit().Want(http.StatusUnprocessableEntity, "")
	p = added.Form("form.card").Set("name", "Cimetière").Set("phone", "05 61 00 00 09").Submit().Want(http.StatusOK, "/agents/reglages")
	if !slices.Contains(p.Texts("#services td a"), "Cimetière") {
		t.Error("the service is not listed")
	}
}

func TestAProcedureOpensWhenItsMentionsAreThere(t *testing.T) {
	t.Parallel()
	o := newOffice(t, webtest.Closed())
	b := o.signed(t, o.admin)
	p := b.Get("/agents/demarches").Follow("Écrire au maire").Want(http.StatusOK, "/agents/demarches/courrier-maire")
	if p.Has(`button[value="ouvrir"]`) {
		t.Error("a procedure without its mentions can be opened")
	}
	missing := p.Texts("section.notice li")
	if !slices.Contains(missing, "Le nom du tribunal administratif") {
		t.Errorf("what is missing is %q", missing)
	}
	settings := p.Follow("Le nom du tribunal").Want(http.StatusOK, "/agents/reglages")
	settings.Form("form.record").Fill(map[string]string{
		"postal_address": "1 place de la Liberté\n31320 Castanet-Tolosan", "phone": "05 61 00 00 00", "email": "mairie@castanet.example",
		"court-name": "Tribunal administratif de Toulouse", "court-postal_address": "68 rue Raymond IV, Toulouse", "dpo-email": "dpo@sicoval.example",
	}).Submit().Want(http.StatusOK, "")
	p = b.Get("/agents/demarches/courrier-maire")
	p = p.Form(`form:has(button[value="ouvrir"])`).Press("Ouvrir aux habitants").Want(http.StatusOK, "")
	if got := p.Text(".status"); got != "Ouverte" {
		t.Errorf("the procedure is %q", got)
	}
	p.Form(`form:has(button[value="fermer"])`).Press("Fermer").Want(http.StatusOK, "")
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, "courrier-maire")
		if err == nil && e.Open {
			t.Error("the procedure stays open")
		}
		return err
	})
	front := o.signed(t, o.front).Get("/agents/demarches/courrier-maire").Want(http.StatusOK, "")
	if front.Has("main form") {
		t.Error("the front desk is offered to change the catalogue")
	}
}

func TestWhatLawyersHaveToSettleIsSaidToAgents(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	p := b.Get("/agents/demarches/copie-acte-naissance").Want(http.StatusOK, "")
	if !strings.Contains(p.Text(".notice.warning"), "À vérifier") {
		t.Errorf("the procedure warns of %q", p.Texts(".notice.warning"))
	}
	p = b.Get("/agents/demarches/courrier-maire").Want(http.StatusOK, "")
	if said := strings.Join(p.Texts(".doubts dt"), ", "); !strings.Contains(said, "Pièces manquantes") || !strings.Contains(said, "Refus exprès après le silence") {
		t.Errorf("the doubts are %q", said)
	}
	r := o.ask(t, "courrier-maire", letterToMayor)
	if !strings.Contains(b.Get(requestPath(r.Number)+"/pieces").Text("main .notice.warning"), "Aucun texte connu") {
		t.Error("papers are asked for without a word about their text")
	}
	report := o.ask(t, "signalement-voirie", streetReport)
	if p := b.Get(requestPath(report.Number)); strings.Contains(p.Text("main"), "R.112-9-1") {
		t.Error("an identified person is said not to be")
	}
}
