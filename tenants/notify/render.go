package notify

import (
	"embed"
	htmltemplate "html/template"
	"strconv"
	"strings"
	"sync"
	"text/template"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

//go:embed templates
var files embed.FS

// view is what every template sees: the letter's own data is D.
type view struct {
	Subject string
	Heading string
	From    letterhead
	look
	Citizen bool // written to a citizen, not to an agent
	D       Data
}

// button is a link set apart.
type button struct{ Label, URL string }

// functions are what the templates may call.
var functions = map[string]any{
	"link":       link,
	"lines":      lines,
	"paragraphs": paragraphs,
	"day":        calendar.Date.French,
	"shortday":   numericDay,
	"received":   received,
	"more":       more,
	"button":     func(label, path string) button { return button{label, link(path)} },
}

// The templates in the words of each kind of tenant.
var (
	texts = map[tenants.TenantKind]map[string]*template.Template{
		tenants.KindCommune: parseTexts(tenants.KindCommune), tenants.KindEPCI: parseTexts(tenants.KindEPCI),
	}
	pages = map[tenants.TenantKind]map[string]*htmltemplate.Template{
		tenants.KindCommune: parsePages(tenants.KindCommune), tenants.KindEPCI: parsePages(tenants.KindEPCI),
	}
)

// source gives a template's text in the words of a kind of tenant.
func source(kind tenants.TenantKind, name string) string {
	text, err := files.ReadFile("templates/" + name)
	if err != nil {
		panic(err) // they are embedded
	}
	return kind.Say(string(text))
}

func names(kind string) []string {
	entries, err := files.ReadDir("templates")
	if err != nil {
		panic(err) // they are embedded
	}
	var found []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), kind); ok && name != "layout" {
			found = append(found, name)
		}
	}
	return found
}

func parseTexts(kind tenants.TenantKind) map[string]*template.Template {
	layout := template.New("root").Funcs(functions)
	template.Must(layout.New("layout.txt").Parse(source(kind, "layout.txt")))
	all := map[string]*template.Template{}
	for _, name := range names(".txt") {
		all[name] = template.Must(layout.Clone())
		template.Must(all[name].New(name + ".txt").Parse(source(kind, name+".txt")))
	}
	return all
}

func parsePages(kind tenants.TenantKind) map[string]*htmltemplate.Template {
	layout := htmltemplate.New("root").Funcs(functions)
	htmltemplate.Must(layout.New("layout.html").Parse(source(kind, "layout.html")))
	all := map[string]*htmltemplate.Template{}
	for _, name := range names(".html") {
		all[name] = htmltemplate.Must(layout.Clone())
		htmltemplate.Must(all[name].New(name + ".html").Parse(source(kind, name+".html")))
	}
	return all
}

// Render writes a message of a commune. The same data gives the same message. A
// kind of letter or of courier mail that does not exist is fault.Internal
// "template_unknown"; a colour that is none is fault.Invalid "colour_invalid".
func Render(t tenants.Tenant, s tenants.Settings, d Data) (Rendered, error) {
	return render(ofTenant(t, s), d)
}

// RenderHub writes a message of a hub: a code for one of its administrators. A hub
// that has only a name writes for nobody's site.
func RenderHub(h tenants.Hub, d Data) (Rendered, error) { return render(ofHub(h), d) }

func render(from letterhead, d Data) (Rendered, error) {
	name, kind := d.template(), tenants.KindCommune
	if from.Kind != "" {
		kind = from.Kind
	}
	text, ok := texts[kind][name]
	if !ok {
		return Rendered{}, fault.New(fault.Internal, "template_unknown")
	}
	if strings.HasPrefix(name, "sms_") {
		return renderSMS(text, from, d)
	}
	subject, heading := titles(d)
	v := view{Subject: oneLine(kind.Say(subject)), Heading: kind.Say(heading), From: from, Citizen: !from.Hub, D: d}
	switch d := d.(type) {
	case StepNews:
		v.Citizen = v.Citizen && d.Citizen
	case TransmissionFile, OpinionAsked, AgentDigest, AgentInvited, SupportNotice, DomainWarning, TrialEnding:
		v.Citizen = false
	}
	var err error
	if v.look, err = lookOf(from.Colour); err != nil {
		return Rendered{}, err
	}
	var plain, page strings.Builder
	if err := text.ExecuteTemplate(&plain, "layout", v); err != nil {
		return Rendered{}, err
	}
	if err := pages[kind][name].ExecuteTemplate(&page, "layout", v); err != nil {
		return Rendered{}, err
	}
	return Rendered{Subject: v.Subject, Text: tidy(plain.String()), HTML: strings.Replace(page.String(), noSheet, v.sheet, 1)}, nil
}

