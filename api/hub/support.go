package hub

import (
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// helpSection is what an administrator may do for a commune from its page.
type helpSection struct {
	AskURL, EnterURL string
	Entry            string // a way in that was just made
	Delegate         bool
	Ask              bool
	Open             bool // the form is unfolded: it has something to correct
	Reason           web.Textarea
	Hours            web.Select
	Lines            []helpLine
}

// helpLine is a support access; ID is set where it opens the pages to who reads.
type helpLine struct {
	Status web.Status
	Text   string
	ID     string
}

var supportStates = map[staff.SupportState]web.Status{
	staff.SupportAsked: {Tone: web.Warning, Label: "En attente de la commune"}, staff.SupportGranted: {Tone: web.Success, Label: "Ouverte"},
	staff.SupportRefused: {Tone: web.Neutral, Label: "Refusée"}, staff.SupportEnded: {Tone: web.Neutral, Label: "Terminée"},
}

// shownSupports is how many of the latest accesses a commune's page shows.
const shownSupports = 5

// in is the administrator as the commune sees them: with what is delegated to them.
func (v visit) in() tenants.Actor {
	a := v.admin.Actor()
	a.Delegate = v.admin.Delegate
	return a
}

func (s *Server) help(v visit, t tenants.Tenant) (helpSection, error) {
	at := "/communes/" + t.INSEE
	h := helpSection{
		Entry: v.entry, AskURL: at + "/assistance", EnterURL: at + "/entrer", Delegate: v.admin.Delegate, Ask: v.in().MayKeep(),
		Reason: web.Textarea{Name: "reason", Label: "Motif", Hint: "La commune le lit, et il reste dans son historique. N’y nommez aucun habitant.", Rows: 3, MaxLength: 500},
		Hours:  web.Select{Name: "hours", Label: "Durée, à partir de l’accord de la commune"},
	}
	for n := 1; n <= staff.MaxSupportHours; n++ {
		h.Hours.Items = append(h.Hours.Items, web.Choice{Value: strconv.Itoa(n), Label: web.Plural(n, "heure", "heures"), Checked: n == 1})
	}
	if !h.Ask {
		return h, nil
	}
	err := s.DB.Read(v.r.Context(), t, v.in(), func(tx *tenants.Tx) error {
		list, err := staff.Supports(v.r.Context(), tx)
		for _, x := range list[:min(len(list), shownSupports)] {
			line := helpLine{Status: supportStates[x.State], Text: x.AdminName + ", " + web.DateTime(x.AskedAt.In(t.Zone())) + "\u00a0: " + x.Reason}
			if x.AdminID == v.admin.ID && x.Running(tx.Now()) {
				line.ID = string(x.ID)
			}
			h.Lines = append(h.Lines, line)
		}
		return err
	})
	return h, err
}

// wrong marks the form of the request where it is what was refused.
func (h *helpSection) wrong(f *web.Frame, refused error) bool {
	if code := fault.Of(refused).Code; code != "support_invalid" && code != "support_running" && code != "no_admin" {
		return false
	}
	fields := web.FieldErrors(refused)
	h.Open, h.Reason.Error, h.Hours.Error = true, fields["reason"], fields["hours"]
	f.Errors = summary(refused, fields, "reason", "hours")
	return true
}

// askSupport asks a commune to be let in, in one's own name.
func (s *Server) askSupport(v visit) error {
	t, err := s.ours(v)
	if err != nil {
		return err
	}
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	hours, _ := strconv.Atoi(form.Get("hours")) // what is no number is refused as no duration
	err = s.DB.Write(v.r.Context(), t, v.in(), func(tx *tenants.Tx) error {
		_, err := staff.AskSupport(v.r.Context(), tx, staff.SupportAsk{AdminEmail: v.admin.Email, HubName: v.scope.Hub.Name, Reason: strings.TrimSpace(form.Get("reason")), Hours: hours})
		return err
	})
	if web.ComesBack(err) {
		return s.showCommune(v, t, invitation{}, err)
	}
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "La demande est partie. Les administrateurs de la commune la reçoivent par courriel.")
	web.Redirect(v.w, v.r, "/communes/"+t.INSEE)
	return nil
}

// enter makes a way into the commune's own pages, which stand on another host: a link,
// for a form may not lead to another site (CSP form-action).
func (s *Server) enter(v visit) error {
	t, err := s.ours(v)
	if err != nil {
		return err
	}
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	var support tenants.ID
	if id := form.Get("assistance"); id != "" {
		if support, err = tenants.ParseID(id); err != nil {
			return err
		}
	}
	var entry string
	err = s.DB.Write(v.r.Context(), t, v.in(), func(tx *tenants.Tx) (err error) {
		entry, err = staff.InviteVisit(v.r.Context(), tx, support)
		return err
	})
	if err != nil {
		return err
	}
	v.entry = s.URL(s.Registry.HostOf(t)) + staff.SupportPage + "/entrer?jeton=" + entry
	return s.showCommune(v, t, invitation{}, nil)
}
