package requests

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
)

// crockford is Crockford's base 32: no I, L, O or U, so that a code can be read
// aloud and copied by hand.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	trackingLetters = 12 // 60 bits, written 4+4+4
	tokenLetters    = 20 // 100 bits, written 5+5+5+5
	maxCodeInput    = 64 // bytes of a code as it was typed
)

// letters gives the first letters of a byte string in base 32.
func letters(b []byte, count int) string {
	out := make([]byte, 0, count)
	var bits, acc uint
	for _, v := range b {
		acc = acc<<8 | uint(v)
		for bits += 8; bits >= 5 && len(out) < count; bits -= 5 {
			out = append(out, crockford[acc>>(bits-5)&31])
		}
	}
	return string(out)
}

// grouped writes a code in groups joined by hyphens.
func grouped(code string, size int) string {
	var b strings.Builder
	for i := 0; i < len(code); i += size {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(code[i:min(i+size, len(code))])
	}
	return b.String()
}

// readCode brings a code as somebody typed it to its letters: case, spaces and
// hyphens do not matter, O is 0, I and L are 1. What is no code gives "".
func readCode(typed string, length int) string {
	if len(typed) > maxCodeInput {
		return ""
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case ' ', '-', '\t', '\u00a0', '\u202f', '\u2010', '\u2011', '\u2013', '.', '_':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if r > 'Z' || !strings.ContainsRune(crockford, r) {
			return ""
		}
		b.WriteRune(r)
	}
	if b.Len() != length {
		return ""
	}
	return b.String()
}

// trackingLettersOf derives a request's code from the tenant's secret: it can be
// given again and is stored nowhere.
func trackingLettersOf(key []byte, id tenants.ID) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id))
	return letters(mac.Sum(nil), trackingLetters)
}

const trackingPurpose = "request-tracking"

func trackingCode(tx *tenants.Tx, id tenants.ID) string {
	return grouped(trackingLettersOf(tx.Key(trackingPurpose), id), 4)
}

// trackingHash is what the row keeps: with it a code can be checked, even after
// the tenant's secret changed, and not be found.
func trackingHash(id tenants.ID, code string) []byte {
	sum := sha256.Sum256([]byte("parvis tracking\x00" + string(id) + "\x00" + code))
	return sum[:]
}

// sameCode compares a typed code with a row's hash in constant time. The typed
// code may be anything.
func sameCode(id tenants.ID, hash []byte, typed string) bool {
	given := trackingHash(id, readCode(typed, trackingLetters))
	return subtle.ConstantTimeCompare(given, hash) == 1
}

// newToken makes a draft's token: cookie and resume code at once.
func newToken() (token string, hash []byte, err error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", nil, err
	}
	code := letters(b, tokenLetters)
	return grouped(code, 5), tokenHash(code), nil
}

func tokenHash(code string) []byte {
	sum := sha256.Sum256([]byte("parvis draft\x00" + code))
	return sum[:]
}
