package citizen

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// part is one step of the summary.
type part struct {
	Title, URL string
	List       web.SummaryList
	Missing    []string // what keeps it from being sent
}

type summaryPage struct {
	web.Frame
	FormParts
	Parts    []part
	Missing  int
	Warnings *web.Notice
	Blocked  *web.Notice // an agent blocked where it comes from, for a time
	SMS      *web.Checkbox
	Decision *web.Checkbox // the decision by e-mail, for who left an address
	Key      string        // the draft, sealed: sending it twice makes one request
	Yours    string
	Silence  string
	InPerson bool // the applicant comes to the counter in the end
}

var summaryTemplate = web.MustParse[summaryPage](web.Citizen, files, "summary.html")

func (s *Server) summary(v *visit) error { return s.showSummary(v, nil, http.StatusOK, nil) }

// wishes are what the person chooses while sending.
func wishes(a requests.Applicant, form url.Values) requests.Applicant {
	a.SMS = form.Get("sms") != "" && mobile(a.Phone)
	a.DecisionEmail = form.Get(decisionField) != "" && a.Email != ""
	return a
}

// showSummary shows all the answers; typed are the wishes of a sending that was refused.
func (s *Server) showSummary(v *visit, expired error, status int, typed url.Values) error {
	slug := v.r.PathValue("slug")
	var d requests.Draft
	var e catalogue.Entry
	var key string
	page := summaryPage{}
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		if d, err = s.draft(ctx, tx, v, slug, requests.DraftByToken); err != nil {
			return err
		}
		key = sealDraft(tx, d.ID)
		page.Parts = summaryParts(tx, d)
		if lines := d.Procedure.Warnings(d.Answers, tx.Today(), calendar.Date{}); len(lines) > 0 {
			page.Warnings = &web.Notice{Tone: web.Warning, Title: "À noter", Items: lines}
		}
		if e, err = entryOf(ctx, tx, d); err == nil && otherName(ctx, tx, v, e, d.Applicant) {
			page.Parts[0].Missing = append(page.Parts[0].Missing, applicantSentences["family_name unverified"])
		}
		return err
	})
	if err != nil {
		return s.lost(v, err)
	}
	if v.mustIdentify(e) {
		return s.showIdentify(v, d, e)
	}
	page.InPerson = e.InPerson()
	page.Frame, page.FormParts = s.parts(v, d, e, summaryStep)
	asked := e.For(e.Procedure().KindFor(d.Answers)).Procedure()
	page.Key, page.Yours, page.Silence = key, nounOf(asked.Kind).yours, asked.SilenceText()
	for _, p := range page.Parts {
		page.Missing += len(p.Missing)
	}
	if mobile(d.Applicant.Phone) {
		page.SMS = &web.Checkbox{
			Name: "sms", Label: "Recevoir aussi les nouvelles par SMS", Checked: typed.Get("sms") != "" || d.Applicant.SMS,
			Hint: "Au " + forms.FrenchPhone(d.Applicant.Phone) + ". Un SMS prévient qu’il y a du nouveau, sans rien dire du contenu.",
		}
	}
	if d.Applicant.Email != "" {
		page.Decision = decisionByEmail(typed.Get(decisionField) != "" || d.Applicant.DecisionEmail)
	}
	switch {
	case fault.Is(expired, "sender_blocked"):
		page.Blocked = blockedNotice(expired, catalogue.AlternativesFor(e, v.scope.Settings))
		status = http.StatusForbidden
	case expired != nil:
		page.Errors = expiredNotice(nil)
		status = http.StatusUnprocessableEntity
	}
	return summaryTemplate.Render(v.w, v.r, status, page)
}

// blockedNotice says why nothing can be sent for now, until when, and how the town hall is
// reached meanwhile.
func blockedNotice(err error, ways []catalogue.Alternative) *web.Notice {
	n := web.Notice{Tone: web.Danger, Title: "La mairie a suspendu vos envois par internet", Text: web.Sentence(err)}
	for _, f := range fault.Of(err).Fields {
		n.Items = append(n.Items, f.Message)
	}
	for _, w := range ways {
		n.Items = append(n.Items, w.Title+"\u00a0: "+strings.Join(append([]string{w.Value}, w.Lines...), ", "))
	}
	return &n
}

