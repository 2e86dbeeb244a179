package agent

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// pair is one line of what a request is about.
type pair struct {
	Key, Value string
	Mail, Tel  bool // how it leads further
	Late       bool
}

// answerStep is one step of the form as it was answered.
type answerStep struct {
	Title string
	List  web.SummaryList
}

// dossier is what the list's panel and the request's own page show alike.
type dossier struct {
	Number, Subject, URL string
	Status               web.Status
	Pairs                []pair
	Due                  string   // the deadline in a sentence
	DueNotes             []string // what is to be known of it
	Notices              []web.Notice
	Answers              []answerStep
	Documents            []documentLine
	Steps                []deadlineStep
	History              web.Timeline
	Buttons              []web.Button
	Take                 bool
	Version              string
}

// documentLine is one file of a request.
type documentLine struct {
	Name, URL, From string
	Size            int64 // bytes
}

// deadlineStep is one line of « pourquoi cette date ».
type deadlineStep struct {
	Date, Text, Article string
}

func requestPath(number string) string { return "/agents/demandes/" + number }

func newDossier(d requests.Detail, me tenants.ID, zone *time.Location, today calendar.Date) dossier {
	out := dossier{
		Number: d.Number, Subject: d.Title, URL: requestPath(d.Number), Status: web.RequestStatus(string(d.State)),
		Due: dueSentence(d, today), Notices: notices(d, today), History: timeline(d.History, zone), Version: strconv.FormatInt(d.Version, 10),
		Take: slices.Contains(d.Actions, requests.ActionTake) && d.AgentID != me,
	}
	out.Pairs = pairs(d, zone, today)
	for _, step := range d.Summary {
		if list := web.SummaryOf(step, ""); len(list) > 0 {
			out.Answers = append(out.Answers, answerStep{step.Title, list})
		}
	}
	for _, t := range d.Transmissions {
		for _, step := range t.Summary {
			if list := web.SummaryOf(step, ""); len(list) > 0 {
				out.Answers = append(out.Answers, answerStep{step.Title + " (" + t.Procedure + ", " + t.Party.Name + ")", list})
			}
		}
	}
	for _, f := range d.Documents {
		from := "de la mairie"
		if f.Incoming {
			from = "reçu"
		}
		out.Documents = append(out.Documents, documentLine{
			Name: f.Name, Size: f.Size, URL: out.URL + "/documents/" + string(f.ID),
			From: from + " le " + calendar.On(f.CreatedAt, zone).FrenchShort(),
		})
	}
	for _, s := range append(slices.Clone(d.Deadline.Steps), answerSteps(d)...) {
		out.Steps = append(out.Steps, deadlineStep{Date: web.Unsaid(s.Date, s.Text), Text: s.Text, Article: s.Article})
	}
	if d.State.Open() {
		out.DueNotes = d.Deadline.Warnings
	}
	out.Buttons = buttons(d)
	return out
}

