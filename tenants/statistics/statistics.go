package statistics

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Fact is one month of one procedure on one channel. Received counts by the month
// of reception, the others by the month of the end.
type Fact struct {
	Month         calendar.Date // its first day
	ProcedureSlug string
	Channel       string
	Figures
}

// Figures are counts that add up.
type Figures struct {
	Received int
	Closed   int
	Answered int // closed by an answer of the town
	Due      int // answered or silent, and had a due date
	InTime   int // answered by the due date
	Silent   int // closed by silence: an implicit decision
	Days     int // from reception to the answer, in calendar days, summed over the answered
	Within5  int // answered within so many days; each counts in the next too
	Within15 int
	Within30 int
	Within60 int
}

func (f Figures) plus(g Figures) Figures {
	return Figures{
		Received: f.Received + g.Received, Closed: f.Closed + g.Closed, Answered: f.Answered + g.Answered,
		Due: f.Due + g.Due, InTime: f.InTime + g.InTime, Silent: f.Silent + g.Silent, Days: f.Days + g.Days,
		Within5: f.Within5 + g.Within5, Within15: f.Within15 + g.Within15, Within30: f.Within30 + g.Within30, Within60: f.Within60 + g.Within60,
	}
}

// ShareInTime is the share, from 0 to 100, of what was due that was answered by
// its date; false where nothing was due.
func (f Figures) ShareInTime() (percent float64, ok bool) {
	if f.Due == 0 {
		return 0, false
	}
	return 100 * float64(f.InTime) / float64(f.Due), true
}

// MeanDays is the mean of days from reception to answer; false where nothing was
// answered.
func (f Figures) MeanDays() (days float64, ok bool) {
	if f.Answered == 0 {
		return 0, false
	}
	return float64(f.Days) / float64(f.Answered), true
}

// Line is the figures of one month, procedure or channel.
type Line struct {
	Key string // "2026-11", a procedure's slug, a channel
	Figures
}

// Report is what the page shows of a period.
type Report struct {
	From, To    calendar.Date // first days of the first and the last month
	RefreshedOn calendar.Date // when the facts were counted; zero: never yet
	Total       Figures
	Months      []Line // each month of the period, also the empty ones
	Procedures  []Line // most received first
	Channels    []Line // most received first
}

const (
	sqlForget = `delete from statistic_fact`
	// A request that was withdrawn, or is another administration's now, was received, but
	// asks for no answer any more.
	sqlCount = `insert into statistic_fact (month, procedure_slug, channel, received, closed, answered, due, in_time, silent, days, within_5, within_15, within_30, within_60, refreshed_on)
select month, procedure_slug, channel, sum(received), sum(closed), sum(answered), sum(due), sum(in_time), sum(silent), sum(days),
	sum(within_5), sum(within_15), sum(within_30), sum(within_60), $1
from (
	select date_trunc('month', received_on)::date as month, procedure_slug, channel, 1 as received, 0 as closed, 0 as answered, 0 as due, 0 as in_time, 0 as silent, 0 as days,
		0 as within_5, 0 as within_15, 0 as within_30, 0 as within_60
	from request
	union all
	select date_trunc('month', closed_on)::date, procedure_slug, channel, 0, 1,
		answered::int, ((answered or silent) and due_on is not null)::int, (answered and closed_on <= due_on)::int, silent::int,
		case when answered then closed_on - received_on else 0 end,
		(answered and closed_on - received_on <= 5)::int, (answered and closed_on - received_on <= 15)::int,
		(answered and closed_on - received_on <= 30)::int, (answered and closed_on - received_on <= 60)::int
	from (
		select procedure_slug, channel, received_on, closed_on, due_on,
			state in ('implicitly_accepted', 'implicitly_rejected') as silent,
			state not in ('implicitly_accepted', 'implicitly_rejected', 'withdrawn', 'transmitted') as answered
		from request where closed_on is not null
	) as ended
) as counted
group by month, procedure_slug, channel`
	sqlFacts = `select month, procedure_slug, channel, received, closed, answered, due, in_time, silent, days, within_5, within_15, within_30, within_60
		from statistic_fact where month between $1 and $2 order by month, procedure_slug, channel`
	sqlRefreshedOn = `select max(refreshed_on) from statistic_fact`
)

