package citizen

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	store "github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// draftCookie is the name of the cookie that holds a procedure's draft: its token,
// or ofAccount and its key where the account found it.
func draftCookie(slug string) string { return "brouillon-" + slug }

const (
	ofAccount = "compte:"
	// The browser keeps a draft for a week; by its code it lives a month.
	draftCookieLife = 7 * 24 * time.Hour
)

type draftFinder func(ctx context.Context, tx *tenants.Tx, token string) (requests.Draft, error)

// draft finds the draft that this browser holds of a procedure; find is
// requests.DraftByToken to read it and requests.LockDraft to change it. None is
// fault.NotFound "draft_unknown".
func (s *Server) draft(ctx context.Context, tx *tenants.Tx, v *visit, slug string, find draftFinder) (requests.Draft, error) {
	unknown := fault.New(fault.NotFound, "draft_unknown")
	token, ok := s.UI.Cookie(v.r, draftCookie(slug))
	if !ok && v.resume == "" {
		return requests.Draft{}, unknown
	}
	if !ok {
		token = v.resume
	}
	var d requests.Draft
	var err error
	if id, mine := strings.CutPrefix(token, ofAccount); mine {
		var key tenants.ID
		if key, err = tenants.ParseID(id); err != nil {
			return d, unknown
		}
		d, err = requests.DraftByID(ctx, tx, key)
	} else {
		d, err = find(ctx, tx, token)
	}
	if err == nil && d.ProcedureSlug != slug {
		return requests.Draft{}, unknown
	}
	if err == nil {
		d = d.Settle(tx, v.level())
	}
	if err == nil && v.signedIn() && d.CitizenID == "" && tx.Actor().ID == v.who.Citizen.ID {
		d.CitizenID = v.who.Citizen.ID // kept with the next save
	}
	return d, err
}

// token is the code by which the draft goes on elsewhere; empty for one that the
// account holds.
func (s *Server) token(v *visit, slug string) string {
	token, ok := s.UI.Cookie(v.r, draftCookie(slug))
	if !ok {
		return v.resume
	}
	if strings.HasPrefix(token, ofAccount) {
		return ""
	}
	return token
}

// remember gives the browser its cookie back, once the code of the form has found
// the draft.
func (s *Server) remember(v *visit, slug string) {
	if _, ok := s.UI.Cookie(v.r, draftCookie(slug)); !ok && v.resume != "" {
		s.UI.SetCookie(v.w, v.r, draftCookie(slug), v.resume, draftCookieLife)
	}
}

// start begins a procedure, or goes on with the draft that this browser holds.
func (s *Server) start(v *visit) error {
	slug := v.r.PathValue("slug")
	if _, expired, err := s.form(v); err != nil || expired != nil {
		if err == nil {
			s.UI.SetFlash(v.w, v.r, web.Info, "La page avait expiré. Cliquez de nouveau pour commencer.")
			web.Redirect(v.w, v.r, "/demarches/"+slug)
		}
		return err
	}
	if err := allow(s.starts, v); err != nil {
		return err
	}
	var d requests.Draft
	var token string
	err := s.write(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		token = ""
		if d, err = s.draft(ctx, tx, v, slug, requests.LockDraft); err == nil || !fault.Is(err, "draft_unknown") {
			return err
		}
		d, token, err = requests.StartDraft(ctx, tx, slug, v.who.Citizen.ID)
		if err != nil || !v.signedIn() {
			return err
		}
		d, err = requests.SaveDraftApplicant(ctx, tx, d, ofCitizen(v.who.Citizen))
		return err
	})
	if err != nil {
		return err
	}
	if token != "" {
		s.UI.SetCookie(v.w, v.r, draftCookie(slug), token, draftCookieLife)
	}
	web.Redirect(v.w, v.r, whereOf(d))
	return nil
}

// whereOf is the page of the form that a draft is at.
func whereOf(d requests.Draft) string {
	if d.Step == summaryStep {
		return "/demarches/" + d.ProcedureSlug + "/recapitulatif"
	}
	if _, ok := d.Procedure.Form.Step(d.Step); ok {
		return stepPath(d.ProcedureSlug, d.Step)
	}
	return stepPath(d.ProcedureSlug, applicantStep)
}

// lost leads somebody whose draft is gone from this browser to where it can be
// found again.
func (s *Server) lost(v *visit, err error) error {
	if !fault.Is(err, "draft_unknown") {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Info, "Ce navigateur n’a pas de brouillon de cette démarche. Commencez-la, ou reprenez-la avec votre code.")
	web.Redirect(v.w, v.r, "/demarches/"+v.r.PathValue("slug"))
	return nil
}

