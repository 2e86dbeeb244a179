package requests

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Applicant is who applies, and how to answer them. It is written as JSON in a
// draft alone.
type Applicant struct {
	GivenName      string `json:"given_name,omitempty"`
	FamilyName     string `json:"family_name,omitempty"`
	Email          string `json:"email,omitempty"`
	Phone          string `json:"phone,omitempty"` // E.164 once checked
	PostalAddress  string `json:"postal_address,omitempty"`
	SMS            bool   `json:"sms,omitempty"` // wants text messages on Phone
	OnBehalfOf     string `json:"on_behalf_of,omitempty"`
	Organisation   string `json:"organisation,omitempty"`
	OrganisationID string `json:"organisation_id,omitempty"` // SIREN, SIRET or RNA
	// EmailAgreed says that the person agrees to be answered by e-mail (CRPA
	// L.112-14); who writes electronically is answered so anyway.
	EmailAgreed bool `json:"email_agreed,omitempty"`
	// DecisionEmail says that the person expressly agreed to receive the decision itself
	// by e-mail: without it, what carries a time limit is notified on paper.
	DecisionEmail bool `json:"decision_email,omitempty"`
}

// Name gives the name to be shown: the organisation's, or the person's.
func (a Applicant) Name() string {
	person := strings.TrimSpace(a.GivenName + " " + a.FamilyName)
	switch {
	case a.Organisation != "" && person != "":
		return a.Organisation + " (" + person + ")"
	case a.Organisation != "":
		return a.Organisation
	default:
		return person
	}
}

// Limits, in characters.
const (
	maxName    = 100
	maxAddress = 500
	maxEmail   = 254 // RFC 5321 §4.5.3.1
)

var (
	rnaNumber  = regexp.MustCompile(`^W[0-9A-Z]{9}$`)
	wholeEmail = regexp.MustCompile(`^[^\s@<>"(),:;\[\]\\]+@[^\s@<>"(),:;\[\]\\]+\.[^\s@<>"(),:;\[\]\\.]{2,}$`)
)

// CheckApplicant brings an applicant to its stored form. A name is wanted unless the
// procedure can be anonymous, and electronically a way to answer; what is missing or
// wrong is fault.Invalid "applicant_invalid" with the fields ("applicant/email"…:
// required, invalid, too_long; a phone for texts also not_textable).
func CheckApplicant(p *catalogue.Procedure, channel string, a Applicant) (Applicant, error) {
	var fields []fault.Field
	wrong := func(path, code string) {
		fields = append(fields, fault.Field{Path: "applicant/" + path, Code: code})
	}
	for _, f := range []struct {
		path  string
		value *string
		limit int
		lines bool
	}{
		{"given_name", &a.GivenName, maxName, false}, {"family_name", &a.FamilyName, maxName, false},
		{"email", &a.Email, maxEmail, false}, {"phone", &a.Phone, maxName, false}, {"postal_address", &a.PostalAddress, maxAddress, true},
		{"on_behalf_of", &a.OnBehalfOf, 2 * maxName, false}, {"organisation", &a.Organisation, 2 * maxName, false},
		{"organisation_id", &a.OrganisationID, maxName, false},
	} {
		*f.value = clean(*f.value, f.lines)
		if utf8.RuneCountInString(*f.value) > f.limit {
			wrong(f.path, "too_long")
		}
	}
	if a.Email != "" && !validEmail(a.Email) {
		wrong("email", "invalid")
	}
	if a.DecisionEmail && a.Email == "" {
		wrong("email", "required")
	}
	if code := a.checkPhone(); code != "" {
		wrong("phone", code)
	}
	if a.OrganisationID != "" {
		a.OrganisationID = strings.ToUpper(strings.Join(strings.Fields(a.OrganisationID), ""))
		if !validOrganisation(a.OrganisationID) {
			wrong("organisation_id", "invalid")
		}
	}
	if p.Identity != catalogue.IdentityNone {
		for _, path := range a.missing(channel) {
			if path != "email" || !a.DecisionEmail { // said above
				wrong(path, "required")
			}
		}
	}
	if electronic(channel) {
		a.EmailAgreed = true
	}
	if len(fields) > 0 {
		return a, fault.New(fault.Invalid, "applicant_invalid", fields...)
	}
	return a, nil
}

// checkPhone brings the number to its stored form, and gives the code of what is
// wrong with it, or "".
func (a *Applicant) checkPhone() string {
	if a.Phone == "" {
		if a.SMS {
			return "required"
		}
		return ""
	}
	number, ok := forms.Phone(a.Phone, "")
	if !ok {
		return "invalid"
	}
	a.Phone = number
	if a.SMS && !forms.Textable(number) {
		return "not_textable"
	}
	return ""
}

// missing names what nobody can be answered without.
func (a Applicant) missing(channel string) []string {
	var paths []string
	if a.FamilyName == "" && a.Organisation == "" {
		paths = append(paths, "family_name")
	}
	if a.GivenName == "" && a.Organisation == "" {
		paths = append(paths, "given_name")
	}
	if electronic(channel) && a.Email == "" && a.PostalAddress == "" {
		paths = append(paths, "email")
	}
	return paths
}

// regular tells whether somebody who writes electronically is identified as CRPA
// R.112-9-1 wants: name, postal and e-mail address, or an organisation's number.
// Otherwise the request is taken all the same, and marked.
func (a Applicant) regular(channel string) bool {
	if !electronic(channel) {
		return true
	}
	if a.OrganisationID != "" && a.Email != "" {
		return true
	}
	return a.GivenName != "" && a.FamilyName != "" && a.PostalAddress != "" && a.Email != ""
}

// mail gives the address that may be written to, or "".
func (a Applicant) mail() string {
	if !a.EmailAgreed {
		return ""
	}
	return a.Email
}

// DecisionMail gives the address to which a decision of an outcome may be sent, or "".
// One that carries a time limit needs the person's express agreement; a mere answer or a
// récépissé goes the way of the messages (CRPA L.112-14).
func (a Applicant) DecisionMail(o catalogue.Outcome) string {
	switch {
	case a.DecisionEmail:
		return a.Email
	case o.Binds():
		return ""
	default:
		return a.mail()
	}
}

// Mailed tells whether the person gets receipts and messages by e-mail.
func (a Applicant) Mailed() bool { return a.mail() != "" }

// clean takes out what no name or address holds, and joins runs of spaces.
func clean(s string, lines bool) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, ""))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines:
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.C, r):
			return -1
		default:
			return r
		}
	}, s)
	var kept []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func validEmail(s string) bool {
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s && wholeEmail.MatchString(s)
}

// validOrganisation checks a SIREN or SIRET by its key, or the form of an
// association's number.
func validOrganisation(id string) bool { return rnaNumber.MatchString(id) || tenants.ValidSIREN(id) }
