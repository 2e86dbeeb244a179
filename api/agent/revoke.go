package agent

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// revokePage says what may still be done to what was decided, until when and why, and leads
// through it: the invitation to observe, its time, the decision.
type revokePage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	Acts                 []actLine
	Step                 *revokeStep
}

// actLine is one act: open, until when, or why not.
type actLine struct {
	Title, Why, Article, URL string
	Status                   web.Status
	Current                  bool
}

// revokeStep is where an act has come.
type revokeStep struct {
	Title, Act, Ground string
	Hearing            *hearingLine // the invitation that was sent
	Action, Button     string       // empty: nothing can be sent yet
	Reasons            web.Textarea
	Limit              *web.Input
	Signatory          *web.Select
	Subject            web.Input
	Letter             web.Textarea
	Delivery           web.Choices
}

// hearingLine is an invitation that was sent, and what became of it.
type hearingLine struct {
	ID, Text, Letter, Observations string
	Arrived                        *web.Input
	Note                           web.Textarea
	NotedOn                        web.Input
	Over                           bool
}

var revokeTemplate = web.MustParse[revokePage](web.Agent, pages, "revoke.html")

// actTitles name acts by what they are and why.
func actTitle(a requests.Act) string {
	what := map[catalogue.Outcome]string{
		catalogue.OutcomeAccept: "Accepter la demande après tout", catalogue.OutcomeRefuse: "Refuser",
		catalogue.OutcomeWithdrawal: "Retirer l’accord", catalogue.OutcomeRepeal: "Abroger l’accord",
	}[a.Outcome]
	if why := groundLabels[a.Ground]; why != "" {
		what += "\u00a0: " + why
	}
	return what
}

var groundLabels = map[requests.Ground]string{
	requests.GroundIllegal: "il est illégal", requests.GroundFraud: "il a été obtenu par fraude",
	requests.GroundCondition: "une condition n’est pas respectée", requests.GroundAsked: "la personne le demande",
}

func (s *Server) revokePage(v visit) error { return s.showRevoke(v, nil, nil) }

func revocationOf(form url.Values) requests.RevocationInput {
	return requests.RevocationInput{
		Act: catalogue.Outcome(form.Get("acte")), Ground: requests.Ground(form.Get("motif")), Reasons: form.Get("motifs"), LimitOn: dayOf(form.Get("limite")),
		Subject: form.Get("objet"), Letter: form.Get("lettre"), Delivery: form.Get("remise"), Signatory: tenants.ID(form.Get("signataire")),
	}
}

