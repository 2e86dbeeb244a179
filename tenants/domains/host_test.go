package domains_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/fault"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"demarches.mairie-x.fr":                   "demarches.mairie-x.fr",
		" https://Demarches.Mairie-X.fr/accueil ": "demarches.mairie-x.fr",
		"demarches.mairie-x.fr.":                  "demarches.mairie-x.fr",
		"démarches.élancourt.fr":                  "xn--dmarches-b1a.xn--lancourt-90a.fr",
		"mairie-x.fr:443":                         "mairie-x.fr",
		"mairie.gouv.fr":                          "mairie.gouv.fr",
		"parvis.example.fr":                       "!host_ours",
		"castanet.parvis.example.fr":              "!host_ours",
		"example.fr":                              "!host_ours",
		"":                                        "!host_required",
		"192.0.2.1":                               "!host_address",
		"[2001:db8::1]":                           "!host_address",
		"192.0.2.1:443":                           "!host_address",
		"fr":                                      "!host_invalid",
		"gouv.fr":                                 "!host_suffix",
		"mairie.local":                            "!host_suffix",
		"*.mairie-x.fr":                           "!host_invalid",
		"mairie x.fr":                             "!host_invalid",
		"mairie_x.fr":                             "!host_invalid",
		"-a.fr":                                   "!host_invalid",
		"maire@mairie-x.fr":                       "!host_invalid",
	} {
		got, err := domains.Normalize(typed, "parvis.example.fr")
		if want[:1] == "!" {
			if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Code != want[1:] {
				t.Errorf("%q: %q, %v; want %s", typed, got, err, want)
			}
		} else if got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
	if !domains.IsApex("mairie-x.fr") || domains.IsApex("www.mairie-x.fr") || !domains.IsApex("mairie.gouv.fr") {
		t.Error("what is a registered domain itself is not seen")
	}
	if got := domains.Unicode("xn--lancourt-90a.fr"); got != "élancourt.fr" {
		t.Errorf("a name reads %q", got)
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"a.fr", "https://é.fr:1/x", "xn--", "[::1]:2", "a..fr", "\x00.fr"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		host, err := domains.Normalize(typed, "parvis.example.fr")
		if err != nil {
			return
		}
		if again, err := domains.Normalize(host, "parvis.example.fr"); err != nil || again != host {
			t.Errorf("%q gives %q, and that %q (%v)", typed, host, again, err)
		}
	})
}
