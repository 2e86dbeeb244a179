package proof

import (
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// ban is something that may not be asked for, or not without a text. Words are folded
// (tenants/fold): all of one line must stand in what is asked.
type ban struct {
	words  []string
	unless []string // in the legal basis or the help: what makes it lawful
	kinds  []forms.Kind
	piece  bool   // it is looked for among the papers too
	text   string // what to do
}

var typed = []forms.Kind{forms.KindText, forms.KindLongText, forms.KindNumber}

// bans are law.md §5: CNIL (no number of an identity card for an act), CRPA R.113-8 (proof of
// residence), R.113-10 (certified copies), L.113-12 and L.114-8 (what the administration can obtain
// itself; where it technically cannot, L.114-10 lets it ask).
var bans = []ban{
	{words: []string{"numero carte identite", "numero piece identite", "numero passeport", "numero cni", "n carte identite", "n passeport", "n cni"}, kinds: typed,
		unless: []string{"L.313-1", "R.313-6"}, text: "Retirez cette question\u00a0: le numéro d’une pièce d’identité n’est pas nécessaire (RGPD, article\u00a05\u00a0; CNIL)."},
	{words: []string{"copie certifiee conforme", "certifiee conforme"}, piece: true,
		text: "Demandez une simple copie\u00a0: une copie certifiée conforme ne peut pas être exigée (CRPA, article\u00a0R.113-10)."},
	{words: []string{"justificatif domicile", "preuve domicile", "quittance loyer", "facture electricite"}, piece: true, kinds: []forms.Kind{forms.KindFile}, unless: []string{"R.113-8"},
		text: "Retirez le justificatif de domicile, ou citez le texte qui le permet\u00a0: la personne déclare son adresse (CRPA, article\u00a0R.113-8)."},
	{words: []string{"extrait kbis", "avis situation sirene", "casier judiciaire", "avis imposition", "avis impot", "attestation fiscale", "attestation vigilance urssaf"}, piece: true, kinds: []forms.Kind{forms.KindFile},
		unless: []string{"L.114-10", "L.3121-", "R.113-8"},
		text:   "Retirez cette pièce\u00a0: l’administration peut l’obtenir elle-même (CRPA, articles\u00a0L.113-12 et L.114-8). Si c’est techniquement impossible, citez l’article\u00a0L.114-10."},
}

// sensitive words want the sensitivity to be told, with its text (GDPR art. 9 and 10, loi 78-17 art. 30).
var sensitive = []struct {
	words       []string
	sensitivity string
	name        string
}{
	{[]string{"numero securite sociale", "numero nir", "n securite sociale"}, "nir", "Le numéro de sécurité sociale"},
	{[]string{"religion", "confession religieuse", "opinion politique", "appartenance syndicale", "origine ethnique", "orientation sexuelle", "etat sante", "handicap", "maladie", "diagnostic"}, "article9", "Cette donnée sensible"},
	{[]string{"condamnation penale", "casier judiciaire", "infraction penale"}, "article10", "Cette donnée judiciaire"},
}

func (r *prover) forbidden() {
	for i, piece := range r.p.Bring {
		r.banned("bring/"+strconv.Itoa(i), piece.Label, piece.Detail, piece.LegalBasis, "")
	}
	if r.p.Form == nil {
		return
	}
	for si := range r.p.Form.Steps {
		for ci := range r.p.Form.Steps[si].Sections {
			for fi := range r.p.Form.Steps[si].Sections[ci].Fields {
				f := &r.p.Form.Steps[si].Sections[ci].Fields[fi]
				path := "form/steps/" + strconv.Itoa(si) + "/sections/" + strconv.Itoa(ci) + "/fields/" + strconv.Itoa(fi)
				r.banned(path, f.Label, f.Help, f.LegalBasis, f.Kind)
				r.sensitive(path, f)
			}
		}
	}
}

// banned judges something that is asked: a piece (without kind), or a question.
func (r *prover) banned(path, label, help, basis string, kind forms.Kind) {
	asked := fold.Words(label)
	for _, b := range bans {
		if kind == "" && !b.piece || kind != "" && len(b.kinds) > 0 && !oneOf(kind, b.kinds) || !says(asked, b.words) {
			continue
		}
		if lawful(basis+" "+help, b.unless) || refused(asked) {
			continue
		}
		r.add(path, CodeForbidden, b.text, true)
	}
}

// refused tells whether a piece is named to say what replaces it.
func refused(asked string) bool { return says(asked, []string{"masque", "sans copie"}) }

func oneOf(k forms.Kind, list []forms.Kind) bool {
	for _, x := range list {
		if x == k {
			return true
		}
	}
	return false
}

// says tells whether every word of one of the lines stands in a text, as a word or its beginning.
func says(text string, lines []string) bool {
	words := strings.Fields(text)
	has := func(want string) bool {
		for _, w := range words {
			if w == want || len(want) > 3 && strings.HasPrefix(w, want) {
				return true
			}
		}
		return false
	}
	for _, line := range lines {
		all := true
		for _, w := range strings.Fields(line) {
			all = all && has(w)
		}
		if all {
			return true
		}
	}
	return false
}

func lawful(basis string, unless []string) bool {
	for _, u := range unless {
		if strings.Contains(strings.ReplaceAll(basis, "\u00a0", " "), u) {
			return true
		}
	}
	return false
}

func (r *prover) sensitive(path string, f *forms.Field) {
	for _, s := range sensitive {
		if f.Sensitivity == "" && f.Kind != forms.KindChoices && f.Kind != forms.KindDeclaration && says(fold.Words(f.Label), s.words) {
			r.add(path+"/sensitivity", CodeForbidden, s.name+" demande un texte qui l’autorise\u00a0: retirez la question, ou dites sa sensibilité et citez ce texte (RGPD, articles\u00a09 et 10).", true)
		}
	}
}