// mailCode sends the code by which the draft goes on elsewhere.
func (s *Server) mailCode(v *visit) error {
	slug := v.r.PathValue("slug")
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	token := s.token(v, slug)
	if expired == nil && token != "" {
		if err := allow(s.mails, v); err != nil {
			return err
		}
	}
	var d requests.Draft
	err = s.write(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		if d, err = s.draft(ctx, tx, v, slug, requests.LockDraft); err != nil || token == "" || expired != nil {
			return err
		}
		return requests.MailDraftCode(ctx, tx, d, token, trimmed(form, "courriel"))
	})
	switch {
	case fault.Is(err, "applicant_invalid"):
		s.UI.SetFlash(v.w, v.r, web.Danger, "Le code n’est pas parti\u00a0: saisissez une adresse électronique complète, par exemple nom@exemple.fr.")
	case err != nil:
		return s.lost(v, err)
	case expired != nil:
		s.UI.SetFlash(v.w, v.r, web.Info, "La page avait expiré. Demandez le code de nouveau.")
	default:
		s.UI.SetFlash(v.w, v.r, web.Success, "Le code est parti par courriel. Il est valable 30 jours.")
	}
	web.Redirect(v.w, v.r, whereOf(d))
	return nil
}

// dropDraft deletes the draft at its holder's wish.
func (s *Server) dropDraft(v *visit) error {
	slug := v.r.PathValue("slug")
	if _, err := s.UI.Form(v.w, v.r); err != nil {
		return err
	}
	var gone []store.Document
	err := s.write(v, func(ctx context.Context, tx *tenants.Tx) error {
		d, err := s.draft(ctx, tx, v, slug, requests.LockDraft)
		if err != nil {
			return err
		}
		if gone, err = store.ForDraft(ctx, tx, d.ID); err != nil {
			return err
		}
		return requests.DropDraft(ctx, tx, d)
	})
	if err != nil {
		return s.lost(v, err)
	}
	for _, file := range gone {
		s.forget(v, file.BlobKey)
	}
	s.UI.SetCookie(v.w, v.r, draftCookie(slug), "", 0)
	s.UI.SetFlash(v.w, v.r, web.Success, "Votre brouillon est effacé, avec ses fichiers.")
	web.Redirect(v.w, v.r, "/demarches/"+slug)
	return nil
}

type resumePage struct {
	web.Frame
	Code web.Input
}

var resumeTemplate = web.MustParse[resumePage](web.Citizen, files, "resume.html")

func (s *Server) resumePage(v *visit) error { return s.showResume(v, "", http.StatusOK, "", nil) }

func (s *Server) showResume(v *visit, typed string, status int, message string, expired error) error {
	page := resumePage{
		Frame: s.frame(v, "Reprendre un brouillon", "/suivi"),
		Code: web.Input{
			Name: "code", Label: "Code de reprise", Hint: "Vingt lettres et chiffres, par exemple 7KQ2M-9XR4T-B1C3D-8FGHJ. Les tirets et les majuscules ne comptent pas.",
			Value: typed, Autocomplete: "off", NoSpellcheck: true, MaxLength: 64, Width: "medium",
		},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Reprendre un brouillon"}}
	wrong(&page.Errors, &page.Code, message)
	if expired != nil {
		page.Errors = expiredNotice(page.Errors)
	}
	return resumeTemplate.Render(v.w, v.r, status, page)
}

// resume goes on with the draft of a code, on this browser.
func (s *Server) resume(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	code := trimmed(form, "code")
	if expired != nil {
		return s.showResume(v, code, http.StatusUnprocessableEntity, "", expired)
	}
	if err := allow(s.tracks, v); err != nil {
		return err
	}
	var d requests.Draft
	err = s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, err = requests.DraftByToken(ctx, tx, code)
		return err
	})
	if fault.Is(err, "draft_unknown") {
		return s.showResume(v, code, http.StatusUnprocessableEntity, "Aucun brouillon ne correspond à ce code. Vérifiez-le\u00a0; un brouillon s’efface au bout de 30 jours sans changement.", nil)
	}
	if err != nil {
		return err
	}
	s.UI.SetCookie(v.w, v.r, draftCookie(d.ProcedureSlug), code, draftCookieLife)
	s.UI.SetFlash(v.w, v.r, web.Success, "Voici votre brouillon, là où vous l’aviez laissé.")
	web.Redirect(v.w, v.r, whereOf(d))
	return nil
}