// showRevoke draws the acts, and the one that was chosen; typed is nil before anything was.
func (s *Server) showRevoke(v visit, typed url.Values, refused error) error {
	given := typed
	if given == nil {
		given = v.r.URL.Query()
	}
	var o opened
	var step *revokeStep
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if o, err = open(ctx, tx, v.number(), since(typed, refused)); err != nil {
			return err
		}
		if len(o.detail.Acts) == 0 {
			return fault.New(fault.Conflict, "action_not_possible")
		}
		step, err = revocationStep(ctx, tx, o, given, typed)
		return err
	})
	if err != nil {
		return err
	}
	d := o.detail
	page := revokePage{
		Frame: s.frame(v, me, "Revenir sur la décision", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()), Step: step,
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Revenir sur la décision"}}
	decides := slices.Contains(d.Actions, requests.ActionRevoke) || slices.Contains(d.Actions, requests.ActionAccept)
	for _, a := range d.Acts {
		page.Acts = append(page.Acts, actRow(a, page.URL, decides, step))
	}
	page.wrong(refused)
	return revokeTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func actRow(a requests.Act, base string, decides bool, step *revokeStep) actLine {
	line := actLine{Title: actTitle(a), Why: a.Why, Article: a.Article, Status: web.Status{Tone: web.Neutral, Label: "Fermé"}}
	if !a.Open {
		return line
	}
	line.Status = web.Status{Tone: web.Success, Label: "Possible à tout moment"}
	if !a.Until.IsZero() {
		line.Status = web.Status{Tone: web.Warning, Label: "Possible jusqu’au " + a.Until.FrenchShort()}
	}
	line.Current = step != nil && step.Act == string(a.Outcome) && step.Ground == string(a.Ground)
	switch {
	case !decides:
	case a.Outcome == catalogue.OutcomeAccept:
		line.URL = base + "/decision?issue=accept"
	default:
		line.URL = base + "/retrait?" + url.Values{"acte": {string(a.Outcome)}, "motif": {string(a.Ground)}}.Encode() + "#acte"
	}
	return line
}

// revocationStep prepares the act that was chosen; nil where none was, or it is closed.
func revocationStep(ctx context.Context, tx *tenants.Tx, o opened, given, typed url.Values) (*revokeStep, error) {
	d, in := o.detail, revocationOf(given)
	i := slices.IndexFunc(d.Acts, func(a requests.Act) bool {
		return a.Open && a.Outcome == in.Act && a.Ground == in.Ground && a.Outcome != catalogue.OutcomeAccept
	})
	if i < 0 || !slices.Contains(d.Actions, requests.ActionRevoke) {
		return nil, nil //nolint:nilnil // no act was chosen
	}
	act := d.Acts[i]
	st := &revokeStep{Title: actTitle(act), Act: string(act.Outcome), Ground: string(act.Ground), Action: "decider", Button: outcomeLabels[act.Outcome].do + " et notifier"}
	letterOf := act.Outcome
	if act.Heard {
		h := lastHearing(d.Hearings, in)
		st.Hearing = hearingOf(h, o.today, typed)
		switch {
		case h == nil:
			letterOf, st.Action, st.Button = catalogue.OutcomeHearing, "inviter", "Inviter la personne à répondre"
		case !h.Over(o.today):
			st.Action, st.Button = "", ""
			return st, nil
		default:
			if typed == nil {
				in.Reasons = h.Reasons
			}
		}
	}
	if letterOf == catalogue.OutcomeHearing && in.LimitOn.IsZero() {
		in.LimitOn = o.today.AddDays(usualHearing)
	}
	signers, err := readSigners(ctx, tx, d.Number, given)
	if err != nil {
		return nil, err
	}
	in.Signatory = signers.chosen
	letter := catalogue.ComposedLetter{Subject: given.Get("objet"), Body: given.Get("lettre")}
	if typed == nil || typed.Has("recomposer") {
		if letter, err = requests.PreviewRevocation(ctx, tx, d.Number, letterOf, in); err != nil {
			return nil, err
		}
	}
	st.Signatory = signers.choice()
	st.ask(d, letterOf, in, letter, typed)
	return st, nil
}

// usualHearing is how many days are usually given to observe; no text says how many.
const usualHearing = 15

func (st *revokeStep) ask(d requests.Detail, o catalogue.Outcome, in requests.RevocationInput, letter catalogue.ComposedLetter, typed url.Values) {
	st.Reasons = web.Textarea{Name: "motifs", Label: "Motifs", Hint: "Les raisons de droit et de fait, en clair pour la personne\u00a0: la loi les exige (CRPA L.211-2, 4°).", Rows: 4, Value: in.Reasons, MaxLength: maxText}
	st.Subject = web.Input{Name: "objet", Label: "Objet de la lettre", Value: letter.Subject, MaxLength: 300}
	st.Letter = web.Textarea{Name: "lettre", Label: "Lettre", Rows: 18, Value: letter.Body, MaxLength: 4 * maxText}
	if strings.Contains(letter.Body, reasonsMark) {
		st.Letter.Hint = "«\u00a0" + reasonsMark + "\u00a0» sera remplacé par ce que vous écrivez plus haut."
	}
	st.Delivery = deliveries(d, o, typed)
	if o == catalogue.OutcomeHearing {
		st.Limit = &web.Input{Name: "limite", Label: "La personne peut répondre jusqu’au", Hint: "Quinze jours après la réception sont l’usage\u00a0; comptez le temps du courrier. Si vous changez ce jour, recomposez la lettre.",
			Type: "date", Width: "medium", Value: in.LimitOn.String()}
	}
}

// lastHearing is the latest invitation for an act.
func lastHearing(all []requests.Hearing, in requests.RevocationInput) *requests.Hearing {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Act == in.Act && all[i].Ground == in.Ground {
			return &all[i]
		}
	}
	return nil
}

