package tenants

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/parvis-gru/parvis/tenants/calendar"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Settings are what a commune says of itself. Its receipts, letters and legal
// pages are made of them: what the law wants and is missing keeps a procedure
// closed (tenants/catalogue, Missing).
type Settings struct {
	PostalAddress  string `json:"postal_address"`
	Email          string `json:"email"`
	Phone          string `json:"phone"`
	Website        string `json:"website"`
	OpeningHours   string `json:"opening_hours"` // a line a day, in French
	Tagline        string `json:"tagline"`
	Mayor          string `json:"mayor"` // the controller's name (GDPR art. 13)
	SignatoryName  string `json:"signatory_name"`
	SignatoryTitle string `json:"signatory_title"`
	Court          Court  `json:"court"`
	DPO            DPO    `json:"dpo"`
	Mediator       string `json:"mediator"`      // médiation (L.421-3), if any
	Accessibility  string `json:"accessibility"` // what the commune adds to its declaration
	Brand          Brand  `json:"brand,omitzero"`

	// The last audit of the RGAA (décret n° 2019-768): the rate in per cent ("71,4"), its day
	// (2026-10-05), what is not accessible, and the derogations with their reasons.
	AccessibilityRate        string `json:"accessibility_rate"`
	AccessibilityAuditedOn   string `json:"accessibility_audited_on"`
	AccessibilityGaps        string `json:"accessibility_gaps"`
	AccessibilityDerogations string `json:"accessibility_derogations"`

	Setup Setup `json:"setup,omitzero"`

	Abuse Abuse `json:"abuse,omitzero"`

	RequireAgentTOTP bool   `json:"require_agent_totp"`
	SignIn           SignIn `json:"sign_in"`
	DigestHour       int    `json:"digest_hour"` // of the morning digest, 0 to 23, commune's time
}

// Setup is how far a commune's setting up has come (« mise en route »). Beside what a
// form found filled in stands where that came from, until an administrator has looked.
type Setup struct {
	Started       bool   `json:"started"` // the commune was filled in at its opening
	Finished      bool   `json:"finished"`
	Contact       Origin `json:"contact,omitzero"`
	Court         Origin `json:"court,omitzero"`
	DPO           Origin `json:"dpo,omitzero"`
	Signature     Origin `json:"signature,omitzero"`
	Accessibility Origin `json:"accessibility,omitzero"`
}

// Origin is where a value came from before anybody looked at it.
type Origin struct {
	From      string `json:"from,omitempty"` // French, to be read: "l’annuaire de l’administration"
	Confirmed bool   `json:"confirmed,omitempty"`
}

// Abuse is how many sendings of one source in a day are a significant number (CRPA L.112-11); 0
// is the usual number. No text gives one: « à vérifier ».
type Abuse struct {
	Sender    int `json:"sender,omitempty"`    // of one address or account
	Network   int `json:"network,omitempty"`   // of one network, which a school or a library shares
	Identical int `json:"identical,omitempty"` // of one address or account, that say the very same
}

// The usual thresholds, and the bounds of those that a commune chooses.
const (
	usualSender, usualNetwork, usualIdentical = 50, 200, 20
	leastAbuse, mostAbuse                     = 5, 10_000
)

// Thresholds gives the numbers that hold.
func (a Abuse) Thresholds() Abuse {
	return Abuse{Sender: cmp.Or(a.Sender, usualSender), Network: cmp.Or(a.Network, usualNetwork), Identical: cmp.Or(a.Identical, usualIdentical)}
}

func (a Abuse) check() []fault.Field {
	var fields []fault.Field
	for path, n := range map[string]int{"abuse/sender": a.Sender, "abuse/network": a.Network, "abuse/identical": a.Identical} {
		if n != 0 && (n < leastAbuse || n > mostAbuse) {
			fields = append(fields, fault.Field{Path: path, Code: "threshold_invalid"})
		}
	}
	return fields
}

// Court is the administrative court that appeals go to (tribunal administratif).
type Court struct {
	Name          string `json:"name"`
	PostalAddress string `json:"postal_address"`
	Telerecours   string `json:"telerecours"` // address of Télérecours citoyens
}

// DPO is the data protection officer (GDPR art. 37: compulsory for a commune).
type DPO struct {
	Name          string `json:"name"`
	Email         string `json:"email"`
	Phone         string `json:"phone"`
	PostalAddress string `json:"postal_address"`
}

