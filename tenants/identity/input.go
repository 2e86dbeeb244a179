package identity

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// MinPassword and MaxPassword bound a password: at least twelve characters (CNIL,
// délibération 2022-100: length instead of composition), at most 72 bytes (bcrypt
// reads no more).
const (
	MinPassword = 12
	MaxPassword = 72
)

// normalEmail is the form under which an account is kept: Kratos compares
// identifiers in lower case.
func normalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// CheckEmail tells whether an address can be an account: fault.Invalid "email" with
// the field "email".
func CheckEmail(s string) error {
	s = normalEmail(s)
	a, err := mail.ParseAddress(s)
	_, domain, at := strings.Cut(s, "@")
	if err != nil || a.Address != s || !at || !strings.Contains(domain, ".") || len(s) > 254 ||
		strings.ContainsAny(s, " \t\r\n\"<>()") || strings.HasSuffix(domain, ".") {
		return fault.New(fault.Invalid, "email", fault.Field{Path: "email", Code: "email"})
	}
	return nil
}

// CheckPassword tells whether a new password may be chosen, by the rules that
// Kratos applies too: fault.Invalid "password" with the field "password", whose
// code is password_short, password_long, password_similar or password_weak.
func CheckPassword(email, password string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		return refusedPassword("password_short")
	case len(password) > MaxPassword:
		return refusedPassword("password_long")
	case tooSimilar(email, password):
		return refusedPassword("password_similar")
	case tooCommon(password):
		return refusedPassword("password_weak")
	}
	return nil
}

// commonParts are what the most used passwords of twelve letters and more are made
// of, in France: rows of the keyboard, the words for a password, counting.
var commonParts = strings.NewReplacer("motdepasse", "", "password", "", "azertyuiop", "", "qwertyuiop", "", "azerty", "", "qwerty", "",
	"qsdfghjklm", "", "wxcvbn", "", "bonjour", "", "doudou", "", "soleil", "", "jetaime", "", "iloveyou", "", "marseille", "", "loulou", "",
	"1234567890", "", "0123456789", "", "123456789", "", "123456", "", "1234", "", "123", "", "mairie", "", "admin", "", "welcome", "", "bienvenue", "")

// tooCommon tells whether hardly anything is left of a password once the common
// parts are taken out, or whether it repeats few letters.
func tooCommon(password string) bool {
	distinct := map[rune]bool{}
	for _, r := range commonParts.Replace(strings.ToLower(password)) {
		distinct[r] = true
	}
	return len(distinct) < 5
}

func refusedPassword(code string) error {
	return fault.New(fault.Invalid, "password", fault.Field{Path: "password", Code: code})
}

// tooSimilar is stricter than Kratos (edit distance or a long common part): a
// password that holds the address or its local part of four letters or more.
func tooSimilar(email, password string) bool {
	email, password = normalEmail(email), strings.ToLower(password)
	local, _, _ := strings.Cut(email, "@")
	return email != "" && (strings.Contains(password, email) || (len(local) >= 4 && strings.Contains(password, local)) ||
		strings.Contains(email, password))
}

// Kratos' message identifiers that concern a password (kratos text/id.go, 1.3).
const (
	msgPasswordPolicy  = 4000005
	msgPasswordSimilar = 4000031
	msgPasswordShort   = 4000032
	msgPasswordLong    = 4000033
	msgPasswordLeaked  = 4000034
)

// passwordFault reads why Kratos refused a new password; nil when it did not.
func (r reply) passwordFault() error {
	switch {
	case r.says(msgPasswordShort):
		return refusedPassword("password_short")
	case r.says(msgPasswordLong):
		return refusedPassword("password_long")
	case r.says(msgPasswordSimilar):
		return refusedPassword("password_similar")
	case r.says(msgPasswordLeaked, msgPasswordPolicy):
		return refusedPassword("password_weak")
	}
	return nil
}
