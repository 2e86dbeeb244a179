package requests

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/codes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

const (
	trackingLetters = 12 // 60 bits, written 4+4+4
	tokenLetters    = 20 // 100 bits, written 5+5+5+5
)

// trackingLettersOf derives a request's code from the tenant's secret: it can be
// given again and is stored nowhere.
func trackingLettersOf(key []byte, id tenants.ID) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id))
	return codes.Letters(mac.Sum(nil), trackingLetters)
}

// TrackingPurpose is the purpose of the key that tracking codes are derived with.
const TrackingPurpose = "request-tracking"

func trackingCode(tx *tenants.Tx, id tenants.ID) string {
	return codes.Grouped(trackingLettersOf(tx.Key(TrackingPurpose), id), 4)
}

// trackingHash is what the row keeps: with it a code can be checked, even after
// the tenant's secret changed, and not be found.
func trackingHash(id tenants.ID, code string) []byte {
	sum := sha256.Sum256([]byte("parvis tracking\x00" + string(id) + "\x00" + code))
	return sum[:]
}

// codeOf gives a request's code again: derived from the tenant's secret or, for a
// request that came with an archive, opened from what the row keeps sealed. "" where
// neither fits the row's hash: those who hold the code can go on using it, and nobody
// can tell it to them again.
func codeOf(ctx context.Context, tx *tenants.Tx, r Request) (string, error) {
	code := trackingCode(tx, r.ID)
	if sameCode(r.ID, r.trackingHash, code) {
		return code, nil
	}
	sealed, err := tenants.One[[]byte](ctx, tx, sqlSealedCode, r.ID)
	if err != nil || len(sealed) == 0 {
		return "", err
	}
	kept, err := tenants.Unseal(tx.Key(sealedPurpose), sealed, []byte(r.ID))
	if err != nil || !sameCode(r.ID, r.trackingHash, string(kept)) {
		return "", nil // sealed by another deployment: nothing that this one can open
	}
	return codes.Grouped(codes.Read(string(kept), trackingLetters), 4), nil
}

const (
	sealedPurpose = "request-tracking-kept"
	sqlSealedCode = `select tracking_sealed from request where id = $1`
	sqlCodes      = `select id, tracking_hash, tracking_sealed from request where id > $1 order by id limit $2`
	sqlKeepCodes  = `update request r set tracking_sealed = k.sealed from unnest($1::uuid[], $2::bytea[]) as k(id, sealed) where r.id = k.id`
	codesAtOnce   = 1000
)

type codeRow struct {
	ID             tenants.ID
	TrackingHash   []byte
	TrackingSealed []byte
}

// eachCode walks through the requests by their keys, some at a time.
func eachCode(ctx context.Context, tx *tenants.Tx, fn func([]codeRow) error) error {
	for after := tenants.ID("00000000-0000-0000-0000-000000000000"); ; {
		rows, err := tenants.All[codeRow](ctx, tx, sqlCodes, after, codesAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := fn(rows); err != nil {
			return err
		}
		after = rows[len(rows)-1].ID
	}
}

// Codes gives the tracking code of each request, for an archive. Jobs of ours only.
// Those that this deployment cannot tell are left out.
func Codes(ctx context.Context, tx *tenants.Tx, give func(request tenants.ID, code string) error) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "system_only")
	}
	return eachCode(ctx, tx, func(rows []codeRow) error {
		for _, r := range rows {
			code := trackingCode(tx, r.ID)
			if !sameCode(r.ID, r.TrackingHash, code) {
				kept, err := tenants.Unseal(tx.Key(sealedPurpose), r.TrackingSealed, []byte(r.ID))
				if err != nil {
					continue
				}
				code = codes.Grouped(codes.Read(string(kept), trackingLetters), 4)
			}
			if err := give(r.ID, code); err != nil {
				return err
			}
		}
		return nil
	})
}

// KeepCodes seals, beside each request that came with an archive, the code that
// tell gives for it ("" for none), so that it can be told again. Jobs of ours only.
// A code that is not the request's is passed over. It gives how many were kept.
func KeepCodes(ctx context.Context, tx *tenants.Tx, tell func(tenants.ID) string) (int, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return 0, fault.New(fault.Forbidden, "system_only")
	}
	kept := 0
	err := eachCode(ctx, tx, func(rows []codeRow) error {
		var ids []string
		var sealed [][]byte
		for _, r := range rows {
			code := tell(r.ID)
			if code == "" || !sameCode(r.ID, r.TrackingHash, code) {
				continue
			}
			text, err := tenants.Seal(tx.Key(sealedPurpose), []byte(codes.Read(code, trackingLetters)), []byte(r.ID))
			if err != nil {
				return err
			}
			ids, sealed = append(ids, string(r.ID)), append(sealed, text)
		}
		kept += len(ids)
		_, err := tx.Exec(ctx, sqlKeepCodes, ids, sealed)
		return err
	})
	return kept, err
}

// CodesOf gives the codes that a tenant of this deployment, perhaps erased since, had
// given: key is its key for [TrackingPurpose].
func CodesOf(key []byte) func(tenants.ID) string {
	return func(id tenants.ID) string { return trackingLettersOf(key, id) }
}

// CanonicalCode writes a typed tracking code as it is given out; "" for what is none.
func CanonicalCode(typed string) string { return codes.Grouped(codes.Read(typed, trackingLetters), 4) }

// sameCode compares a typed code with a row's hash in constant time. The typed
// code may be anything.
func sameCode(id tenants.ID, hash []byte, typed string) bool {
	given := trackingHash(id, codes.Read(typed, trackingLetters))
	return subtle.ConstantTimeCompare(given, hash) == 1
}

// newToken makes a draft's token: cookie and resume code at once.
func newToken() (token string, hash []byte, err error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", nil, err
	}
	code := codes.Letters(b, tokenLetters)
	return codes.Grouped(code, 5), tokenHash(code), nil
}

func tokenHash(code string) []byte {
	sum := sha256.Sum256([]byte("parvis draft\x00" + code))
	return sum[:]
}