// Service is a unit of the town hall, as receipts name it (R.112-5, R.112-11-1).
type Service struct {
	ID            ID
	Name          string
	PostalAddress string
	Email         string
	Phone         string
	Position      int
}

const (
	sqlGetSettings = `select data, version, to_jsonb(setting) -> 'shared' as shared from setting where id = 1`
	sqlNewSettings = `insert into setting (id, data, version, updated_at) values (1, $1, 1, $2) on conflict (id) do nothing`
	sqlPutSettings = `update setting set data = $1, version = version + 1, updated_at = $2 where id = 1 and version = $3`
	sqlServices    = `select id, name, postal_address, email, phone, position from service order by position, name`
	sqlPutService  = `insert into service (id, name, postal_address, email, phone, position) values ($1, $2, $3, $4, $5, $6)
		on conflict (id) do update set name = excluded.name, postal_address = excluded.postal_address, email = excluded.email, phone = excluded.phone, position = excluded.position`
	sqlServiceByName = `select id, name, postal_address, email, phone, position from service where name = $1`
)

// GetSettings gives the tenant's settings that hold (its own, and what its hub
// provides where it says nothing) and their version; before anything was set they are
// empty, at version 0.
func GetSettings(ctx context.Context, tx *Tx) (Settings, int, error) {
	s, shared, version, err := ownSettings(ctx, tx)
	return shared.Over(s), version, err
}

// ownSettings gives what the commune says itself, and what its hub provides.
func ownSettings(ctx context.Context, tx *Tx) (s Settings, shared Shared, version int, err error) {
	type row struct {
		Data    json.RawMessage
		Version int
		Shared  json.RawMessage
	}
	r, err := One[row](ctx, tx, sqlGetSettings)
	if fault.Is(err, "not_found") {
		return unset, Shared{}, 0, nil
	}
	if err != nil {
		return Settings{}, Shared{}, 0, err
	}
	if err := json.Unmarshal(r.Data, &s); err != nil {
		return Settings{}, Shared{}, 0, err
	}
	shared, err = sharedFrom(r.Shared)
	return s, shared, r.Version, err
}

// unset is what holds before anything was set.
var unset = Settings{DigestHour: 7}

// QueueSettings queues the reading of [GetSettings], into s once the batch is closed.
func QueueSettings(batch *pgx.Batch, s *Settings) {
	*s = unset
	batch.Queue(sqlGetSettings).Query(func(rows pgx.Rows) error {
		var data, provided json.RawMessage
		var version int
		for rows.Next() {
			var read Settings
			if err := errors.Join(rows.Scan(&data, &version, &provided), json.Unmarshal(data, &read)); err != nil {
				return err
			}
			shared, err := sharedFrom(provided)
			if err != nil {
				return err
			}
			*s = shared.Over(read)
		}
		return rows.Err()
	})
}

// PutSettings replaces the settings; what is the hub's very word goes on following the
// hub. Administrators only. The version is the one
// that the caller read: another is fault.Conflict "settings_changed", and nothing
// is changed. What is not an address, a phone or an hour is fault.Invalid
// "settings_invalid" with its fields.
func PutSettings(ctx context.Context, tx *Tx, s Settings, version int) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	if fields := s.check(); len(fields) > 0 {
		return fault.New(fault.Invalid, "settings_invalid", fields...)
	}
	before, shared, _, err := ownSettings(ctx, tx)
	if err != nil {
		return err
	}
	data, err := json.Marshal(shared.own(s, before))
	if err != nil {
		return err
	}
	var touched int64
	if version == 0 {
		touched, err = tx.Exec(ctx, sqlNewSettings, data, tx.Now())
	} else {
		touched, err = tx.Exec(ctx, sqlPutSettings, data, tx.Now(), version)
	}
	if err != nil {
		return err
	}
	if touched == 0 {
		return fault.New(fault.Conflict, "settings_changed")
	}
	return tx.Record(ctx, Event{SubjectKind: "settings", SubjectID: "settings", Kind: "settings_changed"})
}

const maxSetting = 2000