func hearingOf(h *requests.Hearing, today calendar.Date, typed url.Values) *hearingLine {
	if h == nil {
		return nil
	}
	line := &hearingLine{ID: string(h.ID), Letter: h.Letter, Observations: h.Observations, Over: h.Over(today)}
	line.Text = "Invitation du " + h.MadeOn.FrenchShort() + ", " + deliveryLabels[h.Delivery] + "\u00a0: la personne peut répondre jusqu’au " + h.LimitOn.FrenchShort() + " inclus."
	switch {
	case h.NotifiedOn.IsZero():
		line.Text += " Son arrivée n’est pas encore notée."
		line.Arrived = &web.Input{Name: "arrivee", Label: "Reçue par la personne le", Type: "date", Width: "medium", Value: typed.Get("arrivee"), Min: h.MadeOn.String(), Max: today.String()}
	case line.Over:
		line.Text += " Ce temps est passé\u00a0: vous pouvez décider."
	default:
		line.Text += " Vous pourrez décider à partir du " + h.LimitOn.AddDays(1).FrenchShort() + "."
	}
	if !h.ObservedOn.IsZero() {
		line.Text += " Elle a répondu le " + h.ObservedOn.FrenchShort() + "."
	}
	line.Note = web.Textarea{Name: "observations", Label: "Ce que la personne a répondu", Hint: "Ses écrits, ou ce qu’elle a dit de vive voix. Ses messages sont dans la demande.", Rows: 4, Value: typed.Get("observations"), MaxLength: maxText}
	line.NotedOn = web.Input{Name: "repondu", Label: "Répondu le", Type: "date", Width: "medium", Value: today.String(), Min: h.MadeOn.String(), Max: today.String()}
	return line
}

func (p *revokePage) wrong(refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), ""
	if st := p.Step; st != nil {
		switch {
		case fault.Is(refused, "reasons_required"):
			st.Reasons.Error, id = text, st.Reasons.Name
		case fault.Is(refused, "hearing_limit_invalid") && st.Limit != nil:
			st.Limit.Error, id = text, st.Limit.Name
		case fault.Is(refused, "delivery_invalid"):
			st.Delivery.Error, id = text, st.Delivery.Name
		case fault.Is(refused, "signatory_not_entitled") && st.Signatory != nil:
			st.Signatory.Error, id = text, st.Signatory.Name
		case st.Hearing != nil && fault.Is(refused, "body_required"):
			st.Hearing.Note.Error, id = text, st.Hearing.Note.Name
		case st.Hearing != nil && st.Hearing.Arrived != nil:
			st.Hearing.Arrived.Error, id = text, st.Hearing.Arrived.Name
		case st.Action != "":
			st.Letter.Error, id = text, st.Letter.Name
		}
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

// revoke sends the invitation, notes what became of it, or takes the decision back.
func (s *Server) revoke(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil && form.Has("recomposer") {
		return s.showRevoke(v, form, nil)
	}
	done := ""
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			done, err = doRevoke(ctx, tx, v.number(), form)
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showRevoke(v, form, err)
	case err != nil:
		return err
	}
	if form.Get("action") == "decider" {
		return s.done(v, done, requestPath(v.number()))
	}
	return s.done(v, done, requestPath(v.number())+"/retrait?"+url.Values{"acte": {form.Get("acte")}, "motif": {form.Get("motif")}}.Encode())
}

func doRevoke(ctx context.Context, tx *tenants.Tx, number string, form url.Values) (done string, err error) {
	in, seen := revocationOf(form), version(form)
	in.Reasons = strings.TrimSpace(in.Reasons)
	in.Letter = strings.ReplaceAll(in.Letter, reasonsMark, in.Reasons)
	hearing := tenants.ID(form.Get("invitation"))
	switch form.Get("action") {
	case "inviter":
		_, err = requests.Hear(ctx, tx, number, in, seen)
		return "L’invitation est enregistrée. Vous pourrez décider quand son temps sera passé.", err
	case "arrivee":
		_, err = requests.ConfirmHearing(ctx, tx, number, hearing, dayOf(form.Get("arrivee")), seen)
		return "L’arrivée de l’invitation est notée.", err
	case "observations":
		_, err = requests.NoteObservations(ctx, tx, number, hearing, form.Get("observations"), dayOf(form.Get("repondu")), seen)
		return "La réponse de la personne est notée.", err
	case "decider":
		_, err = requests.Revoke(ctx, tx, number, in, seen)
		return "La décision est enregistrée.", err
	}
	return "", fault.New(fault.Invalid, "form_unreadable")
}
