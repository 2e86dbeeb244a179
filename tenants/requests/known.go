package requests

import (
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// KnownFacts is what the program knows of who applies, for a form's conditions and formulas; now is in the
// commune's zone, level how well the session knows the person (identity.LevelAccount…).
func KnownFacts(t tenants.Tenant, now time.Time, a Applicant, level int) forms.Facts {
	f := forms.Facts{Today: now, Identity: level}
	switch {
	case a.Organisation != "" || a.OrganisationID != "":
		f.Applicant = forms.ApplicantOrganisation
	case a.GivenName != "" || a.FamilyName != "":
		f.Applicant = forms.ApplicantPerson
	}
	lives := residenceOf(a.PostalAddress, t.INSEE)
	switch {
	case !lives.Known:
	case lives.Lives == calendar.LivesAbroad:
		f.Residence = forms.ResidenceAbroad
	case inCommune(a.PostalAddress, t):
		f.Residence = forms.ResidenceCommune
	default:
		f.Residence = forms.ResidenceFrance
	}
	return f
}

func knownFacts(tx *tenants.Tx, a Applicant, level int) forms.Facts {
	return KnownFacts(tx.Tenant(), tx.Now().In(tx.Tenant().Zone()), a, level)
}

// inCommune tells whether the line of a postal address that ends with a town names the commune.
func inCommune(address string, t tenants.Tenant) bool {
	c, err := communes.ByINSEE(t.INSEE)
	if err != nil {
		return false
	}
	lines := strings.Split(address, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		at := frenchPostalCode.FindStringSubmatchIndex(lines[i])
		if at == nil {
			continue
		}
		home := forms.Address{PostalCode: lines[i][at[2]:at[3]], Town: strings.TrimSpace(lines[i][at[3]:])}
		return home.In(t.Name, c.PostalCodes)
	}
	return false
}

// Settle gives the draft with what its form wants known beside the answers: who applies, as
// well as the session knows (identity.LevelAccount…), and the day. It is not saved.
func (d Draft) Settle(tx *tenants.Tx, level int) Draft {
	known := knownFacts(tx, d.Applicant, level)
	known.Tables = d.Tables
	d.Answers = d.Procedure.Form.Settle(d.Answers, known)
	return d
}