func (s Settings) check() []fault.Field {
	fields := s.Brand.fields()
	for path, v := range map[string]string{
		"postal_address": s.PostalAddress, "phone": s.Phone, "website": s.Website, "opening_hours": s.OpeningHours,
		"tagline": s.Tagline, "mayor": s.Mayor, "signatory_name": s.SignatoryName, "signatory_title": s.SignatoryTitle,
		"court/name": s.Court.Name, "court/postal_address": s.Court.PostalAddress, "court/telerecours": s.Court.Telerecours,
		"dpo/name": s.DPO.Name, "dpo/phone": s.DPO.Phone, "dpo/postal_address": s.DPO.PostalAddress,
		"mediator": s.Mediator, "accessibility": s.Accessibility,
		"accessibility_gaps": s.AccessibilityGaps, "accessibility_derogations": s.AccessibilityDerogations,
	} {
		if utf8.RuneCountInString(v) > maxSetting {
			fields = append(fields, fault.Field{Path: path, Code: "too_long"})
		}
	}
	for path, v := range map[string]string{"email": s.Email, "dpo/email": s.DPO.Email} {
		if v != "" && !validEmail(v) {
			fields = append(fields, fault.Field{Path: path, Code: "email_invalid"})
		}
	}
	if _, ok := s.accessibilityRate(); s.AccessibilityRate != "" && !ok {
		fields = append(fields, fault.Field{Path: "accessibility_rate", Code: "rate_invalid"})
	}
	if _, err := calendar.ParseDate(s.AccessibilityAuditedOn); s.AccessibilityAuditedOn != "" && err != nil {
		fields = append(fields, fault.Field{Path: "accessibility_audited_on", Code: "date_invalid"})
	}
	if s.DigestHour < 0 || s.DigestHour > 23 {
		fields = append(fields, fault.Field{Path: "digest_hour", Code: "hour_invalid"})
	}
	return append(append(fields, s.Abuse.check()...), s.SignIn.check()...)
}

// accessibilityRate reads the rate of the last audit, from 0 to 100.
func (s Settings) accessibilityRate() (percent float64, ok bool) {
	percent, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(strings.TrimSuffix(s.AccessibilityRate, "%")), ",", "."), 64)
	return percent, err == nil && percent >= 0 && percent <= 100
}

// AccessibilityLevel gives the words that the home page must bear after « Accessibilité : »
// (loi n° 2005-102, article 47; décret n° 2019-768): whole at 100 %, partial from 50 %, none
// below and wherever no audit is dated.
func (s Settings) AccessibilityLevel() string {
	rate, ok := s.accessibilityRate()
	switch {
	case !ok || s.AccessibilityAuditedOn == "" || rate < 50:
		return "non conforme"
	case rate < 100:
		return "partiellement conforme"
	default:
		return "totalement conforme"
	}
}

func validEmail(v string) bool {
	a, err := mail.ParseAddress(v)
	return err == nil && a.Address == v && strings.Contains(v, ".")
}

// Services gives the tenant's services, in their order.
func Services(ctx context.Context, tx *Tx) ([]Service, error) {
	return All[Service](ctx, tx, sqlServices)
}

// ServiceByName gives the service of that very name; none is fault.NotFound.
func ServiceByName(ctx context.Context, tx *Tx, name string) (Service, error) {
	return One[Service](ctx, tx, sqlServiceByName, name)
}

// PutService adds a service (an empty ID gets a new one) or changes it.
// Administrators only. A missing name or a bad e-mail is fault.Invalid
// "service_invalid" with its fields.
func PutService(ctx context.Context, tx *Tx, s Service) (Service, error) {
	if !tx.Actor().MayConfigure() {
		return Service{}, fault.New(fault.Forbidden, "admin_only")
	}
	var fields []fault.Field
	s.Name = strings.TrimSpace(s.Name)
	if s.Name == "" || utf8.RuneCountInString(s.Name) > 120 {
		fields = append(fields, fault.Field{Path: "name", Code: "required"})
	}
	if s.Email != "" && !validEmail(s.Email) {
		fields = append(fields, fault.Field{Path: "email", Code: "email_invalid"})
	}
	if utf8.RuneCountInString(s.PostalAddress) > maxSetting || utf8.RuneCountInString(s.Phone) > 40 {
		fields = append(fields, fault.Field{Path: "postal_address", Code: "too_long"})
	}
	if len(fields) > 0 {
		return Service{}, fault.New(fault.Invalid, "service_invalid", fields...)
	}
	if s.ID == "" {
		s.ID = NewID()
	}
	if _, err := tx.Exec(ctx, sqlPutService, s.ID, s.Name, s.PostalAddress, s.Email, s.Phone, s.Position); err != nil {
		return Service{}, err
	}
	return s, tx.Record(ctx, Event{SubjectKind: "service", SubjectID: string(s.ID), Kind: "service_changed"})
}
