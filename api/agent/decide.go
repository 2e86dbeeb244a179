package agent

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type decidePage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	Outcomes             web.Tabs
	Outcome              string
	Button               string
	Granted              *web.Textarea // of a partial agreement
	Reasons              web.Textarea
	Subject              web.Input
	Letter               web.Textarea
	Delivery             web.Choices
	Signatory            *web.Select // where more than one may sign
	Waits                string      // who signs, where the decision waits for them
	Due                  string
	Notices              []web.Notice
}

var decideTemplate = web.MustParse[decidePage](web.Agent, pages, "decide.html")

// reasonsMark is what a composed letter has where the reasons will stand.
const reasonsMark = "[motifs à compléter]"

func (s *Server) decidePage(v visit) error { return s.showDecide(v, nil, nil) }

// showDecide draws a decision with its letter; typed is nil before anything was.
func (s *Server) showDecide(v visit, typed url.Values, refused error) error {
	wanted := v.r.URL.Query().Get("issue")
	if typed != nil {
		wanted = typed.Get("issue")
	}
	var o opened
	var outcome catalogue.Outcome
	var letter catalogue.ComposedLetter
	var signers signers
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if o, err = open(ctx, tx, v.number(), since(typed, refused)); err != nil {
			return err
		}
		var ok bool
		outcome, ok = outcomeOf(wanted, o.detail.Outcomes)
		if !ok && refused == nil {
			if len(o.detail.Outcomes) == 0 {
				return nothingToDecide(o.detail)
			}
			outcome = o.detail.Outcomes[0]
		}
		if outcome == "" {
			return nil
		}
		if typed == nil && v.r.URL.Query().Has("reprendre") {
			if p := o.detail.Prepared; p != nil && p.Outcome == outcome {
				typed = resumed(p)
			}
		}
		if signers, err = readSigners(ctx, tx, v.number(), typed); err != nil {
			return err
		}
		if typed == nil || typed.Has("recomposer") {
			letter, err = requests.PreviewLetter(ctx, tx, v.number(), requests.DecisionInput{Outcome: outcome, Granted: typed.Get("accorde"), Reasons: typed.Get("motifs"), Signatory: signers.chosen})
		}
		return err
	})
	if err != nil {
		return err
	}
	d := o.detail
	if typed != nil && !typed.Has("recomposer") {
		letter = catalogue.ComposedLetter{Subject: typed.Get("objet"), Body: typed.Get("lettre")}
	}
	page := decidePage{
		Frame: s.frame(v, me, "Décider", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()), Outcome: string(outcome), Button: outcomeLabels[outcome].do,
		Due: dueSentence(d, o.today), Notices: notices(d, o.today),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Décider"}}
	page.Outcomes.Label = "Décisions possibles"
	for _, x := range d.Outcomes {
		page.Outcomes.Items = append(page.Outcomes.Items, web.Tab{Label: outcomeLabels[x].do, URL: page.URL + "/decision?issue=" + string(x), Count: -1, Current: x == outcome})
	}
	page.fields(d, outcome, letter, typed)
	page.Signatory = signers.choice()
	if outcome.Signed() {
		page.Waits = signers.waitsFor()
	}
	page.wrong(refused)
	return decideTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// nothingToDecide says why there is no decision to make.
func nothingToDecide(d requests.Detail) error {
	if d.State.Open() {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	return fault.New(fault.Conflict, "action_not_possible")
}

// needsReasons tells whether the law wants reasons for a decision (CRPA L.211-2) or
// the letter is made of them.
func needsReasons(o catalogue.Outcome) bool {
	return o.Refuses() || o == catalogue.OutcomeAnswer || o == catalogue.OutcomeClose
}

func (p *decidePage) fields(d requests.Detail, o catalogue.Outcome, letter catalogue.ComposedLetter, typed url.Values) {
	p.Reasons = web.Textarea{Name: "motifs", Label: "Conditions ou précisions", Optional: true, Rows: 3, Value: typed.Get("motifs"), MaxLength: maxText}
	if o == catalogue.OutcomePartial {
		p.Granted = &web.Textarea{Name: "accorde", Label: "Ce qui est accordé", Rows: 3, Value: typed.Get("accorde"), MaxLength: maxText}
	}
	switch {
	case o == catalogue.OutcomePartial:
		p.Reasons.Label, p.Reasons.Optional = "Motifs de ce qui est refusé", false
		p.Reasons.Hint = "Les raisons de droit et de fait, en clair pour la personne (CRPA L.211-2 et L.211-5). La lettre dit comment contester."
	case o == catalogue.OutcomeAnswer:
		p.Reasons.Label, p.Reasons.Optional = "Votre réponse", false
	case needsReasons(o):
		p.Reasons.Label, p.Reasons.Optional = "Motifs", false
		p.Reasons.Hint = "Les raisons de droit et de fait, en clair pour la personne (CRPA L.211-2 et L.211-5)."
	}
	p.Subject = web.Input{Name: "objet", Label: "Objet de la lettre", Value: letter.Subject, MaxLength: 300}
	p.Letter = web.Textarea{Name: "lettre", Label: "Lettre", Rows: 18, Value: letter.Body, MaxLength: 4 * maxText}
	if p.Granted != nil {
		p.Letter.Hint = "«\u00a0" + requests.GrantedMark + "\u00a0» et «\u00a0" + reasonsMark + "\u00a0» seront remplacés par ce que vous écrivez plus haut."
	} else if strings.Contains(letter.Body, reasonsMark) {
		p.Letter.Hint = "«\u00a0" + reasonsMark + "\u00a0» sera remplacé par ce que vous écrivez plus haut."
		if p.Reasons.Optional {
			p.Letter.Hint += " Si vous n’écrivez rien, ces mots disparaissent de la lettre."
		}
	}
	p.Delivery = deliveries(d, o, typed)
}

// deliveries ask how a letter leaves.
func deliveries(d requests.Detail, o catalogue.Outcome, typed url.Values) web.Choices {
	mail := d.Applicant.DecisionMail(o) != ""
	chosen := typed.Get("remise")
	if chosen == "" {
		chosen = requests.DeliveryPost
		if mail {
			chosen = requests.DeliveryEmail
		}
	}
	out := web.Choices{Name: "remise", Legend: "Comment la lettre part"}
	add := func(value, label, hint string) {
		out.Items = append(out.Items, web.Choice{Value: value, Label: label, Hint: hint, Checked: value == chosen})
	}
	if mail {
		hint := ""
		if o.Refuses() {
			hint = "Un courriel ordinaire ne prouve pas le jour où il est lu. Pour un refus, préférez le guichet contre signature, ou le recommandé (à vérifier)."
		}
		add(requests.DeliveryEmail, "Par courriel, aussitôt", hint)
	}
	if !mail && d.Applicant.Email != "" {
		out.Hint = "Sans accord exprès de la personne, une décision ne part pas par courriel. Elle peut encore le donner depuis sa page de suivi, ou vous le dire."
	}
	add(requests.DeliveryCounter, "Remise au guichet aujourd’hui", "Imprimez la lettre depuis la demande, une fois la décision enregistrée.")
	hint := "Elle attend dans «\u00a0Courriers\u00a0» qu’on l’imprime et la poste\u00a0; notez-y ensuite le jour où elle est reçue\u00a0: les délais courent de ce jour."
	if d.Applicant.PostalAddress == "" {
		hint = "L’adresse postale de la personne n’est pas connue\u00a0: demandez-la-lui par un message ou un appel. La lettre l’attend dans «\u00a0Courriers\u00a0»."
	}
	add(requests.DeliveryPost, "Par courrier", hint)
	return out
}

func (p *decidePage) wrong(refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), "lettre"
	switch {
	case fault.Is(refused, "granted_required") && p.Granted != nil:
		p.Granted.Error, id = text, p.Granted.Name
	case fault.Is(refused, "reasons_required"):
		p.Reasons.Error, id = text, "motifs"
	case fault.Is(refused, "delivery_invalid"):
		p.Delivery.Error, id = text, "remise"
	case fault.Is(refused, "signatory_not_entitled") && p.Signatory != nil:
		p.Signatory.Error, id = text, p.Signatory.Name
	default:
		p.Letter.Error = text
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

func (s *Server) decide(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done := "La décision est enregistrée."
	if err == nil && form.Has("recomposer") {
		return s.showDecide(v, form, nil)
	}
	if err == nil {
		reasons, letter, granted := strings.TrimSpace(form.Get("motifs")), form.Get("lettre"), strings.TrimSpace(form.Get("accorde"))
		switch {
		case catalogue.Outcome(form.Get("issue")) == catalogue.OutcomePartial && granted == "":
			err = fault.New(fault.Invalid, "granted_required")
		case needsReasons(catalogue.Outcome(form.Get("issue"))) && reasons == "":
			err = fault.New(fault.Invalid, "reasons_required")
		case strings.TrimSpace(letter) == "":
			err = fault.New(fault.Invalid, "letter_required")
		}
		letter = strings.ReplaceAll(strings.ReplaceAll(letter, requests.GrantedMark, granted), reasonsMark, reasons) // or nothing, where they are optional
		if err == nil {
			_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
				in := requests.DecisionInput{
					Outcome: catalogue.Outcome(form.Get("issue")), Granted: granted, Reasons: reasons, Subject: form.Get("objet"), Letter: letter, Delivery: form.Get("remise"),
					Signatory: tenants.ID(form.Get("signataire")),
				}
				_, err := requests.Decide(ctx, tx, v.number(), in, version(form))
				if fault.Is(err, "signature_needed") {
					done = "La décision est prête : elle attend sa signature, dans « À signer ». Rien n’est encore parti."
					_, err = requests.Prepare(ctx, tx, v.number(), in, version(form))
				}
				return err
			})
		}
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showDecide(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, requestPath(v.number()))
}