// renderSMS writes a text message in the GSM alphabet. Where the office's name makes
// it longer than one message, it writes « Votre mairie » instead.
func renderSMS(text *template.Template, from letterhead, d Data) (Rendered, error) {
	write := func(office string) (string, error) {
		var b strings.Builder
		err := text.ExecuteTemplate(&b, "content", view{From: letterhead{Office: office}, D: d})
		return toGSM(oneLine(b.String())), err
	}
	sms, err := write(from.Office)
	longer := 0 // a placeholder gives its place to a number
	if received, ok := d.(SMSReceived); ok {
		longer = max(0, len(received.Number)-len("26-000123"))
	}
	if n, gsm := septets(sms); err == nil && (!gsm || n-longer > oneSMS) {
		sms, err = write(from.Kind.Say("Votre mairie"))
	}
	return Rendered{Text: sms}, err
}

// look is what a colour makes of a mail: its palettes, and the style sheet with them.
type look struct {
	Light, Dark palette
	sheet       string // <style>…</style>
}

// noSheet is the place of the style sheet in the layout; no text that is escaped can hold it.
const noSheet = "<style></style>"

var looks sync.Map // colour → look; one entry a commune

// lookOf gives a colour's look, made once: the sheet is half of what there is to
// write in a mail, and the same in all of a commune's.
func lookOf(colour string) (l look, err error) {
	if known, ok := looks.Load(colour); ok {
		if l, ok = known.(look); ok {
			return l, nil
		}
	}
	if l.Light, l.Dark, err = palettes(colour); err != nil {
		return l, err
	}
	var sheet strings.Builder
	if err := pages[tenants.KindCommune]["receipt"].ExecuteTemplate(&sheet, "style", l); err != nil {
		return l, err
	}
	l.sheet = sheet.String()
	looks.Store(colour, l)
	return l, nil
}

