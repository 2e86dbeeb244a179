package citizens

import (
	"context"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// Verified is the name that FranceConnect vouches for.
type Verified struct {
	GivenName  string
	FamilyName string // at birth
	UsageName  string // nom d’usage, if any
}

// Name is the name to address somebody by.
func (v Verified) Name() string {
	family := v.FamilyName
	if v.UsageName != "" {
		family = v.UsageName
	}
	return strings.TrimSpace(v.GivenName + " " + family)
}

// Matches tells whether a name is the verified one, however it is written: the first of
// the given names is enough, and either of the family names.
func (v Verified) Matches(givenName, familyName string) bool {
	given, wanted := words(givenName), words(v.GivenName)
	if len(given) == 0 || len(wanted) == 0 || given[0] != wanted[0] {
		return false
	}
	family := strings.Join(words(familyName), " ")
	return family != "" && (family == strings.Join(words(v.FamilyName), " ") || family == strings.Join(words(v.UsageName), " "))
}

// words are the parts of a name without accents, capitals, hyphens and apostrophes.
func words(s string) []string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r >= 0x300 && r <= 0x36f: // a combining accent
		case r == '-' || r == '\'' || r == '’':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return strings.Fields(b.String())
}

const (
	sqlCitizenOfState = `select ` + citizenColumns + ` from citizen where id = (select i.citizen_id from citizen_identity i where i.subject = $1)`
	sqlNewOfState     = `insert into citizen (id, subject, email, given_name, family_name, created_at, last_seen_at) values ($1, $2, $3, $4, $5, $6, $6)
		on conflict (subject) do update set last_seen_at = excluded.last_seen_at returning ` + citizenColumns
	sqlSeenOfState = `update citizen set last_seen_at = $2, email = case when $4 <> '' and (email = '' or subject = $3) then $4 else email end where id = $1
		returning ` + citizenColumns
	sqlPutState = `insert into citizen_identity (subject, citizen_id, given_name, family_name, usage_name, linked_at, seen_at) values ($1, $2, $3, $4, $5, $6, $6)
		on conflict (subject) do update set citizen_id = excluded.citizen_id, given_name = excluded.given_name, family_name = excluded.family_name,
			usage_name = excluded.usage_name, seen_at = excluded.seen_at`
	sqlStateOf     = `select given_name, family_name, usage_name from citizen_identity where citizen_id = $1 order by seen_at desc limit 1`
	sqlOwnerState  = `select c.id, c.subject from citizen c join citizen_identity i on i.citizen_id = c.id where i.subject = $1 for update of c`
	sqlDropCitizen = `delete from citizen where id = $1`
)

// EnsureVerified gives the citizen whom FranceConnect knows by a pairwise subject, and
// makes them at the first time. The e-mail address finds nobody: it is FranceConnect's
// to tell and ours to write to, and two people may share one. New tells that a citizen
// was made.
func EnsureVerified(ctx context.Context, tx *tenants.Tx, subject, email string, v Verified) (c Citizen, isNew bool, err error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if identity.CheckEmail(email) != nil {
		email = ""
	}
	if subject == "" || v.GivenName == "" && v.FamilyName == "" {
		return Citizen{}, false, fault.New(fault.Invalid, "citizen_invalid")
	}
	c, err = tenants.One[Citizen](ctx, tx, sqlCitizenOfState, subject)
	switch {
	case fault.Is(err, "not_found"):
		family := v.FamilyName
		if v.UsageName != "" {
			family = v.UsageName
		}
		isNew = true
		c, err = tenants.One[Citizen](ctx, tx, sqlNewOfState, tenants.NewID(), subject, email, v.GivenName, family, tx.Now())
	case err == nil:
		c, err = tenants.One[Citizen](ctx, tx, sqlSeenOfState, c.ID, tx.Now(), subject, email)
	}
	if err != nil {
		return Citizen{}, false, err
	}
	_, err = tx.Exec(ctx, sqlPutState, subject, c.ID, v.GivenName, v.FamilyName, v.UsageName, tx.Now())
	return c, isNew, err
}

// VerifiedOf gives the name that FranceConnect vouches for, of the acting citizen or to
// agents and jobs; none is fault.NotFound "not_found".
func VerifiedOf(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Verified, error) {
	a := tx.Actor()
	if !a.IsAgent() && a.Kind != tenants.ActorSystem && (a.Kind != tenants.ActorCitizen || a.ID != id) {
		return Verified{}, fault.New(fault.NotFound, "not_found")
	}
	return tenants.One[Verified](ctx, tx, sqlStateOf, id.OrNull())
}

// Link ties the acting citizen's account to their FranceConnect identity: they are
// signed in to the one and have just come from the other. Where FranceConnect had made
// a citizen of its own before, that one is given back: whoever calls moves what they
// have (requests.Inherit) and then calls Absorb. An identity that another password
// account holds is fault.Conflict "franceconnect_taken".
func Link(ctx context.Context, tx *tenants.Tx, subject string, v Verified) (before tenants.ID, err error) {
	a := tx.Actor()
	if a.Kind != tenants.ActorCitizen || a.ID == "" {
		return "", fault.New(fault.Forbidden, "citizens_only")
	}
	type owner struct {
		ID      tenants.ID
		Subject string
	}
	o, err := tenants.One[owner](ctx, tx, sqlOwnerState, subject)
	switch {
	case fault.Is(err, "not_found"), err == nil && o.ID == a.ID:
	case err != nil:
		return "", err
	case o.Subject != subject:
		return "", fault.New(fault.Conflict, "franceconnect_taken")
	default:
		before = o.ID
	}
	if _, err := tx.Exec(ctx, sqlPutState, subject, a.ID, v.GivenName, v.FamilyName, v.UsageName, tx.Now()); err != nil {
		return "", err
	}
	return before, tx.Record(ctx, tenants.Event{SubjectKind: "citizen", SubjectID: string(a.ID), Kind: "franceconnect_linked"})
}

// Absorb ends a citizen whom Link gave back, once nothing is theirs any more; their
// sessions end with them.
func Absorb(ctx context.Context, tx *tenants.Tx, before tenants.ID) error {
	if a := tx.Actor(); a.Kind != tenants.ActorCitizen || a.ID == before {
		return fault.New(fault.Forbidden, "citizens_only")
	}
	_, err := tx.Exec(ctx, sqlDropCitizen, before.OrNull())
	return err
}
