package forms

import (
	"slices"
	"strings"
)

// What a question may take over from the account, or from who FranceConnect says the person is.
const (
	PrefillGivenName  = "given_name"
	PrefillFamilyName = "family_name" // the birth name where FranceConnect vouches for it
	PrefillUsageName  = "usage_name"
	PrefillEmail      = "email"
	PrefillPhone      = "phone"
	PrefillAddress    = "postal_address"
)

// prefills tells which kinds of questions may take over what.
var prefills = map[string][]Kind{
	PrefillGivenName: {KindText}, PrefillFamilyName: {KindText}, PrefillUsageName: {KindText},
	PrefillEmail: {KindEmail}, PrefillPhone: {KindPhone}, PrefillAddress: {KindAddress, KindLongText},
}

// Account is what the account knows of its holder, by the names above; a postal address in lines.
type Account map[string]string

// answer gives what is offered to a question of that kind.
func (a Account) answer(name string, kind Kind) Value {
	known := a[name]
	if name == "" || known == "" || !slices.Contains(prefills[name], kind) {
		return Value{}
	}
	if kind == KindAddress {
		return AddressOf(addressOf(known))
	}
	return Text(cleanString(kind, known))
}

// addressOf takes a postal address in lines apart: the last line that begins with a postal code is the town's, the
// one before it the street's.
func addressOf(text string) Address {
	lines := strings.Split(cleanText(text), "\n")
	for i := len(lines) - 1; i > 0; i-- {
		code, town, ok := strings.Cut(cleanLine(lines[i]), " ")
		if !ok || !frenchPostalCode(code) {
			continue
		}
		a := Address{Street: lines[i-1], PostalCode: code, Town: strings.TrimSpace(town), Complement: strings.Join(lines[:i-1], ", ")}
		if i+1 < len(lines) {
			a.Country = cleanCountry(lines[i+1])
		}
		return a
	}
	return Address{}
}
