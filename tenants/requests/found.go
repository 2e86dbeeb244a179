package requests

import (
	"context"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
)

const (
	// What a search finds, in no order, and the rows of some of it.
	sqlFound     = `select r.id from request r where true` + filters + ` limit $11`
	sqlListFound = `select ` + rowColumns + rowUnread + ` from request r` + joined + ` where r.id = any($1::text[]::uuid[]) order by r.id desc`
)

// foundCap is how many finds are put in order by us. Of more, the latest are soon
// found by going back in time.
const foundCap = 1000

// search looks the words up once, for the rows and for their count: the look-up is
// most of the work. It tells whether that was all there is to find.
func (q query) search(ctx context.Context, tx *tenants.Tx) (page Page, all bool, err error) {
	ids, err := tenants.All[tenants.ID](ctx, tx, sqlFound, append(slices.Clone(q.args), foundCap+1)...)
	if err != nil || len(ids) > foundCap {
		return Page{}, false, err
	}
	page.Total, page.More = min(len(ids), CountCap), len(ids) > CountCap
	slices.SortFunc(ids, func(a, b tenants.ID) int { return strings.Compare(string(b), string(a)) })
	if q.at != nil {
		ids = slices.DeleteFunc(ids, func(id tenants.ID) bool { return id >= q.at.ID })
	}
	shown := make([]string, 0, q.limit)
	for _, id := range ids[:min(len(ids), q.limit)] {
		shown = append(shown, string(id))
	}
	page.Items, err = tenants.All[Row](ctx, tx, sqlListFound, shown)
	if err == nil && len(ids) > q.limit {
		page.Next = q.after(page.Items[len(page.Items)-1])
	}
	return page, true, err
}
