package agent

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/requests"
)

const (
	lettersPath      = "/agents/courriers"
	lettersPrintPath = lettersPath + "/impression"
)

// lettersPage is what is to be printed and posted, or what was posted and whose day of
// arrival counts.
type lettersPage struct {
	web.Frame
	Views   web.Tabs
	View    string // hidden in the form
	Letters []letterLine
	Empty   string
	Awaited bool
	PDF     bool // the letters can be had as one
	Duplex  web.Checkbox
	Day     web.Input
	More    bool // there are more than are shown
}

// letterLine is one letter: its tick, where it goes, what it is about.
type letterLine struct {
	Tick     web.Checkbox
	Address  []string
	Missing  string // where the address is filled in
	Request  web.Link
	State    string
	Print    string
	Subject  string
	ToPerson bool
}

// lettersPrint is one letter or many, each on its own sheet.
type lettersPrint struct {
	web.Frame
	Letters []sheet
	Missing int // how many have no address
	Back    string
}

// sheet is a letter as it is folded into an envelope with a window.
type sheet struct {
	Address       []string
	Subject, Body string
	Code          string // by which anybody verifies it at Verify; empty until it is printed
	Verify        string
}

var (
	lettersTemplate      = web.MustParse[lettersPage](web.Agent, pages, "letters.html")
	lettersPrintTemplate = web.MustParse[lettersPrint](web.Agent, pages, "lettersprint.html")
)

// letterLabels name what a letter on paper brings.
var letterLabels = map[string]string{
	requests.LetterDecision: "Décision", requests.LetterImplicit: "Décision née du silence", requests.LetterDocuments: "Demande de pièces",
	requests.LetterComplete: "Dossier complet", requests.LetterReceipt: "Accusé de réception", requests.LetterRegistration: "Accusé d’enregistrement",
	requests.LetterTransmission: "Transmission", requests.LetterHearing: "Invitation à présenter des observations", requests.LetterReasons: "Motifs d’une décision", requests.LetterSuspension: "Suspension pour vérification", requests.LetterMessage: "Courrier",
}

const (
	viewAwaited = "arrivees"
	tickPrefix  = "lettre-"
	duplexField = "recto-verso"
)

func (s *Server) letters(v visit) error { return s.showLetters(v, nil, nil) }

func (s *Server) showLetters(v visit, typed url.Values, refused error) error {
	view := v.r.URL.Query().Get("vue")
	if typed != nil {
		view = typed.Get("vue")
	}
	stage, awaited := requests.LettersToPost, view == viewAwaited
	if awaited {
		stage = requests.LettersAwaited
	}
	var list []requests.Letter
	var count int
	var today calendar.Date
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		today = tx.Today()
		if count, err = requests.CountLetters(ctx, tx); err != nil {
			return err
		}
		list, err = requests.Letters(ctx, tx, stage)
		return err
	})
	if err != nil {
		return err
	}
	page := lettersPage{Frame: s.frame(v, me, "Courriers", lettersPath), View: view, Awaited: awaited, More: !awaited && count > len(list), PDF: s.PDF.Able()}
	page.Duplex = web.Checkbox{
		Name: duplexField, Label: "J’imprime en recto verso", Hint: "Chaque lettre commence alors sur une nouvelle feuille.", Checked: typed.Has(duplexField),
	}
	page.Views = web.Tabs{Label: "Courriers", Items: []web.Tab{
		{Label: "À poster", URL: lettersPath, Count: count, Current: !awaited},
		{Label: "Arrivée à noter", URL: lettersPath + "?vue=" + viewAwaited, Count: -1, Current: awaited},
	}}
	page.Empty = "Aucun courrier à poster. Ceux des décisions et des demandes de pièces qui partent sur papier arrivent ici."
	page.Day = web.Input{Name: "jour", Label: "Postés le", Type: "date", Width: "medium", Value: today.String(), Max: today.String()}
	if awaited {
		page.Empty = "Aucune arrivée à noter."
		page.Day.Label, page.Day.Value = "Reçus par la personne le", ""
		page.Day.Hint = "Le jour de l’avis de réception, ou celui que dit la personne. Les délais courent de ce jour."
	}
	if typed != nil {
		page.Day.Value = typed.Get("jour")
	}
	for _, l := range list {
		page.Letters = append(page.Letters, line(l, v.scope.Tenant.Zone(), awaited, typed))
	}
	page.wrong(refused)
	return lettersTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func line(l requests.Letter, zone *time.Location, awaited bool, typed url.Values) letterLine {
	out := letterLine{
		Tick:    web.Checkbox{Name: tickPrefix + string(l.ID), Label: letterLabel(l), Checked: l.Addressed && !awaited},
		Address: strings.Split(l.Recipient, "\n"), Request: web.Link{Label: l.Number, URL: requestPath(l.Number)}, Subject: l.Title,
		Print: lettersPrintPath + "?lettre=" + string(l.ID),
	}
	if typed != nil {
		out.Tick.Checked = typed.Has(out.Tick.Name)
	}
	switch {
	case awaited:
		out.State = "posté le " + l.PostedOn.FrenchShort()
	case l.PrintedAt.IsZero():
		out.State = "pas encore imprimé"
	default:
		out.State = "imprimé le " + calendar.On(l.PrintedAt, zone).FrenchShort() + ", pas encore posté"
	}
	if !l.Addressed {
		out.Missing = requestPath(l.Number) + "/demandeur"
	}
	return out
}

