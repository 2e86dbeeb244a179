package statistics

import (
	"cmp"
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// FewestRatings is how many ratings a figure must rest on: below it, neighbours could tell
// who said what (law.md §5 proposes ten).
const FewestRatings = 10

// Experience is how people found a procedure in a period.
type Experience struct {
	ProcedureSlug    string
	Good, Fair, Poor int
	Filed            int    // sent through the portal
	GivenUp          int    // drafts that were dropped, or expired
	Stops            []Stop // where they stopped, the most frequent question first
}

// Stop is a question at which drafts were given up.
type Stop struct {
	Question string // its id
	Label    string // its words
	Drafts   int
}

// Ratings is the number of ratings.
func (e Experience) Ratings() int { return e.Good + e.Fair + e.Poor }

// ShareGivenUp is the share, from 0 to 100, of the forms that were begun and not sent;
// false where none was begun.
func (e Experience) ShareGivenUp() (percent float64, ok bool) {
	if e.GivenUp+e.Filed == 0 {
		return 0, false
	}
	return 100 * float64(e.GivenUp) / float64(e.GivenUp+e.Filed), true
}

const sqlExperience = `select procedure_slug, what, detail, max(label) as label, sum(count)::integer as count from experience
	where month between $1 and $2 group by procedure_slug, what, detail order by procedure_slug, what, count desc, detail`

type experienceRow struct {
	ProcedureSlug, What, Detail, Label string
	Count                              int
}

// Experiences gives how people found each procedure in the months of a period, that with
// the most forms first; rights and errors are those of [Facts]. A form counts as given up
// once it was dropped, or left for thirty days: the last month is still short of some.
func Experiences(ctx context.Context, tx *tenants.Tx, from, to calendar.Date) ([]Experience, error) {
	facts, err := Facts(ctx, tx, from, to)
	if err != nil {
		return nil, err
	}
	rows, err := tenants.All[experienceRow](ctx, tx, sqlExperience, firstOf(from), firstOf(to))
	if err != nil {
		return nil, err
	}
	by := map[string]*Experience{}
	of := func(slug string) *Experience {
		if by[slug] == nil {
			by[slug] = &Experience{ProcedureSlug: slug}
		}
		return by[slug]
	}
	for _, f := range facts {
		if f.Channel == requests.ChannelWeb && f.Received > 0 {
			of(f.ProcedureSlug).Filed += f.Received
		}
	}
	for _, row := range rows {
		of(row.ProcedureSlug).count(row)
	}
	all := make([]Experience, 0, len(by))
	for _, e := range by {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b Experience) int {
		return cmp.Or(cmp.Compare(b.Filed+b.GivenUp, a.Filed+a.GivenUp), cmp.Compare(a.ProcedureSlug, b.ProcedureSlug))
	})
	return all, nil
}

func (e *Experience) count(row experienceRow) {
	switch {
	case row.What == "given_up":
		e.GivenUp += row.Count
		e.Stops = append(e.Stops, Stop{Question: row.Detail, Label: row.Label, Drafts: row.Count})
	case row.Detail == string(requests.RatingGood):
		e.Good += row.Count
	case row.Detail == string(requests.RatingFair):
		e.Fair += row.Count
	default:
		e.Poor += row.Count
	}
}