// pairs are the facts of a request in the order in which one asks for them.
func pairs(d requests.Detail, zone *time.Location, today calendar.Date) []pair {
	name := d.ApplicantName()
	if name == "" {
		name = "Anonyme"
	}
	out := []pair{{Key: "Demandeur", Value: name}}
	if d.Channel == requests.ChannelWeb { // at the counter the agent sees who comes
		out = append(out, identityPair(d.IdentityLevel))
	}
	a := d.Applicant
	add := func(p pair) {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	add(pair{Key: "Pour", Value: a.OnBehalfOf})
	add(pair{Key: "Organisme n°", Value: a.OrganisationID})
	add(pair{Key: "Courriel", Value: a.Email, Mail: true})
	add(pair{Key: "Téléphone", Value: phone(a.Phone), Tel: true})
	add(pair{Key: "Décision", Value: decisionWish(d, zone)})
	add(pair{Key: "Adresse", Value: a.PostalAddress})
	add(pair{Key: "Déposée le", Value: d.ReceivedOn.FrenchShort() + " (" + lower(channelLabels[d.Channel]) + ")"})
	if d.FirstReceivedOn != d.ReceivedOn {
		add(pair{Key: "Reçue ailleurs le", Value: d.FirstReceivedOn.FrenchShort()})
	}
	switch {
	case !d.ClosedOn.IsZero():
		add(pair{Key: "Terminée le", Value: d.ClosedOn.FrenchShort()})
	case !d.DueOn.IsZero():
		late := d.Late(today)
		text := d.DueOn.FrenchShort()
		if late {
			text += " (en retard)"
		}
		out = append(out, pair{Key: "Échéance", Value: text, Late: late})
	}
	add(pair{Key: "Service", Value: d.ServiceName})
	agent := d.AgentName
	if agent == "" {
		agent = "Personne"
	}
	return append(out, pair{Key: "Agent", Value: agent})
}

// decisionWish says how the person wants the decision, while one can come.
func decisionWish(d requests.Detail, zone *time.Location) string {
	switch {
	case !d.MayStillBeDecided():
		return ""
	case d.Applicant.DecisionEmail:
		return "par courriel, accord donné le " + calendar.On(d.DecisionEmailAt, zone).FrenchShort()
	default:
		return "sur papier"
	}
}

// phone writes a French number in pairs, as people read it.
func phone(e164 string) string {
	national, ok := strings.CutPrefix(e164, "+33")
	if !ok || len(national) != 9 {
		return e164
	}
	national = "0" + national
	var b strings.Builder
	for i := 0; i < len(national); i += 2 {
		if i > 0 {
			b.WriteString("\u00a0")
		}
		b.WriteString(national[i : i+2])
	}
	return b.String()
}

func lower(s string) string {
	if s == "" {
		return ""
	}
	return string(s[0]|0x20) + s[1:]
}

// notices are what an agent must see before anything else.
func notices(d requests.Detail, today calendar.Date) []web.Notice {
	var out []web.Notice
	if until := d.SuspendedUntil(today); !until.IsZero() {
		text := "Examen suspendu jusqu’au " + until.FrenchShort() + ", pour vérifier un soupçon de fraude (CRPA L.115-3). D’ici là, reprenez l’examen, ou prolongez sur des éléments nouveaux."
		if !d.SilenceLastDay.IsZero() {
			text += " Dernier jour pour notifier une décision\u00a0: le " + d.SilenceLastDay.FrenchShort() + "."
		}
		out = append(out, web.Notice{Tone: web.Warning, Text: text, Link: web.Link{Label: "La suspension", URL: suspensionPath(d.Number)}})
	}
	if n, ok := recourseNotice(d, today); ok {
		out = append(out, n)
	}
	if h, until, ok := d.UnderWay(today); ok {
		out = append(out, hearingNotice(d.Number, h, until, today))
	}
	for _, n := range d.Notifications {
		if n.State == "bounced" || n.State == "failed" {
			out = append(out, web.Notice{Tone: web.Danger, Text: "«\u00a0" + n.Subject + "\u00a0» n’est pas arrivé. Vérifiez les coordonnées de la personne, et joignez-la autrement.",
				Link: web.Link{Label: "Corriger les coordonnées", URL: requestPath(d.Number) + "/demandeur"}})
			break
		}
	}
	if d.Reopening != nil {
		out = append(out, web.Notice{Tone: web.Warning, Text: reopenWords(d), Link: web.Link{Label: "Revoir cette décision", URL: datesPath(d.Number)}})
	}
	out = append(out, receiptNotices(d)...)
	if !d.Regular {
		out = append(out, web.Notice{Tone: web.Warning, Text: irregular(d)})
	}
	for _, x := range d.Drifts {
		if x.Kept == nil {
			out = append(out, web.Notice{Tone: web.Warning, Text: "La personne a été informée du " + x.Told.FrenchShort() + "\u00a0; la règle actuelle donnerait le " + x.Now.FrenchShort() + ". Rien ne change tant que vous n’avez pas décidé.",
				Link: web.Link{Label: "Décider de la date", URL: datesPath(d.Number)}})
		}
	}
	for _, w := range d.Warnings {
		if slices.Contains(d.Deadline.Warnings, w) {
			continue // said beside the date
		}
		out = append(out, web.Notice{Tone: web.Warning, Text: w})
	}
	for _, w := range d.Appeal.Warnings {
		out = append(out, web.Notice{Tone: web.Warning, Text: w})
	}
	return out
}

// hearingNotice says where a contradictory procedure stands, and what is due by when.
func hearingNotice(number string, h requests.Hearing, until, today calendar.Date) web.Notice {
	n := web.Notice{Tone: web.Warning, Title: actUnderWay[h.Act] + "\u00a0: la personne est invitée à répondre (CRPA L.121-1 et L.122-1)",
		Link: web.Link{Label: "La procédure, et ce que la personne a répondu", URL: requestPath(number) + "/retrait?acte=" + string(h.Act) + "&motif=" + string(h.Ground)}}
	decide := "décidez ensuite"
	switch {
	case h.NotifiedOn.IsZero():
		n.Items = append(n.Items, "L’invitation part par courrier\u00a0: notez le jour où elle est reçue.", "La personne peut répondre jusqu’au "+h.LimitOn.French()+".")
	case h.Over(today):
		n.Items, decide = append(n.Items, "Le temps pour répondre est passé depuis le "+h.LimitOn.French()+"."), "décidez"
	default:
		n.Items = append(n.Items, "La personne peut répondre jusqu’au "+h.LimitOn.French()+".")
	}
	if !h.ObservedOn.IsZero() {
		n.Items = append(n.Items, "Elle a répondu le "+h.ObservedOn.French()+".")
	}
	if until.IsZero() {
		n.Items = append(n.Items, capital(decide)+"\u00a0: aucun dernier jour n’est fixé.")
	} else {
		n.Items = append(n.Items, capital(decide)+", au plus tard le "+until.French()+".")
	}
	return n
}

// actUnderWay names what is prepared.
var actUnderWay = map[catalogue.Outcome]string{catalogue.OutcomeWithdrawal: "Retrait de l’accord en préparation", catalogue.OutcomeRepeal: "Abrogation de l’accord en préparation"}

// irregular says what an electronic referral lacks (CRPA R.112-9-1), and what that means.
func irregular(d requests.Detail) string {
	if d.ApplicantName() == "" && d.Applicant.Email == "" {
		return "Envoi anonyme\u00a0: la commune n’est pas régulièrement saisie, faute de nom et d’adresses (CRPA R.112-9-1). Vous pouvez agir sur ce qu’il signale\u00a0; personne n’est à prévenir."
	}
	return "Saisine irrégulière\u00a0: il manque de quoi identifier la personne, nom, adresse postale ou électronique (CRPA R.112-9-1). Complétez ses coordonnées."
}

// buttons lead to what can be done now, the expected one first.
func buttons(d requests.Detail) []web.Button {
	var out []web.Button
	if len(d.Recourses()) > 0 {
		out = append(out, web.Button{Label: "Noter un recours", Kind: "secondary", URL: recoursePath(d.Number)})
	}
	if len(d.Acts) > 0 { // an agreement or a refusal exists: what may still be done has its own page
		out = append(out, web.Button{Label: "Revenir sur la décision", Kind: "secondary", URL: requestPath(d.Number) + "/retrait"})
		if d.State == requests.StateRefused {
			return out
		}
	}
	for i, o := range d.Outcomes {
		kind := "secondary"
		if i == 0 {
			kind = ""
		}
		out = append(out, web.Button{Label: outcomeLabels[o].do, Kind: kind, URL: requestPath(d.Number) + "/decision?issue=" + string(o)})
	}
	if slices.Contains(d.Actions, requests.ActionAskDocuments) {
		out = append(out, web.Button{Label: "Demander une pièce", Kind: "secondary", URL: requestPath(d.Number) + "/pieces"})
	}
	if slices.Contains(d.Actions, requests.ActionRegularise) {
		out = append(out, web.Button{Label: "Inviter à régulariser", Kind: "secondary", URL: regularisePath(d.Number)})
	}
	if slices.Contains(d.Actions, requests.ActionSuspend) {
		out = append(out, web.Button{Label: "Suspendre pour vérification", Kind: "secondary", URL: suspensionPath(d.Number)})
	}
	if slices.Contains(d.Actions, requests.ActionExtend) {
		out = append(out, web.Button{Label: "Prolonger le délai", Kind: "secondary", URL: extensionPath(d.Number)})
	}
	if slices.Contains(d.Actions, requests.ActionTransmit) {
		out = append(out, web.Button{Label: "Transmettre ailleurs", Kind: "secondary", URL: requestPath(d.Number) + "/transmission"})
	}
	return out
}

// panel is one request beside the list.
type panel struct {
	dossier
	Page   web.Frame
	Close  string // the list without it
	Here   string // this very view, to come back to
	Tabs   web.Tabs
	Facet  string
	Unread int
}

func (s *Server) panel(v visit, d requests.Detail, me tenants.ID, today calendar.Date, q listQuery) panel {
	p := panel{dossier: newDossier(d, me, v.scope.Tenant.Zone(), today), Close: q.with("demande", ""), Facet: v.r.URL.Query().Get("volet")}
	p.Here = q.with("demande", d.Number)
	p.Tabs.Label = "Volets de la demande"
	if p.Facet != "pieces" && p.Facet != "historique" {
		p.Facet = ""
	}
	for _, t := range []web.Tab{{Label: "Résumé", Count: -1}, {Label: "Pièces", URL: "pieces", Count: len(d.Documents)}, {Label: "Historique", URL: "historique", Count: -1}} {
		t.Current = t.URL == p.Facet
		if t.URL != "" {
			t.URL = "&volet=" + t.URL
		}
		t.URL = p.Here + t.URL
		p.Tabs.Items = append(p.Tabs.Items, t)
	}
	for _, m := range d.Messages {
		if m.Incoming && m.ReadAt == nil {
			p.Unread++
		}
	}
	return p
}

// identityPair says how sure the applicant's name is.
func identityPair(level int) pair {
	p := pair{Key: "Identité", Value: "déclarée, non vérifiée"}
	switch level {
	case catalogue.IdentityState:
		p.Value = "nom vérifié par FranceConnect"
	case catalogue.IdentityAccount:
		p.Value = "compte, adresse électronique vérifiée"
	}
	return p
}
