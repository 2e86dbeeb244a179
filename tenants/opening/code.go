package opening

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// CodeMinutes is how long a code holds, MaxTries how often one may be typed.
const (
	CodeMinutes = 15
	MaxTries    = 5
)

// dailyCodes is how many codes a commune, or an address, gets within a day, and
// hourlyCodes within an hour: whoever asks for them is not known yet, and a town hall's
// letter box is no place to fill.
const (
	hourlyCodes = 3
	dailyCodes  = 6
)

const (
	// One at a time for a letter box, so that the counts hold.
	sqlCodeTurn   = `select insee from platform.official_address where email = $1 order by insee for update`
	sqlLockMine   = `select ` + requestColumns + ` from platform.opening_request where holder = $1 and insee = $2 and state = 'asked' and proof = 'code' for update`
	sqlCodesSince = `select count(*) from platform.opening_code where (insee = $1 or address = $2) and sent_at > $3`
	sqlNewCode    = `insert into platform.opening_code (insee, address, sent_at) values ($1, $2, $3)`
	sqlPutCode    = `update platform.opening_request set code_hash = $2, code_until = $3, tries = 0 where id = $1`
	sqlCodeHash   = `select coalesce(code_hash, '') from platform.opening_request where id = $1`
	sqlTried      = `update platform.opening_request set tries = tries + 1 where id = $1`
)

// SendCode mails a new code to the official address of the commune, in place of the one
// before. The applicant's browser alone may ask for it.
//
// Faults: NotFound "opening_unknown"; Conflict "tenant_exists"; Invalid
// "opening_no_address"; TooMany "opening_codes" where the town hall was mailed enough;
// Unavailable "mail_away"; Invalid "mail_refused" where its server wants none of it.
func (d *Desk) SendCode(ctx context.Context, holder, insee string) error {
	place, err := d.Look(ctx, insee)
	if err != nil {
		return err
	}
	if place.Tenant != nil {
		return fault.New(fault.Conflict, "tenant_exists")
	}
	a, err := address(ctx, d.pool, place.INSEE)
	if err != nil {
		return err
	}
	if a.Email == "" {
		return fault.New(fault.Invalid, "opening_no_address")
	}
	code, now := newCode(), d.clock().UTC()
	var r Request
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
		if _, err := tx.Exec(ctx, sqlCodeTurn, a.Email); err != nil {
			return err
		}
		if r, err = one(ctx, tx, sqlLockMine, d.holder(holder), place.INSEE); err != nil {
			return err
		}
		if err := d.mayMail(ctx, tx, a, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlNewCode, place.INSEE, d.hash("address", a.Email), now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlPutCode, r.ID, d.codeHash(r, code), now.Add(CodeMinutes*time.Minute))
		return err
	})
	if err != nil {
		return tenants.Classify(err)
	}
	return d.mail(ctx, Platform, a.Email, notify.OpeningCode{
		Commune: place.Name, Applicant: r.Name(), Position: strings.ToLower(PositionLabel(r.Position)[:1]) + PositionLabel(r.Position)[1:],
		Email: r.Email, Code: code[:4] + " " + code[4:], Minutes: CodeMinutes,
	})
}

// mayMail counts what the commune and the address got.
func (d *Desk) mayMail(ctx context.Context, tx pgx.Tx, a Address, now time.Time) error {
	for _, limit := range []struct {
		within time.Duration
		most   int
	}{{time.Hour, hourlyCodes}, {24 * time.Hour, dailyCodes}} {
		var sent int
		if err := tx.QueryRow(ctx, sqlCodesSince, a.INSEE, d.hash("address", a.Email), now.Add(-limit.within)).Scan(&sent); err != nil {
			return err
		}
		if sent >= limit.most {
			return fault.New(fault.TooMany, "opening_codes")
		}
	}
	return nil
}

func newCode() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(100_000_000)) // never fails (crypto/rand)
	return fmt.Sprintf("%08d", n)
}

// codeHash ties a code to its request: another's opens nothing.
func (d *Desk) codeHash(r Request, code string) []byte {
	return d.hash("code", string(r.ID), r.INSEE, code)
}

// Confirm takes the code that was mailed to the town hall, and opens the commune.
//
// Faults: NotFound "opening_unknown"; Invalid "opening_code_wrong" (a try less),
// "opening_code_spent" after the last one, "opening_code_expired" where none holds;
// Conflict "tenant_exists" where the commune was opened meanwhile. Where what follows
// fails, the request stays approved: [Desk.Resume] goes on.
func (d *Desk) Confirm(ctx context.Context, holder, insee, code string) (Request, error) {
	code = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-\u00a0\u202f\t", r) {
			return -1
		}
		return r
	}, code)
	var r Request
	var refused error
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
		if r, err = one(ctx, tx, sqlLockMine, d.holder(holder), insee); err != nil {
			return err
		}
		var kept []byte
		if err := tx.QueryRow(ctx, sqlCodeHash, r.ID).Scan(&kept); err != nil {
			return err
		}
		switch {
		case len(kept) == 0 || !d.clock().Before(r.CodeUntil):
			refused = fault.New(fault.Invalid, "opening_code_expired")
			return nil
		case r.Tries >= MaxTries:
			refused = fault.New(fault.Invalid, "opening_code_spent")
			return nil
		case !hmac.Equal(kept, d.codeHash(r, code)):
			refused = fault.New(fault.Invalid, "opening_code_wrong")
			if r.Tries+1 >= MaxTries {
				refused = fault.New(fault.Invalid, "opening_code_spent")
			}
			_, err := tx.Exec(ctx, sqlTried, r.ID)
			return err // the try is kept
		}
		return d.approve(ctx, tx, r, Decider{Name: "code"})
	})
	if err == nil {
		err = refused
	}
	if fault.Is(err, "opening_unknown") {
		// Sent twice, or on a page of before: what became of it is told.
		if last, lastErr := d.Mine(ctx, holder, insee); lastErr == nil && last.State != Asked {
			return last, nil
		}
	}
	if err != nil {
		return r, d.settled(ctx, r, err)
	}
	return d.Complete(ctx, r.ID)
}
