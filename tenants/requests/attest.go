package requests

import (
	"context"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// attestationPrefix begins an attestation's number, which ends with the request's.
const attestationPrefix = "ATT-"

// Attest issues the attestation of an acceptance by silence (CRPA L.232-3), to the owner
// who asks for it and to agents; asked for again, it is the same one. It can be had from
// the day after the last one (law.md R8), also where nothing has written the decision
// yet: it is then written first. Before, and for any other request, it is fault.Conflict
// "attestation_not_due".
func Attest(ctx context.Context, tx *tenants.Tx, number string) (documents.Issued, error) {
	c, err := begin(ctx, tx, number, anyVersion)
	if err != nil {
		return documents.Issued{}, err
	}
	if c.r.silenceActed(tx.Today()) && c.r.Silence.Effect == calendar.Acceptance {
		if err := c.lapseNow(ctx); err != nil {
			return documents.Issued{}, err
		}
	}
	decision, err := c.acceptedBySilence(ctx)
	if err != nil {
		return documents.Issued{}, err
	}
	issued, err := documents.Find(ctx, tx, c.r.ID, decision.ID, documents.Attestation)
	if err == nil || !fault.Is(err, "document_not_issued") {
		return issued, err
	}
	content, err := c.attestation(ctx)
	if err != nil {
		return documents.Issued{}, err
	}
	if issued, err = documents.Issue(ctx, tx, documents.Draft{Request: c.r.ID, Source: decision.ID, Content: content}); err != nil {
		return documents.Issued{}, err
	}
	return issued, c.record(ctx, "attestation_issued", EventData{DecisionID: decision.ID, Label: issued.Content.Number})
}

// acceptedBySilence gives the implicit acceptance that stands.
func (c *change) acceptedBySilence(ctx context.Context) (Decision, error) {
	if c.r.State != StateImplicitAcceptance {
		return Decision{}, fault.New(fault.Conflict, "attestation_not_due")
	}
	all, err := tenants.All[Decision](ctx, c.tx, sqlDecisions, c.r.ID)
	if err != nil {
		return Decision{}, err
	}
	i := slices.IndexFunc(all, func(d Decision) bool {
		return d.Implicit && !d.Undone && d.Outcome == catalogue.OutcomeImplicitAcceptance
	})
	if i < 0 {
		return Decision{}, fault.New(fault.Conflict, "attestation_not_due")
	}
	return all[i], nil
}

// attested says what the silence is worth, and by which article it is attested.
func attested(rule calendar.Rule, last calendar.Date) string {
	from := last.AddDays(1).FrenchShort()
	basis := "L.232-3 du code des relations entre le public et l’administration"
	if rule.Code == calendar.Planning {
		basis = "R*424-13 du code de l’urbanisme"
	}
	text := "Elle est donc acceptée depuis le " + from + ", au terme de ce délai\u00a0: le silence de l’administration vaut acceptation"
	if rule.Means != "" {
		text = "Depuis le " + from + ", au terme de ce délai, le silence de l’administration vaut donc " + rule.Means
	}
	return text + " (" + rule.Source + "). La présente attestation est délivrée en application de l’article\u00a0" + basis + "."
}

func (c *change) attestation(ctx context.Context) (documents.Content, error) {
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return documents.Content{}, err
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return documents.Content{}, err
	}
	r, commune, last := c.r, c.tx.Tenant().Name, c.r.SilenceLastDay
	title := c.tx.Tenant().Title() // « Commune de… », « Communauté de communes… », « Métropole… »
	facts := []documents.Fact{{Label: "Demande", Value: r.Number}, {Label: "Démarche", Value: r.Title}}
	if name := r.ApplicantName(); name != "" {
		facts = append(facts, documents.Fact{Label: "Demandeur", Value: name})
	}
	since := "Acceptée depuis le"
	if means := e.Procedure().Silence.Means; means != "" {
		since = strings.ToUpper(means[:1]) + means[1:] + " depuis le"
	}
	facts = append(facts,
		documents.Fact{Label: "Reçue le", Value: r.ReceivedOn.FrenchShort()},
		documents.Fact{Label: "Service chargé du dossier", Value: e.Service.Name},
		documents.Fact{Label: "Dernier jour pour répondre", Value: last.FrenchShort()},
		documents.Fact{Label: since, Value: last.AddDays(1).FrenchShort()},
	)
	content := documents.Content{
		Kind: documents.Attestation, Sender: documents.SenderOf(c.tx.Tenant(), settings), Recipient: r.recipient(),
		Place: commune, Date: c.tx.Today(), Reference: r.Number, Number: attestationPrefix + r.Number, Subject: "Attestation de décision implicite d’acceptation",
		Blocks: []documents.Block{
			{Text: "La " + strings.ToLower(title[:1]) + title[1:] + " atteste que la demande décrite ci-dessous n’a reçu aucune réponse au plus tard le " + last.FrenchShort() + "."},
			{Facts: facts},
			{Text: attested(e.Procedure().Silence, last)},
		},
	}
	name, title := catalogue.Signatory(settings)
	for _, line := range []string{name, title} {
		if line != "" {
			content.Signatory = append(content.Signatory, line)
		}
	}
	return content, nil
}

// MailAttestation sends the attestation to the person's address, to whoever may issue it;
// where it is not issued yet, it is. Without an address that messages may go to it is
// fault.Conflict "no_email".
func MailAttestation(ctx context.Context, tx *tenants.Tx, number string) (documents.Issued, error) {
	issued, err := Attest(ctx, tx, number)
	if err != nil {
		return issued, err
	}
	c, err := begin(ctx, tx, number, anyVersion)
	if err != nil {
		return issued, err
	}
	if c.r.Applicant.mail() == "" {
		return issued, fault.New(fault.Conflict, "no_email")
	}
	body := strings.Join([]string{
		"N°\u00a0" + issued.Content.Number, issued.Content.Text(),
		"Pour la vérifier, donnez son code à qui vous la demande\u00a0: " + issued.Code + ". La page «\u00a0Vérifier un document\u00a0» du site " + c.tx.Tenant().Kind.Say("de la commune ") + "le reconnaît.",
	}, "\n\n")
	letter := c.letter(notify.LetterAttestation, catalogue.ComposedLetter{Subject: issued.Content.Subject, Body: body})
	if err := c.tell(ctx, letter, nil); err != nil {
		return issued, err
	}
	return issued, c.record(ctx, "attestation_mailed", EventData{Label: issued.Content.Number})
}

// Attestation names the attestation that can be had of a request today, once it was
// accepted by silence. Its ID is empty as long as nothing has written the decision.
func (d Detail) Attestation(today calendar.Date) (Paper, bool) {
	p := Paper{Kind: documents.Attestation}
	if d.silenceActed(today) && d.Silence.Effect == calendar.Acceptance {
		return p, true
	}
	i := slices.IndexFunc(d.Decisions, func(x Decision) bool {
		return x.Implicit && !x.Undone && x.Outcome == catalogue.OutcomeImplicitAcceptance
	})
	if i < 0 || d.State != StateImplicitAcceptance {
		return p, false
	}
	p.ID = d.Decisions[i].ID
	return p, true
}
