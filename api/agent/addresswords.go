package agent

import (
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
)

// hostStatus is how a name stands, in a word.
func hostStatus(d domains.Domain) web.Status {
	switch {
	case d.State == domains.Failed:
		return web.Status{Tone: web.Danger, Label: "Abandonné"}
	case d.State == domains.Pending:
		return web.Status{Tone: web.Info, Label: "En attente"}
	case d.Problem != "":
		return web.Status{Tone: web.Danger, Label: "Ne mène plus ici"}
	case d.State == domains.Verified && d.CertificateFailures > 0:
		return web.Status{Tone: web.Warning, Label: "Certificat refusé"}
	case d.State == domains.Verified:
		return web.Status{Tone: web.Info, Label: "Certificat en cours"}
	}
	return web.Status{Tone: web.Success, Label: "En service"}
}

// hostNotice says what was found, and what to do about it.
func hostNotice(d domains.Domain, target string, t tenants.Tenant) web.Notice {
	problem := hostProblem(d, target, t)
	switch {
	case problem.Title != "":
		problem.Tone = web.Warning
		if d.State == domains.Active || d.State == domains.Verified {
			problem.Tone = web.Danger
			problem.Text += "\n\nEn attendant, les habitants sont reçus à l’adresse de la plateforme. Sans correction sous sept jours, ce nom sera abandonné."
		} else if wait := waitWords(d.WaitSeconds); wait != "" {
			problem.Text += "\n\nSi vous venez de faire le changement, patientez\u00a0: l’ancienne réponse est gardée en mémoire jusqu’à " + wait + ". Nous vérifions de nous-mêmes régulièrement."
		}
		return problem
	case d.CertificateFailures > 0:
		return web.Notice{Tone: web.Warning, Title: "Le certificat n’a pas pu être obtenu", Text: certificateWords[d.CertificateProblem] + " Un nouvel essai a lieu tout seul, plusieurs fois par jour."}
	case d.State == domains.Verified:
		return web.Notice{Tone: web.Info, Title: "Les enregistrements sont bons", Text: "Le certificat, qui protège les échanges avec les habitants, est en cours d’obtention. Cela prend d’ordinaire moins d’une minute."}
	}
	return web.Notice{Tone: web.Success, Title: "Ce nom est en service", Text: "Il mène à votre site. Nous vérifions chaque jour que c’est toujours le cas."}
}

// waitWords gives a duration as people say it; "" where there is none to speak of.
func waitWords(seconds int) string {
	switch minutes := (seconds + 59) / 60; {
	case minutes == 0:
		return ""
	case minutes == 1:
		return "une minute"
	case minutes < 120:
		return strconv.Itoa(minutes) + "\u00a0minutes"
	default:
		return strconv.Itoa((minutes+59)/60) + "\u00a0heures"
	}
}

