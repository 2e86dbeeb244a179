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

type askPage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	Pieces               web.Choices
	Others               []otherPiece
	OthersOpen           bool
	Limit                web.Input
	Delivery             web.Choices
	Text                 web.Textarea
	NewDate              string // what the clock will do
	Refused              bool   // the law no longer allows it
	Doubt                string // no known text requires a paper
}

// otherPiece is a piece that the procedure does not list.
type otherPiece struct {
	Label, Law web.Input
	Needed     web.Checkbox
}

var askTemplate = web.MustParse[askPage](web.Agent, pages, "ask.html")

const (
	otherPieces  = 3
	defaultLimit = 15 // days that are proposed for sending the papers
)

func (s *Server) askPage(v visit) error { return s.showAsk(v, nil, nil) }

// showAsk draws the notice of missing papers; typed is nil before anything was.
func (s *Server) showAsk(v visit, typed url.Values, refused error) error {
	var o opened
	var foretold string
	var late bool
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		o, err = open(ctx, tx, v.number(), since(typed, refused))
		if err != nil {
			return err
		}
		if typed == nil {
			typed = url.Values{"limite": {o.today.AddDays(defaultLimit).String()}}
		}
		if limit, err := calendar.ParseDate(typed.Get("limite")); err == nil {
			then, notice, unforeseen := requests.ForeseeNotice(tx, o.detail, readNotice(o.detail.Procedure, typed, limit))
			foretold, late = foreseen(o.detail, notice, then, unforeseen)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d := o.detail
	page := askPage{Frame: s.frame(v, me, "Demander des pièces", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10)}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Demander des pièces"}}
	page.NewDate, page.Refused = foretold, late
	page.Conflict = conflictOf(refused, o.changes, v.scope.Tenant.Zone())
	page.choices(d.Procedure, typed)
	if len(d.Procedure.Bring) == 0 {
		page.Doubt = "Aucun texte connu n’exige de pièce pour cette démarche. N’en demandez que si un texte l’exige, et citez-le (CRPA L.114-5)\u00a0: sinon, l’effet sur le délai n’est pas sûr. Pour une simple précision, écrivez un message."
	}
	page.ways(d, typed.Get("remise"))
	page.Limit = web.Input{Name: "limite", Label: "À fournir au plus tard le", Type: "date", Width: "medium", Value: typed.Get("limite"), Min: o.today.AddDays(1).String()}
	if d.Procedure.Silence.Code == calendar.Planning {
		page.Limit.Hint = "Pour une pièce indispensable, la loi fixe ce jour\u00a0: trois mois après la réception de la demande de pièces (C. urb. R*423-39)."
	}
	page.Text = web.Textarea{Name: "texte", Label: "Ce que vous ajoutez", Hint: "Ces lignes viennent dans la lettre, après la liste des pièces.", Optional: true, Value: typed.Get("texte"), MaxLength: maxText}
	if err := possible(d, requests.ActionAskDocuments); err != nil && refused == nil && !page.Refused {
		return err
	}
	page.wrong(refused)
	return askTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func (p *askPage) choices(procedure *catalogue.Procedure, typed url.Values) {
	p.Pieces = web.Choices{Name: "piece", Legend: "Pièces que cette démarche exige", Hint: "Chacune avec le texte qui l’exige."}
	chosen := map[string]bool{}
	for _, i := range typed["piece"] {
		chosen[i] = true
	}
	for i, b := range procedure.Bring {
		hint := b.LegalBasis
		if !b.Indispensable {
			hint += " · pas indispensable\u00a0: la demande avance sans elle (CRPA L.114-5-1)"
		}
		p.Pieces.Items = append(p.Pieces.Items, web.Choice{Value: strconv.Itoa(i), Label: b.Label, Hint: hint, Checked: chosen[strconv.Itoa(i)]})
	}
	for i := range otherPieces {
		n := strconv.Itoa(i + 1)
		o := otherPiece{
			Label:  web.Input{Name: "autre-" + n, Label: "Autre pièce " + n, Optional: true, Value: typed.Get("autre-" + n), MaxLength: 300},
			Law:    web.Input{Name: "texte-" + n, Label: "Texte qui exige la pièce " + n, Optional: true, Value: typed.Get("texte-" + n), MaxLength: 300},
			Needed: web.Checkbox{Name: "indispensable-" + n, Label: "Indispensable pour instruire", Checked: typed.Get("indispensable-"+n) != ""},
		}
		p.OthersOpen = p.OthersOpen || o.Label.Value != "" || o.Law.Value != ""
		p.Others = append(p.Others, o)
	}
	p.OthersOpen = p.OthersOpen || len(p.Pieces.Items) == 0
}

// ways are how the notice can leave: by e-mail to who gets messages so, and on paper to
// anybody.
func (p *askPage) ways(d requests.Detail, chosen string) {
	mailed := d.Applicant.Mailed()
	if chosen == "" {
		chosen = requests.DeliveryPost
		if mailed {
			chosen = requests.DeliveryEmail
		}
	}
	p.Delivery = web.Choices{Name: "remise", Legend: "Comment la demande part"}
	add := func(value, label, hint string) {
		p.Delivery.Items = append(p.Delivery.Items, web.Choice{Value: value, Label: label, Hint: hint, Checked: value == chosen})
	}
	if mailed {
		add(requests.DeliveryEmail, "Par courriel, aussitôt", "")
	}
	add(requests.DeliveryCounter, "Lettre remise au guichet aujourd’hui", "Vous l’imprimez à la page suivante.")
	add(requests.DeliveryPost, "Lettre envoyée par courrier", "Vous l’imprimez à la page suivante, puis vous notez le jour où elle est reçue\u00a0: le délai change à partir de ce jour.")
}

func readNotice(procedure *catalogue.Procedure, form url.Values, limit calendar.Date) requests.Notice {
	n := requests.Notice{LimitOn: limit, Text: form.Get("texte"), Delivery: form.Get("remise")}
	for _, v := range form["piece"] {
		if i, err := strconv.Atoi(v); err == nil && i >= 0 && i < len(procedure.Bring) {
			b := procedure.Bring[i]
			n.Items = append(n.Items, requests.NoticeItem{Label: b.Label, LegalBasis: b.LegalBasis, Indispensable: b.Indispensable})
		}
	}
	for i := range otherPieces {
		k := strconv.Itoa(i + 1)
		label, law := strings.TrimSpace(form.Get("autre-"+k)), strings.TrimSpace(form.Get("texte-"+k))
		if label != "" || law != "" {
			n.Items = append(n.Items, requests.NoticeItem{Label: label, LegalBasis: law, Indispensable: form.Get("indispensable-"+k) != ""})
		}
	}
	return n
}

// foreseen says what the clock would do if the notice left today, and whether the
// law no longer allows it.
func foreseen(d requests.Detail, n requests.Notice, then calendar.Deadline, err error) (text string, refused bool) {
	dispensable := len(n.Items) > 0 && !slices.ContainsFunc(n.Items, func(i requests.NoticeItem) bool { return i.Indispensable })
	switch {
	case fault.Is(err, "notice_too_late"):
		if d.Procedure.Silence.Code == calendar.Planning {
			return sentences["notice_too_late"], true
		}
		return sentences["silence_acquired"], true
	case err != nil || !d.Silence.Effect.Decides():
		return "", false
	case dispensable:
		return "Ces pièces ne sont pas indispensables\u00a0: l’échéance ne bouge pas (CRPA L.114-5-1).", false
	case then.LastDay.IsZero():
		return "Le délai légal ne courra plus à partir d’aujourd’hui\u00a0; il repartira quand tout sera là.", false
	case d.Procedure.Silence.Code == calendar.Planning:
		return "La loi donne trois mois, jusqu’au " + then.LastDay.French() + "\u00a0: le délai d’instruction commencera quand tout sera là\u00a0; sans les pièces ce jour-là, ce sera une décision tacite de " + d.Procedure.Silence.Denial() + " (C. urb. R*423-39).", false
	}
	return "Si rien n’arrive d’ici là, la nouvelle échéance sera le " + then.LastDay.French() + "\u00a0; elle se rapprochera si les pièces viennent plus tôt.", false
}

func (p *askPage) wrong(refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), "piece"
	switch {
	case fault.Is(refused, "limit_invalid"):
		p.Limit.Error, id = text, "limite"
	case fault.Is(refused, "delivery_invalid"):
		p.Delivery.Error, id = text, "remise"
	case fault.Is(refused, "body_too_long"):
		p.Text.Error, id = text, "texte"
	case len(p.Pieces.Items) == 0:
		p.Others[0].Label.Error, id = text, "autre-1"
	default:
		p.Pieces.Error = text
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

func (s *Server) ask(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil && form.Has("apercu") {
		return s.showAsk(v, form, nil)
	}
	var notice requests.DocumentRequest
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			d, err := requests.Get(ctx, tx, v.number())
			if err != nil {
				return err
			}
			limit, err := calendar.ParseDate(form.Get("limite"))
			if err != nil {
				return fault.New(fault.Invalid, "limit_invalid")
			}
			if _, err = requests.AskDocuments(ctx, tx, v.number(), readNotice(d.Procedure, form, limit), version(form)); err != nil {
				return err
			}
			if d, err = requests.Get(ctx, tx, v.number()); err == nil {
				notice = d.DocumentRequests[len(d.DocumentRequests)-1]
			}
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showAsk(v, form, err)
	case err != nil:
		return err
	}
	switch notice.Delivery {
	case requests.DeliveryCounter:
		return s.done(v, "Les pièces sont demandées. Imprimez cette lettre et remettez-la à la personne aujourd’hui.", letterPath(v.number(), letterAsked, notice.ID))
	case requests.DeliveryPost:
		return s.done(v, "Les pièces sont demandées. Imprimez cette lettre, postez-la, et notez plus tard le jour où elle est reçue.", letterPath(v.number(), letterAsked, notice.ID))
	}
	return s.done(v, "Les pièces sont demandées\u00a0; l’échéance est recalculée.", requestPath(v.number()))
}