// summaryParts are the answers step by step, each with what is still to be corrected.
func summaryParts(tx *tenants.Tx, d requests.Draft) []part {
	first := part{Title: "Vous", URL: stepPath(d.ProcedureSlug, applicantStep)}
	a := d.Applicant
	for _, row := range []web.SummaryItem{
		{Key: "Prénom", Value: a.GivenName}, {Key: "Nom", Value: a.FamilyName}, {Key: "Adresse électronique", Value: a.Email},
		{Key: "Téléphone", Value: forms.FrenchPhone(a.Phone)}, {Key: "Adresse postale", Lines: strings.Split(a.PostalAddress, "\n")}, {Key: "Pour le compte de", Value: a.OnBehalfOf},
	} {
		if row.Value != "" || len(row.Lines) > 0 && row.Lines[0] != "" {
			first.List = append(first.List, row)
		}
	}
	if len(first.List) == 0 {
		first.List = web.SummaryList{{Key: "Vos coordonnées", Value: "Aucune\u00a0: envoi anonyme"}}
	}
	_, invalid := requests.CheckApplicant(d.Procedure, requests.ChannelWeb, a)
	for _, f := range d.Procedure.ApplicantFields(requests.ChannelWeb) {
		if m := applicantProblems(d.Procedure, a, invalid)[f.Name]; m != "" {
			first.Missing = append(first.Missing, m)
		}
	}
	out := []part{first}
	form := d.Procedure.Form
	problems := form.Validate(form.Prune(d.Answers), tx.Now().In(tx.Tenant().Zone()), options(tx.Tenant(), d, ""))
	for _, step := range form.Summary(d.Answers) {
		p := part{Title: step.Title, URL: stepPath(d.ProcedureSlug, step.ID)}
		p.List = web.SummaryOf(step, "")
		for _, problem := range problems {
			if form.StepOf(problem.Field) == step.ID {
				p.Missing = append(p.Missing, problem.Message)
			}
		}
		out = append(out, p)
	}
	return out
}

// sealDraft names a draft in the page that sends it: after the first click the
// draft is gone, and the second must still find what the first one made.
func sealDraft(tx *tenants.Tx, id tenants.ID) string {
	return string(id) + "." + base64.RawURLEncoding.EncodeToString(draftMAC(tx, string(id)))
}

func draftMAC(tx *tenants.Tx, id string) []byte {
	m := hmac.New(sha256.New, tx.Key("citizen-draft"))
	_, _ = m.Write([]byte(id)) // a hash never fails
	return m.Sum(nil)
}

func openDraftSeal(tx *tenants.Tx, sealed string) (tenants.ID, error) {
	id, seal, _ := strings.Cut(sealed, ".")
	mac, err := base64.RawURLEncoding.DecodeString(seal)
	if err != nil || !hmac.Equal(mac, draftMAC(tx, id)) {
		return "", fault.New(fault.NotFound, "draft_unknown")
	}
	return tenants.ID(id), nil
}

// submit sends the draft. Sent twice (a double click, a reload, a lost connection),
// it is one request.
func (s *Server) submit(v *visit) error {
	slug := v.r.PathValue("slug")
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil {
		return s.showSummary(v, expired, http.StatusUnprocessableEntity, form)
	}
	var done requests.Submitted
	var cookie string
	err = s.write(v, func(ctx context.Context, tx *tenants.Tx) error {
		id, err := openDraftSeal(tx, form.Get("envoi"))
		if err != nil {
			return err
		}
		switch d, err := s.draft(ctx, tx, v, slug, requests.LockDraft); {
		case fault.Is(err, "draft_unknown"): // sent already, as Submit will find
		case err != nil:
			return err
		case d.ID == id:
			if _, err := requests.SaveDraftApplicant(ctx, tx, d, wishes(d.Applicant, form)); err != nil {
				return err
			}
		}
		done, err = requests.SubmitLast(ctx, tx, requests.Submission{ProcedureSlug: slug, Channel: requests.ChannelWeb, DraftID: id, Level: v.level(), Network: web.ClientNetwork(v.r)})
		if err == nil {
			cookie = sealTrack(tx, s.trackCookie(v), done.Request.Number, done.TrackingCode)
		}
		return err
	})
	switch {
	case fault.Is(err, "answers_invalid"), fault.Is(err, "applicant_invalid"), fault.Is(err, "identity_level"):
		return s.showSummary(v, nil, http.StatusUnprocessableEntity, form)
	case fault.Is(err, "sender_blocked"):
		return s.showSummary(v, err, http.StatusForbidden, form)
	case err != nil:
		return s.lost(v, err)
	}
	s.UI.SetCookie(v.w, v.r, draftCookie(slug), "", 0)
	if !v.signedIn() || done.Request.CitizenID != v.who.Citizen.ID {
		s.UI.SetCookie(v.w, v.r, trackCookie, cookie, trackLife)
	}
	web.Redirect(v.w, v.r, "/demandes/"+done.Request.Number+"/confirmation")
	return nil
}
