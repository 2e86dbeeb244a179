package requests

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Published is what anybody may read of a request that silence would accept, where third
// parties may contest that (CRPA L.232-2): nothing of who asks.
type Published struct {
	Number     string
	Title      string
	ReceivedOn calendar.Date
	DeemedOn   calendar.Date // accepted on that day, but for an express decision before; none while papers are awaited
	Accepted   bool          // the silence has accepted it
	Said       []string      // the answers that the procedure publishes
	LegalBasis string
}

const (
	sqlPublished = `select r.number, r.title, r.procedure_slug, r.received_on, r.silence_last_day, r.silence_effect, r.state, r.answers from request r
		where r.procedure_slug = any($1) and r.kind in ('request', 'declaration') and (r.closed_on is null or r.state = 'implicitly_accepted' and r.closed_on >= $2)
		order by r.received_on desc, r.number desc limit 500`
	// publishedFor is how many months a silent acceptance stays published: those in which it can be contested.
	publishedFor = 2
)

type publishedRow struct {
	Number         string
	Title          string
	ProcedureSlug  string
	ReceivedOn     calendar.Date
	SilenceLastDay calendar.Date
	SilenceEffect  calendar.Effect
	State          State
	Answers        forms.Answers
}

// ListPublished gives the requests that the law wants published, the latest first, at most
// 500: those that the town examines, and what silence has accepted for two months. Anybody may.
func ListPublished(ctx context.Context, tx *tenants.Tx) ([]Published, error) {
	if err := outsider(tx); err != nil {
		return nil, err
	}
	entries, err := catalogue.List(ctx, tx)
	if err != nil {
		return nil, err
	}
	procedures, slugs := map[string]*catalogue.Procedure{}, []string{}
	for _, e := range entries {
		if _, publishes := e.Procedure().Publishes(); publishes {
			procedures[e.Slug] = e.Procedure()
			slugs = append(slugs, e.Slug)
		}
	}
	if len(slugs) == 0 {
		return nil, nil
	}
	rows, err := tenants.All[publishedRow](ctx, tx, sqlPublished, slugs, tx.Today().AddMonths(-publishedFor))
	if err != nil {
		return nil, err
	}
	out := make([]Published, len(rows))
	for i, r := range rows {
		p := procedures[r.ProcedureSlug]
		rule, _ := p.Publishes()
		out[i] = Published{Number: r.Number, Title: r.Title, ReceivedOn: r.ReceivedOn, Accepted: r.State == StateImplicitAcceptance, LegalBasis: rule.LegalBasis}
		if r.SilenceEffect == calendar.Acceptance {
			out[i].DeemedOn = r.SilenceLastDay
		}
		values := p.Form.Placeholders(r.Answers)
		for _, id := range rule.Fields {
			if values[id] != "" {
				out[i].Said = append(out[i].Said, values[id])
			}
		}
	}
	return out, nil
}
