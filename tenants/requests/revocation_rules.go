package requests

import (
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// Ground is why a decision that granted is taken back.
type Ground string

// The grounds.
const (
	GroundIllegal   Ground = "illegal"   // L.242-1
	GroundFraud     Ground = "fraud"     // L.241-2
	GroundCondition Ground = "condition" // L.242-2: a condition of the decision, or of the subsidy, is not met
	GroundAsked     Ground = "asked"     // L.242-4: its beneficiary wants it
)

// Grounds gives every ground, as forms list them.
func Grounds() []Ground { return []Ground{GroundIllegal, GroundFraud, GroundCondition, GroundAsked} }

// Act is something that may, or may no longer, be done to what was decided.
type Act struct {
	Outcome catalogue.Outcome // accept, refuse, withdrawal, repeal
	Ground  Ground            // of a withdrawal or a repeal
	Open    bool
	Until   calendar.Date // last day; none: at any time
	Article string
	Why     string // French: what it needs, or why it is closed
	Heard   bool   // the person is heard first
}

// revocation is a rule on taking back what was granted.
type revocation struct {
	act     catalogue.Outcome
	ground  Ground
	article string
	months  int  // from the date of the decision; 0: at any time
	heard   bool // after the contradictory procedure (L.121-1), which a demand of the person's own spares
	text    string
}

// The rules of the CRPA (L.240-1 to L.242-4) for a decision that created rights.
var generalRevocations = []revocation{
	{catalogue.OutcomeWithdrawal, GroundIllegal, "CRPA, article\u00a0L.242-1", 4, true,
		"La décision est illégale. Le retrait l’efface\u00a0; il doit être signé dans les quatre mois de la décision."},
	{catalogue.OutcomeRepeal, GroundIllegal, "CRPA, article\u00a0L.242-1", 4, true,
		"La décision est illégale. L’abrogation y met fin pour l’avenir\u00a0; elle doit être signée dans les quatre mois de la décision."},
	{catalogue.OutcomeWithdrawal, GroundFraud, "CRPA, article\u00a0L.241-2", 0, true, "La décision a été obtenue par fraude."},
	{catalogue.OutcomeRepeal, GroundFraud, "CRPA, article\u00a0L.241-2", 0, true, "La décision a été obtenue par fraude."},
	{catalogue.OutcomeWithdrawal, GroundCondition, "CRPA, article\u00a0L.242-2, 2°", 0, true, "Les conditions d’une subvention n’ont pas été respectées."},
	{catalogue.OutcomeRepeal, GroundCondition, "CRPA, article\u00a0L.242-2, 1°", 0, true, "Une condition à laquelle la décision était soumise n’est plus remplie."},
	{catalogue.OutcomeWithdrawal, GroundAsked, "CRPA, article\u00a0L.242-4", 0, false,
		"La personne le demande, et cela ne nuit à personne d’autre\u00a0; une décision plus favorable remplace celle-ci."},
	{catalogue.OutcomeRepeal, GroundAsked, "CRPA, article\u00a0L.242-4", 0, false,
		"La personne le demande, et cela ne nuit à personne d’autre\u00a0; une décision plus favorable remplace celle-ci."},
}

// Those of urban planning, which has a rule of its own (C. urb. L.424-5): a withdrawal
// alone, within three months, or later if its beneficiary asks for it. Fraud has no limit.
var planningRevocations = []revocation{
	{catalogue.OutcomeWithdrawal, GroundIllegal, "Code de l’urbanisme, article\u00a0L.424-5", 3, true,
		"La décision, expresse ou tacite, est illégale. Le retrait doit être signé, et de préférence notifié, dans les trois mois de la décision."},
	{catalogue.OutcomeWithdrawal, GroundFraud, "CRPA, article\u00a0L.241-2", 0, true, "La décision a été obtenue par fraude."},
	{catalogue.OutcomeWithdrawal, GroundAsked, "Code de l’urbanisme, article\u00a0L.424-5", 0, false, "Son bénéficiaire le demande expressément."},
}

// revocationsOf gives the rules that hold for a procedure. The waiver of a right to buy
// first cannot be taken back (C. urb. L.213-2).
func revocationsOf(code calendar.Code) []revocation {
	switch code {
	case calendar.Planning:
		return planningRevocations
	case calendar.Preemption:
		return nil
	default:
		return generalRevocations
	}
}

// act gives the rule as it holds for a decision of a day.
func (r revocation) on(decided, today calendar.Date) Act {
	a := Act{Outcome: r.act, Ground: r.ground, Open: true, Article: r.article, Why: r.text, Heard: r.heard}
	switch r.months {
	case 0:
	case 3:
		a.Until = calendar.PlanningWithdrawalLastDay(decided)
	default:
		a.Until = calendar.WithdrawalLastDay(decided)
	}
	if !a.Until.IsZero() && today.After(a.Until) {
		a.Open = false
		a.Why = "Trop tard\u00a0: c’était possible jusqu’au " + a.Until.FrenchShort() + ". La décision est définitive pour l’administration, même illégale."
	}
	return a
}

// actsOn gives what may still be done to a decision of a day by which something was
// granted, expressly or by silence.
func actsOn(code calendar.Code, decided, today calendar.Date) []Act {
	rules := revocationsOf(code)
	acts := make([]Act, 0, len(rules)+2)
	acts = append(acts, Act{Outcome: catalogue.OutcomeRefuse, Article: "CRPA, article\u00a0L.242-1",
		Why: "L’accord existe et crée des droits\u00a0: il ne peut plus être refusé, seulement retiré ou abrogé, aux conditions ci-dessous."})
	for _, r := range rules {
		acts = append(acts, r.on(decided, today))
	}
	switch code {
	case calendar.Planning:
		acts = append(acts, Act{Outcome: catalogue.OutcomeRepeal, Article: "Code de l’urbanisme, article\u00a0L.424-5",
			Why: "Le code de l’urbanisme a sa propre règle\u00a0: un permis ou une non-opposition se retire, mais ne s’abroge pas par la règle générale."})
	case calendar.Preemption:
		acts = append(acts, Act{Outcome: catalogue.OutcomeWithdrawal, Article: "Code de l’urbanisme, article\u00a0L.213-2",
			Why: "La commune a renoncé à acheter\u00a0: le propriétaire peut vendre, et elle ne peut pas revenir sur son silence (à vérifier)."})
	}
	return acts
}

// actsOnRefusal gives what may still be done to a refusal, express or by silence: it
// creates no right, so that an agreement can take its place at any time.
func actsOnRefusal(state State) []Act {
	acts := []Act{{Outcome: catalogue.OutcomeAccept, Open: true, Article: "CRPA, articles\u00a0L.243-1 et L.243-3",
		Why: "Un refus ne crée pas de droits\u00a0: un accord peut le remplacer à tout moment, par exemple après un recours gracieux."}}
	if state == StateImplicitRejection {
		acts = append(acts, Act{Outcome: catalogue.OutcomeRefuse, Article: "CRPA, articles\u00a0L.231-4 et L.232-4",
			Why: "Le refus né du silence existe\u00a0: il ne se refuse pas une seconde fois. Si la personne en demande les motifs, donnez-les dans le mois."})
	}
	return acts
}
