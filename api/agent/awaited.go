package agent

import (
	"context"
	"net/http"
	"slices"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// awaitedPage lists the receipts that could not leave at once, the soonest due first.
type awaitedPage struct {
	web.Frame
	Path    string
	Lines   []awaitedLine
	Post    bool // some wait to be posted
	Refused string
}

type awaitedLine struct {
	Number, URL, Title, Service, Channel, What, Why string
	Due                                             string
	Status                                          web.Status
}

var awaitedTemplate = web.MustParse[awaitedPage](web.Agent, pages, "awaited.html")

const awaitedPath = "/agents/accuses"

func (s *Server) awaited(v visit) error { return s.showAwaited(v, nil) }

func (s *Server) showAwaited(v visit, refused error) error {
	var list []requests.Awaited
	var today calendar.Date
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		today = tx.Today()
		list, err = requests.AwaitedReceipts(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	page := awaitedPage{Frame: s.frame(v, me, "Accusés de réception à délivrer", home), Path: awaitedPath, Refused: sentence(refused)}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: "Accusés de réception"}}
	for _, a := range list {
		line := awaitedLine{
			Number: a.Number, URL: requestPath(a.Number) + "#accuse", Title: a.Title, Service: a.Service, Channel: channelLabels[a.Channel],
			What: receiptNames[a.About], Why: "une mention manque", Due: a.DueOn.French(), Status: web.Status{Tone: web.Info, Label: "À délivrer"},
		}
		switch {
		case a.Sorting():
			line.Why = "à trier"
		case a.Posting():
			line.Why, line.Status.Label, line.URL = "fait, à poster", "À poster", lettersPath
			page.Post = true
		}
		switch {
		case a.Late(today):
			line.Status = web.Status{Tone: web.Danger, Label: "En retard"}
		case a.Near(today, v.scope.Tenant.Territory()):
			line.Status = web.Status{Tone: web.Warning, Label: "Presse"}
		}
		page.Lines = append(page.Lines, line)
	}
	return awaitedTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// issueAwaited issues every receipt that lacks nothing any more, and says how many do. Those
// of letters that an agent wanted to sort first wait for that agent.
func (s *Server) issueAwaited(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		if form != nil && web.ComesBack(err) {
			return s.showAwaited(v, err)
		}
		return err
	}
	var list []requests.Awaited
	if _, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		list, err = requests.AwaitedReceipts(ctx, tx)
		return err
	}); err != nil {
		return err
	}
	var seen []string
	issued, waiting := 0, 0
	for _, a := range list {
		if a.Sorting() || a.Posting() || slices.Contains(seen, a.Number) {
			continue
		}
		seen = append(seen, a.Number)
		_, err := s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			_, err := requests.IssueReceipt(ctx, tx, a.Number, a.Version)
			return err
		})
		switch {
		case err == nil:
			issued++
		case fault.Of(err).Kind == fault.Conflict || fault.Of(err).Kind == fault.NotFound:
			waiting++
		default:
			return err
		}
	}
	text := web.Plural(issued, "accusé délivré", "accusés délivrés") + "."
	if issued == 0 {
		text = "Aucun accusé n’a pu partir."
	}
	if waiting > 0 {
		text += " " + web.Plural(waiting, "attend encore une mention, ou a changé entre-temps", "attendent encore une mention, ou ont changé entre-temps") + "."
	}
	tone := web.Success
	if issued == 0 {
		tone = web.Warning
	}
	s.UI.SetFlash(v.w, v.r, tone, text)
	http.Redirect(v.w, v.r, awaitedPath, http.StatusSeeOther)
	return nil
}

// attentionNotices say above the list what must not be overlooked.
func attentionNotices(a requests.Attention, today calendar.Date, t calendar.Territory) []web.Notice {
	var out []web.Notice
	if a.Receipts > 0 {
		n := web.Notice{Tone: web.Info, Text: web.Plural(a.Receipts, "accusé de réception reste", "accusés de réception restent") + " à délivrer, au plus tard le " + a.ReceiptsDueOn.French() + ".",
			Link: web.Link{Label: "Voir les accusés à délivrer", URL: awaitedPath}}
		if awaited := (requests.AwaitedReceipt{DueOn: a.ReceiptsDueOn}); awaited.Late(today) {
			n.Tone = web.Danger
		} else if awaited.Near(today, t) {
			n.Tone = web.Warning
		}
		out = append(out, n)
	}
	if a.ToPost > 0 {
		n := web.Notice{Tone: web.Info, Text: web.Plural(a.ToPost, "accusé de réception est à poster", "accusés de réception sont à poster") + ", si possible avant le " + a.PostOn.French() + ". Notez ensuite le jour de l’envoi.",
			Link: web.Link{Label: "Voir les accusés à poster", URL: awaitedPath}}
		if (requests.AwaitedReceipt{DueOn: a.PostOn}).Near(today, t) {
			n.Tone = web.Warning
		}
		out = append(out, n)
	}
	if a.Sources > 0 {
		out = append(out, web.Notice{Tone: web.Warning, Text: web.Plural(a.Sources, "source a envoyé beaucoup", "sources ont envoyé beaucoup") + " en une journée. À vous de juger si c’est un abus.",
			Link: web.Link{Label: "Voir ces envois", URL: sourcesPath}})
	}
	return out
}