// Refresh counts every fact anew, as of today. Jobs of ours do, each night.
func Refresh(ctx context.Context, tx *tenants.Tx) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	if _, err := tx.Exec(ctx, sqlForget); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlCount, tx.Today())
	return err
}

// maxMonths bounds a period.
const maxMonths = 120

// Facts gives the facts of the months from the one of from to the one of to. Any
// agent may. A period that ends before it begins, or of more than ten years, is
// fault.Invalid "period_invalid".
func Facts(ctx context.Context, tx *tenants.Tx, from, to calendar.Date) ([]Fact, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	from, to = firstOf(from), firstOf(to)
	if to.Before(from) || from.AddMonths(maxMonths).Before(to) {
		return nil, fault.New(fault.Invalid, "period_invalid", fault.Field{Path: "from", Code: "period_invalid"})
	}
	return tenants.All[Fact](ctx, tx, sqlFacts, from, to)
}

// Read sums the facts of a period up; rights and errors are those of [Facts].
func Read(ctx context.Context, tx *tenants.Tx, from, to calendar.Date) (Report, error) {
	facts, err := Facts(ctx, tx, from, to)
	if err != nil {
		return Report{}, err
	}
	r := Report{From: firstOf(from), To: firstOf(to)}
	if r.RefreshedOn, err = tenants.One[calendar.Date](ctx, tx, sqlRefreshedOn); err != nil {
		return Report{}, err
	}
	months, procedures, channels := map[string]Figures{}, map[string]Figures{}, map[string]Figures{}
	for _, f := range facts {
		r.Total = r.Total.plus(f.Figures)
		months[month(f.Month)] = months[month(f.Month)].plus(f.Figures)
		procedures[f.ProcedureSlug] = procedures[f.ProcedureSlug].plus(f.Figures)
		channels[f.Channel] = channels[f.Channel].plus(f.Figures)
	}
	for m := r.From; !m.After(r.To); m = m.AddMonths(1) {
		r.Months = append(r.Months, Line{Key: month(m), Figures: months[month(m)]})
	}
	r.Procedures, r.Channels = mostFirst(procedures), mostFirst(channels)
	return r, nil
}

func firstOf(d calendar.Date) calendar.Date { return calendar.NewDate(d.Year, d.Month, 1) }

func month(d calendar.Date) string { return d.String()[:7] }

func mostFirst(by map[string]Figures) []Line {
	lines := make([]Line, 0, len(by))
	for key, f := range by {
		lines = append(lines, Line{Key: key, Figures: f})
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Received, a.Received), cmp.Compare(a.Key, b.Key))
	})
	return lines
}

// WriteCSV writes facts as a spreadsheet of a French office reads them: semicolons
// between, a heading in words.
func WriteCSV(w io.Writer, facts []Fact) error {
	out := csv.NewWriter(w)
	out.Comma = ';'
	rows := [][]string{{
		"mois", "démarche", "canal", "reçues", "terminées", "avec réponse", "avec échéance", "dans les temps", "décisions implicites",
		"jours cumulés", "en 5 jours", "en 15 jours", "en 30 jours", "en 60 jours",
	}}
	for _, f := range facts {
		row := []string{month(f.Month), f.ProcedureSlug, f.Channel}
		for _, n := range []int{f.Received, f.Closed, f.Answered, f.Due, f.InTime, f.Silent, f.Days, f.Within5, f.Within15, f.Within30, f.Within60} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, row)
	}
	return out.WriteAll(rows)
}
