package identity

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/parvis-gru/parvis/tenants"
)

// PendingFor is how long a Login may wait for its second factor.
const PendingFor = 10 * time.Minute

type pending struct {
	Login Login     `json:"login"`
	Until time.Time `json:"until"`
}

// Suspend seals a Login that waits for its second factor (or a Confirm that waits
// for its use) into a text for a short-lived cookie. It opens on this commune alone.
func Suspend(tx *tenants.Tx, l Login) (string, error) {
	return SuspendWith(tx.Key("pending"), tx.Now(), l)
}

// Resume opens what Suspend sealed; too old, altered or another commune's is
// fault.Unauthorized "sign_in_again".
func Resume(tx *tenants.Tx, sealed string) (Login, error) {
	return ResumeWith(tx.Key("pending"), tx.Now(), sealed)
}

// SuspendWith is Suspend under another key of 32 bytes: a hub's
// (Registry.HubKey(hub, "pending")).
func SuspendWith(key []byte, now time.Time, l Login) (string, error) {
	text, err := json.Marshal(pending{Login: l, Until: now.Add(PendingFor)})
	if err != nil {
		return "", err
	}
	sealed, err := tenants.Seal(key, text, []byte("pending"))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// ResumeWith is Resume under another key.
func ResumeWith(key []byte, now time.Time, sealed string) (Login, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return Login{}, signInAgain()
	}
	text, err := tenants.Unseal(key, raw, []byte("pending"))
	if err != nil {
		return Login{}, signInAgain()
	}
	var p pending
	if json.Unmarshal(text, &p) != nil || now.After(p.Until) {
		return Login{}, signInAgain()
	}
	return p.Login, nil
}
