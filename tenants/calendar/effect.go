package calendar

import "github.com/parvis-gru/parvis/tenants/fault"

// Answer is an answer to a question about a procedure. The zero Answer is
// "unknown", which is never taken for a no.
type Answer string

// The answers.
const (
	Unknown Answer = ""
	Yes     Answer = "yes"
	No      Answer = "no"
)

// Annex is the decree in whose annex a procedure stands as an exception to
// acceptance, if any.
type Annex string

// The annexes that turn silence into rejection.
const (
	AnnexUnknown   Annex = ""
	AnnexNone      Annex = "none"
	AnnexOrder     Annex = "2015-1459" // public order, liberties
	AnnexGoodAdmin Annex = "2015-1461" // good administration
)

const (
	monthsOfSilence = 2 // L.231-1, L.231-4
	monthsOfOpinion = 4 // with an expert's or a committee's opinion (decrees 2016-625, 2015-1460)
)

// Procedure is what decides the meaning of silence, as questions in the order
// in which the law asks them. Those after the first that decides need no answer.
type Procedure struct {
	// SpecialText: does a special text fix the effect? Special is then its rule
	// (documents under CADA: 1 month; déclaration préalable: 1 month).
	SpecialText Answer
	Special     Rule
	// OwnAgent: is it between the administration and its own agent (L.231-4 5°)?
	OwnAgent Answer
	// Individual: does it ask for an individual decision (L.231-4 1°)?
	Individual Answer
	// Grievance: is it a complaint or an administrative appeal (L.231-4 2°)?
	Grievance Answer
	// TextProcedure: does a law or a regulation, local ones included, provide
	// for the procedure (L.231-4 2°)?
	TextProcedure Answer
	// Financial: does it ask for money (L.231-4 3°)?
	Financial Answer
	// Annex: does it stand in an annex of decree 2015-1459 or 2015-1461?
	// AnnexMonths is then the delay given there; 0 stands for two months.
	Annex       Annex
	AnnexMonths int
	// LocalLimited: did the commune's own délibération create it, and is it in
	// decree 2016-625 (services and works, or a service with limited places)?
	LocalLimited Answer
	// OpinionRequired: does the local regulation require an expert's or a
	// committee's opinion? Asked where LocalLimited or OtherDelay is yes.
	OpinionRequired Answer
	// OtherDelay: does decree 2015-1460 (as amended by 2016-677) give the
	// acceptance another delay? AcceptanceMonths is then that delay; it may be 0
	// where it is the four months that follow from OpinionRequired.
	OtherDelay       Answer
	AcceptanceMonths int
}

// SilenceEffect gives the silence rule of a procedure, the first match of law.md
// R5, and the reason in a French sentence. An unanswered question on the way is the fault
// "procedure_unclassified", whose field names it: such a procedure must not be
// published, since a commune cannot create exceptions (L.231-5, L.231-6).
func SilenceEffect(p Procedure) (Rule, string, error) {
	for _, ask := range [...]func(Procedure) verdict{
		askSpecial, askOwnAgent, askIndividual, askGrievance, askText, askFinancial, askAnnex, askLocal, askDelay,
	} {
		v := ask(p)
		if v.missing != "" {
			return Rule{}, "", fault.New(fault.Invalid, "procedure_unclassified", fault.Field{Path: v.missing, Code: "required"})
		}
		if v.decided {
			if err := v.rule.Check(); err != nil {
				return Rule{}, "", err
			}
			return v.rule, v.reason, nil
		}
	}
	return Rule{Effect: Acceptance, Months: monthsOfSilence, Source: "CRPA L.231-1"},
		"Aucune exception ne s’applique\u00a0: le silence gardé pendant deux mois vaut acceptation.", nil
}

// verdict is the answer to one question: decided, passed on, or missing.
type verdict struct {
	decided bool
	missing string
	rule    Rule
	reason  string
}