// titles gives a mail's subject, which shows on locked screens and in logs of mail
// servers and so holds neither a name nor the procedure, and the heading of its text.
func titles(d Data) (subject, heading string) { //nolint:funlen // a case a mail, and nothing else
	ofRequest := func(number, what string) string { return "Votre demande " + number + nbsp + ": " + what }
	switch d := d.(type) {
	case Receipt:
		switch {
		case d.Document:
			return ofRequest(d.Number, "votre document est arrivé"), "Accusé de réception de votre document"
		case d.Message:
			return ofRequest(d.Number, "votre message est arrivé"), "Accusé de réception de votre message"
		case d.Declaration:
			return "Accusé de réception de votre déclaration " + d.Number, "Accusé de réception de votre déclaration"
		case d.Electronic:
			return "Accusé de réception de votre demande " + d.Number, "Accusé de réception électronique"
		default:
			return "Accusé de réception de votre demande " + d.Number, "Accusé de réception"
		}
	case Registration:
		return "Accusé d’enregistrement de votre envoi " + d.Number, "Accusé d’enregistrement électronique"
	case CitizenMessage:
		return ofRequest(d.Number, "un message de la mairie"), "La mairie vous écrit"
	case Letter:
		switch d.Kind {
		case LetterDocuments:
			return ofRequest(d.Number, "des pièces manquent"), "Des pièces manquent à votre demande"
		case LetterDecision:
			return ofRequest(d.Number, "une réponse de la mairie"), "La mairie a répondu à votre demande"
		case LetterComplete:
			return ofRequest(d.Number, "toutes les pièces sont là"), "Votre dossier est complet"
		case LetterAttestation:
			return ofRequest(d.Number, "votre attestation"), "Votre attestation d’acceptation"
		case LetterReasons:
			return ofRequest(d.Number, "les motifs de la décision"), "Les motifs de la décision"
		case LetterHearing:
			return ofRequest(d.Number, "la mairie vous invite à répondre"), "La mairie vous invite à répondre"
		case LetterNewDate:
			return ofRequest(d.Number, "une date a changé"), "Une date de votre demande a changé"
		case LetterSuspended:
			return ofRequest(d.Number, "une lettre sur son examen"), "L’examen de votre demande est suspendu"
		case LetterRegularise:
			return ofRequest(d.Number, "une formalité à régulariser"), "Votre demande est à régulariser"
		case LetterResumed:
			return ofRequest(d.Number, "son examen reprend"), "L’examen de votre demande reprend"
		default:
			return ofRequest(d.Number, "le délai de réponse est passé"), "Le délai de réponse est passé"
		}
	case DecisionPosted:
		return ofRequest(d.Number, "une lettre de la mairie"), "La mairie vous a répondu par courrier"
	case SourceWarning:
		return "Vos envois à la mairie", "Beaucoup d’envois en une journée"
	case Transmitted:
		return ofRequest(d.Number, "elle est transmise"), "Votre demande est transmise"
	case TransmissionFile:
		return "Demande " + d.Number + nbsp + ": transmission (CRPA, L.114-2)", "Une demande relève de votre administration"
	case Closed:
		return ofRequest(d.Number, "elle est retirée"), "Votre demande est retirée"
	case AgentDigest:
		heading = "Les demandes du " + d.Day.French()
		if d.LateCount > 0 {
			return "Vos demandes" + nbsp + ": " + strconv.Itoa(d.LateCount) + " en retard", heading
		}
		return "Vos demandes du jour", heading
	case AgentInvited:
		return "Votre accès est ouvert", "Votre accès est ouvert"
	case DomainWarning:
		switch d.Kind {
		case "expiring":
			return "Le certificat de " + d.Host + " n’a pas pu être renouvelé", "Un certificat à renouveler"
		case "given_up":
			return d.Host + " n’est plus une adresse de votre site", "Une adresse est abandonnée"
		default:
			return d.Host + " ne mène plus à votre site", "Une adresse ne mène plus à votre site"
		}
	case OpeningCode:
		return "Votre code pour ouvrir le portail de la commune", "Ouvrir le portail de la commune"
	case OpeningAsked:
		return "Une commune demande son portail", "Une commune demande son portail"
	case OpeningRefused:
		return "Votre demande de portail", "Le portail n’est pas ouvert"
	case TrialEnding:
		if d.Over {
			return "La période d’essai est finie", "La période d’essai est finie"
		}
		return "La période d’essai finit le " + d.EndsOn.French(), "La période d’essai finit bientôt"
	case ResumeCode:
		return "Votre code pour reprendre votre démarche", "Reprenez votre démarche quand vous voulez"
	default:
		return courierTitles(d)
	}
}

func courierTitles(d Data) (subject, heading string) {
	switch d := d.(type) {
	case SupportNotice:
		return supportTitles[d.Step], supportTitles[d.Step]
	case StepNews:
		return "Demande " + d.Number + nbsp + ": " + d.Subject, d.Subject
	case OpinionAsked:
		return "Demande " + d.Number + nbsp + ": votre avis", "Votre avis est demandé"
	}
	switch d.template() {
	case "verification_code":
		return "Votre code de confirmation", "Confirmez votre adresse"
	case "recovery_code":
		return "Votre code pour changer de mot de passe", "Choisissez un nouveau mot de passe"
	case "invitation":
		return "Votre accès est ouvert", "Choisissez votre mot de passe"
	default:
		return "Vous avez déjà un compte", "Vous avez déjà un compte"
	}
}

// supportTitles are the subjects of a support access's steps.
var supportTitles = map[string]string{
	"asked": "Une assistance vous est proposée", "granted": "L’assistance est ouverte", "refused": "L’assistance est refusée", "ended": "L’assistance est terminée",
}
