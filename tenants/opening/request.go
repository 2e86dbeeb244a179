package opening

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

// Proof is what shows that somebody speaks for a town hall.
type Proof string

// The proofs.
const (
	ByCode     Proof = "code"     // mailed to the official address
	ByHub      Proof = "hub"      // its EPCI's word
	ByOperator Proof = "operator" // the platform's operator knows them
)

// State is where a request stands.
type State string

// The states of a request.
const (
	Asked     State = "asked"
	Approved  State = "approved" // proved; the commune is being opened
	Opened    State = "opened"
	Refused   State = "refused"
	Overtaken State = "overtaken" // the commune was opened otherwise meanwhile
)

// Terms is the version of the conditions that applicants accept, as api/open shows them.
const Terms = "2026-11"

// Positions are what an applicant may be in a town hall, in the order of a list, with
// their French names. A list, and no free text: it stands in a mail to the town hall.
var Positions = []struct{ Key, Label string }{
	{"secretary", "Secrétaire générale ou général de mairie"},
	{"dgs", "Directrice ou directeur général des services"},
	{"mayor", "Maire"},
	{"deputy", "Adjointe ou adjoint au maire"},
	{"agent", "Autre agent de la mairie"},
}

// PositionLabel gives a position's French name; "" where there is none.
func PositionLabel(key string) string {
	for _, p := range Positions {
		if p.Key == key {
			return p.Label
		}
	}
	return ""
}

// Application is what somebody says who wants a commune opened.
type Application struct {
	INSEE      string
	Proof      Proof
	GivenName  string
	FamilyName string
	Position   string // a key of Positions
	Email      string // becomes the first administrator's
	Plan       string // the commune's own (subscription.PlanFor), or subscription.Later
	Accepted   bool   // the conditions, in the version Terms
}

// Request is a request for opening a commune.
type Request struct {
	ID         tenants.ID
	INSEE      string
	Proof      Proof
	HubID      int64 // asked; 0: none
	State      State
	GivenName  string
	FamilyName string
	Position   string
	Email      string
	Plan       string
	CodeUntil  time.Time // until when the code that was mailed holds; zero: none was
	Tries      int       // of that code
	CreatedAt  time.Time
	DecidedAt  time.Time
	Reason     string
	ToldAt     time.Time
	TenantID   int64
}

// Name is the applicant's.
func (r Request) Name() string { return r.GivenName + " " + r.FamilyName }

// Commune is the commune that is asked for.
func (r Request) Commune() communes.Commune {
	c, _ := communes.ByINSEE(r.INSEE) // it was one when it was asked for
	return c
}

const (
	requestColumns = `id, insee, proof, coalesce(hub_id, 0) as hub_id, state, given_name, family_name, position, email, plan,
		coalesce(code_until, 'epoch') as code_until, tries::int as tries, created_at, coalesce(decided_at, 'epoch') as decided_at, reason,
		coalesce(told_at, 'epoch') as told_at, coalesce(tenant_id, 0) as tenant_id`
	sqlNewRequest = `insert into platform.opening_request (id, insee, holder, proof, hub_id, given_name, family_name, position, email, plan, terms, created_at)
		values ($1, $2, $3, $4, nullif($5::bigint, 0), $6, $7, $8, $9, $10, $11, $12)`
	sqlDropAsked = `delete from platform.opening_request where holder = $1 and insee = $2 and state = 'asked'`
	sqlMine      = `select ` + requestColumns + ` from platform.opening_request where holder = $1 and insee = $2 order by created_at desc limit 1`
	sqlByID      = `select ` + requestColumns + ` from platform.opening_request where id = $1`
	sqlAskedOf   = `select ` + requestColumns + ` from platform.opening_request where proof = 'hub' and hub_id = $1 and state = any($2::text[]) order by created_at desc limit 100`
	sqlOperator  = `select ` + requestColumns + ` from platform.opening_request where state = 'asked' and proof <> 'code' order by created_at limit 1000`
	sqlSameToday = `select count(*) from platform.opening_request where insee = $1 and proof = $2 and state = 'asked' and created_at > $3`
)

// waitingMost is how many requests for one commune may wait for a hub's or the
// operator's word.
const waitingMost = 5

// Ask takes a request in. Anybody may: what it leads to is decided by the proof. holder
// is the secret of the applicant's browser; a second request of it for the same commune
// takes the first one's place, and one that is being opened is given as it is.
//
// Faults: NotFound "commune_unknown"; Conflict "tenant_exists" where the commune is open;
// Invalid "opening_invalid" with the fields given_name, family_name, position, email,
// plan, terms and proof; TooMany "opening_waiting" where too many wait for that commune.
func (d *Desk) Ask(ctx context.Context, holder string, a Application) (Request, error) {
	place, err := d.Look(ctx, a.INSEE)
	if err != nil {
		return Request{}, err
	}
	key := d.holder(holder)
	if place.Tenant != nil {
		if r, err := d.Mine(ctx, holder, place.INSEE); err == nil && (r.State == Approved || r.State == Opened) {
			return r, nil
		}
		return Request{}, fault.New(fault.Conflict, "tenant_exists")
	}
	if err := a.check(place); err != nil {
		return Request{}, err
	}
	var hub int64
	if a.Proof == ByHub {
		hub = place.Hub.ID
	}
	id, now := tenants.NewID(), d.clock().UTC()
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlDropAsked, key, place.INSEE); err != nil {
			return err
		}
		if a.Proof != ByCode {
			var waiting int
			if err := tx.QueryRow(ctx, sqlSameToday, place.INSEE, a.Proof, time.Time{}).Scan(&waiting); err != nil {
				return err
			}
			if waiting >= waitingMost {
				return fault.New(fault.TooMany, "opening_waiting")
			}
		}
		_, err := tx.Exec(ctx, sqlNewRequest, id, place.INSEE, key, a.Proof, hub, a.GivenName, a.FamilyName, a.Position, a.Email, a.Plan, Terms, now)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return d.Mine(ctx, holder, place.INSEE) // the form was sent twice at once, or is being worked on
	}
	if err != nil {
		return Request{}, tenants.Classify(err)
	}
	d.announce(ctx, id)
	return d.byID(ctx, id)
}

