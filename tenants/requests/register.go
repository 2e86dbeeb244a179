package requests

import (
	"context"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Source is a line of the register of sources that sent a significant number in a day (CRPA
// L.112-11): who, how much, and what was done about it.
type Source struct {
	ID            string // its key, in hexadecimal
	Kind          string
	Label         string // the address; "" of a network, which is kept as a keyed hash alone
	Day           calendar.Date
	Count         int
	Identical     int // of them, those that say the same
	NoticedAt     time.Time
	WarnedAt      time.Time
	ExemptOn      calendar.Date
	BlockedUntil  time.Time
	BlockedReason string
	BlockedBy     string
	History       []tenants.RecordedEvent
}

// Blocked tells whether the source is blocked at a moment.
func (s Source) Blocked(at time.Time) bool { return s.BlockedUntil.After(at) }

type sourceRow struct {
	Source        []byte
	Kind          string
	Label         string
	Day           calendar.Date
	Count         int
	Identical     int
	NoticedAt     time.Time
	WarnedAt      *time.Time
	ExemptOn      calendar.Date
	BlockedUntil  *time.Time
	BlockedReason string
	BlockedBy     string
}

func (w sourceRow) source() Source {
	s := Source{
		ID: hex.EncodeToString(w.Source), Kind: w.Kind, Label: w.Label, Day: w.Day, Count: w.Count, Identical: w.Identical, NoticedAt: w.NoticedAt,
		ExemptOn: w.ExemptOn, BlockedReason: w.BlockedReason, BlockedBy: w.BlockedBy,
	}
	if w.WarnedAt != nil {
		s.WarnedAt = *w.WarnedAt
	}
	if w.BlockedUntil != nil {
		s.BlockedUntil = *w.BlockedUntil
	}
	return s
}

// busySource is a source that reached a threshold.
type busySource struct {
	Kind  string
	Value string
	Label string
	Hash  []byte
	Count int
}

// saying is what one sending of a source said.
type saying struct {
	ProcedureSlug string
	Answers       forms.Answers
}

const (
	// A day's sendings by their sources: an index finds the day, and no other is kept for it.
	sqlBusy = `with day as materialized (
			select lower(r.email) as email, r.citizen_id, r.source from request r where r.received_on = $1 and r.channel in ('web', 'api', 'email'))
		select 'email' as kind, d.email as value, d.email as label, null::bytea as hash, count(*)::int as count from day d where d.email <> '' group by d.email having count(*) >= $2
		union all
		select 'account', d.citizen_id::text, max(c.email), null, count(*)::int from day d join citizen c on c.id = d.citizen_id group by d.citizen_id having count(*) >= $2
		union all
		select 'network', '', '', d.source, count(*)::int from day d where d.source is not null group by d.source having count(*) >= $3`
	sqlSaid = `select r.procedure_slug, r.answers from request r
		where r.received_on = $1 and ($2 = 'email' and lower(r.email) = $3 or $2 = 'account' and r.citizen_id::text = $3)
		order by r.received_at desc limit 1000`
	sqlNoticeSource = `with before as (select day from sending_source where source = $1)
		insert into sending_source as s (source, kind, label, day, count, identical, content, noticed_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (source) do update set day = excluded.day, count = excluded.count, identical = excluded.identical, content = excluded.content, label = excluded.label,
			noticed_at = case when s.day = excluded.day then s.noticed_at else excluded.noticed_at end,
			warned_at = case when s.day = excluded.day then s.warned_at else null end
		returning s.warned_at is not null as warned, coalesce((select b.day <> $4 from before b), true) as fresh`
	sqlWarned  = `update sending_source set warned_at = $2, exempt_on = coalesce($3, exempt_on) where source = $1`
	sqlBlock   = `update sending_source set blocked_until = $2, blocked_reason = $3, blocked_by = $4 where source = $1`
	sqlUnblock = `update sending_source set blocked_until = null, blocked_reason = '', blocked_by = '' where source = $1 and blocked_until > $2`

	sourceColumns    = `source, kind, label, day, count, identical, noticed_at, warned_at, exempt_on, blocked_until, blocked_reason, blocked_by`
	sqlRegister      = `select ` + sourceColumns + ` from sending_source order by coalesce(blocked_until > $1, false) desc, noticed_at desc limit 50`
	sqlSourceLocked  = `select ` + sourceColumns + ` from sending_source where source = $1 for update`
	sqlForgetNetwork = `update request set source = null where received_on between $1 and $2 and source is not null`
	sqlForgetSources = `delete from sending_source where day < $1 and (blocked_until is null or blocked_until < $2)`
)

const (
	subjectSource = "source"

	networkDays = 31  // that a request keeps its network
	sourceDays  = 366 // that the register keeps a source that is not blocked

	maxBlockDays        = 30 // as long as a draft lives that it keeps from leaving
	maxBlockNetworkDays = 7  // a network may be a library's
)

// sourceEvery is how many requests a commune takes in between two counts of a day's sources.
const sourceEvery = 20

// CountsSources tells whether the sources are to be counted after a request: after each
// twentieth, so that the cost does not grow with what an attacker sends.
func CountsSources(number string) bool {
	_, count, _ := strings.Cut(number, "-")
	n := 0
	for _, c := range count {
		n = (n*10 + int(c-'0')) % sourceEvery
	}
	return n == 0
}

// NoticeSources counts today's electronic sendings by their sources and keeps those that
// reach a threshold of the settings, for agents to judge. A source that says the very same so
// often is warned at once, and no receipt is due to more of the same on that day; nothing is
// blocked. Only a job of ours may; it gives how many sources are new.
func NoticeSources(ctx context.Context, tx *tenants.Tx) (int, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return 0, fault.New(fault.Forbidden, "not_allowed")
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return 0, err
	}
	limits := settings.Abuse.Thresholds()
	busy, err := tenants.All[busySource](ctx, tx, sqlBusy, tx.Today(), min(limits.Sender, limits.Identical), limits.Network)
	if err != nil {
		return 0, err
	}
	noticed := 0
	for _, b := range busy {
		fresh, err := b.notice(ctx, tx, limits)
		if err != nil {
			return noticed, err
		}
		if fresh {
			noticed++
		}
	}
	return noticed, nil
}

// notice keeps a source that reached a threshold.
func (b busySource) notice(ctx context.Context, tx *tenants.Tx, limits tenants.Abuse) (bool, error) {
	identical, content, err := b.repeated(ctx, tx)
	if err != nil {
		return false, err
	}
	if b.Kind != SourceNetwork {
		b.Hash = sourceKey(tx, b.Kind, b.Value)
	}
	repeats := identical >= limits.Identical
	if !repeats {
		content = nil
	}
	if b.Kind != SourceNetwork && b.Count < limits.Sender && !repeats {
		return false, nil
	}
	type kept struct{ Warned, Fresh bool }
	k, err := tenants.One[kept](ctx, tx, sqlNoticeSource, b.Hash, b.Kind, b.Label, tx.Today(), b.Count, identical, content, tx.Now())
	if err != nil {
		return false, err
	}
	s := Source{ID: hex.EncodeToString(b.Hash), Kind: b.Kind, Label: b.Label, Day: tx.Today(), Count: b.Count}
	if k.Fresh {
		if err := s.record(ctx, tx, "source_noticed", SourceEvent{Count: b.Count, Identical: identical}); err != nil {
			return false, err
		}
	}
	if !repeats || k.Warned {
		return k.Fresh, nil
	}
	return k.Fresh, s.warn(ctx, tx, b.Hash, calendar.Date{})
}

// repeated finds what a source says most often, and how often.
func (b busySource) repeated(ctx context.Context, tx *tenants.Tx) (int, []byte, error) {
	if b.Kind == SourceNetwork { // of many people
		return 0, nil, nil
	}
	said, err := tenants.All[saying](ctx, tx, sqlSaid, tx.Today(), b.Kind, b.Value)
	if err != nil {
		return 0, nil, err
	}
	most, content, times := 0, "", map[string]int{}
	for _, s := range said {
		h := string(contentHash(s.ProcedureSlug, s.Answers))
		if times[h]++; times[h] > most {
			most, content = times[h], h
		}
	}
	return most, []byte(content), nil
}

// SourceEvent is what the history of a source says.
type SourceEvent struct {
	Count     int           `json:"count,omitempty"`
	Identical int           `json:"identical,omitempty"`
	Mailed    bool          `json:"mailed,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	Until     calendar.Date `json:"until,omitzero"`
}

func (s Source) record(ctx context.Context, tx *tenants.Tx, kind string, e SourceEvent) error {
	return tx.Record(ctx, tenants.Event{SubjectKind: subjectSource, SubjectID: s.ID, Kind: kind, Data: e})
}

// warn writes to the source where it has an address, and keeps that it was warned, or that
// nobody could be (L.112-11: « si possible »). exempt is the day on which all that it sends
// is found abusive; none leaves that to what it repeats.
func (s Source) warn(ctx context.Context, tx *tenants.Tx, key []byte, exempt calendar.Date) error {
	mailed := notify.CheckEmail(s.Label) == nil
	if mailed {
		settings, _, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		warning := notify.SourceWarning{Count: s.Count, Day: s.Day}
		m, err := notify.Render(tx.Tenant(), settings, warning)
		if err != nil {
			return err
		}
		err = notify.Enqueue(ctx, tx, notify.Message{Channel: "email", Template: notify.TemplateOf(warning), To: s.Label, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
		if err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, sqlWarned, key, tx.Now(), exempt); err != nil {
		return err
	}
	return s.record(ctx, tx, "source_warned", SourceEvent{Count: s.Count, Mailed: mailed})
}

// Sources gives the register, what is blocked first, then the latest, at most 50, each with
// its history. Agents may, and whom the commune let in to read.
func Sources(ctx context.Context, tx *tenants.Tx) ([]Source, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	rows, err := tenants.All[sourceRow](ctx, tx, sqlRegister, tx.Now())
	if err != nil {
		return nil, err
	}
	out := make([]Source, len(rows))
	for i, w := range rows {
		out[i] = w.source()
		if out[i].History, err = tx.History(ctx, out[i].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lockSource reads a source to act on it: instructors and administrators may.
func lockSource(ctx context.Context, tx *tenants.Tx, id string) (Source, []byte, error) {
	if !tx.Actor().MayDecide() {
		return Source{}, nil, fault.New(fault.Forbidden, "not_allowed")
	}
	key, err := hex.DecodeString(id)
	if err != nil {
		return Source{}, nil, fault.New(fault.NotFound, "source_unknown")
	}
	row, err := tenants.One[sourceRow](ctx, tx, sqlSourceLocked, key)
	if fault.Is(err, "not_found") {
		err = fault.New(fault.NotFound, "source_unknown")
	}
	return row.source(), key, err
}

// WarnSource finds what a source sends today abusive, so that no receipt is due to it, and
// warns the source. An unknown one is fault.NotFound "source_unknown".
func WarnSource(ctx context.Context, tx *tenants.Tx, id string) error {
	s, key, err := lockSource(ctx, tx, id)
	if err != nil {
		return err
	}
	return s.warn(ctx, tx, key, tx.Today())
}

// BlockSource refuses what a source sends by the portal and the API for some days, with the
// reason that it is told: 1 to 30 days, a network at most 7 (fault.Invalid "block_invalid").
// It must have been warned before (fault.Conflict "source_not_warned", L.112-11); without a
// reason it is fault.Invalid "block_reason_required".
func BlockSource(ctx context.Context, tx *tenants.Tx, id string, days int, reason string) error {
	s, key, err := lockSource(ctx, tx, id)
	if err != nil {
		return err
	}
	most := maxBlockDays
	if s.Kind == SourceNetwork {
		most = maxBlockNetworkDays
	}
	reason = clean(reason, false)
	switch {
	case days < 1 || days > most:
		return fault.New(fault.Invalid, "block_invalid", fault.Field{Path: "days", Code: "block_invalid"})
	case reason == "" || utf8.RuneCountInString(reason) > maxLabel:
		return fault.New(fault.Invalid, "block_reason_required", fault.Field{Path: "reason", Code: "block_reason_required"})
	case s.WarnedAt.IsZero():
		return fault.New(fault.Conflict, "source_not_warned")
	}
	last := tx.Today().AddDays(days)
	if _, err := tx.Exec(ctx, sqlBlock, key, last.AddDays(1).Start(tx.Tenant().Zone()).Add(-time.Second), reason, tx.Actor().Name); err != nil {
		return err
	}
	return s.record(ctx, tx, "source_blocked", SourceEvent{Count: s.Count, Reason: reason, Until: last})
}

// UnblockSource ends a block before its time. One that is not blocked is fault.Conflict
// "source_not_blocked".
func UnblockSource(ctx context.Context, tx *tenants.Tx, id string) error {
	s, key, err := lockSource(ctx, tx, id)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, sqlUnblock, key, tx.Now())
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "source_not_blocked")
	}
	if err != nil {
		return err
	}
	return s.record(ctx, tx, "source_unblocked", SourceEvent{})
}

// forgetSources forgets the networks that requests came from, after a month, and the sources
// that nobody blocks any more, after a year.
func forgetSources(ctx context.Context, tx *tenants.Tx) error {
	today := tx.Today()
	if _, err := tx.Exec(ctx, sqlForgetNetwork, today.AddDays(-networkDays-14), today.AddDays(-networkDays)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlForgetSources, today.AddDays(-sourceDays), tx.Now())
	return err
}
