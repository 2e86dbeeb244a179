package citizens

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// Citizen is a person with an account in the commune.
type Citizen struct {
	ID            tenants.ID
	Subject       string
	Email         string // proved; changed at the identity provider alone
	GivenName     string
	FamilyName    string
	Phone         string
	PostalAddress string
	CreatedAt     time.Time
	LastSeenAt    time.Time
}

// Name is the citizen's name, or what stands before the @ of the address while
// none was given.
func (c Citizen) Name() string {
	if name := strings.TrimSpace(c.GivenName + " " + c.FamilyName); name != "" {
		return name
	}
	local, _, _ := strings.Cut(c.Email, "@")
	return local
}

// Actor is the citizen as the one who acts.
func (c Citizen) Actor() tenants.Actor {
	return tenants.Actor{Kind: tenants.ActorCitizen, ID: c.ID, Name: c.Name()}
}

// Profile is what a citizen lets the commune keep to fill forms in.
type Profile struct {
	GivenName     string
	FamilyName    string
	Phone         string
	PostalAddress string // lines separated by \n
}

const (
	citizenColumns = `id, subject, email, given_name, family_name, phone, postal_address, created_at, last_seen_at`
	// Signing in twice at once makes one row; the address follows the account's.
	sqlEnsureCitizen = `insert into citizen (id, subject, email, created_at, last_seen_at) values ($1, $2, $3, $4, $4)
		on conflict (subject) do update set email = excluded.email, last_seen_at = excluded.last_seen_at
		returning ` + citizenColumns
	// One that came with an archive has no account here yet (tenants/archive).
	sqlReclaim = `update citizen set subject = $1 where subject = 'archive:' || id and lower(email) = $2
		and id = (select min(id::text)::uuid from citizen where subject = 'archive:' || id and lower(email) = $2)
		and not exists (select 1 from citizen where subject = $1)`
	sqlCitizenByID   = `select ` + citizenColumns + ` from citizen where id = $1`
	sqlChangeCitizen = `update citizen set given_name = $2, family_name = $3, phone = $4, postal_address = $5 where id = $1
		returning ` + citizenColumns
)

// Ensure gives the citizen of an account that has just signed in with a proved
// address (identity.Login.Verified), and makes them at the first time.
func Ensure(ctx context.Context, tx *tenants.Tx, subject, email string) (Citizen, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if subject == "" || identity.CheckEmail(email) != nil {
		return Citizen{}, fault.New(fault.Invalid, "citizen_invalid")
	}
	return tenants.One[Citizen](ctx, tx, sqlEnsureCitizen, tenants.NewID(), subject, email, tx.Now())
}

// Reclaim gives an account the citizen who came with an archive under the same address,
// which the account has proved here as it had there. For the platform's own accounts alone:
// FranceConnect knows people by their subject, never by an address. Nobody there is no error.
func Reclaim(ctx context.Context, tx *tenants.Tx, subject, email string) error {
	_, err := tx.Exec(ctx, sqlReclaim, subject, strings.ToLower(strings.TrimSpace(email)))
	return err
}

// ByID gives a citizen to themselves, to agents and to jobs of ours; anybody else,
// and a key without a row, gets fault.NotFound "not_found".
func ByID(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Citizen, error) {
	a := tx.Actor()
	if !a.IsAgent() && a.Kind != tenants.ActorSystem && (a.Kind != tenants.ActorCitizen || a.ID != id) {
		return Citizen{}, fault.New(fault.NotFound, "not_found")
	}
	return tenants.One[Citizen](ctx, tx, sqlCitizenByID, id.OrNull())
}

// OfSession gives the citizen whose session was found, whoever the transaction's
// actor is; an agent's session is fault.Unauthorized "session_over".
func OfSession(ctx context.Context, tx *tenants.Tx, s identity.Session) (Citizen, error) {
	over := fault.New(fault.Unauthorized, "session_over")
	if s.CitizenID == "" {
		return Citizen{}, over
	}
	c, err := tenants.One[Citizen](ctx, tx, sqlCitizenByID, s.CitizenID.OrNull())
	if fault.Is(err, "not_found") {
		return Citizen{}, over
	}
	return c, err
}

// BySession gives the citizen of a cookie's token and the session, or
// fault.Unauthorized "session_over".
func BySession(ctx context.Context, tx *tenants.Tx, token string) (Citizen, identity.Session, error) {
	s, err := identity.FindSession(ctx, tx, token)
	if err != nil {
		return Citizen{}, identity.Session{}, err
	}
	c, err := OfSession(ctx, tx, s)
	if err != nil {
		return Citizen{}, identity.Session{}, err
	}
	return c, s, nil
}

// UpdateProfile changes what the acting citizen lets the commune keep; an empty
// field forgets it. fault.Invalid "profile_invalid" with its fields.
func UpdateProfile(ctx context.Context, tx *tenants.Tx, p Profile) (Citizen, error) {
	a := tx.Actor()
	if a.Kind != tenants.ActorCitizen || a.ID == "" {
		return Citizen{}, fault.New(fault.Forbidden, "citizens_only")
	}
	if fields := p.check(); len(fields) > 0 {
		return Citizen{}, fault.New(fault.Invalid, "profile_invalid", fields...)
	}
	c, err := tenants.One[Citizen](ctx, tx, sqlChangeCitizen, a.ID, p.GivenName, p.FamilyName, p.Phone, p.PostalAddress)
	if err != nil {
		return Citizen{}, err
	}
	return c, tx.Record(ctx, tenants.Event{SubjectKind: "citizen", SubjectID: string(c.ID), Kind: "profile_changed"})
}

// check cleans what was given and says what has to be corrected.
func (p *Profile) check() []fault.Field {
	lines := strings.Split(p.PostalAddress, "\n")
	kept := lines[:0]
	for _, l := range lines {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			kept = append(kept, l)
		}
	}
	p.PostalAddress = strings.Join(kept, "\n")
	var fields []fault.Field
	for _, v := range []struct {
		path string
		text *string
		most int
		line bool
	}{
		{"given_name", &p.GivenName, 120, true},
		{"family_name", &p.FamilyName, 120, true},
		{"phone", &p.Phone, 40, true},
		{"postal_address", &p.PostalAddress, 400, false},
	} {
		if v.line {
			*v.text = strings.Join(strings.Fields(*v.text), " ")
		}
		if utf8.RuneCountInString(*v.text) > v.most {
			fields = append(fields, fault.Field{Path: v.path, Code: "too_long"})
		} else if !utf8.ValidString(*v.text) || strings.ContainsRune(*v.text, 0) {
			fields = append(fields, fault.Field{Path: v.path, Code: "invalid"})
		}
	}
	return fields
}
