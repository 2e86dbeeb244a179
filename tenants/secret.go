package tenants

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// MasterKey is the deployment's secret, from which every key and database password
// is derived. Losing it locks the tenants' roles out until they are re-keyed.
type MasterKey []byte

// ParseMasterKey reads a key of 32 bytes or more in base64 or hex; anything else
// is fault.Invalid "master_key".
func ParseMasterKey(s string) (MasterKey, error) {
	if key, err := hex.DecodeString(s); err == nil && len(key) >= 32 {
		return key, nil
	}
	if key, err := base64.StdEncoding.DecodeString(s); err == nil && len(key) >= 32 {
		return key, nil
	}
	return nil, fault.New(fault.Invalid, "master_key")
}

func (k MasterKey) derive(parts ...string) []byte {
	mac := hmac.New(sha256.New, k)
	for _, p := range parts {
		fmt.Fprintf(mac, "%d:%s", len(p), p)
	}
	return mac.Sum(nil)
}

// Tenant derives a tenant's key for one purpose; the same for ever.
func (k MasterKey) Tenant(t Tenant, purpose string) []byte {
	return k.derive("tenant", strconv.FormatInt(t.ID, 10), purpose)
}

// Hub derives a hub's key for one purpose.
func (k MasterKey) Hub(h Hub, purpose string) []byte {
	return k.derive("hub", strconv.FormatInt(h.ID, 10), purpose)
}

// Platform derives a key that belongs to no tenant.
func (k MasterKey) Platform(purpose string) []byte { return k.derive("platform", purpose) }

// RolePassword derives the password of a tenant's role; a new epoch gives a new
// one.
func RolePassword(k MasterKey, role string, epoch int) string {
	return hex.EncodeToString(k.derive("role", role, strconv.Itoa(epoch)))
}

// scramIterations stretches nothing: the passwords are 256 random bits that nobody can
// guess, and every new connection and every opening would pay for it.
const scramIterations = 1

// verifier makes what Postgres keeps of a password (RFC 5802, RFC 7677), so that
// the password itself stands in no statement and in no log of the server.
func verifier(password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramIterations, sha256.Size)
	if err != nil {
		return "", err
	}
	sum := func(key []byte, text string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sum(salted, "Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramIterations, b64(salt), b64(stored[:]), b64(sum(salted, "Server Key"))), nil
}
