package citizen

import (
	"context"
	"encoding/hex"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// verifyPage tells anybody whether a document that somebody shows them is the town hall's.
type verifyPage struct {
	web.Frame
	Code    web.Input
	Result  *web.Notice
	Facts   []verifiedFact
	Proof   string
	Unknown bool
}

type verifiedFact struct{ Label, Value string }

var verifyTemplate = web.MustParse[verifyPage](web.Citizen, files, "verify.html")

// documentNames say what was issued.
var documentNames = map[documents.Kind]string{
	documents.Receipt: "Accusé de réception", documents.Letter: "Lettre de réponse", documents.Notice: "Demande de pièces", documents.Complete: "Lettre «\u00a0dossier complet\u00a0»",
	documents.Attestation: "Attestation de décision implicite d’acceptation", documents.Reasons: "Communication des motifs d’une décision", documents.Facts: "Liste d’informations", documents.Mail: "Courrier",
}

func (s *Server) verify(v *visit) error {
	code := v.r.URL.Query().Get("code")
	if len(code) > 64 {
		code = code[:64]
	}
	page := verifyPage{
		Frame: s.frame(v, "Vérifier un document", ""),
		Code: web.Input{
			Name: "code", Label: "Code de vérification, ou numéro d’une attestation", Hint: "Le code est au bas du document\u00a0: douze lettres et chiffres, par exemple K7QD2F-9XMPA4. Le numéro d’une attestation (ATT-26-000123) suffit aussi, mais dit moins. Les tirets et les majuscules ne comptent pas.",
			Value: code, Autocomplete: "off", NoSpellcheck: true, MaxLength: 64, Width: "medium",
		},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: page.Title}}
	if code == "" {
		return verifyTemplate.Render(v.w, v.r, http.StatusOK, page)
	}
	if err := allow(s.checks, v); err != nil {
		return err
	}
	var found requests.Verified
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		found, err = requests.Verify(ctx, tx.As(tenants.Guest()), code)
		return err
	})
	switch {
	case fault.Is(err, "verification_unknown"):
		page.Unknown = true
		page.Result = &web.Notice{Tone: web.Warning, Title: "Document inconnu", Text: "Aucun document de la commune ne porte ce code ou ce numéro. Vérifiez-le lettre par lettre\u00a0; s’il est bien recopié, ce document ne vient pas de la mairie, ou il a été effacé depuis. En cas de doute, appelez la mairie."}
		return verifyTemplate.Render(v.w, v.r, http.StatusOK, page)
	case err != nil:
		return err
	}
	page.tell(found, v.scope.Tenant.Name)
	return verifyTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// tellNumber writes the little that a number tells, which anybody can guess.
func (p *verifyPage) tellNumber(d requests.Verified, commune string) {
	p.Result = &web.Notice{Tone: web.Success, Title: "Attestation délivrée", Text: "La commune a bien délivré une attestation sous ce numéro, et elle tient. Pour la comparer avec celle que vous avez, donnez le code inscrit au bas du document."}
	if d.Withdrawn {
		p.Result = &web.Notice{Tone: web.Warning, Title: "Attestation délivrée, mais elle ne tient plus", Text: "La commune a délivré une attestation sous ce numéro, puis la décision a changé. Renseignez-vous auprès de la mairie."}
	}
	p.Facts = []verifiedFact{{"Document", documentNames[d.Kind]}, {"Numéro", d.Number}, {"Délivré le", d.IssuedOn.French()}, {"Par la commune", commune}}
}

// tell writes what is known, and what to compare it with.
func (p *verifyPage) tell(d requests.Verified, commune string) {
	if d.ByNumber {
		p.tellNumber(d, commune)
		return
	}
	p.Code.Value, p.Proof = d.Code, hex.EncodeToString(d.SHA256)
	p.Result = &web.Notice{Tone: web.Success, Title: "Document authentique", Text: "Il a bien été délivré par la commune. Comparez ce qui suit avec le document que vous avez."}
	if d.Withdrawn {
		p.Result = &web.Notice{Tone: web.Warning, Title: "Document authentique, mais la décision ne tient plus", Text: "La commune a délivré ce document, puis la décision a changé. Renseignez-vous auprès de la mairie."}
		if d.Why != "" {
			p.Result.Text = "La commune a délivré ce document. Depuis le " + d.RevokedOn.French() + ", il ne vaut plus\u00a0: " + d.Why
		}
	}
	add := func(label, value string) {
		if value != "" {
			p.Facts = append(p.Facts, verifiedFact{label, value})
		}
	}
	add("Document", documentNames[d.Kind])
	add("Numéro", d.Number)
	add("Délivré le", d.IssuedOn.French())
	add("Par la commune", commune)
	add("Initiales de la personne", d.Initials)
	add("Démarche", d.Title)
	if !d.Since.IsZero() {
		add("Acceptée depuis le", d.Since.French())
	}
	add("Empreinte", d.Short())
}