func missing(field string) verdict { return verdict{missing: field} }

// rejects decides for a rejection if the answer is the one that matters.
func rejects(got, when Answer, field, source, reason string) verdict {
	if got != Yes && got != No {
		return missing(field)
	}
	if got != when {
		return verdict{}
	}
	return verdict{decided: true, rule: Rule{Effect: Rejection, Months: monthsOfSilence, Source: source}, reason: reason}
}

func askSpecial(p Procedure) verdict {
	switch p.SpecialText {
	case Yes:
		return verdict{decided: true, rule: p.Special, reason: "Un texte particulier fixe l’effet du silence."}
	case No:
		return verdict{}
	default:
		return missing("special_text")
	}
}

func askOwnAgent(p Procedure) verdict {
	return rejects(p.OwnAgent, Yes, "own_agent", "CRPA L.231-4 5°",
		"La demande vient d’un agent de l’administration\u00a0: le silence gardé pendant deux mois vaut refus.")
}

func askIndividual(p Procedure) verdict {
	return rejects(p.Individual, No, "individual", "CRPA L.231-4 1°",
		"La demande ne tend pas à une décision individuelle\u00a0: le silence gardé pendant deux mois vaut refus.")
}

func askGrievance(p Procedure) verdict {
	return rejects(p.Grievance, Yes, "grievance", "CRPA L.231-4 2°",
		"C’est une réclamation ou un recours administratif\u00a0: le silence gardé pendant deux mois vaut refus.")
}

func askText(p Procedure) verdict {
	return rejects(p.TextProcedure, No, "text_procedure", "CRPA L.231-4 2°",
		"Aucun texte ne prévoit cette procédure\u00a0: le silence gardé pendant deux mois vaut refus.")
}

func askFinancial(p Procedure) verdict {
	return rejects(p.Financial, Yes, "financial", "CRPA L.231-4 3°",
		"La demande a un caractère financier\u00a0: le silence gardé pendant deux mois vaut refus.")
}

func askAnnex(p Procedure) verdict {
	switch p.Annex {
	case AnnexNone:
		return verdict{}
	case AnnexOrder, AnnexGoodAdmin:
		months := p.AnnexMonths
		if months == 0 {
			months = monthsOfSilence
		}
		return verdict{decided: true, rule: Rule{Effect: Rejection, Months: months, Source: "décret n° " + string(p.Annex) + ", annexe"},
			reason: "La démarche figure parmi les exceptions du décret n°\u00a0" + string(p.Annex) + "\u00a0: le silence vaut refus."}
	default:
		return missing("annex")
	}
}

func askLocal(p Procedure) verdict {
	v := rejects(p.LocalLimited, Yes, "local_limited", "décret n° 2016-625",
		"La commune a créé ce service, dont les places ou les moyens sont limités\u00a0: le silence gardé pendant deux mois vaut refus.")
	if !v.decided {
		return v
	}
	switch p.OpinionRequired {
	case Yes:
		v.rule.Months = monthsOfOpinion
		v.reason = "La commune a créé ce service, dont les places ou les moyens sont limités, et son règlement exige un avis\u00a0: le silence gardé pendant quatre mois vaut refus."
		return v
	case No:
		return v
	default:
		return missing("opinion_required")
	}
}

func askDelay(p Procedure) verdict {
	switch p.OtherDelay {
	case No:
		return verdict{}
	case Yes:
		months := p.AcceptanceMonths
		if months == 0 {
			if p.OpinionRequired != Yes {
				return missing("acceptance_months")
			}
			months = monthsOfOpinion
		}
		return verdict{decided: true, rule: Rule{Effect: Acceptance, Months: months, Source: "décret n° 2015-1460"},
			reason: "Le décret n°\u00a02015-1460 fixe un délai particulier\u00a0: à son terme, le silence vaut acceptation."}
	default:
		return missing("other_delay")
	}
}
