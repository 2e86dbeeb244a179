package requests

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// The kinds of source.
const (
	SourceEmail   = "email"
	SourceAccount = "account"
	SourceNetwork = "network"
)

// sourceKey names a source by a hash under the commune's own key: it says nothing without
// it, nor to another commune.
func sourceKey(tx *tenants.Tx, kind, value string) []byte {
	if value = strings.ToLower(strings.TrimSpace(value)); value == "" {
		return nil
	}
	mac := hmac.New(sha256.New, tx.Key("sending-source"))
	mac.Write([]byte(kind + "\x00" + value)) // a hash never fails
	return mac.Sum(nil)[:16]
}

// contentHash sums up what a sending says: the procedure and the answers.
func contentHash(slug string, a forms.Answers) []byte {
	data, err := json.Marshal(a)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(append([]byte(slug+"\x00"), data...))
	return sum[:16]
}

// knownSource is a source of the register that is sending again; its fields are none
// where no source is.
type knownSource struct {
	Day           calendar.Date
	Content       []byte
	ExemptOn      calendar.Date
	BlockedUntil  *time.Time
	BlockedReason *string
}

const (
	sourceStanding = `s.day, s.content, s.exempt_on, s.blocked_until, s.blocked_reason`

	sqlSources = `select ` + sourceStanding + ` from sending_source s where s.source = any($1::bytea[])`
	// The key's lock and the sources in one statement: both come first.
	sqlLockKeySources = `select ` + sourceStanding + `
		from (select pg_advisory_xact_lock(hashtextextended($1, $2))) locked left join sending_source s on s.source = any($3::bytea[])`
)

// network is the source that the request keeps.
func (in *intake) network() []byte {
	if in.tx.Actor().IsAgent() {
		return nil
	}
	return sourceKey(in.tx, SourceNetwork, in.s.Network)
}

// sourceKeys gives the sources that a sending may be of; none where it is not electronic.
func (in *intake) sourceKeys() [][]byte {
	if !electronic(in.s.Channel) {
		return nil
	}
	keys := [][]byte{}
	for _, k := range [][]byte{
		in.network(), sourceKey(in.tx, SourceAccount, string(in.s.CitizenID)), sourceKey(in.tx, SourceEmail, in.s.Applicant.Email),
	} {
		if k != nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// draftSourceKeys gives the source that a draft has told of.
func (in *intake) draftSourceKeys() [][]byte {
	if in.draft == nil || in.s.Applicant.Email == "" {
		return nil
	}
	return in.sourceKeys()
}

// checkSource refuses what comes from a source that an agent blocked, and finds out whether
// it is one more of an abusive series, to which no receipt is due (CRPA L.112-11). What an
// agent records is taken in whoever it is from.
func (in *intake) checkSource(context.Context) error {
	now, today := in.tx.Now(), in.tx.Today()
	for _, k := range in.sources {
		if k.BlockedUntil != nil && k.BlockedUntil.After(now) && !in.tx.Actor().IsAgent() {
			until := calendar.On(*k.BlockedUntil, in.tx.Tenant().Zone())
			return fault.New(fault.Forbidden, "sender_blocked",
				fault.Field{Path: "until", Code: until.String(), Message: "Jusqu’au " + until.French() + "."},
				fault.Field{Path: "reason", Code: "reason", Message: "Motif\u00a0: " + *k.BlockedReason})
		}
		switch {
		case k.ExemptOn == today && !today.IsZero():
			in.abusive = true
		case k.Day == today && len(k.Content) > 0:
			in.abusive = in.abusive || hmac.Equal(k.Content, contentHash(in.s.ProcedureSlug, in.entry.Procedure().Form.Prune(in.s.Answers)))
		}
	}
	return nil
}