// announce tells a hub's administrators that a commune asks, as best it can: the request
// stands on their page anyway.
func (d *Desk) announce(ctx context.Context, id tenants.ID) {
	if err := d.tell(ctx, id); err != nil {
		d.logger.WarnContext(ctx, "a request for an opening could not be announced yet", "code", codeOf(err))
	}
}

func codeOf(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return "internal"
}

// check finds what is to correct, and makes names and address tidy.
func (a *Application) check(p Place) error {
	var fields []fault.Field
	bad := func(path, message string) {
		fields = append(fields, fault.Field{Path: path, Code: "invalid", Message: message})
	}
	for _, n := range []struct {
		path, what string
		text       *string
	}{{"given_name", "votre prénom", &a.GivenName}, {"family_name", "votre nom", &a.FamilyName}} {
		*n.text = strings.Join(strings.Fields(*n.text), " ")
		switch {
		case *n.text == "":
			bad(n.path, "Indiquez "+n.what+".")
		case !isName(*n.text):
			bad(n.path, "Écrivez "+n.what+" en lettres, en 60 caractères au plus.")
		}
	}
	if PositionLabel(a.Position) == "" {
		bad("position", "Choisissez votre fonction à la mairie.")
	}
	a.Email = strings.ToLower(strings.TrimSpace(a.Email))
	if identity.CheckEmail(a.Email) != nil {
		bad("email", "Saisissez une adresse électronique complète, par exemple nom@exemple.fr.")
	}
	if a.Plan != subscription.Later && a.Plan != subscription.PlanFor(p.Population).Key {
		bad("plan", "Choisissez une des formules proposées.")
	}
	switch {
	case a.Proof == ByCode && p.Masked == "", a.Proof == ByHub && p.Hub == nil,
		a.Proof != ByCode && a.Proof != ByHub && a.Proof != ByOperator:
		bad("proof", "Choisissez une des manières proposées de confirmer votre demande.")
	}
	if !a.Accepted {
		bad("terms", "Lisez les conditions et cochez la case pour continuer.")
	}
	if len(fields) > 0 {
		return fault.New(fault.Invalid, "opening_invalid", fields...)
	}
	return nil
}

// maxName is the length of a name, in letters.
const maxName = 60

// isName tells whether a text may stand as somebody's name in a mail to a town hall:
// letters and what joins them, nothing that could be an address of a site.
func isName(s string) bool {
	if utf8.RuneCountInString(s) > maxName || !utf8.ValidString(s) {
		return false
	}
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.Is(unicode.Mn, r), strings.ContainsRune(" -'’", r):
		default:
			return false
		}
	}
	return letters > 0
}

func (d *Desk) holder(secret string) []byte { return d.hash("holder", secret) }

// Mine gives the last request of a browser for a commune; none is fault.NotFound
// "opening_unknown".
func (d *Desk) Mine(ctx context.Context, holder, insee string) (Request, error) {
	if holder == "" {
		return Request{}, fault.New(fault.NotFound, "opening_unknown")
	}
	return d.request(ctx, sqlMine, d.holder(holder), insee)
}

func (d *Desk) byID(ctx context.Context, id tenants.ID) (Request, error) {
	return d.request(ctx, sqlByID, id)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func (d *Desk) request(ctx context.Context, sql string, args ...any) (Request, error) {
	return one(ctx, d.pool, sql, args...)
}

func one(ctx context.Context, q querier, sql string, args ...any) (Request, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return Request{}, tenants.Classify(err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Request])
	if errors.Is(err, pgx.ErrNoRows) {
		return Request{}, fault.New(fault.NotFound, "opening_unknown")
	}
	return r.dated(), tenants.Classify(err)
}

func (d *Desk) requests(ctx context.Context, sql string, args ...any) ([]Request, error) {
	rows, err := d.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, tenants.Classify(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Request])
	for i := range list {
		list[i] = list[i].dated()
	}
	return list, tenants.Classify(err)
}

// dated makes of the epoch, which stands for no moment, none.
func (r Request) dated() Request {
	for _, t := range []*time.Time{&r.CodeUntil, &r.DecidedAt, &r.ToldAt} {
		if t.Unix() == 0 {
			*t = time.Time{}
		}
	}
	return r
}