// letterLabel says what a letter is, once.
func letterLabel(l requests.Letter) string {
	label := letterLabels[l.Kind]
	if strings.HasPrefix(l.Subject, label) {
		return l.Subject
	}
	return label + "\u00a0: " + l.Subject
}

func (p *lettersPage) wrong(refused error) {
	if refused == nil {
		return
	}
	text, id := sentence(refused), p.Day.Name
	switch {
	case fault.Is(refused, "letters_none"), fault.Is(refused, "letter_unaddressed"), fault.Is(refused, "letter_not_found"):
		id = ""
		if len(p.Letters) > 0 {
			id = p.Letters[0].Tick.Name
		}
	default:
		p.Day.Error = text
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

// ticked gives the letters that a form ticks.
func ticked(form url.Values) []tenants.ID {
	var ids []tenants.ID
	for name := range form {
		if id, ok := strings.CutPrefix(name, tickPrefix); ok {
			ids = append(ids, tenants.ID(id))
		}
	}
	return ids
}

// actOnLetters prints the letters that are ticked, or notes when they were posted or came.
func (s *Server) actOnLetters(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	ids, done, then := ticked(form), "", lettersPath
	if err == nil && form.Get("action") == "pdf" {
		if err = s.lettersPDF(v, ids, form.Has(duplexField)); err == nil {
			return nil
		}
	} else if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			switch form.Get("action") {
			case "imprimer":
				query := url.Values{}
				for _, id := range ids {
					query.Add("lettre", string(id))
				}
				then = lettersPrintPath + "?" + query.Encode()
				if _, err := requests.IssueLetters(ctx, tx, ids, s.URL(s.Registry.HostOf(v.scope.Tenant))); err != nil {
					return err
				}
				return requests.MarkPrinted(ctx, tx, ids)
			case "postes":
				done = "C’est noté\u00a0: " + web.Plural(len(ids), "courrier posté", "courriers postés") + "."
				return requests.MarkPosted(ctx, tx, ids, dayOf(form.Get("jour")))
			case viewAwaited:
				done, then = "Le jour d’arrivée est noté\u00a0; les délais qui en dépendent sont recalculés.", lettersPath+"?vue="+viewAwaited
				return requests.ConfirmLetters(ctx, tx, ids, dayOf(form.Get("jour")))
			}
			return fault.New(fault.Invalid, "form_unreadable")
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showLetters(v, form, err)
	case err != nil:
		return err
	case done == "":
		web.Redirect(v.w, v.r, then)
		return nil
	}
	return s.done(v, done, then)
}

// dayOf reads a day; what is none is the zero one, which the domain refuses.
func dayOf(text string) calendar.Date {
	day, err := calendar.ParseDate(text)
	if err != nil {
		return calendar.Date{}
	}
	return day
}

// printLetters shows letters for the printer, each on its own sheet.
func (s *Server) printLetters(v visit) error {
	var ids []tenants.ID
	for _, id := range v.r.URL.Query()["lettre"] {
		ids = append(ids, tenants.ID(id))
	}
	var list []requests.Letter
	var issued map[tenants.ID]documents.Issued
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if list, err = requests.LettersByID(ctx, tx, ids); err != nil {
			return err
		}
		issued, err = requests.IssuedLetters(ctx, tx, list)
		return err
	})
	if err != nil {
		return err
	}
	page := lettersPrint{Frame: s.frame(v, me, web.Plural(len(list), "courrier à imprimer", "courriers à imprimer"), lettersPath), Back: lettersPath}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Courriers", URL: lettersPath}, {Label: "Impression"}}
	site := s.URL(s.Registry.HostOf(v.scope.Tenant))
	for _, l := range list {
		if !l.Addressed {
			page.Missing++
		}
		page.Letters = append(page.Letters, sheet{
			Address: strings.Split(l.Recipient, "\n"), Subject: l.Subject, Body: notify.Absolute(l.Body, site), Code: issued[l.ID].Code, Verify: site + "/verifier",
		})
	}
	return lettersPrintTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// lettersPDF makes one PDF of letters and sends it: they are noted as printed once it is
// made, so that none is lost where it cannot be.
func (s *Server) lettersPDF(v visit, ids []tenants.ID, duplex bool) error {
	batch := documents.Batch{Duplex: duplex}
	var look documents.Look
	_, err := s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if batch.Sheets, err = requests.IssueLetters(ctx, tx, ids, s.URL(s.Registry.HostOf(v.scope.Tenant))); err != nil {
			return err
		}
		batch.On = tx.Today()
		look, err = s.PDFLook(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	batch.Title = "Courriers à poster, " + batch.On.French() + " (" + strconv.Itoa(len(batch.Sheets)) + ")"
	pdf, err := s.PDF.RenderBatch(v.r.Context(), batch, look)
	if err != nil {
		return err
	}
	_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		return requests.MarkPrinted(ctx, tx, ids)
	})
	if err != nil {
		return err
	}
	web.Attachment(v.w, "courriers-"+batch.On.String()+".pdf", "application/pdf", int64(len(pdf)))
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(pdf) // the reader having gone away is nobody's fault
	return nil
}
