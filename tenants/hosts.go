package tenants

import (
	"context"
	"sync"
	"time"
)

// hosts remembers which names (slugs, and communes' own hosts, which have a dot) lead
// to a commune or a hub, so that names that lead
// nowhere cost the database next to nothing: whatever is asked for, the list is read
// again at most every hostsEvery, by one reader at a time. Names that it holds never
// make it be read. 35,000 communes are some 3 MB.
type hosts struct {
	mu    sync.Mutex
	kinds map[string]SiteKind
	read  time.Time
}

// hostsEvery is how late a commune that another process opened may be found.
const hostsEvery = 2 * time.Second

const sqlHosts = `select slug, false as hub from platform.tenant union all select slug, true from platform.hub
	union all select host, false from platform.domain where state in ('verified', 'active')`

// kind tells what a name leads to; SitePlatform, which has no name, where it leads
// nowhere.
func (h *hosts) kind(ctx context.Context, q querier, slug string) (SiteKind, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if kind, ok := h.kinds[slug]; ok {
		return kind, nil
	}
	now := time.Now() //nolint:forbidigo // the age of a list is not a time of the domain
	if h.kinds != nil && now.Before(h.read.Add(hostsEvery)) {
		return SitePlatform, nil
	}
	type row struct {
		Slug string
		Hub  bool
	}
	rows, err := all[row](ctx, q, sqlHosts)
	if err != nil {
		return SitePlatform, err
	}
	h.kinds, h.read = make(map[string]SiteKind, len(rows)), now
	for _, r := range rows {
		h.kinds[r.Slug] = SiteTenant
		if r.Hub {
			h.kinds[r.Slug] = SiteHub
		}
	}
	return h.kinds[slug], nil
}

// forget lets the list be read again, after a change of it in this process.
func (h *hosts) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kinds = nil
}
