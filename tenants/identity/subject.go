package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/parvis-gru/parvis/tenants"
)

// Subject is what a commune calls a person: HMAC(tenant key, provider, provider's
// subject), in hex. Two communes' subjects of one person have nothing in common.
func Subject(tx *tenants.Tx, provider, providerSubject string) string {
	return SubjectFor(tx.Key("subject"), provider, providerSubject)
}

// SubjectFor makes a subject under another key: a hub's (Registry.HubKey(hub, "subject")).
func SubjectFor(key []byte, provider, providerSubject string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%d:%s%d:%s", len(provider), provider, len(providerSubject), providerSubject) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// NewToken makes a token of 256 random bits for a cookie, and the hash to store.
func NewToken() (token string, hash []byte) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, HashToken(token)
}

// HashToken is the SHA-256 under which a token is stored: it is random, so no salt
// and no slow hash are needed, and looking it up tells nothing of the token.
func HashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
