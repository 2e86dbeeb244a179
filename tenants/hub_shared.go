package tenants

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Shared is what a hub provides to its communes: it holds in each of them until the
// commune says otherwise. A court and a data protection officer are taken whole.
type Shared struct {
	Hub              string `json:"hub"` // the hub's name, as the commune's settings say who provides
	Phone            string `json:"phone"`
	Email            string `json:"email"`
	OpeningHours     string `json:"opening_hours"`
	Tagline          string `json:"tagline"`
	Colour           string `json:"colour"` // of communes that open; "#rrggbb" or empty
	Court            Court  `json:"court"`
	DPO              DPO    `json:"dpo"`
	Mediator         string `json:"mediator"`
	Accessibility    string `json:"accessibility"`
	RequireAgentTOTP bool   `json:"require_agent_totp"`
}

// texts pairs each line that a hub may provide with the commune's own.
func (p *Shared) texts(s *Settings) [][2]*string {
	return [][2]*string{
		{&p.Phone, &s.Phone}, {&p.Email, &s.Email}, {&p.OpeningHours, &s.OpeningHours}, {&p.Tagline, &s.Tagline},
		{&p.Mediator, &s.Mediator}, {&p.Accessibility, &s.Accessibility},
	}
}

// Over gives the settings that hold: the commune's own, and what its hub provides
// where the commune says nothing.
func (p Shared) Over(s Settings) Settings {
	for _, t := range p.texts(&s) {
		if *t[1] == "" {
			*t[1] = *t[0]
		}
	}
	if s.Court == (Court{}) {
		s.Court = p.Court
	}
	if s.DPO == (DPO{}) {
		s.DPO = p.DPO
	}
	s.RequireAgentTOTP = s.RequireAgentTOTP || p.RequireAgentTOTP
	return s
}

// own leaves of the settings what the commune says itself: what is the hub's very
// word goes on following the hub.
func (p Shared) own(s Settings, before Settings) Settings {
	for _, t := range p.texts(&s) {
		if *t[1] == *t[0] {
			*t[1] = ""
		}
	}
	if s.Court == p.Court {
		s.Court = Court{}
	}
	if s.DPO == p.DPO {
		s.DPO = DPO{}
	}
	if p.RequireAgentTOTP {
		s.RequireAgentTOTP = before.RequireAgentTOTP
	}
	return s
}

func (p Shared) check() []fault.Field {
	var s Settings
	for _, t := range p.texts(&s) {
		*t[1] = *t[0]
	}
	s.Court, s.DPO = p.Court, p.DPO
	fields := s.check()
	if p.Colour != "" {
		if _, err := branding.Parse(p.Colour); err != nil {
			fields = append(fields, fault.Field{Path: "colour", Code: "colour_invalid"})
		}
	}
	return fields
}

const (
	// Read as a whole row, so that a commune whose schema has no such column yet has
	// none.
	sqlProvided    = `select to_jsonb(setting) -> 'shared' as shared from setting where id = 1`
	sqlProvide     = `insert into setting (id, data, version, updated_at, shared) values (1, $1, 1, $2, $3) on conflict (id) do update set shared = excluded.shared where setting.shared is distinct from excluded.shared`
	sqlPutShared   = `update platform.hub set shared = $2, phone = $3, dpo_name = $4, dpo_email = $5, require_totp = $6 where id = $1`
	sqlSharedOfHub = `select shared from platform.hub where id = $1`
)

// SharedOf gives what a hub provides; what was said before there were shared settings
// (a desk, a data protection officer) is in it.
func (r *Registry) SharedOf(ctx context.Context, h Hub) (Shared, error) {
	raw, err := one[json.RawMessage](ctx, r.pool, sqlSharedOfHub, h.ID)
	if err != nil {
		return Shared{}, err
	}
	var p Shared
	if err := json.Unmarshal(raw, &p); err != nil {
		return Shared{}, err
	}
	if p.Hub == "" { // nothing was saved yet
		p.Phone, p.DPO.Name, p.DPO.Email = h.Phone, h.DPOName, h.DPOEmail
	}
	p.Hub = h.Name
	return p, nil
}

// PutShared replaces what a hub provides, and whether its administrators need a second
// factor. Those who keep what is shared may. The communes have it within a quarter of
// an hour. fault.Invalid "settings_invalid" with its fields.
func (r *Registry) PutShared(ctx context.Context, by Actor, h Hub, p Shared, requireTOTP bool) error {
	if !by.MayKeep() {
		return fault.New(fault.Forbidden, "hub_keeper_only")
	}
	if requireTOTP != h.RequireTOTP && !by.MayManage() {
		return fault.New(fault.Forbidden, "hub_manager_only")
	}
	if fields := p.check(); len(fields) > 0 {
		return fault.New(fault.Invalid, "settings_invalid", fields...)
	}
	p.Hub = h.Name
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if _, err := r.pool.Exec(ctx, sqlPutShared, h.ID, data, p.Phone, p.DPO.Name, p.DPO.Email, requireTOTP); err != nil {
		return classify(err)
	}
	r.forget(h.Slug)
	return r.record(ctx, by, 0, "hub_shared_changed", map[string]int64{"hub": h.ID})
}

// Provide brings a commune what its hub provides; where nothing changed it writes
// nothing. A commune whose schema is of the version before gets it after its
// migration.
func (r *Registry) Provide(ctx context.Context, t Tenant) error {
	if t.HubID == 0 {
		return nil
	}
	h, err := r.HubByID(ctx, t.HubID)
	if err != nil {
		return err
	}
	p, err := r.SharedOf(ctx, h)
	if err != nil {
		return err
	}
	shared, err := json.Marshal(p)
	if err != nil {
		return err
	}
	first, err := json.Marshal(unset)
	if err != nil {
		return err
	}
	err = r.db.Write(ctx, t, System("réglages partagés"), func(tx *Tx) error {
		_, err := tx.Exec(ctx, sqlProvide, first, tx.Now(), shared)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42703" {
		return nil
	}
	return err
}

// Provided gives what the commune's hub provides; nothing is the zero value.
func Provided(ctx context.Context, tx *Tx) (Shared, error) {
	raw, err := One[json.RawMessage](ctx, tx, sqlProvided)
	if fault.Is(err, "not_found") {
		return Shared{}, nil
	}
	if err != nil {
		return Shared{}, err
	}
	return sharedFrom(raw)
}

func sharedFrom(raw json.RawMessage) (p Shared, err error) {
	if len(raw) > 0 {
		err = json.Unmarshal(raw, &p)
	}
	return p, err
}
