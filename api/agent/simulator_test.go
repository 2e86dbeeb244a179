package agent

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web"
)

func TestTheSimulatorSaysWhenAndWhy(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.front)
	p := b.Get("/agents/demarches").Want(http.StatusOK, "").Follow("Simulateur d’échéances").Want(http.StatusOK, "/agents/simulateur")
	f := p.Form("form.record").Fill(map[string]string{"demarche": "terrasse", "recu": "2026-12-01", "demande-1": "2026-12-08", "limite-1": "2026-12-23", "pieces-1": "2026-12-18"})
	p = f.Submit().Want(http.StatusOK, "")
	if dates := strings.Join(p.Texts(".summary-list dd"), "\n"); !strings.Contains(dates, "Jeudi 11 février 2027") || !strings.Contains(dates, "Lundi 12 avril 2027") {
		t.Errorf("F4 of the law reads %q", dates)
	}
	for _, want := range []string{"CRPA L.114-5", "CRPA R.112-11-2", "CJA R.421-1"} {
		if !slices.Contains(p.Texts(".timeline .law"), want) {
			t.Errorf("no step names %s: %q", want, p.Texts(".timeline .law"))
		}
	}
	if p.Form("form.record").Value("limite-1") != "2026-12-23" {
		t.Error("what was typed is gone")
	}
	var same web.LegalDates
	if err := json.Unmarshal(p.Follow("Les mêmes dates en JSON").Want(http.StatusOK, "").Body, &same); err != nil || same.LastDay == nil || *same.LastDay != "2027-02-11" || len(same.Reasons) != len(p.Texts(".timeline li")) {
		t.Errorf("as JSON: %+v, %v", same, err)
	}
	// What the commune does not offer, the law still knows; and it says how surely.
	p = b.Get("/agents/simulateur?demarche=declaration-prealable&recu=2027-01-29&canal=portal").Want(http.StatusOK, "")
	if !slices.ContainsFunc(p.Texts(".timeline strong"), func(s string) bool {
		return strings.Contains(s, "non-opposition") && strings.Contains(s, "1er mars 2027")
	}) || !p.Has(".notice.warning") {
		t.Errorf("a déclaration préalable: %q", p.Texts(".timeline strong"))
	}
}

// Every fact that the law counts with can be given: the kind of sending, an abusive one, a
// suspicion of fraud, reasons, a prior appeal, what is contested, a prolongation.
func TestTheSimulatorTakesEveryFact(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.front)
	for query, want := range map[string]string{
		"effet=rejection&mois=2&recu=2026-12-01&canal=post&abusive=1":                                    "R.112-4",
		"effet=none&code=privacy&recu=2027-03-05&prolongation=2027-03-20":                                "Lundi 7 juin 2027",
		"effet=rejection&mois=2&recu=2026-12-01&fraude-du=2026-12-10&fraude-au=2027-01-10":               "L.115-3",
		"effet=rejection&mois=2&recu=2026-12-01&motifs-demandes=2027-02-10&motifs=2027-03-05":            "Mercredi 10 mars 2027",
		"effet=rejection&mois=1&voie=cada&recu=2027-01-10&prealable=2027-03-01&enregistre=2027-03-03":    "Recours préalable",
		"effet=rejection&mois=2&voie=planning&recours=1&recu=2027-01-20&contestee=2027-01-05":            "Lundi 8 mars 2027",
		"effet=rejection&mois=2&voie=planning&recours=1&recu=2027-01-20&contestee=2027-01-05&affichee=1": "R*600-2",
		"effet=declaration&recu=2026-12-01&nature=declaration":                                           "déclaration",
	} {
		p := b.Get("/agents/simulateur?"+query).Want(http.StatusOK, "")
		if said := strings.Join(append(p.Texts(".summary-list"), append(p.Texts(".timeline"), p.Texts(".notice")...)...), " "); !strings.Contains(said, want) {
			t.Errorf("%s: no %q in %q", query, want, said)
		}
		f := p.Form("form.record")
		for _, pair := range strings.Split(query, "&") {
			if name, value, _ := strings.Cut(pair, "="); f.Value(name) != value && name != "mois" && f.Value(name) == "" {
				t.Errorf("%s: what was typed in %s is gone", query, name)
			}
		}
	}
}

func TestTheSimulatorRefusesAtTheField(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.front)
	for query, want := range map[string]string{
		"effet=rejection&mois=2&recu=2026-12-10&competente=2026-12-09":                            "competente CRPA L.114-3",
		"effet=rejection&mois=2&recu=2026-12-01&demande-1=2027-02-02&limite-1=2027-02-20":         "demande-1 CRPA L.114-5",
		"effet=rejection&mois=deux&recu=2026-12-01":                                               "mois CRPA L.231-1",
		"effet=rejection&mois=2&recu=":                                                            "recu ",
		"effet=rejection&mois=2&recu=hier":                                                        "recu ",
		"effet=rejection&mois=2&recu=2226-12-01":                                                  "recu ",
		"effet=rejection&mois=2&recu=2026-12-01&territoire=atlantide":                             "territoire CRPA",
		"demarche=inconnue&recu=2026-12-01":                                                       "demarche ",
		"effet=rejection&mois=2&recu=2026-12-01&panne-du=2026-12-05":                              "panne-au ",
		"demarche=declaration-prealable&recu=2027-01-29&demande-1=2027-02-10&limite-1=2027-03-10": "limite-1 C. urb. R*423-39",
		"effet=acceptance&mois=2&recu=2026-12-01&nature=declaration":                              "effet CRPA L.231-1",
		"effet=rejection&mois=2&recu=2026-12-01&fraude-du=2026-12-10&fraude-au=2027-03-11":        "fraude-au CRPA L.115-3",
		"effet=rejection&mois=2&recu=2026-12-01&prolongation=2026-12-10":                          "prolongation RGPD art. 12.3",
		"effet=rejection&mois=2&recu=2026-12-01&motifs-demandes=2027-01-10":                       "motifs-demandes CRPA L.232-4",
		"effet=rejection&mois=2&recu=2026-12-01&prealable=2027-02-10":                             "prealable CRPA L.412-1",
		"effet=rejection&mois=2&recu=2026-12-01&contestee=2026-11-10":                             "contestee C. urb. L.600-12-2",
	} {
		id, article, _ := strings.Cut(want, " ")
		p := b.Get("/agents/simulateur?"+query).Want(http.StatusUnprocessableEntity, "")
		if link := p.Attr(".error-summary a", "href"); link != "#"+id || !strings.Contains(p.Text(".error-summary a"), article) {
			t.Errorf("%s: %s %q, want %s", query, link, p.Text(".error-summary a"), want)
		}
	}
	if p := o.Browser(t).Get("/agents/simulateur"); !strings.Contains(p.Path, "connexion") {
		t.Errorf("a stranger reads %s", p.Path)
	}
}
