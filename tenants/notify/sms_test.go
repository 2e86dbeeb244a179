package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/notify"
)

const gsm = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

func everySMS() map[string]notify.Data {
	return map[string]notify.Data{
		"received": notify.SMSReceived{Number: "26-000123", TrackingCode: "ABCD-EFGH-JKMN"}, "documents": notify.SMSDocuments{Number: "26-000123", LimitOn: calendar.NewDate(2027, time.January, 2)},
		"decision": notify.SMSDecision{Number: "26-000123"}, "posted": notify.SMSDecisionPosted{Number: "26-000123"}, "lapsed": notify.SMSLapsed{Number: "26-000123"}, "message": notify.SMSMessage{Number: "26-000123"},
		"transmitted": notify.SMSTransmitted{Number: "26-000123"}, "step": notify.SMSStep{Number: "26-000123", Text: "la voirie l’examine."},
	}
}

func TestASMSIsOnePlainMessageInEveryCommune(t *testing.T) {
	t.Parallel()
	sicoval := communes.Members("243100633")
	if len(sicoval) != 36 {
		t.Fatalf("the Sicoval has %d communes", len(sicoval))
	}
	check := func(c communes.Commune) (named bool) {
		named = true
		for kind, d := range everySMS() {
			r, err := notify.Render(tenants.Tenant{INSEE: c.INSEE, Name: c.Name, Colour: "#1f6b5c"}, tenants.Settings{}, d)
			if err != nil {
				t.Fatal(err)
			}
			if r.Subject != "" || r.HTML != "" || !strings.Contains(r.Text, "26-000123") || len([]rune(r.Text)) > 160 {
				t.Errorf("%s, %s: %q", c.Name, kind, r.Text)
			}
			for _, l := range r.Text {
				if !strings.ContainsRune(gsm, l) {
					t.Errorf("%s, %s: %q is no GSM letter", c.Name, kind, l)
				}
			}
			if strings.HasPrefix(r.Text, "Votre mairie") {
				named = false
			}
		}
		return named
	}
	for _, c := range sicoval {
		if !check(c) {
			t.Errorf("%s does not stand in its messages", c.Name)
		}
	}
	for _, c := range communes.All() {
		if len(c.Name) > 38 || strings.ContainsAny(c.Name, "œŒçÇÿ") {
			check(c)
		}
	}
}

func TestSMSTexts(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"received":  "Mairie de Castanet-Tolosan : demande 26-000123 bien recue. Code de suivi : ABCD-EFGH-JKMN, à saisir sur notre site.",
		"documents": "Mairie de Castanet-Tolosan : il manque des pièces à votre demande 26-000123. Envoyez-les au plus tard le 02/01/2027.",
		"decision":  "Mairie de Castanet-Tolosan : nous avons répondu à votre demande 26-000123. La réponse est sur notre site.",
		"message":   "Mairie de Castanet-Tolosan : un message vous attend sur notre site pour votre demande 26-000123.",
	} {
		r, err := notify.Render(castanet, town, everySMS()[kind])
		if err != nil || r.Text != want {
			t.Errorf("%s: %q, %v", kind, r.Text, err)
		}
	}
	// A placeholder that is longer than a number does not push the name out.
	c, err := notify.Render(tenants.Tenant{INSEE: "31035", Name: "Saint-Germain-de-Tallevende-la-Lande"}, town, notify.SMSReceived{Number: "N0196f2c4a5b07d3e8f90a1b2c3d4e5f6N", TrackingCode: "ABCD-EFGH-JKMN"})
	if err != nil || !strings.HasPrefix(c.Text, "Mairie de Saint-Germain") {
		t.Errorf("%q, %v", c.Text, err)
	}
}

func TestTheOfficeIsNamedInFrench(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Le Havre": "Mairie du Havre", "Les Lilas": "Mairie des Lilas", "La Rochelle": "Mairie de La Rochelle", "L'Union": "Mairie de L'Union",
		"Auzeville-Tolosane": "Mairie d'Auzeville-Tolosane", "Évry": "Mairie d'Évry", "Escalquens": "Mairie d'Escalquens", "Ramonville-Saint-Agne": "Mairie de Ramonville-Saint-Agne",
		"Hyères": "Mairie d'Hyères", "Haguenau": "Mairie de Haguenau", "Yvetot": "Mairie d'Yvetot", "Yenne": "Mairie de Yenne", "Y": "Mairie de Y", "Œuilly": "Mairie d'OEuilly",
	} {
		r, err := notify.Render(tenants.Tenant{Name: name}, town, notify.SMSMessage{Number: "26-000123"})
		if err != nil || !strings.HasPrefix(r.Text, want+" :") {
			t.Errorf("%s: %q, want %q", name, r.Text, want)
		}
	}
}