// hostProblem explains what the DNS says; a zero notice where nothing is wrong.
func hostProblem(d domains.Domain, target string, t tenants.Tenant) web.Notice {
	name, seen := domains.Unicode(d.Host), strings.Join(d.Seen, ", ")
	switch d.Problem {
	case "":
		if d.CheckedAt == nil {
			return web.Notice{Title: "Pas encore vérifié", Text: "Créez l’enregistrement ci-dessous, puis demandez une vérification."}
		}
		return web.Notice{}
	case domains.NoRecord:
		return web.Notice{Title: "Aucun enregistrement n’existe pour ce nom", Text: "Le nom " + name + " ne mène nulle part. Faites créer l’enregistrement ci-dessous."}
	case domains.Elsewhere:
		return web.Notice{Title: "Ce nom mène ailleurs", Text: name + " mène à " + seen + ", qui n’est pas ce site. Faites remplacer cet enregistrement par celui qui est donné ci-dessous."}
	case domains.Partly:
		return web.Notice{Title: "Ce nom mène aussi ailleurs", Text: "Une partie des adresses de " + name + " est la bonne, mais pas " + seen + ". Faites retirer cette adresse\u00a0: un habitant sur deux n’arriverait pas ici."}
	case domains.IPv6:
		return web.Notice{Title: "L’adresse IPv6 mène ailleurs", Text: "L’adresse IPv4 (type A) de " + name + " est la bonne, mais son adresse IPv6 (type AAAA), " + seen + ", mène ailleurs. Faites retirer ou corriger l’enregistrement AAAA."}
	case domains.OtherTarget:
		return web.Notice{Title: "Ce nom mène à une autre collectivité", Text: name + " mène à " + seen + ". Pour votre site, la valeur doit être " + target + "."}
	case domains.NoProof:
		return web.Notice{Title: "Il manque la preuve que ce nom est à vous", Text: "Les adresses de " + name + " sont bonnes. Il manque l’enregistrement TXT ci-dessous\u00a0: il prouve que le nom est bien à " + t.Name + "."}
	case domains.WrongProof:
		return web.Notice{Title: "La preuve n’est pas la bonne", Text: "Un enregistrement TXT existe au bon endroit, mais avec une autre valeur. Faites-le remplacer par celui qui est donné ci-dessous, sans guillemets ni espace en plus."}
	case domains.Forbidden:
		return web.Notice{Title: "Le domaine interdit notre certificat", Text: "Un enregistrement CAA de " + seen + " réserve les certificats à une autre autorité que la nôtre. Faites ajouter la nôtre aux enregistrements CAA, ou faites-les retirer."}
	case domains.Failing:
		return web.Notice{Title: "Le serveur de noms du domaine est en panne", Text: "Les serveurs qui devraient répondre pour " + name + " répondent par une erreur. C’est à votre prestataire de la corriger."}
	case domains.Unsigned:
		return web.Notice{Title: "Les signatures du domaine sont fausses", Text: "Le domaine est protégé par DNSSEC, mais ses signatures ne correspondent pas\u00a0: beaucoup d’habitants ne peuvent pas l’atteindre. Cela arrive après un changement de prestataire\u00a0; c’est à lui de corriger l’enregistrement DS."}
	case domains.Taken:
		return web.Notice{Title: "Ce nom est utilisé par une autre collectivité", Text: "Une autre collectivité a déjà prouvé que ce nom est à elle. Si c’est une erreur, écrivez à l’assistance."}
	case domains.Away:
		return web.Notice{Title: "La vérification n’a pas pu se faire", Text: "Notre serveur de noms ne répond pas. Ce n’est pas de votre fait\u00a0: réessayez dans quelques minutes."}
	}
	return web.Notice{Title: "La vérification n’a pas abouti", Text: "Réessayez dans quelques minutes."}
}

// certificateWords say why an authority refused a certificate.
var certificateWords = map[domains.CertificateProblem]string{
	domains.CertificateForbidden:   "Un enregistrement CAA du domaine l’interdit.",
	domains.CertificateNoDNS:       "L’autorité de certification ne trouve pas encore ce nom\u00a0: le changement n’est pas arrivé partout.",
	domains.CertificateUnreachable: "L’autorité de certification trouve ce nom, mais n’arrive pas jusqu’à nous par lui\u00a0: le changement n’est pas arrivé partout, ou un pare-feu s’interpose.",
	domains.CertificateLimited:     "Trop de certificats ont été demandés pour ce domaine ces derniers jours.",
	domains.CertificateRefused:     "L’autorité de certification n’en délivre pas pour ce nom.",
	domains.CertificateAway:        "L’autorité de certification ne répond pas.",
}

// hostMail is what an administrator forwards to whoever keeps the DNS.
func hostMail(t tenants.Tenant, name string, rows []web.Row, authorities []string) string {
	var b strings.Builder
	b.WriteString("Bonjour,\n\nLe site des démarches en ligne de " + t.Name + " doit être accessible à l’adresse " + name + ".\n\n")
	if len(rows) == 1 {
		b.WriteString("Merci de créer cet enregistrement dans la zone DNS du domaine\u00a0:\n\n")
	} else {
		b.WriteString("Merci de créer ces enregistrements dans la zone DNS du domaine\u00a0:\n\n")
	}
	for _, r := range rows {
		b.WriteString("  " + r.Cells[1].Text + "  " + r.Cells[0].Text + "  " + r.Cells[2].Text + "\n")
	}
	b.WriteString("\nS’il existe déjà un enregistrement A, AAAA ou CNAME pour ce nom, il faut le remplacer.")
	if len(authorities) > 0 {
		b.WriteString(" Si la zone a des enregistrements CAA, ils doivent permettre " + strings.Join(authorities, " ou ") + ".")
	}
	b.WriteString("\n\nLe certificat HTTPS est obtenu et renouvelé automatiquement\u00a0: il n’y a rien à installer.\n\nMerci,\n" + t.Name + "\n")
	return b.String()
}
