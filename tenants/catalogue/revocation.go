package catalogue

import (
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Revoked is the decision that a letter takes back, and why that may be.
type Revoked struct {
	Act      Outcome       // OutcomeWithdrawal or OutcomeRepeal
	On       calendar.Date // the date of the decision that granted
	Implicit bool          // silence had made it
	Basis    string        // the text that allows it, in a French sentence
	HeardOn  calendar.Date // of the letter that invited to observe; none where the law asks for none
}

// commonLetters are those that hold for every procedure which has none of its own.
var commonLetters = map[Outcome]Letter{
	OutcomePartial: {
		Subject: "Votre demande n°\u00a0{{numero}} est acceptée en partie",
		Body: []string{
			"Votre demande «\u00a0{{demarche}}\u00a0», reçue le {{recu_le}}, est acceptée en partie. Voici ce qui vous est accordé\u00a0:",
			"{{accorde}}",
			"Le reste de votre demande est refusé, pour les raisons suivantes\u00a0:",
			"{{motifs}}",
			"Vous pouvez contester cette décision pour ce qu’elle vous refuse.",
			"{{voies_recours}}",
		},
	},
	OutcomeHearing: {
		Subject: "Votre demande n°\u00a0{{numero}}\u00a0: nous envisageons de revenir sur notre accord",
		Body: []string{
			"Votre demande «\u00a0{{demarche}}\u00a0», reçue le {{recu_le}}, a été acceptée le {{decision_du}}. Nous envisageons {{acte}} de cette décision. {{fondement}}",
			"Les raisons sont les suivantes\u00a0:",
			"{{motifs}}",
			"Avant toute décision, vous pouvez présenter vos observations, par écrit ou, si vous le demandez, de vive voix, jusqu’au {{limite}} inclus. Vous pouvez vous faire assister par un conseil ou représenter par un mandataire de votre choix (CRPA, articles\u00a0L.121-1 et L.122-1).",
			"Écrivez-nous depuis la page de suivi de votre demande, par courrier, ou venez au guichet. Si vous ne répondez pas, nous déciderons avec ce que nous savons.",
		},
	},
	OutcomeWithdrawal: {
		Subject: "Retrait de l’accord donné à votre demande n°\u00a0{{numero}}",
		Body:    revocationBody,
	},
	OutcomeRepeal: {
		Subject: "Abrogation de l’accord donné à votre demande n°\u00a0{{numero}}",
		Body:    revocationBody,
	},
}

var revocationBody = []string{
	"Votre demande «\u00a0{{demarche}}\u00a0», reçue le {{recu_le}}, a été acceptée le {{decision_du}}. {{portee}} {{fondement}}",
	"{{contradictoire}}",
	"Cette décision repose sur les motifs suivants\u00a0:",
	"{{motifs}}",
	"{{voies_recours}}",
}

// letter gives the wording of an outcome: the procedure's own, as it now stands where all
// that it names is known of the version that the request was made with, or the common one.
func (e Entry) letter(o Outcome) (Letter, bool) {
	p := e.Procedure()
	if l, ok := e.wording[o]; ok && p.knows(l) {
		return l, true
	}
	if l, ok := p.Letters[o]; ok {
		return l, true
	}
	l, ok := commonLetters[o]
	return l, ok
}

// knows tells whether everything that a letter names can be filled in.
func (p *Procedure) knows(l Letter) bool {
	for _, name := range placeholdersIn(l) {
		if !p.knownPlaceholder(name) {
			return false
		}
	}
	return true
}

// appeal gives the ways of appeal as they are for this person.
func (f LetterFacts) appeal(e Entry, s tenants.Settings) *Appeal {
	a := AppealFor(e, s)
	if a != nil {
		a.Residence = f.Residence
	}
	return a
}

// more fills in what the town hall says of itself, and what is taken back.
func (f LetterFacts) more(v map[string]string, p *Procedure, s tenants.Settings, o Outcome) {
	v["cout"], v["maire"], v["demandeur_adresse"], v["tribunal"] = p.Cost, s.Mayor, f.Address, s.Court.Name
	v["mairie_adresse"], v["mairie_telephone"], v["mairie_courriel"], v["mairie_horaires"] = s.PostalAddress, s.Phone, s.Email, s.OpeningHours
	r := f.Revoked
	if r.Act == "" {
		r.Act = o
	}
	v["decision_du"], v["fondement"] = r.On.FrenchShort(), r.Basis
	if r.Implicit {
		v["decision_du"] += ", par notre silence"
	}
	switch r.Act {
	case OutcomeWithdrawal:
		v["acte"], v["portee"] = "le retrait", "Cet accord est retiré\u00a0: il est réputé n’avoir jamais existé."
	case OutcomeRepeal:
		v["acte"], v["portee"] = "l’abrogation", "Cet accord est abrogé\u00a0: il cesse de produire effet le jour où vous recevez cette lettre."
	}
	if !r.HeardOn.IsZero() {
		v["contradictoire"] = "Vous avez été invité à présenter vos observations par notre lettre du " + r.HeardOn.FrenchShort() + " (CRPA, articles\u00a0L.121-1 et L.122-1)."
	}
}
